//! Time-stamps, as claims.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::Arc;

use segl_crypto::{Digest, sha256};

/// What a time-stamp in or beside a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TimestampKind {
    /// The content before it was signed.
    Content,
    /// The signature value.
    Signature,
    /// References to validation data, with or without the signature (`-X` types 1 and 2).
    ValidationData,
    /// The signature with its validation data and the time-stamps before it.
    Archive,
    /// A whole document: a PDF revision.
    Document,
    /// The objects of a container.
    Container,
}

impl TimestampKind {
    /// The name as reports print it: `SIGNATURE_TIMESTAMP`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Content => "CONTENT_TIMESTAMP",
            Self::Signature => "SIGNATURE_TIMESTAMP",
            Self::ValidationData => "VALIDATION_DATA_TIMESTAMP",
            Self::Archive => "ARCHIVE_TIMESTAMP",
            Self::Document => "DOCUMENT_TIMESTAMP",
            Self::Container => "CONTAINER_TIMESTAMP",
        }
    }
}

impl fmt::Display for TimestampKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A time-stamp token as found, with the digest of what this format says it covers: located, not believed.
///
/// `Debug` leaves out the token, which holds the digest of what it covers in clear (S000-64).
#[derive(Clone, PartialEq, Eq)]
pub struct TimestampClaim {
    /// Its place in the format, unique in the file: `Signature1/signature-time-stamp[0]`, a field name.
    pub id: String,
    /// What it covers.
    pub kind: TimestampKind,
    /// The token, a DER or BER ContentInfo, as it arrived.
    pub token: Vec<u8>,
    /// Digest of the covered octets under the token's own algorithm; `None` where that is not known here or the octets are missing.
    pub imprint: Option<Digest>,
    /// For document time-stamps: octets of the file from its start that are covered, the token itself aside. Larger is later.
    pub covered_until: Option<u64>,
    /// What lies in the covered octets, one by one: nothing else is proved to have existed by this token.
    pub covered: CoveredObjects,
}

impl fmt::Debug for TimestampClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimestampClaim")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("imprint", &self.imprint)
            .field("covered_until", &self.covered_until)
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

/// Which objects lie in the octets that a time-stamp covers: certificates, CRLs, OCSP responses, tokens of other time-stamps and
/// signature values, each named by the SHA-256 of its octets (what EN 319 102-1, 5.6.2.3 calls the set S).
///
/// Content counts and not place: the same octets elsewhere in the file are covered too. Whatever is not in here may have been
/// added later. A copy shares what it holds. `Debug` shows how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CoveredObjects(Arc<BTreeSet<[u8; 32]>>);

impl CoveredObjects {
    /// Whether an object with these octets is covered.
    #[must_use]
    pub fn has(&self, octets: &[u8]) -> bool {
        !self.0.is_empty() && self.contains(&sha256(octets))
    }

    /// Whether the object whose octets have this SHA-256 is covered.
    #[must_use]
    pub fn contains(&self, id: &[u8; 32]) -> bool {
        self.0.contains(id)
    }

    /// The SHA-256 of each object, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.0.iter()
    }
}

impl fmt::Debug for CoveredObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CoveredObjects({})", self.0.len())
    }
}

impl FromIterator<[u8; 32]> for CoveredObjects {
    fn from_iter<I: IntoIterator<Item = [u8; 32]>>(ids: I) -> Self {
        Self(Arc::new(ids.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_octets_are_covered() {
        let covered: CoveredObjects = [sha256(b"one"), sha256(b"two"), sha256(b"one")].into_iter().collect();
        assert!(covered.has(b"one") && covered.contains(&sha256(b"two")));
        assert!(!covered.has(b"on") && !CoveredObjects::default().has(b""));
        assert_eq!(covered.iter().count(), 2);
        assert_eq!(format!("{covered:?}"), "CoveredObjects(2)");
    }
}
