//! What goes to a key and what comes back: the seam between formats and keys is data.

use core::fmt;

use crate::{Digest, DigestAlgorithm, Hasher, SignatureAlgorithm, digest};

/// Bytes to be signed and the algorithm that is to sign them.
///
/// A format hands this out; whoever holds the key answers with a [`SignatureValue`]. `Debug` shows neither bytes nor digest
/// (requirement S000-64).
#[derive(Clone, PartialEq, Eq)]
pub struct ToBeSigned {
    bytes: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl ToBeSigned {
    /// Joins bytes and algorithm.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>, algorithm: SignatureAlgorithm) -> Self {
        Self { bytes: bytes.into(), algorithm }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The algorithm, digest included.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The digest of the bytes that a device without hashing signs; `None` where the scheme hashes inside (Ed25519) or the digest
    /// algorithm is only named (MD5).
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        digest(self.algorithm.digest()?, &self.bytes)
    }
}

/// What is to be signed when its bytes are too many to be held: their digest, and the algorithm that signs it.
///
/// Whoever signs it does not see the bytes, so it is for makers that digest what they write, never for bytes of others. `Debug` tells the
/// algorithm only.
#[derive(Clone, PartialEq, Eq)]
pub struct Prehashed {
    digest: Digest,
    algorithm: SignatureAlgorithm,
}

/// Why a digest cannot stand for the bytes to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrehashError {
    /// The algorithm signs the bytes themselves (Ed25519), or its digest algorithm is only named (MD5).
    #[error("{algorithm} signs no digest that was computed before")]
    NoDigest {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// The digest is of another algorithm than the one that is signed.
    #[error("{algorithm} does not sign a {found} digest")]
    OtherDigest {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
        /// What the digest was made with.
        found: DigestAlgorithm,
    },
}

impl Prehashed {
    /// Joins digest and algorithm.
    ///
    /// # Errors
    /// [`PrehashError`].
    pub fn new(digest: Digest, algorithm: SignatureAlgorithm) -> Result<Self, PrehashError> {
        let found = digest.algorithm();
        if Self::hasher(algorithm)?.algorithm() != found {
            return Err(PrehashError::OtherDigest { algorithm, found });
        }
        Ok(Self { digest, algorithm })
    }

    /// Digests bytes, as they come, that are to be signed with this algorithm.
    ///
    /// # Errors
    /// [`PrehashError::NoDigest`].
    pub fn hasher(algorithm: SignatureAlgorithm) -> Result<Hasher, PrehashError> {
        algorithm.digest().and_then(Hasher::new).ok_or(PrehashError::NoDigest { algorithm })
    }

    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The algorithm, digest included.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for Prehashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prehashed({}, ..)", self.algorithm)
    }
}

impl fmt::Debug for ToBeSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToBeSigned({}, {} octets)", self.algorithm, self.bytes.len())
    }
}

/// A signature value in the form X.509 and CMS carry: ECDSA as DER `Ecdsa-Sig-Value` (RFC 3279, 2.2.3), RSA and Ed25519 as octets.
///
/// `Debug` shows the length only: a value identifies what was signed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignatureValue(Vec<u8>);

impl fmt::Debug for SignatureValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureValue({} octets)", self.0.len())
    }
}

impl SignatureValue {
    /// Takes octets that already have the form X.509 and CMS carry.
    #[must_use]
    pub fn from_octets(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// Turns the `r || s` of PKCS#11 and XML into DER; `None` when the length is odd, zero or over 2 × 66 octets (P-521).
    #[must_use]
    pub fn from_raw_ecdsa(raw: &[u8]) -> Option<Self> {
        let half = raw.len() / 2;
        if raw.is_empty() || !raw.len().is_multiple_of(2) || half > 66 {
            return None;
        }
        let (r, s) = raw.split_at(half);
        let mut body = unsigned_integer(r);
        body.extend(unsigned_integer(s));
        let mut octets = vec![0x30];
        push_length(&mut octets, body.len());
        octets.extend(body);
        Some(Self(octets))
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The octets, moved out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// DER INTEGER of a big-endian magnitude.
fn unsigned_integer(magnitude: &[u8]) -> Vec<u8> {
    let first = magnitude.iter().position(|&b| b != 0).unwrap_or(magnitude.len().saturating_sub(1));
    let digits = magnitude.get(first..).unwrap_or_default();
    let pad = digits.first().is_some_and(|&b| b >= 0x80);
    let mut der = vec![0x02];
    push_length(&mut der, digits.len() + usize::from(pad));
    if pad {
        der.push(0);
    }
    der.extend_from_slice(digits);
    der
}

/// DER length below 256, which is all that two integers of 67 octets need.
fn push_length(der: &mut Vec<u8>, len: usize) {
    let len = u8::try_from(len).unwrap_or(u8::MAX);
    if len >= 0x80 {
        der.push(0x81);
    }
    der.push(len);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_ecdsa_becomes_minimal_der() {
        let raw = [0x00, 0x01, 0x80, 0x00];
        assert_eq!(
            SignatureValue::from_raw_ecdsa(&raw).unwrap().as_bytes(),
            [0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 0]
        );
        let long = [0xff; 132];
        let der = SignatureValue::from_raw_ecdsa(&long).unwrap();
        assert_eq!(&der.as_bytes()[..4], [0x30, 0x81, 138, 2]);
        assert!(SignatureValue::from_raw_ecdsa(&[1; 3]).is_none());
        assert!(SignatureValue::from_raw_ecdsa(&[]).is_none());
    }

    #[test]
    fn a_digest_stands_only_for_what_is_signed_by_it() {
        let sha256 = digest(DigestAlgorithm::Sha256, b"x").unwrap();
        let prehashed = Prehashed::new(sha256.clone(), SignatureAlgorithm::RSA_SHA256).unwrap();
        assert_eq!(format!("{prehashed:?}"), format!("Prehashed({}, ..)", SignatureAlgorithm::RSA_SHA256));
        let algorithm = SignatureAlgorithm::ECDSA_SHA384;
        let other = PrehashError::OtherDigest { algorithm, found: DigestAlgorithm::Sha256 };
        assert_eq!(Prehashed::new(sha256.clone(), algorithm), Err(other));
        let algorithm = SignatureAlgorithm::ED25519;
        assert_eq!(Prehashed::new(sha256, algorithm), Err(PrehashError::NoDigest { algorithm }));
        assert!(Prehashed::hasher(algorithm).is_err());
    }
}
