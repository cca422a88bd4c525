//! Signature algorithms and their identifiers.

use core::fmt;

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, ContextSpecific, Null};
use der::{Decode, Encode, Reader, Sequence, Tagged};
use spki::AlgorithmIdentifierRef;

use crate::DigestAlgorithm;
use crate::dsa::ID_DSA;

/// How a digest, or a message, is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// DSA, FIPS 186-4, verified in old signatures only; values are DER `Dss-Sig-Value`.
    Dsa,
    /// ECDSA, FIPS 186-5; values are DER `Ecdsa-Sig-Value`.
    Ecdsa,
    /// Ed25519, RFC 8032: hashes inside.
    Ed25519,
    /// RSASSA-PKCS1-v1_5, RFC 8017, 8.2.
    RsaPkcs1,
    /// RSASSA-PSS, RFC 8017, 8.1, with MGF1 over the same digest algorithm.
    RsaPss {
        /// Length of the salt in octets.
        salt_len: usize,
    },
}

/// A signature algorithm: scheme and digest algorithm, as one identifier in X.509 or one pair in CMS names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignatureAlgorithm {
    scheme: SignatureScheme,
    digest: Option<DigestAlgorithm>,
}

/// Why an AlgorithmIdentifier does not name a signature algorithm that can be verified here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// The identifier names a key or scheme only and no digest algorithm was given beside it (`rsaEncryption` in a SignerInfo).
    #[error("algorithm {0} does not name its digest algorithm and none was given beside it")]
    DigestMissing(ObjectIdentifier),
    /// PSS parameters that cannot be honoured: another trailer field, MGF1 over another digest, a salt over 1 024 octets.
    #[error("RSASSA-PSS parameters that are not supported: {0}")]
    PssParameters(&'static str),
    /// Not the DER of an AlgorithmIdentifier.
    #[error("not an AlgorithmIdentifier: {0}")]
    Syntax(#[from] der::Error),
    /// An algorithm that is not verified here.
    #[error("signature algorithm {0} is not supported")]
    Unsupported(ObjectIdentifier),
}

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// In octets. Salts are as long as digests, at most 64; the longest modulus read here, 16 384 bits, has room for twice this.
const MAX_SALT: usize = 1_024;

/// The identifiers that name scheme and digest at once (RFC 3279, RFC 4055, RFC 5758, NIST CSOR for DSA and SHA-3).
const NAMED: [(ObjectIdentifier, SignatureScheme, DigestAlgorithm); 29] = {
    use DigestAlgorithm::*;
    use SignatureScheme::{Dsa, Ecdsa, RsaPkcs1};
    const fn oid(text: &str) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(text)
    }
    [
        (oid("1.2.840.113549.1.1.4"), RsaPkcs1, Md5),
        (oid("1.2.840.113549.1.1.5"), RsaPkcs1, Sha1),
        (oid("1.3.14.3.2.29"), RsaPkcs1, Sha1),
        (oid("1.2.840.113549.1.1.14"), RsaPkcs1, Sha224),
        (oid("1.2.840.113549.1.1.11"), RsaPkcs1, Sha256),
        (oid("1.2.840.113549.1.1.12"), RsaPkcs1, Sha384),
        (oid("1.2.840.113549.1.1.13"), RsaPkcs1, Sha512),
        (oid("2.16.840.1.101.3.4.3.13"), RsaPkcs1, Sha3_224),
        (oid("2.16.840.1.101.3.4.3.14"), RsaPkcs1, Sha3_256),
        (oid("2.16.840.1.101.3.4.3.15"), RsaPkcs1, Sha3_384),
        (oid("2.16.840.1.101.3.4.3.16"), RsaPkcs1, Sha3_512),
        (oid("1.2.840.10045.4.1"), Ecdsa, Sha1),
        (oid("1.2.840.10045.4.3.1"), Ecdsa, Sha224),
        (oid("1.2.840.10045.4.3.2"), Ecdsa, Sha256),
        (oid("1.2.840.10045.4.3.3"), Ecdsa, Sha384),
        (oid("1.2.840.10045.4.3.4"), Ecdsa, Sha512),
        (oid("2.16.840.1.101.3.4.3.9"), Ecdsa, Sha3_224),
        (oid("2.16.840.1.101.3.4.3.10"), Ecdsa, Sha3_256),
        (oid("2.16.840.1.101.3.4.3.11"), Ecdsa, Sha3_384),
        (oid("2.16.840.1.101.3.4.3.12"), Ecdsa, Sha3_512),
        (oid("1.2.840.10040.4.3"), Dsa, Sha1),
        (oid("2.16.840.1.101.3.4.3.1"), Dsa, Sha224),
        (oid("2.16.840.1.101.3.4.3.2"), Dsa, Sha256),
        (oid("2.16.840.1.101.3.4.3.3"), Dsa, Sha384),
        (oid("2.16.840.1.101.3.4.3.4"), Dsa, Sha512),
        (oid("2.16.840.1.101.3.4.3.5"), Dsa, Sha3_224),
        (oid("2.16.840.1.101.3.4.3.6"), Dsa, Sha3_256),
        (oid("2.16.840.1.101.3.4.3.7"), Dsa, Sha3_384),
        (oid("2.16.840.1.101.3.4.3.8"), Dsa, Sha3_512),
    ]
};

