//! Values of the extensions RFC 5280 defines, apart from policies and names.

use crate::bytes::Bytes;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::general_name::{DistributionPointName, GeneralName};
use crate::oid::Oid;
use crate::reader::{
    BIT_STRING, BOOLEAN, INTEGER, OCTET_STRING, Reader, SEQUENCE, Tlv, bit_string, boolean, constructed,
    implicit, small_unsigned,
};
use crate::time;
use segl_crypto::Time;

/// `BasicConstraints` (RFC 5280, 4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BasicConstraints {
    /// Whether the key may verify certificates.
    pub ca: bool,
    /// How many intermediate certificates may follow, self-issued ones not counted.
    pub path_len: Option<u32>,
}

impl BasicConstraints {
    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut fields = sequence(value)?;
        let ca = fields.optional(BOOLEAN)?.as_ref().map(boolean).transpose()?.unwrap_or(false);
        let path_len = fields.optional(INTEGER)?.as_ref().map(small_unsigned).transpose()?;
        fields.finish()?;
        Ok(Self { ca, path_len })
    }
}

/// `KeyUsage` (RFC 5280, 4.2.1.3): a set of bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// digitalSignature, bit 0.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// nonRepudiation (contentCommitment), bit 1.
    pub const NON_REPUDIATION: Self = Self(1 << 1);
    /// keyEncipherment, bit 2.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// dataEncipherment, bit 3.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// keyAgreement, bit 4.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// keyCertSign, bit 5.
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// cRLSign, bit 6.
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// encipherOnly, bit 7.
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// decipherOnly, bit 8.
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    const NAMES: [(Self, &'static str); 9] = [
        (Self::DIGITAL_SIGNATURE, "digitalSignature"),
        (Self::NON_REPUDIATION, "nonRepudiation"),
        (Self::KEY_ENCIPHERMENT, "keyEncipherment"),
        (Self::DATA_ENCIPHERMENT, "dataEncipherment"),
        (Self::KEY_AGREEMENT, "keyAgreement"),
        (Self::KEY_CERT_SIGN, "keyCertSign"),
        (Self::CRL_SIGN, "cRLSign"),
        (Self::ENCIPHER_ONLY, "encipherOnly"),
        (Self::DECIPHER_ONLY, "decipherOnly"),
    ];

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether at least one bit of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits, bit 0 of the standard as the lowest.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The standard's names of the bits that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }

    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut reader = Reader::over(value);
        let tlv = reader.expect(BIT_STRING)?;
        reader.finish()?;
        let (_, octets) = bit_string(&tlv)?;
        // Bits beyond the ninth have no meaning yet and are not kept.
        let octet = |index: usize| octets.get(index).copied().unwrap_or(0).reverse_bits();
        Ok(Self(u16::from_le_bytes([octet(0), octet(1) & 1])))
    }
}

impl core::fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// `AuthorityKeyIdentifier` (RFC 5280, 4.2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorityKeyIdentifier {
    /// keyIdentifier.
    pub key_identifier: Option<Vec<u8>>,
    /// authorityCertIssuer.
    pub issuer: Vec<GeneralName>,
    /// authorityCertSerialNumber, the content octets of the INTEGER.
    pub serial: Option<Vec<u8>>,
}

impl AuthorityKeyIdentifier {
    /// Reads the value of the extension, in a certificate or a CRL.
    pub fn from_der(der: &[u8]) -> Result<Self, SyntaxError> {
        Self::read(&Bytes::new(der))
    }

    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut fields = sequence(value)?;
        let key_identifier = fields.optional(implicit(0))?.map(|tlv| tlv.content.to_vec());
        let issuer = match fields.optional(constructed(1))? {
            Some(names) => GeneralName::list(&names, value)?,
            None => Vec::new(),
        };
        let serial = fields.optional(implicit(2))?.map(|tlv| tlv.content.to_vec());
        fields.finish()?;
        Ok(Self { key_identifier, issuer, serial })
    }
}

