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

mod authority;
mod chain;
mod client;
mod clock;
mod imprint;
/// The object identifiers of time-stamping.
pub mod oids;
mod request;
mod response;
mod token;
mod tst_info;

pub use crate::authority::{
    ACCEPTED_DIGESTS, AcceptedRequest, Authority, AuthorityError, MAX_SERIAL, Pending, Rejection,
};
pub use crate::client::{Accepted, Expectations, ResponseError, check_response, request};
pub use crate::clock::{Clock, Precision};
pub use crate::imprint::{MAX_EXTENSIONS, MessageImprint, TimestampExtension};
pub use crate::request::{MAX_REQUEST, TimestampRequest};
pub use crate::response::{FailureInfo, Failures, MAX_RESPONSE, PkiStatus, TimestampResponse};
pub use crate::token::{Token, TokenError, UnitError, may_stamp};
pub use crate::tst_info::{Accuracy, TstInfo};
