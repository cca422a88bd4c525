//! Everything a sealing needs, in one process, and every part of it ready to fail when it is told to.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test takes what it needs of this")]

pub mod process;

use core::time::Duration;
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

use segl::Embedded;
use segl::ades::{Evidence, Level};
use segl::authority::{AuthorityKeys, AuthorityMaterial, TestAuthority};
use segl::cert::{
    Approved, IssuedCertificates, IssuerKey, Lifetime, MemoryRegister, Presented, Revocation, SealProfile,
    SerialNumber, State,
};
use segl::crypto::{Digest, DigestAlgorithm, Time};
use segl::evidence::Need;
use segl::key::{Curve, KeyId, KeyRequest, OneShotKey, Receipt, SoftToken, Token};
use segl::pdf::Limits;
use segl::record::{
    Entry, Event as LogEvent, Opening, Progress, RequestId, SaltSeed, SealingRecord, SlotCleared, SlotName,
    Step,
};
use segl::sealing::{
    AdvanceError, Approve, Attempt, ClearError, ConcludeError, Decision, Document, EvidenceSource, Found,
    Helpers, Issuer, Journal, Lease, Observe, OpenError, Order, PdfDocument, PdfOptions, SealError, Sealed,
    ServiceError, Stamper, Tolerances, Unfinished, seal, state,
};
use segl::store::{SqliteStore, StoreError};
use segl::x509::{Certificate, ObjectIdentifier};
use segl_testkit::rng::SeededRng;
use segl_testkit::seals;
use tempfile::TempDir;

pub use segl_testkit::sealing::{T0, cleared, lease, log_id, opening, salts, slot};
pub use segl_testkit::seals::urls;

/// The document of every story.
pub const CONTRACT: &[u8] = include_bytes!("../../examples/contract.pdf");
pub const HOUR: Duration = Duration::from_secs(3600);

/// The embedded TEST authority with its register, and a clock that moves a little whenever it is read.
pub struct Rig<R = MemoryRegister> {
    pub authority: TestAuthority,
    pub keys: AuthorityKeys,
    pub register: R,
    pub now: Cell<Time>,
    issued: Cell<usize>,
    seed: AtomicU64,
    serials: Cell<Option<u64>>,
    last: RefCell<Option<Certificate>>,
}

/// What goes wrong outside of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// The issuer has no content to present.
    Present,
    /// The issuer refuses.
    Issue,
    /// The issuer certifies another key.
    OtherKey,
    /// The issuer certifies other content than it showed.
    OtherContent,
    /// The issuer's certificate begins in the future.
    Future,
    /// No time at all is allowed for the destruction of the key.
    LateDestruction,
    /// No evidence is to be had.
    NoEvidence,
    /// The evidence is from before the certificate.
    OldEvidence,
    /// The certificate is revoked as soon as it is asked about.
    Revoked,
    /// What answers a request for evidence is noise.
    NoisyEvidence,
    /// The document cannot be opened.
    Open,
    /// The document cannot be digested.
    Digest,
    /// The same of a large one, while its key is made.
    DigestAside,
    /// The document cannot be laid out.
    LayOut,
    /// The CMS does not go in.
    Seal,
    /// The evidence does not go in.
    AddEvidence,
    /// The second time-stamp cannot be laid out.
    LayOutArchive,
    /// The second time-stamp does not go in.
    Archive,
}

/// How a time-stamping authority answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Well,
    /// Not at all.
    Nothing,
    Garbage,
    /// The answer to an earlier request.
    OtherNonce,
    /// Under another policy than the one asked for.
    OtherPolicy,
    /// A token over another digest, with the nonce asked for.
    OtherImprint,
    /// An hour late by its clock.
    Late,
    /// Some seconds early: inside the client's tolerance, before the certificate.
    Early,
    /// A second and a half behind: less than what the certificate's beginning is set back.
    Behind,
    /// Declined.
    Declined,
    /// With more certificates than when the room was measured.
    Long,
    /// From a unit that has no chain to the anchor.
    Stranger,
}

impl Rig {
    pub fn new() -> Self {
        Self::seeded(4711)
    }

    fn seeded(seed: u64) -> Self {
        let register = MemoryRegister::default();
        let mut rng = SeededRng::new(seed);
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        let authority = seals::authority(keys.clone(), &register, T0 - HOUR, &mut rng);
        Self::with(authority, keys, register)
    }

