//! Validation process for signatures with time and signatures with long-term validation material, EN 319 102-1, 5.5.

use core::ops::ControlFlow;

use segl_ades::{Signature, TimestampKind};
use segl_crypto::Time;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt, Failure};
use crate::policy::Freshness;
use crate::process::Context;
use crate::process::acceptance::accept;
use crate::process::basic::Basic;
use crate::process::certificate::weak_algorithms;
use crate::process::freshness::is_fresh;
use crate::process::subject::Subject;
use crate::process::timestamp::Stamped;

/// What the process found.
pub(crate) struct WithTime {
    pub(crate) conclusion: Conclusion,
    pub(crate) best_time: Time,
    pub(crate) blocks: Vec<Block>,
}

/// Takes the result of basic validation and what the time-stamps prove.
pub(crate) fn validate(
    context: &Context<'_>,
    signature: &Signature,
    basic: &Basic,
    stamps: &[Stamped<'_>],
) -> WithTime {
    let mut block = Block::new(BlockKind::WithTime, signature.id.clone());
    let mut blocks = Vec::new();
    // Step 2: what ends here ends before a time-stamp is looked at.
    let best_time =
        if goes_on(basic.conclusion) { best_time(context, signature, stamps) } else { context.now };
    let flow = steps(context, signature, basic, stamps, best_time, &mut block, &mut blocks);
    let conclusion = match flow {
        ControlFlow::Continue(()) => Conclusion::Passed,
        ControlFlow::Break(conclusion) => conclusion,
    };
    block.conclude(Check::Result, conclusion, format!("best signature time {best_time}"));
    blocks.push(block);
    WithTime { conclusion, best_time, blocks }
}

/// Step 2.
fn goes_on(result: Conclusion) -> bool {
    matches!(
        result,
        Conclusion::Passed
            | Conclusion::Indeterminate(
                Doubt::CryptoConstraintsFailureNoPoe
                    | Doubt::RevokedNoPoe
                    | Doubt::RevokedCaNoPoe
                    | Doubt::TryLater
                    | Doubt::OutOfBoundsNoPoe
                    | Doubt::OutOfBoundsNotRevoked
            )
    )
}

/// Steps 1 and 3: the earliest time that a good time-stamp over the signature proves, otherwise now.
fn best_time(context: &Context<'_>, signature: &Signature, stamps: &[Stamped<'_>]) -> Time {
    stamps
        .iter()
        .filter(|stamped| stamped.stamp.covers_signature(signature))
        .filter_map(Stamped::proves)
        .fold(context.now, Time::min)
}

fn steps(
    context: &Context<'_>,
    signature: &Signature,
    basic: &Basic,
    stamps: &[Stamped<'_>],
    best_time: Time,
    block: &mut Block,
    blocks: &mut Vec<Block>,
) -> ControlFlow<Conclusion> {
    let result = basic.conclusion;
    block.note(Level::Inform, Check::Result, result.is_passed(), format!("basic validation: {result}"));
    let Some(signer) = &basic.signer else { return ControlFlow::Break(result) };
    at_best_time(context, signature, basic, signer, best_time, block)?;
    warn_of_stale(context, basic, best_time, block);
    order(context, signature, stamps, block)?;
    delay(context, signature, best_time, block)?;
    if result == Conclusion::Indeterminate(Doubt::TryLater) {
        try_later(context, basic, best_time, block)?;
    }
    let subject = Subject::Signature(signature);
    let (acceptance, _) = accept(context, &subject, signer, basic.certificate.path.as_ref(), best_time);
    let accepted = acceptance.conclusion;
    blocks.push(acceptance);
    if !accepted.is_passed() {
        return ControlFlow::Break(accepted);
    }
    // Step 10: what the proof rests on must be reliable now.
    if let Some(path) = &basic.certificate.path {
        let statuses = &basic.certificate.statuses;
        if !weak_algorithms(context, path, statuses, context.now, block).is_empty() {
            return ControlFlow::Break(Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe));
        }
    }
    ControlFlow::Continue(())
}

