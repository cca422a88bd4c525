use segl_cms::ber::{Reader, Rules, Tag};
use segl_cms::ess::{EssMatch, EssVersion, SigningCertificate};
use segl_cms::{BerError, CmsError, SignedDataView, SignerError, SignerInfoView, oids};
use segl_crypto::{Digest, PublicKeyError, digest};
use segl_x509::{Certificate, KeyUsage};

use crate::tst_info::TstInfo;

/// A time-stamp token (RFC 3161, 2.4.2): a `ContentInfo` whose signed content is a `TSTInfo`.
///
/// Reading finds the shape: one signer, the right content type. Nothing is verified before [`Self::verify`].
#[derive(Clone, Debug)]
pub struct Token {
    view: SignedDataView,
    info: TstInfo,
}

impl Token {
    /// Reads a token, BER or DER, its `TSTInfo` as [`TstInfo::from_ber`] does.
    pub fn from_der(bytes: &[u8]) -> Result<Self, TokenError> {
        let view = SignedDataView::parse(bytes)?;
        if view.content_type() != oids::TST_INFO {
            return Err(TokenError::NotATimestamp);
        }
        if view.signers().len() != 1 {
            return Err(TokenError::SignerCount { found: view.signers().len() });
        }
        let content = view.content().ok_or(TokenError::NoContent)?;
        let info = TstInfo::from_ber(content).map_err(TokenError::Info)?;
        Ok(Self { view, info })
    }

    /// What the token says.
    #[must_use]
    pub const fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The message that carries it.
    #[must_use]
    pub const fn signed_data(&self) -> &SignedDataView {
        &self.view
    }

