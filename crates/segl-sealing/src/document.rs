//! What is sealed, as the sealing sees it: a format that is given a CMS, tokens and evidence, one after the other.

use segl_ades::Evidence;
use segl_crypto::{Digest, DigestAlgorithm, Time};

use crate::ServiceError;

/// A document on its way to be sealed by a CMS signature: laid out, sealed, completed.
///
/// It holds no key and asks nobody. The steps are called in the order of the methods, each at most once; those after
/// [`seal`](Self::seal) as far as the level asks for them.
pub trait Document: Send {
    /// How many octets there are to digest.
    fn octets(&self) -> u64;

    /// Reads the document, as far as it takes to know that it can be sealed; done before any key is made.
    ///
    /// # Errors
    /// When the document cannot be sealed: unreadable, encrypted, or closed for further signatures.
    fn open(&mut self) -> Result<(), ServiceError>;

    /// Digests what is there, which is the long part. May be called in another thread than the rest.
    ///
    /// # Errors
    /// When the document cannot be read.
    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<(), ServiceError>;

    /// Lays the seal out with room for a CMS of `reserve` octets and says what is to be signed: the digest of the content.
    ///
    /// # Errors
    /// When the document cannot be sealed.
    fn lay_out(&mut self, signing_time: Time, reserve: usize) -> Result<Digest, ServiceError>;

    /// Puts the CMS in.
    ///
    /// # Errors
    /// When it is longer than the room reserved.
    fn seal(&mut self, cms: &[u8]) -> Result<(), ServiceError>;

    /// Puts certificates and status information in (B-LT).
    ///
    /// # Errors
    /// When the document cannot be extended.
    fn add_evidence(&mut self, evidence: &Evidence) -> Result<(), ServiceError>;

    /// Lays a time-stamp over everything out, with room for a token of `reserve` octets, and says what it covers (B-LTA).
    ///
    /// # Errors
    /// When the document cannot be extended.
    fn lay_out_archive(&mut self, reserve: usize) -> Result<Digest, ServiceError>;

    /// Puts that time-stamp in.
    ///
    /// # Errors
    /// When it is longer than the room reserved.
    fn archive(&mut self, token: &[u8]) -> Result<(), ServiceError>;
}
