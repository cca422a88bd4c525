//! The reference seals, over time, against the verdicts that EU DSS gave.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use segl_ades::{Evidence, Signature};
use segl_crypto::Time;
use segl_path::Anchors;
use segl_pdf::Document;
use segl_validate::{Check, CoveredKind, Policy, SignatureReport, validate, validate_timestamp};
use segl_x509::Certificate;

fn reference() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/corpus/reference"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared is not here");
    }
    found
}

struct Row {
    path: String,
    time: String,
    format: String,
    indication: String,
    best_time: String,
    with_status: String,
}

fn rows(folder: &Path) -> Vec<Row> {
    fs::read_to_string(folder.join("reference-expected.tsv"))
        .unwrap()
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let sub = if fields[4].is_empty() { String::new() } else { format!("/{}", fields[4]) };
            Row {
                path: fields[0].to_owned(),
                time: fields[1].to_owned(),
                format: fields[2].to_owned(),
                indication: format!("{}{sub}", fields[3]),
                best_time: fields[5].to_owned(),
                with_status: fields[7].to_owned(),
            }
        })
        .collect()
}

fn signatures(file: &Path) -> Vec<Signature> {
    let bytes = fs::read(file).unwrap();
    let document = Document::open(bytes).unwrap();
    segl_pades::read(&document).unwrap().into_signatures()
}

fn anchors(folder: &Path) -> Anchors {
    Anchors::from_certificates([Certificate::from_der(&fs::read(folder.join("root.cer")).unwrap()).unwrap()])
}

/// CRLs and OCSP responses that lie beside the file.
fn status_beside(folder: &Path) -> Evidence {
    let read = |name: &str| fs::read(folder.join(name)).ok();
    Evidence {
        certificates: Vec::new(),
        crls: ["root.crl", "ca.crl"].into_iter().filter_map(read).collect(),
        ocsp_responses: ["seal.ors"].into_iter().filter_map(read).collect(),
    }
}

fn judge(signatures: &[Signature], evidence: &Evidence, anchors: &Anchors, time: &str) -> SignatureReport {
    let time: Time = time.parse().unwrap();
    let report = validate(signatures, evidence, anchors, time, &Policy::default());
    assert_eq!(report.signatures.len(), 1);
    report.signatures.into_iter().next().unwrap()
}

/// Where we answer otherwise on purpose: EU DSS does not hold the claimed signing time against the certificate's validity
/// in past validation, and reports another doubt first once the last time-stamp is over.
fn divergence(row: &Row) -> Option<&'static str> {
    let late = row.time.as_str() >= "2027";
    match row.path.as_str() {
        "edge/m-before-notbefore.pdf" if late && row.time.as_str() < "2038" => {
            Some("INDETERMINATE/SIG_CONSTRAINTS_FAILURE")
        }
        _ => None,
    }
}

