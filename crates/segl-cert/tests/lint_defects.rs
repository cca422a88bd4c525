//! Certificates with one defect each: the lint names exactly the rule that is broken.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod spec;
mod verdicts;

use std::collections::BTreeSet;

use segl_cert::lint::{self, Severity};
use segl_testkit::peers::{Pkilint, Scratch};
use segl_x509::oids;
use spec::*;
use verdicts::{our_errors, their_errors};

/// The rules that hold something against a certificate.
fn broken(spec: &Spec) -> BTreeSet<String> {
    let report = lint::lint(&spec.certificate());
    for finding in report.findings() {
        assert!(finding.place().offset().is_none_or(|offset| offset < spec.to_der().len()), "{finding}");
    }
    report.findings().iter().map(|finding| finding.rule().id().to_owned()).collect()
}

/// The sound certificates that the defects are made in.
#[test]
fn sound_certificates_have_no_finding() {
    for (profile, spec) in [
        ("qcp-l-qscd-eidas", seal()),
        ("qcp-n-eidas", signature()),
        ("qncp-w-gen-legal-person-eidas", website()),
        ("qevcp-w-psd2-eidas", bank()),
        ("ca", authority()),
        ("tsu", unit()),
        ("ocsp-responder", responder()),
        ("qcp-l-eidas", assured()),
    ] {
        let report = lint::lint(&spec.certificate());
        assert_eq!(report.profile().to_string(), profile);
        assert!(report.findings().is_empty(), "{profile}: {:#?}", report.findings());
    }
}

