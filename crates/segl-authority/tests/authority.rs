//! The TEST authority from its making to its renewal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use segl_authority::{
    AuthorityKeys, CreateError, Due, IssueError, OpenError, Part, RespondError, SealOrder, TestAuthority,
};
use segl_cert::{
    Approved, AuthorityNames, AuthorityUrls, CertificateContent, Device, Holder, IssuedCertificate,
    IssuedCertificates, IssuerKey, Lifetime, MemoryRegister, Organisation, OrganisationIdentifier,
    PrepareError, Registered, Reservation, Revocation, SealProfile, SerialNumber, State, Unit,
};
use segl_crypto::{DigestAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned, digest};
use segl_key::{AuthorityKey, Curve, KeyId, KeyRequest, OneShotKey, Receipt, SoftToken};
use segl_revocation::{
    CertId, OcspError, OcspRequest, OcspView, Reason, ResponseStatus, SingleStatus, Status,
};
use segl_tsp::{Expectations, check_response};
use segl_x509::{Certificate, CertificationRequest};

const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);

type Rng = rand_core::UnwrapErr<getrandom::SysRng>;

fn rng() -> Rng {
    rand_core::UnwrapErr(getrandom::SysRng)
}

fn now() -> Time {
    Time::from_unix(1_795_000_000)
}

fn urls() -> AuthorityUrls {
    AuthorityUrls::new("http://pki.example.com").unwrap()
}

fn create(register: &MemoryRegister) -> (TestAuthority, AuthorityKeys) {
    let keys = AuthorityKeys::generate_soft(&mut rng()).unwrap();
    let names = AuthorityNames::test().unwrap();
    let made = TestAuthority::create(&names, &urls(), keys.clone(), register, now(), &mut rng()).unwrap();
    (made, keys)
}

