//! Time-stamps for a sealing: asked of one authority after the other, and not believed.

use core::fmt;
use core::time::Duration;
use std::error::Error;

use rand_core::CryptoRng;
use segl_crypto::{Digest, DigestAlgorithm, Time, digest};
use segl_path::NoPath;
use segl_tsp::{Expectations, ResponseError};
use segl_x509::Certificate;

use crate::{Event, Helpers, Observe, ServiceError, Stamper};

/// Room beside the measured token, for serial numbers, signatures and times that come out longer the next time.
const TOKEN_MARGIN: usize = 128;
/// 64 random bits, as RFC 3161 suggests; a leading one bit keeps the number positive and its length fixed.
const NONCE_LEN: usize = 9;

/// Why there is no time-stamp. The local clock never stands in for one (ENG-05).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StampFailure {
    /// No authority gave a token that fits, however often they were asked.
    #[error("no time-stamping authority answered as it must{}", listed(.last))]
    AllFailed {
        /// What each of them did last, in the order they were asked.
        last: Vec<StamperFailure>,
    },
    /// The certificate's life ended before an authority answered (AS-07).
    #[error("the seal certificate expired at {not_after} before a time-stamp could be had{}", listed(.last))]
    Expired {
        /// Last second of the certificate's validity.
        not_after: Time,
        /// What each authority did last.
        last: Vec<StamperFailure>,
    },
    /// No authority gave a token that fits, and the time of one lay outside the certificate's validity (ENG-04).
    #[error(
        "the time-stamp {time} lies outside the certificate's validity, {not_before} to {not_after}; check the clocks of issuer and time-stamp unit"
    )]
    OutsideValidity {
        /// The time in the token.
        time: Time,
        /// First second of the validity.
        not_before: Time,
        /// Last second of the validity.
        not_after: Time,
    },
}

/// What one authority did; in words with all its causes, because several stand in one sentence.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "two facts")]
pub struct StamperFailure {
    /// Its name.
    pub authority: String,
    /// Why its answer was no use.
    pub error: StamperError,
}

impl fmt::Display for StamperFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.authority, self.error)?;
        let causes = core::iter::successors(self.error.source(), |cause| (*cause).source());
        causes.into_iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// Why an authority's answer was no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StamperError {
    /// The time in the token lies before the time of signing that the document claims, and the seal would contradict itself.
    #[error("the time {time} lies before the claimed time of signing, {signing_time}")]
    BeforeSigningTime {
        /// The time in the token.
        time: Time,
        /// The time of signing as it stands in the document.
        signing_time: Time,
    },
    /// Its unit's certificate has no chain to an anchor.
    #[error("the chain of the time-stamp unit")]
    Chain(#[source] Box<NoPath>),
    /// The token is longer than the room that was left for it before signing.
    #[error("the token has {found} octets, there is room for {room}")]
    NoRoom {
        /// Octets of the token.
        found: usize,
        /// Octets there is room for.
        room: usize,
    },
    /// The time in the token lies outside the certificate's validity (ENG-04); another authority may have the right time.
    #[error("the time {time} lies outside the certificate's validity")]
    OutsideValidity {
        /// The time in the token.
        time: Time,
    },
    /// The answer was not accepted.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// There was no answer.
    #[error("no answer")]
    Unreachable(#[source] ServiceError),
}

/// What was learned from tokens over nothing, before anything is signed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Octets that a token may have.
    pub(crate) room: usize,
    /// How far the slowest authority's clock may be behind ours. A token that shows whole seconds hides up to one of them.
    pub(crate) behind: Duration,
}

/// A token that was checked: imprint, nonce, signer, purpose, chain, time.
#[derive(Debug)]
pub(crate) struct Stamped {
    pub(crate) token: Vec<u8>,
    pub(crate) time: Time,
    /// Our time when it was asked for.
    asked: Time,
    /// The name of the authority that gave it.
    pub(crate) authority: String,
    /// Certificates of the unit and of those above it that were found.
    pub(crate) chain: Vec<Certificate>,
}

/// Asks for time-stamps on behalf of one sealing.
pub(crate) struct Stamping<'a, R> {
    pub(crate) helpers: &'a Helpers<'a>,
    pub(crate) rng: &'a mut R,
    pub(crate) observe: Observe<'a>,
}

/// What a token must fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    /// The time of signing that the document claims.
    pub(crate) signing_time: Time,
    pub(crate) room: usize,
}

