//! One sealing from the approval to the finished seal: all of it or nothing.

use core::ops::Range;

use rand_core::CryptoRng;
use segl_ades::Level;
use segl_cert::{CertificateContent, NameEntry, Presented, QcStatements, oid};
use segl_crypto::{DigestAlgorithm, SignatureValue, Time};
use segl_key::{
    Activation, Destroyed, DeviceProfile, KeyId, KeyRequest, OneShotKey, Standing, Token, TokenError,
};
use segl_record::{Cause, Entry, PresentedContent, SaltSeed, find_person_number};
use segl_x509::Certificate;

use crate::beside::beside;
use crate::issue::issue;
use crate::seal_cms::{SealCms, Signer};
use crate::stamp::{Measured, Stamping};
use crate::state::{Authenticated, Certified, KeyDestroyed, MayHoldKey, TimeStamped};
use crate::{
    Attempt, Decision, Document, EndError, Event, Helpers, Journal, Order, SealError, SealFault, StepFailed,
    UnfitDevice,
};

/// Documents of so many octets are digested while their key is made. A smaller one is done before a thread has begun; a larger one would
/// let the key wait.
const DIGESTED_ASIDE: Range<u64> = 64 << 10..64 << 20;

/// What the holder answers to the content shown.
pub type Approve<'a> = &'a mut dyn FnMut(&CertificateContent) -> Decision;
/// Who is told what happens.
pub type Observe<'a> = &'a mut dyn FnMut(&Event<'_>);

pub(crate) type Failed<E, J> = Box<SealError<E, <J as Journal>::Error>>;
type Fault<E, J> = SealFault<E, <J as Journal>::Error>;

/// A seal that is whole and not yet let out: the record comes first.
///
/// Write the document to where it will stand under a temporary name, then [`release`](Self::release), then give it its name. Dropped
/// instead, the attempt is found by the recovery at the next start and recorded as crashed.
#[must_use = "a seal is not let out before its record is written"]
#[derive(Debug)]
pub struct Sealed<'j, J> {
    pub(crate) attempt: Attempt<'j, J, TimeStamped>,
    pub(crate) certificate: Certificate,
}

impl<J: Journal> Sealed<'_, J> {
    /// The seal certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Writes the record. When this returns `Ok` the record is on the disk and the document may be let out.
    ///
    /// # Errors
    /// When the record could not be written: the document must not be let out.
    pub fn release(self, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.attempt.complete(at, salts)
    }

    /// Records that the seal is not let out, because the document could not be written for example. The
    /// [`certificate`](Self::certificate) was issued all the same: an issuer with a register says there that it is abandoned.
    ///
    /// # Errors
    /// When the record could not be written.
    pub fn withdraw(self, cause: Cause, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.attempt.abort(cause, at, salts)
    }
}

/// Seals a document with a key that is made for it, signs once and is destroyed (seed 000, sections 4 and 14).
///
/// In this order: content presented, approved, document read, room for a time-stamp measured, document digested, key made, certificate
/// issued, signed, key destroyed and looked for, time-stamped, evidence embedded, time-stamped again; as far as the level asks. A
/// document of 64 KiB to 64 MiB is digested while key and certificate are made, in a thread of its own where the system gives one.
/// Every step is in the journal before the next is taken. Nothing leaves this function but the finished seal.
///
/// # Errors
/// [`SealError`]: the attempt has ended, and the record says at which step and why. The key is gone, or the error says that this is not
/// confirmed and the slot is stopped.
#[allow(clippy::too_many_arguments, reason = "each is one of the things a sealing has no default for")]
pub fn seal<'j, T, J, R>(
    attempt: Attempt<'j, J, Authenticated>,
    token: T,
    document: &mut dyn Document,
    order: &Order,
    helpers: &Helpers<'_>,
    rng: &mut R,
    approve: Approve<'_>,
    observe: Observe<'_>,
) -> Result<Sealed<'j, J>, Failed<T::Error, J>>
where
    T: Token,
    J: Journal,
    R: CryptoRng,
{
    let mut run = Run { order, helpers, rng, observe, issued: None };
    let (attempt, presented) = run.present(attempt, token.profile(), approve)?;
    if let Err(e) = document.open() {
        return Err(run.end(attempt, SealFault::Document(e)));
    }
    let measured = match order.level {
        Level::B => Measured::default(),
        _ => match run.stamping().measure(digest_of(order)) {
            Ok(measured) => measured,
            Err(e) => return Err(run.end(attempt, SealFault::TimeStamp(e))),
        },
    };
    let signed = run.sign(attempt, token, document, presented, measured)?;
    run.finish(document, signed, measured.room)
}

