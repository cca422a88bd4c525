//! pyHanko, an independent implementation of PAdES in Python.

use std::{io, path::Path, path::PathBuf, process::Command, sync::OnceLock};

use serde::Deserialize;

use super::{
    Said, Skipped,
    lines::{LineJudge, Question},
    option, prepared, said,
};

/// pyHanko's command line, and its API in one long-running process (`tests/peers/python/judge.py`).
#[derive(Debug)]
pub struct Pyhanko {
    program: PathBuf,
    judge: LineJudge,
}

/// What pyHanko's API says about one file.
#[derive(Clone, Debug, Deserialize)]
pub struct PyhankoReport {
    /// Why pyHanko refused the file altogether.
    pub error: Option<String>,
    /// The signatures, in the order they were made; document time-stamps are not among them.
    #[serde(default)]
    pub signatures: Vec<PyhankoSignature>,
}

/// What pyHanko's API says about one signature.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PyhankoSignature {
    /// Name of the PDF field.
    pub field: String,
    /// `PASSED`, `INDETERMINATE` or `FAILED`.
    pub indication: String,
    /// Why not passed.
    pub sub_indication: Option<String>,
    /// The digest of the covered bytes is the signed one.
    pub intact: bool,
    /// The signature value verifies.
    pub valid: bool,
    /// There is a path to an anchor.
    pub trusted: bool,
    /// pyHanko's judgement in one bit, changes after signing included.
    pub bottom_line: bool,
    /// `ENTIRE_FILE`, `ENTIRE_REVISION` and so on.
    pub coverage: Option<String>,
    /// The earliest proof that the signature existed, ISO 8601.
    pub best_signature_time: Option<String>,
    /// pyHanko's words about a failure.
    pub message: Option<String>,
}

impl Pyhanko {
    /// The one pyHanko of this test process.
    ///
    /// # Errors
    /// It was not set up.
    pub fn shared() -> Result<&'static Self, Skipped> {
        static SHARED: OnceLock<Result<Pyhanko, Skipped>> = OnceLock::new();
        SHARED.get_or_init(Self::new).as_ref().map_err(Clone::clone)
    }

    fn new() -> Result<Self, Skipped> {
        const NAME: &str = "pyhanko";
        let mut judge = Command::new(prepared(NAME, "SEGL_PEER_PYTHON")?);
        judge.arg(prepared(NAME, "SEGL_PEER_PYHANKO_JUDGE")?);
        Ok(Self { program: prepared(NAME, "SEGL_PEER_PYHANKO")?, judge: LineJudge::new(judge) })
    }

    /// Runs `pyhanko sign adesverify` at `time` (RFC 3339) with one anchor: exit status 0 means every signature is good.
    ///
    /// It wants status that is fresh at `time`, so judge inside the life of the CRLs in the file.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn adesverify(&self, file: &Path, anchor: &Path, time: impl ToString) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(["sign", "adesverify", "--trust-replace"]);
        option(&mut command, "--trust", anchor);
        option(&mut command, "--validation-time", time.to_string());
        said(command.arg(file))
    }

    /// Runs EN 319 102-1 for signatures with archival data over each signature; for the years after sealing.
    ///
    /// At B-LT it answers `NO_POE` (it wants a document time-stamp): look at `trusted` and `bottom_line` there.
    ///
    /// # Errors
    /// Python cannot be started, or ended without an answer. A file that pyHanko refuses is an answer.
    pub fn judge(&self, question: &Question) -> io::Result<PyhankoReport> {
        self.judge.ask(question)
    }
}
