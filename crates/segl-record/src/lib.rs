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

mod chain;
mod checkpoint;
mod codec;
mod commitment;
mod event;
mod field;
mod opening;
mod person_number;
mod progress;
mod record;
mod reference;
mod retention;
#[cfg(test)]
mod testing;
mod text;
mod values;
mod verify;

pub use crate::chain::{AppendError, Disclosure, Entry, Head};
pub use crate::checkpoint::{Checkpoint, CheckpointParseError};
pub use crate::codec::DecodeError;
pub use crate::commitment::{SaltSeed, commit};
pub use crate::event::{Event, Kind, Purge, SlotCleared};
pub use crate::field::Field;
pub use crate::opening::{Authentication, Holder, Opening, Organisation};
pub use crate::person_number::find_person_number;
pub use crate::progress::{Advance, Progress, ProgressError, Step};
pub use crate::record::{Cause, Outcome, RecordError, SealingRecord};
pub use crate::reference::{DigestForm, DigestLike, ReferenceError, ReferenceText};
pub use crate::retention::{RetentionError, RetentionYear};
pub use crate::text::{
    AssertionId, AssertionIssuer, ContextClass, HolderEmail, HolderName, Operator, OrganisationName,
    OrganisationNumber, PolicyVersion, SlotName, SubjectFormat, TermsVersion, TextError, TextFault,
};
pub use crate::values::{
    HolderId, KeyReceipt, LevelOfAssurance, LogId, PresentedContent, Purpose, RequestId, Serial, SessionId,
};
pub use crate::verify::{LogError, Verified, Verifier};
