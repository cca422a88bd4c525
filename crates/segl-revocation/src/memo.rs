//! Verifications that were made already.

use std::sync::{Mutex, PoisonError};

use segl_x509::Certificate;

/// Outcomes that are kept for one piece. Honest material has one signer for each piece, renewed authorities a few.
const MAX_OUTCOMES: usize = 16;

/// Remembers with which certificates a signature verifies. The bytes it belongs to never change, so the outcome neither does.
pub(crate) struct Memo<E>(Mutex<Vec<Known<E>>>);

/// Signer, its issuer, and whether the signature verifies.
type Known<E> = ([Certificate; 2], Result<(), E>);

impl<E: Clone> Memo<E> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The outcome for a signer and its issuer; `verify` is run when they were not met before.
    pub(crate) fn outcome(
        &self,
        signer: &Certificate,
        issuer: &Certificate,
        verify: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, outcome)) = known.iter().find(|([one, two], _)| one == signer && two == issuer) {
            return outcome.clone();
        }
        drop(known);
        let outcome = verify();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_OUTCOMES {
            known.push(([signer.clone(), issuer.clone()], outcome.clone()));
        }
        outcome
    }
}