    fn with(authority: TestAuthority, keys: AuthorityKeys, register: MemoryRegister) -> Self {
        let (now, issued, seed) = (Cell::new(T0), Cell::new(0), AtomicU64::new(1));
        let (serials, last) = (Cell::default(), RefCell::default());
        Self { authority, keys, register, now, issued, seed, serials, last }
    }

    /// The same authority with another register, one that several processes have in common.
    pub fn registering_in<R: IssuedCertificates>(self, register: R) -> Rig<R> {
        let Self { authority, keys, now, issued, seed, serials, last, .. } = self;
        Rig { authority, keys, register, now, issued, seed, serials, last }
    }

    /// The same authority for another thread or process, with a register of its own.
    pub fn of((material, keys): &(AuthorityMaterial, AuthorityKeys)) -> Self {
        let authority = TestAuthority::open(&urls(), keys.clone(), material.clone()).unwrap();
        Self::with(authority, keys.clone(), MemoryRegister::default())
    }

    /// Another authority with the same names and other keys.
    fn stranger() -> Self {
        Self::seeded(666)
    }
}

impl<R: IssuedCertificates> Rig<R> {
    /// A millisecond later at every reading.
    pub fn clock(&self) -> Time {
        let now = self.now.get() + Duration::from_millis(1);
        self.now.set(now);
        now
    }

    pub fn rng(&self) -> SeededRng {
        SeededRng::new(self.seed.fetch_add(1, Ordering::Relaxed))
    }

    /// Random numbers of its own, for one of several processes.
    pub fn seed_from(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
    }

    /// From now on the issuer draws its serial numbers as everyone does who was told this seed.
    pub fn serials_from(&self, seed: u64) {
        self.serials.set(Some(seed));
    }

    pub fn order(&self, level: Level) -> Order {
        Order { profile: profile("TEST Unit"), curve: Curve::P256, level }
    }

