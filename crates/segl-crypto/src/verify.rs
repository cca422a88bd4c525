//! Public keys and the one function that verifies.

use core::fmt;

use const_oid::ObjectIdentifier;
use der::Decode;
use der::asn1::UintRef;
use rsa::traits::SignatureScheme as _;
use signature::Verifier as _;
use signature::hazmat::PrehashVerifier as _;
use spki::{DecodePublicKey, SubjectPublicKeyInfoRef};

use crate::dsa::{self as dsa_key, ID_DSA};
use crate::{Digest, DigestAlgorithm, SignatureAlgorithm, SignatureScheme, digest};

/// What kind of key a public key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// DSA, in old signatures only.
    Dsa {
        /// Length of p in bits.
        bits: usize,
    },
    /// NIST P-256.
    EcP256,
    /// NIST P-384.
    EcP384,
    /// NIST P-521.
    EcP521,
    /// Ed25519.
    Ed25519,
    /// RSA.
    Rsa {
        /// Length of the modulus in bits.
        bits: usize,
    },
}

impl KeyKind {
    /// Size of the key in bits, as the field counts it.
    #[must_use]
    pub const fn bits(self) -> usize {
        match self {
            Self::EcP256 | Self::Ed25519 => 256,
            Self::EcP384 => 384,
            Self::EcP521 => 521,
            Self::Dsa { bits } | Self::Rsa { bits } => bits,
        }
    }
}

impl fmt::Display for KeyKind {
    /// As a person says it: `EC P-256`, `RSA 3072`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dsa { bits } => write!(f, "DSA {bits}"),
            Self::EcP256 => f.write_str("EC P-256"),
            Self::EcP384 => f.write_str("EC P-384"),
            Self::EcP521 => f.write_str("EC P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
        }
    }
}

