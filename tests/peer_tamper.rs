//! One bit flipped anywhere in what a seal covers, before the judges and before ourselves.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::{
    fmt, fs,
    ops::Range,
    path::Path,
    sync::{Mutex, OnceLock},
};

use segl::{
    ades::{Evidence, Level, TimestampKind},
    path::Anchors,
    pdf::Document,
    validation::{Policy, SignatureReport, validate},
};
use segl_testkit::peers::{Dss, PdfSig, Question};

use crate::common::{HOUR, SealedFile, Wish, Workshop, assert_none, at, documents, parts::Parts};

/// The sealed files whose bits are flipped.
struct Sealed {
    workshop: Workshop,
    /// B-LTA.
    files: Vec<SealedFile>,
    /// B-B, of the documents made by the tests: small, and quickly judged.
    small: Vec<SealedFile>,
}

impl Sealed {
    fn shared() -> &'static Mutex<Self> {
        static SHARED: OnceLock<Mutex<Sealed>> = OnceLock::new();
        SHARED.get_or_init(|| {
            let workshop = Workshop::new("peer_tamper");
            let judged = documents::all().into_iter().filter(|original| {
                ["classic", "streams", "pyhanko/pdf/sig-with-ski-sid.pdf"].contains(&original.name.as_str())
            });
            let files = judged.map(|original| workshop.seal(&original, Wish::hours_12(Level::Lta))).collect();
            let made_here = documents::made_here();
            let small = made_here.iter().map(|original| workshop.seal(original, Wish::hours_12(Level::B)));
            let small = small.collect();
            Mutex::new(Self { workshop, files, small })
        })
    }

    fn anchors(&self) -> Anchors {
        Anchors::from_certificates([self.workshop.authority().root().certificate().clone()])
    }
}

/// A place where a bit is flipped.
#[derive(Clone, Copy)]
struct Flip {
    what: &'static str,
    offset: usize,
    mask: u8,
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}, bits {:08b}", self.what, self.offset, self.mask)
    }
}

impl Flip {
    /// In a byte that is covered as it stands.
    fn bit(what: &'static str, offset: usize) -> Self {
        Self { what, offset, mask: 1 << (offset % 8) }
    }

    /// In a hexadecimal digit: its lowest bit, so that it stays a digit with another value.
    fn digit(what: &'static str, offset: usize) -> Self {
        Self { what, offset, mask: 1 }
    }

    fn applied_to(self, file: &SealedFile) -> Vec<u8> {
        let mut bytes = file.bytes.clone();
        bytes[self.offset] ^= self.mask;
        bytes
    }
}

fn find(bytes: &[u8], what: &[u8], within: Range<usize>) -> usize {
    let at = bytes[within.clone()].windows(what.len()).rposition(|window| window == what);
    within.start + at.unwrap_or_else(|| panic!("no {}", String::from_utf8_lossy(what)))
}

/// So many places, evenly over a range.
fn spread(range: Range<usize>, count: usize) -> impl Iterator<Item = usize> {
    let step = (range.len() / count).max(1);
    range.step_by(step)
}