    /// Seals the contract as attempt `n` of this journal, with one time-stamp unit that answers well.
    pub fn seal<'j, T: Token, J: Journal>(
        &self,
        journal: &'j J,
        n: u64,
        token: T,
        level: Level,
        wrong: Wrong,
    ) -> Outcome<'j, T, J> {
        let unit = TimeStampUnit::new(self, "first", &[Answer::Well]);
        self.seal_with(journal, n, token, level, wrong, &[&unit])
    }

    pub fn seal_with<'j, T: Token, J: Journal>(
        &self,
        journal: &'j J,
        n: u64,
        token: T,
        level: Level,
        wrong: Wrong,
        stampers: &[&dyn Stamper],
    ) -> Outcome<'j, T, J> {
        self.seal_answering(
            journal,
            n,
            token,
            level,
            wrong,
            stampers,
            &mut |_| Decision::Approve,
            &mut |_| {},
        )
    }

    /// Tries again after each round of time-stamp units for as long as `retry` says so.
    pub fn seal_patiently<'j, T: Token, J: Journal>(
        &self,
        journal: &'j J,
        n: u64,
        token: T,
        level: Level,
        stampers: &[&dyn Stamper],
        retry: &dyn Fn(u32) -> bool,
    ) -> Outcome<'j, T, J> {
        let attempt = Attempt::open(journal, opening(n), &lease(n)).unwrap();
        self.drive(
            attempt,
            token,
            level,
            Wrong::Nothing,
            stampers,
            retry,
            &mut |_| Decision::Approve,
            &mut |_| {},
        )
    }

    #[allow(clippy::too_many_arguments, reason = "a story names each thing that may go wrong")]
    pub fn seal_answering<'j, T: Token, J: Journal>(
        &self,
        journal: &'j J,
        n: u64,
        token: T,
        level: Level,
        wrong: Wrong,
        stampers: &[&dyn Stamper],
        approve: Approve<'_>,
        observe: Observe<'_>,
    ) -> Outcome<'j, T, J> {
        let attempt = Attempt::open(journal, opening(n), &lease(n)).unwrap();
        self.drive(attempt, token, level, wrong, stampers, &|_| false, approve, observe)
    }

    /// As one of several who want to seal the same.
    pub fn try_seal<'j, T: Token, J: Journal>(
        &self,
        journal: &'j J,
        n: u64,
        token: T,
        level: Level,
    ) -> Result<Sealed<'j, J>, OpenError<J::Error>> {
        let attempt = Attempt::open(journal, opening(n), &lease(n))?;
        let unit = TimeStampUnit::new(self, "unit", &[Answer::Well]);
        let approve: Approve<'_> = &mut |_| Decision::Approve;
        let done =
            self.drive(attempt, token, level, Wrong::Nothing, &[&unit], &|_| false, approve, &mut |_| {});
        Ok(done.sealed.unwrap())
    }

    #[allow(clippy::too_many_arguments, reason = "a story names each thing that may go wrong")]
    fn drive<'j, T: Token, J: Journal>(
        &self,
        attempt: Attempt<'j, J, state::Authenticated>,
        token: T,
        level: Level,
        wrong: Wrong,
        stampers: &[&dyn Stamper],
        retry: &dyn Fn(u32) -> bool,
        approve: Approve<'_>,
        observe: Observe<'_>,
    ) -> Outcome<'j, T, J> {
        let clock = || self.clock();
        let rng = self.serials.get().map_or_else(|| self.rng(), SeededRng::new);
        let embedded = Embedded::new(&self.authority, &self.register, &clock, rng);
        let parts = Parts { rig: self, embedded, wrong };
        let mut tolerances = Tolerances::default();
        if wrong == Wrong::LateDestruction {
            tolerances.destruction = Duration::ZERO;
        }
        let helpers = Helpers {
            issuer: &parts,
            stampers,
            anchors: &parts.embedded.anchors(),
            evidence: &parts,
            clock: &clock,
            retry,
            tolerances,
        };
        self.last.take();
        let pdf = PdfDocument::new(CONTRACT, Limits::default(), PdfOptions::default());
        let mut document = Paper { pdf, wrong };
        let order = self.order(level);
        let sealed = seal(attempt, token, &mut document, &order, &helpers, &mut self.rng(), approve, observe);
        if let (Some(certificate), Err(error)) = (self.last.take(), &sealed) {
            self.assert_abandoned(&certificate, &format!("{:?}", error.fault));
        }
        let said = format!("{:?} {order:?} {:?}", document.pdf, sealed.as_ref().err());
        Outcome { sealed, document: [CONTRACT, document.pdf.tail()].concat(), said }
    }

    /// A certificate without a seal is not in force, whatever became of its sealing.
    fn assert_abandoned(&self, certificate: &Certificate, why: &str) {
        let issuer = self.authority.issuing_ca().identity();
        let serial = SerialNumber::from_der_content(certificate.serial()).unwrap();
        let state = self.register.status(issuer, &serial).unwrap().unwrap().state;
        assert!(matches!(state, State::Abandoned | State::Revoked(_)), "{state:?} after {why}");
    }

    /// How many certificates the issuer was asked for.
    pub fn certificates_issued(&self) -> usize {
        self.issued.get()
    }
}

/// What came of it. Without a seal nobody is given the document; it is here to be looked at.
pub struct Outcome<'j, T: Token, J: Journal>
where
    T::Error: 'static,
{
    pub sealed: Result<Sealed<'j, J>, Failed<T, J>>,
    pub document: Vec<u8>,
    /// The Debug form of everything that was handed in and out.
    pub said: String,
}

/// Why there is no seal.
pub type Failed<T, J> = Box<SealError<<T as Token>::Error, <J as Journal>::Error>>;

pub fn profile(unit: &str) -> SealProfile {
    seals::profile(unit, Lifetime::Hours12, Curve::P256)
}

/// Issuer and source of evidence.
struct Parts<'a, R> {
    rig: &'a Rig<R>,
    embedded: Embedded<'a, R, SeededRng>,
    wrong: Wrong,
}

