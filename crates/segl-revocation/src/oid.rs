//! The object identifiers of CRL and OCSP.

use segl_x509::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($value);)*
    };
}

oids! {
    /// cRLNumber (RFC 5280 5.2.3).
    CRL_NUMBER = "2.5.29.20";
    /// reasonCode (RFC 5280 5.3.1).
    REASON_CODE = "2.5.29.21";
    /// invalidityDate (RFC 5280 5.3.2).
    INVALIDITY_DATE = "2.5.29.24";
    /// deltaCRLIndicator (RFC 5280 5.2.4).
    DELTA_CRL_INDICATOR = "2.5.29.27";
    /// issuingDistributionPoint (RFC 5280 5.2.5).
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// certificateIssuer (RFC 5280 5.3.3).
    CERTIFICATE_ISSUER = "2.5.29.29";
    /// authorityKeyIdentifier (RFC 5280 5.2.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// freshestCRL (RFC 5280 5.2.6).
    FRESHEST_CRL = "2.5.29.46";
    /// expiredCertsOnCRL (X.509 9.5.2.8).
    EXPIRED_CERTS_ON_CRL = "2.5.29.60";
    /// id-pkix-ocsp-basic (RFC 6960 4.2.1).
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    /// id-pkix-ocsp-nonce (RFC 9654).
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    /// id-pkix-ocsp-response, the types a client accepts (RFC 6960 4.4.3).
    OCSP_RESPONSE_TYPES = "1.3.6.1.5.5.7.48.1.4";
    /// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1).
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// id-pkix-ocsp-archive-cutoff (RFC 6960 4.4.4).
    OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6";
    /// id-pkix-ocsp-extended-revoke: the responder says of what was never issued that it is revoked (RFC 6960 4.4.8).
    OCSP_EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9";
    /// CertHash, "positive confirmation" (Common PKI).
    CERT_HASH = "1.3.36.8.3.13";
    /// id-kp-OCSPSigning (RFC 6960 4.2.2.2).
    PURPOSE_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
}
