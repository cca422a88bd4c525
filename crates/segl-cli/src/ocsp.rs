//! `segl ocsp`: reads OCSP responses to a person.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use segl::crypto::{DigestAlgorithm, Time};
use segl::revocation::{OcspError, OcspView, ResponderId, ResponseStatus, SingleResponse, SingleStatus, oid};
use segl::x509::{Certificate, ObjectIdentifier};
use serde_json::{Value, json};

use crate::args::ReportKind;
use crate::console::Console;
use crate::crl::algorithm_words;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::input::{self, Kind, Known, Message, StatusFileError, fact, hex};

/// How many answers a text has; JSON has them all, which are at most 1024.
const MAX_ANSWERS: usize = 64;

const KNOWN: &Known = &[
    (oid::OCSP_NONCE, "nonce"),
    (oid::OCSP_RESPONSE_TYPES, "acceptable response types"),
    (oid::OCSP_ARCHIVE_CUTOFF, "archiveCutoff"),
    (oid::OCSP_EXTENDED_REVOKE, "extended revoke"),
    (oid::CERT_HASH, "certHash"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.3"), "CRL references"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.7"), "service locator"),
];

#[derive(Debug, Subcommand)]
pub(crate) enum OcspVerb {
    /// Say what is in OCSP responses: responder, times, each answer, nonce, certificates inside, and what is odd.
    ///
    /// The signature is tried with the responder's certificate where that is inside. Whether it may answer, and is trusted, is not judged.
    /// An extension with `!` behind its name is critical.
    ///
    /// Exit status: 0, or 2 when something could not be read.
    #[command(
        after_help = "Examples:\n  segl ocsp show response.ors\n  segl ocsp show - --report json < response.ors | jq '.answers[].status'"
    )]
    Show(OcspShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct OcspShowArgs {
    /// Files with OCSP responses, DER, PEM or base64; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to report: text, or one JSON object a response, a line each.
    #[arg(long, default_value = "text", value_enum)]
    report: ReportKind,
}

pub(crate) fn run(verb: &OcspVerb, console: &Console) -> Result<ExitCode, Failure> {
    let OcspVerb::Show(args) = verb;
    let mut worst = 0;
    let mut first = true;
    for file in &args.files {
        let messages = match input::read(file, Kind::Ocsp) {
            Ok(messages) => messages,
            Err(error) => {
                worst = refuse(file, 1, error, args, console);
                continue;
            }
        };
        let of = messages.len();
        for (number, message) in (1..).zip(messages) {
            match Response::read(file, &message) {
                Ok(response) if args.report == ReportKind::Json => {
                    console.line(&response.object(file, number).to_string());
                }
                Ok(response) => {
                    if !core::mem::take(&mut first) {
                        console.line("");
                    }
                    let is_alone = args.files.len() == 1 && of == 1;
                    let place = (!is_alone).then(|| input::place(file, number, of));
                    response.text(place.as_deref(), console);
                }
                Err(error) => worst = refuse(file, number, error, args, console),
            }
        }
    }
    Ok(ExitCode::from(worst))
}

/// Says why a file, or a response in it, was not read; the others go on.
fn refuse(file: &Path, number: usize, error: StatusFileError, args: &OcspShowArgs, console: &Console) -> u8 {
    if args.report == ReportKind::Json {
        let object =
            json!({"file": file.to_string_lossy(), "number": number, "answers": [], "error": chain(&error)});
        console.line(&object.to_string());
    }
    crate::error::print(&error.into());
    COULD_NOT_RUN
}

/// What a responder sent.
enum Response {
    Answered { view: OcspView, is_bare: bool },
    Refused(ResponseStatus),
}

/// What the signature says when it is tried with the certificates inside.
enum Tried {
    Verifies(usize),
    Fails(usize, String),
    NotInside,
}

impl Response {
    fn read(file: &Path, message: &Message) -> Result<Self, StatusFileError> {
        let bytes = match message {
            Message::Bytes(bytes) => bytes.clone(),
            Message::File(_) => input::small(message),
        };
        match OcspView::from_der(&bytes) {
            Ok(view) => Ok(Self::Answered { view, is_bare: false }),
            Err(OcspError::NotSuccessful(status)) => Ok(Self::Refused(status)),
            Err(source) => match OcspView::from_basic_der(&bytes) {
                Ok(view) => Ok(Self::Answered { view, is_bare: true }),
                Err(_) => Err(input::refused(file, Kind::Ocsp, &bytes, |path| StatusFileError::Ocsp {
                    path,
                    source,
                })),
            },
        }
    }

    fn text(&self, place: Option<&str>, console: &Console) {
        let headline = |title: &str| {
            console.headline(&place.map_or_else(|| title.to_owned(), |place| format!("{place}: {title}")));
        };
        let fact = |label: &str, words: &str| fact(console, label, words);
        let (view, is_bare) = match self {
            Self::Answered { view, is_bare } => (view, *is_bare),
            Self::Refused(status) => {
                headline(&format!("OCSP response: {status}"));
                fact("Meaning", meaning(*status));
                fact("Signature", "none: nobody signs such a response");
                return;
            }
        };
        headline(if is_bare {
            "Basic OCSP response, without its envelope"
        } else {
            "OCSP response: successful"
        });
        match view.responder_id() {
            ResponderId::ByKey(hash) => fact("Responder", &format!("key {} (SHA-1)", hex(hash))),
            ResponderId::ByName(name) => input::name(console, "Responder", name),
        }
        fact("Produced at", &view.produced_at().to_string());
        fact("Signed with", &algorithm_words(view.signature_algorithm_der()));
        let signature = match tried(view) {
            Tried::Verifies(number) => format!("verifies with certificate {number} below"),
            Tried::Fails(number, error) => format!("bad with certificate {number} below: {error}"),
            Tried::NotInside => "not tried: the responder's certificate is not inside".to_owned(),
        };
        fact("Signature", &signature);
        fact("Nonce", &view.nonce().map_or_else(|| "none".to_owned(), |nonce| hex(&nonce)));
        let known = |extension| input::extension_words(extension, KNOWN);
        let extensions: Vec<_> = view.extensions().iter().take(MAX_ANSWERS).map(known).collect();
        if !extensions.is_empty() {
            fact("Extensions", &extensions.join(", "));
        }
        for words in oddities(view) {
            fact("Odd", &words);
        }
        for (number, single) in (1..).zip(view.responses().iter().take(MAX_ANSWERS)) {
            console.line("");
            answer_text(number, single, console);
        }
        let rest = view.responses().len().saturating_sub(MAX_ANSWERS);
        if rest > 0 {
            console.line(&format!("\n  and {rest} more answers (--report json has them all)"));
        }
        for (number, certificate) in (1_usize..).zip(view.certificates()) {
            console.line("");
            certificate_text(number, certificate, view, console);
        }
    }

    fn object(&self, file: &Path, number: usize) -> Value {
        let (view, is_bare) = match self {
            Self::Answered { view, is_bare } => (view, *is_bare),
            Self::Refused(status) => {
                return json!({
                    "file": file.to_string_lossy(), "number": number, "status": status.to_string(), "answers": [], "error": null,
                });
            }
        };
        let (name, key) = match view.responder_id() {
            ResponderId::ByKey(hash) => (None, Some(hex(hash))),
            ResponderId::ByName(name) => (Some(name.to_string()), None),
        };
        let (signature, why) = match tried(view) {
            Tried::Verifies(_) => ("intact", None),
            Tried::Fails(_, error) => ("broken", Some(error)),
            Tried::NotInside => ("not tried", None),
        };
        let certificate = |one: &Certificate| {
            json!({
                "subject": one.subject().to_string(),
                "issuer": one.issuer().to_string(),
                "serial": one.serial_hex(),
                "not_before": one.not_before().to_string(),
                "not_after": one.not_after().to_string(),
                "is_responder": view.responder_id().is(one),
                "for_ocsp_signing": is_for_ocsp(one),
                "nocheck": one.extension(oid::OCSP_NOCHECK).is_some(),
            })
        };
        json!({
            "file": file.to_string_lossy(),
            "number": number,
            "status": ResponseStatus::Successful.to_string(),
            "is_bare": is_bare,
            "responder_name": name,
            "responder_key_hash": key,
            "produced_at": view.produced_at().to_string(),
            "signature_algorithm": algorithm_words(view.signature_algorithm_der()),
            "signature": signature,
            "signature_error": why,
            "nonce": view.nonce().map(|nonce| hex(&nonce)),
            "extensions": view.extensions().iter().map(|one| input::extension_object(one, KNOWN)).collect::<Vec<_>>(),
            "answers": view.responses().iter().map(answer_object).collect::<Vec<_>>(),
            "certificates": view.certificates().iter().map(certificate).collect::<Vec<_>>(),
            "oddities": oddities(view),
            "error": null,
        })
    }
}

/// What a status other than successful means (RFC 6960, 2.3).
const fn meaning(status: ResponseStatus) -> &'static str {
    match status {
        ResponseStatus::Successful => "there is an answer",
        ResponseStatus::MalformedRequest => "the responder did not understand the request",
        ResponseStatus::InternalError => "the responder failed; another one may answer",
        ResponseStatus::TryLater => "the responder cannot answer now: ask again",
        ResponseStatus::SigRequired => "the responder answers signed requests only",
        ResponseStatus::Unauthorized => {
            "the responder does not answer this client, or has no answer for this certificate"
        }
        ResponseStatus::Other(_) => "a status that the standard does not have",
    }
}