type Spoil = fn(&mut Spec);
type Defect = (&'static str, fn() -> Spec, Spoil);

/// Rule, certificate, defect.
const DEFECTS: &[Defect] = &[
    // RFC 5280
    ("PKIX-4.1.1.2", seal, |spec| spec.outer_algorithm = tlv(0x30, &[&oid_tlv("1.2.840.10045.4.3.2")])),
    ("PKIX-4.1.2.1", seal, |spec| spec.version = Some(1)),
    ("PKIX-4.1.2.2", seal, |spec| spec.serial = vec![0]),
    ("PKIX-4.1.2.2", seal, |spec| spec.serial = vec![0x80, 1]),
    ("PKIX-4.1.2.2", seal, |spec| spec.serial = vec![1; 21]),
    ("PKIX-4.1.2.5", seal, |spec| spec.not_after = utc("260101000000Z")),
    ("PKIX-4.1.2.5.1", seal, |spec| spec.not_before = generalized("20260601120000Z")),
    ("PKIX-4.1.2.5.1", seal, |spec| spec.not_before = utc("2606011200Z")),
    ("PKIX-4.2", seal, |spec| spec.extensions.push(spec.extension(oids::SUBJECT_KEY_IDENTIFIER).clone())),
    ("PKIX-4.2-SYNTAX", seal, |spec| spec.set(oids::BASIC_CONSTRAINTS, false, vec![0x30, 1, 1])),
    ("PKIX-4.2-CRITICAL", seal, |spec| spec.set(oid("1.3.6.1.4.1.32473.9"), true, vec![5, 0])),
    ("PKIX-4.2.1.3", seal, |spec| spec.critical(oids::KEY_USAGE, false)),
    ("PKIX-4.2.1.2", seal, |spec| spec.remove(oids::SUBJECT_KEY_IDENTIFIER)),
    ("PKIX-4.2.1.9-CA", authority, |spec| spec.critical(oids::BASIC_CONSTRAINTS, false)),
    ("PKIX-4.2.1.2-CA", authority, |spec| spec.remove(oids::SUBJECT_KEY_IDENTIFIER)),
    ("PKIX-4.2.1.1-KEY", authority, |spec| spec.remove(oids::AUTHORITY_KEY_IDENTIFIER)),
    ("PKIX-4.2.1.3-CA", authority, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[6]))),
    // Names
    ("GEN-4.2.3.1-2", seal, |spec| spec.issuer.retain(|(oid, ..)| *oid != oids::COMMON_NAME)),
    ("GEN-4.2.3.1-5", seal, |spec| spec.issuer.push((oids::COMMON_NAME, UTF8, "TEST CA 2".into()))),
    ("GEN-4.2.3.1-6", seal, |spec| spec.issuer[0].2 = "UK".into()),
    ("NAT-4.2.4-1", signature, |spec| spec.subject.retain(|(oid, ..)| *oid != oids::COUNTRY_NAME)),
    ("NAT-4.2.4-3", signature, |spec| spec.subject.push((oids::COMMON_NAME, UTF8, "Eva".into()))),
    ("NAT-4.2.4-4", signature, |spec| spec.subject.push((oids::PSEUDONYM, UTF8, "E".into()))),
    ("NAT-4.2.4-19", signature, |spec| spec.subject[1].2 = "Ева".into()),
    ("LEG-4.2.1-2", seal, |spec| spec.subject.retain(|(oid, ..)| *oid != oids::ORGANIZATION_IDENTIFIER)),
    ("LEG-4.2.1-3", seal, |spec| spec.subject.push((oids::ORGANIZATION_NAME, UTF8, "TEST B".into()))),
    ("LEG-4.2.1-4", seal, |spec| spec.subject[0].2 = "XX".into()),
    ("LEG-4.2.1-6", seal, |spec| spec.subject[1].2 = "ntrdk-12345674".into()),
    ("LEG-5.1.4-02", seal, |spec| spec.subject[2].2 = "NTRDK12345674".into()),
    ("LEG-5.1.4-03", seal, |spec| spec.subject[2].2 = "LEIDK-529900T8BM49AURSDO55".into()),
    ("LEG-5.1.4-03", seal, |spec| spec.subject[2].2 = "NTRdk-12345674".into()),
    ("LEI-5", seal, |spec| spec.subject[2].2 = "LEIXG-529900T8BM49AURSDO56".into()),
    ("NAT-5.1.3", signature, |spec| spec.subject[4].2 = "ABCDK-1".into()),
    ("NAT-5.1.5-03", signature, |spec| {
        spec.subject[4].2 = "ES-AT-02635542Y".into();
        spec.drop_statement("1.3.6.1.5.5.7.11.2");
        spec.statement(semantics("0.4.0.194121.1.3"));
    }),
    // Extensions
    ("GEN-4.3.1-1", seal, |spec| spec.remove(oids::AUTHORITY_KEY_IDENTIFIER)),
    ("NAT-4.3.2-1", seal, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0, 1, 3]))),
    ("LEG-4.3.1-3", seal, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0]))),
    ("LEG-4.3.1-4", seal, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0, 1]))),
    ("NAT-4.3.2-2", signature, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0]))),
    ("NAT-4.3.2-3", signature, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0, 1]))),
    ("PKIX-4.2.1.9", responder, |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[0, 5]))),
    ("GEN-4.3.3-1", seal, |spec| spec.critical(oids::CERTIFICATE_POLICIES, true)),
    ("GEN-4.3.3-2", seal, |spec| spec.remove(oids::CERTIFICATE_POLICIES)),
    ("GEN-4.3.4-1", seal, |spec| spec.set(oids::POLICY_MAPPINGS, false, vec![0x30, 0])),
    ("GEN-4.3.5-1", seal, |spec| spec.set(oids::SUBJECT_ALT_NAME, true, dns_names(&["a.example.com"]))),
    ("GEN-4.3.6-1", seal, |spec| spec.set(oids::ISSUER_ALT_NAME, true, dns_names(&["a.example.com"]))),
    ("GEN-4.3.8-1", seal, |spec| spec.set(oids::NAME_CONSTRAINTS, false, vec![0x30, 0])),
    ("GEN-4.3.9-1", seal, |spec| spec.set(oids::POLICY_CONSTRAINTS, false, vec![0x30, 0])),
    ("GEN-4.3.10-1", seal, |spec| spec.set(oids::EXT_KEY_USAGE, true, purposes(&["1.3.6.1.5.5.7.3.36"]))),
    ("GEN-4.3.11-4", seal, |spec| {
        spec.set(oids::CRL_DISTRIBUTION_POINTS, false, crl_points("https://pki.example.com/ca.crl"));
    }),
    ("GEN-4.3.11-5", seal, |spec| spec.critical(oids::CRL_DISTRIBUTION_POINTS, true)),
    ("GEN-4.3.12-1", seal, |spec| spec.set(oids::INHIBIT_ANY_POLICY, false, vec![2, 1, 0])),
    ("GEN-4.4.1-2", seal, |spec| spec.remove(oids::AUTHORITY_INFO_ACCESS)),
    ("GEN-4.4.1-3", seal, |spec| spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[OCSP]))),
    ("GEN-4.4.1-4", seal, |spec| {
        spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[OCSP, (CA.0, "ldap://pki.example.com/ca")]));
    }),
    ("GEN-4.4.1-6", seal, |spec| {
        spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[CA, (OCSP.0, "ldap://pki.example.com/ocsp")]));
    }),
    // Status
    ("NRA-3-1", assured, |spec| spec.critical(oids::NO_REV_AVAIL, true)),
    ("NRA-3-2", assured, |spec| spec.set(oids::NO_REV_AVAIL, false, vec![4, 0])),
    ("NRA-4", assured, |spec| {
        spec.set(oids::CRL_DISTRIBUTION_POINTS, false, crl_points("http://pki.example.com/ca.crl"));
    }),
    ("GEN-5.2", assured, |spec| spec.set(oids::VALIDITY_ASSURED, false, vec![0x30, 0])),
    ("GEN-6.6.1-05", assured, |spec| spec.not_after = utc("260611115959Z")),
    // Policies and statements
    ("QCS-5.2-1", seal, |spec| {
        spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["1.3.6.1.4.1.32473.1"]))
    }),
    ("QCS-5.2-1", signature, |spec| {
        let both = policies(&["0.4.0.194112.1.0", "0.4.0.194112.1.1"]);
        spec.set(oids::CERTIFICATE_POLICIES, false, both);
    }),
    ("QCS-5.2-2", seal, |spec| spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["0.4.0.194112.1.1"]))),
    ("QCS-5.01", seal, |spec| spec.drop_statement("0.4.0.1862.1.4")),
    ("QCS-5.01", seal, |spec| spec.drop_statement("0.4.0.1862.1.6")),
    ("QCS-5.01", website, |spec| spec.statement(statement("0.4.0.1862.1.4", &[]))),
    ("QCS-5.1-1", seal, |spec| spec.remove(oids::QC_STATEMENTS)),
    ("QCS-4.1-02", seal, |spec| spec.critical(oids::QC_STATEMENTS, true)),
    ("QC-3.2.6", seal, |spec| spec.replace_statement("0.4.0.1862.1.6", &[0x30, 0])),
    ("GEN-4.2.1", seal, |spec| spec.replace_statement("0.4.0.1862.1.1", &[5, 0])),
    ("GEN-4.2.3", seal, |spec| spec.replace_statement("0.4.0.1862.1.6", &oids_of(&["0.4.0.1862.1.6.1"]))),
    ("GEN-4.2.3", seal, |spec| spec.replace_statement("0.4.0.1862.1.6", &oids_of(&["0.4.0.194126.1.1"]))),
    ("QCS-4.2.5-01", seal, |spec| {
        spec.statement(statement("0.4.0.1862.1.9", &tlv(0x30, &[&tlv(0x13, &[b"DE"])])))
    }),
    ("GEN-4.3.2", seal, |spec| spec.statement(limit(b"XYZ", 1, 0))),
    ("GEN-4.3.2", seal, |spec| spec.statement(limit(b"DKK", 1, 0xff))),
    ("GEN-4.3.3", seal, |spec| spec.statement(statement("0.4.0.1862.1.3", &[2, 1, 0]))),
    ("GEN-4.3.4", seal, |spec| {
        spec.replace_statement("0.4.0.1862.1.5", &pds(&[("https://pki.example.com/da", "da")]))
    }),
    ("GEN-4.3.4", seal, |spec| {
        spec.replace_statement("0.4.0.1862.1.5", &pds(&[("http://pki.example.com/en", "en")]))
    }),
    // Websites and payment services
    ("WEB-4.1.3-4", website, |spec| spec.subject[4].2 = "other.example.com".into()),
    ("ANNEX-IV-d", website, |spec| spec.subject.retain(|(oid, ..)| *oid != oids::LOCALITY_NAME)),
    ("GEN-5.2.1-3", bank, |spec| spec.subject[2].2 = "PSDDK-DFSA1-1234".into()),
    ("GEN-5.2.2-1", bank, |spec| spec.replace_statement("0.4.0.19495.2", &psd2(&[], "DK-DFSA", "TEST"))),
    ("GEN-5.2-2", bank, |spec| {
        spec.replace_statement("0.4.0.19495.2", &psd2(&[(1, "PSP_XX")], "DK-DFSA", "TEST"))
    }),
    ("GEN-5.2.2-5", bank, |spec| {
        spec.replace_statement("0.4.0.19495.2", &psd2(&[(1, "PSP_PI")], "DK-DFSA", "TEST"))
    }),
    ("GEN-5.2.3-1", bank, |spec| {
        spec.replace_statement("0.4.0.19495.2", &psd2(&[(1, "PSP_AS")], "DK-DFSA", "Ø"))
    }),
    ("GEN-5.2.3-2", bank, |spec| {
        spec.replace_statement("0.4.0.19495.2", &psd2(&[(1, "PSP_AS")], "DKDFSA", "TEST"))
    }),
    // Units and responders
    ("TSP-2.3", unit, |spec| spec.critical(oids::EXT_KEY_USAGE, false)),
    ("TSP-2.3", unit, |spec| {
        spec.set(oids::EXT_KEY_USAGE, true, purposes(&["1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.2"]));
    }),
    ("TSU-6-PERIOD", unit, |spec| spec.remove(oids::PRIVATE_KEY_USAGE_PERIOD)),
    ("TIS-8.1-01", unit, |spec| spec.set(oids::CERTIFICATE_POLICIES, false, policies(&["0.4.0.2042.1.1"]))),
    ("CSS-6.6.3-01B", responder, |spec| spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[CA, OCSP]))),
    ("OCSP-4.2.2.2.1", responder, |spec| spec.remove(oids::OCSP_NOCHECK)),
    ("OCSP-4.2.2.2", responder, |spec| spec.remove(oids::EXT_KEY_USAGE)),
    // Keys
    ("GEN-4.2.5-1", seal, |spec| spec.spki = ec_key("1.3.132.0.10")),
    ("GEN-4.2.2-1", seal, |spec| {
        spec.algorithm = tlv(0x30, &[&oid_tlv("1.2.840.10045.4.1")]);
        spec.outer_algorithm = spec.algorithm.clone();
    }),
];

