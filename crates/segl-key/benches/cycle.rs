//! The cycle of a one-shot key in a PKCS#11 token beside the same calls made bare: make, sign, look, destroy.
//!
//! `cargo bench -p segl-key --features pkcs11`. The token is SoftHSM2 in a temporary folder, or what `SEGL_PKCS11_MODULE` names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement may stop at the first surprise"
)]

#[path = "../tests/softhsm/mod.rs"]
mod softhsm;

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::Session;
use segl_crypto::{ToBeSigned, sha256};
use segl_key::pkcs11::Pkcs11Token;
use segl_key::{Curve, KeyId, KeyRequest, OneShotKey};
use softhsm::Fixture;

const MESSAGE: &[u8] = &[0x5a; 300];

fn main() {
    let Some(path) = softhsm::module() else {
        println!("skipped: no PKCS#11 module; set SEGL_PKCS11_MODULE or install SoftHSM2");
        return;
    };
    if !softhsm::is_child() {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(std::env::args_os().skip(1))
            .envs(softhsm::environment(&folder))
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let fixture = Fixture::new(path);
    let token = fixture.token();
    let sessions = [fixture.session(), fixture.session()];
    let mut counter = 0;
    let mut next = || {
        counter += 1_u128;
        counter.to_be_bytes()
    };

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("one-shot P-256 key in a token");
    group.bench_function("bare cryptoki", |b| b.iter(|| bare(&sessions, next())));
    group.bench_function("segl-key", |b| b.iter(|| ours(&token, next())));
    group.finish();
    criterion.final_summary();

    if !std::env::args().any(|argument| argument == "--test") {
        // Turn and turn about, because a busy machine changes its mind between two groups.
        let (mut floor, mut full) = (Vec::new(), Vec::new());
        for _ in 0..2000 {
            floor.push(timed(|| bare(&sessions, next())));
            full.push(timed(|| ours(&token, next())));
        }
        let (floor, full) = (median(floor), median(full));
        let percent = full.as_secs_f64() / floor.as_secs_f64() * 100.0 - 100.0;
        println!("medians of 2000 in turn: bare {floor:?}, segl-key {full:?}, {percent:+.1} %");
    }
}

/// What a careful caller would do by hand: the same template, one look for the key from another session.
fn bare([working, witness]: &[Session; 2], id: [u8; 16]) {
    let both = [
        Attribute::Token(false),
        Attribute::Id(id.to_vec()),
        Attribute::Label(KeyId(id).label().into_bytes()),
    ];
    let mut public = vec![
        Attribute::EcParams(vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        Attribute::Verify(true),
    ];
    let mut private = vec![
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::SignRecover(false),
        Attribute::Copyable(false),
        Attribute::Modifiable(false),
        Attribute::AllowedMechanisms(vec![MechanismType::ECDSA]),
    ];
    public.extend(both.iter().cloned());
    private.extend(both);
    let (public, private) = working.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
    black_box(working.sign(&Mechanism::Ecdsa, private, &sha256(MESSAGE)).unwrap());
    working.destroy_object(private).unwrap();
    working.destroy_object(public).unwrap();
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(id.to_vec())];
    assert!(witness.find_objects(&template).unwrap().is_empty());
}

fn ours(token: &Pkcs11Token, id: [u8; 16]) {
    let request = KeyRequest::new(Curve::P256, KeyId(id), [0; 16]);
    let key = OneShotKey::generate(token, &request).unwrap();
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [0; 32]).unwrap();
    let tbs = ToBeSigned::new(MESSAGE, Curve::P256.algorithm());
    let (_destroyed, value) = key.sign(&tbs).unwrap().destroy().unwrap();
    black_box(value);
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
