//! The word that one key may sign one thing.

use core::fmt;

use segl_crypto::{ToBeSigned, sha256};

use crate::KeyId;

/// The subscriber's word that one key may sign one thing: bound to the session, the key and the digest of what is to be signed
/// (S000-86; Regulation 910/2014, Articles 26(c) and 36(c)).
///
/// Whoever speaks for the subscriber makes it when everything is known, and [`activate`](crate::OneShotKey::activate) uses it up: it
/// cannot be copied. It is a binding and no secret; that it comes from the right one is for whoever carries it.
///
/// `Debug` leaves out the digest (S000-64).
#[derive(PartialEq, Eq)]
pub struct Activation {
    session: [u8; 16],
    key: KeyId,
    tbs_sha256: [u8; 32],
}

impl Activation {
    /// For the key of this session to sign these octets.
    #[must_use]
    pub fn new(session: [u8; 16], key: KeyId, tbs: &ToBeSigned) -> Self {
        Self { session, key, tbs_sha256: sha256(tbs.as_bytes()) }
    }

    pub(crate) fn check(&self, session: [u8; 16], key: KeyId) -> Result<(), ActivateError> {
        if self.session != session {
            return Err(ActivateError::OtherSession);
        }
        if self.key != key {
            return Err(ActivateError::OtherKey);
        }
        Ok(())
    }

    pub(crate) fn is_for(&self, tbs: &ToBeSigned) -> bool {
        self.tbs_sha256 == sha256(tbs.as_bytes())
    }
}

impl fmt::Debug for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activation").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Why a key was not activated. It may be tried again with another activation, or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActivateError {
    /// The activation is for another key.
    #[error("the activation is for another key")]
    OtherKey,
    /// The activation is for another session.
    #[error("the activation is for another session")]
    OtherSession,
}
