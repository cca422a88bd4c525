//! `segl cert`: reads certificates to a person, and holds them against the profiles.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use segl::cert::Description;
use segl::cert::lint::{self, Finding, Report, Rule, Severity};
use segl::crypto::{FileSource, Source};
use segl::pdf::{Limits, ReadError};
use segl::revocation::{CrlView, OcspView};
use segl::x509::reader::Reader;
use segl::x509::{Certificate, CertificateError, CertificationRequest};
use segl::{embedded_certificates, read_pdf};
use serde_json::{Value, json};

use crate::args::{CertLintArgs, CertShowArgs, CertVerb, ReportKind};
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::report::printable;

/// Exit status when there is a finding of error level.
const FOUND: u8 = 1;

/// The largest file that is read, in bytes: a bundle of all roots there are has a tenth of it.
const MAX_FILE: u64 = 16 << 20;

/// Where the header of a PDF stands, in octets from the start.
const PDF_HEADER_WITHIN: u64 = 1024;

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Why a file's certificates could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertFileError {
    #[error("{} holds a certificate that cannot be read", path.display())]
    Certificate { path: PathBuf, source: CertificateError },
    #[error("{} is empty", path.display())]
    Empty { path: PathBuf },
    #[error("{} is a folder, not a file", path.display())]
    Folder { path: PathBuf },
    #[error("{} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} holds {what}, not a certificate", path.display())]
    Other { path: PathBuf, what: String },
    #[error("{} is a PDF that cannot be read", path.display())]
    Pdf { path: PathBuf, source: ReadError },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} has more than {MAX_FILE} bytes, too many for certificates", path.display())]
    TooLarge { path: PathBuf },
    #[error("{} is a PDF without a signature, so there is no certificate in it", path.display())]
    Unsigned { path: PathBuf },
}

pub(crate) fn run(verb: &CertVerb, console: &Console) -> Result<ExitCode, Failure> {
    Ok(ExitCode::from(match verb {
        CertVerb::Show(args) => show(args, console),
        CertVerb::Verify(args) => crate::verify::run(args, console),
        CertVerb::Lint(args) if args.rules => {
            rules(args, console);
            0
        }
        CertVerb::Lint(args) => lint(args, console),
    }))
}

fn show(args: &CertShowArgs, console: &Console) -> u8 {
    let mut worst = 0;
    let mut first = true;
    for file in &args.files {
        match read(file) {
            Ok(certificates) => {
                let of = certificates.len();
                for (number, certificate) in certificates.into_iter().enumerate() {
                    let certificate = match certificate {
                        Ok(certificate) => certificate,
                        Err(error) => {
                            worst = refuse(error);
                            continue;
                        }
                    };
                    if !first {
                        console.line("");
                    }
                    first = false;
                    let description = Description::of(&certificate).to_string();
                    let mut lines = description.lines();
                    let title = lines.next().unwrap_or_default();
                    if args.files.len() > 1 || of > 1 {
                        console.headline(&format!("{}: {title}", place(file, number, of)));
                    } else {
                        console.headline(title);
                    }
                    lines.for_each(|line| console.line(&printable(line)));
                }
            }
            Err(error) => worst = refuse(error),
        }
    }
    worst
}

/// A file, and which of its certificates when it has several.
fn place(file: &Path, number: usize, of: usize) -> String {
    let number = if of > 1 { format!(" {} of {of}", number.saturating_add(1)) } else { String::new() };
    format!("{}{number}", file.display())
}

/// Says on standard error why a file was not read; the others go on.
fn refuse(error: CertFileError) -> u8 {
    crate::error::print(&error.into());
    COULD_NOT_RUN
}

fn lint(args: &CertLintArgs, console: &Console) -> u8 {
    let mut worst = 0;
    for file in &args.files {
        let certificates = match read(file) {
            Ok(certificates) => certificates,
            Err(error) => {
                worst = unread(file, None, error, args, console);
                continue;
            }
        };
        let of = certificates.len();
        for (number, certificate) in certificates.into_iter().enumerate() {
            let certificate = match certificate {
                Ok(certificate) => certificate,
                Err(error) => {
                    worst = unread(file, (of > 1).then_some(number), error, args, console);
                    continue;
                }
            };
            let report = match args.profile {
                Some(profile) => lint::lint_as(&certificate, profile),
                None => lint::lint(&certificate),
            };
            if report.at_least(Severity::Error).next().is_some() {
                worst = worst.max(FOUND);
            }
            match args.kind() {
                ReportKind::Json => console.line(&object(file, number, &certificate, &report).to_string()),
                ReportKind::Text => text(file, (number, of), &certificate, &report, console),
            }
        }
    }
    worst
}

