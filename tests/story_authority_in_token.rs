//! A whole authority in a PKCS#11 token: issuer, time-stamp unit and responder sign there, beside the key that signs once.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::{cell::Cell, time::Duration};
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    object::{Attribute, AttributeType, ObjectClass},
    session::UserType,
    types::AuthPin,
};
use segl::{
    ades::{Evidence, Level},
    authority::{AuthorityKeys, Part, TestAuthority},
    cert::{Lifetime, MemoryRegister},
    crypto::Time,
    key::{
        AuthorityKey, AuthorityKeyError, Curve, KeyId, KeyRequest, OneShotKey, SecureDevice, Token as _,
        pkcs11::{Module, Pin, Pkcs11Error, Pkcs11Token},
    },
    pdf::{Document, Limits},
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions},
    validation::{Policy, validate},
    x509::Certificate,
};
use segl_testkit::{
    peers::SoftHsm,
    rng::SeededRng,
    sealing::{T0, log_id},
    seals::{self, Sealer, anchors, profile, urls},
};

const CONTRACT: &[u8] = include_bytes!("../examples/contract.pdf");
/// Names the module to the process that has the token in its environment.
const MODULE: &str = "SEGL_STORY_TOKEN_MODULE";
const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(31_557_600);

const PARTS: [(Part, &str, &[u8]); 4] = [
    (Part::Root, "TEST root", &[1]),
    (Part::IssuingCa, "TEST issuing CA", &[2]),
    (Part::TimeStampUnit, "TEST time-stamp unit", &[3]),
    (Part::OcspResponder, "TEST OCSP responder", &[4]),
];

#[test]
fn a_seal_whose_every_key_is_in_the_token() {
    // The library reads its configuration from the environment of the process: the story is told in a child.
    if let Some(module) = env::var_os(MODULE) {
        return story(&PathBuf::from(module));
    }
    let token = match SoftHsm::find() {
        Ok(token) => token,
        Err(skipped) => return skipped.report(),
    };
    token.initialise().unwrap();
    let (name, value) = token.environment();
    let output = Command::new(env::current_exe().unwrap())
        .args(["a_seal_whose_every_key_is_in_the_token", "--exact", "--nocapture"])
        .env(name, value)
        .env(MODULE, token.module())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"));
}

fn story(module: &Path) {
    let token = Module::load(module).unwrap().open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN)).unwrap();
    let register = MemoryRegister::default();

    // Made with keys that never leave the token, kept as certificates, and put together again by label.
    let made =
        keys(|part, label, id| AuthorityKey::generate_pkcs11(&token, AuthorityKeys::curve(part), label, id));
    let created = seals::authority(made.clone(), &register, T0 - HOUR, &mut SeededRng::new(1));
    let found = keys(|_, label, id| AuthorityKey::find_pkcs11(&token, label, id));
    for (made, found) in in_order(&made).into_iter().zip(in_order(&found)) {
        assert_eq!(made.spki_der(), found.spki_der());
        assert_eq!(found.device(), SecureDevice::Software, "SoftHSM2 is no hardware and says so");
        assert!(found.to_pkcs8_der().unwrap().is_none());
        assert!(found.attributes().is_some());
    }
    let (part, label, id) = PARTS[0];
    let twice = AuthorityKey::generate_pkcs11(&token, AuthorityKeys::curve(part), label, id);
    assert!(matches!(twice, Err(AuthorityKeyError::Pkcs11(Pkcs11Error::KeyExists { .. }))));
    let authority = TestAuthority::open(&urls(), found, created.material()).unwrap();

    let at_rest = objects(module, &token);
    let request = KeyRequest::new(Curve::P256, KeyId([7; 16]), [8; 16]);
    let one_shot = OneShotKey::generate(token.clone(), &request).unwrap();
    assert_ne!(objects(module, &token), at_rest, "a one-shot key is seen as long as it is there");
    drop(one_shot.abandon().unwrap());
    assert_eq!(objects(module, &token), at_rest);
    let (file, certificate) = sealed(&authority, &register, token.clone());

    // Four private keys and their public halves, as before; of the key that signed once, nothing.
    assert_eq!(at_rest.values().sum::<usize>(), 8, "{at_rest:?}");
    assert_eq!(objects(module, &token), at_rest);
    let swept = token.sweep().unwrap();
    assert_eq!((swept.destroyed, swept.remaining), (0, 0));

    let issuer = authority.issuing_ca().certificate().public_key().unwrap();
    certificate.verify_signed_by(&issuer).unwrap();
    assert!(file.starts_with(CONTRACT));
    for time in [T0 + HOUR, T0 + 10 * YEAR] {
        assert_passed(&authority, &file, time);
    }
}

