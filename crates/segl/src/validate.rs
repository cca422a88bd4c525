//! Validation of a whole PDF: read, then judged.

use std::collections::{BTreeSet, HashSet};

use segl_ades::Evidence;
use segl_crypto::{Source, Time, VerifyError};
use segl_pades::Reading;
use segl_path::{Anchor, Anchors};
use segl_pdf::{Document, Limits, ReadError};
use segl_revocation::OcspView;
use segl_tsp::Token;
use segl_validate::{Policy, Report, TimestampReport, validate, validate_timestamp};
use segl_x509::{Certificate, CertificateSignatureError};

/// What was found in a PDF, and what it is worth.
#[derive(Debug)]
#[non_exhaustive]
pub struct PdfValidation {
    /// What was read: signatures with the facts only a PDF has, later changes among them.
    pub reading: Reading,
    /// The judgement of each signature, in the order of `reading.signatures`.
    pub report: Report,
    /// Document time-stamps that belong to no signature.
    pub lone_timestamps: Vec<TimestampReport>,
}

/// Reads a PDF; the first of two steps, for a caller who chooses the anchors by what is inside.
///
/// # Errors
/// When the document cannot be read: not a PDF, truncated, encrypted.
pub fn read_pdf<S: Source>(source: S, limits: Limits) -> Result<Reading, ReadError> {
    segl_pades::read(&Document::open_with(source, limits)?)
}

/// Judges what was read at a time (EN 319 102-1).
///
/// `evidence` is what came another way than inside the file. Nothing is fetched. A verdict that is not a pass is no error.
#[must_use]
pub fn validate_pdf(
    reading: Reading,
    evidence: &Evidence,
    anchors: &Anchors,
    time: Time,
    policy: &Policy,
) -> PdfValidation {
    let signatures: Vec<_> = reading.signatures.iter().map(|found| found.signature.clone()).collect();
    let report = validate(&signatures, evidence, anchors, time, policy);
    let over_signatures: BTreeSet<&str> = signatures
        .iter()
        .flat_map(|signature| &signature.timestamps)
        .map(|claim| claim.id.as_str())
        .collect();
    let mut at_hand = evidence.clone();
    at_hand.merge(&reading.store.evidence);
    let lone_timestamps = reading
        .timestamps
        .iter()
        .filter(|found| !over_signatures.contains(found.claim.id.as_str()))
        .map(|found| validate_timestamp(&found.claim, &at_hand, anchors, time, policy))
        .collect();
    PdfValidation { reading, report, lone_timestamps }
}

/// Which certificates inside a file are taken as anchors: for examining, never for trusting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddedAnchors {
    /// Self-signed certificates.
    Roots,
    /// And the highest certificate of each chain whose issuer is not in the file.
    Tops,
}

/// Takes anchors from the file itself. A verdict that rests on them says nothing about trust.
#[must_use]
pub fn embedded_anchors(reading: &Reading, which: EmbeddedAnchors) -> Anchors {
    let found = embedded_certificates(reading);
    let is_issuer_here = |certificate: &Certificate| {
        found.iter().any(|issuer| issuer.subject().matches(certificate.issuer()) && issuer != certificate)
    };
    let mut anchors = Anchors::new();
    for certificate in &found {
        let top = which == EmbeddedAnchors::Tops && !is_issuer_here(certificate);
        if top || is_self_signed(certificate) {
            anchors.add(Anchor::from_certificate(certificate.clone()));
        }
    }
    anchors
}

/// Its own name as issuer, and a signature by its own key, as far as such a signature can be verified here: of an anchor only
/// name and key count (RFC 5280, 6.1.1).
fn is_self_signed(certificate: &Certificate) -> bool {
    let is_refuted = || {
        let outcome = certificate.public_key().map(|key| certificate.verify_signed_by(&key));
        matches!(outcome, Ok(Err(CertificateSignatureError::Verify(VerifyError::BadSignature))))
    };
    certificate.is_self_issued() && !is_refuted()
}

/// Every certificate that can be read in a file, each once: the signers' in the order of their signatures, then those of signatures,
/// security store, time-stamp tokens and OCSP responses. Nothing is said about any of them.
#[must_use]
pub fn embedded_certificates(reading: &Reading) -> Vec<Certificate> {
    let mut evidence = Evidence::default();
    let mut tokens: Vec<&[u8]> =
        reading.timestamps.iter().map(|found| found.claim.token.as_slice()).collect();
    for found in &reading.signatures {
        evidence.certificates.extend(found.signature.signer_certificate.clone());
        tokens.extend(found.signature.timestamps.iter().map(|claim| claim.token.as_slice()));
    }
    for found in &reading.signatures {
        evidence.merge(&found.signature.evidence);
    }
    evidence.merge(&reading.store.evidence);
    let mut all: Vec<Certificate> =
        evidence.certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    for token in tokens.into_iter().filter_map(|token| Token::from_der(token).ok()) {
        all.extend(token.certificates());
    }
    for response in evidence
        .ocsp_responses
        .iter()
        .filter_map(|der| OcspView::from_der(der).or_else(|_| OcspView::from_basic_der(der)).ok())
    {
        all.extend(response.certificates().iter().cloned());
    }
    let mut known = HashSet::new();
    all.retain(|certificate| known.insert(certificate.fingerprint_sha256()));
    all
}
