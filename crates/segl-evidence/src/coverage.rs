//! Which certificates of a chain are covered by evidence that counts.

use std::cell::RefCell;
use std::collections::HashMap;

use segl_crypto::Time;
use segl_path::{Anchors, Found, NoPath, Parameters, Path, Purpose, SignatureMemo, find_all_with};
use segl_revocation::{CrlFacts, Freshness, Question, Signers, Status, WhyUnknown};
use segl_x509::Certificate;

use crate::material::Material;
use crate::status::{Known, ask};

/// A certificate that must be covered, with all above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The certificate of a signer or a time-stamp unit.
    pub certificate: Certificate,
    /// What it must be made for.
    pub purpose: Purpose,
}

impl Target {
    /// A signer's certificate.
    pub fn signer(certificate: Certificate) -> Self {
        Self { certificate, purpose: Purpose::Any }
    }

    /// A time-stamp unit's certificate.
    pub fn time_stamp_unit(certificate: Certificate) -> Self {
        Self { certificate, purpose: Purpose::TimeStamping }
    }
}

/// One certificate and what covers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The certificate.
    pub certificate: Certificate,
    /// Who issued it, when that is known with a certificate.
    pub issuer: Option<Certificate>,
    /// What covers it.
    pub cover: Cover,
}

/// What covers a certificate, or why nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cover {
    /// It is an anchor: nothing is needed.
    Anchor,
    /// It says itself that no status is to be asked for: validity assured (EN 319 412-1, 5.2), noRevAvail (RFC 9608), or
    /// nocheck in a responder's (RFC 6960, 4.2.2.2.1).
    Exempt,
    /// A status that counts and says good.
    Good(Known),
    /// A status that counts and says revoked.
    Revoked(Known),
    /// Nothing that counts; with what each piece of its issuer said instead.
    Nothing(Vec<WhyUnknown>),
    /// Its issuer is an anchor known by its key only, so no status can be checked.
    IssuerWithoutCertificate,
}

impl Cover {
    /// Whether it proves the certificate good.
    pub fn counts(&self) -> bool {
        matches!(self, Self::Anchor | Self::Exempt | Self::Good(_))
    }
}

/// The chain of one target.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) target: Target,
    pub(crate) path: Result<Path, NoPath>,
    pub(crate) links: Vec<Link>,
}

impl Chain {
    pub(crate) fn find(
        target: &Target,
        anchors: &Anchors,
        material: &Material,
        time: Time,
        memo: &mut SignatureMemo,
    ) -> Self {
        let parameters = Parameters::at(time).purpose(target.purpose);
        let Found { paths, not } =
            find_all_with(&target.certificate, material.certificates(), anchors, &parameters, 1, memo);
        let path = paths.into_iter().next().ok_or(not);
        let links = path.as_ref().map(|path| cover_path(path, material, time)).unwrap_or_default();
        Self { target: target.clone(), path, links }
    }
}

/// What covers each certificate of a path, leaf first, each responder whose answer is used, and whoever signed a CRL that is used.
///
/// This is RFC 5280, 6.1.3 (a)(3): a path is good at `time` when every link [counts](Cover::counts). A good status may be of any age;
/// [`cover_path_with`] asks for a fresh one.
pub fn cover_path(path: &Path, material: &Material, time: Time) -> Vec<Link> {
    cover_path_with(path, material, time, Freshness::Any)
}

/// As [`cover_path`], with a rule for the age of a good status.
pub fn cover_path_with(path: &Path, material: &Material, time: Time, freshness: Freshness) -> Vec<Link> {
    let memo = RefCell::new(SignatureMemo::limited(MAX_SIGNATURES));
    let (under_way, known) = Default::default();
    Covering { path, material, time, freshness, memo, under_way, known }.links(path)
}

/// The most signers of CRLs whose status rests on each other's CRLs, one above the other.
const MAX_DEPTH: usize = 4;
/// The most signatures that are verified on the way from signers of CRLs to the anchor; five times what one search for a path may take.
const MAX_SIGNATURES: u32 = 500;
/// The most paths that are tried for the signer of a CRL.
const MAX_PATHS: usize = 4;

/// Covers one path, and the paths of whoever signed the CRLs.
struct Covering<'a> {
    path: &'a Path,
    material: &'a Material,
    time: Time,
    freshness: Freshness,
    memo: RefCell<SignatureMemo>,
    under_way: RefCell<Vec<Certificate>>,
    /// Signers of CRLs that were looked at, with what covers them when they have a path and are not revoked.
    known: RefCell<HashMap<Certificate, Option<Vec<Link>>>>,
}

