//! What a body is, whatever its content type says.

use std::borrow::Cow;

use base64ct::{Base64, Encoding as _};
use segl_cms::SignedDataView;
use segl_x509::Certificate;

use crate::error::Cause;

/// The most certificates that are read from one message; bundles of issuers in use hold fewer than ten.
pub const MAX_CERTIFICATES: usize = 64;

const BEGIN: &str = "-----BEGIN ";
const CERTIFICATE_LABELS: [&str; 5] =
    ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS"];
const SEQUENCE: u8 = 0x30;

/// Labels of CRLs in PEM.
pub(crate) const CRL_LABELS: [&str; 2] = ["X509 CRL", "CRL"];

/// Reads what stands at a caIssuers address: a certificate in DER, a message with certificates only (RFC 5652, `.p7c`), or PEM with
/// either, several blocks too.
///
/// # Errors
/// [`Cause`]: what came instead.
pub fn read_certificates(body: &[u8]) -> Result<Vec<Certificate>, Cause> {
    let pieces = match text(body)? {
        Some(text) => pem(text, &CERTIFICATE_LABELS)?.into_iter().map(Cow::Owned).collect(),
        None => vec![Cow::Borrowed(body)],
    };
    let mut certificates = Vec::new();
    for piece in &pieces {
        match Certificate::from_der(piece) {
            Ok(certificate) => certificates.push(certificate),
            Err(error) => {
                let message = SignedDataView::parse(piece).map_err(|_| match whole(piece) {
                    Err(cause) => cause,
                    Ok(()) => Cause::Certificate(error.clone()),
                })?;
                for der in message.certificates().take(MAX_CERTIFICATES.saturating_add(1)) {
                    // One that cannot be read may stand beside the one that is wanted.
                    certificates.extend(Certificate::from_der(der));
                }
                if certificates.is_empty() {
                    return Err(Cause::Certificate(error));
                }
            }
        }
        if certificates.len() > MAX_CERTIFICATES {
            return Err(Cause::ManyCertificates { limit: MAX_CERTIFICATES });
        }
    }
    Ok(certificates)
}

/// One whole value in DER, out of PEM when it is text with one of these labels.
pub(crate) fn der(body: Vec<u8>, labels: &[&str]) -> Result<Vec<u8>, Cause> {
    let der = match text(&body)? {
        Some(text) => pem(text, labels)?.into_iter().next().ok_or(Cause::Pem)?,
        None => body,
    };
    whole(&der)?;
    Ok(der)
}

/// The text of PEM; `None` for what is no text.
fn text(body: &[u8]) -> Result<Option<&str>, Cause> {
    let bare = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start();
    match bare {
        [] => Err(Cause::Empty),
        [b'<', ..] => Err(Cause::Page),
        [0x1f, 0x8b, ..] => Err(Cause::Encoded { coding: "gzip".to_owned() }),
        [b'-', ..] => Ok(Some(core::str::from_utf8(bare).map_err(|_| Cause::Pem)?)),
        [SEQUENCE, ..] => Ok(None),
        // Text may stand in front of the first block.
        _ => Ok(core::str::from_utf8(bare).ok().filter(|text| text.contains(BEGIN))),
    }
}

/// Whether the octets are one SEQUENCE in DER from beginning to end, seen from outside.
fn whole(der: &[u8]) -> Result<(), Cause> {
    let (header, length) = match der {
        [SEQUENCE, length @ 0..=0x7f, ..] => (2_u64, u64::from(*length)),
        [SEQUENCE, count @ 0x81..=0x88, rest @ ..] => {
            let count = usize::from(count & 0x7f);
            let length =
                rest.iter().take(count).fold(0_u64, |length, octet| (length << 8) | u64::from(*octet));
            (u64::try_from(count).unwrap_or(u64::MAX).saturating_add(2), length)
        }
        [SEQUENCE] => return Err(Cause::Truncated { found: 1, expected: 2 }),
        [SEQUENCE, first, ..] | [first, ..] => return Err(Cause::NotDer { first: *first }),
        [] => return Err(Cause::Empty),
    };
    let (found, expected) = (der.len(), header.saturating_add(length));
    match usize::try_from(expected).ok().and_then(|expected| found.checked_sub(expected)) {
        Some(0) => Ok(()),
        Some(octets) => Err(Cause::Trailing { octets }),
        None => Err(Cause::Truncated { found, expected }),
    }
}

