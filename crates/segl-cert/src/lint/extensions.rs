//! Extensions of persons' certificates: EN 319 412-2 clauses 4.3 and 4.4, EN 319 412-3 clause 4.3.

use segl_x509::{DistributionPoint, GeneralName, KeyUsage, ObjectIdentifier, oids};

use crate::lint::{
    Document, Kind, Rule, Scope, Severity,
    oids::{QCP_L, QCP_L_QSCD, QCP_N, QCP_N_QSCD, QCT_ESEAL, QCT_ESIGN},
    rule::Findings,
    statements::has_scheme,
    view::View,
};

const PART_2: Document = Document::En319412Part2;
const PART_3: Document = Document::En319412Part3;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_2,
        "4.3.1",
        "GEN-4.3.1-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "authorityKeyIdentifier is there, with keyIdentifier",
        |view, found| {
            if !view.has(oids::AUTHORITY_KEY_IDENTIFIER) {
                missing(view, oids::AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier", found);
            } else if view.authority_key.as_ref().is_some_and(|key| key.key_identifier.is_none()) {
                found.add(view.extension(oids::AUTHORITY_KEY_IDENTIFIER), "no keyIdentifier");
            }
        },
    ),
    Rule::new(
        PART_2,
        "4.3.2",
        "NAT-4.3.2-1",
        Severity::Error,
        Scope::Profiled,
        "keyUsage is there, and of one of the types A to F",
        |view, found| {
            if !view.has(oids::KEY_USAGE) {
                missing(view, oids::KEY_USAGE, "keyUsage", found);
            } else if let Some(usage) = view.key_usage.filter(|usage| Setting::of(*usage).is_none()) {
                let names: Vec<&str> = usage.names().collect();
                let names = if names.is_empty() { "no bit".to_owned() } else { names.join(", ") };
                found.add(view.extension(oids::KEY_USAGE), format!("{names}: of none of the types"));
            }
        },
    ),
    Rule::new(
        PART_2,
        "4.3.2",
        "NAT-4.3.2-1",
        Severity::Warning,
        Scope::Profiled,
        "keyUsage is of type A, C or E, so that a key serves one thing",
        |view, found| {
            // For signatures and seals the preference for type A says the same, and more.
            let Some(setting) = setting(view).filter(|_| !commits(view)) else { return };
            if matches!(setting, Setting::B | Setting::D | Setting::F) {
                found.add(view.extension(oids::KEY_USAGE), format!("type {setting:?} mixes uses"));
            }
        },
    ),
    Rule::new(
        PART_2,
        "4.3.2",
        "NAT-4.3.2-2",
        Severity::Error,
        Scope::Signature,
        "keyUsage of a certificate for signatures is of type A, B or F",
        |view, found| commitment(view, Demand::Limit, found),
    ),
    Rule::new(
        PART_2,
        "4.3.2",
        "NAT-4.3.2-3",
        Severity::Warning,
        Scope::Signature,
        "keyUsage of a certificate for signatures is of type A",
        |view, found| commitment(view, Demand::Preference, found),
    ),
    Rule::new(
        PART_3,
        "4.3.1",
        "LEG-4.3.1-3",
        Severity::Error,
        Scope::Seal,
        "keyUsage of a certificate for seals is of type A, B or F",
        |view, found| commitment(view, Demand::Limit, found),
    ),
    Rule::new(
        PART_3,
        "4.3.1",
        "LEG-4.3.1-4",
        Severity::Warning,
        Scope::Seal,
        "keyUsage of a certificate for seals is of type A",
        |view, found| commitment(view, Demand::Preference, found),
    ),
    Rule::new(
        PART_2,
        "4.3.3",
        "GEN-4.3.3-1",
        Severity::Warning,
        Scope::ProfiledOrUnit,
        "certificatePolicies is not critical",
        |view, found| not_critical(view, oids::CERTIFICATE_POLICIES, found),
    ),
    Rule::new(
        PART_2,
        "4.3.3",
        "GEN-4.3.3-2",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "certificatePolicies is there, with a policy",
        |view, found| {
            if !view.has(oids::CERTIFICATE_POLICIES) {
                missing(view, oids::CERTIFICATE_POLICIES, "certificatePolicies", found);
            } else if view.policies.as_ref().is_some_and(Vec::is_empty) {
                found.add(view.extension(oids::CERTIFICATE_POLICIES), "no policy");
            }
        },
    ),
    Rule::new(
        PART_2,
        "4.3.4",
        "GEN-4.3.4-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "policyMappings is not there",
        |view, found| forbidden(view, oids::POLICY_MAPPINGS, found),
    ),
    Rule::new(
        PART_2,
        "4.3.5",
        "GEN-4.3.5-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "subjectAltName is not critical",
        |view, found| not_critical(view, oids::SUBJECT_ALT_NAME, found),
    ),
    Rule::new(
        PART_2,
        "4.3.6",
        "GEN-4.3.6-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "issuerAltName is not critical",
        |view, found| not_critical(view, oids::ISSUER_ALT_NAME, found),
    ),
    Rule::new(
        PART_2,
        "4.3.8",
        "GEN-4.3.8-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "nameConstraints is not there",
        |view, found| forbidden(view, oids::NAME_CONSTRAINTS, found),
    ),
    Rule::new(
        PART_2,
        "4.3.9",
        "GEN-4.3.9-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "policyConstraints is not there",
        |view, found| forbidden(view, oids::POLICY_CONSTRAINTS, found),
    ),
    Rule::new(
        PART_2,
        "4.3.10",
        "GEN-4.3.10-1",
        Severity::Error,
        Scope::Profiled,
        "extKeyUsage is not critical",
        |view, found| not_critical(view, oids::EXT_KEY_USAGE, found),
    ),
    Rule::new(
        PART_2,
        "4.3.11",
        "GEN-4.3.11-2",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "cRLDistributionPoints is there where no OCSP responder is named, unless validity is assured and noRevAvail is there",
        |view, found| {
            if has_status(view, Status::CrlMissing) {
                let what = "neither a CRL nor an OCSP responder at an http or https address";
                missing_because(view, oids::CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints", what, found);
            }
        },
    )
    .annex("I, III, IV (i)"),
    Rule::new(
        PART_2,
        "4.3.11",
        "GEN-4.3.11-4",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "one of the distribution points has an http or ldap address",
        |view, found| {
            let Some(points) = &view.distribution_points else { return };
            let mut uris = points.iter().flat_map(DistributionPoint::uris);
            if !uris.any(|uri| has_scheme(uri, "http://") || has_scheme(uri, "ldap://")) {
                found.add(view.extension(oids::CRL_DISTRIBUTION_POINTS), "no http or ldap address");
            }
        },
    )
    .annex("I, III, IV (i)"),
    Rule::new(
        PART_2,
        "4.3.11",
        "GEN-4.3.11-5",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "cRLDistributionPoints is not critical",
        |view, found| not_critical(view, oids::CRL_DISTRIBUTION_POINTS, found),
    ),
    Rule::new(
        PART_2,
        "4.3.12",
        "GEN-4.3.12-1",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "inhibitAnyPolicy is not there",
        |view, found| forbidden(view, oids::INHIBIT_ANY_POLICY, found),
    ),
    Rule::new(
        PART_2,
        "4.4.1",
        "GEN-4.4.1-2",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "authorityInfoAccess is there",
        |view, found| missing(view, oids::AUTHORITY_INFO_ACCESS, "authorityInfoAccess", found),
    )
    .annex("I, III, IV (h)"),
    Rule::new(
        PART_2,
        "4.4.1",
        "GEN-4.4.1-3",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "authorityInfoAccess says where the issuer's certificate is",
        |view, found| {
            if view.access.is_some() && view.locations(oids::AD_CA_ISSUERS).next().is_none() {
                found.add(view.extension(oids::AUTHORITY_INFO_ACCESS), "no caIssuers");
            }
        },
    )
    .annex("I, III, IV (h)"),
    Rule::new(
        PART_2,
        "4.4.1",
        "GEN-4.4.1-4",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "one of the addresses of the issuer's certificate is http or https",
        |view, found| no_http(view, oids::AD_CA_ISSUERS, "caIssuers", found),
    )
    .annex("I, III, IV (h)"),
    Rule::new(
        PART_2,
        "4.4.1",
        "GEN-4.4.1-6",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "one of the addresses of OCSP responders is http or https",
        |view, found| no_http(view, oids::AD_OCSP, "OCSP", found),
    )
    .annex("I, III, IV (i)"),
    Rule::new(
        PART_2,
        "4.4.1",
        "GEN-4.4.1-8",
        Severity::Error,
        Scope::ProfiledOrUnit,
        "authorityInfoAccess names an OCSP responder where there is no cRLDistributionPoints, unless validity is assured and noRevAvail is \
         there",
        |view, found| {
            if has_status(view, Status::OcspMissing) {
                found.add(view.extension(oids::AUTHORITY_INFO_ACCESS), "no OCSP responder, and no CRL");
            }
        },
    )
    .annex("I, III, IV (i)"),
];

