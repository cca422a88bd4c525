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

mod bytes;
mod certificate;
mod constraints;
mod error;
mod extension;
mod extensions;
mod general_name;
mod name;
mod oid;
pub mod oids;
pub mod pem;
mod policies;
pub mod reader;
mod request;
#[cfg(feature = "x509-cert")]
mod rustcrypto;
mod string;
mod time;
mod typed;

pub use const_oid::ObjectIdentifier;

pub use crate::certificate::{
    Certificate, CertificateSignatureError, MAX_BUNDLE_ERRORS, MAX_CERTIFICATE_SIZE, signature_algorithm_of,
};
pub use crate::constraints::{GeneralSubtree, NameConstraints};
pub use crate::error::{CertificateError, ExtensionError, RequestError, SyntaxError, SyntaxErrorKind};
pub use crate::extension::{Extension, find_unique};
pub use crate::extensions::{
    AccessDescription, AuthorityKeyIdentifier, BasicConstraints, DistributionPoint, KeyUsage,
    PrivateKeyUsagePeriod, QcStatement, ReasonFlags,
};
pub use crate::general_name::{DistributionPointName, GeneralName};
pub use crate::name::{Attribute, Name};
pub use crate::oid::Oid;
pub use crate::policies::{PolicyConstraints, PolicyInformation, PolicyMapping, PolicyQualifier};
pub use crate::request::{CertificationRequest, PossessionError};
#[cfg(feature = "x509-cert")]
pub use crate::rustcrypto::ConversionError;
pub use crate::typed::ExtensionResult;
