//! What a qualified certificate says of itself comes back when it is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_cert::QcStatements;

fuzz_target!(|data: &[u8]| {
    let Ok(read) = QcStatements::from_der(data) else { return };
    let _ = (read.is_qualified(), read.types().count());
    assert_eq!(QcStatements::from_der(&read.to_der()), Ok(read));
});
