//! What stands at the address of an issuer's certificate.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_fetch::{MAX_CERTIFICATES, read_certificates};

fuzz_target!(|data: &[u8]| {
    if let Ok(certificates) = read_certificates(data) {
        assert!(!certificates.is_empty() && certificates.len() <= MAX_CERTIFICATES);
        assert!(
            certificates.iter().map(|certificate| certificate.as_der().len()).sum::<usize>() <= data.len()
        );
    }
});
