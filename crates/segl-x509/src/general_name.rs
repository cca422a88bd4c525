//! General names, and the places made of them.

use crate::bytes::Bytes;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::name::Name;
use crate::oid::Oid;
use crate::reader::{Reader, SEQUENCE, Tlv, constructed, implicit};
use crate::string;

/// A `GeneralName` (RFC 5280, 4.2.1.6).
///
/// Read, not judged: an address need not look like one, an IP address may have any length.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GeneralName {
    /// otherName.
    Other {
        /// What kind of name.
        type_id: Oid,
        /// The value element, with its tag and length, without the explicit tag around it.
        value: Vec<u8>,
    },
    /// rfc822Name.
    Email(String),
    /// dNSName.
    Dns(String),
    /// x400Address, the whole element.
    X400(Vec<u8>),
    /// directoryName.
    Directory(Name),
    /// ediPartyName, the whole element.
    EdiParty(Vec<u8>),
    /// uniformResourceIdentifier.
    Uri(String),
    /// iPAddress: 4 or 16 octets, in name constraints twice that (address and mask).
    Ip(Vec<u8>),
    /// registeredID.
    RegisteredId(Oid),
}

impl GeneralName {
    /// Reads `GeneralNames` (SEQUENCE OF GeneralName) that fill the input.
    pub fn list_from_der(der: &[u8]) -> Result<Vec<Self>, SyntaxError> {
        let bytes = Bytes::new(der);
        let mut reader = Reader::over(&bytes);
        let list = reader.expect(SEQUENCE)?;
        reader.finish()?;
        Self::list(&list, &bytes)
    }

    /// Reads one `GeneralName` that fills the input.
    pub fn from_der(der: &[u8]) -> Result<Self, SyntaxError> {
        let bytes = Bytes::new(der);
        let mut reader = Reader::over(&bytes);
        let name = reader.any()?;
        reader.finish()?;
        Self::read(&name, &bytes)
    }

    /// The names inside an element, whatever its tag.
    pub(crate) fn list(list: &Tlv<'_>, bytes: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = list.reader();
        let mut names = Vec::new();
        while !reader.is_empty() {
            names.push(Self::read(&reader.any()?, bytes)?);
        }
        Ok(names)
    }

    pub(crate) fn read(tlv: &Tlv<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        const OTHER: u8 = constructed(0);
        const EMAIL: u8 = implicit(1);
        const DNS: u8 = implicit(2);
        const X400: u8 = constructed(3);
        const DIRECTORY: u8 = constructed(4);
        const EDI_PARTY: u8 = constructed(5);
        const URI: u8 = implicit(6);
        const IP: u8 = implicit(7);
        const REGISTERED_ID: u8 = implicit(8);
        Ok(match tlv.tag {
            OTHER => {
                let mut reader = tlv.reader();
                let type_id = Oid::next(&mut reader, bytes)?;
                let value = reader.expect(constructed(0))?.content.to_vec();
                Self::Other { type_id, value }
            }
            EMAIL => Self::Email(string::ia5(tlv.content)),
            DNS => Self::Dns(string::ia5(tlv.content)),
            X400 => Self::X400(tlv.whole.to_vec()),
            DIRECTORY => {
                let mut reader = tlv.reader();
                let name = Name::read(&reader.any()?, bytes)?;
                reader.finish()?;
                Self::Directory(name)
            }
            EDI_PARTY => Self::EdiParty(tlv.whole.to_vec()),
            URI => Self::Uri(string::ia5(tlv.content)),
            IP => Self::Ip(tlv.content.to_vec()),
            REGISTERED_ID => Self::RegisteredId(Oid::read_content(tlv, bytes)?),
            found => return Err(tlv.error(SyntaxErrorKind::UnknownChoice { found })),
        })
    }

    /// The URI, if the name is one.
    pub fn as_uri(&self) -> Option<&str> {
        match self {
            Self::Uri(uri) => Some(uri),
            _ => None,
        }
    }

