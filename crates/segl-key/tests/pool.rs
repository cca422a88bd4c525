//! Sessions of a real PKCS#11 token as a service uses them: so many and no more, lost and found again, watched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod softhsm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use segl_crypto::{PublicKey, ToBeSigned};
use segl_key::faults::{Fault, Faulty, FaultyError};
use segl_key::pkcs11::{
    Module, Pin, PinError, PinState, Pkcs11Error, Pkcs11Token, SessionLimits, TokenState,
};
use segl_key::{
    Activation, AuthorityKey, AuthorityKeyError, Certified, Curve, DestroyError, GenerateError, KeyId,
    KeyRequest, OneShotKey, SignError, Token, TokenError, Trouble,
};
use softhsm::{Fixture, LABEL, PIN, with_token};

fn open(fixture: &Fixture, in_use: usize, waiting: usize, longest_wait: Duration) -> Pkcs11Token {
    let limits = SessionLimits { in_use, waiting, longest_wait };
    Module::load(&fixture.path).unwrap().open_within(LABEL, &Pin::new(PIN), limits).unwrap()
}

fn id() -> KeyId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    KeyId(id)
}

fn certified<T: Token>(token: T) -> Result<OneShotKey<T, Certified>, GenerateError<T::Error>> {
    let key = OneShotKey::generate(token, &KeyRequest::new(Curve::P256, id(), [0; 16]))?;
    let spki = key.spki_der().to_vec();
    Ok(key.certify(&spki, [7; 32]).unwrap())
}

fn tbs() -> ToBeSigned {
    ToBeSigned::new(b"attributes".as_slice(), Curve::P256.algorithm())
}

fn finish<T: Token>(key: OneShotKey<T, Certified>) {
    let word = Activation::new([0; 16], key.receipt().key_id(), &tbs());
    let (_destroyed, _value) = key.activate(word).unwrap().sign(&tbs()).unwrap().destroy().unwrap();
}

fn busy<E: TokenError>(error: &GenerateError<E>) -> &E {
    let GenerateError::Device(error) = error else { panic!("{error:?}") };
    error
}