impl<R: IssuedCertificates> Issuer for Parts<'_, R> {
    fn present(&self, profile: &SealProfile) -> Result<Presented, ServiceError> {
        if self.wrong == Wrong::Present { Err("injected".into()) } else { self.embedded.present(profile) }
    }

    fn issue(
        &self,
        approved: Approved,
        receipt: &Receipt,
        not_before: Time,
    ) -> Result<Certificate, ServiceError> {
        self.rig.issued.set(self.rig.issued.get() + 1);
        let issued = match self.wrong {
            Wrong::Issue => Err("injected".into()),
            Wrong::OtherKey => {
                let request = KeyRequest::new(Curve::P256, KeyId([7; 16]), receipt.session())
                    .for_content(receipt.content().unwrap());
                let other = OneShotKey::generate(SoftToken::new(self.rig.rng()), &request).unwrap();
                self.embedded.issue(approved, other.receipt(), not_before)
            }
            Wrong::OtherContent => {
                let presented = self.embedded.present(&profile("TEST Other Unit")).unwrap();
                let content = *presented.content().sha256();
                // The same key, and a receipt that fits the other content: only the one that was shown does not.
                let (spki, id) = (receipt.spki_der().to_vec(), receipt.key_id());
                let token = Borrowed { inner: SoftToken::new(self.rig.rng()), spki };
                let request = KeyRequest::new(Curve::P256, id, receipt.session()).for_content(content);
                let other = OneShotKey::generate(token, &request).unwrap();
                self.embedded.issue(presented.approve(&content).unwrap(), other.receipt(), not_before)
            }
            Wrong::Future => {
                let later = self.rig.clock() + Duration::from_secs(5);
                self.rig.now.set(later + Duration::from_secs(1));
                let issued = self.embedded.issue(approved, receipt, later);
                self.rig.now.set(T0 + Duration::from_secs(1));
                issued
            }
            _ => self.embedded.issue(approved, receipt, not_before),
        };
        *self.rig.last.borrow_mut() = issued.as_ref().ok().cloned();
        issued
    }

    fn abandoned(&self, certificate: &Certificate) {
        self.embedded.abandoned(certificate);
    }

    fn chain(&self) -> &[Certificate] {
        self.embedded.chain()
    }
}

impl<R: IssuedCertificates> EvidenceSource for Parts<'_, R> {
    fn answer(&self, need: &Need) -> Option<Vec<u8>> {
        match self.wrong {
            Wrong::NoEvidence => None,
            Wrong::NoisyEvidence => Some(b"noise".to_vec()),
            Wrong::OldEvidence => {
                let (authority, register) = (&self.rig.authority, &self.rig.register);
                let before = self.rig.now.get() - Duration::from_secs(120);
                match need {
                    Need::Ocsp { certificate, .. } => {
                        authority.ocsp(certificate, register, before).ok().map(|view| view.as_der().to_vec())
                    }
                    Need::Crl { issuer, .. } if issuer == authority.issuing_ca().certificate() => {
                        authority.ca_crl(register, before).ok().map(|list| list.as_der().to_vec())
                    }
                    _ => self.embedded.answer(need),
                }
            }
            Wrong::Revoked => {
                if let Need::Ocsp { certificate, .. } = need {
                    let issuer = IssuerKey::of_spki(self.rig.authority.issuing_ca().certificate().spki_der());
                    let serial = SerialNumber::from_der_content(certificate.serial()).unwrap();
                    let revocation = Revocation { at: self.rig.now.get(), reason: None };
                    self.rig.register.revoke(&issuer, &serial, revocation).unwrap();
                    self.rig.clock();
                }
                self.embedded.answer(need)
            }
            _ => self.embedded.answer(need),
        }
    }
}

/// A token that says of its keys that they have somebody else's public key.
struct Borrowed {
    inner: SoftToken,
    spki: Vec<u8>,
}

impl Token for Borrowed {
    type Key = <SoftToken as Token>::Key;
    type Error = <SoftToken as Token>::Error;