/// A public key, read from a SubjectPublicKeyInfo whose bytes it keeps.
#[derive(Clone)]
pub struct PublicKey {
    spki: Vec<u8>,
    kind: KeyKind,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Dsa(Box<dsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    P384(Box<p384::ecdsa::VerifyingKey>),
    P521(Box<p521::ecdsa::VerifyingKey>),
    Rsa {
        key: Box<rsa::PublicKey>,
        /// The key's own algorithm is RSASSA-PSS, and it is for nothing else (RFC 4055, 1.2).
        is_pss_only: bool,
    },
}

/// Why a SubjectPublicKeyInfo is not a key that can be used here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// The key's numbers are not a point on the curve, not a sound RSA modulus (512 to 16 384 bits) and exponent, or not DSA numbers of
    /// a size of FIPS 186-4.
    #[error("the key of algorithm {0} is not a sound public key")]
    Malformed(ObjectIdentifier),
    /// The key leaves its domain parameters to the authority above (DSA, RFC 3279, 2.3.2); see
    /// [`with_inherited_parameters`](crate::with_inherited_parameters).
    #[error("the key of algorithm {0} has no parameters of its own")]
    ParametersMissing(ObjectIdentifier),
    /// Not the DER of a SubjectPublicKeyInfo.
    #[error("not a SubjectPublicKeyInfo: {0}")]
    Syntax(#[from] der::Error),
    /// An algorithm or curve that is not verified here.
    #[error("public key algorithm {algorithm} is not supported{}", curve.map(|c| format!(" (curve {c})")).unwrap_or_default())]
    UnsupportedAlgorithm {
        /// The key's algorithm.
        algorithm: ObjectIdentifier,
        /// The curve, where the algorithm has one.
        curve: Option<ObjectIdentifier>,
    },
}

/// Why a signature value was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The value does not verify over these bytes with this key.
    #[error("the signature value does not verify")]
    BadSignature,
    /// The key is of another kind than the algorithm needs.
    #[error("the key does not fit the signature algorithm")]
    KeyMismatch,
    /// The digest given is not of the algorithm's digest algorithm.
    #[error("the digest is not of the signature algorithm's kind")]
    DigestMismatch,
    /// The algorithm's digest is only named here (MD5), or the scheme cannot take a digest (Ed25519).
    #[error("the signature algorithm cannot be computed over a digest here")]
    UnsupportedDigest,
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
/// Old smart cards go down to 512 bits; above 16 384 one verification costs whole seconds, which a stranger must not be able to ask for.
const RSA_BITS: core::ops::RangeInclusive<usize> = 512..=16_384;

impl PublicKey {
    /// Reads the DER of a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
    ///
    /// # Errors
    /// [`PublicKeyError`]; a key that is well-formed but of an unknown kind is `UnsupportedAlgorithm`.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(spki)?;
        let algorithm = info.algorithm.oid;
        let malformed = || PublicKeyError::Malformed(algorithm);
        let octets = info.subject_public_key.as_bytes().ok_or_else(malformed)?;
        let (kind, key) = match algorithm {
            EC_PUBLIC_KEY => {
                let curve = info.algorithm.parameters_oid().ok();
                match curve {
                    Some(P256) => p256::ecdsa::VerifyingKey::from_sec1_bytes(octets)
                        .map(|key| (KeyKind::EcP256, Key::P256(Box::new(key)))),
                    Some(P384) => p384::ecdsa::VerifyingKey::from_sec1_bytes(octets)
                        .map(|key| (KeyKind::EcP384, Key::P384(Box::new(key)))),
                    Some(P521) => p521::ecdsa::VerifyingKey::from_sec1_bytes(octets)
                        .map(|key| (KeyKind::EcP521, Key::P521(Box::new(key)))),
                    _ => return Err(PublicKeyError::UnsupportedAlgorithm { algorithm, curve }),
                }
                .map_err(|_| malformed())?
            }
            RSA_ENCRYPTION | RSASSA_PSS => {
                let (bits, key) = rsa_key(octets).ok_or_else(malformed)?;
                let is_pss_only = algorithm == RSASSA_PSS;
                (KeyKind::Rsa { bits }, Key::Rsa { key: Box::new(key), is_pss_only })
            }
            ED25519 => {
                let key = ed25519_dalek::VerifyingKey::from_public_key_der(spki).map_err(|_| malformed())?;
                // With a point of small order one value verifies over many messages.
                if key.is_weak() {
                    return Err(malformed());
                }
                (KeyKind::Ed25519, Key::Ed25519(Box::new(key)))
            }
            ID_DSA => {
                let parameters =
                    dsa_key::parameters(&info).ok_or(PublicKeyError::ParametersMissing(algorithm))?;
                let (bits, key) = dsa_key::key(parameters, octets).ok_or_else(malformed)?;
                (KeyKind::Dsa { bits }, Key::Dsa(Box::new(key)))
            }
            _ => return Err(PublicKeyError::UnsupportedAlgorithm { algorithm, curve: None }),
        };
        Ok(Self { spki: spki.to_vec(), kind, key })
    }

    /// The DER it was read from.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Kind and size.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The algorithm such a key signs with by default: the digest as long as the curve, SHA-256 for RSA and DSA.
    #[must_use]
    pub const fn default_algorithm(&self) -> SignatureAlgorithm {
        match self.kind {
            KeyKind::Dsa { .. } => SignatureAlgorithm::DSA_SHA256,
            KeyKind::EcP256 => SignatureAlgorithm::ECDSA_SHA256,
            KeyKind::EcP384 => SignatureAlgorithm::ECDSA_SHA384,
            KeyKind::EcP521 => SignatureAlgorithm::ECDSA_SHA512,
            KeyKind::Ed25519 => SignatureAlgorithm::ED25519,
            KeyKind::Rsa { .. } => SignatureAlgorithm::RSA_SHA256,
        }
    }

