//! A question about a certificate, as it reaches the responder.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_revocation::OcspRequest;

fuzz_target!(|data: &[u8]| {
    if let Some(request) = core::str::from_utf8(data).ok().and_then(|path| OcspRequest::from_get_path(path).ok()) {
        assert!(OcspRequest::from_der(&request.to_der()).is_ok());
    }
    if let Ok(request) = OcspRequest::from_der(data) {
        if let Some(path) = request.to_get_path() {
            assert_eq!(OcspRequest::from_get_path(&path).ok(), Some(request.clone()));
        }
        assert!(OcspRequest::from_der(&request.to_der()).is_ok());
    }
});