#[test]
fn each_defect_is_named_by_its_rule_alone() {
    let mut wrong = Vec::new();
    for (index, (rule, sound, spoil)) in DEFECTS.iter().enumerate() {
        let mut spec = sound();
        spoil(&mut spec);
        let broken = broken(&spec);
        if broken != BTreeSet::from([(*rule).to_owned()]) {
            wrong.push(format!("{index}: {rule}: {broken:?}"));
        }
    }
    println!("{} defects", DEFECTS.len());
    assert!(DEFECTS.len() >= 50);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the Danish terms forbid is told of where a caller says that they count, and nowhere else.
#[test]
fn defects_against_the_danish_terms_are_named() {
    let as_danish = |spec: &Spec| -> BTreeSet<&str> {
        let report = lint::lint_as(&spec.certificate(), "danish-seal-qscd".parse().unwrap());
        report.findings().iter().map(|finding| finding.rule().id()).collect()
    };
    assert_eq!(as_danish(&seal()), BTreeSet::new());
    let defects: [(&str, Spoil); 16] = [
        ("S000-16", |spec| spec.set(oids::EXT_KEY_USAGE, false, purposes(&["1.3.6.1.5.5.7.3.4"]))),
        ("S000-16", |spec| {
            spec.set(oids::SUBJECT_ALT_NAME, false, tlv(0x30, &[&tlv(0x81, &[b"post@example.com"])]));
        }),
        ("S000-16", |spec| spec.subject.push((oids::EMAIL_ADDRESS, 0x16, "a@example.com".into()))),
        ("S000-17", |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[1, 2]))),
        ("S000-17", |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[1, 3]))),
        ("S000-17", |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[1, 4]))),
        ("S000-22", |spec| spec.set(oids::EXT_KEY_USAGE, false, purposes(&["1.3.6.1.5.5.7.3.1"]))),
        ("S000-22", |spec| spec.set(oids::EXT_KEY_USAGE, false, purposes(&["1.3.6.1.5.5.7.3.2"]))),
        ("S000-22", |spec| spec.set(oids::EXT_KEY_USAGE, false, purposes(&["2.5.29.37.0"]))),
        ("S000-25", |spec| spec.statement(limit(b"DKK", 1, 5))),
        ("S000-31", |spec| spec.not_after = utc("260601235958Z")),
        ("S000-31", |spec| spec.not_after = utc("260602000000Z")),
        ("S000-47", |spec| spec.drop_statement("0.4.0.1862.1.5")),
        ("S000-77", |spec| spec.set(oids::BASIC_CONSTRAINTS, true, vec![0x30, 3, 1, 1, 0xff])),
        ("S000-77", |spec| spec.set(oids::KEY_USAGE, true, key_usage(&[1, 5]))),
        ("ENG-28", |spec| spec.set(oid("1.3.6.1.4.1.11129.2.4.2"), false, vec![4, 2, 0, 0])),
    ];
    let of_terms = |id: &str| id.starts_with("S000-") || id.starts_with("ENG-");
    for (rule, spoil) in defects {
        let mut spec = seal();
        spoil(&mut spec);
        let found = as_danish(&spec);
        let terms: Vec<_> = found.iter().filter(|id| of_terms(id)).collect();
        assert_eq!(terms, [&rule], "{found:?}");
        assert!(!broken(&spec).iter().any(|id| of_terms(id)), "{rule} without being asked");
    }
    // Ten days to the second.
    let mut spec = seal();
    spec.not_after = utc("260611115959Z");
    assert_eq!(as_danish(&spec), BTreeSet::new());
}

