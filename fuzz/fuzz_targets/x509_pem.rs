//! Certificates in a text file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let all = Certificate::all_from_pem(data);
    let one = Certificate::from_pem(data);
    if let Ok(all) = &all {
        assert!(!all.is_empty());
        assert!(all.iter().map(|certificate| certificate.as_der().len()).sum::<usize>() <= data.len());
    }
    if let (Ok(all), Ok(one)) = (all, one) {
        assert_eq!(all.first(), Some(&one));
    }
    let bundle = Certificate::all_from_der_or_pem(data);
    assert!(!bundle.is_empty());
    if let Ok(one) = Certificate::from_der_or_pem(data) {
        assert_eq!(bundle.first(), Some(&Ok(one)));
    }
});
