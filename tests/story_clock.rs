//! A sealing takes time, and its steps may fall into different seconds.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::time::Duration;

use segl::{
    ades::{Evidence, Level},
    pdf::Document,
    validation::{Policy, validate},
};

use crate::common::{T0, Wish, Workshop, YEAR, documents};

/// Status that is made a second after the time-stamp is newer than the time in the token: it counts all the same.
#[test]
fn a_second_may_turn_between_any_two_steps() {
    let workshop = Workshop::new("story_clock");
    let original = &documents::made_here()[0];
    for tick in [0, 1, 40, 70, 100, 130, 170, 250, 400, 900, 1000, 1100] {
        let tick = Duration::from_millis(tick);
        let file = workshop.seal_ticking(original, Wish::hours_12(Level::Lta), tick);
        let document = Document::open(file.bytes.as_slice()).unwrap();
        let signatures = segl::pades::read(&document).unwrap().into_signatures();
        let report =
            validate(&signatures, &Evidence::default(), workshop.anchors(), T0 + YEAR, &Policy::default());
        assert!(report.all_passed(), "{tick:?}: {:?}", report.signatures[0].reason());
        assert_eq!(report.signatures[0].format.to_string(), "PAdES-BASELINE-LTA", "{tick:?}");
    }
}
