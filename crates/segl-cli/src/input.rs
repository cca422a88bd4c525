//! Files with CRLs and OCSP responses, and how what is in them is laid out for a person.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use segl::crypto::{FileSource, Source};
use segl::revocation::{CrlError, ListError, MAX_CRL_SIZE, MAX_OCSP_SIZE, OcspError, OcspRequest};
use segl::x509::{Certificate, CertificateError, Extension, GeneralName, Name, ObjectIdentifier, pem};
use serde_json::{Value, json};

use crate::cert::{pem_label, what_it_is};
use crate::console::Console;
use crate::report::printable;

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// What of a file tells whether it is a text.
const START: usize = 512;

/// The largest input that is looked at to say what else it may be, in bytes.
const MAX_GUESSED: usize = 1 << 20;

/// How wide a text for a person is, in characters.
const WIDTH: usize = 80;

/// How wide the labels are.
const LABEL: usize = 13;

/// How many characters of one fact are written; a name may be a megabyte long.
const MAX_WORDS: usize = 1_000;

/// How many names of one list are written.
const MAX_NAMES: usize = 64;

/// What a file is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Crl,
    Ocsp,
}

/// One message of a file. A large one stays there and is read by position.
pub(crate) enum Message {
    File(FileSource),
    Bytes(Vec<u8>),
}

/// Why a file's CRLs or OCSP responses could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StatusFileError {
    #[error("{} holds a CRL that cannot be read", path.display())]
    Crl { path: PathBuf, source: CrlError },
    #[error("{} is empty", path.display())]
    Empty { path: PathBuf },
    #[error("{} holds a CRL with an entry that cannot be read", path.display())]
    Entry { path: PathBuf, source: ListError },
    #[error("{} is a folder, not a file", path.display())]
    Folder { path: PathBuf },
    #[error("{} holds no {}", path.display(), wanted.name())]
    Nothing { path: PathBuf, wanted: Kind },
    #[error("{} holds an OCSP response that cannot be read", path.display())]
    Ocsp { path: PathBuf, source: OcspError },
    #[error("{} holds {what}, not {} {}", path.display(), wanted.article(), wanted.name())]
    Other { path: PathBuf, what: String, wanted: Kind },
    #[error("{} holds a text that cannot be read", path.display())]
    Pem { path: PathBuf, source: CertificateError },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} has more than {limit} bytes, too many for {} {}", path.display(), wanted.article(), wanted.name())]
    TooLarge { path: PathBuf, limit: u64, wanted: Kind },
}

impl StatusFileError {
    /// What to do about it, where that can be said.
    pub(crate) const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Crl { .. } | Self::Entry { .. } | Self::Ocsp { .. } | Self::Pem { .. } => {
                Some("the file is damaged or holds something else: get another copy")
            }
            Self::Folder { .. } => Some("name the files in it"),
            Self::Nothing { wanted, .. } | Self::Other { wanted, .. } => Some(match wanted {
                Kind::Crl => {
                    "give a CRL as it is published, DER or PEM (-----BEGIN X509 CRL-----); \
                     `segl cert show` reads certificates, `segl ocsp show` OCSP responses"
                }
                Kind::Ocsp => {
                    "give an OCSP response as it was received, DER or base64; \
                     `segl cert show` reads certificates, `segl crl show` CRLs"
                }
            }),
            Self::TooLarge { wanted: Kind::Crl, .. } => Some(
                "a text and standard input are held in memory; a file in DER is not, and may be larger: `openssl crl -outform DER`",
            ),
            Self::Empty { .. } | Self::Read { .. } | Self::TooLarge { .. } => None,
        }
    }
}

impl Kind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Crl => b"X509 CRL",
            Self::Ocsp => b"OCSP RESPONSE",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Crl => "CRL",
            Self::Ocsp => "OCSP response",
        }
    }

    const fn article(self) -> &'static str {
        match self {
            Self::Crl => "a",
            Self::Ocsp => "an",
        }
    }

    /// The most that is held in memory, in bytes: the largest message as base64 with its line ends.
    pub(crate) fn limit(self) -> u64 {
        let largest = match self {
            Self::Crl => MAX_CRL_SIZE,
            Self::Ocsp => MAX_OCSP_SIZE,
        };
        u64::try_from(largest).unwrap_or(u64::MAX).saturating_mul(3) / 2
    }
}

impl Source for Message {
    fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Bytes(bytes) => Source::len(bytes),
        }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_at(offset, buf),
            Self::Bytes(bytes) => bytes.read_at(offset, buf),
        }
    }
}

/// How a file is called: `-` is standard input.
pub(crate) fn called(path: &Path) -> PathBuf {
    if path.as_os_str() == STANDARD_INPUT { PathBuf::from("standard input") } else { path.to_owned() }
}

