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

mod algorithms;
mod block;
mod conclusion;
mod covered;
mod material;
mod one_seal;
mod poe;
mod policy;
mod process;
mod report;
mod validate;

pub use crate::algorithms::{AlgorithmConstraints, Judgement, KeyAlgorithm, Reliable};
pub use crate::block::{Block, BlockKind, Check, Level, Line};
pub use crate::conclusion::{Conclusion, Doubt, Failure, Indication};
pub use crate::covered::{Covered, CoveredKind, CoveredObject};
pub use crate::one_seal::SealsMet;
pub use crate::policy::{CertificateRules, Freshness, Policy, SignatureRules, TimestampRules};
pub use crate::report::{Report, SignatureReport, TimestampReport};
pub use crate::validate::{validate, validate_timestamp};
