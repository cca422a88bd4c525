use const_oid::ObjectIdentifier;
use segl_cms::{BuildError, PreparedSignedData, SignedDataBuilder, encode, ess, max_signature_len, oids};
use segl_crypto::{DigestAlgorithm, PublicKeyError, SignatureAlgorithm, SignatureValue, Time, ToBeSigned};
use segl_x509::Certificate;

use crate::clock::{Clock, Precision};
use crate::request::TimestampRequest;
use crate::response::{FailureInfo, TimestampResponse};
use crate::token::{UnitError, may_stamp};
use crate::tst_info::{Accuracy, TstInfo, qualified_statement};

/// The longest serial number, in octets (RFC 3161, 2.4.2: 160 bits).
pub const MAX_SERIAL: usize = 20;

/// The digest algorithms whose values are stamped unless told otherwise: SHA-2 and SHA-3 from 256 bits on.
pub const ACCEPTED_DIGESTS: [DigestAlgorithm; 6] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
    DigestAlgorithm::Sha3_256,
    DigestAlgorithm::Sha3_384,
    DigestAlgorithm::Sha3_512,
];

/// A time-stamp unit after EN 319 422: what it is and what it accepts. The key is elsewhere.
///
/// It judges a request, then writes what is to be signed, then puts the response together; serial number and time are arguments.
/// Uniqueness of serial numbers and the audit record are the caller's, between [`Self::accept`] and the key.
#[derive(Clone, Debug)]
pub struct Authority {
    certificate: Certificate,
    chain: Vec<Certificate>,
    algorithm: SignatureAlgorithm,
    policies: Vec<ObjectIdentifier>,
    digests: Vec<DigestAlgorithm>,
    accuracy: Accuracy,
    precision: Precision,
    qualified: bool,
}

impl Authority {
    /// A unit with its certificate and the policy it issues under when none is asked for. Accuracy: one second.
    ///
    /// # Errors
    /// [`AuthorityError`] when the certificate is not for time-stamping alone or its key cannot be used here.
    pub fn new(certificate: Certificate, policy: ObjectIdentifier) -> Result<Self, AuthorityError> {
        may_stamp(&certificate)?;
        let algorithm = certificate.public_key()?.default_algorithm();
        Ok(Self {
            certificate,
            chain: Vec::new(),
            algorithm,
            policies: vec![policy],
            digests: ACCEPTED_DIGESTS.to_vec(),
            accuracy: Accuracy::seconds(1),
            precision: Precision::default(),
            qualified: false,
        })
    }

    /// Certificates that go along after the unit's own when certificates are asked for.
    #[must_use]
    pub fn with_chain(mut self, chain: Vec<Certificate>) -> Self {
        self.chain = chain;
        self
    }

