//! `segl cert verify`: whether a certificate is good at a time, from what is at hand. Nothing is fetched.

use std::path::{Path as FilePath, PathBuf};

use clap::Args;
use segl::crypto::{Source as _, Time};
use segl::evidence::{Cover, Known, Link, Material, StatusSource, cover_path_with, status};
use segl::path::{Anchors, Found, NoPath, Parameters, Path, find_all};
use segl::revocation::{CrlView, Freshness, OcspError, OcspView, Status};
use segl::x509::Certificate;
use serde_json::{Value, json};

use crate::args::ReportKind;
use crate::cert;
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::input::{self, Kind, StatusFileError, fact};
use crate::now;
use crate::report::counted;
use crate::validate::add_anchors;

/// Exit status when the certificate is not good, or nothing at hand says so.
const NOT_GOOD: u8 = 1;

/// The most paths whose status is looked at.
const MAX_PATHS: usize = 8;

/// The most reasons that are written for one certificate.
const MAX_REASONS: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct CertVerifyArgs {
    /// File with the certificate, DER or PEM, or a signed PDF; what follows it in the file is used on the way up. `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Trust anchors: files with certificates (DER, or PEM with one or several), or folders of them.
    #[arg(long, required = true, value_name = "FILE_OR_DIR")]
    trust: Vec<PathBuf>,
    /// Further certificates on the way up, which need not be trusted.
    #[arg(long, value_name = "FILE")]
    chain: Vec<PathBuf>,
    /// Time at which it is to be good, RFC 3339 in UTC [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// CRLs, DER, PEM or base64.
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    /// OCSP responses, DER, PEM or base64.
    #[arg(long, value_name = "FILE")]
    ocsp: Vec<PathBuf>,
    /// How to report: text, or one JSON object.
    #[arg(long, default_value = "text", value_enum)]
    report: ReportKind,
}

/// What was found out about one certificate.
enum Verdict {
    /// A path was found, with what covers each certificate of it.
    Covered {
        path: Box<Path>,
        links: Vec<Link>,
        later: Option<Later>,
    },
    NoPath(NoPath),
}

/// A revocation that was published after the time asked about, and holds from before.
struct Later {
    certificate: Certificate,
    at: Time,
}

pub(crate) fn run(args: &CertVerifyArgs, console: &Console) -> u8 {
    let time = args.at.unwrap_or_else(now);
    match verify(args, time) {
        Ok((certificate, verdict)) => {
            match args.report {
                ReportKind::Json => console.line(&verdict.object(&args.file, &certificate, time).to_string()),
                ReportKind::Text => verdict.text(&args.file, &certificate, time, console),
            }
            if verdict.is_good() { 0 } else { NOT_GOOD }
        }
        Err(error) => {
            if args.report == ReportKind::Json {
                let file = args.file.to_string_lossy();
                console.line(&json!({"file": file, "path": [], "error": chain(error.as_ref())}).to_string());
            }
            crate::error::print(&error);
            COULD_NOT_RUN
        }
    }
}

fn verify(args: &CertVerifyArgs, time: Time) -> Result<(Certificate, Verdict), Failure> {
    let mut given = certificates(&args.file)?.into_iter();
    let leaf = given.next().ok_or_else(|| StatusFileError::Empty { path: args.file.clone() })?;
    let mut anchors = Anchors::new();
    for path in &args.trust {
        add_anchors(path, &mut anchors)?;
    }
    let mut material = Material::new();
    given.for_each(|certificate| material.add_certificate(certificate));
    for file in &args.chain {
        certificates(file)?.into_iter().for_each(|certificate| material.add_certificate(certificate));
    }
    for file in &args.crl {
        for der in messages(file, Kind::Crl)? {
            let crl = CrlView::from_der(&der).map_err(|source| {
                input::refused(file, Kind::Crl, &der, |path| StatusFileError::Crl { path, source })
            })?;
            material.add_crl(crl);
        }
    }
    for file in &args.ocsp {
        for der in messages(file, Kind::Ocsp)? {
            material.add_ocsp_response(response(file, &der)?);
        }
    }
    let verdict = judge(&leaf, &anchors, &material, time);
    Ok((leaf, verdict))
}

/// Every certificate of a file; one that cannot be read ends it.
fn certificates(file: &FilePath) -> Result<Vec<Certificate>, Failure> {
    let found: Result<Vec<_>, _> = cert::read(file)?.into_iter().collect();
    Ok(found?)
}

