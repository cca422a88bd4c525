//! Past certificate validation and past signature validation, EN 319 102-1, 5.6.2.1 and 5.6.2.4.

use core::ops::ControlFlow;

use segl_crypto::Time;
use segl_path::{Parameters, Path};
use segl_x509::{Certificate, oids};

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt, Failure};
use crate::material::StatusOf;
use crate::poe::Poe;
use crate::process::basic::Basic;
use crate::process::certificate::{constraints, exemption};
use crate::process::freshness::is_fresh;
use crate::process::subject::Subject;
use crate::process::time_slide::slide;
use crate::process::{Context, Role};

/// What past certificate validation found.
struct PastCertificate {
    path: Path,
    control_time: Time,
    /// Whether status of the leaf was kept in step 1 of past signature validation.
    status_kept: bool,
}

/// Past signature validation of a signature or a token whose basic validation ended in `current`.
pub(crate) fn validate(
    context: &Context<'_>,
    subject: &Subject<'_>,
    current: Conclusion,
    basic: &Basic,
    poe: &Poe,
) -> (Vec<Block>, Conclusion) {
    let mut blocks = Vec::new();
    let mut block = Block::new(BlockKind::PastSignature, subject.name());
    let conclusion = match &basic.signer {
        Some(signer) => signature(context, subject, current, basic, signer, poe, &mut block, &mut blocks),
        None => current,
    };
    block.conclude(Check::Result, conclusion, format!("from {current}"));
    blocks.push(block);
    (blocks, conclusion)
}

#[allow(clippy::too_many_arguments, reason = "one algorithm of the standard, all of whose inputs are named")]
fn signature(
    context: &Context<'_>,
    subject: &Subject<'_>,
    current: Conclusion,
    basic: &Basic,
    signer: &Certificate,
    poe: &Poe,
    block: &mut Block,
    blocks: &mut Vec<Block>,
) -> Conclusion {
    let best_time = poe.of(&subject.id());
    let Some(past) = certificate(context, signer, subject.role(), poe, blocks) else {
        block.note(
            Level::Fail,
            Check::CertificatePath,
            false,
            "the certificate cannot be validated in the past",
        );
        return current;
    };
    let result = if past.status_kept {
        Conclusion::Passed
    } else {
        Conclusion::Indeterminate(Doubt::RevocationOutOfBoundsNoPoe)
    };
    let control = past.control_time;
    let detail = format!("existed {best_time}, control time {control}");
    block.note(Level::Inform, Check::ProofOfExistence, best_time <= control, detail);
    let mut state = current;
    if best_time <= control {
        match by_best_time(current, basic, signer, &past.path, context, poe, best_time, block) {
            ControlFlow::Break(Conclusion::Passed) => return result,
            ControlFlow::Break(other) => return other,
            ControlFlow::Continue(next) => state = next,
        }
    }
    match state {
        Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe) => {
            let mut weak = basic.weak.iter().chain(&basic.certificate.weak).peekable();
            let some = weak.peek().is_some();
            let proved =
                some && weak.all(|weak| weak.until.is_some_and(|until| poe.of(&weak.object) < until));
            block.note(Level::Inform, Check::Algorithms, proved, "used while they were reliable");
            if proved { result } else { state }
        }
        Conclusion::Indeterminate(Doubt::TryLater) if basic.certificate.on_hold.is_none() => {
            let statuses = &basic.certificate.statuses;
            let fresh =
                statuses.iter().all(|(_, status)| is_fresh(status, best_time, context.policy.freshness));
            block.note(Level::Inform, Check::RevocationFresh, fresh, format!("for {best_time}"));
            if fresh { result } else { state }
        }
        _ => state,
    }
}

