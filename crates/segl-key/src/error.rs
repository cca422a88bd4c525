//! Why a step of a one-shot key was refused.

use core::fmt;

use segl_crypto::SignatureAlgorithm;

use crate::{Curve, Destroyed, KeyAttribute, TokenError, Trace, Trouble};

/// A step that was refused, together with the key, so that the key cannot be lost sight of.
///
/// `Debug` and `Display` speak of the error only.
pub struct Refusal<K, E> {
    /// The key, in the state that is left to it.
    pub key: K,
    /// Why.
    pub error: E,
}

impl<K, E: fmt::Debug> fmt::Debug for Refusal<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<K, E: fmt::Display> fmt::Display for Refusal<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<K, E: std::error::Error> std::error::Error for Refusal<K, E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

/// Why no key was made. What the device had begun was destroyed again; [`leaves_nothing`](Self::leaves_nothing) says whether that is
/// certain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError<E: TokenError> {
    /// The device did not make a key.
    #[error("the device made no key")]
    Device(#[source] E),
    /// The key does not have the protection asked for.
    #[error("the device did not obey: {}", names(.attributes))]
    Disobeyed {
        /// The attributes that are not as they must be.
        attributes: Vec<KeyAttribute>,
        /// What became of the key.
        destroyed: Result<Destroyed, DestroyError<E>>,
    },
    /// The public key the device gave is not a point on the curve asked for.
    #[error("the device gave no usable public key for {curve}")]
    PublicKey {
        /// The curve asked for.
        curve: Curve,
        /// What became of the key.
        destroyed: Result<Destroyed, DestroyError<E>>,
    },
    /// The key could not be read back.
    #[error("the key could not be read back")]
    ReadBack {
        /// The device's error.
        #[source]
        source: E,
        /// What became of the key.
        destroyed: Result<Destroyed, DestroyError<E>>,
    },
}

impl<E: TokenError> GenerateError<E> {
    /// Whether it is certain that no key is left in the device.
    #[must_use]
    pub fn leaves_nothing(&self) -> bool {
        match self {
            Self::Device(source) => source.trouble() != Trouble::KeyInDoubt,
            Self::Disobeyed { destroyed, .. }
            | Self::PublicKey { destroyed, .. }
            | Self::ReadBack { destroyed, .. } => destroyed.is_ok(),
        }
    }

    /// What became of a key that was made and not accepted; `None` when none was made.
    #[must_use]
    pub const fn destroyed(&self) -> Option<&Result<Destroyed, DestroyError<E>>> {
        match self {
            Self::Device(_) => None,
            Self::Disobeyed { destroyed, .. }
            | Self::PublicKey { destroyed, .. }
            | Self::ReadBack { destroyed, .. } => Some(destroyed),
        }
    }
}

/// Why a certificate was not bound to the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertifyError {
    /// The certificate is for another public key.
    #[error("the certificate is for another public key")]
    OtherPublicKey,
}

/// Why a key that is spent gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError<E: TokenError> {
    /// The key was activated for other octets; the device was not asked.
    #[error("the key was activated for something else")]
    ActivatedForOther,
    /// The bytes ask for another algorithm than the key's; the device was not asked.
    #[error("{asked} was asked of a key that signs {has}")]
    Algorithm {
        /// The algorithm asked for.
        asked: SignatureAlgorithm,
        /// The key's.
        has: SignatureAlgorithm,
    },
    /// The device did not sign.
    #[error("the device did not sign")]
    Device(#[source] E),
}

/// Why the destruction of a key is not confirmed. No signature value comes out then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestroyError<E: TokenError> {
    /// Destruction was accepted, and then nobody could look whether it took place.
    #[error("destruction is unconfirmed: the look-up failed")]
    LookUpFailed(#[source] E),
    /// The session or the device was lost before destruction was confirmed.
    #[error("destruction is unconfirmed: the device was lost")]
    Lost(#[source] E),
    /// The device refused to destroy the key.
    #[error("the device refused to destroy the key")]
    Refused(#[source] E),
    /// The device said that the key was destroyed, and it is still there.
    #[error("destruction is unconfirmed: the key is still in the device")]
    StillThere(Trace),
}

impl<E: TokenError> DestroyError<E> {
    pub(crate) fn from_destroy(source: E) -> Self {
        if source.trouble() == Trouble::Lost { Self::Lost(source) } else { Self::Refused(source) }
    }

    pub(crate) fn from_look_up(source: E) -> Self {
        if source.trouble() == Trouble::Lost { Self::Lost(source) } else { Self::LookUpFailed(source) }
    }
}

fn names(attributes: &[KeyAttribute]) -> String {
    attributes.iter().map(|attribute| attribute.name()).collect::<Vec<_>>().join(", ")
}
