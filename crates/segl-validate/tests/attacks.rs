//! Signatures, time-stamps and evidence that somebody made to be believed, or to cost time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::{Duration, Instant};

use segl_ades::{CoveredObjects, Evidence, Scope, Signature, TimestampClaim, TimestampKind};
use segl_cades::{Covered, Flavour, prepare, read_signature};
use segl_cms::encode::{element, object_identifier, octet_string, sequence, unsigned_integer};
use segl_cms::{SignedDataBuilder, SignedDataView, ess, oids as cms};
use segl_crypto::{DigestAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned, digest, sha256};
use segl_path::Anchors;
use segl_revocation::{CertId, CrlBuilder, OcspResponseBuilder, OcspView, Reason};
use segl_testkit::pki::{Party, ca_extensions, extension, issue, name, seal_extensions, unit_extensions};
use segl_tsp::oids::BEST_PRACTICES_POLICY;
use segl_validate::{KeyAlgorithm, Policy, Reliable, validate, validate_timestamp};
use segl_x509::Certificate;

const DAY: Duration = Duration::from_secs(86_400);

fn at(year: u16) -> Time {
    Time::from_civil(year, 1, 1, 0, 0, 0).unwrap()
}

fn crl(issuer: &Party, this_update: Time, revoked: &[(&Certificate, Time)]) -> Vec<u8> {
    let mut builder = CrlBuilder::new(&issuer.certificate, 1, this_update, this_update + DAY);
    for (certificate, since) in revoked {
        builder = builder.revoked(certificate.serial(), *since, Some(Reason::KeyCompromise)).unwrap();
    }
    let prepared = builder.prepare().unwrap();
    let value = issuer.key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap().as_der().to_vec()
}

/// A token that any key makes over a digest, without asking whether it may.
fn token(unit: &Party, over: &[u8], time: Time) -> Vec<u8> {
    let imprint = digest(DigestAlgorithm::Sha256, over).unwrap();
    let info = sequence(&[
        unsigned_integer(&[1]),
        object_identifier(&BEST_PRACTICES_POLICY),
        sequence(&[
            segl_cms::encode::algorithm(&imprint.algorithm().oid()),
            octet_string(imprint.as_bytes()),
        ]),
        unsigned_integer(&[7]),
        element(0x18, time.to_generalized_time().as_bytes()),
    ]);
    let reference = ess::signing_certificate_v2(&unit.certificate, DigestAlgorithm::Sha256).unwrap();
    let prepared = SignedDataBuilder::attached(cms::TST_INFO, info, unit.key.algorithm().digest().unwrap())
        .unwrap()
        .signed_attribute(cms::SIGNING_CERTIFICATE_V2, reference)
        .prepare(&unit.certificate, unit.key.algorithm())
        .unwrap();
    let value = unit.key.sign(&prepared.to_be_signed()).unwrap();
    prepared.assemble(&value, core::slice::from_ref(&unit.certificate), &[])
}

fn claim(kind: TimestampKind, token: Vec<u8>, over: &[u8], covered: &[&[u8]]) -> TimestampClaim {
    TimestampClaim {
        id: "T".to_owned(),
        kind,
        token,
        imprint: digest(DigestAlgorithm::Sha256, over),
        covered_until: None,
        covered: covered.iter().map(|octets| sha256(octets)).collect::<CoveredObjects>(),
    }
}

fn signature(signer: &Party, claimed: Time) -> Signature {
    let content = digest(signer.key.algorithm().digest().unwrap(), b"content").unwrap();
    let flavour = Flavour::Cades { signing_time: claimed };
    let prepared = prepare(flavour, content.clone(), &signer.certificate, signer.key.algorithm()).unwrap();
    let value = signer.key.sign(&prepared.to_be_signed()).unwrap();
    let view = SignedDataView::parse(&prepared.assemble(&value, &[])).unwrap();
    let covered = Covered { name: "content".to_owned(), scope: Scope::Full, found: Some(content) };
    read_signature("S", &view, 0, covered).unwrap()
}

fn anchors(parties: &[&Party]) -> Anchors {
    Anchors::from_certificates(parties.iter().map(|party| party.certificate.clone()))
}

fn verdict(signature: &Signature, evidence: &Evidence, anchors: &Anchors, now: Time) -> String {
    let report = validate(core::slice::from_ref(signature), evidence, anchors, now, &Policy::default());
    report.signatures[0].indication.to_string()
}

