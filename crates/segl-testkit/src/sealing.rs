//! A made-up sealing: who asks for it, and the facts of every step.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Mutex;

use segl::crypto::{Time, sha256};
use segl::key::{Curve, KeyId, KeyRequest, OneShotKey, Receipt, SoftToken};
use segl::record::{
    Advance, AssertionId, AssertionIssuer, Authentication, ContextClass, DigestLike, Holder, HolderEmail,
    HolderId, HolderName, KeyReceipt, LevelOfAssurance, LogId, Opening, Operator, Organisation,
    OrganisationName, OrganisationNumber, Outcome, PolicyVersion, PresentedContent, Progress, Purpose,
    ReferenceText, RequestId, SaltSeed, SealingRecord, Serial, SessionId, SlotCleared, SlotName,
    SubjectFormat, TermsVersion,
};
use segl::sealing::{Lease, RunnerId};
use uuid::Uuid;

use crate::rng::SeededRng;

/// When the made-up sealings are asked for: 2026-11-25T12:00:00Z.
pub const T0: Time = Time::from_unix(1_795_608_000);

/// A UUID of a kind and a number.
pub const fn uuid(kind: u64, n: u64) -> Uuid {
    Uuid::from_u64_pair(kind + 1, n)
}

/// The log of the tests.
pub fn log_id() -> LogId {
    LogId::new(uuid(9, 9)).unwrap()
}

/// Salts for the record of sealing `n`.
pub fn salts(n: u64) -> SaltSeed {
    SaltSeed::new(sha256(&n.to_be_bytes()))
}

/// A lease of runner `n` for five minutes.
pub fn lease(n: u64) -> Lease {
    Lease { runner: RunnerId::new(uuid(7, n)), until: T0 + Duration::from_secs(300) }
}

/// The opening of sealing `n`: request, session, holder and assertion are its own.
pub fn opening(n: u64) -> Opening {
    Opening {
        request: RequestId::new(uuid(1, n)).unwrap(),
        session: SessionId::new(uuid(2, n)).unwrap(),
        organisation: organisation(n),
        holder: Holder {
            name: HolderName::new(&format!("Test Person {n}")).unwrap(),
            id: HolderId::new(uuid(3, n)).unwrap(),
            email: HolderEmail::new(&format!("test.person.{n}@example.com")).unwrap(),
        },
        assurance: LevelOfAssurance::Substantial,
        authentication: Authentication {
            assertion: AssertionId::new(&format!("_test-assertion-{n}")).unwrap(),
            issuer: AssertionIssuer::new("https://idp.example.com/saml").unwrap(),
            subject_format: SubjectFormat::new("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
                .unwrap(),
            context: ContextClass::new("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified").unwrap(),
            at: T0 - Duration::from_secs(60),
            purpose: Purpose::Sealing,
        },
        reference: Some(
            ReferenceText::screen(&format!("Case {n} of the tests"), &[], DigestLike::Refuse).unwrap(),
        ),
        policy: PolicyVersion::new("test 1.0").unwrap(),
        terms: TermsVersion::new("test 2026-11").unwrap(),
        slot: slot(),
        requested: T0,
    }
}

/// One of two organisations: that of even numbers and that of odd ones.
pub fn organisation(n: u64) -> Organisation {
    Organisation {
        number: OrganisationNumber::new(&format!("NTRDK-1000000{}", n % 2)).unwrap(),
        name: OrganisationName::new(["TEST Even A/S", "TEST Ødd & Søn A/S"][(n % 2) as usize]).unwrap(),
    }
}

/// The slot of every made-up sealing.
pub fn slot() -> SlotName {
    SlotName::new("test slot").unwrap()
}

/// A role for purges and clearances.
pub fn operator() -> Operator {
    Operator::new("records-officer").unwrap()
}

/// That the slot was cleared, a day later.
pub fn cleared() -> SlotCleared {
    SlotCleared { slot: slot(), operator: operator(), at: T0 + Duration::from_secs(86_400) }
}

/// Digest of the content that was presented in sealing `n`.
pub fn content(n: u64) -> PresentedContent {
    PresentedContent::from_sha256(sha256(format!("content {n}").as_bytes()))
}

/// The receipt of a software key made for sealing `n`. The key is destroyed; a later call gives the same receipt.
pub fn receipt(n: u64) -> Receipt {
    static MADE: Mutex<BTreeMap<u64, Receipt>> = Mutex::new(BTreeMap::new());
    if let Some(made) = MADE.lock().unwrap().get(&n) {
        return made.clone();
    }
    let request =
        KeyRequest::new(Curve::P256, KeyId(*uuid(4, n).as_bytes()), *opening(n).session.uuid().as_bytes())
            .for_content(*content(n).as_bytes());
    let receipt =
        OneShotKey::generate(SoftToken::new(SeededRng::new(n)), &request).unwrap().receipt().clone();
    MADE.lock().unwrap().insert(n, receipt.clone());
    receipt
}

/// The seven steps of sealing `n`, each with its facts.
pub fn advances(n: u64) -> [Advance; 7] {
    let at = |millis: u64| T0 + Duration::from_millis(millis);
    let serial = [&[0x5e][..], &sha256(&n.to_be_bytes())[..15]].concat();
    [
        Advance::Presented(content(n)),
        Advance::Approved(at(1000)),
        Advance::KeyMade(KeyReceipt::of(&receipt(n))),
        Advance::Certified { serial: Serial::new(&serial).unwrap(), issued: at(1010) },
        Advance::Signed(at(1020)),
        Advance::KeyDestroyed(Duration::from_micros(900)),
        Advance::TimeStamped(at(1030)),
    ]
}

/// What sealing `n` has behind it after so many of its steps.
pub fn progress(n: u64, done: usize) -> Progress {
    let mut progress = Progress::authenticated(opening(n).session);
    for advance in advances(n).into_iter().take(done) {
        progress.advance(advance).unwrap();
    }
    progress
}

/// The record of sealing `n` that ended so after so many steps.
pub fn record(n: u64, done: usize, outcome: Outcome) -> SealingRecord {
    SealingRecord::new(opening(n), progress(n, done), outcome, T0 + Duration::from_secs(2)).unwrap()
}
