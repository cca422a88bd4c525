//! Deciding from several lists and responses (RFC 5280 6.3.3), each case with lists in memory and lists read by position.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use core::ops::ControlFlow;
use std::io::Write as _;
use std::time::Duration;

use proptest::prelude::*;
use segl_crypto::{FileSource, SoftKind, SoftwareKey, Time, ToBeSigned, VerifyError};
use segl_revocation::{
    CertId, CrlBuilder, CrlEntry, CrlError, CrlFacts, CrlIndex, CrlSignatureError, CrlView, Decision,
    Freshness, IndexLimits, IssueError, ListError, OcspResponseBuilder, OcspView, OnlyIssuer, Piece,
    Question, Reason, RevocationList, Signers, Status, WhyUnknown, decide,
};
use segl_x509::{Certificate, ReasonFlags};

const DAY: Duration = Duration::from_secs(86_400);
const NEVER: &str = "9999-12-31T23:59:59Z";

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

fn key() -> SoftwareKey {
    SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng))
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        long @ 0x80..0x1_0000 => vec![0x82, (long >> 8) as u8, long as u8],
        long => vec![0x83, (long >> 16) as u8, (long >> 8) as u8, long as u8],
    };
    [vec![tag], length, content].concat()
}

fn name(common: &str) -> Vec<u8> {
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[common.as_bytes()])]);
    tlv(0x30, &[&tlv(0x31, &[&attribute])])
}

fn directory(common: &str) -> Vec<u8> {
    tlv(0xa4, &[&name(common)])
}

fn extension(last: u8, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag: &[u8] = if critical { &[1, 1, 0xff] } else { &[] };
    tlv(0x30, &[&[6, 3, 0x55, 0x1d, last], flag, &tlv(4, &[value])])
}

fn signed(tbs: &[u8], key: &SoftwareKey) -> Vec<u8> {
    let algorithm = key.algorithm();
    let value = key.sign(&ToBeSigned::new(tbs.to_vec(), algorithm)).unwrap();
    tlv(0x30, &[tbs, &algorithm.to_der(), &tlv(3, &[&[0], value.as_bytes()])])
}

/// A certificate that lives for 100 days.
fn certificate(
    subject: &str,
    key: &SoftwareKey,
    issuer: &str,
    issuer_key: &SoftwareKey,
    extensions: &[Vec<u8>],
) -> Certificate {
    let extensions = match extensions {
        [] => Vec::new(),
        some => tlv(0xa3, &[&tlv(0x30, &[&some.concat()])]),
    };
    let tbs = tlv(
        0x30,
        &[
            &[0xa0, 3, 2, 1, 2],
            &[2, 1, 7],
            &issuer_key.algorithm().to_der(),
            &name(issuer),
            &tlv(0x30, &[&now().to_der(), &(now() + DAY * 100).to_der()]),
            &name(subject),
            &key.public_key_spki().unwrap(),
            &extensions,
        ],
    );
    Certificate::from_der(&signed(&tbs, issuer_key)).unwrap()
}

/// What stands in a list.
#[derive(Clone)]
struct List<'a> {
    issuer: &'a str,
    key: &'a SoftwareKey,
    number: u8,
    base: Option<u8>,
    /// Days from now.
    this_update: u32,
    next_update: Option<Time>,
    /// Fields of issuingDistributionPoint.
    scope: Option<Vec<u8>>,
    further: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
}

impl<'a> List<'a> {
    fn new(issuer: &'a str, key: &'a SoftwareKey, this_update: u32) -> Self {
        let next_update = Some(now() + DAY * (this_update + 1));
        let number = this_update as u8;
        let (scope, further, entries) = Default::default();
        Self { issuer, key, number, base: None, this_update, next_update, scope, further, entries }
    }

    fn delta(self, base: u8) -> Self {
        Self { base: Some(base), ..self }
    }

    fn scope(self, fields: &[&[u8]]) -> Self {
        Self { scope: Some(fields.concat()), ..self }
    }

