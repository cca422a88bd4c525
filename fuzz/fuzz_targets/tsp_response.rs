//! The answer of an authority, as it reaches the client, is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_tsp::TimestampResponse;

fuzz_target!(|data: &[u8]| {
    if let Ok(response) = TimestampResponse::from_der(data) {
        let _ = response.text();
        assert_eq!(response.to_der(), data);
    }
});
