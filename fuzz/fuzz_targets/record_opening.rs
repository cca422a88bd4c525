//! What a journal keeps of a sealing from its beginning is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_record::Opening;

fuzz_target!(|data: &[u8]| {
    if let Ok(opening) = Opening::from_bytes(data) {
        assert_eq!(opening.to_bytes(), data);
    }
});