    fn entry(mut self, serial: u8, reason: Option<Reason>, issuer: Option<&str>) -> Self {
        let reason = reason.map(|reason| extension(21, false, &[10, 1, reason.code()]));
        let issuer = issuer.map(|issuer| extension(29, true, &tlv(0x30, &[&directory(issuer)])));
        let all = [reason, issuer].into_iter().flatten().collect::<Vec<_>>().concat();
        let all = if all.is_empty() { all } else { tlv(0x30, &[&all]) };
        self.entries.push(tlv(0x30, &[&[2, 1, serial], &(now() + DAY).to_der(), &all]));
        self
    }

    fn make(&self) -> CrlView {
        CrlView::from_der(&self.der()).unwrap()
    }

    fn der(&self) -> Vec<u8> {
        let mut extensions = vec![extension(20, false, &[2, 1, self.number])];
        extensions.extend(self.base.map(|base| extension(27, true, &[2, 1, base])));
        extensions.extend(self.scope.as_ref().map(|scope| extension(28, true, &tlv(0x30, &[scope]))));
        extensions.extend(self.further.iter().cloned());
        let entries = if self.entries.is_empty() { Vec::new() } else { tlv(0x30, &[&self.entries.concat()]) };
        let tbs = tlv(
            0x30,
            &[
                &[2, 1, 1],
                &self.key.algorithm().to_der(),
                &name(self.issuer),
                &(now() + DAY * self.this_update).to_der(),
                &self.next_update.map(|time| time.to_der()).unwrap_or_default(),
                &entries,
                &tlv(0xa0, &[&tlv(0x30, &[&extensions.concat()])]),
            ],
        );
        signed(&tbs, self.key)
    }
}

struct Pki {
    ca_key: SoftwareKey,
    ca: Certificate,
    leaf: Certificate,
}

fn pki(leaf_extensions: &[Vec<u8>]) -> Pki {
    let ca_key = key();
    let ca = certificate("CA", &ca_key, "CA", &ca_key, &[]);
    let leaf = certificate("leaf", &key(), "CA", &ca_key, leaf_extensions);
    Pki { ca_key, ca, leaf }
}

/// Certificates at hand, and those with a path.
struct Known(Vec<Certificate>, Vec<Certificate>);

impl Signers for Known {
    fn named(&self, list: &CrlFacts) -> Vec<Certificate> {
        self.0.iter().filter(|one| one.subject().matches(list.issuer())).cloned().collect()
    }

    fn is_trusted(&self, signer: &Certificate) -> bool {
        self.1.contains(signer)
    }
}

/// The decision from lists in memory, which that from the same lists read by position must equal.
fn ask_with(
    question: &Question<'_>,
    lists: &[CrlView],
    responses: &[&OcspView],
    signers: &dyn Signers,
) -> Decision {
    let views: Vec<&dyn RevocationList> = lists.iter().map(|list| list as _).collect();
    let indexes: Vec<CrlIndex<&[u8]>> =
        lists.iter().map(|list| CrlIndex::read(list.as_der(), &IndexLimits::default()).unwrap()).collect();
    let indexes: Vec<&dyn RevocationList> = indexes.iter().map(|list| list as _).collect();
    let decision = decide(question, &views, responses, signers);
    assert_eq!(decide(question, &indexes, responses, signers), decision);
    decision
}

fn ask(pki: &Pki, lists: &[CrlView]) -> Decision {
    ask_with(&Question::new(&pki.leaf, &pki.ca, now() + DAY * 50), lists, &[], &OnlyIssuer)
}

fn revoked(reason: Option<Reason>) -> Status {
    Status::Revoked { at: now() + DAY, reason }
}

