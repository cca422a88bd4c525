//! A walk over tag, length, value that never copies and never recurses: for certificates, and for what crates above read of the same
//! make, such as CRLs and OCSP responses.

use crate::bytes::Bytes;
use crate::error::{SyntaxError, SyntaxErrorKind};

/// Identifier octet of BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// Identifier octet of INTEGER.
pub const INTEGER: u8 = 0x02;
/// Identifier octet of BIT STRING, primitive.
pub const BIT_STRING: u8 = 0x03;
/// Identifier octet of OCTET STRING, primitive.
pub const OCTET_STRING: u8 = 0x04;
/// Identifier octet of OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// Identifier octet of UTCTime.
pub const UTC_TIME: u8 = 0x17;
/// Identifier octet of GeneralizedTime.
pub const GENERALIZED_TIME: u8 = 0x18;
/// Identifier octet of SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// Identifier octet of SET.
pub const SET: u8 = 0x31;

/// Context-specific, primitive.
pub(crate) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// Context-specific, constructed.
pub(crate) const fn constructed(number: u8) -> u8 {
    0xa0 | number
}

/// One element: where it stands and what it holds. Only a [`Reader`] makes one.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Tlv<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// Position of the identifier octet in the outermost input.
    pub offset: usize,
    /// Position of the first content octet in the outermost input.
    pub content_offset: usize,
    /// Tag, length and content.
    pub whole: &'a [u8],
    /// The content.
    pub content: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A reader of the elements inside.
    #[inline]
    pub fn reader(&self) -> Reader<'a> {
        Reader { rest: self.content, offset: self.content_offset }
    }

    /// What is wrong with it, where it stands.
    pub fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError::new(self.offset, kind)
    }

    /// Range of the whole element in the outermost input.
    pub(crate) fn whole_in(&self, bytes: &Bytes) -> Bytes {
        bytes.part(self.offset, self.whole.len())
    }

    /// Range of the content in the outermost input.
    pub(crate) fn content_in(&self, bytes: &Bytes) -> Bytes {
        bytes.part(self.content_offset, self.content.len())
    }
}

/// Reads elements one after the other.
///
/// Lengths need not be minimal: certificates with such lengths exist, and nothing is ever re-encoded. The indefinite
/// form is refused, because RFC 5280, 4.1 asks for DER.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// `offset` is the position of `data` in the outermost input.
    #[inline]
    pub fn new(data: &'a [u8], offset: usize) -> Self {
        Self { rest: data, offset }
    }

    /// The single element that fills `data`, which must carry `tag`.
    pub fn only(data: &'a [u8], offset: usize, tag: u8) -> Result<Tlv<'a>, SyntaxError> {
        let mut reader = Self::new(data, offset);
        let tlv = reader.expect(tag)?;
        reader.finish()?;
        Ok(tlv)
    }

    pub(crate) fn over(bytes: &'a Bytes) -> Self {
        Self::new(bytes.as_slice(), bytes.start())
    }

    /// Whether nothing is left.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many octets are left.
    #[inline]
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The identifier octet of what comes next.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError::new(self.offset, kind)
    }

    /// The next element, whatever it is.
    #[inline]
    pub fn any(&mut self) -> Result<Tlv<'a>, SyntaxError> {
        let (header, length) = match self.rest {
            [tag, ..] if tag & 0x1f == 0x1f => return Err(self.error(SyntaxErrorKind::LongTag)),
            [_, short, ..] if *short < 0x80 => (2_usize, usize::from(*short)),
            [_, form, following @ ..] => self.long_length(*form, following)?,
            _ => return Err(self.error(SyntaxErrorKind::Truncated)),
        };
        let total = header.checked_add(length).ok_or_else(|| self.error(SyntaxErrorKind::Truncated))?;
        let (Some(whole), Some(rest)) = (self.rest.get(..total), self.rest.get(total..)) else {
            return Err(self.error(SyntaxErrorKind::Truncated));
        };
        let (Some(content), Some(tag)) = (whole.get(header..), whole.first()) else {
            return Err(self.error(SyntaxErrorKind::Truncated));
        };
        let offset = self.offset;
        let tlv = Tlv { tag: *tag, offset, content_offset: offset.saturating_add(header), whole, content };
        self.rest = rest;
        self.offset = offset.saturating_add(total);
        Ok(tlv)
    }

    fn long_length(&self, form: u8, following: &[u8]) -> Result<(usize, usize), SyntaxError> {
        let count = usize::from(form & 0x7f);
        if count == 0 || count > 4 {
            return Err(self.error(SyntaxErrorKind::LengthForm));
        }
        let octets = following.get(..count).ok_or_else(|| self.error(SyntaxErrorKind::Truncated))?;
        let length = octets
            .iter()
            .try_fold(0_usize, |length, octet| Some(length.checked_mul(256)? | usize::from(*octet)))
            .ok_or_else(|| self.error(SyntaxErrorKind::LengthForm))?;
        Ok((count.saturating_add(2), length))
    }

    /// The next element, which must carry `tag`.
    #[inline]
    pub fn expect(&mut self, tag: u8) -> Result<Tlv<'a>, SyntaxError> {
        match self.peek() {
            Some(found) if found == tag => self.any(),
            Some(found) => Err(self.error(SyntaxErrorKind::UnexpectedTag { expected: tag, found })),
            None => Err(self.error(SyntaxErrorKind::Truncated)),
        }
    }

    /// The next element if it carries `tag`.
    #[inline]
    pub fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, SyntaxError> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    #[inline]
    pub fn finish(&self) -> Result<(), SyntaxError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error(SyntaxErrorKind::TrailingData)) }
    }
}

