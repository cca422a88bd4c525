//! `segl validate`: judges the signatures in files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use segl::ades::Evidence;
use segl::crypto::{FileSource, Time};
use segl::path::{Anchor, Anchors};
use segl::pdf::Limits;
use segl::revocation::{CrlView, OcspView};
use segl::validation::{Policy, SealsMet};
use segl::x509::{Certificate, CertificateError};
use segl::{EmbeddedAnchors, PdfValidation, embedded_anchors, read_pdf, validate_pdf};

use crate::args::{Cli, Embedded, ReportKind, ValidateArgs};
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::output::write_whole;
use crate::{home, now, report};

/// Why a validation could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ValidateFileError {
    #[error("{} holds no certificate that can be read", path.display())]
    NoAnchor { path: PathBuf },
    #[error("{} is neither a CRL nor an OCSP response that can be read", path.display())]
    NotEvidence { path: PathBuf },
    #[error("the report would overwrite {}, which is to be validated", path.display())]
    OverInput { path: PathBuf },
    #[error("{} is a folder, not a file", path.display())]
    Folder { path: PathBuf },
    #[error("there is no trust anchor: no --trust was given and no authority is in {}", home.display())]
    NoTrust { home: PathBuf },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
}

/// Exit status when a signature is not TOTAL_PASSED.
const NOT_PASSED: u8 = 1;

/// Where trust comes from, in words for the first line of the report.
pub(crate) struct Trust {
    pub(crate) words: String,
    anchors: Option<Anchors>,
    embedded: Option<EmbeddedAnchors>,
}

pub(crate) fn run(cli: &Cli, args: &ValidateArgs, console: &Console) -> Result<ExitCode, Failure> {
    let time = args.at.unwrap_or_else(now);
    if let Some(output) = args.output.as_deref().and_then(|path| path.canonicalize().ok())
        && let Some(path) =
            args.files.iter().find(|file| file.canonicalize().is_ok_and(|file| file == output))
    {
        return Err(ValidateFileError::OverInput { path: path.clone() }.into());
    }
    let trust = trust(cli, args)?;
    let evidence = evidence(&args.evidence)?;
    let mut text = String::new();
    let mut worst = 0;
    let mut met = SealsMet::new();
    for file in &args.files {
        let mut judged = judge(file, &trust, &evidence, time);
        if let Ok(validation) = &mut judged {
            met.add(&file.to_string_lossy(), &mut validation.report, &Policy::default());
        }
        worst = worst.max(match &judged {
            Ok(validation) if validation.report.all_passed() => 0,
            Ok(_) => NOT_PASSED,
            Err(_) => COULD_NOT_RUN,
        });
        let judged = judged.map_err(|error| chain(error.as_ref()));
        let paint = |passed: bool, words: &str| match args.output {
            Some(_) => words.to_owned(),
            None => console.passed(passed, words),
        };
        text += &match args.report {
            ReportKind::Json => report::json(file, &judged),
            ReportKind::Text => report::text(file, &judged, &trust.words, &paint),
        };
    }
    match &args.output {
        Some(path) => write_whole(path, text.as_bytes(), true)?,
        None => console.line(text.trim_end()),
    }
    Ok(ExitCode::from(worst))
}

fn judge(file: &Path, trust: &Trust, evidence: &Evidence, time: Time) -> Result<PdfValidation, Failure> {
    let read = |source| ValidateFileError::Read { path: file.to_owned(), source };
    if file.is_dir() {
        return Err(ValidateFileError::Folder { path: file.to_owned() }.into());
    }
    let source = File::open(file).and_then(FileSource::new).map_err(read)?;
    let reading = read_pdf(&source, Limits::default())?;
    let mut anchors = trust.anchors.clone().unwrap_or_default();
    if let Some(which) = trust.embedded {
        for anchor in embedded_anchors(&reading, which).iter() {
            anchors.add(anchor.clone());
        }
    }
    Ok(validate_pdf(reading, evidence, &anchors, time, &Policy::default()))
}

fn trust(cli: &Cli, args: &ValidateArgs) -> Result<Trust, Failure> {
    let embedded = args.trust_embedded.map(|which| match which {
        Embedded::Roots => EmbeddedAnchors::Roots,
        Embedded::Tops => EmbeddedAnchors::Tops,
    });
    if !args.trust.is_empty() {
        let mut anchors = Anchors::new();
        for path in &args.trust {
            add_anchors(path, &mut anchors)?;
        }
        let mut words = format!("{} from --trust", report::counted(anchors.len(), "anchor"));
        if embedded.is_some() {
            words += ", and certificates from inside each file, which prove nothing about trust";
        }
        return Ok(Trust { words, anchors: Some(anchors), embedded });
    }
    if embedded.is_some() {
        let words = "anchors taken from inside each file: this says nothing about whether it deserves trust"
            .to_owned();
        return Ok(Trust { words, anchors: None, embedded });
    }
    let folder = home::folder(cli.home.as_deref())?;
    if !home::is_there(&folder) {
        return Err(ValidateFileError::NoTrust { home: folder }.into());
    }
    let root = home::root(&folder)?;
    let words = format!("the root of the embedded TEST authority in {}", folder.display());
    Ok(Trust { words, anchors: Some(Anchors::from_certificates([root])), embedded: None })
}

/// Certificates of one file, DER or PEM, or of every file of a folder.
pub(crate) fn add_anchors(path: &Path, anchors: &mut Anchors) -> Result<(), Failure> {
    let read = |path: &Path, source| ValidateFileError::Read { path: path.to_owned(), source };
    if !path.is_dir() {
        let bytes = fs::read(path).map_err(|source| read(path, source))?;
        let found =
            certificates(&bytes).map_err(|_| ValidateFileError::NoAnchor { path: path.to_owned() })?;
        found.into_iter().for_each(|certificate| anchors.add(Anchor::from_certificate(certificate)));
        return Ok(());
    }
    let before = anchors.len();
    for entry in fs::read_dir(path).map_err(|source| read(path, source))? {
        let file = entry.map_err(|source| read(path, source))?.path();
        // Other files may lie beside certificates; a folder without any is a mistake.
        let found = fs::read(&file).map_err(drop).and_then(|bytes| certificates(&bytes).map_err(drop));
        let found = found.into_iter().flatten().map(Anchor::from_certificate);
        found.for_each(|anchor| anchors.add(anchor));
    }
    if anchors.len() == before {
        return Err(ValidateFileError::NoAnchor { path: path.to_owned() }.into());
    }
    Ok(())
}

/// Every certificate of a bundle; one that cannot be read refuses it, so that no anchor is left out unseen.
fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, CertificateError> {
    Certificate::all_from_der_or_pem(bytes).into_iter().collect()
}

fn evidence(files: &[PathBuf]) -> Result<Evidence, Failure> {
    let mut evidence = Evidence::default();
    for path in files {
        let bytes =
            fs::read(path).map_err(|source| ValidateFileError::Read { path: path.clone(), source })?;
        let is_crl = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("crl"));
        let readable =
            if is_crl { CrlView::from_der(&bytes).is_ok() } else { OcspView::from_der(&bytes).is_ok() };
        if !readable {
            return Err(ValidateFileError::NotEvidence { path: path.clone() }.into());
        }
        if is_crl { evidence.crls.push(bytes) } else { evidence.ocsp_responses.push(bytes) }
    }
    Ok(evidence)
}
