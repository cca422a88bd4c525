//! qpdf, which checks the structure of PDF files.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Skipped, common};

/// `qpdf`.
#[derive(Debug)]
pub struct Qpdf {
    program: PathBuf,
}

/// What `qpdf --check` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QpdfVerdict {
    /// Nothing at all.
    Clean,
    /// Something it could repair or work around.
    Warnings(String),
    /// The structure is broken.
    Errors(String),
}

impl Qpdf {
    /// Finds `qpdf`.
    ///
    /// # Errors
    /// It is not here.
    pub fn find() -> Result<Self, Skipped> {
        common("qpdf", "SEGL_PEER_QPDF", "qpdf").map(|program| Self { program })
    }

    /// Runs `qpdf --check`.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn check(&self, file: &Path) -> io::Result<QpdfVerdict> {
        let output = Command::new(&self.program).arg("--check").arg(file).stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        Ok(match output.status.code() {
            Some(0) => QpdfVerdict::Clean,
            Some(3) => QpdfVerdict::Warnings(text),
            _ => QpdfVerdict::Errors(text),
        })
    }
}
