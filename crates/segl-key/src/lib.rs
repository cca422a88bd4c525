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

mod activation;
mod attributes;
#[cfg(any(feature = "soft", feature = "pkcs11"))]
mod authority;
mod curve;
mod device;
mod error;
#[cfg(feature = "faults")]
pub mod faults;
mod key;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
mod receipt;
#[cfg(feature = "soft")]
mod soft;
mod token;

pub use crate::activation::{ActivateError, Activation};
pub use crate::attributes::{KeyAttribute, KeyAttributes, Mechanisms};
#[cfg(any(feature = "soft", feature = "pkcs11"))]
pub use crate::authority::{AuthorityKey, AuthorityKeyError};
pub use crate::curve::Curve;
pub use crate::device::{Certification, CertifiedDevice, DeviceProfile, DeviceRefusal, Standing};
pub use crate::error::{CertifyError, DestroyError, GenerateError, Refusal, SignError};
pub use crate::key::{
    Activated, Certified, Destroyed, Fresh, NotDestroyed, OneShotKey, Signed, Spent, Spoiled,
};
pub use crate::receipt::{KeyRequest, Receipt};
#[cfg(feature = "soft")]
pub use crate::soft::{SoftError, SoftKey, SoftToken};
pub use crate::token::{
    KeyId, ONE_SHOT_LABEL_PREFIX, ReadBack, SecureDevice, Swept, Token, TokenDescription, TokenError, Trace,
    Trouble,
};
