use const_oid::ObjectIdentifier;
use segl_ades::{
    ContentDigest, CoveredObjects, Family, Finding, Format, Level, Scope, Signature, SignedProperties,
    SignerRole, TimestampClaim, TimestampKind,
};
use segl_cms::ber::{Reader, Rules, Tag};
use segl_cms::ess::{EssMatch, EssVersion, SigningCertificate};
use segl_cms::{AttributesForm, SignedDataView, SignerInfoView, oids as cms};
use segl_crypto::{Digest, DigestAlgorithm, SignatureValue, digest, sha256};
use segl_tsp::Token;
use segl_x509::Certificate;

use crate::evidence::evidence;
use crate::imprint::signature_timestamp_imprint;
use crate::oids;
use crate::properties::signed_properties;

/// What the caller found of the content that a signer covers.
///
/// For a detached signature only the caller knows it; for one that carries its content see [`covered_inside`].
#[allow(clippy::exhaustive_structs, reason = "format crates build it, field by field")]
#[derive(Clone, Debug)]
pub struct Covered {
    /// What is covered, in words for a person.
    pub name: String,
    /// How much of it.
    pub scope: Scope,
    /// The digest of the octets found, with [`SignerInfoView::digest_algorithm`]; `None` where they are not at hand.
    pub found: Option<Digest>,
}

/// What a message that carries its content covers; `None` where the content is detached or the digest unknown.
#[must_use]
pub fn covered_inside(message: &SignedDataView, signer: &SignerInfoView) -> Option<Covered> {
    let found = digest(signer.digest_algorithm()?, message.content()?)?;
    Some(Covered { name: "eContent".to_owned(), scope: Scope::Full, found: Some(found) })
}

/// Turns one signer of a message into the signature that all formats share: located and digested, nothing verified.
///
/// Of a detached signature without signed attributes only the caller has the octets that it was made over: `signed_bytes` is empty
/// then, and its content claims no digest until the caller puts both there.
///
/// `id` is the signature's place in the file. The format says CAdES up to level T; PAdES and ASiC put their own there, with `/M`,
/// reason and findings of their own. Archive time-stamps are listed, their imprint is left open. `None` when there is no such signer.
#[must_use]
pub fn read_signature(
    id: impl Into<String>,
    message: &SignedDataView,
    signer_index: usize,
    covered: Covered,
) -> Option<Signature> {
    let signer = message.signers().get(signer_index)?;
    let id = id.into();
    let candidates: Vec<Certificate> =
        message.certificates().filter_map(|der| Certificate::from_der(der).ok()).collect();
    let certificate = signer_certificate(signer, &candidates);
    let properties = signed_properties(signer);
    let findings = findings(message, signer, &properties, certificate);
    let signed_bytes = signer.signed_attributes_for_verification().or(message.content()).unwrap_or_default();
    let claimed = match signer.signed_attributes_for_verification() {
        Some(_) => signer
            .digest_algorithm()
            .zip(signer.message_digest())
            .and_then(|(algorithm, octets)| Digest::new(algorithm, octets)),
        // The value is made over the content itself. Only that inside the message is at hand here, so nothing is claimed about any other.
        None => {
            signer.digest_algorithm().zip(message.content()).and_then(|(name, octets)| digest(name, octets))
        }
    };
    let timestamps = timestamps(&id, message, signer, covered.found.as_ref());
    Some(Signature {
        format: format(message, signer, certificate),
        role: SignerRole::Content,
        content: vec![ContentDigest {
            name: covered.name,
            scope: covered.scope,
            claimed,
            found: covered.found,
        }],
        signed_bytes: signed_bytes.to_vec(),
        signature_algorithm: signer.signature_algorithm_der().to_vec(),
        digest_algorithm: signer.digest_algorithm(),
        value: SignatureValue::from_octets(signer.signature()),
        properties,
        signer_certificate: certificate.map(|certificate| certificate.as_der().to_vec()),
        timestamps,
        evidence: evidence(message, signer),
        findings,
        id,
    })
}

/// The certificate that the signer identifier names; among several the one that the ESS attribute names too.
fn signer_certificate<'a>(signer: &SignerInfoView, candidates: &'a [Certificate]) -> Option<&'a Certificate> {
    let ess = signer.signing_certificates();
    let in_ess = |certificate: &Certificate| {
        ess.iter().flatten().any(|attribute| attribute.names(certificate) == EssMatch::Same)
    };
    let named = || candidates.iter().filter(|certificate| signer.is_identified_by(certificate));
    named().find(|certificate| in_ess(certificate)).or_else(|| named().next())
}

