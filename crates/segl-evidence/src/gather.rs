//! The state machine that asks until everything is covered.

use std::collections::HashSet;

use segl_ades::Evidence;
use segl_crypto::Time;
use segl_path::{Anchors, NoPath, SignatureMemo};
use segl_revocation::{CrlError, CrlView, OcspError, OcspView, Status, WhyUnknown};
use segl_x509::{Certificate, CertificateError};

use crate::coverage::{Chain, Cover, Link, Target};
use crate::material::Material;
use crate::need::Need;
use crate::status::{crl_contributes, ocsp_answer};

/// Asks for what is missing until every chain of every target is covered, without doing any I/O itself.
///
/// Call [`poll_need`](Self::poll_need), fetch, [`supply`](Self::supply), and again until no need is left; then
/// [`finish`](Self::finish). Each need is asked once; what cannot be had shows in the outcome.
#[derive(Debug, Clone)]
pub struct Gatherer {
    anchors: Anchors,
    time: Time,
    targets: Vec<Target>,
    material: Material,
    asked: HashSet<(Kind, Certificate)>,
    /// Signatures that were verified already; those of status information are remembered by the views themselves.
    signatures: SignatureMemo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Crl,
    Issuer,
    Ocsp,
}

/// Why an answer was not taken. The need stays answered as "cannot be had"; a later answer to the same need is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SupplyError {
    /// Not a certificate.
    #[error("the answer is not a certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// Not a CRL.
    #[error("the answer is not a CRL: {0}")]
    Crl(#[from] CrlError),
    /// Not an OCSP response.
    #[error("the answer is not an OCSP response: {0}")]
    Ocsp(#[from] OcspError),
    /// It proves nothing about the certificate: too old, of another issuer, not signed as it must be.
    #[error("the answer proves nothing about {}: {why}", certificate.subject())]
    ProvesNothing {
        /// The certificate in question.
        certificate: Certificate,
        /// Why.
        why: WhyUnknown,
    },
    /// The certificate did not issue the one in question.
    #[error("the answer is not the issuer of {}", certificate.subject())]
    NotTheIssuer {
        /// The certificate in question.
        certificate: Certificate,
    },
}

/// What was gathered.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// What the chains use and nothing else: certificates up to the anchors, responders, CRLs, OCSP responses.
    pub evidence: Evidence,
    /// Every certificate of every chain with what covers it.
    pub links: Vec<Link>,
    /// Targets without a chain to an anchor, and why.
    pub without_path: Vec<(Certificate, NoPath)>,
}

impl Gatherer {
    /// A gatherer that judges at `time` and ends its chains at `anchors`.
    pub fn new(anchors: Anchors, time: Time) -> Self {
        Self {
            anchors,
            time,
            targets: Vec::new(),
            material: Material::new(),
            asked: HashSet::new(),
            signatures: SignatureMemo::default(),
        }
    }

