//! Reading cross-reference sections: tables, streams and both together (ISO 32000-2, 7.5.4, 7.5.8).

use segl_crypto::Source;

use crate::{
    Bound, Dictionary, Entry, Limits, Object, ReadError, SyntaxProblem, XrefForm, XrefProblem, filter,
    lex::{LexError, Lexer, Token},
    parse::{self, ParseError},
    window::parse_at,
    xref::{Entries, Run, Section},
};

/// What reading the sections of a document shares.
pub(crate) struct SectionReader<'a, S: ?Sized> {
    pub(crate) source: &'a S,
    pub(crate) limits: &'a Limits,
    /// Where `%PDF-` stands; offsets count from there.
    pub(crate) shift: u64,
    pub(crate) entries_left: usize,
}

impl<S: Source + ?Sized> SectionReader<'_, S> {
    /// Reads the section at a position of the file.
    pub(crate) fn read(&mut self, offset: u64) -> Result<Section, ReadError> {
        if offset >= self.source.len() {
            return Err(broken(offset, XrefProblem::OutsideFile));
        }
        let start = parse_at(self.source, offset, self.limits, |lexer| {
            lexer.skip_space()?;
            let start = lexer.position();
            let is_table = lexer.expect("xref");
            let after = lexer.offset();
            if let Err(error) = is_table {
                if matches!(error, LexError::MoreInput) {
                    return Err(error.into());
                }
                lexer.seek(start);
                return Ok(match parse::object_header(lexer) {
                    Ok(_) => Start::Stream,
                    Err(ParseError::MoreInput) => return Err(ParseError::MoreInput),
                    Err(ParseError::Read(_)) => Start::Nothing,
                });
            }
            Ok(Start::Table { after })
        })?;
        match start {
            Start::Nothing => Err(broken(offset, XrefProblem::NoSection)),
            Start::Stream => self.stream_section(offset),
            Start::Table { after } => self.table_section(offset, after),
        }
    }

    fn table_section(&mut self, offset: u64, after: u64) -> Result<Section, ReadError> {
        let (runs, trailer_at) = self.rows(after)?;
        let (trailer, trailer_end) = parse_at(self.source, trailer_at, self.limits, |lexer| {
            let value = parse::object(lexer, self.limits)?;
            Ok((value, lexer.offset()))
        })?;
        let Object::Dictionary(trailer) = trailer else {
            return Err(broken(trailer_at, XrefProblem::Trailer));
        };
        let mut form = XrefForm::Table;
        let mut hidden = None;
        let mut stream_number = 0;
        if let Some(at) = self.pointer(&trailer, "XRefStm", trailer_at)? {
            form = XrefForm::Hybrid;
            let stream = self.stream(at)?;
            stream_number = stream.number;
            hidden = Some(stream.entries);
        }
        let previous = self.pointer(&trailer, "Prev", trailer_at)?;
        let closing = self.closing(trailer_end, false)?;
        Ok(Section {
            offset,
            form,
            entries: Entries::new(runs),
            hidden,
            stream_number,
            trailer,
            previous,
            marker_end: closing.marker_end,
            end: closing.end,
            closed: closing.closed,
        })
    }

    fn stream_section(&mut self, offset: u64) -> Result<Section, ReadError> {
        let XrefStream { number, entries, dictionary: trailer, data_end } = self.stream(offset)?;
        let previous = self.pointer(&trailer, "Prev", offset)?;
        let closing = self.closing(data_end, true)?;
        Ok(Section {
            offset,
            form: XrefForm::Stream,
            entries,
            hidden: None,
            stream_number: number,
            trailer,
            previous,
            marker_end: closing.marker_end,
            end: closing.end,
            closed: closing.closed,
        })
    }

    /// A file position in a trailer.
    fn pointer(&self, trailer: &Dictionary, key: &str, at: u64) -> Result<Option<u64>, ReadError> {
        let Some(value) = trailer.get(key) else { return Ok(None) };
        let offset = value.as_integer().and_then(|value| u64::try_from(value).ok());
        let offset = offset.and_then(|offset| offset.checked_add(self.shift));
        offset.map(Some).ok_or_else(|| broken(at, XrefProblem::OutsideFile))
    }

    /// The rows of a table: its runs, and where the trailer dictionary begins.
    fn rows(&mut self, start: u64) -> Result<(Vec<Run>, u64), ReadError> {
        let mut runs: Vec<Run> = Vec::new();
        let mut rows = Rows { source: self.source, next: start, window: Vec::new(), position: 0 };
        loop {
            let at = rows.offset();
            let (first, count) = match rows.take(|lexer| {
                Ok(match lexer.next()? {
                    Token::Keyword(b"trailer") => None,
                    Token::Integer(first) => match lexer.next()? {
                        Token::Integer(count) => Some((first, count)),
                        _ => return Err(lexer.error(SyntaxProblem::UnexpectedToken)),
                    },
                    _ => return Err(lexer.error(SyntaxProblem::Missing("trailer"))),
                })
            })? {
                None => return Ok((runs, rows.offset())),
                Some(pair) => pair,
            };
            let (Ok(first), Ok(count)) = (u32::try_from(first), u32::try_from(count)) else {
                return Err(broken(at, XrefProblem::BadEntry));
            };
            let mut run = Run { first, entries: Vec::new() };
            for _ in 0..count {
                let at = rows.offset();
                self.entries_left = self
                    .entries_left
                    .checked_sub(1)
                    .ok_or(ReadError::Limit { offset: at, bound: Bound::Entries })?;
                let row = rows.take(|lexer| match (lexer.next()?, lexer.next()?, lexer.next()?) {
                    (Token::Integer(offset), Token::Integer(generation), Token::Keyword(kind)) => {
                        Ok((offset, generation, kind == b"n", kind == b"f"))
                    }
                    _ => Err(lexer.error(SyntaxProblem::UnexpectedToken)),
                })?;
                run.entries.push(match row {
                    (offset, generation, true, _) => {
                        let (Ok(offset), Ok(generation)) = (u64::try_from(offset), u16::try_from(generation))
                        else {
                            return Err(broken(at, XrefProblem::BadEntry));
                        };
                        Entry::InUse { offset, generation }
                    }
                    (_, _, _, true) => Entry::Free,
                    _ => return Err(broken(at, XrefProblem::BadEntry)),
                });
            }
            // Entry zero is always the head of the free list. Some producers number the first run from 1 all the same.
            if run.first == 1
                && runs.is_empty()
                && run.entries.first() == Some(&Entry::Free)
                && is_list_head(self.source, at)
            {
                run.first = 0;
            }
            if run.first.checked_add(count).is_none() {
                return Err(broken(at, XrefProblem::BadEntry));
            }
            runs.push(run);
        }
    }

    /// A cross-reference stream.
    fn stream(&mut self, offset: u64) -> Result<XrefStream, ReadError> {
        if offset >= self.source.len() {
            return Err(broken(offset, XrefProblem::OutsideFile));
        }
        let (reference, value, data_start) = parse_at(self.source, offset, self.limits, |lexer| {
            let reference = parse::object_header(lexer)?;
            let value = parse::object(lexer, self.limits)?;
            let data = stream_start(lexer)?;
            Ok((reference, value, data))
        })
        .map_err(|error| match error {
            ReadError::Syntax(_) => broken(offset, XrefProblem::NoSection),
            other => other,
        })?;
        let (Object::Dictionary(dictionary), Some(data_start)) = (value, data_start) else {
            return Err(broken(offset, XrefProblem::NoSection));
        };
        if dictionary.get("Type").and_then(Object::as_name) != Some(b"XRef") {
            return Err(broken(offset, XrefProblem::NoSection));
        }
        let length = dictionary.get("Length").and_then(Object::as_integer);
        let data_end = length
            .and_then(|length| data_start.checked_add(u64::try_from(length).ok()?))
            .filter(|end| *end <= self.source.len())
            .ok_or_else(|| broken(offset, XrefProblem::BadStream("Length")))?;
        let raw =
            self.source.read_range(data_start..data_end, self.limits.decoded_stream).map_err(|error| {
                if error.kind() == std::io::ErrorKind::InvalidInput {
                    ReadError::Limit { offset, bound: Bound::DecodedStream }
                } else {
                    error.into()
                }
            })?;
        let data = filter::decode(&dictionary, raw, self.limits.decoded_stream)
            .map_err(|source| ReadError::Filter { reference, source })?;
        let entries = self.stream_entries(offset, &dictionary, &data)?;
        Ok(XrefStream { number: reference.number, entries, dictionary, data_end })
    }

    fn stream_entries(
        &mut self,
        offset: u64,
        dictionary: &Dictionary,
        data: &[u8],
    ) -> Result<Entries, ReadError> {
        let numbers = |key: &'static str| -> Result<Option<Vec<u32>>, ReadError> {
            let Some(value) = dictionary.get(key) else { return Ok(None) };
            let items = value.as_array().unwrap_or_default();
            items
                .iter()
                .map(|item| item.as_integer().and_then(|number| u32::try_from(number).ok()))
                .collect::<Option<Vec<u32>>>()
                .map(Some)
                .ok_or_else(|| broken(offset, XrefProblem::BadStream(key)))
        };
        let bad = |key: &'static str| broken(offset, XrefProblem::BadStream(key));
        let widths = numbers("W")?.ok_or_else(|| bad("W"))?;
        let widths: [usize; 3] = match widths.as_slice() {
            // Wider fields than eight bytes do not exist; more than three fields are allowed and have no meaning yet.
            [a, b, c] if [a, b, c].iter().all(|width| **width <= 8) => {
                [*a, *b, *c].map(|width| usize::try_from(width).unwrap_or(8))
            }
            _ => return Err(bad("W")),
        };
        let size =
            dictionary.get("Size").and_then(Object::as_integer).and_then(|size| u32::try_from(size).ok());
        let index = match numbers("Index")? {
            Some(index) => index,
            None => vec![0, size.ok_or_else(|| bad("Size"))?],
        };
        let width: usize = widths.iter().sum();
        if width == 0 || index.len() % 2 != 0 {
            return Err(bad("Index"));
        }
        let mut rows = data.chunks_exact(width);
        let mut runs = Vec::new();
        for pair in index.chunks_exact(2) {
            let (first, count) = match pair {
                [first, count] => (*first, *count),
                _ => return Err(bad("Index")),
            };
            first.checked_add(count).ok_or_else(|| bad("Index"))?;
            let mut entries = Vec::new();
            for _ in 0..count {
                let row = rows.next().ok_or_else(|| bad("Index"))?;
                self.entries_left = self
                    .entries_left
                    .checked_sub(1)
                    .ok_or(ReadError::Limit { offset, bound: Bound::Entries })?;
                entries.push(stream_entry(row, widths).ok_or_else(|| bad("data"))?);
            }
            runs.push(Run { first, entries });
        }
        Ok(Entries::new(runs))
    }

    /// Looks for what closes a revision: `startxref`, a number, `%%EOF`.
    fn closing(&self, at: u64, after_stream: bool) -> Result<Closing, ReadError> {
        let end = at.saturating_add(1024).min(self.source.len());
        let bytes = self.source.read_range(at..end, 1024)?;
        let mut lexer = Lexer::new(&bytes, Some(at), true);
        let open =
            |lexer: &Lexer<'_>| Closing { marker_end: lexer.offset(), end: lexer.offset(), closed: false };
        if after_stream && (lexer.expect("endstream").is_err() || lexer.expect("endobj").is_err()) {
            return Ok(open(&lexer));
        }
        let before = open(&lexer);
        if lexer.expect("startxref").is_err() || !matches!(lexer.next(), Ok(Token::Integer(_))) {
            return Ok(before);
        }
        while lexer.peek_byte().is_some_and(crate::lex::is_space) {
            lexer.seek(lexer.position() + 1);
        }
        let rest = bytes.get(lexer.position()..).unwrap_or_default();
        let Some(after) = rest.strip_prefix(b"%%EOF") else { return Ok(before) };
        let marker_end = lexer.offset() + 5;
        let line = match after {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        Ok(Closing { marker_end, end: marker_end + line, closed: true })
    }
}