impl<R: CryptoRng> Stamping<'_, R> {
    /// How long a token may become and how slow a clock: every authority that answers is asked for a token over nothing, and the
    /// longest and the slowest count.
    pub(crate) fn measure(&mut self, algorithm: DigestAlgorithm) -> Result<Measured, StampFailure> {
        let Some(nothing) = digest(algorithm, b"") else {
            return Err(StampFailure::AllFailed { last: Vec::new() });
        };
        let mut measured: Option<Measured> = None;
        let mut last = Vec::new();
        for stamper in self.helpers.stampers {
            match self.ask(*stamper, &nothing) {
                Ok(stamped) => {
                    let Measured { room, behind } = measured.unwrap_or_default();
                    let lag = stamped.asked.checked_duration_since(stamped.time).unwrap_or_default();
                    let room = room.max(stamped.token.len().saturating_add(TOKEN_MARGIN));
                    measured = Some(Measured { room, behind: behind.max(lag) });
                }
                Err(error) => last.push(self.failed(*stamper, error)),
            }
        }
        measured.ok_or(StampFailure::AllFailed { last })
    }

    /// A token over `digest` from the first authority that gives one, for as long as the certificate lives and the caller lets us retry.
    pub(crate) fn stamp(&mut self, digest: &Digest, bounds: &Bounds) -> Result<Stamped, StampFailure> {
        let mut round = 0;
        loop {
            let mut last = Vec::new();
            let mut outside = None;
            for stamper in self.helpers.stampers {
                let answer = self.ask(*stamper, digest).and_then(|stamped| fits(stamped, bounds));
                match answer {
                    Ok(stamped) => return Ok(stamped),
                    Err(error) => {
                        if let StamperError::OutsideValidity { time } = error {
                            outside = outside.or(Some(time));
                        }
                        last.push(self.failed(*stamper, error));
                    }
                }
            }
            round += 1;
            if (self.helpers.clock)().truncate_to_seconds() > bounds.not_after {
                return Err(StampFailure::Expired { not_after: bounds.not_after, last });
            }
            if !(self.helpers.retry)(round) {
                let &Bounds { not_before, not_after, .. } = bounds;
                return Err(match outside {
                    Some(time) => StampFailure::OutsideValidity { time, not_before, not_after },
                    None => StampFailure::AllFailed { last },
                });
            }
        }
    }

    fn ask(&mut self, stamper: &dyn Stamper, digest: &Digest) -> Result<Stamped, StamperError> {
        let mut nonce = [0; NONCE_LEN];
        self.rng.fill_bytes(&mut nonce);
        if let Some(first) = nonce.first_mut() {
            *first = 1;
        }
        let request = segl_tsp::request(digest, &nonce);
        let request = match stamper.policy() {
            Some(policy) => request.with_policy(policy),
            None => request,
        };
        let asked = (self.helpers.clock)();
        let response = stamper.stamp(&request.to_der()).map_err(StamperError::Unreachable)?;
        let expected = Expectations {
            now: (self.helpers.clock)(),
            tolerance: self.helpers.tolerances.token,
            certificates: &[],
        };
        let accepted = segl_tsp::check_response(&response, &request, &expected)?;
        let chain = accepted
            .chain(self.helpers.anchors, self.helpers.issuer.chain())
            .map_err(|e| StamperError::Chain(Box::new(e)))?;
        let (token, _) = accepted.into_parts();
        Ok(Stamped {
            token: token.as_bytes().to_vec(),
            time: token.info().time(),
            asked,
            authority: stamper.name().to_owned(),
            chain: chain.certificates().to_vec(),
        })
    }

    fn failed(&mut self, stamper: &dyn Stamper, error: StamperError) -> StamperFailure {
        (self.observe)(&Event::StamperFailed { authority: stamper.name(), error: &error });
        StamperFailure { authority: stamper.name().to_owned(), error }
    }
}

fn fits(stamped: Stamped, bounds: &Bounds) -> Result<Stamped, StamperError> {
    let &Bounds { not_before, not_after, signing_time, room } = bounds;
    let (found, time) = (stamped.token.len(), stamped.time);
    if found > room {
        return Err(StamperError::NoRoom { found, room });
    }
    // A token's fraction of the last second still lies in it: the end of a validity is a whole second and inclusive.
    if time < not_before || time.truncate_to_seconds() > not_after {
        return Err(StamperError::OutsideValidity { time });
    }
    if time < signing_time {
        return Err(StamperError::BeforeSigningTime { time, signing_time });
    }
    Ok(stamped)
}

/// Each after a semicolon, for the end of a sentence.
pub(crate) fn listed<T: fmt::Display>(reasons: &[T]) -> String {
    reasons.iter().map(|reason| format!("; {reason}")).collect()
}
