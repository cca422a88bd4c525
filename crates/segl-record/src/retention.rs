use std::sync::OnceLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, civil};
use segl_crypto::Time;

/// The calendar year, in Denmark, of the moment an entry was concluded: it decides when the personal data go.
///
/// Personal data are erased by the first purge at or after 1 January of year + 8, 00:00 in Copenhagen (seed 000, 9.2: the current
/// year plus seven). Seven full years are always over by then (S000-55). The year is that of the *event*, also for a certificate that
/// ends in the next year: the evidence about keys and certificates that has to be kept longer (EN 319 411-1, 6.4.6) is in the
/// register of issued certificates, which holds no personal data.
///
/// ```
/// # use segl_record::RetentionYear;
/// # use segl_crypto::Time;
/// let event: Time = "2026-11-22T10:00:00Z".parse()?;
/// let year = RetentionYear::of(event)?;
/// assert_eq!((year.year(), year.erasable_from()?), (2026, "2033-12-31T23:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetentionYear(i16);

/// The retention rule could not be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetentionError {
    /// The moment or year is outside what the calendar can say.
    #[error("outside the calendar")]
    OutOfRange,
    /// The built-in time zone data lack Europe/Copenhagen.
    #[error("no time zone data for Europe/Copenhagen")]
    NoTimeZone,
}

/// Years after the year of the event: the current year plus seven are kept, the eighth begins without the data.
const YEARS_UNTIL_ERASURE: i16 = 8;

impl RetentionYear {
    /// The retention year of something that happened then.
    pub fn of(event: Time) -> Result<Self, RetentionError> {
        let nanos = i32::try_from(event.subsec_nanos()).map_err(|_| RetentionError::OutOfRange)?;
        let instant = Timestamp::new(event.unix_seconds(), nanos).map_err(|_| RetentionError::OutOfRange)?;
        Ok(Self(copenhagen()?.to_datetime(instant).year()))
    }

    /// The retention year with this number, as a store read it.
    pub fn from_year(year: i16) -> Result<Self, RetentionError> {
        if (1..=civil::Date::MAX.year() - YEARS_UNTIL_ERASURE).contains(&year) {
            Ok(Self(year))
        } else {
            Err(RetentionError::OutOfRange)
        }
    }

    /// The number of the year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.0
    }

    /// The first moment at which personal data of this year may, and must, be erased.
    pub fn erasable_from(self) -> Result<Time, RetentionError> {
        let year = self.0.checked_add(YEARS_UNTIL_ERASURE).ok_or(RetentionError::OutOfRange)?;
        let midnight =
            civil::DateTime::new(year, 1, 1, 0, 0, 0, 0).map_err(|_| RetentionError::OutOfRange)?;
        let instant = copenhagen()?.to_timestamp(midnight).map_err(|_| RetentionError::OutOfRange)?;
        Ok(Time::from_unix(instant.as_second()))
    }

    /// The latest year whose personal data are due for erasure `now`.
    pub fn latest_erasable(now: Time) -> Result<Self, RetentionError> {
        let year = Self::of(now)?.0.checked_sub(YEARS_UNTIL_ERASURE).ok_or(RetentionError::OutOfRange)?;
        Self::from_year(year)
    }
}

/// The time zone, from data compiled in: neither the TZ variable nor the machine's own data are looked at.
fn copenhagen() -> Result<&'static TimeZone, RetentionError> {
    static ZONE: OnceLock<Option<TimeZone>> = OnceLock::new();
    ZONE.get_or_init(|| TimeZoneDatabase::bundled().get("Europe/Copenhagen").ok())
        .as_ref()
        .ok_or(RetentionError::NoTimeZone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn the_year_is_the_one_in_copenhagen() {
        for (event, year, erasable) in [
            ("2025-12-31T22:59:59Z", 2025, "2032-12-31T23:00:00Z"),
            ("2025-12-31T23:00:00Z", 2026, "2033-12-31T23:00:00Z"),
            ("2026-01-01T00:00:00Z", 2026, "2033-12-31T23:00:00Z"),
            ("2026-11-22T10:00:00Z", 2026, "2033-12-31T23:00:00Z"),
            ("2026-12-31T22:59:59.999Z", 2026, "2033-12-31T23:00:00Z"),
            ("2026-12-31T23:00:00Z", 2027, "2034-12-31T23:00:00Z"),
            ("2028-02-29T12:00:00Z", 2028, "2035-12-31T23:00:00Z"),
            ("2026-03-29T01:00:00Z", 2026, "2033-12-31T23:00:00Z"),
            ("2026-10-25T01:00:00Z", 2026, "2033-12-31T23:00:00Z"),
        ] {
            let found = RetentionYear::of(at(event)).unwrap();
            assert_eq!(found.year(), year, "{event}");
            assert_eq!(found.erasable_from().unwrap(), at(erasable), "{event}");
        }
    }

    #[test]
    fn the_last_second_of_the_seventh_year_keeps_and_the_next_erases() {
        // 23:59:59 in Copenhagen is 22:59:59 in UTC.
        let year = RetentionYear::of(at("2026-11-22T10:00:00Z")).unwrap();
        assert!(RetentionYear::latest_erasable(at("2033-12-31T22:59:59Z")).unwrap() < year);
        assert_eq!(RetentionYear::latest_erasable(at("2033-12-31T23:00:00Z")).unwrap(), year);
    }

    #[test]
    fn seven_full_years_are_always_over() {
        // The last moment of a year is the shortest case: seven years and one second.
        for year in 2026..2046_u16 {
            let last = Time::from_civil(year, 12, 31, 22, 59, 59).unwrap();
            let seven_later = Time::from_civil(year + 7, 12, 31, 22, 59, 59).unwrap();
            assert!(RetentionYear::of(last).unwrap().erasable_from().unwrap() > seven_later);
        }
    }

    #[test]
    fn years_outside_the_calendar_are_refused() {
        assert_eq!(RetentionYear::from_year(0), Err(RetentionError::OutOfRange));
        assert_eq!(RetentionYear::from_year(9992), Err(RetentionError::OutOfRange));
        assert!(RetentionYear::latest_erasable(at("0005-01-01T00:00:00Z")).is_err());
    }
}
