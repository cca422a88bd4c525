//! Everything a signature is judged with, read.

use core::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use segl_ades::Evidence;
use segl_crypto::{Digest, DigestAlgorithm, Time, digest, sha256};
use segl_path::{Issuer, Pool};
use segl_revocation::{Answer, CrlView, OcspView, Reason, Status, WhyUnknown};
use segl_x509::{Certificate, oids, signature_algorithm_of};

/// Pieces of status information of each kind that are verified for one certificate, the latest first. A certificate has a
/// handful; a file with thousands wants to cost time.
const MAX_PIECES: usize = 64;

/// Certificates that are verified as an issuer's responders. It has one at a time; a file with thousands wants to cost time.
const MAX_RESPONDERS: usize = 64;

/// Identity of a piece of evidence: the SHA-256 of its bytes.
pub(crate) type Id = [u8; 32];

/// Certificates and status information, from inside the signature and from beside it.
#[derive(Default)]
pub(crate) struct Material {
    pub(crate) pool: Pool,
    crls: Vec<CrlView>,
    responses: Vec<OcspView>,
    embedded: HashSet<Id>,
    /// All of the status information.
    pieces: HashSet<Id>,
    by_digest: RefCell<HashMap<DigestAlgorithm, HashMap<Vec<u8>, Certificate>>>,
    /// Responders that an issuer certified.
    responders: RefCell<HashMap<Id, Rc<Vec<Certificate>>>>,
    known: RefCell<HashMap<(Id, Id), Rc<StatusesOf>>>,
}

/// What all the material says about one certificate.
#[derive(Default)]
pub(crate) struct StatusesOf {
    /// What counts, the latest thisUpdate first; of the same second, revoked first.
    pub(crate) found: Vec<StatusOf>,
    /// What is about it but does not count.
    pub(crate) refused: Vec<(Id, WhyUnknown)>,
}

/// A status that counts.
#[derive(Debug, Clone)]
pub(crate) struct StatusOf {
    pub(crate) id: Id,
    pub(crate) answer: Answer,
    /// Whose key signed it.
    pub(crate) signer: Certificate,
    /// AlgorithmIdentifier of its signature.
    pub(crate) algorithm: Vec<u8>,
    pub(crate) name: &'static str,
}

/// A revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Revocation {
    /// Since when.
    pub(crate) at: Time,
    /// Why, if the issuer says so.
    pub(crate) reason: Option<Reason>,
}

impl StatusOf {
    pub(crate) fn this_update(&self) -> Time {
        // A status that counts has a thisUpdate; the epoch would only make it old.
        self.answer.this_update.unwrap_or(Time::from_unix(0))
    }

    pub(crate) fn revocation(&self) -> Option<Revocation> {
        match self.answer.status {
            Status::Revoked { at, reason } => Some(Revocation { at, reason }),
            _ => None,
        }
    }

    /// Whether it was signed by a delegated responder and not by the issuer's own key.
    pub(crate) fn is_delegated(&self) -> bool {
        self.answer.responder.is_some()
    }

    /// Whether this very certificate's key signed it, as a delegated responder.
    pub(crate) fn is_delegated_to(&self, certificate: &Certificate) -> bool {
        self.answer.responder.as_ref() == Some(certificate)
    }
}

impl Material {
    /// Reads evidence; `embedded` when it stands inside the signature. What cannot be read is left out.
    pub(crate) fn add(&mut self, evidence: &Evidence, embedded: bool) {
        for der in &evidence.certificates {
            if let Ok(certificate) = Certificate::from_der(der) {
                self.pool.add(certificate);
            }
        }
        for der in &evidence.crls {
            if let Ok(crl) = CrlView::from_der(der)
                && self.is_new(crl.as_der(), embedded)
            {
                self.crls.push(crl);
            }
        }
        for der in &evidence.ocsp_responses {
            if let Ok(response) = OcspView::from_der(der).or_else(|_| OcspView::from_basic_der(der))
                && self.is_new(response.as_der(), embedded)
            {
                self.pool.extend(response.certificates().iter().cloned());
                self.responses.push(response);
            }
        }
    }

    /// Remembers a piece of status information; says whether it was not there yet.
    fn is_new(&mut self, der: &[u8], embedded: bool) -> bool {
        let id = sha256(der);
        if embedded {
            self.embedded.insert(id);
        }
        self.pieces.insert(id)
    }

    /// Whether this piece of status information stands inside the signature.
    pub(crate) fn is_embedded(&self, id: &Id) -> bool {
        self.embedded.contains(id)
    }