impl SignatureAlgorithm {
    /// DSA with SHA-256.
    pub const DSA_SHA256: Self = Self { scheme: SignatureScheme::Dsa, digest: Some(DigestAlgorithm::Sha256) };
    /// ECDSA with SHA-256, the default of P-256 keys.
    pub const ECDSA_SHA256: Self =
        Self { scheme: SignatureScheme::Ecdsa, digest: Some(DigestAlgorithm::Sha256) };
    /// ECDSA with SHA-384, the default of P-384 keys.
    pub const ECDSA_SHA384: Self =
        Self { scheme: SignatureScheme::Ecdsa, digest: Some(DigestAlgorithm::Sha384) };
    /// ECDSA with SHA-512, the default of P-521 keys.
    pub const ECDSA_SHA512: Self =
        Self { scheme: SignatureScheme::Ecdsa, digest: Some(DigestAlgorithm::Sha512) };
    /// Ed25519.
    pub const ED25519: Self = Self { scheme: SignatureScheme::Ed25519, digest: None };
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub const RSA_SHA256: Self =
        Self { scheme: SignatureScheme::RsaPkcs1, digest: Some(DigestAlgorithm::Sha256) };

    /// Joins a scheme and a digest algorithm; Ed25519 has none and any other scheme needs one.
    #[must_use]
    pub fn new(scheme: SignatureScheme, digest: Option<DigestAlgorithm>) -> Option<Self> {
        ((scheme == SignatureScheme::Ed25519) == digest.is_none()).then_some(Self { scheme, digest })
    }

    /// Reads the DER of an AlgorithmIdentifier.
    ///
    /// `beside` is the digest algorithm that stands next to it in a SignerInfo: it is used only where the identifier names none
    /// (`rsaEncryption`, `id-ecPublicKey`, `id-dsa`).
    ///
    /// # Errors
    /// [`AlgorithmError`]; an unknown identifier is `Unsupported`, not a syntax error.
    pub fn from_der(der: &[u8], beside: Option<DigestAlgorithm>) -> Result<Self, AlgorithmError> {
        let identifier = AlgorithmIdentifierRef::from_der(der)?;
        let oid = identifier.oid;
        if let Some(&(_, scheme, digest)) = NAMED.iter().find(|(named, ..)| *named == oid) {
            return Ok(Self { scheme, digest: Some(digest) });
        }
        let with_beside = |scheme| match beside {
            Some(digest) => Ok(Self { scheme, digest: Some(digest) }),
            None => Err(AlgorithmError::DigestMissing(oid)),
        };
        match oid {
            RSA_ENCRYPTION => with_beside(SignatureScheme::RsaPkcs1),
            EC_PUBLIC_KEY => with_beside(SignatureScheme::Ecdsa),
            ID_DSA => with_beside(SignatureScheme::Dsa),
            RSASSA_PSS => pss(identifier.parameters),
            ED25519 => Ok(Self::ED25519),
            _ => Err(AlgorithmError::Unsupported(oid)),
        }
    }

