use core::{fmt, ops::Range};
use std::sync::Arc;

use segl_crypto::{Digest, DigestAlgorithm, PublicKey, SignatureAlgorithm, Time, digest, sha1};
use segl_x509::{Certificate, Extension, Name, SyntaxError, SyntaxErrorKind};

use crate::{
    Answer, CertId, OcspError, OcspSignatureError, Reason, Status, WhyUnknown,
    asn1::{
        BIT_STRING, ENUMERATED, GENERALIZED_TIME, OCTET_STRING, OID, Reader, SEQUENCE, Tlv, Value as _, shift,
    },
    memo::Memo,
    oid::*,
    request,
};

/// The largest OCSP response that is read, in bytes; one with a responder's certificate has about one thousand.
pub const MAX_OCSP_SIZE: usize = 1 << 20;
/// The most single responses that are read from one message.
const MAX_SINGLES: usize = 1024;
/// The most certificates that are read from one message.
const MAX_CERTIFICATES: usize = 16;

/// The most certificates that are tried as the responder's. There is one, or a few under the same name; thousands are there to cost time.
const MAX_RESPONDERS: usize = 64;

/// revocationTime of a certificate that its issuer never issued (RFC 6960 2.2).
pub(crate) const NEVER_ISSUED: Time = Time::from_unix(0);

/// A basic OCSP response as a view over its bytes (RFC 6960 4.2).
///
/// Nothing is believed until [`verify`](Self::verify). That a nonce is the one that was sent is for the one who sent it to
/// check, with [`nonce`](Self::nonce).
#[derive(Clone)]
pub struct OcspView(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    basic: Range<usize>,
    tbs: Range<usize>,
    algorithm: Range<usize>,
    signature: Range<usize>,
    responder: ResponderId,
    produced_at: Time,
    singles: Vec<SingleResponse>,
    extensions: Vec<Extension>,
    certificates: Vec<Certificate>,
    verified: Memo<OcspSignatureError>,
}

/// Who signed, as the response says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the CHOICE of RFC 6960, 4.2.1")]
pub enum ResponderId {
    /// SHA-1 of the bits of the responder's key.
    ByKey(Vec<u8>),
    /// The responder's name.
    ByName(Name),
}

/// What the responder says about one certificate.
#[derive(Clone, Debug)]
pub struct SingleResponse {
    /// Which certificate.
    pub certificate: CertId,
    /// Its status.
    pub status: SingleStatus,
    /// When the status was so.
    pub this_update: Time,
    /// When newer information is there at the latest.
    pub next_update: Option<Time>,
    extensions: Vec<Extension>,
}

/// CertStatus (RFC 6960 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the CHOICE of RFC 6960, 4.2.1")]
pub enum SingleStatus {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// Since when.
        at: Time,
        /// Why.
        reason: Option<Reason>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// How the nonce of a response compares with the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "there, not there, or another")]
pub enum NonceCheck {
    /// None: the response may have been made before the question, as those that many are given are.
    Absent,
    /// The one that was sent: the response was made for this question.
    Echoed,
    /// Another: the response was made for another question, and must not be taken.
    Other,
}

/// OCSPResponseStatus (RFC 6960 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the codes of RFC 6960, 4.2.1, and any other")]
pub enum ResponseStatus {
    /// The response has an answer.
    Successful,
    /// The request was not understood.
    MalformedRequest,
    /// The responder failed.
    InternalError,
    /// The responder is busy.
    TryLater,
    /// The request must be signed.
    SigRequired,
    /// The responder does not answer this client, or not for this issuer.
    Unauthorized,
    /// A code that the standard does not have.
    Other(u8),
}

/// A response whose signer was found to be allowed to answer for an issuer. Only such a response answers questions.
#[derive(Clone, Debug)]
pub struct VerifiedOcsp<'a> {
    response: &'a OcspView,
    issuer: &'a Certificate,
    responder: Option<Certificate>,
}

