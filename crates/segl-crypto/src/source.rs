//! Files read by position: no mapping, no copy of the whole.

use core::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use crate::Hasher;

/// How many octets [`Source::hash_range`] reads at a time.
///
/// Stays below what allocators fetch from the system page by page, each page a fault.
const CHUNK: usize = 64 * 1024;

/// Octets that can be read by position: a slice, a file, or a base with a tail appended in memory.
///
/// The length is fixed while the source is in use; a file that shrinks meanwhile gives `UnexpectedEof`.
pub trait Source {
    /// Number of octets.
    fn len(&self) -> u64;

    /// Fills `buf` from `offset` on, wholly or not at all.
    ///
    /// # Errors
    /// `UnexpectedEof` when the range is not inside the source; whatever the file says otherwise.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// True when there are no octets.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads a range into memory.
    ///
    /// # Errors
    /// [`RangeTooLong`] (inside an `InvalidInput`) when the range is longer than `limit` octets; errors of [`read_at`](Self::read_at).
    fn read_range(&self, range: Range<u64>, limit: usize) -> io::Result<Vec<u8>> {
        let asked = range.end.saturating_sub(range.start);
        let len = usize::try_from(asked)
            .ok()
            .filter(|&len| len <= limit)
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, RangeTooLong { asked, limit }))?;
        if range.end > self.len() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; len];
        self.read_at(range.start, &mut bytes)?;
        Ok(bytes)
    }

    /// Feeds a range to a hasher, a chunk at a time.
    ///
    /// # Errors
    /// Those of [`read_at`](Self::read_at).
    fn hash_range(&self, range: Range<u64>, hasher: &mut Hasher) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        let mut at = range.start;
        while at < range.end {
            let left = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
            let part = chunk.get_mut(..left).unwrap_or_default();
            self.read_at(at, part)?;
            hasher.update(part);
            at += u64::try_from(left).unwrap_or(u64::MAX);
        }
        Ok(())
    }
}

/// More octets were asked for in one read than the caller's limit allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} octets asked for, the limit is {limit}")]
pub struct RangeTooLong {
    /// Octets asked for.
    pub asked: u64,
    /// Octets allowed.
    pub limit: usize,
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        u64::try_from(<[u8]>::len(self)).unwrap_or(u64::MAX)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let part = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(buf.len())?))
            .ok_or(ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(part);
        Ok(())
    }

    fn hash_range(&self, range: Range<u64>, hasher: &mut Hasher) -> io::Result<()> {
        let part = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok())
            .and_then(|(start, end)| self.get(start..end.max(start)))
            .ok_or(ErrorKind::UnexpectedEof)?;
        hasher.update(part);
        Ok(())
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        Source::len(self.as_slice())
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(offset, buf)
    }

    fn hash_range(&self, range: Range<u64>, hasher: &mut Hasher) -> io::Result<()> {
        self.as_slice().hash_range(range, hasher)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        (**self).read_at(offset, buf)
    }

    fn hash_range(&self, range: Range<u64>, hasher: &mut Hasher) -> io::Result<()> {
        (**self).hash_range(range, hasher)
    }
}

/// A file on disk, read by position; its length is taken once, when it is opened.
#[derive(Debug)]
pub struct FileSource {
    file: Mutex<File>,
    len: u64,
}

impl FileSource {
    /// Takes an open file.
    ///
    /// # Errors
    /// When the file cannot be sought to its end (a pipe, for example).
    pub fn new(mut file: File) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Self { file: Mutex::new(file), len })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        // Seek and read under one lock: positional reads are not in std on every platform, and an uncontended lock costs nanoseconds.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buf)
    }
}

/// A base with octets appended in memory, as an incremental update appends to a PDF.
#[derive(Clone)]
pub struct Appended<S> {
    base: S,
    tail: Vec<u8>,
}

impl<S> fmt::Debug for Appended<S> {
    /// Without the octets of either.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appended").field("tail", &self.tail.len()).finish_non_exhaustive()
    }
}

impl<S: Source> Appended<S> {
    /// Joins a base and what follows it.
    #[must_use]
    pub const fn new(base: S, tail: Vec<u8>) -> Self {
        Self { base, tail }
    }

    /// What follows the base.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// The base.
    #[must_use]
    pub const fn base(&self) -> &S {
        &self.base
    }
}

impl<S: Source> Source for Appended<S> {
    fn len(&self) -> u64 {
        self.base.len().saturating_add(Source::len(&self.tail))
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let base_len = self.base.len();
        let in_base = base_len.saturating_sub(offset);
        let split = usize::try_from(in_base).unwrap_or(usize::MAX).min(buf.len());
        let (head, rest) = buf.split_at_mut(split);
        if !head.is_empty() {
            self.base.read_at(offset, head)?;
        }
        if rest.is_empty() {
            return Ok(());
        }
        self.tail.read_at(offset.saturating_sub(base_len), rest)
    }

    fn hash_range(&self, range: Range<u64>, hasher: &mut Hasher) -> io::Result<()> {
        let seam = self.base.len();
        if range.start < seam.min(range.end) {
            self.base.hash_range(range.start..range.end.min(seam), hasher)?;
        }
        if range.end > seam {
            let start = range.start.saturating_sub(seam);
            self.tail.hash_range(start..range.end - seam, hasher)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{DigestAlgorithm, sha256};

    fn check(source: &dyn Source, bytes: &[u8]) {
        assert_eq!(source.len(), bytes.len() as u64);
        for start in 0..=bytes.len() {
            for end in start..=bytes.len() {
                let range = start as u64..end as u64;
                assert_eq!(source.read_range(range.clone(), 100).unwrap(), &bytes[start..end]);
                let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
                source.hash_range(range, &mut hasher).unwrap();
                assert_eq!(hasher.finish().as_bytes(), sha256(&bytes[start..end]));
            }
        }
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
        assert!(source.hash_range(0..bytes.len() as u64 + 1, &mut hasher).is_err());
        assert!(source.read_range(0..bytes.len() as u64 + 1, 100).is_err());
        assert!(source.read_at(u64::MAX, &mut [0]).is_err());
        let too_long = source.read_range(0..2, 1).unwrap_err();
        assert_eq!(too_long.to_string(), "2 octets asked for, the limit is 1");
    }

    #[test]
    fn slice_file_and_appended_read_alike() {
        let bytes = b"%PDF-1.7 hello";
        check(&bytes.to_vec(), bytes);
        check(&Appended::new(&bytes[..5], bytes[5..].to_vec()), bytes);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        check(&FileSource::new(file).unwrap(), bytes);
    }
}
