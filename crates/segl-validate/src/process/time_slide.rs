//! Validation time sliding, EN 319 102-1, 5.6.2.2.

use core::time::Duration;

use segl_crypto::Time;
use segl_path::Path;

use crate::algorithms::Judgement;
use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::material::{Id, StatusOf};
use crate::poe::Poe;
use crate::process::certificate::{certificate_judgement, exemption, signer_was_revoked, status_judgement};
use crate::process::freshness::is_fresh;
use crate::process::{Context, Role};

/// Slides the control time back along the chain, from the certificate that the anchor issued down to the leaf.
///
/// `kept` says which status of the leaf may be used. The control time is the time up to which everything proved to have
/// existed can be trusted.
pub(crate) fn slide(
    context: &Context<'_>,
    path: &Path,
    role: Role,
    poe: &Poe,
    kept: impl Fn(&StatusOf) -> bool,
) -> (Block, Result<Time, Conclusion>) {
    let leaf = path.leaf().map(|leaf| leaf.subject().to_string()).unwrap_or_default();
    let mut block = Block::new(BlockKind::TimeSliding, leaf);
    let mut control = context.now;
    let chain: Vec<_> = path.with_issuers().enumerate().collect();
    for (position, (certificate, issuer)) in chain.into_iter().rev() {
        if path.is_anchor_itself() {
            break;
        }
        let subject = certificate.subject();
        let rules = context.rules(role, position);
        let mut used = None;
        if let Some(exemption) = exemption(context, certificate, issuer, rules) {
            let detail = format!("{subject} needs none: {exemption}");
            block.note(Level::Inform, Check::RevocationAvailable, true, detail);
        } else {
            let known = context.material.statuses(certificate, issuer);
            let own = certificate.fingerprint_sha256();
            let usable = |status: &&StatusOf| {
                (position > 0 || kept(status))
                    && status.this_update() < control
                    && poe.of(&own) <= control
                    && poe.of(&status.id) <= control
                    && (status.revocation().is_some()
                        || !signer_was_revoked(context, status, issuer, poe.of(&status.id)))
            };
            used = known.found.iter().find(usable).cloned();
            let doubt = Conclusion::Indeterminate(Doubt::NoPoe);
            let detail = match &used {
                Some(status) => format!("{subject}: {} of {}", status.name, status.this_update()),
                None => format!("{subject}: no status that is proved to have existed by {control}"),
            };
            let level = rules.revocation_available;
            if block.require(level, Check::ProofOfExistence, used.is_some(), detail, doubt).is_break() {
                return (block, Err(doubt));
            }
        }
        if let Some(status) = &used {
            if let Some(revocation) = status.revocation() {
                control = control.min(revocation.at);
                block.note(Level::Inform, Check::NotRevoked, false, format!("{subject}: revoked {control}"));
            } else if !is_fresh(status, control, context.policy.freshness) {
                control = control.min(status.this_update());
                block.note(
                    Level::Inform,
                    Check::RevocationFresh,
                    false,
                    format!("{subject}: back to {control}"),
                );
            }
        }
        let mut judged: Vec<(Id, Option<Judgement>)> = vec![(
            certificate.fingerprint_sha256(),
            certificate_judgement(context, certificate, issuer, control),
        )];
        judged.extend(used.iter().map(|status| (status.id, status_judgement(context, status, control))));
        for (_, judgement) in judged {
            match judgement {
                Some(judgement) if !judgement.is_fatal() => {}
                Some(Judgement { until: Some(until), .. }) => {
                    // The end itself is no longer reliable.
                    control = control.min(until - Duration::from_secs(1));
                    block.note(
                        Level::Inform,
                        Check::Algorithms,
                        false,
                        format!("{subject}: back to {control}"),
                    );
                }
                _ => {
                    let doubt = Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe);
                    let detail = format!("{subject}: an algorithm that was never reliable");
                    block.conclude(Check::Algorithms, doubt, detail);
                    return (block, Err(doubt));
                }
            }
        }
    }
    block.conclude(Check::Result, Conclusion::Passed, format!("control time {control}"));
    (block, Ok(control))
}
