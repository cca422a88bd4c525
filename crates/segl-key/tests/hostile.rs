//! What else goes on around a token: others log out, close sessions and make objects, threads panic, and processes sweep at the same time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod softhsm;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use segl_crypto::{KeyKind, ToBeSigned};
use segl_key::pkcs11::{Module, Pin, Pkcs11Error, Pkcs11Token, SessionLimits, TokenState};
use segl_key::{
    Activated, Activation, AuthorityKey, AuthorityKeyError, Curve, DestroyError, GenerateError, KeyId,
    KeyRequest, OneShotKey, SignError, Swept, Token,
};
use segl_shim::{Call, Rule, Shim, When, code};
use softhsm::{Fixture, LABEL, PIN, with_token};

const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Through the library that records.
fn open() -> Pkcs11Token {
    Module::load(segl_shim::library()).unwrap().open(LABEL, &Pin::new(PIN)).unwrap()
}

fn tbs() -> ToBeSigned {
    ToBeSigned::new(b"attributes".as_slice(), Curve::P256.algorithm())
}

fn activated<T: Token>(token: T) -> OneShotKey<T, Activated> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let key = OneShotKey::generate(token, &KeyRequest::new(Curve::P256, KeyId(id), [0; 16])).unwrap();
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [7; 32]).unwrap();
    key.activate(Activation::new([0; 16], KeyId(id), &tbs())).unwrap()
}

fn finish<T: Token>(key: OneShotKey<T, Activated>) {
    let (_destroyed, _value) = key.sign(&tbs()).unwrap().destroy().unwrap();
}

/// A key pair as a device that ignores `CKA_TOKEN` would keep it.
fn plant(session: &Session, label: &str) -> (ObjectHandle, ObjectHandle) {
    let both = [Attribute::Token(true), Attribute::Label(label.as_bytes().to_vec()), Attribute::Id(vec![1])];
    let mut public = vec![Attribute::EcParams(P256.to_vec()), Attribute::Private(false)];
    public.extend(both.iter().cloned());
    let mut private = vec![Attribute::Private(true), Attribute::Sign(true)];
    private.extend(both);
    session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap()
}

/// `CKR_TEMPLATE_INCONSISTENT`
const TEMPLATE_INCONSISTENT: u64 = 0xd1;

const LEFT: &str = "segl-once-00112233445566778899aabbccddeeff";

type Way<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// The ways in which somebody else in the process takes the login away.
fn ways_to_lose(fixture: &Fixture) -> [Way<'_>; 3] {
    [
        ("logged out", Box::new(|| fixture.session().logout().unwrap())),
        (
            "all sessions closed",
            Box::new(|| {
                fixture.client.clone().finalize().unwrap();
                let _ = Fixture::existing(fixture.path.clone());
            }),
        ),
        ("finalised", Box::new(|| fixture.client.clone().finalize().unwrap())),
    ]
}

#[test]
fn sweep_that_lost_its_login_does_not_call_the_token_clean() {
    with_token("sweep_that_lost_its_login_does_not_call_the_token_clean", |fixture| {
        for used_before in [false, true] {
            let token = open();
            if used_before {
                finish(activated(&token));
            }
            for (way, lose) in ways_to_lose(fixture) {
                plant(&fixture.session(), LEFT);
                lose();
                assert_eq!(token.sweep().unwrap(), Swept { destroyed: 2, remaining: 0 }, "{way}");
                assert_eq!(fixture.leftovers(), [""; 0], "{way}");
                assert_eq!(token.health().state, TokenState::Ready, "{way}");
            }
        }
    });
}

#[test]
fn long_lived_key_is_there_after_a_lost_login() {
    with_token("long_lived_key_is_there_after_a_lost_login", |fixture| {
        let token = open();
        let mut number = 0;
        AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        for (way, lose) in ways_to_lose(fixture) {
            lose();
            let found = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]);
            found.unwrap_or_else(|error| panic!("{way}: {error}")).sign(&tbs()).unwrap();
            lose();
            let error = AuthorityKey::find_pkcs11(&token, "segl issuer", &[9]).unwrap_err();
            assert!(
                matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::NoSuchKey { .. })),
                "{way}: {error}"
            );
            // The same label and identifier are seen to be taken, and others are not.
            lose();
            let error = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap_err();
            assert!(
                matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::KeyExists { .. })),
                "{way}: {error}"
            );
            lose();
            number += 1;
            let made = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl responder", &[number]);
            made.unwrap_or_else(|error| panic!("{way}: {error}")).sign(&tbs()).unwrap();
        }
    });
}