fn messages(file: &FilePath, kind: Kind) -> Result<Vec<Vec<u8>>, Failure> {
    let limit = usize::try_from(kind.limit()).unwrap_or(usize::MAX);
    let mut read = Vec::new();
    for message in input::read(file, kind)? {
        let bytes = message.read_range(0..message.len(), limit);
        read.push(bytes.map_err(|source| StatusFileError::Read { path: input::called(file), source })?);
    }
    Ok(read)
}

fn response(file: &FilePath, der: &[u8]) -> Result<OcspView, StatusFileError> {
    let refused =
        |source| input::refused(file, Kind::Ocsp, der, |path| StatusFileError::Ocsp { path, source });
    match OcspView::from_der(der) {
        Err(error @ OcspError::NotSuccessful(_)) => {
            Err(StatusFileError::Ocsp { path: input::called(file), source: error })
        }
        Err(error) => OcspView::from_basic_der(der).map_err(|_| refused(error)),
        Ok(view) => Ok(view),
    }
}

/// The first path whose certificates are all known to be good, or else the first one.
fn judge(leaf: &Certificate, anchors: &Anchors, material: &Material, time: Time) -> Verdict {
    // What is newer than nextUpdate was due, and is not at hand.
    let fresh = Freshness::Current { grace: core::time::Duration::ZERO };
    let Found { paths, not } =
        find_all(leaf, material.certificates(), anchors, &Parameters::at(time), MAX_PATHS);
    let mut first = None;
    for path in paths {
        let links = cover_path_with(&path, material, time, fresh);
        let later = links.iter().find_map(|link| later(link, material, time));
        let verdict = Verdict::Covered { path: Box::new(path), links, later };
        if verdict.is_good() {
            return verdict;
        }
        first.get_or_insert(verdict);
    }
    first.unwrap_or(Verdict::NoPath(not))
}

/// What was published later does not make a certificate good at the time asked about, but is heard when it says that it was not.
fn later(link: &Link, material: &Material, time: Time) -> Option<Later> {
    let ever = Time::from_civil(9999, 12, 31, 23, 59, 59)?;
    let known = status(&link.certificate, link.issuer.as_ref()?, material, ever).ok()?;
    match known.answer.status {
        Status::Revoked { at, .. } if at <= time => Some(Later { certificate: link.certificate.clone(), at }),
        _ => None,
    }
}

impl Verdict {
    fn is_good(&self) -> bool {
        match self {
            Self::Covered { links, later, .. } => {
                later.is_none() && links.iter().all(|link| link.cover.counts())
            }
            Self::NoPath(_) => false,
        }
    }

    /// One word for a program, and why in words for anybody.
    fn conclusion(&self) -> (&'static str, String) {
        let (links, later) = match self {
            Self::NoPath(not) => return ("no path", not.to_string()),
            Self::Covered { links, later, .. } => (links, later),
        };
        let revoked = links.iter().find_map(|link| match &link.cover {
            Cover::Revoked(known) => Some((link.certificate.subject(), revoked_at(known))),
            _ => None,
        });
        if let Some((subject, at)) = revoked {
            let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
            return ("revoked", format!("{subject} was revoked{at}"));
        }
        if let Some(Later { certificate, at }) = later {
            return (
                "revoked",
                format!("{} was revoked at {at}, as was published later", certificate.subject()),
            );
        }
        match links.iter().find(|link| !link.cover.counts()) {
            Some(link) => {
                ("unknown", format!("nothing at hand says that {} is good", link.certificate.subject()))
            }
            None => ("good", String::new()),
        }
    }

    fn text(&self, file: &FilePath, certificate: &Certificate, time: Time, console: &Console) {
        let (word, why) = self.conclusion();
        let headline = format!("{}: {}", file.display(), word.to_uppercase());
        if self.is_good() {
            console.good(&headline)
        } else {
            console.bad(&headline)
        }
        fact(console, "Judged for", &time.truncate_to_seconds().to_string());
        if !why.is_empty() {
            fact(console, "Why", &why);
        }
        match self {
            Self::NoPath(not) => {
                fact(console, "Certificate", &certificate.subject().to_string());
                let refused = not.refused.iter().map(|one| one.refusal.to_string());
                for words in refused.filter(|words| *words != why).take(MAX_REASONS) {
                    fact(console, "Refused", &words);
                }
                for without in not.without_issuer.iter().take(MAX_REASONS) {
                    fact(console, "Not at hand", &format!("the issuer {}", without.issuer()));
                }
            }
            Self::Covered { path, links, .. } => {
                for link in links {
                    fact(console, role(link, path), &link.certificate.subject().to_string());
                    for words in cover_lines(&link.cover) {
                        fact(console, "", &words);
                    }
                }
                fact(console, "Trusted", &path.anchor().name().to_string());
            }
        }
    }

