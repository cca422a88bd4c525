//! A device that is not as it should be: what happened, what to do about it, and no seal.
//!
//! A library that fails on demand stands before SoftHSM2.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod room;

use std::fs;

use room::{Room, Said};
use segl_shim::{Rule, Shim, When, code};
use tempfile::TempDir;

/// `CKR_PIN_EXPIRED`, `CKR_PIN_LOCKED` and `CKR_SESSION_COUNT`.
const PIN_EXPIRED: u64 = 0xa3;
const PIN_LOCKED: u64 = 0xa4;
const SESSION_COUNT: u64 = 0xb1;

/// A room whose device can be told to fail.
struct Failing {
    room: Room,
    shim: Shim,
    folder: TempDir,
}

impl Failing {
    fn new() -> Option<Self> {
        let (room, folder) = (Room::with_softhsm()?, TempDir::new().unwrap());
        Some(Self { room, shim: Shim::new(folder.path()), folder })
    }

    fn seal(&self) -> Said {
        let mut options = self.room.token_options();
        options[1] = segl_shim::library().to_str().unwrap().to_owned();
        let mut command = self.room.command(["seal", "contract.pdf", "--force"].map(str::to_owned));
        let module = self.room.token().unwrap().module();
        command.args(options).envs(Shim::environment(module, self.folder.path()));
        Said::of(&command.output().unwrap())
    }

    /// Seals while the device fails so.
    fn seal_while(&self, when: When, function: &'static str, code: u64) -> Said {
        self.shim.inject(&Rule { when, function: Some(function), nth: 1, code });
        let said = self.seal();
        self.shim.clear();
        said
    }
}

fn refused(said: &Said, what: &str, help: &str) {
    said.refused(what);
    assert!(said.stderr.contains(&format!("\n  help: {help}")), "{said:?}");
}

#[test]
fn what_to_do_is_said() {
    let Some(failing) = Failing::new() else { return };
    let cases = [
        (
            When::Before,
            "C_Login",
            PIN_LOCKED,
            "the PIN is locked",
            "the device's security officer has to unlock",
        ),
        (When::Before, "C_Login", PIN_EXPIRED, "the PIN has expired", "set a new PIN"),
        (
            When::Before,
            "C_OpenSession",
            SESSION_COUNT,
            "the device is full: C_OpenSession answered SessionCount",
            "let other programs go from the device",
        ),
        (
            When::Pulled,
            "C_OpenSession",
            code::DEVICE_REMOVED,
            "the device was removed: C_OpenSession answered DeviceRemoved",
            "put the device back",
        ),
        (
            When::GoneBefore,
            "C_FindObjectsInit",
            code::SESSION_HANDLE_INVALID,
            "could not be looked through for keys that an earlier run left: the session was lost",
            "the device has closed the session",
        ),
    ];
    for (when, function, code, what, help) in cases {
        refused(&failing.seal_while(when, function, code), what, help);
    }
    let rows = failing.room.rows();
    assert!(rows.iter().all(|row| row.outcome == "aborted: key generation"), "{rows:?}");
    assert_eq!(failing.room.names(), ["contract.pdf", "home"]);
    let said = failing.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
}

#[test]
fn device_that_may_keep_a_key_stops_the_slot() {
    let Some(failing) = Failing::new() else { return };
    let help = "look at the device; when no key labelled segl-once-... is in it, `segl records clear SLOT";
    for (function, what) in [
        ("C_GenerateKeyPair", "a key may have been made all the same and be left in the device"),
        ("C_GetAttributeValue", "the key could not be read back"),
        ("C_DestroyObject", "the destruction of the one-shot key is not confirmed"),
    ] {
        refused(&failing.seal_while(When::GoneAfter, function, code::DEVICE_REMOVED), what, help);
        refused(&failing.seal(), "sealing on this slot is stopped", help);
        let said = failing.room.run(["records", "clear", "pkcs11:segl-test", "--operator", "test-officer"]);
        assert_eq!(said.status, Some(0), "{said:?}");
        let said = failing.seal();
        assert_eq!(said.status, Some(0), "{said:?}");
    }
    let outcomes: Vec<_> = failing.room.rows().into_iter().map(|row| row.outcome).collect();
    let (alarm, cleared) = ("ALARM: key not confirmed gone", "slot pkcs11:segl-test cleared by test-officer");
    let each = [&format!("{alarm}, pkcs11:segl-test"), cleared, "completed"];
    assert_eq!(outcomes, each.repeat(3));
}

#[test]
fn key_of_an_earlier_run_is_swept() {
    let Some(room) = Room::with_softhsm() else { return };
    room.write("key.pem", KEY);
    room.token()
        .unwrap()
        .import(&room.path("key.pem"), "segl-once-00112233445566778899aabbccddeeff", "01")
        .unwrap();
    room.token().unwrap().import(&room.path("key.pem"), "somebody's own", "02").unwrap();
    let said = room.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
    let told = "swept        2 key objects that an earlier run left in segl-test are destroyed";
    assert!(said.stdout.contains(told), "{said:?}");
    let said = room.seal();
    assert!(said.status == Some(0) && !said.stdout.contains("swept"), "{said:?}");
}

#[cfg(unix)]
#[test]
fn pin_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(room) = Room::with_softhsm() else { return };
    let file = room.token().unwrap().pin_file();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&room.seal(), "pin.txt\" is open to others: its mode is 0644", "`chmod 600` the file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&file, "123456\nwhat it is for\n").unwrap();
    let said = room.seal();
    refused(
        &said,
        "pin.txt\" is not one line of text",
        "write the token's user PIN into the file, and nothing else",
    );
    assert!(!said.stderr.contains("123456"), "{said:?}");
    fs::write(&file, "123456\r\n").unwrap();
    assert_eq!(room.seal().status, Some(0));
    fs::remove_file(&file).unwrap();
    refused(&room.seal(), "pin.txt\" cannot be read", "--pin-file is a file that holds");
}

/// A key made for this test alone.
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP8sb5kXrH/tpBkam\n\
    chaQ2KsW6pFj5DFOa+aggThbp7qhRANCAAS7LNtva7dCD6pR4Z2wIaqCYGqCCRxy\n\
    viWoqu2rF7RtPn1iSKKrFwIfdn95GAyV3GCyoh96/arYGEtgK4/sypHZ\n\
    -----END PRIVATE KEY-----\n";
