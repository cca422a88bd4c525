//! `Retry-After` (RFC 9110, 10.2.3).

use core::time::Duration;

use segl_crypto::Time;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long to wait: a number of seconds, or a date in the preferred form (RFC 9110, 5.6.7); `None` for anything else.
pub(crate) fn retry_after(value: &str, now: Time) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let until = http_date(value)?;
    Some(until.checked_duration_since(now).unwrap_or(Duration::ZERO))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`; the day of the week is not looked at.
fn http_date(value: &str) -> Option<Time> {
    let mut parts = value.split_once(", ")?.1.split(' ');
    let (day, month, year, clock, zone) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    let mut clock = clock.split(':').map(|part| part.parse::<u8>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if zone != "GMT" || clock.next().is_some() || parts.next().is_some() {
        return None;
    }
    Time::from_civil(year.parse().ok()?, u8::try_from(month).ok()?, day.parse().ok()?, hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now = Time::from_civil(2026, 11, 25, 12, 0, 0).unwrap();
        for (value, waits) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Wed, 25 Nov 2026 12:01:00 GMT", Some(60)),
            ("Wed, 25 Nov 2026 11:01:00 GMT", Some(0)),
            ("Wed, 25 Nov 2026 12:01:00 UTC", None),
            ("Wed, 25 Foo 2026 12:01:00 GMT", None),
            ("Wed, 32 Nov 2026 12:01:00 GMT", None),
            ("Wed, 25 Nov 2026 12:01 GMT", None),
            ("Wednesday, 25-Nov-26 12:01:00 GMT", None),
            ("-1", None),
            ("99999999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), waits.map(Duration::from_secs), "{value}");
        }
    }
}
