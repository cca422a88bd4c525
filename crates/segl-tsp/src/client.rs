use core::time::Duration;

use const_oid::ObjectIdentifier;
use segl_cms::BerError;
use segl_crypto::{Digest, Time};
use segl_x509::Certificate;

use crate::imprint::MessageImprint;
use crate::request::TimestampRequest;
use crate::response::{FailureInfo, PkiStatus, TimestampResponse};
use crate::token::{Token, TokenError, UnitError, may_stamp};
use crate::tst_info::TstInfo;

/// What a client that asked expects of the answer, beside what the request says.
#[allow(clippy::exhaustive_structs, reason = "the caller builds it, field by field")]
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The caller's time when the answer came.
    pub now: Time,
    /// How far the caller's clock and the authority's may be apart, the way of the message included; the token's accuracy is added, up to
    /// one minute.
    pub tolerance: Duration,
    /// Where to look for the unit's certificate when the token does not hold it (certReq was false).
    pub certificates: &'a [Certificate],
}

/// A token that was checked against its request, with the certificate that signed it.
///
/// Its chain is not: see [`Self::chain`].
#[derive(Clone, Debug)]
pub struct Accepted {
    token: Token,
    certificate: Certificate,
}

impl Accepted {
    /// The token.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The unit's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The token and the unit's certificate, moved out.
    #[must_use]
    pub fn into_parts(self) -> (Token, Certificate) {
        (self.token, self.certificate)
    }
}

