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
    cell::Cell,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use segl::{
    Embedded,
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{
        AuthorityNames, AuthorityUrls, Holder, Lifetime, MemoryRegister, Organisation,
        OrganisationIdentifier, SealProfile, Unit,
    },
    crypto::{DigestAlgorithm, Time, digest},
    key::{Curve, SoftToken},
    pades::read,
    pdf::{Document, Limits},
    revocation::OcspRequest,
    sealing::{
        Attempt, Decision, Helpers, Lease, MemoryJournal, Order, PdfDocument, PdfOptions, RunnerId,
        Tolerances, seal,
    },
    tsp::{TimestampRequest, TimestampResponse, Token},
};
use segl_testkit::{
    rng::SeededRng,
    sealing::{log_id, opening, salts, uuid},
};

/// When all of it is made.
const NOW: Time = Time::from_unix(1_795_000_000);

fn main() {
    let Some(corpus) = env::args_os().nth(1).map(PathBuf::from) else { panic!("say in which folder") };
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };

    let mut rng = SeededRng::new(1);
    let register = MemoryRegister::default();
    let now = NOW;
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
    let random = |what: u64| SeededRng::new(10 * number + what);
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + 1);
        NOW + Duration::from_millis(100 * ticks.get())
    };
    let identifier = OrganisationIdentifier::parse("NTRDK-10000001").unwrap();
    let organisation = Organisation::new("DK", "TEST Example Municipality", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Seal").unwrap());
    let profile = SealProfile::new(holder, Lifetime::Hours12, authority.urls());
    let journal = MemoryJournal::new(log_id());
    let lease = Lease { runner: RunnerId::new(uuid(7, number)), until: NOW + Duration::from_secs(3600) };
    let attempt = Attempt::open(&journal, opening(number), &lease).unwrap();
    let embedded = Embedded::new(authority, register, &clock, random(0));
    let stamper = embedded.stamper(random(1));
    let helpers = Helpers {
        issuer: &embedded,
        stampers: &[&stamper],
        anchors: &embedded.anchors(),
        evidence: &embedded,
        clock: &clock,
        retry: &|_| false,
        tolerances: Tolerances::default(),
    };
    let order = Order { profile, curve: Curve::P256, level };
    let mut document = PdfDocument::new(original, Limits::default(), PdfOptions::default());
    let sealed = seal(
        attempt,
        SoftToken::new(random(2)),
        &mut document,
        &order,
        &helpers,
        &mut random(3),
        &mut |_| Decision::Approve,
        &mut |_| {},
    )
    .unwrap();
    sealed.release(clock(), salts(number)).unwrap();
    [original, document.tail()].concat()
}
