//! Writes the seeds of the fuzz targets: `cargo run -p segl-testkit --features sealing --example fuzz_seeds -- fuzz/corpus`.
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
    cell::Cell,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use segl::{
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{Lifetime, MemoryRegister},
    crypto::{DigestAlgorithm, digest},
    key::{Curve, SoftToken},
    pades::read,
    pdf::{Document, Limits},
    revocation::OcspRequest,
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions},
    tsp::{TimestampRequest, TimestampResponse, Token},
};
use segl_testkit::{
    rng::SeededRng,
    sealing::{T0, log_id},
    seals::{Sealer, anchors, authority, profile},
};

fn main() {
    let Some(corpus) = env::args_os().nth(1).map(PathBuf::from) else { panic!("say in which folder") };
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };

    let mut rng = SeededRng::new(1);
    let register = MemoryRegister::default();
    let now = T0;
    let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
    let authority = authority(keys, &register, now, &mut rng);
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
    let mut documents = vec![("contract.pdf".to_owned(), contract.clone())];
    for (level, number) in [Level::B, Level::Lt, Level::Lta, Level::T].into_iter().zip(1..) {
        let sealed = sealed(&authority, &register, &contract, level, number);
        documents.push((format!("contract.{}.pdf", level.suffix()), sealed));
    }
    for target in ["pdf_document", "pdf_update", "pades_read", "validate_pdf"] {
        for (name, bytes) in &documents {
            seed(target, name, bytes);
        }
    }
    let (_, sealed) = documents.last().unwrap();
    let reading = read(&Document::open(sealed.as_slice()).unwrap()).unwrap();
    let signature = &reading.signatures.first().unwrap().signature;
    seed("x509_certificate", "seal", signature.signer_certificate.as_deref().unwrap());
    // The place of /Contents is between the two segments of the byte range, less the delimiters.
    let [_, start, end, _] = reading.signatures.first().unwrap().facts.byte_range.unwrap();
    let gap = usize::try_from(start).unwrap() + 1..usize::try_from(end).unwrap() - 1;
    let digits = sealed.get(gap).unwrap();
    let message: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    for target in ["cms_signed_data", "cms_splice"] {
        seed(target, "seal", &message);
    }
}

/// The document sealed at a level. Every look at the clock finds it a tenth of a second later.
fn sealed(
    authority: &TestAuthority,
    register: &MemoryRegister,
    original: &[u8],
    level: Level,
    number: u64,
) -> Vec<u8> {
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + 1);
        T0 + Duration::from_millis(100 * ticks.get())
    };
    let journal = MemoryJournal::new(log_id());
    let sealer =
        Sealer { authority, register, anchors: &anchors(authority), journal: &journal, clock: &clock };
    let curve = Curve::P256;
    let order = Order { profile: profile("TEST Seal", Lifetime::Hours12, curve), curve, level };
    let random = |who: u64| SeededRng::new(10 * number + who);
    let mut document = PdfDocument::new(original, Limits::default(), PdfOptions::default());
    sealer.seal(number, SoftToken::new(random(3)), &order, &mut document, random).unwrap();
    [original, document.tail()].concat()
}
