//! What is written here, as RustCrypto's cms sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_cms::{SignedDataBuilder, UnsignedAttribute, encode, ess, oids, splice_unsigned_attribute};
use segl_crypto::{DigestAlgorithm, SoftKind, digest};
use segl_testkit::cms_oracle::agrees;
use segl_testkit::pki::pki;
use segl_x509::ObjectIdentifier;

const TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_agrees(
        attached in any::<bool>(),
        large in any::<bool>(),
        content in proptest::collection::vec(any::<u8>(), 0..700),
        unsigned in proptest::collection::vec(any::<u8>(), 0..300),
        spliced in any::<bool>(),
        chain in 0..3_usize,
    ) {
        let pki = pki(if large { SoftKind::EcP384 } else { SoftKind::EcP256 });
        let algorithm = pki.seal.key.algorithm();
        let hash = algorithm.digest().unwrap();
        let builder = if attached {
            SignedDataBuilder::attached(oids::DATA, content, hash).unwrap()
        } else {
            SignedDataBuilder::detached(oids::DATA, digest(hash, &content).unwrap())
        };
        let ess = ess::signing_certificate_v2(&pki.seal.certificate, DigestAlgorithm::Sha256).unwrap();
        let prepared = builder
            .signed_attribute(oids::SIGNING_CERTIFICATE_V2, ess)
            .prepare(&pki.seal.certificate, algorithm)
            .unwrap();
        let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let certificates =
            [&pki.seal, &pki.root, &pki.unit].map(|party| party.certificate.clone())[..=chain].to_vec();
        let attribute = UnsignedAttribute::new(TOKEN, encode::octet_string(&unsigned)).unwrap();
        if spliced {
            let message = prepared.assemble(&value, &certificates, &[]);
            agrees(&message);
            agrees(&splice_unsigned_attribute(&message, 0, &attribute).unwrap());
        } else {
            agrees(&prepared.assemble(&value, &certificates, &[attribute]));
        }
    }
}
