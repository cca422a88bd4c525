//! NIST's PKITS with revocation: paths of which every certificate is covered by CRLs, every case as NIST expects.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use segl_evidence::{Cover, Material, cover_path_with};
use segl_path::{Anchors, InitialPolicies, Parameters, find_all};
use segl_revocation::{CrlView, Freshness};
use segl_testkit::pkits::{Pkits, Policies, TIME};
use segl_x509::{Certificate, ObjectIdentifier, Oid};

fn policies(wanted: &Policies) -> InitialPolicies {
    let acceptable = wanted.acceptable.as_ref();
    InitialPolicies {
        acceptable: acceptable
            .map(|list| list.iter().map(|oid| Oid::from(oid.parse::<ObjectIdentifier>().unwrap())).collect()),
        require_explicit: wanted.require_explicit,
        inhibit_mapping: wanted.inhibit_mapping,
        inhibit_any: wanted.inhibit_any,
    }
}

#[test]
fn cases_with_revocation() {
    let Some(pkits) = Pkits::find() else { return };
    let certificate = |name: &str| Certificate::from_der(&pkits.certificate(name)).unwrap();
    let anchors = Anchors::from_certificates([Certificate::from_der(&pkits.anchor()).unwrap()]);
    let root_crl = CrlView::from_der(&pkits.anchor_crl()).unwrap();
    let current = Freshness::Current { grace: Duration::ZERO };
    let (mut agreed, mut wrong) = (0, Vec::new());
    for case in pkits.cases() {
        let mut material = Material::new();
        material.add_crl(root_crl.clone());
        for name in &case.others {
            material.add_certificate(certificate(name));
        }
        for crl in case.crls.iter().filter_map(|name| CrlView::from_der(&pkits.crl(name)).ok()) {
            material.add_crl(crl);
        }
        let parameters = Parameters::at(TIME).policies(policies(&case.policies));
        let found = find_all(&certificate(&case.leaf), material.certificates(), &anchors, &parameters, 8);
        let is_good = found.paths.iter().any(|path| {
            !case.revocation
                || cover_path_with(path, &material, TIME, current).iter().all(|link| link.cover.counts())
        });
        // What NIST calls revoked is not merely unknown.
        let is_revoked = found.paths.iter().any(|path| {
            let links = cover_path_with(path, &material, TIME, current);
            links.iter().any(|link| matches!(link.cover, Cover::Revoked(_)))
        });
        if is_good == case.is_valid && (case.concern != "revoked" || is_revoked) {
            agreed += 1;
        } else {
            wrong.push(format!("{} {} {is_good}", case.id, case.name));
        }
    }
    println!("{agreed} as expected\n{}", wrong.join("\n"));
    assert!(agreed > 240 && wrong.is_empty(), "{}", wrong.join("\n"));
}
