//! Keys in memory, for tests and for the embedded TEST authority.

use core::fmt;

use ecdsa::signature::hazmat::PrehashSigner as _;
use p256::elliptic_curve::Generate as _;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{KeyKind, Prehashed, SignatureAlgorithm, SignatureScheme, SignatureValue, ToBeSigned};

/// The curve of a software key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SoftKind {
    /// NIST P-256, signs with SHA-256 by default.
    EcP256,
    /// NIST P-384, signs with SHA-384 by default.
    EcP384,
}

/// A private key in memory. It is wiped when dropped; it is no qualified device and never says so.
pub struct SoftwareKey(Inner);

enum Inner {
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
}

/// Why a software key could not be read, written or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareKeyError {
    /// The algorithm asked for is not ECDSA with a digest that is computed here.
    #[error("a software key signs with ECDSA only")]
    Algorithm,
    /// Encoding failed inside the key library.
    #[error("the key could not be encoded")]
    Encoding,
    /// Not the PKCS#8 DER of a P-256 or P-384 key.
    #[error("not a PKCS#8 key on P-256 or P-384")]
    NotAKey,
}

impl SoftwareKey {
    /// Makes a key from the caller's random numbers.
    #[must_use]
    pub fn generate<R: CryptoRng + ?Sized>(kind: SoftKind, rng: &mut R) -> Self {
        Self(match kind {
            SoftKind::EcP256 => Inner::P256(Box::new(p256::ecdsa::SigningKey::generate_from_rng(rng))),
            SoftKind::EcP384 => Inner::P384(Box::new(p384::ecdsa::SigningKey::generate_from_rng(rng))),
        })
    }

    /// Reads an unencrypted PKCS#8 key (RFC 5958).
    ///
    /// # Errors
    /// `NotAKey`.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, SoftwareKeyError> {
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(der) {
            return Ok(Self(Inner::P256(Box::new(key))));
        }
        p384::ecdsa::SigningKey::from_pkcs8_der(der)
            .map(|key| Self(Inner::P384(Box::new(key))))
            .map_err(|_| SoftwareKeyError::NotAKey)
    }

    /// Writes the key as unencrypted PKCS#8; the buffer is wiped when dropped.
    ///
    /// # Errors
    /// `Encoding`.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, SoftwareKeyError> {
        match &self.0 {
            Inner::P256(key) => key.to_pkcs8_der(),
            Inner::P384(key) => key.to_pkcs8_der(),
        }
        .map(|document| Zeroizing::new(document.as_bytes().to_vec()))
        .map_err(|_| SoftwareKeyError::Encoding)
    }

    /// The public half as the DER of a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// `Encoding`.
    pub fn public_key_spki(&self) -> Result<Vec<u8>, SoftwareKeyError> {
        match &self.0 {
            Inner::P256(key) => key.verifying_key().to_public_key_der(),
            Inner::P384(key) => key.verifying_key().to_public_key_der(),
        }
        .map(der::Document::into_vec)
        .map_err(|_| SoftwareKeyError::Encoding)
    }

    /// The kind of key.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match &self.0 {
            Inner::P256(_) => KeyKind::EcP256,
            Inner::P384(_) => KeyKind::EcP384,
        }
    }

    /// The algorithm it signs with by default.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        match &self.0 {
            Inner::P256(_) => SignatureAlgorithm::ECDSA_SHA256,
            Inner::P384(_) => SignatureAlgorithm::ECDSA_SHA384,
        }
    }

    /// Signs, deterministically (RFC 6979).
    ///
    /// # Errors
    /// `Algorithm` when `tbs` asks for anything but ECDSA with a digest of at least half the curve's size.
    pub fn sign(&self, tbs: &ToBeSigned) -> Result<SignatureValue, SoftwareKeyError> {
        if tbs.algorithm().scheme() != SignatureScheme::Ecdsa {
            return Err(SoftwareKeyError::Algorithm);
        }
        let value = tbs.digest().ok_or(SoftwareKeyError::Algorithm)?;
        self.sign_digest(value.as_bytes())
    }

    /// Signs what was digested as it was made; the value is that of [`sign`](Self::sign) over the same bytes.
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_prehashed(&self, tbs: &Prehashed) -> Result<SignatureValue, SoftwareKeyError> {
        if tbs.algorithm().scheme() != SignatureScheme::Ecdsa {
            return Err(SoftwareKeyError::Algorithm);
        }
        self.sign_digest(tbs.digest().as_bytes())
    }

    /// Signs a digest computed elsewhere, as a device with raw ECDSA does.
    ///
    /// # Errors
    /// `Algorithm` when the digest is shorter than half the curve's size.
    pub fn sign_digest(&self, octets: &[u8]) -> Result<SignatureValue, SoftwareKeyError> {
        match &self.0 {
            Inner::P256(key) => {
                let value: p256::ecdsa::Signature =
                    key.sign_prehash(octets).map_err(|_| SoftwareKeyError::Algorithm)?;
                Ok(SignatureValue::from_octets(value.to_der().as_bytes()))
            }
            Inner::P384(key) => {
                let value: p384::ecdsa::Signature =
                    key.sign_prehash(octets).map_err(|_| SoftwareKeyError::Algorithm)?;
                Ok(SignatureValue::from_octets(value.to_der().as_bytes()))
            }
        }
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftwareKey({:?}, ..)", self.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DigestAlgorithm, PublicKey, VerifyError, digest};

    fn rng() -> impl CryptoRng {
        rand_core::UnwrapErr(getrandom::SysRng)
    }

    #[test]
    fn signs_what_its_public_half_verifies() {
        for kind in [SoftKind::EcP256, SoftKind::EcP384] {
            let key = SoftwareKey::generate(kind, &mut rng());
            let tbs = ToBeSigned::new(b"to be sealed".as_slice(), key.algorithm());
            let value = key.sign(&tbs).unwrap();
            let public = PublicKey::from_spki_der(&key.public_key_spki().unwrap()).unwrap();
            public.verify(&tbs.algorithm(), tbs.as_bytes(), value.as_bytes()).unwrap();
            public.verify_digest(&tbs.algorithm(), &tbs.digest().unwrap(), value.as_bytes()).unwrap();
            assert_eq!(
                public.verify(&tbs.algorithm(), b"to be sealeD", value.as_bytes()),
                Err(VerifyError::BadSignature)
            );
            let other = digest(DigestAlgorithm::Sha512, tbs.as_bytes()).unwrap();
            assert_eq!(
                public.verify_digest(&tbs.algorithm(), &other, value.as_bytes()),
                Err(VerifyError::DigestMismatch)
            );
            let again = SoftwareKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap();
            assert_eq!(again.public_key_spki(), key.public_key_spki());
            assert_eq!(again.sign(&tbs).as_ref(), Ok(&value));
            let prehashed = Prehashed::new(tbs.digest().unwrap(), tbs.algorithm()).unwrap();
            assert_eq!(key.sign_prehashed(&prehashed), Ok(value));
        }
    }

    #[test]
    fn another_scheme_is_refused() {
        let key = SoftwareKey::generate(SoftKind::EcP256, &mut rng());
        let tbs = ToBeSigned::new(b"x".as_slice(), SignatureAlgorithm::RSA_SHA256);
        assert_eq!(key.sign(&tbs), Err(SoftwareKeyError::Algorithm));
        let prehashed = Prehashed::new(tbs.digest().unwrap(), tbs.algorithm()).unwrap();
        assert_eq!(key.sign_prehashed(&prehashed), Err(SoftwareKeyError::Algorithm));
        assert!(SoftwareKey::from_pkcs8_der(b"no key").is_err());
    }
}
