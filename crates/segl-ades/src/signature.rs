//! A signature as its format read it.

use core::fmt;

use segl_crypto::{DigestAlgorithm, SignatureValue};

use crate::{ContentDigest, Evidence, Format, SignedProperties, TimestampClaim};

/// Whether a signature stands for itself or signs another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignerRole {
    /// It signs content.
    Content,
    /// It signs the value of the signature with this id.
    CounterSignature {
        /// Id of the countersigned signature.
        of: String,
    },
}

/// One AdES signature as its format read it: located, digested, not believed.
///
/// Format crates build it and the judgement reads it; so it is open for both and grows in minor versions before 1.0.
#[derive(Clone)]
pub struct Signature {
    /// Its place in the file, unique there: a field name, `S-1`.
    pub id: String,
    /// What its shape says it is.
    pub format: Format,
    /// Content or counter-signature.
    pub role: SignerRole,
    /// What is covered, the digest claimed, the digest found.
    pub content: Vec<ContentDigest>,
    /// Exactly what the value was made over, as it arrived (in CMS: the signed attributes re-tagged as SET OF, otherwise untouched).
    pub signed_bytes: Vec<u8>,
    /// DER of the AlgorithmIdentifier of the signature.
    pub signature_algorithm: Vec<u8>,
    /// The digest algorithm that stands beside it.
    pub digest_algorithm: Option<DigestAlgorithm>,
    /// The value.
    pub value: SignatureValue,
    /// What was signed beside the content.
    pub properties: SignedProperties,
    /// DER of the certificate that the format says signed it, when it is at hand: named by the signer identifier, before any check.
    pub signer_certificate: Option<Vec<u8>>,
    /// Time-stamps over it, its content or the document, in the order they were found.
    pub timestamps: Vec<TimestampClaim>,
    /// Certificates and status information inside.
    pub evidence: Evidence,
    /// Departures from the format's rules that do not stop it from being read.
    pub findings: Vec<Finding>,
}

impl fmt::Debug for Signature {
    /// Without the octets that were signed, which hold the digest of the content in clear.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("id", &self.id)
            .field("format", &self.format)
            .field("role", &self.role)
            .field("content", &self.content)
            .field("digest_algorithm", &self.digest_algorithm)
            .field("timestamps", &self.timestamps.len())
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// A departure from a rule of the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Short name, stable: `byte-range-gap`, `signing-time-in-pades`.
    pub rule: &'static str,
    /// The clause it comes from.
    pub clause: &'static str,
    /// True when the standard lets it fail the format check (FORMAT_FAILURE), false when it is worth a warning.
    pub fatal: bool,
    /// What was found, in a sentence.
    pub text: String,
}
