//! Signed properties, in the words common to all formats.

use segl_crypto::{Digest, Time};

/// What the signer signed beside the content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedProperties {
    /// The claimed signing time: `/M` of a PDF signature, signing-time of CAdES, SigningTime of XAdES. A claim, never a proof.
    pub claimed_signing_time: Option<Time>,
    /// References to the signing certificate; empty where the signature does not protect it.
    pub signing_certificate: Vec<CertificateReference>,
    /// The signature policy.
    pub policy: Option<SignaturePolicy>,
    /// Commitment types, as dotted object identifiers or URIs.
    pub commitments: Vec<String>,
    /// Reason, as a PDF signature dictionary gives it.
    pub reason: Option<String>,
    /// Place, as the format gives it, in one line.
    pub place: Option<String>,
    /// MIME type or content hint of the signed data.
    pub content_hint: Option<String>,
}

/// A signed reference to a certificate: a digest, and issuer and serial number where given (ESSCertIDv2, SigningCertificateV2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateReference {
    /// Digest of the certificate's DER; `None` where the algorithm is not known here.
    pub digest: Option<Digest>,
    /// DER of the issuer's Name, where given.
    pub issuer: Option<Vec<u8>>,
    /// Content octets of the serial number, where given.
    pub serial: Option<Vec<u8>>,
}

/// A signature policy, explicit or implied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// Its identifier; `None` for an implied policy.
    pub identifier: Option<String>,
    /// Digest of the policy document.
    pub digest: Option<Digest>,
}