impl OcspView {
    /// Reads an OCSPResponse in DER.
    ///
    /// # Errors
    /// [`OcspError::NotSuccessful`] when the responder answered with an error, which nobody signs.
    pub fn from_der(der: &[u8]) -> Result<Self, OcspError> {
        check_size(der)?;
        let mut outer = Reader::only(der, 0, SEQUENCE)?.reader();
        let status = ResponseStatus::from_code(outer.expect(ENUMERATED)?.small()?);
        let bytes = outer.optional(0xa0)?;
        outer.finish()?;
        if status != ResponseStatus::Successful {
            return Err(OcspError::NotSuccessful(status));
        }
        let Some(bytes) = bytes else {
            return Err(SyntaxError { offset: der.len(), kind: SyntaxErrorKind::Truncated }.into());
        };
        let mut fields = bytes.reader().expect(SEQUENCE)?.reader();
        let kind = fields.expect(OID)?.oid()?;
        if kind != OCSP_BASIC {
            return Err(OcspError::ResponseType(kind));
        }
        let response = fields.expect(OCTET_STRING)?;
        fields.finish()?;
        Self::read(der, &response.reader().expect(SEQUENCE)?)
    }

    /// Reads a bare BasicOCSPResponse in DER, as some signature formats embed it.
    pub fn from_basic_der(der: &[u8]) -> Result<Self, OcspError> {
        check_size(der)?;
        Self::read(der, &Reader::only(der, 0, SEQUENCE)?)
    }

    /// The bytes it was read from.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// The BasicOCSPResponse inside.
    #[must_use]
    pub fn basic_der(&self) -> &[u8] {
        self.slice(&self.0.basic)
    }

    /// The signature algorithm, as DER of the AlgorithmIdentifier.
    #[must_use]
    pub fn signature_algorithm_der(&self) -> &[u8] {
        self.slice(&self.0.algorithm)
    }

    /// Who signed, as the response says.
    #[must_use]
    pub fn responder_id(&self) -> &ResponderId {
        &self.0.responder
    }

    /// When it was signed.
    #[must_use]
    pub fn produced_at(&self) -> Time {
        self.0.produced_at
    }

    /// What it says, certificate by certificate.
    #[must_use]
    pub fn responses(&self) -> &[SingleResponse] {
        &self.0.singles
    }

