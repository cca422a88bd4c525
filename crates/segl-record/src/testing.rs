//! Values for the tests of this crate.

use core::time::Duration;

use segl_crypto::Time;
use uuid::Uuid;

use crate::*;

pub(crate) const T0: Time = Time::from_unix(1_779_000_000);

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

pub(crate) fn log(n: u128) -> LogId {
    LogId::new(Uuid::from_u128(n)).unwrap()
}

pub(crate) fn seed(n: u8) -> SaltSeed {
    SaltSeed::new([n; 32])
}

pub(crate) fn content() -> PresentedContent {
    PresentedContent::from_sha256([0xc0; 32])
}

pub(crate) fn opening(n: u8) -> Opening {
    let uuid = |kind: u128| Uuid::from_u128(kind << 64 | u128::from(n));
    Opening {
        request: RequestId::new(uuid(1)).unwrap(),
        session: SessionId::new(uuid(2)).unwrap(),
        organisation: Organisation {
            number: OrganisationNumber::new("NTRDK-12345678").unwrap(),
            name: OrganisationName::new("TEST Ørsted & Søn A/S").unwrap(),
        },
        holder: Holder {
            name: HolderName::new("Test Person").unwrap(),
            id: HolderId::new(uuid(3)).unwrap(),
            email: HolderEmail::new("test.person@example.com").unwrap(),
        },
        assurance: LevelOfAssurance::Substantial,
        authentication: Authentication {
            assertion: AssertionId::new(&format!("_assertion-{n}")).unwrap(),
            issuer: AssertionIssuer::new("https://idp.example.com/saml").unwrap(),
            subject_format: SubjectFormat::new("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
                .unwrap(),
            context: ContextClass::new("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified").unwrap(),
            at: T0 - Duration::from_secs(60),
            purpose: Purpose::Sealing,
        },
        reference: Some(ReferenceText::screen("Case 2026/117", &[], DigestLike::Refuse).unwrap()),
        policy: PolicyVersion::new("1.0").unwrap(),
        terms: TermsVersion::new("2026-11").unwrap(),
        slot: SlotName::new("soft").unwrap(),
        requested: T0,
    }
}

pub(crate) fn advances(n: u8) -> [Advance; 7] {
    let at = |millis: u64| T0 + Duration::from_millis(millis);
    [
        Advance::Presented(content()),
        Advance::Approved(at(100)),
        Advance::KeyMade(KeyReceipt::for_test(opening(n).session, content())),
        Advance::Certified { serial: Serial::new(&[0x5e, n]).unwrap(), issued: at(300) },
        Advance::Signed(at(400)),
        Advance::KeyDestroyed(Duration::from_micros(1500)),
        Advance::TimeStamped(at(500)),
    ]
}

pub(crate) fn progress(n: u8, done: usize) -> Progress {
    let mut progress = Progress::authenticated(opening(n).session);
    for advance in advances(n).into_iter().take(done) {
        progress.advance(advance).unwrap();
    }
    progress
}

pub(crate) fn completed(n: u8) -> SealingRecord {
    SealingRecord::new(opening(n), progress(n, 7), Outcome::Completed, T0 + Duration::from_secs(1)).unwrap()
}

pub(crate) fn completed_in(n: u8, year: u16) -> SealingRecord {
    let concluded = Time::from_civil(year, 6, 15, 12, 0, 0).unwrap();
    SealingRecord::new(opening(n), progress(n, 7), Outcome::Completed, concluded).unwrap()
}

pub(crate) fn purge(year: i16, first: u64, last: u64, count: u64) -> Purge {
    Purge {
        year: RetentionYear::from_year(year).unwrap(),
        first,
        last,
        count,
        operator: Operator::new("records-officer").unwrap(),
        at: Time::from_unix(2_100_000_000),
    }
}
