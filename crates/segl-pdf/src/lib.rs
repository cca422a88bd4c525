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

mod byte_range;
mod document;
mod error;
mod filter;
mod lex;
mod limits;
mod object;
mod object_stream;
mod parse;
mod revision;
mod section;
pub mod text;
mod tree;
mod update;
mod window;
mod write;
mod xref;

pub use crate::byte_range::{ByteRange, ByteRangeError};
pub use crate::document::{Document, Prefix};
pub use crate::error::{Bound, ReadError, SyntaxError, SyntaxProblem, UpdateError, XrefProblem};
pub use crate::filter::FilterError;
pub use crate::limits::Limits;
pub use crate::object::{Dictionary, Name, Object, PdfString, Real, Reference, Stream, StringForm};
pub use crate::revision::Revision;
pub use crate::tree::Field;
pub use crate::update::{Appendix, Draft, Update};
pub use crate::xref::{Entry, XrefForm};
