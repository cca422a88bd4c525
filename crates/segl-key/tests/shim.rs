//! What a token is asked, call by call, and what becomes of a key when any one of the calls fails.
//!
//! A library that records and fails stands between ours and the token.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod softhsm;

use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use segl_crypto::{PublicKey, SignatureValue, ToBeSigned};
use segl_key::pkcs11::{Module, Pin, Pkcs11Error, Pkcs11Token, TokenState};
use segl_key::{
    Activation, AuthorityKey, Curve, DestroyError, Destroyed, GenerateError, KeyId, KeyRequest, OneShotKey,
    SignError, Swept, Token, TokenError as _, Trouble,
};
use segl_shim::{Call, Rule, Shim, When, code};
use softhsm::{Fixture, LABEL, PIN, with_token};

/// Every code that is injected, with the name by which an error tells of it.
const CODES: [(u64, &str); 13] = [
    (code::DEVICE_ERROR, "DeviceError"),
    (code::DEVICE_REMOVED, "DeviceRemoved"),
    (code::SESSION_HANDLE_INVALID, "SessionHandleInvalid"),
    (code::USER_NOT_LOGGED_IN, "UserNotLoggedIn"),
    (code::HOST_MEMORY, "HostMemory"),
    (code::DEVICE_MEMORY, "DeviceMemory"),
    (code::FUNCTION_FAILED, "FunctionFailed"),
    (code::TOKEN_NOT_PRESENT, "TokenNotPresent"),
    (code::OBJECT_HANDLE_INVALID, "ObjectHandleInvalid"),
    (code::OPERATION_NOT_INITIALIZED, "OperationNotInitialized"),
    (code::OPERATION_ACTIVE, "OperationActive"),
    (code::BUFFER_TOO_SMALL, "BufferTooSmall"),
    (code::VENDOR_DEFINED, "VendorDefined"),
];

/// How a run ended: with a value, or where it stopped and what is said of the key.
#[derive(Debug)]
enum Ended {
    NotOpened(Pkcs11Error),
    NotSwept(Pkcs11Error),
    NoKey(GenerateError<Pkcs11Error>),
    NotSigned(SignError<Pkcs11Error>, Result<Destroyed, DestroyError<Pkcs11Error>>),
    NotDestroyed(DestroyError<Pkcs11Error>, Result<Destroyed, DestroyError<Pkcs11Error>>),
    Released { spki: Vec<u8>, value: SignatureValue },
}

impl Ended {
    /// Whether the caller was told that no key is left.
    fn says_gone(&self) -> bool {
        match self {
            Self::NotOpened(_) | Self::NotSwept(_) | Self::Released { .. } => true,
            Self::NoKey(error) => error.leaves_nothing(),
            Self::NotSigned(_, destroyed) | Self::NotDestroyed(_, destroyed) => destroyed.is_ok(),
        }
    }

    fn error(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotOpened(error) | Self::NotSwept(error) => Some(error),
            Self::NoKey(error) => Some(error),
            Self::NotSigned(error, _) => Some(error),
            Self::NotDestroyed(error, _) => Some(error),
            Self::Released { .. } => None,
        }
    }

    /// The error with its causes, in words.
    fn words(&self) -> String {
        let mut words = Vec::new();
        let mut cause = self.error();
        while let Some(error) = cause {
            words.push(error.to_string());
            cause = error.source();
        }
        words.join(": ")
    }

    fn is_released(&self) -> bool {
        matches!(self, Self::Released { .. })
    }
}

fn shim() -> Shim {
    Shim::of_this_process().unwrap()
}

fn open() -> Result<Pkcs11Token, Pkcs11Error> {
    Module::load(segl_shim::library())?.open(LABEL, &Pin::new(PIN))
}

fn tbs() -> ToBeSigned {
    ToBeSigned::new(b"attributes".as_slice(), Curve::P256.algorithm())
}

/// The life of one key, as whoever seals drives it.
fn live(token: &Pkcs11Token) -> Ended {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut id = [0; 16];
    id[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let key = match OneShotKey::generate(token, &KeyRequest::new(Curve::P256, KeyId(id), [0; 16])) {
        Ok(key) => key,
        Err(error) => return Ended::NoKey(error),
    };
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [7; 32]).unwrap();
    let key = key.activate(Activation::new([0; 16], KeyId(id), &tbs())).unwrap();
    match key.sign(&tbs()) {
        Ok(key) => match key.destroy() {
            Ok((destroyed, value)) => {
                assert_eq!(destroyed.key_id(), KeyId(id));
                Ended::Released { spki, value }
            }
            Err(refusal) => {
                let again = refusal.key.abandon().map_err(|refusal| refusal.error);
                Ended::NotDestroyed(refusal.error, again)
            }
        },
        Err(refusal) => {
            let destroyed = refusal.key.abandon().map_err(|refusal| refusal.error);
            Ended::NotSigned(refusal.error, destroyed)
        }
    }
}

