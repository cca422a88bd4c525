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

mod coverage;
mod gather;
mod material;
mod need;
mod status;

pub use crate::coverage::{Cover, Link, Target, cover_path, cover_path_with};
pub use crate::gather::{Gathered, Gatherer, SupplyError};
pub use crate::material::Material;
pub use crate::need::Need;
pub use crate::status::{Known, StatusSource, status};
