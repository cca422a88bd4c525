use segl_crypto::{AlgorithmError, PrehashError, PublicKeyError, Time, VerifyError};
use segl_x509::{ExtensionError, SyntaxError};

use crate::ResponseStatus;

/// Why bytes are no CRL.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// An entry that is longer than what is read at a time.
    #[error("the entry at byte {offset} is longer than {limit} bytes")]
    EntryTooLarge {
        /// Where it begins.
        offset: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The file could not be read; `InvalidInput` when what stands around the entries is too long.
    #[error("it cannot be read: {0}")]
    Read(std::io::ErrorKind),
    /// The structure of RFC 5280 5.1 is not there.
    #[error("not a CRL: {0}")]
    Syntax(#[from] SyntaxError),
    /// Larger than [`MAX_CRL_SIZE`](crate::MAX_CRL_SIZE), or than the limit that the caller set.
    #[error("a CRL of {size} bytes is larger than the {limit} that are read")]
    TooLarge {
        /// Size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More entries than the caller wants to keep track of.
    #[error("a CRL of more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
}

impl From<std::io::Error> for CrlError {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error.kind())
    }
}

impl From<std::io::ErrorKind> for CrlError {
    fn from(kind: std::io::ErrorKind) -> Self {
        Self::Read(kind)
    }
}

/// Why a CRL that was read could not be searched.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// What stands in the file is not what was read.
    #[error("the file was changed after it was read")]
    Changed,
    /// More entries share the place of a serial number than are looked at: somebody made it so.
    #[error("more than {limit} entries share the place of this serial number")]
    Crowded {
        /// The limit.
        limit: usize,
    },
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Read(std::io::ErrorKind),
    /// An entry does not have the structure of RFC 5280 5.1.
    #[error("malformed: {0}")]
    Syntax(#[from] SyntaxError),
}

