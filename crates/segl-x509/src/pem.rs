//! PEM text (RFC 7468): certificates, and what else is sent as base64.

use crate::error::CertificateError;
use crate::reader::SEQUENCE;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// What stands between the dashes of a certificate.
pub(crate) const CERTIFICATE_LABELS: &[&[u8]] =
    &[b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE"];

/// Whether the input is text rather than DER: it does not begin with the octet of a SEQUENCE, unless that is the digit 0 before a blank.
pub(crate) fn is_text(input: &[u8]) -> bool {
    input.first() != Some(&SEQUENCE) || input.get(1).is_some_and(u8::is_ascii_whitespace)
}

/// The contents of all certificate blocks, in order. Other blocks and text around are skipped.
pub(crate) fn blocks(text: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    blocks_of(text, CERTIFICATE_LABELS)
}

/// The contents of all blocks with one of these labels, in order. Other blocks and text around are skipped.
///
/// # Errors
/// [`CertificateError::NoPemBlock`] when there is none, [`CertificateError::Pem`] with the place in the text.
pub fn blocks_of(text: &[u8], labels: &[&[u8]]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let found = each_block(text, labels).into_iter().collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() { Err(CertificateError::NoPemBlock) } else { Ok(found) }
}

/// As [`blocks_of`], each by itself. A block without an end is the last.
pub(crate) fn each_block(text: &[u8], labels: &[&[u8]]) -> Vec<Result<Vec<u8>, CertificateError>> {
    let mut found = Vec::new();
    let mut position = 0_usize;
    while let Some(begin) = find(text, BEGIN, position) {
        let label_at = begin.saturating_add(BEGIN.len());
        let label_end = find(text, DASHES, label_at);
        let body_at = label_end.map(|end| end.saturating_add(DASHES.len()));
        let end = body_at.and_then(|at| find(text, END, at));
        let (Some(label_end), Some(body_at), Some(end)) = (label_end, body_at, end) else {
            found.push(Err(CertificateError::Pem { offset: begin }));
            break;
        };
        if text.get(label_at..label_end).is_some_and(|label| labels.contains(&label)) {
            found.push(decode(text.get(body_at..end).unwrap_or_default(), body_at));
        }
        position = end.saturating_add(END.len());
    }
    found
}

/// Base64 with white space anywhere, as it is sent without a PEM label too. `offset` is where it stands, for the error.
///
/// # Errors
/// [`CertificateError::Pem`] with the place.
pub fn decode(body: &[u8], offset: usize) -> Result<Vec<u8>, CertificateError> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    let (mut group, mut count, mut padding) = (0_u32, 0_u8, 0_u8);
    for (index, character) in body.iter().enumerate() {
        let malformed = || CertificateError::Pem { offset: offset.saturating_add(index) };
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding = padding.saturating_add(1);
                0
            }
            character if character.is_ascii_whitespace() => continue,
            _ => return Err(malformed()),
        };
        if padding > 2 || (padding > 0 && *character != b'=') {
            return Err(malformed());
        }
        group = (group << 6) | u32::from(value);
        count += 1;
        if count == 4 {
            let octets = group.to_be_bytes();
            let kept = 4_usize.saturating_sub(usize::from(padding));
            out.extend(octets.get(1..kept).unwrap_or_default());
            (group, count) = (0, 0);
        }
    }
    if count == 0 {
        Ok(out)
    } else {
        Err(CertificateError::Pem { offset: offset.saturating_add(body.len()) })
    }
}

fn find(text: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(needle.len()).position(|window| window == needle)?.checked_add(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_blocks_are_found_among_others() {
        let text = b"Bag Attributes\n-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n\
            -----BEGIN CERTIFICATE-----\nTWF\nu\n-----END CERTIFICATE-----\n\
            -----BEGIN CERTIFICATE-----\r\nTWE=\r\n-----END CERTIFICATE-----\r\n";
        assert_eq!(blocks(text).unwrap(), [b"Man".to_vec(), b"Ma".to_vec()]);
    }

    #[test]
    fn malformed_text() {
        assert_eq!(blocks(b"nothing"), Err(CertificateError::NoPemBlock));
        assert_eq!(blocks(b"-----BEGIN CERTIFICATE-----\nTQ=="), Err(CertificateError::Pem { offset: 0 }));
        for body in ["T", "TQ=", "T===", "TQ==TQ==", "T*==", "====", "TQ=A"] {
            let text = format!("-----BEGIN CERTIFICATE-----{body}-----END CERTIFICATE-----");
            assert!(matches!(blocks(text.as_bytes()), Err(CertificateError::Pem { .. })), "{body}");
        }
    }
}
