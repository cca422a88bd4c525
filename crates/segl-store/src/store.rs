mod journal;
mod records;
mod register;
mod value;

use core::fmt;

use segl_record::{AppendError, Disclosure, Entry, Event, Head, LogId, SaltSeed};

pub use self::records::{LogRow, Purged, Use};
pub use self::register::SealingRegister;
pub(crate) use self::value::array;
use crate::database::primitives::{Columns as _, Sql};
use crate::database::{Database, Write, values};
use crate::error::{Corruption, StoreError};

/// A store in a database: the journal of sealings, their records in a hash chain, and the register of issued certificates.
///
/// Several threads may use one store, and several processes one database. Two kinds of commit are told apart: a *synced* one has
/// reached the disk when the call returns, a *deferred* one reaches it with the next synced one, and the database stays whole whatever
/// happens. One sealing makes two synced commits: the approval, which comes before the key, and the record, which comes before the
/// seal is let out. Everything between the two is deferred.
///
/// Which step, serial number or key is refused does not depend on the database; how far its promises reach does: see
/// `Store<Sqlite>` and `Store<Postgres>`.
pub struct Store<D> {
    pub(crate) database: D,
    pub(crate) log: LogId,
}

impl<D: Database> Store<D> {
    /// The identity of the log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }
}

impl<D: Database> Store<D> {
    /// One transaction that appends, and by `entry` what it appended. When its commit has no answer the log is looked at: so the caller
    /// hears that it took place, that it did not, or, when that cannot be seen either, that it is not known.
    fn appending<T: Clone, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&mut D::Sql<'_>) -> Result<T, E>,
        entry: impl FnOnce(&T) -> Option<Entry>,
    ) -> Result<T, E> {
        let mut made = None;
        let done = self.database.write(Write::Appending, |sql| {
            let done = act(sql).map_err(Failed::Rules)?;
            made = Some(done.clone());
            Ok(done)
        });
        let said = match done {
            Ok(done) => return Ok(done),
            Err(Failed::Rules(refused)) => return Err(refused),
            Err(Failed::Database(StoreError::OutcomeUnknown(said))) => said,
            Err(Failed::Database(error)) => return Err(error.into()),
        };
        match made.as_ref().and_then(entry).map(|entry| self.has(&entry)) {
            Some(Ok(true)) => made.ok_or(StoreError::OutcomeUnknown(said).into()),
            Some(Ok(false)) => Err(StoreError::Lost(said).into()),
            Some(Err(_)) | None => Err(StoreError::OutcomeUnknown(said).into()),
        }
    }

    /// Whether the log has exactly this entry, and no transaction that might still bring it is under way.
    fn has(&self, entry: &Entry) -> Result<bool, StoreError> {
        // One that is still being committed holds what an appending transaction waits for.
        self.database.write(Write::Appending, |sql| {
            // A write, so that this commit waits for the disk and for the standbys as the one without an answer should have: before
            // what is seen here is told, it is there too.
            sql.execute("UPDATE identity SET log = log", &[])?;
            let sequence = value::number(entry.sequence())?;
            let link = sql.first("SELECT link FROM log WHERE sequence = $1", values![sequence], |row| {
                Ok::<_, StoreError>(row.octets(0).and_then(array))
            })?;
            Ok(link.flatten() == Some(*entry.link()))
        })
    }
}

/// Why a transaction was not committed: what ran in it, or its commit.
enum Failed<E> {
    Rules(E),
    Database(StoreError),
}

impl<E> From<StoreError> for Failed<E> {
    fn from(error: StoreError) -> Self {
        Self::Database(error)
    }
}

impl<D: fmt::Debug> fmt::Debug for Store<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.database).field("log", &self.log).finish()
    }
}

/// The end of the log.
fn head(sql: &mut impl Sql, log: LogId) -> Result<Head, StoreError> {
    let last = sql.first("SELECT sequence, link FROM log ORDER BY sequence DESC LIMIT 1", &[], |row| {
        let sequence = value::sequence(row.integer(0))?;
        let link = row.octets(1).and_then(array).ok_or(corrupt_entry(sequence))?;
        Ok::<_, StoreError>(Head::from_parts(sequence, link))
    })?;
    Ok(last.unwrap_or_else(|| Head::empty(log)))
}

/// Appends to the log, inside the caller's transaction, which is an appending one. What fails is the log's own affair or the database's.
fn append<E: From<AppendError> + From<StoreError>>(
    sql: &mut impl Sql,
    log: LogId,
    event: &Event,
    salts: SaltSeed,
) -> Result<Entry, E> {
    let (entry, disclosure) = head(sql, log)?.append(event, salts)?;
    insert(sql, &entry, &disclosure, event)?;
    Ok(entry)
}

fn insert(
    sql: &mut impl Sql,
    entry: &Entry,
    disclosure: &Disclosure,
    event: &Event,
) -> Result<(), StoreError> {
    let organisation = match event {
        Event::Sealing(record) => Some(record.opening().organisation.number.as_str()),
        _ => None,
    };
    sql.execute(
        "INSERT INTO log (sequence, kind, year, commitments, link, organisation, disclosure)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            value::number(entry.sequence())?,
            entry.kind().number(),
            i64::from(entry.year().year()),
            &entry.commitments(),
            entry.link(),
            organisation,
            &disclosure.to_bytes(),
        ],
    )?;
    Ok(())
}

const fn corrupt_entry(sequence: u64) -> StoreError {
    StoreError::Corrupt(Corruption::Entry(sequence))
}
