//! Status issued, read back and judged; and the status of others, where the corpus is at hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use proptest::prelude::*;
use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{DigestAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned};
use segl_revocation::{
    CertId, CrlBuilder, CrlSignatureError, CrlView, IssueError, OcspError, OcspRequest, OcspResponseBuilder,
    OcspSignatureError, OcspView, Reason, ResponseStatus, Status, WhyUnknown,
};
use segl_x509::Certificate;

const DAY: Duration = Duration::from_secs(86_400);

struct Pki {
    root_key: SoftwareKey,
    root: Certificate,
    ca_key: SoftwareKey,
    ca: Certificate,
    unit: Certificate,
    responder_key: SoftwareKey,
    responder: Certificate,
}

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

fn key(kind: SoftKind) -> SoftwareKey {
    SoftwareKey::generate(kind, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn issue(
    role: AuthorityRole,
    issuer: Option<(&Certificate, &SoftwareKey)>,
    own: &SoftwareKey,
    number: u8,
    at: Time,
) -> Certificate {
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let profile = AuthorityProfile::new(role, &AuthorityNames::test().unwrap(), &urls);
    let spki = own.public_key_spki().unwrap();
    let serial = SerialNumber::from_random([number; 15]);
    let prepared = profile.prepare(issuer.map(|(certificate, _)| certificate), &spki, &serial, at).unwrap();
    let signature = issuer.map_or(own, |(_, key)| key).sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&signature).unwrap()
}

fn pki() -> Pki {
    let (root_key, ca_key, responder_key) =
        (key(SoftKind::EcP384), key(SoftKind::EcP384), key(SoftKind::EcP256));
    let root = issue(AuthorityRole::Root, None, &root_key, 1, now());
    let ca = issue(AuthorityRole::IssuingCa, Some((&root, &root_key)), &ca_key, 2, now());
    let unit =
        issue(AuthorityRole::TimeStampUnit, Some((&root, &root_key)), &key(SoftKind::EcP384), 3, now());
    let responder = issue(AuthorityRole::OcspResponder, Some((&ca, &ca_key)), &responder_key, 4, now());
    Pki { root_key, root, ca_key, ca, unit, responder_key, responder }
}

fn sign_crl(builder: CrlBuilder<'_>, key: &SoftwareKey) -> CrlView {
    let prepared = builder.prepare().unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap()
}

fn sign_ocsp(builder: OcspResponseBuilder<'_>, key: &SoftwareKey) -> OcspView {
    let prepared = builder.prepare().unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap()
}

fn root_crl(pki: &Pki, at: Time) -> CrlBuilder<'_> {
    CrlBuilder::new(&pki.root, 1, at, at + DAY * 365)
}

/// A certificate that stands for one of a subscriber: of the issuing authority, living from `at` on.
fn subject_of_ca(pki: &Pki, at: Time) -> Certificate {
    issue(AuthorityRole::OcspResponder, Some((&pki.ca, &pki.ca_key)), &key(SoftKind::EcP256), 9, at)
}

fn cert_id(pki: &Pki, certificate: &Certificate, algorithm: DigestAlgorithm) -> CertId {
    CertId::new(certificate.serial(), &pki.ca, algorithm).unwrap()
}

#[test]
fn a_crl_speaks_about_both_certificates_of_the_root() {
    let pki = pki();
    let builder = root_crl(&pki, now()).speaks_about(&pki.ca).unwrap().speaks_about(&pki.unit).unwrap();
    let crl = sign_crl(builder, &pki.root_key);
    for certificate in [&pki.ca, &pki.unit] {
        let answer = crl.status_of(certificate, &pki.root);
        assert!(answer.is_good(), "{answer:?}");
        assert_eq!(answer.this_update, Some(now()));
    }
    assert_eq!(crl.number(), Some(&[1][..]));
    assert_eq!(crl.entries().count(), 0);
    assert_eq!(CrlView::from_der(crl.as_der()).unwrap(), crl);
}