enum Start {
    Nothing,
    Stream,
    Table { after: u64 },
}

struct XrefStream {
    number: u32,
    entries: Entries,
    dictionary: Dictionary,
    data_end: u64,
}

struct Closing {
    marker_end: u64,
    end: u64,
    closed: bool,
}

pub(crate) fn broken(offset: u64, problem: XrefProblem) -> ReadError {
    ReadError::BrokenXref { offset, problem }
}

/// After a dictionary: where the data of its stream begins, or `None` when it is not a stream.
pub(crate) fn stream_start(lexer: &mut Lexer<'_>) -> Result<Option<u64>, ParseError> {
    match lexer.expect("stream") {
        Ok(()) => {}
        Err(LexError::MoreInput) => return Err(ParseError::MoreInput),
        Err(LexError::Syntax(_)) => return Ok(None),
    }
    // Blanks before the end of the line occur in real files; data that itself begins with a blank is told apart by
    // the end of line after them.
    let after = lexer.position();
    while matches!(lexer.peek_byte(), Some(b' ' | b'\t')) {
        lexer.seek(lexer.position() + 1);
    }
    match lexer.peek_byte() {
        Some(b'\r') => {
            lexer.seek(lexer.position() + 1);
            if lexer.peek_byte() == Some(b'\n') {
                lexer.seek(lexer.position() + 1);
            }
        }
        Some(b'\n') => lexer.seek(lexer.position() + 1),
        _ => lexer.seek(after),
    }
    Ok(Some(lexer.offset()))
}