fn stamp_verdict(claim: &TimestampClaim, evidence: &Evidence, anchors: &Anchors, now: Time) -> String {
    validate_timestamp(claim, evidence, anchors, now, &Policy::default()).conclusion.to_string()
}

fn evidence(certificates: &[&Party], crls: Vec<Vec<u8>>) -> Evidence {
    let certificates = certificates.iter().map(|party| party.certificate.as_der().to_vec()).collect();
    Evidence { certificates, crls, ocsp_responses: Vec::new() }
}

struct Pki {
    root: Party,
    seal: Party,
    unit: Party,
}

/// Everything lives from 2024 to 2034.
fn pki() -> Pki {
    let life = (at(2024), at(2034));
    let root = issue("TEST Root", SoftKind::EcP256, None, life, &ca_extensions());
    let seal = issue("TEST Seal", SoftKind::EcP256, Some(&root), life, &seal_extensions());
    let unit = issue("TEST Unit", SoftKind::EcP256, Some(&root), life, &unit_extensions());
    Pki { root, seal, unit }
}

#[test]
fn a_token_from_before_its_unit_was_certified_proves_nothing() {
    let pki = pki();
    let now = at(2026);
    let evidence = evidence(&[], vec![crl(&pki.root, now, &[])]);
    let verdict = |time: Time| {
        let claim = claim(TimestampKind::Signature, token(&pki.unit, b"value", time), b"value", &[]);
        stamp_verdict(&claim, &evidence, &anchors(&[&pki.root]), now)
    };
    assert_eq!(verdict(at(2024)), "PASSED");
    assert_eq!(verdict(at(2024) - Duration::from_secs(1)), "INDETERMINATE/SIG_CONSTRAINTS_FAILURE");
    assert_eq!(verdict(at(2019)), "INDETERMINATE/SIG_CONSTRAINTS_FAILURE");
}

/// A signer who is trusted by himself would date the signatures of others.
#[test]
fn a_signer_who_is_an_anchor_is_no_time_stamp_unit() {
    let pki = pki();
    let now = at(2026);
    let verdict = |unit: &Party| {
        let claim = claim(TimestampKind::Signature, token(unit, b"value", at(2025)), b"value", &[]);
        stamp_verdict(&claim, &Evidence::default(), &anchors(&[unit]), now)
    };
    assert_eq!(verdict(&pki.unit), "PASSED");
    assert_eq!(verdict(&pki.seal), "INDETERMINATE/CHAIN_CONSTRAINTS_FAILURE");
}

/// Nobody need ask for the status of a certificate whose validity is assured; but its issuer says that it is revoked.
#[test]
fn a_revoked_certificate_needs_no_exemption() {
    let pki = pki();
    let now = at(2026);
    for exempt in [("0.4.0.194121.2.1", &[5, 0][..]), ("2.5.29.56", &[5, 0])] {
        let mut extensions = seal_extensions();
        extensions.push(extension(exempt.0, false, exempt.1));
        let seal = issue("TEST Brief", SoftKind::EcP256, Some(&pki.root), (at(2025), at(2027)), &extensions);
        let signature = signature(&seal, now);
        let with = |revoked: &[(&Certificate, Time)]| {
            let evidence = evidence(&[], vec![crl(&pki.root, now, revoked)]);
            verdict(&signature, &evidence, &anchors(&[&pki.root]), now)
        };
        assert_eq!(verdict(&signature, &Evidence::default(), &anchors(&[&pki.root]), now), "TOTAL_PASSED");
        assert_eq!(with(&[]), "TOTAL_PASSED");
        let since = now - DAY;
        assert_eq!(with(&[(&seal.certificate, since)]), "INDETERMINATE/REVOKED_NO_POE");
    }
}

