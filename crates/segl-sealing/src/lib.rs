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

mod attempt;
mod beside;
mod document;
mod driver;
mod evidence;
mod fault;
mod finish;
mod issue;
mod journal;
mod memory;
mod order;
#[cfg(feature = "pades")]
mod pades;
mod recover;
mod seal_cms;
mod services;
mod stamp;
mod step;

pub use crate::attempt::{Attempt, EndError, StepError, StepFailed, Stepped, state};
pub use crate::document::Document;
pub use crate::driver::{Approve, Observe, Sealed, seal};
pub use crate::evidence::EvidenceError;
pub use crate::fault::{SealError, SealFault, UnfitDevice};
pub use crate::journal::{
    AdvanceError, ClearError, ConcludeError, Found, Journal, Lease, OpenError, Repeated, RunnerId, Unfinished,
};
pub use crate::memory::MemoryJournal;
pub use crate::order::{Event, Helpers, Order, Tolerances};
#[cfg(feature = "pades")]
pub use crate::pades::{PdfDocument, PdfOptions};
pub use crate::recover::{RecoverError, Recovered, Sweep, recover};
pub use crate::services::{Decision, EvidenceSource, Issuer, ServiceError, Stamper};
pub use crate::stamp::{StampFailure, StamperError, StamperFailure};
pub use crate::step::{End, is_durable_step, may_advance};