/// Whether the signed attributes are those that every CAdES and PAdES baseline signature has (EN 319 122-1, 6.3), its signer's
/// certificate inside. `signing-time`, in which the two differ, is not looked at.
#[must_use]
pub fn has_baseline_shape(message: &SignedDataView, signer: &SignerInfoView) -> bool {
    let candidates: Vec<Certificate> =
        message.certificates().filter_map(|der| Certificate::from_der(der).ok()).collect();
    baseline_shape(message, signer, signer_certificate(signer, &candidates))
}

fn baseline_shape(
    message: &SignedDataView,
    signer: &SignerInfoView,
    certificate: Option<&Certificate>,
) -> bool {
    message.content_type() == cms::DATA
        && signer.content_type() == Some(cms::DATA)
        && signer.message_digest().is_some()
        && certificate.is_some()
        && single_reference(signer).is_some()
}

/// The one signing-certificate attribute, of the version that goes with its digest: version 1 is for SHA-1 alone and version 2 for all
/// others (EN 319 122-1, 5.2.2.1).
fn single_reference(signer: &SignerInfoView) -> Option<SigningCertificate> {
    let mut attributes = signer.signing_certificates().into_iter();
    match (attributes.next(), attributes.next()) {
        (Some(Ok(only)), None) => Some(only).filter(|only| !is_v2_with_sha1(only)),
        _ => None,
    }
}

fn is_v2_with_sha1(reference: &SigningCertificate) -> bool {
    let sha1 = DigestAlgorithm::Sha1.oid();
    reference.version() == EssVersion::V2
        && reference.entries().iter().any(|entry| entry.digest_oid() == sha1)
}

fn format(message: &SignedDataView, signer: &SignerInfoView, certificate: Option<&Certificate>) -> Format {
    let timed = signer.signed_values(cms::SIGNING_TIME).count() == 1;
    if timed && baseline_shape(message, signer, certificate) {
        // What is no token (one file of the corpus has it wrapped in an OCTET STRING) raises no level.
        let stamped =
            signer.unsigned_values(oids::SIGNATURE_TIMESTAMP).any(|value| Token::from_der(value).is_ok());
        let level = if stamped { Level::T } else { Level::B };
        Format::baseline(Family::Cades, level)
    } else if single_reference(signer).is_some() {
        Format::other("CAdES-BES")
    } else {
        Format::other("CMS-NOT-ETSI")
    }
}

fn findings(
    message: &SignedDataView,
    signer: &SignerInfoView,
    properties: &SignedProperties,
    certificate: Option<&Certificate>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |rule, clause, fatal, text: String| findings.push(Finding { rule, clause, fatal, text });
    match signer.signed_attributes_form() {
        None => report(
            "signed-attributes-missing",
            "EN 319 122-1, 6.3",
            false,
            "there are no signed attributes".into(),
        ),
        Some(AttributesForm::Der) => {}
        Some(form) => {
            let text = match form {
                AttributesForm::Unsorted => "signed attributes are not in the order of DER",
                _ => "signed attributes are not encoded in DER",
            };
            report("signed-attributes-not-der", "RFC 5652, 5.3", false, text.into());
        }
    }
    if signer.signed_attributes_form().is_none() && message.content().is_some_and(is_signed_attributes) {
        // Whoever leaves the field out of somebody's signature and gives its octets as the content has a value that verifies.
        let text = "without signed attributes, and the content is what signed attributes look like".into();
        report("signed-attributes-as-content", "RFC 5652, 5.4", true, text);
    }
    if signer.signed_attributes_form().is_some() {
        if signer.message_digest().is_none() {
            let text = "message-digest is not there exactly once".into();
            report("message-digest", "RFC 5652, 11.2", true, text);
        }
        match signer.content_type() {
            None => {
                let text = "content-type is not there exactly once".into();
                report("content-type", "RFC 5652, 11.1", true, text);
            }
            Some(found) if found != message.content_type() => {
                let text = format!("signed as {found}, found {}", message.content_type());
                report("content-type", "RFC 5652, 11.1", true, text);
            }
            Some(_) => {}
        }
    }
    let references = signer.signing_certificates();
    if references.len() != 1 {
        let text = format!("{} signing-certificate attributes where one is needed", references.len());
        report("signing-certificate", "EN 319 122-1, 5.2.2", false, text);
    }
    for reference in references {
        match reference {
            Err(error) => {
                report("signing-certificate", "RFC 5035, 3", false, format!("cannot be read: {error}"))
            }
            Ok(reference) => {
                if is_v2_with_sha1(&reference) {
                    let text = "version 2 of signing-certificate with SHA-1".into();
                    report("signing-certificate-sha1", "EN 319 122-1, 5.2.2.1", false, text);
                }
            }
        }
    }
    if signer.signed_values(cms::SIGNING_TIME).next().is_some() && properties.claimed_signing_time.is_none() {
        report("signing-time", "RFC 5652, 11.3", false, "signing-time is malformed or there twice".into());
    }
    if certificate.is_none() {
        let text = "no certificate inside is the one that the signer identifier names".into();
        report("signer-certificate-missing", "EN 319 122-1, 6.3", false, text);
    }
    findings
}

