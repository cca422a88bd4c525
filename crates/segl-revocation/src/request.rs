use segl_x509::{Certificate, Extension};

use segl_crypto::DigestAlgorithm;

use crate::{
    CertId, OcspError,
    asn1::{OCTET_STRING, Reader, SEQUENCE, extension, oid, sequence_of, shift, tlv},
    oid::*,
};

/// The largest OCSP request that is read, in bytes; one with a nonce has about 150.
pub const MAX_OCSP_REQUEST_SIZE: usize = 16 << 10;
/// The most certificates one request may ask about.
pub const MAX_OCSP_REQUESTS: usize = 32;
/// The longest nonce (RFC 9654 2.1).
const MAX_NONCE: usize = 128;

/// An OCSP request (RFC 6960 4.1): which certificates, and a nonce that ties the answer to the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspRequest {
    /// What is asked about.
    pub certificates: Vec<CertId>,
    /// The nonce, without the OCTET STRING around it; 32 random octets are advised (RFC 9654).
    pub nonce: Option<Vec<u8>>,
}

impl OcspRequest {
    /// Asks about one certificate. `algorithm` is the one of the CertID; `None` when it cannot be computed (MD5).
    #[must_use]
    pub fn about(
        certificate: &Certificate,
        issuer: &Certificate,
        algorithm: DigestAlgorithm,
        nonce: Option<Vec<u8>>,
    ) -> Option<Self> {
        Some(Self { certificates: vec![CertId::new(certificate.serial(), issuer, algorithm)?], nonce })
    }

    /// Writes the request, unsigned. With a nonce it also names the type of answer accepted.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let requests: Vec<Vec<u8>> =
            self.certificates.iter().map(|certificate| tlv(SEQUENCE, &[certificate.as_der()])).collect();
        let extensions = self.nonce.as_ref().map(|nonce| {
            let types = sequence_of(&[oid(&OCSP_BASIC)]);
            let list = [
                extension(&OCSP_NONCE, false, &tlv(OCTET_STRING, &[nonce])),
                extension(&OCSP_RESPONSE_TYPES, false, &types),
            ];
            tlv(0xa2, &[&sequence_of(&list)])
        });
        let tbs = tlv(SEQUENCE, &[&sequence_of(&requests), &extensions.unwrap_or_default()]);
        tlv(SEQUENCE, &[&tbs])
    }

    /// Reads a request. A signature on it is neither needed nor looked at (EN 319 412-2 GEN-4.4.1-7).
    pub fn from_der(der: &[u8]) -> Result<Self, OcspError> {
        if der.len() > MAX_OCSP_REQUEST_SIZE {
            return Err(OcspError::TooLarge { size: der.len(), limit: MAX_OCSP_REQUEST_SIZE });
        }
        let mut outer = Reader::only(der, 0, SEQUENCE)?.reader();
        let mut tbs = outer.expect(SEQUENCE)?.reader();
        outer.optional(0xa0)?;
        outer.finish()?;
        tbs.optional(0xa0)?;
        tbs.optional(0xa1)?;
        let mut list = tbs.expect(SEQUENCE)?.reader();
        let mut certificates = Vec::new();
        while !list.is_empty() {
            if certificates.len() >= MAX_OCSP_REQUESTS {
                return Err(OcspError::TooMany { what: "requests", limit: MAX_OCSP_REQUESTS });
            }
            let mut request = list.expect(SEQUENCE)?.reader();
            certificates.push(CertId::read(&request.expect(SEQUENCE)?)?);
            request.optional(0xa0)?;
            request.finish()?;
        }
        let extensions = match tbs.optional(0xa2)? {
            Some(outer) => {
                let offset = outer.reader().any()?.offset;
                Extension::list_from_der(outer.content).map_err(|error| shift(error, offset))?
            }
            None => Vec::new(),
        };
        tbs.finish()?;
        let known = [OCSP_NONCE, OCSP_RESPONSE_TYPES];
        let unknown =
            extensions.iter().find(|one| one.is_critical() && !known.iter().any(|oid| *one.oid() == *oid));
        if let Some(unknown) = unknown {
            return Err(OcspError::CriticalExtension(unknown.oid().to_string()));
        }
        let nonce = nonce(&extensions);
        if let Some(length) = nonce.as_ref().map(Vec::len).filter(|length| !(1..=MAX_NONCE).contains(length))
        {
            return Err(OcspError::Nonce { length });
        }
        Ok(Self { certificates, nonce })
    }
}

/// The nonce among the extensions. Peers of RFC 6960 left out the OCTET STRING inside: then the value is the nonce.
pub(crate) fn nonce(extensions: &[Extension]) -> Option<Vec<u8>> {
    let value = extensions.iter().find(|extension| *extension.oid() == OCSP_NONCE)?.value();
    let inner = Reader::only(value, 0, OCTET_STRING).map(|inner| inner.content);
    Some(inner.unwrap_or(value).to_vec())
}
