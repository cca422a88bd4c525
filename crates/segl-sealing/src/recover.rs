use std::collections::BTreeMap;

use segl_crypto::Time;
use segl_record::{Cause, Outcome, RecordError, RequestId, SaltSeed, SealingRecord, Serial, SlotName, Step};

use crate::{ConcludeError, Journal, Unfinished};

/// What was done about one attempt that was left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// The request.
    pub request: RequestId,
    /// The last step done, as far as the journal knows.
    pub step: Step,
    /// How it ended: aborted by a crash, or, when its slot could not be swept, with an alarm.
    pub outcome: Outcome,
    /// The certificate that was issued and will never be released, for the issuer's register. Whoever is alone with the journal abandons what
    /// [`Journal::unfinished`] names before the recovery, so that a second crash in between leaves none out.
    pub serial: Option<Serial>,
}

/// Why a recovery stopped. What was recovered before stays so; the rest is as it was, and a second call goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError<E: std::error::Error + 'static> {
    /// The end of an attempt could not be written.
    #[error("the end of request {request} could not be written")]
    Conclude {
        /// The request.
        request: RequestId,
        /// Why.
        source: ConcludeError<E>,
    },
    /// The journal could not be read.
    #[error("the journal could not be read")]
    Journal(#[source] E),
    /// What the journal holds makes no record.
    #[error("the journal holds an attempt of which there can be no record")]
    Record(#[from] RecordError),
}

/// What came of looking for leftover keys in the device of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a new answer must not compile unnoticed")]
pub enum Sweep {
    /// The device confirmed that none is there.
    Clean,
    /// The device was looked at and did not confirm that none is there.
    Unconfirmed,
    /// The device was not looked at: it is not there now, or it is not this caller's to open.
    NotReached,
}

/// Gives every attempt that was left behind its end: to be called at start, before anything is sealed (ENG-02, AS-05).
///
/// `sweep` destroys what keys a crash left in the device of a slot. It is called once for each slot with an attempt that may hold a key,
/// *before* such an attempt is given its end. Where it is [`Unconfirmed`](Sweep::Unconfirmed) the attempt ends as an unconfirmed
/// destruction, which stops the slot; where the device was [`NotReached`](Sweep::NotReached) the attempt stays as it is, for the recovery
/// that can look. Nothing is taken up again and nothing is signed: what was sealed was only in memory. `salts` is asked once for each record.
///
/// An attempt that somebody else ended in the meantime is left alone.
///
/// # Errors
/// [`RecoverError`]
pub fn recover<J: Journal>(
    journal: &J,
    which: Unfinished,
    now: Time,
    mut sweep: impl FnMut(&SlotName) -> Sweep,
    mut salts: impl FnMut() -> SaltSeed,
) -> Result<Vec<Recovered>, RecoverError<J::Error>> {
    let found = journal.unfinished(which).map_err(RecoverError::Journal)?;
    let mut swept = BTreeMap::new();
    for attempt in found.iter().filter(|attempt| attempt.progress.step().may_hold_key()) {
        let slot = &attempt.opening.slot;
        if !swept.contains_key(slot) {
            swept.insert(slot.clone(), sweep(slot));
        }
    }
    let mut recovered = Vec::new();
    for attempt in found {
        let (request, step) = (attempt.opening.request, attempt.progress.step());
        let device = if step.may_hold_key() { swept.get(&attempt.opening.slot) } else { Some(&Sweep::Clean) };
        let outcome = match device {
            Some(Sweep::Clean) => Outcome::Aborted(Cause::Crashed),
            Some(Sweep::Unconfirmed) => Outcome::DestructionUnconfirmed,
            Some(Sweep::NotReached) | None => continue,
        };
        let serial = attempt.progress.serial().cloned();
        let record = SealingRecord::new(attempt.opening, attempt.progress, outcome, now)?;
        match journal.conclude(&record, salts()) {
            Ok(_) => recovered.push(Recovered { request, step, outcome, serial }),
            Err(ConcludeError::Ended { .. } | ConcludeError::Differs { .. }) => {}
            Err(source) => return Err(RecoverError::Conclude { request, source }),
        }
    }
    Ok(recovered)
}
