//! The end of a log as text has one way of being written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_record::Checkpoint;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), text);
    }
});
