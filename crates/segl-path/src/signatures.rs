//! Signatures already verified in this search.

use std::collections::HashMap;

use segl_crypto::PublicKey;
use segl_x509::Certificate;

use crate::budget::Budget;
use crate::error::Reason;

/// Remembers outcomes, so that a certificate met on several ways costs one verification per key.
#[derive(Default)]
pub(crate) struct Signatures {
    outcomes: HashMap<(Certificate, Vec<u8>), Result<(), Reason>>,
}

impl Signatures {
    pub(crate) fn verify(
        &mut self,
        certificate: &Certificate,
        spki: &[u8],
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let key = (certificate.clone(), spki.to_vec());
        if let Some(outcome) = self.outcomes.get(&key) {
            return outcome.clone();
        }
        budget.signature()?;
        let outcome = PublicKey::from_spki_der(spki)
            .map_err(Reason::from)
            .and_then(|public| Ok(certificate.verify_signed_by(&public)?));
        self.outcomes.insert(key, outcome.clone());
        outcome
    }
}
