use segl_crypto::{DigestAlgorithm, digest};
use segl_x509::{Certificate, ObjectIdentifier, SyntaxError};

use crate::{
    asn1::{INTEGER, OCTET_STRING, OID, SEQUENCE, Tlv, Value as _, oid, tlv},
    entry::significant,
};

/// Which certificate an OCSP message is about: CertID (RFC 6960 4.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertId {
    algorithm: ObjectIdentifier,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
    serial: Vec<u8>,
    der: Vec<u8>,
}

impl CertId {
    /// The CertID of a serial number (content octets of the INTEGER) of an issuer; `None` for MD5.
    #[must_use]
    pub fn new(serial: &[u8], issuer: &Certificate, algorithm: DigestAlgorithm) -> Option<Self> {
        let issuer_name_hash = digest(algorithm, issuer.subject().as_der())?.as_bytes().to_vec();
        let issuer_key_hash = digest(algorithm, issuer.public_key_bits())?.as_bytes().to_vec();
        // Parameters absent, as RFC 5754 has it for SHA-2; SHA-1 keeps the NULL that old responders compare.
        let null: &[u8] = if algorithm == DigestAlgorithm::Sha1 { &[0x05, 0x00] } else { &[] };
        let der = tlv(
            SEQUENCE,
            &[
                &tlv(SEQUENCE, &[&oid(&algorithm.oid()), null]),
                &tlv(OCTET_STRING, &[&issuer_name_hash]),
                &tlv(OCTET_STRING, &[&issuer_key_hash]),
                &tlv(INTEGER, &[serial]),
            ],
        );
        Some(Self {
            algorithm: algorithm.oid(),
            issuer_name_hash,
            issuer_key_hash,
            serial: serial.to_vec(),
            der,
        })
    }

    pub(crate) fn read(value: &Tlv<'_>) -> Result<Self, SyntaxError> {
        let mut fields = value.reader();
        let algorithm = fields.expect(SEQUENCE)?.reader().expect(OID)?.oid()?;
        let issuer_name_hash = fields.expect(OCTET_STRING)?.content.to_vec();
        let issuer_key_hash = fields.expect(OCTET_STRING)?.content.to_vec();
        let serial = fields.expect(INTEGER)?.content.to_vec();
        fields.finish()?;
        Ok(Self { algorithm, issuer_name_hash, issuer_key_hash, serial, der: value.whole.to_vec() })
    }

    /// The hash algorithm's object identifier.
    #[must_use]
    pub fn algorithm(&self) -> ObjectIdentifier {
        self.algorithm
    }

    /// Hash of the issuer's name.
    #[must_use]
    pub fn issuer_name_hash(&self) -> &[u8] {
        &self.issuer_name_hash
    }

    /// Hash of the bits of the issuer's key.
    #[must_use]
    pub fn issuer_key_hash(&self) -> &[u8] {
        &self.issuer_key_hash
    }

    /// Content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The DER it was read from, or that it was made as.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it is about a certificate of this issuer.
    #[must_use]
    pub fn is_of_issuer(&self, issuer: &Certificate) -> bool {
        self.hashes(issuer.subject().as_der(), issuer)
    }

    /// Whether it is about this certificate, issued by this issuer. The issuer's name is taken as the certificate has it
    /// (RFC 6960 4.1.1), or as the issuer's own certificate has it, which may be spelt otherwise.
    #[must_use]
    pub fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        significant(&self.serial) == significant(certificate.serial())
            && (self.hashes(certificate.issuer().as_der(), issuer) || self.is_of_issuer(issuer))
    }

    /// Makes both hashes anew, because a responder may answer with another algorithm than it was asked with.
    fn hashes(&self, issuer_name: &[u8], issuer: &Certificate) -> bool {
        let Some(algorithm) = DigestAlgorithm::from_oid(&self.algorithm) else { return false };
        let is =
            |bytes: &[u8], hash: &[u8]| digest(algorithm, bytes).is_some_and(|made| made.as_bytes() == hash);
        is(issuer_name, &self.issuer_name_hash) && is(issuer.public_key_bits(), &self.issuer_key_hash)
    }
}