/// The types of key usage of table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    A,
    B,
    C,
    D,
    E,
    F,
}

impl Setting {
    /// The one type it is of; `None` for any other set of bits.
    pub(crate) fn of(usage: KeyUsage) -> Option<Self> {
        const SIGN: u16 = KeyUsage::DIGITAL_SIGNATURE.bits();
        const COMMIT: u16 = KeyUsage::NON_REPUDIATION.bits();
        let exchange = [KeyUsage::KEY_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT];
        let (bits, exchanged) =
            match exchange.into_iter().filter(|bit| usage.contains(*bit)).collect::<Vec<_>>()[..] {
                [] => (usage.bits(), false),
                [bit] => (usage.bits() & !bit.bits(), true),
                // RSA keys encipher, those of elliptic curves agree: none does both.
                _ => return None,
            };
        const BOTH: u16 = SIGN | COMMIT;
        Some(match (bits, exchanged) {
            (COMMIT, false) => Self::A,
            (BOTH, false) => Self::B,
            (SIGN, false) => Self::C,
            (SIGN, true) => Self::D,
            (0, true) => Self::E,
            (BOTH, true) => Self::F,
            _ => return None,
        })
    }
}

fn setting(view: &View<'_>) -> Option<Setting> {
    view.key_usage.and_then(Setting::of)
}

