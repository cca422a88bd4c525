//! The certificates and status information of the reference seals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use segl_crypto::Time;
use segl_evidence::{Cover, Gathered, Gatherer, Need, SupplyError, Target};
use segl_path::Anchors;
use segl_revocation::WhyUnknown;
use segl_x509::Certificate;

fn reference(folder: &str) -> Option<PathBuf> {
    let found = FilePath::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|parent| parent.join("shared/corpus/reference").join(folder))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared is not here");
    }
    found
}

fn certificate(folder: &FilePath, name: &str) -> Certificate {
    Certificate::from_der(&fs::read(folder.join(name)).unwrap()).unwrap()
}

fn gatherer(folder: &FilePath, time: &str) -> Gatherer {
    let anchors = Anchors::from_certificates([certificate(folder, "root.cer")]);
    let mut gatherer = Gatherer::new(anchors, time.parse().unwrap());
    gatherer.cover(Target::signer(certificate(folder, "seal.cer")));
    gatherer.cover(Target::time_stamp_unit(certificate(folder, "tsu.cer")));
    gatherer
}

fn run(mut gatherer: Gatherer, mut fetch: impl FnMut(&Need) -> Option<Vec<u8>>) -> Gathered {
    while let Some(need) = gatherer.poll_need() {
        let answer = fetch(&need);
        let _ = gatherer.supply(&need, answer.as_deref());
    }
    gatherer.finish()
}

/// Everything is asked for once and in an order that can be fetched, and then the set is complete.
#[test]
fn a_seal_with_pointers_is_covered() {
    let Some(folder) = reference("12h") else { return };
    let mut asked = Vec::new();
    let gathered = run(gatherer(&folder, "2026-11-22T02:31:00Z"), |need| {
        asked.push((need.certificate().subject().to_string(), need.urls().len()));
        let name = match need {
            Need::Issuer { .. } => "ca.cer",
            Need::Ocsp { .. } => "seal.ors",
            _ => "root.crl",
        };
        Some(fs::read(folder.join(name)).unwrap())
    });
    assert!(gathered.is_complete(), "{:?}", gathered.open().collect::<Vec<_>>());
    // Issuer of the seal, its status, and the root's CRL, which covers authority and unit at once.
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|(_, urls)| *urls == 1));
    let evidence = &gathered.evidence;
    assert_eq!((evidence.crls.len(), evidence.ocsp_responses.len()), (1, 1));
    // Seal, authority, root, responder, unit.
    assert_eq!(evidence.certificates.len(), 5);
    assert!(gathered.evidence_beside(evidence).is_empty());
}

#[test]
fn a_validity_assured_seal_needs_no_status_of_its_own() {
    let Some(folder) = reference("12h-assured") else { return };
    let gathered = run(gatherer(&folder, "2026-11-22T02:31:00Z"), |need| match need {
        Need::Issuer { .. } => Some(fs::read(folder.join("ca.cer")).unwrap()),
        Need::Crl { .. } => Some(fs::read(folder.join("root.crl")).unwrap()),
        _ => panic!("not needed: {need:?}"),
    });
    assert!(gathered.is_complete());
    assert!(gathered.evidence.ocsp_responses.is_empty());
    assert_eq!(gathered.links[0].cover, Cover::Exempt);
}

#[test]
fn what_cannot_be_had_shows() {
    let Some(folder) = reference("12h") else { return };
    let time = "2026-11-22T02:31:00Z";
    let nothing = run(gatherer(&folder, time), |_| None);
    assert_eq!(nothing.without_path.len(), 1, "no issuer of the seal");
    assert!(!nothing.is_complete());

    let mut kinds = Vec::new();
    let no_status = run(gatherer(&folder, time), |need| match need {
        Need::Issuer { .. } => Some(fs::read(folder.join("ca.cer")).unwrap()),
        Need::Ocsp { .. } => {
            kinds.push("ocsp");
            None
        }
        _ => {
            kinds.push("crl");
            None
        }
    });
    assert_eq!(kinds, ["ocsp", "crl", "crl", "crl"], "a CRL stands in for OCSP");
    assert_eq!(no_status.open().count(), 3);
}

/// The wrong answer is named and not kept; the right one is taken later.
#[test]
fn answers_that_prove_nothing_are_refused() {
    let Some(folder) = reference("12h") else { return };
    let (Some(edge), Some(other)) = (reference("edge"), reference("10d")) else { return };
    let mut gatherer = gatherer(&folder, "2026-11-22T02:31:00Z");
    let issuer = gatherer.poll_need().unwrap();
    let wrong = fs::read(edge.join("root.cer")).unwrap();
    assert!(matches!(gatherer.supply(&issuer, Some(&wrong)), Err(SupplyError::NotTheIssuer { .. })));
    assert!(matches!(gatherer.supply(&issuer, Some(b"0")), Err(SupplyError::Certificate(_))));
    gatherer.supply(&issuer, Some(&fs::read(folder.join("ca.cer")).unwrap())).unwrap();
    let status = gatherer.poll_need().unwrap();
    assert!(matches!(status, Need::Ocsp { .. }));
    let of_another = fs::read(other.join("seal.ors")).unwrap();
    assert!(matches!(
        gatherer.supply(&status, Some(&of_another)),
        Err(SupplyError::ProvesNothing { why: WhyUnknown::OcspSignature(_) | WhyUnknown::NotMentioned, .. })
    ));
    gatherer.supply(&status, Some(&fs::read(folder.join("seal.ors")).unwrap())).unwrap();
    assert!(matches!(gatherer.poll_need(), Some(Need::Crl { .. })));
}

/// Status from the time after the one in question is not used.
#[test]
fn status_from_the_future_does_not_count() {
    let Some(folder) = reference("12h") else { return };
    let seal = certificate(&folder, "seal.cer");
    let gathered = run(gatherer(&folder, &seal.not_before().to_string()), |need| {
        Some(
            fs::read(folder.join(match need {
                Need::Issuer { .. } => "ca.cer",
                Need::Ocsp { .. } => "seal.ors",
                _ => "root.crl",
            }))
            .unwrap(),
        )
    });
    let open: Vec<Time> = gathered.open().map(|link| link.certificate.not_before()).collect();
    assert_eq!(open, [seal.not_before()]);
}