    /// Verifies `signature` over `message`.
    ///
    /// # Errors
    /// [`VerifyError`]; that a value verifies says nothing about the algorithm being acceptable.
    pub fn verify(
        &self,
        algorithm: &SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        match algorithm.digest() {
            Some(name) => {
                let value = digest(name, message).ok_or(VerifyError::UnsupportedDigest)?;
                self.verify_digest(algorithm, &value, signature)
            }
            None => match &self.key {
                Key::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                    .and_then(|value| key.verify(message, &value))
                    .map_err(|_| VerifyError::BadSignature),
                _ => Err(VerifyError::KeyMismatch),
            },
        }
    }

    /// Verifies `signature` over a message whose digest was computed elsewhere.
    ///
    /// # Errors
    /// [`VerifyError`]; Ed25519 needs the message itself: `UnsupportedDigest`.
    pub fn verify_digest(
        &self,
        algorithm: &SignatureAlgorithm,
        value: &Digest,
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        match algorithm.digest() {
            Some(name) if name == value.algorithm() => {}
            Some(_) => return Err(VerifyError::DigestMismatch),
            None => return Err(VerifyError::UnsupportedDigest),
        }
        let octets = value.as_bytes();
        match (algorithm.scheme(), &self.key) {
            (SignatureScheme::Ecdsa, Key::P256(key)) => {
                let raw = raw_ecdsa::<32>(signature)?;
                let raw = p256::ecdsa::Signature::from_slice(&raw).map_err(|_| VerifyError::BadSignature)?;
                key.verify_prehash(&widen::<32>(octets), &raw).map_err(|_| VerifyError::BadSignature)
            }
            (SignatureScheme::Ecdsa, Key::P384(key)) => {
                let raw = raw_ecdsa::<48>(signature)?;
                let raw = p384::ecdsa::Signature::from_slice(&raw).map_err(|_| VerifyError::BadSignature)?;
                key.verify_prehash(&widen::<48>(octets), &raw).map_err(|_| VerifyError::BadSignature)
            }
            (SignatureScheme::Ecdsa, Key::P521(key)) => {
                let raw = raw_ecdsa::<66>(signature)?;
                let raw = p521::ecdsa::Signature::from_slice(&raw).map_err(|_| VerifyError::BadSignature)?;
                key.verify_prehash(&widen::<66>(octets), &raw).map_err(|_| VerifyError::BadSignature)
            }
            (SignatureScheme::Dsa, Key::Dsa(key)) => {
                // 32 octets hold the numbers of the longest q.
                let raw = raw_ecdsa::<32>(signature)?;
                if dsa_key::verifies(key, octets, &raw) { Ok(()) } else { Err(VerifyError::BadSignature) }
            }
            (SignatureScheme::RsaPkcs1, Key::Rsa { key, is_pss_only: false }) => {
                verify_pkcs1(key, value, signature)
            }
            (SignatureScheme::RsaPss { salt_len }, Key::Rsa { key, .. }) => {
                verify_pss(key, value, salt_len, signature)
            }
            _ => Err(VerifyError::KeyMismatch),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?})", self.kind)
    }
}

fn rsa_key(octets: &[u8]) -> Option<(usize, rsa::PublicKey)> {
    let (n, e) = der::asn1::AnyRef::from_der(octets)
        .and_then(|any| {
            any.sequence(|reader| Ok::<_, der::Error>((UintRef::decode(reader)?, UintRef::decode(reader)?)))
        })
        .ok()?;
    // A public exponent of more than 64 bits makes verification as slow as signing and occurs nowhere.
    let bits = n.as_bytes().len().checked_mul(8)?;
    if !(RSA_BITS.start() - 7..=*RSA_BITS.end()).contains(&bits) || e.as_bytes().len() > 8 {
        return None;
    }
    let leading = usize::try_from(n.as_bytes().first()?.leading_zeros()).ok()?;
    let modulus = rsa::BoxedUint::from_be_slice_vartime(n.as_bytes());
    let exponent = rsa::BoxedUint::from_be_slice_vartime(e.as_bytes());
    let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, RSA_BITS).ok()?;
    Some((bits - leading, key))
}

