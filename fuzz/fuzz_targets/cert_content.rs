//! What is shown of a certificate, anybody's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_cert::CertificateContent;
use segl_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    let Ok(content) = CertificateContent::of(&certificate) else { return };
    assert_eq!(CertificateContent::of(&certificate).as_ref(), Ok(&content));
    let shown = content.to_string();
    // The certificate of a stranger must not move the cursor of whoever approves.
    assert!(shown.chars().all(|character| character == '\n' || !character.is_control()), "{shown:?}");
});