/// From the library that is loaded to the key that is gone. Gives the token too, when it was opened.
fn start_and_live() -> (Option<Pkcs11Token>, Ended) {
    let token = match open() {
        Ok(token) => token,
        Err(error) => return (None, Ended::NotOpened(error)),
    };
    let ended = match token.sweep() {
        Ok(_) => live(&token),
        Err(error) => Ended::NotSwept(error),
    };
    (Some(token), ended)
}

/// What no call may ever do: look at the private value, or take the key elsewhere.
fn assert_key_stays(calls: &[Call]) {
    const TAKING: [&str; 4] = ["C_WrapKey", "C_DeriveKey", "C_CopyObject", "C_CreateObject"];
    for call in calls {
        assert!(!TAKING.contains(&call.function.as_str()), "{call}");
        // CKA_VALUE, and the private parts of an RSA key.
        let secret = ["0x11", "0x123", "0x124", "0x125", "0x126", "0x127", "0x128"];
        let asks = |call: &Call| call.fact("types").split(',').any(|kind| secret.contains(&kind));
        assert!(call.function != "C_GetAttributeValue" || !asks(call), "{call}");
    }
}

/// The signatures that the device has really made, by private key.
fn signatures(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut made = BTreeMap::new();
    for call in calls {
        if call.function == "C_Sign" && call.fact("asks") == "signature" && call.was_done() {
            *made.entry(call.fact("key")).or_default() += 1;
        }
    }
    made
}

fn is_call(call: &Call, function: &str, fact: &str, value: &str) -> bool {
    call.function == function && call.fact(fact) == value
}

/// Looks for calls in this order, others between them, and gives the rest.
fn then<'a>(calls: &'a [Call], what: &str, is_it: impl Fn(&Call) -> bool) -> &'a [Call] {
    let at = calls.iter().position(is_it);
    &calls[at.unwrap_or_else(|| panic!("no {what} in {}", shown(calls))) + 1..]
}

fn shown(calls: &[Call]) -> String {
    calls.iter().map(|call| format!("\n  {call}")).collect()
}

/// A value was handed out: the record must show why that was right.
fn assert_rightly_released(calls: &[Call], spki: &[u8], value: &SignatureValue) {
    let public = PublicKey::from_spki_der(spki).unwrap();
    public.verify(&Curve::P256.algorithm(), tbs().as_bytes(), value.as_bytes()).unwrap();
    let made = signatures(calls);
    let [(key, 1)] = made.iter().map(|(key, count)| (*key, *count)).collect::<Vec<_>>()[..] else {
        panic!("{made:?}{}", shown(calls))
    };
    let made = calls.iter().find(|call| is_call(call, "C_GenerateKeyPair", "private", key)).unwrap();
    let rest = then(calls, "signature", |call| {
        is_call(call, "C_Sign", "asks", "signature") && call.was_done() && call.answer == 0
    });
    let gone = |object: &str, call: &Call| {
        is_call(call, "C_DestroyObject", "object", object) && call.was_done() && call.answer == 0
    };
    let rest = then(rest, "destruction of the private key", |call| gone(key, call));
    let rest = then(rest, "destruction of the public key", |call| gone(made.fact("public"), call));
    let elsewhere = |call: &Call| call.fact("session") != made.fact("session");
    let rest = then(rest, "look-up in another session", |call| {
        call.function == "C_FindObjects" && call.was_done() && call.fact("count") == "0" && elsewhere(call)
    });
    then(rest, "look-up by handle", |call| {
        let unknown = [Some(code::KEY_HANDLE_INVALID), Some(code::OBJECT_HANDLE_INVALID)];
        is_call(call, "C_SignInit", "key", key) && unknown.contains(&Some(call.answer))
    });
}

