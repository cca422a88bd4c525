use core::fmt;

use segl_cert::SerialNumber;
use segl_record::{AppendError, LogError, RequestId, RetentionError, SlotName};
use segl_sealing::{AdvanceError, ClearError, ConcludeError, OpenError};

/// Why the store could not be read or written. What was asked for did not happen, unless a variant says that it is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Somebody else kept the database locked for longer than the store waits.
    #[error("the database was locked for too long")]
    Busy,
    /// The CRL number is higher than any the store can count from.
    #[error("the CRL number {number} is higher than the store can count")]
    CrlNumberTooHigh {
        /// The number.
        number: u64,
    },
    /// What is stored cannot have been written by this crate.
    #[error("the database holds something that cannot be: {0}")]
    Corrupt(Corruption),
    /// The database failed in another way.
    #[error("the database failed")]
    Database(#[source] DatabaseError),
    /// The disk, or the room the store was given, is full.
    #[error("no room is left for the database")]
    Full,
    /// The database could not be reached, or the connection to it was lost. Nothing of the transaction took place; the next call connects
    /// again.
    #[error("the database was not reached, or the connection was lost")]
    Lost(#[source] DatabaseError),
    /// The connection was lost while the transaction was being committed. Whether it took place is not known: what hangs on it is not let
    /// out, and the next look at the database tells. What appends to the log has looked already, once, and could not.
    #[error("the connection was lost during a commit: whether it took place is not known")]
    OutcomeUnknown(#[source] DatabaseError),
    /// Writing or syncing failed, now or earlier. Whether the last transaction took place is not known, and this store takes no
    /// more: a second try after a failed sync may report success for lost pages. Open it again.
    #[error("the disk failed under the database; it has to be opened again")]
    Disk,
    /// The store was brought to another schema version since it was opened here: by a later version of this program, on this node or on another.
    /// Nothing was read or written. It has to be opened again, by a program that knows the version.
    #[error("the store was brought to schema version {found}, and was opened as version {opened}")]
    SchemaChanged {
        /// Version of the store now.
        found: u32,
        /// Version it was opened as.
        opened: u32,
    },
    /// A certificate was noted under a serial number that belongs to another one (S000-32).
    #[error("the serial number {serial} belongs to another certificate")]
    SerialInUse {
        /// The serial number.
        serial: SerialNumber,
    },
}

/// What is stored and cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Corruption {
    /// The row about the attempt of this request; `None` when not even the request can be read.
    Attempt(Option<RequestId>),
    /// The row about the certificate with this serial number; `None` when not even the number can be read.
    Certificate(Option<SerialNumber>),
    /// The last CRL number of an issuer.
    CrlNumber,
    /// The log entry with this sequence number.
    Entry(u64),
    /// The structure of the file, as the database's own check sees it.
    File,
    /// The row that identifies the log.
    Identity,
    /// The row about this slot, which is stopped.
    StoppedSlot(SlotName),
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(Some(request)) => write!(f, "the attempt of request {request}"),
            Self::Attempt(None) => f.write_str("an attempt without a request"),
            Self::Certificate(Some(serial)) => write!(f, "the certificate with serial number {serial}"),
            Self::Certificate(None) => f.write_str("a certificate without a serial number"),
            Self::CrlNumber => f.write_str("a CRL number"),
            Self::Entry(sequence) => write!(f, "log entry {sequence}"),
            Self::File => f.write_str("the file itself"),
            Self::Identity => f.write_str("the identity of the log"),
            Self::StoppedSlot(slot) => write!(f, "the stop of slot {}", slot.as_str()),
        }
    }
}

/// An error of the database library, in its own words. It may name a table or a file, never a value.
pub struct DatabaseError(pub(crate) Library);

/// Whose words they are.
pub(crate) enum Library {
    /// A statement of the transaction had failed, and the transaction was to be committed all the same.
    #[cfg(feature = "postgres")]
    Failed,
    /// The client, or the server without what it says of values.
    #[cfg(feature = "postgres")]
    Postgres(String),
    /// A later connection was not given a setting that the first one had.
    #[cfg(feature = "sqlite")]
    Setting(&'static str),
    #[cfg(feature = "sqlite")]
    Sqlite(rusqlite::Error),
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            #[cfg(feature = "postgres")]
            Library::Failed => f.write_str("a statement of the transaction had failed"),
            #[cfg(feature = "postgres")]
            Library::Postgres(said) => f.write_str(said),
            #[cfg(feature = "sqlite")]
            Library::Setting(name) => write!(f, "the setting `{name}` was not taken"),
            #[cfg(feature = "sqlite")]
            Library::Sqlite(error) => error.fmt(f),
            #[cfg(not(any(feature = "postgres", feature = "sqlite")))]
            _ => f.write_str("there is no database"),
        }
    }
}

impl fmt::Debug for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DatabaseError {}

macro_rules! journal_errors {
    ($($error:ident),*) => {$(
        impl From<StoreError> for $error<StoreError> {
            fn from(error: StoreError) -> Self {
                Self::Journal(error)
            }
        }
    )*};
}

journal_errors!(OpenError, AdvanceError, ConcludeError, ClearError);

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
    /// The file, or the schema, is a database of something else.
    #[error("the database is not a store of this kind")]
    NotAStore,
    /// The name of the schema is not one that is taken here.
    #[error("the name of the schema is not a plain one")]
    SchemaName,
    /// The database server is older than the oldest one that is taken.
    #[error("the database server has version {found}, at least {needed} is needed")]
    ServerTooOld {
        /// Version found, as PostgreSQL numbers it.
        found: i32,
        /// Version needed.
        needed: i32,
    },
    /// The database does not have a setting that the store relies on.
    #[error("the database does not have the setting `{name}` as the store needs it")]
    Setting {
        /// The setting.
        name: &'static str,
    },
    /// The store was written by a later version of this crate.
    #[error("the store has schema version {found}, this program knows up to {known}")]
    SchemaTooNew {
        /// Version of the store.
        found: u32,
        /// Highest version known here.
        known: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