/// A sample of places in what the seal covers: each kind of thing that stands in a PDF and in a CMS.
fn sample(file: &SealedFile) -> Vec<Flip> {
    let parts = Parts::of(file);
    let [_, before, after, rest] = parts.byte_range;
    let original = fs::metadata(&file.original).unwrap().len().try_into().unwrap();
    let bytes = &file.bytes;
    let mut flips = vec![
        Flip::bit("header", 7),
        Flip::bit("startxref of the original", find(bytes, b"startxref", 0..original) + 10),
        Flip::bit("byte range", find(bytes, b"/ByteRange", original..before) + 15),
        Flip::bit("signing time", find(bytes, b"/M", original..before) + 8),
        Flip::bit("filter", find(bytes, b"/SubFilter", original..before) + 14),
        Flip::bit("last byte before the contents", before - 1),
        Flip::bit("first byte after the contents", after),
        Flip::bit("last byte of the signed revision", after + rest - 2),
        Flip::bit("startxref of the seal", find(bytes, b"startxref", after..after + rest) + 10),
    ];
    flips.extend(spread(0..original, 12).map(|offset| Flip::bit("original", offset)));
    flips.extend(spread(original..before, 6).map(|offset| Flip::bit("objects of the seal", offset)));
    flips.extend(spread(after..after + rest, 6).map(|offset| Flip::bit("after the contents", offset)));
    // The attributes stand in the CMS with another tag than they are signed with; the octets after it are the same.
    let attributes = &parts.signed_attributes[1..];
    let at = parts.place_in_file(attributes);
    flips.extend(
        spread(at + 8..at + 2 * attributes.len(), 8).map(|offset| Flip::digit("signed attributes", offset)),
    );
    let at = parts.place_in_file(&parts.value);
    flips.extend(
        spread(at + 8..at + 2 * parts.value.len(), 6).map(|offset| Flip::digit("signature value", offset)),
    );
    flips
}

/// What we say of the signature that claims to be by the seal's certificate; `None` when we cannot even read it.
fn ours(bytes: &[u8], file: &SealedFile, evidence: &Evidence, anchors: &Anchors) -> Option<SignatureReport> {
    let document = Document::open(bytes).ok()?;
    let signatures = segl::pades::read(&document).ok()?.into_signatures();
    let claims = |signature: &segl::ades::Signature| {
        signature.signer_certificate.as_deref() == Some(file.certificate.as_der())
    };
    let ours: Vec<_> = signatures.into_iter().filter(claims).collect();
    let report = validate(&ours, evidence, anchors, at(HOUR), &Policy::default());
    report.signatures.into_iter().next()
}

fn passes(report: Option<&SignatureReport>) -> bool {
    report.is_some_and(|report| report.indication.is_passed())
}

#[test]
fn dss_and_pdfsig_refuse_a_flipped_bit() {
    let (dss, pdfsig) = (Dss::shared(), PdfSig::find());
    for skipped in [dss.as_ref().err(), pdfsig.as_ref().err()].into_iter().flatten() {
        skipped.report();
    }
    let sealed = Sealed::shared().lock().unwrap();
    let root = sealed.workshop.file("root.cer");
    let dss_passes = |path: &Path| {
        let report = dss.as_ref().ok()?.judge(&Question::new(path, at(HOUR)).trust(&root)).unwrap();
        Some(report.signatures.iter().any(|one| one.indication == "TOTAL_PASSED"))
    };
    let pdfsig_passes = |path: &Path, field: &str| {
        let signatures = pdfsig.as_ref().ok()?.signatures(path).unwrap();
        Some(signatures.iter().any(|one| one.field == field && one.validation == "Signature is Valid."))
    };
    let mut verdicts = Vec::new();
    for file in &sealed.files {
        assert_ne!(dss_passes(&file.path), Some(false), "{}", file.name);
        assert_ne!(pdfsig_passes(&file.path, &file.field), Some(false), "{}", file.name);
        for flip in sample(file) {
            let path = sealed.workshop.write("flipped.pdf", &flip.applied_to(file));
            for (judge, passes) in [("DSS", dss_passes(&path)), ("pdfsig", pdfsig_passes(&path, &file.field))]
            {
                let Some(passes) = passes else { continue };
                verdicts.push(if passes {
                    Err(format!("{judge} passes {}: {flip}", file.name))
                } else {
                    Ok(())
                });
            }
        }
    }
    if dss.is_ok() || pdfsig.is_ok() {
        assert_none(&verdicts);
    }
}

