//! NIST's PKITS, as far as it is not about revocation.
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
use segl_path::{Anchors, InitialPolicies, Parameters, Pool, find};
use segl_x509::{Certificate, ObjectIdentifier, Oid};

/// Cases whose valid outcome needs DSA, which is not verified here.
const DSA: [&str; 2] = ["40104", "40105"];

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

struct Case {
    id: String,
    name: String,
    leaf: String,
    others: Vec<String>,
    parameters: String,
    is_valid: bool,
    concern: String,
}

fn cases(folder: &FilePath) -> Vec<Case> {
    let table = fs::read_to_string(folder.join("pkits-expected.tsv")).unwrap();
    table
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Case {
                id: fields[0].to_owned(),
                name: fields[1].to_owned(),
                leaf: fields[2].to_owned(),
                others: fields[3].split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
                parameters: fields[7].to_owned(),
                is_valid: fields[8] == "yes",
                concern: fields.get(9).copied().unwrap_or_default().to_owned(),
            }
        })
        .collect()
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
fn cases_not_about_revocation() {
    let Some(folder) = pkits() else { return };
    let read =
        |name: &str| Certificate::from_der(&fs::read(folder.join("certs").join(name)).unwrap()).unwrap();
    let anchors = Anchors::from_certificates([read("TrustAnchorRootCertificate.crt")]);
    let time = Time::from_civil(2022, 1, 1, 0, 0, 0).unwrap();
    let (mut agreed, mut about_revocation, mut wrong) = (0, 0, Vec::new());
    for case in cases(&folder) {
        if !case.is_valid && case.concern != "path" {
            about_revocation += 1;
            continue;
        }
        let pool: Pool = case.others.iter().map(|name| read(name)).collect();
        let parameters = Parameters::at(time).policies(policies(&case.parameters));
        let outcome = find(&read(&case.leaf), &pool, &anchors, &parameters);
        let expected = case.is_valid && !DSA.contains(&case.id.as_str());
        if outcome.is_ok() == expected {
            agreed += 1;
        } else {
            let told = outcome.err().map(|error| error.to_string());
            wrong.push(format!("{} {}: {told:?}", case.id, case.name));
        }
    }
    println!("{agreed} as expected, {about_revocation} about revocation left out");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agreed > 190);
}

/// With every certificate of PKITS as a candidate the outcomes stay the same and the search stays small.
#[test]
fn a_crowded_pool_changes_nothing() {
    let Some(folder) = pkits() else { return };
    let read =
        |name: &str| Certificate::from_der(&fs::read(folder.join("certs").join(name)).unwrap()).unwrap();
    let anchors = Anchors::from_certificates([read("TrustAnchorRootCertificate.crt")]);
    let mut names: Vec<String> = fs::read_dir(folder.join("certs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let pool: Pool = names.iter().map(|name| read(name)).collect();
    let reversed: Pool = names.iter().rev().map(|name| read(name)).collect();
    let time = Time::from_civil(2022, 1, 1, 0, 0, 0).unwrap();
    for case in cases(&folder).iter().filter(|case| case.is_valid && !DSA.contains(&case.id.as_str())) {
        let parameters = Parameters::at(time).policies(policies(&case.parameters));
        let leaf = read(&case.leaf);
        let one = find(&leaf, &pool, &anchors, &parameters).unwrap();
        let other = find(&leaf, &reversed, &anchors, &parameters).unwrap();
        assert_eq!(one, other, "{}", case.name);
    }
}
