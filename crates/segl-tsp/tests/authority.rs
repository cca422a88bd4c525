//! What the authority issues, the client and OpenSSL accept; what it must refuse, it refuses with the reason of the standard.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use segl_cms::encode::{object_identifier, octet_string, sequence};
use segl_cms::oids::SIGNED_DATA;
use segl_crypto::{DigestAlgorithm, SoftKind, Time, digest};
use segl_path::Anchors;
use segl_testkit::pki::{Party, Pki, extension, issue, key_usage, noon, openssl, pem, pki, time_stamping};
use segl_tsp::{
    Accuracy, Authority, AuthorityError, Clock, Expectations, FailureInfo, Precision, Rejection,
    ResponseError, TimestampRequest, TimestampResponse, Token, UnitError, check_response, oids, request,
};
use segl_x509::ObjectIdentifier;

const OTHER_POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3.4.5");

fn authority(pki: &Pki) -> Authority {
    Authority::new(pki.unit.certificate.clone(), oids::BEST_PRACTICES_POLICY)
        .unwrap()
        .with_policy(OTHER_POLICY)
}

fn document() -> segl_crypto::Digest {
    digest(DigestAlgorithm::Sha256, b"document").unwrap()
}

fn answer(authority: &Authority, unit: &Party, request: &TimestampRequest, time: Time) -> Vec<u8> {
    let pending = authority.prepare(&request.to_der(), &[0x80; 8], Clock::Fit(time)).unwrap();
    let value = unit.key.sign(&pending.to_be_signed()).unwrap();
    let response = pending.finish(&value);
    assert!(pending.max_token_len(authority.certificate()).unwrap() >= pending.finish_token(&value).len());
    response
}

fn with_accuracy(pki: &Pki, accuracy: Accuracy, asked: &TimestampRequest) -> Vec<u8> {
    answer(&authority(pki).with_accuracy(accuracy), &pki.unit, asked, noon())
}

fn expected(now: Time) -> Expectations<'static> {
    Expectations { now, tolerance: Duration::from_secs(5), certificates: &[] }
}

#[test]
fn the_client_accepts_what_the_authority_issues() {
    for kind in [SoftKind::EcP256, SoftKind::EcP384] {
        let pki = pki(kind);
        let authority = authority(&pki).with_chain(vec![pki.root.certificate.clone()]).qualified();
        let request = request(&document(), &[0xfe; 40]).with_policy(OTHER_POLICY);
        let time = noon().with_nanos(123_999_999).unwrap();
        let response = answer(&authority, &pki.unit, &request, time);
        let accepted = check_response(&response, &request, &expected(noon())).unwrap();
        let info = accepted.token().info();
        assert_eq!(accepted.certificate(), &pki.unit.certificate);
        assert_eq!(info.time(), noon().with_nanos(123_000_000).unwrap());
        assert_eq!(info.accuracy(), Some(Accuracy::seconds(1)));
        assert_eq!(info.serial(), [0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]);
        assert!(info.claims_qualified() && !info.ordering());
        assert_eq!(accepted.token().tsa_is(&pki.unit.certificate), Some(true));
        assert_eq!(accepted.token().tsa_is(&pki.root.certificate), Some(false));
        assert!(accepted.token().covers(&document()));
        let view = accepted.token().signed_data();
        assert_eq!((view.version(), view.certificates().count()), (3, 2));
        let anchors = Anchors::from_certificates([pki.root.certificate.clone()]);
        accepted.chain(&anchors, &[]).unwrap();
        let stranger = segl_testkit::pki::pki(kind);
        let anchors = Anchors::from_certificates([stranger.root.certificate.clone()]);
        assert!(accepted.chain(&anchors, &[]).is_err());
    }
}

