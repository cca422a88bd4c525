//! Validation process for basic signatures, EN 319 102-1, 5.3.

use segl_crypto::Time;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt, Failure};
use crate::process::Context;
use crate::process::acceptance::{Weak, accept};
use crate::process::certificate::{self, CertificateOutcome};
use crate::process::crypto::{self, Intact};
use crate::process::format::format;
use crate::process::identify::identify;
use crate::process::subject::Subject;

/// What a basic validation found.
#[derive(Debug)]
pub(crate) struct Basic {
    pub(crate) conclusion: Conclusion,
    pub(crate) blocks: Vec<Block>,
    pub(crate) signer: Option<Certificate>,
    pub(crate) certificate: CertificateOutcome,
    pub(crate) intact: Intact,
    /// Algorithms of the signature itself (not of its chain) that are not reliable now.
    pub(crate) weak: Vec<Weak>,
}

/// Validates a signature or a token as if now were all there is. `content_time` is the time of a valid content time-stamp.
pub(crate) fn validate(context: &Context<'_>, subject: &Subject<'_>, content_time: Option<Time>) -> Basic {
    let mut basic = Basic {
        conclusion: Conclusion::Passed,
        blocks: Vec::new(),
        signer: None,
        certificate: CertificateOutcome::default(),
        intact: Intact::default(),
        weak: Vec::new(),
    };
    let conclusion = steps(context, subject, content_time, &mut basic);
    let mut block = Block::new(BlockKind::Basic, subject.name());
    block.conclude(Check::Result, conclusion, format!("at {}", context.now));
    basic.blocks.push(block);
    basic.conclusion = conclusion;
    basic
}

fn steps(
    context: &Context<'_>,
    subject: &Subject<'_>,
    content_time: Option<Time>,
    basic: &mut Basic,
) -> Conclusion {
    let block = format(subject);
    let conclusion = block.conclusion;
    basic.blocks.push(block);
    if !conclusion.is_passed() {
        return conclusion;
    }
    let (block, signer) = identify(context, subject);
    let conclusion = block.conclusion;
    basic.blocks.push(block);
    let Some(signer) = signer else { return conclusion };
    basic.signer = Some(signer.clone());
    basic.blocks.push(context_initialization(subject));

    let (block, outcome) = certificate::validate(context, &signer, subject.role(), context.now);
    let by_certificate = with_content_time(block.conclusion, &outcome, &signer, content_time);
    basic.blocks.push(block);
    basic.certificate = outcome;

    // A value that does not verify outranks any doubt about the certificate.
    let (block, intact) = crypto::verify(context, subject, &signer);
    let conclusion = block.conclusion;
    basic.blocks.push(block);
    basic.intact = intact;
    let is_unknown = conclusion == Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe);
    if !conclusion.is_passed() && !is_unknown {
        return conclusion;
    }
    if !by_certificate.is_passed() {
        return by_certificate;
    }
    if is_unknown {
        return conclusion;
    }
    let (block, weak) = accept(context, subject, &signer, basic.certificate.path.as_ref(), context.now);
    let conclusion = block.conclusion;
    basic.blocks.push(block);
    let ended_before =
        |weak: &Weak| content_time.is_some_and(|time| weak.until.is_none_or(|until| until <= time));
    let was_unreliable = weak.iter().any(ended_before);
    basic.weak = weak;
    match conclusion {
        Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe) if was_unreliable => {
            Conclusion::Indeterminate(Doubt::CryptoConstraintsFailure)
        }
        other => other,
    }
}

/// 5.2.4: the policy is given, so only what the signature itself asks for is noted.
fn context_initialization(subject: &Subject<'_>) -> Block {
    let mut block = Block::new(BlockKind::Context, subject.name());
    if let Subject::Signature(signature) = subject
        && let Some(policy) = &signature.properties.policy
    {
        let named = policy.identifier.as_deref().unwrap_or("implied");
        let detail = format!("signature policy {named}: accepted, its rules are not read");
        block.note(Level::Inform, Check::SignaturePolicy, policy.identifier.is_none(), detail);
    }
    block
}

/// Step 4: a content time-stamp proves that the signature was made later than it.
fn with_content_time(
    conclusion: Conclusion,
    outcome: &CertificateOutcome,
    signer: &Certificate,
    content_time: Option<Time>,
) -> Conclusion {
    let Some(time) = content_time else { return conclusion };
    match conclusion {
        Conclusion::Indeterminate(Doubt::RevokedNoPoe)
            if outcome.revoked.is_some_and(|revocation| time > revocation.at) =>
        {
            Conclusion::Failed(Failure::Revoked)
        }
        Conclusion::Indeterminate(Doubt::OutOfBoundsNoPoe | Doubt::OutOfBoundsNotRevoked)
            if time > signer.not_after() =>
        {
            Conclusion::Failed(Failure::Expired)
        }
        other => other,
    }
}
