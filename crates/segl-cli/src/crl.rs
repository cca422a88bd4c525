//! `segl crl`: reads CRLs to a person.

use core::ops::ControlFlow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use segl::crypto::{SignatureAlgorithm, Time};
use segl::revocation::{
    CrlEntry, CrlFacts, CrlIndex, IndexLimits, IssuingDistributionPoint, ListError, Reason, oid,
};
use segl::x509::{DistributionPointName, GeneralName, ReasonFlags};
use serde_json::{Value, json};

use crate::args::ReportKind;
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain};
use crate::input::{self, Kind, Known, Message, StatusFileError, fact, hex};
use crate::report::counted;

/// 4 GiB, which is what an index can point into, and some 110 MB of memory for the largest.
const LIMITS: IndexLimits = IndexLimits { size: 4 << 30, entries: 8 << 20 };

/// The most entries that are written for one serial number; a list has one, or a few of several issuers.
const MAX_FOUND: usize = 64;

/// The longest cRLNumber that the standard allows, in octets (RFC 5280, 5.2.3).
const MAX_NUMBER: usize = 20;

const KNOWN: &Known = &[
    (oid::AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
    (oid::CRL_NUMBER, "cRLNumber"),
    (oid::DELTA_CRL_INDICATOR, "deltaCRLIndicator"),
    (oid::EXPIRED_CERTS_ON_CRL, "expiredCertsOnCRL"),
    (oid::FRESHEST_CRL, "freshestCRL"),
    (oid::ISSUING_DISTRIBUTION_POINT, "issuingDistributionPoint"),
];

#[derive(Debug, Subcommand)]
pub(crate) enum CrlVerb {
    /// Say what is in CRLs: issuer, number, times, what they cover, entries, and what is odd.
    ///
    /// No signature is verified. An extension with `!` behind its name is critical.
    ///
    /// Exit status: 0, or 2 when something could not be read.
    #[command(
        after_help = "Examples:\n  segl crl show issuing-ca.crl\n  segl crl show issuing-ca.crl --serial 2F:9C:01:7A\n  \
                      segl crl show *.crl --report json | jq '{issuer, entry_count}'"
    )]
    Show(CrlShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CrlShowArgs {
    /// Files with CRLs, DER, PEM or base64; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Look for this serial number, in hexadecimal with or without colons; can be given again.
    #[arg(long, value_name = "HEX", value_parser = serial)]
    serial: Vec<Serial>,
    /// How many entries to write out [default: 20, or none with --serial].
    #[arg(long, value_name = "NUMBER")]
    entries: Option<usize>,
    /// How to report: text, or one JSON object a CRL, a line each.
    #[arg(long, default_value = "text", value_enum)]
    report: ReportKind,
}

/// A serial number as somebody types it: whether a zero stands before it does not matter.
#[derive(Clone, Debug)]
struct Serial(Vec<u8>);

impl Serial {
    fn is(&self, octets: &[u8]) -> bool {
        magnitude(&self.0) == magnitude(octets)
    }
}

fn magnitude(mut octets: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = octets {
        octets = rest;
    }
    octets
}

fn serial(text: &str) -> Result<Serial, String> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let mut digits = Vec::new();
    for character in text.chars().filter(|character| !matches!(character, ':' | ' ')) {
        let digit = character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        digits.push(digit.ok_or("a serial number is written in hexadecimal, as in 2f9c017a or 2F:9C:01:7A")?);
    }
    if digits.is_empty() {
        return Err("a serial number has at least one digit".to_owned());
    }
    if digits.len() % 2 == 1 {
        digits.insert(0, 0);
    }
    let octet = |pair: &[u8]| pair.iter().fold(0, |octet: u8, digit| octet << 4 | digit);
    Ok(Serial(digits.chunks(2).map(octet).collect()))
}

