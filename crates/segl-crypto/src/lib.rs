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

mod algorithm;
mod digest;
mod dsa;
#[cfg(feature = "soft")]
mod soft;
mod source;
mod tbs;
mod time;
mod verify;

pub use crate::algorithm::{AlgorithmError, SignatureAlgorithm, SignatureScheme};
pub use crate::digest::{Digest, DigestAlgorithm, Hasher, digest, sha1, sha256};
pub use crate::dsa::{lacks_parameters, with_inherited_parameters};
#[cfg(feature = "soft")]
pub use crate::soft::{SoftKind, SoftwareKey, SoftwareKeyError};
pub use crate::source::{Appended, FileSource, RangeTooLong, Source};
pub use crate::tbs::{PrehashError, Prehashed, SignatureValue, ToBeSigned};
pub use crate::time::{Civil, Time, TimeParseError};
pub use crate::verify::{KeyKind, PublicKey, PublicKeyError, VerifyError};
