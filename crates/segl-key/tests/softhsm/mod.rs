//! A real token for tests: SoftHSM2 in a temporary folder, or the module that `SEGL_PKCS11_MODULE` names.
//!
//! The library reads its configuration from the process environment, so each test runs again in a child process of its own, with
//! the environment set. A module that cannot make a token in an empty slot by itself is not for these tests.

#![allow(dead_code, reason = "shared by several programs, none of which uses all of it")]

use std::env;
use std::path::PathBuf;
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use segl_key::ONE_SHOT_LABEL_PREFIX;
use segl_key::pkcs11::{Module, Pin, Pkcs11Token};

pub(crate) const LABEL: &str = "segl test token";
pub(crate) const PIN: &str = "98765432";
const SO_PIN: &str = "12345678";
const CHILD: &str = "SEGL_KEY_TEST_CHILD";

/// The module, if there is one.
pub(crate) fn module() -> Option<PathBuf> {
    if let Some(path) = env::var_os("SEGL_PKCS11_MODULE") {
        return Some(path.into());
    }
    [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|path| path.exists())
}

/// Whether this is a process that was given a configuration of its own.
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// Runs `body` with a fresh token in a process of its own; `name` is the test's own name.
pub(crate) fn with_token(name: &str, body: impl FnOnce(&Fixture)) {
    let Some(path) = module() else {
        println!("skipped: no PKCS#11 module; set SEGL_PKCS11_MODULE or install SoftHSM2");
        return;
    };
    if is_child() {
        return body(&Fixture::new(path));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .envs(environment(&folder))
        .envs(segl_shim::Shim::environment(&path, folder.path()))
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    println!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.contains("1 passed"), "{name} failed in its own process");
}

/// Writes a configuration and gives the variables that point to it.
pub(crate) fn environment(folder: &tempfile::TempDir) -> [(&'static str, PathBuf); 2] {
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let configuration = folder.path().join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(&configuration, text).unwrap();
    [("SOFTHSM2_CONF", configuration), (CHILD, PathBuf::from("1"))]
}

/// A token with a user PIN, and the library under our own.
pub(crate) struct Fixture {
    pub(crate) path: PathBuf,
    pub(crate) client: Pkcs11,
}

impl Fixture {
    /// Makes the token, by the library itself.
    pub(crate) fn new(path: PathBuf) -> Self {
        let fixture = Self::existing(path);
        let slot = fixture.client.get_slots_with_token().unwrap()[0];
        fixture.client.init_token(slot, &AuthPin::from(SO_PIN), LABEL).unwrap();
        let session = fixture.client.open_rw_session(fixture.slot()).unwrap();
        session.login(UserType::So, Some(&AuthPin::from(SO_PIN))).unwrap();
        session.init_pin(&AuthPin::from(PIN)).unwrap();
        session.logout().unwrap();
        fixture
    }

    /// Connects, also to a token made by another process.
    pub(crate) fn existing(path: PathBuf) -> Self {
        let client = Pkcs11::new(&path).unwrap();
        // Initialised already, when a test connects more than once.
        let _ = client.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        Self { path, client }
    }

    /// Where the token is now.
    pub(crate) fn slot(&self) -> Slot {
        let slots = self.client.get_slots_with_initialized_token().unwrap();
        slots.into_iter().find(|slot| self.client.get_token_info(*slot).unwrap().label() == LABEL).unwrap()
    }

    /// Logs in through our own module.
    pub(crate) fn token(&self) -> Pkcs11Token {
        Module::load(&self.path).unwrap().open(LABEL, &Pin::new(PIN)).unwrap()
    }

    /// A session of the bare library, logged in.
    pub(crate) fn session(&self) -> Session {
        let session = self.client.open_rw_session(self.slot()).unwrap();
        match session.login(UserType::User, Some(&AuthPin::from(PIN))) {
            Ok(()) => {}
            Err(error) => assert!(error.to_string().contains("already logged in"), "{error}"),
        }
        session
    }

    /// Labels of all keys, private and public, that a one-shot key could have left.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let session = self.session();
        let mut labels = Vec::new();
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            for object in session.find_objects(&[Attribute::Class(class)]).unwrap() {
                for attribute in session.get_attributes(object, &[AttributeType::Label]).unwrap() {
                    if let Attribute::Label(label) = attribute {
                        labels.push(String::from_utf8(label).unwrap());
                    }
                }
            }
        }
        labels.retain(|label| label.starts_with(ONE_SHOT_LABEL_PREFIX));
        labels
    }
}
