//! What is to be done, and with whose help.

use core::time::Duration;

use segl_ades::Level;
use segl_cert::{CertificateContent, SealProfile};
use segl_crypto::Time;
use segl_key::{Curve, Receipt};
use segl_x509::Certificate;

use crate::{EvidenceSource, Issuer, Stamper};

/// What the caller asks for: one seal.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "a missing part must not compile")]
pub struct Order {
    /// The certificate to be issued.
    pub profile: SealProfile,
    /// The curve of the one-shot key; the profile's key must be the same.
    pub curve: Curve,
    /// The level. What was asked for is reached, or there is no seal.
    pub level: Level,
}

/// Who helps with a sealing, and the limits it keeps.
///
/// All of it are arguments: the sealing has no clock, no network and no randomness of its own.
#[allow(clippy::exhaustive_structs, reason = "a missing part must not compile")]
pub struct Helpers<'a> {
    /// The issuer of the certificate.
    pub issuer: &'a dyn Issuer,
    /// Time-stamping authorities, tried in this order; the local clock never stands in for one (ENG-05).
    pub stampers: &'a [&'a dyn Stamper],
    /// The certificates that chains of time-stamp units and of the issuer must end in.
    pub anchors: &'a segl_path::Anchors,
    /// Where status information and missing certificates come from.
    pub evidence: &'a dyn EvidenceSource,
    /// The clock of this process.
    pub clock: &'a dyn Fn() -> Time,
    /// Called after every stamper has failed, with the number of rounds made: waits, and says whether to try again.
    pub retry: &'a dyn Fn(u32) -> bool,
    /// How far clocks may differ.
    pub tolerances: Tolerances,
}

/// How far the clocks of the helpers may differ, and how long a key may live that has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a few numbers")]
pub struct Tolerances {
    /// How long before the present the validity of the certificate begins: the tolerance of the issuer's and the time-stamp unit's
    /// clocks together, so that no time-stamp falls before it.
    pub backdating: Duration,
    /// How far the time in a token may be from the clock of this process (ENG-07).
    pub token: Duration,
    /// How long after it was asked to sign a key may be confirmed destroyed (S000-20). A seal whose key took longer is withheld.
    pub destruction: Duration,
}

impl Default for Tolerances {
    /// Two seconds and one minute: one second for each of two clocks, and the limit at which a client refuses. Ten seconds for the
    /// key, which in memory takes microseconds and in a device over a network well below a second.
    fn default() -> Self {
        Self {
            backdating: Duration::from_secs(2),
            token: Duration::from_secs(60),
            destruction: Duration::from_secs(10),
        }
    }
}

/// What happens, as it happens: for a progress line or a trace. It tells nothing of the document.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The certificate content was presented.
    Presented(&'a CertificateContent),
    /// The certification of the device holds, and the assessment of its vulnerabilities is overdue since then (Regulation 910/2014,
    /// Article 30(3a)).
    DeviceAssessmentDue(Time),
    /// The holder approved it.
    Approved,
    /// The one-shot key is made.
    KeyMade(&'a Receipt),
    /// The certificate is issued.
    Certified(&'a Certificate),
    /// The key has signed.
    Signed,
    /// The key is destroyed and the device confirmed it, so long after the signature was asked for.
    KeyDestroyed(Duration),
    /// The seal has its time-stamp.
    TimeStamped {
        /// The time in the token.
        time: Time,
        /// The authority's name, as its [`Stamper`] gives it.
        authority: &'a str,
    },
    /// A time-stamping authority did not give a token that fits, and the next one is tried.
    StamperFailed {
        /// Its name.
        authority: &'a str,
        /// Why.
        error: &'a (dyn std::error::Error + 'a),
    },
    /// Evidence was embedded.
    EvidenceEmbedded {
        /// Certificates.
        certificates: usize,
        /// Certificate revocation lists.
        crls: usize,
        /// OCSP responses.
        ocsp_responses: usize,
    },
    /// The time-stamp over everything is laid.
    Archived {
        /// The time in the token.
        time: Time,
    },
}
