//! The records: reading, verifying, erasing.

use core::time::Duration;

use segl_crypto::Time;
use segl_record::{
    Checkpoint, Disclosure, Entry, Event, Head, Kind, Operator, OrganisationNumber, Purge, RetentionYear,
    SaltSeed, SealingRecord, Step, Verified, Verifier,
};
use segl_sealing::End;

use super::{Store, append, corrupt_entry, head, value};
use crate::database::primitives::{Columns, Sql};
use crate::database::{Database, values};
use crate::error::{PurgeError, StoreError, VerifyError};

/// One use of the solution, as the organisation reads it (S000-65).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// Its place in the log.
    pub sequence: u64,
    /// What is recorded of it.
    pub record: SealingRecord,
}

/// One log entry with its values, unless they were erased: what an export is made of and what a verifier takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogRow {
    /// The entry.
    pub entry: Entry,
    /// Its values.
    pub values: Option<Disclosure>,
}

/// What a purge did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// The records of the purge, one for each batch; none when nothing was due.
    pub records: Vec<Purge>,
    /// Whether the erased values are also gone from the write-ahead log. SQLite: `false` when somebody was reading, call again.
    /// PostgreSQL: always `false`, see `Store<Postgres>`.
    pub wal_cleared: bool,
}

impl<D: Database> Store<D> {
    /// A checkpoint of the log as it ends now, to be sealed and kept where the operator of this database cannot reach it (ENG-24).
    /// `previous` is the one before it.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn checkpoint(&self, at: Time, previous: Option<&Checkpoint>) -> Result<Checkpoint, StoreError> {
        Ok(Checkpoint::new(self.log, self.head()?, at, previous))
    }

    /// The end of the log.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn head(&self) -> Result<Head, StoreError> {
        self.database.read(|sql| head(sql, self.log))
    }

    /// The uses of one organisation, whatever their end, in order, after this sequence number and at most so many.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn uses_of(
        &self,
        organisation: &OrganisationNumber,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Use>, StoreError> {
        let after = value::after(after);
        let mut uses = Vec::new();
        self.database.read(|sql| {
            sql.each(
                "SELECT sequence, kind, disclosure FROM log WHERE organisation = $1 AND sequence > $2
                 ORDER BY sequence LIMIT $3",
                values![organisation.as_str(), after, i64::from(limit)],
                |row| {
                    let sequence = value::sequence(row.integer(0))?;
                    match event(row, 1, 2) {
                        Some(Event::Sealing(record)) => uses.push(Use { sequence, record: *record }),
                        _ => return Err(corrupt_entry(sequence)),
                    }
                    Ok(())
                },
            )
        })?;
        Ok(uses)
    }

    /// The log after this sequence number, at most so many entries.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn entries(&self, after: u64, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        let after = value::after(after);
        let mut entries = Vec::new();
        self.database.read(|sql| {
            sql.each(
                "SELECT sequence, kind, year, commitments, link, disclosure FROM log WHERE sequence > $1
                 ORDER BY sequence LIMIT $2",
                values![after, i64::from(limit)],
                |row| {
                    entries.push(entry(row)?);
                    Ok::<(), StoreError>(())
                },
            )
        })?;
        Ok(entries)
    }

    /// Verifies everything: the database as it sees itself, the chain from its beginning, every value against its commitment,
    /// erased values against the purge records, and every ended attempt against its record.
    ///
    /// An end that was cut off, an older copy of the database, or one written anew is found only with
    /// [`checkpoints`](Self::checkpoint) that were kept elsewhere and whose authenticity was checked; without any, every entry is
    /// [unanchored](Verified::unanchored).
    ///
    /// It sees the store as it was when it began. Sealing goes on meanwhile, and what the database keeps for readers of old states
    /// grows until it is done.
    ///
    /// # Errors
    /// [`VerifyError`]
    pub fn verify(&self, checkpoints: &[Checkpoint]) -> Result<Verified, VerifyError> {
        self.database.read(|sql| {
            D::check(sql)?;
            let new = Verifier::new(self.log);
            let mut verifier =
                checkpoints.iter().fold(new, |verifier, checkpoint| verifier.against(*checkpoint));
            sql.each(
                "SELECT log.sequence, log.kind, log.year, log.commitments, log.link, log.disclosure,
                     attempt.request, attempt.session, attempt.step, attempt.ended
                 FROM log LEFT JOIN attempt ON attempt.entry = log.sequence ORDER BY log.sequence",
                &[],
                |row| {
                    let LogRow { entry, values } = entry(row)?;
                    match verifier.next(&entry, values.as_ref())? {
                        Some(Event::Sealing(record)) if !agrees(row, &record) => {
                            Err(VerifyError::AttemptDiffers { sequence: entry.sequence() })
                        }
                        _ => Ok(()),
                    }
                },
            )?;
            Ok(verifier.finish()?)
        })
    }

    /// Erases the personal data of every year whose time is over, and appends a record of each batch to the log.
    ///
    /// There is no way to ask for more than the rule allows (S000-55). A batch of at most `batch` entries is one transaction, so a
    /// crash leaves no half-erased entry and the next call goes on. After the last batch the database is told to let go of what it
    /// keeps beside its tables.
    ///
    /// Copies of the database, snapshots of the disk and backups are not reached.
    ///
    /// # Errors
    /// [`PurgeError`]
    pub fn purge(
        &self,
        now: Time,
        operator: &Operator,
        batch: u32,
        mut salts: impl FnMut() -> SaltSeed,
    ) -> Result<Purged, PurgeError> {
        let due = RetentionYear::latest_erasable(now)?;
        let mut records = Vec::new();
        loop {
            let next = |sql: &mut D::Sql<'_>| {
                let Some(record) = next_batch(sql, due, now, operator, batch.max(1))? else {
                    return Ok(None);
                };
                erase(sql, &record)?;
                let entry = append::<PurgeError>(sql, self.log, &Event::from(record.clone()), salts())?;
                Ok::<_, PurgeError>(Some((record, entry)))
            };
            match self.appending(next, |made| made.as_ref().map(|(_, entry)| entry.clone()))? {
                Some((record, _)) => records.push(record),
                None => break,
            }
        }
        Ok(Purged { records, wal_cleared: self.database.clear_traces()? })
    }
}

