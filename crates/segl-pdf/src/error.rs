use crate::Reference;

/// What is wrong with the syntax at one place of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {problem}")]
pub struct SyntaxError {
    /// Position in the file, or in the decoded stream for objects inside an object stream.
    pub offset: u64,
    /// What was found or missed there.
    pub problem: SyntaxProblem,
}

/// The kinds of broken syntax (ISO 32000-2, 7.2 and 7.3).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxProblem {
    /// A dictionary's key is something else than a name.
    #[error("a dictionary key is not a name")]
    KeyIsNotAName,
    /// A keyword that has to stand here does not.
    #[error("expected `{0}`")]
    Missing(&'static str),
    /// A hexadecimal string holds another character.
    #[error("not a hexadecimal digit: 0x{0:02x}")]
    NotHexadecimal(u8),
    /// The input ends inside a value.
    #[error("the input ends inside a value")]
    UnexpectedEnd,
    /// A token stands where no value can begin.
    #[error("no value can begin here")]
    UnexpectedToken,
}

/// The bounds of [`crate::Limits`] by name, for an error to say which was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Bound {
    /// [`crate::Limits::decoded_stream`]
    #[error("bytes of a decoded stream")]
    DecodedStream,
    /// [`crate::Limits::entries`]
    #[error("cross-reference entries")]
    Entries,
    /// [`crate::Limits::field_values`]
    #[error("values in the fields of the form")]
    FieldValues,
    /// [`crate::Limits::nesting`]
    #[error("nesting of arrays and dictionaries")]
    Nesting,
    /// [`crate::Limits::object_bytes`]
    #[error("bytes of one object")]
    ObjectBytes,
    /// [`crate::Limits::object_nodes`]
    #[error("values in one object")]
    ObjectNodes,
    /// [`crate::Limits::object_streams_decoded`]
    #[error("bytes of object streams decoded again and again")]
    ObjectStreamsDecoded,
    /// [`crate::Limits::object_streams_parsed`]
    #[error("bytes of objects parsed out of object streams")]
    ObjectStreamsParsed,
    /// [`crate::Limits::reference_hops`]
    #[error("references leading to references")]
    ReferenceHops,
    /// [`crate::Limits::sections`]
    #[error("cross-reference sections")]
    Sections,
    /// [`crate::Limits::tree_nodes`] and [`crate::Limits::tree_depth`]
    #[error("size or depth of a page or field tree")]
    Tree,
}

/// What is wrong with a cross-reference section (ISO 32000-2, 7.5.4 and 7.5.8).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum XrefProblem {
    /// The stream's `/W`, `/Index` or `/Size` cannot be used, or its data is too short for them.
    #[error("the cross-reference stream's {0} does not fit its data")]
    BadStream(&'static str),
    /// An entry of the table is not `nnnnnnnnnn ggggg n` or `f`.
    #[error("an entry of the table is malformed")]
    BadEntry,
    /// The chain of `/Prev` comes back to where it was.
    #[error("the chain of /Prev loops")]
    Loop,
    /// Nothing that can be a section starts here.
    #[error("no cross-reference section starts here")]
    NoSection,
    /// The entry says that an object begins here, and it does not.
    #[error("object {0} does not begin here")]
    ObjectNotHere(Reference),
    /// A `/Prev` points forward and the section there has one too, so that newer objects stand under older ones.
    #[error("the chain of /Prev goes forward before its last section")]
    Order,
    /// The offset lies outside of the file.
    #[error("the offset lies outside of the file")]
    OutsideFile,
    /// The trailer dictionary is missing or misses `/Root`.
    #[error("the trailer dictionary is missing or has no /Root")]
    Trailer,
}

/// Why a document, or an object in it, could not be read.
///
/// Nothing is repaired: a file whose cross-reference data is broken means different things to different readers, and
/// must not be sealed as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A cross-reference section or an entry is broken.
    #[error(
        "byte {offset}: broken cross-reference data: {problem}; \
         rewrite the file with another tool, unless it carries a signature"
    )]
    BrokenXref {
        /// Position in the file.
        offset: u64,
        /// What is wrong there.
        problem: XrefProblem,
    },
    /// The document is encrypted in a way, or with a password, that this reader does not have.
    #[error("the document is encrypted ({handler}) and was not opened")]
    Encrypted {
        /// The security handler and version as the file names them.
        handler: String,
    },
    /// A stream could not be decoded.
    #[error("{reference}: {source}")]
    Filter {
        /// The stream.
        reference: Reference,
        /// What its filter met.
        source: crate::FilterError,
    },
    /// The bytes could not be had from the source.
    #[error("reading failed: {0}")]
    Io(#[from] std::io::Error),
    /// A bound of [`crate::Limits`] was met.
    #[error("byte {offset}: too many: {bound}")]
    Limit {
        /// Position in the file.
        offset: u64,
        /// Which bound.
        bound: Bound,
    },
    /// No `%PDF-` near the start.
    #[error("not a PDF: no %PDF- in the first {searched} bytes")]
    NotAPdf {
        /// How many bytes were looked at.
        searched: usize,
    },
    /// A stream's `/Length` does not lead to `endstream`.
    #[error("byte {offset}: the length of stream {reference} does not lead to endstream")]
    StreamLength {
        /// The stream.
        reference: Reference,
        /// Where its data begins.
        offset: u64,
    },
    /// A part every document must have is missing or of another type.
    #[error("{what} is missing or of the wrong type{}", .reference.map(|r| format!(" (object {r})")).unwrap_or_default())]
    Structure {
        /// The part, in the words of the standard.
        what: &'static str,
        /// The object it should be, when known.
        reference: Option<Reference>,
    },
    /// An object's syntax is broken.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The end of the file is missing: no `startxref` and `%%EOF` near it.
    #[error("truncated: no {missing} in the last {searched} bytes; get a complete copy of the file")]
    Truncated {
        /// Which of the two is missing.
        missing: &'static str,
        /// How many bytes were looked at.
        searched: usize,
    },
}

/// Why an incremental update could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The object number space is used up.
    #[error("no object number is left")]
    NoObjectNumber,
    /// What the update builds on could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An offset does not fit the ten digits of a cross-reference table (ISO 32000-2, 7.5.4).
    #[error("the file would grow to {len} bytes, more than the form of its cross-reference data can address")]
    TooLarge {
        /// The length the file would have.
        len: u64,
    },
}