/// Whether octets are a SET OF attributes with a message-digest among them, which is what a value is made over.
fn is_signed_attributes(octets: &[u8]) -> bool {
    let mut outer = Reader::new(octets, Rules::Ber);
    let Some(mut list) = outer.expect(Tag::SET).ok().and_then(|set| set.reader().ok()) else { return false };
    if !outer.is_empty() {
        return false;
    }
    while let Ok(attribute) = list.expect(Tag::SEQUENCE) {
        let oid = attribute.reader().and_then(|mut fields| fields.expect(Tag::OBJECT_IDENTIFIER));
        if oid.and_then(|oid| oid.object_identifier()) == Ok(cms::MESSAGE_DIGEST) {
            return true;
        }
    }
    false
}

/// Every time-stamp attribute of the signer with the imprint that it should have.
fn timestamps(
    id: &str,
    message: &SignedDataView,
    signer: &SignerInfoView,
    found: Option<&Digest>,
) -> Vec<TimestampClaim> {
    let mut claims = Vec::new();
    let mut collect = |name: &str, kind, tokens: Vec<&[u8]>, imprint: &dyn Fn(&Token) -> Option<Digest>| {
        for (index, token) in tokens.into_iter().enumerate() {
            let parsed = Token::from_der(token).ok();
            claims.push(TimestampClaim {
                id: format!("{id}/{name}[{index}]"),
                kind,
                imprint: parsed.as_ref().and_then(imprint),
                token: token.to_vec(),
                covered_until: None,
                covered: match kind {
                    TimestampKind::Signature => CoveredObjects::from_iter([sha256(signer.signature())]),
                    // Content is no object of a proof, and an imprint that is left open proves nothing.
                    _ => CoveredObjects::default(),
                },
            });
        }
    };
    let content = |token: &Token| {
        let algorithm = token.info().imprint().algorithm()?;
        match found {
            Some(found) if found.algorithm() == algorithm => Some(found.clone()),
            _ => digest(algorithm, message.content()?),
        }
    };
    let value =
        |token: &Token| signature_timestamp_imprint(signer.signature(), token.info().imprint().algorithm()?);
    let open = |_: &Token| None;
    let signed = |oid| signer.signed_values(oid).collect();
    let unsigned = |oid: ObjectIdentifier| signer.unsigned_values(oid).collect();
    collect("content-time-stamp", TimestampKind::Content, signed(oids::CONTENT_TIMESTAMP), &content);
    collect("signature-time-stamp", TimestampKind::Signature, unsigned(oids::SIGNATURE_TIMESTAMP), &value);
    for (name, oid) in [
        ("CAdES-C-time-stamp", oids::CADES_C_TIMESTAMP),
        ("time-stamped-certs-crls-references", oids::REFERENCES_TIMESTAMP),
    ] {
        collect(name, TimestampKind::ValidationData, unsigned(oid), &open);
    }
    for (name, oid) in [
        ("archive-time-stamp", oids::ARCHIVE_TIMESTAMP_V1),
        ("archive-time-stamp-v2", oids::ARCHIVE_TIMESTAMP_V2),
        ("archive-time-stamp-v3", oids::ARCHIVE_TIMESTAMP_V3),
    ] {
        collect(name, TimestampKind::Archive, unsigned(oid), &open);
    }
    claims
}
