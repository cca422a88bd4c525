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

mod asn1;
mod authority;
mod content;
mod error;
mod issue;
pub mod lint;
mod names;
pub mod oid;
mod organisation;
mod profile;
mod register;
mod seal;
mod serial;
mod statements;
mod urls;
mod vocabulary;

pub use crate::authority::{AuthorityNames, AuthorityProfile, AuthorityRole};
pub use crate::content::{CertificateContent, NameEntry};
pub use crate::error::{AssembleError, ContentError, IssuerFault, PrepareError, ProfileError};
pub use crate::issue::{Approved, Prepared, Presented};
pub use crate::names::DeniedNames;
pub use crate::organisation::{
    CheckDigits, Holder, HolderError, IdentifierFault, MAX_NAME_CHARS, NameFault, Organisation,
    OrganisationIdentifier, Unit,
};
pub use crate::register::{
    IssuedCertificate, IssuedCertificates, IssuerKey, MemoryRegister, Registered, Reservation, Revocation,
    State,
};
pub use crate::seal::{Device, Lifetime, SealProfile};
pub use crate::serial::SerialNumber;
pub use crate::statements::{
    Currency, IdentificationMethod, Oddity, OddityKind, PdsLocation, PspRole, QcStatements, QcType,
    Semantics, SemanticsKind, Statement, StatementsError, StatementsReading,
};
pub use crate::urls::{AuthorityUrls, BaseUrlError};
