use segl_crypto::{SignatureAlgorithm, SignatureValue, Time, ToBeSigned, sha1};
use segl_x509::Certificate;

use crate::{
    CertId, IssueError, OcspView, Reason, ResponseStatus,
    asn1::{ENUMERATED, OCTET_STRING, SEQUENCE, extension, generalized, oid, sequence_of, tlv},
    issue::{signed, verify},
    oid::*,
};

/// Makes a basic OCSP response for certificates of one issuer, the responder named by its key (RFC 6960 4.2).
///
/// `good` takes the first second of the certificate, which only an issuer that knows the certificate can give, and a
/// status older than that is not made.
#[derive(Clone, Debug)]
pub struct OcspResponseBuilder<'a> {
    responder: &'a Certificate,
    this_update: Time,
    next_update: Time,
    archive_cutoff: Option<Time>,
    nonce: Option<Vec<u8>>,
    singles: Vec<Vec<u8>>,
    algorithm: Option<SignatureAlgorithm>,
    /// Whether it is made for when nobody answers any more.
    is_last: bool,
    /// Whether it speaks of a certificate that was never issued.
    has_never_issued: bool,
}

/// An OCSP response waiting for its responder's signature.
#[derive(Clone, Debug)]
pub struct PreparedOcsp {
    responder: Certificate,
    tbs: ToBeSigned,
}

impl<'a> OcspResponseBuilder<'a> {
    /// A response to be signed by the key of `responder` (the issuer, or one it delegated to). producedAt is
    /// `this_update`; times are cut to whole seconds.
    #[must_use]
    pub fn new(responder: &'a Certificate, this_update: Time, next_update: Time) -> Self {
        Self {
            responder,
            this_update: this_update.truncate_to_seconds(),
            next_update: next_update.truncate_to_seconds(),
            archive_cutoff: None,
            nonce: None,
            singles: Vec::new(),
            algorithm: None,
            is_last: false,
            has_never_issued: false,
        }
    }

    /// A last response, made before its issuer's certificate ends and given out from then on: nextUpdate is 99991231235959Z, and there is no
    /// nonce (EN 319 411-2 CSS-6.3.10-11).
    #[must_use]
    pub fn last(responder: &'a Certificate, this_update: Time) -> Self {
        let end = Time::from_civil(9999, 12, 31, 23, 59, 59).unwrap_or(this_update);
        Self { is_last: true, ..Self::new(responder, this_update, end) }
    }

    /// Says since when expired certificates are remembered; EN 319 411-2 CSS-6.3.10-10 wants the issuer's notBefore.
    #[must_use]
    pub fn archive_cutoff(mut self, since: Time) -> Self {
        self.archive_cutoff = Some(since);
        self
    }

    /// Echoes the nonce of the request.
    #[must_use]
    pub fn nonce(mut self, nonce: Option<Vec<u8>>) -> Self {
        self.nonce = nonce;
        self
    }

