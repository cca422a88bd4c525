//! Policies against statements, and the terms of short-lived certificates: EN 319 412-2 clause 5, EN 319 411-1, RFC 9608.

use segl_x509::{ObjectIdentifier, oids};

use crate::lint::{Browser, Document, Kind, Rule, Scope, Severity, oids::*, view::View};

const PART_2: Document = Document::En319412Part2;
const POLICY: Document = Document::En319411Part1;
const NO_REV_AVAIL: Document = Document::Rfc9608;

/// A DER NULL.
const NULL: [u8; 2] = [0x05, 0x00];

/// Whether so many seconds, both ends counted, are shorter than a revocation may take, which is 24 hours at most (EN 319 411-1
/// REV-6.2.4-03A): only what lives that short can be validity-assured.
pub(crate) fn is_short_term(seconds: u64) -> bool {
    const LONGEST_REVOCATION: u64 = 86_400;
    seconds < LONGEST_REVOCATION
}

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        POLICY,
        "6.3.3",
        "GEN-6.3.3-12",
        Severity::Error,
        Scope::WebsiteForBrowsers,
        "of the policies of EN 319 411-1 a website for browsers has that of its kind, or none",
        |view, found| {
            let expected = match view.profile.browser {
                Some(Browser::Domain) => DVCP,
                Some(Browser::Extended) => EVCP,
                Some(Browser::Individual) => IVCP,
                _ => OVCP,
            };
            let reserved: Vec<_> = RESERVED_411_1.into_iter().filter(|oid| view.has_policy(*oid)).collect();
            let place = || view.extension(oids::CERTIFICATE_POLICIES);
            if reserved.len() > 1 {
                found.add(place(), format!("{} policies of EN 319 411-1", reserved.len()));
            } else if let Some(other) = reserved.first().filter(|policy| **policy != expected) {
                found.add(place(), format!("{} where {} belongs", policy_name(*other), policy_name(expected)));
            }
        },
    ),
    Rule::new(
        PART_2,
        "5.2",
        "QCS-5.2-1",
        Severity::Warning,
        Scope::EuQualified,
        "an EU qualified certificate has one of the policies of EN 319 411-2, clause 5.3",
        |view, found| {
            if view.policies.is_some() && qualified(view).is_empty() {
                found.add(view.extension(oids::CERTIFICATE_POLICIES), "none of the policies of EN 319 411-2");
            }
        },
    ),
    Rule::new(
        PART_2,
        "5.2",
        "QCS-5.2-1",
        Severity::Error,
        Scope::EuQualified,
        "an EU qualified certificate has at most one of the policies of EN 319 411-2, clause 5.3",
        |view, found| {
            let policies = qualified(view);
            if policies.len() > 1 {
                let names: Vec<_> = policies.into_iter().map(policy_name).collect();
                found.add(view.extension(oids::CERTIFICATE_POLICIES), names.join(" and "));
            }
        },
    ),
    Rule::new(
        PART_2,
        "5.2",
        "QCS-5.2-2",
        Severity::Error,
        Scope::EuQualified,
        "the policy of EN 319 411-2 agrees with the subject and the QCStatements: natural or legal person or website, device or not",
        |view, found| {
            let policies = qualified(view);
            let [policy] = policies.as_slice() else { return };
            let expected = expected(view);
            if !expected.contains(policy) {
                let names: Vec<_> = expected.iter().map(|policy| policy_name(*policy)).collect();
                let what = format!("{} where {} belongs", policy_name(*policy), names.join(" or "));
                found.add(view.extension(oids::CERTIFICATE_POLICIES), what);
            }
        },
    )
    .annex("I, III (j)"),
    Rule::new(
        Document::En319412Part1,
        "5.2",
        "GEN-5.2",
        Severity::Error,
        Scope::Any,
        "the extension for validity assured, short term is a NULL",
        |view, found| not_null(view, oids::VALIDITY_ASSURED, found),
    ),
    Rule::new(
        POLICY,
        "6.6.1",
        "GEN-6.6.1-05",
        Severity::Error,
        Scope::Any,
        "validity is assured only of what lives shorter than a revocation takes, at most 24 hours",
        |view, found| {
            let long = view.seconds().is_some_and(|seconds| !is_short_term(seconds));
            if view.has(oids::VALIDITY_ASSURED) && long {
                let hours = view.seconds().unwrap_or_default() / 3_600;
                found.add(view.extension(oids::VALIDITY_ASSURED), format!("it lives {hours} hours"));
            }
        },
    ),
    Rule::new(
        POLICY,
        "6.3.10",
        "CSS-6.3.10-01B",
        Severity::Warning,
        Scope::EndEntity,
        "a certificate with assured validity and without pointers has noRevAvail",
        |view, found| {
            let pointers = view.has(oids::CRL_DISTRIBUTION_POINTS) || view.locations(oids::AD_OCSP).next().is_some();
            if view.has(oids::VALIDITY_ASSURED) && !pointers && !view.has(oids::NO_REV_AVAIL) {
                found.add(view.extension(oids::VALIDITY_ASSURED), "no noRevAvail beside it");
            }
        },
    ),
    Rule::new(
        NO_REV_AVAIL,
        "3",
        "NRA-3-1",
        Severity::Error,
        Scope::Any,
        "noRevAvail is not critical",
        |view, found| {
            if view.is_critical(oids::NO_REV_AVAIL) {
                found.add(view.extension(oids::NO_REV_AVAIL), "it is critical");
            }
        },
    ),
    Rule::new(
        NO_REV_AVAIL,
        "3",
        "NRA-3-2",
        Severity::Error,
        Scope::Any,
        "noRevAvail is a NULL",
        |view, found| not_null(view, oids::NO_REV_AVAIL, found),
    ),
    Rule::new(
        NO_REV_AVAIL,
        "4",
        "NRA-4",
        Severity::Error,
        Scope::Any,
        "noRevAvail is not in an authority's certificate, nor beside CRL distribution points, a freshest CRL or an OCSP responder",
        |view, found| {
            for beside in view.certificate.contradictions_of_no_revocation_available() {
                found.add(view.extension(oids::NO_REV_AVAIL), format!("{beside} beside it"));
            }
        },
    ),
];

