#![doc = include_str!("../README.md")]
// Why a crate in Rust, and not a C file that a test compiles: plain `cargo test` builds it with everything else, for whatever target the
// tests are built for, and nobody needs a compiler where the tests are run. The types of the C interface come from `cryptoki-sys`, which
// the tests have anyway, so that none is written down by hand a second time.

mod entry;
mod plan;
mod record;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

pub use crate::plan::{Rule, When};
pub use crate::record::Call;

/// The variable that names the real library.
const MODULE: &str = "SEGL_SHIM_MODULE";
/// The variable that names the folder of record and rule.
const FOLDER: &str = "SEGL_SHIM_FOLDER";
const RECORD: &str = "calls";
const RULE: &str = "rule";
static STAMP: AtomicU64 = AtomicU64::new(0);

/// Return codes that a device may give (PKCS#11 2.40, `CKR_…`).
pub mod code {
    /// No error. Put before a call, it is a device that says yes and does nothing.
    pub const OK: u64 = 0;
    /// `CKR_HOST_MEMORY`
    pub const HOST_MEMORY: u64 = 0x02;
    /// `CKR_FUNCTION_FAILED`
    pub const FUNCTION_FAILED: u64 = 0x06;
    /// `CKR_DEVICE_ERROR`
    pub const DEVICE_ERROR: u64 = 0x30;
    /// `CKR_DEVICE_MEMORY`
    pub const DEVICE_MEMORY: u64 = 0x31;
    /// `CKR_DEVICE_REMOVED`
    pub const DEVICE_REMOVED: u64 = 0x32;
    /// `CKR_KEY_HANDLE_INVALID`
    pub const KEY_HANDLE_INVALID: u64 = 0x60;
    /// `CKR_OBJECT_HANDLE_INVALID`
    pub const OBJECT_HANDLE_INVALID: u64 = 0x82;
    /// `CKR_OPERATION_ACTIVE`
    pub const OPERATION_ACTIVE: u64 = 0x90;
    /// `CKR_OPERATION_NOT_INITIALIZED`
    pub const OPERATION_NOT_INITIALIZED: u64 = 0x91;
    /// `CKR_SESSION_HANDLE_INVALID`
    pub const SESSION_HANDLE_INVALID: u64 = 0xb3;
    /// `CKR_TOKEN_NOT_PRESENT`
    pub const TOKEN_NOT_PRESENT: u64 = 0xe0;
    /// `CKR_USER_NOT_LOGGED_IN`
    pub const USER_NOT_LOGGED_IN: u64 = 0x101;
    /// `CKR_BUFFER_TOO_SMALL`
    pub const BUFFER_TOO_SMALL: u64 = 0x150;
    /// `CKR_VENDOR_DEFINED`
    pub const VENDOR_DEFINED: u64 = 0x8000_0000;
}

/// Where cargo has laid the library: beside the program of the test that asks.
///
/// # Panics
/// When the program's own place cannot be told.
#[must_use]
pub fn library() -> PathBuf {
    let program = env::current_exe().expect("a test knows where it is");
    let name = format!("{}segl_shim{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    program.with_file_name(name)
}

/// Record and rule of a shim that is loaded in this process or in another one.
#[derive(Clone, Debug)]
pub struct Shim {
    folder: PathBuf,
}

impl Shim {
    /// In this folder, which exists.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// As the environment of this process says; `None` when it says nothing.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        env::var_os(FOLDER).map(Self::new)
    }

    /// The variables by which the library finds the real one, and its folder.
    #[must_use]
    pub fn environment(module: &Path, folder: &Path) -> [(&'static str, PathBuf); 2] {
        [(MODULE, module.to_path_buf()), (FOLDER, folder.to_path_buf())]
    }

    /// Puts a fault in place of the one before. Calls are counted from now on.
    ///
    /// # Panics
    /// When the rule cannot be written.
    pub fn inject(&self, rule: &Rule) {
        // Read by other threads at any moment, so it must be there whole.
        let unfinished = self.folder.join("rule.new");
        // The same rule again is another one.
        let stamp = STAMP.fetch_add(1, Ordering::Relaxed);
        fs::write(&unfinished, format!("{} {stamp}", rule.to_line())).expect("the rule is written");
        fs::rename(unfinished, self.folder.join(RULE)).expect("the rule is put in its place");
    }

    /// Takes the fault away.
    ///
    /// # Panics
    /// When there is one and it cannot be removed.
    pub fn clear(&self) {
        match fs::remove_file(self.folder.join(RULE)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
    }

    /// The calls since the record was begun or last forgotten.
    ///
    /// # Panics
    /// When the record is not one.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let text = fs::read_to_string(self.folder.join(RECORD)).unwrap_or_default();
        text.lines().map(|line| Call::from_line(line).unwrap_or_else(|| panic!("{line:?}"))).collect()
    }

    /// Begins a new record. The numbers of the calls go on.
    ///
    /// # Panics
    /// When the record cannot be emptied.
    pub fn forget(&self) {
        fs::File::create(self.folder.join(RECORD)).expect("the record is emptied");
    }
}