#[test]
fn a_revoked_certificate_is_revoked_from_its_time_on() {
    let pki = pki();
    let at = now() + DAY;
    let builder = root_crl(&pki, now() + DAY * 2)
        .revoked(&[0x5e; 16], now(), None)
        .unwrap()
        .revoked(pki.unit.serial(), at + DAY, Some(Reason::Superseded))
        .unwrap()
        .revoked(pki.unit.serial(), at, Some(Reason::KeyCompromise))
        .unwrap();
    let crl = sign_crl(builder, &pki.root_key);
    let answer = crl.status_of(&pki.unit, &pki.root);
    let revoked = Status::Revoked { at, reason: Some(Reason::KeyCompromise) };
    assert_eq!(answer.status, revoked, "the earlier of two entries counts");
    assert_eq!(answer.at(at), revoked);
    assert_eq!(answer.at(at - Duration::from_secs(1)), Status::Good);
    assert!(crl.status_of(&pki.ca, &pki.root).is_good());
    let entries: Vec<_> = crl.entries().map(Result::unwrap).collect();
    assert_eq!(entries.len(), 3);
    assert_eq!((entries[0].reason, entries[2].reason), (None, Some(Reason::KeyCompromise)));
}

#[test]
fn a_status_older_than_the_certificate_is_neither_made_nor_believed() {
    let pki = pki();
    let early = now() - Duration::from_secs(1);
    let refused = root_crl(&pki, early).speaks_about(&pki.ca).unwrap_err();
    assert_eq!(refused, IssueError::BeforeNotBefore { this_update: early, not_before: now() });
    let crl = sign_crl(root_crl(&pki, early), &pki.root_key);
    let expected = Status::Unknown(WhyUnknown::BeforeNotBefore { this_update: early, not_before: now() });
    assert_eq!(crl.status_of(&pki.ca, &pki.root).status, expected);

    let later = subject_of_ca(&pki, now() + DAY);
    let id = cert_id(&pki, &later, DigestAlgorithm::Sha256);
    let response = |at: Time| OcspResponseBuilder::new(&pki.responder, at, at + DAY);
    assert!(matches!(response(now()).good(&id, later.not_before()), Err(IssueError::BeforeNotBefore { .. })));
    let made = sign_ocsp(response(now()).good(&id, now()).unwrap(), &pki.responder_key);
    assert!(matches!(
        made.status_of(&later, &pki.ca).status,
        Status::Unknown(WhyUnknown::BeforeNotBefore { .. })
    ));
    let made =
        sign_ocsp(response(later.not_before()).good(&id, later.not_before()).unwrap(), &pki.responder_key);
    assert!(made.status_of(&later, &pki.ca).is_good());
}

#[test]
fn a_status_younger_than_the_certificate_needs_a_memory() {
    let pki = pki();
    let certificate = subject_of_ca(&pki, now());
    let late = certificate.not_after() + DAY;
    let crl = || CrlBuilder::new(&pki.ca, 7, late, late + DAY);
    let forgetful = sign_crl(crl(), &pki.ca_key).status_of(&certificate, &pki.ca);
    assert!(matches!(forgetful.status, Status::Unknown(WhyUnknown::AfterNotAfter { .. })));
    let remembering = sign_crl(crl().keeps_expired_since(pki.ca.not_before()), &pki.ca_key);
    assert_eq!(remembering.keeps_expired_since(), Some(pki.ca.not_before()));
    assert!(remembering.status_of(&certificate, &pki.ca).is_good());

    let id = cert_id(&pki, &certificate, DigestAlgorithm::Sha256);
    let response = || OcspResponseBuilder::new(&pki.ca, late, late + DAY);
    let forgetful =
        sign_ocsp(response().good(&id, now()).unwrap(), &pki.ca_key).status_of(&certificate, &pki.ca);
    assert!(matches!(forgetful.status, Status::Unknown(WhyUnknown::AfterNotAfter { .. })));
    let builder = response().archive_cutoff(pki.ca.not_before()).good(&id, now()).unwrap();
    assert!(sign_ocsp(builder, &pki.ca_key).status_of(&certificate, &pki.ca).is_good());
}

