use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use segl_crypto::Time;
use segl_key::{Destroyed, KeyId, Receipt};
use segl_record::{
    Advance, Cause, Entry, KeyReceipt, Opening, Outcome, PresentedContent, Progress, ProgressError,
    RecordError, RequestId, SaltSeed, SealingRecord, Serial,
};

use crate::{AdvanceError, ConcludeError, Journal, Lease, OpenError};

/// The states of an [`Attempt`], one for each step that is done.
pub mod state {
    macro_rules! states {
        ($($(#[$doc:meta])* $name:ident;)*) => {$(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name(());
        )*};
    }
    states! {
        /// The holder is authenticated.
        Authenticated;
        /// The certificate content was presented.
        Presented;
        /// The holder approved it.
        Approved;
        /// The one-shot key is made.
        KeyMade;
        /// The certificate is issued.
        Certified;
        /// The key has signed.
        Signed;
        /// The key is destroyed, and that is confirmed.
        KeyDestroyed;
        /// The seal has its time-stamp.
        TimeStamped;
    }
    /// A state in which there may be a key.
    pub trait MayHoldKey: sealed::Sealed {}
    mod sealed {
        #[allow(unnameable_types, reason = "nobody else can implement what nobody else can name")]
        pub trait Sealed {}
    }
    impl sealed::Sealed for Approved {}
    impl sealed::Sealed for KeyMade {}
    impl sealed::Sealed for Certified {}
    impl sealed::Sealed for Signed {}
    impl MayHoldKey for Approved {}
    impl MayHoldKey for KeyMade {}
    impl MayHoldKey for Certified {}
    impl MayHoldKey for Signed {}
}

use state::{
    Approved, Authenticated, Certified, KeyDestroyed, KeyMade, MayHoldKey, Presented, Signed, TimeStamped,
};

/// One sealing on its way, whose steps can only be taken in their order (ENG-01).
///
/// authenticated → presented → approved → key made → certified → signed → key destroyed → time-stamped → completed, and an end without a
/// seal from each. Every step is written to the journal, and a step takes the attempt by value, so one that was completed without
/// the destruction of its key does not compile:
///
/// ```compile_fail,E0599
/// # use segl_sealing::{Attempt, Journal, state};
/// # use segl_record::SaltSeed;
/// fn too_early<J: Journal>(attempt: Attempt<'_, J, state::Signed>, at: segl_crypto::Time, salts: SaltSeed) {
///     let record = attempt.complete(at, salts);
/// }
/// ```
///
/// while this does:
///
/// ```
/// # use segl_sealing::{Attempt, Journal, state};
/// # use segl_record::SaltSeed;
/// fn in_time<J: Journal>(attempt: Attempt<'_, J, state::TimeStamped>, at: segl_crypto::Time, salts: SaltSeed) {
///     let record = attempt.complete(at, salts);
/// }
/// ```
///
/// An attempt that is dropped stays in the journal without an end until [`recover`](crate::recover()) finds it.
#[must_use = "an attempt let go has no end until a recovery finds it"]
pub struct Attempt<'j, J, S> {
    journal: &'j J,
    inner: Box<Inner>,
    state: PhantomData<S>,
}

#[derive(Debug)]
struct Inner {
    opening: Opening,
    progress: Progress,
    key: Option<KeyId>,
}

/// The attempt back where it was, to be ended, and why the step was not taken.
#[must_use = "the attempt in here has no end yet"]
pub struct StepFailed<'j, J: Journal, S> {
    /// The attempt, at the step it was at.
    pub attempt: Attempt<'j, J, S>,
    /// Why.
    pub error: StepError<J::Error>,
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError<E: std::error::Error + 'static> {
    /// The journal did not take it.
    #[error("the step could not be written to the journal")]
    Journal(#[source] AdvanceError<E>),
    /// The proof of destruction is about another key.
    #[error("the proof of destruction is about another key")]
    OtherKey,
    /// The step does not fit the ones before.
    #[error(transparent)]
    Progress(#[from] ProgressError),
}

/// Why an attempt has no end yet. The seal, if there is one, is not let out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndError<E: std::error::Error + 'static> {
    /// The journal did not take the record.
    #[error("the record could not be written")]
    Journal(#[source] ConcludeError<E>),
    /// There is no such record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What a step gives: the attempt one step on, or back with the reason.
pub type Stepped<'j, J, S, N> = Result<Attempt<'j, J, N>, Box<StepFailed<'j, J, S>>>;

impl<'j, J: Journal> Attempt<'j, J, Authenticated> {
    /// Begins an attempt: from here on it is in the journal.
    ///
    /// # Errors
    /// [`OpenError`], and then there is no attempt, no key and no record.
    pub fn open(journal: &'j J, opening: Opening, lease: &Lease) -> Result<Self, OpenError<J::Error>> {
        journal.open(&opening, lease)?;
        let progress = Progress::authenticated(opening.session);
        let inner = Box::new(Inner { opening, progress, key: None });
        Ok(Self { journal, inner, state: PhantomData })
    }

    /// The certificate content with this digest was shown to the holder.
    pub fn presented(self, content: PresentedContent) -> Stepped<'j, J, Authenticated, Presented> {
        self.step(Advance::Presented(content))
    }
}

impl<'j, J: Journal> Attempt<'j, J, Presented> {
    /// The holder approved what was shown. When this returns, the attempt outlives a loss of power: now a key may be made.
    pub fn approved(self, at: Time) -> Stepped<'j, J, Presented, Approved> {
        self.step(Advance::Approved(at))
    }

    /// The holder declined what was shown (AS-03): there is no key and no certificate, and the record says so.
    ///
    /// # Errors
    /// [`EndError`]
    pub fn decline(self, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.end(Outcome::Declined, at, salts)
    }
}

