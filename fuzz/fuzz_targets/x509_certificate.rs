//! Everything that can be asked of a certificate.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_x509::Certificate;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.as_der(), data);
    let _ = (certificate.subject().to_string(), certificate.issuer().matches(certificate.subject()));
    let _ = (certificate.public_key().is_ok(), certificate.signature_algorithm().is_ok());
    let _ = (
        certificate.basic_constraints().is_ok(),
        certificate.key_usage().is_ok(),
        certificate.ext_key_usage().is_ok(),
    );
    let _ = (
        certificate.subject_alt_names().is_ok(),
        certificate.name_constraints().is_ok(),
        certificate.policies().is_ok(),
    );
    let _ = (certificate.policy_mappings().is_ok(), certificate.policy_constraints().is_ok());
    let _ = (certificate.crl_distribution_points().is_ok(), certificate.authority_key_identifier().is_ok());
    let _ = (certificate.qc_statements().is_ok(), certificate.private_key_usage_period().is_ok());
    let _ = (certificate.ocsp_urls(), certificate.ca_issuers_urls(), certificate.crl_urls());
    let _ = (certificate.is_self_signed(), certificate.is_validity_assured());
});
