use const_oid::ObjectIdentifier;

/// Writes one element with a low tag: identifier octet, definite length in the fewest octets, content.
///
/// The identifier octet is taken as it is (`0x30` SEQUENCE, `0xa0` constructed `[0]` …): the numbers above 30 have no use in CMS.
pub fn element(identifier: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(element_len(content.len()));
    header(identifier, content.len(), &mut out);
    out.extend_from_slice(content);
    out
}

/// The length in octets of an element with that many octets of content.
pub const fn element_len(content: usize) -> usize {
    content.saturating_add(header_len(content))
}

/// The length in octets of identifier and length octets in front of that many octets of content.
pub const fn header_len(content: usize) -> usize {
    let mut octets = 2;
    if content >= 0x80 {
        let mut rest = content;
        while rest != 0 {
            octets += 1;
            rest >>= 8;
        }
    }
    octets
}

/// Writes the identifier and length octets in front of that many octets of content.
pub fn header(identifier: u8, length: usize, out: &mut Vec<u8>) {
    out.push(identifier);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = length.to_be_bytes();
            let significant = octets.iter().skip_while(|octet| **octet == 0);
            let count = significant.clone().count();
            out.push(0x80 | u8::try_from(count).unwrap_or(u8::MAX));
            out.extend(significant);
        }
    }
}

/// A SEQUENCE of elements that are written already.
pub fn sequence<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    constructed(0x30, elements)
}

/// Elements that are written already, in this order, under an identifier octet.
pub fn constructed<T: AsRef<[u8]>>(identifier: u8, elements: &[T]) -> Vec<u8> {
    let length = elements.iter().map(|element| element.as_ref().len()).fold(0usize, usize::saturating_add);
    let mut out = Vec::with_capacity(element_len(length));
    header(identifier, length, &mut out);
    for element in elements {
        out.extend_from_slice(element.as_ref());
    }
    out
}

/// A SET OF under an identifier octet (`0x31`, or an implicit tag), its elements put into the order of X.690, 11.6.
pub fn set_of<T: AsRef<[u8]>>(identifier: u8, elements: &[T]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = elements.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    constructed(identifier, &sorted)
}

/// An OBJECT IDENTIFIER.
pub fn object_identifier(oid: &ObjectIdentifier) -> Vec<u8> {
    element(0x06, oid.as_bytes())
}

/// An INTEGER that is not negative, from its octets, most significant first; needless leading zeros are left out.
pub fn unsigned_integer(octets: &[u8]) -> Vec<u8> {
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let significant = octets.get(start..).unwrap_or_default();
    let mut content = Vec::with_capacity(significant.len().saturating_add(1));
    if significant.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(significant);
    element(0x02, &content)
}

/// An OCTET STRING.
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    element(0x04, octets)
}

/// `AlgorithmIdentifier` without parameters, as RFC 5754, 2 recommends for SHA-2 digests.
pub fn algorithm(oid: &ObjectIdentifier) -> Vec<u8> {
    sequence(&[object_identifier(oid)])
}

/// `Attribute`: a type and its values, which are put into DER order.
pub fn attribute<T: AsRef<[u8]>>(oid: &ObjectIdentifier, values: &[T]) -> Vec<u8> {
    sequence(&[object_identifier(oid), set_of(0x31, values)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::{Reader, Rules};

    #[test]
    fn lengths_are_minimal_and_predicted() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let written = element(0x04, &vec![7; length]);
            assert_eq!(written.len(), element_len(length));
            assert_eq!(Reader::new(&written, Rules::Der).read().unwrap().content().len(), length);
        }
    }

    #[test]
    fn integers_are_minimal_and_not_negative() {
        assert_eq!(unsigned_integer(&[]), [2, 1, 0]);
        assert_eq!(unsigned_integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(unsigned_integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned_integer(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn a_set_is_sorted() {
        assert_eq!(set_of(0x31, &[[2, 1, 9], [2, 1, 3]]), [0x31, 6, 2, 1, 3, 2, 1, 9]);
    }
}