    fn object(&self, file: &FilePath, certificate: &Certificate, time: Time) -> Value {
        let (word, why) = self.conclusion();
        let (anchor, links, refused) = match self {
            Self::Covered { path, links, .. } => {
                let links = links.iter().map(|link| link_object(link, path)).collect();
                (Some(path.anchor().name().to_string()), links, Vec::new())
            }
            Self::NoPath(not) => {
                (None, Vec::new(), not.refused.iter().map(|one| one.refusal.to_string()).collect())
            }
        };
        json!({
            "file": file.to_string_lossy(),
            "subject": certificate.subject().to_string(),
            "serial": certificate.serial_hex(),
            "time": time.to_string(),
            "verdict": word,
            "why": why,
            "anchor": anchor,
            "path": links,
            "refused_paths": refused,
            "error": null,
        })
    }
}

fn role(link: &Link, path: &Path) -> &'static str {
    match path.certificates().iter().position(|certificate| *certificate == link.certificate) {
        Some(0) => "Certificate",
        Some(_) => "Issued by",
        None => "Status signer",
    }
}

fn revoked_at(known: &Known) -> Option<Time> {
    match known.answer.status {
        Status::Revoked { at, .. } => Some(at),
        _ => None,
    }
}

const fn source(known: &Known) -> &'static str {
    match known.source {
        StatusSource::Crl(_) => "CRL",
        _ => "OCSP response",
    }
}

fn cover_lines(cover: &Cover) -> Vec<String> {
    let said = |known: &Known| {
        let times = known.answer.this_update.map(|time| format!(" of {time}")).unwrap_or_default();
        let next = known.answer.next_update.map(|time| format!(", next due {time}")).unwrap_or_default();
        format!("{}{times}{next}", source(known))
    };
    match cover {
        Cover::Anchor => vec!["it is trusted itself".to_owned()],
        Cover::Exempt => vec!["it says that its status is not to be asked for".to_owned()],
        Cover::Good(known) => vec![format!("good: {}", said(known))],
        Cover::Revoked(known) => {
            let at = revoked_at(known).map(|at| format!(" at {at}")).unwrap_or_default();
            let reason = match known.answer.status {
                Status::Revoked { reason: Some(reason), .. } => format!(", {reason}"),
                _ => String::new(),
            };
            vec![format!("revoked{at}{reason}: {}", said(known))]
        }
        Cover::Nothing(refused) if refused.is_empty() => {
            vec!["status unknown: no CRL or OCSP response at hand is about it".to_owned()]
        }
        Cover::Nothing(refused) => {
            let pieces = counted(refused.len(), "piece");
            let first = format!("status unknown, {pieces} of status did not count:");
            let each = refused.iter().take(MAX_REASONS).map(|why| format!("- {why}"));
            core::iter::once(first).chain(each).collect()
        }
        _ => vec!["status unknown: its issuer is known only as a key".to_owned()],
    }
}

fn link_object(link: &Link, path: &Path) -> Value {
    let (word, known) = match &link.cover {
        Cover::Anchor => ("anchor", None),
        Cover::Exempt => ("exempt", None),
        Cover::Good(known) => ("good", Some(known)),
        Cover::Revoked(known) => ("revoked", Some(known)),
        _ => ("unknown", None),
    };
    let why: Vec<String> = match &link.cover {
        Cover::Nothing(refused) => refused.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let reason = known.and_then(|known| match known.answer.status {
        Status::Revoked { reason, .. } => reason,
        _ => None,
    });
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    json!({
        "role": role(link, path).to_lowercase(),
        "subject": link.certificate.subject().to_string(),
        "serial": link.certificate.serial_hex(),
        "status": word,
        "source": known.map(source),
        "this_update": time(known.and_then(|known| known.answer.this_update)),
        "next_update": time(known.and_then(|known| known.answer.next_update)),
        "revoked_at": time(known.and_then(revoked_at)),
        "reason": reason.map(|reason| reason.to_string()),
        "why": why,
    })
}
