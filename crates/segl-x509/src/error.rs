//! Why bytes could not be read.

use crate::Oid;

/// A place in the input that does not have the form asked for; counted in bytes from the start of the outermost input.
///
/// For an extension of a certificate the offset counts from the start of the certificate, not of the extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct SyntaxError {
    /// Position of the offending octet, or of the header of the offending element.
    pub offset: usize,
    /// What is wrong there.
    pub kind: SyntaxErrorKind,
}

/// What is wrong with the encoding (X.690).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The element claims more octets than there are, or the input ends inside a header.
    #[error("input ends too early")]
    Truncated,
    /// Octets follow where the structure is complete.
    #[error("unexpected further data")]
    TrailingData,
    /// Another element than the one the structure asks for.
    #[error("tag {found:#04x} where {expected:#04x} was expected")]
    UnexpectedTag {
        /// Identifier octet the structure asks for.
        expected: u8,
        /// Identifier octet found.
        found: u8,
    },
    /// A tag number of 31 or more, which no certificate structure uses.
    #[error("tag in the long form")]
    LongTag,
    /// The indefinite form, or a length that needs more than four octets.
    #[error("length in a form that DER does not have")]
    LengthForm,
    /// A BOOLEAN that is not one octet.
    #[error("malformed BOOLEAN")]
    Boolean,
    /// An INTEGER that is empty or does not fit the place it is used in.
    #[error("INTEGER outside its range")]
    Integer,
    /// An OBJECT IDENTIFIER that is empty or ends in the middle of an arc.
    #[error("malformed OBJECT IDENTIFIER")]
    ObjectIdentifier,
    /// A BIT STRING without its first octet, or with an impossible one.
    #[error("malformed BIT STRING")]
    BitString,
    /// A UTCTime or GeneralizedTime that names no point in time.
    #[error("malformed time")]
    Time,
    /// A choice with a tag this structure does not know.
    #[error("unknown choice {found:#04x}")]
    UnknownChoice {
        /// Identifier octet found.
        found: u8,
    },
    /// An empty list where the standard asks for at least one element.
    #[error("empty list")]
    Empty,
}

impl SyntaxError {
    pub(crate) const fn new(offset: usize, kind: SyntaxErrorKind) -> Self {
        Self { offset, kind }
    }
}

/// Why a certification request could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The structure of RFC 2986, 4 is not there.
    #[error("not a certification request: {0}")]
    Syntax(#[from] SyntaxError),
    /// Larger than [`MAX_CERTIFICATE_SIZE`](crate::MAX_CERTIFICATE_SIZE).
    #[error("the certification request has {size} bytes, more than the {limit} that are read")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The most that is read.
        limit: usize,
    },
    /// The text has several, and which one is meant is not for us to guess.
    #[error("{count} certification requests in the text where one belongs")]
    Several {
        /// How many.
        count: usize,
    },
    /// There is no block of a certification request in the text.
    #[error("no certification request in the text")]
    NoPemBlock,
    /// A block is malformed.
    #[error("malformed PEM at byte {offset}")]
    Pem {
        /// Position in the text.
        offset: usize,
    },
}

/// Why a certificate could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The structure of RFC 5280, 4.1 is not there.
    #[error("not a certificate: {0}")]
    Syntax(#[from] SyntaxError),
    /// Larger than [`MAX_CERTIFICATE_SIZE`](crate::MAX_CERTIFICATE_SIZE).
    #[error("a certificate of {size} bytes is larger than the {limit} that are read")]
    TooLarge {
        /// Size of the input in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// No `-----BEGIN CERTIFICATE-----` block in the text, or nothing at all.
    #[error("no certificate block in the PEM text")]
    NoPemBlock,
    /// A PEM block without its end line, or with a character outside base64.
    #[error("malformed PEM text at byte {offset}")]
    Pem {
        /// Position in the text.
        offset: usize,
    },
}

/// Why an extension could not be interpreted. The certificate itself was readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// The extension occurs more than once (forbidden by RFC 5280, 4.2), so none of its values is taken.
    #[error("extension {oid} occurs more than once")]
    Duplicate {
        /// Type of the extension.
        oid: Oid,
    },
    /// The value does not have the form its type asks for.
    #[error("extension {oid}: {error}")]
    Syntax {
        /// Type of the extension.
        oid: Oid,
        /// Where and what, counted from the start of the certificate.
        error: SyntaxError,
    },
}
