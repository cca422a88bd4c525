//! Signatures already verified in this search.

use std::collections::HashMap;

use segl_crypto::PublicKey;
use segl_x509::Certificate;

use crate::budget::Budget;
use crate::error::Reason;

/// Remembers which signatures verify with which keys, so that a certificate met on several ways, or in several searches,
/// costs one verification per key.
///
/// It holds nothing but facts, so one memo may serve searches with any parameters. It grows with each new pair.
#[derive(Debug, Clone, Default)]
pub struct SignatureMemo {
    outcomes: HashMap<(Certificate, Vec<u8>), Result<(), Reason>>,
}

impl SignatureMemo {
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
        // Only what is verified anew counts against the limit.
        budget.signature()?;
        let outcome = PublicKey::from_spki_der(spki)
            .map_err(Reason::from)
            .and_then(|public| Ok(certificate.verify_signed_by(&public)?));
        self.outcomes.insert(key, outcome.clone());
        outcome
    }
}
