//! X.509 certificate validation, EN 319 102-1, 5.2.6.

use core::ops::ControlFlow;

use segl_crypto::{SignatureAlgorithm, Time};
use segl_path::{Found, Issuer, Parameters, Path, Validity};
use segl_revocation::Reason;
use segl_x509::{Certificate, ObjectIdentifier, oids};

use crate::algorithms::Judgement;
use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::material::{Id, Revocation, StatusOf};
use crate::policy::CertificateRules;
use crate::process::acceptance::Weak;
use crate::process::extensions::extensions;
use crate::process::freshness::is_fresh;
use crate::process::{Context, Role};

/// What validation of a certificate found, beside its block.
#[derive(Debug, Default)]
pub(crate) struct CertificateOutcome {
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) path: Option<Path>,
    /// The status used for each certificate of the path, leaf first.
    pub(crate) statuses: Vec<(Certificate, StatusOf)>,
    pub(crate) revoked: Option<Revocation>,
    pub(crate) on_hold: Option<Revocation>,
    pub(crate) authority_revoked: Option<Revocation>,
    pub(crate) weak: Vec<Weak>,
}

/// Validates a certificate at a time.
pub(crate) fn validate(
    context: &Context<'_>,
    leaf: &Certificate,
    role: Role,
    time: Time,
) -> (Block, CertificateOutcome) {
    let mut block = Block::new(BlockKind::Certificate, leaf.subject().to_string());
    let mut outcome = CertificateOutcome::default();
    let conclusion = chains(context, leaf, role, time, &mut block, &mut outcome);
    block.conclusion = conclusion;
    outcome.conclusion = Some(conclusion);
    (block, outcome)
}

/// Steps 1 to 3 and the way back to them: one chain after the other until one passes or ends the matter.
fn chains(
    context: &Context<'_>,
    leaf: &Certificate,
    role: Role,
    time: Time,
    block: &mut Block,
    outcome: &mut CertificateOutcome,
) -> Conclusion {
    let parameters = without_dates(time);
    let found = context.paths(leaf, &parameters);
    if found.paths.is_empty() {
        return without_chain(&found, block);
    }
    let mut last = Conclusion::Indeterminate(Doubt::NoCertificateChainFound);
    for path in found.paths {
        let mut tried = CertificateOutcome::default();
        let result = chain(context, &path, role, time, block, &mut tried);
        tried.path = Some(path);
        *outcome = tried;
        match result {
            ControlFlow::Break(conclusion) => return conclusion,
            ControlFlow::Continue(conclusion) => last = conclusion,
        }
    }
    last
}

/// A path is looked for without regard to dates. They come last, as EU DSS has it: an authority outside its validity then
/// counts as "out of bounds" and not as a general failure of the chain, and a proof of existence can still help.
pub(crate) fn without_dates(time: Time) -> Parameters {
    Parameters::at(time)
        .leaf_validity(Validity::Ignored)
        .authority_validity(Validity::Ignored)
        .also_known(oids::OCSP_NOCHECK)
}

/// Why no path satisfies RFC 5280.
fn without_chain(found: &Found, block: &mut Block) -> Conclusion {
    let mut doubt = Doubt::NoCertificateChainFound;
    let mut told = found.not.to_string();
    for refused in found.not.refused.iter().filter(|refused| refused.anchor.is_some()) {
        doubt = Doubt::CertificateChainGeneralFailure;
        told = refused.refusal.to_string();
    }
    block.conclude(Check::CertificatePath, Conclusion::Indeterminate(doubt), told)
}

