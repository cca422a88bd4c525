//! The signatures and the evidence of a document.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_pades::{read, read_security_store};
use segl_pdf::Document;

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::open(data) else { return };
    let _ = read(&document).map(|reading| reading.into_signatures().len());
    let _ = read_security_store(&document).is_ok();
});
