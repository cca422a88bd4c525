//! Certificates that others made, where they are at hand: every one whose key can be used has a content that can be shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_cert::{CertificateContent, ContentError, QcStatements, Statement, oid};
use segl_testkit::corpus;
use segl_x509::Certificate;

/// Certificates whose content cannot be shown, because their key cannot be used: a curve nobody signs with, DSA parameters that the
/// issuer has, an RSA key that is malformed.
const WITHOUT_CONTENT: [&str; 4] = [
    "lint/qncp_w_gen_legal_person_eidas_final_certificate/bad_ecdsa_curve.cer",
    "pkits/certs/DSAParametersInheritedCACert.crt",
    "pkits/certs/ValidDSAParameterInheritanceTest5EE.crt",
    "revocation/certificates/dss-spi/at_sdi.cer",
];

#[test]
fn certificates_of_others_are_shown_and_their_statements_read() {
    let Some(corpus) = corpus::folder() else { return };
    let (mut shown, mut with_statements, mut refused) = (0, 0, Vec::new());
    for file in corpus::files(&corpus) {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !["cer", "crt", "der", "pem"].contains(&extension) {
            continue;
        }
        let Ok(certificate) = Certificate::from_der_or_pem(&std::fs::read(&file).unwrap()) else { continue };
        match CertificateContent::of(&certificate) {
            Ok(content) => {
                shown += 1;
                assert!(!content.to_string().is_empty(), "{}", file.display());
            }
            Err(error) => {
                assert!(matches!(error, ContentError::Key(_)), "{}: {error}", file.display());
                refused.push(file.strip_prefix(&corpus).unwrap().display().to_string());
            }
        }
        let Some(found) = certificate.extension(oid::QC_STATEMENTS) else { continue };
        let reading =
            QcStatements::read(found.value()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for oddity in &reading.oddities {
            println!("{}\t{oddity}", file.display());
            assert!(oddity.offset < found.value().len(), "{}", file.display());
        }
        let statements = reading.statements;
        with_statements += 1;
        let mut types: Vec<_> = statements.types().map(|kind| kind.oid().to_string()).collect();
        types.sort();
        let pds: Vec<_> =
            statements.disclosure_statements().map(|pds| format!("{}={}", pds.language, pds.url)).collect();
        println!(
            "{}\t{}\t{}\t{}\t{}",
            file.display(),
            statements.is_qualified(),
            statements.claims_qualified_device(),
            types.join(","),
            pds.join(",")
        );
        let unreadable =
            statements.0.iter().filter(|one| matches!(one, Statement::Unreadable { .. })).count();
        assert_eq!(unreadable, 0, "{}", file.display());
    }
    refused.sort();
    assert_eq!(refused, WITHOUT_CONTENT);
    println!("{shown} shown, {with_statements} with statements");
    assert!(shown > 500 && with_statements > 10);
}
