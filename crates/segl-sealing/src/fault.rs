//! Why a sealing gave no seal.

use segl_key::{CertifyError, DestroyError, GenerateError, SignError, TokenError};
use segl_record::{Cause, Entry};

use crate::{EndError, EvidenceError, ServiceError, StampFailure, StepError};

/// A sealing that gave no seal: why, and what the record says of it. There is no document and no signature value.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct SealError<T: TokenError + 'static, E: std::error::Error + 'static> {
    /// Why.
    #[source]
    pub fault: SealFault<T, E>,
    /// The record of the attempt, or why there is none: then a recovery finds the attempt at the next start.
    pub record: Result<Entry, EndError<E>>,
}

/// What stopped a sealing. A variant for each step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealFault<T: TokenError + 'static, E: std::error::Error + 'static> {
    /// The time-stamp over the finished seal could not be laid.
    #[error("the archive time-stamp could not be laid: {0}")]
    Archive(#[source] ServiceError),
    /// The certificate issued is for another key.
    #[error("the issuer certified another key")]
    Certify(#[source] CertifyError),
    /// The CMS could not be put together, or did not go into the room left for it.
    #[error("the signature could not be put together: {0}")]
    Cms(#[source] ServiceError),
    /// The certificate issued does not say what was shown and approved (S000-79).
    #[error("the certificate issued does not say what was approved")]
    ContentChanged,
    /// The holder declined the certificate content (S000-84).
    #[error("the certificate content was declined")]
    Declined,
    /// The destruction of the key is not confirmed; nothing is released and the slot is stopped (ENG-03).
    #[error("the destruction of the one-shot key is not confirmed: {0}")]
    Destruction(#[source] DestroyError<T>),
    /// The document cannot be sealed.
    #[error("the document cannot be sealed: {0}")]
    Document(#[source] ServiceError),
    /// Evidence is missing, does not prove what it must, or does not go into the document (B-LT).
    #[error("the evidence for long-term validation is not complete: {0}")]
    Evidence(#[source] EvidenceError),
    /// The device made no key that may be used.
    #[error("no one-shot key was made: {0}")]
    Generate(#[source] GenerateError<T>),
    /// The issuer did not issue.
    #[error("no certificate was issued: {0}")]
    Issue(#[source] ServiceError),
    /// The certificate content could not be made: a profile that does not build.
    #[error("the certificate content could not be made: {0}")]
    Present(#[source] ServiceError),
    /// The device did not sign.
    #[error("the device did not sign: {0}")]
    Sign(#[source] SignError<T>),
    /// A step could not be written to the journal.
    #[error("a step of the sealing could not be recorded: {0}")]
    Step(#[source] StepError<E>),
    /// No time-stamping authority gave a token that fits.
    #[error("no time-stamp: {0}")]
    TimeStamp(#[source] StampFailure),
    /// The value the device gave does not verify, or the issuer's signature on the certificate does not: no seal would hold.
    #[error("the {what} does not verify")]
    Verification {
        /// `signature value` or `certificate`.
        what: &'static str,
    },
}

impl<T: TokenError, E: std::error::Error> SealFault<T, E> {
    /// The kind of cause as the record keeps it, without anybody's words.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Archive(_) | Self::Cms(_) | Self::Document(_) => Cause::Document,
            Self::Certify(_) | Self::ContentChanged => Cause::ContentChanged,
            Self::Declined => Cause::Cancelled,
            Self::Destruction(_) | Self::Sign(_) => Cause::Signing,
            Self::Evidence(_) => Cause::Evidence,
            Self::Generate(_) => Cause::KeyGeneration,
            Self::Issue(_) | Self::Present(_) => Cause::Issuing,
            Self::Step(_) => Cause::Storage,
            Self::TimeStamp(StampFailure::OutsideValidity { .. }) => Cause::TimeStampOutsideValidity,
            Self::TimeStamp(_) => Cause::TimeStamp,
            Self::Verification { .. } => Cause::Verification,
        }
    }
}