fn tried(view: &OcspView) -> Tried {
    let mut outcome = Tried::NotInside;
    for (number, certificate) in (1..).zip(view.certificates()) {
        if view.responder_id().is(certificate) {
            match view.verify_signature(certificate) {
                Ok(()) => return Tried::Verifies(number),
                Err(error) => outcome = Tried::Fails(number, error.to_string()),
            }
        }
    }
    outcome
}

fn is_for_ocsp(certificate: &Certificate) -> bool {
    let purposes = certificate.ext_key_usage().ok().flatten().unwrap_or_default();
    purposes.iter().any(|purpose| *purpose == oid::PURPOSE_OCSP_SIGNING)
}

fn oddities(view: &OcspView) -> Vec<String> {
    let mut odd = Vec::new();
    input::odd_extensions(view.extensions(), KNOWN, &mut odd);
    if view.extensions().iter().any(|one| *one.oid() == oid::OCSP_NONCE) && view.nonce().is_none() {
        odd.push("the nonce is not an OCTET STRING of 1 to 128 octets (RFC 9654, 2.1)".to_owned());
    }
    if view.responses().is_empty() {
        odd.push("it answers for no certificate".to_owned());
    }
    for (number, single) in (1_usize..).zip(view.responses().iter().take(MAX_ANSWERS)) {
        let mut say = |words: String| odd.push(format!("answer {number}: {words}"));
        if single.next_update.is_some_and(|next| next < single.this_update) {
            say("nextUpdate is before thisUpdate".to_owned());
        }
        if single.this_update > view.produced_at() {
            say("thisUpdate is after producedAt".to_owned());
        }
        if let SingleStatus::Revoked { at, .. } = single.status
            && at > view.produced_at()
        {
            say("revoked after producedAt".to_owned());
        }
        let has = |oid: ObjectIdentifier| single.extensions().iter().any(|one| *one.oid() == oid);
        if has(oid::OCSP_ARCHIVE_CUTOFF) && single.archive_cutoff().is_none() {
            say("archiveCutoff cannot be read".to_owned());
        }
        match single.certificate_hash() {
            Ok(None) if has(oid::CERT_HASH) => {
                say("certHash is of an algorithm that is not known".to_owned())
            }
            Err(error) => say(format!("certHash cannot be read: {error}")),
            Ok(_) => {}
        }
        let mut of_extensions = Vec::new();
        input::odd_extensions(single.extensions(), KNOWN, &mut of_extensions);
        of_extensions.into_iter().for_each(say);
    }
    odd
}

