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

mod error;
mod issuer;
mod responder;
mod stamper;
mod test_authority;

pub use crate::error::{CreateError, CrlError, IssueError, OpenError, Part, RespondError};
pub use crate::issuer::{Issuer, KeyOrder, SealOrder};
pub use crate::responder::Responder;
pub use crate::stamper::Stamper;
pub use crate::test_authority::{AuthorityKeys, AuthorityMaterial, Due, TestAuthority};