/// The certificate was revoked in 2026 and signed in 2027. The archive holds a "good" from 2025; who validates holds the CRL of 2028, whose
/// issuer expired since.
#[test]
fn an_old_good_does_not_outlive_a_revocation() {
    let root = issue("TEST Root", SoftKind::EcP256, None, (at(2020), at(2045)), &ca_extensions());
    let ca = issue("TEST CA", SoftKind::EcP256, Some(&root), (at(2024), at(2030)), &ca_extensions());
    let seal = issue("TEST Seal", SoftKind::EcP256, Some(&ca), (at(2024), at(2030)), &seal_extensions());
    let unit = issue("TEST Unit", SoftKind::EcP256, Some(&root), (at(2024), at(2040)), &unit_extensions());
    let good = crl(&ca, at(2025), &[]);
    let judged = |revoked: Time, signed: Time, now: Time| {
        let revocation = crl(&ca, at(2028), &[(&seal.certificate, revoked)]);
        let mut signature = signature(&seal, signed);
        let value = signature.value.as_bytes().to_vec();
        let covered = [&value[..], &good, ca.certificate.as_der(), seal.certificate.as_der()];
        let stamp = claim(TimestampKind::Document, token(&unit, b"file", signed), b"file", &covered);
        signature.timestamps.push(stamp);
        signature.evidence.crls.push(good.clone());
        // For the authority as long as it lives, and for the unit.
        let root_crls = [at(2028), now - DAY].map(|at| crl(&root, at, &[]));
        let evidence = evidence(&[&ca], [vec![revocation], root_crls.to_vec()].concat());
        verdict(&signature, &evidence, &anchors(&[&root]), now)
    };
    for now in [at(2029), at(2032)] {
        assert_eq!(judged(at(2026), at(2025) + DAY, now), "TOTAL_PASSED", "signed before: {now}");
        let late = judged(at(2026), at(2027), now);
        assert!(late.starts_with("INDETERMINATE/"), "signed after: {late} at {now}");
    }
}

/// As before, but it is the end of an algorithm further up that takes the control time back behind the knowledge of the revocation.
#[test]
fn an_algorithm_that_ended_does_not_hide_a_revocation() {
    let (weak, strong) = (SoftKind::EcP256, SoftKind::EcP384);
    let root = issue("TEST Root", weak, None, (at(2020), at(2045)), &ca_extensions());
    let ca = issue("TEST CA", strong, Some(&root), (at(2024), at(2040)), &ca_extensions());
    let seal = issue("TEST Seal", strong, Some(&ca), (at(2024), at(2040)), &seal_extensions());
    let other = issue("TEST Other Root", strong, None, (at(2020), at(2045)), &ca_extensions());
    let unit = issue("TEST Unit", strong, Some(&other), (at(2024), at(2040)), &unit_extensions());
    let mut policy = Policy::default();
    policy.algorithms.updated = at(2029);
    policy.algorithms.keys = vec![
        (KeyAlgorithm::Ecdsa, 256, Reliable::Before(at(2028))),
        (KeyAlgorithm::Ecdsa, 384, Reliable::Always),
    ];
    let now = at(2029);
    let good = [crl(&ca, at(2025), &[]), crl(&root, at(2025), &[])];
    let judged = |revoked: Option<Time>, signed: Time| {
        let mut signature = signature(&seal, signed);
        let value = signature.value.as_bytes().to_vec();
        let parties = [&ca, &seal].map(|party| party.certificate.as_der());
        let covered = [&value[..], &good[0], &good[1], parties[0], parties[1]];
        let stamp = claim(TimestampKind::Document, token(&unit, b"file", signed), b"file", &covered);
        signature.timestamps.push(stamp);
        signature.evidence.crls.extend(good.clone());
        let revoked: Vec<_> = revoked.map(|revoked| (&seal.certificate, revoked)).into_iter().collect();
        let revocation = crl(&ca, now - DAY, &revoked);
        let evidence = evidence(&[&ca], vec![revocation, crl(&other, now - DAY, &[])]);
        let signatures = core::slice::from_ref(&signature);
        let report = validate(signatures, &evidence, &anchors(&[&root, &other]), now, &policy);
        report.signatures[0].indication.to_string()
    };
    assert_eq!(judged(None, at(2027)), "TOTAL_PASSED");
    assert_eq!(judged(Some(at(2026)), at(2027)), "INDETERMINATE/REVOKED_NO_POE");
}