impl<'j, J: Journal> Attempt<'j, J, Approved> {
    /// The key is made: for this session and the content shown, or the step is refused.
    pub fn key_made(mut self, receipt: &Receipt) -> Stepped<'j, J, Approved, KeyMade> {
        self.inner.key = Some(receipt.key_id());
        self.step(Advance::KeyMade(KeyReceipt::of(receipt)))
    }
}

impl<'j, J: Journal> Attempt<'j, J, KeyMade> {
    /// The certificate was issued.
    pub fn certified(self, serial: Serial, issued: Time) -> Stepped<'j, J, KeyMade, Certified> {
        self.step(Advance::Certified { serial, issued })
    }
}

impl<'j, J: Journal> Attempt<'j, J, Certified> {
    /// The key has signed, at this time.
    pub fn signed(self, at: Time) -> Stepped<'j, J, Certified, Signed> {
        self.step(Advance::Signed(at))
    }
}

impl<'j, J: Journal> Attempt<'j, J, Signed> {
    /// The key is gone, `after` the signature was asked for. The proof must be about the key whose receipt was noted.
    pub fn key_destroyed(self, proof: &Destroyed, after: Duration) -> Stepped<'j, J, Signed, KeyDestroyed> {
        if self.inner.key != Some(proof.key_id()) {
            return Err(Box::new(StepFailed { attempt: self, error: StepError::OtherKey }));
        }
        self.step(Advance::KeyDestroyed(after))
    }
}

impl<'j, J: Journal> Attempt<'j, J, KeyDestroyed> {
    /// The seal has its time-stamp, with this time in it.
    pub fn time_stamped(self, at: Time) -> Stepped<'j, J, KeyDestroyed, TimeStamped> {
        self.step(Advance::TimeStamped(at))
    }

    /// A seal without a time-stamp was asked for (level B-B).
    pub fn without_time_stamp(self) -> Stepped<'j, J, KeyDestroyed, TimeStamped> {
        self.step(Advance::Unstamped)
    }
}

impl<J: Journal> Attempt<'_, J, TimeStamped> {
    /// The seal is whole. Only when this has returned `Ok` may it be let out: then the record is on the disk.
    ///
    /// # Errors
    /// [`EndError`]
    pub fn complete(self, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.end(Outcome::Completed, at, salts)
    }
}

impl<J: Journal, S: MayHoldKey> Attempt<'_, J, S> {
    /// The device did not confirm that the key is gone. The record is an alarm, and sealing on the slot stops (ENG-03, AS-06).
    ///
    /// # Errors
    /// [`EndError`]
    pub fn destruction_unconfirmed(self, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.end(Outcome::DestructionUnconfirmed, at, salts)
    }
}

impl<'j, J: Journal, S> Attempt<'j, J, S> {
    /// Gives the attempt up. If there was a key, its destruction was confirmed; else it is
    /// [`destruction_unconfirmed`](Attempt::destruction_unconfirmed).
    ///
    /// # Errors
    /// [`EndError`]
    pub fn abort(self, cause: Cause, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        self.end(Outcome::Aborted(cause), at, salts)
    }

    /// The request it answers.
    #[must_use]
    pub const fn request(&self) -> RequestId {
        self.inner.opening.request
    }

    /// What was known at the beginning.
    #[must_use]
    pub const fn opening(&self) -> &Opening {
        &self.inner.opening
    }

    /// What it has behind it.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    fn step<N>(mut self, advance: Advance) -> Stepped<'j, J, S, N> {
        let from = self.inner.progress.step();
        let mut progress = self.inner.progress.clone();
        let taken = progress
            .advance(advance)
            .map_err(StepError::from)
            .and_then(|()| self.journal.advance(self.request(), from, &progress).map_err(StepError::Journal));
        match taken {
            Ok(()) => {
                self.inner.progress = progress;
                Ok(Attempt { journal: self.journal, inner: self.inner, state: PhantomData })
            }
            Err(error) => Err(Box::new(StepFailed { attempt: self, error })),
        }
    }

    fn end(self, outcome: Outcome, at: Time, salts: SaltSeed) -> Result<Entry, EndError<J::Error>> {
        let Inner { opening, progress, .. } = *self.inner;
        let record = SealingRecord::new(opening, progress, outcome, at)?;
        self.journal.conclude(&record, salts).map_err(EndError::Journal)
    }
}

impl<J, S> fmt::Debug for Attempt<'_, J, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("request", &self.inner.opening.request)
            .field("step", &self.inner.progress.step())
            .finish_non_exhaustive()
    }
}

impl<J: Journal, S> fmt::Debug for StepFailed<'_, J, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepFailed").field("attempt", &self.attempt).field("error", &self.error).finish()
    }
}
