//! The records: reading, verifying, erasing.

use core::time::Duration;

use rusqlite::{Connection, Row, params};
use segl_crypto::Time;
use segl_record::{
    Checkpoint, Disclosure, Entry, Event, Head, Kind, Operator, OrganisationNumber, Purge, RetentionYear,
    SaltSeed, SealingRecord, Step, Verified, Verifier,
};
use segl_sealing::End;

use super::{AppendFailure, Durability, SqliteStore, append, corrupt_entry, head, lock, value};
use crate::error::{Corruption, PurgeError, StoreError, VerifyError};

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
    /// Whether the erased values are also gone from the write-ahead log. `false` when somebody was reading: call again.
    pub wal_cleared: bool,
}

impl SqliteStore {
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
        self.read(|connection| head(connection, self.log))
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
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT sequence, kind, disclosure FROM log WHERE organisation = ?1 AND sequence > ?2
                 ORDER BY sequence LIMIT ?3",
            )?;
            let mut rows = select.query(params![organisation.as_str(), value::number(after)?, limit])?;
            let mut uses = Vec::new();
            while let Some(row) = rows.next()? {
                let sequence = value::sequence(row.get(0)?)?;
                let event = kind(row, 1)
                    .zip(row.get_ref(2)?.as_blob().ok())
                    .and_then(|(kind, bytes)| Disclosure::from_bytes(kind, bytes).ok()?.event().ok());
                match event {
                    Some(Event::Sealing(record)) => uses.push(Use { sequence, record: *record }),
                    _ => return Err(corrupt_entry(sequence)),
                }
            }
            Ok(uses)
        })
    }

    /// The log after this sequence number, at most so many entries.
    ///
    /// # Errors
    /// [`StoreError`]
    pub fn entries(&self, after: u64, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        self.read(|connection| {
            let mut entries = Vec::new();
            each_entry(connection, after, i64::from(limit), |row| {
                entries.push(row);
                Ok::<(), StoreError>(())
            })?;
            Ok(entries)
        })
    }

    /// Verifies everything: the file as the database sees it, the chain from its beginning, every value against its commitment,
    /// erased values against the purge records, and every ended attempt against its record.
    ///
    /// An end that was cut off, an older copy of the file, or one written anew is found only with [`checkpoints`](Self::checkpoint) that
    /// were kept elsewhere and whose authenticity was checked; without any, every entry is [unanchored](Verified::unanchored).
    ///
    /// It sees the store as it was when it began. Sealing goes on meanwhile, and the write-ahead log grows until it is done.
    ///
    /// # Errors
    /// [`VerifyError`]
    pub fn verify(&self, checkpoints: &[Checkpoint]) -> Result<Verified, VerifyError> {
        self.read(|connection| {
            check_file(connection)?;
            let new = Verifier::new(self.log);
            let mut verifier =
                checkpoints.iter().fold(new, |verifier, checkpoint| verifier.against(*checkpoint));
            let mut attempt =
                connection.prepare("SELECT request, session, step, ended FROM attempt WHERE entry = ?1")?;
            each_entry(connection, 0, -1, |row| {
                let sequence = row.entry.sequence();
                let event = verifier.next(&row.entry, row.values.as_ref())?;
                if let Some(Event::Sealing(record)) = event {
                    let mut rows = attempt.query([value::number(sequence)?])?;
                    let row = rows.next()?.ok_or(VerifyError::AttemptDiffers { sequence })?;
                    if !agrees(row, &record)? {
                        return Err(VerifyError::AttemptDiffers { sequence });
                    }
                }
                Ok::<(), VerifyError>(())
            })?;
            Ok(verifier.finish()?)
        })
    }

    /// Erases the personal data of every year whose time is over, and appends a record of each batch to the log.
    ///
    /// There is no way to ask for more than the rule allows (S000-55). A batch of at most `batch` entries is one transaction, so a
    /// crash leaves no half-erased entry and the next call goes on. After the last batch the write-ahead log is emptied, since
    /// erased values stay readable in it.
    ///
    /// Copies of the file, snapshots of the disk and backups are not reached.
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
            let record = self.write(Durability::Synced, |connection| {
                purge_batch(connection, self, due, now, operator, batch.max(1), &mut salts)
            })?;
            match record {
                Some(record) => records.push(record),
                None => break,
            }
        }
        let busy: i64 =
            lock(&self.writer).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(Purged { records, wal_cleared: busy == 0 })
    }
}

/// How far the clocks of two writers of one log may be apart.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