    /// The octets of the token, without what may follow it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.view.as_bytes()
    }

    /// The only signer.
    #[must_use]
    pub fn signer(&self) -> Option<&SignerInfoView> {
        self.view.signers().first()
    }

    /// The certificates inside that can be read.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate> {
        self.view.certificates().filter_map(|der| Certificate::from_der(der).ok())
    }

    /// Whether the imprint is this digest.
    #[must_use]
    pub fn covers(&self, digest: &Digest) -> bool {
        self.info.imprint().digest().as_ref() == Some(digest)
    }

    /// The unit's certificate: the one that the ESS attribute names, in the token or else among `others` (certReq was false).
    #[must_use]
    pub fn signer_certificate(&self, others: &[Certificate]) -> Option<Certificate> {
        let named = self.named().ok()?;
        self.certificates()
            .chain(others.iter().cloned())
            .find(|certificate| names(&named, certificate).is_ok())
    }

    /// The digest of the unit's certificate as the ESS attribute has it, the first where there are two; `None` also where its algorithm
    /// is not known.
    #[must_use]
    pub fn signer_digest(&self) -> Option<Digest> {
        let named = self.named().ok()?;
        let entry = named.first()?.entries().first()?;
        Digest::new(entry.digest_algorithm()?, entry.hash())
    }

    /// Verifies the token with the unit's certificate: the ESS attributes name it, content and signature value agree.
    ///
    /// Neither what the certificate is for ([`may_stamp`]) nor its chain nor any time is looked at.
    pub fn verify(&self, certificate: &Certificate) -> Result<(), TokenError> {
        let signer = self.signer().ok_or(TokenError::SignerCount { found: 0 })?;
        names(&self.named()?, certificate)?;
        let content = self.view.content().ok_or(TokenError::NoContent)?;
        let found = signer
            .digest_algorithm()
            .and_then(|algorithm| digest(algorithm, content))
            .ok_or(TokenError::DigestAlgorithmUnknown)?;
        Ok(signer.verify(&certificate.public_key()?, oids::TST_INFO, &found)?)
    }

    /// The ESS attributes, of which there is at least one.
    fn named(&self) -> Result<Vec<SigningCertificate>, TokenError> {
        let attributes = self.signer().map(SignerInfoView::signing_certificates).unwrap_or_default();
        if attributes.is_empty() {
            return Err(TokenError::SigningCertificateMissing);
        }
        attributes
            .into_iter()
            .map(|attribute| attribute.map_err(TokenError::SigningCertificateSyntax))
            .collect()
    }

    /// Whether `tsa` is one of the certificate's names, subject or alternative; `None` where the token does not say.
    ///
    /// RFC 3161, 2.4.2 demands it of the authority; a reader warns.
    #[must_use]
    pub fn tsa_is(&self, certificate: &Certificate) -> Option<bool> {
        let name = self.info.tsa()?;
        let directory =
            Reader::new(name, Rules::Ber).expect(Tag::context(4)).and_then(|element| element.explicit());
        if let Ok(directory) = directory {
            let same = segl_x509::Name::from_der(directory.bytes())
                .is_ok_and(|name| name.matches(certificate.subject()));
            if same {
                return Some(true);
            }
        }
        let alternative = certificate.extension(segl_x509::oids::SUBJECT_ALT_NAME).and_then(|extension| {
            Reader::new(extension.value(), Rules::Ber).expect(Tag::SEQUENCE).ok()?.reader().ok()
        });
        let Some(mut names) = alternative else { return Some(false) };
        while let Ok(found) = names.read() {
            if found.bytes() == name {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// Whether every ESS attribute names this certificate.
fn names(attributes: &[SigningCertificate], certificate: &Certificate) -> Result<(), TokenError> {
    for attribute in attributes {
        let found = attribute.names(certificate);
        if found != EssMatch::Same {
            return Err(TokenError::SigningCertificateDiffers { version: attribute.version(), found });
        }
    }
    Ok(())
}

/// Whether a certificate's key stamps and does nothing else: extKeyUsage critical with timeStamping alone (RFC 3161, 2.3), keyUsage,
/// if there, no more than digitalSignature and nonRepudiation.
pub fn may_stamp(certificate: &Certificate) -> Result<(), UnitError> {
    let extension =
        certificate.extension(segl_x509::oids::EXT_KEY_USAGE).ok_or(UnitError::ExtendedKeyUsageMissing)?;
    if !extension.is_critical() {
        return Err(UnitError::ExtendedKeyUsageNotCritical);
    }
    let purposes = certificate.ext_key_usage().map_err(UnitError::Extension)?.unwrap_or_default();
    match purposes.as_slice() {
        [only] if only.to_const() == Some(segl_x509::oids::TIME_STAMPING) => {}
        _ => return Err(UnitError::NotForTimeStampingAlone),
    }
    if let Some(usage) = certificate.key_usage().map_err(UnitError::Extension)? {
        let signing = [KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION];
        let other = [
            KeyUsage::KEY_ENCIPHERMENT,
            KeyUsage::DATA_ENCIPHERMENT,
            KeyUsage::KEY_AGREEMENT,
            KeyUsage::KEY_CERT_SIGN,
            KeyUsage::CRL_SIGN,
            KeyUsage::ENCIPHER_ONLY,
            KeyUsage::DECIPHER_ONLY,
        ];
        if !signing.iter().any(|bit| usage.contains(*bit)) || other.iter().any(|bit| usage.contains(*bit)) {
            return Err(UnitError::KeyUsage);
        }
    }
    Ok(())
}

/// Why octets are not a time-stamp token, or why it does not verify.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The signer's digest algorithm is unknown or cannot be computed.
    #[error("the signer's digest algorithm is not known here")]
    DigestAlgorithmUnknown,
    /// The content is not a `TSTInfo`.
    #[error("TSTInfo: {0}")]
    Info(#[source] BerError),
    /// The key of the certificate cannot be used.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// Not signed data.
    #[error(transparent)]
    Message(#[from] CmsError),
    /// There is no content.
    #[error("the token has no content")]
    NoContent,
    /// Signed data of another type than id-ct-TSTInfo.
    #[error("signed data, but not a time-stamp")]
    NotATimestamp,
    /// There must be exactly one signer.
    #[error("{found} signers where one is needed")]
    SignerCount {
        /// How many there are.
        found: usize,
    },
    /// Content and signature do not agree.
    #[error(transparent)]
    Signature(#[from] SignerError),
    /// The signing-certificate attribute names another certificate.
    #[error("the signing-certificate attribute is about another certificate ({found:?})")]
    SigningCertificateDiffers {
        /// Which of the two attributes.
        version: EssVersion,
        /// What differs.
        found: EssMatch,
    },
    /// Neither version of the signing-certificate attribute is there.
    #[error("no signing-certificate attribute")]
    SigningCertificateMissing,
    /// A signing-certificate attribute cannot be read.
    #[error("signing-certificate attribute: {0}")]
    SigningCertificateSyntax(#[source] BerError),
}

/// Why a certificate is not a time-stamp unit's.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No extKeyUsage.
    #[error("the certificate has no extended key usage")]
    ExtendedKeyUsageMissing,
    /// extKeyUsage is not critical.
    #[error("the certificate's extended key usage is not critical")]
    ExtendedKeyUsageNotCritical,
    /// An extension cannot be read.
    #[error(transparent)]
    Extension(segl_x509::ExtensionError),
    /// keyUsage allows something else, or no signatures.
    #[error("the certificate's key usage is not for signatures alone")]
    KeyUsage,
    /// extKeyUsage has other purposes, or another one.
    #[error("the certificate is not for time-stamping alone")]
    NotForTimeStampingAlone,
}
