//! Prints what a PDF says about its signatures, one line each: `signatures FILE...`

use std::{env, error::Error, fs::File, process::ExitCode};

use segl_ades::ContentDigest;
use segl_crypto::{Digest, FileSource};
use segl_pades::{ChangeKind, PdfFacts, read};
use segl_pdf::Document;

fn main() -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    for path in env::args().skip(1) {
        if let Err(error) = print(&path) {
            println!("{path}\terror\t{error}");
            status = ExitCode::FAILURE;
        }
    }
    status
}

fn print(path: &str) -> Result<(), Box<dyn Error>> {
    let source = FileSource::new(File::open(path)?)?;
    let document = Document::open(&source)?;
    let reading = read(&document)?;
    for found in &reading.signatures {
        let signature = &found.signature;
        let content: Vec<String> = signature.content.iter().map(content).collect();
        println!("{path}\tsignature\t{}\t{}\t{}", signature.format, facts(&found.facts), content.join(","));
        for claim in &signature.timestamps {
            println!("{path}\tclaim\t{}\t{}\t{}", claim.kind, claim.id, digest(claim.imprint.as_ref()));
        }
        for finding in &signature.findings {
            println!("{path}\tfinding\t{}\t{}\t{}", finding.rule, finding.fatal, finding.text);
        }
        changes(path, &found.facts);
    }
    for found in &reading.timestamps {
        println!(
            "{path}\ttimestamp\t{}\t{}\t{}",
            found.claim.id,
            facts(&found.facts),
            digest(found.claim.imprint.as_ref())
        );
        for finding in &found.findings {
            println!("{path}\tfinding\t{}\t{}\t{}", finding.rule, finding.fatal, finding.text);
        }
        changes(path, &found.facts);
    }
    let evidence = &reading.store.evidence;
    if reading.store.present {
        println!(
            "{path}\tstore\t{} certificates\t{} crls\t{} ocsp\t{} unreadable",
            evidence.certificates.len(),
            evidence.crls.len(),
            evidence.ocsp_responses.len(),
            reading.store.unreadable
        );
    }
    if reading.signatures.is_empty() && reading.timestamps.is_empty() {
        println!("{path}\tnone\t{} empty fields", reading.empty_fields.len());
    }
    Ok(())
}

fn facts(facts: &PdfFacts) -> String {
    let range =
        facts.byte_range.map_or("none".into(), |range| range.map(|number| number.to_string()).join(","));
    format!(
        "{}\t{}\t{range}\twhole={}\trevision={:?}\tpermission={:?}\tlater={:?}",
        facts.fields.join("|"),
        facts.sub_filter.as_deref().unwrap_or_default(),
        facts.covers_whole_file,
        facts.revision,
        facts.permission,
        facts.later.level(),
    )
}

fn changes(path: &str, facts: &PdfFacts) {
    for change in facts.later.unexplained() {
        if let ChangeKind::Unexplained { what } = &change.kind {
            let object = change.object.map(|object| object.to_string()).unwrap_or_default();
            println!("{path}\tunexplained\trevision {}\t{object}\t{what}", change.revision);
        }
    }
}

fn content(content: &ContentDigest) -> String {
    format!("{}={}", if content.intact() { "intact" } else { "broken" }, digest(content.found.as_ref()))
}

fn digest(digest: Option<&Digest>) -> String {
    digest.map_or("none".into(), |digest| {
        let hex: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}:{hex}", digest.algorithm())
    })
}
