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

mod error;
mod sqlite;

pub use crate::error::{Corruption, DatabaseError, OpenStoreError, PurgeError, StoreError, VerifyError};
pub use crate::sqlite::{LogRow, Purged, SealingRegister, SqliteStore, StoreOptions, Use};
