//! Seals of documents of many producers, before every judge, over the years.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use segl::{ades::Level, cert::Lifetime};
use segl_testkit::peers::{Dss, OpenSsl, PdfSig, Pyhanko, Qpdf, QpdfVerdict, Question};

use crate::common::{
    DAY, HOUR, SealedFile, Wish, Workshop, YEAR, assert_none, at, documents,
    judges::{PdfToPpm, Pem, dss_verdict, openssl_complaints, passed},
    later,
};

/// Everything that is judged here, sealed once: each document for both lives at every level.
struct Sealed {
    root: PathBuf,
    root_crl: PathBuf,
    ca_crl: PathBuf,
    files: Vec<SealedFile>,
}

const LEVELS: [Level; 4] = [Level::B, Level::T, Level::Lt, Level::Lta];

impl Sealed {
    fn shared() -> &'static Self {
        static SHARED: OnceLock<Sealed> = OnceLock::new();
        SHARED.get_or_init(|| {
            let workshop = Workshop::new("peer_seal");
            let wishes = || LEVELS.iter().flat_map(|&level| [Wish::hours_12(level), Wish::days_10(level)]);
            let originals = documents::all();
            if originals.len() > documents::made_here().len() {
                let producers: BTreeSet<_> = originals.iter().map(|original| original.producer).collect();
                assert!(originals.len() >= 22 && producers.len() > 8, "{producers:?}");
            }
            let files = originals.iter().flat_map(|original| {
                let workshop = &workshop;
                wishes().map(move |wish| workshop.seal(original, wish))
            });
            Self {
                files: files.collect(),
                root: workshop.file("root.cer"),
                root_crl: workshop.file("root.crl"),
                ca_crl: workshop.file("ca.crl"),
            }
        })
    }

    fn at_level(&self, level: Level) -> impl Iterator<Item = &SealedFile> {
        self.files.iter().filter(move |file| file.wish.level == level)
    }

    /// One of each kind of the two documents made by the tests.
    fn made_here(&self) -> impl Iterator<Item = &SealedFile> {
        self.files.iter().filter(|file| !file.name.contains('/'))
    }
}

#[test]
fn dss_passes_seals_with_archival_data_for_ten_years() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in sealed.at_level(Level::Lta) {
        for time in [HOUR, 13 * HOUR, 11 * DAY, YEAR, 3 * YEAR, 10 * YEAR] {
            let question = Question::new(&file.path, at(time)).trust(&sealed.root);
            verdicts.push(passed(dss, file, &question).map_err(|why| format!("{} {why}", later(time))));
        }
    }
    assert_none(&verdicts);
}

/// The responder lives for thirty days; after that an archive time-stamp is what keeps a seal, not the evidence alone.
#[test]
fn dss_passes_seals_with_evidence_while_the_signer_of_the_status_lives() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in sealed.at_level(Level::Lt) {
        let over = if file.wish.lifetime == Lifetime::Days10 { 11 * DAY } else { 13 * HOUR };
        for time in [HOUR, over] {
            let question = Question::new(&file.path, at(time)).trust(&sealed.root);
            verdicts.push(passed(dss, file, &question).map_err(|why| format!("{} {why}", later(time))));
        }
    }
    for file in sealed.made_here().filter(|file| file.wish.level == Level::Lt) {
        let verdict = dss_verdict(dss, file, &Question::new(&file.path, at(YEAR)).trust(&sealed.root));
        let verdict = verdict.map(|one| (one.indication, one.sub_indication.unwrap_or_default()));
        let expected = ("INDETERMINATE".to_owned(), "OUT_OF_BOUNDS_NO_POE".to_owned());
        let right = verdict == Ok(expected);
        verdicts.push(right.then_some(()).ok_or_else(|| format!("+1 y {}: {verdict:?}", file.name)));
    }
    assert_none(&verdicts);
}

