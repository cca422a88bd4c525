//! Damaged and invented input is refused, never more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_cms::{SignedDataBuilder, SignedDataView, UnsignedAttribute, oids, splice_unsigned_attribute};
use segl_crypto::{DigestAlgorithm, SoftKind};
use segl_testkit::pki::pki;

fn sample() -> Vec<u8> {
    let pki = pki(SoftKind::EcP256);
    let prepared = SignedDataBuilder::attached(oids::TST_INFO, b"content".to_vec(), DigestAlgorithm::Sha256)
        .unwrap()
        .prepare(&pki.seal.certificate, pki.seal.key.algorithm())
        .unwrap();
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let attribute = UnsignedAttribute::new(oids::COUNTERSIGNATURE, vec![5, 0]).unwrap();
    prepared.assemble(&value, &[pki.seal.certificate], &[attribute])
}

fn exercise(bytes: &[u8]) {
    if let Ok(view) = SignedDataView::parse(bytes) {
        assert_eq!(view.as_bytes().len() + view.trailing().len(), bytes.len());
        for signer in view.signers() {
            let _ = (signer.signing_certificates(), signer.message_digest(), signer.signature_algorithm());
        }
        let attribute = UnsignedAttribute::new(oids::COUNTERSIGNATURE, vec![4, 1, 7]).unwrap();
        for index in 0..view.signers().len() {
            let spliced = splice_unsigned_attribute(bytes, index, &attribute).unwrap();
            let again = SignedDataView::parse(&spliced).unwrap();
            assert_eq!(
                again.signers()[index].unsigned_attributes().len(),
                view.signers()[index].unsigned_attributes().len() + 1
            );
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = sample();
    exercise(&whole);
    for end in 0..whole.len() {
        assert!(SignedDataView::parse(&whole[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn every_changed_octet_is_survived() {
    let whole = sample();
    for at in 0..whole.len() {
        for value in [0, 0x7f, 0x80, 0xff, whole[at] ^ 1, whole[at] ^ 0x20] {
            let mut changed = whole.clone();
            changed[at] = value;
            exercise(&changed);
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
    }

    #[test]
    fn no_tail_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), cut in 0usize..800) {
        thread_local! { static SAMPLE: Vec<u8> = sample(); }
        let mut whole = SAMPLE.with(|sample| sample[..cut.min(sample.len())].to_vec());
        whole.extend(bytes);
        exercise(&whole);
    }
}
