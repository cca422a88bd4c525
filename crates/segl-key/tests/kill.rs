//! A process that is killed at any moment of a key's life leaves no key in the token.
//!
//! The victim is this same program, told by its environment where to stop. It says that it is there, and is killed (SIGKILL), so that
//! nothing of ours runs any more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod softhsm;

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use segl_crypto::{SignatureValue, ToBeSigned};
use segl_key::pkcs11::{Pkcs11Error, Pkcs11Key, Pkcs11Token};
use segl_key::{
    Activation, Curve, KeyId, KeyRequest, OneShotKey, ReadBack, Swept, Token, TokenDescription, Trace,
};
use softhsm::{Fixture, with_token};

const STOP_AT: &str = "SEGL_KEY_TEST_STOP_AT";
const RELEASED: &str = "released";

/// Every place where the victim can be stopped: around each call to the device and between the steps, on the way that ends in a
/// signature and on the ways that are given up.
const PLACES: [&str; 26] = [
    "sign: before generate",
    "sign: after generate",
    "sign: before read_back",
    "sign: after read_back",
    "sign: fresh",
    "sign: certified",
    "sign: before sign",
    "sign: after sign",
    "sign: spent",
    "sign: before destroy",
    "sign: after destroy",
    "sign: before look_up",
    "sign: after look_up",
    "sign: destroyed",
    "decline: fresh",
    "decline: before destroy",
    "decline: after destroy",
    "decline: before look_up",
    "decline: after look_up",
    "decline: destroyed",
    "withdraw: certified",
    "withdraw: before destroy",
    "withdraw: after destroy",
    "withdraw: before look_up",
    "withdraw: after look_up",
    "withdraw: destroyed",
];

#[test]
fn killed_at_any_place_no_key_is_left() {
    with_token("killed_at_any_place_no_key_is_left", |fixture| {
        for place in PLACES {
            let said = run_victim(place, None);
            assert_eq!(said.last().map(String::as_str), Some(place), "{said:?}");
            assert_eq!(said.iter().any(|line| line == RELEASED), place == "sign: destroyed", "{place}");
            nothing_is_left(fixture, place);
        }
    });
}

#[test]
fn killed_at_any_moment_no_key_is_left() {
    with_token("killed_at_any_moment_no_key_is_left", |fixture| {
        for step in 0..20 {
            run_victim("", Some(Duration::from_micros(137 * step)));
            nothing_is_left(fixture, "some moment");
        }
    });
}

fn nothing_is_left(fixture: &Fixture, place: &str) {
    // A process that starts again: it logs in and sweeps.
    assert_eq!(fixture.token().sweep().unwrap(), Swept::default(), "{place}");
    assert_eq!(fixture.leftovers(), [""; 0], "{place}");
}

/// Runs a victim until it says that it is at `place`, or for `time` after it is ready, and kills it. Gives what it said.
fn run_victim(place: &str, time: Option<Duration>) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["victim", "--exact", "--nocapture", "--test-threads=1"])
        .env(STOP_AT, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The test runner writes on the same line before the test does.
        let Some((_, line)) = line.split_once("victim> ") else { continue };
        said.push(line.to_owned());
        if let Some(time) = time {
            std::thread::sleep(time);
            break;
        }
        if line == place {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    said
}

/// Not a test by itself: the process that is killed.
#[test]
fn victim() {
    let Ok(stop_at) = env::var(STOP_AT) else { return };
    let way = stop_at.split_once(':').map_or("", |(way, _)| way);
    let inner = Fixture::existing(softhsm::module().unwrap()).token();
    let token = Pausing { inner, way, stop_at: &stop_at };
    say("ready");
    for counter in 0_u128.. {
        live(&token, KeyId(counter.to_be_bytes()));
    }
}

/// The life of one key, on the way the victim was told.
fn live(token: &Pausing<'_>, id: KeyId) {
    let key = OneShotKey::generate(token, &KeyRequest::new(Curve::P256, id, [0; 16])).unwrap();
    token.at("fresh");
    if token.way == "decline" {
        let _ = key.abandon().unwrap();
        return token.at("destroyed");
    }
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [7; 32]).unwrap();
    token.at("certified");
    if token.way == "withdraw" {
        let _ = key.abandon().unwrap();
        return token.at("destroyed");
    }
    let tbs = ToBeSigned::new(b"attributes".as_slice(), Curve::P256.algorithm());
    let key = key.activate(Activation::new([0; 16], id, &tbs)).unwrap().sign(&tbs).unwrap();
    token.at("spent");
    let (_destroyed, _value) = key.destroy().unwrap();
    if !token.way.is_empty() {
        say(RELEASED);
    }
    token.at("destroyed");
}

fn say(line: &str) {
    println!("victim> {line}");
    std::io::stdout().flush().unwrap();
}

/// A token that stops for ever when it comes to the place.
struct Pausing<'a> {
    inner: Pkcs11Token,
    way: &'a str,
    stop_at: &'a str,
}

impl Pausing<'_> {
    fn at(&self, place: &str) {
        if self.stop_at == format!("{}: {place}", self.way) {
            say(self.stop_at);
            loop {
                std::thread::park();
            }
        }
    }

    fn around<R>(&self, call: &str, work: impl FnOnce() -> R) -> R {
        self.at(&format!("before {call}"));
        let result = work();
        self.at(&format!("after {call}"));
        result
    }
}

impl Token for Pausing<'_> {
    type Key = Pkcs11Key;
    type Error = Pkcs11Error;

    fn description(&self) -> &TokenDescription {
        self.inner.description()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Pkcs11Key, Pkcs11Error> {
        self.around("generate", || self.inner.generate(curve, id))
    }
    fn read_back(&self, key: &Pkcs11Key) -> Result<ReadBack, Pkcs11Error> {
        self.around("read_back", || self.inner.read_back(key))
    }
    fn sign(&self, key: &mut Pkcs11Key, tbs: &ToBeSigned) -> Result<SignatureValue, Pkcs11Error> {
        self.around("sign", || self.inner.sign(key, tbs))
    }
    fn destroy(&self, key: &mut Pkcs11Key) -> Result<(), Pkcs11Error> {
        self.around("destroy", || self.inner.destroy(key))
    }
    fn look_up(&self, key: &mut Pkcs11Key) -> Result<Trace, Pkcs11Error> {
        self.around("look_up", || self.inner.look_up(key))
    }
    fn sweep(&self) -> Result<Swept, Pkcs11Error> {
        self.inner.sweep()
    }
}
