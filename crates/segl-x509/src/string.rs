//! Character strings of names: reading them, and preparing them for comparison.

use std::borrow::Cow;

const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const VISIBLE_STRING: u8 = 0x1a;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;

/// The text of a string type; `None` for other types and for octets that are no text in their type.
///
/// TeletexString is read as Latin-1, which is what its users mean; T.61 proper is not read.
pub(crate) fn decode(tag: u8, content: &[u8]) -> Option<Cow<'_, str>> {
    match tag {
        UTF8_STRING => core::str::from_utf8(content).ok().map(Cow::Borrowed),
        NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING | TELETEX_STRING => {
            match core::str::from_utf8(content) {
                Ok(text) if text.is_ascii() => Some(Cow::Borrowed(text)),
                _ => Some(Cow::Owned(latin1(content))),
            }
        }
        BMP_STRING => {
            let (units, rest) = content.as_chunks::<2>();
            if !rest.is_empty() {
                return None;
            }
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Cow::Owned)
        }
        UNIVERSAL_STRING => {
            let (units, rest) = content.as_chunks::<4>();
            if !rest.is_empty() {
                return None;
            }
            let text: Option<String> =
                units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect();
            text.map(Cow::Owned)
        }
        _ => None,
    }
}

/// Text of an IA5String as it is found in practice: UTF-8 where it is that, Latin-1 otherwise.
pub(crate) fn ia5(content: &[u8]) -> String {
    match core::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) => latin1(content),
    }
}

fn latin1(content: &[u8]) -> String {
    content.iter().copied().map(char::from).collect()
}

/// Prepares text for comparison after RFC 4518, as RFC 5280, 7.1 asks: folded case, insignificant space and
/// characters removed. Normalisation form KC is not applied.
pub(crate) fn prepare(text: &str, into: &mut Vec<u8>) {
    let mut space_due = false;
    let start = into.len();
    let mut buffer = [0_u8; 4];
    for character in text.chars() {
        if is_mapped_to_nothing(character) {
            continue;
        }
        if character.is_whitespace() {
            space_due = into.len() > start;
            continue;
        }
        if space_due {
            into.push(b' ');
            space_due = false;
        }
        if character.is_ascii() {
            into.extend_from_slice(character.to_ascii_lowercase().encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        // Upper case first: it expands what table B.2 of RFC 3454 expands ("ß" to "ss").
        for upper in character.to_uppercase() {
            for lower in upper.to_lowercase() {
                into.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}

/// RFC 4518, 2.2: characters without a meaning of their own.
fn is_mapped_to_nothing(character: char) -> bool {
    let is_white_control = matches!(character, '\t'..='\r' | '\u{85}');
    (character.is_control() && !is_white_control)
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{1806}'
                | '\u{180b}'..='\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2063}'
                | '\u{206a}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffc}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        let mut out = Vec::new();
        prepare(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn preparation_folds_case_and_space() {
        assert_eq!(prepared("  Good \t CA "), "good ca");
        assert_eq!(prepared("GOOD CA"), prepared("good   ca"));
        assert_eq!(prepared("Straße"), prepared("STRASSE"));
        assert_eq!(prepared("ÆØÅ"), "æøå");
        assert_eq!(prepared("a\u{ad}b"), "ab");
        assert_eq!(prepared("   "), "");
        assert_ne!(prepared("good ca"), prepared("goodca"));
    }

    #[test]
    fn string_types() {
        assert_eq!(decode(BMP_STRING, &[0, 0x41, 0, 0xe6]).as_deref(), Some("Aæ"));
        assert_eq!(decode(BMP_STRING, &[0, 0x41, 0]), None);
        assert_eq!(decode(UNIVERSAL_STRING, &[0, 0, 0, 0x41]).as_deref(), Some("A"));
        assert_eq!(decode(UNIVERSAL_STRING, &[0, 0x11, 0, 0]), None);
        assert_eq!(decode(TELETEX_STRING, &[0x41, 0xe6]).as_deref(), Some("Aæ"));
        assert_eq!(decode(UTF8_STRING, &[0xff]), None);
        assert_eq!(decode(0x02, &[1]), None);
    }
}
