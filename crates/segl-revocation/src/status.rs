use segl_crypto::Time;
use segl_x509::{Certificate, SyntaxError};

use crate::{CrlSignatureError, ListError, OcspSignatureError, Reason};

/// What a source says about one certificate, and from when that is.
///
/// Freshness is not judged: whether `this_update` is late enough for the question asked is a matter of policy. That a
/// status older than the certificate proves nothing is no policy, and already part of [`Status::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: Status,
    /// When the status was so. `None` when the source has no entry for the certificate.
    pub this_update: Option<Time>,
    /// When newer information is there at the latest.
    pub next_update: Option<Time>,
    /// When an OCSP response was signed; `None` for a CRL.
    pub produced_at: Option<Time>,
    /// The certificate of the OCSP responder, when it is not the issuer's own.
    pub responder: Option<Certificate>,
}

/// Good, revoked, or why neither can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "whoever asks must have an answer to each")]
pub enum Status {
    /// Not revoked at thisUpdate.
    Good,
    /// Revoked from this moment on.
    Revoked {
        /// The time of revocation, which may be later than the time asked about.
        at: Time,
        /// Why.
        reason: Option<Reason>,
    },
    /// The source proves nothing about this certificate.
    Unknown(WhyUnknown),
}

impl Answer {
    /// The status as it was at `time`: a revocation after it is [`Status::Good`].
    #[must_use]
    pub fn at(&self, time: Time) -> Status {
        match &self.status {
            Status::Revoked { at, .. } if *at > time => Status::Good,
            status => status.clone(),
        }
    }

    /// Whether the status is good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status == Status::Good
    }
}

/// Why a CRL or an OCSP response proves nothing about a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyUnknown {
    /// Made after the certificate expired, by a source that does not say it remembers expired certificates
    /// (expiredCertsOnCRL, archiveCutoff, CertHash).
    #[error(
        "made at {this_update}, after the certificate expired at {not_after}, by a source that may have forgotten it"
    )]
    AfterNotAfter {
        /// When the status was so.
        this_update: Time,
        /// Last second of the certificate.
        not_after: Time,
    },
    /// Older than the certificate.
    #[error("made at {this_update}, before the certificate began at {not_before}")]
    BeforeNotBefore {
        /// When the status was so.
        this_update: Time,
        /// First second of the certificate.
        not_before: Time,
    },
    /// The hash of the certificate inside the response (CertHash) is not that of this certificate.
    #[error("the response confirms another certificate with the same serial number")]
    CertificateHash,
    /// A critical extension that is not known.
    #[error("it has the critical extension {0}, which is not known")]
    CriticalExtension(String),
    /// The CRL is not signed by the certificate's issuer.
    #[error(transparent)]
    CrlSignature(CrlSignatureError),
    /// A delta CRL alone says nothing.
    #[error("it is a delta CRL")]
    DeltaCrl,
    /// nextUpdate is before thisUpdate.
    #[error("made at {this_update}, with newer information due before, at {next_update}")]
    EndsBeforeItBegins {
        /// When the status was so.
        this_update: Time,
        /// When newer information was due.
        next_update: Time,
    },
    /// From after the time asked about.
    #[error("made at {this_update}, after the {time} that is asked about")]
    FromLater {
        /// When the status was so.
        this_update: Time,
        /// The time asked about.
        time: Time,
    },
    /// What must be read for the answer does not have its syntax.
    #[error("malformed: {0}")]
    Malformed(SyntaxError),
    /// The certificate names the issuer of the CRL, which does not say that it lists certificates of others (RFC 5280 6.3.3 (b)(1)).
    #[error("the certificate expects an indirect CRL, and this one is not")]
    NotIndirect,
    /// No response in it is about this certificate.
    #[error("it says nothing about this certificate")]
    NotMentioned,
    /// The OCSP response is not signed by somebody who may answer for the issuer.
    #[error(transparent)]
    OcspSignature(OcspSignatureError),
    /// It is of another issuer than the certificate.
    #[error("it is of another issuer than the certificate")]
    OtherIssuer,
    /// The CRL covers other certificates (issuingDistributionPoint).
    #[error("the CRL does not cover this certificate")]
    OutOfScope,
    /// A complete CRL lists the certificate as removed from the CRL.
    #[error("a complete CRL lists the certificate with the reason removeFromCRL")]
    RemovedFromCompleteCrl,
    /// The responder itself says unknown.
    #[error("the responder does not know the certificate")]
    ResponderDoesNotKnow,
    /// The signer of the CRL has no path to the anchor of the certificate (RFC 5280 6.3.3 (f)).
    #[error("the signer of the CRL has no path to the same anchor")]
    SignerNotTrusted,
    /// What was covered are some reasons only, and for none of them the certificate was revoked.
    #[error("only some reasons for revocation are covered")]
    SomeReasonsOnly,
    /// Too old for the question: newer information was due.
    #[error("made at {this_update}, too old at {time}")]
    Stale {
        /// When the status was so.
        this_update: Time,
        /// When newer information was due.
        next_update: Option<Time>,
        /// The time asked about.
        time: Time,
    },
    /// The CRL could not be searched.
    #[error("the CRL could not be searched: {0}")]
    Unsearchable(ListError),
}

impl WhyUnknown {
    /// Refuses a status that is out of date before it is made.
    pub(crate) fn unless_in_order(this_update: Time, next_update: Option<Time>) -> Result<(), Self> {
        match next_update {
            Some(next_update) if next_update < this_update => {
                Err(Self::EndsBeforeItBegins { this_update, next_update })
            }
            _ => Ok(()),
        }
    }
}

impl From<ListError> for WhyUnknown {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Syntax(error) => Self::Malformed(error),
            other => Self::Unsearchable(other),
        }
    }
}