    /// Adds a certificate that must be covered.
    pub fn cover(&mut self, target: Target) {
        self.material.add_certificate(target.certificate.clone());
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    /// Adds what is already at hand, so that it is not asked for.
    pub fn know(&mut self, evidence: &Evidence) {
        self.material.add(evidence);
    }

    /// The next thing to fetch; `None` when nothing is missing that was not asked for.
    ///
    /// For a status OCSP is asked for first, where the certificate names a responder, and a CRL when that failed.
    pub fn poll_need(&mut self) -> Option<Need> {
        let chains = self.chains();
        let need = chains.iter().flat_map(|chain| self.open_needs(chain)).find(|need| {
            let key = (kind(need), need.certificate().clone());
            !self.asked.contains(&key)
        })?;
        self.asked.insert((kind(&need), need.certificate().clone()));
        Some(need)
    }

    /// Takes the answer to a need; `None` when it could not be had.
    ///
    /// # Errors
    /// [`SupplyError`] when the bytes are something else or prove nothing; they are not kept then. The caller may ask again
    /// later and supply once more, for example until a responder's answer is young enough.
    pub fn supply(&mut self, need: &Need, answer: Option<&[u8]>) -> Result<(), SupplyError> {
        let Some(bytes) = answer else { return Ok(()) };
        match need {
            Need::Issuer { certificate, .. } => {
                let issuer = Certificate::from_der_or_pem(bytes)?;
                let key_fits =
                    issuer.public_key().is_ok_and(|key| certificate.verify_signed_by(&key).is_ok());
                if !key_fits || !certificate.issuer().matches(issuer.subject()) {
                    return Err(SupplyError::NotTheIssuer { certificate: certificate.clone() });
                }
                self.material.add_certificate(issuer);
            }
            Need::Crl { certificate, issuer, .. } => {
                let crl = CrlView::from_der(bytes)?;
                let counts = crl_contributes(&crl, certificate, issuer, &self.material, crl.this_update());
                counts.map_err(|why| SupplyError::ProvesNothing { certificate: certificate.clone(), why })?;
                self.material.add_crl(crl);
            }
            Need::Ocsp { certificate, issuer, .. } => {
                let response = OcspView::from_der(bytes)?;
                let answer = ocsp_answer(&response, certificate, issuer, &self.material);
                proves(&answer.status, certificate)?;
                self.material.add_ocsp_response(response);
            }
        }
        Ok(())
    }

    /// The outcome, complete or not.
    pub fn finish(mut self) -> Gathered {
        let mut gathered =
            Gathered { evidence: Evidence::default(), links: Vec::new(), without_path: Vec::new() };
        for chain in self.chains() {
            match chain.path {
                Ok(path) => {
                    let anchor = path.anchor().certificate().cloned();
                    gathered.take_certificates(path.certificates().iter().cloned().chain(anchor));
                    for link in chain.links {
                        gathered.take(link);
                    }
                }
                Err(no_path) => gathered.without_path.push((chain.target.certificate, no_path)),
            }
        }
        gathered
    }

    fn chains(&mut self) -> Vec<Chain> {
        let Self { anchors, time, targets, material, signatures, .. } = self;
        targets.iter().map(|target| Chain::find(target, anchors, material, *time, signatures)).collect()
    }

    fn open_needs(&self, chain: &Chain) -> Vec<Need> {
        if let Err(no_path) = &chain.path {
            return no_path
                .without_issuer
                .iter()
                .filter(|certificate| !certificate.is_self_issued())
                .map(|certificate| Need::Issuer {
                    certificate: certificate.clone(),
                    urls: certificate.ca_issuers_urls(),
                })
                .collect();
        }
        let open = chain.links.iter().filter(|link| matches!(link.cover, Cover::Nothing(_)));
        open.flat_map(|link| {
            let issuer = link.issuer.clone()?;
            let certificate = link.certificate.clone();
            let this_update_from = certificate.not_before();
            let (ocsp, crl) = (certificate.ocsp_urls(), certificate.crl_urls());
            let ocsp = Need::Ocsp {
                certificate: certificate.clone(),
                issuer: issuer.clone(),
                urls: ocsp,
                this_update_from,
            };
            let crl = Need::Crl { certificate, issuer, urls: crl, this_update_from };
            // Without any pointer the caller may still know a CRL of this issuer.
            Some(if ocsp.urls().is_empty() { vec![crl] } else { vec![ocsp, crl] })
        })
        .flatten()
        .collect()
    }
}

impl Gathered {
    /// Whether every chain is there and every certificate of it proved good.
    pub fn is_complete(&self) -> bool {
        self.without_path.is_empty() && self.links.iter().all(|link| link.cover.counts())
    }

    /// The certificates that are not proved good.
    pub fn open(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(|link| !link.cover.counts())
    }

    /// The evidence without what is already in `there`.
    pub fn evidence_beside(&self, there: &Evidence) -> Evidence {
        let rest = |own: &[Vec<u8>], theirs: &[Vec<u8>]| {
            own.iter().filter(|piece| !theirs.contains(piece)).cloned().collect()
        };
        Evidence {
            certificates: rest(&self.evidence.certificates, &there.certificates),
            crls: rest(&self.evidence.crls, &there.crls),
            ocsp_responses: rest(&self.evidence.ocsp_responses, &there.ocsp_responses),
        }
    }

    fn take(&mut self, link: Link) {
        if let Cover::Good(known) | Cover::Revoked(known) = &link.cover {
            let piece = known.source.as_der().to_vec();
            let mut evidence = Evidence::default();
            match known.source {
                crate::StatusSource::Crl(_) => evidence.crls.push(piece),
                crate::StatusSource::Ocsp(_) => evidence.ocsp_responses.push(piece),
            }
            evidence.crls.extend(known.beside.iter().map(|crl| crl.as_der().to_vec()));
            self.evidence.merge(&evidence);
            self.take_certificates(known.signers.iter().cloned());
        }
        self.take_certificates([link.certificate.clone()]);
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    fn take_certificates(&mut self, certificates: impl IntoIterator<Item = Certificate>) {
        for certificate in certificates {
            let der = certificate.as_der().to_vec();
            if !self.evidence.certificates.contains(&der) {
                self.evidence.certificates.push(der);
            }
        }
    }
}

fn kind(need: &Need) -> Kind {
    match need {
        Need::Crl { .. } => Kind::Crl,
        Need::Issuer { .. } => Kind::Issuer,
        Need::Ocsp { .. } => Kind::Ocsp,
    }
}

fn proves(status: &Status, certificate: &Certificate) -> Result<(), SupplyError> {
    match status {
        Status::Unknown(why) => {
            Err(SupplyError::ProvesNothing { certificate: certificate.clone(), why: why.clone() })
        }
        _ => Ok(()),
    }
}
