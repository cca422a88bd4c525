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
mod journal;
mod memory;
mod recover;
mod step;

pub use crate::attempt::{Attempt, EndError, StepError, StepFailed, Stepped, state};
pub use crate::journal::{
    AdvanceError, ClearError, ConcludeError, Found, Journal, Lease, OpenError, Repeated, RunnerId, Unfinished,
};
pub use crate::memory::MemoryJournal;
pub use crate::recover::{RecoverError, Recovered, recover};
pub use crate::step::{End, is_durable_step, may_advance};