fn profile() -> SealProfile {
    let identifier = OrganisationIdentifier::parse("NTRDK-00000001").unwrap();
    let organisation = Organisation::new("DK", "TEST Example Municipality", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Example Municipality Seal").unwrap());
    SealProfile::new(holder, Lifetime::Hours12, &urls())
}

fn approved(authority: &TestAuthority, profile: &SealProfile) -> Approved {
    let presented = authority.present(profile).unwrap();
    let seen = *presented.content().sha256();
    presented.approve(&seen).unwrap()
}

fn receipt(content: Option<[u8; 32]>) -> Receipt {
    let mut request = KeyRequest::new(Curve::P256, KeyId([1; 16]), [2; 16]);
    request.content = content;
    let key = OneShotKey::generate(SoftToken::new(rng()), &request).unwrap();
    key.receipt().clone()
}

fn issue(authority: &TestAuthority, register: &MemoryRegister, at: Time) -> Certificate {
    let approved = approved(authority, &profile());
    let receipt = receipt(Some(*approved.content().sha256()));
    authority.issue(approved, &receipt, at, register, at, &mut rng()).unwrap()
}

fn serial(certificate: &Certificate) -> SerialNumber {
    SerialNumber::from_der_content(certificate.serial()).unwrap()
}

#[test]
fn everything_made_at_the_start_fits_together() {
    let register = MemoryRegister::default();
    let (authority, keys) = create(&register);
    let material = authority.material();
    for certificate in [&material.issuing_ca, &material.time_stamp_unit] {
        assert!(material.root_crl.status_of(certificate, &material.root).is_good());
        assert!(certificate.not_before() <= material.root_crl.this_update());
    }
    let own = authority.ocsp(&material.ocsp_responder, &register, now()).unwrap();
    assert!(own.status_of(&material.ocsp_responder, &material.issuing_ca).is_good());
    assert!(authority.due(now()).is_empty());
    assert_eq!(authority.chain(), &[material.issuing_ca.clone(), material.root.clone()]);
    let again = TestAuthority::open(&urls(), keys, material.clone()).unwrap();
    assert_eq!(again.material(), material);
    let root = IssuerKey::of_spki(material.root.spki_der());
    for certificate in [&material.root, &material.issuing_ca, &material.time_stamp_unit] {
        let entry = register.status(&root, &serial(certificate)).unwrap().unwrap();
        assert_eq!(entry.sha256, Some(certificate.fingerprint_sha256()));
    }
}

#[test]
fn parts_of_two_authorities_do_not_open() {
    let register = MemoryRegister::default();
    let ((one, keys), (two, _)) = (create(&register), create(&register));
    let mut material = one.material();
    material.time_stamp_unit = two.material().time_stamp_unit;
    let refused = TestAuthority::open(&urls(), keys.clone(), material.clone()).unwrap_err();
    assert!(matches!(refused, OpenError::KeyMismatch(Part::TimeStampUnit)));
    let mut mixed = keys.clone();
    mixed.time_stamp_unit = AuthorityKey::generate_soft(Curve::P384, &mut rng()).unwrap();
    assert!(matches!(TestAuthority::open(&urls(), mixed, one.material()), Err(OpenError::KeyMismatch(_))));
    material = one.material();
    material.root_crl = two.material().root_crl;
    assert!(matches!(TestAuthority::open(&urls(), keys, material), Err(OpenError::RootCrl)));
}

#[test]
fn an_authority_that_does_not_say_test_is_not_made() {
    let identifier = OrganisationIdentifier::parse("NTRDK-12345674").unwrap();
    let names = AuthorityNames::new(Organisation::new("DK", "Myndighed", identifier).unwrap()).unwrap();
    let keys = AuthorityKeys::generate_soft(&mut rng()).unwrap();
    let register = MemoryRegister::default();
    let refused = TestAuthority::create(&names, &urls(), keys, &register, now(), &mut rng()).unwrap_err();
    assert!(matches!(refused, CreateError::Open(OpenError::NotTest(Part::Root))));
}

#[test]
fn a_certificate_is_issued_and_its_status_follows_the_register() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let at = now() + DAY;
    let certificate = issue(&authority, &register, at);
    let ca = authority.issuing_ca();
    assert_eq!(certificate.not_before(), at);
    let status =
        |at| authority.ocsp(&certificate, &register, at).unwrap().status_of(&certificate, ca.certificate());
    assert!(status(at).is_good());
    assert!(authority.ca_crl(&register, at).unwrap().status_of(&certificate, ca.certificate()).is_good());
    assert_eq!(register.status(ca.identity(), &serial(&certificate)).unwrap().unwrap().state, State::Issued);

    let revocation = Revocation { at: at + DAY, reason: Some(1) };
    register.revoke(ca.identity(), &serial(&certificate), revocation).unwrap();
    assert!(status(at).is_good(), "a revocation to come is not said yet");
    let revoked = Status::Revoked { at: at + DAY, reason: Some(Reason::KeyCompromise) };
    assert_eq!(status(at + DAY).status, revoked);
    let list = authority.ca_crl(&register, at + DAY * 400).unwrap();
    assert_eq!(list.status_of(&certificate, ca.certificate()).status, revoked, "also long after it expired");
    assert_eq!(authority.ca_crl(&register, at).unwrap().entries().count(), 0);
}

