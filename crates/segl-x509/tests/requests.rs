//! Certification requests that OpenSSL makes, with every kind of key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use std::fs;

use segl_testkit::peers::{OpenSsl, Scratch};
use segl_x509::{CertificationRequest, oids};

#[test]
fn openssl_requests_prove_their_keys() {
    let openssl = match OpenSsl::find() {
        Ok(openssl) => openssl,
        Err(skipped) => return println!("{skipped}"),
    };
    let scratch = Scratch::new().unwrap();
    for (name, key) in [
        ("p256", &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..]),
        ("p384", &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("p521", &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ("rsa", &["rsa:2048"]),
        ("pss", &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("ed25519", &["ed25519"]),
    ] {
        for form in ["PEM", "DER"] {
            let path = scratch.path().join(format!("{name}.{form}"));
            let mut arguments = vec!["req", "-new", "-nodes", "-subj", "/C=DK/O=TEST Kommune/CN=TEST Unit"];
            arguments.extend(["-addext", "keyUsage=critical,nonRepudiation", "-outform", form]);
            let secret = scratch.path().join("key.pem");
            arguments.extend([
                "-keyout",
                secret.to_str().unwrap(),
                "-out",
                path.to_str().unwrap(),
                "-newkey",
            ]);
            arguments.extend(key);
            let said = openssl.run(arguments).unwrap();
            assert!(said.success, "{name}: {said:?}");
            let request = CertificationRequest::from_der_or_pem(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(request.subject().find(oids::COMMON_NAME).as_deref(), Some("TEST Unit"));
            let wished = request.requested_extensions().unwrap();
            assert!(wished.len() == 1 && *wished[0].oid() == oids::KEY_USAGE && wished[0].is_critical());
            request.proves_possession().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
