//! Evidence that comes after the last time-stamp: whatever date it bears, nobody vouches for it.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use segl::{
    Embedded,
    ades::{Evidence, Level},
    cert::MemoryRegister,
    crypto::{DigestAlgorithm, Time},
    pades::{GrowingFile, add_evidence, prepare_timestamp, read},
    pdf::{Document, Limits},
    sealing::Stamper,
    tsp::{Expectations, check_response, request},
    validation::{Policy, SignatureReport, validate},
};
use segl_testkit::rng::SeededRng;

use crate::common::{DAY, T0, Wish, Workshop, YEAR, documents};

/// A clock an hour after the sealing.
fn clock() -> Time {
    T0 + common::HOUR
}

fn stamped(workshop: &Workshop, original: &[u8]) -> Vec<u8> {
    let register = MemoryRegister::default();
    let embedded = Embedded::new(workshop.authority(), &register, &clock, SeededRng::new(90));
    let stamper = embedded.stamper(SeededRng::new(91));
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let prepared = prepare_timestamp(file.document(), 8192).unwrap();
    let request = request(&prepared.digest(file.digest(DigestAlgorithm::Sha256).unwrap()), &[1, 2, 3]);
    let response = stamper.stamp(&request.to_der()).unwrap();
    let expected = Expectations { now: clock(), tolerance: common::HOUR, certificates: &[] };
    let (token, _) = check_response(&response, &request, &expected).unwrap().into_parts();
    file.append(&prepared.assemble(token.as_bytes()).unwrap()).unwrap();
    [original, file.tail()].concat()
}

fn with_evidence(original: &[u8], evidence: &Evidence) -> Vec<u8> {
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let update = add_evidence(file.document(), evidence).unwrap().unwrap();
    file.append(&update).unwrap();
    [original, file.tail()].concat()
}

fn judge(workshop: &Workshop, file: &[u8], time: Time) -> SignatureReport {
    let signatures = read(&Document::open(file).unwrap()).unwrap().into_signatures();
    validate(&signatures, &Evidence::default(), workshop.anchors(), time, &Policy::default())
        .signatures
        .remove(0)
}

/// The same pieces, before or after the document time-stamp: only what it covers is proved to have existed.
#[test]
fn evidence_after_the_last_time_stamp_is_not_proved_by_it() {
    let workshop = Workshop::new("story_late_evidence");
    let original = &documents::made_here()[0];
    let lt = workshop.seal(original, Wish::hours_12(Level::Lt));
    let document = Document::open(lt.bytes.as_slice()).unwrap();
    let evidence = read(&document).unwrap().store.evidence;
    let revisions = document.revisions();
    // The file before its security store.
    let before = usize::try_from(revisions[revisions.len() - 2].end()).unwrap();
    let t = &lt.bytes[..before];

    let in_time = stamped(&workshop, &with_evidence(t, &evidence));
    // A store with everything but the answer about the seal lies under the time-stamp, the answer does not.
    let (answer, rest) = split(&evidence);
    let late = with_evidence(&stamped(&workshop, &with_evidence(t, &rest)), &answer);
    let twice = with_evidence(
        &stamped(&workshop, &with_evidence(t, &evidence)),
        &Evidence { ocsp_responses: vec![other_answer(&workshop, &lt)], ..Evidence::default() },
    );

    // As long as everyone who signed the evidence is valid, it needs no proof.
    for file in [&in_time, &late, &twice] {
        let found = judge(&workshop, file, T0 + DAY);
        assert!(found.indication.is_passed(), "{:?}", found.reason());
    }
    assert_eq!(judge(&workshop, &in_time, T0 + DAY).format.to_string(), "PAdES-BASELINE-LTA");

    // The responder lives thirty days. Who has its key later can say what he likes, with any date he likes.
    let found = judge(&workshop, &in_time, T0 + YEAR);
    assert!(found.indication.is_passed(), "{:?}", found.reason());
    // EN 319 102-1, 5.6.2.4, step 1: no status is left that existed while its signer was valid.
    let found = judge(&workshop, &late, T0 + YEAR);
    assert_eq!(found.indication.to_string(), "INDETERMINATE/REVOCATION_OUT_OF_BOUNDS_NO_POE");
    let found = judge(&workshop, &twice, T0 + YEAR);
    assert!(found.indication.is_passed(), "evidence that came late takes nothing away: {:?}", found.reason());
}

fn split(evidence: &Evidence) -> (Evidence, Evidence) {
    let rest = Evidence { ocsp_responses: Vec::new(), ..evidence.clone() };
    (Evidence { ocsp_responses: evidence.ocsp_responses.clone(), ..Evidence::default() }, rest)
}

/// A later answer about the seal of this file.
fn other_answer(workshop: &Workshop, file: &common::SealedFile) -> Vec<u8> {
    let answer = workshop.authority().ocsp(&file.certificate, &MemoryRegister::default(), T0 + DAY);
    answer.map_or_else(|_| std::fs::read(&file.status).unwrap(), |answer| answer.as_der().to_vec())
}