#[test]
fn a_delta_changes_what_the_complete_list_says() {
    let pki = pki(&[]);
    let complete = List::new("CA", &pki.ca_key, 5);
    let held = complete.clone().entry(7, Some(Reason::CertificateHold), None).make();
    let gone = complete.clone().entry(7, Some(Reason::KeyCompromise), None).make();
    let complete = complete.make();
    let delta = |day: u32| List::new("CA", &pki.ca_key, day).delta(5);

    // Newly revoked.
    let decision = ask(&pki, &[complete.clone(), delta(6).entry(7, None, None).make()]);
    assert_eq!(decision.answer.status, revoked(None));
    assert_eq!((decision.used[0].piece, decision.used[0].delta), (Piece::List(0), Some(1)));
    // Unchanged: then the status is as young as the delta.
    let decision = ask(&pki, &[complete.clone(), delta(6).entry(9, None, None).make()]);
    assert!(decision.is_good() && decision.refused.is_empty());
    assert_eq!(decision.answer.this_update, Some(now() + DAY * 6));
    // A hold released; one that stays.
    let released = delta(6).entry(7, Some(Reason::RemoveFromCrl), None).make();
    assert!(ask(&pki, &[held.clone(), released.clone()]).is_good());
    let decision = ask(&pki, &[held.clone(), delta(6).make()]);
    assert_eq!(decision.answer.status, revoked(Some(Reason::CertificateHold)));
    // Of what is not on hold nothing is taken back.
    let decision = ask(&pki, &[gone, released.clone()]);
    assert_eq!(decision.answer.status, revoked(Some(Reason::KeyCompromise)));
    assert_eq!(decision.contradicted_by, [Piece::List(0)]);
    // The newest of several.
    let decision = ask(&pki, &[held.clone(), released.clone(), delta(8).entry(7, None, None).make()]);
    assert_eq!(decision.answer.status, revoked(None));

    // Deltas that are none of this list: alone, of a later base, older, of another scope, of another key.
    let other_key = extension(35, false, &tlv(0x30, &[&[0x80, 1, 9]]));
    for stray in [
        List::new("CA", &pki.ca_key, 6).delta(6),
        List::new("CA", &pki.ca_key, 5).delta(5),
        delta(6).scope(&[&[0x81, 1, 0xff]]),
        List { further: vec![other_key], ..delta(6) },
    ] {
        let stray = stray.entry(7, None, None).make();
        let decision = ask(&pki, &[complete.clone(), stray.clone()]);
        assert!(decision.is_good());
        assert_eq!(decision.refused, [(Piece::List(1), WhyUnknown::DeltaCrl)]);
        assert_eq!(ask(&pki, &[stray]).answer.status, Status::Unknown(WhyUnknown::DeltaCrl));
    }
    // One that somebody else signed is not used, and the complete list still counts.
    let forged = List { key: &key(), ..delta(6) }.entry(7, None, None).make();
    let decision = ask(&pki, &[complete.clone(), forged]);
    assert!(decision.is_good());
    assert!(matches!(
        decision.refused[..],
        [(Piece::List(1), WhyUnknown::CrlSignature(CrlSignatureError::Signature(_)))]
    ));
    // A complete list has nothing to take back.
    let list = List::new("CA", &pki.ca_key, 5).entry(7, Some(Reason::RemoveFromCrl), None).make();
    assert_eq!(ask(&pki, &[list]).answer.status, Status::Unknown(WhyUnknown::RemovedFromCompleteCrl));
}

#[test]
fn reasons_are_added_up_until_all_are_covered() {
    let pki = pki(&[]);
    // keyCompromise alone; all the others.
    let list = |bits: &[u8]| List::new("CA", &pki.ca_key, 5).scope(&[&tlv(0x83, &[bits])]);
    let (key, others) = (list(&[6, 0x40]), list(&[7, 0x3f, 0x80]));
    let decision = ask(&pki, &[key.make()]);
    assert_eq!(decision.answer.status, Status::Unknown(WhyUnknown::SomeReasonsOnly));
    assert_eq!(decision.reasons, ReasonFlags::from_bit_string(&[6, 0x40]).unwrap());
    let decision = ask(&pki, &[key.make(), others.make()]);
    assert!(decision.is_good());
    assert_eq!((decision.used.len(), decision.reasons), (2, ReasonFlags::ALL));
    for lists in [
        [key.clone().entry(7, None, None).make(), others.make()],
        [key.make(), others.clone().entry(7, None, None).make()],
    ] {
        let decision = ask(&pki, &lists);
        assert_eq!(decision.answer.status, revoked(None));
        assert!(decision.contradicted_by.is_empty());
    }
}

