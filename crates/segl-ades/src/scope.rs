//! What a signature covers.

use segl_crypto::Digest;

/// How much of a document a signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Only a digest is known of what is covered.
    DigestOnly,
    /// All of it.
    Full,
    /// A part: the rest is not protected by this signature.
    Partial {
        /// Octets covered, the signature's own value aside.
        covered: u64,
        /// Octets of the whole document.
        total: u64,
    },
}

/// One covered object: the digest that the signature claims for it and the digest that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    /// What is covered, in words for a person: a file name, `ByteRange`, a reference.
    pub name: String,
    /// How much of it.
    pub scope: Scope,
    /// The digest that was signed; `None` where the signature names an algorithm that is not known here or holds no digest.
    pub claimed: Option<Digest>,
    /// The digest of the octets found; `None` where they are not at hand.
    pub found: Option<Digest>,
}

impl ContentDigest {
    /// True when both digests are there and agree.
    #[must_use]
    pub fn intact(&self) -> bool {
        self.claimed.is_some() && self.claimed == self.found
    }
}
