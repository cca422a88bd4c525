//! Reports of a validation: text for a person, JSON for a program.

use std::fmt::Write;
use std::path::Path;

use segl::PdfValidation;
use segl::pades::{ChangeLevel, PdfSignature};
use segl::validation::{
    Block, Covered, CoveredKind, CoveredObject, Level, Line, SignatureReport, TimestampReport,
};
use segl::x509::Certificate;
use serde_json::{Value, json};

/// What became of one file: the judgement, or why it could not be read.
type Judged = Result<PdfValidation, String>;

/// One JSON object, on a line of its own.
pub(crate) fn json(file: &Path, judged: &Judged) -> String {
    let value = match judged {
        Ok(validation) => {
            let pairs = validation.report.signatures.iter().zip(&validation.reading.signatures);
            json!({
                "file": file.to_string_lossy(),
                "container": null,
                "validation_time": validation.report.time.to_string(),
                "policy": validation.report.policy,
                "signatures": pairs.map(|(report, found)| signature(report, found)).collect::<Vec<_>>(),
                "timestamps": validation.lone_timestamps.iter().map(timestamp).collect::<Vec<_>>(),
                "error": null,
            })
        }
        Err(error) => {
            json!({"file": file.to_string_lossy(), "container": null, "signatures": [], "timestamps": [], "error": error})
        }
    };
    format!("{value}\n")
}

fn signature(report: &SignatureReport, found: &PdfSignature) -> Value {
    json!({
        "id": report.id,
        "format": report.format.to_string(),
        "indication": report.indication.name(),
        "sub_indication": report.indication.sub_indication(),
        "claimed_signing_time": report.claimed_signing_time.map(|time| time.to_string()),
        "best_signature_time": report.best_signature_time.to_string(),
        "signature_intact": report.signature_intact,
        "references_intact": report.references_intact,
        "digest_algorithm": report.digest_algorithm.map(|digest| digest.name()),
        "signature_algorithm": report.signature_algorithm.map(|algorithm| algorithm.to_string()),
        "signed_by": report.signing_certificate.as_ref().map(|certificate| certificate.subject().to_string()),
        "qualification": null,
        "timestamps": report.timestamps.iter().map(timestamp).collect::<Vec<_>>(),
        "covers_whole_file": found.facts.covers_whole_file,
        "later_changes": changes_word(found),
        "unexplained_changes": found.facts.later.unexplained().count(),
        "checks": checks(&report.blocks),
    })
}

fn checks(blocks: &[Block]) -> Vec<Value> {
    let lines = blocks.iter().flat_map(|block| block.lines.iter().map(move |line| (block, line)));
    let check = |(block, line): (&Block, &Line)| {
        json!({
            "block": block.kind.name(),
            "clause": block.kind.clause(),
            "check": line.check.name(),
            "level": line.level.name(),
            "passed": line.holds,
            "detail": line.detail,
        })
    };
    lines.map(check).collect()
}

fn timestamp(report: &TimestampReport) -> Value {
    json!({
        "id": report.id,
        "type": report.kind.name(),
        "time": report.time.map(|time| time.to_string()),
        "accuracy_seconds": report.accuracy.map(|accuracy| accuracy.as_secs_f64()),
        "policy": report.policy.map(|policy| policy.to_string()),
        "qualification": null,
        "claims_qualified": report.claims_qualified,
        "indication": report.conclusion.name(),
        "sub_indication": report.conclusion.sub_indication(),
        "imprint_intact": report.imprint_intact,
        "digest_algorithm": report.digest_algorithm.map(|digest| digest.name()),
        "signed_by": report.signing_certificate.as_ref().map(|certificate| certificate.subject().to_string()),
        "covers": {
            "octets": report.covered.octets,
            "objects": report.covered.objects.iter().map(covered_object).collect::<Vec<_>>(),
            "others": report.covered.others,
        },
        "checks": checks(&report.blocks),
    })
}

fn covered_object(object: &CoveredObject) -> Value {
    json!({"type": object.kind.name(), "name": object.name, "sha256": hex(&object.sha256)})
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn changes_word(found: &PdfSignature) -> &'static str {
    match found.facts.later.level() {
        ChangeLevel::None => "none",
        ChangeLevel::LongTerm => "long-term",
        ChangeLevel::FormFilling => "form-filling",
        _ => "unexplained",
    }
}

/// A screen for a person.
pub(crate) fn text(
    file: &Path,
    judged: &Judged,
    trust: &str,
    paint: &dyn Fn(bool, &str) -> String,
) -> String {
    let mut out = format!("{}\n", printable(&file.display().to_string()));
    // Writing to a String cannot fail.
    let mut line = |name: &str, words: &str| {
        let text = format!("  {:<14}{words}", printable(name));
        _ = writeln!(out, "{}", text.trim_end());
    };
    let validation = match judged {
        Ok(validation) => validation,
        Err(error) => {
            line("not read", &printable(error));
            return out;
        }
    };
    line("trust", trust);
    line("judged for", &validation.report.time.truncate_to_seconds().to_string());
    if validation.report.signatures.is_empty() {
        line("signatures", &paint(false, "none"));
    }
    for (report, found) in validation.report.signatures.iter().zip(&validation.reading.signatures) {
        let verdict = verdict(report.indication.name(), report.indication.sub_indication());
        line("", "");
        line(&report.id, &paint(report.indication.is_passed(), &verdict));
        if let Some(reason) = report.reason() {
            line("because", &explained(reason));
        }
        line("format", &report.format.to_string());
        line("sealed by", &who(report.signing_certificate.as_ref()));
        if let Some(time) = report.claimed_signing_time {
            line("claimed time", &time.to_string());
        }
        // A verdict that was reached before the time-stamps were looked at has no better time than that of the validation.
        let proved = report.best_signature_time < validation.report.time
            && report.timestamps.iter().any(|stamp| stamp.conclusion.is_passed());
        line("proved time", &if proved { report.best_signature_time.to_string() } else { "none".to_owned() });
        line("integrity", integrity(report));
        line("covers", &covers(found));
        for stamp in &report.timestamps {
            timestamp_lines(stamp, &mut line);
        }
        for warning in report.lines().filter(|line| !line.holds && line.level == Level::Warn) {
            line("warning", &explained(warning));
        }
        line("qualified", "not determined: no trusted list was consulted");
    }
    for stamp in &validation.lone_timestamps {
        line("", "");
        timestamp_lines(stamp, &mut line);
    }
    out
}