/// Pads a digest shorter than the curve's field on the left, which leaves its number as it is: P-521 takes SHA-256 too.
fn widen<const N: usize>(octets: &[u8]) -> Vec<u8> {
    let mut wide = vec![0; N.saturating_sub(octets.len())];
    wide.extend_from_slice(octets);
    wide
}

/// Reads `Ecdsa-Sig-Value` or `Dss-Sig-Value` (RFC 3279, 2.2.3 and 2.2.2) into `r || s` of N octets each.
///
/// DER only: a second encoding of the same numbers would be a second signature value that verifies, which OpenSSL and
/// Bouncy Castle refuse as well.
fn raw_ecdsa<const N: usize>(signature: &[u8]) -> Result<Vec<u8>, VerifyError> {
    let body = tlv(0x30, signature).filter(|(_, rest)| rest.is_empty()).map(|(body, _)| body);
    let (r, rest) = body.and_then(|body| tlv(0x02, body)).ok_or(VerifyError::BadSignature)?;
    let (s, rest) = tlv(0x02, rest).ok_or(VerifyError::BadSignature)?;
    let mut raw = Vec::with_capacity(2 * N);
    for number in [r, s] {
        let digits = match number {
            [0, digits @ ..] if digits.first().is_some_and(|&b| b >= 0x80) => digits,
            [1..=0x7f, ..] => number,
            _ => return Err(VerifyError::BadSignature),
        };
        if digits.len() > N {
            return Err(VerifyError::BadSignature);
        }
        raw.extend(widen::<N>(digits));
    }
    if rest.is_empty() { Ok(raw) } else { Err(VerifyError::BadSignature) }
}

/// One TLV with a minimal definite length below 256, which holds two integers of P-521: content and rest.
fn tlv(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&len, rest) = rest.split_first()?;
    let (len, rest) = match len {
        0..=0x7f => (len, rest),
        0x81 => rest.split_first().map(|(&len, rest)| (len, rest)).filter(|(len, _)| *len >= 0x80)?,
        _ => return None,
    };
    if first == tag { rest.split_at_checked(usize::from(len)) } else { None }
}

macro_rules! with_digest {
    ($algorithm:expr, $D:ident => $body:expr) => {
        match $algorithm {
            DigestAlgorithm::Sha1 => {
                type $D = sha1::Sha1;
                $body
            }
            DigestAlgorithm::Sha224 => {
                type $D = sha2::Sha224;
                $body
            }
            DigestAlgorithm::Sha256 => {
                type $D = sha2::Sha256;
                $body
            }
            DigestAlgorithm::Sha384 => {
                type $D = sha2::Sha384;
                $body
            }
            DigestAlgorithm::Sha512 => {
                type $D = sha2::Sha512;
                $body
            }
            DigestAlgorithm::Sha3_224 => {
                type $D = sha3::Sha3_224;
                $body
            }
            DigestAlgorithm::Sha3_256 => {
                type $D = sha3::Sha3_256;
                $body
            }
            DigestAlgorithm::Sha3_384 => {
                type $D = sha3::Sha3_384;
                $body
            }
            DigestAlgorithm::Sha3_512 => {
                type $D = sha3::Sha3_512;
                $body
            }
            DigestAlgorithm::Md5 => return Err(VerifyError::UnsupportedDigest),
        }
    };
}

fn verify_pkcs1(key: &rsa::PublicKey, value: &Digest, signature: &[u8]) -> Result<(), VerifyError> {
    with_digest!(value.algorithm(), D => rsa::Pkcs1v15Sign::new::<D>().verify(key, value.as_bytes(), signature))
        .map_err(|_| VerifyError::BadSignature)
}

fn verify_pss(
    key: &rsa::PublicKey,
    value: &Digest,
    salt_len: usize,
    signature: &[u8],
) -> Result<(), VerifyError> {
    with_digest!(value.algorithm(), D => rsa::Pss::<D>::new_with_salt(salt_len).verify(key, value.as_bytes(), signature))
    .map_err(|_| VerifyError::BadSignature)
}