#[test]
fn a_decline_leaves_nothing_and_an_approval_binds() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let counting = Counting::over(&register);
    let presented = authority.present(&profile()).unwrap();
    assert!(presented.content().to_string().contains("TEST Example Municipality"));
    assert_eq!(counting.reserved.get(), 0, "presenting reserves nothing");

    let other = receipt(Some([9; 32]));
    let refused =
        authority.issue(approved(&authority, &profile()), &other, now(), &counting, now(), &mut rng());
    assert!(matches!(refused, Err(IssueError::ContentOfOther)));
    let early = authority.issue(
        approved(&authority, &profile()),
        &receipt(None),
        now() + SECOND,
        &counting,
        now(),
        &mut rng(),
    );
    assert!(matches!(early, Err(IssueError::NotYet { .. })));
    assert_eq!(counting.reserved.get(), 0);

    let qualified = approved(&authority, &profile().device(Device::Qualified));
    let refused = authority.issue(qualified.clone(), &receipt(None), now(), &counting, now(), &mut rng());
    assert!(matches!(refused, Err(IssueError::Prepare(PrepareError::Device))));
    let state = register.status(authority.issuing_ca().identity(), &counting.last()).unwrap().unwrap().state;
    assert_eq!(state, State::Abandoned, "a serial number that was reserved for nothing is never vouched for");
    let receipt = receipt(None);
    let order =
        SealOrder { approved: qualified, receipt: &receipt, device: Device::Qualified, not_before: now() };
    let refused = authority.issuing_ca().issue(order, &counting, now(), &mut rng());
    assert!(matches!(refused, Err(IssueError::Device)), "a software token is never a qualified device");
}

#[test]
fn a_key_gets_no_second_certificate() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let receipt = receipt(None);
    let issue =
        || authority.issue(approved(&authority, &profile()), &receipt, now(), &register, now(), &mut rng());
    issue().unwrap();
    assert!(matches!(issue(), Err(IssueError::KeyTaken)));
}

/// A certification request for the key, signed by another or by itself.
fn request(key: &SoftwareKey, signer: &SoftwareKey) -> CertificationRequest {
    let element = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, high, low][..], &content].concat()
    };
    let info = element(0x30, &[&[2, 1, 0], &[0x30, 0], &key.public_key_spki().unwrap(), &[0xa0, 0]]);
    let tbs = ToBeSigned::new(info.clone(), signer.algorithm());
    let value = signer.sign(&tbs).unwrap();
    let value = element(0x03, &[&[0], value.as_bytes()]);
    CertificationRequest::from_der(&element(0x30, &[&info, &tbs.algorithm().to_der(), &value])).unwrap()
}

#[test]
fn a_long_lived_key_proves_that_it_is_held() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let key = SoftwareKey::generate(SoftKind::EcP256, &mut rng());
    let other = SoftwareKey::generate(SoftKind::EcP256, &mut rng());
    let issue = |request: &CertificationRequest| {
        let approved = approved(&authority, &profile());
        authority.issue_for_request(approved, request, now(), &register, now(), &mut rng())
    };
    let content = *approved(&authority, &profile()).content().sha256();
    let certificate = issue(&request(&key, &key)).unwrap();
    assert_eq!(certificate.spki_der(), key.public_key_spki().unwrap());
    // The name wished for is empty, and what was approved is certified.
    assert_eq!(*CertificateContent::of(&certificate).unwrap().sha256(), content);
    let issuer = authority.material().issuing_ca;
    certificate.verify_signed_by(&issuer.public_key().unwrap()).unwrap();
    let refused = issue(&request(&key, &other)).unwrap_err();
    assert!(matches!(refused, IssueError::Possession(_)), "{refused}");
    let p384 = SoftwareKey::generate(SoftKind::EcP384, &mut rng());
    let refused = issue(&request(&p384, &p384)).unwrap_err();
    assert!(matches!(refused, IssueError::Prepare(PrepareError::KeyDiffers { .. })), "{refused}");
}

#[test]
fn nothing_is_signed_when_the_register_fails() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let counting = Counting::over(&register);
    counting.fails.set(true);
    let refused = authority.issue(
        approved(&authority, &profile()),
        &receipt(None),
        now(),
        &counting,
        now(),
        &mut rng(),
    );
    assert!(matches!(refused, Err(IssueError::Register(_))));
    counting.fails.set(false);
    counting.taken.set(true);
    let refused = authority.issue(
        approved(&authority, &profile()),
        &receipt(None),
        now(),
        &counting,
        now(),
        &mut rng(),
    );
    assert!(matches!(refused, Err(IssueError::SerialNumbers)));
}

