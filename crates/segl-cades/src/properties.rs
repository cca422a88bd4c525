use const_oid::ObjectIdentifier;
use segl_ades::{CertificateReference, SignaturePolicy, SignedProperties};
use segl_cms::SignerInfoView;
use segl_cms::ber::{Element, Reader, Rules, Tag};
use segl_cms::ess::EssCertId;
use segl_cms::oids::SIGNING_TIME;
use segl_crypto::{Digest, DigestAlgorithm, Time};

use crate::oids::{COMMITMENT_TYPE, CONTENT_HINTS, MIME_TYPE, SIGNATURE_POLICY, SIGNER_LOCATION};

/// How many commitments are told. Real signatures have one.
const MAX_COMMITMENTS: usize = 64;

/// Reads the signed attributes of CAdES (EN 319 122-1, 5.2) into the words common to all formats.
///
/// What is malformed, or occurs twice where it may occur once, counts as absent; [`crate::read_signature`] reports what matters.
#[must_use]
pub fn signed_properties(signer: &SignerInfoView) -> SignedProperties {
    SignedProperties {
        claimed_signing_time: signer.single_signed_value(SIGNING_TIME).and_then(time),
        signing_certificate: signer
            .signing_certificates()
            .iter()
            .flatten()
            .flat_map(|attribute| attribute.entries())
            .map(reference)
            .collect(),
        policy: signer.single_signed_value(SIGNATURE_POLICY).and_then(policy),
        commitments: signer
            .signed_values(COMMITMENT_TYPE)
            .take(MAX_COMMITMENTS)
            .filter_map(|value| first_oid(value).map(|oid| oid.to_string()))
            .collect(),
        reason: None,
        place: signer.single_signed_value(SIGNER_LOCATION).and_then(place),
        content_hint: signer
            .single_signed_value(MIME_TYPE)
            .and_then(|value| text(&element(value)?))
            .or_else(|| signer.single_signed_value(CONTENT_HINTS).and_then(hint)),
    }
}

fn element(value: &[u8]) -> Option<Element<'_>> {
    Reader::new(value, Rules::Ber).read().ok()
}

fn inside(value: &[u8]) -> Option<Reader<'_>> {
    element(value)?.reader().ok()
}

/// `signing-time`: RFC 5652, 11.3 has UTCTime for the years 1950 to 2049 and GeneralizedTime for all others, so that one moment has
/// one encoding; anything else does not count.
fn time(value: &[u8]) -> Option<Time> {
    let element = element(value)?;
    match element.tag() {
        Tag::UTC_TIME => Time::from_utc_time(element.content()),
        Tag::GENERALIZED_TIME => Time::from_generalized_time(element.content())
            .filter(|time| !(1950..=2049).contains(&time.civil().year)),
        _ => None,
    }
}

fn reference(entry: &EssCertId) -> CertificateReference {
    let names = entry.issuer_serial();
    CertificateReference {
        digest: entry.digest_algorithm().and_then(|algorithm| Digest::new(algorithm, entry.hash())),
        issuer: names.and_then(|names| match names.issuer_names() {
            [name] => Some(element(name)?.explicit().ok()?.bytes().to_vec()),
            _ => None,
        }),
        serial: names.map(|names| names.serial().to_vec()),
    }
}

fn first_oid(value: &[u8]) -> Option<ObjectIdentifier> {
    inside(value)?.expect(Tag::OBJECT_IDENTIFIER).ok()?.object_identifier().ok()
}

/// `SignaturePolicy`: NULL for an implied one, else identifier and, in older forms optional, the digest.
fn policy(value: &[u8]) -> Option<SignaturePolicy> {
    let outer = element(value)?;
    if outer.tag() == Tag::NULL {
        return Some(SignaturePolicy { identifier: None, digest: None });
    }
    let mut fields = outer.reader().ok()?;
    let identifier = fields.expect(Tag::OBJECT_IDENTIFIER).ok()?.object_identifier().ok()?.to_string();
    let digest = fields.optional(Tag::SEQUENCE).ok().flatten().and_then(|hash| {
        let mut parts = hash.reader().ok()?;
        let algorithm =
            parts.expect(Tag::SEQUENCE).ok()?.reader().ok()?.expect(Tag::OBJECT_IDENTIFIER).ok()?;
        let algorithm = DigestAlgorithm::from_oid(&algorithm.object_identifier().ok()?)?;
        Digest::new(algorithm, parts.expect(Tag::OCTET_STRING).ok()?.octets().ok()?.into_owned())
    });
    Some(SignaturePolicy { identifier: Some(identifier), digest })
}