    /// The DER of the AlgorithmIdentifier: parameters absent for DSA, ECDSA and Ed25519, NULL for PKCS#1, explicit for PSS.
    ///
    /// Empty where there is no identifier: for DSA and ECDSA with MD5, and for a PSS salt of more than 65 535 octets. Nothing here signs so.
    #[must_use]
    pub fn to_der(self) -> Vec<u8> {
        self.encode().unwrap_or_default()
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(self) -> SignatureScheme {
        self.scheme
    }

    /// The digest algorithm; `None` for Ed25519, which hashes inside (SHA-512).
    #[must_use]
    pub const fn digest(self) -> Option<DigestAlgorithm> {
        self.digest
    }

    fn encode(self) -> Option<Vec<u8>> {
        if let SignatureScheme::RsaPss { salt_len } = self.scheme {
            return encode_pss(self.digest?, salt_len).ok();
        }
        let oid = match self.scheme {
            SignatureScheme::Ed25519 => ED25519,
            scheme => NAMED.iter().find(|(_, s, d)| *s == scheme && Some(*d) == self.digest)?.0,
        };
        let parameters = (self.scheme == SignatureScheme::RsaPkcs1).then_some(AnyRef::NULL);
        AlgorithmIdentifierRef { oid, parameters }.to_der().ok()
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            SignatureScheme::Dsa => "DSA",
            SignatureScheme::Ecdsa => "ECDSA",
            SignatureScheme::Ed25519 => "Ed25519",
            SignatureScheme::RsaPkcs1 => "RSA",
            SignatureScheme::RsaPss { .. } => "RSA-PSS",
        };
        f.write_str(scheme)?;
        match self.digest {
            Some(digest) => write!(f, " with {digest}"),
            None => Ok(()),
        }
    }
}

/// RSASSA-PSS-params (RFC 4055, 3.1) read by hand: every field has a default and the defaults are SHA-1.
fn pss(parameters: Option<AnyRef<'_>>) -> Result<SignatureAlgorithm, AlgorithmError> {
    let mut hash = DigestAlgorithm::Sha1;
    let mut mask = DigestAlgorithm::Sha1;
    let mut salt_len = 20usize;
    if let Some(parameters) = parameters {
        parameters.sequence(|reader| -> Result<(), der::Error> {
            while !reader.is_finished() {
                let field = AnyRef::decode(reader)?;
                let number = field.tag().number().value();
                match number {
                    0 => hash = digest_of(field.value())?,
                    1 => mask = mask_of(field.value())?,
                    2 => {
                        salt_len = usize::from(u16::from_der(field.value())?);
                    }
                    _ if u8::from_der(field.value())? == 1 => {}
                    _ => return Err(field.tag().value_error().into()),
                }
            }
            Ok(())
        })?;
    }
    if mask != hash {
        return Err(AlgorithmError::PssParameters("MGF1 uses another digest algorithm"));
    }
    if salt_len > MAX_SALT {
        return Err(AlgorithmError::PssParameters("the salt is longer than 1024 octets"));
    }
    Ok(SignatureAlgorithm { scheme: SignatureScheme::RsaPss { salt_len }, digest: Some(hash) })
}

fn digest_of(identifier: &[u8]) -> Result<DigestAlgorithm, der::Error> {
    let identifier = AlgorithmIdentifierRef::from_der(identifier)?;
    DigestAlgorithm::from_oid(&identifier.oid)
        .ok_or_else(|| der::ErrorKind::OidUnknown { oid: identifier.oid }.into())
}