    /// The certificates it carries, among them usually the responder's. Unreadable ones are left out.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// Whether one of its responses is about this certificate of this issuer. Nothing need be verified for that.
    #[must_use]
    pub fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.responses().iter().any(|one| one.certificate.is_about(certificate, issuer))
    }

    /// The nonce it echoes.
    #[must_use]
    pub fn nonce(&self) -> Option<Vec<u8>> {
        request::nonce(&self.0.extensions)
    }

    /// The extensions of the response as a whole.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.0.extensions
    }

    /// Verifies the signature, and that the signer may answer for `issuer` (RFC 6960 4.2.2.2): it is the issuer itself, or
    /// its certificate was issued by the very key of the issuer for OCSPSigning and was valid when the response was made.
    ///
    /// The responder's certificate is taken from the response, or from `others`. Whether it was revoked is not looked at;
    /// ours say nocheck. Whether `issuer` is trusted is for a path to say. The outcome is remembered in the view and its clones.
    pub fn verify<'a>(
        &'a self,
        issuer: &'a Certificate,
        others: &[Certificate],
    ) -> Result<VerifiedOcsp<'a>, OcspSignatureError> {
        let mut refusal = OcspSignatureError::ResponderUnknown;
        if self.0.responder.is(issuer) {
            match self.0.verified.outcome(issuer, issuer, || self.verify_with(&issuer.public_key()?)) {
                Ok(()) => return Ok(VerifiedOcsp { response: self, issuer, responder: None }),
                // A delegated responder may bear the issuer's name.
                Err(error) => refusal = error,
            }
        }
        let candidates = self.0.certificates.iter().chain(others);
        let candidates = candidates.filter(|one| *one != issuer && self.0.responder.is(one));
        for candidate in candidates.take(MAX_RESPONDERS) {
            let verify = || self.verify_delegated(candidate, issuer);
            match self.0.verified.outcome(candidate, issuer, verify) {
                Ok(()) => {
                    return Ok(VerifiedOcsp { response: self, issuer, responder: Some(candidate.clone()) });
                }
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    /// Verifies the response and says what it says about one certificate of `issuer`.
    #[must_use]
    pub fn status_of(&self, certificate: &Certificate, issuer: &Certificate) -> Answer {
        match self.verify(issuer, &[]) {
            Ok(verified) => verified.status_of(certificate),
            Err(error) => self.answer(None, Status::Unknown(WhyUnknown::OcspSignature(error)), None),
        }
    }

    /// Verifies the signature with the key of `signer`, whom the response must name. That he may answer for anybody is another matter:
    /// [`verify`](Self::verify) looks at that.
    pub fn verify_signature(&self, signer: &Certificate) -> Result<(), OcspSignatureError> {
        if !self.0.responder.is(signer) {
            return Err(OcspSignatureError::ResponderUnknown);
        }
        self.verify_with(&signer.public_key()?)
    }

    /// Compares the nonce with the one that was sent (RFC 9654 2.1).
    #[must_use]
    pub fn check_nonce(&self, sent: &[u8]) -> NonceCheck {
        let found = self.0.extensions.iter().find(|one| *one.oid() == OCSP_NONCE);
        match found.map(Extension::value) {
            None => NonceCheck::Absent,
            // Peers of RFC 6960 wrote the octets without an OCTET STRING around them.
            Some(raw) if raw == sent || self.nonce().as_deref() == Some(sent) => NonceCheck::Echoed,
            Some(_) => NonceCheck::Other,
        }
    }

    fn verify_delegated(
        &self,
        responder: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), OcspSignatureError> {
        let issuer_key = issuer.public_key()?;
        if !responder.issuer().matches(issuer.subject()) || responder.verify_signed_by(&issuer_key).is_err() {
            return Err(OcspSignatureError::NotIssuedByIssuer);
        }
        // anyExtendedKeyUsage does not stand in for OCSPSigning (RFC 6960 4.2.2.2).
        let purposes = responder.ext_key_usage().ok().flatten().unwrap_or_default();
        if !purposes.iter().any(|purpose| *purpose == PURPOSE_OCSP_SIGNING) {
            return Err(OcspSignatureError::PurposeMissing);
        }
        if !responder.is_valid_at(self.produced_at()) {
            return Err(OcspSignatureError::ResponderNotValid { produced_at: self.produced_at() });
        }
        self.verify_with(&responder.public_key()?)
    }

    fn verify_with(&self, key: &PublicKey) -> Result<(), OcspSignatureError> {
        let algorithm = SignatureAlgorithm::from_der(self.slice(&self.0.algorithm), None)?;
        Ok(key.verify(&algorithm, self.slice(&self.0.tbs), self.slice(&self.0.signature))?)
    }

    fn answer(
        &self,
        single: Option<&SingleResponse>,
        status: Status,
        responder: Option<Certificate>,
    ) -> Answer {
        Answer {
            status,
            this_update: single.map(|single| single.this_update),
            next_update: single.and_then(|single| single.next_update),
            produced_at: Some(self.produced_at()),
            responder,
        }
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.0.der.get(range.clone()).unwrap_or_default()
    }

    fn read(der: &[u8], basic: &Tlv<'_>) -> Result<Self, OcspError> {
        let mut fields = basic.reader();
        let tbs = fields.expect(SEQUENCE)?;
        let algorithm = fields.expect(SEQUENCE)?;
        let signature = fields.expect(BIT_STRING)?;
        let certificates = match fields.optional(0xa0)? {
            Some(outer) => read_certificates(&outer)?,
            None => Vec::new(),
        };
        fields.finish()?;

        let mut data = tbs.reader();
        data.optional(0xa0)?;
        let responder = ResponderId::read(&data.any()?)?;
        let produced_at = data.expect(GENERALIZED_TIME)?.time()?;
        let mut list = data.expect(SEQUENCE)?.reader();
        let mut singles = Vec::new();
        while !list.is_empty() {
            if singles.len() >= MAX_SINGLES {
                return Err(OcspError::TooMany { what: "responses", limit: MAX_SINGLES });
            }
            singles.push(SingleResponse::read(&list.expect(SEQUENCE)?)?);
        }
        let extensions = read_extensions(data.optional(0xa1)?)?;
        data.finish()?;

        Ok(Self(Arc::new(Inner {
            basic: basic.range(),
            tbs: tbs.range(),
            algorithm: algorithm.range(),
            signature: signature.signature_range()?,
            responder,
            produced_at,
            singles,
            extensions,
            certificates,
            verified: Memo::new(),
            der: der.to_vec(),
        })))
    }
}

impl PartialEq for OcspView {
    fn eq(&self, other: &Self) -> bool {
        self.as_der() == other.as_der()
    }
}

impl Eq for OcspView {}

impl fmt::Debug for OcspView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OcspView")
            .field("produced_at", &self.produced_at().to_string())
            .field("responses", &self.0.singles.len())
            .finish_non_exhaustive()
    }
}

