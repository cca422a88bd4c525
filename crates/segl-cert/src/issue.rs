use std::sync::Arc;

use segl_crypto::{PublicKey, SignatureAlgorithm, SignatureValue, Time, ToBeSigned};
use segl_x509::Certificate;

use crate::{
    AssembleError, CertificateContent, Device, PrepareError, ProfileError, SerialNumber,
    asn1::{BIT_STRING, SEQUENCE, tlv},
    profile::{IssuerFacts, Template, last_second, signs_with},
};

/// A certificate content ready to be shown. Nothing is reserved, generated or signed yet: who declines now leaves no
/// trace of a certificate behind.
///
/// The way from here is [`approve`](Self::approve), then [`Approved::prepare`], then [`Prepared::assemble`]; there is no
/// other, so nothing is signed that was not approved.
#[derive(Clone, Debug)]
pub struct Presented {
    content: Arc<CertificateContent>,
    issuer: Option<Issuer>,
    device: Option<Device>,
    algorithm: SignatureAlgorithm,
}

/// A content that somebody approved by its SHA-256.
#[derive(Clone, Debug)]
pub struct Approved(Presented);

/// A certificate waiting for its issuer's signature.
#[derive(Clone, Debug)]
#[must_use = "a prepared certificate holds a reserved serial number"]
pub struct Prepared {
    content: Arc<CertificateContent>,
    issuer: PublicKey,
    serial: SerialNumber,
    not_before: Time,
    tbs: ToBeSigned,
}

#[derive(Clone, Debug)]
struct Issuer {
    key: PublicKey,
    validity: (Time, Time),
}

impl Presented {
    pub(crate) fn new(
        content: CertificateContent,
        issuer: Option<IssuerFacts>,
        device: Option<Device>,
        algorithm: SignatureAlgorithm,
    ) -> Self {
        let issuer = issuer.map(|facts| Issuer { key: facts.key, validity: facts.validity });
        Self { content: Arc::new(content), issuer, device, algorithm }
    }

    /// Says with which algorithm the issuer signs, where that is not the usual one of its key: RSASSA-PSS, or RSA with
    /// another digest. The content names it, so it is said before the content is shown. Digests are SHA-2 and SHA-3 of at
    /// least 256 bits, and the salt of PSS is as long as the digest (TS 119 312).
    ///
    /// # Errors
    /// [`ProfileError::Algorithm`] when the issuer's key does not sign so.
    pub fn signed_with(self, algorithm: SignatureAlgorithm) -> Result<Self, ProfileError> {
        if algorithm == self.algorithm {
            return Ok(self);
        }
        let key = self.issuer.as_ref().map_or(self.content.key(), |issuer| issuer.key.kind());
        if !signs_with(key, algorithm) {
            return Err(ProfileError::Algorithm { key, algorithm });
        }
        let template = Template { algorithm: algorithm.to_der(), ..self.content.template().clone() };
        Ok(Self { content: Arc::new(CertificateContent::from_template(template)), algorithm, ..self })
    }

    /// What is to be shown.
    pub fn content(&self) -> &CertificateContent {
        &self.content
    }

    /// Takes the approval of the content with this SHA-256, which the approving person saw.
    ///
    /// # Errors
    /// [`PrepareError::ApprovalOfOther`] when another content was approved.
    pub fn approve(self, approved: &[u8; 32]) -> Result<Approved, PrepareError> {
        let presented = *self.content.sha256();
        if presented != *approved {
            return Err(PrepareError::ApprovalOfOther { approved: *approved, presented });
        }
        Ok(Approved(self))
    }
}

impl Approved {
    /// The content that was approved.
    pub fn content(&self) -> &CertificateContent {
        self.0.content()
    }

    /// Adds what comes with issuing: the key with the device its receipt names, a reserved serial number, and the first
    /// second of life, cut to whole seconds. notAfter is the last second of the lifetime.
    pub fn prepare(
        self,
        spki_der: &[u8],
        device: Device,
        serial: &SerialNumber,
        not_before: Time,
    ) -> Result<Prepared, PrepareError> {
        if self.0.device.is_some_and(|presented| presented != device) {
            return Err(PrepareError::Device);
        }
        self.0.prepare(spki_der, serial, not_before)
    }
}

impl Presented {
    /// Skips the approval, for the certificates of the authority itself.
    pub(crate) fn prepare(
        self,
        spki_der: &[u8],
        serial: &SerialNumber,
        not_before: Time,
    ) -> Result<Prepared, PrepareError> {
        let Self { content, issuer, algorithm, .. } = self;
        let subject = PublicKey::from_spki_der(spki_der).map_err(PrepareError::Key)?;
        if subject.kind() != content.key() {
            return Err(PrepareError::KeyDiffers { shown: content.key(), got: subject.kind() });
        }
        let not_before = not_before.truncate_to_seconds();
        let not_after = last_second(not_before, content.lifetime_seconds());
        if let Some(Issuer { validity: (from, to), .. }) = &issuer
            && (not_before < *from || not_after > *to)
        {
            return Err(PrepareError::OutsideIssuer {
                not_before,
                not_after,
                issuer_from: *from,
                issuer_to: *to,
            });
        }
        let issuer = issuer.map_or(subject, |issuer| issuer.key);
        let tbs = content.template().to_tbs(serial, not_before, spki_der);
        Ok(Prepared { content, issuer, serial: *serial, not_before, tbs: ToBeSigned::new(tbs, algorithm) })
    }
}

impl Prepared {
    /// The content that was shown.
    pub fn content(&self) -> &CertificateContent {
        &self.content
    }

    /// The serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// First second of the validity.
    pub fn not_before(&self) -> Time {
        self.not_before
    }

    /// Last second of the validity, inclusive.
    pub fn not_after(&self) -> Time {
        last_second(self.not_before, self.content.lifetime_seconds())
    }

    /// What the issuer signs.
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.tbs
    }

    /// Puts the issuer's signature to it, and hands the certificate out only when it reads back, octet for octet, as it was
    /// prepared and shown.
    ///
    /// The signature is not verified. That costs as much as all the rest of a sealing, and would find nothing but a key or a
    /// device of the issuer's that signs wrongly; such a certificate fails in every validation, and at level LT and above
    /// already when its evidence is gathered. Certificates that others are to rest on for years take
    /// [`assemble_verified`](Self::assemble_verified), or [`Certificate::verify_signed_by`] afterwards.
    pub fn assemble(self, signature: &SignatureValue) -> Result<Certificate, AssembleError> {
        self.put_together(signature)
    }

    /// The same, and verifies the signature with the issuer's key: for the long-lived certificates of an authority.
    pub fn assemble_verified(self, signature: &SignatureValue) -> Result<Certificate, AssembleError> {
        let certificate = self.put_together(signature)?;
        certificate.verify_signed_by(&self.issuer).map_err(AssembleError::Signature)?;
        Ok(certificate)
    }

    fn put_together(&self, signature: &SignatureValue) -> Result<Certificate, AssembleError> {
        let value = tlv(BIT_STRING, &[&[0], signature.as_bytes()]);
        let der = tlv(SEQUENCE, &[self.tbs.as_bytes(), &self.tbs.algorithm().to_der(), &value]);
        let certificate = Certificate::from_der(&der).map_err(AssembleError::Syntax)?;
        // Everything that is shown is made from the template, so equal templates show the same.
        if certificate.tbs_der() != self.tbs.as_bytes()
            || Template::read(&certificate)? != *self.content.template()
        {
            return Err(AssembleError::DiffersFromShown);
        }
        Ok(certificate)
    }
}
