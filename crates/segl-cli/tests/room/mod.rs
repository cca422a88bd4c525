//! A folder with a home of its own for the command, and what to look for when it has run.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test takes what it needs of this")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use segl::cert::{IssuedCertificates as _, IssuerKey, SerialNumber, State};
use segl::record::{Event, Outcome};
use segl::store::SqliteStore;
use segl::x509::Certificate;
use segl_testkit::peers::SoftHsm;
use segl_testkit::sealing::log_id;
use tempfile::TempDir;

pub const CONTRACT: &[u8] = include_bytes!("../../../../examples/contract.pdf");
const SEGL: &str = env!("CARGO_BIN_EXE_segl");

/// Where one test runs the command.
pub struct Room {
    folder: TempDir,
    softhsm: Option<SoftHsm>,
}

/// What the command said.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// One row of `segl records list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub number: u64,
    pub outcome: String,
    pub step: String,
}

impl Room {
    /// A room whose contract is `contract.pdf`, without a home yet.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("contract.pdf"), CONTRACT).unwrap();
        Self { folder, softhsm: None }
    }

    /// The SoftHSM token, where the room has one.
    pub fn token(&self) -> Option<&SoftHsm> {
        self.softhsm.as_ref()
    }

    /// The same with a token of SoftHSM2, or `None` where that is not installed.
    pub fn with_softhsm() -> Option<Self> {
        match SoftHsm::find() {
            Ok(softhsm) => {
                softhsm.initialise().unwrap();
                Some(Self { softhsm: Some(softhsm), ..Self::new() })
            }
            Err(skipped) => {
                skipped.report();
                None
            }
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// A file that is open to nobody else.
    pub fn write_secret(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.write(name, bytes);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        path
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// The command, in the room, with nobody at the terminal.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(SEGL);
        self.prepare(&mut command).args(arguments);
        command
    }

    pub fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some(softhsm) = &self.softhsm {
            let (name, value) = softhsm.environment();
            command.env(name, value);
        }
        command.env("SEGL_HOME", self.home()).env("RUST_BACKTRACE", "1").env_remove("NO_COLOR");
        command.current_dir(self.folder.path()).stdin(Stdio::null())
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }

    /// The options that name the token; none for keys in memory.
    pub fn token_options(&self) -> Vec<String> {
        let Some(softhsm) = &self.softhsm else { return Vec::new() };
        let path = |path: &Path| path.to_str().unwrap().to_owned();
        let module = path(softhsm.module());
        let pin = path(&softhsm.pin_file());
        [["--pkcs11", &module], ["--token", SoftHsm::LABEL], ["--pin-file", &pin]]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// `segl seal contract.pdf --force`, with the token if there is one.
    pub fn seal(&self) -> Said {
        let mut arguments = ["seal", "contract.pdf", "--force"].map(str::to_owned).to_vec();
        arguments.extend(self.token_options());
        self.run(arguments)
    }

    /// The rows about sealings.
    pub fn rows(&self) -> Vec<Row> {
        let said = self.run(["records", "list"]);
        assert_eq!(said.status, Some(0), "{said:?}");
        said.stdout
            .lines()
            .filter(|line| !line.starts_with("NUMBER") && !line.starts_with("There are no"))
            .filter_map(Row::read)
            .collect()
    }

    pub fn records_verify(&self) {
        let said = self.run(["records", "verify"]);
        assert_eq!(said.status, Some(0), "{said:?}");
    }

    /// Of the certificates in the log, those are in force whose seals were let out, and no others. Gives how many have no seal.
    #[track_caller]
    pub fn register_agrees(&self) -> usize {
        let ca = fs::read(self.home().join("issuing-ca.cer")).unwrap();
        let issuer = IssuerKey::of_spki(Certificate::from_der_or_pem(&ca).unwrap().spki_der());
        let store = SqliteStore::open(&self.home().join("segl.db"), log_id()).unwrap();
        let mut abandoned = 0;
        for row in store.entries(0, 1000).unwrap() {
            let Event::Sealing(record) = row.values.unwrap().event().unwrap() else { continue };
            let Some(serial) = record.progress().serial() else { continue };
            let serial = SerialNumber::from_der_content(serial.as_bytes()).unwrap();
            let state = store.status(&issuer, &serial).unwrap().unwrap().state;
            let is_let_out = record.outcome() == Outcome::Completed;
            assert_eq!(state, if is_let_out { State::Issued } else { State::Abandoned }, "{record:?}");
            abandoned += usize::from(!is_let_out);
        }
        abandoned
    }

    /// Every name in the room, folders left out, temporary ones included.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Every file of the home with its bytes.
    pub fn home_files(&self) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.home()).unwrap().map(|e| e.unwrap().path());
        entries
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
            .collect()
    }
}

impl Said {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { status: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Exit 2 and one clear error: its first line begins with the command's name and tells what was wrong.
    #[track_caller]
    pub fn refused(&self, what: &str) {
        assert_eq!(self.status, Some(2), "{self:?}");
        assert!(self.stderr.contains(what), "not {what:?}: {self:?}");
        assert_eq!(self.stderr.matches("segl: ").count(), 1, "{self:?}");
        assert!(self.stderr.starts_with("segl: "), "{self:?}");
        for leak in ["panicked", "stack backtrace", "Some(", "Err(", "{ ", "\u{1b}["] {
            assert!(!self.stderr.contains(leak), "{leak:?}: {self:?}");
        }
    }
}

impl Row {
    fn read(line: &str) -> Option<Self> {
        // The columns of the table stand at least two blanks apart.
        let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        let number = cells.next()?.parse().unwrap();
        let _time = cells.next()?;
        Some(Self { number, outcome: cells.next()?.to_owned(), step: cells.next()?.to_owned() })
    }
}