/// `SignerLocation` in one line: postal address, place, country, as far as they are there.
fn place(value: &[u8]) -> Option<String> {
    let mut fields = inside(value)?;
    let mut directory_string =
        |number| fields.optional(Tag::context(number)).ok().flatten().and_then(|field| field.explicit().ok());
    let (country, locality, address) = (directory_string(0), directory_string(1), directory_string(2));
    let mut parts = Vec::new();
    if let Some(mut lines) = address.and_then(|address| address.reader().ok()) {
        while let (Ok(line), true) = (lines.read(), parts.len() < 6) {
            parts.extend(text(&line));
        }
    }
    parts.extend(locality.as_ref().and_then(text));
    parts.extend(country.as_ref().and_then(text));
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn hint(value: &[u8]) -> Option<String> {
    let mut fields = inside(value)?;
    let description = fields.optional(Tag::UTF8_STRING).ok().flatten();
    description.as_ref().and_then(text)
}

/// The text of a DirectoryString or UTF8String; UniversalString is not read.
fn text(element: &Element<'_>) -> Option<String> {
    let octets = element.octets().ok()?;
    match element.tag().number() {
        // UTF8String, PrintableString, IA5String
        12 | 19 | 22 => core::str::from_utf8(&octets).ok().map(str::to_owned),
        // TeletexString, taken as Latin-1 as everybody does.
        20 => Some(octets.iter().map(|octet| char::from(*octet)).collect()),
        // BMPString
        30 => {
            let units: Vec<u16> = octets
                .chunks_exact(2)
                .filter_map(|pair| <[u8; 2]>::try_from(pair).ok())
                .map(u16::from_be_bytes)
                .collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use segl_cms::encode;

    #[test]
    fn a_location_becomes_one_line() {
        let utf8 = |text: &str| encode::element(0x0c, text.as_bytes());
        let location = encode::sequence(&[
            encode::element(0xa0, &encode::element(0x13, b"DK")),
            encode::element(0xa1, &utf8("Aarhus")),
            encode::element(0xa2, &encode::sequence(&[utf8("Street 1"), encode::element(0x1e, &[0, b'x'])])),
        ]);
        assert_eq!(place(&location).unwrap(), "Street 1, x, Aarhus, DK");
        assert_eq!(place(&[0x30, 0]), None);
    }

    #[test]
    fn policies_with_and_without_digest() {
        let oid = encode::object_identifier(&ObjectIdentifier::new_unwrap("1.2.3"));
        let read = policy(&encode::sequence(core::slice::from_ref(&oid))).unwrap();
        assert_eq!((read.identifier.as_deref(), read.digest), (Some("1.2.3"), None));
        let hash = encode::sequence(&[
            encode::algorithm(&DigestAlgorithm::Sha256.oid()),
            encode::octet_string(&[7; 32]),
        ]);
        assert!(policy(&encode::sequence(&[oid, hash])).unwrap().digest.is_some());
        assert_eq!(policy(&[5, 0]).unwrap().identifier, None);
        assert_eq!(policy(&[2, 1, 0]), None);
    }

    #[test]
    fn times_of_both_kinds() {
        assert_eq!(time(b"\x17\x0d261125120000Z").unwrap().to_string(), "2026-11-25T12:00:00Z");
        assert!(time(b"\x18\x0f20501125120000Z").is_some());
        assert!(time(b"\x18\x0f20261125120000Z").is_none(), "would have been a UTCTime");
        assert!(time(b"\x04\x00").is_none());
    }
}
