//! Keys that live long: of issuers, time-stamp units and responders.

use core::fmt;
use std::sync::Arc;

use segl_crypto::{KeyKind, Prehashed, SignatureAlgorithm, SignatureValue, ToBeSigned};
#[cfg(feature = "soft")]
use segl_crypto::{SoftwareKey, SoftwareKeyError};

#[cfg(feature = "soft")]
use crate::Curve;
#[cfg(feature = "pkcs11")]
use crate::pkcs11::{Asked, LongLivedKey, Pkcs11Error, Pkcs11Token};
use crate::{KeyAttribute, KeyAttributes, SecureDevice, TokenDescription};

/// A key that signs again and again: an issuer's, a time-stamp unit's or a responder's, in memory or in a PKCS#11 token.
///
/// It signs whatever it is given; what may be signed is decided by whoever holds it. A clone is another handle on the same key, to be
/// used from any thread.
#[derive(Clone)]
pub struct AuthorityKey {
    place: Place,
    spki: Arc<[u8]>,
    kind: KeyKind,
    algorithm: SignatureAlgorithm,
}

#[derive(Clone)]
enum Place {
    #[cfg(feature = "soft")]
    Soft(Arc<SoftwareKey>),
    #[cfg(feature = "pkcs11")]
    Pkcs11(Arc<LongLivedKey>),
}

