//! A judge that stays running: one JSON request a line in, one JSON answer a line out.

use std::{
    fmt::Debug,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use serde::{Serialize, de::DeserializeOwned};

/// What a judge of documents is asked: a file, a time, and what to believe.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    file: PathBuf,
    time: String,
    trust: Vec<PathBuf>,
    revocation: Vec<PathBuf>,
    clock: Option<String>,
}

/// Asks about a file, and nothing else.
#[derive(Debug, Serialize)]
pub(super) struct AboutFile<'a> {
    pub(super) file: &'a Path,
}

/// Asks DSS what it reads in a certificate.
#[derive(Debug, Serialize)]
pub(super) struct AboutCertificate<'a> {
    pub(super) file: &'a Path,
    pub(super) certificate: bool,
}

impl Question {
    /// Asks about a file as it is at `time` (RFC 3339, UTC), with nothing trusted yet.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>, time: impl ToString) -> Self {
        Self {
            file: file.into(),
            time: time.to_string(),
            trust: Vec::new(),
            revocation: Vec::new(),
            clock: None,
        }
    }

    /// Takes the certificate in a file (DER or PEM) as a trust anchor.
    #[must_use]
    pub fn trust(mut self, certificate: impl Into<PathBuf>) -> Self {
        self.trust.push(certificate.into());
        self
    }

    /// Hands over a CRL (`*.crl`) or an OCSP response (any other name) as if it had been fetched. Only DSS takes it.
    #[must_use]
    pub fn revocation(mut self, file: impl Into<PathBuf>) -> Self {
        self.revocation.push(file.into());
        self
    }

    /// Sets the machine's clock as pyHanko sees it (RFC 3339, UTC); see `tests/peers/python/judge.py` for why. DSS ignores it.
    #[must_use]
    pub fn clock(mut self, time: impl ToString) -> Self {
        self.clock = Some(time.to_string());
        self
    }
}

/// The running program. It ends by itself when its standard input is closed, also when the test process dies.
#[derive(Debug)]
pub(super) struct LineJudge {
    program: Mutex<Command>,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    // Kept so that the pipes stay open; the process needs no further care.
    _child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl LineJudge {
    /// Remembers how to start the program; it is started with the first question.
    pub(super) fn new(mut program: Command) -> Self {
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { program: Mutex::new(program), running: Mutex::new(None) }
    }

    /// Asks one question and waits for its answer.
    pub(super) fn ask<T: DeserializeOwned>(&self, question: &(impl Serialize + Debug)) -> io::Result<T> {
        // A judge whose asker panicked half-way may still owe an answer: it is not asked again.
        let mut slot = self.running.lock().unwrap_or_else(|poisoned| {
            let mut slot = PoisonError::into_inner(poisoned);
            *slot = None;
            slot
        });
        if slot.is_none() {
            *slot = Some(self.start()?);
        }
        let Some(running) = slot.as_mut() else { return Err(io::Error::other("the judge did not start")) };
        let mut line = serde_json::to_string(question)?;
        line.push('\n');
        running.requests.write_all(line.as_bytes())?;
        running.requests.flush()?;
        let mut answer = String::new();
        if running.answers.read_line(&mut answer)? == 0 {
            *slot = None;
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the judge ended at {question:?}"),
            ));
        }
        Ok(serde_json::from_str(&answer)?)
    }

    fn start(&self) -> io::Result<Running> {
        let mut program = self.program.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = program.spawn()?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the judge has no pipes"));
        };
        Ok(Running { _child: child, requests, answers: BufReader::new(answers) })
    }
}
