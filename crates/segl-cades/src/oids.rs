use const_oid::ObjectIdentifier;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// Signed `content-hints`, RFC 2634, 2.9.
pub const CONTENT_HINTS: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.4");
/// Unsigned `signature-time-stamp`, EN 319 122-1, 5.3.
pub const SIGNATURE_TIMESTAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.14");
/// Signed `signature-policy-identifier`, EN 319 122-1, 5.2.9.1.
pub const SIGNATURE_POLICY: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.15");
/// Signed `commitment-type-indication`, EN 319 122-1, 5.2.3.
pub const COMMITMENT_TYPE: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.16");
/// Signed `signer-location`, EN 319 122-1, 5.2.5.
pub const SIGNER_LOCATION: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.17");
/// Signed `content-time-stamp`, EN 319 122-1, 5.2.8.
pub const CONTENT_TIMESTAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.20");
/// Unsigned `certificate-values`, EN 319 122-1, A.1.1.
pub const CERTIFICATE_VALUES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.23");
/// Unsigned `revocation-values`, EN 319 122-1, A.1.2.
pub const REVOCATION_VALUES: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.24");
/// Unsigned `CAdES-C-time-stamp`, over the signature and its references.
pub const CADES_C_TIMESTAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.25");
/// Unsigned `time-stamped-certs-crls-references`.
pub const REFERENCES_TIMESTAMP: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.26");
/// Unsigned `archive-time-stamp`, the first, obsolete form.
pub const ARCHIVE_TIMESTAMP_V1: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.27");
/// Unsigned `archive-time-stamp`, the second, legacy form.
pub const ARCHIVE_TIMESTAMP_V2: ObjectIdentifier = oid("1.2.840.113549.1.9.16.2.48");
/// Unsigned `archive-time-stamp-v3`, EN 319 122-1, 5.5.3.
pub const ARCHIVE_TIMESTAMP_V3: ObjectIdentifier = oid("0.4.0.1733.2.4");
/// Signed `mime-type`, EN 319 122-1, 5.2.4.2.
pub const MIME_TYPE: ObjectIdentifier = oid("0.4.0.1733.2.1");
/// `adbe-revocationInfoArchival`, ISO 32000-2, 12.8.3.3.2; signed, by some writers unsigned.
pub const ADBE_REVOCATION: ObjectIdentifier = oid("1.2.840.113583.1.1.8");