/// What stays the same from step to step.
pub(crate) struct Run<'a, R> {
    pub(crate) order: &'a Order,
    pub(crate) helpers: &'a Helpers<'a>,
    rng: &'a mut R,
    pub(crate) observe: Observe<'a>,
    /// What the issuer must hear of when there is no seal in the end.
    issued: Option<Certificate>,
}

/// The key is certified and waits for what it is to sign.
struct Ready<'j, T: Token, J> {
    attempt: Attempt<'j, J, Certified>,
    key: OneShotKey<T, segl_key::Certified>,
    certificate: Certificate,
    signing_time: Time,
}

/// The signature is made and its key is gone.
pub(crate) struct Signed<'j, J> {
    pub(crate) attempt: Attempt<'j, J, KeyDestroyed>,
    pub(crate) certificate: Certificate,
    pub(crate) signing_time: Time,
    pub(crate) cms: SealCms,
    pub(crate) value: SignatureValue,
}

impl<R: CryptoRng> Run<'_, R> {
    fn present<'j, E: TokenError, J: Journal>(
        &mut self,
        attempt: Attempt<'j, J, Authenticated>,
        device: Option<&DeviceProfile>,
        approve: Approve<'_>,
    ) -> Result<(Attempt<'j, J, crate::state::Approved>, Presented), Failed<E, J>> {
        let presented = match self.helpers.issuer.present(&self.order.profile) {
            Ok(presented) => presented,
            Err(e) => return Err(self.end(attempt, SealFault::Present(e))),
        };
        let content = presented.content();
        let holds_number = |entry: &&NameEntry| {
            entry.oid != oid::ORGANIZATION_IDENTIFIER && find_person_number(&entry.text).is_some()
        };
        if let Some(NameEntry { oid, .. }) = content.subject().iter().find(holds_number) {
            return Err(self.end(attempt, SealFault::PersonNumber { attribute: *oid }));
        }
        let says_qualified = content.statements().is_some_and(QcStatements::claims_qualified_device);
        match self.fitness(device, says_qualified) {
            Ok(None | Some(Standing::InForce)) => {}
            Ok(Some(Standing::AssessmentDue { since })) => (self.observe)(&Event::DeviceAssessmentDue(since)),
            Err(unfit) => return Err(self.end(attempt, SealFault::Device(unfit))),
        }
        let digest = PresentedContent::from_sha256(*content.sha256());
        let attempt = attempt.presented(digest).map_err(|failed| self.step_failed(*failed))?;
        (self.observe)(&Event::Presented(content));
        if approve(content) == Decision::Decline {
            let record = attempt.decline(self.now(), self.salts());
            return Err(Box::new(SealError { fault: SealFault::Declined, record }));
        }
        let now = self.now();
        let attempt = attempt.approved(now).map_err(|failed| self.step_failed(*failed))?;
        (self.observe)(&Event::Approved);
        Ok((attempt, presented))
    }

    /// Whether the token may be used: a device that was certified must still be, and only such a one may be called qualified (S001-41).
    fn fitness(
        &self,
        device: Option<&DeviceProfile>,
        says_qualified: bool,
    ) -> Result<Option<Standing>, UnfitDevice> {
        match device {
            Some(profile) => Ok(Some(profile.standing(self.now())?)),
            None if says_qualified => Err(UnfitDevice::Unknown),
            None => Ok(None),
        }
    }

    /// From the approved content to the signature of a key that is gone. No way out of here leaves a key behind without saying so.
    fn sign<'j, T: Token, J: Journal>(
        &mut self,
        attempt: Attempt<'j, J, crate::state::Approved>,
        token: T,
        document: &mut dyn Document,
        presented: Presented,
        measured: Measured,
    ) -> Result<Signed<'j, J>, Failed<T::Error, J>> {
        let algorithm = digest_of(self.order);
        let ready = if !DIGESTED_ASIDE.contains(&document.octets()) {
            if let Err(e) = document.digest(algorithm) {
                return Err(self.end(attempt, SealFault::Document(e)));
            }
            self.certified_key(attempt, token, presented, measured)?
        } else {
            // A device may take milliseconds for a key, a document of some size too: neither has to wait for the other.
            let (digested, ready) = beside(
                || document.digest(algorithm),
                || self.certified_key(attempt, token, presented, measured),
            );
            let ready = ready?;
            if let Err(e) = digested {
                return Err(self.give_up(ready.key, ready.attempt, SealFault::Document(e)));
            }
            ready
        };
        match self.lay_out(document, &ready, measured.room) {
            Ok(cms) => self.sign_and_destroy(ready, cms),
            Err(fault) => Err(self.give_up(ready.key, ready.attempt, fault)),
        }
    }

    fn certified_key<'j, T: Token, J: Journal>(
        &mut self,
        attempt: Attempt<'j, J, crate::state::Approved>,
        token: T,
        presented: Presented,
        measured: Measured,
    ) -> Result<Ready<'j, T, J>, Failed<T::Error, J>> {
        let content = *presented.content().sha256();
        let session = attempt.opening().session.uuid().into_bytes();
        let request = KeyRequest::new(self.order.curve, KeyId(self.random()), session).for_content(content);
        let key = match OneShotKey::generate(token, &request) {
            Ok(key) => key,
            Err(e) => {
                let confirmed = e.leaves_nothing();
                return Err(self.end_with_key(attempt, SealFault::Generate(e), confirmed));
            }
        };
        let attempt = match attempt.key_made(key.receipt()) {
            Ok(attempt) => attempt,
            Err(failed) => return Err(self.give_up(key, failed.attempt, SealFault::Step(failed.error))),
        };
        (self.observe)(&Event::KeyMade(key.receipt()));

        // One reading of the clock serves /M and notBefore: the claimed time may not lie before the certificate's life, nor after the
        // time in the token, which a clock that is behind ours will write.
        let now = self.now();
        let not_before = now.truncate_to_seconds() - self.helpers.tolerances.backdating;
        let signing_time = (now - measured.behind).truncate_to_seconds().max(not_before);
        let (certificate, serial) =
            match issue(self.helpers, &mut self.issued, presented, key.receipt(), (not_before, signing_time))
            {
                Ok(issued) => issued,
                Err(fault) => return Err(self.give_up(key, attempt, fault)),
            };
        let key = match key.certify(certificate.spki_der(), certificate.fingerprint_sha256()) {
            Ok(key) => key,
            Err(refusal) => {
                return Err(self.give_up(refusal.key, attempt, SealFault::Certify(refusal.error)));
            }
        };
        let attempt = match attempt.certified(serial, self.now()) {
            Ok(attempt) => attempt,
            Err(failed) => return Err(self.give_up(key, failed.attempt, SealFault::Step(failed.error))),
        };
        (self.observe)(&Event::Certified(&certificate));
        Ok(Ready { attempt, key, certificate, signing_time })
    }

    fn lay_out<T: Token, J: Journal>(
        &self,
        document: &mut dyn Document,
        ready: &Ready<'_, T, J>,
        token_len: usize,
    ) -> Result<SealCms, Fault<T::Error, J>> {
        let signer = Signer::new(&ready.certificate, self.helpers.issuer.chain()).map_err(SealFault::Cms)?;
        let token = (self.order.level > Level::B).then_some(token_len);
        let reserve = signer.max_len(token).map_err(SealFault::Cms)?;
        let digest = document.lay_out(ready.signing_time, reserve).map_err(SealFault::Document)?;
        signer.prepare(digest).map_err(SealFault::Cms)
    }

    fn sign_and_destroy<'j, T: Token, J: Journal>(
        &mut self,
        ready: Ready<'j, T, J>,
        cms: SealCms,
    ) -> Result<Signed<'j, J>, Failed<T::Error, J>> {
        let Ready { attempt, key, certificate, signing_time } = ready;
        let tbs = cms.to_be_signed();
        // The holder approved this sealing and no other: the key made for its session signs these octets or none (S000-86).
        let session = attempt.opening().session.uuid().into_bytes();
        let activation = Activation::new(session, key.receipt().key_id(), &tbs);
        let key = match key.activate(activation) {
            Ok(key) => key,
            Err(refusal) => {
                return Err(self.give_up(refusal.key, attempt, SealFault::Activate(refusal.error)));
            }
        };
        let asked = self.now();
        let key = match key.sign(&tbs) {
            Ok(key) => key,
            Err(refusal) => return Err(self.give_up(refusal.key, attempt, SealFault::Sign(refusal.error))),
        };
        // The key goes before anything else is done, the journal included.
        let (destroyed, value) = match key.destroy() {
            Ok(done) => done,
            Err(refusal) => {
                // A second try may clear the device; the value is gone either way, and the alarm stands.
                drop(refusal.key.abandon());
                return Err(self.end_with_key(attempt, SealFault::Destruction(refusal.error), false));
            }
        };
        let gone = self.now();
        let attempt = self.note_destruction(attempt, &destroyed, asked, gone)?;
        Ok(Signed { attempt, certificate, signing_time, cms, value })
    }

    fn note_destruction<'j, E: TokenError, J: Journal>(
        &mut self,
        attempt: Attempt<'j, J, Certified>,
        destroyed: &Destroyed,
        asked: Time,
        gone: Time,
    ) -> Result<Attempt<'j, J, KeyDestroyed>, Failed<E, J>> {
        let attempt = attempt.signed(asked).map_err(|failed| self.step_failed(*failed))?;
        (self.observe)(&Event::Signed);
        let lived = gone.checked_duration_since(asked).unwrap_or_default();
        let attempt = attempt.key_destroyed(destroyed, lived).map_err(|failed| self.step_failed(*failed))?;
        (self.observe)(&Event::KeyDestroyed(lived));
        let limit = self.helpers.tolerances.destruction;
        if lived > limit {
            return Err(self.end(attempt, SealFault::DestructionLate { lived, limit }));
        }
        Ok(attempt)
    }
}