/// One place where CRLs stand: `DistributionPoint` (RFC 5280, 4.2.1.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistributionPoint {
    /// Where the CRL is.
    pub name: Option<DistributionPointName>,
    /// Which reasons the CRL covers; `None` for all.
    pub reasons: Option<ReasonFlags>,
    /// Who signs the CRL, when it is not the issuer of the certificate.
    pub crl_issuer: Vec<GeneralName>,
}

impl DistributionPoint {
    /// The http, https, ldap... addresses of the full name.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        let names = match &self.name {
            Some(DistributionPointName::Full(names)) => names.as_slice(),
            _ => &[],
        };
        names.iter().filter_map(GeneralName::as_uri)
    }

    /// Reads the value of cRLDistributionPoints or freshestCRL, in a certificate or a CRL.
    pub fn list_from_der(der: &[u8]) -> Result<Vec<Self>, SyntaxError> {
        Self::list(&Bytes::new(der))
    }

    pub(crate) fn list(value: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = sequence(value)?;
        let mut points = Vec::new();
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let name = match fields.optional(constructed(0))? {
                Some(choice) => Some(DistributionPointName::read(&choice.reader().any()?, value)?),
                None => None,
            };
            let reasons = fields.optional(implicit(1))?.as_ref().map(ReasonFlags::read).transpose()?;
            let crl_issuer = match fields.optional(constructed(2))? {
                Some(names) => GeneralName::list(&names, value)?,
                None => Vec::new(),
            };
            fields.finish()?;
            points.push(Self { name, reasons, crl_issuer });
        }
        Ok(points)
    }
}

/// `ReasonFlags` (RFC 5280, 4.2.1.13): bit 1 keyCompromise to bit 8 aACompromise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReasonFlags(u16);

impl ReasonFlags {
    /// All reasons.
    pub const ALL: Self = Self(0b1_1111_1110);
    /// None.
    pub const NONE: Self = Self(0);

    /// Reads the content octets of a BIT STRING (first the number of unused bits).
    pub fn from_bit_string(content: &[u8]) -> Option<Self> {
        let (_, octets) = content.split_first()?;
        let octet = |index: usize| octets.get(index).copied().unwrap_or(0).reverse_bits();
        Some(Self(u16::from_le_bytes([octet(0), octet(1) & 1]) & Self::ALL.0))
    }

    fn read(tlv: &Tlv<'_>) -> Result<Self, SyntaxError> {
        bit_string(tlv)?;
        Self::from_bit_string(tlv.content).ok_or_else(|| tlv.error(SyntaxErrorKind::BitString))
    }

    /// Reasons in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Reasons in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all reasons of `other` are here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no reason is here.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// One entry of authorityInfoAccess or subjectInfoAccess (RFC 5280, 4.2.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDescription {
    /// What is there, for example [`AD_OCSP`](crate::oids::AD_OCSP).
    pub method: Oid,
    /// Where.
    pub location: GeneralName,
}

impl AccessDescription {
    pub(crate) fn list(value: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = sequence(value)?;
        let mut list = Vec::new();
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let method = Oid::next(&mut fields, value)?;
            let location = GeneralName::read(&fields.any()?, value)?;
            fields.finish()?;
            list.push(Self { method, location });
        }
        Ok(list)
    }
}

/// `PrivateKeyUsagePeriod` (RFC 3280, 4.2.1.4; used by time-stamp units).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateKeyUsagePeriod {
    /// From when.
    pub not_before: Option<Time>,
    /// Until when, inclusive.
    pub not_after: Option<Time>,
}

impl PrivateKeyUsagePeriod {
    pub(crate) fn read(value: &Bytes) -> Result<Self, SyntaxError> {
        let mut fields = sequence(value)?;
        let mut next = |tag| fields.optional(tag)?.as_ref().map(time::generalized).transpose();
        let (not_before, not_after) = (next(implicit(0))?, next(implicit(1))?);
        fields.finish()?;
        Ok(Self { not_before, not_after })
    }
}

