//! What the gatherer asks for.

use segl_crypto::Time;
use segl_x509::Certificate;

/// One thing that is missing. The caller fetches it, or says that it cannot be had; where and how is its affair.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// A CRL of `issuer` that covers `certificate`: bytes of a CRL in DER.
    Crl {
        /// Whose status is in question.
        certificate: Certificate,
        /// Whose CRL is needed.
        issuer: Certificate,
        /// Where the certificate says the CRL is; may be empty.
        urls: Vec<String>,
        /// thisUpdate must not be earlier than this, or the CRL proves nothing.
        this_update_from: Time,
    },
    /// The certificate that issued `certificate`: bytes of a certificate, DER or PEM.
    Issuer {
        /// Whose issuer is missing.
        certificate: Certificate,
        /// Where the certificate says its issuer's certificate is; may be empty.
        urls: Vec<String>,
    },
    /// An OCSP response about `certificate`: bytes of an OCSPResponse in DER.
    Ocsp {
        /// Whose status is in question.
        certificate: Certificate,
        /// Who issued it.
        issuer: Certificate,
        /// Where the certificate says the responder is; may be empty.
        urls: Vec<String>,
        /// thisUpdate must not be earlier than this, or the response proves nothing.
        this_update_from: Time,
    },
}

impl Need {
    /// Where the answer may be fetched.
    pub fn urls(&self) -> &[String] {
        match self {
            Self::Crl { urls, .. } | Self::Issuer { urls, .. } | Self::Ocsp { urls, .. } => urls,
        }
    }

    /// The certificate on whose behalf it is needed.
    pub fn certificate(&self) -> &Certificate {
        match self {
            Self::Crl { certificate, .. }
            | Self::Issuer { certificate, .. }
            | Self::Ocsp { certificate, .. } => certificate,
        }
    }
}