#[test]
fn we_refuse_a_flipped_bit() {
    let sealed = Sealed::shared().lock().unwrap();
    let anchors = sealed.anchors();
    let nothing = Evidence::default();
    let mut verdicts = Vec::new();
    for file in &sealed.files {
        assert!(passes(ours(&file.bytes, file, &nothing, &anchors).as_ref()), "{}", file.name);
        for flip in sample(file) {
            let report = ours(&flip.applied_to(file), file, &nothing, &anchors);
            let passes = passes(report.as_ref());
            verdicts.push(if passes { Err(format!("{}: {flip}", file.name)) } else { Ok(()) });
        }
    }
    assert_none(&verdicts);
}

/// Every third of the covered bytes of a small file, and of the digits of its CMS: each bit of a byte gets its turn.
#[test]
fn we_refuse_a_flipped_bit_in_any_covered_byte() {
    let sealed = Sealed::shared().lock().unwrap();
    let anchors = sealed.anchors();
    let mut verdicts = Vec::new();
    for file in &sealed.small {
        let evidence = Evidence {
            crls: vec![fs::read(sealed.workshop.file("root.crl")).unwrap()],
            ocsp_responses: vec![fs::read(&file.status).unwrap()],
            ..Evidence::default()
        };
        assert!(passes(ours(&file.bytes, file, &evidence, &anchors).as_ref()), "{}", file.name);
        for flip in everywhere(file) {
            let report = ours(&flip.applied_to(file), file, &evidence, &anchors);
            let passes = passes(report.as_ref());
            verdicts.push(if passes { Err(format!("{}: {flip}", file.name)) } else { Ok(()) });
        }
    }
    assert_none(&verdicts);
}

fn everywhere(file: &SealedFile) -> Vec<Flip> {
    let parts = Parts::of(file);
    let [_, before, after, rest] = parts.byte_range;
    let covered = (0..before).chain(after..after + rest).map(|offset| Flip::bit("everywhere", offset));
    let digits = |octets: &[u8]| {
        let at = parts.place_in_file(octets);
        (at..at + 2 * octets.len()).map(|offset| Flip::digit("CMS, everywhere", offset))
    };
    covered.chain(digits(&parts.signed_attributes[1..])).chain(digits(&parts.value)).step_by(3).collect()
}

/// What only the document time-stamp covers: the evidence and its own dictionary. The seal may stand without it, but not as B-LTA.
#[test]
fn a_flipped_bit_under_the_document_time_stamp_is_noticed() {
    let sealed = Sealed::shared().lock().unwrap();
    let anchors = sealed.anchors();
    let root = sealed.workshop.file("root.cer");
    let dss = Dss::shared();
    if let Err(skipped) = &dss {
        skipped.clone().report();
    }
    let mut verdicts = Vec::new();
    for file in &sealed.files {
        let [_, _, after, rest] = Parts::of(file).byte_range;
        let end = file.bytes.len();
        let gap = find(&file.bytes, b"/Contents", after + rest..end);
        for offset in spread(after + rest..gap, 10).chain(spread(end - 300..end - 2, 4)) {
            let flip = Flip::bit("under the document time-stamp", offset);
            let flipped = flip.applied_to(file);
            let stands = ours(&flipped, file, &Evidence::default(), &anchors).is_some_and(|report| {
                report.indication.is_passed()
                    && report.timestamps.iter().any(|one| {
                        one.kind == TimestampKind::Document
                            && one.imprint_intact == Some(true)
                            && one.conclusion.is_passed()
                    })
            });
            if stands {
                verdicts.push(Err(format!("we take {}: {flip}", file.name)));
            }
            if let Ok(dss) = dss {
                let path = sealed.workshop.write("flipped-later.pdf", &flipped);
                let report = dss.judge(&Question::new(path, at(HOUR)).trust(&root)).unwrap();
                let stands = report
                    .timestamps
                    .iter()
                    .any(|one| one.kind == "DOCUMENT_TIMESTAMP" && one.indication == "PASSED");
                verdicts.push(if stands { Err(format!("DSS takes {}: {flip}", file.name)) } else { Ok(()) });
            }
        }
    }
    let complaints: Vec<_> = verdicts.iter().filter_map(|one| one.as_ref().err()).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
