//! The bytes a signature covers (ISO 32000-2, 12.8.1).

use std::ops::Range;

use segl_crypto::{Hasher, Source};

use crate::Object;

/// A `/ByteRange`, read but not yet believed.
///
/// Shape only: two ascending segments inside the file, the first from its start. Whether the gap is exactly the
/// signature's `/Contents`, and whether the end is the end of a revision, is for others to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteRange {
    head: u64,
    tail: Range<u64>,
}

/// Why four numbers are no `/ByteRange`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ByteRangeError {
    /// The first segment does not begin with the file, or is empty.
    #[error("the first segment does not begin with the file, or is empty")]
    Head,
    /// The value is not an array of exactly four whole numbers that are not negative.
    #[error("not four whole numbers")]
    NotFourNumbers,
    /// The second segment ends after the file.
    #[error("ends at byte {end}, the file has {file_len}")]
    OutsideFile {
        /// Where the segment ends.
        end: u64,
        /// How long the file is.
        file_len: u64,
    },
    /// The second segment begins before the first ends.
    #[error("the segments overlap")]
    Overlap,
}

impl ByteRange {
    /// Reads the value of `/ByteRange`, its elements direct numbers.
    ///
    /// # Errors
    /// When the shape is wrong; nothing is rounded or cut.
    pub fn read(value: &Object, file_len: u64) -> Result<Self, ByteRangeError> {
        let numbers: Option<Vec<u64>> = value
            .as_array()
            .unwrap_or_default()
            .iter()
            .map(|item| item.as_integer().and_then(|number| u64::try_from(number).ok()))
            .collect();
        match numbers.as_deref() {
            Some(&[a, b, c, d]) => Self::new([a, b, c, d], file_len),
            _ => Err(ByteRangeError::NotFourNumbers),
        }
    }

    /// Checks the four numbers offset, length, offset, length.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn new(numbers: [u64; 4], file_len: u64) -> Result<Self, ByteRangeError> {
        let [start, head, tail_start, tail_len] = numbers;
        if start != 0 || head == 0 {
            return Err(ByteRangeError::Head);
        }
        if tail_start < head {
            return Err(ByteRangeError::Overlap);
        }
        let end = tail_start.saturating_add(tail_len);
        if end > file_len {
            return Err(ByteRangeError::OutsideFile { end, file_len });
        }
        Ok(Self { head, tail: tail_start..end })
    }

    /// The bytes between the segments.
    #[must_use]
    pub fn gap(&self) -> Range<u64> {
        self.head..self.tail.start
    }

    /// Where the second segment ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.tail.end
    }

    /// The four numbers.
    #[must_use]
    pub fn numbers(&self) -> [u64; 4] {
        [0, self.head, self.tail.start, self.tail.end - self.tail.start]
    }

    /// How many bytes are covered.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.head + (self.tail.end - self.tail.start)
    }

    /// Feeds both segments to a hasher.
    ///
    /// # Errors
    /// Those of the source.
    pub fn hash<S: Source + ?Sized>(&self, source: &S, hasher: &mut Hasher) -> std::io::Result<()> {
        source.hash_range(0..self.head, hasher)?;
        source.hash_range(self.tail.clone(), hasher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert_eq!(ByteRange::new([0, 10, 20, 5], 25).unwrap().gap(), 10..20);
        assert_eq!(ByteRange::new([0, 10, 20, 5], 25).unwrap().covered(), 15);
        assert_eq!(ByteRange::new([0, 10, 10, 0], 25).unwrap().numbers(), [0, 10, 10, 0]);
        assert_eq!(ByteRange::new([1, 10, 20, 5], 25), Err(ByteRangeError::Head));
        assert_eq!(ByteRange::new([0, 0, 20, 5], 25), Err(ByteRangeError::Head));
        assert_eq!(ByteRange::new([0, 10, 9, 5], 25), Err(ByteRangeError::Overlap));
        assert!(matches!(ByteRange::new([0, 10, 20, 6], 25), Err(ByteRangeError::OutsideFile { .. })));
        assert!(ByteRange::new([0, u64::MAX, u64::MAX, u64::MAX], 25).is_err());
    }

    #[test]
    fn only_four_whole_numbers_are_read() {
        let of = |numbers: &[i64]| {
            ByteRange::read(&Object::Array(numbers.iter().map(|n| Object::Integer(*n)).collect()), 100)
        };
        assert!(of(&[0, 10, 20, 5]).is_ok());
        for bad in [&[0, 10, 20][..], &[0, 10, 20, 5, 30, 5], &[0, -10, 20, 5], &[]] {
            assert_eq!(of(bad), Err(ByteRangeError::NotFourNumbers));
        }
        assert_eq!(ByteRange::read(&Object::Null, 100), Err(ByteRangeError::NotFourNumbers));
    }
}
