use segl_crypto::Time;

use crate::codec::{DecodeError, Facts, Value as _, Values};
use crate::opening::{self, text};
use crate::{Field, Operator, RetentionError, RetentionYear, SealingRecord, SlotName, progress, record};

/// What a log entry tells. Sealings are erased when their years are over; the others hold no personal data and stay.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A sealing, whatever its end.
    Sealing(Box<SealingRecord>),
    /// Personal data were erased.
    Purge(Purge),
    /// An alarm was cleared and sealing on a slot may go on.
    SlotCleared(SlotCleared),
}

/// The kind of a log entry. It stays when the personal data go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// [`Event::Sealing`].
    Sealing,
    /// [`Event::Purge`].
    Purge,
    /// [`Event::SlotCleared`].
    SlotCleared,
}

/// That the personal data of one retention year were erased from a stretch of the log (ENG-25). It names nobody.
///
/// A purge in several batches leaves several of these, over stretches that do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// The retention year.
    pub year: RetentionYear,
    /// Sequence number of the first entry that was erased.
    pub first: u64,
    /// Sequence number of the last one.
    pub last: u64,
    /// How many entries of that year between the two were erased.
    pub count: u64,
    /// The role that ran it.
    pub operator: Operator,
    /// When.
    pub at: Time,
}

/// That sealing may go on on a slot after a destruction that could not be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotCleared {
    /// The slot.
    pub slot: SlotName,
    /// The role that answers for it: the device was looked at and the key is gone.
    pub operator: Operator,
    /// When.
    pub at: Time,
}

const PURGE_FIELDS: [Field; 6] = [
    Field::PurgedYear,
    Field::PurgedFirst,
    Field::PurgedLast,
    Field::PurgedCount,
    Field::Operator,
    Field::At,
];
const SLOT_FIELDS: [Field; 3] = [Field::Slot, Field::Operator, Field::At];

impl Kind {
    /// Number of the kind in stored bytes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Sealing => 1,
            Self::Purge => 2,
            Self::SlotCleared => 3,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Sealing),
            2 => Some(Self::Purge),
            3 => Some(Self::SlotCleared),
            _ => None,
        }
    }

    /// Whether entries of this kind hold personal data, which go after the retention time.
    #[must_use]
    pub const fn is_erasable(self) -> bool {
        matches!(self, Self::Sealing)
    }

    /// The fields of this kind, all of them always there, in the order of their commitments.
    #[must_use]
    pub fn fields(self) -> Vec<Field> {
        match self {
            Self::Sealing => [&opening::FIELDS[..], &progress::FIELDS, &record::OWN_FIELDS].concat(),
            Self::Purge => PURGE_FIELDS.to_vec(),
            Self::SlotCleared => SLOT_FIELDS.to_vec(),
        }
    }
}

impl Event {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Sealing(_) => Kind::Sealing,
            Self::Purge(_) => Kind::Purge,
            Self::SlotCleared(_) => Kind::SlotCleared,
        }
    }

    /// When it happened: the end of a sealing, the moment of the others.
    #[must_use]
    pub const fn at(&self) -> Time {
        match self {
            Self::Sealing(record) => record.concluded(),
            Self::Purge(purge) => purge.at,
            Self::SlotCleared(cleared) => cleared.at,
        }
    }

    /// The retention year of [`at`](Self::at).
    pub fn retention_year(&self) -> Result<RetentionYear, RetentionError> {
        RetentionYear::of(self.at())
    }

    pub(crate) fn facts(&self) -> Facts {
        match self {
            Self::Sealing(record) => record.facts(),
            Self::Purge(purge) => vec![
                (Field::PurgedYear, purge.year.year().encode()),
                (Field::PurgedFirst, purge.first.encode()),
                (Field::PurgedLast, purge.last.encode()),
                (Field::PurgedCount, purge.count.encode()),
                (Field::Operator, purge.operator.as_str().as_bytes().to_vec()),
                (Field::At, purge.at.encode()),
            ],
            Self::SlotCleared(cleared) => vec![
                (Field::Slot, cleared.slot.as_str().as_bytes().to_vec()),
                (Field::Operator, cleared.operator.as_str().as_bytes().to_vec()),
                (Field::At, cleared.at.encode()),
            ],
        }
    }

    pub(crate) fn from_facts(kind: Kind, facts: &Facts) -> Result<Self, DecodeError> {
        let v = Values(facts);
        match kind {
            Kind::Sealing => SealingRecord::from_facts(facts).map(|record| Self::Sealing(Box::new(record))),
            Kind::Purge => Ok(Self::Purge(Purge {
                year: v.with(Field::PurgedYear, |year: i16| RetentionYear::from_year(year).ok())?,
                first: v.get(Field::PurgedFirst)?,
                last: v.get(Field::PurgedLast)?,
                count: v.get(Field::PurgedCount)?,
                operator: v.with(Field::Operator, text(Operator::new))?,
                at: v.get(Field::At)?,
            })),
            Kind::SlotCleared => Ok(Self::SlotCleared(SlotCleared {
                slot: v.with(Field::Slot, text(SlotName::new))?,
                operator: v.with(Field::Operator, text(Operator::new))?,
                at: v.get(Field::At)?,
            })),
        }
    }
}

impl From<SealingRecord> for Event {
    fn from(record: SealingRecord) -> Self {
        Self::Sealing(Box::new(record))
    }
}

impl From<Purge> for Event {
    fn from(purge: Purge) -> Self {
        Self::Purge(purge)
    }
}

impl From<SlotCleared> for Event {
    fn from(cleared: SlotCleared) -> Self {
        Self::SlotCleared(cleared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn facts_have_the_fields_of_their_kind_and_come_back() {
        let cleared = SlotCleared {
            slot: SlotName::new("soft").unwrap(),
            operator: Operator::new("officer").unwrap(),
            at: testing::T0,
        };
        for event in
            [Event::from(testing::completed(1)), testing::purge(2026, 1, 3, 2).into(), cleared.into()]
        {
            let facts = event.facts();
            assert_eq!(facts.iter().map(|(f, _)| *f).collect::<Vec<_>>(), event.kind().fields());
            assert_eq!(Event::from_facts(event.kind(), &facts), Ok(event.clone()));
            assert_eq!(Kind::from_number(event.kind().number()), Some(event.kind()));
        }
        assert_eq!(Kind::from_number(0), None);
    }
}
