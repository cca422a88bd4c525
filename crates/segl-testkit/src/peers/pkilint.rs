//! pkilint, which checks certificates, CRLs and OCSP responses against the profiles of ETSI and the IETF.

use std::{io, path::Path, path::PathBuf, process::Command, process::Stdio, sync::OnceLock};

use serde::Deserialize;

use super::{
    Skipped,
    lines::{AboutFile, LineJudge},
    prepared,
};

/// pkilint's commands.
#[derive(Debug)]
pub struct Pkilint {
    folder: PathBuf,
    /// For many certificates: a start costs more than a certificate.
    running: OnceLock<LineJudge>,
}

/// What pkilint's ETSI linter says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the type and what was found")]
pub struct Detected {
    /// The type it took the certificate for: `QCP-N-QSCD-EIDAS-FINAL-CERTIFICATE`.
    pub kind: String,
    /// Everything it found, notices too.
    pub findings: Vec<Finding>,
}

/// One thing pkilint holds against a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Finding {
    /// `FATAL`, `ERROR`, `WARNING` or `NOTICE`.
    pub severity: String,
    /// The rule, for example `etsi.en_319_412_2.gen-4.3.11-2.crldp_extension_missing`.
    pub code: String,
    /// Where in the structure.
    pub place: String,
}

impl Pkilint {
    /// Finds the commands.
    ///
    /// # Errors
    /// They were not set up.
    pub fn find() -> Result<Self, Skipped> {
        prepared("pkilint", "SEGL_PEER_PKILINT").map(|folder| Self { folder, running: OnceLock::new() })
    }

    /// Holds an end-entity certificate (DER) against EN 319 412, its type taken from its policies and statements: warnings and
    /// worse. pkilint knows no type for authorities, time-stamp units, responders or QCP-l: see [`Pkilint::certificate`].
    ///
    /// # Errors
    /// The program cannot be started, its answer cannot be read, or it cannot read the certificate.
    pub fn etsi_certificate(&self, certificate: &Path) -> io::Result<Vec<Finding>> {
        let mut findings = self.detected(certificate)?.findings;
        findings.retain(|finding| ["FATAL", "ERROR", "WARNING"].contains(&finding.severity.as_str()));
        Ok(findings)
    }

    /// The same with the type that was detected, and with notices.
    ///
    /// # Errors
    /// As [`Pkilint::etsi_certificate`].
    pub fn detected(&self, certificate: &Path) -> io::Result<Detected> {
        let running = self.running.get_or_init(|| {
            let mut program = Command::new(self.folder.join("python"));
            program.args(["-c", include_str!("../../../../tests/peers/python/lint.py")]);
            LineJudge::new(program)
        });
        let answer: Detection = running.ask(&AboutFile { file: certificate })?;
        match (answer.kind, answer.findings) {
            (Some(kind), Some(findings)) => Ok(Detected { kind, findings }),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, answer.error.unwrap_or_default())),
        }
    }

    /// Holds any certificate against RFC 5280 and its kin.
    ///
    /// # Errors
    /// As [`Pkilint::etsi_certificate`].
    pub fn certificate(&self, certificate: &Path) -> io::Result<Vec<Finding>> {
        self.lint("lint_pkix_cert", &[], certificate)
    }

    /// Holds a full CRL against RFC 5280.
    ///
    /// # Errors
    /// As [`Pkilint::etsi_certificate`].
    pub fn crl(&self, crl: &Path) -> io::Result<Vec<Finding>> {
        self.lint("lint_crl", &["-t", "CRL", "-p", "PKIX"], crl)
    }

    /// Holds an OCSP response against RFC 6960.
    ///
    /// # Errors
    /// As [`Pkilint::etsi_certificate`].
    pub fn ocsp_response(&self, response: &Path) -> io::Result<Vec<Finding>> {
        self.lint("lint_ocsp_response", &[], response)
    }

    fn lint(&self, program: &str, options: &[&str], file: &Path) -> io::Result<Vec<Finding>> {
        let mut command = Command::new(self.folder.join(program));
        command.arg("lint").args(options).args(["--severity", "WARNING", "--format", "JSON"]).arg(file);
        let output = command.stdin(Stdio::null()).output()?;
        let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            io::Error::new(io::ErrorKind::InvalidData, format!("{program}: {error}: {said}"))
        })?;
        Ok(answer.into_findings())
    }
}

#[derive(Deserialize)]
struct Detection {
    kind: Option<String>,
    findings: Option<Vec<Finding>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<AtPlace>,
}

#[derive(Deserialize)]
struct AtPlace {
    node_path: String,
    finding_descriptions: Vec<Description>,
}

#[derive(Deserialize)]
struct Description {
    severity: String,
    code: String,
}

impl Answer {
    fn into_findings(self) -> Vec<Finding> {
        let at_place = |place: AtPlace| {
            let AtPlace { node_path, finding_descriptions } = place;
            finding_descriptions.into_iter().map(move |description| Finding {
                severity: description.severity,
                code: description.code,
                place: node_path.clone(),
            })
        };
        self.results.into_iter().flat_map(at_place).collect()
    }
}
