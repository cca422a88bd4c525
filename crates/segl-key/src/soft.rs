//! Keys in the memory of this process: for tests, evaluation and the embedded TEST authority.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_core::CryptoRng;
use segl_crypto::{SignatureValue, SoftKind, SoftwareKey, SoftwareKeyError, ToBeSigned};

use crate::{
    Curve, KeyAttributes, KeyId, Mechanisms, ReadBack, SecureDevice, Swept, Token, TokenDescription,
    TokenError, Trace, Trouble,
};

/// A token of software. Its keys are wiped from memory when they are destroyed; it never passes for a qualified device.
///
/// A clone is another handle on the same keys.
#[derive(Clone)]
pub struct SoftToken {
    store: Arc<Store>,
    description: TokenDescription,
}

struct Store {
    rng: Mutex<Box<dyn CryptoRng + Send>>,
    keys: Mutex<HashMap<KeyId, SoftwareKey>>,
}

impl Store {
    fn keys(&self) -> MutexGuard<'_, HashMap<KeyId, SoftwareKey>> {
        // A map of whole keys is in order whatever a thread that panicked was doing.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SoftToken {
    /// An empty token that draws keys from the caller's random numbers.
    #[must_use]
    pub fn new(rng: impl CryptoRng + Send + 'static) -> Self {
        Self {
            store: Arc::new(Store { rng: Mutex::new(Box::new(rng)), keys: Mutex::default() }),
            description: TokenDescription {
                label: "software token".into(),
                manufacturer: "segl".into(),
                model: "software".into(),
                serial: "0".into(),
                firmware: env!("CARGO_PKG_VERSION").into(),
                device: SecureDevice::Software,
            },
        }
    }

    /// How many keys it holds.
    #[must_use]
    pub fn key_count(&self) -> usize {
        self.store.keys().len()
    }
}

impl fmt::Debug for SoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftToken").field("keys", &self.key_count()).finish_non_exhaustive()
    }
}

/// A key in a [`SoftToken`]; dropping it destroys the key.
#[derive(Debug)]
pub struct SoftKey {
    token: SoftToken,
    id: KeyId,
    used: bool,
    gone: bool,
}

impl Drop for SoftKey {
    fn drop(&mut self) {
        // Once it is destroyed, another key may have come by the same identifier.
        if !self.gone {
            self.token.store.keys().remove(&self.id);
        }
    }
}

/// Why a [`SoftToken`] did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoftError {
    /// The key has been asked for its one signature before.
    #[error("the key has been used")]
    AlreadyUsed,
    /// There is a key with this identifier.
    #[error("there is a key with this identifier")]
    IdInUse,
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] SoftwareKeyError),
    /// The key is not there.
    #[error("no such key")]
    NoSuchKey,
}

impl TokenError for SoftError {
    fn trouble(&self) -> Trouble {
        Trouble::Other
    }
}

impl Token for SoftToken {
    type Key = SoftKey;
    type Error = SoftError;

    fn description(&self) -> &TokenDescription {
        &self.description
    }

    fn generate(&self, curve: Curve, id: KeyId) -> Result<SoftKey, SoftError> {
        let key = {
            let mut rng = self.store.rng.lock().unwrap_or_else(PoisonError::into_inner);
            SoftwareKey::generate(soft_kind(curve), &mut **rng)
        };
        let mut keys = self.store.keys();
        if keys.contains_key(&id) {
            return Err(SoftError::IdInUse);
        }
        keys.insert(id, key);
        Ok(SoftKey { token: self.clone(), id, used: false, gone: false })
    }

    fn read_back(&self, key: &SoftKey) -> Result<ReadBack, SoftError> {
        let spki = self.store.keys().get(&key.id).ok_or(SoftError::NoSuchKey)?.public_key_spki()?;
        // True of this token by its interface: there is no way to a private key but `sign`.
        Ok(ReadBack { spki, attributes: KeyAttributes::obedient(Mechanisms::OnlyEcdsa) })
    }

    fn sign(&self, key: &mut SoftKey, tbs: &ToBeSigned) -> Result<SignatureValue, SoftError> {
        if core::mem::replace(&mut key.used, true) {
            return Err(SoftError::AlreadyUsed);
        }
        if key.gone {
            return Err(SoftError::NoSuchKey);
        }
        Ok(self.store.keys().get(&key.id).ok_or(SoftError::NoSuchKey)?.sign(tbs)?)
    }

    fn destroy(&self, key: &mut SoftKey) -> Result<(), SoftError> {
        if core::mem::replace(&mut key.gone, true) {
            return Err(SoftError::NoSuchKey);
        }
        self.store.keys().remove(&key.id).map(drop).ok_or(SoftError::NoSuchKey)
    }

    fn look_up(&self, key: &mut SoftKey) -> Result<Trace, SoftError> {
        let present = self.store.keys().contains_key(&key.id);
        let count = usize::from(present);
        Ok(Trace { by_id: count, handle_works: present })
    }

    /// Nothing outlives the process, and what is alive in it is in use.
    fn sweep(&self) -> Result<Swept, SoftError> {
        Ok(Swept::default())
    }
}

pub(crate) const fn soft_kind(curve: Curve) -> SoftKind {
    match curve {
        Curve::P256 => SoftKind::EcP256,
        Curve::P384 => SoftKind::EcP384,
    }
}