    /// Signs with another algorithm than the key's usual one.
    #[must_use]
    pub const fn with_algorithm(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// A further policy that may be asked for.
    #[must_use]
    pub fn with_policy(mut self, policy: ObjectIdentifier) -> Self {
        self.policies.push(policy);
        self
    }

    /// The digest algorithms that are stamped.
    #[must_use]
    pub fn with_digests(mut self, digests: &[DigestAlgorithm]) -> Self {
        self.digests = digests.to_vec();
        self
    }

    /// The accuracy in each token. EN 319 422, 5.2.2 asks for one second or better.
    #[must_use]
    pub const fn with_accuracy(mut self, accuracy: Accuracy) -> Self {
        self.accuracy = accuracy;
        self
    }

    /// How finely the time is written.
    #[must_use]
    pub const fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Puts the claim of a qualified time-stamp into each token (EN 319 422, 9.1).
    #[must_use]
    pub const fn qualified(mut self) -> Self {
        self.qualified = true;
        self
    }

    /// The unit's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Judges a request in the order of the standard: format, algorithm, policy, extensions, the key's life, the clock.
    ///
    /// Nothing is used up by a refusal: take a serial number afterwards.
    ///
    /// # Errors
    /// [`Rejection`], which is also the answer to send.
    pub fn accept(&self, request: &[u8], clock: Clock) -> Result<AcceptedRequest<'_>, Rejection> {
        let request = TimestampRequest::from_der(request).map_err(|error| {
            Rejection::new(FailureInfo::BadDataFormat, format!("not a time-stamp request: {error}"))
        })?;
        if request.version() != 1 {
            return Err(Rejection::new(
                FailureInfo::BadRequest,
                format!("version {} is not known", request.version()),
            ));
        }
        let imprint = request.imprint();
        let algorithm =
            imprint.algorithm().filter(|algorithm| self.digests.contains(algorithm)).ok_or_else(|| {
                Rejection::new(
                    FailureInfo::BadAlg,
                    format!("digest algorithm {} is not accepted", imprint.algorithm_oid()),
                )
            })?;
        if imprint.hash().len() != algorithm.output_len() {
            let text = format!("{} octets are not a {algorithm} digest", imprint.hash().len());
            return Err(Rejection::new(FailureInfo::BadDataFormat, text));
        }
        let policy = match (request.policy(), self.policies.first()) {
            (Some(asked), _) if self.policies.contains(&asked) => asked,
            (None, Some(own)) => *own,
            (asked, _) => {
                let text = asked
                    .map_or_else(|| "no policy".to_owned(), |asked| format!("policy {asked} is not served"));
                return Err(Rejection::new(FailureInfo::UnacceptedPolicy, text));
            }
        };
        if let Some(extension) = request.extensions().first() {
            let text = format!("extension {} is not known", extension.oid());
            return Err(Rejection::new(FailureInfo::UnacceptedExtension, text));
        }
        let Clock::Fit(time) = clock else {
            return Err(Rejection::new(
                FailureInfo::TimeNotAvailable,
                "no trustworthy time at hand".to_owned(),
            ));
        };
        let time = self.precision.cut(time);
        if !self.may_sign_at(time) {
            return Err(Rejection::new(
                FailureInfo::SystemFailure,
                "the unit's key is not in use now".to_owned(),
            ));
        }
        Ok(AcceptedRequest { authority: self, request, policy, time })
    }

    /// [`Self::accept`] and [`AcceptedRequest::prepare`] in one, for callers whose serial numbers may have gaps.
    ///
    /// # Errors
    /// [`Rejection`], which is also the answer to send.
    pub fn prepare(&self, request: &[u8], serial: &[u8], clock: Clock) -> Result<Pending, Rejection> {
        self.accept(request, clock)?.prepare(serial)
    }

    /// Within the certificate's validity and the private key's usage period (EN 319 421, TIS-7.7.1-09).
    fn may_sign_at(&self, time: Time) -> bool {
        let within = self.certificate.is_valid_at(time);
        match self.certificate.private_key_usage_period() {
            Ok(Some(period)) => {
                within
                    && period.not_before.is_none_or(|start| time >= start)
                    && period.not_after.is_none_or(|end| time.truncate_to_seconds() <= end)
            }
            Ok(None) => within,
            Err(_) => false,
        }
    }
}

/// A request that will get a token.
#[derive(Clone, Debug)]
pub struct AcceptedRequest<'a> {
    authority: &'a Authority,
    request: TimestampRequest,
    policy: ObjectIdentifier,
    time: Time,
}

