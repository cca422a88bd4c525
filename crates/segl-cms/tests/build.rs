//! What is written here is read here, and by OpenSSL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_cms::{
    BuildError, DetachedLengths, PreparedSignedData, SignedDataBuilder, SignedDataView, UnsignedAttribute,
    ess, max_signature_len, oids, splice_unsigned_attribute,
};
use segl_crypto::{DigestAlgorithm, SoftKind, digest};
use segl_testkit::pki::{Party, openssl, pem, pki};
use segl_x509::ObjectIdentifier;

const CONTENT: &[u8] = b"what is sealed";
const TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

fn prepared(signer: &Party, attached: bool) -> PreparedSignedData {
    let algorithm = signer.key.algorithm();
    let hash = algorithm.digest().unwrap();
    let builder = if attached {
        SignedDataBuilder::attached(oids::DATA, CONTENT.to_vec(), hash).unwrap()
    } else {
        SignedDataBuilder::detached(oids::DATA, digest(hash, CONTENT).unwrap())
    };
    let ess = ess::signing_certificate_v2(&signer.certificate, DigestAlgorithm::Sha256).unwrap();
    builder
        .signed_attribute(oids::SIGNING_CERTIFICATE_V2, ess)
        .prepare(&signer.certificate, algorithm)
        .unwrap()
}

#[test]
fn what_is_written_is_read_and_verifies() {
    for (kind, attached) in [(SoftKind::EcP256, false), (SoftKind::EcP384, true)] {
        let pki = pki(kind);
        let prepared = prepared(&pki.seal, attached);
        let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let certificates = [pki.seal.certificate.clone(), pki.root.certificate.clone()];
        let der = prepared.assemble(&value, &certificates, &[]);

        let view = SignedDataView::parse(&der).unwrap();
        assert_eq!(view.as_bytes(), der);
        assert_eq!((view.version(), view.content_type(), view.trailing().len()), (1, oids::DATA, 0));
        assert_eq!(view.content(), attached.then_some(CONTENT));
        assert_eq!(view.certificates().count(), 2);
        let [signer] = view.signers() else { panic!("one signer") };
        assert_eq!(signer.signature(), value.as_bytes());
        assert_eq!(signer.signed_attributes_for_verification().unwrap(), prepared.to_be_signed().as_bytes());
        assert!(
            signer.is_identified_by(&pki.seal.certificate) && !signer.is_identified_by(&pki.root.certificate)
        );
        let content = digest(signer.digest_algorithm().unwrap(), CONTENT).unwrap();
        signer.verify(&pki.seal.certificate.public_key().unwrap(), oids::DATA, &content).unwrap();
        let wrong = digest(signer.digest_algorithm().unwrap(), b"another").unwrap();
        assert!(signer.verify(&pki.seal.certificate.public_key().unwrap(), oids::DATA, &wrong).is_err());
        assert!(signer.verify(&pki.root.certificate.public_key().unwrap(), oids::DATA, &content).is_err());
        let ess = signer.signing_certificates();
        assert_eq!(ess[0].as_ref().unwrap().names(&pki.seal.certificate), ess::EssMatch::Same);
        assert_eq!(ess[0].as_ref().unwrap().names(&pki.root.certificate), ess::EssMatch::DigestDiffers);
    }
}

#[test]
fn openssl_accepts_it_as_cades() {
    for (kind, attached) in [(SoftKind::EcP256, false), (SoftKind::EcP384, true)] {
        let pki = pki(kind);
        let prepared = prepared(&pki.seal, attached);
        let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.pem"), pem(pki.root.certificate.as_der())).unwrap();
        std::fs::write(folder.path().join("content"), CONTENT).unwrap();
        std::fs::write(
            folder.path().join("cms.der"),
            prepared.assemble(&value, std::slice::from_ref(&pki.seal.certificate), &[]),
        )
        .unwrap();
        let mut arguments = vec![
            "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "cms.der", "-CAfile", "root.pem",
        ];
        arguments.extend(["-no_check_time", "-out", "out"]);
        if !attached {
            arguments.extend(["-content", "content"]);
        }
        let Some((ok, text)) = openssl(folder.path(), &arguments) else { return };
        assert!(ok, "{text}");
        assert_eq!(std::fs::read(folder.path().join("out")).unwrap(), CONTENT);
    }
}

