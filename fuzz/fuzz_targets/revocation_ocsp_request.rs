//! A question about a certificate, as it reaches the responder.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_revocation::OcspRequest;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = OcspRequest::from_der(data) {
        assert!(OcspRequest::from_der(&request.to_der()).is_ok());
    }
});