/// Says why a file, or one certificate of it, was not read, in the report too where that is for a machine.
fn unread(
    file: &Path,
    number: Option<usize>,
    error: CertFileError,
    args: &CertLintArgs,
    console: &Console,
) -> u8 {
    if args.kind() == ReportKind::Json {
        let object = json!({
            "file": file.to_string_lossy(),
            "number": number.map(|number| number.saturating_add(1)),
            "subject": null,
            "serial": null,
            "profile": null,
            "findings": [],
            "error": chain(&error),
        });
        console.line(&object.to_string());
    }
    refuse(error)
}

fn object(file: &Path, number: usize, certificate: &Certificate, report: &Report) -> Value {
    let finding = |finding: &Finding| {
        let (rule, place) = (finding.rule(), finding.place());
        json!({
            "document": rule.document().to_string(),
            "clause": rule.clause(),
            "rule": rule.id(),
            "severity": rule.severity().to_string(),
            "annex": rule.annex_letter(),
            "where": place.field(),
            "offset": place.offset(),
            "length": place.length(),
            "what": finding.message(),
        })
    };
    json!({
        "file": file.to_string_lossy(),
        "number": number.saturating_add(1),
        "subject": certificate.subject().to_string(),
        "serial": certificate.serial_hex(),
        "profile": report.profile().to_string(),
        "findings": report.findings().iter().map(finding).collect::<Vec<_>>(),
        "error": null,
    })
}

fn text(
    file: &Path,
    (number, of): (usize, usize),
    certificate: &Certificate,
    report: &Report,
    console: &Console,
) {
    console.headline(&format!("{}: {}", place(file, number, of), report.profile()));
    console.line(&format!("  {}", cut(&certificate.subject().to_string())));
    for finding in report.findings() {
        let rule = finding.rule();
        let severity = format!("{:<8}", rule.severity().to_string());
        let severity = match rule.severity() {
            Severity::Error => console.passed(false, &severity),
            _ => severity,
        };
        let annex = rule.annex_letter().map(|letter| format!(" [Annex {letter}]")).unwrap_or_default();
        let words = format!("{}{annex}: {}: {}", identified(rule), finding.place(), finding.message());
        console.line(&format!("  {severity}{}", printable(&words)));
    }
    let count = |severity| report.findings().iter().filter(|one| one.severity() == severity).count();
    let counted =
        |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let errors = count(Severity::Error);
    let (warnings, notices) =
        (counted(count(Severity::Warning), "warning"), counted(count(Severity::Notice), "notice"));
    let words = format!("  {}, {warnings}, {notices}", counted(errors, "error"));
    if errors == 0 { console.good(&words) } else { console.bad(&words) }
}

/// Document, clause and identifier of a rule; a clause without identifiers is its own.
fn identified(rule: &Rule) -> String {
    let (document, clause, id) = (rule.document(), rule.clause(), rule.id());
    if id == clause { format!("{document}, {clause}") } else { format!("{document}, {clause}, {id}") }
}

/// The start of a name, which may be a megabyte long.
fn cut(words: &str) -> String {
    const MOST: usize = 300;
    let start: String = words.chars().take(MOST).collect();
    let rest = if words.chars().nth(MOST).is_some() { "…" } else { "" };
    printable(&start) + rest
}

fn rules(args: &CertLintArgs, console: &Console) {
    for rule in lint::rules() {
        match args.kind() {
            ReportKind::Json => console.line(&rule_object(rule).to_string()),
            ReportKind::Text => {
                let annex =
                    rule.annex_letter().map(|letter| format!(" [Annex {letter}]")).unwrap_or_default();
                let (severity, scope) = (rule.severity(), rule.scope());
                console.line(&format!("{}: {severity}, {scope}{annex}", identified(rule)));
                console.line(&format!("    {}", rule.requirement()));
            }
        }
    }
}

fn rule_object(rule: &Rule) -> Value {
    json!({
        "document": rule.document().to_string(),
        "clause": rule.clause(),
        "rule": rule.id(),
        "severity": rule.severity().to_string(),
        "applies_to": rule.scope().to_string(),
        "annex": rule.annex_letter(),
        "requirement": rule.requirement(),
    })
}

/// One certificate of a file, or why it cannot be read; the others of the file do not mind.
type Found = Result<Certificate, CertFileError>;

