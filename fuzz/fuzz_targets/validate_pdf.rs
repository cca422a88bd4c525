//! The whole judgement of a document, with anchors taken from inside so that it goes as far as it can.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl::{
    EmbeddedAnchors, ades::Evidence, crypto::Time, embedded_anchors, pdf::Limits, read_pdf, validate_pdf,
    validation::Policy,
};

fuzz_target!(|data: &[u8]| {
    let Ok(reading) = read_pdf(data, Limits::default()) else { return };
    let anchors = embedded_anchors(&reading, EmbeddedAnchors::Tops);
    let time = Time::from_unix(1_795_003_600);
    let _ = validate_pdf(reading, &Evidence::default(), &anchors, time, &Policy::default());
});