/// The most sessions that the calls of the record had open at a time.
fn most_open(before: usize) -> usize {
    let (mut open, mut most) = (before, before);
    for call in Shim::of_this_process().unwrap().calls() {
        match call.function.as_str() {
            "C_OpenSession" if call.was_done() => open += 1,
            "C_CloseSession" if call.was_done() => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    most
}

#[test]
fn token_without_a_session_to_spare_is_swept() {
    with_token("token_without_a_session_to_spare_is_swept", |_| {
        let limits = SessionLimits { in_use: 3, ..SessionLimits::default() };
        let module = Module::load(segl_shim::library()).unwrap();
        let token = module.open_within(LABEL, &Pin::new(PIN), limits).unwrap();
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        type Work = fn(&Pkcs11Token);
        let sweep: Work = |token| assert_eq!(token.sweep().unwrap(), Swept::default());
        let generate: Work = |token| {
            AuthorityKey::generate_pkcs11(token, Curve::P256, "segl responder", &[1]).unwrap();
        };
        for (what, work) in [("sweep", sweep), ("long-lived key", generate)] {
            // As many are idle as may be in use.
            for _ in 0..1000 {
                if token.health().idle < limits.in_use {
                    sign_at_once(&issuer, limits.in_use);
                }
            }
            let idle = token.health().idle;
            assert_eq!(idle, limits.in_use);
            Shim::of_this_process().unwrap().forget();
            work(&token);
            // The one that holds the login is not counted among those in use.
            assert!(
                most_open(idle + 1) <= limits.in_use + 1,
                "{what}: {} beside {idle} idle",
                most_open(idle + 1)
            );
        }
    });
}

fn sign_at_once(issuer: &AuthorityKey, threads: usize) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..10).for_each(|_| drop(issuer.sign(&tbs()).unwrap())));
        }
    });
}