#[test]
fn a_certificate_nobody_has_is_not_in_force() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let counting = Counting::over(&register);
    counting.loses.set(true);
    let approved = approved(&authority, &profile());
    let receipt = receipt(Some(*approved.content().sha256()));
    let refused = authority.issue(approved, &receipt, now(), &counting, now(), &mut rng());
    assert!(matches!(refused, Err(IssueError::Register(_))));
    let entry = register.status(authority.issuing_ca().identity(), &counting.last()).unwrap().unwrap();
    assert_eq!(entry.state, State::Abandoned);
}

#[test]
fn what_one_list_tells_every_later_one_tells() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let ca = authority.issuing_ca();
    let certificate = issue(&authority, &register, now());
    let counting = Counting::over(&register);
    counting.revokes.set(Some(serial(&certificate)));
    let ours = ca.crl(&counting, &[], now(), DAY).unwrap();
    assert!(ours.status_of(&certificate, ca.certificate()).is_good());
    // Both are of one octet.
    let theirs = u8::try_from(counting.theirs.get()).unwrap();
    assert!(ours.number().unwrap() < [theirs].as_slice(), "the later list forgets a revocation");
}

#[test]
fn revoked_is_told_before_it_was_noted_that_it_was_issued() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let ca = authority.issuing_ca();
    let number = SerialNumber::from_random([8; 15]);
    register.reserve(ca.identity(), &number, now()).unwrap();
    register.revoke(ca.identity(), &number, Revocation { at: now(), reason: Some(4) }).unwrap();
    let id = CertId::new(number.as_octets(), ca.certificate(), DigestAlgorithm::Sha256).unwrap();
    let request = OcspRequest { certificates: vec![id], nonce: None };
    let answer = authority.responder().answer(&request, &register, now()).unwrap();
    assert!(matches!(answer.responses()[0].status, SingleStatus::Revoked { .. }), "{answer:?}");
}

#[test]
fn unknown_serial_numbers_are_never_good() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let ca = authority.issuing_ca();
    let reserved = SerialNumber::from_random([8; 15]);
    register.reserve(ca.identity(), &reserved, now()).unwrap();
    let abandoned = issue(&authority, &register, now());
    register.record_abandoned(ca.identity(), &serial(&abandoned), now()).unwrap();
    let never = SerialNumber::from_random([9; 15]);
    for number in
        [reserved.as_octets().as_slice(), abandoned.serial(), never.as_octets(), &[1], &[0xff; 21], &[]]
    {
        let id = CertId::new(number, ca.certificate(), DigestAlgorithm::Sha256).unwrap();
        let request = OcspRequest { certificates: vec![id], nonce: None };
        let answer = authority.responder().answer(&request, &register, now()).unwrap();
        assert_eq!(answer.responses()[0].status, SingleStatus::Unknown, "{number:02x?}");
    }
}

#[test]
fn the_responder_refuses_what_it_cannot_answer() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let status =
        |request: &[u8]| OcspView::from_der(&authority.respond(request, &register, now())).unwrap_err();
    assert_eq!(status(b"?"), OcspError::NotSuccessful(ResponseStatus::MalformedRequest));
    let nothing = OcspRequest { certificates: vec![], nonce: None };
    assert_eq!(status(&nothing.to_der()), OcspError::NotSuccessful(ResponseStatus::MalformedRequest));
    let root = authority.root().certificate();
    let foreign =
        OcspRequest::about(authority.issuing_ca().certificate(), root, DigestAlgorithm::Sha1, None).unwrap();
    assert_eq!(status(&foreign.to_der()), OcspError::NotSuccessful(ResponseStatus::Unauthorized));
    let certificate = issue(&authority, &register, now());
    let ca = authority.issuing_ca().certificate();
    let request = OcspRequest::about(&certificate, ca, DigestAlgorithm::Sha1, Some(vec![5; 32])).unwrap();
    let answer = OcspView::from_der(&authority.respond(&request.to_der(), &register, now())).unwrap();
    assert_eq!(answer.nonce(), Some(vec![5; 32]));
    assert!(answer.status_of(&certificate, ca).is_good());
    let late = authority.responder().certificate().not_after() + SECOND;
    assert!(matches!(
        authority.ocsp(&certificate, &register, late),
        Err(RespondError::ResponderNotValid { .. })
    ));
}

