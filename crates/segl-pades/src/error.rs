use segl_pdf::{ReadError, UpdateError};

/// Why a signature or time-stamp could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The plan was made for a document of another length.
    #[error("the seal was planned for another document")]
    AnotherDocument,
    /// A field of that name carries a signature already.
    #[error("field {field:?} is already signed")]
    AlreadySigned {
        /// The full field name.
        field: String,
    },
    /// An author's certification does not allow another signature (ISO 32000-2, 12.8.2.2).
    #[error("forbidden by DocMDP: field {field:?} certifies the document with P={permission}")]
    ForbiddenByDocMdp {
        /// The full name of the field whose signature says so.
        field: String,
        /// The permission, 1 for no changes.
        permission: i64,
    },
    /// An earlier signature locks the field that was to be signed (ISO 32000-2, 12.8.2.4).
    #[error("forbidden by FieldMDP: the signature in field {by:?} locks field {field:?}")]
    ForbiddenByFieldMdp {
        /// The field that was to be signed.
        field: String,
        /// The full name of the field whose signature locks it.
        by: String,
    },
    /// The name cannot be a partial field name: it is empty or has a period (12.7.4.2).
    #[error("{name:?} cannot be the name of a new field")]
    InvalidFieldName {
        /// The name.
        name: String,
    },
    /// There is a field of that name, and it is not for signatures.
    #[error("field {field:?} is not a signature field")]
    NotASignatureField {
        /// The full field name.
        field: String,
    },
    /// The number of bytes asked for `/Contents` is zero or beyond all reason.
    #[error("cannot reserve {reserved} bytes for the signature")]
    Reserve {
        /// What was asked for.
        reserved: usize,
    },
    /// The empty field has seed values that demand something this signature is not (12.7.5.5).
    #[error("field {field:?} demands a certain {constraint}")]
    SeedValue {
        /// The full field name.
        field: String,
        /// The key of the seed value dictionary.
        constraint: &'static str,
    },
    /// The update could not be written.
    #[error(transparent)]
    Update(#[from] UpdateError),
}

impl From<ReadError> for PrepareError {
    fn from(error: ReadError) -> Self {
        Self::Update(error.into())
    }
}

/// Why a signature value could not be put into its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// It is larger than the reserved space.
    #[error("the signature has {len} bytes, {reserved} were reserved")]
    DoesNotFit {
        /// How long it is.
        len: usize,
        /// How much room there is.
        reserved: usize,
    },
    /// It is empty.
    #[error("the signature is empty")]
    Empty,
}