#[test]
fn scope_is_for_kinds_and_places() {
    let place = |name: &[u8]| tlv(0xa0, &[&tlv(0xa0, &[name])]);
    let url = tlv(0x86, &[b"http://a/1.crl"]);
    let points = tlv(0x30, &[&tlv(0x30, &[&place(&url)])]);
    let pki = pki(&[extension(31, false, &points)]);
    let list = |fields: &[&[u8]]| List::new("CA", &pki.ca_key, 5).scope(fields).make();
    let relative = tlv(0xa0, &[&tlv(0xa1, &[&tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(0x0c, &[b"x"])])])]);
    for (fields, covers) in [
        (&place(&url)[..], true),
        (&place(&tlv(0x86, &[b"http://a/2.crl"])), false),
        (&relative, false),
        (&[0x81, 1, 0xff], true),
        (&[0x82, 1, 0xff], false),
        (&[0x85, 1, 0xff], false),
    ] {
        let decision = ask(&pki, &[list(&[fields])]);
        assert_eq!(decision.is_good(), covers, "{fields:02x?}");
        if !covers {
            assert_eq!(decision.refused, [(Piece::List(0), WhyUnknown::OutOfScope)]);
        }
    }
    // What cannot be read has no scope that anybody knows.
    assert!(matches!(
        ask(&pki, &[list(&[&[5, 0]])]).answer.status,
        Status::Unknown(WhyUnknown::Malformed(_))
    ));
    // A name relative to the issuer of the list, on both sides (RFC 5280 4.2.1.13).
    let points = tlv(0x30, &[&tlv(0x30, &[&relative])]);
    let pki = self::pki(&[extension(31, false, &points)]);
    assert!(ask(&pki, &[List::new("CA", &pki.ca_key, 5).scope(&[&relative]).make()]).is_good());
}

#[test]
fn an_indirect_list_says_whose_its_entries_are() {
    let points = tlv(0x30, &[&tlv(0x30, &[&tlv(0xa2, &[&directory("Lists")])])]);
    let pki = pki(&[extension(31, false, &points)]);
    let lists_key = key();
    let signer = certificate("Lists", &lists_key, "CA", &pki.ca_key, &[]);
    let list = || List::new("Lists", &lists_key, 5).scope(&[&[0x84, 1, 0xff]]);
    let question = Question::new(&pki.leaf, &pki.ca, now() + DAY * 50);
    let trusted = Known(vec![signer.clone()], vec![signer.clone()]);
    let status =
        |list: List<'_>, signers: &Known| ask_with(&question, &[list.make()], &[], signers).answer.status;
    assert_eq!(status(list(), &trusted), Status::Good);
    // Sticky: of the list's own issuer at first, then of whoever was named last (RFC 5280 5.3.3).
    assert_eq!(status(list().entry(7, None, None), &trusted), Status::Good);
    assert_eq!(status(list().entry(7, None, Some("CA")), &trusted), revoked(None));
    let sticky = list().entry(1, None, Some("CA")).entry(7, None, None);
    assert_eq!(status(sticky.clone(), &trusted), revoked(None));
    let passed_on = list().entry(1, None, Some("CA")).entry(2, None, Some("Other")).entry(7, None, None);
    assert_eq!(status(passed_on, &trusted), Status::Good);
    // By somebody without a path, by nobody, and without the word that it is indirect.
    let untrusted = Known(vec![signer.clone()], Vec::new());
    assert_eq!(status(sticky.clone(), &untrusted), Status::Unknown(WhyUnknown::SignerNotTrusted));
    assert!(matches!(
        status(sticky.clone(), &Known(Vec::new(), Vec::new())),
        Status::Unknown(WhyUnknown::CrlSignature(CrlSignatureError::OtherIssuer))
    ));
    let direct = List { scope: None, ..sticky.clone() };
    assert_eq!(status(direct, &trusted), Status::Unknown(WhyUnknown::NotIndirect));
    // The issuer's own list that has entries of others without saying that it is indirect says of nobody that he is good.
    let own = List::new("CA", &pki.ca_key, 5).entry(1, None, Some("Other")).make();
    let decision = ask(&pki, &[own]);
    assert_eq!(decision.answer.status, Status::Unknown(WhyUnknown::CriticalExtension("2.5.29.29".into())));

    // Whoever signs the list may stand on it only where his own certificate says so.
    let own_question = Question::new(&signer, &pki.ca, now() + DAY * 50);
    let decision = ask_with(&own_question, &[list().make()], &[], &trusted);
    assert_eq!(decision.answer.status, Status::Unknown(WhyUnknown::OtherIssuer));
    let delegated = certificate("Lists", &lists_key, "CA", &pki.ca_key, &[extension(31, false, &points)]);
    let question = Question::new(&delegated, &pki.ca, now() + DAY * 50);
    let known = Known(vec![delegated.clone()], Vec::new());
    assert!(ask_with(&question, &[list().make()], &[], &known).is_good());
}

