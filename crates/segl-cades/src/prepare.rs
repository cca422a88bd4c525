use segl_cms::{
    BuildError, DetachedLengths, PreparedSignedData, SignedDataBuilder, UnsignedAttribute, ess,
    max_signature_len,
    oids::{DATA, SIGNING_CERTIFICATE_V2, SIGNING_TIME},
};
use segl_crypto::{Digest, DigestAlgorithm, KeyKind, SignatureAlgorithm, SignatureValue, Time, ToBeSigned};
use segl_x509::Certificate;

use crate::oids::SIGNATURE_TIMESTAMP;

/// The digest that names the signer's certificate. The default of `ESSCertIDv2`, whatever the signature uses.
const ESS_DIGEST: DigestAlgorithm = DigestAlgorithm::Sha256;

/// Which signed attributes a baseline signature has beside `content-type`, `message-digest` and `signing-certificate-v2`.
#[allow(clippy::exhaustive_enums, reason = "EN 319 122-1 and EN 319 142-1 differ in this one attribute")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// CAdES, where `signing-time` must be there (EN 319 122-1, 6.3).
    Cades {
        /// The claimed time, written to the second.
        signing_time: Time,
    },
    /// PAdES, where `signing-time` must not be there: `/M` says it (EN 319 142-1, 6.3).
    Pades,
}

/// A detached baseline signature (B-B) that waits for its value.
#[must_use = "what was prepared is to be signed and assembled"]
#[derive(Clone, Debug)]
pub struct Prepared {
    signer: Certificate,
    message: PreparedSignedData,
}

/// Writes the signed attributes of a detached signature over content with this digest.
///
/// The content type is `id-data`. The signature's digest algorithm must be the content's.
pub fn prepare(
    flavour: Flavour,
    content: Digest,
    signer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<Prepared, BuildError> {
    complete(SignedDataBuilder::detached(DATA, content), flavour, signer, algorithm)
}

/// The same for content that goes along inside.
pub fn prepare_attached(
    flavour: Flavour,
    content: Vec<u8>,
    signer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<Prepared, BuildError> {
    // RFC 8419, 3.1: Ed25519 goes with SHA-512.
    let digest = algorithm.digest().unwrap_or(DigestAlgorithm::Sha512);
    complete(SignedDataBuilder::attached(DATA, content, digest)?, flavour, signer, algorithm)
}

fn complete(
    builder: SignedDataBuilder,
    flavour: Flavour,
    signer: &Certificate,
    algorithm: SignatureAlgorithm,
) -> Result<Prepared, BuildError> {
    let ess = ess::signing_certificate_v2(signer, ESS_DIGEST)
        .ok_or(BuildError::DigestUnavailable { algorithm: ESS_DIGEST })?;
    let mut builder = builder.signed_attribute(SIGNING_CERTIFICATE_V2, ess);
    if let Flavour::Cades { signing_time } = flavour {
        builder = builder.signed_attribute(SIGNING_TIME, signing_time.to_der());
    }
    Ok(Prepared { signer: signer.clone(), message: builder.prepare(signer, algorithm)? })
}

impl Prepared {
    /// What the signer's key is to sign.
    #[must_use]
    pub fn to_be_signed(&self) -> ToBeSigned {
        self.message.to_be_signed()
    }

    /// Puts the signature together, with the signer's certificate and these others (its chain; duplicates are left out).
    ///
    /// The value is not checked: [`segl_cms::SignerInfoView::verify`] does.
    #[must_use]
    pub fn assemble(&self, value: &SignatureValue, chain: &[Certificate]) -> Vec<u8> {
        let mut certificates = vec![self.signer.clone()];
        for certificate in chain {
            if !certificates.contains(certificate) {
                certificates.push(certificate.clone());
            }
        }
        self.message.assemble(value, &certificates, &[])
    }
}

/// What decides the length of a detached signature, known before the signer's certificate is issued.
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field")]
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Which attributes it has.
    pub flavour: Flavour,
    /// The algorithm that will sign.
    pub algorithm: SignatureAlgorithm,
    /// The kind of the signer's key.
    pub key: KeyKind,
    /// The DER of the name of the certificate's issuer, in octets.
    pub issuer: usize,
    /// The certificate's serial number, content octets.
    pub serial: usize,
    /// All certificates that go in, in octets.
    pub certificates: usize,
    /// The longest signature time-stamp token that will be added, in octets; `None` for a signature without.
    pub token: Option<usize>,
}

impl Room {
    /// The longest CMS with these parts, in octets; `None` for a kind of key without a known longest signature.
    #[must_use]
    pub fn octets(&self) -> Option<usize> {
        let ess = ess::signing_certificate_v2_len(ESS_DIGEST);
        let mut further = UnsignedAttribute::len_for_value(&SIGNING_CERTIFICATE_V2, ess);
        if let Flavour::Cades { signing_time } = self.flavour {
            let time = UnsignedAttribute::len_for_value(&SIGNING_TIME, signing_time.to_der().len());
            further = further.saturating_add(time);
        }
        let lengths = DetachedLengths {
            algorithm: self.algorithm,
            issuer: self.issuer,
            serial: self.serial,
            further_attributes: further,
            signature: max_signature_len(self.key)?,
            certificates: self.certificates,
            unsigned_attributes: self
                .token
                .map_or(0, |token| UnsignedAttribute::len_for_value(&SIGNATURE_TIMESTAMP, token)),
        };
        Some(lengths.total())
    }
}