#[test]
fn sweep_leaves_keys_alone_that_are_made_meanwhile() {
    const KEYS: usize = 100;
    with_token("sweep_leaves_keys_alone_that_are_made_meanwhile", |fixture| {
        let token = fixture.token();
        let (is_over, cost) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            let sweeper = scope.spawn(|| {
                let (mut sweeps, mut failed) = (0, 0);
                while !is_over.load(Ordering::Relaxed) {
                    match token.sweep() {
                        Ok(swept) => assert_eq!(swept, Swept::default(), "sweep {sweeps}"),
                        // SoftHSM2 answers anything about objects that are just being destroyed.
                        Err(_) => failed += 1,
                    }
                    sweeps += 1;
                }
                (sweeps, failed)
            });
            let keys = || {
                for _ in 0..KEYS {
                    let lived = catch_unwind(AssertUnwindSafe(|| finish(activated(&token))));
                    cost.fetch_add(usize::from(lived.is_err()), Ordering::Relaxed);
                }
            };
            let keys: Vec<_> = (0..4).map(|_| scope.spawn(keys)).collect();
            keys.into_iter().for_each(|thread| thread.join().unwrap());
            is_over.store(true, Ordering::Relaxed);
            let ((sweeps, failed), cost) = (sweeper.join().unwrap(), cost.load(Ordering::Relaxed));
            println!(
                "{sweeps} sweeps, of which {failed} failed, destroyed none of {} keys, and cost {cost}",
                4 * KEYS
            );
            assert!(failed < sweeps, "no sweep came to its end");
            // SoftHSM2 gives a new object's handle to the session that finds it first, and closes it with that session.
            assert!(cost < KEYS, "{cost} keys could not be used");
        });
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn sweep_knows_a_key_in_use_by_its_identifier_too() {
    with_token("sweep_knows_a_key_in_use_by_its_identifier_too", |fixture| {
        let token = open();
        let key = activated(&token);
        // As a device does that has 32 octets for a label.
        let session = fixture.session();
        let label = key.receipt().key_id().label();
        let of_key = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(label.as_bytes().to_vec())];
        let [public] = session.find_objects(&of_key).unwrap()[..] else { panic!("one public key") };
        session.update_attributes(public, &[Attribute::Label(label.as_bytes()[..32].to_vec())]).unwrap();
        assert_eq!(token.sweep().unwrap(), Swept::default());
        assert_eq!(fixture.leftovers().len(), 2);
        finish(key);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn what_is_said_to_be_destroyed_and_is_not_is_counted() {
    with_token("what_is_said_to_be_destroyed_and_is_not_is_counted", |fixture| {
        let token = open();
        plant(&fixture.session(), LEFT);
        for code in [code::OK, code::DEVICE_ERROR, code::SESSION_HANDLE_INVALID] {
            let function = Some("C_DestroyObject");
            let shim = Shim::of_this_process().unwrap();
            shim.inject(&Rule { when: When::Before, function, nth: 1, code });
            let swept = token.sweep().unwrap();
            tell_the_truth();
            assert_eq!(swept.remaining, 1, "{code:#x}");
            assert_eq!(fixture.leftovers().len(), 1, "{code:#x}");
            assert_eq!(token.sweep().unwrap(), Swept { destroyed: 1, remaining: 0 });
            plant(&fixture.session(), LEFT);
        }
        assert_eq!(token.sweep().unwrap(), Swept { destroyed: 2, remaining: 0 });
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn each_search_of_a_sweep_is_between_two_looks_at_the_login() {
    with_token("each_search_of_a_sweep_is_between_two_looks_at_the_login", |_| {
        let token = open();
        let shim = Shim::of_this_process().unwrap();
        shim.forget();
        assert_eq!(token.sweep().unwrap(), Swept::default());
        let calls = shim.calls();
        let searches = calls.iter().enumerate().filter(|(_, call)| call.function == "C_FindObjectsInit");
        let searches: Vec<_> = searches.collect();
        assert_eq!(searches.len(), 2);
        for (at, search) in searches {
            let is_look = |call: &Call| {
                call.function == "C_GetSessionInfo" && call.fact("session") == search.fact("session")
            };
            assert!(is_look(&calls[at - 1]), "{}", calls[at - 1]);
            // Logged out in between, it would have found no private object, and nothing but this tells.
            assert!(calls[at..].iter().any(is_look), "{search}");
        }
    });
}

#[test]
fn panic_while_logging_in_leaves_nothing_behind() {
    with_token("panic_while_logging_in_leaves_nothing_behind", |fixture| {
        let is_broken = Arc::new(AtomicBool::new(false));
        let pin = Pin::asked({
            let is_broken = Arc::clone(&is_broken);
            move || if is_broken.load(Ordering::Relaxed) { panic!("it is broken") } else { Ok(Pin::new(PIN)) }
        });
        let token = Module::load(&fixture.path).unwrap().open(LABEL, &pin).unwrap();
        for (way, lose) in ways_to_lose(fixture) {
            lose();
            let id = KeyId([7; 16]);
            is_broken.store(true, Ordering::Relaxed);
            let panicked = catch_unwind(AssertUnwindSafe(|| token.generate(Curve::P256, id).map(drop)));
            is_broken.store(false, Ordering::Relaxed);
            assert!(panicked.is_err(), "{way}");
            assert_eq!(token.health().in_use, 0, "{way}");
            // The identifier is not taken, and a sweep does not believe that a key with it is in use.
            plant(&fixture.session(), &id.label());
            assert_eq!(token.sweep().unwrap(), Swept { destroyed: 2, remaining: 0 }, "{way}");
            drop(token.generate(Curve::P256, id).unwrap_or_else(|error| panic!("{way}: {error}")));
            finish(activated(&token));
            assert_eq!(token.health().state, TokenState::Ready, "{way}");
        }
    });
}

#[test]
fn public_key_that_somebody_else_laid_beside_is_not_taken() {
    with_token("public_key_that_somebody_else_laid_beside_is_not_taken", |fixture| {
        let token = open();
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        let session = fixture.session();
        let (public, private) = plant(&session, "segl issuer");
        session.destroy_object(private).unwrap();
        let of_both = [Attribute::Class(ObjectClass::PUBLIC_KEY), Attribute::Label(b"segl issuer".to_vec())];
        assert_eq!(session.find_objects(&of_both).unwrap().len(), 2);
        let error = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap_err();
        assert!(
            matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::AmbiguousKey { count: 2, .. })),
            "{error}"
        );
        session.destroy_object(public).unwrap();
        let found = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap();
        assert_eq!(found.spki_der(), issuer.spki_der());
        assert!(session.get_attributes(public, &[AttributeType::Label]).is_err());
    });
}

/// From now on, what a function gives is untrue.
fn spoil(function: &'static str, nth: u64) {
    let rule = Rule { when: When::Untrue, function: Some(function), nth, code: code::OK };
    Shim::of_this_process().unwrap().inject(&rule);
}

fn tell_the_truth() {
    Shim::of_this_process().unwrap().clear();
}

/// Why no key is made.
fn refusal(token: &Pkcs11Token) -> Option<GenerateError<Pkcs11Error>> {
    OneShotKey::generate(token, &KeyRequest::new(Curve::P256, KeyId([8; 16]), [0; 16])).err()
}

#[test]
fn search_that_never_ends_is_ended() {
    with_token("search_that_never_ends_is_ended", |fixture| {
        let token = open();
        let too_many = |error: &Pkcs11Error| matches!(error, Pkcs11Error::TooManyObjects { .. });
        let key = activated(&token);
        spoil("C_FindObjects", 1);
        let error = token.sweep().unwrap_err();
        assert!(too_many(&error), "{error}");
        let error = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap_err();
        assert!(matches!(&error, AuthorityKeyError::Pkcs11(error) if too_many(error)), "{error}");
        // No value comes out where nobody can look whether the key is gone.
        let refusal = key.sign(&tbs()).unwrap().destroy().unwrap_err();
        assert!(
            matches!(&refusal.error, DestroyError::LookUpFailed(error) if too_many(error)),
            "{refusal:?}"
        );
        tell_the_truth();
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(token.health().in_use, 0);
        assert_eq!(token.sweep().unwrap(), Swept::default());
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn objects_of_classes_without_a_name_do_not_stop_a_sweep() {
    with_token("objects_of_classes_without_a_name_do_not_stop_a_sweep", |fixture| {
        let token = open();
        plant(&fixture.session(), "of somebody else");
        spoil("C_GetAttributeValue", 1);
        assert_eq!(token.sweep().unwrap(), Swept::default());
    });
}

#[test]
fn point_beside_the_curve_is_no_public_key() {
    with_token("point_beside_the_curve_is_no_public_key", |fixture| {
        let token = open();
        let make = || AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]);
        spoil("C_GetAttributeValue", 1);
        let error = refusal(&token).unwrap();
        assert!(matches!(error, GenerateError::PublicKey { destroyed: Ok(_), .. }), "{error:?}");
        let error = make().unwrap_err();
        assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::PublicKey)), "{error}");
        tell_the_truth();
        // Nothing was left of the key that was not accepted.
        make().unwrap();
        spoil("C_GetAttributeValue", 1);
        let error = AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap_err();
        assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::PublicKey)), "{error}");
        tell_the_truth();
        AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap();
        assert!(refusal(&token).is_none());
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn signature_of_another_length_is_none() {
    with_token("signature_of_another_length_is_none", |fixture| {
        let token = open();
        let kinds = [KeyKind::EcP256, KeyKind::EcP521, KeyKind::Rsa { bits: 2048 }, KeyKind::Ed25519];
        let issuers = kinds
            .map(|kind| AuthorityKey::generate_pkcs11(&token, kind, "segl issuer", &[1, kind_octet(kind)]));
        let key = activated(&token);
        spoil("C_Sign", 1);
        let refusal = key.sign(&tbs()).unwrap_err();
        let SignError::Device(error) = &refusal.error else { panic!("{refusal:?}") };
        assert!(matches!(error, Pkcs11Error::Signature { octets: 63, .. }), "{error}");
        for issuer in issuers {
            // Some tokens make no Ed25519 keys.
            let Ok(issuer) = issuer else { continue };
            let tbs = ToBeSigned::new(b"attributes".as_slice(), issuer.algorithm());
            let error = issuer.sign(&tbs).unwrap_err();
            assert!(matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::Signature { .. })), "{error}");
        }
        tell_the_truth();
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(token.health().in_use, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

fn kind_octet(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::EcP256 => 1,
        KeyKind::EcP521 => 2,
        KeyKind::Ed25519 => 3,
        _ => 4,
    }
}

#[test]
fn other_token_in_the_slot_is_not_given_the_pin() {
    with_token("other_token_in_the_slot_is_not_given_the_pin", |fixture| {
        let shim = Shim::of_this_process().unwrap();
        let logins = || shim.calls().iter().filter(|call| call.function == "C_Login").count();
        let asked = || shim.calls().iter().filter(|call| call.function == "C_GetTokenInfo").count();
        let module = Module::load(segl_shim::library()).unwrap();
        let token = open();
        assert_eq!(logins(), 1);
        // The last time that the token is asked who it is, its session is open already.
        let times = u64::try_from(asked()).unwrap();
        for nth in 1..=times {
            shim.forget();
            spoil("C_GetTokenInfo", nth);
            let opened = module.open(LABEL, &Pin::new(PIN));
            tell_the_truth();
            // Its first answer is all that is known of it.
            if nth == 1 {
                assert_eq!(opened.unwrap().description().serial.trim(), "another");
            } else if nth == times {
                let error = opened.unwrap_err();
                assert!(matches!(error, Pkcs11Error::OtherToken { .. }), "{error}");
                assert_eq!(logins(), 0);
            }
        }
        // The same when the login is lost: it is not made in another token.
        fixture.client.clone().finalize().unwrap();
        for nth in 1..=times {
            shim.forget();
            spoil("C_GetTokenInfo", nth);
            let error = token.sweep().unwrap_err();
            assert!(matches!(error, Pkcs11Error::OtherToken { .. }), "{error}");
            assert_eq!(logins(), 0, "{nth}");
            tell_the_truth();
        }
        finish(activated(&token));
    });
}

#[test]
fn identifier_that_somebody_else_uses_gives_no_value() {
    with_token("identifier_that_somebody_else_uses_gives_no_value", |fixture| {
        let session = fixture.session();
        let plant = |id: KeyId| {
            let (public, private) = plant(&session, "of somebody else");
            for object in [public, private] {
                session.update_attributes(object, &[Attribute::Id(id.0.to_vec())]).unwrap();
            }
        };
        // The first key of a login is looked for, and is not the only one.
        let token = open();
        plant(KeyId([8; 16]));
        let error = refusal(&token).unwrap();
        assert!(
            matches!(&error, GenerateError::ReadBack { source: Pkcs11Error::NotVisible { found: 2 }, .. }),
            "{error:?}"
        );
        assert!(!error.leaves_nothing());
        finish(activated(&token));
        // With later ones, it is noticed when the key ought to be gone.
        let key = activated(&token);
        plant(key.receipt().key_id());
        let refusal = key.sign(&tbs()).unwrap().destroy().unwrap_err();
        assert!(matches!(&refusal.error, DestroyError::StillThere(trace) if trace.by_id == 2), "{refusal:?}");
        drop(refusal);
        assert_eq!(token.health().in_use, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn sweep_through_another_handle_gives_no_value_away() {
    with_token("sweep_through_another_handle_gives_no_value_away", |fixture| {
        let (token, other) = (open(), open());
        let [early, late] = [activated(&token), activated(&token)];
        let spent = late.sign(&tbs()).unwrap();
        // It does not know of the keys in use through the first.
        assert_eq!(other.sweep().unwrap(), Swept { destroyed: 4, remaining: 0 });
        let refusal = early.sign(&tbs()).unwrap_err();
        assert!(matches!(&refusal.error, SignError::Device(Pkcs11Error::HandleUnknown(_))), "{refusal:?}");
        let _ = refusal.key.abandon().unwrap();
        let refusal = spent.destroy().unwrap_err();
        assert!(
            matches!(&refusal.error, DestroyError::Refused(Pkcs11Error::HandleUnknown(_))),
            "{refusal:?}"
        );
        let _ = refusal.key.abandon().unwrap();
        assert_eq!(token.health().in_use, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn issuer_does_not_sign_with_a_key_laid_in_its_place() {
    with_token("issuer_does_not_sign_with_a_key_laid_in_its_place", |fixture| {
        let token = open();
        for (way, lose) in ways_to_lose(fixture) {
            let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
            issuer.sign(&tbs()).unwrap();
            let session = fixture.session();
            let of_issuer = [Attribute::Label(b"segl issuer".to_vec())];
            let clear = |session: &Session| {
                for object in session.find_objects(&of_issuer).unwrap() {
                    session.destroy_object(object).unwrap();
                }
            };
            clear(&session);
            plant(&session, "segl issuer");
            for is_lost in [false, true] {
                if is_lost {
                    lose();
                }
                let error = issuer.sign(&tbs()).unwrap_err();
                assert!(
                    matches!(error, AuthorityKeyError::Pkcs11(Pkcs11Error::OtherKey { .. })),
                    "{way}: {error}"
                );
            }
            // Who looks for it by name is given the new one.
            AuthorityKey::find_pkcs11(&token, "segl issuer", &[1]).unwrap().sign(&tbs()).unwrap();
            clear(&fixture.session());
        }
    });
}

#[test]
fn template_that_is_refused_once_is_asked_for_again() {
    with_token("template_that_is_refused_once_is_asked_for_again", |fixture| {
        let token = open();
        let rule = Rule {
            when: When::Before,
            function: Some("C_GenerateKeyPair"),
            nth: 1,
            code: TEMPLATE_INCONSISTENT,
        };
        Shim::of_this_process().unwrap().inject(&rule);
        // SoftHSM2 lets a key recover signatures when nothing is said about it.
        let error = refusal(&token);
        assert!(
            matches!(&error, None | Some(GenerateError::Disobeyed { destroyed: Ok(_), .. })),
            "{error:?}"
        );
        let error = refusal(&token);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn long_lived_key_that_was_made_in_spite_of_an_error_is_told() {
    with_token("long_lived_key_that_was_made_in_spite_of_an_error_is_told", |fixture| {
        let token = open();
        for kind in [KeyKind::EcP256, KeyKind::Ed25519, KeyKind::Rsa { bits: 2048 }] {
            let make = || AuthorityKey::generate_pkcs11(&token, kind, "segl issuer", &[1]);
            if kind == KeyKind::Ed25519 && make().is_err() {
                println!("the token makes no {kind} key");
                continue;
            }
            for code in [code::DEVICE_ERROR, TEMPLATE_INCONSISTENT] {
                let session = fixture.session();
                for object in session.find_objects(&[Attribute::Label(b"segl issuer".to_vec())]).unwrap() {
                    session.destroy_object(object).unwrap();
                }
                let function = Some("C_GenerateKeyPair");
                // The last way that is tried to name a curve is the one that the token knows.
                for nth in 1..=3 {
                    Shim::of_this_process().unwrap().inject(&Rule { when: When::After, function, nth, code });
                    let made = make();
                    tell_the_truth();
                    let there = session.find_objects(&[Attribute::Label(b"segl issuer".to_vec())]).unwrap();
                    match made {
                        Ok(_) => assert_eq!(there.len(), 2, "{kind} {code:#x} {nth}"),
                        Err(AuthorityKeyError::Pkcs11(Pkcs11Error::KeyInDoubt { left, .. })) => {
                            assert_eq!(left, Some(there.len()), "{kind} {code:#x} {nth}");
                        }
                        Err(error) => {
                            panic!("{kind} {code:#x} {nth}: {error}, {} objects are there", there.len())
                        }
                    }
                    there.into_iter().for_each(|object| session.destroy_object(object).unwrap());
                }
            }
            let issuer = make().unwrap();
            issuer.sign(&ToBeSigned::new(b"attributes".as_slice(), issuer.algorithm())).unwrap();
        }
    });
}

const SWEEPER: &str = "SEGL_KEY_TEST_SWEEPER";

#[test]
fn sweep_of_another_process_does_not_reach_a_key_in_use() {
    with_token("sweep_of_another_process_does_not_reach_a_key_in_use", |fixture| {
        let token = fixture.token();
        let key = activated(&token);
        plant(&fixture.session(), LEFT);
        let child = Command::new(env::current_exe().unwrap())
            .args(["another_process_sweeps", "--exact", "--nocapture", "--test-threads=1"])
            .env(SWEEPER, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(said.contains("Swept { destroyed: 2, remaining: 0 }"), "{said}");
        assert_eq!(fixture.leftovers().len(), 2, "the two objects of the key in use");
        finish(key);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

/// Not a test by itself: the process that sweeps.
#[test]
fn another_process_sweeps() {
    if env::var_os(SWEEPER).is_some() {
        println!("{:?}", Fixture::existing(softhsm::module().unwrap()).token().sweep().unwrap());
    }
}
