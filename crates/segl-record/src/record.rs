use segl_crypto::Time;

use crate::codec::{DecodeError, Facts, Value as _, Values};
use crate::{Field, Opening, Progress, RetentionError, RetentionYear, Step, opening, progress};

/// The record of one sealing, whatever its end: everything but the document (seed 000, 9.3 and 9.4).
///
/// It is made of an [`Opening`], a [`Progress`] and an [`Outcome`] that fit together. None of them takes bytes, a digest, a name, a type
/// or a size of what is sealed, and there is no field to put one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingRecord {
    opening: Opening,
    progress: Progress,
    outcome: Outcome,
    concluded: Time,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The seal is complete.
    Completed,
    /// The holder declined the certificate content that was presented.
    Declined,
    /// It was given up after the last step done. If there was a key, it is destroyed.
    Aborted(Cause),
    /// An alarm: the device did not confirm that the key is gone (ENG-03). The seal was withheld.
    DestructionUnconfirmed,
}

/// Why an attempt was given up: the kind, with no words of anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The caller went away or asked to stop.
    Cancelled,
    /// What was about to be certified or sealed was not what had been presented.
    ContentChanged,
    /// The time for the attempt was over.
    DeadlinePassed,
    /// The process ended in the middle; the attempt was found later.
    Crashed,
    /// The document could not be read, prepared or written.
    Document,
    /// Certificates or status answers could not be had, or did not fit.
    Evidence,
    /// The issuer did not issue.
    Issuing,
    /// The device did not make a key, or not one with the attributes asked for.
    KeyGeneration,
    /// The device did not sign.
    Signing,
    /// The journal or the records could not be written.
    Storage,
    /// No time-stamping authority answered.
    TimeStamp,
    /// The time-stamp lies outside the certificate's validity (ENG-04).
    TimeStampOutsideValidity,
    /// The finished seal did not verify.
    Verification,
}

/// The parts do not make a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The outcome cannot follow the last step done.
    #[error("a sealing that is {step} cannot have ended as {outcome:?}")]
    OutcomeDoesNotFit {
        /// The outcome.
        outcome: Outcome,
        /// The last step done.
        step: Step,
    },
    /// The progress belongs to another session than the opening.
    #[error("opening and progress are of two sessions")]
    SessionDiffers,
}

pub(crate) const OWN_FIELDS: [Field; 3] = [Field::Outcome, Field::Cause, Field::ConcludedAt];

impl SealingRecord {
    /// Puts a record together. A completed one needs every step up to the time-stamp, a declined one was just presented, and
    /// destruction can only be unconfirmed while there may be a key.
    pub fn new(
        opening: Opening,
        progress: Progress,
        outcome: Outcome,
        concluded: Time,
    ) -> Result<Self, RecordError> {
        if opening.session != progress.session() {
            return Err(RecordError::SessionDiffers);
        }
        let step = progress.step();
        let fits = match outcome {
            Outcome::Completed => step == Step::TimeStamped,
            Outcome::Declined => step == Step::Presented,
            Outcome::DestructionUnconfirmed => step.may_hold_key(),
            Outcome::Aborted(_) => true,
        };
        if !fits {
            return Err(RecordError::OutcomeDoesNotFit { outcome, step });
        }
        Ok(Self { opening, progress, outcome, concluded })
    }

    /// What was known at the beginning.
    #[must_use]
    pub const fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The steps that were done.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// When it ended, by the clock of the process that wrote the record.
    #[must_use]
    pub const fn concluded(&self) -> Time {
        self.concluded
    }

