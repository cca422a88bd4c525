//! The few DER lines that the profiles need: writing by nesting, reading item by item.

use der::{Encode, asn1::ObjectIdentifier};
use segl_x509::Oid;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// A DER NULL, whole.
pub(crate) const NULL: [u8; 2] = [0x05, 0x00];

/// Wraps the parts, one after the other, in a tag with its DER length.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    let octets = length.to_be_bytes();
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
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

/// An identifier of any size.
pub(crate) fn any_oid(oid: &Oid) -> Vec<u8> {
    tlv(OID, &[oid.as_octets()])
}

/// A non-negative INTEGER.
pub(crate) fn unsigned(value: u64) -> Vec<u8> {
    // Encoding a u64 cannot fail; an empty part would show in every test.
    value.to_der().unwrap_or_default()
}

/// One value as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    /// Tag, length and value.
    pub(crate) whole: &'a [u8],
}

impl<'a> Item<'a> {
    /// How far into `outer`, of which it is a part, the item starts.
    pub(crate) fn offset_in(&self, outer: &[u8]) -> usize {
        self.whole.as_ptr().addr().saturating_sub(outer.as_ptr().addr())
    }

    /// An identifier of any size.
    pub(crate) fn any_oid(&self) -> Option<Oid> {
        (self.tag == OID).then(|| Oid::from_octets(self.value)).flatten()
    }

    pub(crate) fn oid(&self) -> Option<ObjectIdentifier> {
        (self.tag == OID).then(|| ObjectIdentifier::from_bytes(self.value).ok()).flatten()
    }

    /// The characters of any string type met in certificates; one that is neither UTF-8 nor BMP is read as Latin-1.
    pub(crate) fn text(&self) -> Option<String> {
        match self.tag {
            UTF8_STRING | PRINTABLE_STRING | IA5_STRING | 0x12 | 0x14 | 0x1a => {
                Some(match core::str::from_utf8(self.value) {
                    Ok(text) => text.to_owned(),
                    Err(_) => self.value.iter().map(|octet| char::from(*octet)).collect(),
                })
            }
            0x1e => Some(
                char::decode_utf16(
                    self.value
                        .chunks(2)
                        .map(|pair| pair.iter().fold(0_u16, |unit, octet| (unit << 8) | u16::from(*octet))),
                )
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            ),
            _ => None,
        }
    }

    /// An INTEGER that fits 64 bits.
    pub(crate) fn integer(&self) -> Option<i64> {
        let (first, _) = self.value.split_first()?;
        if self.tag != INTEGER || self.value.len() > 8 {
            return None;
        }
        let sign = if *first >= 0x80 { -1_i64 } else { 0 };
        Some(self.value.iter().fold(sign, |value, octet| (value << 8) | i64::from(*octet)))
    }

    /// What stands inside a SEQUENCE or SET; `None` for another tag or when it does not come out even.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        (self.tag & 0x20 != 0).then(|| items(self.value)).flatten()
    }
}

/// How many values one constructed value may hold before it is called malformed. The largest met in certificates is
/// some twenty.
const MAX_ITEMS: usize = 256;

/// The values that follow each other in `bytes`, which must come out even.
pub(crate) fn items(mut bytes: &[u8]) -> Option<Vec<Item<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (item, rest) = read(bytes)?;
        if found.len() >= MAX_ITEMS {
            return None;
        }
        found.push(item);
        bytes = rest;
    }
    Some(found)
}

/// The single value that fills `bytes`.
pub(crate) fn only(bytes: &[u8]) -> Option<Item<'_>> {
    read(bytes).and_then(|(item, rest)| rest.is_empty().then_some(item))
}

/// The first value in `bytes` and what follows: definite lengths and one-octet tags only.
pub(crate) fn read(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0_usize, |value, octet| (value << 8) | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (value, after) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len().saturating_sub(after.len()))?;
    Some((Item { tag: *tag, value, whole }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_short_and_read_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let value = vec![0xaa; length];
            let der = tlv(OCTET_STRING, &[&value]);
            let item = only(&der).unwrap();
            assert_eq!((item.tag, item.value.len(), item.whole.len()), (OCTET_STRING, length, der.len()));
        }
        assert_eq!(tlv(OCTET_STRING, &[&[0; 0x80]])[..3], [0x04, 0x81, 0x80]);
    }

    #[test]
    fn what_is_cut_short_or_longer_than_its_bytes_is_refused() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x01],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x1f, 0x01, 0],
        ] {
            assert!(read(bytes).is_none(), "{bytes:?}");
        }
        assert!(only(&[0x05, 0x00, 0x00]).is_none());
    }

    #[test]
    fn integers_keep_their_sign() {
        for (bytes, value) in
            [(&[0x02, 1, 0xff][..], -1), (&[0x02, 2, 0, 0x80], 128), (&[0x02, 1, 0x80], -128)]
        {
            assert_eq!(only(bytes).unwrap().integer(), Some(value));
        }
        assert_eq!(unsigned(128), [2, 2, 0, 128]);
    }
}