#[test]
fn good_cycle_as_the_device_sees_it() {
    with_token("good_cycle_as_the_device_sees_it", |fixture| {
        let (token, ended) = start_and_live();
        let token = token.unwrap();
        for first in [true, false] {
            let Ended::Released { spki, value } = (if first { &ended } else { &live(&token) }) else {
                panic!("{}", ended.words())
            };
            let calls = shim().calls();
            println!("{}", shown(&calls));
            assert_eq!(
                calls.iter().filter(|call| call.function == "C_Initialize").count(),
                usize::from(first)
            );
            assert_eq!(calls.iter().filter(|call| call.function == "C_Login").count(), usize::from(first));
            assert_key_stays(&calls);
            assert_rightly_released(&calls, spki, value);

            let begun = calls.iter().position(|call| call.function == "C_GenerateKeyPair").unwrap();
            let cycle = &calls[begun..];
            let made = &cycle[0];
            let (private, public) = (made.fact("private"), made.fact("public"));
            // A session object, private, sensitive, not extractable, for signing and nothing else, by one mechanism.
            let wanted: Vec<&str> = made.fact("wanted").split(',').collect();
            for attribute in [
                "0x1:00",
                "0x2:01",
                "0x103:01",
                "0x162:00",
                "0x108:01",
                "0x105:00",
                "0x107:00",
                "0x10c:00",
                "0x109:00",
                "0x171:00",
                "0x170:00",
                "0x40000600:4110000000000000",
            ] {
                assert!(wanted.contains(&attribute), "{attribute} in {wanted:?}");
            }
            let functions = |name: &str| cycle.iter().filter(|call| call.function == name).count();
            assert_eq!((functions("C_GenerateKeyPair"), functions("C_DestroyObject")), (1, 2));
            // Once to sign, and once to see that the handle is dead.
            assert_eq!(functions("C_SignInit"), 2);
            assert_eq!(signatures(cycle), BTreeMap::from([(private, 1)]));
            // Read back before anything is signed, private and public, from another session.
            let signed = cycle.iter().position(|call| call.function == "C_SignInit").unwrap();
            for object in [private, public] {
                then(&cycle[..signed], "reading back", |call| {
                    is_call(call, "C_GetAttributeValue", "object", object)
                        && call.fact("session") != made.fact("session")
                });
            }
            let last = then(cycle, "signature", |call| is_call(call, "C_Sign", "asks", "signature"));
            let destroyed: Vec<_> = last.iter().take(2).map(|call| call.fact("object")).collect();
            assert_eq!(destroyed, [private, public], "nothing comes between signing and destroying");
            shim().forget();
        }
        drop(token);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

/// What has been tried, for the last line.
#[derive(Default)]
struct Tally {
    cases: usize,
    released: usize,
    refused: usize,
    in_doubt: usize,
    left: usize,
}

/// One fault in one run, and everything that must hold afterwards.
fn try_fault(fixture: &Fixture, rule: &Rule, name: &str, tally: &mut Tally) {
    shim().forget();
    shim().inject(rule);
    let (token, ended) = start_and_live();
    shim().clear();
    let calls = shim().calls();
    let case = format!("{} call {} answered {name}: {}", rule.when.name(), rule.nth, ended.words());
    let case = format!("{case}{}", shown(&calls));
    tally.cases += 1;

    // Whatever happened, no key has signed twice, and none has left.
    assert_key_stays(&calls);
    assert!(signatures(&calls).values().sum::<usize>() <= 1, "{case}");
    // A call that lies with success is told by others only.
    let lies = rule.code == code::OK;
    match &ended {
        Ended::Released { spki, value } => {
            tally.released += 1;
            if lies {
                // Who says that a key is destroyed, or that he has signed, is found out.
                let mut lied = calls.iter().filter(|call| call.is_faulty());
                let is_found_out = |call: &Call| ["C_DestroyObject", "C_Sign"].contains(&&*call.function);
                assert!(!lied.any(is_found_out), "{case}");
            } else {
                assert_rightly_released(&calls, spki, value);
            }
        }
        _ => {
            tally.refused += 1;
            // Attributes that do not fit their room are read once more by `cryptoki`, which does not tell why.
            let is_hidden = rule.code == code::BUFFER_TOO_SMALL && ended.words().contains("be read back");
            let is_named = ended.words().contains(name) || is_hidden || lies;
            assert!(is_named, "the error does not name what happened: {case}");
        }
    }

    // What is said of the key is true; what was left is found and told by the sweep of whoever starts next.
    let left = fixture.leftovers().len();
    tally.left += usize::from(left > 0);
    tally.in_doubt += usize::from(!ended.says_gone());
    // Where nobody is logged in there are no private objects of a session, but what is behind the shim cannot know that it has said so.
    let is_contradiction = rule.when == When::GoneAfter && rule.code == code::USER_NOT_LOGGED_IN;
    assert!(left == 0 || !ended.says_gone() || is_contradiction, "{left} objects are left: {case}");
    let next = open().unwrap_or_else(|error| panic!("{error}: {case}"));
    assert_eq!(next.sweep().unwrap(), Swept { destroyed: left, remaining: 0 }, "{case}");
    assert_eq!(fixture.leftovers(), [""; 0], "{case}");

    // The fault is over, and so is its effect: for the token in use, or the one that is opened now.
    let token = token.unwrap_or(next);
    let after = live(&token);
    assert!(after.is_released(), "afterwards {}: {case}", after.words());
    assert_eq!(token.health().state, TokenState::Ready, "{case}");
    assert_eq!(token.health().in_use, 0, "{case}");
    assert_eq!(fixture.leftovers(), [""; 0], "{case}");
}

/// Sessions that a fault has cost are not carried into the next case.
fn close_all_sessions() {
    shim().inject(&Rule { when: When::Pulled, function: None, nth: 1, code: code::DEVICE_REMOVED });
    assert!(Module::load(segl_shim::library()).is_err(), "pulled at the first call");
    shim().clear();
}

/// The calls of a run in which nothing fails.
fn count_calls() -> u64 {
    shim().forget();
    let (_token, ended) = start_and_live();
    assert!(ended.is_released(), "{}", ended.words());
    let count = shim().calls().len().try_into().unwrap();
    close_all_sessions();
    count
}

fn try_all(fixture: &Fixture, whens: &[When], codes: &[(u64, &str)]) {
    let calls = count_calls();
    let mut failed = 0;
    for when in whens {
        let mut tally = Tally::default();
        for (code, name) in codes {
            for nth in 1..=calls {
                let rule = Rule { when: *when, function: None, nth, code: *code };
                // All that fail are told, not only the first.
                let tried = AssertUnwindSafe(|| try_fault(fixture, &rule, name, &mut tally));
                failed += usize::from(catch_unwind(tried).is_err());
                shim().clear();
                close_all_sessions();
            }
        }
        let Tally { cases, released, refused, in_doubt, left } = tally;
        println!(
            "{cases} cases of {} calls, {} codes, {}: {released} released after all, {refused} refused, of which {in_doubt} with the key in doubt; {left} times the sweep had something to destroy",
            calls,
            codes.len(),
            when.name(),
        );
    }
    assert_eq!(failed, 0, "cases failed");
}

#[test]
fn call_that_fails_makes_no_second_signature_and_lets_nothing_out() {
    with_token("call_that_fails_makes_no_second_signature_and_lets_nothing_out", |fixture| {
        try_all(fixture, &[When::Before, When::After], &CODES);
    });
}

#[test]
fn device_that_is_gone_from_a_call_on_lets_nothing_out() {
    with_token("device_that_is_gone_from_a_call_on_lets_nothing_out", |fixture| {
        // `cryptoki` asks again for ever what is answered so for ever (C_GetSlotList), and no device is gone in this way.
        let codes: Vec<_> = CODES.into_iter().filter(|(code, _)| *code != code::BUFFER_TOO_SMALL).collect();
        try_all(fixture, &[When::GoneBefore, When::GoneAfter], &codes);
        try_all(
            fixture,
            &[When::Pulled],
            &[(code::DEVICE_REMOVED, "DeviceRemoved"), (code::TOKEN_NOT_PRESENT, "TokenNotPresent")],
        );
    });
}

#[test]
fn device_that_says_yes_and_does_nothing_lets_nothing_out() {
    with_token("device_that_says_yes_and_does_nothing_lets_nothing_out", |fixture| {
        try_all(fixture, &[When::Before], &[(code::OK, "OK")]);
    });
}

fn count(calls: &[Call], function: &str) -> usize {
    calls.iter().filter(|call| call.function == function && call.was_done()).count()
}

/// The handles of the sessions that were opened, or closed, in order.
fn sessions(calls: &[Call], function: &str) -> Vec<String> {
    let handles = calls.iter().filter(|call| call.function == function && call.was_done());
    let mut handles: Vec<_> = handles.map(|call| call.fact("session").to_owned()).collect();
    handles.sort();
    handles
}

#[test]
fn many_threads_log_in_once_and_close_what_they_open() {
    const THREADS: usize = 8;
    const CYCLES: usize = 10;
    with_token("many_threads_log_in_once_and_close_what_they_open", |fixture| {
        let token = open().unwrap();
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..CYCLES {
                        issuer.sign(&tbs()).unwrap();
                        let ended = live(&token);
                        assert!(ended.is_released(), "{}", ended.words());
                    }
                });
            }
        });
        let idle = token.health().idle;
        drop((token, issuer));
        let calls = shim().calls();
        assert_key_stays(&calls);
        assert_eq!(count(&calls, "C_Login"), 1);
        assert_eq!(calls.iter().filter(|call| call.function == "C_Login").count(), 1, "nobody tried again");
        assert_eq!(sessions(&calls, "C_OpenSession"), sessions(&calls, "C_CloseSession"));
        // They are used again: a key takes one and looks from another.
        let opened = count(&calls, "C_OpenSession");
        assert!(idle <= 2 * THREADS && opened <= THREADS * CYCLES, "{opened} sessions for {THREADS} threads");
        println!(
            "{THREADS} threads, {CYCLES} cycles each: {opened} sessions opened and closed, {idle} of them idle in the end"
        );
        let signed = signatures(&calls);
        let once = signed.values().filter(|count| **count == 1).count();
        let often: Vec<_> = signed.values().filter(|count| **count != 1).collect();
        assert_eq!(
            (once, often),
            (THREADS * CYCLES, vec![&(THREADS * CYCLES)]),
            "the issuer's key signs often"
        );
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn what_was_lost_is_made_again_and_nothing_else() {
    with_token("what_was_lost_is_made_again_and_nothing_else", |fixture| {
        let token = open().unwrap();
        let lives_on = |what: &str| {
            let ended = live(&token);
            assert!(ended.is_released(), "{what}: {}", ended.words());
        };
        let asked_for_key =
            |call: &Call, code: u64| call.function == "C_GenerateKeyPair" && call.answer == code;
        let opens = |call: &Call| call.function == "C_OpenSession" && call.was_done();
        let logs_in = |call: &Call| call.function == "C_Login" && call.was_done();
        lives_on("at first");

        // Somebody logs out: the sessions live on, and one login brings all of them back.
        fixture.session().logout().unwrap();
        shim().forget();
        lives_on("after a logout");
        let calls = shim().calls();
        let rest = then(&calls, "refusal", |call| asked_for_key(call, code::USER_NOT_LOGGED_IN));
        let rest = then(rest, "login", logs_in);
        then(rest, "key", |call| asked_for_key(call, code::OK));
        assert_eq!(count(&calls, "C_Login"), 1);

        // Every session is closed behind our back: a new one for the login, and new ones for the work.
        close_all_sessions();
        shim().forget();
        lives_on("after all sessions were closed");
        let calls = shim().calls();
        let rest = then(&calls, "refusal", |call| asked_for_key(call, code::SESSION_HANDLE_INVALID));
        let rest = then(rest, "look at the login", |call| {
            call.function == "C_GetSessionInfo" && call.answer == code::SESSION_HANDLE_INVALID
        });
        let rest = then(rest, "session", opens);
        let rest = then(rest, "login", logs_in);
        let rest = then(rest, "session", opens);
        then(rest, "key", |call| asked_for_key(call, code::OK));
        assert_eq!(count(&calls, "C_Login"), 1);
        // Handles of dead sessions may belong to somebody else by now, and are not closed.
        let closed = sessions(&calls, "C_CloseSession");
        assert!(closed.iter().all(|handle| sessions(&calls, "C_OpenSession").contains(handle)), "{closed:?}");

        // One call is answered as if the device were gone, and the login is found to be there: it is not made again.
        for code in [code::DEVICE_REMOVED, code::SESSION_HANDLE_INVALID, code::TOKEN_NOT_PRESENT] {
            shim().forget();
            let function = Some("C_GenerateKeyPair");
            shim().inject(&Rule { when: When::Before, function, nth: 1, code });
            lives_on("after one bad answer");
            let calls = shim().calls();
            let rest = then(&calls, "refusal", |call| asked_for_key(call, code));
            let rest = then(rest, "look at the login", |call| {
                call.function == "C_GetSessionInfo" && call.answer == code::OK
            });
            then(rest, "key", |call| asked_for_key(call, code::OK));
            assert_eq!(calls.iter().filter(|call| call.function == "C_Login").count(), 0);
            assert_eq!(token.health().state, TokenState::Ready);
        }

        // The device is pulled out and put back.
        let rule = Rule { when: When::Pulled, function: Some("C_Sign"), nth: 2, code: code::DEVICE_REMOVED };
        shim().inject(&rule);
        let ended = live(&token);
        assert!(matches!(&ended, Ended::NotSigned(_, Err(DestroyError::Lost(_)))), "{}", ended.words());
        let Ended::NotSigned(SignError::Device(error), _) = &ended else { panic!("{ended:?}") };
        assert!(matches!(error, Pkcs11Error::DeviceRemoved(_)) && error.trouble() == Trouble::Lost);
        assert_eq!(token.health().state, TokenState::TokenGone);
        shim().forget();
        let ended = live(&token);
        assert!(!ended.is_released());
        assert_eq!(count(&shim().calls(), "C_GenerateKeyPair"), 0, "still out");
        shim().clear();
        assert_eq!(token.health().state, TokenState::LoggedOut);
        shim().forget();
        lives_on("after the device is back");
        let calls = shim().calls();
        assert_eq!(count(&calls, "C_Login"), 1);
        assert_eq!(token.health().state, TokenState::Ready);
        drop(token);
        let calls = shim().calls();
        assert_eq!(sessions(&calls, "C_OpenSession"), sessions(&calls, "C_CloseSession"));
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn threads_that_lose_everything_log_in_once() {
    with_token("threads_that_lose_everything_log_in_once", |fixture| {
        let token = open().unwrap();
        let together = || {
            thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| live(&token).is_released())).collect();
                threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
            })
        };
        assert_eq!(together(), 8);
        close_all_sessions();
        shim().forget();
        println!("{} of 8 keys lived through the loss of all sessions", together());
        assert_eq!(count(&shim().calls(), "C_Login"), 1);
        assert_eq!(together(), 8);
        assert_eq!(count(&shim().calls(), "C_Login"), 1);
        assert_eq!(token.health().in_use, 0);
        assert_eq!(fixture.leftovers(), [""; 0]);
    });
}

