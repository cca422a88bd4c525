use const_oid::ObjectIdentifier;

use crate::ber::Tag;

/// Why octets are not the BER or DER that was expected, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct BerError {
    /// Byte offset in the slice that was handed to the first reader.
    pub offset: usize,
    /// What is wrong there.
    pub kind: BerErrorKind,
}

/// What can be wrong with an element.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BerErrorKind {
    /// A primitive element with an indefinite length (X.690, 8.1.3.2).
    #[error("primitive element of indefinite length")]
    IndefinitePrimitive,
    /// A BOOLEAN that is not one octet, or in DER not 00 or FF.
    #[error("not a BOOLEAN")]
    InvalidBoolean,
    /// An INTEGER without octets, with needless ones where DER is demanded, or out of the range wanted here.
    #[error("not an INTEGER in the range expected")]
    InvalidInteger,
    /// Length octets of a reserved form, or a length beyond the address space.
    #[error("length octets not usable")]
    InvalidLength,
    /// An OBJECT IDENTIFIER that is malformed or longer than 39 octets.
    #[error("not an OBJECT IDENTIFIER")]
    InvalidObjectIdentifier,
    /// A tag number with leading zero bits or beyond 32 bits.
    #[error("tag number not usable")]
    InvalidTag,
    /// A time that is not of the form demanded.
    #[error("not a time of the form demanded")]
    InvalidTime,
    /// A value that its type does not allow.
    #[error("value out of the range of its type")]
    InvalidValue,
    /// An indefinite length whose end is missing.
    #[error("indefinite length without end-of-contents octets")]
    MissingEndOfContents,
    /// BER where DER is demanded.
    #[error("not DER")]
    NotDer,
    /// Elements were expected inside a primitive one.
    #[error("primitive element where a constructed one is needed")]
    Primitive,
    /// Elements nest deeper than [`crate::ber::MAX_DEPTH`].
    #[error("nested too deep")]
    TooDeep,
    /// More items than the limit for such a list.
    #[error("more than {limit} items")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Something follows where nothing may.
    #[error("data after the last element")]
    TrailingData,
    /// The input ends inside the element.
    #[error("input ends inside an element")]
    Truncated,
    /// End-of-contents octets outside an indefinite length.
    #[error("end-of-contents octets where an element is needed")]
    UnexpectedEndOfContents,
    /// Another tag than the one the syntax demands.
    #[error("tag {found:?} where {expected:?} is needed")]
    UnexpectedTag {
        /// What the syntax demands.
        expected: Tag,
        /// What stands there.
        found: Tag,
    },
}

impl BerErrorKind {
    /// This error, found at a byte offset.
    pub const fn at(self, offset: usize) -> BerError {
        BerError { offset, kind: self }
    }
}

/// Why octets are not a message with `SignedData`.
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CmsError {
    /// Some other `ContentInfo`.
    #[error("content type {content_type} is not signed data")]
    NotSignedData {
        /// What it says it is.
        content_type: ObjectIdentifier,
    },
    /// Not the syntax of RFC 5652.
    #[error(transparent)]
    Syntax(#[from] BerError),
}
