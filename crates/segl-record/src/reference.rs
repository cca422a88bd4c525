use crate::person_number::find_person_number;

/// The reference text of a sealing as the caller wrote it, after screening (seed 000, 9.3; S000-60, ENG-30).
///
/// It is a note for the organisation's own use, and a way by which a document could creep into the record: so a text that
/// names the sealed file, or that looks like a digest, is refused. It is never made up from anything else.
///
/// Not caught: a digest in another alphabet than hexadecimal and base64, a file name in another Unicode normal form, and what a
/// caller who means harm encodes in words.
///
/// ```
/// # use segl_record::{DigestLike, ReferenceError, ReferenceText};
/// let reference = ReferenceText::screen("Lease 2026/117", &["lease.pdf"], DigestLike::Refuse)?;
/// assert_eq!(reference.as_str(), "Lease 2026/117");
/// let refused = ReferenceText::screen("Lease.PDF", &["/home/a/lease.pdf"], DigestLike::Refuse);
/// assert_eq!(refused, Err(ReferenceError::FileName));
/// # Ok::<(), ReferenceError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ReferenceText {
    text: String,
    overridden: bool,
}

/// What happens to a reference text that looks like a digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "refused or taken")]
pub enum DigestLike {
    /// It is refused.
    #[default]
    Refuse,
    /// It is taken, and the record says that it was taken against the rule.
    AllowAndRecord,
}

/// How the digest-like part of a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DigestForm {
    /// Base64 or base64url, with or without padding.
    Base64,
    /// Hexadecimal digits in a row.
    Hex,
    /// Hexadecimal digits with separators between them.
    SpacedHex,
}

/// Why a reference text was refused. Offsets are in bytes of the text without the white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// A control character, a line break among them.
    #[error("the reference text has a control character at byte {offset}")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// Something that looks like a digest of 32, 48 or 64 bytes, or is long enough to hide one.
    #[error("the reference text has something like a digest at byte {offset}")]
    DigestLike {
        /// Where it begins.
        offset: usize,
        /// How it is written.
        form: DigestForm,
    },
    /// Nothing but white space. A sealing without a reference text has none, instead of an empty one.
    #[error("the reference text is empty")]
    Empty,
    /// It is or contains the name of a file in the same call.
    #[error("the reference text names the file that is being sealed")]
    FileName,
    /// A character that cannot be seen or that reorders the text.
    #[error("the reference text has an invisible character at byte {offset}")]
    InvisibleCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// A civil registration number (S003-04).
    #[error("the reference text has a civil registration number at byte {offset}")]
    PersonNumber {
        /// Where it begins.
        offset: usize,
    },
    /// Longer than [`ReferenceText::MAX_CHARS`].
    #[error("the reference text has {chars} characters, at most {limit} are kept")]
    TooLong {
        /// How many characters it has.
        chars: usize,
        /// The limit.
        limit: usize,
    },
}

/// Hexadecimal digits of 32 bytes, the shortest digest looked for.
const SHORTEST_HEX: usize = 64;
/// Base64 characters, padding left out, of exactly 32, 48 and 64 bytes.
const BASE64_LENGTHS: [usize; 3] = [43, 64, 86];

impl ReferenceText {
    /// The most characters kept: one line of an overview, and far from enough for a document.
    pub const MAX_CHARS: usize = 200;

