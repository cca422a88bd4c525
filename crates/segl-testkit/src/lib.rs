#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::exhaustive_enums,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "only tests use this, and a test may stop at the first surprise"
)]

#[cfg(feature = "cms-oracle")]
pub mod cms_oracle;
pub mod corpus;
#[cfg(feature = "sealing")]
pub mod journal;
pub mod peers;
#[cfg(feature = "pki")]
pub mod pki;
pub mod pkits;
pub mod rng;
#[cfg(feature = "sealing")]
pub mod sealing;
#[cfg(feature = "sealing")]
pub mod seals;
