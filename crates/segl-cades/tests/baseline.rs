//! Baseline signatures to level T: written, read, and accepted by OpenSSL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_ades::{Family, Format, Level, Scope, TimestampKind};
use segl_cades::{
    Covered, ExtendError, Flavour, Room, add_signature_timestamp, covered_inside, oids, prepare,
    prepare_attached, read_signature, signature_timestamp_imprint,
};
use segl_cms::SignedDataView;
use segl_crypto::{DigestAlgorithm, SoftKind, digest};
use segl_testkit::pki::{Pki, noon, openssl, pem, pki};
use segl_tsp::{Authority, Clock, TimestampRequest, oids::BEST_PRACTICES_POLICY};

const CONTENT: &[u8] = b"what is sealed";

fn token(pki: &Pki, signature: &[u8]) -> Vec<u8> {
    let imprint = signature_timestamp_imprint(signature, DigestAlgorithm::Sha256).unwrap();
    let authority = Authority::new(pki.unit.certificate.clone(), BEST_PRACTICES_POLICY).unwrap();
    let request = TimestampRequest::new(&imprint).to_der();
    let pending = authority.prepare(&request, &[1], Clock::Fit(noon())).unwrap();
    pending.finish_token(&pki.unit.key.sign(&pending.to_be_signed()).unwrap())
}

#[test]
fn a_pades_signature_grows_to_level_t_within_its_room() {
    for kind in [SoftKind::EcP256, SoftKind::EcP384] {
        let pki = pki(kind);
        let algorithm = pki.seal.key.algorithm();
        let content = digest(algorithm.digest().unwrap(), CONTENT).unwrap();
        let prepared = prepare(Flavour::Pades, content.clone(), &pki.seal.certificate, algorithm).unwrap();
        let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
        let chain = [pki.root.certificate.clone(), pki.seal.certificate.clone()];
        let level_b = prepared.assemble(&value, &chain);
        let token = token(&pki, value.as_bytes());
        let level_t = add_signature_timestamp(&level_b, 0, &token).unwrap();

        let certificates = chain.iter().map(|certificate| certificate.as_der().len()).sum();
        let room = Room {
            flavour: Flavour::Pades,
            algorithm,
            key: pki.seal.certificate.public_key().unwrap().kind(),
            issuer: pki.root.certificate.subject().as_der().len(),
            serial: pki.seal.certificate.serial().len(),
            certificates,
            token: Some(token.len()),
        };
        let spare = room.octets().unwrap() - level_t.len();
        assert!(spare <= 8, "ECDSA values vary by some octets: {spare}");
        let without = Room { token: None, ..room };
        assert!(without.octets().unwrap() - level_b.len() <= 8);

        for (message, stamps) in [(&level_b, 0), (&level_t, 1)] {
            let view = SignedDataView::parse(message).unwrap();
            assert!(segl_cms::ber::Reader::new(message, segl_cms::ber::Rules::Der).read().is_ok());
            let covered =
                Covered { name: "ByteRange".to_owned(), scope: Scope::Full, found: Some(content.clone()) };
            let signature = read_signature("S-1", &view, 0, covered).unwrap();
            assert!(signature.content[0].intact());
            assert_eq!(signature.signed_bytes, prepared.to_be_signed().as_bytes());
            assert_eq!(signature.value, value);
            assert_eq!(signature.signer_certificate.as_deref(), Some(pki.seal.certificate.as_der()));
            assert_eq!(signature.properties.claimed_signing_time, None);
            assert_eq!(signature.properties.signing_certificate.len(), 1);
            assert_eq!(signature.evidence.certificates.len(), 2);
            assert!(signature.findings.is_empty(), "{:?}", signature.findings);
            assert!(segl_cades::has_baseline_shape(&view, &view.signers()[0]));
            assert_eq!(signature.timestamps.len(), stamps);
            for claim in signature.timestamps {
                assert_eq!(
                    (claim.kind, claim.id.as_str()),
                    (TimestampKind::Signature, "S-1/signature-time-stamp[0]")
                );
                assert_eq!(claim.token, token);
                assert!(segl_tsp::Token::from_der(&claim.token).unwrap().covers(&claim.imprint.unwrap()));
            }
        }
    }
}

#[test]
fn openssl_accepts_level_t_with_content() {
    let pki = pki(SoftKind::EcP256);
    let flavour = Flavour::Cades { signing_time: noon() };
    let algorithm = pki.seal.key.algorithm();
    let prepared = prepare_attached(flavour, CONTENT.to_vec(), &pki.seal.certificate, algorithm).unwrap();
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let level_b = prepared.assemble(&value, &[]);
    let level_t = add_signature_timestamp(&level_b, 0, &token(&pki, value.as_bytes())).unwrap();

    let view = SignedDataView::parse(&level_t).unwrap();
    let signature =
        read_signature("S-1", &view, 0, covered_inside(&view, &view.signers()[0]).unwrap()).unwrap();
    assert_eq!(signature.format, Format::baseline(Family::Cades, Level::T));
    assert_eq!(signature.properties.claimed_signing_time, Some(noon()));
    assert!(signature.content[0].intact() && signature.findings.is_empty());

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.pem"), pem(pki.root.certificate.as_der())).unwrap();
    std::fs::write(folder.path().join("cms.der"), &level_t).unwrap();
    let arguments = [
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "cms.der",
        "-CAfile",
        "root.pem",
        "-no_check_time",
        "-out",
        "out",
    ];
    let Some((ok, text)) = openssl(folder.path(), &arguments) else { return };
    assert!(ok && text.contains("CAdES Verification successful"), "{text}");
}

#[test]
fn a_token_over_something_else_is_refused() {
    let pki = pki(SoftKind::EcP256);
    let algorithm = pki.seal.key.algorithm();
    let content = digest(algorithm.digest().unwrap(), CONTENT).unwrap();
    let prepared = prepare(Flavour::Pades, content, &pki.seal.certificate, algorithm).unwrap();
    let value = pki.seal.key.sign(&prepared.to_be_signed()).unwrap();
    let message = prepared.assemble(&value, &[]);
    assert_eq!(
        add_signature_timestamp(&message, 0, &token(&pki, b"another value")),
        Err(ExtendError::ImprintMismatch)
    );
    assert!(matches!(add_signature_timestamp(&message, 0, b"no token"), Err(ExtendError::Token(_))));
    let token = token(&pki, value.as_bytes());
    assert!(matches!(add_signature_timestamp(&message, 1, &token), Err(ExtendError::Splice(_))));
    let once = add_signature_timestamp(&message, 0, &token).unwrap();
    let twice = add_signature_timestamp(&once, 0, &token).unwrap();
    let view = SignedDataView::parse(&twice).unwrap();
    assert_eq!(view.signers()[0].unsigned_values(oids::SIGNATURE_TIMESTAMP).count(), 2);
}