/// Every certificate of a file: PEM blocks, DER one behind the other, or what the signatures of a PDF bring.
pub(crate) fn read(path: &Path) -> Result<Vec<Found>, CertFileError> {
    let cannot = |source| CertFileError::Read { path: path.to_owned(), source };
    if path.as_os_str() == STANDARD_INPUT {
        let path = Path::new("standard input");
        return certificates(path, &bounded(std::io::stdin().lock(), path)?);
    }
    if path.is_dir() {
        return Err(CertFileError::Folder { path: path.to_owned() });
    }
    let mut file = File::open(path).map_err(cannot)?;
    let mut start = Vec::new();
    file.by_ref().take(PDF_HEADER_WITHIN).read_to_end(&mut start).map_err(cannot)?;
    // A document may be larger than certificates are, and is read by position.
    if is_pdf(&start) && path.is_file() {
        return from_pdf(path, FileSource::new(file).map_err(cannot)?);
    }
    certificates(path, &bounded(start.chain(file), path)?)
}

fn bounded(input: impl Read, path: &Path) -> Result<Vec<u8>, CertFileError> {
    let mut bytes = Vec::new();
    let read = input.take(MAX_FILE.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| CertFileError::Read { path: path.to_owned(), source })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(CertFileError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

fn is_pdf(start: &[u8]) -> bool {
    start.windows(5).take(1024).any(|octets| octets == b"%PDF-")
}

fn from_pdf(path: &Path, source: impl Source) -> Result<Vec<Found>, CertFileError> {
    let reading = read_pdf(source, Limits::default())
        .map_err(|source| CertFileError::Pdf { path: path.to_owned(), source })?;
    let found = embedded_certificates(&reading);
    if !found.is_empty() {
        return Ok(found.into_iter().map(Ok).collect());
    }
    let path = path.to_owned();
    let is_signed = !reading.signatures.is_empty() || !reading.timestamps.is_empty();
    Err(if is_signed { CertFileError::NoCertificate { path } } else { CertFileError::Unsigned { path } })
}

fn certificates(path: &Path, bytes: &[u8]) -> Result<Vec<Found>, CertFileError> {
    if bytes.is_empty() {
        return Err(CertFileError::Empty { path: path.to_owned() });
    }
    if is_pdf(bytes) {
        return from_pdf(path, bytes);
    }
    let found = Certificate::all_from_der_or_pem(bytes);
    if let [Err(CertificateError::NoPemBlock)] = found.as_slice() {
        return Err(match pem_label(bytes) {
            Some(label) => CertFileError::Other { path: path.to_owned(), what: format!("\"{label}\"") },
            None => CertFileError::NoCertificate { path: path.to_owned() },
        });
    }
    let of = found.len();
    // In PEM text there are no elements to name.
    let mut elements = pem_label(bytes).is_none().then(|| Reader::new(bytes, 0));
    let named = found.into_iter().enumerate().map(|(number, certificate)| {
        let element = elements.as_mut().and_then(|elements| elements.any().ok());
        certificate.map_err(|source| {
            let path = PathBuf::from(place(path, number, of));
            match element.and_then(|element| what_it_is(element.whole)) {
                Some(what) => CertFileError::Other { path, what: what.to_owned() },
                None => CertFileError::Certificate { path, source },
            }
        })
    });
    Ok(named.collect())
}

/// The label of the first PEM block, if it is a plain one.
pub(crate) fn pem_label(text: &[u8]) -> Option<&str> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const MOST: usize = 64;
    let at = text.windows(BEGIN.len()).position(|octets| octets == BEGIN)?.checked_add(BEGIN.len())?;
    let rest = text.get(at..)?;
    let length = rest.iter().take(MOST).position(|octet| *octet == b'-')?;
    core::str::from_utf8(rest.get(..length)?)
        .ok()
        .filter(|label| label.chars().all(|c| c.is_ascii_graphic() || c == ' '))
}

/// What DER that is no certificate may be instead, by its first elements.
pub(crate) fn what_it_is(der: &[u8]) -> Option<&'static str> {
    const OBJECT_IDENTIFIER: u8 = 0x06;
    const INTEGER: u8 = 0x02;
    if CrlView::from_der(der).is_ok() {
        return Some("a CRL");
    }
    if CertificationRequest::from_der(der).is_ok() {
        return Some("a certification request");
    }
    if OcspView::from_der(der).is_ok() {
        return Some("an OCSP response");
    }
    match Reader::new(der, 0).any().ok()?.reader().peek()? {
        OBJECT_IDENTIFIER => Some("CMS data (PKCS#7)"),
        INTEGER => Some("a key (PKCS#8, PKCS#12)"),
        _ => None,
    }
}
