//! What a store keeps of an entry until the purge: the number of its kind, then its bytes. It is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_record::{Disclosure, Kind};

fuzz_target!(|data: &[u8]| {
    let Some((number, bytes)) = data.split_first() else { return };
    let Some(kind) = Kind::from_number(*number) else { return };
    let Ok(disclosure) = Disclosure::from_bytes(kind, bytes) else { return };
    assert_eq!(disclosure.to_bytes(), bytes);
    assert!(kind.fields().into_iter().all(|field| disclosure.opening_of(field).is_some()));
    if let Ok(event) = disclosure.event() {
        assert_eq!(event.kind(), kind);
    }
});