/// A file, and which of its messages when it has several.
pub(crate) fn place(file: &Path, number: usize, of: usize) -> String {
    let number = if of > 1 { format!(" {number} of {of}") } else { String::new() };
    format!("{}{number}", file.display())
}

/// Every message of a file: DER, the blocks of a PEM text, or base64 alone.
pub(crate) fn read(path: &Path, wanted: Kind) -> Result<Vec<Message>, StatusFileError> {
    let named = called(path);
    if path.as_os_str() == STANDARD_INPUT {
        return messages(&named, bounded(io::stdin().lock(), &named, wanted)?, wanted);
    }
    if path.is_dir() {
        return Err(StatusFileError::Folder { path: named });
    }
    let cannot = |source| StatusFileError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(cannot)?;
    let mut start = Vec::new();
    file.by_ref().take(u64::try_from(START).unwrap_or(u64::MAX)).read_to_end(&mut start).map_err(cannot)?;
    if wanted == Kind::Crl && path.is_file() && !start.is_empty() && !is_text(&start) {
        return Ok(vec![Message::File(FileSource::new(file).map_err(cannot)?)]);
    }
    messages(path, bounded(start.chain(file), path, wanted)?, wanted)
}

fn bounded(input: impl Read, path: &Path, wanted: Kind) -> Result<Vec<u8>, StatusFileError> {
    let limit = wanted.limit();
    let mut bytes = Vec::new();
    let read = input.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| StatusFileError::Read { path: path.to_owned(), source })?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(StatusFileError::TooLarge { path: path.to_owned(), limit, wanted });
    }
    Ok(bytes)
}

/// No message in DER begins with so many letters: its length, or a tag, is none.
fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().take(START).all(|octet| octet.is_ascii_graphic() || octet.is_ascii_whitespace())
}

fn messages(path: &Path, bytes: Vec<u8>, wanted: Kind) -> Result<Vec<Message>, StatusFileError> {
    let path = || path.to_owned();
    if bytes.is_empty() {
        return Err(StatusFileError::Empty { path: path() });
    }
    if let Some(label) = pem_label(&bytes) {
        return match pem::blocks_of(&bytes, &[wanted.label()]) {
            Ok(blocks) => Ok(blocks.into_iter().map(Message::Bytes).collect()),
            Err(CertificateError::NoPemBlock) => {
                Err(StatusFileError::Other { path: path(), what: format!("\"{label}\""), wanted })
            }
            Err(source) => Err(StatusFileError::Pem { path: path(), source }),
        };
    }
    if !is_text(&bytes) {
        return Ok(vec![Message::Bytes(bytes)]);
    }
    // The first six bits of a SEQUENCE.
    if bytes.trim_ascii_start().first() != Some(&b'M') {
        return Err(StatusFileError::Nothing { path: path(), wanted });
    }
    match pem::decode(&bytes, 0) {
        Ok(message) => Ok(vec![Message::Bytes(message)]),
        Err(source) => Err(StatusFileError::Pem { path: path(), source }),
    }
}

/// The refusal of a message that cannot be read: what it is instead, or else where it fails.
pub(crate) fn refused(
    path: &Path,
    wanted: Kind,
    bytes: &[u8],
    error: impl FnOnce(PathBuf) -> StatusFileError,
) -> StatusFileError {
    let path = called(path);
    // What it was to be is no other thing, also where its reader and this one differ.
    match other(bytes).filter(|what| !what.ends_with(wanted.name())) {
        Some(what) => StatusFileError::Other { path, what: what.to_owned(), wanted },
        None => error(path),
    }
}

/// The start of a message that may be something else; none when it is too long for that.
pub(crate) fn small(message: &impl Source) -> Vec<u8> {
    message.read_range(0..message.len(), MAX_GUESSED).unwrap_or_default()
}

fn other(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"%PDF-") {
        Some("a PDF")
    } else if Certificate::from_der(bytes).is_ok() {
        Some("a certificate")
    } else if OcspRequest::from_der(bytes).is_ok() {
        Some("an OCSP request")
    } else {
        what_it_is(bytes)
    }
}

/// One fact on lines of its own, no wider than a screen where its words allow that.
pub(crate) fn fact(console: &Console, label: &str, words: &str) {
    let mut start = format!("  {label:<LABEL$} ");
    for line in wrapped(&cut(words), WIDTH.saturating_sub(LABEL).saturating_sub(3)) {
        console.line(format!("{start}{line}").trim_end());
        start = " ".repeat(LABEL.saturating_add(3));
    }
}