/// The contents of all blocks with one of these labels (RFC 7468); text around them is skipped.
fn pem(text: &str, labels: &[&str]) -> Result<Vec<Vec<u8>>, Cause> {
    let mut found = Vec::new();
    for block in text.split(BEGIN).skip(1) {
        let (label, rest) = block.split_once("-----").ok_or(Cause::Pem)?;
        if !labels.contains(&label) {
            continue;
        }
        let (body, _) = rest.split_once("-----END ").ok_or(Cause::Pem)?;
        let body: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
        found.push(Base64::decode_vec(&body).map_err(|_| Cause::Pem)?);
        if found.len() > MAX_CERTIFICATES {
            return Err(Cause::ManyCertificates { limit: MAX_CERTIFICATES });
        }
    }
    if found.is_empty() { Err(Cause::Pem) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let der = |body: &[u8]| der(body.to_vec(), &CRL_LABELS);
        assert_eq!(der(&[0x30, 0]).unwrap(), [0x30, 0]);
        assert_eq!(
            der(b"The list:\r\n-----BEGIN X509 CRL-----\r\nMAA=\r\n-----END X509 CRL-----\r\n").unwrap(),
            [0x30, 0]
        );
        assert!(matches!(der(b""), Err(Cause::Empty)));
        assert!(matches!(der(b" \r\n"), Err(Cause::Empty)));
        assert!(matches!(der(b"\n<!DOCTYPE html>"), Err(Cause::Page)));
        assert!(matches!(der(b"\xef\xbb\xbf<?xml"), Err(Cause::Page)));
        assert!(matches!(der(b"\x1f\x8b\x08"), Err(Cause::Encoded { .. })));
        assert!(matches!(der(b"Not found"), Err(Cause::NotDer { first: b'N' })));
        assert!(matches!(der(&[0x30, 0x80, 0, 0]), Err(Cause::NotDer { first: 0x80 })));
        assert!(matches!(der(&[0x30, 0xff, 0, 0]), Err(Cause::NotDer { first: 0xff })));
        assert!(matches!(der(&[0x30]), Err(Cause::Truncated { .. })));
        assert!(matches!(der(&[0x30, 3, 0]), Err(Cause::Truncated { found: 3, expected: 5 })));
        assert!(matches!(der(&[0x30, 0x82, 1]), Err(Cause::Truncated { .. })));
        let largest = [0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(matches!(der(&largest), Err(Cause::Truncated { expected: u64::MAX, .. })));
        assert!(matches!(der(&[0x30, 0, 10]), Err(Cause::Trailing { octets: 1 })));
        for wrong in [
            "-----BEGIN X",
            "-----BEGIN CRL-----MAA=",
            "-----BEGIN CRL-----M-----END CRL-----",
            "--",
            "-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE-----",
        ] {
            assert!(matches!(der(wrong.as_bytes()), Err(Cause::Pem)), "{wrong}");
        }
    }

    #[test]
    fn no_certificates() {
        assert!(matches!(read_certificates(b""), Err(Cause::Empty)));
        assert!(matches!(read_certificates(b"<html>"), Err(Cause::Page)));
        assert!(matches!(read_certificates(&[0x30, 0]), Err(Cause::Certificate(_))));
        assert!(matches!(read_certificates(&[0x30, 9, 1]), Err(Cause::Truncated { .. })));
        let many = "-----BEGIN CERTIFICATE-----MAA=-----END CERTIFICATE-----\n".repeat(MAX_CERTIFICATES + 1);
        assert!(matches!(read_certificates(many.as_bytes()), Err(Cause::ManyCertificates { .. })));
    }
}
