//! Responses that our own responder would not make.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use segl_crypto::{DigestAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned, digest, sha1};
use segl_revocation::{
    Answer, CertId, CrlBuilder, Freshness, NonceCheck, OcspError, OcspRequest, OcspSignatureError, OcspView,
    OnlyIssuer, Piece, Question, Reason, ResponseStatus, Status, WhyUnknown, decide,
};
use segl_x509::Certificate;

const DAY: Duration = Duration::from_secs(86_400);
const GOOD: &[u8] = &[0x80, 0];
const CUTOFF: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 6];
const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];
const EXTENDED_REVOKE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 9];
const CERT_HASH: &[u8] = &[0x2b, 0x24, 8, 3, 13];

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [vec![tag], length, content].concat()
}

fn time(time: Time) -> Vec<u8> {
    tlv(0x18, &[time.to_generalized_time().as_bytes()])
}

fn name(string: u8) -> Vec<u8> {
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(string, &[b"The CA"])]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&tlv(6, &[kind]), flag, &tlv(4, &[value])])
}

struct Pki {
    key: SoftwareKey,
    ca: Certificate,
    leaf: Certificate,
}

/// An authority and a certificate of it that lives for ten days.
fn pki() -> Pki {
    let key =
        SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let algorithm = key.algorithm();
    let make = |serial: u8| {
        let tbs = tlv(
            0x30,
            &[
                &[0xa0, 3, 2, 1, 2, 2, 1, serial],
                &algorithm.to_der(),
                &name(0x0c),
                &tlv(0x30, &[&now().to_der(), &(now() + DAY * 10).to_der()]),
                &name(0x0c),
                &key.public_key_spki().unwrap(),
            ],
        );
        let value = key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
        let der = tlv(0x30, &[&tbs, &algorithm.to_der(), &tlv(3, &[&[0], value.as_bytes()])]);
        Certificate::from_der(&der).unwrap()
    };
    let (ca, leaf) = (make(1), make(2));
    Pki { key, ca, leaf }
}

impl Pki {
    fn id(&self, serial: u8) -> CertId {
        CertId::new(&[serial], &self.ca, DigestAlgorithm::Sha1).unwrap()
    }

    /// A single response of this day that is due the day after.
    fn single(&self, day: u32, status: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        self.single_until(day, now() + DAY * (day + 1), status, extensions)
    }

    fn single_until(&self, day: u32, next: Time, status: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
        let this = time(now() + DAY * day);
        let extensions = match extensions {
            [] => Vec::new(),
            some => tlv(0xa1, &[&tlv(0x30, &[&some.concat()])]),
        };
        tlv(0x30, &[self.id(2).as_der(), status, &this, &tlv(0xa0, &[&time(next)]), &extensions])
    }

    fn by_key(&self) -> Vec<u8> {
        tlv(0xa2, &[&tlv(4, &[&sha1(self.ca.public_key_bits())])])
    }

    fn response(&self, singles: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
        self.response_by(&self.by_key(), singles, extensions)
    }

    fn response_by(&self, responder: &[u8], singles: &[Vec<u8>], extensions: &[Vec<u8>]) -> Vec<u8> {
        let algorithm = self.key.algorithm();
        let extensions = match extensions {
            [] => Vec::new(),
            some => tlv(0xa1, &[&tlv(0x30, &[&some.concat()])]),
        };
        let produced = time(now() + DAY);
        let tbs = tlv(0x30, &[responder, &produced, &tlv(0x30, &[&singles.concat()]), &extensions]);
        let value = self.key.sign(&ToBeSigned::new(tbs.clone(), algorithm)).unwrap();
        let basic = tlv(0x30, &[&tbs, &algorithm.to_der(), &tlv(3, &[&[0], value.as_bytes()])]);
        let kind = tlv(6, &[&[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]]);
        let bytes = tlv(0x30, &[&kind, &tlv(4, &[&basic])]);
        tlv(0x30, &[&[10, 1, 0], &tlv(0xa0, &[&bytes])])
    }