/// Steps 4 to 9 for one chain. `Break` is the end of the matter, `Continue` asks for the next chain.
fn chain(
    context: &Context<'_>,
    path: &Path,
    role: Role,
    time: Time,
    block: &mut Block,
    outcome: &mut CertificateOutcome,
) -> ControlFlow<Conclusion, Conclusion> {
    let Some(leaf) = path.leaf().cloned() else {
        return ControlFlow::Continue(Conclusion::Indeterminate(Doubt::NoCertificateChainFound));
    };
    let anchor = path.anchor().name().to_string();
    block.note(Level::Inform, Check::CertificatePath, true, format!("RFC 5280, 6.1 to {anchor}"));
    if path.is_anchor_itself() {
        // Trusted, but for its own purpose: a signer that is trusted by itself is no time-stamp unit.
        return match constraints(context, path, role, block) {
            ControlFlow::Break(conclusion) => ControlFlow::Continue(conclusion),
            ControlFlow::Continue(()) => ControlFlow::Break(Conclusion::Passed),
        };
    }
    let mut is_exempt = false;
    for (position, (certificate, issuer)) in
        path.with_issuers().enumerate().collect::<Vec<_>>().into_iter().rev()
    {
        let rules = context.rules(role, position);
        if let Some(exemption) = exemption(context, certificate, issuer, rules) {
            let detail = format!("{} needs none: {exemption}", certificate.subject());
            block.note(Level::Inform, Check::RevocationAvailable, true, detail);
            is_exempt |= position == 0;
            continue;
        }
        let flow = one_status(context, certificate, issuer, rules, position, time, block, outcome);
        match flow {
            ControlFlow::Continue(()) => {}
            ControlFlow::Break(conclusion) => {
                let ends = outcome.revoked.is_some() || outcome.on_hold.is_some();
                return if ends { ControlFlow::Break(conclusion) } else { ControlFlow::Continue(conclusion) };
            }
        }
    }
    let stale = outcome.statuses.iter().any(|(_, status)| !is_fresh(status, time, context.policy.freshness));
    if stale {
        let doubt = Conclusion::Indeterminate(Doubt::TryLater);
        let told = format!("not every status is fresh at {time}");
        return ControlFlow::Continue(block.conclude(Check::RevocationFresh, doubt, told));
    }
    if let ControlFlow::Break(conclusion) = constraints(context, path, role, block) {
        return ControlFlow::Continue(conclusion);
    }
    outcome.weak = weak_algorithms(context, path, &outcome.statuses, time, block);
    if !outcome.weak.is_empty() {
        return ControlFlow::Continue(block.conclusion);
    }
    ControlFlow::Break(bounds(context, path, &leaf, role, is_exempt, time, block, outcome))
}

/// Why no status is asked for, by the rules for this kind of certificate. One that is known to be revoked has no exemption: that
/// none need be asked for does not mean that what its issuer says goes unheard.
pub(crate) fn exemption(
    context: &Context<'_>,
    certificate: &Certificate,
    issuer: Issuer<'_>,
    rules: &CertificateRules,
) -> Option<String> {
    // noRevAvail does not count where the certificate contradicts it (RFC 9608, 4).
    let says = |oid: &&ObjectIdentifier| match **oid {
        oids::NO_REV_AVAIL => certificate.has_no_revocation_available(),
        oid => certificate.has_extension(oid),
    };
    let oid = rules.revocation_exempt.iter().find(says)?;
    let known = context.material.statuses(certificate, issuer);
    let mut heard = known.found.iter().filter(|status| status.this_update() <= context.now);
    if heard.any(|status| !status.is_delegated_to(certificate) && status.revocation().is_some()) {
        return None;
    }
    Some(format!("it has the extension {oid}"))
}

/// Step 4 for one certificate: the latest status that counts.
#[allow(clippy::too_many_arguments, reason = "one step of one algorithm, all of whose state is named")]
fn one_status(
    context: &Context<'_>,
    certificate: &Certificate,
    issuer: Issuer<'_>,
    rules: &CertificateRules,
    position: usize,
    time: Time,
    block: &mut Block,
    outcome: &mut CertificateOutcome,
) -> ControlFlow<Conclusion> {
    let general = Conclusion::Indeterminate(Doubt::CertificateChainGeneralFailure);
    let subject = certificate.subject();
    let known = context.material.statuses(certificate, issuer);
    for (_, why) in &known.refused {
        block.note(Level::Inform, Check::RevocationAvailable, false, format!("{subject}: {why}"));
    }
    let usable = known.found.iter().filter(|status| status.this_update() <= time);
    let mut chosen = None;
    for status in usable {
        if signer_is_covered(context, status, issuer, time, block) {
            chosen = Some(status.clone());
            break;
        }
    }
    let Some(status) = chosen else {
        let detail = format!("{subject}: no status that counts");
        return block.require(rules.revocation_available, Check::RevocationAvailable, false, detail, general);
    };
    let detail = format!("{subject}: {} of {}", status.name, status.this_update());
    block.note(Level::Inform, Check::RevocationAvailable, true, detail);
    let revocation = status.revocation().filter(|revocation| revocation.at <= time);
    outcome.statuses.insert(0, (certificate.clone(), status));
    let Some(revocation) = revocation else {
        block.note(Level::Inform, Check::NotRevoked, true, subject.to_string());
        return ControlFlow::Continue(());
    };
    let why = revocation.reason.map_or("no reason given".to_owned(), |reason| reason.to_string());
    let detail = format!("{subject}: revoked {} ({why})", revocation.at);
    let (check, doubt) = match (position, revocation.reason) {
        (0, Some(Reason::CertificateHold)) => {
            outcome.on_hold = Some(revocation);
            (Check::NotOnHold, Doubt::TryLater)
        }
        (0, _) => {
            outcome.revoked = Some(revocation);
            (Check::NotRevoked, Doubt::RevokedNoPoe)
        }
        _ => {
            outcome.authority_revoked = Some(revocation);
            (Check::NotRevoked, Doubt::RevokedCaNoPoe)
        }
    };
    block.require(Level::Fail, check, false, detail, Conclusion::Indeterminate(doubt))
}

