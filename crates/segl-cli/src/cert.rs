//! `segl cert`: reads certificates to a person, and holds them against the profiles.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use segl::cert::Description;
use segl::cert::lint::{self, Finding, Report, Rule, Severity};
use segl::x509::reader::Reader;
use segl::x509::{Certificate, CertificateError};
use serde_json::{Value, json};

use crate::args::{CertLintArgs, CertShowArgs, CertVerb, ReportKind};
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::report::printable;

/// Exit status when there is a finding of error level.
const FOUND: u8 = 1;

/// The largest file that is read, in bytes: a bundle of all roots there are has a tenth of it.
const MAX_FILE: u64 = 16 << 20;

/// Why a file's certificates could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertFileError {
    #[error("{} holds a certificate that cannot be read", path.display())]
    Certificate { path: PathBuf, source: CertificateError },
    #[error("{} holds no certificate", path.display())]
    Empty { path: PathBuf },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{} has more than {MAX_FILE} bytes, too many for certificates", path.display())]
    TooLarge { path: PathBuf },
}

pub(crate) fn run(verb: &CertVerb, console: &Console) -> Result<ExitCode, Failure> {
    Ok(ExitCode::from(match verb {
        CertVerb::Show(args) => show(args, console),
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
                for certificate in &certificates {
                    if !first {
                        console.line("");
                    }
                    first = false;
                    for (number, line) in Description::of(certificate).to_string().lines().enumerate() {
                        if number == 0 { console.headline(line) } else { console.line(&printable(line)) }
                    }
                }
            }
            Err(error) => worst = refuse(error),
        }
    }
    worst
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
                if args.kind() == ReportKind::Json {
                    let object = json!({"file": file.to_string_lossy(), "profile": null, "findings": [], "error": chain(&error)});
                    console.line(&object.to_string());
                }
                worst = refuse(error);
                continue;
            }
        };
        for (number, certificate) in certificates.iter().enumerate() {
            let report = match args.profile {
                Some(profile) => lint::lint_as(certificate, profile),
                None => lint::lint(certificate),
            };
            if report.at_least(Severity::Error).next().is_some() {
                worst = worst.max(FOUND);
            }
            match args.kind() {
                ReportKind::Json => console.line(&object(file, number, certificate, &report).to_string()),
                ReportKind::Text => text(file, (number, certificates.len()), certificate, &report, console),
            }
        }
    }
    worst
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
    let number = if of > 1 { format!(" {} of {of}", number.saturating_add(1)) } else { String::new() };
    console.headline(&format!("{}{number}: {}", file.display(), report.profile()));
    console.line(&format!("  {}", cut(&certificate.subject().to_string())));
    for finding in report.findings() {
        let rule = finding.rule();
        let severity = format!("{:<8}", rule.severity().to_string());
        let severity = match rule.severity() {
            Severity::Error => console.passed(false, &severity),
            _ => severity,
        };
        let annex = rule.annex_letter().map(|letter| format!(" [Annex {letter}]")).unwrap_or_default();
        let (document, clause, id) = (rule.document(), rule.clause(), rule.id());
        let words = format!("{document}, {clause}, {id}{annex}: {}: {}", finding.place(), finding.message());
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
                let (document, clause, id) = (rule.document(), rule.clause(), rule.id());
                let (severity, scope) = (rule.severity(), rule.scope());
                console.line(&format!("{document}, {clause}, {id}: {severity}, {scope}{annex}"));
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

/// Every certificate of a file: PEM blocks, or DER one behind the other.
fn read(path: &Path) -> Result<Vec<Certificate>, CertFileError> {
    let cannot = |source| CertFileError::Read { path: path.to_owned(), source };
    let malformed = |source| CertFileError::Certificate { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(cannot)?;
    file.take(MAX_FILE.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE) {
        return Err(CertFileError::TooLarge { path: path.to_owned() });
    }
    // A certificate is a SEQUENCE; a text does not begin with its tag, unless it begins with the digit 0.
    if bytes.first() != Some(&0x30) || bytes.get(1).is_some_and(u8::is_ascii_whitespace) {
        return match Certificate::all_from_pem(&bytes) {
            Err(CertificateError::NoPemBlock) => Err(CertFileError::Empty { path: path.to_owned() }),
            read => read.map_err(malformed),
        };
    }
    let mut rest = Reader::new(&bytes, 0);
    let mut certificates = Vec::new();
    while !rest.is_empty() {
        let element = rest.any().map_err(|error| malformed(error.into()))?;
        certificates.push(Certificate::from_der(element.whole).map_err(malformed)?);
    }
    Ok(certificates)
}
