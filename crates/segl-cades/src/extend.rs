use segl_cms::{
    BerError, CmsError, SignedDataView, SpliceError, UnsignedAttribute, splice_unsigned_attribute,
};
use segl_tsp::{Token, TokenError};

use crate::imprint::signature_timestamp_imprint;
use crate::oids::SIGNATURE_TIMESTAMP;

/// Raises a signature to level T: puts a signature time-stamp into the message and touches no other octet but lengths.
///
/// The token must cover the signature value; whether it may be trusted was the business of whoever fetched it. What follows the
/// message (zero padding) is left out.
///
/// # Errors
/// [`ExtendError`]; then nothing was changed.
pub fn add_signature_timestamp(message: &[u8], signer: usize, token: &[u8]) -> Result<Vec<u8>, ExtendError> {
    let view = SignedDataView::parse(message)?;
    let signature = view.signers().get(signer).ok_or(SpliceError::NoSuchSigner { signer })?.signature();
    let parsed = Token::from_der(token)?;
    let found = parsed
        .info()
        .imprint()
        .algorithm()
        .and_then(|algorithm| signature_timestamp_imprint(signature, algorithm))
        .ok_or(ExtendError::ImprintAlgorithmUnknown)?;
    if !parsed.covers(&found) {
        return Err(ExtendError::ImprintMismatch);
    }
    let attribute = UnsignedAttribute::new(SIGNATURE_TIMESTAMP, parsed.as_bytes().to_vec())
        .map_err(ExtendError::Value)?;
    Ok(splice_unsigned_attribute(message, signer, &attribute)?)
}

/// Why a signature was not extended.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtendError {
    /// The token's digest algorithm is not known here.
    #[error("the token's digest algorithm is not known here")]
    ImprintAlgorithmUnknown,
    /// The token is about something else than this signature value.
    #[error("the token does not cover this signature")]
    ImprintMismatch,
    /// The message cannot be read.
    #[error(transparent)]
    Message(#[from] CmsError),
    /// The attribute cannot be put in.
    #[error(transparent)]
    Splice(#[from] SpliceError),
    /// The token cannot be read.
    #[error("time-stamp token: {0}")]
    Token(#[from] TokenError),
    /// The token is not one element.
    #[error("time-stamp token: {0}")]
    Value(#[source] BerError),
}