/// How far the clocks of two writers of one log may be apart.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// The oldest year that is due, and of it the first entries in the log.
fn next_batch(
    sql: &mut impl Sql,
    due: RetentionYear,
    now: Time,
    operator: &Operator,
    batch: u32,
) -> Result<Option<Purge>, PurgeError> {
    let record = sql.first(
        "WITH oldest AS (SELECT min(year) AS year FROM log WHERE kind = 1 AND disclosure IS NOT NULL AND year <= $1),
         batch AS (SELECT sequence FROM log WHERE kind = 1 AND disclosure IS NOT NULL
                   AND year = (SELECT year FROM oldest) ORDER BY sequence LIMIT $2)
         SELECT (SELECT year FROM oldest), min(sequence), max(sequence), count(*) FROM batch",
        values![i64::from(due.year()), i64::from(batch)],
        |row| {
            let count = value::sequence(row.integer(3))?;
            if count == 0 {
                return Ok(None);
            }
            let (first, last) = (value::sequence(row.integer(1))?, value::sequence(row.integer(2))?);
            let year = year(row, 0).ok_or(corrupt_entry(first))?;
            Ok::<_, PurgeError>(Some(Purge { year, first, last, count, operator: operator.clone(), at: now }))
        },
    )?;
    let Some(record) = record.flatten() else { return Ok(None) };
    if latest(sql)?.is_some_and(|latest| latest > now + CLOCK_TOLERANCE) {
        return Err(PurgeError::ClockBehindLog);
    }
    Ok(Some(record))
}

fn erase(sql: &mut impl Sql, batch: &Purge) -> Result<(), StoreError> {
    let (first, last) = (value::number(batch.first)?, value::number(batch.last)?);
    let batch = values![i64::from(batch.year.year()), first, last];
    sql.execute(
        "DELETE FROM attempt WHERE entry IN (SELECT sequence FROM log
         WHERE kind = 1 AND disclosure IS NOT NULL AND year = $1 AND sequence BETWEEN $2 AND $3)",
        batch,
    )?;
    sql.execute(
        "UPDATE log SET disclosure = NULL, organisation = NULL
         WHERE kind = 1 AND disclosure IS NOT NULL AND year = $1 AND sequence BETWEEN $2 AND $3",
        batch,
    )?;
    Ok(())
}

/// When the last entry that still has its values was made.
fn latest(sql: &mut impl Sql) -> Result<Option<Time>, StoreError> {
    sql.first(
        "SELECT sequence, kind, disclosure FROM log WHERE disclosure IS NOT NULL ORDER BY sequence DESC LIMIT 1",
        &[],
        |row| {
            let sequence = value::sequence(row.integer(0))?;
            event(row, 1, 2).map(|event| event.at()).ok_or(corrupt_entry(sequence))
        },
    )
}

/// An entry of the columns `sequence, kind, year, commitments, link, disclosure`.
fn entry(row: &impl Columns) -> Result<LogRow, StoreError> {
    let sequence = value::sequence(row.integer(0))?;
    let read = || {
        let link = row.octets(4).and_then(value::array)?;
        let entry = Entry::from_parts(sequence, kind(row, 1)?, year(row, 2)?, row.octets(3)?, link)?;
        let values = match row.is_null(5) {
            true => None,
            false => Some(Disclosure::from_bytes(entry.kind(), row.octets(5)?).ok()?),
        };
        Some(LogRow { entry, values })
    };
    read().ok_or(corrupt_entry(sequence))
}

fn event(row: &impl Columns, kind_at: usize, disclosure_at: usize) -> Option<Event> {
    Disclosure::from_bytes(kind(row, kind_at)?, row.octets(disclosure_at)?).ok()?.event().ok()
}

fn kind(row: &impl Columns, column: usize) -> Option<Kind> {
    value::small(row.integer(column)).and_then(Kind::from_number)
}

fn year(row: &impl Columns, column: usize) -> Option<RetentionYear> {
    RetentionYear::from_year(i16::try_from(row.integer(column)?).ok()?).ok()
}

/// Whether the attempt beside an entry is there and tells what the record does.
fn agrees(row: &impl Columns, record: &SealingRecord) -> bool {
    let opening = record.opening();
    row.octets(6) == Some(opening.request.uuid().as_bytes().as_slice())
        && row.octets(7) == Some(opening.session.uuid().as_bytes().as_slice())
        && value::small(row.integer(8)).and_then(Step::from_number) == Some(record.step())
        && value::small(row.integer(9)).and_then(End::from_number) == Some(End::of(record))
}
