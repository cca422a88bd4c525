//! Validation process for signatures providing long term availability and integrity, EN 319 102-1, 5.6.3, and the
//! extraction of proofs of existence, 5.6.2.3.

use segl_ades::Signature;
use segl_crypto::{Time, sha256};
use segl_revocation::OcspView;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::material::Id;
use crate::poe::Poe;
use crate::process::Context;
use crate::process::acceptance::accept;
use crate::process::basic::Basic;
use crate::process::past;
use crate::process::subject::Subject;
use crate::process::timestamp::Stamped;
use crate::process::with_time::{self, WithTime};

/// What the process found.
pub(crate) struct LongTerm {
    pub(crate) conclusion: Conclusion,
    pub(crate) best_time: Time,
    pub(crate) blocks: Vec<Block>,
}

/// Takes up where validation with time left off. The time-stamps' conclusions get better where the ones over them prove
/// that they existed in time.
pub(crate) fn validate(
    context: &Context<'_>,
    signature: &Signature,
    basic: &Basic,
    with_time: &WithTime,
    stamps: &mut [Stamped<'_>],
) -> LongTerm {
    let current = with_time.conclusion;
    let mut blocks = Vec::new();
    let mut block = Block::new(BlockKind::LongTerm, signature.id.clone());
    let mut best_time = with_time.best_time;
    let is_archived = stamps.iter().any(|stamped| stamped.stamp.rank() >= 3);
    let conclusion = if is_archived && goes_on(current) {
        let poe = proofs(context, signature, with_time, stamps, &mut block);
        let subject = Subject::Signature(signature);
        best_time = poe.of(&subject.id());
        let (past_blocks, past) = past::validate(context, &subject, current, basic, &poe);
        blocks.extend(past_blocks);
        block.note(
            Level::Inform,
            Check::Result,
            past.is_passed(),
            format!("past signature validation: {past}"),
        );
        if past.is_passed() {
            at_best_time(context, signature, basic, best_time, &mut block, &mut blocks)
        } else {
            past
        }
    } else {
        let told = match (current.is_passed(), is_archived) {
            (true, _) => "not needed",
            (false, true) => "a proof of existence would not help",
            (false, false) => "no time-stamp over the evidence",
        };
        block.note(Level::Inform, Check::Result, true, told);
        current
    };
    block.conclude(Check::Result, conclusion, format!("best signature time {best_time}"));
    blocks.push(block);
    LongTerm { conclusion, best_time, blocks }
}

/// Step 3.
fn goes_on(current: Conclusion) -> bool {
    matches!(
        current,
        Conclusion::Indeterminate(
            Doubt::RevokedNoPoe
                | Doubt::RevokedCaNoPoe
                | Doubt::OutOfBoundsNoPoe
                | Doubt::OutOfBoundsNotRevoked
                | Doubt::CryptoConstraintsFailureNoPoe
                | Doubt::RevocationOutOfBoundsNoPoe
                | Doubt::SigConstraintsFailure
                | Doubt::TryLater
                | Doubt::NoCertificateChainFoundNoPoe
        )
    )
}

/// Steps 2, 4 and 5: the time-stamps from the outermost inwards, each proving what it covers once it is good itself.
fn proofs(
    context: &Context<'_>,
    signature: &Signature,
    with_time: &WithTime,
    stamps: &mut [Stamped<'_>],
    block: &mut Block,
) -> Poe {
    let mut poe = Poe::new(context.now);
    poe.prove(sha256(signature.value.as_bytes()), with_time.best_time);
    let responses = responses_inside(context);
    stamps.sort_by_key(|stamped| stamped.stamp.outer_first());
    for index in 0..stamps.len() {
        let Some(stamped) = stamps.get_mut(index) else { continue };
        if !stamped.conclusion.is_passed() && is_past(stamped.conclusion) {
            let subject = Subject::Stamp(&stamped.stamp);
            let (mut blocks, mut past) =
                past::validate(context, &subject, stamped.conclusion, &stamped.basic, &poe);
            if past.is_passed()
                && let Some(signer) = &stamped.basic.signer
            {
                let existed = poe.of(&stamped.stamp.id());
                let (accepted, _) = accept(context, &subject, signer, None, existed);
                past = accepted.conclusion;
                blocks.push(accepted);
            }
            stamped.blocks.extend(blocks);
            stamped.conclusion = past;
        }
        let Some(time) = stamped.proves() else {
            let detail = format!("{} proves nothing: {}", stamped.stamp.claim.id, stamped.conclusion);
            block.note(Level::Inform, Check::ProofOfExistence, false, detail);
            continue;
        };
        let existed = poe.of(&stamped.stamp.id());
        let algorithm = stamped.stamp.imprint_algorithm();
        let reliable = algorithm
            .is_some_and(|algorithm| !context.policy.algorithms.digest(algorithm, existed).is_fatal());
        let detail = format!("{} proves {time}", stamped.stamp.claim.id);
        block.note(Level::Inform, Check::ProofOfExistence, reliable, detail);
        if reliable && let Some(outer) = stamps.get(index) {
            extract(outer, &responses, time, &mut poe);
        }
    }
    poe
}

/// Step 5c: what past validation can better.
pub(crate) fn is_past(conclusion: Conclusion) -> bool {
    matches!(
        conclusion,
        Conclusion::Indeterminate(
            Doubt::RevokedNoPoe
                | Doubt::RevokedCaNoPoe
                | Doubt::OutOfBoundsNoPoe
                | Doubt::OutOfBoundsNotRevoked
                | Doubt::CryptoConstraintsFailureNoPoe
                | Doubt::RevocationOutOfBoundsNoPoe
        )
    )
}

/// The OCSP responses at hand, each with the certificates it carries.
fn responses_inside(context: &Context<'_>) -> Vec<(Id, Vec<Id>)> {
    let inside =
        |response: &OcspView| response.certificates().iter().map(Certificate::fingerprint_sha256).collect();
    let responses = context.material.responses().iter();
    responses.map(|response| (sha256(response.as_der()), inside(response))).collect()
}

/// 5.6.2.3: what lies in the octets that a time-stamp covers existed at its time, and what is nested in it; nothing else.
fn extract(outer: &Stamped<'_>, responses: &[(Id, Vec<Id>)], time: Time, poe: &mut Poe) {
    let covered = &outer.stamp.claim.covered;
    for id in covered.iter() {
        poe.prove(*id, time);
    }
    for (_, nested) in responses.iter().filter(|(id, _)| covered.contains(id)) {
        for id in nested {
            poe.prove(*id, time);
        }
    }
}

/// Steps 8 and 9.
fn at_best_time(
    context: &Context<'_>,
    signature: &Signature,
    basic: &Basic,
    best_time: Time,
    block: &mut Block,
    blocks: &mut Vec<Block>,
) -> Conclusion {
    if let core::ops::ControlFlow::Break(doubt) = with_time::delay(context, signature, best_time, block) {
        return doubt;
    }
    let Some(signer) = &basic.signer else { return Conclusion::Passed };
    let subject = Subject::Signature(signature);
    let (accepted, _) = accept(context, &subject, signer, basic.certificate.path.as_ref(), best_time);
    let conclusion = accepted.conclusion;
    blocks.push(accepted);
    conclusion
}