fn mask_of(identifier: &[u8]) -> Result<DigestAlgorithm, der::Error> {
    let identifier = AlgorithmIdentifierRef::from_der(identifier)?;
    match identifier.parameters {
        Some(parameters) if identifier.oid == MGF1 => digest_of(&parameters.to_der()?),
        _ => Err(der::ErrorKind::OidUnknown { oid: identifier.oid }.into()),
    }
}

#[derive(Sequence)]
struct PssParams<'a> {
    hash: ContextSpecific<AlgorithmIdentifierRef<'a>>,
    mask: ContextSpecific<AlgorithmIdentifierRef<'a>>,
    salt_len: ContextSpecific<u16>,
}

fn encode_pss(digest: DigestAlgorithm, salt_len: usize) -> Result<Vec<u8>, der::Error> {
    use der::{TagMode, TagNumber};
    let hash = AlgorithmIdentifierRef { oid: digest.oid(), parameters: Some(Null.into()) };
    let hash_der = hash.to_der()?;
    let mask = AlgorithmIdentifierRef { oid: MGF1, parameters: Some(AnyRef::from_der(&hash_der)?) };
    let explicit = TagMode::Explicit;
    let salt_len = u16::try_from(salt_len).map_err(|_| der::ErrorKind::Overflow)?;
    let parameters = PssParams {
        hash: ContextSpecific { tag_number: TagNumber(0), tag_mode: explicit, value: hash },
        mask: ContextSpecific { tag_number: TagNumber(1), tag_mode: explicit, value: mask },
        salt_len: ContextSpecific { tag_number: TagNumber(2), tag_mode: explicit, value: salt_len },
    }
    .to_der()?;
    AlgorithmIdentifierRef { oid: RSASSA_PSS, parameters: Some(AnyRef::from_der(&parameters)?) }.to_der()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_round_trip() {
        for (oid, scheme, digest) in NAMED {
            let algorithm = SignatureAlgorithm { scheme, digest: Some(digest) };
            let read = SignatureAlgorithm::from_der(&algorithm.to_der(), None).unwrap();
            assert_eq!(read, algorithm, "{oid}");
        }
        let pss =
            SignatureAlgorithm::new(SignatureScheme::RsaPss { salt_len: 48 }, Some(DigestAlgorithm::Sha384))
                .unwrap();
        assert_eq!(SignatureAlgorithm::from_der(&pss.to_der(), None).unwrap(), pss);
        assert_eq!(SignatureAlgorithm::ED25519.to_der(), hex::decode("300506032b6570").unwrap());
        assert_eq!(
            SignatureAlgorithm::ECDSA_SHA256.to_der(),
            hex::decode("300a06082a8648ce3d040302").unwrap()
        );
    }

    #[test]
    fn a_bare_key_algorithm_takes_the_digest_beside_it() {
        let rsa = hex::decode("300d06092a864886f70d0101010500").unwrap();
        assert_eq!(
            SignatureAlgorithm::from_der(&rsa, Some(DigestAlgorithm::Sha512)).unwrap().digest(),
            Some(DigestAlgorithm::Sha512)
        );
        assert_eq!(
            SignatureAlgorithm::from_der(&rsa, None),
            Err(AlgorithmError::DigestMissing(RSA_ENCRYPTION))
        );
    }

    #[test]
    fn pss_defaults_are_sha1_and_20() {
        let bare = hex::decode("300d06092a864886f70d01010a3000").unwrap();
        let read = SignatureAlgorithm::from_der(&bare, None).unwrap();
        assert_eq!(read.scheme(), SignatureScheme::RsaPss { salt_len: 20 });
        assert_eq!(read.digest(), Some(DigestAlgorithm::Sha1));
    }

    #[test]
    fn strangers_and_rubbish_are_told_apart() {
        let ed448 = hex::decode("300506032b6571").unwrap();
        assert!(matches!(SignatureAlgorithm::from_der(&ed448, None), Err(AlgorithmError::Unsupported(_))));
        assert!(matches!(SignatureAlgorithm::from_der(&[0x30, 0x80], None), Err(AlgorithmError::Syntax(_))));
    }
}