#[test]
fn openssl_accepts_tokens_and_responses() {
    for (kind, precision) in
        [(SoftKind::EcP256, Precision::Seconds), (SoftKind::EcP384, Precision::Milliseconds)]
    {
        let pki = pki(kind);
        let authority = authority(&pki).with_precision(precision).qualified();
        let folder = tempfile::tempdir().unwrap();
        let request = request(&document(), &[1; 8]);
        let time = noon().with_nanos(120_000_000).unwrap();
        let response = answer(&authority, &pki.unit, &request, time);
        let accepted = check_response(&response, &request, &expected(noon())).unwrap();
        std::fs::write(folder.path().join("root.pem"), pem(pki.root.certificate.as_der())).unwrap();
        std::fs::write(folder.path().join("document"), b"document").unwrap();
        std::fs::write(folder.path().join("query"), request.to_der()).unwrap();
        std::fs::write(folder.path().join("response"), &response).unwrap();
        std::fs::write(folder.path().join("token"), accepted.token().as_bytes()).unwrap();
        for arguments in [
            &[
                "ts",
                "-verify",
                "-in",
                "response",
                "-queryfile",
                "query",
                "-CAfile",
                "root.pem",
                "-no_check_time",
            ][..],
            &[
                "ts",
                "-verify",
                "-token_in",
                "-in",
                "token",
                "-data",
                "document",
                "-CAfile",
                "root.pem",
                "-no_check_time",
            ],
        ] {
            let Some((ok, text)) = openssl(folder.path(), arguments) else { return };
            assert!(ok && text.contains("Verification: OK"), "{text}");
        }
    }
}

#[test]
fn a_query_of_openssl_is_answered() {
    let pki = pki(SoftKind::EcP256);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("document"), b"document").unwrap();
    let arguments = ["ts", "-query", "-data", "document", "-sha512", "-out", "query"];
    let Some((ok, text)) = openssl(folder.path(), &arguments) else { return };
    assert!(ok, "{text}");
    let query = std::fs::read(folder.path().join("query")).unwrap();
    let request = TimestampRequest::from_der(&query).unwrap();
    assert_eq!(request.to_der(), query);
    assert!(!request.certificate_wanted() && request.nonce().is_some());
    let response = answer(&authority(&pki), &pki.unit, &request, noon());
    let candidates = [pki.root.certificate.clone(), pki.unit.certificate.clone()];
    let expected = Expectations { certificates: &candidates, ..expected(noon()) };
    let accepted = check_response(&response, &request, &expected).unwrap();
    assert!(!accepted.token().signed_data().has_certificates(), "certReq was false");
    assert!(matches!(
        check_response(&response, &request, &Expectations { certificates: &[], ..expected }),
        Err(ResponseError::CertificateMissing)
    ));
}

fn refusal(authority: &Authority, request: &[u8], clock: Clock) -> FailureInfo {
    let rejection = authority.prepare(request, &[1], clock).unwrap_err();
    let response = TimestampResponse::from_der(&rejection.to_der()).unwrap();
    assert!(response.token().is_none() && !response.status().is_granted());
    assert_eq!(response.failures().unwrap().known().collect::<Vec<_>>(), [rejection.failure()]);
    assert_eq!(response.text(), [rejection.text()]);
    rejection.failure()
}

#[test]
fn every_bad_request_has_its_reason() {
    let pki = pki(SoftKind::EcP256);
    let authority = authority(&pki);
    let good = TimestampRequest::new(&document()).to_der();
    let clock = Clock::Fit(noon());
    authority.accept(&good, clock).unwrap();

    assert_eq!(refusal(&authority, &[], clock), FailureInfo::BadDataFormat);
    assert_eq!(refusal(&authority, &good[..good.len() - 1], clock), FailureInfo::BadDataFormat);
    assert_eq!(refusal(&authority, &[good.as_slice(), &[0]].concat(), clock), FailureInfo::BadDataFormat);
    let mut version = good.clone();
    version[4] = 2;
    assert_eq!(refusal(&authority, &version, clock), FailureInfo::BadRequest);
    assert_eq!(refusal(&authority, &good, Clock::Unfit), FailureInfo::TimeNotAvailable);
    let policy = TimestampRequest::new(&document()).with_policy(SIGNED_DATA).to_der();
    assert_eq!(refusal(&authority, &policy, clock), FailureInfo::UnacceptedPolicy);
    for weak in
        [DigestAlgorithm::Md5, DigestAlgorithm::Sha1, DigestAlgorithm::Sha224, DigestAlgorithm::Sha3_224]
    {
        let imprint = segl_crypto::Digest::new(weak, vec![7; weak.output_len()]).unwrap();
        let request = TimestampRequest::new(&imprint).to_der();
        assert_eq!(refusal(&authority, &request, clock), FailureInfo::BadAlg, "{weak}");
    }
    for (algorithm, octets, reason) in [
        (sequence(&[object_identifier(&DigestAlgorithm::Sha256.oid())]), 31, FailureInfo::BadDataFormat),
        (sequence(&[object_identifier(&DigestAlgorithm::Sha256.oid())]), 0, FailureInfo::BadDataFormat),
        (sequence(&[object_identifier(&DigestAlgorithm::Sha256.oid()), vec![4, 0]]), 32, FailureInfo::BadAlg),
        (sequence(&[object_identifier(&OTHER_POLICY)]), 32, FailureInfo::BadAlg),
    ] {
        let imprint = sequence(&[algorithm, octet_string(&vec![7; octets])]);
        assert_eq!(refusal(&authority, &sequence(&[vec![2, 1, 1], imprint]), clock), reason);
    }
    for critical in [false, true] {
        let imprint = segl_tsp::MessageImprint::new(&document()).to_der();
        let extensions = extension("1.2.3", critical, &[5, 0]);
        let request = sequence(&[vec![2, 1, 1], imprint, segl_cms::encode::element(0xa0, &extensions)]);
        assert_eq!(refusal(&authority, &request, clock), FailureInfo::UnacceptedExtension);
    }
    let outside = Clock::Fit(Time::from_civil(2041, 1, 1, 0, 0, 0).unwrap());
    assert_eq!(refusal(&authority, &good, outside), FailureInfo::SystemFailure);
    let accepted = authority.accept(&good, clock).unwrap();
    assert_eq!(accepted.prepare(&[0xff; 21]).unwrap_err().failure(), FailureInfo::SystemFailure);
    assert_eq!(Rejection::system_failure("key").failure(), FailureInfo::SystemFailure);
}