pub(crate) fn run(verb: &CrlVerb, console: &Console) -> Result<ExitCode, Failure> {
    let CrlVerb::Show(args) = verb;
    let mut worst = 0;
    let mut first = true;
    for file in &args.files {
        let messages = match input::read(file, Kind::Crl) {
            Ok(messages) => messages,
            Err(error) => {
                worst = refuse(file, 1, error, args, console);
                continue;
            }
        };
        let of = messages.len();
        for (number, message) in (1..).zip(messages) {
            match Shown::read(file, message, args) {
                Ok(shown) if args.report == ReportKind::Json => {
                    console.line(&shown.object(file, number).to_string());
                }
                Ok(shown) => {
                    if !core::mem::take(&mut first) {
                        console.line("");
                    }
                    let is_alone = args.files.len() == 1 && of == 1;
                    let place = (!is_alone).then(|| input::place(file, number, of));
                    shown.text(place.as_deref(), console);
                }
                Err(error) => worst = refuse(file, number, error, args, console),
            }
        }
    }
    Ok(ExitCode::from(worst))
}

/// Says why a file, or a list in it, was not read; the others go on.
fn refuse(file: &Path, number: usize, error: StatusFileError, args: &CrlShowArgs, console: &Console) -> u8 {
    if args.report == ReportKind::Json {
        let object =
            json!({"file": file.to_string_lossy(), "number": number, "entries": [], "error": chain(&error)});
        console.line(&object.to_string());
    }
    crate::error::print(&error.into());
    COULD_NOT_RUN
}

/// An entry that is written out.
struct Entry {
    serial: Vec<u8>,
    revoked_at: Time,
    reason: Option<Reason>,
    invalidity_date: Option<Time>,
    /// Whose certificate it is, in an indirect list.
    issuer: Option<String>,
    has_unknown_critical: bool,
}

/// What one walk over the entries gathers.
#[derive(Default)]
struct Walk {
    entries: Vec<Entry>,
    /// For each serial number asked about how often it stands there, and where.
    found: Vec<(usize, Vec<Entry>)>,
    reasons: BTreeMap<Option<u8>, usize>,
    times: Option<(Time, Time)>,
    later: usize,
    named_issuers: usize,
    unknown_critical: usize,
}

/// A list as it is shown.
struct Shown<'a> {
    index: CrlIndex<Message>,
    walk: Walk,
    asked: &'a [Serial],
}

impl<'a> Shown<'a> {
    fn read(file: &Path, message: Message, args: &'a CrlShowArgs) -> Result<Self, StatusFileError> {
        let bytes = input::small(&message);
        let index = CrlIndex::read(message, &LIMITS).map_err(|source| {
            input::refused(file, Kind::Crl, &bytes, |path| StatusFileError::Crl { path, source })
        })?;
        let most = args.entries.unwrap_or(if args.serial.is_empty() { 20 } else { 0 });
        let walk = walk(&index, most, &args.serial)
            .map_err(|source| StatusFileError::Entry { path: input::called(file), source })?;
        Ok(Self { index, walk, asked: &args.serial })
    }

    fn facts(&self) -> &CrlFacts {
        &self.index
    }

