//! What a token says is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_tsp::TstInfo;

fuzz_target!(|data: &[u8]| {
    let _ = TstInfo::from_ber(data);
    if let Ok(info) = TstInfo::from_der(data) {
        assert_eq!(info.to_der(), data);
    }
});