fn stream_entry(row: &[u8], widths: [usize; 3]) -> Option<Entry> {
    let mut rest = row;
    let mut field = |width: usize| {
        let (head, tail) = rest.split_at_checked(width)?;
        rest = tail;
        Some(head.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte)))
    };
    let [kind_width, second_width, third_width] = widths;
    let kind = field(kind_width)?;
    let (second, third) = (field(second_width)?, field(third_width)?);
    let kind = if kind_width == 0 { 1 } else { kind };
    Some(match kind {
        1 => Entry::InUse { offset: second, generation: u16::try_from(third).ok()? },
        2 => Entry::Compressed { stream: u32::try_from(second).ok()?, index: u32::try_from(third).ok()? },
        // Types above 2 refer to null (7.5.8.3).
        _ => Entry::Free,
    })
}

/// Whether the first row after a run's header at `at` is `0000000000 65535 f`.
fn is_list_head<S: Source + ?Sized>(source: &S, at: u64) -> bool {
    let end = at.saturating_add(64).min(source.len());
    let Ok(bytes) = source.read_range(at..end, 64) else { return false };
    let mut lexer = Lexer::new(&bytes, Some(at), true);
    let mut number = || match lexer.next() {
        Ok(Token::Integer(value)) => Some(value),
        _ => None,
    };
    number();
    number();
    number() == Some(0) && number() == Some(65_535)
}

