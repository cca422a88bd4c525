use const_oid::ObjectIdentifier;
use segl_crypto::{AlgorithmError, Digest, DigestAlgorithm, PublicKey, VerifyError};

use crate::SignerInfoView;

impl SignerInfoView {
    /// Verifies content and value: the attributes `content-type` and `message-digest` against what was found, then the value.
    ///
    /// `content` is the digest of the content with [`Self::digest_algorithm`]. Says nothing about whose key it is, or about the
    /// algorithms being acceptable.
    pub fn verify(
        &self,
        key: &PublicKey,
        content_type: ObjectIdentifier,
        content: &Digest,
    ) -> Result<(), SignerError> {
        self.verify_content(content_type, content)?;
        self.verify_value(key, content)
    }

    /// Compares the content's type and digest with the signed attributes (RFC 5652, 11.1 and 11.2); without any there is nothing to
    /// compare.
    pub fn verify_content(
        &self,
        content_type: ObjectIdentifier,
        content: &Digest,
    ) -> Result<(), SignerError> {
        if self.digest_algorithm() != Some(content.algorithm()) {
            return Err(SignerError::ContentDigestAlgorithm {
                named: self.digest_algorithm(),
                given: content.algorithm(),
            });
        }
        if self.signed_attributes_for_verification().is_none() {
            return Ok(());
        }
        match self.content_type() {
            None => return Err(SignerError::ContentTypeMissing),
            Some(signed) if signed != content_type => {
                return Err(SignerError::ContentTypeDiffers { signed, found: content_type });
            }
            Some(_) => {}
        }
        match self.message_digest() {
            None => Err(SignerError::MessageDigestMissing),
            Some(signed) if signed != content.as_bytes() => Err(SignerError::MessageDigestDiffers),
            Some(_) => Ok(()),
        }
    }

    /// Verifies the signature value over the signed attributes, or over the content where there are none.
    ///
    /// The attributes are taken in DER, as RFC 5652, 5.4 says; see [`Self::signed_attributes_for_verification`].
    pub fn verify_value(&self, key: &PublicKey, content: &Digest) -> Result<(), SignerError> {
        let algorithm = self.signature_algorithm()?;
        match (algorithm.digest(), self.digest_algorithm()) {
            (Some(signature), Some(content)) if signature != content => {
                return Err(SignerError::DigestAlgorithmsDiffer { signature, content });
            }
            _ => {}
        }
        match self.signed_attributes_for_verification() {
            Some(signed) => key.verify(&algorithm, signed, self.signature())?,
            None => key.verify_digest(&algorithm, content, self.signature())?,
        }
        Ok(())
    }

    /// Whether the value was made over the attributes in their stored order, which no conforming verifier accepts.
    ///
    /// Only to say why a value does not verify; false where the stored order is the right one.
    #[must_use]
    pub fn was_signed_in_stored_order(&self, key: &PublicKey) -> bool {
        let (Ok(algorithm), Some(stored)) =
            (self.signature_algorithm(), self.signed_attributes_in_stored_order())
        else {
            return false;
        };
        self.signed_attributes_for_verification() != Some(stored.as_slice())
            && key.verify(&algorithm, &stored, self.signature()).is_ok()
    }
}

/// Why a signer's signature does not hold over the content.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The signature algorithm cannot be used.
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// The content's digest was computed with another algorithm than the signer names, or that one is unknown.
    #[error("content hashed with {given}, the signer names another algorithm")]
    ContentDigestAlgorithm {
        /// What the signer names, if known.
        named: Option<DigestAlgorithm>,
        /// What the content was hashed with.
        given: DigestAlgorithm,
    },
    /// The attribute `content-type` names another type than the message.
    #[error("signed for content of type {signed}, found {found}")]
    ContentTypeDiffers {
        /// What the attribute names.
        signed: ObjectIdentifier,
        /// The type of the content.
        found: ObjectIdentifier,
    },
    /// The attribute `content-type` is not there exactly once.
    #[error("no content-type attribute")]
    ContentTypeMissing,
    /// Signature algorithm and `digestAlgorithm` name different digests.
    #[error("signature algorithm hashes with {signature}, the signer names {content}")]
    DigestAlgorithmsDiffer {
        /// The one in the signature algorithm.
        signature: DigestAlgorithm,
        /// The one in `digestAlgorithm`.
        content: DigestAlgorithm,
    },
    /// The attribute `message-digest` is another content's.
    #[error("the content is not the one that was signed")]
    MessageDigestDiffers,
    /// The attribute `message-digest` is not there exactly once.
    #[error("no message-digest attribute")]
    MessageDigestMissing,
    /// The value does not verify.
    #[error(transparent)]
    Value(#[from] VerifyError),
}
