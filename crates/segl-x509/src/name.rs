//! Distinguished names.

use core::fmt::{self, Write};
use core::hash::{Hash, Hasher};
use std::borrow::Cow;

use const_oid::ObjectIdentifier;

use crate::bytes::Bytes;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::oid;
use crate::reader::{OBJECT_IDENTIFIER, Reader, SEQUENCE, SET, Tlv};
use crate::{oids, string};

/// A distinguished name as a view over its bytes (RFC 5280, 4.1.2.4).
///
/// `==` and hashing go by the bytes; [`matches`](Self::matches) is the comparison of RFC 5280, 7.1. The attribute values
/// may have any type: what is not text stays raw.
#[derive(Clone)]
pub struct Name {
    der: Bytes,
}

/// One attribute of a name.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    oid: &'a [u8],
    tag: u8,
    value: &'a [u8],
    starts_rdn: bool,
}

impl Name {
    /// Reads a `Name` (SEQUENCE OF SET OF AttributeTypeAndValue) that fills the input.
    ///
    /// Empty names, empty sets and values of unknown types are read.
    pub fn from_der(der: &[u8]) -> Result<Self, SyntaxError> {
        let bytes = Bytes::new(der);
        let mut reader = Reader::over(&bytes);
        let tlv = reader.expect(SEQUENCE)?;
        reader.finish()?;
        Self::read(&tlv, &bytes)
    }

    /// Builds the name with this one relative name after those of `base` (nameRelativeToCRLIssuer, RFC 5280, 4.2.1.13).
    ///
    /// `relative` is the SET of the relative name, with whatever tag it carries.
    pub(crate) fn with_relative(base: &Self, relative: &[u8]) -> Result<Self, SyntaxError> {
        let whole = Reader::new(base.as_der(), 0).expect(SEQUENCE)?;
        let mut content = whole.content.to_vec();
        let set = Reader::new(relative, 0).any()?;
        content.extend(header(SET, set.content.len()));
        content.extend_from_slice(set.content);
        let mut der = header(SEQUENCE, content.len());
        der.extend(content);
        Self::from_der(&der)
    }

    pub(crate) fn read(tlv: &Tlv<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        if tlv.tag != SEQUENCE {
            return Err(tlv.error(SyntaxErrorKind::UnexpectedTag { expected: SEQUENCE, found: tlv.tag }));
        }
        let mut rdns = tlv.reader();
        while !rdns.is_empty() {
            let mut attributes = rdns.expect(SET)?.reader();
            while !attributes.is_empty() {
                let mut pair = attributes.expect(SEQUENCE)?.reader();
                oid::check(&pair.expect(OBJECT_IDENTIFIER)?)?;
                pair.any()?;
                pair.finish()?;
            }
        }
        Ok(Self { der: tlv.whole_in(bytes) })
    }

    /// The bytes as they arrived.
    pub fn as_der(&self) -> &[u8] {
        self.der.as_slice()
    }

    /// Whether the name has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.attributes().next().is_none()
    }

    /// The attributes in the order of the encoding.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let content = Reader::over(&self.der).any().map(|tlv| tlv.reader());
        Attributes { rdns: content.unwrap_or(Reader::new(&[], 0)), attributes: Reader::new(&[], 0) }
    }

    /// Text of the first attribute of this type; `None` if there is none or it is not text.
    pub fn find(&self, oid: ObjectIdentifier) -> Option<String> {
        self.attributes().find(|attribute| attribute.is(oid))?.text().map(Cow::into_owned)
    }

    /// Texts of all attributes of this type.
    pub fn find_all(&self, oid: ObjectIdentifier) -> Vec<String> {
        self.attributes()
            .filter(|attribute| attribute.is(oid))
            .filter_map(|attribute| attribute.text().map(Cow::into_owned))
            .collect()
    }

    /// Compares after RFC 5280, 7.1: same relative names in the same order, text without regard to case, string type
    /// and insignificant space; values that are not text by their bytes.
    pub fn matches(&self, other: &Self) -> bool {
        self.as_der() == other.as_der() || self.comparison_key() == other.comparison_key()
    }

    /// Whether `other` starts with all relative names of this one (the subtree test of RFC 5280, 4.2.1.10).
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        let (own, others) = (self.relative_keys(), other.relative_keys());
        others.get(..own.len()) == Some(own.as_slice())
    }

    /// A key that is equal for two names exactly when [`matches`](Self::matches) says so; for maps of many names.
    pub fn comparison_key(&self) -> Vec<u8> {
        self.relative_keys().concat()
    }

    fn relative_keys(&self) -> Vec<Vec<u8>> {
        let mut sets: Vec<Vec<Vec<u8>>> = Vec::new();
        for attribute in self.attributes() {
            let key = attribute.comparison_key();
            match sets.last_mut() {
                Some(set) if !attribute.starts_rdn => set.push(key),
                _ => sets.push(vec![key]),
            }
        }
        sets.into_iter()
            .map(|mut set| {
                set.sort_unstable();
                let mut key = length_octets(set.len()).to_vec();
                key.extend(set.concat());
                key
            })
            .collect()
    }
}