/// The key of a revoked responder dates its answers as its thief likes: signed before the revocation, about a day after it.
#[test]
fn a_revoked_responder_says_nothing() {
    let pki = pki();
    let now = at(2029);
    let purpose =
        extension("2.5.29.37", false, &sequence(&[object_identifier(&segl_x509::oids::OCSP_SIGNING)]));
    let no_check = extension("1.3.6.1.5.5.7.48.1.5", false, &[5, 0]);
    for extensions in [vec![purpose.clone()], vec![purpose, no_check]] {
        let life = (at(2024), at(2034));
        let responder = issue("TEST OCSP", SoftKind::EcP256, Some(&pki.root), life, &extensions);
        let seal = &pki.seal.certificate;
        let id = CertId::new(seal.serial(), &pki.root.certificate, DigestAlgorithm::Sha256).unwrap();
        let answer = |produced: Time, about: Time| {
            let builder = OcspResponseBuilder::new(&responder.certificate, about, about + DAY);
            let prepared = builder.good(&id, about).unwrap().prepare().unwrap();
            let tbs = prepared.to_be_signed().as_bytes().to_vec();
            // The first of the two dates is that of producedAt.
            let [from, to] = [about, produced].map(|time| time.to_generalized_time().into_bytes());
            let place = tbs.windows(from.len()).position(|window| window == from).unwrap();
            let mut tbs = tbs;
            tbs[place..place + to.len()].copy_from_slice(&to);
            let algorithm = responder.key.algorithm();
            let value = responder.key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
            sequence(&[
                tbs,
                algorithm.to_der(),
                element(0x03, &[&[0][..], value.as_bytes()].concat()),
                element(0xa0, &sequence(&[responder.certificate.as_der().to_vec()])),
            ])
        };
        let judged = |revoked: &[(&Certificate, Time)], produced, about| {
            let evidence = Evidence {
                ocsp_responses: vec![answer(produced, about)],
                ..evidence(&[], vec![crl(&pki.root, at(2028), revoked)])
            };
            verdict(&signature(&pki.seal, now), &evidence, &anchors(&[&pki.root]), now)
        };
        assert_eq!(judged(&[], at(2028) + DAY, at(2028) + DAY), "TOTAL_PASSED");
        let both = [(seal, at(2027)), (&responder.certificate, at(2026))];
        assert_eq!(judged(&both, at(2025), at(2028) + DAY), "INDETERMINATE/REVOKED_NO_POE");
    }
}

