//! NIST's PKITS, as far as it is not about revocation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_path::{Anchors, InitialPolicies, Parameters, Pool, find};
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
fn cases_not_about_revocation() {
    let Some(pkits) = Pkits::find() else { return };
    let read = |name: &str| Certificate::from_der(&pkits.certificate(name)).unwrap();
    let anchors = Anchors::from_certificates([Certificate::from_der(&pkits.anchor()).unwrap()]);
    let (mut agreed, mut about_revocation, mut wrong) = (0, 0, Vec::new());
    for case in pkits.cases() {
        if !case.is_valid && case.concern != "path" {
            about_revocation += 1;
            continue;
        }
        let pool: Pool = case.others.iter().map(|name| read(name)).collect();
        let parameters = Parameters::at(TIME).policies(policies(&case.policies));
        let outcome = find(&read(&case.leaf), &pool, &anchors, &parameters);
        if outcome.is_ok() == case.is_valid {
            agreed += 1;
        } else {
            let told = outcome.err().map(|error| error.to_string());
            wrong.push(format!("{} {}: {told:?}", case.id, case.name));
        }
    }
    println!("{agreed} as expected, {about_revocation} about revocation left out");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((agreed, about_revocation), (200, 46), "none is skipped");
}

/// With every certificate of PKITS as a candidate the outcomes stay the same and the search stays small.
#[test]
fn a_crowded_pool_changes_nothing() {
    let Some(pkits) = Pkits::find() else { return };
    let read = |name: &str| Certificate::from_der(&pkits.certificate(name)).unwrap();
    let anchors = Anchors::from_certificates([Certificate::from_der(&pkits.anchor()).unwrap()]);
    let names = pkits.certificates();
    let pool: Pool = names.iter().map(|name| read(name)).collect();
    let reversed: Pool = names.iter().rev().map(|name| read(name)).collect();
    for case in pkits.cases().iter().filter(|case| case.is_valid) {
        let parameters = Parameters::at(TIME).policies(policies(&case.policies));
        let leaf = read(&case.leaf);
        let one = find(&leaf, &pool, &anchors, &parameters).unwrap();
        let other = find(&leaf, &reversed, &anchors, &parameters).unwrap();
        assert_eq!(one, other, "{}", case.name);
    }
}
