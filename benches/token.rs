//! Sealing a 200 kB PDF at B-B with a key in a PKCS#11 token, beside its floor: the token's bare cycle, the issuer's signature, one digest.
//!
//! `cargo bench -p segl-suite --bench token`. The token is SoftHSM2 in a temporary folder, or what `SEGL_PKCS11_MODULE` names. The bare
//! cycle is a session, a key pair, the public point, a signature, the destruction of both objects and a look-up from another session, with
//! the calls of the PKCS#11 library and nothing around them; issuer's signature and digest come where a sealing has them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

mod common;

use std::hint::black_box;
use std::process::Command;

use common::{Bench, IssuerFloor, PDF_SIZE, in_turns, pdf};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use segl::ades::Level;
use segl::cert::MemoryRegister;
use segl::crypto::{DigestAlgorithm, digest};
use segl::key::Curve;
use segl::key::pkcs11::{Module, Pin};
use segl::sealing::MemoryJournal;
use segl_testkit::peers::SoftHsm;
use segl_testkit::sealing::log_id;

/// Says to the child process where module and PIN are.
const CHILD: &str = "SEGL_BENCH_MODULE";
const TURNS: usize = 400;

fn main() {
    let Some(module) = std::env::var_os(CHILD) else { return in_a_child() };
    let pdf = pdf(PDF_SIZE);
    let issuer = IssuerFloor::new();
    let token = Module::load(&module).unwrap().open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN)).unwrap();
    let library = Pkcs11::new(&module).unwrap();
    // The library is one a process, and ours has initialised it.
    drop(library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)));
    let slot = library.get_slots_with_token().unwrap()[0];
    let witness = library.open_ro_session(slot).unwrap();
    drop(witness.login(UserType::User, Some(&AuthPin::new(SoftHsm::PIN.into()))));
    let mut bench = Bench::new(MemoryJournal::new(log_id()), MemoryRegister::default());
    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    for curve in [Curve::P256, Curve::P384] {
        let algorithm = curve.algorithm().digest().unwrap();
        let turns = if is_measurement { TURNS } else { 1 };
        let mut count = 0_u64;
        in_turns(
            &format!("B-B with a {curve} key in the token, journal in memory"),
            turns,
            || {
                count += 1;
                cycle(&library, &witness, slot, curve, count, || {
                    issuer.sign();
                    black_box(digest(algorithm, &pdf));
                });
            },
            || {
                black_box(bench.seal(token.clone(), pdf.as_slice(), curve, Level::B));
            },
        );
    }
}

/// A module reads its configuration from the environment, which only a new process gets.
fn in_a_child() {
    let hsm = match SoftHsm::find() {
        Ok(hsm) => hsm,
        Err(skipped) => return println!("{skipped}"),
    };
    hsm.initialise().unwrap();
    let (name, value) = hsm.environment();
    let status = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env(name, value)
        .env(CHILD, hsm.module())
        .status()
        .unwrap();
    assert!(status.success());
}

/// Session, key pair, its point, signature, destruction, and the look-up from another session; in between what else the floor has,
/// where a sealing has it.
fn cycle(library: &Pkcs11, witness: &Session, slot: Slot, curve: Curve, count: u64, between: impl FnOnce()) {
    let parameters: &[u8] = match curve {
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        _ => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    };
    let id = Attribute::Id(count.to_be_bytes().to_vec());
    let public = [
        Attribute::Token(false),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(parameters.to_vec()),
        id.clone(),
    ];
    let private = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        id.clone(),
    ];
    let session = library.open_ro_session(slot).unwrap();
    let (public, private) = session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
    black_box(session.get_attributes(public, &[AttributeType::EcPoint]).unwrap());
    between();
    let hash = digest(curve.algorithm().digest().unwrap_or(DigestAlgorithm::Sha256), b"attributes").unwrap();
    black_box(session.sign(&Mechanism::Ecdsa, private, hash.as_bytes()).unwrap());
    session.destroy_object(private).unwrap();
    session.destroy_object(public).unwrap();
    assert!(witness.find_objects(&[id]).unwrap().is_empty());
}
