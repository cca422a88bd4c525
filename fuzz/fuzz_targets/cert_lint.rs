//! Any certificate is linted and described: a bounded number of findings, each inside the certificate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_cert::{Description, lint};
use segl_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    let report = lint::lint(&certificate);
    assert!(report.findings().len() <= 16 * lint::rules().count());
    for finding in report.findings() {
        let place = finding.place();
        assert!(place.offset().unwrap_or(0) + place.length().unwrap_or(0) <= data.len());
    }
    assert!(!Description::of(&certificate).to_string().is_empty());
});