    fn answer(&self, singles: &[Vec<u8>], extensions: &[Vec<u8>]) -> Answer {
        let response = OcspView::from_der(&self.response(singles, extensions)).unwrap();
        response.status_of(&self.leaf, &self.ca)
    }

    fn status(&self, single: Vec<u8>) -> Status {
        self.answer(&[single], &[]).status
    }
}

fn revoked(at: Time, reason: u8) -> Vec<u8> {
    tlv(0xa1, &[&time(at), &tlv(0xa0, &[&[10, 1, reason]])])
}

#[test]
fn the_answer_about_the_certificate_is_found_among_others() {
    let pki = pki();
    let other = tlv(0x30, &[pki.id(9).as_der(), &revoked(now(), 1), &time(now() + DAY)]);
    let mine = pki.single(1, GOOD, &[]);
    assert!(pki.answer(&[other.clone(), mine.clone()], &[]).is_good());
    assert!(pki.answer(&[mine, other.clone()], &[]).is_good());
    assert_eq!(pki.answer(&[other], &[]).status, Status::Unknown(WhyUnknown::NotMentioned));
    assert_eq!(pki.answer(&[], &[]).status, Status::Unknown(WhyUnknown::NotMentioned));
}

#[test]
fn the_responder_is_named_by_key_or_by_name() {
    let pki = pki();
    let verify = |responder: &[u8]| {
        let der = pki.response_by(responder, &[pki.single(1, GOOD, &[])], &[]);
        OcspView::from_der(&der).unwrap().verify(&pki.ca, &[]).map(|_| ())
    };
    assert_eq!(verify(&pki.by_key()), Ok(()));
    // The same name in UTF8String and in PrintableString (RFC 5280 7.1).
    assert_eq!(verify(&tlv(0xa1, &[&name(0x0c)])), Ok(()));
    assert_eq!(verify(&tlv(0xa1, &[&name(0x13)])), Ok(()));
    assert_eq!(verify(&tlv(0xa2, &[&tlv(4, &[&[7; 20]])])), Err(OcspSignatureError::ResponderUnknown));
    let nobody = tlv(0xa1, &[&tlv(0x30, &[])]);
    assert_eq!(verify(&nobody), Err(OcspSignatureError::ResponderUnknown));
}

#[test]
fn nonces_are_compared_however_they_are_wrapped() {
    let pki = pki();
    let check = |value: Option<&[u8]>, sent: &[u8]| {
        let extensions: Vec<_> = value.map(|value| extension(NONCE, false, value)).into_iter().collect();
        let response = OcspView::from_der(&pki.response(&[], &extensions)).unwrap();
        response.check_nonce(sent)
    };
    assert_eq!(check(None, &[5; 32]), NonceCheck::Absent);
    assert_eq!(check(Some(&tlv(4, &[&[5; 32]])), &[5; 32]), NonceCheck::Echoed);
    assert_eq!(check(Some(&[5; 32]), &[5; 32]), NonceCheck::Echoed);
    // Raw octets that look like an OCTET STRING themselves.
    assert_eq!(check(Some(&[4, 1, 5]), &[4, 1, 5]), NonceCheck::Echoed);
    assert_eq!(check(Some(&tlv(4, &[&[6; 32]])), &[5; 32]), NonceCheck::Other);
    assert_eq!(check(Some(&tlv(4, &[&[5; 200]])), &[5; 32]), NonceCheck::Other);
    assert_eq!(check(Some(&[]), &[5; 32]), NonceCheck::Other);
}