#[test]
fn verdicts_over_time_are_those_of_the_reference() {
    let Some(root) = reference() else { return };
    let rows = rows(&root);
    let mut files: BTreeMap<&str, Vec<Signature>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in &rows {
        let file = root.join(&row.path);
        let folder = file.parent().unwrap();
        let read = files.entry(&row.path).or_insert_with(|| signatures(&file));
        let found = judge(read, &Evidence::default(), &anchors(folder), &row.time);
        let expected = divergence(row).unwrap_or(&row.indication);
        let mut told = Vec::new();
        if found.indication.to_string() != *expected {
            let reason = found.reason().map(ToString::to_string).unwrap_or_default();
            told.push(format!("{} for {expected} ({reason})", found.indication));
        }
        if found.format.to_string() != row.format {
            told.push(format!("{} for {}", found.format, row.format));
        }
        if found.indication.is_passed() && found.best_signature_time.to_string() != row.best_time {
            told.push(format!("best time {} for {}", found.best_signature_time, row.best_time));
        }
        if !told.is_empty() {
            wrong.push(format!("{} at {}: {}", row.path, row.time, told.join(", ")));
        }
    }
    println!("{} rows", rows.len());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn status_beside_the_file_counts() {
    let Some(root) = reference() else { return };
    let mut wrong = Vec::new();
    let rows = rows(&root);
    for row in rows.iter().filter(|row| !row.with_status.is_empty()) {
        let file = root.join(&row.path);
        let folder = file.parent().unwrap();
        let found = judge(&signatures(&file), &status_beside(folder), &anchors(folder), &row.time);
        let told = format!("{} {}", found.format, found.indication).replace('/', " ");
        if told != row.with_status {
            wrong.push(format!("{} at {}: {told} for {}", row.path, row.time, row.with_status));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// One octet of what is covered, of the value, of the certificate: each change has its own verdict.
#[test]
fn changed_signatures_fail_for_the_right_reason() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let (anchors, time) = (anchors(&folder), "2026-11-22T03:30:00Z");
    let good = signatures(&folder.join("lta.pdf"));
    let verdict = |change: &dyn Fn(&mut Signature)| {
        let mut changed = good.clone();
        change(&mut changed[0]);
        judge(&changed, &Evidence::default(), &anchors, time).indication.to_string()
    };
    assert_eq!(verdict(&|_| {}), "TOTAL_PASSED");
    assert_eq!(
        verdict(&|one| one.content[0].found = one.timestamps[0].imprint.clone()),
        "TOTAL_FAILED/HASH_FAILURE"
    );
    assert_eq!(verdict(&|one| one.content[0].found = None), "INDETERMINATE/SIGNED_DATA_NOT_FOUND");
    assert_eq!(verdict(&|one| one.content.clear()), "INDETERMINATE/SIGNED_DATA_NOT_FOUND");
    assert_eq!(verdict(&|one| one.signed_bytes[40] ^= 1), "TOTAL_FAILED/SIG_CRYPTO_FAILURE");
    assert_eq!(
        verdict(&|one| one.properties.signing_certificate[0].digest = None),
        "INDETERMINATE/NO_SIGNING_CERTIFICATE_FOUND"
    );
    assert_eq!(
        verdict(&|one| one.properties.claimed_signing_time = None),
        "INDETERMINATE/SIG_CONSTRAINTS_FAILURE"
    );
    let untrusted = judge(&good, &Evidence::default(), &Anchors::new(), time).indication.to_string();
    assert_eq!(untrusted, "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND");
}

/// A time-stamp over something else proves nothing: the 12-hour seal is then judged as of now.
#[test]
fn a_time_stamp_over_something_else_proves_nothing() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let mut changed = signatures(&folder.join("lta.pdf"));
    for claim in &mut changed[0].timestamps {
        claim.imprint = None;
    }
    let found = judge(&changed, &Evidence::default(), &anchors(&folder), "2026-12-03T02:30:00Z");
    assert_eq!(found.indication.to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NOT_REVOKED");
    assert!(found.timestamps.iter().all(|stamp| stamp.imprint_intact.is_none()));
}

/// The order of evidence, signatures and time-stamps is nobody's business.
#[test]
fn order_changes_nothing() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h-renewed");
    let anchors = anchors(&folder);
    let straight = signatures(&folder.join("lta-renewed.pdf"));
    let mut reversed = straight.clone();
    reversed[0].timestamps.reverse();
    reversed[0].evidence.certificates.reverse();
    reversed[0].evidence.crls.reverse();
    for time in ["2026-11-22T03:30:00Z", "2029-12-22T02:30:00Z", "2036-11-20T02:30:00Z"] {
        let one = judge(&straight, &Evidence::default(), &anchors, time);
        let two = judge(&reversed, &Evidence::default(), &anchors, time);
        assert_eq!(
            (one.indication, one.best_signature_time),
            (two.indication, two.best_signature_time),
            "{time}"
        );
    }
}

/// A token carries no status: with the root alone it stays in doubt, with the root's CRL beside it passes.
#[test]
fn a_token_by_itself_needs_status_beside_it() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let signatures = signatures(&folder.join("t.pdf"));
    let claim = &signatures[0].timestamps[0];
    let anchors = anchors(&folder);
    let time: Time = "2026-11-22T03:30:00Z".parse().unwrap();
    let judge =
        |evidence: &Evidence, at: Time| validate_timestamp(claim, evidence, &anchors, at, &Policy::default());
    let alone = judge(&Evidence::default(), time);
    assert_eq!(alone.conclusion.to_string(), "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE");
    let beside = judge(&status_beside(&folder), time);
    assert_eq!(beside.conclusion.to_string(), "PASSED");
    assert_eq!(beside.imprint_intact, Some(true));
    assert_eq!(beside.time.unwrap().to_string(), "2026-11-22T02:30:02Z");
    let late = judge(&status_beside(&folder), "2038-11-20T02:30:00Z".parse().unwrap());
    assert_eq!(late.conclusion.to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NOT_REVOKED");
}

/// Each time-stamp says how exact it is, what it claims to be, and what lies in its octets (S000-13).
#[test]
fn a_time_stamp_says_what_it_covers_and_how_exactly() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let good = signatures(&folder.join("lta.pdf"));
    let (anchors, time) = (anchors(&folder), "2026-11-22T03:30:00Z");
    let found = judge(&good, &Evidence::default(), &anchors, time);
    let [over_value, over_file] = found.timestamps.as_slice() else { panic!("two time-stamps") };
    for stamp in [over_value, over_file] {
        assert!(stamp.accuracy.is_some_and(|accuracy| accuracy <= Duration::from_secs(1)));
        assert!(stamp.policy.is_some());
    }
    let kinds = |stamp: &segl_validate::TimestampReport| {
        stamp.covered.objects.iter().map(|object| (object.kind, object.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(kinds(over_value), [(CoveredKind::Signature, found.id.clone())]);
    assert_eq!((over_value.covered.octets, over_value.covered.others), (None, 0));
    let covered = &over_file.covered;
    assert!(kinds(over_file).starts_with(&[
        (CoveredKind::Signature, found.id.clone()),
        (CoveredKind::Timestamp, over_value.id.clone())
    ]));
    assert_eq!(covered.octets, good[0].timestamps[1].covered_until);
    for kind in [CoveredKind::Certificate, CoveredKind::Crl, CoveredKind::OcspResponse] {
        assert!(covered.count(kind) > 0, "{kind}");
    }
    let mut changed = good.clone();
    changed[0].timestamps[1].imprint = changed[0].timestamps[0].imprint.clone();
    let found = judge(&changed, &Evidence::default(), &anchors, time);
    assert_eq!(found.timestamps[1].covered, segl_validate::Covered::default());
}

/// A certificate that lives for one seal is told when it made two, in one file or in several (S000-33).
#[test]
fn a_short_lived_certificate_that_made_two_seals_is_told() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let (anchors, time): (_, Time) = (anchors(&folder), "2026-11-22T03:30:00Z".parse().unwrap());
    let one = signatures(&folder.join("lta.pdf"));
    let told = |report: &segl_validate::Report| {
        let lines = report.signatures.iter().flat_map(|signature| signature.lines());
        let lines = lines.filter(|line| line.check == Check::CertificateForOneSeal);
        lines.map(|line| line.detail.rsplit(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let judged = |signatures: &[Signature], policy: &Policy| {
        validate(signatures, &Evidence::default(), &anchors, time, policy)
    };
    // A copy is the same seal; another value is another one.
    let mut second = one[0].clone();
    second.id = "Second".to_owned();
    assert!(told(&judged(&[one[0].clone(), second.clone()], &Policy::default())).is_empty());
    second.value = segl_crypto::SignatureValue::from_raw_ecdsa(&[1; 64]).unwrap();
    let both = [one[0].clone(), second.clone()];
    assert_eq!(told(&judged(&both, &Policy::default())), ["Second", one[0].id.as_str()]);
    let mut strict = Policy::default();
    strict.signature.one_seal.0 = segl_validate::Level::Fail;
    let report = judged(&both, &strict);
    assert_eq!(report.signatures[0].indication.to_string(), "INDETERMINATE/SIG_CONSTRAINTS_FAILURE");
    assert_eq!(report.signatures[0].reason().unwrap().check, Check::CertificateForOneSeal);
    strict.signature.one_seal.1 = Duration::from_secs(3600);
    assert!(told(&judged(&both, &strict)).is_empty(), "the certificate lives longer");
    // In another file.
    let mut met = segl_validate::SealsMet::new();
    let mut first = judged(&one, &Policy::default());
    met.add("a.pdf", &mut first, &Policy::default());
    assert!(told(&first).is_empty());
    let mut other = judged(&[second], &Policy::default());
    met.add("b.pdf", &mut other, &Policy::default());
    assert_eq!(told(&other), [format!("{} in a.pdf", one[0].id)]);
}

/// What is reported can be read by a person: the check that decided is the reason.
#[test]
fn the_reason_is_the_check_that_decided() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let found = judge(
        &signatures(&folder.join("b.pdf")),
        &Evidence::default(),
        &anchors(&folder),
        "2026-11-22T03:30:00Z",
    );
    let reason = found.reason().unwrap();
    assert_eq!(reason.check, Check::RevocationAvailable);
    assert!(reason.detail.contains("TEST"), "{reason}");
    assert_eq!(found.signature_intact, Some(true));
    assert_eq!(found.chain.len(), 3);
}

/// Evidence with an octet changed or its end cut off: a verdict, never a stop; and never a pass without what the pass needs.
#[test]
fn damaged_evidence_never_helps() {
    let Some(root) = reference() else { return };
    let folder = root.join("12h");
    let anchors = anchors(&folder);
    let good = signatures(&folder.join("lta.pdf"));
    let time = "2036-11-20T02:30:00Z";
    for step in 0..12 {
        let mut changed = good.clone();
        let damage = |piece: &mut Vec<u8>| {
            let at = piece.len() * step / 12;
            piece[at] ^= 0x41;
            if step % 3 == 0 {
                piece.truncate(at);
            }
        };
        changed[0].evidence.crls.iter_mut().for_each(damage);
        changed[0].evidence.ocsp_responses.iter_mut().for_each(damage);
        let found = judge(&changed, &Evidence::default(), &anchors, time);
        assert_eq!(found.indication.to_string(), "INDETERMINATE/CERTIFICATE_CHAIN_GENERAL_FAILURE", "{step}");

        let mut changed = good.clone();
        for claim in &mut changed[0].timestamps {
            // The end of a token is its signature value; the certificates before it are not protected by it.
            let at = claim.token.len() - 1 - step * 8;
            claim.token[at] ^= 0x41;
        }
        let found = judge(&changed, &Evidence::default(), &anchors, time);
        assert!(!found.indication.is_passed(), "{step}: a pass with broken time-stamps");

        let mut changed = good.clone();
        changed[0].evidence.certificates.iter_mut().for_each(damage);
        let _ = judge(&changed, &Evidence::default(), &anchors, time);
    }
}
