//! One entry of a CRL.

use segl_crypto::Time;
use segl_x509::{GeneralName, Name, ObjectIdentifier, SyntaxError, SyntaxErrorKind};

use crate::{
    Reason,
    asn1::{BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, Tlv, Value as _},
    oid::*,
};

/// One entry of a CRL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// Content octets of the serial number.
    pub serial: &'a [u8],
    /// From when on the certificate is revoked.
    pub revoked_at: Time,
    /// The reason, when there is one.
    pub reason: Option<Reason>,
    /// Since when the issuer believes the key to be in other hands: advice, not the time of revocation.
    pub invalidity_date: Option<Time>,
    /// GeneralNames (DER) of the issuer of this and the following entries, in an indirect CRL.
    pub certificate_issuer: Option<&'a [u8]>,
    /// Whether the entry has a critical extension this crate does not know.
    pub has_unknown_critical: bool,
}

/// What a list says about one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// From when on it is revoked.
    pub at: Time,
    /// Why, when the list says so.
    pub reason: Option<Reason>,
    /// Since when the issuer believes the key to be in other hands: advice, not the time of revocation.
    pub invalidity_date: Option<Time>,
}

/// What a walk over all entries looks at in each.
#[derive(Clone, Copy)]
pub(crate) struct Scanned<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) certificate_issuer: Option<&'a [u8]>,
    /// Type of the first critical extension that is not processed here.
    pub(crate) unknown: Option<&'a [u8]>,
}

impl<'a> CrlEntry<'a> {
    pub(crate) fn read(entry: &Tlv<'a>) -> Result<Self, SyntaxError> {
        let mut fields = entry.reader();
        let serial = fields.expect(INTEGER)?.content;
        let revoked_at = fields.any()?.time()?;
        let mut read = Self {
            serial,
            revoked_at,
            reason: None,
            invalidity_date: None,
            certificate_issuer: None,
            has_unknown_critical: false,
        };
        let mut extensions = match fields.optional(SEQUENCE)? {
            Some(list) => list.reader(),
            None => Reader::new(&[], 0),
        };
        fields.finish()?;
        while !extensions.is_empty() {
            let mut parts = extensions.expect(SEQUENCE)?.reader();
            let id = parts.expect(OID)?.content;
            let critical = parts.optional(BOOLEAN)?.map_or(Ok(false), |flag| flag.boolean())?;
            let value = parts.expect(OCTET_STRING)?;
            parts.finish()?;
            let mut inside = value.reader();
            if id == REASON_CODE.as_bytes() {
                // Some issuers write the code as an INTEGER.
                let code = inside.any()?;
                if ![ENUMERATED, INTEGER].contains(&code.tag) {
                    return Err(
                        code.error(SyntaxErrorKind::UnexpectedTag { expected: ENUMERATED, found: code.tag })
                    );
                }
                read.reason = Some(Reason::from_code(code.small()?));
            } else if id == INVALIDITY_DATE.as_bytes() {
                read.invalidity_date = Some(inside.any()?.time()?);
            } else if id == CERTIFICATE_ISSUER.as_bytes() {
                read.certificate_issuer = Some(value.content);
            } else {
                read.has_unknown_critical |= critical;
            }
        }
        Ok(read)
    }

    pub(crate) fn listed(&self) -> Listed {
        Listed { at: self.revoked_at, reason: self.reason, invalidity_date: self.invalidity_date }
    }
}

impl<'a> Scanned<'a> {
    #[inline]
    pub(crate) fn read(entry: &Tlv<'a>) -> Result<Self, SyntaxError> {
        let mut fields = entry.reader();
        let mut read =
            Self { serial: fields.expect(INTEGER)?.content, certificate_issuer: None, unknown: None };
        fields.any()?;
        if !fields.is_empty() {
            let mut extensions = fields.expect(SEQUENCE)?.reader();
            while !extensions.is_empty() {
                read.extension(&extensions.expect(SEQUENCE)?)?;
            }
        }
        Ok(read)
    }

    fn extension(&mut self, extension: &Tlv<'a>) -> Result<(), SyntaxError> {
        let mut parts = extension.reader();
        let id = parts.expect(OID)?.content;
        let critical = parts.optional(BOOLEAN)?.map_or(Ok(false), |flag| flag.boolean())?;
        if id == CERTIFICATE_ISSUER.as_bytes() {
            self.certificate_issuer = Some(parts.expect(OCTET_STRING)?.content);
        } else if critical
            && self.unknown.is_none()
            && ![REASON_CODE.as_bytes(), INVALIDITY_DATE.as_bytes()].contains(&id)
        {
            self.unknown = Some(id);
        }
        Ok(())
    }
}

/// Whether the issuer an entry names (GeneralNames in DER) is this one.
pub(crate) fn names_issuer(names: &[u8], issuer: &Name) -> Result<bool, SyntaxError> {
    let names = GeneralName::list_from_der(names)?;
    Ok(names.iter().filter_map(GeneralName::as_directory).any(|name| name.matches(issuer)))
}

pub(crate) fn type_of(id: &[u8]) -> String {
    ObjectIdentifier::from_bytes(id).map_or("?".to_owned(), |oid| oid.to_string())
}

/// The content octets of an INTEGER without those that only repeat its sign (X.690 8.3.2). Zeros before a set bit stay: 00FF
/// is 255 and FF is -1, and both are found as serial numbers.
pub(crate) fn significant(mut integer: &[u8]) -> &[u8] {
    while let [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] = integer {
        integer = integer.get(1..).unwrap_or_default();
    }
    integer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_serial_number_is_another_than_the_positive_one() {
        assert_ne!(significant(&[0x00, 0xff]), significant(&[0xff]));
        assert_eq!(significant(&[0x00, 0x00, 0xff]), [0x00, 0xff]);
        assert_eq!(significant(&[0xff, 0xff, 0x80]), [0x80]);
        assert_eq!(significant(&[0x00, 0x7f]), [0x7f]);
        assert_eq!((significant(&[0x00]), significant(&[])), (&[0][..], &[][..]));
    }
}