impl AcceptedRequest<'_> {
    /// The time that will be stamped.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.time
    }

    /// Writes the token but for its signature. `serial` is a number that no other token of this unit has, most significant octet
    /// first, 1 to 20 octets.
    ///
    /// # Errors
    /// [`Rejection`] with `systemFailure` when the serial number is too long or nothing can be prepared.
    pub fn prepare(self, serial: &[u8]) -> Result<Pending, Rejection> {
        let authority = self.authority;
        let serial_der = encode::unsigned_integer(serial);
        let serial = serial_der.get(2..).unwrap_or_default().to_vec();
        if serial.len() > MAX_SERIAL {
            return Err(Rejection::system_failure("no serial number"));
        }
        let directory_name = encode::element(0xa4, authority.certificate.subject().as_der());
        let info = TstInfo {
            version: 1,
            policy: self.policy,
            imprint: self.request.imprint().clone(),
            serial,
            time: self.time,
            accuracy: Some(authority.accuracy),
            ordering: false,
            nonce: self.request.nonce().map(<[u8]>::to_vec),
            tsa: Some(directory_name),
            extensions: authority.qualified.then(qualified_statement).into_iter().collect(),
        };
        let prepared = authority
            .build(&info)
            .map_err(|error| Rejection::system_failure(format!("the token cannot be built: {error}")))?;
        let certificates = if self.request.certificate_wanted() {
            core::iter::once(&authority.certificate).chain(&authority.chain).cloned().collect()
        } else {
            Vec::new()
        };
        Ok(Pending { info, prepared, certificates })
    }
}

impl Authority {
    fn build(&self, info: &TstInfo) -> Result<PreparedSignedData, BuildError> {
        let hash = self.algorithm.digest().unwrap_or(DigestAlgorithm::Sha512);
        let ess_algorithm = DigestAlgorithm::Sha256;
        let ess = ess::signing_certificate_v2(&self.certificate, ess_algorithm)
            .ok_or(BuildError::DigestUnavailable { algorithm: ess_algorithm })?;
        SignedDataBuilder::attached(oids::TST_INFO, info.to_der(), hash)?
            .signed_attribute(oids::SIGNING_CERTIFICATE_V2, ess)
            .prepare(&self.certificate, self.algorithm)
    }
}

/// A token that waits for its signature value.
#[must_use = "a serial number was spent on it"]
#[derive(Clone, Debug)]
pub struct Pending {
    info: TstInfo,
    prepared: PreparedSignedData,
    certificates: Vec<Certificate>,
}

impl Pending {
    /// What the token will say: for the audit record, which is to be written before signing.
    #[must_use]
    pub const fn info(&self) -> &TstInfo {
        &self.info
    }

    /// What the unit's key is to sign.
    #[must_use]
    pub fn to_be_signed(&self) -> ToBeSigned {
        self.prepared.to_be_signed()
    }

    /// The longest token that [`Self::finish_token`] can make; `None` for a key without a known longest value.
    #[must_use]
    pub fn max_token_len(&self, unit: &Certificate) -> Option<usize> {
        let signature = max_signature_len(unit.public_key().ok()?.kind())?;
        let certificates = self.certificates.iter().map(|certificate| certificate.as_der().len()).sum();
        Some(self.prepared.max_len(signature, certificates, 0))
    }

    /// The token alone, as a file with the ending `.tst` or a local caller wants it.
    #[must_use]
    pub fn finish_token(&self, value: &SignatureValue) -> Vec<u8> {
        self.prepared.assemble(value, &self.certificates, &[])
    }

    /// The response with the token.
    #[must_use]
    pub fn finish(&self, value: &SignatureValue) -> Vec<u8> {
        TimestampResponse::granted(self.finish_token(value)).to_der()
    }
}

/// A refusal, and the response that says so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{failure}: {text}")]
pub struct Rejection {
    failure: FailureInfo,
    text: String,
}

impl Rejection {
    const fn new(failure: FailureInfo, text: String) -> Self {
        Self { failure, text }
    }

    /// For what goes wrong on the caller's side after a request was accepted: key, serial numbers, audit record.
    ///
    /// The text goes to the requester, so it should name no inner detail.
    #[must_use]
    pub fn system_failure(text: impl Into<String>) -> Self {
        Self::new(FailureInfo::SystemFailure, text.into())
    }

    /// The reason.
    #[must_use]
    pub const fn failure(&self) -> FailureInfo {
        self.failure
    }

    /// The words for the requester.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The response to send.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        TimestampResponse::rejection(self.failure, self.text.clone()).to_der()
    }
}

/// Why a certificate and its key cannot be a time-stamp unit.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The key cannot be used here.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// The certificate is not for time-stamping alone.
    #[error(transparent)]
    Unit(#[from] UnitError),
}
