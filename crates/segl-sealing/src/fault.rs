//! Why a sealing gave no seal.

use core::fmt;
use core::time::Duration;
use std::error::Error;

use segl_key::{
    ActivateError, CertifyError, DestroyError, DeviceRefusal, GenerateError, SignError, TokenError,
};
use segl_record::{Cause, Entry};
use segl_x509::ObjectIdentifier;

use crate::{EndError, EvidenceError, ServiceError, StampFailure, StepError};

/// A sealing that gave no seal: why, and what the record says of it. There is no document and no signature value.
///
/// In words it is its fault, whose causes are its own.
#[derive(Debug)]
pub struct SealError<T: TokenError + 'static, E: Error + 'static> {
    /// Why.
    pub fault: SealFault<T, E>,
    /// The record of the attempt, or why there is none: then a recovery finds the attempt at the next start.
    pub record: Result<Entry, EndError<E>>,
}

impl<T: TokenError, E: Error> fmt::Display for SealError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl<T: TokenError, E: Error> Error for SealError<T, E> {
    /// What lies beneath the fault, so that a chain of causes tells nothing twice.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

/// What stopped a sealing. A variant for each step; in words without its cause, which is its `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealFault<T: TokenError + 'static, E: Error + 'static> {
    /// The key was made for another session than the one that is to be sealed in.
    #[error("the key may not sign in this session")]
    Activate(#[source] ActivateError),
    /// The time-stamp over the finished seal could not be laid.
    #[error("the archive time-stamp could not be laid")]
    Archive(#[source] ServiceError),
    /// The certificate issued is for another key.
    #[error("the issuer certified another key")]
    Certify(#[source] CertifyError),
    /// The CMS could not be put together.
    #[error("the signature could not be put together")]
    Cms(#[source] ServiceError),
    /// The certificate issued does not say what was shown and approved (S000-79).
    #[error("the certificate issued does not say what was approved")]
    ContentChanged,
    /// The holder declined the certificate content (S000-84).
    #[error("the certificate content was declined")]
    Declined,
    /// The destruction of the key is not confirmed; nothing is released and the slot is stopped (ENG-03).
    #[error("the destruction of the one-shot key is not confirmed")]
    Destruction(#[source] DestroyError<T>),
    /// The key is gone for certain, but it lived longer after signing than it may; the value is dropped (S000-20).
    #[error("the one-shot key lived {lived:?} after it was asked to sign, {limit:?} are allowed")]
    DestructionLate {
        /// From asking for the signature to the confirmed destruction.
        lived: Duration,
        /// What is allowed.
        limit: Duration,
    },
    /// The certificate would say that its key is in a qualified device, and the token is not known to be one, or its certification does
    /// not hold any more (Regulation 910/2014, Article 30(3a)). No key was made.
    #[error("the token does not count as a qualified device")]
    Device(#[source] UnfitDevice),
    /// The document cannot be sealed.
    #[error("the document cannot be sealed")]
    Document(#[source] ServiceError),
    /// The CMS did not go into the document, for example because it is longer than the room left for it.
    #[error("the signature could not be put into the document")]
    Embed(#[source] ServiceError),
    /// Evidence is missing, does not prove what it must, or does not go into the document (B-LT).
    #[error("the evidence for long-term validation is not complete")]
    Evidence(#[source] EvidenceError),
    /// The device made no key that may be used.
    #[error("no one-shot key was made")]
    Generate(#[source] GenerateError<T>),
    /// The issuer did not issue.
    #[error("no certificate was issued")]
    Issue(#[source] ServiceError),
    /// A name in the certificate holds what looks like a Danish civil registration number, which no seal needs and whose use has a
    /// legal basis of its own (S003-04). Numbers of registers are not looked at.
    #[error("the attribute {attribute} of the certificate would hold a civil registration number")]
    PersonNumber {
        /// Which attribute of the subject.
        attribute: ObjectIdentifier,
    },
    /// The certificate content could not be made: a profile that does not build.
    #[error("the certificate content could not be made")]
    Present(#[source] ServiceError),
    /// The device did not sign.
    #[error("there is no signature value")]
    Sign(#[source] SignError<T>),
    /// A step could not be written to the journal.
    #[error("a step of the sealing could not be recorded")]
    Step(#[source] StepError<E>),
    /// No time-stamping authority gave a token that fits.
    #[error("no time-stamp")]
    TimeStamp(#[source] StampFailure),
    /// The value the device gave does not verify, or the issuer's signature on the certificate does not: no seal would hold.
    #[error("the {what} does not verify")]
    Verification {
        /// `signature value` or `certificate`.
        what: &'static str,
    },
}

/// Why a token does not count as a qualified device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnfitDevice {
    /// The certification does not hold.
    #[error(transparent)]
    Refused(#[from] DeviceRefusal),
    /// The token was not held against the profile of a certified device ([`CertifiedDevice`](segl_key::CertifiedDevice)).
    #[error(
        "the certificate names a qualified device, and no profile of a certified device was given for the token"
    )]
    Unknown,
}

impl<T: TokenError, E: Error> SealFault<T, E> {
    /// The kind of cause as the record keeps it, without anybody's words.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Archive(_) | Self::Cms(_) | Self::Document(_) | Self::Embed(_) => Cause::Document,
            Self::Certify(_) | Self::ContentChanged => Cause::ContentChanged,
            Self::Declined => Cause::Cancelled,
            Self::DestructionLate { .. } => Cause::DeadlinePassed,
            Self::Activate(_) | Self::Destruction(_) | Self::Sign(_) => Cause::Signing,
            Self::Evidence(_) => Cause::Evidence,
            Self::Device(_) | Self::Generate(_) => Cause::KeyGeneration,
            Self::Issue(_) | Self::PersonNumber { .. } | Self::Present(_) => Cause::Issuing,
            Self::Step(_) => Cause::Storage,
            Self::TimeStamp(StampFailure::OutsideValidity { .. }) => Cause::TimeStampOutsideValidity,
            Self::TimeStamp(_) => Cause::TimeStamp,
            Self::Verification { .. } => Cause::Verification,
        }
    }
}