#[test]
fn a_time_stamp_comes_back_for_the_request() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let imprint = digest(DigestAlgorithm::Sha256, b"a document").unwrap();
    let request = segl_tsp::request(&imprint, &[7; 16]);
    let response = authority.stamp(&request.to_der(), &[1; 16], now());
    let expected = Expectations { now: now(), tolerance: Duration::ZERO, certificates: &[] };
    let accepted = check_response(&response, &request, &expected).unwrap();
    assert_eq!(accepted.into_parts().1, *authority.stamper().certificate());
    let refused = authority.stamp(b"?", &[1; 16], now());
    assert!(check_response(&refused, &request, &expected).is_err());
    let too_late = now() + DAY * 366;
    let refused = authority.stamp(&request.to_der(), &[1; 16], too_late);
    assert!(check_response(&refused, &request, &expected).is_err(), "the key is used for a year only");
}

#[test]
fn what_grows_old_is_renewed() {
    let register = MemoryRegister::default();
    let (mut authority, mut keys) = create(&register);
    let number = |authority: &TestAuthority| authority.root_crl().number().unwrap().to_vec();
    assert_eq!(number(&authority), [1]);

    let later = now() + DAY * 21;
    assert_eq!(authority.due(later), [Due::OcspResponder]);
    let before = authority.responder().certificate().clone();
    authority.renew_responder(None, &register, later, &mut rng()).unwrap();
    assert_ne!(*authority.responder().certificate(), before);
    assert!(authority.due(later).is_empty());

    let later = now() + DAY * 32;
    assert_eq!(authority.due(later), [Due::RootCrl]);
    authority.renew_root_crl(&register, later).unwrap();
    assert_eq!((number(&authority), authority.root_crl().this_update()), (vec![2], later));

    let later = now() + DAY * 340;
    assert_eq!(authority.due(later), [Due::OcspResponder, Due::TimeStampUnit, Due::RootCrl]);
    let new_unit =
        AuthorityKey::generate_soft(AuthorityKeys::curve(Part::TimeStampUnit), &mut rng()).unwrap();
    authority.renew_unit(new_unit.clone(), &register, later, &mut rng()).unwrap();
    let responder = AuthorityKey::generate_soft(Curve::P256, &mut rng()).unwrap();
    authority.renew_responder(Some(responder.clone()), &register, later, &mut rng()).unwrap();
    assert!(authority.due(later).is_empty());
    let unit = authority.stamper().certificate();
    assert!(CertificateContent::of(unit).unwrap().to_string().contains("TEST Time-Stamp Unit 2"));
    assert!(authority.root_crl().status_of(unit, authority.root().certificate()).is_good());
    assert_eq!(authority.root_crl().this_update(), later);
    keys.time_stamp_unit = new_unit;
    keys.ocsp_responder = responder;
    let again = TestAuthority::open(&urls(), keys, authority.material()).unwrap();
    assert!(again.due(later).is_empty());
    let certificate = issue(&again, &register, later);
    let answer = again.ocsp(&certificate, &register, later).unwrap();
    assert!(answer.status_of(&certificate, again.issuing_ca().certificate()).is_good());
}