/// Why an authority's key could not be had or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityKeyError {
    /// The bytes ask for another algorithm than the key's.
    #[error("{asked} was asked of a key that signs {has}")]
    Algorithm {
        /// The algorithm asked for.
        asked: SignatureAlgorithm,
        /// The key's.
        has: SignatureAlgorithm,
    },
    /// The device made a key without the protection asked for; it was destroyed again.
    #[error("the device did not obey: {attributes:?}")]
    Disobeyed {
        /// The attributes that are not as they must be.
        attributes: Vec<KeyAttribute>,
    },
    /// The device did not do what it was asked.
    #[cfg(feature = "pkcs11")]
    #[error(transparent)]
    Pkcs11(#[from] Pkcs11Error),
    /// The software key could not be read, written or used.
    #[cfg(feature = "soft")]
    #[error(transparent)]
    Soft(#[from] SoftwareKeyError),
}

#[cfg(feature = "soft")]
impl AuthorityKey {
    /// Makes a key in memory from the caller's random numbers.
    ///
    /// # Errors
    /// When the key library fails to encode what it made.
    pub fn generate_soft(
        curve: Curve,
        rng: &mut impl rand_core::CryptoRng,
    ) -> Result<Self, AuthorityKeyError> {
        Self::from_soft(SoftwareKey::generate(crate::soft::soft_kind(curve), rng))
    }

    /// Reads an unencrypted PKCS#8 key on P-256 or P-384 (RFC 5958).
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, AuthorityKeyError> {
        Self::from_soft(SoftwareKey::from_pkcs8_der(der)?)
    }

    /// Writes a key in memory as unencrypted PKCS#8; `None` for a key in a device, which does not leave it.
    ///
    /// # Errors
    /// When the key library fails to encode it.
    pub fn to_pkcs8_der(&self) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, AuthorityKeyError> {
        match &self.place {
            Place::Soft(key) => Ok(Some(key.to_pkcs8_der()?)),
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(_) => Ok(None),
        }
    }

    fn from_soft(key: SoftwareKey) -> Result<Self, AuthorityKeyError> {
        let curve = match key.kind() {
            KeyKind::EcP256 => Curve::P256,
            KeyKind::EcP384 => Curve::P384,
            _ => return Err(SoftwareKeyError::NotAKey.into()),
        };
        let spki = key.public_key_spki()?.into();
        let (kind, algorithm) = (curve.kind(), curve.algorithm());
        Ok(Self { place: Place::Soft(Arc::new(key)), spki, kind, algorithm })
    }
}

#[cfg(feature = "pkcs11")]
impl AuthorityKey {
    /// Makes a key in a token, to stay there: private, sensitive, not extractable, for signing only. Making an RSA key (2 048 to 8 192
    /// bits) takes seconds.
    ///
    /// # Errors
    /// `Disobeyed`, or `Pkcs11` when the device cannot make such keys, the label is reserved, label and identifier are taken, or the device fails.
    pub fn generate_pkcs11(
        token: &Pkcs11Token,
        kind: impl Into<KeyKind>,
        label: &str,
        id: &[u8],
    ) -> Result<Self, AuthorityKeyError> {
        Ok(Self::from_long_lived(LongLivedKey::generate(token, kind.into(), label, id)?))
    }

    /// Finds a key in a token by label (`CKA_LABEL`) and identifier (`CKA_ID`). How well it is protected is told by
    /// [`attributes`](Self::attributes) and not judged here.
    ///
    /// # Errors
    /// `Pkcs11` when there is none, there are several, or it is not RSA, on P-256, P-384 or P-521, or Ed25519.
    pub fn find_pkcs11(token: &Pkcs11Token, label: &str, id: &[u8]) -> Result<Self, AuthorityKeyError> {
        Ok(Self::from_long_lived(LongLivedKey::find(token, label, id)?))
    }

    fn from_long_lived(key: LongLivedKey) -> Self {
        let (kind, spki) = (key.kind(), key.spki_der().into());
        Self { spki, kind, algorithm: default_algorithm(kind), place: Place::Pkcs11(Arc::new(key)) }
    }
}

impl AuthorityKey {
    /// Signs.
    ///
    /// # Errors
    /// `Algorithm`, and the device's own.
    pub fn sign(&self, tbs: &ToBeSigned) -> Result<SignatureValue, AuthorityKeyError> {
        self.check(tbs.algorithm())?;
        match self.place {
            #[cfg(feature = "soft")]
            Place::Soft(ref key) => Ok(key.sign(tbs)?),
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(ref key) => Ok(key.sign(Asked::Bytes(tbs))?),
        }
    }

    /// Signs what was digested as it was made, such as a CRL too long to be held. An Ed25519 key signs nothing so: it has no digest that
    /// a [`Prehashed`] could hold.
    ///
    /// # Errors
    /// `Algorithm`, and the device's own.
    pub fn sign_prehashed(&self, tbs: &Prehashed) -> Result<SignatureValue, AuthorityKeyError> {
        self.check(tbs.algorithm())?;
        match self.place {
            #[cfg(feature = "soft")]
            Place::Soft(ref key) => Ok(key.sign_prehashed(tbs)?),
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(ref key) => Ok(key.sign(Asked::Digest(tbs))?),
        }
    }

    fn check(&self, asked: SignatureAlgorithm) -> Result<(), AuthorityKeyError> {
        let has = self.algorithm;
        if asked == has { Ok(()) } else { Err(AuthorityKeyError::Algorithm { asked, has }) }
    }

    /// The public key: SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Kind and size.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The one algorithm it signs with: for RSA PKCS#1 with SHA-256 unless another was chosen ([`signing_with`](Self::signing_with)).
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The same key, to sign with another algorithm: for an RSA key in a device PKCS#1 or PSS, with SHA-256, SHA-384 or SHA-512 and
    /// a salt for which there is room. Every other key has one algorithm only.
    ///
    /// # Errors
    /// `Algorithm`.
    pub fn signing_with(mut self, algorithm: SignatureAlgorithm) -> Result<Self, AuthorityKeyError> {
        let fits = match &self.place {
            #[cfg(feature = "soft")]
            Place::Soft(_) => algorithm == self.algorithm,
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(key) => key.can_sign(algorithm),
        };
        if !fits {
            return Err(AuthorityKeyError::Algorithm { asked: algorithm, has: self.algorithm });
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// Where the key is.
    #[must_use]
    pub fn device(&self) -> SecureDevice {
        match self.place {
            #[cfg(feature = "soft")]
            Place::Soft(_) => SecureDevice::Software,
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(ref key) => key.description().device,
        }
    }

    /// The token it is in; `None` for a key in memory.
    #[must_use]
    pub fn token(&self) -> Option<&TokenDescription> {
        match &self.place {
            #[cfg(feature = "soft")]
            Place::Soft(_) => None,
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(key) => Some(key.description()),
        }
    }

    /// Its protection as the device gave it; `None` for a key in memory, which has none.
    #[must_use]
    pub fn attributes(&self) -> Option<&KeyAttributes> {
        match &self.place {
            #[cfg(feature = "soft")]
            Place::Soft(_) => None,
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(key) => Some(key.attributes()),
        }
    }
}

impl fmt::Debug for AuthorityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorityKey")
            .field("kind", &self.kind)
            .field("device", &self.device())
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "pkcs11")]
const fn default_algorithm(kind: KeyKind) -> SignatureAlgorithm {
    match kind {
        KeyKind::EcP256 => SignatureAlgorithm::ECDSA_SHA256,
        KeyKind::EcP384 => SignatureAlgorithm::ECDSA_SHA384,
        KeyKind::EcP521 => SignatureAlgorithm::ECDSA_SHA512,
        KeyKind::Ed25519 => SignatureAlgorithm::ED25519,
        _ => SignatureAlgorithm::RSA_SHA256,
    }
}
