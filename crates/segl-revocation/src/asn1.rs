//! What CRLs and OCSP need beside the walk of `segl-x509` (it never allocates: a CRL may have a million entries), and writing by
//! nesting.

use core::ops::Range;

use segl_crypto::Time;
pub(crate) use segl_x509::reader::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER as OID, OCTET_STRING, Reader, SEQUENCE,
    Tlv, UTC_TIME,
};
use segl_x509::{ObjectIdentifier, SyntaxError, SyntaxErrorKind};

pub(crate) const ENUMERATED: u8 = 0x0a;

/// Values that an element may hold.
pub(crate) trait Value {
    /// Where the element stands in the outermost input.
    fn range(&self) -> Range<usize>;
    /// A Time (RFC 5280 4.1.2.5) or a GeneralizedTime.
    fn time(&self) -> Result<Time, SyntaxError>;
    /// Where the octets of a BIT STRING stand; empty when it has unused bits, which no signature value has.
    fn signature_range(&self) -> Result<Range<usize>, SyntaxError>;
    fn oid(&self) -> Result<ObjectIdentifier, SyntaxError>;
    /// A non-negative INTEGER or ENUMERATED of one octet.
    fn small(&self) -> Result<u8, SyntaxError>;
    fn boolean(&self) -> Result<bool, SyntaxError>;
}

impl Value for Tlv<'_> {
    fn range(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.whole.len())
    }

    fn time(&self) -> Result<Time, SyntaxError> {
        match self.tag {
            UTC_TIME => Time::from_utc_time(self.content),
            GENERALIZED_TIME => Time::from_generalized_time(self.content),
            _ => None,
        }
        .ok_or_else(|| self.error(SyntaxErrorKind::Time))
    }

    fn signature_range(&self) -> Result<Range<usize>, SyntaxError> {
        let (unused, octets) =
            self.content.split_first().ok_or_else(|| self.error(SyntaxErrorKind::BitString))?;
        let end = self.range().end;
        Ok(if *unused == 0 { end.saturating_sub(octets.len())..end } else { end..end })
    }

    fn oid(&self) -> Result<ObjectIdentifier, SyntaxError> {
        ObjectIdentifier::from_bytes(self.content).map_err(|_| self.error(SyntaxErrorKind::ObjectIdentifier))
    }

    fn small(&self) -> Result<u8, SyntaxError> {
        match self.content {
            [value @ 0..=0x7f] => Ok(*value),
            _ => Err(self.error(SyntaxErrorKind::Integer)),
        }
    }

    fn boolean(&self) -> Result<bool, SyntaxError> {
        match self.content {
            [octet] => Ok(*octet != 0),
            _ => Err(self.error(SyntaxErrorKind::Boolean)),
        }
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
    push_header(&mut out, tag, length.try_into().unwrap_or(u64::MAX));
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A tag and a DER length.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: u64) {
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
        let sequence = Reader::only(&outer, 0, SEQUENCE).unwrap().reader().expect(SEQUENCE).unwrap();
        let error = sequence.reader().expect(INTEGER).unwrap_err();
        assert_eq!(error, SyntaxError { offset: 4, kind: SyntaxErrorKind::Truncated });
        let error = sequence.reader().expect(OID).unwrap_err();
        assert_eq!(error.kind, SyntaxErrorKind::UnexpectedTag { expected: OID, found: INTEGER });
    }
}