/// A BOOLEAN; any octet but zero is true, as BER has it.
pub(crate) fn boolean(tlv: &Tlv<'_>) -> Result<bool, SyntaxError> {
    match tlv.content {
        [octet] => Ok(*octet != 0),
        _ => Err(tlv.error(SyntaxErrorKind::Boolean)),
    }
}

/// A small INTEGER that is not negative.
pub(crate) fn small_unsigned(tlv: &Tlv<'_>) -> Result<u32, SyntaxError> {
    match tlv.content {
        [] => Err(tlv.error(SyntaxErrorKind::Integer)),
        [first, ..] if first & 0x80 != 0 => Err(tlv.error(SyntaxErrorKind::Integer)),
        octets => octets
            .iter()
            .try_fold(0_u32, |value, octet| value.checked_mul(256)?.checked_add(u32::from(*octet)))
            .ok_or_else(|| tlv.error(SyntaxErrorKind::Integer)),
    }
}

/// The octets of a BIT STRING and how many bits of the last one do not count.
pub(crate) fn bit_string<'a>(tlv: &Tlv<'a>) -> Result<(u8, &'a [u8]), SyntaxError> {
    match tlv.content {
        [unused, octets @ ..] if *unused < 8 && (*unused == 0 || !octets.is_empty()) => Ok((*unused, octets)),
        _ => Err(tlv.error(SyntaxErrorKind::BitString)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_bounded() {
        let mut reader = Reader::new(&[0x04, 0x81, 0x01, 0xaa, 0x05, 0x00], 10);
        let first = reader.any().unwrap();
        assert_eq!((first.offset, first.content_offset, first.content), (10, 13, &[0xaa][..]));
        assert_eq!(reader.expect(0x05).unwrap().offset, 14);
        reader.finish().unwrap();

        for (input, kind) in [
            (&[0x30, 0x80, 0x00, 0x00][..], SyntaxErrorKind::LengthForm),
            (&[0x30, 0x85, 1, 1, 1, 1, 1], SyntaxErrorKind::LengthForm),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], SyntaxErrorKind::Truncated),
            (&[0x30, 0x82, 0x01], SyntaxErrorKind::Truncated),
            (&[0x30], SyntaxErrorKind::Truncated),
            (&[0x1f, 0x81, 0x01, 0x00], SyntaxErrorKind::LongTag),
            (&[], SyntaxErrorKind::Truncated),
        ] {
            assert_eq!(Reader::new(input, 7).any().unwrap_err(), SyntaxError::new(7, kind), "{input:?}");
        }
    }

    #[test]
    fn small_integers() {
        let read = |content: &[u8]| {
            let mut whole = vec![INTEGER, u8::try_from(content.len()).unwrap()];
            whole.extend_from_slice(content);
            small_unsigned(&Reader::new(&whole, 0).any().unwrap())
        };
        assert_eq!(read(&[0]), Ok(0));
        assert_eq!(read(&[0, 0xff]), Ok(255));
        assert_eq!(read(&[0, 0xff, 0xff, 0xff, 0xff]), Ok(u32::MAX));
        for bad in [&[][..], &[0x80], &[1, 0, 0, 0, 0]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