fn algorithm(oid: ObjectIdentifier) -> String {
    DigestAlgorithm::from_oid(&oid).map_or_else(|| oid.to_string(), |algorithm| algorithm.name().to_owned())
}

fn answer_text(number: usize, single: &SingleResponse, console: &Console) {
    let fact = |label: &str, words: &str| fact(console, label, words);
    let certificate = &single.certificate;
    let status = match single.status {
        SingleStatus::Good => "good".to_owned(),
        SingleStatus::Unknown => "unknown: the responder does not know the certificate".to_owned(),
        SingleStatus::Revoked { .. } if single.is_never_issued() => {
            "never issued (revoked on hold since 1970: RFC 6960, 2.2)".to_owned()
        }
        SingleStatus::Revoked { at, reason } => {
            let reason = reason.map_or_else(|| "no reason given".to_owned(), |reason| reason.to_string());
            format!("revoked at {at}, {reason}")
        }
    };
    fact(&format!("Answer {number}"), &status);
    fact("Serial number", &hex(certificate.serial()));
    fact("This update", &single.this_update.to_string());
    let next = single.next_update.map(|time| time.to_string());
    fact(
        "Next update",
        &next.unwrap_or_else(|| "not said: there is newer information at any time".to_owned()),
    );
    fact("Hashes", &algorithm(certificate.algorithm()));
    fact("Issuer's name", &hex(certificate.issuer_name_hash()));
    fact("Issuer's key", &hex(certificate.issuer_key_hash()));
    if let Some(since) = single.archive_cutoff() {
        fact("Remembers", &format!("certificates that expired since {since} (archiveCutoff)"));
    }
    if let Ok(Some(digest)) = single.certificate_hash() {
        fact("Confirms", &format!("{} {} (certHash)", digest.algorithm(), hex(digest.as_bytes())));
    }
    let known = |extension| input::extension_words(extension, KNOWN);
    let extensions: Vec<_> = single.extensions().iter().take(MAX_ANSWERS).map(known).collect();
    if !extensions.is_empty() {
        fact("Extensions", &extensions.join(", "));
    }
}