/// One statement of qcStatements (RFC 3739, 3.2.6); what it says is not interpreted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QcStatement {
    /// statementId.
    pub id: Oid,
    /// statementInfo: the element with its tag and length.
    pub info: Option<Vec<u8>>,
}

impl QcStatement {
    pub(crate) fn list(value: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = sequence(value)?;
        let mut statements = Vec::new();
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let id = Oid::next(&mut fields, value)?;
            let info = if fields.is_empty() { None } else { Some(fields.any()?.whole.to_vec()) };
            fields.finish()?;
            statements.push(Self { id, info });
        }
        Ok(statements)
    }
}

/// The fields of a SEQUENCE that fills the value.
pub(crate) fn sequence(value: &Bytes) -> Result<Reader<'_>, SyntaxError> {
    let mut reader = Reader::over(value);
    let tlv = reader.expect(SEQUENCE)?;
    reader.finish()?;
    Ok(tlv.reader())
}

/// An OCTET STRING that fills the value (subjectKeyIdentifier).
pub(crate) fn octet_string(value: &Bytes) -> Result<Vec<u8>, SyntaxError> {
    let mut reader = Reader::over(value);
    let tlv = reader.expect(OCTET_STRING)?;
    reader.finish()?;
    Ok(tlv.content.to_vec())
}

/// A SEQUENCE OF OBJECT IDENTIFIER with at least one member (extKeyUsage).
pub(crate) fn oid_list(value: &Bytes) -> Result<Vec<Oid>, SyntaxError> {
    let mut reader = sequence(value)?;
    let mut list = Vec::new();
    while !reader.is_empty() {
        list.push(Oid::next(&mut reader, value)?);
    }
    if list.is_empty() { Err(SyntaxError::new(value.start(), SyntaxErrorKind::Empty)) } else { Ok(list) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usage_bits() {
        let read = |der: &[u8]| KeyUsage::read(&Bytes::new(der)).unwrap();
        assert_eq!(read(&[3, 2, 6, 0x40]), KeyUsage::NON_REPUDIATION);
        assert_eq!(read(&[3, 2, 1, 0x06]), KeyUsage::KEY_CERT_SIGN.union(KeyUsage::CRL_SIGN));
        assert_eq!(read(&[3, 3, 7, 0x08, 0x80]), KeyUsage::KEY_AGREEMENT.union(KeyUsage::DECIPHER_ONLY));
        assert_eq!(read(&[3, 1, 0]).bits(), 0);
        assert_eq!(format!("{:?}", read(&[3, 2, 6, 0x40])), "{\"nonRepudiation\"}");
    }

    #[test]
    fn basic_constraints_forms() {
        let read = |der: &[u8]| BasicConstraints::read(&Bytes::new(der));
        assert_eq!(read(&[0x30, 0]), Ok(BasicConstraints { ca: false, path_len: None }));
        // The default written out, and TRUE as one: found in the wild, not DER.
        assert_eq!(read(&[0x30, 3, 1, 1, 0]), Ok(BasicConstraints { ca: false, path_len: None }));
        assert_eq!(read(&[0x30, 6, 1, 1, 1, 2, 1, 0]), Ok(BasicConstraints { ca: true, path_len: Some(0) }));
        assert!(read(&[0x30, 6, 1, 1, 0xff, 2, 1, 0xff]).is_err(), "negative path length");
        assert!(read(&[0x30, 3, 4, 1, 0]).is_err());
    }

    #[test]
    fn reasons() {
        assert_eq!(ReasonFlags::from_bit_string(&[7, 0x7f, 0x80]), Some(ReasonFlags::ALL));
        let key = ReasonFlags::from_bit_string(&[6, 0x40]).unwrap();
        assert!(ReasonFlags::ALL.contains(key) && !key.is_empty());
        assert!(key.intersection(ReasonFlags::from_bit_string(&[5, 0x20]).unwrap()).is_empty());
        assert_eq!(ReasonFlags::from_bit_string(&[]), None);
    }
}
