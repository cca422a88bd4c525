//! A certification request, its wishes and its proof.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_x509::CertificationRequest;

fuzz_target!(|data: &[u8]| {
    let Ok(request) = CertificationRequest::from_der_or_pem(data) else { return };
    let again = CertificationRequest::from_der(request.as_der()).unwrap();
    assert_eq!(again.spki_der(), request.spki_der());
    let _ = (request.subject().to_string(), request.attributes().count(), request.requested_extensions());
    let _ = (request.public_key(), request.proves_possession());
});
