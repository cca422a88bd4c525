use core::fmt;

use segl_record::{Outcome, SealingRecord, Step};

/// How an attempt ended, as the journal keeps it when the record has the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a journal must keep each of them")]
pub enum End {
    /// The seal was completed and its record written.
    Completed,
    /// The holder declined.
    Declined,
    /// It was given up, or found lying after a crash.
    Aborted,
    /// The device did not confirm that the key is gone.
    DestructionUnconfirmed,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 4] = [Self::Completed, Self::Declined, Self::Aborted, Self::DestructionUnconfirmed];

    /// The end a record tells of.
    #[must_use]
    pub const fn of(record: &SealingRecord) -> Self {
        match record.outcome() {
            Outcome::Completed => Self::Completed,
            Outcome::Declined => Self::Declined,
            Outcome::DestructionUnconfirmed => Self::DestructionUnconfirmed,
            _ => Self::Aborted,
        }
    }

    /// Number of the end in stored rows, 1 to 4.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Completed => 1,
            Self::Declined => 2,
            Self::Aborted => 3,
            Self::DestructionUnconfirmed => 4,
        }
    }

    /// The end with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Completed),
            2 => Some(Self::Declined),
            3 => Some(Self::Aborted),
            4 => Some(Self::DestructionUnconfirmed),
            _ => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Aborted => "aborted",
            Self::DestructionUnconfirmed => "destruction unconfirmed",
        })
    }
}

/// Whether a journal takes the step `to` after `from`: only the next one, and the last one never alone, because a sealing is completed
/// together with its record.
#[must_use]
pub fn may_advance(from: Step, to: Step) -> bool {
    to != Step::Completed && from.next() == Some(to)
}

/// Whether the row must have reached the disk, so that it outlives a loss of power, before the step is called done.
///
/// Only one step is so: the approval, because the key is made next and the attempt must be found if everything stops then. The
/// others outlive a crash of the process, and reach the disk with the record at the latest, which is before the seal is let out.
#[must_use]
pub const fn is_durable_step(step: Step) -> bool {
    matches!(step, Step::Approved | Step::Completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_skipped_and_nothing_goes_back() {
        for from in Step::ALL {
            for to in Step::ALL {
                let next = from.number() + 1 == to.number();
                assert_eq!(may_advance(from, to), next && to != Step::Completed);
            }
        }
    }

    #[test]
    fn numbers_come_back() {
        for end in End::ALL {
            assert_eq!(End::from_number(end.number()), Some(end));
        }
        assert_eq!(End::from_number(0), None);
    }
}
