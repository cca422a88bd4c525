//! Values as columns.

use segl_crypto::Time;

use crate::error::{Corruption, StoreError};

/// A moment as twelve octets that sort like the moments: seconds with the sign turned over, then nanoseconds.
pub(super) fn instant(time: Time) -> [u8; 12] {
    let seconds = (time.unix_seconds() ^ i64::MIN).to_be_bytes();
    let nanos = time.subsec_nanos().to_be_bytes();
    let mut octets = [0; 12];
    for (to, from) in octets.iter_mut().zip(seconds.into_iter().chain(nanos)) {
        *to = from;
    }
    octets
}

/// The moment back.
pub(super) fn time(octets: &[u8]) -> Option<Time> {
    let (seconds, nanos) = octets.split_at_checked(8)?;
    let seconds = i64::from_be_bytes(seconds.try_into().ok()?) ^ i64::MIN;
    Time::from_unix(seconds).with_nanos(u32::from_be_bytes(nanos.try_into().ok()?))
}

/// Exactly so many octets.
pub(crate) fn array<const N: usize>(octets: &[u8]) -> Option<[u8; N]> {
    octets.try_into().ok()
}

/// A number of few octets.
pub(super) fn small(column: Option<i64>) -> Option<u8> {
    column.and_then(|number| u8::try_from(number).ok())
}

/// A sequence number as a database keeps it.
pub(super) fn number(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| StoreError::Corrupt(Corruption::Entry(sequence)))
}

/// The sequence number after which something is asked for: after one that is higher than any there is nothing.
pub(super) fn after(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// A sequence number back.
pub(super) fn sequence(column: Option<i64>) -> Result<u64, StoreError> {
    let number = column.and_then(|column| u64::try_from(column).ok());
    number.ok_or(StoreError::Corrupt(Corruption::Entry(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_sort_and_come_back() {
        let moments = [
            "1492-10-12T00:00:00Z",
            "1969-12-31T23:59:59.5Z",
            "1970-01-01T00:00:00Z",
            "2026-11-25T12:00:00.001Z",
        ];
        let moments: Vec<Time> = moments.iter().map(|m| m.parse().unwrap()).collect();
        assert!(moments.windows(2).all(|pair| instant(pair[0]) < instant(pair[1])));
        for moment in moments {
            assert_eq!(time(&instant(moment)), Some(moment));
        }
        assert_eq!(time(&[0xff; 12]), None);
        assert_eq!(time(&[0; 7]), None);
    }
}
