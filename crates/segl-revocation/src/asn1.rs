//! DER by hand: a walk that never allocates (a CRL may have a million entries), and writing by nesting.

use core::ops::Range;

use segl_crypto::Time;
use segl_x509::{ObjectIdentifier, SyntaxError, SyntaxErrorKind};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;

/// One element and where it stands, counted from the start of the whole input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tlv<'a> {
    pub(crate) tag: u8,
    pub(crate) offset: usize,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A reader of the elements inside.
    pub(crate) fn inside(&self) -> Reader<'a> {
        let header = self.whole.len().saturating_sub(self.content.len());
        Reader { rest: self.content, offset: self.offset.saturating_add(header) }
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.whole.len())
    }

    pub(crate) fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError { offset: self.offset, kind }
    }

    /// A Time (RFC 5280 4.1.2.5) or a GeneralizedTime.
    pub(crate) fn time(&self) -> Result<Time, SyntaxError> {
        match self.tag {
            UTC_TIME => Time::from_utc_time(self.content),
            GENERALIZED_TIME => Time::from_generalized_time(self.content),
            _ => None,
        }
        .ok_or_else(|| self.error(SyntaxErrorKind::Time))
    }

    /// Where the octets of a BIT STRING stand; empty when it has unused bits, which no signature value has.
    pub(crate) fn signature_range(&self) -> Result<Range<usize>, SyntaxError> {
        let (unused, octets) =
            self.content.split_first().ok_or_else(|| self.error(SyntaxErrorKind::BitString))?;
        let end = self.range().end;
        Ok(if *unused == 0 { end.saturating_sub(octets.len())..end } else { end..end })
    }

    pub(crate) fn oid(&self) -> Result<ObjectIdentifier, SyntaxError> {
        ObjectIdentifier::from_bytes(self.content).map_err(|_| self.error(SyntaxErrorKind::ObjectIdentifier))
    }

    /// A non-negative INTEGER or ENUMERATED of one octet.
    pub(crate) fn small(&self) -> Result<u8, SyntaxError> {
        match self.content {
            [value @ 0..=0x7f] => Ok(*value),
            _ => Err(self.error(SyntaxErrorKind::Integer)),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, SyntaxError> {
        match self.content {
            [octet] => Ok(*octet != 0),
            _ => Err(self.error(SyntaxErrorKind::Boolean)),
        }
    }
}

/// Reads elements one after the other: definite lengths of up to four octets, tags of one octet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset }
    }

    /// The single element that fills the input.
    pub(crate) fn only(bytes: &'a [u8], offset: usize, tag: u8) -> Result<Tlv<'a>, SyntaxError> {
        let mut reader = Self::new(bytes, offset);
        let tlv = reader.expect(tag)?;
        reader.finish()?;
        Ok(tlv)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn any(&mut self) -> Result<Tlv<'a>, SyntaxError> {
        let error = |kind| SyntaxError { offset: self.offset, kind };
        let (header, length) = match self.rest {
            [tag, ..] if tag & 0x1f == 0x1f => return Err(error(SyntaxErrorKind::LongTag)),
            [_, short @ 0..=0x7f, ..] => (2, usize::from(*short)),
            [_, form @ 0x81..=0x84, following @ ..] => {
                let count = usize::from(form & 0x7f);
                let octets = following.get(..count).ok_or_else(|| error(SyntaxErrorKind::Truncated))?;
                // Four octets always fit the 32 bits that every supported usize has.
                let length = octets.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
                (count.saturating_add(2), length)
            }
            [_, _, ..] => return Err(error(SyntaxErrorKind::LengthForm)),
            _ => return Err(error(SyntaxErrorKind::Truncated)),
        };
        let total = header.checked_add(length).ok_or_else(|| error(SyntaxErrorKind::Truncated))?;
        let parts = self.rest.split_at_checked(total);
        let parts = parts.and_then(|(whole, rest)| Some((whole, whole.get(header..)?, rest)));
        let (whole, content, rest) = parts.ok_or_else(|| error(SyntaxErrorKind::Truncated))?;
        let tag = whole.first().copied().unwrap_or_default();
        let tlv = Tlv { tag, offset: self.offset, content, whole };
        self.rest = rest;
        self.offset = self.offset.saturating_add(total);
        Ok(tlv)
    }

    pub(crate) fn expect(&mut self, tag: u8) -> Result<Tlv<'a>, SyntaxError> {
        let kind = match self.peek() {
            Some(found) if found == tag => return self.any(),
            Some(found) => SyntaxErrorKind::UnexpectedTag { expected: tag, found },
            None => SyntaxErrorKind::Truncated,
        };
        Err(SyntaxError { offset: self.offset, kind })
    }

    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, SyntaxError> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    pub(crate) fn finish(&self) -> Result<(), SyntaxError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(SyntaxError { offset: self.offset, kind: SyntaxErrorKind::TrailingData })
    }
}

/// Moves an error that was counted from the start of a part to where the part stands.
pub(crate) fn shift(error: SyntaxError, offset: usize) -> SyntaxError {
    SyntaxError { offset: error.offset.saturating_add(offset), kind: error.kind }
}

/// Wraps the parts, one after the other, in a tag with its DER length.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let skip = octets.iter().take_while(|octet| **octet == 0).count();
            let used = u8::try_from(octets.len().saturating_sub(skip)).unwrap_or(u8::MAX);
            out.push(0x80 | used);
            out.extend(octets.iter().skip(skip));
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(OID, &[oid.as_bytes()])
}

/// A non-negative INTEGER.
pub(crate) fn unsigned(value: u64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let significant: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
    let pad: &[u8] = if significant.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    tlv(INTEGER, &[pad, &significant])
}

/// GeneralizedTime of whole seconds, as OCSP and expiredCertsOnCRL want it.
pub(crate) fn generalized(time: Time) -> Vec<u8> {
    tlv(GENERALIZED_TIME, &[time.truncate_to_seconds().to_generalized_time().as_bytes()])
}

/// One Extension.
pub(crate) fn extension(id: &ObjectIdentifier, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[BOOLEAN, 1, 0xff] } else { &[] };
    tlv(SEQUENCE, &[&oid(id), critical, &tlv(OCTET_STRING, &[value])])
}

/// A SEQUENCE OF what was written already.
pub(crate) fn sequence_of(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_as_short_as_they_can_be() {
        assert_eq!(unsigned(0), [2, 1, 0]);
        assert_eq!(unsigned(127), [2, 1, 127]);
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
        assert_eq!(unsigned(u64::MAX), [2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn errors_know_where_they_are() {
        let inner = tlv(SEQUENCE, &[&[INTEGER, 5, 0]]);
        let outer = tlv(SEQUENCE, &[&inner]);
        let sequence = Reader::only(&outer, 0, SEQUENCE).unwrap().inside().expect(SEQUENCE).unwrap();
        let error = sequence.inside().expect(INTEGER).unwrap_err();
        assert_eq!(error, SyntaxError { offset: 4, kind: SyntaxErrorKind::Truncated });
        let error = sequence.inside().expect(OID).unwrap_err();
        assert_eq!(error.kind, SyntaxErrorKind::UnexpectedTag { expected: OID, found: INTEGER });
    }
}