/// Where pkilint sees a defect too, it names the same requirement.
#[test]
fn pkilint_names_the_same_requirement() {
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    // It has no type for authorities, units and responders, and its edition does not know noRevAvail.
    let judged = [seal, signature, website, bank].map(|sound| sound().to_der());
    let defects: Vec<&Defect> =
        DEFECTS.iter().filter(|(_, sound, _)| judged.contains(&sound().to_der())).collect();
    let scratch = Scratch::new().unwrap();
    let mut seen = 0;
    for (rule, sound, spoil) in &defects {
        let mut spec = sound();
        spoil(&mut spec);
        let file = scratch.write("certificate.cer", &spec.to_der()).unwrap();
        let findings = pkilint.etsi_certificate(&file).unwrap();
        let errors = findings.iter().filter(|finding| finding.severity == "ERROR");
        let theirs = their_errors(errors.map(|finding| finding.code.as_str()));
        let ours = our_errors(&lint::lint(&spec.certificate()));
        assert!(theirs.is_subset(&ours), "{rule}: pkilint {theirs:?}, ours {ours:?}");
        seen += usize::from(!theirs.is_empty());
    }
    println!("pkilint sees {seen} of {} defects as errors against ETSI's standards", defects.len());
    assert!(seen >= 35, "{seen}");
}