#[test]
fn no_more_sessions_than_allowed_are_open() {
    with_token("no_more_sessions_than_allowed_are_open", |fixture| {
        let token = open(fixture, 6, 64, Duration::from_secs(60));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let key = certified(&token).unwrap();
                        assert!(token.health().in_use <= 6);
                        finish(key);
                    }
                });
            }
        });
        // Nothing went wrong, so every session that was ever opened is idle now.
        let health = token.health();
        assert_eq!((health.in_use, health.waiting, health.limit), (0, 0, 6));
        assert!((2..=6).contains(&health.idle), "{health:?}");
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn full_token_says_so_and_keys_in_use_end_well() {
    with_token("full_token_says_so_and_keys_in_use_end_well", |fixture| {
        let token = open(fixture, 5, 0, Duration::from_secs(60));
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        let keys = [certified(&token).unwrap(), certified(&token).unwrap()];
        let error = certified(&token).unwrap_err();
        assert!(matches!(busy(&error), Pkcs11Error::Busy { in_use: 4, waiting: 0, .. }), "{error:?}");
        assert_eq!(busy(&error).trouble(), Trouble::Saturated);
        // An issuer's signature, for which the keys in use wait, does not wait for them.
        issuer.sign(&tbs()).unwrap();
        keys.into_iter().for_each(finish);
        finish(certified(&token).unwrap());

        let token = open(fixture, 2, 9, Duration::from_secs(60));
        let error = certified(&token).unwrap_err();
        assert!(matches!(busy(&error), Pkcs11Error::TooFewSessions { in_use: 2 }), "{error:?}");
        assert_eq!(busy(&error).trouble(), Trouble::Other);
        assert_eq!(token.health().in_use, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn who_waits_gets_the_next_session_or_gives_up() {
    with_token("who_waits_gets_the_next_session_or_gives_up", |fixture| {
        let token = open(fixture, 3, 1, Duration::from_secs(60));
        let key = certified(&token).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| finish(certified(&token).unwrap()));
            while token.health().waiting == 0 {
                thread::yield_now();
            }
            let error = certified(&token).unwrap_err();
            assert!(matches!(busy(&error), Pkcs11Error::Busy { waiting: 1, .. }), "{error:?}");
            finish(key);
            waiter.join().unwrap();
        });
        let token = open(fixture, 3, 1, Duration::from_millis(30));
        let key = certified(&token).unwrap();
        let error = certified(&token).unwrap_err();
        let waited = Duration::from_millis(30);
        assert!(matches!(busy(&error), Pkcs11Error::Busy { waited: it, .. } if *it == waited), "{error:?}");
        finish(key);
        assert_eq!(token.health().in_use, 0);
    });
}

#[test]
fn faults_leave_no_place_taken() {
    with_token("faults_leave_no_place_taken", |fixture| {
        let inner = open(fixture, 3, 0, Duration::ZERO);
        let token = Faulty::new(inner.clone(), Some(Fault::Full));
        let error = certified(&token).unwrap_err();
        assert!(matches!(busy(&error), FaultyError::Full));
        token.set(Some(Fault::KeepTheKey));
        let key = certified(&token).unwrap();
        let word = Activation::new([0; 16], key.receipt().key_id(), &tbs());
        let refusal = key.activate(word).unwrap().sign(&tbs()).unwrap().destroy().unwrap_err();
        assert!(matches!(refusal.error, DestroyError::StillThere(_)));
        assert_eq!(inner.health().in_use, 2, "a key in doubt keeps its place");
        drop(refusal);
        token.set(None);
        for _ in 0..3 {
            drop(certified(&token).unwrap());
            finish(certified(&token).unwrap());
        }
        assert_eq!(inner.health().in_use, 0);
        assert!(inner.generate(Curve::P256, KeyId([1; 16])).is_ok());
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn sessions_closed_by_somebody_are_opened_again() {
    with_token("sessions_closed_by_somebody_are_opened_again", |fixture| {
        let token = open(fixture, 16, 0, Duration::ZERO);
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        let key = certified(&token).unwrap();
        let [spent, waiting] = [certified(&token).unwrap(), certified(&token).unwrap()];
        let word = Activation::new([0; 16], spent.receipt().key_id(), &tbs());
        let spent = spent.activate(word).unwrap().sign(&tbs()).unwrap();
        // Every handle is CKR_SESSION_HANDLE_INVALID from now on, the one that holds the login too.
        close_all(fixture);
        assert_eq!(token.health().state, TokenState::LoggedOut);
        let word = Activation::new([0; 16], key.receipt().key_id(), &tbs());
        let refusal = key.activate(word).unwrap().sign(&tbs()).unwrap_err();
        let SignError::Device(error) = &refusal.error else { panic!("{refusal:?}") };
        assert!(
            matches!(error, Pkcs11Error::SessionLost(fault) if fault.code().unwrap() == "SessionHandleInvalid")
        );
        assert_eq!(error.trouble(), Trouble::Lost);
        let _ = refusal.key.abandon().unwrap();
        // Signed before, destroyed after: the device did not agree, and the value stays inside.
        let refusal = spent.destroy().unwrap_err();
        assert!(matches!(&refusal.error, DestroyError::Lost(_)), "{refusal:?}");
        let _ = refusal.key.abandon().unwrap();
        issuer.sign(&tbs()).unwrap();
        finish(certified(&token).unwrap());
        let _ = waiting.abandon().unwrap();
        let health = token.health();
        assert_eq!((health.state, health.in_use), (TokenState::Ready, 0));
        assert_eq!(fixture.leftovers(), [""; 0]);

        // Again and again, with the idle sessions of all threads dead at once.
        for _ in 0..100 {
            close_all(fixture);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| finish_in_the_end(&token));
                }
            });
            close_all(fixture);
            issuer.sign(&tbs()).unwrap();
        }
        assert_eq!(token.health().in_use, 0);
        assert_eq!(token.sweep().unwrap().remaining, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

/// While all threads find out that everything is lost, a key may be lost on the way as well; it is never anything worse, and a new
/// key does it soon.
fn finish_in_the_end(token: &Pkcs11Token) {
    for _ in 0..10 {
        let key = match certified(token) {
            Ok(key) => key,
            Err(GenerateError::Device(error) | GenerateError::ReadBack { source: error, .. }) => {
                // A key made just before the login went with it.
                let went = matches!(error, Pkcs11Error::HandleUnknown(_) | Pkcs11Error::NotVisible { .. });
                assert!(went || error.trouble() == Trouble::Lost, "{error}");
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        let word = Activation::new([0; 16], key.receipt().key_id(), &tbs());
        let public = PublicKey::from_spki_der(key.spki_der()).unwrap();
        let spent = match key.activate(word).unwrap().sign(&tbs()) {
            Ok(spent) => spent,
            Err(refusal) => {
                assert!(matches!(refusal.error, SignError::Device(_)), "{refusal:?}");
                continue;
            }
        };
        if let Ok((_destroyed, value)) = spent.destroy() {
            return public.verify(&Curve::P256.algorithm(), tbs().as_bytes(), value.as_bytes()).unwrap();
        }
    }
    panic!("ten keys were lost");
}

/// Another part of the process finalises the library and initialises it again.
fn close_all(fixture: &Fixture) {
    fixture.client.clone().finalize().unwrap();
    let _ = Fixture::existing(fixture.path.clone());
}

#[test]
fn pin_is_asked_for_at_each_login() {
    with_token("pin_is_asked_for_at_each_login", |fixture| {
        let asked = Arc::new(AtomicU64::new(0));
        let pin = Pin::asked({
            let asked = Arc::clone(&asked);
            move || match asked.fetch_add(1, Ordering::Relaxed) {
                1 => Err("the store is closed".into()),
                _ => Ok(Pin::new(PIN)),
            }
        });
        let token = Module::load(&fixture.path).unwrap().open(LABEL, &pin).unwrap();
        finish(certified(&token).unwrap());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        close_all(fixture);
        let error = certified(&token).unwrap_err();
        assert!(matches!(busy(&error), Pkcs11Error::NoPin(PinError::Refused(_))), "{error:?}");
        // That was no wrong PIN: it is asked for again.
        finish(certified(&token).unwrap());
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        assert!(!format!("{token:?} {pin:?}").contains(PIN));

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{PIN}\n")).unwrap();
        close_all(fixture);
        let pin = Pin::from_file(file.path()).unwrap();
        finish(certified(Module::load(&fixture.path).unwrap().open(LABEL, &pin).unwrap()).unwrap());
    });
}

#[test]
fn health_tells_what_is_wrong() {
    with_token("health_tells_what_is_wrong", |fixture| {
        let token = open(fixture, 8, 3, Duration::ZERO);
        let health = token.health();
        println!("{health:?}");
        assert_eq!((health.state, health.pin), (TokenState::Ready, Some(PinState::Good)));
        assert_eq!((health.in_use, health.limit, health.waiting, health.idle), (0, 8, 0, 0));
        let key = certified(&token).unwrap();
        assert_eq!((token.health().in_use, token.health().idle), (2, 1));
        finish(key);
        assert_eq!((token.health().in_use, token.health().idle), (0, 2));

        fixture.session().logout().unwrap();
        assert_eq!(token.health().state, TokenState::LoggedOut);
        finish(certified(&token).unwrap());
        assert_eq!(token.health().state, TokenState::Ready);

        fixture.client.clone().finalize().unwrap();
        let health = token.health();
        assert_eq!((health.state, health.pin, health.free), (TokenState::ModuleLost, None, None));
        finish(certified(&token).unwrap());
        assert_eq!(token.health().state, TokenState::Ready);

        // The PIN is changed by somebody, and the login lost: it is tried once more and not again.
        let session = fixture.session();
        session.set_pin(&PIN.into(), &"11223344".into()).unwrap();
        session.logout().unwrap();
        for _ in 0..3 {
            let error = certified(&token).unwrap_err();
            assert!(matches!(busy(&error), Pkcs11Error::WrongPin), "{error:?}");
        }
        let health = token.health();
        assert_eq!(health.state, TokenState::PinRefused);
        assert_eq!(health.pin, Some(PinState::CountLow));
        let error = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap_err();
        assert!(matches!(error, AuthorityKeyError::Pkcs11(_)), "{error}");
        assert_eq!(token.health().in_use, 0);
    });
}