/// Whether a delegated responder says nocheck, or is itself known to be good when it signed.
fn signer_is_covered(
    context: &Context<'_>,
    status: &StatusOf,
    issuer: Issuer<'_>,
    time: Time,
    block: &mut Block,
) -> bool {
    if !status.is_delegated() {
        return true;
    }
    let rules = &context.policy.status_signer;
    let signer = &status.signer;
    if exemption(context, signer, issuer, rules).is_some() || rules.revocation_available < Level::Fail {
        return true;
    }
    // A responder's answer about itself, or about another responder that answers for it, proves nothing. And when it signed is what it
    // says itself: once its key is revoked, that is no longer believed here, where no proof of existence is known.
    let known = context.material.statuses(signer, issuer);
    let own = known.found.iter().find(|own| own.this_update() <= time && !own.is_delegated());
    let covered = own.is_some_and(|own| own.revocation().is_none_or(|revoked| revoked.at > time));
    if !covered {
        let detail = format!("{}: no status of this responder that counts", signer.subject());
        block.note(Level::Inform, Check::RevocationAvailable, false, detail);
    }
    covered
}

/// Whether the delegated responder that signed it, if one did, is known to have been revoked by `existed`.
pub(crate) fn signer_was_revoked(
    context: &Context<'_>,
    status: &StatusOf,
    issuer: Issuer<'_>,
    existed: Time,
) -> bool {
    status.is_delegated()
        && context
            .material
            .statuses(&status.signer, issuer)
            .found
            .iter()
            .any(|own| !own.is_delegated() && own.revocation().is_some_and(|revoked| revoked.at <= existed))
}

/// Step 5. Basic constraints, path length and an authority's key usage were part of the path.
pub(crate) fn constraints(
    context: &Context<'_>,
    path: &Path,
    role: Role,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    for (position, certificate) in path.certificates().iter().enumerate() {
        let rules = context.rules(role, position);
        let doubt = Conclusion::Indeterminate(if position == 0 {
            Doubt::ChainConstraintsFailure
        } else {
            Doubt::CertificateChainGeneralFailure
        });
        let subject = certificate.subject();
        if let Some((level, wanted)) = rules.key_usage {
            let usage = certificate.key_usage();
            let holds = match &usage {
                Ok(Some(usage)) => usage.intersects(wanted),
                Ok(None) => position > 0,
                Err(_) => false,
            };
            let detail = match usage {
                Ok(Some(usage)) => format!("{subject}: {}", usage.names().collect::<Vec<_>>().join(" ")),
                Ok(None) => format!("{subject}: none"),
                Err(error) => format!("{subject}: {error}"),
            };
            block.require(level, Check::KeyUsage, holds, detail, doubt)?;
        }
        if let Some((level, wanted)) = rules.ext_key_usage {
            let usages = certificate.ext_key_usage().ok().flatten().unwrap_or_default();
            let holds = usages.iter().any(|usage| *usage == wanted);
            let list: Vec<String> = usages.iter().map(ToString::to_string).collect();
            let detail = format!("{subject}: {}", list.join(" "));
            block.require(level, Check::ExtendedKeyUsage, holds, detail, doubt)?;
        }
        extensions(certificate, rules, doubt, block)?;
    }
    ControlFlow::Continue(())
}