impl<'a> VerifiedOcsp<'a> {
    /// The response.
    #[must_use]
    pub fn response(&self) -> &'a OcspView {
        self.response
    }

    /// The responder's certificate, when it is not the issuer itself who signed.
    #[must_use]
    pub fn responder(&self) -> Option<&Certificate> {
        self.responder.as_ref()
    }

    /// What the response says about one certificate. Where several responses are about it, the one with the latest
    /// thisUpdate is taken; of the same second, the one that says revoked.
    #[must_use]
    pub fn status_of(&self, certificate: &Certificate) -> Answer {
        let about =
            self.response.responses().iter().filter(|one| one.certificate.is_about(certificate, self.issuer));
        let single = about.max_by_key(|one| {
            (
                one.this_update,
                matches!(one.status, SingleStatus::Revoked { .. }),
                one.status != SingleStatus::Good,
            )
        });
        let status = match single {
            _ if !certificate.issuer().matches(self.issuer.subject()) => {
                Status::Unknown(WhyUnknown::OtherIssuer)
            }
            Some(single) => self.status(certificate, single).unwrap_or_else(Status::Unknown),
            None => Status::Unknown(WhyUnknown::NotMentioned),
        };
        self.response.answer(single, status, self.responder.clone())
    }

    fn status(&self, certificate: &Certificate, single: &SingleResponse) -> Result<Status, WhyUnknown> {
        let known = [OCSP_NONCE, OCSP_ARCHIVE_CUTOFF, OCSP_EXTENDED_REVOKE, CERT_HASH];
        let all = self.response.extensions().iter().chain(&single.extensions);
        let unknown =
            all.clone().find(|one| one.is_critical() && !known.iter().any(|oid| *one.oid() == *oid));
        if let Some(extension) = unknown {
            return Err(WhyUnknown::CriticalExtension(extension.oid().to_string()));
        }
        let confirmed = single.certificate_hash().map_err(WhyUnknown::Malformed)?;
        if let Some(hash) = &confirmed
            && digest(hash.algorithm(), certificate.as_der()).as_ref() != Some(hash)
        {
            return Err(WhyUnknown::CertificateHash);
        }
        match single.status {
            SingleStatus::Revoked { at, reason } => return Ok(Status::Revoked { at, reason }),
            SingleStatus::Unknown => return Err(WhyUnknown::ResponderDoesNotKnow),
            SingleStatus::Good => {}
        }
        let this_update = single.this_update;
        WhyUnknown::unless_in_order(this_update, single.next_update)?;
        if this_update < certificate.not_before() {
            return Err(WhyUnknown::BeforeNotBefore { this_update, not_before: certificate.not_before() });
        }
        let remembers =
            confirmed.is_some() || single.archive_cutoff().is_some_and(|cut| cut <= certificate.not_after());
        if this_update > certificate.not_after() && !remembers {
            return Err(WhyUnknown::AfterNotAfter { this_update, not_after: certificate.not_after() });
        }
        Ok(Status::Good)
    }
}

impl ResponderId {
    /// Whether this certificate has the name or the key.
    #[must_use]
    pub fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::ByKey(hash) => sha1(certificate.public_key_bits()) == hash.as_slice(),
            Self::ByName(name) => name.matches(certificate.subject()),
        }
    }

    fn read(choice: &Tlv<'_>) -> Result<Self, SyntaxError> {
        match choice.tag {
            0xa1 => {
                let name = choice.reader().expect(SEQUENCE)?;
                Name::from_der(choice.content).map(Self::ByName).map_err(|error| shift(error, name.offset))
            }
            0xa2 => Ok(Self::ByKey(choice.reader().expect(OCTET_STRING)?.content.to_vec())),
            found => Err(choice.error(SyntaxErrorKind::UnknownChoice { found })),
        }
    }
}

impl SingleResponse {
    /// From when on the responder remembers expired certificates (archiveCutoff).
    #[must_use]
    pub fn archive_cutoff(&self) -> Option<Time> {
        let found = self.extensions.iter().find(|extension| *extension.oid() == OCSP_ARCHIVE_CUTOFF)?;
        Reader::new(found.value(), 0).any().ok()?.time().ok()
    }

