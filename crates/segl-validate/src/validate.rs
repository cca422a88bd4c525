//! From signatures to a report.

use segl_ades::{Evidence, Signature, TimestampClaim, TimestampKind};
use segl_crypto::Time;
use segl_path::Anchors;
use segl_tsp::{Token, TstInfo};
use segl_x509::Certificate;

use crate::covered::{Covered, Index};
use crate::material::{Id, Material};
use crate::one_seal::SealsMet;
use crate::policy::Policy;
use crate::process::basic;
use crate::process::subject::{Stamp, Subject};
use crate::process::timestamp::Stamped;
use crate::process::{Context, Shared, level, long_term, with_time};
use crate::report::{Report, SignatureReport, TimestampReport};

/// Time-stamps that are validated for one signature; more are left out from the end. Renewed once a year, it is a life.
const MAX_TIMESTAMPS: usize = 64;

/// Validates signatures at a time (EN 319 102-1, clause 5): each through the process for long term availability, which
/// falls back to what the signature has.
///
/// `evidence` is what was gathered beside the file. There is no `Err`: what cannot be decided is a verdict.
pub fn validate(
    signatures: &[Signature],
    evidence: &Evidence,
    anchors: &Anchors,
    time: Time,
    policy: &Policy,
) -> Report {
    let named: Vec<(Id, &str)> = signatures
        .iter()
        .map(|signature| (Subject::Signature(signature).id(), signature.id.as_str()))
        .collect();
    let shared = Shared::new(signatures.len());
    let mut report = Report {
        time,
        policy: policy.name.clone(),
        algorithms: policy.algorithms.name.clone(),
        anchors: anchors.len(),
        signatures: signatures
            .iter()
            .map(|signature| one(signature, &named, evidence, anchors, time, policy, &shared))
            .collect(),
    };
    SealsMet::new().add("", &mut report, policy);
    report
}

/// Validates one time-stamp by itself (EN 319 102-1, 5.4), for example a token in a file of its own.
///
/// `claim.imprint` is the digest of what it is said to cover; a wrong one shows in the report and is no matter of the token.
pub fn validate_timestamp(
    claim: &TimestampClaim,
    evidence: &Evidence,
    anchors: &Anchors,
    time: Time,
    policy: &Policy,
) -> TimestampReport {
    let stamp = Stamp::read(0, claim);
    let mut material = Material::default();
    material.add(evidence, false);
    add_token(&mut material, &stamp);
    let shared = Shared::new(1);
    let context = Context::new(time, policy, anchors, material, &shared);
    let stamped = Stamped::validate(&context, stamp);
    let covered = Index::new(&[], &[]).with(&context.material).covered_by(&stamped.stamp);
    timestamp_report(stamped, covered)
}

/// Judges one of the signatures; `named` are all of them.
fn one(
    signature: &Signature,
    named: &[(Id, &str)],
    evidence: &Evidence,
    anchors: &Anchors,
    time: Time,
    policy: &Policy,
    shared: &Shared,
) -> SignatureReport {
    let claims = signature.timestamps.iter().take(MAX_TIMESTAMPS);
    let stamps: Vec<Stamp<'_>> = claims.enumerate().map(|(index, claim)| Stamp::read(index, claim)).collect();
    let mut material = Material::default();
    material.add(&signature.evidence, true);
    material.add(evidence, false);
    let signer = signature.signer_certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
    material.pool.extend(signer);
    for stamp in &stamps {
        add_token(&mut material, stamp);
    }
    let context = Context::new(time, policy, anchors, material, shared);
    let mut stamped: Vec<Stamped<'_>> =
        stamps.into_iter().map(|stamp| Stamped::validate(&context, stamp)).collect();
    let content_time = stamped
        .iter()
        .filter(|stamped| stamped.stamp.claim.kind == TimestampKind::Content)
        .filter_map(Stamped::proves)
        .max();
    let subject = Subject::Signature(signature);
    let mut basic = basic::validate(&context, &subject, content_time);
    let mut blocks = core::mem::take(&mut basic.blocks);
    let with_time = with_time::validate(&context, signature, &basic, &stamped);
    let long_term = long_term::validate(&context, signature, &basic, &with_time, &mut stamped);
    let format = level::achieved(&context, signature, basic.signer.as_ref(), &stamped);
    blocks.extend(with_time.blocks);
    blocks.extend(long_term.blocks);
    stamped.sort_by_key(|stamped| stamped.stamp.index);
    let path = basic.certificate.path.as_ref();
    let chain = path.map(|path| {
        let anchor = path.anchor().certificate().filter(|_| !path.is_anchor_itself());
        path.certificates().iter().chain(anchor).cloned().collect()
    });
    let is_deep = stamped.iter().any(|stamped| stamped.stamp.rank() >= 2);
    let stamp_ids: Vec<(Id, &str)> =
        stamped.iter().map(|stamped| (stamped.stamp.id(), stamped.stamp.claim.id.as_str())).collect();
    let index = Index::new(named, &stamp_ids);
    // A time-stamp over a signature value covers no evidence, which then needs no digests.
    let index = if is_deep { index.with(&context.material) } else { index };
    let timestamps = stamped.into_iter().map(|stamped| {
        let covered = index.covered_by(&stamped.stamp);
        timestamp_report(stamped, covered)
    });
    SignatureReport {
        id: signature.id.clone(),
        format,
        indication: long_term.conclusion.into(),
        best_signature_time: long_term.best_time,
        claimed_signing_time: signature.properties.claimed_signing_time,
        signature_intact: basic.intact.signature,
        references_intact: basic.intact.references,
        value: signature.value.clone(),
        digest_algorithm: signature.digest_algorithm,
        signature_algorithm: subject.algorithm().ok(),
        signing_certificate: basic.signer,
        chain: chain.unwrap_or_default(),
        timestamps: timestamps.collect(),
        blocks,
    }
}

fn add_token(material: &mut Material, stamp: &Stamp<'_>) {
    let Ok(token) = &stamp.token else { return };
    let inside = token.signed_data();
    let evidence = Evidence {
        certificates: inside.certificates().map(<[u8]>::to_vec).collect(),
        crls: inside.crls().map(<[u8]>::to_vec).collect(),
        ocsp_responses: inside.other_revocation_info().map(|(_, response)| response.to_vec()).collect(),
    };
    material.add(&evidence, true);
}

fn timestamp_report(stamped: Stamped<'_>, covered: Covered) -> TimestampReport {
    let info = stamped.stamp.token.as_ref().ok().map(Token::info);
    TimestampReport {
        id: stamped.stamp.claim.id.clone(),
        kind: stamped.stamp.claim.kind,
        time: stamped.stamp.time(),
        accuracy: info.and_then(TstInfo::accuracy).map(|accuracy| accuracy.duration()),
        policy: info.map(TstInfo::policy),
        claims_qualified: info.is_some_and(TstInfo::claims_qualified),
        covered,
        conclusion: stamped.conclusion,
        imprint_intact: stamped.stamp.imprint_intact(),
        digest_algorithm: stamped.stamp.imprint_algorithm(),
        signing_certificate: stamped.basic.signer,
        blocks: stamped.blocks,
    }
}
