//! A moment of time, always an argument and never read from a clock.

use core::fmt;
use core::ops::{Add, Sub};
use core::str::FromStr;
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

/// A moment in UTC: whole seconds since 1970-01-01T00:00:00Z and nanoseconds of that second.
///
/// Leap seconds are not counted, as in POSIX. The range is that of the civil years 0 to 9999, which is more than X.509 can say.
/// Nothing here reads a clock; a binary converts [`SystemTime`] once and hands the value down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    seconds: i64,
    nanos: u32,
}

/// The calendar fields of a [`Time`] in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Civil {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
}

/// The text is not an RFC 3339 time in UTC, such as `2026-11-25T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UTC time of the form 2026-11-25T12:00:00Z")]
pub struct TimeParseError;

const NANOS_PER_SECOND: u32 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z.
const MIN_SECONDS: i64 = -62_167_219_200;
/// 9999-12-31T23:59:59Z.
const MAX_SECONDS: i64 = 253_402_300_799;

impl Time {
    /// The moment `seconds` after 1970-01-01T00:00:00Z; clamped to the years 0 to 9999.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        let seconds = if seconds < MIN_SECONDS {
            MIN_SECONDS
        } else if seconds > MAX_SECONDS {
            MAX_SECONDS
        } else {
            seconds
        };
        Self { seconds, nanos: 0 }
    }

    /// The moment with these calendar fields in UTC, or `None` where no such moment exists (a 30 February, a second 60).
    #[must_use]
    pub fn from_civil(year: u16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if year > 9999
            || hour > 23
            || minute > 59
            || second > 59
            || day == 0
            || day > days_in_month(year, month)?
        {
            return None;
        }
        let days = days_from_civil(i64::from(year), i64::from(month), i64::from(day));
        let in_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self { seconds: days * SECONDS_PER_DAY + in_day, nanos: 0 })
    }

    /// The same second with `nanos` nanoseconds, or `None` from a full second on.
    #[must_use]
    pub fn with_nanos(self, nanos: u32) -> Option<Self> {
        (nanos < NANOS_PER_SECOND).then_some(Self { nanos, ..self })
    }

    /// Reads the content octets of an ASN.1 UTCTime in the form of RFC 5280, 4.1.2.5.1: `YYMMDDHHMMSSZ`, years 1950 to 2049.
    ///
    /// The form without seconds, which older certificates carry, is read as well.
    #[must_use]
    pub fn from_utc_time(content: &[u8]) -> Option<Self> {
        let digits = content.strip_suffix(b"Z")?;
        let (year, rest) = (two(digits, 0)?, digits.get(2..)?);
        let year = if year >= 50 { 1900 + u16::from(year) } else { 2000 + u16::from(year) };
        let second = match rest.len() {
            10 => two(rest, 8)?,
            8 => 0,
            _ => return None,
        };
        Self::from_civil(year, two(rest, 0)?, two(rest, 2)?, two(rest, 4)?, two(rest, 6)?, second)
    }

    /// Reads the content octets of an ASN.1 GeneralizedTime `YYYYMMDDHHMMSS[.f…]Z`.
    ///
    /// Up to nine digits of a fraction are kept, more are refused. Trailing zeros of the fraction, which DER forbids, are read:
    /// whether the encoding is canonical is for the caller, who has the octets.
    #[must_use]
    pub fn from_generalized_time(content: &[u8]) -> Option<Self> {
        let digits = content.strip_suffix(b"Z")?;
        let (whole, fraction) = match digits.iter().position(|&b| b == b'.') {
            Some(dot) => (digits.get(..dot)?, Some(digits.get(dot + 1..)?)),
            None => (digits, None),
        };
        if whole.len() != 14 {
            return None;
        }
        let year = u16::from(two(whole, 0)?) * 100 + u16::from(two(whole, 2)?);
        let time = Self::from_civil(
            year,
            two(whole, 4)?,
            two(whole, 6)?,
            two(whole, 8)?,
            two(whole, 10)?,
            two(whole, 12)?,
        )?;
        match fraction {
            Some(fraction) => time.with_nanos(nanos_of(fraction)?),
            None => Some(time),
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds of the second, 0 to 999 999 999.
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// The start of this second.
    #[must_use]
    pub const fn truncate_to_seconds(self) -> Self {
        Self { seconds: self.seconds, nanos: 0 }
    }

    /// The calendar fields in UTC.
    #[must_use]
    pub fn civil(self) -> Civil {
        let days = self.seconds.div_euclid(SECONDS_PER_DAY);
        let in_day = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = civil_from_days(days);
        let small = |value: i64| u8::try_from(value).unwrap_or(0);
        Civil {
            year: u16::try_from(year).unwrap_or(0),
            month: small(month),
            day: small(day),
            hour: small(in_day / 3600),
            minute: small(in_day / 60 % 60),
            second: small(in_day % 60),
        }
    }

    /// How long after `earlier` this moment is, or `None` when it is before.
    #[must_use]
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        if self < earlier {
            return None;
        }
        let seconds = self.seconds.checked_sub(earlier.seconds)?;
        if self.nanos >= earlier.nanos {
            Some(Duration::new(u64::try_from(seconds).ok()?, self.nanos - earlier.nanos))
        } else {
            let nanos = self.nanos + NANOS_PER_SECOND - earlier.nanos;
            Some(Duration::new(u64::try_from(seconds - 1).ok()?, nanos))
        }
    }

    /// The DER of an RFC 5280 `Time` (4.1.2.5): UTCTime from 1950 to 2049, GeneralizedTime otherwise; whole seconds.
    #[must_use]
    pub fn to_der(self) -> Vec<u8> {
        let text = self.truncate_to_seconds().to_generalized_time();
        let (tag, content) = match self.civil().year {
            1950..=2049 => (0x17, text.get(2..).unwrap_or_default()),
            _ => (0x18, text.as_str()),
        };
        let mut der = vec![tag, u8::try_from(content.len()).unwrap_or(0)];
        der.extend_from_slice(content.as_bytes());
        der
    }

    /// The content of an ASN.1 GeneralizedTime in DER: `YYYYMMDDHHMMSS[.f…]Z`, the fraction without trailing zeros (RFC 3161, 2.4.2).
    #[must_use]
    pub fn to_generalized_time(self) -> String {
        let c = self.civil();
        let pair = |value: u16| u8::try_from(value).unwrap_or(0);
        let mut text = String::with_capacity(15);
        // Digit by digit: a list of a million entries has as many times, and formatting takes longer than digesting them.
        for two in [pair(c.year / 100), pair(c.year % 100), c.month, c.day, c.hour, c.minute, c.second] {
            text.extend([two / 10, two % 10].map(|digit| char::from(b'0' + digit)));
        }
        if self.nanos != 0 {
            let fraction = format!("{:09}", self.nanos);
            text.push('.');
            text.push_str(fraction.trim_end_matches('0'));
        }
        text.push('Z');
        text
    }
}

