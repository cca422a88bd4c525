//! Bounds on what a stranger's certificates may cost.

use segl_x509::Certificate;

/// Octets of a certificate that count once. Nearly all have less.
const ORDINARY_SIZE: usize = 4_096;

/// Limits of one search. The numbers follow the budget of the webpki crate, which met chains made to be exponential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Certificates in a path, the leaf counted and the anchor not.
    pub certificates: usize,
    /// Signatures verified. With an RSA key beyond 4 096 bits one counts for more, by the square of its size, and with P-521 for four.
    pub signatures: u32,
    /// Candidates looked at while building, and certificates gone through while checking what was built. One counts once for each
    /// 4 KiB it has: its names and extensions are read again each time.
    pub candidates: u32,
    /// Constraints gone through, for each name anew.
    pub name_comparisons: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { certificates: 16, signatures: 100, candidates: 5_000, name_comparisons: 250_000 }
    }
}

/// Which limit ended the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exhausted {
    /// [`Limits::candidates`].
    #[error("too many candidates")]
    Candidates,
    /// [`Limits::name_comparisons`].
    #[error("too many name comparisons")]
    NameComparisons,
    /// [`Limits::signatures`].
    #[error("too many signature checks")]
    Signatures,
}

/// What is left of the limits.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Limits);

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self(limits)
    }

    pub(crate) fn signature(&mut self, cost: u32) -> Result<(), Exhausted> {
        self.0.signatures = self.0.signatures.checked_sub(cost).ok_or(Exhausted::Signatures)?;
        Ok(())
    }

    pub(crate) fn candidates<'a>(
        &mut self,
        certificates: impl IntoIterator<Item = &'a Certificate>,
    ) -> Result<(), Exhausted> {
        let octets = |certificate: &Certificate| certificate.as_der().len() / ORDINARY_SIZE;
        let count: usize =
            certificates.into_iter().map(|certificate| octets(certificate).saturating_add(1)).sum();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.0.candidates = self.0.candidates.checked_sub(count).ok_or(Exhausted::Candidates)?;
        Ok(())
    }

    pub(crate) fn name_comparisons(&mut self, permitted: usize, excluded: usize) -> Result<(), Exhausted> {
        let count = u32::try_from(permitted.saturating_add(excluded)).unwrap_or(u32::MAX);
        self.0.name_comparisons =
            self.0.name_comparisons.checked_sub(count).ok_or(Exhausted::NameComparisons)?;
        Ok(())
    }
}