    /// The distinguished name, if the name is one.
    pub fn as_directory(&self) -> Option<&Name> {
        match self {
            Self::Directory(name) => Some(name),
            _ => None,
        }
    }

    /// Whether both are the same name: distinguished names after RFC 5280, 7.1, hosts and mail domains without regard to
    /// case, everything else by its octets.
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Directory(one), Self::Directory(two)) => one.matches(two),
            (Self::Dns(one), Self::Dns(two)) => one.eq_ignore_ascii_case(two),
            (Self::Email(one), Self::Email(two)) => match (one.rsplit_once('@'), two.rsplit_once('@')) {
                (Some((local, host)), Some((other_local, other_host))) => {
                    local == other_local && host.eq_ignore_ascii_case(other_host)
                }
                _ => one == two,
            },
            _ => self == other,
        }
    }
}

/// `DistributionPointName` (RFC 5280, 4.2.1.13).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DistributionPointName {
    /// fullName.
    Full(Vec<GeneralName>),
    /// nameRelativeToCRLIssuer, the element with its tag `[1]`; [`names`](Self::names) completes it.
    Relative(Vec<u8>),
}

impl DistributionPointName {
    /// Reads a `DistributionPointName` (`[0]` or `[1]`, without the explicit tag around it) that fills the input.
    pub fn from_der(der: &[u8]) -> Result<Self, SyntaxError> {
        let bytes = Bytes::new(der);
        let mut reader = Reader::over(&bytes);
        let choice = reader.any()?;
        reader.finish()?;
        Self::read(&choice, &bytes)
    }

    pub(crate) fn read(choice: &Tlv<'_>, bytes: &Bytes) -> Result<Self, SyntaxError> {
        const FULL: u8 = constructed(0);
        const RELATIVE: u8 = constructed(1);
        match choice.tag {
            FULL => Ok(Self::Full(GeneralName::list(choice, bytes)?)),
            RELATIVE => Ok(Self::Relative(choice.whole.to_vec())),
            found => Err(choice.error(SyntaxErrorKind::UnknownChoice { found })),
        }
    }

    /// The full names, a relative one completed with the name of the CRL's issuer.
    pub fn names(&self, crl_issuer: &Name) -> Vec<GeneralName> {
        match self {
            Self::Full(names) => names.clone(),
            Self::Relative(relative) => Name::with_relative(crl_issuer, relative)
                .map(|name| vec![GeneralName::Directory(name)])
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_kind() {
        let list = [
            0x30, 0x22, // GeneralNames
            0x81, 0x03, b'a', b'@', b'b', // email
            0x82, 0x01, b'd', // dns
            0x86, 0x02, b'u', b':', // uri
            0x87, 0x04, 127, 0, 0, 1, // ip
            0x88, 0x02, 0x88, 0x37, // registered id
            0xa4, 0x02, 0x30, 0x00, // directory
            0xa0, 0x06, 0x06, 0x01, 0x2a, 0xa0, 0x01, 0x05, // other
        ];
        let names = GeneralName::list_from_der(&list).unwrap();
        assert_eq!(names.len(), 7);
        assert_eq!(names.get(2).unwrap().as_uri(), Some("u:"));
        assert_eq!(GeneralName::list_from_der(&[0x30, 0x02, 0x8a, 0x00]).unwrap_err().offset, 2);
    }

    #[test]
    fn comparison() {
        let email = |text: &str| GeneralName::Email(text.to_owned());
        assert!(email("a@B.c").matches(&email("a@b.C")));
        assert!(!email("A@b.c").matches(&email("a@b.c")));
        assert!(GeneralName::Dns("A.b".into()).matches(&GeneralName::Dns("a.B".into())));
        assert!(!GeneralName::Dns("a".into()).matches(&GeneralName::Uri("a".into())));
    }
}
