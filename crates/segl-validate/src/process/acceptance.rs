//! Signature acceptance validation, EN 319 102-1, 5.2.8.

use core::ops::ControlFlow;

use segl_ades::Signature;
use segl_crypto::Time;
use segl_path::Path;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check};
use crate::conclusion::{Conclusion, Doubt};
use crate::material::Id;
use crate::process::Context;
use crate::process::identify::digest_matches;
use crate::process::subject::Subject;

/// An algorithm that is not reliable at a time, and for what it was used.
#[derive(Debug, Clone)]
pub(crate) struct Weak {
    /// What has to be proved to have existed before the end.
    pub(crate) object: Id,
    /// The end; `None` when it never was reliable.
    pub(crate) until: Option<Time>,
}

/// Holds the signature's properties and algorithms against the policy, at a time.
pub(crate) fn accept(
    context: &Context<'_>,
    subject: &Subject<'_>,
    certificate: &Certificate,
    path: Option<&Path>,
    time: Time,
) -> (Block, Vec<Weak>) {
    let mut block = Block::new(BlockKind::Acceptance, subject.name());
    let mut weak = Vec::new();
    let flow = match subject {
        Subject::Signature(signature) => properties(context, signature, certificate, path, &mut block),
        Subject::Stamp(_) => ControlFlow::Continue(()),
    };
    if flow.is_continue() {
        weak = algorithms(context, subject, certificate, time, &mut block);
    }
    (block, weak)
}

fn properties(
    context: &Context<'_>,
    signature: &Signature,
    certificate: &Certificate,
    path: Option<&Path>,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let rules = &context.policy.signature;
    let doubt = Conclusion::Indeterminate(Doubt::SigConstraintsFailure);
    let claimed = signature.properties.claimed_signing_time;
    let told = claimed.map_or("none".to_owned(), |time| time.to_string());
    block.require(rules.signing_time, Check::SigningTime, claimed.is_some(), told, doubt)?;
    if let Some(claimed) = claimed {
        let detail = format!("{claimed} in {} to {}", certificate.not_before(), certificate.not_after());
        let holds = certificate.is_valid_at(claimed);
        block.require(rules.signing_time_in_validity, Check::SigningTimeInValidity, holds, detail, doubt)?;
    }
    if let Some(path) = path {
        let anchor = path.anchor().certificate();
        let outside = signature.properties.signing_certificate.iter().find(|reference| {
            !path
                .certificates()
                .iter()
                .chain(anchor)
                .any(|certificate| digest_matches(reference, certificate))
        });
        let detail = "referenced certificates are in the chain";
        block.require(
            rules.references_in_path,
            Check::SigningCertificateReferencesPath,
            outside.is_none(),
            detail,
            doubt,
        )?;
    }
    ControlFlow::Continue(())
}

/// Every algorithm the signature rests on, apart from those of its chain.
fn algorithms(
    context: &Context<'_>,
    subject: &Subject<'_>,
    certificate: &Certificate,
    time: Time,
    block: &mut Block,
) -> Vec<Weak> {
    let doubt = Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe);
    let list = &context.policy.algorithms;
    let mut judged = Vec::new();
    match (subject.algorithm(), certificate.public_key()) {
        (Ok(algorithm), Ok(key)) => {
            let detail = format!("{} with {} bits at {time}", algorithm, key.kind().bits());
            judged.push((list.signature(algorithm, key.kind(), time), detail));
        }
        (Err(error), _) => {
            block.conclude(Check::Algorithms, doubt, error);
        }
        (_, Err(error)) => {
            block.conclude(Check::Algorithms, doubt, error.to_string());
        }
    }
    for digest in subject.digests() {
        judged.push((list.digest(digest, time), format!("{digest} at {time}")));
    }
    let mut weak = Vec::new();
    for (judgement, detail) in judged {
        let detail = match judgement.until {
            Some(until) if !judgement.holds => format!("{detail}, reliable until {until}"),
            _ => detail,
        };
        // All are looked at: whoever weighs proofs of existence needs every end.
        let _ = block.require(judgement.level, Check::Algorithms, judgement.holds, detail, doubt);
        if judgement.is_fatal() {
            weak.push(Weak { object: subject.id(), until: judgement.until });
        }
    }
    weak
}
