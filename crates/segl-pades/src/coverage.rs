//! What a `/ByteRange` covers, and whether it covers what it should (ISO 32000-2, 12.8.1).

use segl_ades::Finding;
use segl_crypto::Source;
use segl_pdf::{ByteRange, Dictionary, Document, Object, ReadError, Revision, StringForm};

use crate::dictionary::Located;

const CLAUSE: &str = "ISO 32000-2, 12.8.1";

/// How much of the file a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The revision that ends where the signed bytes end.
    pub(crate) revision: Option<usize>,
    /// Whether nothing follows the signed bytes but, at most, an end-of-line.
    pub(crate) whole_file: bool,
}

/// The revision a range ends with.
pub(crate) fn of<S: Source>(document: &Document<S>, range: &ByteRange) -> Coverage {
    let ends = |revision: &Revision| (revision.marker_end()..=revision.end()).contains(&range.end());
    let len = document.source().len();
    let revisions = document.revisions();
    let mut revision = revisions.iter().position(ends);
    let last = revisions.len().checked_sub(1);
    // What follows the last revision belongs to no revision; a range that covers it covers the whole file.
    if revision.is_none() && range.end() == len && document.trailing_bytes() > 0 {
        revision = last;
    }
    let closes_file =
        revision == last && document.last_revision().is_some_and(|revision| revision.end() >= len);
    Coverage { revision, whole_file: revision.is_some() && (range.end() == len || closes_file) }
}

/// Checks the numbers, the gap and the dictionary at the time of signing.
pub(crate) fn check<S: Source>(
    document: &Document<S>,
    located: &Located,
    findings: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    let mut found = |rule, fatal, text: String| findings.push(Finding { rule, clause: CLAUSE, fatal, text });
    let Some(newest) = &located.contents else {
        found("contents-missing", true, "/Contents is missing or not a string".into());
        return Ok(());
    };
    if newest.as_bytes().iter().all(|byte| *byte == 0) {
        found("contents-empty", true, "/Contents holds no signature".into());
    }
    let range = match &located.byte_range {
        Ok(range) => range,
        Err(error) => {
            found("byte-range-shape", true, format!("/ByteRange: {error}"));
            return Ok(());
        }
    };
    // The dictionary may stand in a later revision again; what counts is the one that was signed.
    let coverage = of(document, range);
    let then = match (coverage.revision.and_then(|revision| document.as_of(revision)), located.reference) {
        (Some(signed), Some(reference)) => match signed.load(reference) {
            Ok(Object::Dictionary(then)) => Some(then),
            _ => Some(Dictionary::new()),
        },
        _ => None,
    };
    if then.as_ref().is_some_and(|then| *then != located.dictionary) {
        let text = "the signature dictionary of the signed revision is not the one of the newest".into();
        found("signature-dictionary-changed", true, text);
    }
    let contents = match then.as_ref().and_then(|then| then.get("Contents")).and_then(Object::as_string) {
        Some(signed) if signed == newest => signed,
        _ => newest,
    };
    if contents.form() != StringForm::Hexadecimal {
        found("contents-form", false, "/Contents is not written in hexadecimal digits".into());
    }
    match contents.file_range() {
        Some(place) if place == range.gap() => {
            let limit = document.limits().object_bytes;
            let raw = document.source().read_range(place, limit)?;
            let inside = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
            if !inside.iter().all(u8::is_ascii_hexdigit) {
                found(
                    "contents-blank",
                    false,
                    "/Contents holds other characters than hexadecimal digits".into(),
                );
            } else if inside.len() % 2 != 0 {
                found("contents-odd", false, "/Contents has an odd number of digits".into());
            }
        }
        place => {
            let gap = range.gap();
            let place =
                place.map_or("in no place of the file".into(), |p| format!("at {}..{}", p.start, p.end));
            found(
                "byte-range-gap",
                true,
                format!("the gap in /ByteRange is {}..{}, /Contents stands {place}", gap.start, gap.end),
            );
        }
    }
    if coverage.revision.is_none() {
        found(
            "byte-range-end",
            false,
            format!("the signed bytes end at {}, which ends no revision", range.end()),
        );
    }
    Ok(())
}
