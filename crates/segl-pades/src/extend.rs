//! A file that grows by one update after the other, digested once.

use segl_crypto::{Appended, DigestAlgorithm, Hasher, Source};
use segl_pdf::{Appendix, Document, Limits, ReadError};

/// Why a growing file could not be started or continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GrowError {
    /// The update was written for another state of the file.
    #[error("the update was written for a file of {expected} bytes, this one has {found}")]
    AnotherFile {
        /// Length the update follows.
        expected: u64,
        /// Length there is.
        found: u64,
    },
    /// The algorithm cannot be computed here.
    #[error("{0} cannot be computed here")]
    Digest(DigestAlgorithm),
    /// The document cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A document and the updates that are to be appended to it.
///
/// The document's bytes are read through once per digest algorithm, however many signatures and time-stamps follow;
/// its cross-reference data is read once. Only the updates are in memory.
#[derive(Debug)]
pub struct GrowingFile<S> {
    document: Document<Appended<S>>,
    digests: Vec<State>,
}

/// A digest that has taken in the first bytes of the file.
#[derive(Debug)]
struct State {
    hasher: Hasher,
    taken: u64,
}

impl<S: Source + Clone> GrowingFile<S> {
    /// Opens a document to append to; `S` is usually a reference.
    ///
    /// # Errors
    /// As [`Document::open_with`].
    pub fn open(source: S, limits: Limits) -> Result<Self, ReadError> {
        let document = Document::open_with(Appended::new(source, Vec::new()), limits)?;
        Ok(Self { document, digests: Vec::new() })
    }

    /// The document with every update so far.
    #[must_use]
    pub fn document(&self) -> &Document<Appended<S>> {
        &self.document
    }

    /// Everything appended so far: what has to be written after the document's own bytes.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        self.document.source().tail()
    }

    /// A digest state that has taken in every byte so far; the first call for an algorithm reads the whole file.
    ///
    /// # Errors
    /// When the algorithm cannot be computed or the file not read.
    pub fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<Hasher, GrowError> {
        let known = self.digests.iter().position(|state| state.hasher.algorithm() == algorithm);
        let mut state = match known {
            Some(at) => self.digests.swap_remove(at),
            None => State { hasher: Hasher::new(algorithm).ok_or(GrowError::Digest(algorithm))?, taken: 0 },
        };
        let source = self.document.source();
        source.hash_range(state.taken..source.len(), &mut state.hasher).map_err(ReadError::Io)?;
        state.taken = source.len();
        let hasher = state.hasher.clone();
        self.digests.push(state);
        Ok(hasher)
    }

    /// Appends an update that was made for [`Self::document`].
    ///
    /// # Errors
    /// When it was made for another state.
    pub fn append(&mut self, appendix: &Appendix) -> Result<(), GrowError> {
        let source = self.document.source();
        let another = GrowError::AnotherFile { expected: appendix.base_len(), found: source.len() };
        let tail = [source.tail(), appendix.bytes()].concat();
        let longer = Appended::new(source.base().clone(), tail);
        self.document = self.document.after(longer, appendix).ok_or(another)?;
        Ok(())
    }
}
