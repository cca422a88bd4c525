//! Who is asked during a sealing, as the sealing sees them.

use std::error::Error;

use segl_cert::{Approved, Presented, SealProfile};
use segl_crypto::Time;
use segl_key::Receipt;
use segl_x509::{Certificate, ObjectIdentifier};

/// Why a service did not do what it was asked, in its own type.
pub type ServiceError = Box<dyn Error + Send + Sync + 'static>;

/// The issuer of seal certificates: content first, certificate after the approval (S000-78, ENG-26).
pub trait Issuer {
    /// Makes the content that is shown to the holder. Nothing is reserved, generated or signed.
    ///
    /// # Errors
    /// When the profile does not build.
    fn present(&self, profile: &SealProfile) -> Result<Presented, ServiceError>;

    /// Issues what was approved for the key of this receipt, valid from the second of `not_before` on.
    ///
    /// # Errors
    /// When nothing was issued; a serial number may be used up.
    fn issue(
        &self,
        approved: Approved,
        receipt: &Receipt,
        not_before: Time,
    ) -> Result<Certificate, ServiceError>;

    /// Hears that a certificate it issued will never be let out, because its sealing ended without a seal. Does nothing unless overridden.
    ///
    /// An issuer that keeps a register says so there
    /// ([`IssuedCertificates::record_abandoned`](segl_cert::IssuedCertificates::record_abandoned)). The end of the sealing stands whether
    /// that succeeds or not: nobody has the certificate. It is not called for a seal that is withdrawn, nor after a crash; see
    /// [`Sealed::withdraw`](crate::Sealed::withdraw) and [`Recovered::serial`](crate::Recovered::serial).
    fn abandoned(&self, _certificate: &Certificate) {}

    /// The issuer's own certificate, then that of its issuer, up to and with the trust anchor.
    fn chain(&self) -> &[Certificate];
}

/// A time-stamping authority: DER of a request in, DER of a response out (RFC 3161).
///
/// What comes back is not believed: the sealing checks imprint, nonce, signer, chain and time.
pub trait Stamper {
    /// What to call it in an error.
    fn name(&self) -> &str;

    /// The policy its tokens must be issued under: asked for in the request, and a token under another one is not taken (RFC 3161,
    /// 2.4.1). `None` leaves the policy to the authority.
    fn policy(&self) -> Option<ObjectIdentifier> {
        None
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When there was no answer at all: not reached, cut off, too long.
    fn stamp(&self, request: &[u8]) -> Result<Vec<u8>, ServiceError>;
}

/// What a holder does with the certificate content shown (S000-79, S000-84).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third answer")]
pub enum Decision {
    /// Approves it, and with it the sealing.
    Approve,
    /// Declines: the process ends without key and certificate.
    Decline,
}

/// Where certificates and status information come from.
pub trait EvidenceSource {
    /// Answers one need, or `None` when it cannot be had. The answer is not believed.
    fn answer(&self, need: &segl_evidence::Need) -> Option<Vec<u8>>;
}