#[test]
fn a_response_answers_whatever_the_hash_it_was_asked_with() {
    let pki = pki();
    let certificate = subject_of_ca(&pki, now());
    for algorithm in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256] {
        let request = OcspRequest::about(&certificate, &pki.ca, algorithm, Some(vec![7; 32])).unwrap();
        let read = OcspRequest::from_der(&request.to_der()).unwrap();
        assert_eq!(read, request);
        assert!(read.certificates[0].is_of_issuer(&pki.ca) && !read.certificates[0].is_of_issuer(&pki.root));
        let builder = OcspResponseBuilder::new(&pki.responder, now(), now() + DAY)
            .nonce(read.nonce.clone())
            .unknown(&CertId::new(&[1], &pki.ca, algorithm).unwrap())
            .good(&read.certificates[0], certificate.not_before())
            .unwrap();
        let response = sign_ocsp(builder, &pki.responder_key);
        assert_eq!(response.nonce(), request.nonce);
        let answer = response.status_of(&certificate, &pki.ca);
        assert!(answer.is_good(), "{answer:?}");
        assert_eq!(answer.responder.as_ref(), Some(&pki.responder));
        assert_eq!(answer.next_update, Some(now() + DAY));
        let basic = OcspView::from_basic_der(response.basic_der()).unwrap();
        assert!(basic.status_of(&certificate, &pki.ca).is_good());
    }
}

#[test]
fn revoked_and_unknown_are_said_as_they_are() {
    let pki = pki();
    let certificate = subject_of_ca(&pki, now());
    let id = cert_id(&pki, &certificate, DigestAlgorithm::Sha256);
    let response = || OcspResponseBuilder::new(&pki.responder, now() + DAY, now() + DAY * 2);
    let revoked = response().revoked(&id, now(), Some(Reason::CessationOfOperation)).unwrap();
    let status = sign_ocsp(revoked, &pki.responder_key).status_of(&certificate, &pki.ca).status;
    assert_eq!(status, Status::Revoked { at: now(), reason: Some(Reason::CessationOfOperation) });
    let unknown =
        sign_ocsp(response().unknown(&id), &pki.responder_key).status_of(&certificate, &pki.ca).status;
    assert_eq!(unknown, Status::Unknown(WhyUnknown::ResponderDoesNotKnow));
    let other = sign_ocsp(
        response().unknown(&CertId::new(&[1], &pki.ca, DigestAlgorithm::Sha256).unwrap()),
        &pki.responder_key,
    );
    assert_eq!(other.status_of(&certificate, &pki.ca).status, Status::Unknown(WhyUnknown::NotMentioned));
    assert!(matches!(
        response().revoked(&id, now() + DAY * 3, None),
        Err(IssueError::RevokedInFuture { .. })
    ));
}

#[test]
fn nobody_answers_without_being_allowed_to() {
    let (pki, others) = (pki(), pki());
    let certificate = subject_of_ca(&pki, now());
    let id = cert_id(&pki, &certificate, DigestAlgorithm::Sha256);
    let why = |response: OcspView| match response.status_of(&certificate, &pki.ca).status {
        Status::Unknown(WhyUnknown::OcspSignature(why)) => why,
        other => panic!("{other:?}"),
    };
    let good =
        |responder, at: Time| OcspResponseBuilder::new(responder, at, at + DAY).good(&id, now()).unwrap();
    // A responder of another authority that has the same name.
    let foreign = sign_ocsp(good(&others.responder, now()), &others.responder_key);
    assert_eq!(why(foreign), OcspSignatureError::NotIssuedByIssuer);
    // A certificate of the right issuer without the purpose: the root's own unit, asked about the root's certificates.
    let unit_key = key(SoftKind::EcP384);
    let unit = issue(AuthorityRole::TimeStampUnit, Some((&pki.root, &pki.root_key)), &unit_key, 8, now());
    let id_of_ca = CertId::new(pki.ca.serial(), &pki.root, DigestAlgorithm::Sha256).unwrap();
    let by_unit = OcspResponseBuilder::new(&unit, now(), now() + DAY).good(&id_of_ca, now()).unwrap();
    let refused = sign_ocsp(by_unit, &unit_key).status_of(&pki.ca, &pki.root).status;
    assert_eq!(refused, Status::Unknown(WhyUnknown::OcspSignature(OcspSignatureError::PurposeMissing)));
    // Signed after the responder's certificate ended.
    let late = pki.responder.not_after() + DAY;
    let produced_at = late;
    let refused = why(sign_ocsp(good(&pki.responder, late), &pki.responder_key));
    assert_eq!(refused, OcspSignatureError::ResponderNotValid { produced_at });
    // One bit of the signed part changed.
    let response = sign_ocsp(good(&pki.responder, now()), &pki.responder_key);
    let mut changed = response.as_der().to_vec();
    let place = changed.windows(2).position(|pair| pair == [0x80, 0x00]).unwrap();
    changed[place] = 0x82;
    assert!(matches!(why(OcspView::from_der(&changed).unwrap()), OcspSignatureError::Signature(_)));
    // The key of somebody else under the responder's certificate does not even assemble.
    let prepared = good(&pki.responder, now()).prepare().unwrap();
    let value = key(SoftKind::EcP256).sign(prepared.to_be_signed()).unwrap();
    assert!(matches!(prepared.assemble(&value), Err(IssueError::Signature(_))));
}

