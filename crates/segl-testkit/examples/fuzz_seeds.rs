//! Writes the seeds of the fuzz targets: `cargo run -p segl-testkit --example fuzz_seeds -- fuzz/corpus`.
//!
//! One of each thing that a target eats, made by our own code, the same bytes in every run: time and random
//! numbers are fixed.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool for developers may stop at the first surprise"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use segl_authority::{AuthorityKeys, TestAuthority};
use segl_cert::{AuthorityNames, AuthorityUrls, MemoryRegister};
use segl_crypto::{DigestAlgorithm, Time, digest};
use segl_revocation::OcspRequest;
use segl_testkit::rng::SeededRng;
use segl_tsp::{TimestampRequest, TimestampResponse, Token};

fn main() {
    let Some(corpus) = env::args_os().nth(1).map(PathBuf::from) else { panic!("say in which folder") };
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };

    let mut rng = SeededRng::new(1);
    let register = MemoryRegister::default();
    let now = Time::from_unix(1_795_000_000);
    let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
    let (names, urls) =
        (AuthorityNames::test().unwrap(), AuthorityUrls::new("http://pki.example.com").unwrap());
    let authority = TestAuthority::create(&names, &urls, keys, &register, now, &mut rng).unwrap();
    let material = authority.material();

    for (name, certificate) in [
        ("root", &material.root),
        ("issuing-ca", &material.issuing_ca),
        ("time-stamp-unit", &material.time_stamp_unit),
        ("ocsp-responder", &material.ocsp_responder),
    ] {
        seed("x509_certificate", name, certificate.as_der());
    }
    seed("revocation_crl", "root", material.root_crl.as_der());
    seed("revocation_crl", "ca", authority.ca_crl(&register, now).unwrap().as_der());

    let nonce = Some(vec![7; 32]);
    let question = (&material.ocsp_responder, &material.issuing_ca, DigestAlgorithm::Sha256);
    let question = OcspRequest::about(question.0, question.1, question.2, nonce).unwrap().to_der();
    seed("revocation_ocsp_request", "with-nonce", &question);
    let answer = authority.respond(&question, &register, now);
    seed("revocation_ocsp", "good", &answer);
    seed("revocation_ocsp", "unreadable", &authority.respond(b"no request", &register, now));

    let imprint = digest(DigestAlgorithm::Sha256, b"seed").unwrap();
    let request = TimestampRequest::new(&imprint).with_nonce(&[3; 8]).to_der();
    seed("tsp_request", "with-nonce", &request);
    let response = authority.stamp(&request, &[1, 2, 3], now);
    seed("tsp_response", "granted", &response);
    seed("tsp_response", "refused", &authority.stamp(b"no request", &[1], now));
    let granted = TimestampResponse::from_der(&response).unwrap();
    let token = Token::from_der(granted.token().unwrap()).unwrap();
    seed("tsp_tst_info", "sha256", &token.info().to_der());
    for target in ["tsp_token", "cms_signed_data", "cms_splice"] {
        seed(target, "time-stamp", token.as_bytes());
    }

    let contract =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contract.pdf")).unwrap();
    for target in ["pdf_document", "pdf_update", "pades_read"] {
        seed(target, "contract.pdf", &contract);
    }
}
