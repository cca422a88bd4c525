//! Certificates that others made.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::fs;
use std::path::PathBuf;

use segl_testkit::corpus;
use segl_x509::{Certificate, CertificateError, oids};

/// Every certificate file is read, and every known extension in it is either understood or refused with a place.
#[test]
fn certificates_of_others_are_read() {
    let Some(corpus) = corpus::folder() else { return };
    let mut paths = Vec::new();
    for folder in ["pkits/certs", "reference", "lint", "revocation", "trusted-lists", "xades", "cades"] {
        let is_certificate =
            |path: &PathBuf| path.extension().is_some_and(|end| end == "crt" || end == "cer" || end == "pem");
        paths.extend(corpus::files(&corpus.join(folder)).into_iter().filter(is_certificate));
    }
    let mut count = 0;
    for path in &paths {
        let input = fs::read(path).unwrap();
        let certificate = match Certificate::from_der_or_pem(&input) {
            Ok(certificate) => certificate,
            Err(CertificateError::NoPemBlock) => continue,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        count += 1;
        assert!(!certificate.subject().to_string().contains("#"), "{}", certificate.subject());
        certificate.basic_constraints().unwrap();
        certificate.key_usage().unwrap();
        certificate.ext_key_usage().unwrap();
        certificate.subject_key_identifier().unwrap();
        certificate.authority_key_identifier().unwrap();
        certificate.subject_alt_names().unwrap();
        certificate.policies().unwrap();
        certificate.policy_mappings().unwrap();
        certificate.policy_constraints().unwrap();
        certificate.inhibit_any_policy().unwrap();
        certificate.name_constraints().unwrap();
        certificate.crl_distribution_points().unwrap();
        certificate.authority_info_access().unwrap();
        certificate.qc_statements().unwrap();
        assert!(certificate.duplicate_extensions().is_empty(), "{}", path.display());
    }
    println!("{count} of {} files", paths.len());
    assert!(count > 400);
}

#[test]
fn the_reference_seal_says_what_its_recipe_says() {
    let Some(corpus) = corpus::folder() else { return };
    let folder = corpus.join("reference/12h");
    let read = |name: &str| Certificate::from_der(&fs::read(folder.join(name)).unwrap()).unwrap();
    let root = read("root.cer");
    assert!(root.is_self_signed() && root.is_ca());
    let seal = read("seal.cer");
    let authority = read("ca.cer");
    seal.verify_signed_by(&authority.public_key().unwrap()).unwrap();
    assert!(seal.verify_signed_by(&root.public_key().unwrap()).is_err());
    assert!(seal.issuer().matches(authority.subject()) && !seal.is_self_issued());
    assert_eq!(seal.key_usage().unwrap().unwrap().names().collect::<Vec<_>>(), ["nonRepudiation"]);
    assert_eq!(seal.not_before().to_string(), "2026-11-22T02:30:00Z");
    assert_eq!(seal.version(), 3);
    assert_eq!(seal.serial().len(), 16);
    assert!(seal.subject().find(oids::COMMON_NAME).unwrap().contains("TEST"));
    assert_eq!(seal.ocsp_urls().len(), 1);
    assert_eq!(seal.crl_urls().len(), 1);
    assert_eq!(
        seal.authority_key_identifier().unwrap().unwrap().key_identifier.as_deref(),
        Some(authority.computed_key_identifier().as_slice())
    );
}

/// Any octet changed, any end cut off: an answer, never a stop.
#[test]
fn mutations_never_panic() {
    let Some(corpus) = corpus::folder() else { return };
    let original = fs::read(corpus.join("reference/12h/seal.cer")).unwrap();
    for position in 0..original.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = original.clone();
            changed[position] ^= flip;
            if let Ok(certificate) = Certificate::from_der(&changed) {
                let _ = (certificate.subject().to_string(), certificate.issuer().comparison_key());
                let _ = (certificate.key_usage(), certificate.policies(), certificate.crl_urls());
                let _ = (certificate.qc_statements(), certificate.name_constraints());
                let _ = (certificate.authority_key_identifier(), certificate.public_key());
            }
        }
        assert!(Certificate::from_der(&original[..position]).is_err());
    }
}
