use segl_x509::{Certificate, Name};

use crate::ber::{Element, MAX_DEPTH, Reader, Rules, Tag};
use crate::encode;
use crate::error::{BerError, BerErrorKind};

/// How signed attributes stand in a message. RFC 5652, 5.3 demands DER.
#[allow(clippy::exhaustive_enums, reason = "a writer keeps DER, breaks its order, or breaks its lengths")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributesForm {
    /// Lengths, segments or other octets that only BER allows.
    Ber,
    /// DER.
    Der,
    /// DER but for the order of the attributes.
    Unsorted,
}

/// The DER of signed attributes as a SET OF, and how they were stored.
///
/// Attributes that are DER themselves are taken as they arrived, sorted; only where BER is met everything is written anew. Octets
/// that are not even BER can stand inside a value, which nobody has looked into: then the attributes are kept.
pub(crate) fn signed_attributes(field: &Element<'_>) -> Result<(AttributesForm, Vec<u8>), BerError> {
    let mut members = Vec::new();
    let mut reader = field.reader()?;
    while !reader.is_empty() {
        members.push(reader.read()?);
    }
    let ber = has_ber(field.bytes(), 0);
    if ber {
        let rewritten: Result<Vec<Vec<u8>>, BerError> =
            members.iter().map(|member| to_der(member, 1)).collect();
        if let Ok(rewritten) = rewritten {
            return Ok((AttributesForm::Ber, encode::set_of(0x31, &rewritten)));
        }
    }
    let members: Vec<&[u8]> = members.iter().map(Element::bytes).collect();
    let form = match (ber, members.is_sorted()) {
        (true, _) => AttributesForm::Ber,
        (false, true) => AttributesForm::Der,
        (false, false) => AttributesForm::Unsorted,
    };
    Ok((form, encode::set_of(0x31, &members)))
}

/// Whether an element or one inside it has a form that only BER allows.
fn has_ber(bytes: &[u8], depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let mut reader = Reader::new(bytes, Rules::Der);
    while !reader.is_empty() {
        match reader.read() {
            Ok(element)
                if element.is_constructed() && has_ber(element.content(), depth.saturating_add(1)) =>
            {
                return true;
            }
            Ok(_) => {}
            Err(error) => return error.kind == BerErrorKind::NotDer,
        }
    }
    false
}

/// Writes an element as DER: definite lengths, strings in one piece, TRUE as FF, SET members sorted.
fn to_der(element: &Element<'_>, depth: usize) -> Result<Vec<u8>, BerError> {
    if depth > MAX_DEPTH {
        return Err(BerErrorKind::TooDeep.at(element.span().start));
    }
    let identifier = element.bytes().first().copied().unwrap_or_default();
    let tag = element.tag();
    if !element.is_constructed() {
        let content: &[u8] = match (tag, element.content()) {
            (Tag::BOOLEAN, [octet]) if *octet != 0 => &[0xff],
            (_, content) => content,
        };
        return Ok(with_identifier(element, identifier, content));
    }
    if tag == Tag::OCTET_STRING {
        return Ok(encode::octet_string(&element.octets()?));
    }
    let mut members = Vec::new();
    let mut reader = element.reader()?;
    while !reader.is_empty() {
        members.push(to_der(&reader.read()?, depth.saturating_add(1))?);
    }
    if tag == Tag::SET {
        members.sort_unstable();
    }
    Ok(with_identifier(element, identifier, &members.concat()))
}

/// Writes a definite length after the identifier octets of the original, which for tag numbers above 30 are several.
fn with_identifier(element: &Element<'_>, identifier: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encode::element_len(content.len()));
    encode::header(identifier, content.len(), &mut out);
    if identifier & 0x1f == 0x1f {
        let further = element.bytes().iter().skip(1);
        let octets = further.clone().take_while(|octet| **octet >= 0x80).count().saturating_add(1);
        let length = out.split_off(1);
        out.extend(further.take(octets));
        out.extend(length);
    }
    out.extend_from_slice(content);
    out
}

/// Compares names octet by octet, then as RFC 5280, 7.1 compares them.
pub(crate) fn same_name(der: &[u8], name: &Name) -> bool {
    der == name.as_der() || Name::from_der(der).is_ok_and(|other| other.matches(name))
}

/// Whether a certificate has this key identifier, in its extension or else as the SHA-1 of its key (RFC 5280, 4.2.1.2, method 1).
pub(crate) fn has_key_identifier(certificate: &Certificate, identifier: &[u8]) -> bool {
    match certificate.subject_key_identifier() {
        Ok(Some(own)) => own == identifier,
        _ => certificate.computed_key_identifier() == identifier,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(bytes: &[u8]) -> (AttributesForm, Vec<u8>) {
        signed_attributes(&Reader::new(bytes, Rules::Ber).read().unwrap()).unwrap()
    }

    #[test]
    fn der_is_kept_but_for_the_tag() {
        let stored = [0xa0, 8, 0x30, 2, 0x05, 0, 0x30, 2, 0x06, 0];
        let (form, der) = attributes(&stored);
        assert_eq!(form, AttributesForm::Der);
        assert_eq!(der[0], 0x31);
        assert_eq!(der[1..], stored[1..]);
    }

    #[test]
    fn a_wrong_order_is_sorted() {
        let (form, der) = attributes(&[0xa0, 8, 0x30, 2, 0x06, 0, 0x30, 2, 0x05, 0]);
        assert_eq!(form, AttributesForm::Unsorted);
        assert_eq!(der, [0x31, 8, 0x30, 2, 0x05, 0, 0x30, 2, 0x06, 0]);
    }

    #[test]
    fn ber_is_written_as_der() {
        let (form, der) =
            attributes(&[0xa0, 0x80, 0x30, 0x80, 0x24, 4, 4, 2, 7, 8, 1, 1, 1, 0, 0, 0x30, 0x81, 0, 0, 0]);
        assert_eq!(form, AttributesForm::Ber);
        assert_eq!(der, [0x31, 11, 0x30, 0, 0x30, 7, 4, 2, 7, 8, 1, 1, 0xff]);
    }

    #[test]
    fn what_is_no_ber_inside_a_value_is_kept() {
        let (form, der) = attributes(&[0xa0, 6, 0x30, 4, 0x30, 2, 0, 0x80]);
        assert_eq!(form, AttributesForm::Ber);
        assert_eq!(der, [0x31, 6, 0x30, 4, 0x30, 2, 0, 0x80]);
    }

    #[test]
    fn long_tags_survive() {
        let element = [0xbf, 0x81, 0x01, 0x80, 0x05, 0, 0, 0];
        let element = Reader::new(&element, Rules::Ber).read().unwrap();
        assert_eq!(to_der(&element, 0).unwrap(), [0xbf, 0x81, 0x01, 2, 0x05, 0]);
    }
}
