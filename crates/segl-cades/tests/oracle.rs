//! Baseline signatures and the tokens in them, as RustCrypto's cms sees them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_cades::{
    Flavour, Prepared, add_signature_timestamp, prepare, prepare_attached, signature_timestamp_imprint,
};
use segl_crypto::{DigestAlgorithm, SoftKind, digest};
use segl_testkit::cms_oracle::agrees;
use segl_testkit::pki::{Pki, noon, pki};
use segl_tsp::{Authority, Clock, TimestampRequest, oids::BEST_PRACTICES_POLICY};

const CONTENT: &[u8] = b"what is sealed";

fn level_b_and_t_agree(pki: &Pki, prepared: &Prepared) {
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let level_b = prepared.assemble(&value, std::slice::from_ref(&pki.root.certificate));
    agrees(&level_b);
    let imprint = signature_timestamp_imprint(value.as_bytes(), DigestAlgorithm::Sha256).unwrap();
    let authority = Authority::new(pki.unit.certificate.clone(), BEST_PRACTICES_POLICY).unwrap().qualified();
    let request = TimestampRequest::new(&imprint).to_der();
    let pending = authority.prepare(&request, &[1], Clock::Fit(noon())).unwrap();
    let token = pending.finish_token(&pki.unit.key.sign(&pending.to_be_signed()).unwrap());
    agrees(&token);
    agrees(&add_signature_timestamp(&level_b, 0, &token).unwrap());
}

#[test]
fn a_pades_signature_and_its_token_agree() {
    for kind in [SoftKind::EcP256, SoftKind::EcP384] {
        let pki = pki(kind);
        let algorithm = pki.seal.key.algorithm();
        let content = digest(algorithm.digest().unwrap(), CONTENT).unwrap();
        let prepared = prepare(Flavour::Pades, content, &pki.seal.certificate, algorithm).unwrap();
        level_b_and_t_agree(&pki, &prepared);
    }
}

#[test]
fn a_cades_signature_with_content_and_its_token_agree() {
    let pki = pki(SoftKind::EcP256);
    let flavour = Flavour::Cades { signing_time: noon() };
    let algorithm = pki.seal.key.algorithm();
    let prepared = prepare_attached(flavour, CONTENT.to_vec(), &pki.seal.certificate, algorithm).unwrap();
    level_b_and_t_agree(&pki, &prepared);
}