/// Step 3: `Break(Passed)` goes to step 7, any other `Break` is the result, `Continue` goes on with that status.
#[allow(clippy::too_many_arguments, reason = "one step of the standard, all of whose inputs are named")]
fn by_best_time(
    current: Conclusion,
    basic: &Basic,
    signer: &Certificate,
    path: &Path,
    context: &Context<'_>,
    poe: &Poe,
    best_time: Time,
    block: &mut Block,
) -> ControlFlow<Conclusion, Conclusion> {
    let not_revoked = Conclusion::Indeterminate(Doubt::OutOfBoundsNotRevoked);
    let is_in = signer.is_valid_at(best_time);
    let concerns = match current {
        Conclusion::Indeterminate(doubt) => doubt,
        _ => return ControlFlow::Continue(current),
    };
    let on_hold = basic.certificate.on_hold.is_some();
    let dated = match concerns {
        Doubt::NoCertificateChainFoundNoPoe
        | Doubt::RevokedNoPoe
        | Doubt::RevocationOutOfBoundsNoPoe
        | Doubt::RevokedCaNoPoe
        | Doubt::OutOfBoundsNoPoe
        | Doubt::OutOfBoundsNotRevoked => true,
        Doubt::TryLater => on_hold,
        _ => false,
    };
    if !dated {
        return ControlFlow::Continue(current);
    }
    // Sliding may have left out what says so, when the control time went back further for other reasons; what is known stays known.
    let outcome = &basic.certificate;
    let known = outcome.revoked.or(outcome.on_hold).or(outcome.authority_revoked);
    if let Some(revocation) = known.filter(|revocation| revocation.at <= best_time) {
        let detail = format!("revoked {}, existed {best_time}", revocation.at);
        block.note(Level::Fail, Check::RevocationSinceBestTime, false, detail);
        return ControlFlow::Break(current);
    }
    if concerns == Doubt::RevokedCaNoPoe {
        let revoked = basic.certificate.authority_revoked.map(|revocation| revocation.at);
        let known = path.leaf().map(|leaf| context.material.statuses(leaf, path.issuer(0)));
        let proved = known.is_some_and(|known| {
            known.found.iter().any(|status| revoked.is_some_and(|at| poe.of(&status.id) <= at))
        });
        block.note(
            Level::Inform,
            Check::RevocationSinceBestTime,
            proved,
            "the status existed before the authority was revoked",
        );
        if !proved {
            return ControlFlow::Break(current);
        }
    } else if best_time < signer.not_before() {
        let failure = Conclusion::Failed(Failure::NotYetValid);
        let detail = format!("{best_time}, valid from {}", signer.not_before());
        block.note(Level::Fail, Check::BestTimeSinceNotBefore, false, detail);
        return ControlFlow::Break(failure);
    }
    let detail = format!("{best_time} in {} to {}", signer.not_before(), signer.not_after());
    block.note(Level::Inform, Check::ValidityRange, is_in, detail);
    if is_in {
        return ControlFlow::Break(Conclusion::Passed);
    }
    match concerns {
        Doubt::NoCertificateChainFoundNoPoe => {
            ControlFlow::Break(Conclusion::Indeterminate(Doubt::OutOfBoundsNoPoe))
        }
        Doubt::OutOfBoundsNoPoe | Doubt::OutOfBoundsNotRevoked => ControlFlow::Continue(current),
        _ => ControlFlow::Continue(not_revoked),
    }
}

/// Past certificate validation, 5.6.2.1, with step 1 of 5.6.2.4 for each chain.
fn certificate(
    context: &Context<'_>,
    leaf: &Certificate,
    role: Role,
    poe: &Poe,
    blocks: &mut Vec<Block>,
) -> Option<PastCertificate> {
    let mut block = Block::new(BlockKind::PastCertificate, leaf.subject().to_string());
    // In the shell model a chain is one whose validity periods have a day in common; at an end of the leaf's, if any.
    let at = |time: Time| {
        let parameters = Parameters::at(time).also_known(oids::OCSP_NOCHECK);
        context.paths(leaf, &parameters)
    };
    let mut found = at(leaf.not_before());
    if found.paths.is_empty() {
        found = at(leaf.not_after());
    }
    if found.paths.is_empty() {
        let doubt = Conclusion::Indeterminate(Doubt::CertificateChainGeneralFailure);
        block.conclude(Check::CertificatePath, doubt, found.not.to_string());
    }
    let mut good = None;
    for path in found.paths {
        let anchor = path.anchor().name().to_string();
        block.note(Level::Inform, Check::CertificatePath, true, format!("RFC 5280, 6.1 to {anchor}"));
        let issuer_proved = issuer_existed(&path, poe);
        let keep = |status: &StatusOf| issuer_proved && signer_was_valid(context, status, poe);
        let known = context.material.statuses(leaf, path.issuer(0));
        let exempt = path.is_anchor_itself()
            || exemption(context, leaf, path.issuer(0), context.rules(role, 0)).is_some();
        let status_kept = exempt || known.found.iter().any(keep);
        // What says good must be proved to be from its signer's time. What says revoked is not put aside: then an older "good" would
        // speak for whatever was signed after the revocation.
        let used = |status: &StatusOf| !status_kept || keep(status) || status.revocation().is_some();
        let (sliding, slid) = slide(context, &path, role, poe, used);
        blocks.push(sliding);
        match slid {
            Ok(control_time) => {
                if let ControlFlow::Break(doubt) = constraints(context, &path, role, &mut block) {
                    block.conclusion = doubt;
                    continue;
                }
                block.conclude(Check::Result, Conclusion::Passed, format!("control time {control_time}"));
                good = Some(PastCertificate { path, control_time, status_kept });
                break;
            }
            Err(doubt) => {
                block.conclude(Check::Result, doubt, "validation time sliding");
            }
        }
    }
    blocks.push(block);
    good
}

/// Whether the issuer's certificate is proved to have existed while it was valid. An anchor needs no proof.
fn issuer_existed(path: &Path, poe: &Poe) -> bool {
    match path.certificates().get(1) {
        Some(issuer) => issuer.is_valid_at(poe.of(&issuer.fingerprint_sha256())),
        None => true,
    }
}

/// Whether the status is proved to have existed before its signer's certificate was over: what a key signs later than that
/// proves nothing, and who has the key then can say what he likes.
fn signer_was_valid(context: &Context<'_>, status: &StatusOf, poe: &Poe) -> bool {
    context.anchors.find(&status.signer).is_some() || poe.of(&status.id) <= status.signer.not_after()
}
