use const_oid::ObjectIdentifier;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// `id-data`, RFC 5652, 4.
pub const DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.1");
/// `id-signedData`, RFC 5652, 5.1.
pub const SIGNED_DATA: ObjectIdentifier = oid("1.2.840.113549.1.7.2");
/// `id-ct-TSTInfo`, RFC 3161, 2.4.2.
pub const TST_INFO: ObjectIdentifier = oid("1.2.840.113549.1.9.16.1.4");
/// Attribute `content-type`, RFC 5652, 11.1.
pub const CONTENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.3");
/// Attribute `message-digest`, RFC 5652, 11.2.
pub const MESSAGE_DIGEST: ObjectIdentifier = oid("1.2.840.113549.1.9.4");
/// Attribute `signing-time`, RFC 5652, 11.3.
pub const SIGNING_TIME: ObjectIdentifier = oid("1.2.840.113549.1.9.5");
/// Attribute `countersignature`, RFC 5652, 11.4.
pub const COUNTERSIGNATURE: ObjectIdentifier = oid("1.2.840.113549.1.9.6");
/// ESS attribute `signing-certificate`, RFC 5035, 5.4.
pub const SIGNING_CERTIFICATE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.12");
/// ESS attribute `signing-certificate-v2`, RFC 5035, 3.
pub const SIGNING_CERTIFICATE_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.47");
/// Other revocation information: a whole `OCSPResponse`, RFC 5940, 2.1.
pub const RI_OCSP_RESPONSE: ObjectIdentifier = oid("1.3.6.1.5.5.7.16.2");
/// Other revocation information: a `BasicOCSPResponse` (the identifier of RFC 6960, used so by older CAdES signers).
pub const RI_OCSP_BASIC: ObjectIdentifier = oid("1.3.6.1.5.5.7.48.1.1");
