//! A response about the status of certificates.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_revocation::OcspView;

fuzz_target!(|data: &[u8]| {
    let _ = OcspView::from_basic_der(data).is_ok();
    let Ok(response) = OcspView::from_der(data) else { return };
    let _ = (response.nonce(), response.responder_id(), response.produced_at());
    let _ = (response.responses().len(), response.certificates().len(), response.check_nonce(&[1; 32]));
    for one in response.responses() {
        let _ = (one.archive_cutoff(), one.certificate_hash().is_ok(), one.is_never_issued());
    }
    assert!(OcspView::from_basic_der(response.basic_der()).is_ok());
});
