use segl_key::AuthorityKey;
use segl_tsp::{Authority, AuthorityError, Clock, Rejection, oids};
use segl_x509::Certificate;

/// A time-stamp unit with its key: request in, response out (RFC 3161, EN 319 422).
#[derive(Clone, Debug)]
pub struct Stamper {
    unit: Authority,
    key: AuthorityKey,
}

impl Stamper {
    /// A unit that stamps under the best practices policy, puts the certificates of `chain` beside its own when they are
    /// asked for, and marks its tokens as a qualified authority would.
    ///
    /// # Errors
    /// When the certificate is not one for time-stamping alone.
    pub fn new(
        certificate: Certificate,
        chain: Vec<Certificate>,
        key: AuthorityKey,
    ) -> Result<Self, AuthorityError> {
        let unit = Authority::new(certificate, oids::BEST_PRACTICES_POLICY)?
            .with_algorithm(key.algorithm())
            .with_chain(chain)
            .qualified();
        Ok(Self { unit, key })
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        self.unit.certificate()
    }

    /// Answers a request: DER of a TimeStampReq in, DER of a TimeStampResp out, granted or refused. `serial` (1 to 20 octets,
    /// most significant first) is a number no other token of this unit has; sixteen random octets will do.
    #[must_use]
    pub fn stamp(&self, request: &[u8], serial: &[u8], clock: Clock) -> Vec<u8> {
        self.token_response(request, serial, clock).unwrap_or_else(|rejection| rejection.to_der())
    }

    /// The same with the refusal as a value, for a caller that counts or records it.
    ///
    /// # Errors
    /// [`Rejection`], which also makes the response to send.
    pub fn token_response(&self, request: &[u8], serial: &[u8], clock: Clock) -> Result<Vec<u8>, Rejection> {
        let pending = self.unit.accept(request, clock)?.prepare(serial)?;
        let value = self
            .key
            .sign(&pending.to_be_signed())
            .map_err(|_| Rejection::system_failure("the unit's key did not sign"))?;
        Ok(pending.finish(&value))
    }
}
