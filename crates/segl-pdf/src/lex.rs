//! Bytes to tokens (ISO 32000-2, 7.2 and 7.3).

use crate::{Name, PdfString, Real, StringForm, SyntaxError, SyntaxProblem};

/// Why no token could be had.
#[derive(Debug)]
pub(crate) enum LexError {
    /// The window ends too early and the file goes on: come back with more bytes.
    MoreInput,
    Syntax(SyntaxError),
}

impl From<SyntaxError> for LexError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'a> {
    ArrayClose,
    ArrayOpen,
    DictionaryClose,
    DictionaryOpen,
    End,
    Integer(i64),
    Keyword(&'a [u8]),
    Name(Name),
    Real(Real),
    String(PdfString),
}

pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

/// A window of bytes, walked token by token.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    input: &'a [u8],
    position: usize,
    /// Where the window begins in the file; `None` when it is not part of it (a decoded stream).
    base: Option<u64>,
    /// Whether the input ends where the window does.
    complete: bool,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(input: &'a [u8], base: Option<u64>, complete: bool) -> Self {
        Self { input, position: 0, base, complete }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn seek(&mut self, position: usize) {
        self.position = position.min(self.input.len());
    }

    /// The position in the file.
    pub(crate) fn offset(&self) -> u64 {
        offset_of(self.base, self.position)
    }

    pub(crate) fn peek_byte(&self) -> Option<u8> {
        self.input.get(self.position).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek_byte()?;
        self.position += 1;
        Some(byte)
    }

    fn error_at(&self, position: usize, problem: SyntaxProblem) -> LexError {
        SyntaxError { offset: offset_of(self.base, position), problem }.into()
    }

    pub(crate) fn error(&self, problem: SyntaxProblem) -> LexError {
        self.error_at(self.position, problem)
    }

    fn end_inside(&self, start: usize) -> LexError {
        if self.complete { self.error_at(start, SyntaxProblem::UnexpectedEnd) } else { LexError::MoreInput }
    }

    /// Skips white space and comments.
    pub(crate) fn skip_space(&mut self) -> Result<(), LexError> {
        while let Some(byte) = self.peek_byte() {
            if byte == b'%' {
                while self.peek_byte().is_some_and(|byte| byte != b'\n' && byte != b'\r') {
                    self.position += 1;
                }
            } else if is_space(byte) {
                self.position += 1;
            } else {
                return Ok(());
            }
        }
        if self.complete { Ok(()) } else { Err(LexError::MoreInput) }
    }

    pub(crate) fn next(&mut self) -> Result<Token<'a>, LexError> {
        self.skip_space()?;
        let start = self.position;
        let Some(first) = self.bump() else { return Ok(Token::End) };
        match first {
            b'[' => Ok(Token::ArrayOpen),
            b']' => Ok(Token::ArrayClose),
            b'(' => self.literal(start),
            b'/' => self.name(),
            b'<' => match self.peek_byte() {
                Some(b'<') => {
                    self.position += 1;
                    Ok(Token::DictionaryOpen)
                }
                Some(_) => self.hexadecimal(start),
                None => Err(self.end_inside(start)),
            },
            b'>' => match self.peek_byte() {
                Some(b'>') => {
                    self.position += 1;
                    Ok(Token::DictionaryClose)
                }
                Some(_) => Err(self.error_at(start, SyntaxProblem::UnexpectedToken)),
                None => Err(self.end_inside(start)),
            },
            b')' | b'{' | b'}' => Err(self.error_at(start, SyntaxProblem::UnexpectedToken)),
            _ => {
                let word = self.regular_run(start)?;
                Ok(number(word).unwrap_or(Token::Keyword(word)))
            }
        }
    }

    /// The next token when it is this keyword; otherwise an error, with the position unchanged.
    pub(crate) fn expect(&mut self, keyword: &'static str) -> Result<(), LexError> {
        let start = self.position;
        match self.next()? {
            Token::Keyword(word) if word == keyword.as_bytes() => Ok(()),
            _ => {
                self.position = start;
                self.skip_space()?;
                Err(self.error(SyntaxProblem::Missing(keyword)))
            }
        }
    }

    fn regular_run(&mut self, start: usize) -> Result<&'a [u8], LexError> {
        while self.peek_byte().is_some_and(is_regular) {
            self.position += 1;
        }
        if self.position == self.input.len() && !self.complete {
            return Err(LexError::MoreInput);
        }
        Ok(self.input.get(start..self.position).unwrap_or_default())
    }

    fn name(&mut self) -> Result<Token<'a>, LexError> {
        let raw = self.regular_run(self.position)?;
        let mut bytes = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((&byte, tail)) = rest.split_first() {
            if byte == b'#'
                && let [high, low, after @ ..] = tail
                && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
            {
                bytes.push(high << 4 | low);
                rest = after;
            } else {
                bytes.push(byte);
                rest = tail;
            }
        }
        Ok(Token::Name(Name::from_bytes(&bytes)))
    }

    fn string(&self, start: usize, bytes: Vec<u8>, form: StringForm) -> Token<'a> {
        let at = self.base.map(|_| offset_of(self.base, start)..offset_of(self.base, self.position));
        Token::String(PdfString::read(bytes, form, at))
    }

    fn hexadecimal(&mut self, start: usize) -> Result<Token<'a>, LexError> {
        let mut bytes = Vec::new();
        let mut half = None;
        loop {
            let Some(byte) = self.bump() else { return Err(self.end_inside(start)) };
            if byte == b'>' {
                break;
            }
            if is_space(byte) {
                continue;
            }
            let Some(digit) = hex_digit(byte) else {
                return Err(
                    self.error_at(self.position.saturating_sub(1), SyntaxProblem::NotHexadecimal(byte))
                );
            };
            match half.take() {
                None => half = Some(digit << 4),
                Some(high) => bytes.push(high | digit),
            }
        }
        bytes.extend(half);
        Ok(self.string(start, bytes, StringForm::Hexadecimal))
    }

    fn literal(&mut self, start: usize) -> Result<Token<'a>, LexError> {
        let mut bytes = Vec::new();
        let mut open = 1_usize;
        loop {
            let Some(byte) = self.bump() else { return Err(self.end_inside(start)) };
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        return Ok(self.string(start, bytes, StringForm::Literal));
                    }
                }
                b'\r' => {
                    if self.peek_byte() == Some(b'\n') {
                        self.position += 1;
                    }
                    bytes.push(b'\n');
                    continue;
                }
                b'\\' => {
                    let Some(escaped) = self.bump() else { return Err(self.end_inside(start)) };
                    self.escape(escaped, &mut bytes);
                    continue;
                }
                _ => {}
            }
            bytes.push(byte);
        }
    }

    fn escape(&mut self, escaped: u8, bytes: &mut Vec<u8>) {
        match escaped {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'\n' => {}
            b'\r' => {
                if self.peek_byte() == Some(b'\n') {
                    self.position += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = escaped - b'0';
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek_byte() else { break };
                    self.position += 1;
                    // High-order overflow is ignored (ISO 32000-2, 7.3.4.2).
                    value = value.wrapping_mul(8).wrapping_add(digit - b'0');
                }
                bytes.push(value);
            }
            other => bytes.push(other),
        }
    }
}

