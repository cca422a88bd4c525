//! Other people's PDFs against the answers of EU DSS: whoever differs must say why, in `divergences.toml`.
//!
//! An agreement that `divergences.toml` does not expect fails too: then the line there is no longer true.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{collections::BTreeMap, fmt, fs, path::Path};

use segl::{
    EmbeddedAnchors,
    ades::Evidence,
    crypto::Time,
    embedded_anchors,
    pades::PdfFacts,
    pdf::Limits,
    read_pdf, validate_pdf,
    validation::{Policy, SignatureReport},
};
use segl_testkit::corpus::{self, Row};

/// One fact in which the two answers are not the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    file: String,
    /// The field of the signature; empty when it is about the whole file.
    field: String,
    trust: String,
    about: String,
    theirs: String,
    ours: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, field, trust, about, theirs, ours } = self;
        write!(f, "{file} [{field}] {trust}: {about} {ours}, the judge: {theirs}")
    }
}

/// A line of `divergences.toml`: what is left out matches everything.
struct Expected {
    fields: BTreeMap<String, String>,
}

impl Expected {
    fn matches(&self, found: &Difference) -> bool {
        let is = |key: &str, value: &str| self.fields.get(key).is_none_or(|wanted| wanted == value);
        is("file", &found.file)
            && is("field", &found.field)
            && is("trust", &found.trust)
            && is("about", &found.about)
            && is("theirs", &found.theirs)
            && is("ours", &found.ours)
    }
}

fn divergences() -> Vec<Expected> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/divergences.toml");
    let table: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let lines = table.get("divergence").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    lines
        .iter()
        .map(|line| {
            let fields: BTreeMap<String, String> = line
                .as_table()
                .unwrap()
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
                .collect();
            for key in ["file", "about", "theirs", "ours", "clause", "reason"] {
                assert!(fields.contains_key(key), "a divergence without {key}: {fields:?}");
            }
            Expected { fields }
        })
        .collect()
}

/// The rows about PDFs without anything beside them.
fn rows(corpus: &Path) -> Vec<Row> {
    let is_alone =
        |row: &Row| row["kind"] == "pades" && row["detached"].is_empty() && row["evidence"].is_empty();
    corpus::rows(&corpus.join("expected.tsv"))
        .into_iter()
        .filter(|row| is_alone(row) && row["path"].to_lowercase().ends_with(".pdf"))
        .collect()
}

/// A fact of the column `pdf`.
fn pdf_fact<'a>(row: &'a Row, name: &str) -> &'a str {
    let facts = row["pdf"].split(" ; ");
    facts
        .filter_map(|fact| fact.split_once('='))
        .find(|(known, _)| *known == name)
        .map_or("", |(_, value)| value)
}

fn is_same(row: &Row, facts: &PdfFacts) -> bool {
    let fields = pdf_fact(row, "fields");
    let is_field = facts.fields.iter().any(|own| own == fields) || facts.fields.join(",") == fields;
    // A range that is no range is not kept here.
    let range = facts.byte_range.map(|range| range.map(|number| number.to_string()).join(","));
    is_field && range.is_none_or(|range| range == pdf_fact(row, "byteRange"))
}

/// Both spellings of the same algorithm.
fn algorithm(name: &str) -> String {
    name.replace("RSASSA-PSS", "RSA-PSS").replace("EdDSA with SHA512", "Ed25519")
}

fn told(value: Option<bool>) -> String {
    value.map_or("not tried", |value| if value { "yes" } else { "no" }).to_owned()
}

