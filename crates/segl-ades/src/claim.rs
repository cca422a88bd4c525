//! Time-stamps, as claims.

use core::fmt;

use segl_crypto::Digest;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// True where the token's octets cover the validation data and time-stamps that are in `Evidence` up to it.
    pub covers_evidence: bool,
}
