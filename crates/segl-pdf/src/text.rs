//! Text strings and dates (ISO 32000-2, 7.9.2 and 7.9.4).

use segl_crypto::Time;

/// The characters of PDFDocEncoding that differ from Latin-1: 0x18 to 0x1f.
const LOW: [char; 8] =
    ['\u{2d8}', '\u{2c7}', '\u{2c6}', '\u{2d9}', '\u{2dd}', '\u{2db}', '\u{2da}', '\u{2dc}'];
/// The same for 0x80 to 0xa0.
const HIGH: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{192}', '\u{2044}',
    '\u{2039}', '\u{203a}', '\u{2212}', '\u{2030}', '\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}',
    '\u{2019}', '\u{201a}', '\u{2122}', '\u{fb01}', '\u{fb02}', '\u{141}', '\u{152}', '\u{160}', '\u{178}',
    '\u{17d}', '\u{131}', '\u{142}', '\u{153}', '\u{161}', '\u{17e}', '\u{fffd}', '\u{20ac}',
];

/// Reads a text string: UTF-16BE or UTF-8 with their marks, otherwise PDFDocEncoding.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        let (units, _) = rest.as_chunks::<2>();
        return char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)))
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
    }
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return String::from_utf8_lossy(rest).into_owned();
    }
    bytes.iter().map(|byte| pdf_doc(*byte)).collect()
}

fn pdf_doc(byte: u8) -> char {
    let special = match byte {
        0x18..=0x1f => LOW.get(usize::from(byte - 0x18)),
        0x80..=0xa0 => HIGH.get(usize::from(byte - 0x80)),
        _ => None,
    };
    special.copied().unwrap_or_else(|| char::from(byte))
}

/// Writes a text string: ASCII as it is, everything else in UTF-16BE, which every version of PDF reads.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return text.as_bytes().to_vec();
    }
    let mut out = vec![0xfe, 0xff];
    out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    out
}

/// Writes a date in UTC: `D:20261125142500Z`.
#[must_use]
pub fn encode_date(time: Time) -> String {
    let civil = time.civil();
    format!(
        "D:{:04}{:02}{:02}{:02}{:02}{:02}Z",
        civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second
    )
}

/// Reads a date. Missing parts take their defaults; a date without a zone is taken for UTC, which the second value
/// tells (`false`: the zone was not known).
#[must_use]
pub fn decode_date(text: &str) -> Option<(Time, bool)> {
    let digits = text.trim().strip_prefix("D:").unwrap_or_else(|| text.trim());
    let mut rest = digits;
    let mut number = |width: usize, default: i64| -> Option<i64> {
        let part: &str = rest.get(..width).unwrap_or_default();
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(default);
        }
        rest = rest.get(width..)?;
        part.parse().ok()
    };
    let year = number(4, -1)?;
    let month = number(2, 1)?;
    let day = number(2, 1)?;
    let hour = number(2, 0)?;
    let minute = number(2, 0)?;
    let second = number(2, 0)?;
    if year < 0 {
        return None;
    }
    let time = Time::from_civil(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
        hour.try_into().ok()?,
        minute.try_into().ok()?,
        second.try_into().ok()?,
    )?;
    let (sign, zone) = match rest.as_bytes().first() {
        None => return Some((time, false)),
        Some(b'+') => (-1, rest.get(1..)?),
        Some(b'-') => (1, rest.get(1..)?),
        Some(b'Z') => (0, rest.get(1..)?),
        Some(_) => return None,
    };
    let mut parts = zone.split('\'').filter(|part| !part.is_empty()).map(|part| part.parse::<i64>());
    let hours = parts.next().transpose().ok()?.unwrap_or(0);
    let minutes = parts.next().transpose().ok()?.unwrap_or(0);
    if !(0..=23).contains(&hours) || !(0..=59).contains(&minutes) {
        return None;
    }
    Some((Time::from_unix(time.unix_seconds() + sign * (hours * 3600 + minutes * 60)), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_three_encodings() {
        assert_eq!(decode(b"\xfe\xff\x00\xe6\x20\xac"), "\u{e6}\u{20ac}");
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa6"), "\u{e6}");
        assert_eq!(decode(b"a\xe6\xa0\x85"), "a\u{e6}\u{20ac}\u{2013}");
        assert_eq!(decode(&encode("S\u{f8}ren (1)")), "S\u{f8}ren (1)");
        assert_eq!(encode("plain"), b"plain");
    }

    #[test]
    fn dates_with_and_without_zone() {
        let noon = Time::from_civil(2026, 11, 25, 12, 0, 0).unwrap();
        assert_eq!(encode_date(noon), "D:20261125120000Z");
        assert_eq!(decode_date("D:20261125120000Z"), Some((noon, true)));
        assert_eq!(decode_date("D:20261125130000+01'00'"), Some((noon, true)));
        assert_eq!(decode_date("D:20261125130000+01'00"), Some((noon, true)));
        assert_eq!(decode_date("D:20261125063000-05'30'"), Some((noon, true)));
        assert_eq!(decode_date("D:20261125120000"), Some((noon, false)));
        assert_eq!(decode_date("2026112512"), Some((noon, false)));
        assert_eq!(decode_date("D:20261125120000Z00'00'"), Some((noon, true)));
        for bad in ["", "D:", "yesterday", "D:20261341", "D:20261125120000+99'00'", "D:20261125120000+aa"] {
            assert_eq!(decode_date(bad), None, "{bad}");
        }
    }
}
