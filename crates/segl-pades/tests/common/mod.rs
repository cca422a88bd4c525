//! Sealed documents for the tests.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

#[path = "../../../segl-pdf/tests/common/mod.rs"]
pub(crate) mod pdf;

use std::sync::LazyLock;

use segl_ades::Evidence;
use segl_cades::Flavour;
use segl_crypto::{Digest, DigestAlgorithm, SoftKind};
use segl_pades::{GrowingFile, SealProperties, add_evidence, prepare, prepare_timestamp};
use segl_pdf::Limits;
pub(crate) use segl_testkit::{
    corpus::rows,
    pki::{Pki, noon},
};
use segl_tsp::{Authority, Clock, TimestampRequest, oids::BEST_PRACTICES_POLICY};

static PKI: LazyLock<Pki> = LazyLock::new(|| segl_testkit::pki::pki(SoftKind::EcP256));

pub(crate) fn pki() -> &'static Pki {
    &PKI
}

pub(crate) const RESERVED: usize = 4096;

/// A CMS of level B over a digest.
pub(crate) fn cms_over(digest: &Digest) -> Vec<u8> {
    let seal = &pki().seal;
    let prepared =
        segl_cades::prepare(Flavour::Pades, digest.clone(), &seal.certificate, seal.key.algorithm()).unwrap();
    let value = seal.key.sign(&prepared.to_be_signed()).unwrap();
    prepared.assemble(&value, &[pki().root.certificate.clone()])
}

/// A time-stamp token over a digest.
pub(crate) fn token_over(digest: &Digest) -> Vec<u8> {
    let unit = &pki().unit;
    let authority = Authority::new(unit.certificate.clone(), BEST_PRACTICES_POLICY).unwrap();
    let request = TimestampRequest::new(digest).to_der();
    let pending = authority.prepare(&request, &[1], Clock::Fit(noon())).unwrap();
    pending.finish_token(&unit.key.sign(&pending.to_be_signed()).unwrap())
}

/// Evidence whose content does not matter here.
pub(crate) fn evidence() -> Evidence {
    let pki = pki();
    Evidence {
        certificates: vec![
            pki.root.certificate.as_der().to_vec(),
            pki.unit.certificate.as_der().to_vec(),
            pki.root.certificate.as_der().to_vec(),
        ],
        crls: vec![vec![0x30, 3, 2, 1, 1]],
        ocsp_responses: vec![vec![0x30, 3, 2, 1, 2]],
    }
}

pub(crate) fn seal_with(original: &[u8], properties: &SealProperties) -> Vec<u8> {
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let prepared = prepare(file.document(), properties).unwrap();
    let digest = prepared.digest(file.digest(DigestAlgorithm::Sha256).unwrap());
    file.append(&prepared.assemble(&cms_over(&digest)).unwrap()).unwrap();
    [original, file.tail()].concat()
}

/// Level B-B.
pub(crate) fn sealed(original: &[u8]) -> Vec<u8> {
    seal_with(original, &SealProperties::new(noon(), RESERVED))
}

pub(crate) fn with_store(original: &[u8]) -> Vec<u8> {
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let store = add_evidence(file.document(), &evidence()).unwrap().unwrap();
    file.append(&store).unwrap();
    [original, file.tail()].concat()
}

pub(crate) fn stamped(original: &[u8]) -> Vec<u8> {
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let prepared = prepare_timestamp(file.document(), RESERVED).unwrap();
    let digest = prepared.digest(file.digest(DigestAlgorithm::Sha256).unwrap());
    file.append(&prepared.assemble(&token_over(&digest)).unwrap()).unwrap();
    [original, file.tail()].concat()
}