/// Step 6: signatures of the certificates, not of the anchor, and of their status.
pub(crate) fn weak_algorithms(
    context: &Context<'_>,
    path: &Path,
    statuses: &[(Certificate, StatusOf)],
    time: Time,
    block: &mut Block,
) -> Vec<Weak> {
    let doubt = Conclusion::Indeterminate(Doubt::CryptoConstraintsFailureNoPoe);
    let mut weak = Vec::new();
    let mut look = |object: Id, what: String, judgement: Option<Judgement>| {
        let level = judgement.map_or(Level::Fail, |judgement| judgement.level);
        let holds = judgement.is_some_and(|judgement| judgement.holds);
        let _ = block.require(level, Check::Algorithms, holds, what, doubt);
        if !holds && level == Level::Fail {
            weak.push(Weak { object, until: judgement.and_then(|judgement| judgement.until) });
        }
    };
    for (certificate, issuer) in path.with_issuers() {
        let what = format!("signature of {} at {time}", certificate.subject());
        look(
            certificate.fingerprint_sha256(),
            what,
            certificate_judgement(context, certificate, issuer, time),
        );
    }
    for (_, status) in statuses {
        let what = format!("signature of the {} of {} at {time}", status.name, status.this_update());
        look(status.id, what, status_judgement(context, status, time));
    }
    weak
}

/// The signature of a certificate at a time; `None` when its algorithm is not known.
pub(crate) fn certificate_judgement(
    context: &Context<'_>,
    certificate: &Certificate,
    issuer: Issuer<'_>,
    time: Time,
) -> Option<Judgement> {
    let algorithm = certificate.signature_algorithm().ok()?;
    let key = segl_crypto::PublicKey::from_spki_der(issuer.spki).ok()?;
    Some(context.policy.algorithms.signature(algorithm, key.kind(), time))
}

/// The signature of status information at a time; `None` when its algorithm is not known.
pub(crate) fn status_judgement(context: &Context<'_>, status: &StatusOf, time: Time) -> Option<Judgement> {
    let algorithm = SignatureAlgorithm::from_der(&status.algorithm, None).ok()?;
    let key = status.signer.public_key().ok()?;
    Some(context.policy.algorithms.signature(algorithm, key.kind(), time))
}

/// Steps 7 to 9: the validity of the leaf and of whoever signed its status.
#[allow(clippy::too_many_arguments, reason = "three steps of one algorithm, all of whose inputs are named")]
fn bounds(
    context: &Context<'_>,
    path: &Path,
    leaf: &Certificate,
    role: Role,
    is_exempt: bool,
    time: Time,
    block: &mut Block,
    outcome: &CertificateOutcome,
) -> Conclusion {
    let status =
        outcome.statuses.iter().find(|(certificate, _)| certificate == leaf).map(|(_, status)| status);
    // An anchor's dates do not count (RFC 5280, 6.1.1), so one that signed a status never is too old for it.
    let signer_valid = status.is_some_and(|status| {
        context.anchors.find(&status.signer).is_some() || status.signer.is_valid_at(time)
    });
    if let Some(over) = path.certificates().iter().skip(1).find(|authority| !authority.is_valid_at(time)) {
        let doubt = Conclusion::Indeterminate(Doubt::OutOfBoundsNoPoe);
        let detail =
            format!("{}: {} to {}, not at {time}", over.subject(), over.not_before(), over.not_after());
        return block.conclude(Check::ValidityRange, doubt, detail);
    }
    let range = format!("{} to {}, not at {time}", leaf.not_before(), leaf.not_after());
    if !leaf.is_valid_at(time) {
        // Expired certificates are known not to be revoked as long as somebody still answers for it.
        let doubt =
            if is_exempt || signer_valid { Doubt::OutOfBoundsNotRevoked } else { Doubt::OutOfBoundsNoPoe };
        return block.conclude(Check::ValidityRange, Conclusion::Indeterminate(doubt), range);
    }
    block.note(Level::Inform, Check::ValidityRange, true, format!("valid at {time}"));
    if let Some(status) = status {
        let level = context.rules(role, 0).status_signer_valid;
        let detail = format!("{} signed the status", status.signer.subject());
        let doubt = Conclusion::Indeterminate(Doubt::RevocationOutOfBoundsNoPoe);
        if block.require(level, Check::RevocationIssuerValid, signer_valid, detail, doubt).is_break() {
            return doubt;
        }
    }
    Conclusion::Passed
}