/// Steps 2 and 4: whether a proof of the time betters the result of basic validation.
fn at_best_time(
    context: &Context<'_>,
    signature: &Signature,
    basic: &Basic,
    signer: &Certificate,
    best_time: Time,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let result = basic.conclusion;
    let too_early = Conclusion::Failed(Failure::NotYetValid);
    let since = |block: &mut Block| {
        let detail = format!("{best_time}, valid from {}", signer.not_before());
        let holds = best_time >= signer.not_before();
        block.require(Level::Fail, Check::BestTimeSinceNotBefore, holds, detail, too_early)
    };
    let before = |block: &mut Block, otherwise: Conclusion| {
        let detail = format!("{best_time}, valid until {}", signer.not_after());
        let holds = best_time.truncate_to_seconds() <= signer.not_after();
        block.require(Level::Fail, Check::BestTimeBeforeNotAfter, holds, detail, otherwise)
    };
    match result {
        Conclusion::Passed | Conclusion::Indeterminate(Doubt::OutOfBoundsNoPoe) => {
            since(block)?;
            if result.is_passed() { ControlFlow::Continue(()) } else { ControlFlow::Break(result) }
        }
        Conclusion::Indeterminate(Doubt::OutOfBoundsNotRevoked) => {
            since(block)?;
            before(block, result)
        }
        Conclusion::Indeterminate(Doubt::RevokedNoPoe | Doubt::RevokedCaNoPoe) => {
            let outcome = &basic.certificate;
            let at = outcome.revoked.or(outcome.authority_revoked).map(|revocation| revocation.at);
            let holds = at.is_some_and(|at| at > best_time);
            let detail =
                at.map_or("when is not known".to_owned(), |at| format!("revoked {at}, existed {best_time}"));
            block.require(Level::Fail, Check::RevocationSinceBestTime, holds, detail, result)?;
            since(block)?;
            before(block, Conclusion::Indeterminate(Doubt::OutOfBoundsNotRevoked))
        }
        Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe) => {
            // About a certificate or a status it falls through, and the last step decides.
            let list = basic.weak.iter();
            let holds = list.clone().all(|weak| weak.until.is_some_and(|until| best_time < until));
            let told = format!("{} algorithms of {} at {best_time}", list.len(), signature.id);
            block.require(Level::Fail, Check::Algorithms, holds, told, result)
        }
        Conclusion::Indeterminate(Doubt::TryLater) => {
            let told = format!("looked at again at {best_time}, policy {}", context.policy.name);
            block.note(Level::Inform, Check::RevocationFresh, true, told);
            ControlFlow::Continue(())
        }
        other => ControlFlow::Break(other),
    }
}

/// Where the policy does not ask for freshness, status from long before the signature is told at least: a certificate may have been
/// revoked in between, and who signed with it chose what to put in.
fn warn_of_stale(context: &Context<'_>, basic: &Basic, best_time: Time, block: &mut Block) {
    if context.policy.freshness != Freshness::Ignored {
        return;
    }
    for (certificate, status) in &basic.certificate.statuses {
        if !is_fresh(status, best_time, Freshness::NextUpdate) {
            let (subject, since) = (certificate.subject(), status.this_update());
            let detail = format!("{subject}: {} of {since} is too old for {best_time}", status.name);
            block.note(Level::Warn, Check::RevocationFresh, false, detail);
        }
    }
}

/// Step 4e: a time-stamp cannot be older than another one inside it.
fn order(
    context: &Context<'_>,
    signature: &Signature,
    stamps: &[Stamped<'_>],
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let doubt = Conclusion::Indeterminate(Doubt::TimestampOrderFailure);
    for outer in stamps {
        for inner in stamps {
            let (Some(later), Some(earlier)) = (outer.proves(), inner.proves()) else { continue };
            let is_content =
                inner.stamp.claim.kind == TimestampKind::Content && outer.stamp.covers_signature(signature);
            if !is_content && !outer.stamp.covers_stamp(&inner.stamp) {
                continue;
            }
            // Each clock may be off by what its token admits.
            let slack = accuracy(outer) + accuracy(inner);
            let detail =
                format!("{} of {later} after {} of {earlier}", outer.stamp.claim.id, inner.stamp.claim.id);
            let holds = later + slack >= earlier;
            block.require(context.policy.timestamp.order, Check::TimestampOrder, holds, detail, doubt)?;
        }
    }
    ControlFlow::Continue(())
}

fn accuracy(stamped: &Stamped<'_>) -> core::time::Duration {
    let token = stamped.stamp.token.as_ref().ok();
    token.and_then(|token| token.info().accuracy()).map(|accuracy| accuracy.duration()).unwrap_or_default()
}

/// Step 5.
pub(crate) fn delay(
    context: &Context<'_>,
    signature: &Signature,
    best_time: Time,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let Some(allowed) = context.policy.timestamp.delay else { return ControlFlow::Continue(()) };
    let claimed = signature.properties.claimed_signing_time;
    let holds = claimed.is_some_and(|claimed| claimed + allowed >= best_time);
    let doubt = Conclusion::Indeterminate(Doubt::SigConstraintsFailure);
    let detail = format!("at most {} s from the claimed time to {best_time}", allowed.as_secs());
    block.require(Level::Fail, Check::TimestampDelay, holds, detail, doubt)
}

/// Steps 6 and 7.
fn try_later(
    context: &Context<'_>,
    basic: &Basic,
    best_time: Time,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let doubt = Conclusion::Indeterminate(Doubt::TryLater);
    if let Some(hold) = basic.certificate.on_hold {
        let detail = format!("on hold since {}, existed {best_time}", hold.at);
        return block.require(Level::Fail, Check::NotOnHold, best_time < hold.at, detail, doubt);
    }
    let statuses = &basic.certificate.statuses;
    let fresh = statuses.iter().all(|(_, status)| is_fresh(status, best_time, context.policy.freshness));
    block.require(Level::Fail, Check::RevocationFresh, fresh, format!("for {best_time}"), doubt)
}