/// Reads a table row by row through a window that moves.
struct Rows<'a, S: ?Sized> {
    source: &'a S,
    /// Where the window begins.
    next: u64,
    window: Vec<u8>,
    position: usize,
}

impl<S: Source + ?Sized> Rows<'_, S> {
    const WINDOW: usize = 64 << 10;
    /// Three tokens and generous white space.
    const ROW: usize = 256;

    fn offset(&self) -> u64 {
        self.next.saturating_add(u64::try_from(self.position).unwrap_or(u64::MAX))
    }

    fn take<T>(&mut self, read: impl FnOnce(&mut Lexer<'_>) -> Result<T, LexError>) -> Result<T, ReadError> {
        if self.window.len() - self.position < Self::ROW {
            self.next = self.offset();
            self.position = 0;
            let window = u64::try_from(Self::WINDOW).unwrap_or(u64::MAX);
            let end = self.next.saturating_add(window).min(self.source.len());
            self.window = self.source.read_range(self.next..end, Self::WINDOW)?;
        }
        let at = self.offset();
        let mut lexer = Lexer::new(&self.window, Some(self.next), true);
        lexer.seek(self.position);
        let value = read(&mut lexer).map_err(|_| broken(at, XrefProblem::BadEntry))?;
        self.position = lexer.position();
        Ok(value)
    }
}
