//! Invented attributes are read as absent, never more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

#[path = "../../segl-cms/tests/common/mod.rs"]
mod common;

use proptest::prelude::*;
use segl_ades::Scope;
use segl_cades::{Covered, oids, read_signature};
use segl_cms::{SignedDataBuilder, SignedDataView, UnsignedAttribute, oids as cms};
use segl_crypto::{DigestAlgorithm, SoftKind, digest};

thread_local! {
    static PKI: common::Pki = common::pki(SoftKind::EcP256);
}

proptest! {
    #[test]
    fn no_attribute_value_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..60), which in 0usize..8) {
        let value = segl_cms::encode::element(0x30, &octets);
        let signed = [
            oids::CONTENT_HINTS, oids::SIGNATURE_POLICY, oids::COMMITMENT_TYPE, oids::SIGNER_LOCATION,
            oids::CONTENT_TIMESTAMP, oids::MIME_TYPE, oids::ADBE_REVOCATION, cms::SIGNING_CERTIFICATE_V2,
        ][which];
        let unsigned = [
            oids::SIGNATURE_TIMESTAMP, oids::CERTIFICATE_VALUES, oids::REVOCATION_VALUES, oids::ARCHIVE_TIMESTAMP_V3,
        ][which % 4];
        let message = PKI.with(|pki| {
            let content = digest(DigestAlgorithm::Sha256, b"content").unwrap();
            let prepared = SignedDataBuilder::detached(cms::DATA, content)
                .signed_attribute(signed, value.clone())
                .prepare(&pki.seal.certificate, pki.seal.key.algorithm())
                .unwrap();
            let signature = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
            prepared.assemble(&signature, &[], &[UnsignedAttribute::new(unsigned, value).unwrap()])
        });
        let view = SignedDataView::parse(&message).unwrap();
        let covered = Covered { name: String::new(), scope: Scope::DigestOnly, found: None };
        let read = read_signature("S", &view, 0, covered).unwrap();
        prop_assert!(!read.findings.is_empty());
    }
}