/// The contract, sealed with everything a reader needs for years by a key in this token, and the seal's certificate.
fn sealed(
    authority: &TestAuthority,
    register: &MemoryRegister,
    token: Pkcs11Token,
) -> (Vec<u8>, Certificate) {
    let now = Cell::new(T0);
    let clock = || {
        now.set(now.get() + Duration::from_millis(1));
        now.get()
    };
    let (curve, journal) = (Curve::P256, MemoryJournal::new(log_id()));
    let order = Order { profile: profile("TEST Seal", Lifetime::Hours12, curve), curve, level: Level::Lta };
    let sealer =
        Sealer { authority, register, anchors: &anchors(authority), journal: &journal, clock: &clock };
    let mut document = PdfDocument::new(CONTRACT, Limits::default(), PdfOptions::default());
    let random = |who: u64| SeededRng::new(2 + who);
    let certificate = sealer.seal(1, token, &order, &mut document, random).unwrap();
    ([CONTRACT, document.tail()].concat(), certificate)
}

fn assert_passed(authority: &TestAuthority, file: &[u8], time: Time) {
    let signatures = segl::pades::read(&Document::open(file).unwrap()).unwrap().into_signatures();
    let report = validate(&signatures, &Evidence::default(), &anchors(authority), time, &Policy::default());
    let [ours] = report.signatures.as_slice() else { panic!("{} signatures", report.signatures.len()) };
    assert_eq!(ours.indication.to_string(), "TOTAL_PASSED", "{time}: {:?}", ours.reason());
    assert_eq!(ours.format.to_string(), "PAdES-BASELINE-LTA");
}

fn keys(key: impl Fn(Part, &str, &[u8]) -> Result<AuthorityKey, AuthorityKeyError>) -> AuthorityKeys {
    let [root, issuing_ca, time_stamp_unit, ocsp_responder] =
        PARTS.map(|(part, label, id)| key(part, label, id).unwrap());
    AuthorityKeys { root, issuing_ca, time_stamp_unit, ocsp_responder }
}

const fn in_order(keys: &AuthorityKeys) -> [&AuthorityKey; 4] {
    [&keys.root, &keys.issuing_ca, &keys.time_stamp_unit, &keys.ocsp_responder]
}

/// How many keys, private and public, the token holds under each label; by the bare library, not by ours. Objects of a session
/// are seen by every session of the process, so a one-shot key that was forgotten would be among them.
fn objects(module: &Path, token: &Pkcs11Token) -> BTreeMap<String, usize> {
    let client = Pkcs11::new(module).unwrap();
    // Initialised already, by the module that is under test.
    drop(client.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)));
    let slots = client.get_slots_with_initialized_token().unwrap();
    let label = &token.description().label;
    let slot = slots.into_iter().find(|slot| client.get_token_info(*slot).unwrap().label() == label).unwrap();
    let session = client.open_rw_session(slot).unwrap();
    // Logged in already, likewise.
    drop(session.login(UserType::User, Some(&AuthPin::from(SoftHsm::PIN))));
    let mut found = BTreeMap::new();
    for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
        for object in session.find_objects(&[Attribute::Class(class)]).unwrap() {
            for attribute in session.get_attributes(object, &[AttributeType::Label]).unwrap() {
                let Attribute::Label(label) = attribute else { continue };
                *found.entry(String::from_utf8(label).unwrap()).or_default() += 1;
            }
        }
    }
    found
}