/// Whether the certificate serves to validate a commitment to content, or evidence of its origin.
fn commits(view: &View<'_>) -> bool {
    let of_type = |oid| view.statements.types().any(|kind| kind == Some(oid));
    match view.profile.kind {
        Kind::NaturalPerson if Scope::Signature.covers(&view.profile) => {
            of_type(QCT_ESIGN) || view.has_policy(QCP_N) || view.has_policy(QCP_N_QSCD)
        }
        Kind::LegalPerson if Scope::Seal.covers(&view.profile) => {
            of_type(QCT_ESEAL) || view.has_policy(QCP_L) || view.has_policy(QCP_L_QSCD)
        }
        _ => false,
    }
}

#[derive(PartialEq)]
enum Demand {
    Limit,
    Preference,
}

fn commitment(view: &View<'_>, demand: Demand, found: &mut Findings) {
    let Some(setting) = setting(view).filter(|_| commits(view)) else { return };
    let breaks = match setting {
        Setting::A => false,
        Setting::B | Setting::F => demand == Demand::Preference,
        Setting::C | Setting::D | Setting::E => demand == Demand::Limit,
    };
    if breaks {
        found.add(view.extension(oids::KEY_USAGE), format!("it is of type {setting:?}"));
    }
}

#[derive(PartialEq)]
enum Status {
    CrlMissing,
    OcspMissing,
}

/// Whether the certificate lacks status information in this way (the decision table of GEN-4.3.11 and GEN-4.4.1).
fn has_status(view: &View<'_>, lack: Status) -> bool {
    let none_needed = view.has(oids::VALIDITY_ASSURED) && view.has(oids::NO_REV_AVAIL);
    if none_needed || view.has(oids::CRL_DISTRIBUTION_POINTS) || !any_extension(view) {
        return false;
    }
    // An extension that cannot be read is told of by another rule.
    let unreadable = view.has(oids::AUTHORITY_INFO_ACCESS) && view.access.is_none();
    let mut responders = view.locations(oids::AD_OCSP).peekable();
    match lack {
        Status::CrlMissing => !unreadable && !responders.any(is_http),
        Status::OcspMissing => view.access.is_some() && responders.peek().is_none(),
    }
}

fn is_http(location: &GeneralName) -> bool {
    location.as_uri().is_some_and(|uri| has_scheme(uri, "http://") || has_scheme(uri, "https://"))
}

fn no_http(view: &View<'_>, method: ObjectIdentifier, name: &str, found: &mut Findings) {
    let mut locations = view.locations(method).peekable();
    if locations.peek().is_some() && !locations.any(is_http) {
        let what = format!("no http or https address for {name}");
        found.add(view.extension(oids::AUTHORITY_INFO_ACCESS), what);
    }
}

/// A certificate without any extension is told of once.
fn any_extension(view: &View<'_>) -> bool {
    !view.extensions().is_empty()
}

fn missing(view: &View<'_>, oid: ObjectIdentifier, name: &str, found: &mut Findings) {
    if !view.has(oid) && any_extension(view) {
        found.add(view.extension(oid), format!("no {name}"));
    }
}

fn missing_because(view: &View<'_>, oid: ObjectIdentifier, name: &str, why: &str, found: &mut Findings) {
    found.add(view.extension(oid), format!("no {name}: {why}"));
}

pub(crate) fn not_critical(view: &View<'_>, oid: ObjectIdentifier, found: &mut Findings) {
    if view.is_critical(oid) {
        found.add(view.extension(oid), "it is critical");
    }
}

fn forbidden(view: &View<'_>, oid: ObjectIdentifier, found: &mut Findings) {
    if view.has(oid) {
        found.add(view.extension(oid), "it does not belong here");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_key_usage() {
        let (sign, commit) = (KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION);
        let (encipher, agree) = (KeyUsage::KEY_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT);
        for (usage, setting) in [
            (commit, Some(Setting::A)),
            (commit.union(sign), Some(Setting::B)),
            (sign, Some(Setting::C)),
            (sign.union(encipher), Some(Setting::D)),
            (sign.union(agree), Some(Setting::D)),
            (agree, Some(Setting::E)),
            (commit.union(sign).union(agree), Some(Setting::F)),
            (encipher.union(agree), None),
            (commit.union(agree), None),
            (sign.union(KeyUsage::KEY_CERT_SIGN), None),
        ] {
            assert_eq!(Setting::of(usage), setting, "{usage:?}");
        }
    }
}