/// Thousands of certificates that claim to be the issuer's responder, and answers that name them.
#[test]
fn many_responders_cost_a_bound() {
    let pki = pki();
    let now = at(2026);
    let purpose =
        extension("2.5.29.37", false, &sequence(&[object_identifier(&segl_x509::oids::OCSP_SIGNING)]));
    let responder = issue("TEST OCSP", SoftKind::EcP256, Some(&pki.root), (at(2024), at(2034)), &[purpose]);
    let genuine = responder.certificate.as_der();
    let forged = |number: u32| {
        let mut der = genuine.to_vec();
        let end = der.len();
        der[end - 4..].copy_from_slice(&number.to_be_bytes());
        der
    };
    let id =
        CertId::new(pki.seal.certificate.serial(), &pki.root.certificate, DigestAlgorithm::Sha256).unwrap();
    let answer = |number: u64| {
        let at = now - Duration::from_secs(number);
        let builder = OcspResponseBuilder::new(&responder.certificate, at, at + DAY).good(&id, at).unwrap();
        let prepared = builder.prepare().unwrap();
        let value = responder.key.sign(prepared.to_be_signed()).unwrap();
        let view: OcspView = prepared.assemble(&value).unwrap();
        // Without the responder's certificate, so that it is looked for.
        let basic = view.basic_der();
        let cut = basic.windows(genuine.len()).position(|window| window == genuine).unwrap();
        // Four octets of header for the whole, for the field and for its list: all are longer than 255.
        sequence(&[basic[4..cut - 8].to_vec()])
    };
    let signature = signature(&pki.seal, now);
    let evidence = Evidence {
        certificates: (0..3_000).map(forged).collect(),
        crls: Vec::new(),
        ocsp_responses: (0..64).map(answer).collect(),
    };
    assert!(OcspView::from_basic_der(&evidence.ocsp_responses[0]).unwrap().certificates().is_empty());
    let begun = Instant::now();
    let verdict = verdict(&signature, &evidence, &anchors(&[&pki.root]), now);
    assert!(verdict.starts_with("INDETERMINATE/"), "{verdict}");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// Pieces of the same length are not compared each with each.
#[test]
fn many_pieces_cost_no_more_than_their_number() {
    let pki = pki();
    let now = at(2026);
    let genuine = crl(&pki.root, now, &[]);
    let forged = |number: u32| {
        let mut der = genuine.clone();
        let end = der.len();
        der[end - 4..].copy_from_slice(&number.to_be_bytes());
        der
    };
    let mut signature = signature(&pki.seal, now);
    let pieces = Evidence { crls: (0..60_000).map(forged).collect(), ..Evidence::default() };
    let begun = Instant::now();
    signature.evidence.merge(&pieces);
    signature.evidence.merge(&pieces);
    let verdict = verdict(&signature, &pieces, &anchors(&[&pki.root]), now);
    assert!(verdict.starts_with("INDETERMINATE/"), "{verdict}");
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Each of many time-stamps brings a unit of its own, issued by a name that hundreds of large keys claim.
#[test]
fn keys_that_many_units_are_tried_with_cost_a_bound() {
    let pki = pki();
    let now = at(2026);
    let unknown = issue("TEST Unknown", SoftKind::EcP256, None, (at(2024), at(2034)), &ca_extensions());
    let certificates = (0..400_u16).map(|number| {
        let mut modulus = vec![0xc5; 2_048];
        modulus[100..102].copy_from_slice(&number.to_be_bytes());
        let key = sequence(&[unsigned_integer(&modulus), unsigned_integer(&[1, 0xff, 0xff, 0xff, 0xff])]);
        let rsa = segl_x509::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
        let spki = sequence(&[
            sequence(&[object_identifier(&rsa), vec![5, 0]]),
            element(0x03, &[&[0][..], &key].concat()),
        ]);
        let algorithm = unknown.key.algorithm();
        let tbs = sequence(&[
            element(0xa0, &[2, 1, 2]),
            unsigned_integer(&number.to_be_bytes()),
            algorithm.to_der(),
            name("TEST Unknown"),
            sequence(&[at(2024).to_der(), at(2034).to_der()]),
            name("TEST Unknown"),
            spki,
            element(0xa3, &sequence(&ca_extensions())),
        ]);
        sequence(&[tbs, algorithm.to_der(), element(0x03, &[0, 1])])
    });
    let evidence = Evidence { certificates: certificates.collect(), ..Evidence::default() };
    let mut signature = signature(&pki.seal, now);
    for _ in 0..32 {
        let life = (at(2024), at(2034));
        let unit = issue("TEST Unit", SoftKind::EcP256, Some(&unknown), life, &unit_extensions());
        let stamp = claim(TimestampKind::Signature, token(&unit, b"value", at(2025)), b"value", &[]);
        signature.timestamps.push(stamp);
    }
    let signatures = vec![signature; 16];
    let begun = Instant::now();
    let report = validate(&signatures, &evidence, &anchors(&[&pki.root]), now, &Policy::default());
    assert_eq!(report.signatures.len(), 16);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Certificates whose names have tens of thousands of parts: each is shown and compared in many places.
#[test]
fn names_of_many_parts_cost_a_bound() {
    let pki = pki();
    let now = at(2026);
    let part = sequence(&[object_identifier(&segl_x509::oids::COMMON_NAME), element(0x0c, b"A")]);
    let long = sequence(&vec![element(0x31, &part); 40_000]);
    let algorithm = pki.root.key.algorithm();
    let unit = |serial: u8| {
        let tbs = sequence(&[
            element(0xa0, &[2, 1, 2]),
            unsigned_integer(&[serial]),
            algorithm.to_der(),
            long.clone(),
            sequence(&[at(2024).to_der(), at(2034).to_der()]),
            long.clone(),
            pki.unit.certificate.spki_der().to_vec(),
            element(0xa3, &sequence(&ca_extensions())),
        ]);
        let value = pki.unit.key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
        let bits = element(0x03, &[&[0][..], value.as_bytes()].concat());
        Certificate::from_der(&sequence(&[tbs, algorithm.to_der(), bits])).unwrap()
    };
    let mut signature = signature(&pki.seal, now);
    let key = &pki.unit.key;
    for serial in 0..4 {
        let unit = Party {
            key: SoftwareKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).unwrap(),
            certificate: unit(serial),
        };
        let stamp = claim(TimestampKind::Signature, token(&unit, b"value", at(2025)), b"value", &[]);
        signature.timestamps.push(stamp);
    }
    let begun = Instant::now();
    let report = validate(
        core::slice::from_ref(&signature),
        &Evidence::default(),
        &anchors(&[&pki.root]),
        now,
        &Policy::default(),
    );
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    let shown: usize = report.signatures[0]
        .timestamps
        .iter()
        .flat_map(|stamp| &stamp.blocks)
        .map(|block| block.subject.len() + block.lines.iter().map(|line| line.detail.len()).sum::<usize>())
        .sum();
    assert!(shown < 8 << 20, "{shown} octets are shown");
}
