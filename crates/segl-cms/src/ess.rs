use const_oid::ObjectIdentifier;
use segl_crypto::{DigestAlgorithm, digest};
use segl_x509::Certificate;

use crate::ber::{Reader, Rules, Tag};
use crate::encode;
use crate::error::{BerError, BerErrorKind};
use crate::normalize::same_name;

/// How many certificates one attribute may name. Real ones name one to four.
pub const MAX_ENTRIES: usize = 64;

const MAX_GENERAL_NAMES: usize = 16;

/// The signed attribute that says which certificate signed: `SigningCertificate` or `SigningCertificateV2` of RFC 5035.
///
/// Read, not believed: whether the first entry is the certificate at hand is asked by [`Self::names`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningCertificate {
    version: EssVersion,
    entries: Vec<EssCertId>,
}

/// Which of the two attributes was read.
#[allow(clippy::exhaustive_enums, reason = "RFC 5035 has these two")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EssVersion {
    /// `signing-certificate`, always SHA-1 (RFC 5035, 5.4).
    V1,
    /// `signing-certificate-v2` (RFC 5035, 3).
    V2,
}

impl SigningCertificate {
    /// Reads the value of `signing-certificate`.
    pub fn from_v1(value: &[u8]) -> Result<Self, BerError> {
        Self::read(value, EssVersion::V1)
    }

    /// Reads the value of `signing-certificate-v2`.
    pub fn from_v2(value: &[u8]) -> Result<Self, BerError> {
        Self::read(value, EssVersion::V2)
    }

    fn read(value: &[u8], version: EssVersion) -> Result<Self, BerError> {
        let mut outer = Reader::new(value, Rules::Ber);
        let attribute = outer.expect(Tag::SEQUENCE)?;
        outer.finish()?;
        let mut fields = attribute.reader()?;
        let list = fields.expect(Tag::SEQUENCE)?;
        let mut certs = list.reader()?;
        let mut entries = Vec::new();
        while !certs.is_empty() {
            if entries.len() >= MAX_ENTRIES {
                return Err(BerErrorKind::TooMany { limit: MAX_ENTRIES }.at(certs.position()));
            }
            entries.push(EssCertId::read(&mut certs, version)?);
        }
        if entries.is_empty() {
            return Err(BerErrorKind::InvalidValue.at(list.span().start));
        }
        // `policies` restricts which policies the chain may run under; nothing known writes it, and it is not evaluated.
        let _ = fields.optional(Tag::SEQUENCE)?;
        fields.finish()?;
        Ok(Self { version, entries })
    }

    /// Which attribute it is.
    #[must_use]
    pub const fn version(&self) -> EssVersion {
        self.version
    }

    /// All entries; the first is the signer's certificate, the others restrict its chain.
    #[must_use]
    pub fn entries(&self) -> &[EssCertId] {
        &self.entries
    }

    /// Compares the first entry, which RFC 5035, 3 makes the signer's, with a certificate.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> EssMatch {
        self.entries.first().map_or(EssMatch::DigestDiffers, |entry| entry.compare(certificate))
    }
}

/// One `ESSCertID` or `ESSCertIDv2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EssCertId {
    digest_oid: ObjectIdentifier,
    digest_algorithm: Option<DigestAlgorithm>,
    hash: Vec<u8>,
    issuer_serial: Option<IssuerSerial>,
}

/// `IssuerSerial` of RFC 5035, 5.4.1: the general names of the issuer as DER, and the serial number's content octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSerial {
    names: Vec<Vec<u8>>,
    serial: Vec<u8>,
}

impl EssCertId {
    fn read(certs: &mut Reader<'_>, version: EssVersion) -> Result<Self, BerError> {
        let mut fields = certs.expect(Tag::SEQUENCE)?.reader()?;
        let digest_oid = match version {
            EssVersion::V1 => DigestAlgorithm::Sha1.oid(),
            EssVersion::V2 => match fields.optional(Tag::SEQUENCE)? {
                // DER omits the default; some signers write it all the same.
                Some(algorithm) => algorithm.reader()?.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?,
                None => DigestAlgorithm::Sha256.oid(),
            },
        };
        let hash = fields.expect(Tag::OCTET_STRING)?.octets()?.into_owned();
        let issuer_serial = match fields.optional(Tag::SEQUENCE)? {
            Some(element) => {
                let mut inner = element.reader()?;
                let mut list = inner.expect(Tag::SEQUENCE)?.reader()?;
                let mut names = Vec::new();
                while !list.is_empty() {
                    if names.len() >= MAX_GENERAL_NAMES {
                        return Err(BerErrorKind::TooMany { limit: MAX_GENERAL_NAMES }.at(list.position()));
                    }
                    names.push(list.read()?.bytes().to_vec());
                }
                let serial = inner.expect(Tag::INTEGER)?.integer()?.to_vec();
                inner.finish()?;
                Some(IssuerSerial { names, serial })
            }
            None => None,
        };
        fields.finish()?;
        Ok(Self { digest_oid, digest_algorithm: DigestAlgorithm::from_oid(&digest_oid), hash, issuer_serial })
    }

