#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "a test may stop at the first surprise"
    )
)]
#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    allow(dead_code, unused_imports, reason = "rules without a database are used by nobody")
)]

mod database;
mod error;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

pub use crate::database::Database;
pub use crate::error::{Corruption, DatabaseError, OpenStoreError, PurgeError, StoreError, VerifyError};
#[cfg(feature = "postgres")]
pub use crate::postgres::{Postgres, PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use crate::sqlite::{Sqlite, SqliteOptions, SqliteStore};
pub use crate::store::{LogRow, Purged, SealingRegister, Store, Use};
/// The client library, whose configuration [`PostgresStore`]'s `open` takes.
#[cfg(feature = "postgres")]
pub use ::postgres as client;