#[test]
fn null_parameters_come_back_as_they_were_sent() {
    let pki = pki(SoftKind::EcP256);
    let algorithm = sequence(&[object_identifier(&DigestAlgorithm::Sha256.oid()), vec![5, 0]]);
    let imprint = sequence(&[algorithm, octet_string(document().as_bytes())]);
    let request = TimestampRequest::from_der(&sequence(&[vec![2, 1, 1], imprint.clone()])).unwrap();
    let pending = authority(&pki).prepare(&request.to_der(), &[1], Clock::Fit(noon())).unwrap();
    assert_eq!(pending.info().imprint().to_der(), imprint);
}

#[test]
fn the_private_keys_period_is_kept() {
    let life =
        (Time::from_civil(2020, 1, 1, 0, 0, 0).unwrap(), Time::from_civil(2040, 1, 1, 0, 0, 0).unwrap());
    let root = issue("TEST Root", SoftKind::EcP256, None, life, &segl_testkit::pki::ca_extensions());
    let mut extensions = segl_testkit::pki::unit_extensions();
    let period = sequence(&[
        segl_cms::encode::element(0x80, b"20260101000000Z"),
        segl_cms::encode::element(0x81, b"20261125115959Z"),
    ]);
    extensions.push(extension("2.5.29.16", false, &period));
    let unit = issue("TEST Unit", SoftKind::EcP256, Some(&root), life, &extensions);
    let authority = Authority::new(unit.certificate, oids::BEST_PRACTICES_POLICY).unwrap();
    let request = TimestampRequest::new(&document()).to_der();
    authority.accept(&request, Clock::Fit(noon() - Duration::from_secs(1))).unwrap();
    assert_eq!(refusal(&authority, &request, Clock::Fit(noon())), FailureInfo::SystemFailure);
}

#[test]
fn only_a_units_certificate_makes_an_authority() {
    let pki = pki(SoftKind::EcP256);
    let life = (pki.root.certificate.not_before(), pki.root.certificate.not_after());
    let make = |extensions: &[Vec<u8>]| {
        let unit = issue("TEST Unit", SoftKind::EcP256, Some(&pki.root), life, extensions);
        match Authority::new(unit.certificate, OTHER_POLICY) {
            Err(AuthorityError::Unit(error)) => Some(error),
            _ => None,
        }
    };
    let two = sequence(&[
        object_identifier(&segl_x509::oids::TIME_STAMPING),
        object_identifier(&segl_x509::oids::OCSP_SIGNING),
    ]);
    assert_eq!(make(&[]), Some(UnitError::ExtendedKeyUsageMissing));
    assert_eq!(make(&[time_stamping(false)]), Some(UnitError::ExtendedKeyUsageNotCritical));
    assert_eq!(make(&[extension("2.5.29.37", true, &two)]), Some(UnitError::NotForTimeStampingAlone));
    assert_eq!(make(&[time_stamping(true), key_usage(0x84, 2)]), Some(UnitError::KeyUsage));
    assert_eq!(make(&[time_stamping(true), key_usage(0xc0, 6)]), None);
}