    /// The digest algorithm's identifier.
    #[must_use]
    pub const fn digest_oid(&self) -> ObjectIdentifier {
        self.digest_oid
    }

    /// The digest algorithm, where it is a known one.
    #[must_use]
    pub const fn digest_algorithm(&self) -> Option<DigestAlgorithm> {
        self.digest_algorithm
    }

    /// The digest of the certificate.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// Issuer and serial number, where the signer wrote them.
    #[must_use]
    pub const fn issuer_serial(&self) -> Option<&IssuerSerial> {
        self.issuer_serial.as_ref()
    }

    /// Compares this entry with a certificate: the digest first, then issuer and serial number if they are there.
    #[must_use]
    pub fn compare(&self, certificate: &Certificate) -> EssMatch {
        let Some(found) = self.digest_algorithm.and_then(|algorithm| digest(algorithm, certificate.as_der()))
        else {
            return EssMatch::AlgorithmUnknown;
        };
        if found.as_bytes() != self.hash {
            return EssMatch::DigestDiffers;
        }
        match &self.issuer_serial {
            Some(named) if !named.names(certificate) => EssMatch::IssuerSerialDiffers,
            _ => EssMatch::Same,
        }
    }
}

impl IssuerSerial {
    /// The serial number's content octets.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The issuer's general names, each as it came.
    #[must_use]
    pub fn issuer_names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Whether serial number and the single directory name are the certificate's.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        let [name] = self.names.as_slice() else { return false };
        let directory_name = Reader::new(name, Rules::Ber)
            .expect(Tag::context(4))
            .and_then(|element| element.explicit())
            .is_ok_and(|inner| same_name(inner.bytes(), certificate.issuer()));
        directory_name && self.serial == certificate.serial()
    }
}

/// How an entry of the attribute compares with a certificate.
#[allow(clippy::exhaustive_enums, reason = "a judgement names every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EssMatch {
    /// The digest algorithm is not known here, so nothing can be said.
    AlgorithmUnknown,
    /// The digest is another certificate's.
    DigestDiffers,
    /// The digest is this certificate's, issuer or serial number are not.
    IssuerSerialDiffers,
    /// Everything the entry says is true of this certificate.
    Same,
}

/// The value of `signing-certificate-v2` for one certificate: its digest, without issuer and serial number.
///
/// EN 319 122-1, 6.3 leaves `issuerSerial` out; SHA-256 is the default and therefore not written (X.690, 11.5).
/// `None` when the algorithm cannot be computed (MD5).
#[must_use]
pub fn signing_certificate_v2(certificate: &Certificate, algorithm: DigestAlgorithm) -> Option<Vec<u8>> {
    let hash = digest(algorithm, certificate.as_der())?;
    Some(write_v2(algorithm, hash.as_bytes()))
}

/// The length of what [`signing_certificate_v2`] writes, whatever the certificate.
#[must_use]
pub fn signing_certificate_v2_len(algorithm: DigestAlgorithm) -> usize {
    write_v2(algorithm, &vec![0; algorithm.output_len()]).len()
}

fn write_v2(algorithm: DigestAlgorithm, hash: &[u8]) -> Vec<u8> {
    let mut fields = Vec::new();
    if algorithm != DigestAlgorithm::Sha256 {
        fields.push(encode::algorithm(&algorithm.oid()));
    }
    fields.push(encode::octet_string(hash));
    let entry = encode::sequence(&fields);
    encode::sequence(&[encode::sequence(&[entry])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_algorithm_is_left_out() {
        let value = write_v2(DigestAlgorithm::Sha256, &[7; 32]);
        assert_eq!(&value[..8], [0x30, 38, 0x30, 36, 0x30, 34, 0x04, 32]);
        let read = SigningCertificate::from_v2(&value).unwrap();
        assert_eq!(read.entries()[0].digest_algorithm(), Some(DigestAlgorithm::Sha256));
        let value = write_v2(DigestAlgorithm::Sha384, &[7; 48]);
        let read = SigningCertificate::from_v2(&value).unwrap();
        assert_eq!(read.entries()[0].digest_algorithm(), Some(DigestAlgorithm::Sha384));
        assert_eq!(signing_certificate_v2_len(DigestAlgorithm::Sha384), value.len());
    }

    #[test]
    fn an_empty_list_is_refused() {
        assert!(SigningCertificate::from_v2(&[0x30, 2, 0x30, 0]).is_err());
        assert!(SigningCertificate::from_v1(&[]).is_err());
    }

    #[test]
    fn lists_are_bounded() {
        let entry = encode::sequence(&[encode::octet_string(&[1; 20])]);
        let list = encode::sequence(&vec![entry; MAX_ENTRIES + 1]);
        let error = SigningCertificate::from_v1(&encode::sequence(&[list])).unwrap_err();
        assert_eq!(error.kind, BerErrorKind::TooMany { limit: MAX_ENTRIES });
    }
}
