//! Seals of documents of many producers, before every judge, over the years.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::{sync::OnceLock, time::Duration};

use segl::ades::Level;
use segl_testkit::peers::{Dss, DssSignature, Question};

use crate::common::{
    DAY, HOUR, SealedFile, Wish, Workshop, YEAR, assert_none, at, documents, later,
};

/// Everything that is judged here, sealed once: each document for both lives at every level.
struct Sealed {
    root: std::path::PathBuf,
    root_crl: std::path::PathBuf,
    files: Vec<SealedFile>,
}

impl Sealed {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Sealed> = OnceLock::new();
        SHARED.get_or_init(|| {
            let workshop = Workshop::new("peer_seal");
            let mut files = Vec::new();
            for original in documents::all() {
                for level in [Level::B, Level::T, Level::Lt, Level::Lta] {
                    files.push(workshop.seal(&original, Wish::hours_12(level)));
                    files.push(workshop.seal(&original, Wish::days_10(level)));
                }
            }
            Self { root: workshop.file("root.cer"), root_crl: workshop.file("root.crl"), files }
        })
    }

    fn at_level(&self, level: Level) -> impl Iterator<Item = &SealedFile> {
        self.files.iter().filter(move |file| file.wish.level == level)
    }
}

/// Asks DSS about our seal in a file.
fn dss_verdict(dss: &Dss, file: &SealedFile, question: &Question) -> Result<DssSignature, String> {
    let report = dss.judge(question).unwrap();
    let mut signatures = report.signatures.into_iter();
    match signatures.find(|signature| signature.pdf_fields.contains(&file.field)) {
        Some(signature) => Ok(signature),
        None => Err(format!("{}: no signature in {}: {:?}", file.name, file.field, report.error)),
    }
}

/// Why this is not TOTAL_PASSED at the level asked for.
fn not_passed(dss: &Dss, file: &SealedFile, question: &Question) -> Option<String> {
    let signature = match dss_verdict(dss, file, question) {
        Ok(signature) => signature,
        Err(why) => return Some(why),
    };
    let format = format!("PAdES-BASELINE-{}", file.wish.level.suffix());
    let passed = signature.indication == "TOTAL_PASSED"
        && signature.format == format
        && signature.undefined_changes == Some(0);
    (!passed).then(|| {
        let DssSignature { format, indication, sub_indication, undefined_changes, errors, .. } = signature;
        format!(
            "{}: {format} {indication} {} {undefined_changes:?} {errors:?}",
            file.name,
            sub_indication.unwrap_or_default()
        )
    })
}

#[test]
fn dss_passes_seals_with_archival_data_for_ten_years() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in sealed.at_level(Level::Lta) {
        let begun = std::time::Instant::now();
        for time in [HOUR, 13 * HOUR, 11 * DAY, YEAR, 3 * YEAR, 10 * YEAR] {
            let question = Question::new(&file.path, at(time)).trust(&sealed.root);
            let why = not_passed(dss, file, &question);
            failures.extend(why.map(|why| format!("{} {why}", later(time))));
            count += 1;
        }
        println!("{}: {:?}", file.name, begun.elapsed());
    }
    assert_none(&failures, count);
}
