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

mod address;
mod asn1;
mod cert_id;
mod crl;
mod decide;
mod entries;
mod entry;
mod error;
mod facts;
mod index;
mod issue;
mod memo;
mod ocsp;
pub mod oid;
mod partition;
mod reason;
mod request;
mod respond;
mod scope;
mod status;
mod stream;
mod table;

pub use crate::cert_id::CertId;
pub use crate::crl::{CrlView, MAX_CRL_SIZE, VerifiedCrl};
pub use crate::decide::{Decision, Freshness, OnlyIssuer, Piece, Question, Signers, Used, decide};
pub use crate::entry::{CrlEntry, Listed};
pub use crate::error::{
    CrlError, CrlSignatureError, IssueError, ListError, OcspError, OcspSignatureError, StreamError,
};
pub use crate::facts::{CrlFacts, LookUp, RevocationList};
pub use crate::index::{CrlIndex, IndexLimits};
pub use crate::issue::{CrlBuilder, PreparedCrl};
pub use crate::ocsp::{
    MAX_OCSP_SIZE, NonceCheck, OcspView, ResponderId, ResponseStatus, SingleResponse, SingleStatus,
    VerifiedOcsp,
};
pub use crate::partition::CrlSubjects;
pub use crate::reason::Reason;
pub use crate::request::{MAX_OCSP_REQUEST_SIZE, MAX_OCSP_REQUESTS, OcspRequest};
pub use crate::respond::{OcspResponseBuilder, PreparedOcsp};
pub use crate::scope::IssuingDistributionPoint;
pub use crate::status::{Answer, Status, WhyUnknown};
pub use crate::stream::{PreparedStream, Revoked};