    pub(crate) fn crls(&self) -> &[CrlView] {
        &self.crls
    }

    /// The certificate with this digest. Each is digested once for each algorithm, however many signatures and time-stamps ask.
    pub(crate) fn by_digest(&self, wanted: &Digest) -> Option<Certificate> {
        let algorithm = wanted.algorithm();
        let mut by_digest = self.by_digest.borrow_mut();
        let known = by_digest.entry(algorithm).or_insert_with(|| {
            let digested = |certificate: &Certificate| {
                Some((digest(algorithm, certificate.as_der())?.as_bytes().to_vec(), certificate.clone()))
            };
            self.pool.iter().filter_map(digested).collect()
        });
        known.get(wanted.as_bytes()).cloned()
    }

    pub(crate) fn responses(&self) -> &[OcspView] {
        &self.responses
    }

    /// What the material says about a certificate. Nothing, when its issuer is known by its key only.
    pub(crate) fn statuses(&self, certificate: &Certificate, issuer: Issuer<'_>) -> Rc<StatusesOf> {
        let Some(issuer) = issuer.certificate else { return Rc::new(StatusesOf::default()) };
        let key = (certificate.fingerprint_sha256(), issuer.fingerprint_sha256());
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let statuses = Rc::new(self.look_up(certificate, issuer));
        self.known.borrow_mut().insert(key, Rc::clone(&statuses));
        statuses
    }

    fn look_up(&self, certificate: &Certificate, issuer: &Certificate) -> StatusesOf {
        let mut statuses = StatusesOf::default();
        let mut crls: Vec<&CrlView> =
            self.crls.iter().filter(|crl| crl.issuer().matches(issuer.subject())).collect();
        crls.sort_by_key(|crl| core::cmp::Reverse(crl.this_update()));
        for crl in crls.into_iter().take(MAX_PIECES) {
            statuses.take(crl.as_der(), crl.as_der(), "CRL", crl.status_of(certificate, issuer), issuer);
        }
        let responders = self.responders(issuer);
        let about = |response: &&OcspView| {
            response.responses().iter().any(|single| single.certificate.is_about(certificate, issuer))
        };
        let mut responses: Vec<&OcspView> = self.responses.iter().filter(about).collect();
        responses.sort_by_key(|response| core::cmp::Reverse(response.produced_at()));
        for response in responses.into_iter().take(MAX_PIECES) {
            let answer = match response.verify(issuer, &responders) {
                Ok(verified) => verified.status_of(certificate),
                Err(_) => response.status_of(certificate, issuer),
            };
            statuses.take(response.as_der(), response.basic_der(), "OCSP response", answer, issuer);
        }
        // Times are whole seconds: of two pieces of the same one, the one that says revoked is the later.
        let rank = |status: &StatusOf| (status.this_update(), status.revocation().is_some(), status.id);
        statuses.found.sort_by_key(|status| core::cmp::Reverse(rank(status)));
        statuses
    }

    /// The certificates outside of responses that this issuer made for OCSP, as far as [`MAX_RESPONDERS`] goes.
    fn responders(&self, issuer: &Certificate) -> Rc<Vec<Certificate>> {
        let id = issuer.fingerprint_sha256();
        if let Some(known) = self.responders.borrow().get(&id) {
            return Rc::clone(known);
        }
        let names_purpose = |candidate: &&Certificate| {
            let purposes = candidate.ext_key_usage().ok().flatten().unwrap_or_default();
            purposes.iter().any(|purpose| *purpose == oids::OCSP_SIGNING)
        };
        let found = match issuer.public_key() {
            Ok(key) => self
                .pool
                .iter()
                .filter(|candidate| candidate.issuer().matches(issuer.subject()))
                .filter(names_purpose)
                .take(MAX_RESPONDERS)
                .filter(|candidate| candidate.verify_signed_by(&key).is_ok())
                .cloned()
                .collect(),
            Err(_) => Vec::new(),
        };
        let found = Rc::new(found);
        self.responders.borrow_mut().insert(id, Rc::clone(&found));
        found
    }
}

impl StatusesOf {
    fn take(&mut self, der: &[u8], signed: &[u8], name: &'static str, answer: Answer, issuer: &Certificate) {
        let id = sha256(der);
        if let Status::Unknown(why) = answer.status {
            self.refused.push((id, why));
            return;
        }
        let signer = answer.responder.clone().unwrap_or_else(|| issuer.clone());
        let algorithm = signature_algorithm_of(signed).unwrap_or_default().to_vec();
        self.found.push(StatusOf { id, answer, signer, algorithm, name });
    }
}