#[test]
fn only_a_responder_that_remembers_speaks_of_what_is_over() {
    let pki = pki();
    let over = WhyUnknown::AfterNotAfter { this_update: now() + DAY * 20, not_after: pki.leaf.not_after() };
    let cutoff = |at: Time| extension(CUTOFF, false, &time(at));
    assert_eq!(pki.status(pki.single(20, GOOD, &[])), Status::Unknown(over.clone()));
    assert_eq!(pki.status(pki.single(20, GOOD, &[cutoff(now() + DAY * 11)])), Status::Unknown(over.clone()));
    assert_eq!(pki.status(pki.single(20, GOOD, &[cutoff(pki.leaf.not_after())])), Status::Good);
    // CertHash: the responder has the certificate before it.
    let confirms = |algorithm: DigestAlgorithm, certificate: &Certificate| {
        let hash = digest(algorithm, certificate.as_der()).unwrap();
        let identifier = tlv(0x30, &[&tlv(6, &[algorithm.oid().as_bytes()])]);
        extension(CERT_HASH, false, &tlv(0x30, &[&identifier, &tlv(4, &[hash.as_bytes()])]))
    };
    for algorithm in [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha512] {
        assert_eq!(pki.status(pki.single(20, GOOD, &[confirms(algorithm, &pki.leaf)])), Status::Good);
        let another = pki.single(1, GOOD, &[confirms(algorithm, &pki.ca)]);
        assert_eq!(pki.status(another), Status::Unknown(WhyUnknown::CertificateHash));
    }
    // With an algorithm that nobody knows it confirms nothing, and takes nothing away.
    let odd = tlv(0x30, &[&tlv(0x30, &[&[6, 2, 0x2a, 3]]), &tlv(4, &[&[1; 20]])]);
    let odd = extension(CERT_HASH, false, &odd);
    assert_eq!(pki.status(pki.single(1, GOOD, std::slice::from_ref(&odd))), Status::Good);
    assert_eq!(pki.status(pki.single(20, GOOD, &[odd])), Status::Unknown(over));
    let broken = pki.status(pki.single(1, GOOD, &[extension(CERT_HASH, false, &[5, 0])]));
    assert!(matches!(broken, Status::Unknown(WhyUnknown::Malformed(_))));
}

#[test]
fn what_was_never_issued_is_never_good() {
    let pki = pki();
    let hold = Some(Reason::CertificateHold);
    let single = pki.single(1, &revoked(Time::from_unix(0), 6), &[]);
    let der = pki.response(&[single], &[extension(EXTENDED_REVOKE, true, &[5, 0])]);
    let response = OcspView::from_der(&der).unwrap();
    assert!(response.responses()[0].is_never_issued());
    let status = Status::Revoked { at: Time::from_unix(0), reason: hold };
    assert_eq!(response.status_of(&pki.leaf, &pki.ca).status, status);
    // A younger list that does not know of it does not make it good, as it would with a hold.
    let list = |day: u32| {
        let at = now() + DAY * day;
        let prepared = CrlBuilder::new(&pki.ca, 1, at, at + DAY).prepare().unwrap();
        let value = pki.key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap()
    };
    let question = Question::new(&pki.leaf, &pki.ca, now() + DAY * 5);
    let decision = decide(&question, &[&list(2)], &[&response], &OnlyIssuer);
    assert_eq!((decision.answer.status, decision.contradicted_by), (status, vec![Piece::List(0)]));
    let held = pki.response(&[pki.single(1, &revoked(now(), 6), &[])], &[]);
    let held = OcspView::from_der(&held).unwrap();
    assert!(!held.responses()[0].is_never_issued());
    assert!(decide(&question, &[&list(2)], &[&held], &OnlyIssuer).is_good());
}