struct Attributes<'a> {
    rdns: Reader<'a>,
    attributes: Reader<'a>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let mut starts_rdn = false;
        while self.attributes.is_empty() {
            self.attributes = self.rdns.any().ok()?.reader();
            starts_rdn = true;
        }
        let mut pair = self.attributes.any().ok()?.reader();
        let oid = pair.any().ok()?.content;
        let value = pair.any().ok()?;
        Some(Attribute { oid, tag: value.tag, value: value.content, starts_rdn })
    }
}

impl<'a> Attribute<'a> {
    /// Whether the attribute has this type.
    pub fn is(&self, oid: ObjectIdentifier) -> bool {
        self.oid == oid.as_bytes()
    }

    /// The type; `None` if const-oid cannot hold it.
    pub fn oid(&self) -> Option<ObjectIdentifier> {
        ObjectIdentifier::from_bytes(self.oid).ok()
    }

    /// The type in dotted form.
    pub fn oid_text(&self) -> String {
        oid::dotted(self.oid)
    }

    /// The identifier octet of the value, which tells its string type.
    pub fn tag(&self) -> u8 {
        self.tag
    }

    /// The content octets of the value.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text; `None` if it is none.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        string::decode(self.tag, self.value)
    }

    /// Whether this attribute is the first of its relative name.
    pub fn starts_rdn(&self) -> bool {
        self.starts_rdn
    }

    fn comparison_key(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(self.value.len().saturating_add(1));
        match self.text() {
            Some(text) => {
                value.push(0);
                string::prepare(&text, &mut value);
            }
            None => {
                value.push(self.tag);
                value.extend_from_slice(self.value);
            }
        }
        let mut key = length_octets(self.oid.len()).to_vec();
        key.extend_from_slice(self.oid);
        key.extend(length_octets(value.len()));
        key.extend(value);
        key
    }

    fn short_name(&self) -> Option<&'static str> {
        const SHORT: [(ObjectIdentifier, &str); 19] = [
            (oids::COMMON_NAME, "CN"),
            (oids::SURNAME, "SN"),
            (oids::SERIAL_NUMBER, "serialNumber"),
            (oids::COUNTRY_NAME, "C"),
            (oids::LOCALITY_NAME, "L"),
            (oids::STATE_OR_PROVINCE_NAME, "ST"),
            (oids::STREET_ADDRESS, "STREET"),
            (oids::ORGANIZATION_NAME, "O"),
            (oids::ORGANIZATIONAL_UNIT_NAME, "OU"),
            (oids::TITLE, "title"),
            (oids::POSTAL_CODE, "postalCode"),
            (oids::GIVEN_NAME, "givenName"),
            (oids::INITIALS, "initials"),
            (oids::PSEUDONYM, "pseudonym"),
            (oids::ORGANIZATION_IDENTIFIER, "organizationIdentifier"),
            (oids::DOMAIN_COMPONENT, "DC"),
            (oids::USER_ID, "UID"),
            (oids::EMAIL_ADDRESS, "emailAddress"),
            (oids::DN_QUALIFIER, "dnQualifier"),
        ];
        SHORT.iter().find(|(oid, _)| self.is(*oid)).map(|(_, name)| *name)
    }
}