/// Two rules fall together: where nothing says how status is learned, both pointers are missing.
#[test]
fn without_status_both_pointers_are_missing() {
    let mut spec = seal();
    spec.remove(oids::CRL_DISTRIBUTION_POINTS);
    spec.set(oids::AUTHORITY_INFO_ACCESS, false, access(&[CA]));
    assert_eq!(broken(&spec), ["GEN-4.3.11-2", "GEN-4.4.1-8"].map(str::to_owned).into());
    let mut spec = assured();
    spec.remove(oids::NO_REV_AVAIL);
    let expected = ["CSS-6.3.10-01B", "GEN-4.3.11-2", "GEN-4.4.1-8"];
    assert_eq!(broken(&spec), expected.map(str::to_owned).into());
}

/// One statement that is no statement, or more than one, does not silence the others.
#[test]
fn malformed_statements_leave_the_others() {
    // A third element, an item that is no SEQUENCE, one without an identifier, an information that is cut short.
    let third = [&[0x30, 0][..], &[5, 0]].concat();
    let odd = [
        statement("1.3.6.1.4.1.32473.9", &third),
        vec![5, 0],
        vec![0x30, 2, 5, 0],
        statement("1.3.6.1.4.1.32473.9", &[4, 9]),
    ];
    for odd in odd {
        let mut spec = seal();
        let before = spec.certificate().extension(oids::QC_STATEMENTS).unwrap().value().to_vec();
        spec.statement(odd.clone());
        assert_eq!(broken(&spec), BTreeSet::from(["PKIX-4.2-SYNTAX".to_owned()]), "{odd:02x?}");
        // In front of all others.
        let mut spec = seal();
        let rest = segl_x509::reader::Reader::new(&before, 0).any().unwrap().content.to_vec();
        spec.set(oids::QC_STATEMENTS, false, tlv(0x30, &[&odd, &rest]));
        let report = lint::lint(&spec.certificate());
        assert_eq!(report.profile().to_string(), "qcp-l-qscd-eidas", "{odd:02x?}");
        let found: BTreeSet<&str> = report.findings().iter().map(|one| one.rule().id()).collect();
        assert_eq!(found, BTreeSet::from(["PKIX-4.2-SYNTAX"]), "{odd:02x?}");
    }
    // Beside it QcCompliance counts: what the annex asks is still asked.
    let mut spec = seal();
    spec.statement(statement("1.3.6.1.4.1.32473.9", &third));
    spec.drop_statement("0.4.0.1862.1.6");
    let report = lint::lint(&spec.certificate());
    assert!(report.offends_annex(), "{report:#?}");
}