fn offset_of(base: Option<u64>, position: usize) -> u64 {
    base.unwrap_or(0).saturating_add(u64::try_from(position).unwrap_or(u64::MAX))
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn number(word: &[u8]) -> Option<Token<'static>> {
    let digits = match word {
        [b'+' | b'-', rest @ ..] => rest,
        _ => word,
    };
    let dots = digits.iter().filter(|byte| **byte == b'.').count();
    if digits.len() == dots || dots > 1 || !digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return None;
    }
    if dots == 0
        && let Some(value) = core::str::from_utf8(word).ok().and_then(|text| text.parse().ok())
    {
        return Some(Token::Integer(value));
    }
    Some(Token::Real(Real::from_text(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: &[u8]) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(input, Some(0), true);
        let mut found = Vec::new();
        loop {
            match lexer.next().unwrap() {
                Token::End => return found,
                token => found.push(token),
            }
        }
    }

    fn bytes(input: &[u8]) -> Vec<u8> {
        let [Token::String(string)] = &tokens(input)[..] else { panic!("one string") };
        string.as_bytes().to_vec()
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(bytes(b"(a(b)c)"), b"a(b)c");
        assert_eq!(bytes(b"(\\101\\7\\0053\\)\\\r\nx\\q)"), b"A\x07\x053)xq");
        assert_eq!(bytes(b"(a\r\nb\rc)"), b"a\nb\nc");
        assert_eq!(bytes(b"<4 14\n2 4>"), b"AB@");
        assert_eq!(bytes(b"<>"), b"");
    }

    #[test]
    fn names_resolve_escapes_and_keep_stray_hashes() {
        assert_eq!(
            tokens(b"/A#20B/#G/"),
            [Token::Name(Name::new("A B")), Token::Name(Name::new("#G")), Token::Name(Name::new("")),]
        );
    }

    #[test]
    fn numbers_keep_their_kind() {
        assert_eq!(
            tokens(b"+1 -2 007 .5"),
            [Token::Integer(1), Token::Integer(-2), Token::Integer(7), Token::Real(Real::from_text(b".5")),]
        );
        assert_eq!(tokens(b"99999999999999999999"), [Token::Real(Real::from_text(b"99999999999999999999"))]);
        assert_eq!(tokens(b"1-2 ."), [Token::Keyword(b"1-2"), Token::Keyword(b".")]);
    }

    #[test]
    fn a_token_at_the_edge_of_a_window_asks_for_more() {
        for input in ["12", "/Na", "(abc", "<41", "<", ">", "% comment", "", "tru"] {
            let result = Lexer::new(input.as_bytes(), Some(0), false).next();
            assert!(matches!(result, Err(LexError::MoreInput)), "{input}");
        }
        assert!(Lexer::new(b"12 ", Some(0), false).next().is_ok());
    }

    #[test]
    fn a_string_knows_where_it_stands() {
        let mut lexer = Lexer::new(b" <4142> ", Some(100), true);
        let Ok(Token::String(string)) = lexer.next() else { panic!("a string") };
        assert_eq!(string.file_range(), Some(101..107));
    }
}
