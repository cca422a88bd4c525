//! Identification of the signing certificate, EN 319 102-1, 5.2.3.

use segl_ades::{CertificateReference, Signature};
use segl_crypto::digest;
use segl_x509::{Certificate, Name};

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::process::Context;
use crate::process::subject::{Stamp, Subject};

/// Finds the certificate that the signature itself names.
pub(crate) fn identify(context: &Context<'_>, subject: &Subject<'_>) -> (Block, Option<Certificate>) {
    let mut block = Block::new(BlockKind::Identification, subject.name());
    let found = match subject {
        Subject::Signature(signature) => of_signature(context, signature, &mut block),
        Subject::Stamp(stamp) => of_stamp(context, stamp, &mut block),
    };
    let Some(certificate) = found else {
        let doubt = Conclusion::Indeterminate(Doubt::NoSigningCertificateFound);
        block.conclude(Check::SigningCertificateFound, doubt, "no certificate at hand is the signer's");
        return (block, None);
    };
    block.note(Level::Inform, Check::SigningCertificateFound, true, certificate.subject().to_string());
    (block, Some(certificate))
}

fn of_signature(context: &Context<'_>, signature: &Signature, block: &mut Block) -> Option<Certificate> {
    let named = signature.signer_certificate.as_deref().and_then(|der| Certificate::from_der(der).ok());
    let references = &signature.properties.signing_certificate;
    let level = context.policy.signature.certificate_reference;
    if references.is_empty() {
        block.note(level, Check::SigningCertificateReference, false, "the signature does not protect one");
        return named;
    }
    block.note(level, Check::SigningCertificateReference, true, "protected by the signature");
    for reference in references {
        // The one that the signature names is in the pool too.
        let found = reference.digest.as_ref().and_then(|digest| context.material.by_digest(digest));
        let Some(found) = found else {
            block.note(
                Level::Inform,
                Check::SigningCertificateDigest,
                false,
                "a reference to a certificate not at hand",
            );
            continue;
        };
        block.note(Level::Inform, Check::SigningCertificateDigest, true, "digest of the certificate agrees");
        let level = context.policy.signature.reference_issuer_serial;
        if let Some(same) = issuer_serial_matches(reference, &found) {
            block.note(level, Check::SigningCertificateIssuerSerial, same, "issuer and serial number");
        }
        return Some(found);
    }
    None
}

fn of_stamp(context: &Context<'_>, stamp: &Stamp<'_>, block: &mut Block) -> Option<Certificate> {
    let token = stamp.token.as_ref().ok()?;
    let certificate = context.material.by_digest(&token.signer_digest()?)?;
    let certificate = token.signer_certificate(&[certificate])?;
    if let Some(same) = token.tsa_is(&certificate) {
        let level = context.policy.timestamp.authority_name;
        block.note(level, Check::TimestampAuthorityName, same, "name of the authority in the token");
    }
    Some(certificate)
}

/// Whether the reference has the digest of this certificate.
pub(crate) fn digest_matches(reference: &CertificateReference, certificate: &Certificate) -> bool {
    reference.digest.as_ref().is_some_and(|claimed| {
        digest(claimed.algorithm(), certificate.as_der()).is_some_and(|found| found == *claimed)
    })
}

fn issuer_serial_matches(reference: &CertificateReference, certificate: &Certificate) -> Option<bool> {
    let serial =
        reference.serial.as_ref().map(|serial| significant(serial) == significant(certificate.serial()));
    let issuer = reference
        .issuer
        .as_ref()
        .map(|der| Name::from_der(der).is_ok_and(|name| name.matches(certificate.issuer())));
    match (issuer, serial) {
        (None, None) => None,
        (one, two) => Some(one.unwrap_or(true) && two.unwrap_or(true)),
    }
}

/// Leading zero octets say nothing.
fn significant(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    serial.get(zeros..).unwrap_or_default()
}
