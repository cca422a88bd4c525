//! SQLite, the database in one file.

mod schema;

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, Row, ToSql, TransactionBehavior, params_from_iter,
};
use segl_record::LogId;

use crate::database::primitives::{Columns, Sql, Transactions};
use crate::database::{Database, Value, Write};
use crate::error::{Corruption, DatabaseError, Library, OpenStoreError, StoreError};
use crate::store::Store;

/// A store in one SQLite file.
pub type SqliteStore = Store<Sqlite>;

/// One SQLite file, as what a [`Store`] is kept in.
///
/// Several threads may use it, and several processes may open it; it must be on a local disk. In WAL mode a commit is visible to
/// everybody at once and outlives the crash of any process. There is one write transaction at a time, whoever makes it. A read waits for
/// nobody and holds nobody up: it has a connection to itself.
///
/// When the disk fails under a write, a sync or the moving of the write-ahead log into the file, the store takes no more
/// ([`StoreError::Disk`]). Another process that has the file open does not hear of it.
pub struct Sqlite {
    writer: Mutex<Writer>,
    /// Those that nobody reads with now.
    readers: Mutex<Vec<Connection>>,
    failed: AtomicBool,
    path: PathBuf,
    options: SqliteOptions,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How long to wait for a lock that another process holds. Five seconds unless changed.
    pub busy_timeout: Duration,
    /// The most pages of 4096 octets the file may have; no limit of the store's own unless changed.
    pub max_pages: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), max_pages: None }
    }
}

/// 3.51.3: the first without the race in the reset of the write-ahead log that could corrupt a file.
const OLDEST_LIBRARY: i32 = 3_051_003;

/// How many readers that nobody uses are kept; what more are needed at once are opened and closed.
const IDLE_READERS: usize = 4;

/// From how many pages on the write-ahead log is moved into the file after a commit; what SQLite does of itself unless told otherwise.
const LONG_LOG: i64 = 1000;

/// After how many commits its length is asked for, which is no statement that can be kept; they are small, so it grows little meanwhile.
const COMMITS: u8 = 16;

impl Store<Sqlite> {
    /// Opens the store in this file, or makes one that begins the log `new_log`. An existing store keeps its own identity.
    ///
    /// The file is made readable for its owner alone, because it holds personal data.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open(path: &Path, new_log: LogId) -> Result<Self, OpenStoreError> {
        Self::open_with(path, new_log, SqliteOptions::default())
    }

    /// The same, with options.
    ///
    /// # Errors
    /// [`OpenStoreError`]
    pub fn open_with(path: &Path, new_log: LogId, options: SqliteOptions) -> Result<Self, OpenStoreError> {
        let found = rusqlite::version_number();
        if found < OLDEST_LIBRARY {
            return Err(OpenStoreError::LibraryTooOld { found, needed: OLDEST_LIBRARY });
        }
        make_private_file(path).map_err(OpenStoreError::File)?;
        let mut writer = connect(path, &options)?;
        let log = schema::migrate(&mut writer, new_log)?;
        let reader = connect_reader(path, &options)?;
        let database = Sqlite {
            writer: Mutex::new(Writer { connection: writer, syncs: None, commits: 0 }),
            readers: Mutex::new(vec![reader]),
            failed: AtomicBool::new(false),
            path: path.to_owned(),
            options,
        };
        Ok(Self { database, log })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.database.path
    }
}

impl Database for Sqlite {}

impl Transactions for Sqlite {
    type Sql<'c> = Statements<'c>;

    fn write<T, E: From<StoreError>>(
        &self,
        how: Write,
        act: impl FnOnce(&mut Statements<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let fail = |error: rusqlite::Error| E::from(self.note(error.into()));
        let mut writer = self.writer()?;
        writer.sync(how != Write::Deferred).map_err(fail)?;
        let connection = &mut writer.connection;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        schema::check_version(&transaction).map_err(|error| self.note(error))?;
        let done = act(&mut Statements { connection: &transaction, disk: Some(&self.failed) })?;
        transaction.commit().map_err(fail)?;
        self.shorten_log(&mut writer);
        Ok(done)
    }

    /// However long it takes, nobody waits for it.
    fn read<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce(&mut Statements<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = lock(&self.readers).pop();
        let mut reader = idle.map_or_else(|| self.connect_again(), Ok)?;
        let transaction = reader.transaction().map_err(|error| E::from(error.into()))?;
        let read = act(&mut Statements { connection: &transaction, disk: None });
        transaction.finish().map_err(|error| E::from(error.into()))?;
        let mut readers = lock(&self.readers);
        if readers.len() < IDLE_READERS {
            readers.push(reader);
        }
        read
    }

    fn check(sql: &mut Statements<'_>) -> Result<(), StoreError> {
        let verdict: String = sql.connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let orphans = sql.connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
        if verdict == "ok" && !orphans { Ok(()) } else { Err(StoreError::Corrupt(Corruption::File)) }
    }

    /// Empties the write-ahead log, in which erased values stay readable.
    fn clear_traces(&self) -> Result<bool, StoreError> {
        let busy: rusqlite::Result<i64> =
            self.writer()?.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        Ok(busy.map_err(|error| self.note(error.into()))? == 0)
    }
}

impl Sqlite {
    /// The connection that writes, unless the disk has failed; looked at after waiting for it, because it may fail meanwhile.
    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = lock(&self.writer);
        if self.failed.load(Ordering::Acquire) { Err(StoreError::Disk) } else { Ok(writer) }
    }

