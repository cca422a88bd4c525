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
mod describe;
mod error;
mod identifier;
mod issue;
pub mod lint;
mod names;
mod natural;
pub mod oid;
mod organisation;
mod person;
mod present;
mod profile;
mod register;
mod seal;
mod serial;
mod statements;
mod terms;
mod urls;
mod vocabulary;
mod website;
mod writing;

pub use crate::authority::{AuthorityNames, AuthorityProfile, AuthorityRole};
pub use crate::content::{CertificateContent, NameEntry};
pub use crate::describe::Description;
pub use crate::error::{AssembleError, ContentError, IssuerFault, PrepareError, ProfileError, Psd2Fault};
pub use crate::identifier::{EidasIdentifier, PersonIdentifier};
pub use crate::issue::{Approved, Prepared, Presented};
pub use crate::names::DeniedNames;
pub use crate::natural::SignatureProfile;
pub use crate::organisation::{
    CheckDigits, Holder, HolderError, IdentifierFault, Organisation, OrganisationIdentifier, Unit,
};
pub use crate::person::{Person, PersonName, PersonSerial};
pub use crate::present::Validity;
pub use crate::register::{
    IssuedCertificate, IssuedCertificates, IssuerKey, MemoryRegister, Registered, Reservation, Revocation,
    SerialInUse, State,
};
pub use crate::seal::{Device, LastingSealProfile, Lifetime, SealProfile};
pub use crate::serial::SerialNumber;
pub use crate::statements::{
    Currency, IdentificationMethod, Oddity, OddityKind, PdsLocation, PspRole, QcStatements, QcType,
    Semantics, SemanticsKind, Statement, StatementsError, StatementsReading,
};
pub use crate::terms::Terms;
pub use crate::urls::{AuthorityUrls, BaseUrlError};
pub use crate::website::{Address, BusinessCategory, WebsiteProfile, WebsiteSubject, WebsiteValidation};
pub use crate::writing::{MAX_NAME_CHARS, NameFault};
