//! What the server and the client library say, as errors of the store.

use core::fmt::Write as _;

use postgres::Error;
use postgres::error::SqlState;

use crate::error::{Corruption, DatabaseError, Library, OpenStoreError, StoreError};

/// Whether a unique index has the value already.
pub(super) fn is_taken(error: &Error) -> bool {
    error.code() == Some(&SqlState::UNIQUE_VIOLATION)
}

/// Whether the connection is gone. What has no code does not come from a server that is still there.
pub(super) fn is_lost(error: &Error) -> bool {
    error.code().is_none_or(|code| {
        let code = code.code();
        // Class 08: the connection. 57P: the server shuts down, has crashed or is starting. 25P03: idle in a transaction for too long.
        code.starts_with("08") || code.starts_with("57P") || code == "25P03"
    })
}

/// Why a commit failed, and whether it is known that it did.
pub(super) fn commit_failed(error: &Error) -> StoreError {
    let refused = error.code().is_some_and(|code| {
        let code = code.code();
        // Constraints that are checked at the end, and transactions that are rolled back: all the server says no to before it commits.
        code.starts_with("23") || (code.starts_with("40") && code != "40003")
    });
    if refused { StoreError::from(error) } else { StoreError::OutcomeUnknown(said(error)) }
}

/// The words of the library without what they tell of values: the server puts rows into its details.
fn said(error: &Error) -> DatabaseError {
    let mut text = match error.as_db_error() {
        Some(server) => format!("{}: {}", server.code().code(), server.message()),
        None => error.to_string(),
    };
    let mut source = std::error::Error::source(error).filter(|_| error.as_db_error().is_none());
    while let Some(cause) = source {
        // Writing to a string does not fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    DatabaseError(Library::Postgres(text))
}

impl From<&Error> for StoreError {
    fn from(error: &Error) -> Self {
        if is_lost(error) {
            return Self::Lost(said(error));
        }
        match error.code().map_or("", SqlState::code) {
            // Deadlock, serialization, lock timeout, statement cancelled, too many connections.
            "40P01" | "40001" | "55P03" | "57014" | "53300" => Self::Busy,
            "53100" => Self::Full,
            "XX001" | "XX002" => Self::Corrupt(Corruption::File),
            _ => Self::Database(said(error)),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<Error> for OpenStoreError {
    fn from(error: Error) -> Self {
        Self::Store(error.into())
    }
}
