use core::fmt;

use rusqlite::ErrorCode;
use segl_cert::SerialNumber;
use segl_record::{AppendError, LogError, RetentionError};

/// Why the store could not be read or written. What was asked for did not happen, unless a variant says that it is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else kept the database locked for longer than the store waits.
    #[error("the database was locked for too long")]
    Busy,
    /// What is stored cannot have been written by this crate.
    #[error("the database holds something that cannot be: {0}")]
    Corrupt(Corruption),
    /// The database failed in another way.
    #[error("the database failed")]
    Database(#[source] DatabaseError),
    /// The disk, or the room the store was given, is full.
    #[error("no room is left for the database")]
    Full,
    /// Writing or syncing failed, now or earlier. Whether the last transaction took place is not known, and this store takes no
    /// more: a second try after a failed sync may report success for lost pages. Open it again.
    #[error("the disk failed under the database; it has to be opened again")]
    Disk,
    /// A certificate was noted under a serial number that belongs to another one (S000-32).
    #[error("the serial number {serial} belongs to another certificate")]
    SerialInUse {
        /// The serial number.
        serial: SerialNumber,
    },
}

/// What is stored and cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Corruption {
    /// A row about an attempt.
    Attempt,
    /// A row about a certificate.
    Certificate,
    /// The log entry with this sequence number.
    Entry(u64),
    /// The structure of the file, as the database's own check sees it.
    File,
    /// The row that identifies the log.
    Identity,
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt => f.write_str("an attempt"),
            Self::Certificate => f.write_str("a certificate"),
            Self::Entry(sequence) => write!(f, "log entry {sequence}"),
            Self::File => f.write_str("the file itself"),
            Self::Identity => f.write_str("the identity of the log"),
        }
    }
}

/// An error of the database library, in its own words. It may name a table or a file, never a value.
pub struct DatabaseError(pub(crate) rusqlite::Error);

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for DatabaseError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Disk,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(Corruption::File),
            _ => Self::Database(DatabaseError(error)),
        }
    }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// The file could not be made.
    #[error("the database file could not be made")]
    File(#[source] std::io::Error),
    /// The database library is older than the first one without known corruption in this mode.
    #[error("the database library has version {found}, at least {needed} is needed")]
    LibraryTooOld {
        /// Version found, as SQLite numbers it.
        found: i32,
        /// Version needed.
        needed: i32,
    },
    /// The file is a database of something else.
    #[error("the file is a database, but not a store of this kind")]
    NotAStore,
    /// The database did not take a setting that the store relies on.
    #[error("the database did not take the setting `{name}`")]
    Setting {
        /// The setting.
        name: &'static str,
    },
    /// The file was written by a later version of this crate.
    #[error("the store has schema version {found}, this program knows up to {known}")]
    SchemaTooNew {
        /// Version of the file.
        found: u32,
        /// Highest version known here.
        known: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenStoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why personal data were not erased. Batches that were finished before stay erased, with their records.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PurgeError {
    /// The record of the purge could not be appended.
    #[error("the record of the purge could not be appended")]
    Append(#[from] AppendError),
    /// The time is more than a minute before the last entry of the log: one of the two clocks is wrong.
    #[error("the log has entries later than the time of the purge")]
    ClockBehindLog,
    /// The retention rule could not be worked out.
    #[error("the retention rule could not be worked out")]
    Retention(#[from] RetentionError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for PurgeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why a store does not verify.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// An attempt and the log do not agree: it ended without a record, or its record says something else.
    #[error("an attempt and log entry {sequence} do not agree")]
    AttemptDiffers {
        /// The entry.
        sequence: u64,
    },
    /// The log is not whole.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for VerifyError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