#[test]
fn a_new_key_of_the_issuer_signs_when_it_has_a_path() {
    let pki = pki(&[]);
    let new_key = key();
    let renewed = certificate("CA", &new_key, "CA", &pki.ca_key, &[]);
    let list = List::new("CA", &new_key, 5).make();
    let question = Question::new(&pki.leaf, &pki.ca, now() + DAY * 50);
    let known = Known(vec![pki.ca.clone(), renewed.clone()], vec![renewed.clone()]);
    let decision = ask_with(&question, std::slice::from_ref(&list), &[], &known);
    assert!(decision.is_good());
    assert_eq!(decision.used[0].signer, renewed);
    let stranger = Known(vec![renewed.clone()], Vec::new());
    let decision = ask_with(&question, &[list], &[], &stranger);
    assert_eq!(decision.answer.status, Status::Unknown(WhyUnknown::SignerNotTrusted));
    // Another authority that gave somebody the issuer's name.
    let (namesake_key, other_key) = (key(), key());
    let namesake = certificate("CA", &namesake_key, "Other", &other_key, &[]);
    let known = Known(vec![namesake.clone()], vec![namesake]);
    let decision = ask_with(&question, &[List::new("CA", &namesake_key, 5).make()], &[], &known);
    assert_eq!(decision.answer.status, Status::Unknown(WhyUnknown::SignerNotTrusted));
    // keyUsage without cRLSign.
    let no_lists = certificate("CA", &new_key, "CA", &pki.ca_key, &[extension(15, true, &[3, 2, 2, 4])]);
    let known = Known(vec![no_lists.clone()], vec![no_lists]);
    let decision = ask_with(&question, &[List::new("CA", &new_key, 5).make()], &[], &known);
    let why = WhyUnknown::CrlSignature(CrlSignatureError::NotForCrls);
    assert_eq!(decision.answer.status, Status::Unknown(why));
}

#[test]
fn a_good_status_ages_and_a_revocation_does_not() {
    let pki = pki(&[]);
    let list = List::new("CA", &pki.ca_key, 5);
    let at = |day: u32, freshness: Freshness| {
        Question::new(&pki.leaf, &pki.ca, now() + DAY * day).freshness(freshness)
    };
    let current = |grace: Duration| Freshness::Current { grace };
    let is_good = |list: &List<'_>, question: &Question<'_>| {
        ask_with(question, &[list.make()], &[], &OnlyIssuer).is_good()
    };
    assert!(is_good(&list, &at(6, current(Duration::ZERO))), "nextUpdate is its last second");
    assert!(!is_good(&list, &at(7, current(Duration::ZERO))));
    assert!(is_good(&list, &at(7, current(DAY))));
    assert!(is_good(&list, &at(9, Freshness::Any)));
    assert!(is_good(&list, &at(9, Freshness::MaxAge(DAY * 4))));
    assert!(!is_good(&list, &at(9, Freshness::MaxAge(DAY * 3))));
    let endless = List { next_update: None, ..list.clone() };
    assert!(!is_good(&endless, &at(6, current(DAY))), "nothing says until when");
    let last = List { next_update: Some(NEVER.parse().unwrap()), ..list.clone() };
    assert!(last.make().is_last() && !list.make().is_last());
    assert!(is_good(&last, &at(99, current(Duration::ZERO))));

    let old = list.clone().entry(7, None, None).make();
    let decision = ask_with(&at(60, current(Duration::ZERO)), &[old], &[], &OnlyIssuer);
    assert_eq!(decision.answer.status, revoked(None));
    // From after the time asked about, but for clocks that differ.
    let early = at(4, Freshness::Any);
    let decision = ask_with(&early, &[list.make()], &[], &OnlyIssuer);
    assert!(matches!(decision.answer.status, Status::Unknown(WhyUnknown::FromLater { .. })));
    assert!(is_good(&list, &early.tolerance(DAY)));
    // After the certificate is over only a list that remembers counts (X.509 9.5.2.8; TS 119 612 5.5.9.1).
    let late = List::new("CA", &pki.ca_key, 101);
    let question = at(150, Freshness::Any);
    let decision = ask_with(&question, &[late.make()], &[], &OnlyIssuer);
    assert!(matches!(decision.answer.status, Status::Unknown(WhyUnknown::AfterNotAfter { .. })));
    assert!(is_good(&late, &question.clone().remembered_since(now())));
    let date = tlv(0x18, &[now().to_generalized_time().as_bytes()]);
    assert!(is_good(&List { further: vec![extension(60, false, &date)], ..late }, &question));
}