#[test]
fn a_backdated_certificate_lives_inside_its_issuer_from_the_first_second() {
    let register = MemoryRegister::default();
    let (authority, _) = create(&register);
    let receipt = receipt(None);
    let approved = approved(&authority, &profile());
    let certificate =
        authority.issue(approved, &receipt, now() - SECOND * 60, &register, now(), &mut rng()).unwrap();
    let answer = authority.ocsp(&certificate, &register, now()).unwrap();
    assert!(answer.status_of(&certificate, authority.issuing_ca().certificate()).is_good());
}

/// A register that counts, and fails on demand.
struct Counting<'a> {
    inner: &'a MemoryRegister,
    reserved: Cell<u32>,
    fails: Cell<bool>,
    taken: Cell<bool>,
    /// Issuing is noted, and the answer is lost.
    loses: Cell<bool>,
    /// Revoked right after the revocations were read, by somebody else who makes a list of them at once.
    revokes: Cell<Option<SerialNumber>>,
    /// The number of that list.
    theirs: Cell<u64>,
    last: RefCell<Option<SerialNumber>>,
    keys: RefCell<std::collections::BTreeSet<[u8; 32]>>,
}

impl<'a> Counting<'a> {
    fn over(inner: &'a MemoryRegister) -> Self {
        Self {
            inner,
            reserved: Cell::default(),
            fails: Cell::default(),
            taken: Cell::default(),
            loses: Cell::default(),
            revokes: Cell::default(),
            theirs: Cell::default(),
            last: RefCell::default(),
            keys: RefCell::default(),
        }
    }

    fn last(&self) -> SerialNumber {
        self.last.borrow().unwrap()
    }
}

impl IssuedCertificates for Counting<'_> {
    type Error = std::io::Error;

    fn reserve(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<Reservation, Self::Error> {
        if self.fails.get() {
            return Err(std::io::Error::other("full"));
        }
        if self.taken.get() {
            return Ok(Reservation::Taken);
        }
        self.reserved.set(self.reserved.get() + 1);
        *self.last.borrow_mut() = Some(*serial);
        Ok(self.inner.reserve(issuer, serial, at).unwrap())
    }

    fn reserve_for_key(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        key: &[u8; 32],
        at: Time,
    ) -> Result<Reservation, Self::Error> {
        match self.reserve(issuer, serial, at)? {
            Reservation::Made if self.keys.borrow_mut().insert(*key) => Ok(Reservation::Made),
            Reservation::Made => Ok(Reservation::KeyTaken),
            taken => Ok(taken),
        }
    }

    fn record_issued(&self, issued: &IssuedCertificate) -> Result<(), Self::Error> {
        self.inner.record_issued(issued).unwrap();
        if self.loses.get() { Err(std::io::Error::other("lost")) } else { Ok(()) }
    }

    fn record_abandoned(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        at: Time,
    ) -> Result<(), Self::Error> {
        self.inner.record_abandoned(issuer, serial, at).unwrap();
        Ok(())
    }

    fn revoke(
        &self,
        issuer: &IssuerKey,
        serial: &SerialNumber,
        revocation: Revocation,
    ) -> Result<Option<State>, Self::Error> {
        Ok(self.inner.revoke(issuer, serial, revocation).unwrap())
    }

    fn status(&self, issuer: &IssuerKey, serial: &SerialNumber) -> Result<Option<Registered>, Self::Error> {
        Ok(self.inner.status(issuer, serial).unwrap())
    }

    fn revoked(&self, issuer: &IssuerKey) -> Result<Vec<(SerialNumber, Revocation)>, Self::Error> {
        let revoked = self.inner.revoked(issuer).unwrap();
        if let Some(serial) = self.revokes.take() {
            self.inner.revoke(issuer, &serial, Revocation { at: now(), reason: None }).unwrap();
            self.theirs.set(self.inner.next_crl_number(issuer).unwrap());
        }
        Ok(revoked)
    }

    fn next_crl_number(&self, issuer: &IssuerKey) -> Result<u64, Self::Error> {
        Ok(self.inner.next_crl_number(issuer).unwrap())
    }
}
