//! Invented attributes are read as absent, never more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use proptest::prelude::*;
use segl_ades::Scope;
use segl_cades::{Covered, covered_inside, oids, read_signature};
use segl_cms::encode::{algorithm, element, object_identifier, octet_string, sequence, set_of};
use segl_cms::{SignedDataBuilder, SignedDataView, UnsignedAttribute, oids as cms};
use segl_crypto::{DigestAlgorithm, SoftKind, ToBeSigned, digest};

thread_local! {
    static PKI: segl_testkit::pki::Pki = segl_testkit::pki::pki(SoftKind::EcP256);
}

proptest! {
    #[test]
    fn no_attribute_value_makes_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..60), which in 0usize..8) {
        let value = element(0x30, &octets);
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

/// The attributes that somebody signed, given as a content that he never saw.
#[test]
fn signed_attributes_are_no_content() {
    let view = PKI.with(|pki| {
        let content = digest(DigestAlgorithm::Sha256, b"content").unwrap();
        let prepared = SignedDataBuilder::detached(cms::DATA, content)
            .prepare(&pki.seal.certificate, pki.seal.key.algorithm())
            .unwrap();
        let signature = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let attributes = prepared.to_be_signed().as_bytes().to_vec();
        let certificate = &pki.seal.certificate;
        let sid = sequence(&[certificate.issuer().as_der().to_vec(), element(0x02, certificate.serial())]);
        let signer = |content: &[u8]| {
            let content = element(0xa0, &octet_string(content));
            sequence(&[
                object_identifier(&cms::SIGNED_DATA),
                element(
                    0xa0,
                    &sequence(&[
                        vec![2, 1, 1],
                        set_of(0x31, &[algorithm(&DigestAlgorithm::Sha256.oid())]),
                        sequence(&[object_identifier(&cms::DATA), content]),
                        element(0xa0, certificate.as_der()),
                        set_of(
                            0x31,
                            &[sequence(&[
                                vec![2, 1, 1],
                                sid.clone(),
                                algorithm(&DigestAlgorithm::Sha256.oid()),
                                pki.seal.key.algorithm().to_der(),
                                octet_string(signature.as_bytes()),
                            ])],
                        ),
                    ]),
                ),
            ])
        };
        [&attributes[..], b"content"].map(|content| SignedDataView::parse(&signer(content)).unwrap())
    });
    let [forged, plain] = view.map(|view| {
        let covered = covered_inside(&view, &view.signers()[0]).unwrap();
        read_signature("S", &view, 0, covered).unwrap()
    });
    let fatal = |signature: &segl_ades::Signature| {
        signature.findings.iter().filter(|one| one.fatal).map(|one| one.rule).collect::<Vec<_>>()
    };
    assert!(forged.content[0].intact() && plain.content[0].intact());
    assert_eq!(fatal(&forged), ["signed-attributes-as-content"]);
    assert!(fatal(&plain).is_empty());
}

/// A message that carries what was signed, put beside another content: the value verifies, but over what is inside.
#[test]
fn a_content_inside_speaks_for_no_other() {
    let message = PKI.with(|pki| {
        let certificate = &pki.seal.certificate;
        let signature =
            pki.seal.key.sign(&ToBeSigned::new(b"inside".to_vec(), pki.seal.key.algorithm())).unwrap();
        let sid = sequence(&[certificate.issuer().as_der().to_vec(), element(0x02, certificate.serial())]);
        let sha256 = algorithm(&DigestAlgorithm::Sha256.oid());
        let signer = sequence(&[
            vec![2, 1, 1],
            sid,
            sha256.clone(),
            pki.seal.key.algorithm().to_der(),
            octet_string(signature.as_bytes()),
        ]);
        let inside = sequence(&[object_identifier(&cms::DATA), element(0xa0, &octet_string(b"inside"))]);
        let certificates = element(0xa0, certificate.as_der());
        let parts = [vec![2, 1, 1], set_of(0x31, &[sha256]), inside, certificates, set_of(0x31, &[signer])];
        sequence(&[object_identifier(&cms::SIGNED_DATA), element(0xa0, &sequence(&parts))])
    });
    let view = SignedDataView::parse(&message).unwrap();
    let found = digest(DigestAlgorithm::Sha256, b"outside");
    let covered = Covered { name: String::new(), scope: Scope::DigestOnly, found };
    let read = read_signature("S", &view, 0, covered).unwrap();
    assert_eq!(read.signed_bytes, b"inside");
    assert!(!read.content[0].intact());
}
