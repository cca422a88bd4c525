//! Which of the material says something about one certificate.

use segl_crypto::Time;
use segl_revocation::{Answer, CrlView, OcspView, Status, WhyUnknown};
use segl_x509::Certificate;

use crate::material::Material;

/// Status of one certificate, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What the source says.
    pub answer: Answer,
    /// Which piece says so.
    pub source: StatusSource,
}

/// A piece of status information.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusSource {
    /// A CRL.
    Crl(CrlView),
    /// An OCSP response.
    Ocsp(OcspView),
}

impl StatusSource {
    /// The bytes.
    pub fn as_der(&self) -> &[u8] {
        match self {
            Self::Crl(crl) => crl.as_der(),
            Self::Ocsp(response) => response.as_der(),
        }
    }
}

/// The status of `certificate` that counts: of all that says good or revoked the one with the latest thisUpdate, none from
/// after `not_after`; of the same second, what says revoked.
///
/// # Errors
/// When nothing says good or revoked: what each piece of `issuer` said instead.
pub fn status(
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
    not_after: Time,
) -> Result<Known, Vec<WhyUnknown>> {
    let crls = material.crls().iter().filter(|crl| crl.issuer().matches(issuer.subject())).map(|crl| Known {
        answer: crl.status_of(certificate, issuer),
        source: StatusSource::Crl(crl.clone()),
    });
    let responses = material
        .ocsp_responses()
        .iter()
        .filter(|response| {
            response.responses().iter().any(|one| one.certificate.is_about(certificate, issuer))
        })
        .map(|response| {
            let answer = ocsp_answer(response, certificate, issuer, material);
            Known { answer, source: StatusSource::Ocsp(response.clone()) }
        });
    let mut best: Option<Known> = None;
    let mut refused = Vec::new();
    for known in crls.chain(responses) {
        match &known.answer.status {
            Status::Unknown(why) => refused.push(why.clone()),
            _ if known.answer.this_update > Some(not_after) => {}
            _ => {
                if best.as_ref().is_none_or(|best| rank(&known) > rank(best)) {
                    best = Some(known);
                }
            }
        }
    }
    best.ok_or(refused)
}

/// Times are whole seconds: of two pieces of the same one, the one that says revoked is the later.
const fn rank(known: &Known) -> (Option<Time>, bool) {
    (known.answer.this_update, matches!(known.answer.status, Status::Revoked { .. }))
}

/// What a response says, its responder's certificate taken from the response or from the material.
pub(crate) fn ocsp_answer(
    response: &OcspView,
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
) -> Answer {
    let others: Vec<Certificate> = material
        .certificates()
        .iter()
        .filter(|other| other.issuer().matches(issuer.subject()))
        .cloned()
        .collect();
    match response.verify(issuer, &others) {
        Ok(verified) => verified.status_of(certificate),
        Err(_) => response.status_of(certificate, issuer),
    }
}
