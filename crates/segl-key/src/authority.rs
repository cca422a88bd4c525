//! Keys that live long: of issuers, time-stamp units and responders.

use core::fmt;
use std::sync::Arc;

#[cfg(feature = "soft")]
use segl_crypto::{KeyKind, SoftwareKey, SoftwareKeyError};
use segl_crypto::{SignatureAlgorithm, SignatureValue, ToBeSigned};

#[cfg(feature = "pkcs11")]
use crate::pkcs11::{LongLivedKey, Pkcs11Error, Pkcs11Token};
use crate::{Curve, KeyAttribute, KeyAttributes, SecureDevice, TokenDescription};

/// A key that signs again and again: an issuer's, a time-stamp unit's or a responder's, in memory or in a PKCS#11 token.
///
/// It signs whatever it is given; what may be signed is decided by whoever holds it. A clone is another handle on the same key, to be
/// used from any thread.
#[derive(Clone)]
pub struct AuthorityKey {
    place: Place,
    spki: Arc<[u8]>,
    curve: Curve,
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
        Ok(Self { place: Place::Soft(Arc::new(key)), spki, curve })
    }
}

#[cfg(feature = "pkcs11")]
impl AuthorityKey {
    /// Makes a key in a token, to stay there: private, sensitive, not extractable, for signing only.
    ///
    /// # Errors
    /// `Disobeyed`, or `Pkcs11` when the label is reserved, label and identifier are taken, or the device fails.
    pub fn generate_pkcs11(
        token: &Pkcs11Token,
        curve: Curve,
        label: &str,
        id: &[u8],
    ) -> Result<Self, AuthorityKeyError> {
        Ok(Self::from_long_lived(LongLivedKey::generate(token, curve, label, id)?))
    }

    /// Finds a key in a token by label (`CKA_LABEL`) and identifier (`CKA_ID`). How well it is protected is told by
    /// [`attributes`](Self::attributes) and not judged here.
    ///
    /// # Errors
    /// `Pkcs11` when there is none, there are several, or it is not on P-256 or P-384.
    pub fn find_pkcs11(token: &Pkcs11Token, label: &str, id: &[u8]) -> Result<Self, AuthorityKeyError> {
        Ok(Self::from_long_lived(LongLivedKey::find(token, label, id)?))
    }

    fn from_long_lived(key: LongLivedKey) -> Self {
        Self { spki: key.spki_der().into(), curve: key.curve(), place: Place::Pkcs11(Arc::new(key)) }
    }
}

impl AuthorityKey {
    /// Signs.
    ///
    /// # Errors
    /// `Algorithm`, and the device's own.
    pub fn sign(&self, tbs: &ToBeSigned) -> Result<SignatureValue, AuthorityKeyError> {
        let has = self.algorithm();
        if tbs.algorithm() != has {
            return Err(AuthorityKeyError::Algorithm { asked: tbs.algorithm(), has });
        }
        match self.place {
            #[cfg(feature = "soft")]
            Place::Soft(ref key) => Ok(key.sign(tbs)?),
            #[cfg(feature = "pkcs11")]
            Place::Pkcs11(ref key) => Ok(key.sign(tbs)?),
        }
    }

    /// The public key: SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The curve.
    #[must_use]
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// The one algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.curve.algorithm()
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
            .field("curve", &self.curve)
            .field("device", &self.device())
            .finish_non_exhaustive()
    }
}