    /// Signs with another algorithm than the usual one of the responder's key, for example RSASSA-PSS.
    #[must_use]
    pub fn signed_with(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Says that a certificate that was issued, and begins at `not_before`, is not revoked.
    ///
    /// # Errors
    /// [`IssueError::BeforeNotBefore`].
    pub fn good(mut self, certificate: &CertId, not_before: Time) -> Result<Self, IssueError> {
        if self.this_update < not_before {
            return Err(IssueError::BeforeNotBefore { this_update: self.this_update, not_before });
        }
        self.push(certificate, &[0x80, 0x00]);
        Ok(self)
    }

    /// Says that a certificate is revoked.
    ///
    /// # Errors
    /// [`IssueError::RevokedInFuture`].
    pub fn revoked(
        mut self,
        certificate: &CertId,
        at: Time,
        reason: Option<Reason>,
    ) -> Result<Self, IssueError> {
        let at = at.truncate_to_seconds();
        if at > self.this_update {
            return Err(IssueError::RevokedInFuture { at, this_update: self.this_update });
        }
        let reason = reason
            .filter(|reason| *reason != Reason::Unspecified)
            .map(|reason| tlv(0xa0, &[&tlv(ENUMERATED, &[&[reason.code()]])]));
        self.push(certificate, &tlv(0xa1, &[&generalized(at), &reason.unwrap_or_default()]));
        Ok(self)
    }

    /// Says that the certificate is not known.
    #[must_use]
    pub fn unknown(mut self, certificate: &CertId) -> Self {
        self.push(certificate, &[0x82, 0x00]);
        self
    }

    /// Says of a serial number that was never issued that it is revoked: on hold since 1970, with extendedRevoke (RFC 6960 2.2 and 4.4.8).
    ///
    /// It is the other way besides [`unknown`](Self::unknown), for those who ask elsewhere when a responder does not know; neither
    /// says that it is good (EN 319 411-1 OVR-6.6.3-02).
    #[must_use]
    pub fn never_issued(mut self, certificate: &CertId) -> Self {
        let hold = tlv(0xa0, &[&tlv(ENUMERATED, &[&[Reason::CertificateHold.code()]])]);
        self.push(certificate, &tlv(0xa1, &[&generalized(Time::from_unix(0)), &hold]));
        self.has_never_issued = true;
        self
    }

    /// What the responder signs.
    ///
    /// # Errors
    /// [`IssueError::NextUpdate`], [`IssueError::Key`], [`IssueError::NonceInLast`].
    pub fn prepare(self) -> Result<PreparedOcsp, IssueError> {
        let (this_update, next_update) = (self.this_update, self.next_update);
        if next_update <= this_update {
            return Err(IssueError::NextUpdate { this_update, next_update });
        }
        if self.is_last && self.nonce.is_some() {
            return Err(IssueError::NonceInLast);
        }
        let usual = self.responder.public_key()?.default_algorithm();
        let algorithm = self.algorithm.unwrap_or(usual);
        let by_key = tlv(0xa2, &[&tlv(OCTET_STRING, &[&sha1(self.responder.public_key_bits())])]);
        let mut extensions = Vec::new();
        if let Some(nonce) = self.nonce {
            extensions.push(extension(&OCSP_NONCE, false, &tlv(OCTET_STRING, &[&nonce])));
        }
        if self.has_never_issued {
            extensions.push(extension(&OCSP_EXTENDED_REVOKE, false, &[0x05, 0x00]));
        }
        let extensions = match extensions.as_slice() {
            [] => Vec::new(),
            some => tlv(0xa1, &[&sequence_of(some)]),
        };
        let fields = [&by_key, &generalized(this_update), &sequence_of(&self.singles), &extensions];
        let tbs = tlv(SEQUENCE, &fields.map(Vec::as_slice));
        Ok(PreparedOcsp { responder: self.responder.clone(), tbs: ToBeSigned::new(tbs, algorithm) })
    }

    fn push(&mut self, certificate: &CertId, status: &[u8]) {
        let cutoff = self.archive_cutoff.map(|since| {
            let value = generalized(since);
            tlv(0xa1, &[&tlv(SEQUENCE, &[&extension(&OCSP_ARCHIVE_CUTOFF, false, &value)])])
        });
        self.singles.push(tlv(
            SEQUENCE,
            &[
                certificate.as_der(),
                status,
                &generalized(self.this_update),
                &tlv(0xa0, &[&generalized(self.next_update)]),
                &cutoff.unwrap_or_default(),
            ],
        ));
    }
}

impl PreparedOcsp {
    /// What the responder signs.
    #[must_use]
    pub fn to_be_signed(&self) -> &ToBeSigned {
        &self.tbs
    }

    /// Puts the signature to it, with the responder's certificate beside.
    pub fn assemble(self, signature: &SignatureValue) -> Result<OcspView, IssueError> {
        verify(&self.responder.public_key()?, &self.tbs, signature)?;
        let certificates = tlv(0xa0, &[&tlv(SEQUENCE, &[self.responder.as_der()])]);
        let basic = signed(&self.tbs, signature, &certificates);
        let bytes = tlv(SEQUENCE, &[&oid(&OCSP_BASIC), &tlv(OCTET_STRING, &[&basic])]);
        let der = tlv(SEQUENCE, &[&tlv(ENUMERATED, &[&[0]]), &tlv(0xa0, &[&bytes])]);
        OcspView::from_der(&der).map_err(|_| IssueError::ReadBack)
    }
}

impl ResponseStatus {
    /// The whole OCSPResponse of an error, which carries nothing else and is not signed.
    #[must_use]
    pub fn to_response_der(self) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(ENUMERATED, &[&[self.code()]])])
    }
}
