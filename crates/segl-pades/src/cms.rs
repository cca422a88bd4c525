//! The CMS inside `/Contents`, in the words all formats share.

use segl_ades::{
    CertificateReference, Evidence, SignaturePolicy, SignedProperties, TimestampClaim, TimestampKind,
};
use segl_cms::{
    BerError, SignedDataView, SignerInfoView,
    ber::{Element, Reader, Rules, Tag},
    oids,
};
use segl_crypto::{Digest, DigestAlgorithm, digest};
use segl_tsp::Token;
use segl_x509::{Certificate, ObjectIdentifier};

const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.15");
const COMMITMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.16");
const SIGNATURE_TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");
const CONTENT_TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.20");
const CERTIFICATE_VALUES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.23");
const REVOCATION_VALUES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.24");
const ADOBE_REVOCATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.8");

/// The properties that the CMS protects; those of the signature dictionary are not here.
pub(crate) fn properties(signer: &SignerInfoView) -> SignedProperties {
    let mut properties = SignedProperties::default();
    for attribute in signer.signing_certificates().into_iter().flatten() {
        for entry in attribute.entries() {
            let issuer_serial = entry.issuer_serial();
            properties.signing_certificate.push(CertificateReference {
                digest: entry.digest_algorithm().and_then(|algorithm| Digest::new(algorithm, entry.hash())),
                issuer: issuer_serial.and_then(|named| named.issuer_names().first().cloned()),
                serial: issuer_serial.map(|named| named.serial().to_vec()),
            });
        }
    }
    properties.policy = signer.single_signed_value(POLICY).and_then(|value| policy(value).ok());
    for value in signer.signed_values(COMMITMENT) {
        if let Ok(identifier) = first_identifier(value) {
            properties.commitments.push(identifier.to_string());
        }
    }
    properties
}

fn sequence<'a>(value: &'a [u8]) -> Result<Reader<'a>, BerError> {
    Reader::new(value, Rules::Ber).expect(Tag::SEQUENCE)?.reader()
}

fn first_identifier(value: &[u8]) -> Result<ObjectIdentifier, BerError> {
    sequence(value)?.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()
}

/// `SignaturePolicy` (EN 319 122-1, 5.2.9.1): an identifier with a digest, or NULL for an implied one.
fn policy(value: &[u8]) -> Result<SignaturePolicy, BerError> {
    let mut outer = Reader::new(value, Rules::Ber);
    let element = outer.read()?;
    if element.tag() != Tag::SEQUENCE {
        return Ok(SignaturePolicy { identifier: None, digest: None });
    }
    let mut fields = element.reader()?;
    let identifier = fields.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
    let digest = fields.optional(Tag::SEQUENCE)?.and_then(|hash| policy_digest(&hash).ok().flatten());
    Ok(SignaturePolicy { identifier: Some(identifier.to_string()), digest })
}

fn policy_digest(hash: &Element<'_>) -> Result<Option<Digest>, BerError> {
    let mut fields = hash.reader()?;
    let algorithm =
        fields.expect(Tag::SEQUENCE)?.reader()?.expect(Tag::OBJECT_IDENTIFIER)?.object_identifier()?;
    let value = fields.expect(Tag::OCTET_STRING)?.octets()?;
    Ok(DigestAlgorithm::from_oid(&algorithm).and_then(|algorithm| Digest::new(algorithm, value.into_owned())))
}

/// The certificate the signer identifier names, among those in the message.
pub(crate) fn signer_certificate(view: &SignedDataView, signer: &SignerInfoView) -> Option<Vec<u8>> {
    view.certificates()
        .filter_map(|der| Certificate::from_der(der).ok())
        .find(|certificate| signer.is_identified_by(certificate))
        .map(|certificate| certificate.as_der().to_vec())
}

/// The digest the signer claims for the content.
pub(crate) fn message_digest(signer: &SignerInfoView) -> Option<Digest> {
    Digest::new(signer.digest_algorithm()?, signer.message_digest()?)
}

/// Certificates and status information in the message, its unsigned attributes and Adobe's signed attribute.
pub(crate) fn evidence(view: &SignedDataView, signer: Option<&SignerInfoView>) -> Evidence {
    let mut evidence = Evidence {
        certificates: view.certificates().map(<[u8]>::to_vec).collect(),
        crls: view.crls().map(<[u8]>::to_vec).collect(),
        ocsp_responses: Vec::new(),
    };
    for (format, info) in view.other_revocation_info() {
        if format == oids::RI_OCSP_RESPONSE || format == oids::RI_OCSP_BASIC {
            evidence.ocsp_responses.push(info.to_vec());
        }
    }
    let Some(signer) = signer else { return evidence };
    for value in signer.unsigned_values(CERTIFICATE_VALUES) {
        if let Ok(list) = elements(value) {
            evidence.certificates.extend(list.into_iter().map(|element| element.bytes().to_vec()));
        }
    }
    // RevocationValues and RevocationInfoArchival number their parts alike: [0] CRLs, [1] OCSP responses.
    let adobe = signer.signed_values(ADOBE_REVOCATION).chain(signer.unsigned_values(ADOBE_REVOCATION));
    for value in signer.unsigned_values(REVOCATION_VALUES).chain(adobe) {
        for part in elements(value).unwrap_or_default() {
            let pool = match part.tag() {
                tag if tag == Tag::context(0) => &mut evidence.crls,
                tag if tag == Tag::context(1) => &mut evidence.ocsp_responses,
                _ => continue,
            };
            if let Ok(list) = part.explicit().and_then(|list| children(&list)) {
                pool.extend(list.into_iter().map(|element| element.bytes().to_vec()));
            }
        }
    }
    evidence
}

fn elements(value: &[u8]) -> Result<Vec<Element<'_>>, BerError> {
    children(&Reader::new(value, Rules::Ber).expect(Tag::SEQUENCE)?)
}

fn children<'a>(parent: &Element<'a>) -> Result<Vec<Element<'a>>, BerError> {
    let mut reader = parent.reader()?;
    let mut found = Vec::new();
    while !reader.is_empty() && found.len() < segl_cms::MAX_ITEMS {
        found.push(reader.read()?);
    }
    Ok(found)
}

/// The time-stamps in the message. `content` computes the digest of the `/ByteRange` octets.
pub(crate) fn timestamps(
    field: &str,
    signer: &SignerInfoView,
    mut content: impl FnMut(DigestAlgorithm) -> Option<Digest>,
) -> Vec<TimestampClaim> {
    let mut claims = Vec::new();
    for (index, token) in signer.signed_values(CONTENT_TIMESTAMP).enumerate() {
        claims.push(TimestampClaim {
            id: format!("{field}/content-time-stamp[{index}]"),
            kind: TimestampKind::Content,
            token: token.to_vec(),
            imprint: imprint_algorithm(token).and_then(&mut content),
            covered_until: None,
            covers_evidence: false,
        });
    }
    for (index, token) in signer.unsigned_values(SIGNATURE_TIMESTAMP).enumerate() {
        claims.push(TimestampClaim {
            id: format!("{field}/signature-time-stamp[{index}]"),
            kind: TimestampKind::Signature,
            token: token.to_vec(),
            imprint: imprint_algorithm(token).and_then(|algorithm| digest(algorithm, signer.signature())),
            covered_until: None,
            covers_evidence: false,
        });
    }
    claims
}

/// The digest algorithm a token uses for what it covers.
pub(crate) fn imprint_algorithm(token: &[u8]) -> Option<DigestAlgorithm> {
    Token::from_der(token).ok()?.info().imprint().algorithm()
}
