//! The evidence that goes into a B-LT seal: everything that a later reader needs, or an error.

use segl_ades::Evidence;
use segl_evidence::{Cover, Gathered, Gatherer, Target};
use segl_path::NoPath;
use segl_revocation::WhyUnknown;
use segl_x509::Certificate;

use crate::seal_cms::embedded_chain;
use crate::stamp::{Stamped, listed};
use crate::{EvidenceSource, Helpers, ServiceError};

/// Why a seal does not have its evidence (B-LT).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// It does not go into the document.
    #[error("it does not go into the document")]
    Document(#[source] ServiceError),
    /// A certificate is revoked.
    #[error("{subject} is revoked")]
    Revoked {
        /// The certificate's subject.
        subject: String,
    },
    /// Nothing that counts says that a certificate is good.
    #[error("the status of {subject} is not proved{}", listed(.why))]
    Unproved {
        /// The certificate's subject.
        subject: String,
        /// What each piece of its issuer said instead; empty where there was none.
        why: Vec<WhyUnknown>,
    },
    /// A certificate has no chain to an anchor.
    #[error("{subject} has no chain to a trust anchor")]
    WithoutPath {
        /// The certificate's subject.
        subject: String,
        /// The chains that were tried.
        #[source]
        why: Box<NoPath>,
    },
}

/// Gathers what proves the chains of the seal certificate and of the time-stamp unit, as of the end of this sealing: status is made
/// after the time in the token, and by a clock that may be ahead.
///
/// Status counts only when its thisUpdate is not before the notBefore of what it speaks about; so what the source answers is checked here
/// and asked for anew, not taken from an old cache.
pub(crate) fn gather(
    helpers: &Helpers<'_>,
    certificate: &Certificate,
    stamped: &Stamped,
) -> Result<Evidence, EvidenceError> {
    let end = (helpers.clock)().max(stamped.time) + helpers.tolerances.token;
    let mut gatherer = Gatherer::new(helpers.anchors.clone(), end);
    let issuers = helpers.issuer.chain();
    let at_hand = Evidence {
        certificates: issuers.iter().chain(&stamped.chain).map(|c| c.as_der().to_vec()).collect(),
        ..Evidence::default()
    };
    gatherer.know(&at_hand);
    gatherer.cover(Target::signer(certificate.clone()));
    if let Some(unit) = stamped.chain.first() {
        gatherer.cover(Target::time_stamp_unit(unit.clone()));
    }
    answer_all(&mut gatherer, helpers.evidence);
    let gathered = gatherer.finish();
    if let Some(fault) = fault(&gathered) {
        return Err(fault);
    }
    // The CMS brings the seal certificate and its issuer along.
    let mut there = Evidence::default();
    there.certificates.push(certificate.as_der().to_vec());
    there.certificates.extend(embedded_chain(issuers).iter().map(|c| c.as_der().to_vec()));
    Ok(gathered.evidence_beside(&there))
}

fn answer_all(gatherer: &mut Gatherer, source: &dyn EvidenceSource) {
    while let Some(need) = gatherer.poll_need() {
        let answer = source.answer(&need);
        // What proves nothing shows as unproved in the outcome, with the reason.
        drop(gatherer.supply(&need, answer.as_deref()));
    }
}

fn fault(gathered: &Gathered) -> Option<EvidenceError> {
    if let Some((certificate, why)) = gathered.without_path.first() {
        return Some(EvidenceError::WithoutPath {
            subject: certificate.subject().to_string(),
            why: Box::new(why.clone()),
        });
    }
    let link = gathered.open().next()?;
    let subject = link.certificate.subject().to_string();
    Some(match &link.cover {
        Cover::Revoked(_) => EvidenceError::Revoked { subject },
        Cover::Nothing(why) => EvidenceError::Unproved { subject, why: why.clone() },
        _ => EvidenceError::Unproved { subject, why: Vec::new() },
    })
}
