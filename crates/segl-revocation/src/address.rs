//! Requests inside an address: OCSP over HTTP GET (RFC 6960 A.1).

use crate::{MAX_OCSP_REQUEST_SIZE, OcspError, OcspRequest};

/// Longer requests are not sent by GET (RFC 5019 5).
const MAX_GET: usize = 255;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl OcspRequest {
    /// What follows the responder's address and a slash: the request in base64, percent-encoded. `None` when that is not shorter than 255
    /// characters and POST must be used.
    #[must_use]
    pub fn to_get_path(&self) -> Option<String> {
        let mut path = String::new();
        for three in self.to_der().chunks(3) {
            let bits = three.iter().fold(0_u32, |bits, octet| bits << 8 | u32::from(*octet));
            let missing = 3_usize.saturating_sub(three.len());
            let bits = bits << missing.saturating_mul(8);
            for place in 0..4_usize {
                let digit = usize::try_from(bits >> (18 - place * 6) & 0x3f).unwrap_or(0);
                match ALPHABET.get(digit) {
                    _ if place.saturating_add(missing) > 3 => path.push_str("%3D"),
                    Some(b'+') => path.push_str("%2B"),
                    Some(b'/') => path.push_str("%2F"),
                    digit => path.extend(digit.map(|digit| char::from(*digit))),
                }
            }
        }
        (path.len() < MAX_GET).then_some(path)
    }

    /// Reads what follows the responder's address, as clients send it: percent-encoded or raw, with more slashes than one in front, with
    /// blanks where a plus sign was, without padding.
    ///
    /// # Errors
    /// [`OcspError::Address`] when it is not base64; those of [`from_der`](Self::from_der).
    pub fn from_get_path(path: &str) -> Result<Self, OcspError> {
        let limit = MAX_OCSP_REQUEST_SIZE.saturating_mul(4);
        if path.len() > limit {
            return Err(OcspError::TooLarge { size: path.len(), limit });
        }
        // No request begins with a slash in base64: its first octet is that of a SEQUENCE.
        let path = path.trim_start_matches('/');
        let mut der = Vec::with_capacity(path.len());
        let (mut bits, mut count, mut is_over) = (0_u32, 0_u32, false);
        let mut rest = path.as_bytes();
        while let [first, after @ ..] = rest {
            let (octet, after) = match (first, after) {
                (b'%', [high, low, after @ ..]) => (escaped(*high, *low)?, after),
                (octet, after) => (*octet, after),
            };
            rest = after;
            let octet = if octet == b' ' { b'+' } else { octet };
            if octet == b'=' {
                is_over = true;
                continue;
            }
            let digit = ALPHABET.iter().position(|digit| *digit == octet).filter(|_| !is_over);
            let digit = digit.and_then(|digit| u32::try_from(digit).ok()).ok_or(OcspError::Address)?;
            bits = (bits << 6 | digit) & 0xff_ffff;
            count = count.saturating_add(6);
            if count >= 8 {
                count = count.saturating_sub(8);
                der.extend(u8::try_from(bits >> count & 0xff));
            }
        }
        Self::from_der(&der)
    }
}

fn escaped(high: u8, low: u8) -> Result<u8, OcspError> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Ok(high << 4 | low),
        _ => Err(OcspError::Address),
    }
}
