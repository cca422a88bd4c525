//! Signatures already verified in this search.

use std::collections::HashMap;

use segl_crypto::{KeyKind, PublicKey};
use segl_x509::Certificate;

use crate::budget::{Budget, Exhausted};
use crate::error::Reason;

/// Remembers which signatures verify with which keys, so that a certificate met on several ways, or in several searches,
/// costs one verification per key.
///
/// It holds nothing but facts, so one memo may serve searches with any parameters. It grows with each new pair.
#[derive(Debug, Clone, Default)]
pub struct SignatureMemo {
    outcomes: HashMap<(Certificate, Vec<u8>), Result<(), Reason>>,
    /// What may still be spent in all searches; `None` without a limit.
    left: Option<u32>,
}

impl SignatureMemo {
    /// A memo that lets all its searches together verify as much anew as `signatures` tells, counted as in
    /// [`Limits::signatures`](crate::Limits::signatures). Searches beyond it are exhausted.
    pub fn limited(signatures: u32) -> Self {
        Self { outcomes: HashMap::new(), left: Some(signatures) }
    }

    /// Verifies with the key `spki`. Where that is the key of `holder`, which keeps it read, it need not be read again.
    pub(crate) fn verify(
        &mut self,
        certificate: &Certificate,
        spki: &[u8],
        holder: Option<&Certificate>,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let key = (certificate.clone(), spki.to_vec());
        if let Some(outcome) = self.outcomes.get(&key) {
            return outcome.clone();
        }
        // Only what is verified anew counts against the limits; reading a key is a part of it.
        self.spend(1, budget)?;
        let public = match holder.filter(|holder| holder.spki_der() == spki) {
            Some(holder) => holder.public_key(),
            None => PublicKey::from_spki_der(spki),
        };
        if let Ok(public) = &public {
            self.spend(cost(public.kind()).saturating_sub(1), budget)?;
        }
        let outcome =
            public.map_err(Reason::from).and_then(|public| Ok(certificate.verify_signed_by(&public)?));
        self.outcomes.insert(key, outcome.clone());
        outcome
    }

    fn spend(&mut self, cost: u32, budget: &mut Budget) -> Result<(), Exhausted> {
        budget.signature(cost)?;
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(cost).ok_or(Exhausted::Signatures)?;
        }
        Ok(())
    }
}

/// How many ordinary verifications one with such a key is worth: RSA goes with the square of the modulus, DSA with its cube.
fn cost(key: KeyKind) -> u32 {
    match key {
        KeyKind::Rsa { bits } => {
            let times = u32::try_from(bits.div_ceil(4_096)).unwrap_or(u32::MAX);
            times.saturating_mul(times).max(1)
        }
        KeyKind::EcP521 => 4,
        KeyKind::Dsa { bits: 0..=1_024 } => 4,
        KeyKind::Dsa { bits: 1_025..=2_048 } => 12,
        KeyKind::Dsa { .. } => 30,
        _ => 1,
    }
}
