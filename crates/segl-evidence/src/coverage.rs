//! Which certificates of a chain are covered by evidence that counts.

use segl_crypto::Time;
use segl_path::{Anchors, Found, NoPath, Parameters, Path, Purpose, SignatureMemo, find_all_with};
use segl_revocation::{Status, WhyUnknown};
use segl_x509::Certificate;

use crate::material::Material;
use crate::status::{Known, status};

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

/// What covers each certificate of a path, leaf first, and each responder whose answer is used.
///
/// This is RFC 5280, 6.1.3 (a)(3) for complete CRLs and OCSP: a path is good at `time` when every link
/// [counts](Cover::counts).
pub fn cover_path(path: &Path, material: &Material, time: Time) -> Vec<Link> {
    let mut links = Vec::new();
    for (certificate, issuer) in path.with_issuers() {
        let is_leaf = links.is_empty();
        if path.anchor().is(certificate) {
            links.push(Link { certificate: certificate.clone(), issuer: None, cover: Cover::Anchor });
            continue;
        }
        let exempt =
            is_leaf && (certificate.is_validity_assured() || certificate.has_no_revocation_available());
        let cover =
            match (issuer.certificate.map(|issuer| cover(certificate, issuer, material, time)), exempt) {
                // That no status need be asked for does not mean that what the issuer says goes unheard.
                (Some(Cover::Revoked(known)), true) => Cover::Revoked(known),
                (_, true) => Cover::Exempt,
                (Some(cover), false) => cover,
                (None, false) => Cover::IssuerWithoutCertificate,
            };
        let responder = match &cover {
            Cover::Good(known) | Cover::Revoked(known) => known.answer.responder.clone(),
            _ => None,
        };
        links.push(Link { certificate: certificate.clone(), issuer: issuer.certificate.cloned(), cover });
        if let (Some(responder), Some(issuer)) = (responder, issuer.certificate) {
            let cover = if responder.has_ocsp_nocheck() {
                Cover::Exempt
            } else {
                without_responder(&responder, issuer, material, time)
            };
            links.push(Link { certificate: responder, issuer: Some(issuer.clone()), cover });
        }
    }
    links
}

fn cover(certificate: &Certificate, issuer: &Certificate, material: &Material, time: Time) -> Cover {
    match status(certificate, issuer, material, time) {
        Ok(known) if matches!(known.answer.status, Status::Revoked { .. }) => Cover::Revoked(known),
        Ok(known) => Cover::Good(known),
        Err(refused) => Cover::Nothing(refused),
    }
}

/// A responder cannot vouch for itself, nor one for the other in a ring: only what its issuer signed counts for it.
fn without_responder(
    responder: &Certificate,
    issuer: &Certificate,
    material: &Material,
    time: Time,
) -> Cover {
    match cover(responder, issuer, material, time) {
        Cover::Good(known) | Cover::Revoked(known) if known.answer.responder.is_some() => {
            let mut crls_only = Material::new();
            for crl in material.crls() {
                crls_only.add_crl(crl.clone());
            }
            cover(responder, issuer, &crls_only, time)
        }
        other => other,
    }
}
