//! A document: opened, looked into, never held in memory.

use core::fmt;
use std::{
    io,
    ops::Range,
    sync::{Arc, Mutex, OnceLock},
};

use segl_crypto::Source;

use crate::{
    Bound, Dictionary, Entry, Limits, Object, ReadError, Reference, Revision, Stream, XrefProblem, filter,
    lex::{Lexer, Token},
    object_stream::{ObjectStreams, Work},
    parse::{self, ParseError},
    revision,
    section::{broken, stream_start},
    window::{find, parse_at, rfind},
};

/// The first bytes of another source, such as one revision of a file.
#[derive(Clone)]
pub struct Prefix<S> {
    source: S,
    len: u64,
}

impl<S> fmt::Debug for Prefix<S> {
    /// Without the source, which may be the bytes themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prefix").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<S: Source> Prefix<S> {
    /// The bytes before `len`, or all when there are fewer.
    #[must_use]
    pub fn new(source: S, len: u64) -> Self {
        let len = len.min(source.len());
        Self { source, len }
    }
}

impl<S: Source> Source for Prefix<S> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let end = u64::try_from(buf.len()).ok().and_then(|len| offset.checked_add(len));
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.source.read_at(offset, buf)
    }
}

/// A PDF document over a source that is read by position.
///
/// Opening reads the header, the tail and the cross-reference sections; objects are read when they are asked for and
/// streams only by [`Self::stream_data`]. Nothing is repaired and nothing is judged.
pub struct Document<S> {
    source: S,
    limits: Limits,
    shift: u64,
    version: (u8, u8),
    /// Oldest first; never empty.
    pub(crate) revisions: Vec<Revision>,
    pub(crate) object_streams: Mutex<ObjectStreams>,
    /// Shared with every document that came out of this one, or each revision would have a budget of its own.
    pub(crate) work: Arc<Work>,
    pub(crate) catalog: OnceLock<Dictionary>,
}

/// The stored data of a stream, and its filters with every reference resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoded {
    pub(crate) range: Range<u64>,
    filters: Dictionary,
}

impl<S> fmt::Debug for Document<S> {
    /// The form of the document and nothing of its content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("version", &self.version)
            .field("revisions", &self.revisions.len())
            .finish_non_exhaustive()
    }
}

impl<S: Source> Document<S> {
    /// Opens a document with the default limits.
    ///
    /// # Errors
    /// When it is not a PDF, cut off, encrypted, or its cross-reference data is broken.
    pub fn open(source: S) -> Result<Self, ReadError> {
        Self::open_with(source, Limits::default())
    }