/// More about the line above, so many columns from the edge.
pub(crate) fn below(console: &Console, column: usize, words: &str) {
    for line in wrapped(&cut(words), WIDTH.saturating_sub(column)) {
        console.line(&format!("{}{line}", " ".repeat(column)));
    }
}

/// A name, an attribute a line.
pub(crate) fn name(console: &Console, label: &str, name: &Name) {
    let mut label = label;
    for attribute in name.attributes().take(MAX_NAMES) {
        fact(console, label, &attribute.to_string());
        label = "";
    }
    match name.attributes().count() {
        0 => fact(console, label, "none"),
        count if count > MAX_NAMES => {
            fact(console, label, &format!("and {} more", count.saturating_sub(MAX_NAMES)));
        }
        _ => {}
    }
}

/// The start of words that may be a megabyte long, each character one that can be shown.
pub(crate) fn cut(words: &str) -> String {
    let start: String = words.chars().take(MAX_WORDS).collect();
    let rest = if words.chars().nth(MAX_WORDS).is_some() { "…" } else { "" };
    printable(&start) + rest
}

/// Words in lines of so many characters, cut at blanks, and at the commas of names. A word that is longer has a line of its own.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_inclusive(' ') {
        let is_address = word.contains("://");
        for part in word.split_inclusive(|character| character == ',' && !is_address) {
            let length = |text: &str| text.trim_end().chars().count();
            match lines.last_mut() {
                Some(line)
                    if line.is_empty() || line.chars().count().saturating_add(length(part)) <= width =>
                {
                    line.push_str(part);
                }
                _ => lines.push(part.to_owned()),
            }
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A general name as a person reads it.
pub(crate) fn general_name(name: &GeneralName) -> String {
    match name {
        GeneralName::Uri(uri) => uri.clone(),
        GeneralName::Directory(name) => name.to_string(),
        GeneralName::Dns(dns) => format!("domain {dns}"),
        GeneralName::Email(email) => format!("e-mail {email}"),
        GeneralName::Ip(octets) => format!("address {}", hex(octets)),
        GeneralName::RegisteredId(oid) => format!("registered {oid}"),
        _ => "a name of a kind that is not in use".to_owned(),
    }
}

/// The names of extensions that the standards have.
pub(crate) type Known = [(ObjectIdentifier, &'static str)];

/// An extension by its name, or by its object identifier where it is not known; `!` when it is critical.
pub(crate) fn extension_words(extension: &Extension, known: &Known) -> String {
    let critical = if extension.is_critical() { " !" } else { "" };
    match known_name(extension, known) {
        Some(name) => format!("{name}{critical}"),
        None => format!("{}{critical} (unknown, {} bytes)", extension.oid(), extension.value().len()),
    }
}

pub(crate) fn extension_object(extension: &Extension, known: &Known) -> Value {
    json!({
        "oid": extension.oid().to_string(),
        "name": known_name(extension, known),
        "critical": extension.is_critical(),
        "length": extension.value().len(),
    })
}

fn known_name(extension: &Extension, known: &Known) -> Option<&'static str> {
    known.iter().find(|(oid, _)| extension.oid() == oid).map(|(_, name)| *name)
}

/// What is odd about a list of extensions: those that are not known and critical, and those that stand twice.
pub(crate) fn odd_extensions(extensions: &[Extension], known: &Known, odd: &mut Vec<String>) {
    for (place, extension) in extensions.iter().enumerate().take(MAX_NAMES) {
        let name = known_name(extension, known);
        if name.is_none() && extension.is_critical() {
            odd.push(format!(
                "the critical extension {} is not known: who does not know it must not use this (RFC 5280, 5.2)",
                extension.oid()
            ));
        }
        if extensions.iter().take(place).any(|earlier| earlier.oid() == extension.oid()) {
            let name = name.map_or_else(|| extension.oid().to_string(), str::to_owned);
            odd.push(format!("the extension {name} stands in it twice (RFC 5280, 4.2)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_asked_where_words_allow_it() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a longlonglongword b", 6), ["a", "longlonglongword", "b"]);
        assert_eq!(wrapped("CN=A 1,O=Some,C=DK", 8), ["CN=A 1,", "O=Some,", "C=DK"]);
        assert_eq!(wrapped("at ldap://a,b,c", 6), ["at", "ldap://a,b,c"]);
        assert_eq!(wrapped("", 6), [""]);
    }

    #[test]
    fn text_and_der_are_told_apart() {
        assert!(is_text(b"MIIB0woBAKCCAcww\nggHIBgkr\n"));
        assert!(!is_text(&[0x30, 0x82, 0x01, 0x02]));
        assert!(!is_text(&[0x30, 0x00]));
    }
}