fn verdict(indication: &str, sub_indication: Option<&str>) -> String {
    match sub_indication {
        Some(sub) => format!("{indication} / {sub}"),
        None => indication.to_owned(),
    }
}

/// Words of strangers on one line, with nothing in them that moves or turns what stands around them.
pub(crate) fn printable(words: &str) -> String {
    let replaced = |character: char| match character {
        // Marks and brackets of direction, line and paragraph separators.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            '\u{fffd}'
        }
        character if character.is_control() => '\u{fffd}',
        character => character,
    };
    words.chars().map(replaced).collect()
}

/// `1 change`, `2 changes`.
pub(crate) fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

fn explained(line: &Line) -> String {
    match line.detail.as_str() {
        "" => line.check.name().to_owned(),
        detail => format!("{}: {}", line.check.name(), printable(detail)),
    }
}

fn who(certificate: Option<&Certificate>) -> String {
    certificate
        .map_or_else(|| "unknown".to_owned(), |certificate| printable(&certificate.subject().to_string()))
}

const fn integrity(report: &SignatureReport) -> &'static str {
    match (report.signature_intact, report.references_intact) {
        (Some(true), Some(true)) => "signature and content intact",
        (Some(false), _) => "the signature value does not verify",
        (_, Some(false)) => "the content was changed after it was signed",
        _ => "could not be checked",
    }
}

fn covers(found: &PdfSignature) -> String {
    let later = &found.facts.later;
    if found.facts.covers_whole_file {
        return "the whole file".to_owned();
    }
    match later.level() {
        ChangeLevel::None | ChangeLevel::LongTerm => {
            format!(
                "everything but {} with evidence and time-stamps",
                counted(later.revisions, "later revision")
            )
        }
        ChangeLevel::FormFilling => {
            format!(
                "everything but {} with signatures or form values",
                counted(later.revisions, "later revision")
            )
        }
        _ => format!(
            "a part: {} came after it and cannot be explained; what is shown may not be what was sealed",
            counted(later.unexplained().count().max(1), "change")
        ),
    }
}

/// When and how exactly, what it is worth, who stamped; what it covers; what is wrong with it.
fn timestamp_lines(stamp: &TimestampReport, line: &mut dyn FnMut(&str, &str)) {
    let time = stamp.time.map_or_else(|| "unknown time".to_owned(), |time| time.to_string());
    let accuracy = match stamp.accuracy {
        Some(accuracy) => format!("± {} s", accuracy.as_secs_f64()),
        None => "of an accuracy it does not say".to_owned(),
    };
    let verdict = verdict(stamp.conclusion.name(), stamp.conclusion.sub_indication());
    line("time-stamp", &format!("{time} {accuracy} {} {verdict}", stamp.kind.name()));
    line("  by", &who(stamp.signing_certificate.as_ref()));
    if stamp.claims_qualified {
        line("  claims", "to be qualified (not determined)");
    }
    line("  over", &covered_words(&stamp.covered));
    for warning in stamp.lines().filter(|line| !line.holds && line.level == Level::Warn) {
        line("  warning", &explained(warning));
    }
}

/// Signatures and time-stamps by name, evidence by number: the names are in the JSON.
fn covered_words(covered: &Covered) -> String {
    let mut words = Vec::new();
    words.extend(covered.octets.map(|octets| format!("{octets} octets of the file")));
    for (kind, one) in [(CoveredKind::Signature, "signature"), (CoveredKind::Timestamp, "time-stamp")] {
        let named = covered.objects.iter().filter(|object| object.kind == kind);
        words.extend(named.map(|object| format!("{one} {}", printable(&object.name))));
    }
    for (count, name) in [
        (covered.count(CoveredKind::Certificate), "certificate"),
        (covered.count(CoveredKind::Crl), "CRL"),
        (covered.count(CoveredKind::OcspResponse), "OCSP response"),
        (covered.others, "more object"),
    ] {
        if count > 0 {
            words.push(counted(count, name));
        }
    }
    if words.is_empty() { "nothing that is here".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_strangers_stay_on_their_line() {
        let judged: Judged = Err("the handler \x1b[2J\nSignature1    TOTAL_PASSED".to_owned());
        let out = text(Path::new("a\u{202e}\x1b[1A\nb.pdf"), &judged, "", &|_, words| words.to_owned());
        assert_eq!(out.lines().count(), 2);
        assert!(!out.contains(['\x1b', '\u{202e}']));
        assert_eq!(printable("Å, π and 字"), "Å, π and 字");
    }
}