fn purge_batch(
    connection: &Connection,
    store: &SqliteStore,
    due: RetentionYear,
    now: Time,
    operator: &Operator,
    batch: u32,
    salts: &mut impl FnMut() -> SaltSeed,
) -> Result<Option<Purge>, PurgeError> {
    // The oldest year that is due, and of it the first entries in the log.
    let mut select = connection.prepare(
        "WITH oldest AS (SELECT min(year) AS year FROM log WHERE kind = 1 AND disclosure IS NOT NULL AND year <= ?1),
         batch AS (SELECT sequence FROM log WHERE kind = 1 AND disclosure IS NOT NULL
                   AND year = (SELECT year FROM oldest) ORDER BY sequence LIMIT ?2)
         SELECT (SELECT year FROM oldest), min(sequence), max(sequence), count(*) FROM batch",
    )?;
    let mut rows = select.query(params![due.year(), batch])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let count = value::sequence(row.get(3)?)?;
    if count == 0 {
        return Ok(None);
    }
    let (first, last): (i64, i64) = (row.get(1)?, row.get(2)?);
    let year = RetentionYear::from_year(row.get(0)?)?;
    if latest(connection)?.is_some_and(|latest| latest > now + CLOCK_TOLERANCE) {
        return Err(PurgeError::ClockBehindLog);
    }
    connection.execute(
        "DELETE FROM attempt WHERE entry IN (SELECT sequence FROM log
         WHERE kind = 1 AND disclosure IS NOT NULL AND year = ?1 AND sequence BETWEEN ?2 AND ?3)",
        params![year.year(), first, last],
    )?;
    connection.execute(
        "UPDATE log SET disclosure = NULL, organisation = NULL
         WHERE kind = 1 AND disclosure IS NOT NULL AND year = ?1 AND sequence BETWEEN ?2 AND ?3",
        params![year.year(), first, last],
    )?;
    let (first, last) = (value::sequence(first)?, value::sequence(last)?);
    let purge = Purge { year, first, last, count, operator: operator.clone(), at: now };
    match append(connection, store.log, &Event::from(purge.clone()), salts()) {
        Ok(_) => Ok(Some(purge)),
        Err(AppendFailure::Append(error)) => Err(error.into()),
        Err(AppendFailure::Store(error)) => Err(error.into()),
    }
}

/// When the last entry that still has its values was made.
fn latest(connection: &Connection) -> Result<Option<Time>, StoreError> {
    let mut select = connection.prepare(
        "SELECT sequence, kind, disclosure FROM log WHERE disclosure IS NOT NULL ORDER BY sequence DESC LIMIT 1",
    )?;
    let mut rows = select.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let sequence = value::sequence(row.get(0)?)?;
    let values = kind(row, 1).zip(row.get_ref(2)?.as_blob().ok());
    let event = values.and_then(|(kind, bytes)| Disclosure::from_bytes(kind, bytes).ok()?.event().ok());
    event.map(|event| Some(event.at())).ok_or(corrupt_entry(sequence))
}

fn each_entry<E: From<rusqlite::Error> + From<StoreError>>(
    connection: &Connection,
    after: u64,
    limit: i64,
    mut act: impl FnMut(LogRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut select = connection.prepare_cached(
        "SELECT sequence, kind, year, commitments, link, disclosure FROM log WHERE sequence > ?1
         ORDER BY sequence LIMIT ?2",
    )?;
    let mut rows = select.query(params![value::number(after)?, limit])?;
    while let Some(row) = rows.next()? {
        let sequence = value::sequence(row.get(0)?)?;
        act(entry(row, sequence)?.ok_or(corrupt_entry(sequence))?)?;
    }
    Ok(())
}

fn entry(row: &Row<'_>, sequence: u64) -> Result<Option<LogRow>, rusqlite::Error> {
    let parts = kind(row, 1)
        .zip(row.get(2).ok().and_then(|year| RetentionYear::from_year(year).ok()))
        .zip(row.get_ref(3)?.as_blob().ok())
        .zip(value::array(row.get_ref(4)?));
    let Some((((kind, year), commitments), link)) = parts else { return Ok(None) };
    let Some(entry) = Entry::from_parts(sequence, kind, year, commitments, link) else { return Ok(None) };
    Ok(match row.get_ref(5)?.as_blob_or_null() {
        Ok(None) => Some(LogRow { entry, values: None }),
        Ok(Some(bytes)) => {
            Disclosure::from_bytes(kind, bytes).ok().map(|values| LogRow { entry, values: Some(values) })
        }
        Err(_) => None,
    })
}

fn kind(row: &Row<'_>, column: usize) -> Option<Kind> {
    row.get(column).ok().and_then(Kind::from_number)
}

fn check_file(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let orphans = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if verdict == "ok" && !orphans { Ok(()) } else { Err(StoreError::Corrupt(Corruption::File)) }
}

fn agrees(row: &Row<'_>, record: &SealingRecord) -> Result<bool, rusqlite::Error> {
    let opening = record.opening();
    let ended: Option<u8> = row.get(3)?;
    Ok(value::array(row.get_ref(0)?) == Some(*opening.request.uuid().as_bytes())
        && value::array(row.get_ref(1)?) == Some(*opening.session.uuid().as_bytes())
        && Step::from_number(row.get(2)?) == Some(record.step())
        && ended.and_then(End::from_number) == Some(End::of(record)))
}
