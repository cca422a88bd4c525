use crate::{Checkpoint, Disclosure, Entry, Event, Field, Head, LogId, Purge};

/// Verifies a log entry by entry, from the first.
///
/// It finds an entry that was changed, moved, left out or put in, a value that is not the one committed to, and values that are gone
/// without a purge record. That entries were cut off at the end, or that the whole log was written anew, it sees when it is given a
/// [`Checkpoint`] that was kept somewhere else.
#[derive(Clone, Debug)]
pub struct Verifier {
    log: LogId,
    checkpoints: Vec<Checkpoint>,
    head: Head,
    disclosed: u64,
    erased: Vec<Erased>,
    purges: Vec<(u64, Purge)>,
}

/// A stretch of entries of one retention year whose values are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Erased {
    year: i16,
    first: u64,
    last: u64,
}

/// What a log was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The end of the log.
    pub head: Head,
    /// Entries whose values are there and are the ones committed to.
    pub disclosed: u64,
    /// Entries whose values were erased, and a purge record says so.
    pub lawfully_erased: u64,
    /// Entries at the end that no checkpoint speaks for: all of them when none was given.
    pub unanchored: u64,
}

/// What is wrong with a log. Numbers are sequence numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The entry does not continue the chain: it, or one before it, was changed.
    #[error("entry {sequence} does not continue the chain")]
    BrokenLink {
        /// The entry.
        sequence: u64,
    },
    /// The values are gone, and no purge record accounts for them.
    #[error("the values of entry {sequence} are gone and no purge record says why")]
    ErasedWithoutPurge {
        /// The first such entry.
        sequence: u64,
    },
    /// Another log was written in the place of the one the checkpoint speaks for.
    #[error("the log differs from the checkpoint at entry {sequence}")]
    DiffersFromCheckpoint {
        /// The number of entries in the checkpoint.
        sequence: u64,
    },
    /// The log ends before a checkpoint: its end was cut off, or an older copy was put in its place.
    #[error("the log has {found} entries, a checkpoint says {kept}")]
    OlderThanCheckpoint {
        /// Entries found.
        found: u64,
        /// Entries in the checkpoint.
        kept: u64,
    },
    /// The checkpoint is of another log.
    #[error("the checkpoint is of the log {found}")]
    OtherLog {
        /// The log it is of.
        found: LogId,
    },
    /// Entries are missing, or stand in another order.
    #[error("entry {found} stands where {expected} belongs")]
    OutOfSequence {
        /// The number that belongs there.
        expected: u64,
        /// The one that stands there.
        found: u64,
    },
    /// A purge record says another number of entries than the stretch it names has lost.
    #[error("the purge in entry {sequence} says {said} entries, {found} are erased")]
    PurgeCount {
        /// The purge record.
        sequence: u64,
        /// What it says.
        said: u64,
        /// What is so.
        found: u64,
    },
    /// Values were erased before their time.
    #[error("the purge in entry {sequence} came before its year was over")]
    PurgedTooEarly {
        /// The purge record.
        sequence: u64,
    },
    /// A value is not the one committed to, or the values are not those of such an entry.
    #[error("the values of entry {sequence} are not the ones committed to")]
    ValueChanged {
        /// The entry.
        sequence: u64,
        /// The first such field, where one can be named.
        field: Option<Field>,
    },
}

impl Verifier {
    /// Begins with an empty log of this identity.
    #[must_use]
    pub fn new(log: LogId) -> Self {
        Self {
            log,
            checkpoints: Vec::new(),
            head: Head::empty(log),
            disclosed: 0,
            erased: Vec::new(),
            purges: Vec::new(),
        }
    }

    /// Holds the log against a checkpoint as well; to be called before the first entry, as often as there are checkpoints. Whether the
    /// checkpoint is authentic was decided before.
    #[must_use]
    pub fn against(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoints.push(checkpoint);
        self
    }

    /// Takes the next entry and, unless they were erased, its values. Returns the event they tell.
    pub fn next(&mut self, entry: &Entry, values: Option<&Disclosure>) -> Result<Option<Event>, LogError> {
        let sequence = entry.sequence();
        let expected = self.head.sequence().saturating_add(1);
        if sequence != expected {
            return Err(LogError::OutOfSequence { expected, found: sequence });
        }
        if !entry.follows(&self.head) {
            return Err(LogError::BrokenLink { sequence });
        }
        let event = match values {
            Some(values) => {
                let changed = |field| LogError::ValueChanged { sequence, field };
                entry.check(values).map_err(changed)?;
                let event = values.event().map_err(|_| changed(None))?;
                if event.retention_year().ok() != Some(entry.year()) {
                    return Err(changed(None));
                }
                self.disclosed = self.disclosed.saturating_add(1);
                self.note_purge(sequence, &event)?;
                Some(event)
            }
            None if !entry.kind().is_erasable() => return Err(LogError::ErasedWithoutPurge { sequence }),
            None => {
                self.note_erased(sequence, entry.year().year());
                None
            }
        };
        self.head = entry.head();
        self.hold_against_checkpoints()?;
        Ok(event)
    }