    /// The hash of the certificate this response confirms (CertHash); `None` as well for an algorithm not supported.
    pub fn certificate_hash(&self) -> Result<Option<Digest>, SyntaxError> {
        let Some(found) = self.extensions.iter().find(|extension| *extension.oid() == CERT_HASH) else {
            return Ok(None);
        };
        let mut fields = Reader::only(found.value(), 0, SEQUENCE)?.reader();
        let algorithm = fields.expect(SEQUENCE)?.reader().expect(OID)?.oid()?;
        let hash = fields.expect(OCTET_STRING)?.content;
        Ok(DigestAlgorithm::from_oid(&algorithm).and_then(|algorithm| Digest::new(algorithm, hash)))
    }

    /// Whether this is how a responder says that it never issued such a certificate: revoked, on hold, since the first second of 1970
    /// (RFC 6960 2.2).
    #[must_use]
    pub fn is_never_issued(&self) -> bool {
        let hold = Some(Reason::CertificateHold);
        self.status == SingleStatus::Revoked { at: NEVER_ISSUED, reason: hold }
    }

    /// The extensions of this single response.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    fn read(single: &Tlv<'_>) -> Result<Self, SyntaxError> {
        let mut fields = single.reader();
        let certificate = CertId::read(&fields.expect(SEQUENCE)?)?;
        let choice = fields.any()?;
        let status = match choice.tag {
            0x80 => SingleStatus::Good,
            0x82 => SingleStatus::Unknown,
            0xa1 => {
                let mut info = choice.reader();
                let at = info.expect(GENERALIZED_TIME)?.time()?;
                let reason = match info.optional(0xa0)? {
                    Some(outer) => Some(Reason::from_code(outer.reader().expect(ENUMERATED)?.small()?)),
                    None => None,
                };
                info.finish()?;
                SingleStatus::Revoked { at, reason }
            }
            found => return Err(choice.error(SyntaxErrorKind::UnknownChoice { found })),
        };
        let this_update = fields.expect(GENERALIZED_TIME)?.time()?;
        let next_update = match fields.optional(0xa0)? {
            Some(outer) => Some(outer.reader().expect(GENERALIZED_TIME)?.time()?),
            None => None,
        };
        let extensions = read_extensions(fields.optional(0xa1)?)?;
        fields.finish()?;
        Ok(Self { certificate, status, this_update, next_update, extensions })
    }
}

const CODES: [(u8, ResponseStatus, &str); 6] = [
    (0, ResponseStatus::Successful, "successful"),
    (1, ResponseStatus::MalformedRequest, "malformedRequest"),
    (2, ResponseStatus::InternalError, "internalError"),
    (3, ResponseStatus::TryLater, "tryLater"),
    (5, ResponseStatus::SigRequired, "sigRequired"),
    (6, ResponseStatus::Unauthorized, "unauthorized"),
];

impl ResponseStatus {
    /// The status with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        CODES.iter().find(|(known, ..)| *known == code).map_or(Self::Other(code), |(_, status, _)| *status)
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            named => CODES.iter().find(|(_, status, _)| *status == named).map_or(2, |(code, ..)| *code),
        }
    }
}

impl fmt::Display for ResponseStatus {
    /// The name the standard gives it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CODES.iter().find(|(_, status, _)| status == self) {
            Some((.., name)) => f.write_str(name),
            None => write!(f, "status {}", self.code()),
        }
    }
}

fn check_size(der: &[u8]) -> Result<(), OcspError> {
    if der.len() > MAX_OCSP_SIZE {
        return Err(OcspError::TooLarge { size: der.len(), limit: MAX_OCSP_SIZE });
    }
    Ok(())
}

fn read_extensions(outer: Option<Tlv<'_>>) -> Result<Vec<Extension>, SyntaxError> {
    let Some(outer) = outer else { return Ok(Vec::new()) };
    let list = outer.reader().expect(SEQUENCE)?;
    Extension::list_from_der(outer.content).map_err(|error| shift(error, list.offset))
}

fn read_certificates(outer: &Tlv<'_>) -> Result<Vec<Certificate>, OcspError> {
    let mut fields = outer.reader();
    let mut list = fields.expect(SEQUENCE)?.reader();
    fields.finish()?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        if certificates.len() >= MAX_CERTIFICATES {
            return Err(OcspError::TooMany { what: "certificates", limit: MAX_CERTIFICATES });
        }
        certificates.extend(Certificate::from_der(list.any()?.whole).ok());
    }
    Ok(certificates)
}