    /// Opens a document with other limits.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(source: S, limits: Limits) -> Result<Self, ReadError> {
        let (header, version) = header(&source, &limits)?;
        let newest = start_of_xref(&source, &limits)?;
        // Offsets count from the header, but programs that put bytes in front of it do not always shift them.
        let shifted = newest.saturating_add(header);
        let (shift, revisions) = match revision::read_chain(&source, shifted, header, &limits) {
            Err(ReadError::BrokenXref { .. }) if header > 0 => {
                (0, revision::read_chain(&source, newest, 0, &limits)?)
            }
            result => (header, result?),
        };
        let document = Self {
            source,
            limits,
            shift,
            version,
            revisions,
            object_streams: Mutex::default(),
            work: Arc::default(),
            catalog: OnceLock::new(),
        };
        let trailer = document.trailer();
        if let Some(encryption) = trailer.get("Encrypt") {
            return Err(ReadError::Encrypted { handler: document.handler_name(encryption) });
        }
        if trailer.get("Root").and_then(Object::as_reference).is_none() {
            let offset = document.last_revision().map_or(0, Revision::xref_offset);
            return Err(broken(offset, XrefProblem::Trailer));
        }
        Ok(document)
    }

    fn handler_name(&self, encryption: &Object) -> String {
        let resolved = self.resolve(encryption).ok();
        let dictionary = resolved.as_ref().and_then(Object::as_dictionary);
        let name = dictionary.and_then(|d| d.get("Filter")).and_then(Object::as_name).unwrap_or(b"unknown");
        let number = |key| dictionary.and_then(|d| d.get(key)).and_then(Object::as_integer).unwrap_or(0);
        format!("{} V{} R{}", String::from_utf8_lossy(name), number("V"), number("R"))
    }

    /// The same file as it was after one of its revisions, an index into [`Self::revisions`].
    ///
    /// The bytes after the revision cannot be reached through the result.
    #[must_use]
    pub fn as_of(&self, revision: usize) -> Option<Document<Prefix<&S>>> {
        let revisions = self.revisions.get(..=revision)?;
        let end = revisions.last()?.end();
        Some(Document {
            source: Prefix::new(&self.source, end),
            limits: self.limits.clone(),
            shift: self.shift,
            version: self.version,
            revisions: revisions.to_vec(),
            object_streams: Mutex::default(),
            work: Arc::clone(&self.work),
            catalog: OnceLock::new(),
        })
    }

    pub(crate) fn with_revision<T: Source>(&self, source: T, revision: Revision) -> Document<T> {
        let mut revisions = self.revisions.clone();
        revisions.push(revision);
        Document {
            source,
            limits: self.limits.clone(),
            shift: self.shift,
            version: self.version,
            revisions,
            object_streams: Mutex::default(),
            work: Arc::clone(&self.work),
            catalog: OnceLock::new(),
        }
    }

    /// Says whether the document's budget of work is spent, for a caller that passed over errors on its way.
    ///
    /// # Errors
    /// When object streams were decoded or parsed more than the limits allow, here or in a document of
    /// [`Self::as_of`]; objects in them can then no longer be read.
    pub fn check_work(&self) -> Result<(), ReadError> {
        self.work.check(&self.limits)
    }

    /// Where the bytes come from.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The bounds in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The position that offsets count from: where `%PDF-` stands, zero in nearly every file.
    #[must_use]
    pub fn offset_origin(&self) -> u64 {
        self.shift
    }

    /// The version in the header, such as (1, 7). The catalog may raise it: [`Self::version`].
    #[must_use]
    pub fn header_version(&self) -> (u8, u8) {
        self.version
    }

    /// The saved states, oldest first; there is at least one.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// The newest saved state.
    #[must_use]
    pub fn last_revision(&self) -> Option<&Revision> {
        self.revisions.last()
    }

    /// The newest trailer.
    #[must_use]
    pub fn trailer(&self) -> &Dictionary {
        const EMPTY: &Dictionary = &Dictionary::new();
        self.last_revision().and_then(Revision::trailer).unwrap_or(EMPTY)
    }

    /// What the cross-reference data says about an object number, the newest revision first.
    #[must_use]
    pub fn entry(&self, number: u32) -> Option<Entry> {
        self.revisions.iter().rev().find_map(|revision| revision.get(number))
    }

    /// The reference by which an object can be read now; `None` for a number that is free or unknown.
    #[must_use]
    pub fn reference(&self, number: u32) -> Option<Reference> {
        match self.entry(number)? {
            Entry::Free => None,
            Entry::InUse { generation, .. } => Some(Reference { number, generation }),
            Entry::Compressed { .. } => Some(Reference::new(number)),
        }
    }

    /// Reads an object; a number that is free, unknown or of another generation is `null` (7.3.10).
    ///
    /// A reference inside is not followed. A stream comes back as its dictionary and position.
    ///
    /// # Errors
    /// When the object is not where the cross-reference data says, or cannot be read.
    pub fn load(&self, reference: Reference) -> Result<Object, ReadError> {
        self.load_at_depth(reference, 0)
    }

    pub(crate) fn load_at_depth(&self, reference: Reference, depth: usize) -> Result<Object, ReadError> {
        match self.entry(reference.number) {
            None | Some(Entry::Free) => Ok(Object::Null),
            // Writers fill unused numbers with zeros; nothing can stand at the header's place.
            Some(Entry::InUse { offset: 0, .. }) => Ok(Object::Null),
            Some(Entry::InUse { offset, generation }) => {
                if generation == reference.generation {
                    self.load_in_use(reference, offset)
                } else {
                    Ok(Object::Null)
                }
            }
            Some(Entry::Compressed { stream, index }) => {
                if reference.generation == 0 {
                    self.load_compressed(reference, stream, index, depth)
                } else {
                    Ok(Object::Null)
                }
            }
        }
    }

    fn load_in_use(&self, reference: Reference, offset: u64) -> Result<Object, ReadError> {
        let Some(at) = offset.checked_add(self.shift).filter(|at| *at < self.source.len()) else {
            return Err(broken(offset, XrefProblem::OutsideFile));
        };
        let not_here = || ParseError::Read(broken(at, XrefProblem::ObjectNotHere(reference)));
        parse_at(&self.source, at, &self.limits, |lexer| {
            match parse::object_header(lexer) {
                Ok(found) if found == reference => {}
                Err(ParseError::MoreInput) => return Err(ParseError::MoreInput),
                Ok(_) | Err(ParseError::Read(_)) => return Err(not_here()),
            }
            // `12 0 obj endobj` is how some programs write null.
            let start = lexer.position();
            if lexer.next().is_ok_and(|token| token == Token::Keyword(b"endobj")) {
                return Ok(Object::Null);
            }
            lexer.seek(start);
            let value = parse::object(lexer, &self.limits)?;
            let Object::Dictionary(dictionary) = value else { return Ok(value) };
            Ok(match stream_start(lexer)? {
                Some(data_start) => Object::Stream(Stream { reference, dictionary, data_start }),
                None => Object::Dictionary(dictionary),
            })
        })
    }

    /// Follows references until a value that is none.
    ///
    /// # Errors
    /// As [`Self::load`], and when references lead to references too often.
    pub fn resolve(&self, value: &Object) -> Result<Object, ReadError> {
        self.resolve_at_depth(value, 0)
    }

    fn resolve_at_depth(&self, value: &Object, depth: usize) -> Result<Object, ReadError> {
        let Object::Reference(mut reference) = *value else { return Ok(value.clone()) };
        for hop in depth..self.limits.reference_hops {
            match self.load_at_depth(reference, hop + 1)? {
                Object::Reference(next) => reference = next,
                value => return Ok(value),
            }
        }
        Err(ReadError::Limit { offset: 0, bound: Bound::ReferenceHops })
    }

    /// The value of a key, references followed; `null` when it is absent.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn value(&self, dictionary: &Dictionary, key: &str) -> Result<Object, ReadError> {
        dictionary.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The value of a key as a dictionary; `None` when it is absent or something else.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn dictionary(&self, dictionary: &Dictionary, key: &str) -> Result<Option<Dictionary>, ReadError> {
        Ok(match self.value(dictionary, key)? {
            Object::Dictionary(found) => Some(found),
            _ => None,
        })
    }

    /// Where the data of a stream lies, as it is stored.
    ///
    /// # Errors
    /// When `/Length` does not lead to `endstream`.
    pub fn stream_range(&self, stream: &Stream) -> Result<Range<u64>, ReadError> {
        self.stream_range_at_depth(stream, 0)
    }

    fn stream_range_at_depth(&self, stream: &Stream, depth: usize) -> Result<Range<u64>, ReadError> {
        let wrong = ReadError::StreamLength { reference: stream.reference, offset: stream.data_start };
        let length = match stream.dictionary.get("Length") {
            Some(value) => self.resolve_at_depth(value, depth)?.as_integer(),
            None => None,
        };
        let end = length
            .and_then(|length| stream.data_start.checked_add(u64::try_from(length).ok()?))
            .filter(|end| *end <= self.source.len());
        let Some(end) = end else { return Err(wrong) };
        let after = self.source.read_range(end..end.saturating_add(32).min(self.source.len()), 32)?;
        if Lexer::new(&after, Some(end), true).expect("endstream").is_err() {
            return Err(wrong);
        }
        Ok(stream.data_start..end)
    }

    /// The data of a stream with its filters undone.
    ///
    /// # Errors
    /// When its length is wrong, a filter fails or is one for images, or the data is longer than the limit.
    pub fn stream_data(&self, stream: &Stream) -> Result<Vec<u8>, ReadError> {
        self.stream_data_at_depth(stream, 0)
    }

    fn stream_data_at_depth(&self, stream: &Stream, depth: usize) -> Result<Vec<u8>, ReadError> {
        self.decode(stream, &self.encoded(stream, depth)?)
    }

    /// Where the data of a stream lies, and how it is encoded: all that its decoding depends on.
    pub(crate) fn encoded(&self, stream: &Stream, depth: usize) -> Result<Encoded, ReadError> {
        let range = self.stream_range_at_depth(stream, depth)?;
        let limit = self.limits.decoded_stream;
        if usize::try_from(range.end - range.start).map_or(true, |len| len > limit) {
            return Err(ReadError::Limit { offset: range.start, bound: Bound::DecodedStream });
        }
        let mut filters = Dictionary::new();
        for key in ["Filter", "DecodeParms", "F", "DP"] {
            if let Some(value) = stream.dictionary.get(key) {
                filters.set(key, self.direct(value, depth)?);
            }
        }
        Ok(Encoded { range, filters })
    }

    pub(crate) fn decode(&self, stream: &Stream, encoded: &Encoded) -> Result<Vec<u8>, ReadError> {
        let limit = self.limits.decoded_stream;
        let raw = self.source.read_range(encoded.range.clone(), limit)?;
        filter::decode(&encoded.filters, raw, limit)
            .map_err(|source| ReadError::Filter { reference: stream.reference, source })
    }

    /// A filter or its parameters with the references resolved, two levels down.
    fn direct(&self, value: &Object, depth: usize) -> Result<Object, ReadError> {
        let value = self.resolve_at_depth(value, depth)?;
        let Object::Array(items) = value else { return Ok(value) };
        items
            .iter()
            .map(|item| self.resolve_at_depth(item, depth))
            .collect::<Result<_, _>>()
            .map(Object::Array)
    }

    /// How many bytes follow the newest revision; anything but zero was put there by no saving.
    #[must_use]
    pub fn trailing_bytes(&self) -> u64 {
        self.source.len().saturating_sub(self.last_revision().map_or(0, Revision::end))
    }
}

