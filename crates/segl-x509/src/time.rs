//! Times of certificates.

use core::time::Duration;

use segl_crypto::Time;

use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::reader::{GENERALIZED_TIME, Reader, Tlv, UTC_TIME};

/// A `Time` (RFC 5280, 4.1.2.5): UTCTime or GeneralizedTime.
pub(crate) fn next(reader: &mut Reader<'_>) -> Result<Time, SyntaxError> {
    let tlv = reader.any()?;
    match tlv.tag {
        UTC_TIME => read(&tlv, Time::from_utc_time),
        GENERALIZED_TIME => generalized(&tlv),
        found => Err(tlv.error(SyntaxErrorKind::UnexpectedTag { expected: UTC_TIME, found })),
    }
}

/// A GeneralizedTime, whatever its tag.
pub(crate) fn generalized(tlv: &Tlv<'_>) -> Result<Time, SyntaxError> {
    read(tlv, Time::from_generalized_time)
}

fn read(tlv: &Tlv<'_>, parse: fn(&[u8]) -> Option<Time>) -> Result<Time, SyntaxError> {
    parse(tlv.content)
        .or_else(|| with_offset(tlv.content, parse))
        .ok_or_else(|| tlv.error(SyntaxErrorKind::Time))
}

/// The BER form with a difference to UTC (`+0100` for `Z`), which certificates of the nineties have.
fn with_offset(content: &[u8], parse: fn(&[u8]) -> Option<Time>) -> Option<Time> {
    let (local, offset) = content.split_at_checked(content.len().checked_sub(5)?)?;
    let time = parse(&[local, b"Z"].concat())?;
    let (sign, digits) = offset.split_first()?;
    let digit = |octet: &u8| octet.is_ascii_digit().then(|| u64::from(octet & 0x0f));
    let digits: Vec<u64> = digits.iter().map(digit).collect::<Option<_>>()?;
    let [h1, h0, m1, m0] = digits.as_slice() else { return None };
    let minutes = (h1 * 10 + h0) * 60 + m1 * 10 + m0;
    let difference = Duration::from_secs(minutes * 60);
    match sign {
        b'+' => Some(time - difference),
        b'-' => Some(time + difference),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(content: &[u8]) -> Option<Time> {
        let mut der = vec![UTC_TIME, u8::try_from(content.len()).unwrap()];
        der.extend(content);
        next(&mut Reader::new(&der, 0)).ok()
    }

    #[test]
    fn forms_of_utc_time() {
        let expected = Time::from_civil(1999, 12, 31, 23, 0, 0);
        assert_eq!(utc(b"991231230000Z"), expected);
        assert_eq!(utc(b"9912312300Z"), expected);
        assert_eq!(utc(b"000101003000+0130"), expected);
        assert_eq!(utc(b"991231223000-0030"), expected);
        assert!(utc(b"500101000000Z").unwrap().unix_seconds() < 0);
        for bad in [&b"991331230000Z"[..], b"", b"Z", b"991231230000", b"991231230000+01a0", b"+0100"] {
            assert_eq!(utc(bad), None);
        }
    }
}