#[test]
fn a_crl_of_another_signer_says_nothing() {
    let (pki, others) = (pki(), pki());
    let crl = sign_crl(root_crl(&others, now()), &others.root_key);
    let refused = crl.status_of(&pki.ca, &pki.root).status;
    assert!(matches!(refused, Status::Unknown(WhyUnknown::CrlSignature(CrlSignatureError::Signature(_)))));
    let refused = crl.status_of(&pki.responder, &pki.ca).status;
    assert_eq!(refused, Status::Unknown(WhyUnknown::CrlSignature(CrlSignatureError::OtherIssuer)));
    let own = sign_crl(root_crl(&pki, now()), &pki.root_key);
    assert_eq!(own.status_of(&pki.responder, &pki.root).status, Status::Unknown(WhyUnknown::OtherIssuer));
    assert!(matches!(root_crl(&pki, now()).speaks_about(&pki.responder), Err(IssueError::OtherIssuer)));
    assert!(matches!(
        CrlBuilder::new(&pki.root, 1, now(), now()).prepare(),
        Err(IssueError::NextUpdate { .. })
    ));
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [vec![tag], length, content].concat()
}

/// A CRL of the root with these entries, which the builder would not write.
fn crl_with(pki: &Pki, entries: &[Vec<u8>]) -> CrlView {
    let algorithm = pki.root_key.algorithm();
    let tbs = tlv(
        0x30,
        &[
            &[2, 1, 1],
            &algorithm.to_der(),
            pki.root.subject().as_der(),
            &now().to_der(),
            &(now() + DAY).to_der(),
            &tlv(0x30, &[&entries.concat()]),
        ],
    );
    let value = pki.root_key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
    let der = tlv(0x30, &[&tbs, &algorithm.to_der(), &tlv(3, &[&[0], value.as_bytes()])]);
    CrlView::from_der(&der).unwrap()
}

fn entry(serial: &[u8], kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    let extension = tlv(0x30, &[&tlv(6, &[kind]), flag, &tlv(4, &[value])]);
    tlv(0x30, &[&tlv(2, &[serial]), &now().to_der(), &tlv(0x30, &[&extension])])
}