#[test]
fn the_length_is_known_beforehand() {
    let pki = pki(SoftKind::EcP256);
    let kind = pki.seal.certificate.public_key().unwrap().kind();
    let longest = max_signature_len(kind).unwrap();
    for (attached, token) in [(false, 0), (false, 3000), (true, 100)] {
        let prepared = prepared(&pki.seal, attached);
        let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let unsigned: Vec<UnsignedAttribute> = (token != 0)
            .then(|| UnsignedAttribute::new(TOKEN, segl_cms::encode::octet_string(&vec![7; token])).unwrap())
            .into_iter()
            .collect();
        let unsigned_len = unsigned.iter().map(|attribute| attribute.to_der().len()).sum();
        for attribute in &unsigned {
            let value = segl_cms::encode::element_len(token);
            assert_eq!(attribute.to_der().len(), UnsignedAttribute::len_for_value(&TOKEN, value));
        }
        let certificate = pki.seal.certificate.clone();
        let der = prepared.assemble(&value, std::slice::from_ref(&certificate), &unsigned);
        let exact = prepared.max_len(value.as_bytes().len(), certificate.as_der().len(), unsigned_len);
        assert_eq!(exact, der.len());
        assert!(prepared.max_len(longest, certificate.as_der().len(), unsigned_len) >= der.len());
        if !attached {
            let lengths = DetachedLengths {
                algorithm: pki.seal.key.algorithm(),
                issuer: certificate.issuer().as_der().len(),
                serial: certificate.serial().len(),
                further_attributes: UnsignedAttribute::len_for_value(
                    &oids::SIGNING_CERTIFICATE_V2,
                    ess::signing_certificate_v2_len(DigestAlgorithm::Sha256),
                ),
                signature: value.as_bytes().len(),
                certificates: certificate.as_der().len(),
                unsigned_attributes: unsigned_len,
            };
            assert_eq!(lengths.total(), der.len());
        }
    }
}

#[test]
fn splicing_equals_assembling_with_the_attribute() {
    let pki = pki(SoftKind::EcP256);
    let prepared = prepared(&pki.seal, false);
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let certificates = [pki.seal.certificate.clone()];
    let first = UnsignedAttribute::new(TOKEN, segl_cms::encode::octet_string(&[9; 300])).unwrap();
    let second = UnsignedAttribute::new(TOKEN, segl_cms::encode::octet_string(&[5; 70_000])).unwrap();
    let bare = prepared.assemble(&value, &certificates, &[]);
    let mut padded = bare.clone();
    padded.extend([0; 50]);
    let one = splice_unsigned_attribute(&padded, 0, &first).unwrap();
    assert_eq!(one, prepared.assemble(&value, &certificates, std::slice::from_ref(&first)));
    let two = splice_unsigned_attribute(&one, 0, &second).unwrap();
    assert_eq!(two, prepared.assemble(&value, &certificates, &[first, second.clone()]));
    assert!(splice_unsigned_attribute(&bare, 1, &second).is_err());
}

#[test]
fn indefinite_lengths_stay_as_they_are() {
    let pki = pki(SoftKind::EcP256);
    let prepared = prepared(&pki.seal, false);
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let der = prepared.assemble(&value, &[], &[]);
    // The outermost three lengths become indefinite.
    let view = SignedDataView::parse(&der).unwrap();
    let mut outer =
        segl_cms::ber::Reader::new(&der, segl_cms::ber::Rules::Der).read().unwrap().reader().unwrap();
    let oid = outer.read().unwrap().bytes();
    let fields = outer.read().unwrap().explicit().unwrap().content();
    let mut ber = vec![0x30, 0x80];
    ber.extend(oid);
    ber.extend([0xa0, 0x80, 0x30, 0x80]);
    ber.extend(fields);
    ber.extend([0; 6]);
    let attribute = UnsignedAttribute::new(TOKEN, vec![5, 0]).unwrap();
    let spliced = splice_unsigned_attribute(&ber, 0, &attribute).unwrap();
    assert!(spliced.starts_with(&ber[..17]) && spliced.ends_with(&[0; 6]));
    let after = SignedDataView::parse(&spliced).unwrap();
    assert_eq!(after.signers()[0].unsigned_values(TOKEN).collect::<Vec<_>>(), [&[5, 0]]);
    assert_eq!(after.signers()[0].signed_attributes_field(), view.signers()[0].signed_attributes_field());
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let pki = pki(SoftKind::EcP256);
    let algorithm = pki.seal.key.algorithm();
    let content = digest(DigestAlgorithm::Sha384, CONTENT).unwrap();
    let error = SignedDataBuilder::detached(oids::DATA, content).prepare(&pki.seal.certificate, algorithm);
    assert!(matches!(error, Err(BuildError::DigestMismatch { .. })));
    let content = digest(DigestAlgorithm::Sha256, CONTENT).unwrap();
    let builder = SignedDataBuilder::detached(oids::DATA, content);
    let twice = builder.clone().signed_attribute(oids::MESSAGE_DIGEST, vec![4, 0]);
    assert!(matches!(
        twice.prepare(&pki.seal.certificate, algorithm),
        Err(BuildError::DuplicateAttribute { oid: oids::MESSAGE_DIGEST })
    ));
    let ber = builder.signed_attribute(TOKEN, vec![0x30, 0x80, 0, 0]);
    assert!(matches!(ber.prepare(&pki.seal.certificate, algorithm), Err(BuildError::NotDer { .. })));
    assert!(matches!(
        SignedDataBuilder::attached(oids::DATA, Vec::new(), DigestAlgorithm::Md5),
        Err(BuildError::DigestUnavailable { .. })
    ));
}
