//! The lint beside pkilint over certificates of others: what each holds against them, rule by rule, and why it differs.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use segl_cert::lint::{self, Profile};
use segl_testkit::{
    corpus,
    peers::{Pkilint, Scratch},
};
use segl_x509::Certificate;
use verdicts::{our_errors, their_errors};

/// A difference, and the certificates that show it. Of a rule: who alone names it, and its document and identifier. Of a profile:
/// what pkilint takes the certificate for, and what we do.
type Differences = BTreeMap<(String, String), BTreeSet<String>>;

/// The differences in the table, each with how many certificates show it.
fn explained(table: &toml::Table, kind: &str, keys: [&str; 2]) -> BTreeMap<(String, String), i64> {
    let text = |entry: &toml::Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let entries = table[kind].as_array().unwrap().iter().map(|entry| {
        assert!(!text(entry, "reason").is_empty());
        let key = (text(entry, keys[0]), text(entry, keys[1]));
        (key, entry["certificates"].as_integer().unwrap())
    });
    entries.collect()
}

/// Fails with the differences that have no reason, and the reasons that have no difference.
fn assert_explained(found: &Differences, explained: &BTreeMap<(String, String), i64>) {
    let counted = |(key, files): (&(String, String), &BTreeSet<String>)| {
        (key.clone(), i64::try_from(files.len()).unwrap())
    };
    let found_counts: BTreeMap<_, _> = found.iter().map(counted).collect();
    for (key, files) in found.iter().filter(|(key, _)| explained.get(*key) != found_counts.get(*key)) {
        println!("{key:?}: {} certificates, the table says {:?}", files.len(), explained.get(key));
        for file in files {
            println!("    {file}");
        }
    }
    assert_eq!(&found_counts, explained, "differences (left) and their reasons (right)");
}

#[test]
fn what_differs_from_pkilint_is_explained() {
    let Some(corpus) = corpus::folder() else { return };
    let pkilint = match Pkilint::find() {
        Ok(pkilint) => pkilint,
        Err(skipped) => return skipped.report(),
    };
    let scratch = Scratch::new().unwrap();
    let (mut rules, mut profiles) = (Differences::new(), Differences::new());
    let (mut read, mut agreed) = (0, 0);
    let folders = ["revocation/certificates", "lint"].map(|folder| corpus.join(folder));
    for file in folders.iter().flat_map(|folder| corpus::files(folder)) {
        if file.extension().is_some_and(|extension| extension == "tsv") {
            continue;
        }
        let name = file.strip_prefix(&corpus).unwrap().display().to_string();
        let certificate = match Certificate::from_der_or_pem(&fs::read(&file).unwrap()) {
            Ok(certificate) => certificate,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let der = scratch.write("certificate.cer", certificate.as_der()).unwrap();
        let theirs = pkilint.detected(&der).unwrap();
        let kind: Profile = theirs.kind.to_lowercase().replace('-', "_").parse().unwrap();
        let ours = lint::lint(&certificate).profile();
        if ours != kind {
            profiles.entry((kind.to_string(), ours.to_string())).or_default().insert(name.clone());
        }
        let errors = theirs.findings.iter().filter(|finding| finding.severity == "ERROR");
        let theirs = their_errors(errors.map(|finding| finding.code.as_str()));
        let ours = our_errors(&lint::lint_as(&certificate, kind));
        read += 1;
        agreed += usize::from(theirs == ours);
        for (who, id) in theirs
            .difference(&ours)
            .map(|id| ("theirs", id))
            .chain(ours.difference(&theirs).map(|id| ("ours", id)))
        {
            rules.entry((who.to_owned(), id.clone())).or_default().insert(name.clone());
        }
    }
    println!("{agreed} of {read} certificates have the same errors");
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint_peer.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    assert_explained(&rules, &explained(&table, "rule", ["only", "id"]));
    assert_explained(&profiles, &explained(&table, "profile", ["theirs", "ours"]));
    assert!(read >= 150, "{read}");
}