#[test]
fn the_client_refuses_what_is_not_the_answer() {
    let pki = pki(SoftKind::EcP256);
    let authority = authority(&pki);
    let asked = request(&document(), &[9; 8]).with_policy(OTHER_POLICY);
    let check = |response: &[u8], now| check_response(response, &asked, &expected(now)).unwrap_err();
    let other = digest(DigestAlgorithm::Sha256, b"other").unwrap();
    let answer = |request: &TimestampRequest| answer(&authority, &pki.unit, request, noon());

    let response = answer(&request(&other, &[9; 8]).with_policy(OTHER_POLICY));
    assert!(matches!(check(&response, noon()), ResponseError::ImprintMismatch { .. }));
    let response = answer(&request(&document(), &[8; 8]).with_policy(OTHER_POLICY));
    assert_eq!(check(&response, noon()), ResponseError::NonceMismatch);
    let response = answer(&TimestampRequest::new(&document()).with_policy(OTHER_POLICY));
    assert_eq!(check(&response, noon()), ResponseError::NonceMismatch);
    let response = answer(&request(&document(), &[9; 8]));
    assert!(matches!(check(&response, noon()), ResponseError::PolicyMismatch { .. }));

    let good = answer(&asked);
    check_response(&good, &asked, &expected(noon() + Duration::from_secs(6))).unwrap();
    for now in [noon() + Duration::from_secs(7), noon() - Duration::from_secs(7)] {
        assert!(matches!(check(&good, now), ResponseError::TimeApart { .. }));
    }
    // An authority that leaves a hundred years open has not said what time it is.
    let vague = with_accuracy(&pki, Accuracy::seconds(u32::MAX), &asked);
    check_response(&vague, &asked, &expected(noon() + Duration::from_secs(65))).unwrap();
    assert!(matches!(check(&vague, noon() + Duration::from_secs(66)), ResponseError::TimeApart { .. }));
    let token = TimestampResponse::from_der(&good).unwrap().token().unwrap().to_vec();
    let with_status = |info: &[u8], token: &[u8]| sequence(&[sequence(&[info]), token.to_vec()]);
    assert_eq!(check(&with_status(&[2, 1, 0], &[]), noon()), ResponseError::TokenMissing);
    assert!(matches!(
        check(&with_status(&[2, 1, 2], &token), noon()),
        ResponseError::TokenDespiteStatus { .. }
    ));
    assert!(matches!(check(&with_status(&[2, 1, 6], &[]), noon()), ResponseError::StatusUnknown { .. }));
    let failing = [2, 1, 0, 3, 2, 7, 0x80];
    assert_eq!(check(&with_status(&failing, &token), noon()), ResponseError::FailureDespiteGrant);
    let unknown = [2, 1, 2, 3, 2, 6, 0x40];
    assert!(matches!(check(&with_status(&unknown, &[]), noon()), ResponseError::StatusUnknown { .. }));
    let rejection = authority.accept(&[], Clock::Unfit).unwrap_err().to_der();
    assert!(matches!(check(&rejection, noon()), ResponseError::Rejected { .. }));
    check_response(&with_status(&[2, 1, 1], &token), &asked, &expected(noon())).unwrap();

    // Another key than the certificate's: the value does not verify.
    let pending = authority.prepare(&asked.to_der(), &[1], Clock::Fit(noon())).unwrap();
    let forged = pending.finish(&pki.seal.key.sign(&pending.to_be_signed()).unwrap());
    assert!(matches!(check(&forged, noon()), ResponseError::Token(_)));
}

#[test]
fn every_truncation_and_change_of_a_token_is_survived() {
    let pki = pki(SoftKind::EcP256);
    let response = answer(&authority(&pki), &pki.unit, &request(&document(), &[9; 8]), noon());
    let token = TimestampResponse::from_der(&response).unwrap().token().unwrap().to_vec();
    for end in 0..token.len() {
        assert!(Token::from_der(&token[..end]).is_err());
        assert!(TimestampResponse::from_der(&response[..end]).is_err());
    }
    let whole = Token::from_der(&token).unwrap();
    whole.verify(&pki.unit.certificate).unwrap();
    // From the content to the end, every bit is signed, or is the certificate, or the value.
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 1;
        if let Ok(token) = Token::from_der(&changed) {
            let same = token.info() == whole.info();
            assert!(same || token.verify(&pki.unit.certificate).is_err(), "octet {at}");
        }
    }
}
