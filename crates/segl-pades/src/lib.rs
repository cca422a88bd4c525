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

mod assemble;
mod edit;
mod error;
mod extend;
mod field;
mod permissions;
mod prepare;
mod properties;
mod security_store;

pub use crate::error::{AssembleError, PrepareError};
pub use crate::extend::{GrowError, GrowingFile};
pub use crate::prepare::{Prepared, prepare, prepare_timestamp};
pub use crate::properties::SealProperties;
pub use crate::security_store::{SecurityStore, add_evidence, read_security_store};
