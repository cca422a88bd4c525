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
mod changes;
mod coverage;
mod covered;
mod covering;
mod dictionary;
mod edit;
mod error;
mod explain;
mod extend;
mod field;
mod form;
mod imprint;
mod links;
mod permissions;
mod prepare;
mod properties;
mod read;
mod rules;
mod security_store;

pub use crate::changes::{Change, ChangeKind, ChangeLevel, Changes, LaterChanges};
pub use crate::error::{AssembleError, PrepareError};
pub use crate::extend::{GrowError, GrowingFile};
pub use crate::prepare::{Plan, Prepared, plan, prepare, prepare_timestamp};
pub use crate::properties::SealProperties;
pub use crate::read::{PdfFacts, PdfSignature, PdfTimestamp, Reading, read};
pub use crate::security_store::{SecurityStore, add_evidence, read_security_store};