impl From<SystemTime> for Time {
    fn from(value: SystemTime) -> Self {
        match value.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::from_unix(0) + after,
            Err(before) => Self::from_unix(0) - before.duration(),
        }
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    /// Saturates at the end of the year 9999.
    fn add(self, later: Duration) -> Self {
        let nanos = self.nanos + later.subsec_nanos();
        let carry = i64::from(nanos / NANOS_PER_SECOND);
        let seconds = i64::try_from(later.as_secs()).unwrap_or(i64::MAX);
        let seconds = self.seconds.saturating_add(seconds).saturating_add(carry);
        Self { nanos: nanos % NANOS_PER_SECOND, ..Self::from_unix(seconds) }
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    /// Saturates at the start of the year 0.
    fn sub(self, earlier: Duration) -> Self {
        let seconds = i64::try_from(earlier.as_secs()).unwrap_or(i64::MAX);
        let (borrow, nanos) = match self.nanos.checked_sub(earlier.subsec_nanos()) {
            Some(nanos) => (0, nanos),
            None => (1, self.nanos + NANOS_PER_SECOND - earlier.subsec_nanos()),
        };
        Self { nanos, ..Self::from_unix(self.seconds.saturating_sub(seconds).saturating_sub(borrow)) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)?;
        if self.nanos != 0 {
            write!(f, ".{}", format!("{:09}", self.nanos).trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl FromStr for Time {
    type Err = TimeParseError;

    fn from_str(text: &str) -> Result<Self, TimeParseError> {
        let bytes = text.as_bytes();
        let shape = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if shape.iter().any(|&(at, mark)| bytes.get(at) != Some(&mark)) {
            return Err(TimeParseError);
        }
        let compact: Vec<u8> = bytes.iter().copied().filter(|b| !matches!(b, b'-' | b':' | b'T')).collect();
        let plain = bytes.len().checked_sub(5) == Some(compact.len());
        plain.then(|| Self::from_generalized_time(&compact)).flatten().ok_or(TimeParseError)
    }
}

fn two(digits: &[u8], at: usize) -> Option<u8> {
    let digit = |b: &u8| b.is_ascii_digit().then(|| *b - b'0');
    Some(digit(digits.get(at)?)? * 10 + digit(digits.get(at + 1)?)?)
}

fn nanos_of(fraction: &[u8]) -> Option<u32> {
    if fraction.is_empty() || fraction.len() > 9 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    (0..9).try_fold(0u32, |value, at| {
        let digit = fraction.get(at).map_or(0, |b| b - b'0');
        Some(value * 10 + u32::from(digit))
    })
}

fn days_in_month(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date, counted in eras of 400 years that begin on 1 March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_agrees_with_known_days() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-25T14:12:00Z", 1_795_615_920),
            ("1950-01-01T00:00:00Z", -631_152_000),
            ("9999-12-31T23:59:59Z", MAX_SECONDS),
            ("0000-01-01T00:00:00Z", MIN_SECONDS),
        ] {
            let time: Time = text.parse().unwrap();
            assert_eq!(time.unix_seconds(), seconds, "{text}");
            assert_eq!(time.to_string(), text);
        }
    }

    #[test]
    fn der_changes_form_in_2050() {
        let last = Time::from_civil(2049, 12, 31, 23, 59, 59).unwrap();
        assert_eq!(last.to_der(), b"\x17\x0d491231235959Z");
        assert_eq!((last + Duration::from_secs(1)).to_der(), b"\x18\x0f20500101000000Z");
        assert_eq!(Time::from_utc_time(b"491231235959Z"), Some(last));
        assert_eq!(Time::from_utc_time(b"500101000000Z").unwrap().civil().year, 1950);
    }

    #[test]
    fn fractions_lose_trailing_zeros_and_nothing_else() {
        let time = Time::from_generalized_time(b"20260101120000.120Z").unwrap();
        assert_eq!(time.to_generalized_time(), "20260101120000.12Z");
        assert_eq!(time.subsec_nanos(), 120_000_000);
        for bad in [
            &b"20260101120000.Z"[..],
            b"20260101120000,5Z",
            b"202601011200Z",
            b"20260101120000",
            b"20260230120000Z",
        ] {
            assert_eq!(Time::from_generalized_time(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn text_of_another_shape_is_refused() {
        for bad in [
            "",
            "2026-11-25",
            "2026-11-25T12:00:00",
            "2026-11-25 12:00:00Z",
            "2026-13-25T12:00:00Z",
            "2026-11-25T12:00:00-1Z",
        ] {
            assert_eq!(bad.parse::<Time>(), Err(TimeParseError), "{bad}");
        }
    }

    #[test]
    fn adding_and_taking_away_are_inverse() {
        let time = Time::from_unix(1_000).with_nanos(300_000_000).unwrap();
        let step = Duration::new(7, 900_000_000);
        assert_eq!(time + step - step, time);
        assert_eq!((time + step).checked_duration_since(time), Some(step));
        assert_eq!(time.checked_duration_since(time + step), None);
    }

    proptest::proptest! {
        #[test]
        fn civil_round_trips(seconds in MIN_SECONDS..=MAX_SECONDS) {
            let time = Time::from_unix(seconds);
            let c = time.civil();
            proptest::prop_assert_eq!(Time::from_civil(c.year, c.month, c.day, c.hour, c.minute, c.second), Some(time));
        }
    }
}