    fn connect_again(&self) -> Result<Connection, StoreError> {
        connect_reader(&self.path, &self.options).map_err(|error| match error {
            OpenStoreError::Store(error) => error,
            OpenStoreError::Setting { name } => StoreError::Database(DatabaseError(Library::Setting(name))),
            _ => StoreError::Corrupt(Corruption::File),
        })
    }

    /// Moves the write-ahead log into the file when it has become long.
    ///
    /// SQLite would do it of itself and tell nobody when the disk fails meanwhile, and the next sync would report success for what was lost.
    /// The commit before it has taken place either way. What else stands in the way, a reader for example, is gone another time.
    fn shorten_log(&self, writer: &mut Writer) {
        writer.commits += 1;
        if writer.commits < COMMITS {
            return;
        }
        writer.commits = 0;
        let run = |mode| writer.connection.query_row(mode, [], |row| row.get::<_, i64>(1));
        let moved = run("PRAGMA wal_checkpoint(NOOP)").and_then(|pages| {
            if pages >= LONG_LOG { run("PRAGMA wal_checkpoint(PASSIVE)") } else { Ok(pages) }
        });
        if let Err(error) = moved {
            self.note(error.into());
        }
    }

    /// Remembers that the disk failed.
    fn note(&self, error: StoreError) -> StoreError {
        if matches!(error, StoreError::Disk) {
            self.failed.store(true, Ordering::Release);
        }
        error
    }
}

/// The connection that writes.
struct Writer {
    connection: Connection,
    /// Whether its commits are synced, as far as that is known.
    syncs: Option<bool>,
    /// How many there were since the length of the write-ahead log was asked for.
    commits: u8,
}

impl Writer {
    fn sync(&mut self, syncs: bool) -> rusqlite::Result<()> {
        if self.syncs != Some(syncs) {
            self.syncs = None;
            // Not a statement that can be kept: it takes effect while it is prepared.
            let level = if syncs { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.syncs = Some(syncs);
        }
        Ok(())
    }
}

/// An open transaction.
#[allow(unnameable_types, reason = "only the rules use it")]
pub struct Statements<'c> {
    connection: &'c Connection,
    /// Where it is remembered that the disk failed under a transaction that writes.
    disk: Option<&'c AtomicBool>,
}

impl Statements<'_> {
    fn failed(&self, error: rusqlite::Error) -> StoreError {
        let error = error.into();
        if let (StoreError::Disk, Some(disk)) = (&error, self.disk) {
            disk.store(true, Ordering::Release);
        }
        error
    }

    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        let statement = self.connection.prepare_cached(sql).map_err(|error| self.failed(error))?;
        debug_assert!(
            (1..=statement.parameter_count())
                .all(|n| statement.parameter_name(n) == Some(format!("${n}").as_str())),
            "parameters count in the order of their appearance: {sql}"
        );
        Ok(statement)
    }
}

impl Sql for Statements<'_> {
    type Row<'r> = Row<'r>;

    fn execute_unique(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
    ) -> Result<Option<u64>, StoreError> {
        match self.prepared(sql)?.execute(params_from_iter(arguments)) {
            Ok(rows) => Ok(u64::try_from(rows).ok()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn execute(&mut self, sql: &'static str, arguments: &[Value<'_>]) -> Result<u64, StoreError> {
        let rows = self.prepared(sql)?.execute(params_from_iter(arguments));
        let rows = rows.map_err(|error| self.failed(error))?;
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    fn each<E: From<StoreError>>(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
        mut act: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let fail = |error| E::from(self.failed(error));
        let mut statement = self.prepared(sql)?;
        let mut rows = statement.query(params_from_iter(arguments)).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            act(row)?;
        }
        Ok(())
    }

    fn first<T, E: From<StoreError>>(
        &mut self,
        sql: &'static str,
        arguments: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let fail = |error| E::from(self.failed(error));
        let mut statement = self.prepared(sql)?;
        let mut rows = statement.query(params_from_iter(arguments)).map_err(fail)?;
        rows.next().map_err(fail)?.map(read).transpose()
    }
}

impl Columns for Row<'_> {
    fn integer(&self, column: usize) -> Option<i64> {
        self.get_ref(column).ok()?.as_i64().ok()
    }

    fn octets(&self, column: usize) -> Option<&[u8]> {
        self.get_ref(column).ok()?.as_blob().ok()
    }

    fn is_null(&self, column: usize) -> bool {
        matches!(self.get_ref(column), Ok(ValueRef::Null))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match *self {
            Self::Integer(number) => number.map(ValueRef::Integer),
            Self::Octets(octets) => octets.map(ValueRef::Blob),
            Self::Text(text) => text.map(|text| ValueRef::Text(text.as_bytes())),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Disk,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(Corruption::File),
            _ => Self::Database(DatabaseError(Library::Sqlite(error))),
        }
    }
}

impl From<rusqlite::Error> for OpenStoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("path", &self.path).finish_non_exhaustive()
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    // A transaction whose thread panicked was rolled back when it was dropped.
    held.lock().unwrap_or_else(PoisonError::into_inner)
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

fn connect_reader(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenStoreError> {
    let reader = connect(path, options)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok(reader)
}

fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, OpenStoreError> {
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
    // The store does it itself, see `shorten_log`.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |row| row.get::<_, i64>(0))?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))?;
    }
    Ok(connection)
}
