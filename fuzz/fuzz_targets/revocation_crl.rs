//! A list of revoked certificates, entry by entry.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_revocation::CrlView;

fuzz_target!(|data: &[u8]| {
    let Ok(crl) = CrlView::from_der(data) else { return };
    assert_eq!(crl.as_der(), data);
    let _ = (crl.number(), crl.keeps_expired_since(), crl.is_delta());
    let _ = (crl.issuing_distribution_point().is_ok(), crl.authority_key_identifier().is_ok());
    if let Some(Ok(entry)) = crl.entries().last() {
        assert!(crl.find(entry.serial).is_ok());
    }
});