/// Why a CRL is not believed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlSignatureError {
    /// The algorithm inside the signed part is another than outside.
    #[error("the signature algorithms inside and outside the signed part differ")]
    AlgorithmsDiffer,
    /// The algorithm cannot be read.
    #[error("the signature algorithm cannot be read: {0}")]
    Algorithm(#[from] AlgorithmError),
    /// The issuer's key cannot be read.
    #[error("the issuer's key cannot be read: {0}")]
    Key(#[from] PublicKeyError),
    /// The issuer's keyUsage cannot be read.
    #[error("the issuer's keyUsage cannot be read: {0}")]
    KeyUsageUnreadable(#[source] ExtensionError),
    /// The issuer's keyUsage does not allow to sign CRLs.
    #[error("the issuer's certificate is not for signing CRLs")]
    NotForCrls,
    /// The CRL names another issuer.
    #[error("the CRL names another issuer")]
    OtherIssuer,
    /// The signature does not verify.
    #[error("the signature of the CRL does not verify: {0}")]
    Signature(#[from] VerifyError),
}

/// Why bytes are no OCSP response that could be asked about a certificate.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// What stands in the address of a GET request is not base64.
    #[error("the address does not hold a request in base64")]
    Address,
    /// A critical extension of the message that is not known.
    #[error("the message has the critical extension {0}, which is not known")]
    CriticalExtension(String),
    /// The nonce is empty or longer than 128 octets (RFC 9654 2.1).
    #[error("a nonce of {length} octets, where 1 to 128 are allowed")]
    Nonce {
        /// Its length in octets.
        length: usize,
    },
    /// The responder did not answer the question.
    #[error("the responder answered: {0}")]
    NotSuccessful(ResponseStatus),
    /// The response is of a type that is not known.
    #[error("the response is of the type {0}, not a basic OCSP response")]
    ResponseType(segl_x509::ObjectIdentifier),
    /// The structure of RFC 6960 is not there.
    #[error("not an OCSP message: {0}")]
    Syntax(#[from] SyntaxError),
    /// Larger than [`MAX_OCSP_SIZE`](crate::MAX_OCSP_SIZE).
    #[error("an OCSP message of {size} bytes is larger than the {limit} that are read")]
    TooLarge {
        /// Size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// More requests, responses or certificates than are read.
    #[error("an OCSP message with more than {limit} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
}

/// Why an OCSP response is not believed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspSignatureError {
    /// The algorithm cannot be read.
    #[error("the signature algorithm cannot be read: {0}")]
    Algorithm(#[from] AlgorithmError),
    /// The key of the issuer or responder cannot be read.
    #[error("the key cannot be read: {0}")]
    Key(#[from] PublicKeyError),
    /// The responder's certificate was not issued by the certificate's issuer with the same key.
    #[error("the responder's certificate was not issued by the issuer it answers for")]
    NotIssuedByIssuer,
    /// The responder's certificate does not have the purpose OCSPSigning.
    #[error("the responder's certificate is not for signing OCSP responses")]
    PurposeMissing,
    /// The responder's certificate was not valid when the response was made.
    #[error("the responder's certificate was not valid at {produced_at}")]
    ResponderNotValid {
        /// When the response was made.
        produced_at: Time,
    },
    /// Nobody at hand has the name or the key that the response names.
    #[error("the certificate of the responder is not there")]
    ResponderUnknown,
    /// The signature does not verify.
    #[error("the signature of the response does not verify: {0}")]
    Signature(#[from] VerifyError),
}

/// Why a CRL or an OCSP response was not made.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// A delta CRL whose base is not an earlier list.
    #[error("the delta CRL {number} is said to change the list {base}, which is not an earlier one")]
    Base {
        /// Number of the complete list.
        base: u64,
        /// Number of the delta CRL.
        number: u64,
    },
    /// It would be older than the certificate it speaks about, and so prove nothing.
    #[error("the status of {this_update} would be older than the certificate, which begins at {not_before}")]
    BeforeNotBefore {
        /// thisUpdate as asked for.
        this_update: Time,
        /// First second of the certificate.
        not_before: Time,
    },
    /// The signer's key cannot be read.
    #[error("the signer's key cannot be read: {0}")]
    Key(#[from] PublicKeyError),
    /// nextUpdate is not after thisUpdate.
    #[error("nextUpdate {next_update} is not after thisUpdate {this_update}")]
    NextUpdate {
        /// thisUpdate as asked for.
        this_update: Time,
        /// nextUpdate as asked for.
        next_update: Time,
    },
    /// Reasons by which no list can be divided: unspecified, removeFromCRL, one without a name, or none at all.
    #[error("a list cannot be divided by these reasons")]
    NoPartOfReasons,
    /// A nonce in a response that is made before it is asked for.
    #[error("a last response answers nobody's nonce")]
    NonceInLast,
    /// The certificate of the issuer has another name than the certificate spoken about says.
    #[error("the certificate is of another issuer")]
    OtherIssuer,
    /// What was made cannot be read back.
    #[error("what was made cannot be read back")]
    ReadBack,
    /// An entry with a reason, or none, that the list is not for.
    #[error("the list is not for a reason that an entry has")]
    ReasonOutOfScope,
    /// A revocation in the future of the list.
    #[error("revoked at {at}, which is after thisUpdate {this_update}")]
    RevokedInFuture {
        /// The revocation.
        at: Time,
        /// thisUpdate as asked for.
        this_update: Time,
    },
    /// A serial number that is not the content of an INTEGER in DER: no octets, or one too many in front.
    #[error("the serial number is not the content of an INTEGER in DER")]
    Serial,
    /// The signature value is not one of the signer over this.
    #[error("the signature value does not verify with the signer's key")]
    Signature(#[source] VerifyError),
    /// A complete list with the reason removeFromCRL, which only a delta CRL may have (RFC 5280 5.3.1).
    #[error("a complete list takes a revocation back")]
    TakenBackByCompleteList,
}

/// Why a CRL was not written as it was made.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The entries were others when they were asked for again.
    #[error("the entries were others when they were asked for again")]
    Changed,
    /// The entries could not be had.
    #[error("the entries could not be had")]
    Entries(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It would be no list that may be made.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The issuer's key signs no digest (Ed25519), so that the list would have to be held.
    #[error(transparent)]
    Prehash(#[from] PrehashError),
    /// It could not be written.
    #[error("it could not be written")]
    Write(#[from] std::io::Error),
}