fn response(pki: &Pki, day: u32, revoked: Option<Reason>) -> OcspView {
    let id = CertId::new(pki.leaf.serial(), &pki.ca, segl_crypto::DigestAlgorithm::Sha256).unwrap();
    let builder = OcspResponseBuilder::new(&pki.ca, now() + DAY * day, now() + DAY * (day + 1));
    let builder = match revoked {
        Some(reason) => builder.revoked(&id, now() + DAY, Some(reason)).unwrap(),
        None => builder.good(&id, now()).unwrap(),
    };
    let prepared = builder.prepare().unwrap();
    let value = pki.ca_key.sign(prepared.to_be_signed()).unwrap();
    prepared.assemble(&value).unwrap()
}

#[test]
fn of_lists_and_responses_the_youngest_counts_but_a_revocation_is_final() {
    let pki = pki(&[]);
    let question = Question::new(&pki.leaf, &pki.ca, now() + DAY * 50);
    let ask = |list: CrlView, response: &OcspView| ask_with(&question, &[list], &[response], &OnlyIssuer);
    let list = |day: u32| List::new("CA", &pki.ca_key, day);

    let decision = ask(list(5).make(), &response(&pki, 6, None));
    assert_eq!((decision.is_good(), decision.used[0].piece), (true, Piece::Response(0)));
    let decision = ask(list(7).make(), &response(&pki, 6, None));
    assert_eq!((decision.is_good(), decision.used[0].piece), (true, Piece::List(0)));
    // Said to be good by the younger of the two, whichever that is.
    let gone = Some(Reason::Superseded);
    let decision = ask(list(5).entry(7, gone, None).make(), &response(&pki, 6, None));
    assert_eq!(decision.answer.status, revoked(gone));
    assert_eq!(decision.contradicted_by, [Piece::Response(0)]);
    let decision = ask(list(7).make(), &response(&pki, 6, gone));
    assert_eq!(decision.answer.status, revoked(gone));
    assert_eq!(decision.contradicted_by, [Piece::List(0)]);
    // A hold ends.
    let hold = Some(Reason::CertificateHold);
    assert!(ask(list(7).make(), &response(&pki, 6, hold)).is_good());
    assert_eq!(ask(list(5).make(), &response(&pki, 6, hold)).answer.status, revoked(hold));
    // Nothing from after the time asked about.
    let early = Question::new(&pki.leaf, &pki.ca, now() + DAY * 5);
    let decision = ask_with(&early, &[], &[&response(&pki, 6, None)], &OnlyIssuer);
    assert!(matches!(decision.answer.status, Status::Unknown(WhyUnknown::FromLater { .. })));
}

