//! Answers kept for a while.

mod file;
mod memory;

use core::fmt;
use std::io;
use std::sync::Arc;

use segl_crypto::{Time, sha256};

pub use self::file::FileCache;
pub use self::memory::MemoryCache;

/// Under what an answer is kept: the SHA-256 of what was asked for, so that no address becomes a file name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    /// The key of what was asked for: `kind` and `what` are each other's business only.
    pub fn new(kind: &str, what: &[u8]) -> Self {
        Self(sha256(&[kind.as_bytes(), &[0], what].concat()))
    }

    /// The 32 octets.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// An answer that is kept. Nobody verified its signature: a cache is no source of trust.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The answer, in DER or as it came.
    pub octets: Arc<[u8]>,
    /// When it was fetched, by the caller's clock.
    pub stored: Time,
    /// thisUpdate, of a CRL or an OCSP response.
    pub this_update: Option<Time>,
    /// From when on it is not used any more.
    pub fresh_until: Time,
}

impl Entry {
    /// An answer fetched at `stored` and good until `fresh_until`.
    pub const fn new(octets: Arc<[u8]>, stored: Time, this_update: Option<Time>, fresh_until: Time) -> Self {
        Self { octets, stored, this_update, fresh_until }
    }

    /// Whether it may be used: its time is not over, and it is not from the future (a clock that was set back).
    pub fn is_fresh(&self, now: Time) -> bool {
        self.stored <= now && now < self.fresh_until
    }
}

/// Keeps answers. It may forget any of them at any time, and never gives one that is not [fresh](Entry::is_fresh).
pub trait Cache: Send + Sync {
    /// The fresh answer under this key.
    fn get(&self, key: &CacheKey, now: Time) -> Option<Entry>;

    /// Keeps an answer.
    ///
    /// # Errors
    /// [`CacheError`]: it is not kept then, and nothing else is lost.
    fn put(&self, key: &CacheKey, entry: &Entry, now: Time) -> Result<(), CacheError>;

    /// Forgets an answer: it turned out to prove nothing.
    fn remove(&self, key: &CacheKey);
}

/// Why an answer is not kept.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The folder of the cache could not be read or written.
    #[error("the cache cannot be written: {0}")]
    Io(#[source] Arc<io::Error>),
    /// It is larger than the whole cache may be.
    #[error("{size} octets are more than the cache may hold ({limit})")]
    TooLarge {
        /// Its size in octets.
        size: u64,
        /// What the cache may hold, in octets.
        limit: u64,
    },
}

/// No cache: everything is fetched anew.
impl Cache for () {
    fn get(&self, _: &CacheKey, _: Time) -> Option<Entry> {
        None
    }

    fn put(&self, _: &CacheKey, _: &Entry, _: Time) -> Result<(), CacheError> {
        Ok(())
    }

    fn remove(&self, _: &CacheKey) {}
}

impl<C: Cache + ?Sized> Cache for &C {
    fn get(&self, key: &CacheKey, now: Time) -> Option<Entry> {
        (**self).get(key, now)
    }

    fn put(&self, key: &CacheKey, entry: &Entry, now: Time) -> Result<(), CacheError> {
        (**self).put(key, entry, now)
    }

    fn remove(&self, key: &CacheKey) {
        (**self).remove(key);
    }
}

impl<C: Cache + ?Sized> Cache for Arc<C> {
    fn get(&self, key: &CacheKey, now: Time) -> Option<Entry> {
        (**self).get(key, now)
    }

    fn put(&self, key: &CacheKey, entry: &Entry, now: Time) -> Result<(), CacheError> {
        (**self).put(key, entry, now)
    }

    fn remove(&self, key: &CacheKey) {
        (**self).remove(key);
    }
}
