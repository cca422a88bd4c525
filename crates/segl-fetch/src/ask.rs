//! What can be asked for.

use segl_crypto::{DigestAlgorithm, Time};
use segl_evidence::Need;
use segl_revocation::{CertId, OcspRequest};
use segl_x509::Certificate;

use crate::cache::CacheKey;

/// One thing to fetch from one address.
#[derive(Clone, Debug)]
pub struct Ask {
    pub(crate) url: String,
    pub(crate) kind: Kind,
    pub(crate) this_update_from: Option<Time>,
    pub(crate) past_cache: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Certificates,
    Crl,
    Ocsp { certificate: Certificate, issuer: Certificate, request: OcspRequest },
}

/// What two asks have in common that can share an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Same {
    pub(crate) key: CacheKey,
    url: String,
    nonce: Option<Vec<u8>>,
    past_cache: bool,
}

impl Ask {
    /// Certificates, as a caIssuers address has them (RFC 5280, 4.2.2.1).
    pub fn certificates(url: impl Into<String>) -> Self {
        Self::new(url.into(), Kind::Certificates)
    }

    /// A CRL.
    pub fn crl(url: impl Into<String>) -> Self {
        Self::new(url.into(), Kind::Crl)
    }

    /// An OCSP response about a certificate. `algorithm` is the one of the CertID: SHA-1 is what every responder knows (RFC 5019,
    /// 2.1.1), and nothing hangs on its strength. `None` when it cannot be computed (MD5).
    pub fn ocsp(
        url: impl Into<String>,
        certificate: &Certificate,
        issuer: &Certificate,
        algorithm: DigestAlgorithm,
    ) -> Option<Self> {
        let request = OcspRequest::about(certificate, issuer, algorithm, None)?;
        let kind = Kind::Ocsp { certificate: certificate.clone(), issuer: issuer.clone(), request };
        Some(Self::new(url.into(), kind))
    }

    /// What a need can be answered with, an ask for each of its addresses in the order of the certificate; OCSP with a CertID of SHA-1.
    pub fn of_need(need: &Need) -> Vec<Self> {
        let urls = need.urls().iter();
        match need {
            Need::Issuer { .. } => urls.map(Self::certificates).collect(),
            Need::Crl { this_update_from, .. } => {
                urls.map(|url| Self::crl(url).this_update_from(*this_update_from)).collect()
            }
            Need::Ocsp { certificate, issuer, this_update_from, .. } => urls
                .filter_map(|url| Self::ocsp(url, certificate, issuer, DigestAlgorithm::Sha1))
                .map(|ask| ask.this_update_from(*this_update_from))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Ties the OCSP response to this request by a nonce; 32 random octets are advised (RFC 9654, 2.1). The cache is passed by, for
    /// what is kept answers an older request. Of a CRL and of certificates it changes nothing.
    #[must_use]
    pub fn nonce(mut self, nonce: Vec<u8>) -> Self {
        if let Kind::Ocsp { request, .. } = &mut self.kind {
            request.nonce = Some(nonce);
        }
        self
    }

    /// What is kept in the cache is used only when its thisUpdate is not earlier than this.
    #[must_use]
    pub const fn this_update_from(mut self, time: Time) -> Self {
        self.this_update_from = Some(time);
        self
    }

    /// Asks the network even when an answer is in the cache; the new one is kept in its place.
    #[must_use]
    pub const fn past_cache(mut self) -> Self {
        self.past_cache = true;
        self
    }

    /// Where it is asked for; with what user information and query it has.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn same(&self) -> Same {
        let nonce = match &self.kind {
            Kind::Ocsp { request, .. } => request.nonce.clone(),
            _ => None,
        };
        Same { key: self.cache_key(), url: self.url.clone(), nonce, past_cache: self.past_cache }
    }

    /// Status is kept by issuer and serial number, so that a second responder's answer serves as well; the rest by address.
    pub(crate) fn cache_key(&self) -> CacheKey {
        match &self.kind {
            Kind::Certificates => CacheKey::new("certificates", self.url.as_bytes()),
            Kind::Crl => CacheKey::new("crl", self.url.as_bytes()),
            Kind::Ocsp { certificate, issuer, .. } => {
                let id = CertId::new(certificate.serial(), issuer, DigestAlgorithm::Sha256);
                CacheKey::new("ocsp", id.as_ref().map_or(certificate.as_der(), CertId::as_der))
            }
        }
    }

    pub(crate) const fn has_nonce(&self) -> bool {
        matches!(&self.kind, Kind::Ocsp { request, .. } if request.nonce.is_some())
    }

    const fn new(url: String, kind: Kind) -> Self {
        Self { url, kind, this_update_from: None, past_cache: false }
    }
}
