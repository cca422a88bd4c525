mod journal;
mod records;
mod register;
mod schema;
mod value;

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use segl_record::{AppendError, Disclosure, Entry, Event, Head, LogId, SaltSeed};

pub use self::records::{LogRow, Purged, Use};
pub use self::register::SealingRegister;
use crate::error::{Corruption, OpenStoreError, StoreError};

/// A store in one SQLite file: the journal of sealings, their records in a hash chain, and the register of issued certificates.
///
/// Several threads may use one store, and several processes may open one file; the file must be on a local disk. In WAL mode a
/// commit is visible to everybody at once and outlives the crash of any process. Two kinds of commit are told apart: a *synced* one
/// has reached the disk when the call returns, a *deferred* one reaches it with the next synced one, and the database stays whole
/// whatever happens. One sealing makes two synced commits: the approval, which comes before the key, and the record, which comes
/// before the seal is let out. Everything between the two is deferred.
pub struct SqliteStore {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    failed: AtomicBool,
    log: LogId,
    path: PathBuf,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StoreOptions {
    /// How long to wait for a lock that another process holds. Five seconds unless changed.
    pub busy_timeout: Duration,
    /// The most pages of 4096 octets the file may have; no limit of the store's own unless changed.
    pub max_pages: Option<u32>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), max_pages: None }
    }
}

/// When a commit has to be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Durability {
    /// Before the call returns.
    Synced,
    /// With the next synced commit.
    Deferred,
}

/// 3.51.3: the first without the race in the reset of the write-ahead log that could corrupt a file.
const OLDEST_LIBRARY: i32 = 3_051_003;

impl SqliteStore {
    /// Opens the store in this file, or makes one that begins the log `new_log`. An existing store keeps its own identity.
    ///
    /// The file is made readable for its owner alone, because it holds personal data.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open(path: &Path, new_log: LogId) -> Result<Self, OpenStoreError> {
        Self::open_with(path, new_log, StoreOptions::default())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open_with(path: &Path, new_log: LogId, options: StoreOptions) -> Result<Self, OpenStoreError> {
        let found = rusqlite::version_number();
        if found < OLDEST_LIBRARY {
            return Err(OpenStoreError::LibraryTooOld { found, needed: OLDEST_LIBRARY });
        }
        make_private_file(path).map_err(OpenStoreError::File)?;
        let mut writer = connect(path, &options)?;
        let log = schema::migrate(&mut writer, new_log)?;
        let reader = connect(path, &options)?;
        reader.pragma_update(None, "query_only", true)?;
        Ok(Self {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            failed: AtomicBool::new(false),
            log,
            path: path.to_owned(),
        })
    }

    /// The identity of the log.
    #[must_use]
    pub const fn log(&self) -> LogId {
        self.log
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One write transaction, from the beginning the only one.
    fn write<T, E: From<StoreError>>(
        &self,
        durability: Durability,
        act: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let fail = |error: rusqlite::Error| E::from(self.note(error.into()));
        if self.failed.load(Ordering::Acquire) {
            return Err(StoreError::Disk.into());
        }
        let mut writer = lock(&self.writer);
        // Not a statement that can be kept: it takes effect while it is prepared.
        let level = if durability == Durability::Synced { "FULL" } else { "NORMAL" };
        writer.pragma_update(None, "synchronous", level).map_err(fail)?;
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let done = act(&transaction)?;
        transaction.commit().map_err(fail)?;
        Ok(done)
    }

    /// One read transaction, on a connection of its own.
    fn read<T, E: From<StoreError>>(&self, act: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let mut reader = lock(&self.reader);
        let transaction = reader.transaction().map_err(|error| E::from(error.into()))?;
        act(&transaction)
    }

    /// Remembers that the disk failed.
    fn note(&self, error: StoreError) -> StoreError {
        if matches!(error, StoreError::Disk) {
            self.failed.store(true, Ordering::Release);
        }
        error
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A transaction whose thread panicked was rolled back when it was dropped.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the file if it is not there, never through a link; the database library gives its companions the same rights.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn connect(path: &Path, options: &StoreOptions) -> Result<Connection, OpenStoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    let settings = [
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("trusted_schema", 0),
        ("cell_size_check", 1),
        ("synchronous", 2),
    ];
    for (name, value) in settings {
        connection.pragma_update(None, name, value)?;
        let taken: i64 = connection.pragma_query_value(None, name, |row| row.get(0))?;
        if taken != value {
            return Err(OpenStoreError::Setting { name });
        }
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenStoreError::Setting { name: "journal_mode" });
    }
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?;
    }
    Ok(connection)
}

/// The end of the log.
fn head(connection: &Connection, log: LogId) -> Result<Head, StoreError> {
    let mut last =
        connection.prepare_cached("SELECT sequence, link FROM log ORDER BY sequence DESC LIMIT 1")?;
    let mut rows = last.query([])?;
    match rows.next()? {
        None => Ok(Head::empty(log)),
        Some(row) => {
            let sequence = value::sequence(row.get(0)?)?;
            Ok(Head::from_parts(sequence, value::array(row.get_ref(1)?).ok_or(corrupt_entry(sequence))?))
        }
    }
}

/// Appends to the log, inside the caller's transaction. What fails is the log's own affair or the database's.
fn append(
    connection: &Connection,
    log: LogId,
    event: &Event,
    salts: SaltSeed,
) -> Result<Entry, AppendFailure> {
    let (entry, disclosure) = head(connection, log)?.append(event, salts)?;
    insert(connection, &entry, &disclosure, event)?;
    Ok(entry)
}

enum AppendFailure {
    Append(AppendError),
    Store(StoreError),
}

impl From<AppendError> for AppendFailure {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<StoreError> for AppendFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn insert(
    connection: &Connection,
    entry: &Entry,
    disclosure: &Disclosure,
    event: &Event,
) -> Result<(), StoreError> {
    let organisation = match event {
        Event::Sealing(record) => Some(record.opening().organisation.number.as_str()),
        _ => None,
    };
    let mut insert = connection.prepare_cached(
        "INSERT INTO log (sequence, kind, year, commitments, link, organisation, disclosure)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    insert.execute(rusqlite::params![
        value::number(entry.sequence())?,
        entry.kind().number(),
        entry.year().year(),
        entry.commitments(),
        entry.link(),
        organisation,
        disclosure.to_bytes(),
    ])?;
    Ok(())
}

const fn corrupt_entry(sequence: u64) -> StoreError {
    StoreError::Corrupt(Corruption::Entry(sequence))
}