    /// Screens what the caller wrote. `file_names` are the names of everything else in the call, with or without folders; they
    /// are compared without regard to case and not kept.
    pub fn screen(text: &str, file_names: &[&str], digest_like: DigestLike) -> Result<Self, ReferenceError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 {
            return Err(ReferenceError::Empty);
        }
        if chars > Self::MAX_CHARS {
            return Err(ReferenceError::TooLong { chars, limit: Self::MAX_CHARS });
        }
        if let Some((offset, found)) = text.char_indices().find(|&(_, c)| c.is_control() || is_invisible(c)) {
            return Err(match found.is_control() {
                true => ReferenceError::ControlCharacter { offset },
                false => ReferenceError::InvisibleCharacter { offset },
            });
        }
        if file_names.iter().any(|name| names_file(text, name)) {
            return Err(ReferenceError::FileName);
        }
        if let Some(offset) = find_person_number(text) {
            return Err(ReferenceError::PersonNumber { offset });
        }
        let digest = find_digest(text);
        match (digest, digest_like) {
            (Some((offset, form)), DigestLike::Refuse) => Err(ReferenceError::DigestLike { offset, form }),
            _ => Ok(Self { text: text.to_owned(), overridden: digest.is_some() }),
        }
    }

    /// Reads a stored text back; what was screened once is not screened again.
    pub(crate) fn from_stored(text: &str, overridden: bool) -> Option<Self> {
        let chars = text.chars().count();
        ((1..=Self::MAX_CHARS).contains(&chars)).then(|| Self { text: text.to_owned(), overridden })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the text was kept although it looks like a digest.
    #[must_use]
    pub const fn is_overridden(&self) -> bool {
        self.overridden
    }
}

impl core::fmt::Debug for ReferenceText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ReferenceText(redacted)")
    }
}

/// Characters that show nothing, or that change the order in which others show: a place to hide something.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}'
    )
}

fn names_file(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.trim().to_lowercase());
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if base.is_empty() {
        return false;
    }
    match base.rsplit_once('.') {
        // With its extension a name is not an ordinary word any more, so it is looked for anywhere.
        Some((stem, _)) if !stem.trim().is_empty() => text == stem.trim() || text.contains(base),
        _ => text == base || text == name,
    }
}