/// RFC 5280, 5.3: what nobody understands in one entry may change what all the others mean.
#[test]
fn a_list_with_an_entry_that_is_not_understood_says_of_nobody_that_he_is_good() {
    let pki = pki();
    let (unknown, reason, issuer) = (&[0x2a, 3, 4][..], &[0x55, 0x1d, 21][..], &[0x55, 0x1d, 29][..]);
    let names = tlv(0x30, &[&tlv(0xa4, &[pki.ca.subject().as_der()])]);
    let status = |entry: Vec<u8>| crl_with(&pki, &[entry]).status_of(&pki.ca, &pki.root).status;
    assert_eq!(status(entry(&[9], reason, true, &[10, 1, 1])), Status::Good);
    assert_eq!(status(entry(&[9], unknown, false, &[5, 0])), Status::Good);
    let refused = |oid: &str| Status::Unknown(WhyUnknown::CriticalExtension(oid.to_owned()));
    assert_eq!(status(entry(&[9], unknown, true, &[5, 0])), refused("1.2.3.4"));
    assert_eq!(status(entry(&[9], issuer, true, &names)), refused("2.5.29.29"));
    let own = pki.ca.serial();
    assert!(matches!(status(entry(own, unknown, true, &[5, 0])), Status::Revoked { .. }));
    // The number is that of another issuer's certificate.
    assert_eq!(status(entry(own, issuer, true, &names)), refused("2.5.29.29"));
}

#[test]
fn of_two_answers_of_the_same_second_revoked_counts() {
    let pki = pki();
    let certificate = subject_of_ca(&pki, now());
    let id = cert_id(&pki, &certificate, DigestAlgorithm::Sha256);
    let response = || OcspResponseBuilder::new(&pki.responder, now() + DAY, now() + DAY * 2);
    for builder in [
        response().good(&id, now()).unwrap().revoked(&id, now(), None).unwrap(),
        response().revoked(&id, now(), None).unwrap().good(&id, now()).unwrap(),
        response().revoked(&id, now(), None).unwrap().unknown(&id),
    ] {
        let status = sign_ocsp(builder, &pki.responder_key).status_of(&certificate, &pki.ca).status;
        assert_eq!(status, Status::Revoked { at: now(), reason: None });
    }
    let doubtful = response().unknown(&id).good(&id, now()).unwrap();
    let status = sign_ocsp(doubtful, &pki.responder_key).status_of(&certificate, &pki.ca).status;
    assert_eq!(status, Status::Unknown(WhyUnknown::ResponderDoesNotKnow));
}

#[test]
fn requests_that_cannot_be_answered_are_refused() {
    let pki = pki();
    let about =
        |nonce| OcspRequest::about(&pki.responder, &pki.ca, DigestAlgorithm::Sha1, nonce).unwrap().to_der();
    assert_eq!(OcspRequest::from_der(&about(Some(vec![]))).unwrap_err(), OcspError::Nonce { length: 0 });
    assert_eq!(
        OcspRequest::from_der(&about(Some(vec![1; 129]))).unwrap_err(),
        OcspError::Nonce { length: 129 }
    );
    assert!(OcspRequest::from_der(&about(Some(vec![1; 128]))).is_ok());
    let id = CertId::new(&[1], &pki.ca, DigestAlgorithm::Sha1).unwrap();
    let many = OcspRequest { certificates: vec![id; 33], nonce: None }.to_der();
    assert!(matches!(OcspRequest::from_der(&many), Err(OcspError::TooMany { .. })));
    assert!(matches!(OcspRequest::from_der(&vec![0; 20_000]), Err(OcspError::TooLarge { .. })));
    let error = ResponseStatus::TryLater.to_response_der();
    assert_eq!(OcspView::from_der(&error).unwrap_err(), OcspError::NotSuccessful(ResponseStatus::TryLater));
}

#[test]
fn a_message_cut_short_is_refused_everywhere() {
    let pki = pki();
    let id = CertId::new(pki.responder.serial(), &pki.ca, DigestAlgorithm::Sha256).unwrap();
    let builder = OcspResponseBuilder::new(&pki.responder, now(), now() + DAY).good(&id, now()).unwrap();
    let ocsp = sign_ocsp(builder, &pki.responder_key);
    let crl = sign_crl(
        root_crl(&pki, now()).revoked(&[5], now(), Some(Reason::KeyCompromise)).unwrap(),
        &pki.root_key,
    );
    let request =
        OcspRequest::about(&pki.responder, &pki.ca, DigestAlgorithm::Sha1, Some(vec![1])).unwrap().to_der();
    for end in 0..ocsp.as_der().len() {
        assert!(OcspView::from_der(&ocsp.as_der()[..end]).is_err());
    }
    for end in 0..crl.as_der().len() {
        assert!(CrlView::from_der(&crl.as_der()[..end]).is_err());
    }
    for end in 0..request.len() {
        assert!(OcspRequest::from_der(&request[..end]).is_err());
    }
}