    fn description(&self) -> &segl::key::TokenDescription {
        self.inner.description()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error> {
        self.inner.generate(curve, id)
    }
    fn read_back(&self, key: &Self::Key) -> Result<segl::key::ReadBack, Self::Error> {
        let mut read = self.inner.read_back(key)?;
        read.spki.clone_from(&self.spki);
        Ok(read)
    }
    fn sign(
        &self,
        key: &mut Self::Key,
        tbs: &segl::crypto::ToBeSigned,
    ) -> Result<segl::crypto::SignatureValue, Self::Error> {
        self.inner.sign(key, tbs)
    }
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error> {
        self.inner.destroy(key)
    }
    fn look_up(&self, key: &mut Self::Key) -> Result<segl::key::Trace, Self::Error> {
        self.inner.look_up(key)
    }
    fn sweep(&self) -> Result<segl::key::Swept, Self::Error> {
        self.inner.sweep()
    }
}

/// A document that fails at one step.
struct Paper {
    pdf: PdfDocument<&'static [u8]>,
    wrong: Wrong,
}

impl Paper {
    fn at(&self, here: Wrong) -> Result<(), ServiceError> {
        if self.wrong == here { Err("injected".into()) } else { Ok(()) }
    }
}

impl Document for Paper {
    fn octets(&self) -> u64 {
        if self.wrong == Wrong::DigestAside { 1 << 20 } else { self.pdf.octets() }
    }
    fn open(&mut self) -> Result<(), ServiceError> {
        self.at(Wrong::Open)?;
        self.pdf.open()
    }
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<(), ServiceError> {
        self.at(Wrong::Digest)?;
        self.at(Wrong::DigestAside)?;
        self.pdf.digest(algorithm)
    }
    fn lay_out(&mut self, signing_time: Time, reserve: usize) -> Result<Digest, ServiceError> {
        self.at(Wrong::LayOut)?;
        self.pdf.lay_out(signing_time, reserve)
    }
    fn seal(&mut self, cms: &[u8]) -> Result<(), ServiceError> {
        self.at(Wrong::Seal)?;
        self.pdf.seal(cms)
    }
    fn add_evidence(&mut self, evidence: &Evidence) -> Result<(), ServiceError> {
        self.at(Wrong::AddEvidence)?;
        self.pdf.add_evidence(evidence)
    }
    fn lay_out_archive(&mut self, reserve: usize) -> Result<Digest, ServiceError> {
        self.at(Wrong::LayOutArchive)?;
        self.pdf.lay_out_archive(reserve)
    }
    fn archive(&mut self, token: &[u8]) -> Result<(), ServiceError> {
        self.at(Wrong::Archive)?;
        self.pdf.archive(token)
    }
}

/// A time-stamp unit that answers in turn as it is told, and in the end always the same way.
pub struct TimeStampUnit<'a, R = MemoryRegister> {
    pub rig: &'a Rig<R>,
    pub name: &'static str,
    pub answers: RefCell<Vec<Answer>>,
    pub asked: Cell<usize>,
}

impl<'a, R: IssuedCertificates> TimeStampUnit<'a, R> {
    pub fn new(rig: &'a Rig<R>, name: &'static str, answers: &[Answer]) -> Self {
        Self { rig, name, answers: RefCell::new(answers.to_vec()), asked: Cell::new(0) }
    }

    fn answer(&self) -> Answer {
        let mut answers = self.answers.borrow_mut();
        if answers.len() > 1 { answers.remove(0) } else { answers[0] }
    }
}

impl<R: IssuedCertificates> Stamper for TimeStampUnit<'_, R> {
    fn name(&self) -> &str {
        self.name
    }

    fn policy(&self) -> Option<ObjectIdentifier> {
        Some(segl::tsp::oids::BEST_PRACTICES_POLICY)
    }

    fn stamp(&self, request: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let asked = self.asked.get() + 1;
        self.asked.set(asked);
        let now = self.rig.clock();
        let serial = [&[0x5e][..], &[0; 11], &(asked as u32).to_be_bytes()].concat();
        let unit = &self.rig.authority;
        let changed = |nonce: &[u8], digest: &Digest| {
            unit.stamp(&segl::tsp::request(digest, nonce).to_der(), &serial, now)
        };
        let asked = segl::tsp::TimestampRequest::from_der(request)?;
        let algorithm = DigestAlgorithm::Sha256;
        Ok(match self.answer() {
            Answer::Well => unit.stamp(request, &serial, now),
            Answer::Nothing => return Err("the connection timed out".into()),
            Answer::Garbage => b"HTTP/1.1 200 OK".to_vec(),
            Answer::OtherNonce => {
                let digest = Digest::new(algorithm, asked.imprint().hash().to_vec()).unwrap();
                changed(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &digest)
            }
            Answer::OtherImprint => {
                let digest = segl::crypto::digest(algorithm, b"something else").unwrap();
                changed(asked.nonce().unwrap(), &digest)
            }
            Answer::Late => unit.stamp(request, &serial, now + HOUR),
            Answer::Early => unit.stamp(request, &serial, now - Duration::from_secs(5)),
            Answer::Behind => unit.stamp(request, &serial, now - Duration::from_millis(1500)),
            Answer::OtherPolicy => self.under_another_policy(&asked, &serial, now),
            Answer::Declined => unit.stamp(b"not a request", &serial, now),
            Answer::Long => {
                let chain = [unit.chain().as_slice(), unit.chain(), unit.chain()].concat();
                let long = segl::authority::Stamper::new(
                    unit.stamper().certificate().clone(),
                    chain,
                    self.rig.keys.time_stamp_unit.clone(),
                );
                long.unwrap().stamp(request, &serial, segl::tsp::Clock::Fit(now))
            }
            Answer::Stranger => Rig::stranger().authority.stamp(request, &serial, now),
        })
    }
}