#[test]
fn issuer_signs_or_says_why_not() {
    with_token("issuer_signs_or_says_why_not", |_| {
        let token = open().unwrap();
        let issuer = AuthorityKey::generate_pkcs11(&token, Curve::P256, "segl issuer", &[1]).unwrap();
        let public = PublicKey::from_spki_der(issuer.spki_der()).unwrap();
        let verified = |value: SignatureValue| {
            public.verify(&Curve::P256.algorithm(), tbs().as_bytes(), value.as_bytes()).unwrap();
        };
        shim().forget();
        verified(issuer.sign(&tbs()).unwrap());
        let calls: u64 = shim().calls().len().try_into().unwrap();
        let (mut cases, mut signed) = (0, 0);
        for when in [When::Before, When::After, When::GoneBefore, When::GoneAfter, When::Pulled] {
            // See above: asked for ever.
            let answers_for_ever =
                |code| when != When::Before && when != When::After && code == code::BUFFER_TOO_SMALL;
            for (code, name) in CODES.into_iter().filter(|(code, _)| !answers_for_ever(*code)) {
                for nth in 1..=calls {
                    shim().inject(&Rule { when, function: None, nth, code });
                    let made = issuer.sign(&tbs());
                    shim().clear();
                    cases += 1;
                    match made {
                        Ok(value) => {
                            signed += 1;
                            verified(value);
                        }
                        Err(error) => {
                            let cause = error.source().map(ToString::to_string).unwrap_or_default();
                            let words = format!("{error}: {cause}");
                            assert!(
                                words.contains(name),
                                "{} call {nth} answered {name}: {words}",
                                when.name()
                            );
                        }
                    }
                    let after = issuer.sign(&tbs());
                    verified(after.unwrap_or_else(|error| {
                        let case = format!("{} call {nth} answered {name}", when.name());
                        panic!("{case}, afterwards {error}: {:?}{}", error.source(), shown(&shim().calls()))
                    }));
                    shim().forget();
                }
            }
        }
        println!(
            "{cases} signatures of an issuer in which one of {calls} calls failed: {signed} made after all"
        );
        assert_eq!(token.health().in_use, 0);
        assert_eq!(token.sweep().unwrap(), Swept::default());
    });
}