#[test]
fn the_reference_is_read_as_it_was_judged() {
    let Some(corpus) = segl_testkit::corpus::folder() else { return };
    let read = |name: &str| std::fs::read(corpus.join("reference").join(name)).unwrap();
    let certificate = |name: &str| Certificate::from_der(&read(name)).unwrap();
    for folder in ["12h", "10d", "10d-rsa", "10d-xref-streams", "10d-no-qccompliance"] {
        let of = |name: &str| certificate(&format!("{folder}/{name}.cer"));
        let crl = CrlView::from_der(&read(&format!("{folder}/root.crl"))).unwrap();
        assert!(crl.status_of(&of("ca"), &of("root")).is_good(), "{folder}");
        assert!(crl.status_of(&of("tsu"), &of("root")).is_good(), "{folder}");
        let ocsp = OcspView::from_der(&read(&format!("{folder}/seal.ors"))).unwrap();
        let answer = ocsp.status_of(&of("seal"), &of("ca"));
        assert!(answer.is_good(), "{folder} {answer:?}");
        assert_eq!(answer.responder, Some(of("ocsp")));
        assert!(!ocsp.status_of(&of("seal"), &of("root")).is_good());
    }
    let crl = CrlView::from_der(&read("10d-crl/ca.crl")).unwrap();
    assert!(crl.status_of(&certificate("10d-crl/seal.cer"), &certificate("10d-crl/ca.cer")).is_good());
}

#[test]
fn a_long_list_is_searched_in_place() {
    let pki = pki();
    let mut builder = root_crl(&pki, now());
    for number in 0..20_000_u32 {
        let serial = [&[0x01][..], &number.to_be_bytes()].concat();
        builder = builder.revoked(&serial, now(), Some(Reason::Superseded)).unwrap();
    }
    let crl = sign_crl(builder, &pki.root_key);
    let verified = crl.verify(&pki.root).unwrap();
    assert!(verified.status_of(&pki.ca).is_good());
    assert!(crl.find(&[0, 1, 0, 0, 0x4e, 0x1f]).unwrap().is_some(), "leading zeros do not count");
    assert!(crl.find(&[1, 0, 0, 0x4e, 0x20]).unwrap().is_none());
}

fn seeds() -> &'static [Vec<u8>; 3] {
    static SEEDS: std::sync::OnceLock<[Vec<u8>; 3]> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        let pki = pki();
        let id = CertId::new(pki.responder.serial(), &pki.ca, DigestAlgorithm::Sha256).unwrap();
        let builder = OcspResponseBuilder::new(&pki.responder, now(), now() + DAY)
            .archive_cutoff(now())
            .good(&id, now())
            .unwrap();
        let crl = root_crl(&pki, now())
            .keeps_expired_since(now())
            .revoked(&[5], now(), Some(Reason::KeyCompromise))
            .unwrap();
        let request =
            OcspRequest::about(&pki.responder, &pki.ca, DigestAlgorithm::Sha1, Some(vec![1; 8])).unwrap();
        [
            sign_ocsp(builder, &pki.responder_key).as_der().to_vec(),
            sign_crl(crl, &pki.root_key).as_der().to_vec(),
            request.to_der(),
        ]
    })
}

proptest! {
    #[test]
    fn changed_messages_do_not_panic(which in 0..3_usize, at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut bytes = seeds()[which].clone();
        let place = at.index(bytes.len());
        bytes[place] = octet;
        if let Ok(crl) = CrlView::from_der(&bytes) {
            let _ = (crl.entries().count(), crl.find(&[5]), crl.issuing_distribution_point(), crl.number());
        }
        if let Ok(response) = OcspView::from_der(&bytes) {
            let _ = (response.nonce(), response.certificates().len());
            for single in response.responses() {
                let _ = (single.archive_cutoff(), single.certificate_hash());
            }
        }
        let _ = OcspRequest::from_der(&bytes);
    }
}