/// Finds `%PDF-` and the version after it.
fn header<S: Source>(source: &S, limits: &Limits) -> Result<(u64, (u8, u8)), ReadError> {
    let searched = limits.header_search;
    let end = source.len().min(u64::try_from(searched.saturating_add(8)).unwrap_or(u64::MAX));
    let bytes = source.read_range(0..end, searched.saturating_add(8))?;
    let at = find(&bytes, b"%PDF-").ok_or(ReadError::NotAPdf { searched })?;
    let digit = |index: usize| {
        let byte = bytes.get(at.saturating_add(index)).copied().unwrap_or(b'0');
        if byte.is_ascii_digit() { byte - b'0' } else { 0 }
    };
    Ok((u64::try_from(at).unwrap_or(0), (digit(5), digit(7))))
}

/// Finds the last `startxref` with `%%EOF` after it, and reads the number between them.
fn start_of_xref<S: Source>(source: &S, limits: &Limits) -> Result<u64, ReadError> {
    let searched = limits.tail_search;
    let start = source.len().saturating_sub(u64::try_from(searched).unwrap_or(u64::MAX));
    let bytes = source.read_range(start..source.len(), searched)?;
    let missing = |missing| ReadError::Truncated { missing, searched };
    let marker = rfind(&bytes, b"%%EOF").ok_or(missing("%%EOF"))?;
    let before = bytes.get(..marker).unwrap_or_default();
    let at = rfind(before, b"startxref").ok_or(missing("startxref"))?;
    let mut lexer = Lexer::new(before, Some(start), true);
    lexer.seek(at.saturating_add(9));
    let offset = lexer.offset();
    match lexer.next() {
        Ok(Token::Integer(value)) => {
            u64::try_from(value).map_err(|_| broken(offset, XrefProblem::OutsideFile))
        }
        _ => Err(broken(offset, XrefProblem::NoSection)),
    }
}