    /// The last step done, which is [`Step::Completed`] for a completed sealing and no other.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self.outcome {
            Outcome::Completed => Step::Completed,
            _ => self.progress.step(),
        }
    }

    /// The year that decides when the personal data go.
    pub fn retention_year(&self) -> Result<RetentionYear, RetentionError> {
        RetentionYear::of(self.concluded)
    }

    pub(crate) fn facts(&self) -> Facts {
        let mut facts = self.opening.facts();
        facts.extend(self.progress.facts(self.step()));
        facts.extend([
            (Field::Outcome, outcome_code(self.outcome).encode()),
            (Field::Cause, cause(self.outcome).map(cause_code).encode()),
            (Field::ConcludedAt, self.concluded.encode()),
        ]);
        facts
    }

    pub(crate) fn from_facts(facts: &Facts) -> Result<Self, DecodeError> {
        let of =
            |fields: &[Field]| facts.iter().filter(|(f, _)| fields.contains(f)).cloned().collect::<Facts>();
        let opening = Opening::from_facts(&of(&opening::FIELDS))?;
        let progress = Progress::from_facts(&of(&progress::FIELDS), opening.session)?;
        let v = Values(facts);
        let cause = v.with(Field::Cause, |code: Option<u8>| match code {
            None => Some(None),
            Some(code) => cause_from(code).map(Some),
        })?;
        let outcome = v.with(Field::Outcome, |code: u8| match (code, cause) {
            (1, None) => Some(Outcome::Completed),
            (2, None) => Some(Outcome::Declined),
            (3, Some(cause)) => Some(Outcome::Aborted(cause)),
            (4, None) => Some(Outcome::DestructionUnconfirmed),
            _ => None,
        })?;
        let stored_step = v.with(Field::Step, Step::from_number)?;
        let record = Self::new(opening, progress, outcome, v.get(Field::ConcludedAt)?)
            .map_err(|_| DecodeError::Value { field: Field::Outcome })?;
        if record.step() == stored_step { Ok(record) } else { Err(DecodeError::Value { field: Field::Step }) }
    }
}

const fn outcome_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Completed => 1,
        Outcome::Declined => 2,
        Outcome::Aborted(_) => 3,
        Outcome::DestructionUnconfirmed => 4,
    }
}

const fn cause(outcome: Outcome) -> Option<Cause> {
    match outcome {
        Outcome::Aborted(cause) => Some(cause),
        _ => None,
    }
}

const CAUSES: [Cause; 13] = [
    Cause::Cancelled,
    Cause::ContentChanged,
    Cause::DeadlinePassed,
    Cause::Crashed,
    Cause::Document,
    Cause::Evidence,
    Cause::Issuing,
    Cause::KeyGeneration,
    Cause::Signing,
    Cause::Storage,
    Cause::TimeStamp,
    Cause::TimeStampOutsideValidity,
    Cause::Verification,
];

fn cause_code(cause: Cause) -> u8 {
    CAUSES.iter().position(|&c| c == cause).and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(u8::MAX)
}

fn cause_from(code: u8) -> Option<Cause> {
    CAUSES.get(usize::from(code).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const OUTCOMES: [Outcome; 4] = [
        Outcome::Completed,
        Outcome::Declined,
        Outcome::Aborted(Cause::TimeStamp),
        Outcome::DestructionUnconfirmed,
    ];

    #[test]
    fn an_outcome_fits_its_step_or_there_is_no_record() {
        for done in 0..=7 {
            for outcome in OUTCOMES {
                let record =
                    SealingRecord::new(testing::opening(1), testing::progress(1, done), outcome, testing::T0);
                let fits = match outcome {
                    Outcome::Completed => done == 7,
                    Outcome::Declined => done == 1,
                    Outcome::DestructionUnconfirmed => (2..=5).contains(&done),
                    Outcome::Aborted(_) => true,
                };
                assert_eq!(record.is_ok(), fits, "{done} {outcome:?}");
            }
        }
        let other =
            SealingRecord::new(testing::opening(2), testing::progress(1, 7), Outcome::Completed, testing::T0);
        assert_eq!(other, Err(RecordError::SessionDiffers));
    }

    #[test]
    fn facts_come_back() {
        for done in 0..=7 {
            for outcome in OUTCOMES.into_iter().chain(CAUSES.map(Outcome::Aborted)) {
                let made =
                    SealingRecord::new(testing::opening(1), testing::progress(1, done), outcome, testing::T0);
                let Ok(record) = made else { continue };
                assert_eq!(SealingRecord::from_facts(&record.facts()), Ok(record));
            }
        }
    }

    #[test]
    fn a_stored_outcome_that_does_not_fit_is_refused() {
        let record = testing::completed(1);
        let change = |field: Field, value: Vec<u8>| {
            let mut facts = record.facts();
            facts.iter_mut().find(|(f, _)| *f == field).unwrap().1 = value;
            SealingRecord::from_facts(&facts)
        };
        assert!(change(Field::Outcome, vec![2]).is_err());
        assert!(change(Field::Outcome, vec![3]).is_err());
        assert!(change(Field::Cause, vec![1, 1]).is_err());
        assert!(change(Field::Step, vec![8]).is_err());
        assert!(change(Field::SignToDestroy, vec![0]).is_err());
    }
}