fn find_digest(text: &str) -> Option<(usize, DigestForm)> {
    let hex = runs(text, |b| b.is_ascii_hexdigit()).find(|run| run.text.len() >= SHORTEST_HEX);
    if let Some(run) = hex {
        return Some((run.offset, DigestForm::Hex));
    }
    // Lists of plain numbers are common in reference texts; a spaced digest without a letter is one in 10^13.
    let spaced =
        runs(text, |b| b.is_ascii_hexdigit() || matches!(b, b':' | b' ' | b'-' | b'.' | b'_')).find(|run| {
            let digits = run.text.bytes().filter(u8::is_ascii_hexdigit);
            digits.clone().count() >= SHORTEST_HEX && digits.clone().any(|b| b.is_ascii_alphabetic())
        });
    if let Some(run) = spaced {
        return Some((run.offset, DigestForm::SpacedHex));
    }
    let standard = runs(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    let url_safe = runs(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    standard.chain(url_safe).find(|run| is_base64_like(run.text)).map(|run| (run.offset, DigestForm::Base64))
}

fn is_base64_like(run: &str) -> bool {
    let has = |test: fn(&u8) -> bool| run.bytes().any(|b| test(&b));
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    // Exactly a digest's length is refused whatever it looks like; a longer run only when it looks random, because
    // addresses and long compound words are honest.
    BASE64_LENGTHS.contains(&run.len()) || (run.len() > 43 && mixed)
}

struct Run<'a> {
    offset: usize,
    text: &'a str,
}

/// The maximal stretches of bytes that pass the test; only tests for ASCII are used, so stretches are whole characters.
fn runs<'a>(text: &'a str, test: impl Fn(u8) -> bool + 'a) -> impl Iterator<Item = Run<'a>> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let start = at + bytes.get(at..)?.iter().position(|&b| test(b))?;
        let rest = bytes.get(start..)?;
        let length = rest.iter().position(|&b| !test(b)).unwrap_or(rest.len());
        at = start + length;
        Some(Run { offset: start, text: text.get(start..at)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(text: &str) -> Result<ReferenceText, ReferenceError> {
        ReferenceText::screen(text, &[], DigestLike::Refuse)
    }

    fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
        bytes
            .chunks(3)
            .flat_map(|chunk| {
                let word =
                    chunk.iter().fold(0_u32, |w, &b| (w << 8) | u32::from(b)) << (8 * (3 - chunk.len()));
                (0..=chunk.len()).map(move |i| char::from(alphabet[(word >> (18 - 6 * i) & 63) as usize]))
            })
            .collect()
    }

    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    fn digest_texts(byte: u8, length: usize) -> Vec<String> {
        let seed = segl_crypto::sha256(&[byte]);
        let bytes: Vec<u8> = (0..length).map(|i| seed[i % 32] ^ (i as u8 / 32)).collect();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let pairs: Vec<_> = bytes.iter().map(|b| format!("{b:02X}")).collect();
        vec![
            hex.clone(),
            hex.to_uppercase(),
            format!("sha256:{hex}"),
            pairs.join(":"),
            pairs.join(" "),
            base64(&bytes, STANDARD),
            base64(&bytes, URL),
            format!("ref {}= end", base64(&bytes, STANDARD)),
            format!("sha256-{}", base64(&bytes, STANDARD)),
        ]
    }

    #[test]
    fn digests_of_32_48_and_64_bytes_are_refused_in_every_form() {
        for length in [32, 48, 64] {
            for byte in 0..40 {
                for text in digest_texts(byte, length).iter().filter(|t| t.len() <= ReferenceText::MAX_CHARS)
                {
                    assert!(matches!(screen(text), Err(ReferenceError::DigestLike { .. })), "{text}");
                }
            }
        }
        assert!(matches!(screen(&"A".repeat(43)), Err(ReferenceError::DigestLike { .. })));
    }

    #[test]
    fn an_override_is_kept_with_the_text() {
        let hex = "ab".repeat(32);
        let taken = ReferenceText::screen(&hex, &[], DigestLike::AllowAndRecord).unwrap();
        assert!(taken.is_overridden());
        assert!(!ReferenceText::screen("fine", &[], DigestLike::AllowAndRecord).unwrap().is_overridden());
    }

    #[test]
    fn ordinary_texts_pass() {
        for text in [
            "Aftale om leje, æøå",
            "10023 10024 10025 10026 10027 10028 10029 10030 10031 10032 10033 10034 10035",
            "6fa459ea-ee8a-3ca4-894e-db77e160355e",
            "https://example.com/cases/2026/a-long-address-with-many-words-in-it",
            "da39a3ee5e6b4b0d3255bfef95601890",
            "lease",
        ] {
            assert_eq!(screen(text).map(|t| t.as_str().to_owned()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn file_names_are_refused_with_and_without_folder_and_extension() {
        let names = ["/home/x/Lease 7.pdf", "C:\\docs\\notes", ".hidden"];
        for text in ["Lease 7.pdf", "lease 7", "Signed: LEASE 7.PDF", "notes", "c:\\docs\\notes", ".hidden"] {
            let screened = ReferenceText::screen(text, &names, DigestLike::AllowAndRecord);
            assert_eq!(screened, Err(ReferenceError::FileName), "{text}");
        }
        assert!(ReferenceText::screen("Lease 77", &names, DigestLike::Refuse).is_ok());
    }

    #[test]
    fn control_invisible_empty_long_and_personal_are_told_apart() {
        assert_eq!(screen("a\nb"), Err(ReferenceError::ControlCharacter { offset: 1 }));
        assert_eq!(screen("a\u{202e}b"), Err(ReferenceError::InvisibleCharacter { offset: 1 }));
        assert_eq!(screen("a\u{e0041}"), Err(ReferenceError::InvisibleCharacter { offset: 1 }));
        assert_eq!(screen(" \t "), Err(ReferenceError::Empty));
        assert_eq!(screen(&"å ".repeat(101)), Err(ReferenceError::TooLong { chars: 201, limit: 200 }));
        assert_eq!(screen("for 010190-1234"), Err(ReferenceError::PersonNumber { offset: 4 }));
        assert!(!format!("{:?}", screen("secret words").unwrap()).contains("secret"));
    }
}