impl<R: CryptoRng> Run<'_, R> {
    pub(crate) fn stamping(&mut self) -> Stamping<'_, R> {
        Stamping { helpers: self.helpers, rng: self.rng, observe: self.observe }
    }

    pub(crate) fn now(&self) -> Time {
        (self.helpers.clock)()
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    fn salts(&mut self) -> SaltSeed {
        SaltSeed::new(self.random())
    }

    /// Ends an attempt of which no key is left.
    pub(crate) fn end<E: TokenError, J: Journal, S>(
        &mut self,
        attempt: Attempt<'_, J, S>,
        fault: Fault<E, J>,
    ) -> Failed<E, J> {
        let record = attempt.abort(fault.cause(), self.now(), self.salts());
        self.abandon_certificate();
        Box::new(SealError { fault, record })
    }

    /// Ends an attempt that had a key; an unconfirmed destruction is an alarm.
    fn end_with_key<E: TokenError, J: Journal, S: MayHoldKey>(
        &mut self,
        attempt: Attempt<'_, J, S>,
        fault: Fault<E, J>,
        confirmed: bool,
    ) -> Failed<E, J> {
        if confirmed {
            return self.end(attempt, fault);
        }
        let record = attempt.destruction_unconfirmed(self.now(), self.salts());
        self.abandon_certificate();
        Box::new(SealError { fault, record })
    }

    fn abandon_certificate(&mut self) {
        if let Some(certificate) = self.issued.take() {
            self.helpers.issuer.abandoned(&certificate);
        }
    }

    /// Destroys the key of an attempt that goes no further.
    fn give_up<T: Token, J: Journal, K, S: MayHoldKey>(
        &mut self,
        key: OneShotKey<T, K>,
        attempt: Attempt<'_, J, S>,
        fault: Fault<T::Error, J>,
    ) -> Failed<T::Error, J> {
        match key.abandon() {
            Ok(_) => self.end_with_key(attempt, fault, true),
            Err(refusal) => self.end_with_key(attempt, SealFault::Destruction(refusal.error), false),
        }
    }

    pub(crate) fn step_failed<E: TokenError, J: Journal, S>(
        &mut self,
        failed: StepFailed<'_, J, S>,
    ) -> Failed<E, J> {
        self.end(failed.attempt, SealFault::Step(failed.error))
    }
}

pub(crate) fn digest_of(order: &Order) -> DigestAlgorithm {
    order.curve.algorithm().digest().unwrap_or(DigestAlgorithm::Sha256)
}