fn not_null(view: &View<'_>, oid: ObjectIdentifier, found: &mut crate::lint::rule::Findings) {
    if view.certificate.extension(oid).is_some_and(|extension| extension.value() != NULL) {
        found.add(view.extension(oid), "its value is no NULL");
    }
}

fn qualified(view: &View<'_>) -> Vec<ObjectIdentifier> {
    QUALIFIED.into_iter().filter(|policy| view.has_policy(*policy)).collect()
}

/// The policies of EN 319 411-2 that go with the profile.
fn expected(view: &View<'_>) -> Vec<ObjectIdentifier> {
    let device = view.statements.has(QCS_SSCD);
    let policies: &[ObjectIdentifier] = match (view.profile.kind, view.profile.browser) {
        (Kind::Website, Some(Browser::Extended)) => &[QEVCP_W],
        (Kind::Website, Some(_)) => &[QNCP_W],
        // A payment service's certificate need not be one for browsers.
        (Kind::Website, None) if view.has_policy(QCP_W_PSD2) => &[QEVCP_W, QNCP_W, QNCP_W_GEN],
        (Kind::Website, None) => &[QNCP_W_GEN],
        // That a device is named by the policy alone is told of by QCS-5.01.
        (Kind::NaturalPerson, _) if device => &[QCP_N_QSCD],
        (Kind::NaturalPerson, _) => &[QCP_N, QCP_N_QSCD],
        _ if device => &[QCP_L_QSCD],
        _ => &[QCP_L, QCP_L_QSCD],
    };
    policies.to_vec()
}

pub(crate) fn policy_name(policy: ObjectIdentifier) -> String {
    crate::vocabulary::policy_name(policy).map_or_else(|| policy.to_string(), str::to_owned)
}
