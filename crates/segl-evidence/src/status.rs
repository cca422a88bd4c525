//! Which of the material says something about one certificate.

use segl_crypto::Time;
use segl_revocation::{
    Answer, CrlView, OcspView, OnlyIssuer, Piece, Question, RevocationList, Signers, Status, WhyUnknown,
    decide,
};
use segl_x509::Certificate;

use crate::material::Material;

/// Status of one certificate, and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// What the source says.
    pub answer: Answer,
    /// Which piece says so.
    pub source: StatusSource,
    /// The other lists that it takes: delta CRLs, and CRLs for other reasons.
    pub beside: Vec<CrlView>,
    /// Who signed the CRLs, where it is not the issuer of the certificate itself.
    pub signers: Vec<Certificate>,
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

/// The status of `certificate` that counts, from all of the material (see [`decide`]) but nothing from after `not_after`. CRLs count
/// when the issuer itself signed them.
///
/// # Errors
/// When nothing says good or revoked: what each piece said instead.
pub fn status(
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
    not_after: Time,
) -> Result<Known, Vec<WhyUnknown>> {
    ask(&Question::new(certificate, issuer, not_after), certificate, issuer, material, &OnlyIssuer)
}

pub(crate) fn ask(
    question: &Question<'_>,
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
    signers: &dyn Signers,
) -> Result<Known, Vec<WhyUnknown>> {
    let points = certificate.crl_distribution_points().ok().flatten().unwrap_or_default();
    let others: Vec<_> = points.iter().flat_map(|point| &point.crl_issuer).collect();
    let concerns = |crl: &&CrlView| {
        crl.issuer().matches(issuer.subject())
            || others.iter().filter_map(|name| name.as_directory()).any(|name| name.matches(crl.issuer()))
    };
    let crls: Vec<&CrlView> = material.crls().iter().filter(concerns).collect();
    let mut lists: Vec<&dyn RevocationList> = Vec::new();
    for crl in &crls {
        lists.push(*crl);
    }
    let responses: Vec<&OcspView> = material.ocsp_responses().iter().collect();
    let with_responders = WithResponders { signers, material };
    let decision = decide(question, &lists, &responses, &with_responders);
    if let Status::Unknown(why) = &decision.answer.status {
        let mut refused: Vec<WhyUnknown> = decision.refused.into_iter().map(|(_, why)| why).collect();
        if !decision.used.is_empty() {
            refused.push(why.clone());
        }
        return Err(refused);
    }
    let mut source = None;
    let (mut beside, mut signed_by) = (Vec::new(), Vec::new());
    for used in decision.used {
        let delta = used.delta.and_then(|delta| crls.get(delta));
        beside.extend(delta.map(|crl| (*crl).clone()));
        let list = match used.piece {
            Piece::Response(index) => {
                source = responses.get(index).map(|response| StatusSource::Ocsp((*response).clone()));
                continue;
            }
            Piece::List(index) => crls.get(index).map(|crl| (*crl).clone()),
        };
        match (list, &source) {
            (Some(list), None) => source = Some(StatusSource::Crl(list)),
            (Some(list), Some(_)) => beside.push(list),
            (None, _) => {}
        }
        if used.signer != *issuer && !signed_by.contains(&used.signer) {
            signed_by.push(used.signer);
        }
    }
    let source = source.ok_or_else(Vec::new)?;
    Ok(Known { answer: decision.answer, source, beside, signers: signed_by })
}

/// The signers somebody else knows, and the responders of the material.
struct WithResponders<'a> {
    signers: &'a dyn Signers,
    material: &'a Material,
}

impl Signers for WithResponders<'_> {
    fn named(&self, list: &segl_revocation::CrlFacts) -> Vec<Certificate> {
        self.signers.named(list)
    }

    fn is_trusted(&self, signer: &Certificate) -> bool {
        self.signers.is_trusted(signer)
    }

    fn responders(&self, issuer: &Certificate) -> Vec<Certificate> {
        responders(issuer, self.material)
    }
}

/// Certificates of the material that this issuer may have made for OCSP.
fn responders(issuer: &Certificate, material: &Material) -> Vec<Certificate> {
    let all = material.certificates().iter();
    all.filter(|other| other.issuer().matches(issuer.subject())).cloned().collect()
}

/// What a CRL that was fetched proves about `certificate`, beside what is at hand already: a delta CRL changes a complete one, and one
/// for some reasons adds to others.
///
/// # Errors
/// Why it does not count.
pub(crate) fn crl_contributes(
    crl: &CrlView,
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
    time: Time,
) -> Result<(), WhyUnknown> {
    let others = material.crls().iter().filter(|other| other.issuer().matches(crl.issuer()));
    let lists: Vec<&dyn RevocationList> =
        core::iter::once(crl).chain(others).map(|crl| -> &dyn RevocationList { crl }).collect();
    let question = Question::new(certificate, issuer, time);
    let decision = decide(&question, &lists, &[], &AnyOfTheName { material });
    // Who signed it is trusted, or not, when the chain is covered.
    let own = decision.refused.into_iter().find(|(piece, _)| *piece == Piece::List(0));
    own.map_or(Ok(()), |(_, why)| Err(why))
}

struct AnyOfTheName<'a> {
    material: &'a Material,
}

impl Signers for AnyOfTheName<'_> {
    fn named(&self, list: &segl_revocation::CrlFacts) -> Vec<Certificate> {
        self.material.certificates().with_subject(list.issuer()).cloned().collect()
    }

    fn is_trusted(&self, _: &Certificate) -> bool {
        true
    }
}

/// What a response says, its responder's certificate taken from the response or from the material.
pub(crate) fn ocsp_answer(
    response: &OcspView,
    certificate: &Certificate,
    issuer: &Certificate,
    material: &Material,
) -> Answer {
    match response.verify(issuer, &responders(issuer, material)) {
        Ok(verified) => verified.status_of(certificate),
        Err(_) => response.status_of(certificate, issuer),
    }
}