    fn title(&self) -> &'static str {
        match self.facts().issuing_distribution_point() {
            _ if self.facts().is_delta() => "Delta CRL: what changed since an earlier list",
            Ok(Some(scope)) if scope.is_indirect => "Indirect certificate revocation list (CRL)",
            _ => "Certificate revocation list (CRL)",
        }
    }

    fn text(&self, place: Option<&str>, console: &Console) {
        let facts = self.facts();
        let fact = |label: &str, words: &str| fact(console, label, words);
        let title = self.title();
        console.headline(&place.map_or_else(|| title.to_owned(), |place| format!("{place}: {title}")));
        input::name(console, "Issuer", facts.issuer());
        if let Some(number) = facts.number() {
            fact("Number", &number_words(number));
        }
        if let Some(base) = facts.base_number() {
            fact("Changes since", &format!("number {}", number_words(base)));
        }
        fact("This update", &facts.this_update().to_string());
        fact("Next update", &next_update_words(facts));
        fact("Signed with", &algorithm_words(facts.signature_algorithm_der()));
        if let Ok(Some(key)) = facts.authority_key_identifier() {
            if let Some(identifier) = &key.key_identifier {
                fact("By the key", &hex(identifier));
            }
            for name in &key.issuer {
                fact("Key's issuer", &input::general_name(name));
            }
            if let Some(serial) = &key.serial {
                fact("Key's number", &hex(serial));
            }
        }
        let mut label = "Covers";
        for words in scope_lines(facts) {
            fact(label, &words);
            label = "";
        }
        for name in freshest(facts) {
            fact("Delta CRLs at", &name);
        }
        match facts.keeps_expired_since() {
            Some(since) => {
                fact("Expired ones", &format!("stay on the list, those that expired since {since}"))
            }
            None => fact("Expired ones", "may have left the list (no expiredCertsOnCRL)"),
        }
        let known = |extension| input::extension_words(extension, KNOWN);
        let extensions: Vec<_> = facts.extensions().iter().take(MAX_FOUND).map(known).collect();
        if !extensions.is_empty() {
            fact("Extensions", &extensions.join(", "));
        }
        fact("Entries", &self.entries_words());
        fact("Signature", "not verified");
        for words in self.oddities() {
            fact("Odd", &words);
        }
        for (serial, (count, entries)) in self.asked.iter().zip(&self.walk.found) {
            console.line("");
            let serial = hex(&serial.0);
            if entries.is_empty() {
                console.line(&format!("  {serial} is not on this list"));
            } else {
                console.line(&format!("  {serial} is on this list:"));
            }
            lines(entries, *count, console);
        }
        if !self.walk.entries.is_empty() {
            console.line("");
            lines(&self.walk.entries, self.index.len(), console);
        }
    }

    fn entries_words(&self) -> String {
        let Some((first, last)) = self.walk.times else { return "none".to_owned() };
        let reason = |(code, count): (&Option<u8>, &usize)| {
            let name =
                code.map_or_else(|| "no reason".to_owned(), |code| Reason::from_code(code).to_string());
            format!("{name} {count}")
        };
        let reasons: Vec<_> = self.walk.reasons.iter().map(reason).collect();
        let reasons = reasons.join(", ");
        if first == last {
            format!("{}, revoked at {first}: {reasons}", self.index.len())
        } else {
            format!("{}, revoked from {first} to {last}: {reasons}", self.index.len())
        }
    }

    fn oddities(&self) -> Vec<String> {
        let facts = self.facts();
        let mut odd = Vec::new();
        let mut say = |is_odd: bool, words: &str| {
            if is_odd {
                odd.push(words.to_owned());
            }
        };
        let has = |oid| facts.extension(oid).is_some();
        let is_plain = |oid| facts.extension(oid).is_some_and(|extension| !extension.is_critical());
        say(facts.next_update().is_none(), "no nextUpdate (RFC 5280, 5.1.2.5)");
        let ends = facts.next_update().is_some_and(|next| next < facts.this_update());
        say(ends, "nextUpdate is before thisUpdate");
        say(!has(oid::CRL_NUMBER), "no cRLNumber (RFC 5280, 5.2.3)");
        for (oid, name, number) in [
            (oid::CRL_NUMBER, "cRLNumber", facts.number()),
            (oid::DELTA_CRL_INDICATOR, "deltaCRLIndicator", facts.base_number()),
        ] {
            say(has(oid) && number.is_none(), &format!("{name} cannot be read"));
            let is_negative = number.is_some_and(|octets| octets.first().is_some_and(|first| *first > 0x7f));
            say(is_negative, &format!("{name} is negative"));
            let is_long = number.is_some_and(|octets| octets.len() > MAX_NUMBER);
            say(is_long, &format!("{name} is longer than {MAX_NUMBER} octets (RFC 5280, 5.2.3)"));
        }
        say(is_plain(oid::DELTA_CRL_INDICATOR), "deltaCRLIndicator is not critical (RFC 5280, 5.2.4)");
        say(
            is_plain(oid::ISSUING_DISTRIBUTION_POINT),
            "issuingDistributionPoint is not critical (RFC 5280, 5.2.5)",
        );
        say(!has(oid::AUTHORITY_KEY_IDENTIFIER), "no authorityKeyIdentifier (RFC 5280, 5.2.1)");
        if let Err(error) = facts.authority_key_identifier() {
            say(true, &format!("authorityKeyIdentifier cannot be read: {error}"));
        }
        if let Err(error) = facts.issuing_distribution_point() {
            say(
                true,
                &format!("issuingDistributionPoint cannot be read, so what it covers is not known: {error}"),
            );
        }
        let unread = has(oid::EXPIRED_CERTS_ON_CRL) && facts.keeps_expired_since().is_none();
        say(unread, "expiredCertsOnCRL cannot be read");
        say(has(oid::FRESHEST_CRL) && facts.freshest_crl().is_empty(), "freshestCRL cannot be read");

        let entries = |count| counted_entries(count);
        let removed = self.walk.reasons.get(&Some(Reason::RemoveFromCrl.code())).copied().unwrap_or(0);
        if removed > 0 && !facts.is_delta() {
            let words = "with removeFromCRL in a list that is no delta CRL (RFC 5280, 5.3.1)";
            say(true, &format!("{} {words}", entries(removed)));
        }
        let is_indirect = matches!(facts.issuing_distribution_point(), Ok(Some(scope)) if scope.is_indirect);
        if self.walk.named_issuers > 0 && !is_indirect {
            let words = "with certificateIssuer in a list that does not say it is indirect (RFC 5280, 5.3.3)";
            say(true, &format!("{} {words}", entries(self.walk.named_issuers)));
        }
        if self.walk.unknown_critical > 0 {
            let words = "with a critical extension that is not known: who does not know it must not use this list (RFC 5280, 5.3)";
            say(true, &format!("{} {words}", entries(self.walk.unknown_critical)));
        }
        say(self.walk.later > 0, &format!("{} revoked after thisUpdate", entries(self.walk.later)));
        input::odd_extensions(facts.extensions(), KNOWN, &mut odd);
        odd
    }

    fn object(&self, file: &Path, number: usize) -> Value {
        let facts = self.facts();
        let key = facts.authority_key_identifier().ok().flatten();
        let reason = |(code, count): (&Option<u8>, &usize)| {
            let name = code.map_or_else(|| "none".to_owned(), |code| Reason::from_code(code).to_string());
            (name, json!(count))
        };
        let time = |time: Option<Time>| time.map(|time| time.to_string());
        let asked = self.asked.iter().zip(&self.walk.found).map(|(serial, (count, entries))| {
            let entries: Vec<_> = entries.iter().map(Entry::object).collect();
            json!({"serial": hex(&serial.0), "count": count, "entries": entries})
        });
        json!({
            "file": file.to_string_lossy(),
            "number": number,
            "issuer": facts.issuer().to_string(),
            "crl_number": facts.number().map(number_words),
            "is_delta": facts.is_delta(),
            "base_crl_number": facts.base_number().map(number_words),
            "this_update": facts.this_update().to_string(),
            "next_update": time(facts.next_update()),
            "is_last": facts.is_last(),
            "signature_algorithm": algorithm_words(facts.signature_algorithm_der()),
            "signature": "not verified",
            "authority_key_identifier": key.and_then(|key| key.key_identifier).map(|key| hex(&key)),
            "scope": facts.issuing_distribution_point().ok().flatten().map(|scope| scope_object(scope, facts)),
            "freshest_crl": freshest(facts),
            "expired_certs_since": time(facts.keeps_expired_since()),
            "extensions": facts.extensions().iter().map(|one| input::extension_object(one, KNOWN)).collect::<Vec<_>>(),
            "entry_count": self.index.len(),
            "reasons": self.walk.reasons.iter().map(reason).collect::<serde_json::Map<_, _>>(),
            "first_revoked_at": time(self.walk.times.map(|(first, _)| first)),
            "last_revoked_at": time(self.walk.times.map(|(_, last)| last)),
            "entries": self.walk.entries.iter().map(Entry::object).collect::<Vec<_>>(),
            "looked_up": asked.collect::<Vec<_>>(),
            "oddities": self.oddities(),
            "error": null,
        })
    }
}

