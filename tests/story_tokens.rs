//! Time-stamp tokens that say something nobody may pass over.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use segl::{
    ades::{Evidence, Level},
    pdf::Document,
    validation::{Policy, validate_timestamp},
};
use segl_testkit::seals;

use crate::common::{HOUR, T0, Wish, Workshop, documents};

/// id-pe-qcStatements as an OBJECT IDENTIFIER.
const QC_STATEMENTS: [u8; 10] = [6, 8, 0x2b, 6, 1, 5, 5, 7, 1, 3];
/// Something as long, but critical: 1.3.6.1.5.5, TRUE.
const UNKNOWN_AND_CRITICAL: [u8; 10] = [6, 5, 0x2b, 6, 1, 5, 5, 1, 1, 0xff];
/// Version 1 and the beginning of the best practices policy.
const VERSION_1: [u8; 6] = [2, 1, 1, 6, 6, 4];
const VERSION_2: [u8; 6] = [2, 1, 2, 6, 6, 4];

#[test]
fn a_token_that_is_not_understood_is_refused() {
    let workshop = Workshop::new("story_tokens");
    let file = workshop.seal(&documents::made_here()[0], Wish::hours_12(Level::Lta));
    let anchors = seals::anchors(workshop.authority());
    let reading = segl::pades::read(&Document::open(file.bytes.as_slice()).unwrap()).unwrap();
    let claim = &reading.timestamps[0].claim;
    let evidence =
        Evidence { crls: vec![workshop.authority().root_crl().as_der().to_vec()], ..Evidence::default() };
    let judged = |token: Vec<u8>| {
        let claim = segl::ades::TimestampClaim { token, ..claim.clone() };
        let report = validate_timestamp(&claim, &evidence, &anchors, T0 + HOUR, &Policy::default());
        report.conclusion.to_string()
    };
    assert_eq!(judged(claim.token.clone()), "PASSED");
    for (from, to) in [(&QC_STATEMENTS[..], &UNKNOWN_AND_CRITICAL[..]), (&VERSION_1, &VERSION_2)] {
        let mut token = claim.token.clone();
        let at = token.windows(from.len()).position(|window| window == from).unwrap();
        token[at..at + to.len()].copy_from_slice(to);
        // The value does not verify any more, but that is looked at later.
        assert_eq!(judged(token), "FAILED/FORMAT_FAILURE");
    }
}