/// Checks an authority's answer (RFC 3161, 2.4.2; EN 319 422, 4.2.2), everything but the certificate's chain and status.
///
/// # Errors
/// [`ResponseError`], the first that is met, in the order of the checks: syntax, status, token, imprint, nonce, policy, extensions,
/// certificate, signature, purpose, times.
pub fn check_response(
    response: &[u8],
    request: &TimestampRequest,
    expected: &Expectations<'_>,
) -> Result<Accepted, ResponseError> {
    let response = TimestampResponse::from_der(response).map_err(ResponseError::Syntax)?;
    let token = Token::from_der(granted_token(&response)?)?;
    if !token.signed_data().trailing().is_empty() {
        return Err(ResponseError::TrailingData);
    }
    let content = token.signed_data().content().unwrap_or_default();
    let info = TstInfo::from_der(content).map_err(ResponseError::Info)?;
    matches_request(&info, request)?;
    let certificate =
        token.signer_certificate(expected.certificates).ok_or(ResponseError::CertificateMissing)?;
    token.verify(&certificate)?;
    may_stamp(&certificate)?;
    if !certificate.is_valid_at(info.time()) {
        return Err(ResponseError::OutsideCertificate {
            time: info.time(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        });
    }
    let accuracy = info.accuracy().unwrap_or_default().duration().min(MAX_ACCURACY);
    let allowed = expected.tolerance.saturating_add(accuracy);
    if info.time() > expected.now + allowed || info.time() < expected.now - allowed {
        return Err(ResponseError::TimeApart { time: info.time(), now: expected.now, allowed });
    }
    Ok(Accepted { token, certificate })
}

/// How much of an accuracy counts. EN 319 421 asks for one second; a token that leaves years open says nothing about the time.
const MAX_ACCURACY: Duration = Duration::from_secs(60);

fn granted_token(response: &TimestampResponse) -> Result<&[u8], ResponseError> {
    let status = response.status();
    let unknown_failure = response.failures().is_some_and(|failures| failures.has_unknown());
    if matches!(status, PkiStatus::Unknown(_)) || unknown_failure {
        return Err(ResponseError::StatusUnknown { status });
    }
    match response.token() {
        Some(_) if !status.is_granted() => Err(ResponseError::TokenDespiteStatus { status }),
        Some(_) if response.failures().is_some() => Err(ResponseError::FailureDespiteGrant),
        Some(token) => Ok(token),
        None if status.is_granted() => Err(ResponseError::TokenMissing),
        None => Err(ResponseError::Rejected {
            status,
            failures: response.failures().map(|failures| failures.known().collect()).unwrap_or_default(),
            text: response.text().to_vec(),
        }),
    }
}

fn matches_request(info: &TstInfo, request: &TimestampRequest) -> Result<(), ResponseError> {
    if info.version() != 1 {
        return Err(ResponseError::Version { found: info.version() });
    }
    let (asked, got) = (request.imprint(), info.imprint());
    // The algorithm identifier may come back with or without NULL.
    if asked.algorithm_oid() != got.algorithm_oid() || asked.hash() != got.hash() {
        return Err(ResponseError::ImprintMismatch {
            asked: Box::new(asked.clone()),
            got: Box::new(got.clone()),
        });
    }
    if request.nonce().is_some() && request.nonce() != info.nonce() {
        return Err(ResponseError::NonceMismatch);
    }
    if let Some(asked) = request.policy().filter(|asked| *asked != info.policy()) {
        return Err(ResponseError::PolicyMismatch { asked, got: info.policy() });
    }
    match info.extensions().iter().find(|extension| extension.is_critical()) {
        // EN 319 422, 5.2.2 allows no critical extension, and none is known here that must be.
        Some(extension) => Err(ResponseError::CriticalExtension { oid: extension.oid() }),
        None => Ok(()),
    }
}

/// A request with a nonce, as [`check_response`] takes it afterwards; `nonce` is fresh random octets, at least eight.
#[must_use]
pub fn request(digest: &Digest, nonce: &[u8]) -> TimestampRequest {
    TimestampRequest::new(digest).with_nonce(nonce)
}

/// Why a time-stamp response was not accepted.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// The unit's certificate is neither in the token nor among the ones given.
    #[error("the certificate of the time-stamp unit is missing")]
    CertificateMissing,
    /// The token holds a critical extension.
    #[error("the token has a critical extension {oid}")]
    CriticalExtension {
        /// Its type.
        oid: ObjectIdentifier,
    },
    /// A failure beside a granted status.
    #[error("the response grants and fails at once")]
    FailureDespiteGrant,
    /// The imprint is not the one asked for (RFC 3161, 2.4.2).
    #[error("the token is about another digest")]
    ImprintMismatch {
        /// The one in the request.
        asked: Box<MessageImprint>,
        /// The one in the token.
        got: Box<MessageImprint>,
    },
    /// The `TSTInfo` is not strict DER.
    #[error("TSTInfo: {0}")]
    Info(#[source] BerError),
    /// The nonce did not come back.
    #[error("the nonce did not come back")]
    NonceMismatch,
    /// The time is outside the certificate's validity.
    #[error("time {time} is outside the unit's certificate ({not_before} to {not_after})")]
    OutsideCertificate {
        /// `genTime`.
        time: Time,
        /// The certificate's beginning.
        not_before: Time,
        /// The certificate's end.
        not_after: Time,
    },
    /// Issued under another policy than asked for.
    #[error("policy {got} instead of {asked}")]
    PolicyMismatch {
        /// The one in the request.
        asked: ObjectIdentifier,
        /// The one in the token.
        got: ObjectIdentifier,
    },
    /// The authority declined.
    #[error("the authority declined: {status}{}{}", listed(failures), listed(text))]
    Rejected {
        /// Its status.
        status: PkiStatus,
        /// Its reasons.
        failures: Vec<FailureInfo>,
        /// Its own words.
        text: Vec<String>,
    },
    /// A status or failure that the standard does not have.
    #[error("a status or failure that is not in the standard ({status})")]
    StatusUnknown {
        /// The status.
        status: PkiStatus,
    },
    /// Not a time-stamp response.
    #[error("not a time-stamp response: {0}")]
    Syntax(#[source] BerError),
    /// The time is too far from the caller's.
    #[error("time {time} and {now} are more than {allowed:?} apart")]
    TimeApart {
        /// `genTime`.
        time: Time,
        /// The caller's time.
        now: Time,
        /// What would have been allowed.
        allowed: Duration,
    },
    /// The token cannot be read or does not verify.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// A token beside a status that has none.
    #[error("a token came along with {status}")]
    TokenDespiteStatus {
        /// The status.
        status: PkiStatus,
    },
    /// Granted, but there is no token.
    #[error("granted without a token")]
    TokenMissing,
    /// Octets follow the token.
    #[error("data after the token")]
    TrailingData,
    /// The certificate is not a time-stamp unit's.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A version of `TSTInfo` that the standard does not have.
    #[error("TSTInfo version {found}")]
    Version {
        /// The version.
        found: u32,
    },
}

fn listed<T: ToString>(items: &[T]) -> String {
    items.iter().map(|item| format!(", {}", item.to_string())).collect()
}
