use core::time::Duration;

use segl_cert::{IssuedCertificates, IssuerKey, SerialNumber, State};
use segl_crypto::Time;
use segl_key::AuthorityKey;
use segl_revocation::{CertId, IssueError, OcspRequest, OcspResponseBuilder, OcspView, Reason};
use segl_x509::Certificate;

use crate::RespondError;

/// An OCSP responder for one issuer, from the issuer's register: every answer is of the moment it is asked for.
///
/// `good` is said only of a certificate that the register has as issued. A serial number that is unknown, reserved, or of a
/// certificate that was never released, is `unknown` (EN 319 411-1 OVR-6.6.3-02).
#[derive(Clone, Debug)]
pub struct Responder {
    issuer: Certificate,
    certificate: Certificate,
    key: AuthorityKey,
    life: Duration,
}

/// How long an answer may be used: nextUpdate is this much after thisUpdate.
const ANSWER_LIFE: Duration = Duration::from_secs(86_400);

impl Responder {
    /// A responder for the certificates of `issuer`, with its own certificate and key. That these belong together is for
    /// the caller to know.
    #[must_use]
    pub const fn new(issuer: Certificate, certificate: Certificate, key: AuthorityKey) -> Self {
        Self { issuer, certificate, key, life: ANSWER_LIFE }
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Answers a request (DER of an OCSPRequest) with the DER of an OCSPResponse.
    ///
    /// # Errors
    /// [`RespondError`], which also makes the response to send.
    pub fn respond<R: IssuedCertificates>(
        &self,
        request: &[u8],
        register: &R,
        now: Time,
    ) -> Result<Vec<u8>, RespondError<R::Error>> {
        let request = OcspRequest::from_der(request)?;
        Ok(self.answer(&request, register, now)?.as_der().to_vec())
    }

    /// Answers a request that was read already.
    pub fn answer<R: IssuedCertificates>(
        &self,
        request: &OcspRequest,
        register: &R,
        now: Time,
    ) -> Result<OcspView, RespondError<R::Error>> {
        if !self.certificate.is_valid_at(now) {
            return Err(RespondError::ResponderNotValid { now });
        }
        if request.certificates.is_empty() {
            return Err(RespondError::NothingAsked);
        }
        if !request.certificates.iter().all(|certificate| certificate.is_of_issuer(&self.issuer)) {
            return Err(RespondError::OtherIssuer);
        }
        let issuer = IssuerKey::of_spki(self.issuer.spki_der());
        let mut builder = OcspResponseBuilder::new(&self.certificate, now, now + self.life)
            .signed_with(self.key.algorithm())
            .archive_cutoff(self.issuer.not_before())
            .nonce(request.nonce.clone());
        for certificate in &request.certificates {
            let known = match SerialNumber::from_der_content(certificate.serial()) {
                Some(serial) => register.status(&issuer, &serial).map_err(RespondError::Register)?,
                None => None,
            };
            let known = known.map(|known| (known.state, known.validity.map(|(not_before, _)| not_before)));
            builder = say(builder, certificate, known, now)?;
        }
        let prepared = builder.prepare()?;
        let value = self.key.sign(prepared.to_be_signed()).map_err(RespondError::Key)?;
        Ok(prepared.assemble(&value)?)
    }
}

/// Adds what is known of one certificate: its state, and its first second once it was issued.
fn say<'a>(
    builder: OcspResponseBuilder<'a>,
    certificate: &CertId,
    known: Option<(State, Option<Time>)>,
    now: Time,
) -> Result<OcspResponseBuilder<'a>, IssueError> {
    match known {
        // Revoked is revoked, also before anybody noted that it was issued: the list says the same.
        Some((State::Revoked(revocation), _))
            if revocation.at.truncate_to_seconds() <= now.truncate_to_seconds() =>
        {
            builder.revoked(certificate, revocation.at, revocation.reason.map(Reason::from_code))
        }
        Some((State::Issued | State::Revoked(_), Some(not_before))) if not_before <= now => {
            builder.good(certificate, not_before)
        }
        _ => Ok(builder.unknown(certificate)),
    }
}
