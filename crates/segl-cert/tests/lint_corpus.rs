//! The lint over certificates of others: beside another linter's verdicts, and over malformed ones.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod verdicts;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use segl_cert::lint::{self, Severity};
use segl_testkit::corpus;
use segl_x509::Certificate;
use verdicts::{Ids, our_errors, their_errors};

/// Where this lint and pkilint differ about a certificate, and why.
struct Divergence {
    file: String,
    theirs: Ids,
    ours: Ids,
}

fn divergences() -> BTreeMap<String, Divergence> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint_divergences.toml"));
    let table: toml::Table = text.unwrap().parse().unwrap();
    let ids = |entry: &toml::Value, key: &str| {
        entry[key].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let entries = table["divergence"].as_array().unwrap().iter().map(|entry| {
        for field in ["clause", "reason"] {
            assert!(!entry[field].as_str().unwrap().is_empty());
        }
        let file = entry["file"].as_str().unwrap().to_owned();
        (file.clone(), Divergence { file, theirs: ids(entry, "theirs"), ours: ids(entry, "ours") })
    });
    entries.collect()
}

/// `ERROR:etsi.en_319_412_3.leg-4.2.1-2.what@where | ...`.
fn of_row(findings: &str) -> Ids {
    let codes = findings.split(" | ").filter_map(|finding| finding.strip_prefix("ERROR:"));
    their_errors(codes.map(|code| code.split('@').next().unwrap()))
}

/// Beside pkilint over its own certificates, each held against the profile it was made for: the same errors of the same
/// requirements for at least 95 of 100, and a reason for each that differs.
#[test]
fn errors_are_those_of_pkilint() {
    let Some(corpus) = corpus::folder() else { return };
    let folder = corpus.join("lint");
    let mut explained = divergences();
    let (mut count, mut agreed) = (0, 0);
    let mut unexplained = Vec::new();
    for row in corpus::rows(&folder.join("lint-expected.tsv")) {
        let certificate = Certificate::from_der(&fs::read(folder.join(&row["path"])).unwrap()).unwrap();
        let report = lint::lint_as(&certificate, row["profile"].parse().unwrap());
        let (theirs, ours) = (of_row(&row["findings"]), our_errors(&report));
        count += 1;
        let expected = explained.remove(&row["path"]);
        if theirs == ours {
            agreed += 1;
            assert!(expected.is_none(), "{} agrees unexpectedly", row["path"]);
            continue;
        }
        println!("{}\n    pkilint {theirs:?}\n    ours    {ours:?}", row["path"]);
        match expected {
            Some(entry) if entry.theirs == theirs && entry.ours == ours => {}
            _ => unexplained.push(row["path"].clone()),
        }
    }
    println!("{agreed} of {count} certificates agree");
    assert!(unexplained.is_empty(), "differences without a reason: {unexplained:#?}");
    assert!(
        explained.is_empty(),
        "no such file: {:?}",
        explained.into_values().map(|e| e.file).collect::<Vec<_>>()
    );
    assert!(count >= 50 && agreed * 100 >= count * 95, "{agreed} of {count}");
}

/// Without being told the profile, the lint finds the one that a certificate was made for wherever its extensions say it.
#[test]
fn most_profiles_are_found() {
    let Some(corpus) = corpus::folder() else { return };
    let folder = corpus.join("lint");
    let (mut count, mut found, mut agreed) = (0, 0, 0);
    for row in corpus::rows(&folder.join("lint-expected.tsv")) {
        let certificate = Certificate::from_der(&fs::read(folder.join(&row["path"])).unwrap()).unwrap();
        let report = lint::lint(&certificate);
        let profile = report.profile();
        count += 1;
        agreed += usize::from(our_errors(&report) == of_row(&row["findings"]));
        if Ok(profile) == row["profile"].parse() {
            found += 1;
        } else {
            println!("{}: {profile}", row["path"]);
        }
    }
    println!("{found} of {count} profiles found, with which {agreed} agree");
    // Sixteen were made to be held against another profile than the one they state.
    assert!(found * 10 >= count * 7, "{found} of {count}");
}

/// Certificates of others, many of them malformed: no panic, each in no time.
#[test]
fn certificates_of_others_are_bounded() {
    let Some(corpus) = corpus::folder() else { return };
    let (mut read, mut slowest) = (0, Duration::ZERO);
    for file in corpus::files(&corpus.join("revocation/certificates")) {
        let bytes = fs::read(&file).unwrap();
        let certificates = match Certificate::from_der_or_pem(&bytes) {
            Ok(certificate) => vec![certificate],
            Err(error) => {
                println!("{}: {error}", file.display());
                continue;
            }
        };
        for certificate in certificates {
            let start = Instant::now();
            let report = lint::lint(&certificate);
            slowest = slowest.max(start.elapsed());
            read += 1;
            let length = certificate.as_der().len();
            for finding in report.findings() {
                let place = finding.place();
                let end = place.offset().unwrap_or(0) + place.length().unwrap_or(0);
                assert!(end <= length, "{}: {finding}", file.display());
            }
            println!("{} {} {}", file.display(), report.profile(), report.at_least(Severity::Error).count());
        }
    }
    println!("{read} certificates, the slowest in {slowest:?}");
    assert!(read > 50 && slowest < Duration::from_secs(1));
}