#[test]
fn odd_answers_are_not_good() {
    let pki = pki();
    let unknown = extension(&[0x2a, 3, 4], true, &[5, 0]);
    let refused = Status::Unknown(WhyUnknown::CriticalExtension("1.2.3.4".to_owned()));
    assert_eq!(pki.status(pki.single(1, GOOD, std::slice::from_ref(&unknown))), refused);
    assert_eq!(pki.answer(&[pki.single(1, GOOD, &[])], &[unknown]).status, refused);
    let harmless = extension(&[0x2a, 3, 4], false, &[5, 0]);
    assert!(pki.answer(&[pki.single(1, GOOD, std::slice::from_ref(&harmless))], &[harmless]).is_good());
    assert_eq!(pki.status(pki.single(1, &[0x82, 0], &[])), Status::Unknown(WhyUnknown::ResponderDoesNotKnow));
    for code in [7, 11, 127] {
        let reason = Some(Reason::Other(code));
        let status = pki.status(pki.single(1, &revoked(now(), code), &[]));
        assert_eq!(status, Status::Revoked { at: now(), reason });
    }
    // Newer information that was due before this was made.
    let backwards = pki.single_until(1, now(), GOOD, &[]);
    let (this_update, next_update) = (now() + DAY, now());
    let why = WhyUnknown::EndsBeforeItBegins { this_update, next_update };
    assert_eq!(pki.status(backwards), Status::Unknown(why));

    let response = OcspView::from_der(&pki.response(&[pki.single(1, GOOD, &[])], &[])).unwrap();
    let at = |day: u32| {
        let fresh = Freshness::Current { grace: Duration::ZERO };
        let question = Question::new(&pki.leaf, &pki.ca, now() + DAY * day).freshness(fresh);
        decide(&question, &[], &[&response], &OnlyIssuer).answer.status
    };
    assert_eq!((at(1), at(2)), (Status::Good, Status::Good));
    assert!(matches!(at(3), Status::Unknown(WhyUnknown::Stale { .. })));
    assert!(matches!(at(0), Status::Unknown(WhyUnknown::FromLater { .. })));
}

#[test]
fn frames_that_say_two_things_are_refused() {
    let pki = pki();
    let good = pki.response(&[pki.single(1, GOOD, &[])], &[]);
    let mut trailing = good.clone();
    trailing.push(0);
    assert!(matches!(OcspView::from_der(&trailing), Err(OcspError::Syntax(_))));
    assert!(matches!(OcspView::from_der(&tlv(0x30, &[&[10, 1, 0]])), Err(OcspError::Syntax(_))));
    for (code, status) in [(4, ResponseStatus::Other(4)), (6, ResponseStatus::Unauthorized)] {
        let mut with_bytes = good.clone();
        let place = with_bytes.windows(3).position(|part| part == [10, 1, 0]).unwrap();
        with_bytes[place + 2] = code;
        assert_eq!(OcspView::from_der(&with_bytes), Err(OcspError::NotSuccessful(status)));
        assert_eq!(OcspView::from_der(&tlv(0x30, &[&[10, 1, code]])), Err(OcspError::NotSuccessful(status)));
    }
}

#[test]
fn a_request_fits_into_an_address() {
    let pki = pki();
    let request = |serial: &[u8], nonce: Option<Vec<u8>>| {
        let certificates = vec![CertId::new(serial, &pki.ca, DigestAlgorithm::Sha1).unwrap()];
        OcspRequest { certificates, nonce }
    };
    // Every length of the last group, and serial numbers whose digits are pluses and slashes.
    for length in 1..=20 {
        for octet in [0x7b, 0xef, 0xff, 0xbe] {
            let asked = request(&vec![octet; length], None);
            let path = asked.to_get_path().unwrap();
            assert!(path.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'%'), "{path}");
            assert_eq!(OcspRequest::from_get_path(&path), Ok(asked.clone()));
            let raw = path.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            for sent in
                [raw.clone(), format!("//{raw}"), raw.replace('+', " "), raw.trim_end_matches('=').to_owned()]
            {
                assert_eq!(OcspRequest::from_get_path(&sent), Ok(asked.clone()), "{sent}");
            }
        }
    }
    let path = request(&[1], None).to_get_path().unwrap();
    assert!(path.starts_with("ME"), "as any decoder has it: a SEQUENCE of some sixty octets");
    assert_eq!(request(&[1], Some(vec![7; 100])).to_get_path(), None);
    for wrong in ["MEM*", "ME%zz", "ME%4", "ME=ME", "M\u{e9}"] {
        assert_eq!(OcspRequest::from_get_path(wrong), Err(OcspError::Address), "{wrong}");
    }
    assert!(matches!(OcspRequest::from_get_path(""), Err(OcspError::Syntax(_))));
    assert!(matches!(OcspRequest::from_get_path(&"A".repeat(70_000)), Err(OcspError::TooLarge { .. })));
}
