//! Every signature of the corpus is read with the facts that the independent judge found.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::collections::BTreeMap;

use segl_ades::{Scope, Signature, TimestampKind};
use segl_cades::{Covered, covered_inside, read_signature};
use segl_cms::SignedDataView;
use segl_crypto::{Digest, sha256};
use segl_testkit::corpus::{folder as corpus, rows};

fn read(bytes: &[u8]) -> Vec<Signature> {
    let view = SignedDataView::parse(bytes).unwrap();
    (0..view.signers().len())
        .map(|index| {
            let detached = || Covered { name: "detached".to_owned(), scope: Scope::Full, found: None };
            let covered = covered_inside(&view, &view.signers()[index]).unwrap_or_else(detached);
            read_signature(format!("si{index}"), &view, index, covered).unwrap()
        })
        .collect()
}

#[test]
fn facts_agree_with_the_judge() {
    let Some(corpus) = corpus() else { return };
    let mut by_file: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in rows(&corpus.join("expected.tsv")) {
        let wanted = row["kind"] == "cades" && row["row"] == "signature" && row["trust"] == "embedded";
        if wanted && row["detached"].is_empty() && row["evidence"].is_empty() && row["counter_of"].is_empty()
        {
            by_file.entry(row["path"].clone()).or_default().push(row);
        }
    }
    let mut differing = Vec::new();
    let mut signatures = 0;
    for (path, rows) in &by_file {
        let mut ours: Vec<_> = read(&std::fs::read(corpus.join(path)).unwrap());
        signatures += ours.len();
        if ours.len() != rows.len() {
            differing.push(format!("{path}: {} signatures, the judge has {}", ours.len(), rows.len()));
            continue;
        }
        let claimed = |signature: &Signature| {
            signature.properties.claimed_signing_time.map(|time| time.to_string()).unwrap_or_default()
        };
        ours.sort_by_key(claimed);
        let mut rows: Vec<_> = rows.iter().collect();
        rows.sort_by_key(|row| row["claimed_time"].clone());
        for (signature, row) in ours.iter().zip(rows) {
            let mut differ = |what: &str, ours: String, theirs: &str| {
                if ours != theirs {
                    differing.push(format!("{path}: {what}: {ours}, the judge has {theirs}"));
                }
            };
            differ("claimed time", claimed(signature), &row["claimed_time"]);
            let intact = if signature.content[0].intact() { "yes" } else { "no" };
            if signature.content[0].found.is_some() {
                differ("references intact", intact.to_owned(), &row["references_intact"]);
            }
            let stamps =
                row["timestamps"].split(" ; ").filter(|text| text.starts_with("SIGNATURE_TIMESTAMP"));
            let kind = |claim: &&segl_ades::TimestampClaim| claim.kind == TimestampKind::Signature;
            let found = signature.timestamps.iter().filter(kind).count();
            differ("signature time-stamps", found.to_string(), &stamps.count().to_string());
            let simple = ["CAdES-BASELINE-B", "CAdES-BASELINE-T", "CAdES-BES", "CMS-NOT-ETSI"];
            if simple.contains(&row["format"].as_str()) {
                differ("format", signature.format.to_string(), &row["format"]);
            }
        }
    }
    println!("{signatures} signatures; {differing:#?}");
    assert!(signatures > 40 && differing.len() <= 1, "{differing:#?}");
}

#[test]
fn imprints_agree_with_the_known_answers() {
    let Some(corpus) = corpus() else { return };
    let mut agreed = 0;
    for row in rows(&corpus.join("imprints.tsv")) {
        let kind = match row["type"].as_str() {
            "CONTENT_TIMESTAMP" => TimestampKind::Content,
            "SIGNATURE_TIMESTAMP" => TimestampKind::Signature,
            _ => continue,
        };
        let index = row["signature"].strip_prefix("si").and_then(|index| index.parse::<usize>().ok());
        let (true, Some(index)) = (row["kind"] == "cades", index) else { continue };
        let signatures = read(&std::fs::read(corpus.join(&row["path"])).unwrap());
        let claim = signatures[index].timestamps.iter().find(|claim| {
            let imprint = claim.imprint.as_ref().map(Digest::as_bytes).unwrap_or_default();
            claim.kind == kind && hex(imprint) == row["digest"]
        });
        match claim {
            Some(_) => agreed += 1,
            None if signatures[index].content[0].found.is_none() => {}
            None => panic!("{}: {}", row["path"], row["type"]),
        }
    }
    println!("{agreed} imprints agree");
    assert!(agreed > 30);
}

#[test]
fn evidence_is_found_where_signers_put_it() {
    let Some(corpus) = corpus() else { return };
    let mut total = [0usize; 3];
    for path in segl_testkit::corpus::files(&corpus.join("cades")) {
        for signature in read(&std::fs::read(&path).unwrap()) {
            let evidence = signature.evidence;
            for (count, list) in
                total.iter_mut().zip([&evidence.certificates, &evidence.crls, &evidence.ocsp_responses])
            {
                *count += list.len();
                let mut distinct: Vec<_> = list.iter().map(|item| sha256(item)).collect();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(distinct.len(), list.len());
            }
        }
    }
    println!("certificates, CRLs, OCSP responses: {total:?}");
    assert!(total.iter().all(|count| *count > 10));
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").unwrap();
        text
    })
}