/// Ed25519 takes no digest: the signed part is read once more, as long as it is not too large.
#[test]
fn an_index_of_a_list_without_a_digest_is_verified_when_it_is_small() {
    let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let algorithm = segl_crypto::SignatureAlgorithm::ED25519.to_der();
    let bits = tlv(3, &[&[0], &signing.verifying_key().to_bytes()]);
    let spki = tlv(0x30, &[&algorithm, &bits]);
    let dates = tlv(0x30, &[&now().to_der(), &(now() + DAY).to_der()]);
    let tbs = tlv(0x30, &[&[0xa0, 3, 2, 1, 2, 2, 1, 1], &algorithm, &name("CA"), &dates, &name("CA"), &spki]);
    let sign = |tbs: &[u8]| {
        let value = ed25519_dalek::Signer::sign(&signing, tbs).to_bytes();
        tlv(0x30, &[tbs, &algorithm, &tlv(3, &[&[0], &value])])
    };
    let ca = Certificate::from_der(&sign(&tbs)).unwrap();
    let entry = tlv(0x30, &[&[2, 1, 7], &now().to_der()]);
    let list = |entries: usize| {
        let entries = tlv(0x30, &[&entry.repeat(entries)]);
        sign(&tlv(0x30, &[&[2, 1, 1], &algorithm, &name("CA"), &now().to_der(), &entries]))
    };
    let small = list(3);
    let index = CrlIndex::read(small.as_slice(), &IndexLimits::default()).unwrap();
    assert_eq!(index.verify_signer(&ca), Ok(()));
    assert_eq!(CrlView::from_der(&small).unwrap().verify_signer(&ca), Ok(()));
    let mut changed = small.clone();
    *changed.last_mut().unwrap() ^= 1;
    let index = CrlIndex::read(changed.as_slice(), &IndexLimits::default()).unwrap();
    assert_eq!(index.verify_signer(&ca), Err(CrlSignatureError::Signature(VerifyError::BadSignature)));
    let large = list(60_000);
    let index = CrlIndex::read(large.as_slice(), &IndexLimits::default()).unwrap();
    assert_eq!(index.len(), 60_000);
    assert_eq!(index.verify_signer(&ca), Err(CrlSignatureError::Signature(VerifyError::UnsupportedDigest)));
    assert_eq!(CrlView::from_der(&large).unwrap().verify_signer(&ca), Ok(()));
}

#[test]
fn what_is_issued_is_decided_upon() {
    let pki = pki(&[]);
    let sign = |builder: CrlBuilder<'_>| {
        let prepared = builder.prepare().unwrap();
        let value = pki.ca_key.sign(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap()
    };
    let at = |day: u32| now() + DAY * day;
    let list = |day: u32| CrlBuilder::new(&pki.ca, day.into(), at(day), at(day + 1));
    let hold = Some(Reason::CertificateHold);
    let complete = sign(list(5).freshest("http://a/delta.crl").revoked(&[7], at(1), hold).unwrap());
    assert_eq!(complete.freshest_crl()[0].uris().collect::<Vec<_>>(), ["http://a/delta.crl"]);
    let released = list(6).delta_since(5).revoked(&[7], at(1), Some(Reason::RemoveFromCrl)).unwrap();
    let delta = sign(released);
    assert!(complete.takes(&delta) && !delta.takes(&complete));
    assert_eq!(ask(&pki, std::slice::from_ref(&complete)).answer.status, revoked(hold));
    assert!(ask(&pki, &[complete, delta]).is_good());
    let last = sign(CrlBuilder::last(&pki.ca, 9, at(9)));
    assert!(last.is_last());
    assert!(last.as_der().windows(15).any(|part| part == b"99991231235959Z"));

    let wrong = list(6).delta_since(6).prepare().unwrap_err();
    assert_eq!(wrong, IssueError::Base { base: 6, number: 6 });
    let taken_back = list(6).revoked(&[7], at(1), Some(Reason::RemoveFromCrl)).unwrap().prepare();
    assert_eq!(taken_back.unwrap_err(), IssueError::TakenBackByCompleteList);
}

