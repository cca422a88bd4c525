use segl_cert::{AssembleError, PrepareError};
use segl_crypto::{PublicKeyError, Time};
use segl_key::AuthorityKeyError;
use segl_revocation::{OcspError, ResponseStatus};
use segl_x509::PossessionError;

/// Why a certificate was not issued. `E` is the error of the register.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum IssueError<E> {
    /// The signed certificate is not what was prepared.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The receipt is for a key that was asked for with other content than the one approved.
    #[error("the key's receipt names other content than the one approved")]
    ContentOfOther,
    /// A key in software is never in a qualified device, nor is one whose token was not held against a certified device's profile.
    #[error("the key's receipt does not tell of a certified device")]
    Device,
    /// The issuer's key did not sign.
    #[error("the issuer's key did not sign")]
    Key(#[source] AuthorityKeyError),
    /// The key was certified before, and a key that signs once has one certificate (S000-18).
    #[error("the key has a certificate already")]
    KeyTaken,
    /// A certificate that begins in the future could not be vouched for by a status made now.
    #[error("the certificate would begin at {not_before}, after now ({now})")]
    NotYet {
        /// First second asked for.
        not_before: Time,
        /// The present.
        now: Time,
    },
    /// The request does not prove that its key is held.
    #[error("the certification request does not prove that its key is held")]
    Possession(#[from] PossessionError),
    /// The profile refuses.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The register of certificates failed; nothing was handed out. When it fails at the very end, and noting the certificate as
    /// abandoned fails too, the register may say that it was issued.
    #[error("the register of certificates failed")]
    Register(#[source] E),
    /// No unused serial number was found: the random numbers are not random.
    #[error("no unused serial number was drawn")]
    SerialNumbers,
    /// The public key of a certificate cannot be read.
    #[error("a public key cannot be read")]
    Spki(#[source] PublicKeyError),
}

/// Why a list of revoked certificates was not made. `E` is the error of the register.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum CrlError<E> {
    /// The list would prove nothing, or does not read back.
    #[error(transparent)]
    Issue(#[from] segl_revocation::IssueError),
    /// The issuer's key did not sign.
    #[error("the issuer's key did not sign")]
    Key(#[source] AuthorityKeyError),
    /// The register of certificates failed.
    #[error("the register of certificates failed")]
    Register(#[source] E),
}

/// Why a request for status was not answered. `E` is the error of the register.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum RespondError<E> {
    /// The response would prove nothing, or does not read back.
    #[error(transparent)]
    Issue(#[from] segl_revocation::IssueError),
    /// The responder's key did not sign.
    #[error("the responder's key did not sign")]
    Key(#[source] AuthorityKeyError),
    /// Nothing was asked.
    #[error("the request asks about no certificate")]
    NothingAsked,
    /// The request is about certificates of another issuer.
    #[error("the request is about a certificate of another issuer")]
    OtherIssuer,
    /// The register of certificates failed.
    #[error("the register of certificates failed")]
    Register(#[source] E),
    /// The request cannot be read.
    #[error(transparent)]
    Request(#[from] OcspError),
    /// The responder's certificate is not valid now.
    #[error("the responder's certificate is not valid at {now}")]
    ResponderNotValid {
        /// The present.
        now: Time,
    },
}

impl<E> RespondError<E> {
    /// The status with which the requester is answered.
    #[must_use]
    pub const fn status(&self) -> ResponseStatus {
        match self {
            Self::NothingAsked | Self::Request(_) => ResponseStatus::MalformedRequest,
            Self::OtherIssuer => ResponseStatus::Unauthorized,
            Self::Issue(_) | Self::Key(_) | Self::Register(_) | Self::ResponderNotValid { .. } => {
                ResponseStatus::InternalError
            }
        }
    }

    /// The response to send.
    #[must_use]
    pub fn to_response_der(&self) -> Vec<u8> {
        self.status().to_response_der()
    }
}

/// Why an authority was not made or not renewed. `E` is the error of the register.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum CreateError<E> {
    /// A list of revoked certificates was not made.
    #[error(transparent)]
    Crl(#[from] CrlError<E>),
    /// A certificate was not issued.
    #[error(transparent)]
    Issue(#[from] IssueError<E>),
    /// What was made does not fit together.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why keys and certificates are no TEST authority.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The certificate is not for the key.
    #[error("the key of the {0} is not the one in its certificate")]
    KeyMismatch(Part),
    /// The names do not have the form of the profile.
    #[error(transparent)]
    Name(#[from] segl_cert::HolderError),
    /// The certificate was not issued by the one above it.
    #[error("the certificate of the {0} was not issued by the certificate above it")]
    NotIssued(Part),
    /// The name does not say TEST.
    #[error("the name of the {0} does not say TEST")]
    NotTest(Part),
    /// The root's list of revoked certificates is not the root's.
    #[error("the list of revoked certificates is not the root's")]
    RootCrl,
    /// The certificate cannot be that of a time-stamp unit.
    #[error(transparent)]
    Unit(#[from] segl_tsp::AuthorityError),
}

/// A part of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four parts, each with its key")]
pub enum Part {
    /// The root.
    Root,
    /// The issuing authority.
    IssuingCa,
    /// The time-stamp unit.
    TimeStampUnit,
    /// The OCSP responder.
    OcspResponder,
}

impl core::fmt::Display for Part {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::IssuingCa => "issuing authority",
            Self::TimeStampUnit => "time-stamp unit",
            Self::OcspResponder => "OCSP responder",
        })
    }
}
