/// Finds a Danish civil registration number in a text: where its first digit stands, as a byte offset.
///
/// Ten digits that stand alone, written `DDMMYYXXXX`, `DDMMYY-XXXX` or `DDMMYY XXXX`, whose first six are a date that can exist.
/// The check digit is not asked for, because numbers given out since 2007 do not satisfy it (ENG-29). Days 61 to 91 count as
/// well: replacement numbers add sixty to the day. Digits inside a longer word or number are not a hit, so a UUID is none.
///
/// ```
/// # use segl_record::find_person_number;
/// assert_eq!(find_person_number("cpr 010190-1234."), Some(4));
/// assert_eq!(find_person_number("invoice 9913901234"), None);
/// ```
#[must_use]
pub fn find_person_number(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&at| {
        let alone_before =
            at.checked_sub(1).and_then(|i| bytes.get(i)).is_none_or(|b| !b.is_ascii_alphanumeric());
        alone_before && bytes.get(at..).is_some_and(starts_with_number)
    })
}

fn starts_with_number(bytes: &[u8]) -> bool {
    let Some((date, rest)) = bytes.split_at_checked(6) else { return false };
    let rest = match rest.first() {
        Some(b'-' | b' ') => rest.get(1..).unwrap_or_default(),
        _ => rest,
    };
    let Some((serial, after)) = rest.split_at_checked(4) else { return false };
    let digits = date.iter().chain(serial).all(u8::is_ascii_digit);
    let alone_after = after.first().is_none_or(|b| !b.is_ascii_alphanumeric());
    digits && alone_after && is_date(date)
}

fn is_date(date: &[u8]) -> bool {
    let two = |at: usize| -> Option<u8> {
        let tens = date.get(at)?.checked_sub(b'0')?;
        let ones = date.get(at + 1)?.checked_sub(b'0')?;
        tens.checked_mul(10)?.checked_add(ones)
    };
    let (Some(day), Some(month)) = (two(0), two(2)) else { return false };
    let day = if day > 60 { day - 60 } else { day };
    // The century is unknown, so every 29 February is possible.
    let last = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_forms_with_and_without_a_valid_check_digit() {
        for text in [
            "0101901234",
            "010190-1234",
            "010190 1234",
            "x: 311299-0000",
            "(290200-9999)",
            "610190-1234",
            "a\u{e6} 2911654321",
        ] {
            assert!(find_person_number(text).is_some(), "{text}");
        }
    }

    #[test]
    fn leaves_near_misses_alone() {
        for text in [
            "",
            "12345678",
            "DK-12345678",
            "3201901234",
            "0113901234",
            "310490-1234",
            "300290-1234",
            "0001901234",
            "01019012345",
            "a0101901234",
            "010190-12345",
            "010190--1234",
            "01 01 90 12 34",
            "010190/1234",
            "6fa459ea-ee8a-3ca4-894e-db77e160355e",
            "920190-1234",
        ] {
            assert_eq!(find_person_number(text), None, "{text}");
        }
    }
}