    /// Ends the log, and compares what is erased with the purge records.
    pub fn finish(self) -> Result<Verified, LogError> {
        let kept = self.checkpoints.iter().map(|checkpoint| checkpoint.head().sequence()).max().unwrap_or(0);
        let found = self.head.sequence();
        if self.head.sequence() == 0 {
            self.hold_against_checkpoints()?;
        }
        let unanchored = found.checked_sub(kept).ok_or(LogError::OlderThanCheckpoint { found, kept })?;
        for (sequence, purge) in &self.purges {
            let found = self
                .erased
                .iter()
                .filter(|run| run.year == purge.year.year())
                .map(|run| overlap(run, purge))
                .fold(0_u64, u64::saturating_add);
            if found != purge.count {
                return Err(LogError::PurgeCount { sequence: *sequence, said: purge.count, found });
            }
        }
        for run in &self.erased {
            let covered = |at: u64| {
                self.purges
                    .iter()
                    .find(|(_, p)| p.year.year() == run.year && (p.first..=p.last).contains(&at))
                    .map(|(_, p)| p.last)
            };
            let mut at = run.first;
            while at <= run.last {
                let last = covered(at).ok_or(LogError::ErasedWithoutPurge { sequence: at })?;
                at = last.saturating_add(1);
            }
        }
        let lawfully_erased = self.erased.iter().map(|run| run.last - run.first + 1).sum();
        Ok(Verified { head: self.head, disclosed: self.disclosed, lawfully_erased, unanchored })
    }

    fn hold_against_checkpoints(&self) -> Result<(), LogError> {
        let sequence = self.head.sequence();
        for checkpoint in &self.checkpoints {
            if checkpoint.log() != self.log {
                return Err(LogError::OtherLog { found: checkpoint.log() });
            }
            if checkpoint.head().sequence() == sequence && checkpoint.head() != self.head {
                return Err(LogError::DiffersFromCheckpoint { sequence });
            }
        }
        Ok(())
    }

    fn note_purge(&mut self, sequence: u64, event: &Event) -> Result<(), LogError> {
        if let Event::Purge(purge) = event {
            let due = purge.year.erasable_from();
            if due.map_or(true, |due| purge.at < due) || purge.last >= sequence {
                return Err(LogError::PurgedTooEarly { sequence });
            }
            self.purges.push((sequence, purge.clone()));
        }
        Ok(())
    }

    fn note_erased(&mut self, sequence: u64, year: i16) {
        match self.erased.last_mut() {
            Some(run) if run.year == year && run.last.checked_add(1) == Some(sequence) => run.last = sequence,
            _ => self.erased.push(Erased { year, first: sequence, last: sequence }),
        }
    }
}