fn answer_object(single: &SingleResponse) -> Value {
    let (status, at, reason) = match single.status {
        SingleStatus::Good => ("good", None, None),
        SingleStatus::Unknown => ("unknown", None, None),
        SingleStatus::Revoked { at, reason } => ("revoked", Some(at), reason),
    };
    let time = |time: Option<Time>| time.map(|time| time.to_string());
    let hash = single.certificate_hash().ok().flatten();
    json!({
        "serial": hex(single.certificate.serial()),
        "status": status,
        "revoked_at": time(at),
        "reason": reason.map(|reason| reason.to_string()),
        "never_issued": single.is_never_issued(),
        "this_update": single.this_update.to_string(),
        "next_update": time(single.next_update),
        "hash_algorithm": algorithm(single.certificate.algorithm()),
        "issuer_name_hash": hex(single.certificate.issuer_name_hash()),
        "issuer_key_hash": hex(single.certificate.issuer_key_hash()),
        "archive_cutoff": time(single.archive_cutoff()),
        "certificate_hash": hash.map(|hash| json!({"algorithm": hash.algorithm().name(), "value": hex(hash.as_bytes())})),
        "extensions": single.extensions().iter().map(|one| input::extension_object(one, KNOWN)).collect::<Vec<_>>(),
    })
}

fn certificate_text(number: usize, certificate: &Certificate, view: &OcspView, console: &Console) {
    let fact = |label: &str, words: &str| fact(console, label, words);
    let mut what = Vec::new();
    if view.responder_id().is(certificate) {
        what.push("of the responder");
    }
    what.push(if is_for_ocsp(certificate) {
        "for signing OCSP responses"
    } else {
        "not for signing OCSP responses"
    });
    if certificate.extension(oid::OCSP_NOCHECK).is_some() {
        what.push("its own status is not asked for (nocheck)");
    }
    fact(&format!("Certificate {number}"), &what.join(", "));
    input::name(console, "Subject", certificate.subject());
    input::name(console, "Issuer", certificate.issuer());
    fact("Serial number", &certificate.serial_hex());
    fact("Valid", &format!("{} to {}", certificate.not_before(), certificate.not_after()));
}