#[test]
fn an_index_keeps_to_its_limits() {
    let pki = pki(&[]);
    let mut list = List::new("CA", &pki.ca_key, 5);
    for serial in 1..=100 {
        list = list.entry(serial, None, None);
    }
    let der = list.der();
    let read =
        |der: &[u8], limits: IndexLimits| CrlIndex::read(der.to_vec(), &limits).map(|index| index.len());
    let limits = IndexLimits { size: der.len() as u64, entries: 100 };
    assert_eq!(read(&der, limits), Ok(100));
    assert_eq!(
        read(&der, IndexLimits { entries: 99, ..limits }),
        Err(CrlError::TooManyEntries { limit: 99 })
    );
    let size = der.len() as u64;
    let small = IndexLimits { size: size - 1, ..limits };
    assert_eq!(read(&der, small), Err(CrlError::TooLarge { size, limit: size - 1 }));
    // An entry of 70 kB, one that claims four gigabytes, and a list that does.
    let mut long = List::new("CA", &pki.ca_key, 5);
    let value = extension(99, false, &vec![0; 70_000]);
    long.entries.push(tlv(0x30, &[&[2, 1, 7], &now().to_der(), &tlv(0x30, &[&value])]));
    let any = IndexLimits::default();
    assert!(matches!(read(&long.der(), any), Err(CrlError::EntryTooLarge { limit: 65_536, .. })));
    let mut claims = List::new("CA", &pki.ca_key, 5);
    claims.entries.push(vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xf0, 2, 1, 7]);
    assert!(matches!(read(&claims.der(), any), Err(CrlError::Syntax(_))));
    assert!(matches!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], any), Err(CrlError::Syntax(_))));
    assert!(matches!(read(&[], any), Err(CrlError::Syntax(_))));

    // The same number ten thousand times costs no more than ten thousand others, and one look-up gives up.
    let mut same = List::new("CA", &pki.ca_key, 5);
    for _ in 0..10_000 {
        same = same.entry(7, None, None);
    }
    let index = CrlIndex::read(same.der(), &any).unwrap();
    let error = index.look_up(&[7], pki.ca.subject()).unwrap_err();
    assert_eq!(error, ListError::Crowded { limit: 4096 });
    assert_eq!(index.look_up(&[8], pki.ca.subject()).unwrap().listed, None);
    // They do not fit into one part of the file.
    let mut given = 0;
    let count = |entry: &CrlEntry<'_>| {
        assert_eq!((entry.serial, entry.revoked_at), (&[7][..], now() + DAY));
        given += 1;
        if given == 9_999 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    index.for_each(count).unwrap();
    assert_eq!(given, 9_999);
    // A file that is another when it is asked.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&der).unwrap();
    let index = CrlIndex::read(FileSource::new(file.reopen().unwrap()).unwrap(), &any).unwrap();
    assert!(index.look_up(&[7], pki.ca.subject()).unwrap().listed.is_some());
    let at = der.windows(3).position(|part| part == [2, 1, 7]).unwrap();
    let mut changed = der.clone();
    changed[at + 2] = 101;
    std::fs::write(file.path(), &changed).unwrap();
    assert_eq!(index.look_up(&[7], pki.ca.subject()), Err(ListError::Changed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is indexed is a list, and says what the list says; nothing panics.
    #[test]
    fn an_index_of_any_bytes_says_what_the_view_says(
        place in any::<prop::sample::Index>(),
        octet in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        thread_local! {
            static LIST: Vec<u8> = {
                let key = key();
                let list = List::new("CA", &key, 5).scope(&[&[0x84, 1, 0xff]]).entry(3, Some(Reason::Superseded), None);
                list.entry(200, None, Some("Other")).entry(3, Some(Reason::KeyCompromise), None).der()
            };
        }
        LIST.with(|der| {
            let mut changed = der.clone();
            let place = place.index(changed.len());
            changed[place] = octet;
            let cut = &der[..cut.index(der.len())];
            for bytes in [&changed[..], cut] {
                let Ok(index) = CrlIndex::read(bytes, &IndexLimits::default()) else { continue };
                let view = CrlView::from_der(bytes).unwrap();
                assert_eq!(index.len(), view.entries().filter(Result::is_ok).count().max(index.len()));
                let mut given = Vec::new();
                let keep = |entry: &CrlEntry<'_>| {
                    given.push((entry.serial.to_vec(), entry.revoked_at, entry.reason));
                    ControlFlow::Continue(())
                };
                let end = index.for_each(keep);
                let seen = view.entries().filter_map(Result::ok);
                assert_eq!(given, seen.map(|one| (one.serial.to_vec(), one.revoked_at, one.reason)).collect::<Vec<_>>());
                let first = view.entries().find_map(Result::err).map(ListError::from);
                assert_eq!(end.err(), first);
                for issuer in ["CA", "Other"] {
                    let issuer = certificate_name(issuer);
                    for serial in [&[3][..], &[200], &[9], &[octet]] {
                        assert_eq!(index.look_up(serial, &issuer).ok(), view.look_up(serial, &issuer).ok());
                    }
                }
            }
        });
    }
}

fn certificate_name(common: &str) -> segl_x509::Name {
    segl_x509::Name::from_der(&name(common)).unwrap()
}