/// A unit whose purpose is another one is told so where a caller says that it is a unit.
#[test]
fn a_unit_stamps_time_and_nothing_else() {
    for others in [&["1.3.6.1.5.5.7.3.4"][..], &["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.8"], &[]] {
        let mut spec = unit();
        match others {
            [] => spec.remove(oids::EXT_KEY_USAGE),
            others => spec.set(oids::EXT_KEY_USAGE, true, purposes(others)),
        }
        let report = lint::lint_as(&spec.certificate(), "tsu".parse().unwrap());
        let found: Vec<&str> = report.findings().iter().map(|one| one.rule().id()).collect();
        assert_eq!(found, ["TSP-2.3"], "{others:?}");
    }
}

/// What the standards allow beside the usual form has no finding of an error.
#[test]
fn payment_services_under_another_identifier_are_allowed() {
    let mut spec = bank();
    spec.subject[2].2 = "NTRDK-12345674".into();
    let report = lint::lint(&spec.certificate());
    let found: Vec<_> = report.findings().iter().map(|one| (one.rule().id(), one.severity())).collect();
    assert_eq!(found, [("GEN-5.2.1-3", Severity::Warning)]);
}

/// A life of a whole day, both ends counted, is not shorter than one.
#[test]
fn what_is_assured_lives_shorter_than_a_day() {
    for (end, errors) in [("260602115958Z", 0), ("260602115959Z", 1)] {
        let mut spec = assured();
        spec.not_after = utc(end);
        let report = lint::lint(&spec.certificate());
        assert_eq!(report.at_least(Severity::Error).count(), errors, "{end}: {report:#?}");
    }
}

/// A certificate without extensions is told of once.
#[test]
fn without_extensions() {
    let mut spec = seal();
    spec.extensions.clear();
    assert_eq!(broken(&spec), BTreeSet::from(["PKIX-4.1.2.9".to_owned()]));
}

/// What a hostile certificate repeats is told of a few times, in no time. These have most of the megabyte that is read.
#[test]
fn many_faults_are_bounded() {
    let hostile = "x".repeat(2_000);
    let mut names = website();
    names.subject.extend((0..400).map(|_| (oids::COMMON_NAME, UTF8, hostile.clone())));
    let domains: Vec<String> = (0..2_000).map(|number| format!("{number}.example.com")).collect();
    names.set(
        oids::SUBJECT_ALT_NAME,
        false,
        dns_names(&domains.iter().map(String::as_str).collect::<Vec<_>>()),
    );

    let mut extensions = seal();
    for number in 0..30_000 {
        for _ in 0..2 {
            let unknown = oid(&format!("1.2.{}.{}", number / 120, number % 120));
            extensions.add(unknown, true, Vec::new());
        }
    }
    let mut statements = bank();
    let many: Vec<u8> = (0..40_000).flat_map(|_| statement("0.4.0.1862.1.6", &[])).collect();
    statements.statement(many);
    let mut semantics_many = seal();
    let many: Vec<u8> = (0..30_000).flat_map(|_| semantics("0.4.0.194121.1.2")).collect();
    semantics_many
        .subject
        .extend((0..5_000).map(|_| (oids::ORGANIZATION_IDENTIFIER, UTF8, "EI:SE-1".into())));
    semantics_many.statement(many);
    for spec in [names, extensions, statements, semantics_many] {
        let certificate = spec.certificate();
        println!("{} bytes", certificate.as_der().len());
        let start = std::time::Instant::now();
        let report = lint::lint(&certificate);
        let shown = segl_cert::Description::of(&certificate).to_string();
        println!("{:?}", start.elapsed());
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
        assert!(report.findings().len() < 200);
        assert!(report.findings().iter().all(|finding| finding.message().chars().count() < 300));
        assert!(shown.lines().count() < 1_000 && shown.len() < 1 << 20);
    }
}

/// A shortened certificate is no certificate, and one with a changed octet is linted without a panic.
#[test]
fn any_octet_may_change() {
    let der = bank().to_der();
    for position in 0..der.len() {
        for value in [0x00, 0x30, 0x7f, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[position] = value;
            if let Ok(certificate) = segl_x509::Certificate::from_der(&changed) {
                let report = lint::lint(&certificate);
                assert!(report.at_least(Severity::Notice).count() <= 16 * lint::rules().count());
            }
        }
    }
}