impl Covering<'_> {
    fn links(&self, path: &Path) -> Vec<Link> {
        let mut links = Vec::new();
        for (certificate, issuer) in path.with_issuers() {
            let is_leaf = links.is_empty();
            if path.anchor().is(certificate) {
                links.push(Link { certificate: certificate.clone(), issuer: None, cover: Cover::Anchor });
                continue;
            }
            let exempt =
                is_leaf && (certificate.is_validity_assured() || certificate.has_no_revocation_available());
            let cover = match (issuer.certificate.map(|issuer| self.cover(certificate, issuer)), exempt) {
                // That no status need be asked for does not mean that what the issuer says goes unheard.
                (Some(Cover::Revoked(known)), true) => Cover::Revoked(known),
                (_, true) => Cover::Exempt,
                (Some(cover), false) => cover,
                (None, false) => Cover::IssuerWithoutCertificate,
            };
            let mut further = Vec::new();
            if let (Cover::Good(known) | Cover::Revoked(known), Some(issuer)) = (&cover, issuer.certificate) {
                further = self.behind(known, issuer);
            }
            links.push(Link { certificate: certificate.clone(), issuer: issuer.certificate.cloned(), cover });
            for link in further {
                if !links.contains(&link) {
                    links.push(link);
                }
            }
        }
        links
    }

    /// What covers those who signed a status.
    fn behind(&self, known: &Known, issuer: &Certificate) -> Vec<Link> {
        let mut links = Vec::new();
        if let Some(responder) = &known.answer.responder {
            let cover = if responder.has_ocsp_nocheck() {
                Cover::Exempt
            } else {
                self.without_responder(responder, issuer)
            };
            let certificate = responder.clone();
            links.push(Link { certificate, issuer: Some(issuer.clone()), cover });
        }
        let signers = self.known.borrow();
        links.extend(known.signers.iter().filter_map(|signer| signers.get(signer)?.clone()).flatten());
        links
    }

    fn cover(&self, certificate: &Certificate, issuer: &Certificate) -> Cover {
        self.cover_from(certificate, issuer, self.material)
    }

    fn cover_from(&self, certificate: &Certificate, issuer: &Certificate, material: &Material) -> Cover {
        let question = Question::new(certificate, issuer, self.time).freshness(self.freshness);
        match ask(&question, certificate, issuer, material, self) {
            Ok(known) if matches!(known.answer.status, Status::Revoked { .. }) => Cover::Revoked(known),
            Ok(known) => Cover::Good(known),
            Err(refused) => Cover::Nothing(refused),
        }
    }

    /// A responder cannot vouch for itself, nor one for the other in a ring: only what its issuer signed counts for it.
    fn without_responder(&self, responder: &Certificate, issuer: &Certificate) -> Cover {
        match self.cover(responder, issuer) {
            Cover::Good(known) | Cover::Revoked(known) if known.answer.responder.is_some() => {
                let mut crls_only = Material::new();
                for crl in self.material.crls() {
                    crls_only.add_crl(crl.clone());
                }
                self.cover_from(responder, issuer, &crls_only)
            }
            other => other,
        }
    }

    /// Paths of a signer of CRLs to the anchor of the path that is covered, and what covers the first that is not revoked; one that is
    /// covered wholly before one that is not.
    fn signer(&self, signer: &Certificate) -> Option<Vec<Link>> {
        let anchors: Anchors = core::iter::once(self.path.anchor().clone()).collect();
        let parameters = Parameters::at(self.time).purpose(Purpose::CrlSigning);
        let pool = self.material.certificates();
        let mut memo = self.memo.borrow_mut();
        let found = find_all_with(signer, pool, &anchors, &parameters, MAX_PATHS, &mut memo);
        drop(memo);
        let mut covered: Vec<Vec<Link>> = found.paths.iter().map(|path| self.links(path)).collect();
        covered.retain(|links| !links.iter().any(|link| matches!(link.cover, Cover::Revoked(_))));
        covered.sort_by_key(|links| !links.iter().all(|link| link.cover.counts()));
        covered.into_iter().next()
    }
}

impl Signers for Covering<'_> {
    fn named(&self, list: &CrlFacts) -> Vec<Certificate> {
        let anchor = self.path.anchor().certificate();
        let own =
            self.path.certificates().iter().chain(anchor).filter(|one| one.subject().matches(list.issuer()));
        let mut named: Vec<Certificate> = own.cloned().collect();
        named.extend(self.material.certificates().with_subject(list.issuer()).cloned());
        named.dedup();
        named
    }

    fn is_trusted(&self, signer: &Certificate) -> bool {
        if let Some(known) = self.known.borrow().get(signer) {
            return known.is_some();
        }
        let is_deep = self.under_way.borrow().len() >= MAX_DEPTH;
        if is_deep || self.under_way.borrow().contains(signer) {
            return false;
        }
        self.under_way.borrow_mut().push(signer.clone());
        let links = self.signer(signer);
        self.under_way.borrow_mut().pop();
        let is_trusted = links.is_some();
        self.known.borrow_mut().insert(signer.clone(), links);
        is_trusted
    }
}
