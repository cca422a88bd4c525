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

/// BER and DER read element by element, with offsets and limits.
pub mod ber;
mod build;
/// DER written element by element.
pub mod encode;
mod error;
/// The attribute that says which certificate signed (RFC 5035).
pub mod ess;
mod normalize;
/// The object identifiers of CMS that this crate knows.
pub mod oids;
mod signer;
mod splice;
mod verify;
mod view;

pub use crate::build::{
    BuildError, DetachedLengths, PreparedSignedData, SignedDataBuilder, UnsignedAttribute, max_signature_len,
};
pub use crate::error::{BerError, BerErrorKind, CmsError};
pub use crate::normalize::AttributesForm;
pub use crate::signer::{Attribute, SignerIdentifier, SignerInfoView};
pub use crate::splice::{SpliceError, splice_unsigned_attribute};
pub use crate::verify::SignerError;
pub use crate::view::{CertificateKind, MAX_ITEMS, SignedDataView};
