//! OpenSSL's command line as judge of CMS, time-stamp tokens, certificates and OCSP responses.

use std::{io, path::Path, path::PathBuf, process::Command};

use segl_crypto::Time;

use super::{Said, Skipped, common, option, said};

/// `openssl`. Files of certificates and CRLs are PEM where a method says so; see [`OpenSsl::to_pem`].
#[derive(Debug)]
pub struct OpenSsl {
    program: PathBuf,
}

/// What a certificate is to be used for, in the words of `openssl verify -purpose`.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// A responder of OCSP.
    OcspHelper,
    /// A seal; OpenSSL accepts nonRepudiation alone for it.
    SmimeSign,
    /// A time-stamp unit.
    TimestampSign,
}

impl OpenSsl {
    /// Finds `openssl`.
    ///
    /// # Errors
    /// It is not here.
    pub fn find() -> Result<Self, Skipped> {
        common("openssl", "SEGL_PEER_OPENSSL", "openssl").map(|program| Self { program })
    }

    /// Runs any `openssl` command.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn run<I: AsRef<std::ffi::OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> io::Result<Said> {
        said(Command::new(&self.program).args(arguments))
    }

    /// Writes the PEM form of a DER certificate beside it and returns its path: most commands of OpenSSL 3.0 read anchors
    /// as PEM only.
    ///
    /// # Errors
    /// The file is no certificate, or cannot be written.
    pub fn to_pem(&self, certificate: &Path) -> io::Result<PathBuf> {
        let pem = certificate.with_extension("pem");
        let mut command = Command::new(&self.program);
        command.args(["x509", "-inform", "DER"]);
        option(&mut command, "-in", certificate);
        let said = said(option(&mut command, "-out", &pem))?;
        if said.success { Ok(pem) } else { Err(io::Error::new(io::ErrorKind::InvalidData, said.text)) }
    }

    /// Verifies a detached CMS signature (DER) over `content`, with the CAdES check of the signing certificate, at a time.
    /// The anchor is PEM; of PDF files, `content` is what the byte range covers.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify_cms(&self, cms: &Path, content: &Path, anchor: &Path, at: Time) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(["cms", "-verify", "-cades", "-binary", "-inform", "DER", "-out", "/dev/null"]);
        option(&mut command, "-in", cms);
        option(&mut command, "-content", content);
        option(&mut command, "-CAfile", anchor);
        said(option(&mut command, "-attime", at.unix_seconds().to_string()))
    }

    /// Verifies a bare time-stamp token (DER) over the bytes in `data`. Anchor and unit certificate are PEM.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify_token(
        &self,
        token: &Path,
        data: &Path,
        anchor: &Path,
        unit: Option<&Path>,
    ) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(["ts", "-verify", "-token_in"]);
        option(&mut command, "-in", token);
        option(&mut command, "-data", data);
        option(&mut command, "-CAfile", anchor);
        if let Some(unit) = unit {
            option(&mut command, "-untrusted", unit);
        }
        said(&mut command)
    }

    /// Verifies a whole time-stamp response (DER) against its request (DER).
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify_response(&self, response: &Path, request: &Path, anchor: &Path) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(["ts", "-verify"]);
        option(&mut command, "-in", response);
        option(&mut command, "-queryfile", request);
        said(option(&mut command, "-CAfile", anchor))
    }

    /// Verifies the path of a certificate under the strict rules of RFC 5280, for a purpose at a time. All files are PEM.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify_path(
        &self,
        certificate: &Path,
        intermediates: &[&Path],
        anchor: &Path,
        purpose: Purpose,
        at: Time,
    ) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(["verify", "-x509_strict"]);
        option(
            &mut command,
            "-purpose",
            match purpose {
                Purpose::OcspHelper => "ocsphelper",
                Purpose::SmimeSign => "smimesign",
                Purpose::TimestampSign => "timestampsign",
            },
        );
        option(&mut command, "-attime", at.unix_seconds().to_string());
        option(&mut command, "-CAfile", anchor);
        for intermediate in intermediates {
            option(&mut command, "-untrusted", intermediate);
        }
        said(command.arg(certificate))
    }

    /// Verifies an OCSP response (DER) about a certificate whose CertID uses SHA-256, at a time. Certificates are PEM.
    /// `Response verify OK` and `good` are in its text when all is well.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn verify_ocsp(
        &self,
        response: &Path,
        certificate: &Path,
        issuer: &Path,
        anchor: &Path,
        at: Time,
    ) -> io::Result<Said> {
        let mut command = Command::new(&self.program);
        command.arg("ocsp");
        option(&mut command, "-respin", response);
        option(&mut command, "-issuer", issuer);
        // The digest of the CertID counts for the certificates that follow it.
        command.arg("-sha256");
        option(&mut command, "-cert", certificate);
        option(&mut command, "-CAfile", anchor);
        // Age is judged against the machine's clock whatever -attime says; tests live at times of their own.
        option(&mut command, "-validity_period", "4000000000");
        said(option(&mut command, "-attime", at.unix_seconds().to_string()))
    }
}
