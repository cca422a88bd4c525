#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

#[cfg(feature = "authority")]
mod embedded;
#[cfg(all(feature = "validate", feature = "pades"))]
mod validate;

#[cfg(feature = "authority")]
pub use crate::embedded::{Embedded, LocalStamper};
#[cfg(all(feature = "validate", feature = "pades"))]
pub use crate::validate::{
    EmbeddedAnchors, PdfValidation, embedded_anchors, embedded_certificates, read_pdf, validate_pdf,
};

pub use segl_ades as ades;
#[cfg(feature = "authority")]
pub use segl_authority as authority;
#[cfg(feature = "seal")]
pub use segl_cert as cert;
pub use segl_crypto as crypto;
#[cfg(feature = "validate")]
pub use segl_evidence as evidence;
#[cfg(feature = "seal")]
pub use segl_key as key;
#[cfg(feature = "pades")]
pub use segl_pades as pades;
#[cfg(any(feature = "validate", feature = "seal"))]
pub use segl_path as path;
#[cfg(feature = "pades")]
pub use segl_pdf as pdf;
#[cfg(feature = "seal")]
pub use segl_record as record;
#[cfg(any(feature = "validate", feature = "seal"))]
pub use segl_revocation as revocation;
#[cfg(feature = "seal")]
pub use segl_sealing as sealing;
#[cfg(feature = "store")]
pub use segl_store as store;
#[cfg(any(feature = "validate", feature = "seal"))]
pub use segl_tsp as tsp;
#[cfg(feature = "validate")]
pub use segl_validate as validation;
#[cfg(any(feature = "validate", feature = "seal"))]
pub use segl_x509 as x509;