/// Every fact that both answers have: name, theirs, ours.
fn compare(row: &Row, ours: &SignatureReport) -> Vec<(&'static str, String, String)> {
    let sub =
        if row["sub_indication"].is_empty() { String::new() } else { format!("/{}", row["sub_indication"]) };
    let signature = ours.signature_algorithm.map(|name| name.to_string()).unwrap_or_default();
    let digest = ours.digest_algorithm.map(|name| name.to_string()).unwrap_or_default();
    let theirs_best: Time = row["best_time"].parse().unwrap();
    let mut facts = vec![
        ("format", row["format"].clone(), ours.format.to_string()),
        ("indication", format!("{}{sub}", row["indication"]), ours.indication.to_string()),
        ("best time", theirs_best.to_string(), ours.best_signature_time.to_string()),
        ("signature algorithm", algorithm(&row["signature_algorithm"]), signature),
        ("digest algorithm", row["digest_algorithm"].clone(), digest),
    ];
    // What was not tried here is not claimed to be broken.
    if ours.signature_intact.is_some() {
        facts.push(("signature intact", row["signature_intact"].clone(), told(ours.signature_intact)));
    }
    if ours.references_intact.is_some() && row["references_found"] == "yes" {
        facts.push(("references intact", row["references_intact"].clone(), told(ours.references_intact)));
    }
    facts.retain(|(_, theirs, ours)| theirs != ours);
    facts
}

#[test]
fn verdicts_are_those_of_the_judge_or_explained() {
    let Some(corpus) = corpus::folder() else { return };
    let time: Time = "2026-11-22T00:00:00Z".parse().unwrap();
    let mut files: BTreeMap<(String, String), Vec<Row>> = BTreeMap::new();
    for row in rows(&corpus) {
        files.entry((row["path"].clone(), row["trust"].clone())).or_default().push(row);
    }
    let (mut differences, mut compared) = (Vec::new(), 0);
    for ((path, trust), rows) in &files {
        let differs = |field: &str, about: &str, theirs: &str, ours: &str| Difference {
            file: path.clone(),
            field: field.to_owned(),
            trust: trust.clone(),
            about: about.to_owned(),
            theirs: theirs.to_owned(),
            ours: ours.to_owned(),
        };
        // What the judge refused, we may read; that neither falls over is all that is asked.
        let refused = rows.iter().any(|row| row["row"] == "error");
        let reading = match read_pdf(fs::read(corpus.join(path)).unwrap(), Limits::default()) {
            Ok(reading) => reading,
            Err(_) if refused => continue,
            Err(error) => {
                let theirs = if rows[0]["row"] == "none" { "nothing signed" } else { "read" };
                // What is wrong with the file, without the advice behind it.
                let told = error.to_string();
                differences.push(differs("", "reading", theirs, told.split("; ").next().unwrap()));
                continue;
            }
        };
        let which = if trust == "tops" { EmbeddedAnchors::Tops } else { EmbeddedAnchors::Roots };
        let anchors = embedded_anchors(&reading, which);
        let found = validate_pdf(reading, &Evidence::default(), &anchors, time, &Policy::default());
        if refused {
            continue;
        }
        let signatures: Vec<&Row> = rows.iter().filter(|row| row["row"] == "signature").collect();
        for row in &signatures {
            let place = found.reading.signatures.iter().position(|own| is_same(row, &own.facts));
            let fields = pdf_fact(row, "fields");
            let Some(place) = place else {
                differences.push(differs(fields, "reading", "a signature", "none"));
                continue;
            };
            compared += 1;
            for (about, theirs, ours) in compare(row, &found.report.signatures[place]) {
                differences.push(differs(fields, about, &theirs, &ours));
            }
        }
        for own in &found.reading.signatures {
            if !signatures.iter().any(|row| is_same(row, &own.facts)) {
                differences.push(differs(&own.facts.fields.join(","), "reading", "none", "a signature"));
            }
        }
    }
    let expected = divergences();
    let unexplained: Vec<String> = differences
        .iter()
        .filter(|found| !expected.iter().any(|line| line.matches(found)))
        .map(ToString::to_string)
        .collect();
    let outdated: Vec<String> = expected
        .iter()
        .filter(|line| !differences.iter().any(|found| line.matches(found)))
        .map(|line| format!("{:?}", line.fields))
        .collect();
    println!(
        "{compared} signatures of {} files, {} differences explained",
        files.len(),
        differences.len() - unexplained.len()
    );
    assert!(
        unexplained.is_empty() && outdated.is_empty(),
        "unexplained:\n{}\nno longer so:\n{}",
        unexplained.join("\n"),
        outdated.join("\n")
    );
}
