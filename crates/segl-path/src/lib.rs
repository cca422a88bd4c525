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

mod anchor;
mod budget;
mod build;
mod check;
mod constraints;
mod error;
mod names;
mod parameters;
mod path;
mod policy_graph;
mod pool;
mod signatures;

pub use crate::anchor::{Anchor, Anchors};
pub use crate::budget::{Exhausted, Limits};
pub use crate::build::{Found, Paths, find, find_all, find_all_with, paths, paths_with};
pub use crate::check::check;
pub use crate::constraints::AnchorConstraints;
pub use crate::error::{NoPath, Reason, Refusal, RefusedPath};
pub use crate::parameters::{AuthorityUsages, InitialPolicies, Model, Parameters, Purpose, Validity};
pub use crate::path::{Issuer, Path, PolicySet};
pub use crate::pool::Pool;
pub use crate::signatures::SignatureMemo;
