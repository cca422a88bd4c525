//! A request for a time-stamp, as it reaches the authority, is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_tsp::TimestampRequest;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = TimestampRequest::from_der(data) {
        assert_eq!(request.to_der(), data);
    }
});
