#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod claim;
mod evidence;
mod level;
mod properties;
mod scope;
mod signature;

pub use crate::claim::{CoveredObjects, TimestampClaim, TimestampKind};
pub use crate::evidence::Evidence;
pub use crate::level::{Family, Format, Level, ParseLevelError};
pub use crate::properties::{CertificateReference, SignaturePolicy, SignedProperties};
pub use crate::scope::{ContentDigest, Scope};
pub use crate::signature::{Finding, Signature, SignerRole};
