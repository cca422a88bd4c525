//! Digest algorithms, values and the state that reads bytes once.

use core::fmt;

use const_oid::ObjectIdentifier;
use digest::Digest as _;

/// A digest algorithm that appears in signatures, certificates or time-stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// MD5, RFC 1321: named for old files, never computed.
    Md5,
    /// SHA-1, FIPS 180-4: for old files only.
    Sha1,
    /// SHA-224, FIPS 180-4.
    Sha224,
    /// SHA-256, FIPS 180-4.
    Sha256,
    /// SHA-384, FIPS 180-4.
    Sha384,
    /// SHA-512, FIPS 180-4.
    Sha512,
    /// SHA3-224, FIPS 202.
    Sha3_224,
    /// SHA3-256, FIPS 202.
    Sha3_256,
    /// SHA3-384, FIPS 202.
    Sha3_384,
    /// SHA3-512, FIPS 202.
    Sha3_512,
}

impl DigestAlgorithm {
    /// Every algorithm this crate has a name for.
    pub const ALL: [Self; 10] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
    ];

    /// The object identifier (RFC 3279, RFC 5754, NIST CSOR).
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Md5 => ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"),
            Self::Sha1 => ObjectIdentifier::new_unwrap("1.3.14.3.2.26"),
            Self::Sha224 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4"),
            Self::Sha256 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"),
            Self::Sha384 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"),
            Self::Sha512 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"),
            Self::Sha3_224 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.7"),
            Self::Sha3_256 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.8"),
            Self::Sha3_384 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.9"),
            Self::Sha3_512 => ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.10"),
        }
    }

    /// The algorithm with this object identifier, or `None` where it has no name here.
    #[must_use]
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.oid() == *oid)
    }

    /// The name in the field's usual spelling, such as `SHA256` or `SHA3-256`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Sha3_224 => "SHA3-224",
            Self::Sha3_256 => "SHA3-256",
            Self::Sha3_384 => "SHA3-384",
            Self::Sha3_512 => "SHA3-512",
        }
    }

    /// Length of a value in octets.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 | Self::Sha3_224 => 28,
            Self::Sha256 | Self::Sha3_256 => 32,
            Self::Sha384 | Self::Sha3_384 => 48,
            Self::Sha512 | Self::Sha3_512 => 64,
        }
    }
}

impl fmt::Display for DigestAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest value with its algorithm; the length always fits the algorithm.
///
/// `Debug` shows the algorithm only: a digest tells which document was sealed, and logs must not (requirement S000-64).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// Takes a value computed elsewhere; `None` when its length is not that of the algorithm.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm, bytes: impl Into<Vec<u8>>) -> Option<Self> {
        let bytes = bytes.into();
        (bytes.len() == algorithm.output_len()).then_some(Self { algorithm, bytes })
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The value, [`DigestAlgorithm::output_len`] octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({}, ..)", self.algorithm)
    }
}

/// A digest being computed: feed it bytes, clone it at a common prefix, finish each clone.
///
/// `Debug` shows the algorithm only.
#[derive(Clone)]
pub struct Hasher {
    algorithm: DigestAlgorithm,
    state: State,
}

#[derive(Clone)]
enum State {
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha3_224(sha3::Sha3_224),
    Sha3_256(sha3::Sha3_256),
    Sha3_384(sha3::Sha3_384),
    Sha3_512(sha3::Sha3_512),
}

macro_rules! each_state {
    ($state:expr, $hasher:ident => $body:expr) => {
        match $state {
            State::Sha1($hasher) => $body,
            State::Sha224($hasher) => $body,
            State::Sha256($hasher) => $body,
            State::Sha384($hasher) => $body,
            State::Sha512($hasher) => $body,
            State::Sha3_224($hasher) => $body,
            State::Sha3_256($hasher) => $body,
            State::Sha3_384($hasher) => $body,
            State::Sha3_512($hasher) => $body,
        }
    };
}

impl Hasher {
    /// A fresh state, or `None` for an algorithm that is only named (MD5).
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Option<Self> {
        let state = match algorithm {
            DigestAlgorithm::Md5 => return None,
            DigestAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            DigestAlgorithm::Sha224 => State::Sha224(sha2::Sha224::new()),
            DigestAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            DigestAlgorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            DigestAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            DigestAlgorithm::Sha3_224 => State::Sha3_224(sha3::Sha3_224::new()),
            DigestAlgorithm::Sha3_256 => State::Sha3_256(sha3::Sha3_256::new()),
            DigestAlgorithm::Sha3_384 => State::Sha3_384(sha3::Sha3_384::new()),
            DigestAlgorithm::Sha3_512 => State::Sha3_512(sha3::Sha3_512::new()),
        };
        Some(Self { algorithm, state })
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        each_state!(&mut self.state, hasher => hasher.update(bytes));
    }

    /// The value over all bytes taken in.
    #[must_use]
    pub fn finish(self) -> Digest {
        let bytes = each_state!(self.state, hasher => hasher.finalize().to_vec());
        Digest { algorithm: self.algorithm, bytes }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hasher({}, ..)", self.algorithm)
    }
}

/// The digest of `bytes`, or `None` for an algorithm that is only named (MD5).
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Digest> {
    let mut hasher = Hasher::new(algorithm)?;
    hasher.update(bytes);
    Some(hasher.finish())
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// SHA-1 of `bytes`: for key identifiers and old references, never for a new signature.
#[must_use]
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    sha1::Sha1::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_for_abc() {
        let expected = [
            (DigestAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (DigestAlgorithm::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (DigestAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (DigestAlgorithm::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
        ];
        for (algorithm, hex_value) in expected {
            assert_eq!(hex::encode(digest(algorithm, b"abc").unwrap().as_bytes()), hex_value, "{algorithm}");
        }
    }

    #[test]
    fn every_algorithm_keeps_its_oid_and_length() {
        for algorithm in DigestAlgorithm::ALL {
            assert_eq!(DigestAlgorithm::from_oid(&algorithm.oid()), Some(algorithm));
            match digest(algorithm, b"") {
                Some(value) => assert_eq!(value.as_bytes().len(), algorithm.output_len()),
                None => assert_eq!(algorithm, DigestAlgorithm::Md5),
            }
        }
        assert!(Digest::new(DigestAlgorithm::Sha256, [0; 31]).is_none());
    }

    #[test]
    fn a_clone_goes_its_own_way() {
        let mut common = Hasher::new(DigestAlgorithm::Sha256).unwrap();
        common.update(b"ab");
        let mut other = common.clone();
        common.update(b"c");
        other.update(b"d");
        assert_eq!(common.finish().as_bytes(), sha256(b"abc"));
        assert_eq!(other.finish().as_bytes(), sha256(b"abd"));
    }

    #[test]
    fn debug_does_not_tell_the_value() {
        let value = digest(DigestAlgorithm::Sha256, b"secret contract").unwrap();
        assert_eq!(format!("{value:?}"), "Digest(SHA256, ..)");
    }
}