impl<R: IssuedCertificates> TimeStampUnit<'_, R> {
    /// A token for the same digest and nonce.
    fn under_another_policy(&self, asked: &segl::tsp::TimestampRequest, serial: &[u8], now: Time) -> Vec<u8> {
        let digest = Digest::new(DigestAlgorithm::Sha256, asked.imprint().hash().to_vec()).unwrap();
        let request = segl::tsp::request(&digest, asked.nonce().unwrap()).to_der();
        let certificate = self.rig.authority.stamper().certificate().clone();
        let unit = segl::tsp::Authority::new(certificate, ObjectIdentifier::new_unwrap("1.2.3.4")).unwrap();
        let pending = unit.accept(&request, segl::tsp::Clock::Fit(now)).unwrap().prepare(serial).unwrap();
        let value = self.rig.keys.time_stamp_unit.sign(&pending.to_be_signed()).unwrap();
        pending.finish(&value)
    }
}

/// A store whose disk is full at one step.
pub struct Torn {
    pub store: SqliteStore,
    at: Cell<Option<Tear>>,
    _folder: TempDir,
}

impl core::fmt::Debug for Torn {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.store.fmt(f)
    }
}

/// Where the disk is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// When this step is written.
    Advance(Step),
    /// From this step on, for good.
    From(Step),
    /// When the end is written.
    Conclude,
}

impl Torn {
    pub fn new(at: Option<Tear>) -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteStore::open(&folder.path().join("segl.db"), log_id()).unwrap();
        Self { store, at: Cell::new(at), _folder: folder }
    }

    /// Somebody makes room.
    pub fn mend(&self) {
        self.at.set(None);
    }

    /// The events in the log, verified.
    pub fn events(&self) -> Vec<LogEvent> {
        self.store.verify(&[]).unwrap();
        self.store
            .entries(0, 1000)
            .unwrap()
            .iter()
            .map(|row| row.values.as_ref().unwrap().event().unwrap())
            .collect()
    }

    /// The one record in the log.
    pub fn only_record(&self) -> SealingRecord {
        match self.events().as_slice() {
            [LogEvent::Sealing(record)] => (**record).clone(),
            others => panic!("{others:?}"),
        }
    }
}

impl Journal for Torn {
    type Error = StoreError;

    fn open(&self, opening: &Opening, lease: &Lease) -> Result<(), OpenError<StoreError>> {
        self.store.open(opening, lease)
    }

    fn advance(
        &self,
        request: RequestId,
        from: Step,
        progress: &Progress,
    ) -> Result<(), AdvanceError<StoreError>> {
        match self.at.get() {
            Some(Tear::Advance(step) | Tear::From(step)) if step == progress.step() => {
                if self.at.get() == Some(Tear::From(step)) {
                    self.at.set(Some(Tear::Conclude));
                }
                Err(AdvanceError::Journal(StoreError::Full))
            }
            _ => self.store.advance(request, from, progress),
        }
    }

    fn conclude(&self, record: &SealingRecord, salts: SaltSeed) -> Result<Entry, ConcludeError<StoreError>> {
        if self.at.get() == Some(Tear::Conclude) {
            return Err(ConcludeError::Journal(StoreError::Full));
        }
        self.store.conclude(record, salts)
    }

    fn unfinished(&self, which: Unfinished) -> Result<Vec<Found>, StoreError> {
        self.store.unfinished(which)
    }

    fn stopped(&self, slot: &SlotName) -> Result<Option<Time>, StoreError> {
        self.store.stopped(slot)
    }

    fn clear(&self, cleared: &SlotCleared, salts: SaltSeed) -> Result<Entry, ClearError<StoreError>> {
        self.store.clear(cleared, salts)
    }
}
