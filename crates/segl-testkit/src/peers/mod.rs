//! Independent programs as judges of what segl makes: OpenSSL, poppler's `pdfsig`, qpdf, pyHanko, EU DSS and pkilint.
//!
//! And PostgreSQL and SoftHSM2, which it works with.
//!
//! Each is found through an environment variable that `cargo xtask test` sets; where it is not set, the common ones are looked
//! for on `PATH`, and a variable that is set but empty switches the peer off. What is not there is a [`Skipped`], which a test
//! reports and returns: a missing judge never fails a run, a judge that is there and cannot answer does.
//!
//! ```no_run
//! use segl_testkit::peers::{Dss, Question};
//!
//! # fn main() -> std::io::Result<()> {
//! let dss = match Dss::shared() {
//!     Ok(dss) => dss,
//!     Err(skipped) => return Ok(skipped.report()),
//! };
//! let report = dss.judge(&Question::new("sealed.pdf", "2026-11-22T03:30:00Z").trust("root.cer"))?;
//! assert_eq!(report.signatures[0].indication, "TOTAL_PASSED");
//! # Ok(())
//! # }
//! ```

mod dss;
mod lines;
mod openssl;
mod pkilint;
mod poppler;
mod postgres;
mod pyhanko;
mod qpdf;
mod softhsm;

use std::{
    env,
    ffi::OsStr,
    fmt,
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use self::{
    dss::{
        Dss, DssCertificate, DssLimit, DssPaymentServices, DssReport, DssSignature, DssStatements,
        DssTimestamp,
    },
    lines::Question,
    openssl::{OpenSsl, Purpose},
    pkilint::{Detected, Finding, Pkilint},
    poppler::{PdfSig, PdfSigSignature},
    postgres::Postgres,
    pyhanko::{Pyhanko, PyhankoReport, PyhankoSignature},
    qpdf::{Qpdf, QpdfVerdict},
    softhsm::SoftHsm,
};

/// A peer that is not here, and why. Not an error: its tests are left out, and say so.
#[derive(Clone, Debug)]
#[must_use = "a skipped test says so: call report()"]
pub struct Skipped {
    /// The peer, as `cargo xtask test` lists it.
    pub peer: &'static str,
    /// Why it is not here.
    pub why: String,
}

impl Skipped {
    /// Says that the test at hand is skipped: on standard output, and in the list that `cargo xtask test` prints at its end.
    pub fn report(&self) {
        report_skipped(&self.to_string());
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped: {}: {}", self.peer, self.why)
    }
}

/// Says that a test is skipped, for reasons other than a peer, for example material that is not beside the checkout.
pub fn report_skipped(line: &str) {
    println!("{line}");
    let Some(list) = env::var_os("SEGL_TEST_SKIPS") else { return };
    // A list that cannot be written loses a line of a summary, never a test.
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(list) {
        // In one write, so that tests that end together do not mix their lines.
        drop(file.write_all(format!("{line}\n").as_bytes()));
    }
}

/// What a program said, and whether its exit status means yes.
#[derive(Clone, Debug)]
pub struct Said {
    /// Exit status 0.
    pub success: bool,
    /// Standard output, then standard error.
    pub text: String,
}

/// Runs a program to its end with nothing on standard input.
fn said(command: &mut Command) -> io::Result<Said> {
    let output = command.stdin(Stdio::null()).output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Said { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() })
}

/// A peer that is told through `variable` and else found on `PATH` as `program`.
fn common(peer: &'static str, variable: &str, program: &str) -> Result<PathBuf, Skipped> {
    match env::var_os(variable) {
        Some(path) if path.is_empty() => Err(Skipped { peer, why: format!("{variable} switches it off") }),
        Some(path) => Ok(path.into()),
        None => on_path(program).ok_or_else(|| Skipped { peer, why: format!("no {program} on PATH") }),
    }
}

/// A peer that only `cargo xtask test` sets up.
fn prepared(peer: &'static str, variable: &str) -> Result<PathBuf, Skipped> {
    match env::var_os(variable) {
        Some(path) if !path.is_empty() => Ok(path.into()),
        Some(_) => Err(Skipped { peer, why: format!("{variable} switches it off") }),
        None => Err(Skipped { peer, why: format!("{variable} is not set; `cargo xtask test` sets it up") }),
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Adds `option` and its value.
fn option<'a>(command: &'a mut Command, name: &str, value: impl AsRef<OsStr>) -> &'a mut Command {
    command.arg(name).arg(value)
}

/// A folder that is removed with its content when it goes out of scope, for what judges read from files.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    /// Makes an empty folder.
    ///
    /// # Errors
    /// The temporary folder of the platform cannot be written.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// Writes a file and returns its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
