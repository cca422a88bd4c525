//! Certificates of those who vouch: authorities, time-stamp units, OCSP responders.

use segl_x509::{KeyUsage, oids};

use crate::lint::{
    Document, Rule, Scope, Severity, extensions::not_critical, names::demand, oids::NCP_PLUS, rule::Findings,
    view::View,
};

const PKIX: Document = Document::Rfc5280;
const UNIT: Document = Document::En319422;
const OCSP: Document = Document::Rfc6960;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PKIX,
        "4.2.1.9",
        "PKIX-4.2.1.9-CA",
        Severity::Error,
        Scope::Authority,
        "basicConstraints of an authority is critical",
        |view, found| {
            if !view.is_critical(oids::BASIC_CONSTRAINTS) {
                found.add(view.extension(oids::BASIC_CONSTRAINTS), "it is not critical");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.3",
        "PKIX-4.2.1.3-CA",
        Severity::Error,
        Scope::Authority,
        "an authority has keyUsage, with keyCertSign",
        |view, found| {
            let signs = view.key_usage.is_some_and(|usage| usage.contains(KeyUsage::KEY_CERT_SIGN));
            let unreadable = view.has(oids::KEY_USAGE) && view.key_usage.is_none();
            if !signs && !unreadable {
                found.add(view.extension(oids::KEY_USAGE), "no keyCertSign");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.3",
        "PKIX-4.2.1.3-CRL",
        Severity::Warning,
        Scope::Authority,
        "an authority signs the list of what it revokes: keyUsage has cRLSign, and no bit for content or encryption",
        |view, found| {
            let Some(usage) = view.key_usage else { return };
            if !usage.contains(KeyUsage::CRL_SIGN) {
                found.add(view.extension(oids::KEY_USAGE), "no cRLSign");
            }
            let usual = [KeyUsage::KEY_CERT_SIGN, KeyUsage::CRL_SIGN, KeyUsage::DIGITAL_SIGNATURE];
            let usual = usual.into_iter().fold(KeyUsage::CRL_SIGN, KeyUsage::union);
            let others: Vec<&str> =
                usage.names().filter(|name| !usual.names().any(|one| one == *name)).collect();
            if !others.is_empty() {
                found
                    .add(view.extension(oids::KEY_USAGE), format!("{} in an authority's", others.join(", ")));
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.2",
        "PKIX-4.2.1.2-CA",
        Severity::Error,
        Scope::Authority,
        "an authority has subjectKeyIdentifier",
        |view, found| {
            if !view.has(oids::SUBJECT_KEY_IDENTIFIER) {
                found.add(view.extension(oids::SUBJECT_KEY_IDENTIFIER), "no subjectKeyIdentifier");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.1",
        "PKIX-4.2.1.1-KEY",
        Severity::Error,
        Scope::Authority,
        "an authority has authorityKeyIdentifier with keyIdentifier, unless it is a root",
        no_issuer_key,
    ),
    Rule::new(
        PKIX,
        "4.2.1.10",
        "PKIX-4.2.1.10",
        Severity::Error,
        Scope::Authority,
        "nameConstraints is critical",
        |view, found| {
            if view.has(oids::NAME_CONSTRAINTS) && !view.is_critical(oids::NAME_CONSTRAINTS) {
                found.add(view.extension(oids::NAME_CONSTRAINTS), "it is not critical");
            }
        },
    ),
    Rule::new(
        Document::En319412Part2,
        "4.2.3.1",
        "GEN-4.2.3.1-2",
        Severity::Warning,
        Scope::Authority,
        "an authority's subject, which will be an issuer, has countryName, organizationName and commonName",
        |view, found| {
            let attributes = [
                (oids::COUNTRY_NAME, "countryName"),
                (oids::ORGANIZATION_NAME, "organizationName"),
                (oids::COMMON_NAME, "commonName"),
            ];
            demand(&view.subject, &attributes, view.subject_place(), found);
        },
    ),
    Rule::new(
        Document::En319412Part5,
        "4.1",
        "QCS-4.1-CA",
        Severity::Notice,
        Scope::Authority,
        "QCStatements are about end entities",
        |view, found| {
            if view.has(oids::QC_STATEMENTS) {
                found.add(view.extension(oids::QC_STATEMENTS), "qcStatements in an authority's");
            }
        },
    ),
    Rule::new(
        Document::Rfc3161,
        "2.3",
        "TSP-2.3",
        Severity::Error,
        Scope::TimeStampUnit,
        "a time-stamp unit has extKeyUsage, critical, of timeStamping alone",
        |view, found| {
            let place = || view.extension(oids::EXT_KEY_USAGE);
            if !view.is_critical(oids::EXT_KEY_USAGE) {
                found.add(place(), "it is not critical");
            }
            if view.purposes().count() > 1 {
                found.add(place(), "more than one purpose");
            } else if view.ext_key_usage.is_some() && !view.has_purpose(oids::TIME_STAMPING) {
                found.add(place(), "no timeStamping");
            }
        },
    ),
    Rule::new(
        UNIT,
        "6",
        "TSU-6-SUBJECT",
        Severity::Error,
        Scope::TimeStampUnit,
        "a time-stamp unit's subject has countryName, organizationName and commonName",
        |view, found| {
            let attributes = [
                (oids::COUNTRY_NAME, "countryName"),
                (oids::ORGANIZATION_NAME, "organizationName"),
                (oids::COMMON_NAME, "commonName"),
            ];
            demand(&view.subject, &attributes, view.subject_place(), found);
        },
    ),
    Rule::new(
        UNIT,
        "6",
        "TSU-6-USAGE",
        Severity::Warning,
        Scope::TimeStampUnit,
        "keyUsage of a time-stamp unit is digitalSignature or nonRepudiation or both",
        |view, found| {
            let allowed = KeyUsage::DIGITAL_SIGNATURE.union(KeyUsage::NON_REPUDIATION);
            let usage = view.key_usage;
            let unreadable = view.has(oids::KEY_USAGE) && usage.is_none();
            if !unreadable && !usage.is_some_and(|usage| usage.bits() != 0 && allowed.contains(usage)) {
                found.add(view.extension(oids::KEY_USAGE), "not digitalSignature and nonRepudiation alone");
            }
        },
    ),
    Rule::new(
        UNIT,
        "6",
        "TSU-6-PERIOD",
        Severity::Warning,
        Scope::TimeStampUnit,
        "a time-stamp unit has privateKeyUsagePeriod, so that its key ends long before its certificate",
        |view, found| {
            if !view.has(oids::PRIVATE_KEY_USAGE_PERIOD) {
                found.add(view.extension(oids::PRIVATE_KEY_USAGE_PERIOD), "no privateKeyUsagePeriod");
            }
        },
    ),
    Rule::new(
        UNIT,
        "6",
        "TSU-6-STATUS",
        Severity::Warning,
        Scope::TimeStampUnit,
        "the status of a time-stamp unit can be asked for long after: no assured validity, noRevAvail or ocsp-nocheck",
        |view, found| {
            for oid in [oids::VALIDITY_ASSURED, oids::NO_REV_AVAIL, oids::OCSP_NOCHECK] {
                if view.has(oid) {
                    found.add(
                        view.extension(oid),
                        "the status of a time-stamp unit must stay open to question",
                    );
                }
            }
        },
    ),
    Rule::new(
        Document::En319421,
        "8.1",
        "TIS-8.1-01",
        Severity::Notice,
        Scope::TimeStampUnit,
        "a unit whose time-stamps are to be qualified has the policy NCP+",
        |view, found| {
            if !view.has_policy(NCP_PLUS) {
                found.add(view.extension(oids::CERTIFICATE_POLICIES), "no NCP+");
            }
        },
    ),
    Rule::new(
        OCSP,
        "4.2.2.2",
        "OCSP-4.2.2.2",
        Severity::Error,
        Scope::OcspResponder,
        "a delegated responder has extKeyUsage with OCSPSigning, and a keyUsage with digitalSignature or nonRepudiation if it has one",
        |view, found| {
            if !view.has_purpose(oids::OCSP_SIGNING) {
                found.add(view.extension(oids::EXT_KEY_USAGE), "no OCSPSigning");
            }
            let signs = KeyUsage::DIGITAL_SIGNATURE.union(KeyUsage::NON_REPUDIATION);
            if view.key_usage.is_some_and(|usage| !usage.intersects(signs)) {
                found.add(view.extension(oids::KEY_USAGE), "no digitalSignature");
            }
        },
    ),
    Rule::new(
        OCSP,
        "4.2.2.2.1",
        "OCSP-4.2.2.2.1",
        Severity::Error,
        Scope::Any,
        "ocsp-nocheck is a NULL, and not in an authority's certificate",
        |view, found| {
            let Some(extension) = view.certificate.extension(oids::OCSP_NOCHECK) else { return };
            if extension.value() != [0x05, 0x00] {
                found.add(view.extension(oids::OCSP_NOCHECK), "its value is no NULL");
            }
            if view.certificate.is_ca() {
                found.add(view.extension(oids::OCSP_NOCHECK), "it stands in an authority's certificate");
            }
        },
    ),
    Rule::new(
        OCSP,
        "4.2.2.2.1",
        "OCSP-4.2.2.2.1",
        Severity::Warning,
        Scope::OcspResponder,
        "ocsp-nocheck is there, or something that says how the responder's own status is learned, and is not critical",
        |view, found| {
            let told = [oids::OCSP_NOCHECK, oids::CRL_DISTRIBUTION_POINTS, oids::VALIDITY_ASSURED];
            if !told.into_iter().any(|oid| view.has(oid)) && view.locations(oids::AD_OCSP).next().is_none() {
                found.add(view.extension(oids::OCSP_NOCHECK), "nothing says how its own status is learned");
            }
            not_critical(view, oids::OCSP_NOCHECK, found);
        },
    ),
    Rule::new(
        Document::En319411Part1,
        "6.6.3",
        "CSS-6.6.3-01B",
        Severity::Error,
        Scope::OcspResponder,
        "a responder's certificate names no OCSP responder, which would go round in a circle",
        |view, found| {
            if view.locations(oids::AD_OCSP).next().is_some() {
                found.add(view.extension(oids::AUTHORITY_INFO_ACCESS), "it names an OCSP responder");
            }
        },
    ),
    Rule::new(
        PKIX,
        "4.2.1.1",
        "PKIX-4.2.1.1-KEY",
        Severity::Warning,
        Scope::OcspResponder,
        "a responder has authorityKeyIdentifier with keyIdentifier",
        no_issuer_key,
    ),
];

fn no_issuer_key(view: &View<'_>, found: &mut Findings) {
    let root = view.certificate.is_self_issued();
    if !view.has(oids::AUTHORITY_KEY_IDENTIFIER) && !root {
        found.add(view.extension(oids::AUTHORITY_KEY_IDENTIFIER), "no authorityKeyIdentifier");
    } else if view.authority_key.as_ref().is_some_and(|key| key.key_identifier.is_none()) {
        found.add(view.extension(oids::AUTHORITY_KEY_IDENTIFIER), "no keyIdentifier");
    }
}