#[test]
fn dss_passes_seals_without_evidence_when_it_is_given() {
    let dss = match Dss::shared() {
        Ok(dss) => dss,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in sealed.at_level(Level::B).chain(sealed.at_level(Level::T)) {
        let question = Question::new(&file.path, at(HOUR)).trust(&sealed.root).revocation(&sealed.root_crl);
        verdicts.push(passed(dss, file, &question.revocation(&file.status)));
    }
    for file in sealed.made_here().filter(|file| file.wish.level < Level::Lt) {
        let question = Question::new(&file.path, at(HOUR)).trust(&sealed.root).revocation(&sealed.root_crl);
        verdicts.push(passed(dss, file, &question.clone().revocation(&sealed.ca_crl)));
        let without = passed(dss, file, &question);
        verdicts.push(match without {
            Ok(()) => Err(format!("{}: passed without status", file.name)),
            Err(_) => Ok(()),
        });
    }
    assert_none(&verdicts);
}

#[test]
fn pdfsig_says_that_the_signature_is_valid() {
    let pdfsig = match PdfSig::find() {
        Ok(pdfsig) => pdfsig,
        Err(skipped) => return skipped.report(),
    };
    let verdict = |file: &SealedFile| {
        let signatures = pdfsig.signatures(&file.path).unwrap();
        let Some(ours) = signatures.iter().find(|one| one.field == file.field) else {
            return Err(format!("{}: nothing in {}", file.name, file.field));
        };
        let right = ours.validation == "Signature is Valid."
            && ours.kind == "ETSI.CAdES.detached"
            && ours.covers_total == (file.wish.level < Level::Lt);
        if right { Ok(()) } else { Err(format!("{}: {ours:?}", file.name)) }
    };
    assert_none(&Sealed::shared().files.iter().map(verdict).collect::<Vec<_>>());
}

#[test]
fn openssl_verifies_signatures_and_time_stamps() {
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let pem = Pem::new(&openssl, &sealed.root);
    let judged = sealed.at_level(Level::B).chain(sealed.at_level(Level::Lta));
    let verdicts: Vec<_> = judged.map(|file| openssl_complaints(&openssl, &pem, file)).collect();
    assert_none(&verdicts);
}

/// Documents that pyHanko does not judge, whoever seals them, and its words: read strictly, as here, it refuses the first two before
/// they are sealed.
const PYHANKO_REFUSES: [(&str, &str); 5] = [
    ("dss-pades/pdf-xref-streams.pdf", "orphaned generation"),
    ("dss-pades/pdfa2a-rgb.pdf", "XRef stream objects must not be clobbered in strict mode"),
    ("pyhanko/pdf/minimal-hybrid-xref.pdf", "hybrid-reference files"),
    ("pyhanko/pdf/struct-tree-circular-ref.pdf", "Circular reference in structure tree"),
    ("dss-pades/validation/timestamped_and_signed.pdf", "hybrid-reference files"),
];

#[test]
fn pyhanko_passes_seals_with_archival_data_for_ten_years() {
    let pyhanko = match Pyhanko::shared() {
        Ok(pyhanko) => pyhanko,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let mut verdicts = Vec::new();
    for file in sealed.at_level(Level::Lta) {
        for time in [HOUR, 10 * YEAR] {
            let question = Question::new(&file.path, at(time)).trust(&sealed.root).clock(at(HOUR / 60));
            let report = pyhanko.judge(&question).unwrap();
            let known = PYHANKO_REFUSES.iter().find(|(path, _)| file.name.starts_with(path));
            let ours = report.signatures.iter().find(|one| one.field == file.field);
            let well = ours.is_some_and(|one| {
                one.indication == "PASSED" && one.intact && one.valid && one.trusted && one.bottom_line
            });
            let right = match known {
                Some((_, words)) => report.error.as_deref().is_some_and(|error| error.contains(words)),
                None => well,
            };
            verdicts.push(if right {
                Ok(())
            } else {
                Err(format!("{} {}: {:?} {ours:?}", later(time), file.name, report.error))
            });
        }
    }
    assert_none(&verdicts);
}

/// The command starts anew for every file and judges the age of lists too, so it gets a few files inside their nextUpdate.
#[test]
fn pyhanko_on_the_command_line_accepts_seals() {
    let pyhanko = match Pyhanko::shared() {
        Ok(pyhanko) => pyhanko,
        Err(skipped) => return skipped.report(),
    };
    let sealed = Sealed::shared();
    let judged = sealed.made_here().filter(|file| file.wish.level >= Level::Lt);
    let verdicts = judged.map(|file| {
        let said = pyhanko.adesverify(&file.path, &sealed.root, at(HOUR)).unwrap();
        if said.success { Ok(()) } else { Err(format!("{}: {}", file.name, said.text)) }
    });
    assert_none(&verdicts.collect::<Vec<_>>());
}

#[test]
fn qpdf_finds_nothing_new() {
    let qpdf = match Qpdf::find() {
        Ok(qpdf) => qpdf,
        Err(skipped) => return skipped.report(),
    };
    let findings = |path: &Path| -> BTreeSet<String> {
        match qpdf.check(path).unwrap() {
            QpdfVerdict::Clean => BTreeSet::new(),
            QpdfVerdict::Warnings(text) | QpdfVerdict::Errors(text) => {
                let name = path.display().to_string();
                let about = |line: &str| line.replace(&name, "FILE");
                text.lines().map(about).filter(|line| line.contains("FILE (")).collect()
            }
        }
    };
    let verdict = |file: &SealedFile| {
        let (before, after) = (findings(&file.original), findings(&file.path));
        let new: Vec<_> = after.difference(&before).collect();
        if new.is_empty() { Ok(()) } else { Err(format!("{}: {new:?}", file.name)) }
    };
    assert_none(&Sealed::shared().at_level(Level::Lta).map(verdict).collect::<Vec<_>>());
}

#[test]
fn pages_look_as_before() {
    let renderer = match PdfToPpm::find() {
        Ok(renderer) => renderer,
        Err(skipped) => return skipped.report(),
    };
    let verdict = |file: &SealedFile| {
        let (before, after) = (renderer.pages(&file.original), renderer.pages(&file.path));
        if before == after && !before.is_empty() {
            Ok(())
        } else {
            Err(format!("{}: {} pages, {} after", file.name, before.len(), after.len()))
        }
    };
    let sealed = Sealed::shared();
    let judged = sealed.at_level(Level::Lta).filter(|file| file.name.ends_with("12h-lta"));
    assert_none(&judged.map(verdict).collect::<Vec<_>>());
    for file in sealed.made_here().take(1) {
        assert!(fs::read(&file.original).unwrap() != file.bytes);
    }
}
