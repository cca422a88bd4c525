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

mod evidence;
mod extend;
mod imprint;
/// The object identifiers of CAdES attributes.
pub mod oids;
mod prepare;
mod properties;
mod read;

pub use crate::evidence::evidence;
pub use crate::extend::{ExtendError, add_signature_timestamp};
pub use crate::imprint::signature_timestamp_imprint;
pub use crate::prepare::{Flavour, Prepared, Room, prepare, prepare_attached};
pub use crate::properties::signed_properties;
pub use crate::read::{Covered, covered_inside, has_baseline_shape, read_signature};