impl fmt::Display for Attribute<'_> {
    /// `type=value` with the escapes of RFC 4514, 2.4.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.short_name() {
            Some(name) => f.write_str(name)?,
            None => f.write_str(&self.oid_text())?,
        }
        f.write_char('=')?;
        let Some(text) = self.text() else {
            write!(f, "#{:02x}", self.tag)?;
            return self.value.iter().try_for_each(|octet| write!(f, "{octet:02x}"));
        };
        let last = text.chars().count().saturating_sub(1);
        for (position, character) in text.chars().enumerate() {
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
                '#' | ' ' if position == 0 => write!(f, "\\{character}")?,
                ' ' if position == last => f.write_str("\\ ")?,
                control if control.is_control() => {
                    let mut buffer = [0_u8; 4];
                    for octet in control.encode_utf8(&mut buffer).bytes() {
                        write!(f, "\\{octet:02x}")?;
                    }
                }
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Name {
    /// The form of RFC 4514: last relative name first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rdns: Vec<Vec<Attribute<'_>>> = Vec::new();
        for attribute in self.attributes() {
            match rdns.last_mut() {
                Some(rdn) if !attribute.starts_rdn => rdn.push(attribute),
                _ => rdns.push(vec![attribute]),
            }
        }
        for (number, rdn) in rdns.iter().rev().enumerate() {
            if number > 0 {
                f.write_char(',')?;
            }
            for (number, attribute) in rdn.iter().enumerate() {
                if number > 0 {
                    f.write_char('+')?;
                }
                write!(f, "{attribute}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_der() == other.as_der()
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_der().hash(state);
    }
}

/// Four octets, so that concatenated keys stay unambiguous.
fn length_octets(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

fn header(tag: u8, len: usize) -> Vec<u8> {
    match u8::try_from(len) {
        Ok(short) if short < 0x80 => vec![tag, short],
        _ => {
            let octets = length_octets(len);
            let significant: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
            let form = 0x80 | u8::try_from(significant.len()).unwrap_or(4);
            [&[tag, form], significant.as_slice()].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(oid: ObjectIdentifier, tag: u8, value: &[u8]) -> Vec<u8> {
        let mut content = header(OBJECT_IDENTIFIER, oid.as_bytes().len());
        content.extend(oid.as_bytes());
        content.extend(header(tag, value.len()));
        content.extend(value);
        [header(SEQUENCE, content.len()), content].concat()
    }

    fn name(rdns: &[Vec<Vec<u8>>]) -> Name {
        let content: Vec<u8> =
            rdns.iter().flat_map(|set| [header(SET, set.concat().len()), set.concat()].concat()).collect();
        Name::from_der(&[header(SEQUENCE, content.len()), content].concat()).unwrap()
    }

    #[test]
    fn comparison_ignores_case_space_string_type_and_order_inside_a_set() {
        let printable = attribute(oids::COMMON_NAME, 0x13, b"Good  CA");
        let utf8 = attribute(oids::COMMON_NAME, 0x0c, b" good ca");
        let country = attribute(oids::COUNTRY_NAME, 0x13, b"DK");
        let one = name(&[vec![country.clone()], vec![printable.clone()]]);
        let two = name(&[vec![country.clone()], vec![utf8.clone()]]);
        assert!(one.matches(&two) && one != two);
        let other_order = name(&[vec![utf8.clone()], vec![country.clone()]]);
        assert!(!one.matches(&other_order));
        let set = name(&[vec![country.clone(), printable]]);
        let swapped = name(&[vec![utf8, country]]);
        assert!(set.matches(&swapped));
        assert!(!set.matches(&one));
    }

    #[test]
    fn raw_values_compare_by_bytes() {
        let one = name(&[vec![attribute(oids::COMMON_NAME, 0x03, &[0, 0x41])]]);
        let two = name(&[vec![attribute(oids::COMMON_NAME, 0x03, &[0, 0x61])]]);
        assert!(!one.matches(&two));
        assert_eq!(one.to_string(), "CN=#030041");
        assert_eq!(one.find(oids::COMMON_NAME), None);
    }

    #[test]
    fn prefix_is_by_whole_relative_names() {
        let country = attribute(oids::COUNTRY_NAME, 0x13, b"DK");
        let organization = attribute(oids::ORGANIZATION_NAME, 0x0c, b"X");
        let base = name(&[vec![country.clone()]]);
        let full = name(&[vec![country.clone()], vec![organization.clone()]]);
        assert!(base.is_prefix_of(&full) && !full.is_prefix_of(&base));
        assert!(!base.is_prefix_of(&name(&[vec![country, organization]])));
        assert!(name(&[]).is_prefix_of(&full));
    }

    #[test]
    fn display_escapes() {
        let odd = name(&[
            vec![attribute(oids::COUNTRY_NAME, 0x13, b"DK")],
            vec![attribute(oids::COMMON_NAME, 0x0c, b"#a, b\x01 ")],
        ]);
        assert_eq!(odd.to_string(), "CN=\\#a\\, b\\01\\ ,C=DK");
    }

    #[test]
    fn relative_name_is_appended() {
        let base = name(&[vec![attribute(oids::COUNTRY_NAME, 0x13, b"DK")]]);
        let common = attribute(oids::COMMON_NAME, 0x0c, &[b'x'; 150]);
        let mut relative = header(0xa1, common.len());
        relative.extend(common);
        let whole = Name::with_relative(&base, &relative).unwrap();
        assert!(base.is_prefix_of(&whole));
        assert_eq!(whole.attributes().count(), 2);
    }

    #[test]
    fn malformed_names_tell_where() {
        let error = Name::from_der(&[0x30, 0x04, 0x31, 0x02, 0x02, 0x00]).unwrap_err();
        assert_eq!(error.offset, 4);
        assert!(Name::from_der(&[0x30, 0x00, 0x00]).is_err());
        assert!(Name::from_der(&[0x30, 0x00]).unwrap().is_empty());
    }
}
