//! NIST's PKITS with revocation: paths of which every certificate is covered by a CRL.
//!
//! What differs needs DSA, a CRL signed with another key of the issuer, or an indirect, partial or delta CRL.
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
use segl_evidence::{Material, cover_path};
use segl_path::{Anchors, InitialPolicies, Parameters, find_all};
use segl_revocation::CrlView;
use segl_x509::{Certificate, ObjectIdentifier, Oid};

fn pkits() -> Option<PathBuf> {
    let found = FilePath::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/corpus/pkits"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: ../shared is not here");
    }
    found
}

/// The few JSON shapes the table has.
fn policies(parameters: &str) -> InitialPolicies {
    let has = |flag: &str| parameters.contains(&format!("\"{flag}\": true"));
    let acceptable = parameters.split_once('[').map(|(_, rest)| {
        let list = rest.split_once(']').unwrap().0;
        list.split(',')
            .map(|oid| Oid::from(ObjectIdentifier::new_unwrap(oid.trim().trim_matches('"'))))
            .collect()
    });
    InitialPolicies {
        acceptable,
        require_explicit: has("initial_explicit_policy"),
        inhibit_mapping: has("initial_policy_mapping_inhibit"),
        inhibit_any: has("initial_any_policy_inhibit"),
    }
}

#[test]
fn cases_with_revocation() {
    let Some(folder) = pkits() else { return };
    let certificate =
        |name: &str| Certificate::from_der(&fs::read(folder.join("certs").join(name)).unwrap()).unwrap();
    let anchors = Anchors::from_certificates([certificate("TrustAnchorRootCertificate.crt")]);
    let root_crl = CrlView::from_der(&fs::read(folder.join("crls/TrustAnchorRootCRL.crl")).unwrap()).unwrap();
    let time = Time::from_civil(2022, 1, 1, 0, 0, 0).unwrap();
    let (mut agreed, mut wrong) = (0, Vec::new());
    for line in fs::read_to_string(folder.join("pkits-expected.tsv")).unwrap().lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let mut material = Material::new();
        material.add_crl(root_crl.clone());
        for name in fields[3].split('|').filter(|name| !name.is_empty()) {
            material.add_certificate(certificate(name));
        }
        for name in fields[4].split('|').filter(|name| !name.is_empty()) {
            if let Ok(crl) = CrlView::from_der(&fs::read(folder.join("crls").join(name)).unwrap()) {
                material.add_crl(crl);
            }
        }
        let parameters = Parameters::at(time).policies(policies(fields[7]));
        let found = find_all(&certificate(fields[2]), material.certificates(), &anchors, &parameters, 8);
        let is_good = found.paths.iter().any(|path| {
            fields[6] == "no" || cover_path(path, &material, time).iter().all(|link| link.cover.counts())
        });
        if is_good == (fields[8] == "yes") {
            agreed += 1;
        } else {
            wrong.push(format!("{} {} {is_good}", fields[0], fields[1]));
        }
    }
    println!("{agreed} as expected\n{}", wrong.join("\n"));
    assert!(agreed >= 220, "{}", wrong.join("\n"));
}