impl Entry {
    fn of(entry: &CrlEntry<'_>, issuer: Option<&[u8]>) -> Self {
        Self {
            serial: entry.serial.to_vec(),
            revoked_at: entry.revoked_at,
            reason: entry.reason,
            invalidity_date: entry.invalidity_date,
            issuer: issuer.map(names_words),
            has_unknown_critical: entry.has_unknown_critical,
        }
    }

    fn object(&self) -> Value {
        json!({
            "serial": hex(&self.serial),
            "revoked_at": self.revoked_at.to_string(),
            "reason": self.reason.map(|reason| reason.to_string()),
            "invalidity_date": self.invalidity_date.map(|time| time.to_string()),
            "certificate_issuer": self.issuer,
            "unknown_critical": self.has_unknown_critical,
        })
    }
}

fn walk(index: &CrlIndex<Message>, most: usize, asked: &[Serial]) -> Result<Walk, ListError> {
    let mut walk = Walk { found: asked.iter().map(|_| (0, Vec::new())).collect(), ..Walk::default() };
    // Sticky: whose the entries are until the next that says so (RFC 5280, 5.3.3).
    let mut issuer: Option<Vec<u8>> = None;
    index.for_each(|entry| {
        if let Some(names) = entry.certificate_issuer {
            issuer = Some(names.to_vec());
            walk.named_issuers = walk.named_issuers.saturating_add(1);
        }
        let count = walk.reasons.entry(entry.reason.map(Reason::code)).or_default();
        *count = count.saturating_add(1);
        let at = entry.revoked_at;
        let (first, last) = walk.times.unwrap_or((at, at));
        walk.times = Some((first.min(at), last.max(at)));
        walk.later = walk.later.saturating_add(usize::from(at > index.this_update()));
        walk.unknown_critical = walk.unknown_critical.saturating_add(entry.has_unknown_critical.into());
        if walk.entries.len() < most {
            walk.entries.push(Entry::of(entry, issuer.as_deref()));
        }
        for (serial, (count, found)) in asked.iter().zip(&mut walk.found) {
            if serial.is(entry.serial) {
                *count = count.saturating_add(1);
                if found.len() < MAX_FOUND {
                    found.push(Entry::of(entry, issuer.as_deref()));
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(walk)
}

/// Entries, a line each: when, why, which. The columns are narrow, so that twenty octets of a serial number have room.
fn lines(entries: &[Entry], of: usize, console: &Console) {
    let words = |reason: Option<Reason>| reason.map_or_else(|| "no reason".to_owned(), |one| one.to_string());
    let width = entries.iter().map(|entry| words(entry.reason).len()).max().unwrap_or_default();
    for entry in entries {
        let (at, reason, serial) =
            (entry.revoked_at.to_string(), words(entry.reason), input::cut(&hex(&entry.serial)));
        console.line(&format!("  {at:<20} {reason:<width$} {serial}"));
        let more = |words: &str| input::below(console, 23, words);
        if let Some(date) = entry.invalidity_date {
            more(&format!("in doubt since {date}"));
        }
        if let Some(issuer) = &entry.issuer {
            more(&format!("of {issuer}"));
        }
        if entry.has_unknown_critical {
            more("with a critical extension that is not known");
        }
    }
    let rest = of.saturating_sub(entries.len());
    if rest > 0 {
        console.line(&format!("  and {rest} more (--entries {of} writes them all)"));
    }
}

fn counted_entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

fn next_update_words(facts: &CrlFacts) -> String {
    let Some(next) = facts.next_update() else { return "not said".to_owned() };
    if facts.is_last() {
        return format!("{next}: this is the last list");
    }
    let after = next.checked_duration_since(facts.this_update()).map(|life| life.as_secs());
    let after = match after {
        None => return next.to_string(),
        Some(seconds @ 0..=7_199) => counted(usize::try_from(seconds / 60).unwrap_or(usize::MAX), "minute"),
        Some(seconds @ 7_200..=172_799) => {
            counted(usize::try_from(seconds / 3_600).unwrap_or(usize::MAX), "hour")
        }
        Some(seconds) => counted(usize::try_from(seconds / 86_400).unwrap_or(usize::MAX), "day"),
    };
    format!("{next}, {after} later")
}

pub(crate) fn algorithm_words(der: &[u8]) -> String {
    SignatureAlgorithm::from_der(der, None)
        .map_or_else(|error| error.to_string(), |algorithm| algorithm.to_string())
}

/// In the figures a person counts with; in hexadecimal where the standard does not allow such a number.
fn number_words(octets: &[u8]) -> String {
    if octets.len() > MAX_NUMBER || octets.first().is_none_or(|first| *first > 0x7f) {
        return format!("0x{}", hex(octets));
    }
    let mut digits = vec![0_u8];
    for octet in octets {
        let mut carry = u16::from(*octet);
        for digit in &mut digits {
            let value = u16::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or(0);
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

fn names_words(der: &[u8]) -> String {
    match GeneralName::list_from_der(der) {
        Ok(names) => names.iter().map(input::general_name).collect::<Vec<_>>().join(", "),
        Err(error) => format!("an issuer that cannot be read: {error}"),
    }
}

fn point_names(name: &DistributionPointName, facts: &CrlFacts) -> Vec<String> {
    name.names(facts.issuer()).iter().map(input::general_name).collect()
}

fn freshest(facts: &CrlFacts) -> Vec<String> {
    let points = facts.freshest_crl();
    points.iter().filter_map(|point| point.name.as_ref()).flat_map(|name| point_names(name, facts)).collect()
}

fn scope_lines(facts: &CrlFacts) -> Vec<String> {
    let scope = match facts.issuing_distribution_point() {
        Ok(None) => return vec!["all certificates of its issuer".to_owned()],
        Ok(Some(scope)) => scope,
        Err(_) => return vec!["what it does not say in a way that can be read".to_owned()],
    };
    let mut lines = Vec::new();
    let mut line = |is_so: bool, words: &str| {
        if is_so {
            lines.push(words.to_owned());
        }
    };
    line(scope.only_user_certificates, "certificates of end entities only");
    line(scope.only_authority_certificates, "certificates of authorities only");
    line(scope.only_attribute_certificates, "attribute certificates only");
    line(scope.is_indirect, "certificates of other issuers too, as its entries say");
    if let Some(reasons) = scope.only_some_reasons {
        line(true, &format!("these reasons only: {}", reason_names(reasons).join(", ")));
    }
    let names = scope.distribution_point.iter().flat_map(|name| point_names(name, facts));
    for name in names.take(MAX_FOUND) {
        line(true, &format!("certificates that point to {name}"));
    }
    if lines.is_empty() {
        lines.push("all certificates of its issuer".to_owned());
    }
    lines
}

fn scope_object(scope: &IssuingDistributionPoint, facts: &CrlFacts) -> Value {
    json!({
        "distribution_point": scope.distribution_point.as_ref().map(|name| point_names(name, facts)),
        "only_user_certificates": scope.only_user_certificates,
        "only_authority_certificates": scope.only_authority_certificates,
        "only_attribute_certificates": scope.only_attribute_certificates,
        "only_some_reasons": scope.only_some_reasons.map(reason_names),
        "is_indirect": scope.is_indirect,
    })
}

fn reason_names(reasons: ReasonFlags) -> Vec<&'static str> {
    const NAMES: [&str; 8] = [
        "keyCompromise",
        "cACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "privilegeWithdrawn",
        "aACompromise",
    ];
    let mut bit = 0x8000_u16;
    let mut found = Vec::new();
    for name in NAMES {
        bit >>= 1;
        let [first, second] = bit.to_be_bytes();
        if ReasonFlags::from_bit_string(&[0, first, second]).is_some_and(|flag| reasons.contains(flag)) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_a_person_counts() {
        for (octets, words) in [
            (&[0][..], "0"),
            (&[0x01, 0x00], "256"),
            (&[0x02, 0xfc], "764"),
            (&[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "4722366482869645213695"),
            (&[0xff], "0xff"),
            (&[], "0x"),
        ] {
            assert_eq!(number_words(octets), words);
        }
        assert_eq!(number_words(&[1; 21]), format!("0x{}", "01".repeat(21)));
    }

    #[test]
    fn serial_numbers_as_somebody_types_them() {
        for text in ["2f9c017a", "2F:9C:01:7A", "0x2F9C017A", "00 2f 9c 01 7a"] {
            assert!(serial(text).unwrap().is(&[0x2f, 0x9c, 0x01, 0x7a]), "{text}");
        }
        assert!(serial("1").unwrap().is(&[1]) && serial("ff").unwrap().is(&[0, 0xff]));
        assert!(!serial("10").unwrap().is(&[1]));
        for text in ["", "0x", "12g4", "::"] {
            assert!(serial(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reasons_by_their_bits() {
        let flags = ReasonFlags::from_bit_string(&[7, 0x41, 0x80]).unwrap();
        assert_eq!(reason_names(flags), ["keyCompromise", "privilegeWithdrawn", "aACompromise"]);
        assert_eq!(reason_names(ReasonFlags::ALL).len(), 8);
    }
}