fn overlap(run: &Erased, purge: &Purge) -> u64 {
    let (first, last) = (run.first.max(purge.first), run.last.min(purge.last));
    last.checked_sub(first).map_or(0, |n| n.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, testing};

    type Row = (Entry, Option<Disclosure>);

    fn log(events: &[Event]) -> Vec<Row> {
        let mut head = Head::empty(testing::log(1));
        let mut rows = Vec::new();
        for (at, event) in events.iter().enumerate() {
            let (entry, disclosure) = head.append(event, testing::seed(at as u8)).unwrap();
            head = entry.head();
            rows.push((entry, Some(disclosure)));
        }
        rows
    }

    fn verify(rows: &[Row]) -> Result<Verified, LogError> {
        let mut verifier = Verifier::new(testing::log(1));
        for (entry, values) in rows {
            verifier.next(entry, values.as_ref())?;
        }
        verifier.finish()
    }

    fn sealings(years: &[u16]) -> Vec<Event> {
        years.iter().enumerate().map(|(at, &year)| testing::completed_in(at as u8 + 1, year).into()).collect()
    }

    #[test]
    fn a_whole_log_verifies() {
        let rows = log(&sealings(&[2026, 2026, 2027]));
        let verified = verify(&rows).unwrap();
        assert_eq!((verified.disclosed, verified.lawfully_erased, verified.head.sequence()), (3, 0, 3));
        assert_eq!(&verified.head, &rows[2].0.head());
    }

    #[test]
    fn erased_years_verify_with_a_purge_record_and_only_then() {
        let mut events = sealings(&[2026, 2027, 2026, 2026, 2027]);
        events.push(testing::purge(2026, 1, 4, 3).into());
        let mut rows = log(&events);
        for at in [0, 2, 3] {
            rows[at].1 = None;
        }
        let verified = verify(&rows).unwrap();
        assert_eq!((verified.disclosed, verified.lawfully_erased), (3, 3));
        assert_eq!(verify(&rows[..5]), Err(LogError::ErasedWithoutPurge { sequence: 1 }));
        rows[1].1 = None;
        assert_eq!(verify(&rows), Err(LogError::ErasedWithoutPurge { sequence: 2 }));
    }

    #[test]
    fn a_purge_record_that_says_too_much_is_found() {
        let mut events = sealings(&[2026, 2026]);
        events.push(testing::purge(2026, 1, 2, 2).into());
        let mut rows = log(&events);
        rows[0].1 = None;
        assert_eq!(verify(&rows), Err(LogError::PurgeCount { sequence: 3, said: 2, found: 1 }));
    }

    #[test]
    fn a_purge_in_batches_verifies() {
        let mut events = sealings(&[2026, 2026, 2026, 2026]);
        events.push(testing::purge(2026, 1, 2, 2).into());
        events.push(testing::purge(2026, 3, 4, 2).into());
        let mut rows = log(&events);
        rows.iter_mut().take(4).for_each(|row| row.1 = None);
        assert_eq!(verify(&rows).unwrap().lawfully_erased, 4);
    }

    #[test]
    fn an_early_purge_is_found() {
        let mut events = sealings(&[2026]);
        let mut purge = testing::purge(2026, 1, 1, 1);
        purge.at = "2033-12-31T22:59:59Z".parse().unwrap();
        events.push(purge.into());
        let mut rows = log(&events);
        rows[0].1 = None;
        assert_eq!(verify(&rows), Err(LogError::PurgedTooEarly { sequence: 2 }));
    }

    #[test]
    fn removal_reordering_and_change_are_told_apart() {
        let rows = log(&sealings(&[2026, 2026, 2026]));
        let without = [rows[0].clone(), rows[2].clone()];
        assert_eq!(verify(&without), Err(LogError::OutOfSequence { expected: 2, found: 3 }));
        let mut changed = rows.clone();
        let (entry, _) = &rows[1];
        let mut commitments = entry.commitments();
        commitments[40] ^= 1;
        changed[1].0 =
            Entry::from_parts(2, Kind::Sealing, entry.year(), &commitments, *entry.link()).unwrap();
        assert_eq!(verify(&changed), Err(LogError::BrokenLink { sequence: 2 }));
        let mut exchanged = rows.clone();
        exchanged[1].1.clone_from(&rows[0].1);
        assert!(matches!(verify(&exchanged), Err(LogError::ValueChanged { sequence: 2, field: Some(_) })));
    }

    #[test]
    fn a_checkpoint_finds_an_older_copy_and_another_log() {
        let rows = log(&sealings(&[2026, 2026, 2027, 2027]));
        let of = |row: &Row| Checkpoint::new(testing::log(1), row.0.head(), testing::T0, None);
        let against = |rows: &[Row], checkpoints: &[Checkpoint]| {
            let mut verifier =
                checkpoints.iter().fold(Verifier::new(testing::log(1)), |verifier, c| verifier.against(*c));
            for (entry, values) in rows {
                verifier.next(entry, values.as_ref())?;
            }
            verifier.finish()
        };
        let kept = [of(&rows[0]), of(&rows[2])];
        assert_eq!(against(&rows, &kept).unwrap().unanchored, 1);
        assert_eq!(against(&rows, &[]).unwrap().unanchored, 4);
        assert_eq!(against(&rows[..2], &kept), Err(LogError::OlderThanCheckpoint { found: 2, kept: 3 }));
        let anew = log(&sealings(&[2026, 2026, 2026, 2026, 2026]));
        assert_eq!(against(&anew, &kept), Err(LogError::DiffersFromCheckpoint { sequence: 3 }));
        let other = Checkpoint::new(testing::log(2), rows[0].0.head(), testing::T0, None);
        assert_eq!(against(&rows, &[other]), Err(LogError::OtherLog { found: testing::log(2) }));
        assert!(against(&[], &[other]).is_err());
        let empty = Checkpoint::new(testing::log(1), Head::empty(testing::log(1)), testing::T0, None);
        assert_eq!(against(&[], &[empty]).unwrap().unanchored, 0);
    }

    #[test]
    fn a_record_of_a_purge_is_never_erased() {
        let mut events = sealings(&[2026]);
        events.push(testing::purge(2026, 1, 1, 1).into());
        let mut rows = log(&events);
        rows[0].1 = None;
        rows[1].1 = None;
        assert_eq!(verify(&rows), Err(LogError::ErasedWithoutPurge { sequence: 2 }));
    }
}
