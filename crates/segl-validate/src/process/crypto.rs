//! Cryptographic verification, EN 319 102-1, 5.2.7.

use core::ops::ControlFlow;

use segl_ades::Signature;
use segl_crypto::PublicKey;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt, Failure};
use crate::process::Context;
use crate::process::subject::{Stamp, Subject};

/// What verification found out, beside its block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Intact {
    pub(crate) references: Option<bool>,
    pub(crate) signature: Option<bool>,
}

/// Compares the digests of the signed data and verifies the signature value.
pub(crate) fn verify(
    context: &Context<'_>,
    subject: &Subject<'_>,
    certificate: &Certificate,
) -> (Block, Intact) {
    let mut block = Block::new(BlockKind::Cryptographic, subject.name());
    let mut intact = Intact::default();
    // Each function notes its conclusion in the block.
    let _ = match subject {
        Subject::Signature(signature) => of_signature(signature, certificate, &mut block, &mut intact),
        Subject::Stamp(stamp) => of_stamp(context, stamp, certificate, &mut block, &mut intact),
    };
    (block, intact)
}

fn of_signature(
    signature: &Signature,
    certificate: &Certificate,
    block: &mut Block,
    intact: &mut Intact,
) -> ControlFlow<Conclusion> {
    let not_found = Conclusion::Indeterminate(Doubt::SignedDataNotFound);
    block.require(
        Level::Fail,
        Check::ContentFound,
        !signature.content.is_empty(),
        "signed data",
        not_found,
    )?;
    for content in &signature.content {
        let there = content.found.is_some() && content.claimed.is_some();
        block.require(Level::Fail, Check::ContentFound, there, content.name.clone(), not_found)?;
    }
    intact.references = Some(signature.content.iter().all(segl_ades::ContentDigest::intact));
    for content in &signature.content {
        let failure = Conclusion::Failed(Failure::HashFailure);
        block.require(Level::Fail, Check::ContentIntact, content.intact(), content.name.clone(), failure)?;
    }
    let key = supported_key(certificate, block)?;
    let outcome = Subject::Signature(signature).algorithm().and_then(|algorithm| {
        key.verify(&algorithm, &signature.signed_bytes, signature.value.as_bytes())
            .map_err(|error| error.to_string())
    });
    signature_value(outcome, block, intact)
}

fn of_stamp(
    context: &Context<'_>,
    stamp: &Stamp<'_>,
    certificate: &Certificate,
    block: &mut Block,
    intact: &mut Intact,
) -> ControlFlow<Conclusion> {
    supported_key(certificate, block)?;
    let outcome = match &stamp.token {
        Ok(token) => context.verify_token(stamp.id(), token, certificate),
        Err(error) => Err(error.clone()),
    };
    intact.references = Some(outcome.is_ok());
    signature_value(outcome, block, intact)
}

/// What such a key signed cannot be verified here and may be good: no certainty, as with an algorithm outside the policy.
fn supported_key(certificate: &Certificate, block: &mut Block) -> ControlFlow<Conclusion, PublicKey> {
    match certificate.public_key() {
        Ok(key) => ControlFlow::Continue(key),
        Err(error) => {
            let doubt = Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe);
            block.require(Level::Fail, Check::Algorithms, false, error.to_string(), doubt)?;
            ControlFlow::Break(doubt)
        }
    }
}

fn signature_value(
    outcome: Result<(), String>,
    block: &mut Block,
    intact: &mut Intact,
) -> ControlFlow<Conclusion> {
    intact.signature = Some(outcome.is_ok());
    let (holds, detail) = match outcome {
        Ok(()) => (true, "the value verifies with the key of the signing certificate".to_owned()),
        Err(error) => (false, error),
    };
    let failure = Conclusion::Failed(Failure::SigCryptoFailure);
    block.require(Level::Fail, Check::SignatureIntact, holds, detail, failure)
}
