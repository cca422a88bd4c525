//! A list of revoked certificates, entry by entry, in memory and read by position: both say the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_revocation::{CrlIndex, CrlView, IndexLimits, RevocationList};

fuzz_target!(|data: &[u8]| {
    let index = CrlIndex::read(data, &IndexLimits::default());
    let Ok(crl) = CrlView::from_der(data) else {
        assert!(index.is_err());
        return;
    };
    assert_eq!(crl.as_der(), data);
    let _ = (crl.number(), crl.keeps_expired_since(), crl.is_delta(), crl.freshest_crl(), crl.is_last());
    let _ = (crl.issuing_distribution_point().is_ok(), crl.authority_key_identifier().is_ok(), crl.takes(&crl));
    let Ok(index) = index else { return };
    for entry in crl.entries().take(64).flatten() {
        assert!(crl.find(entry.serial).is_ok());
        assert_eq!(index.look_up(entry.serial, crl.issuer()).ok(), crl.look_up(entry.serial, crl.issuer()).ok());
    }
});
