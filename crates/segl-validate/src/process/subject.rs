//! What is validated: a signature or the token of a time-stamp.

use segl_ades::{Signature, TimestampClaim, TimestampKind};
use segl_crypto::{DigestAlgorithm, SignatureAlgorithm, Time, sha256};
use segl_tsp::Token;

use crate::material::Id;
use crate::process::Role;

/// A time-stamp whose token was read.
pub(crate) struct Stamp<'a> {
    pub(crate) claim: &'a TimestampClaim,
    /// Its place among the claims of the signature.
    pub(crate) index: usize,
    pub(crate) token: Result<Token, String>,
}

/// What a basic validation is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    Signature(&'a Signature),
    Stamp(&'a Stamp<'a>),
}

impl<'a> Stamp<'a> {
    pub(crate) fn read(index: usize, claim: &'a TimestampClaim) -> Self {
        Self { claim, index, token: Token::from_der(&claim.token).map_err(|error| error.to_string()) }
    }

    pub(crate) fn time(&self) -> Option<Time> {
        self.token.as_ref().ok().map(|token| token.info().time())
    }

    pub(crate) fn id(&self) -> Id {
        sha256(&self.claim.token)
    }

    /// Whether the imprint is that of what the format says is covered; `None` when that is not known.
    pub(crate) fn imprint_intact(&self) -> Option<bool> {
        let token = self.token.as_ref().ok()?;
        self.claim.imprint.as_ref().map(|imprint| token.covers(imprint))
    }

    pub(crate) fn imprint_algorithm(&self) -> Option<DigestAlgorithm> {
        self.token.as_ref().ok()?.info().imprint().algorithm()
    }

    /// Order of the kinds: what a later one may cover.
    pub(crate) fn rank(&self) -> u8 {
        match self.claim.kind {
            TimestampKind::Content => 0,
            TimestampKind::Signature => 1,
            TimestampKind::ValidationData => 2,
            _ => 3,
        }
    }

    /// Whether the signature's value lies in what it covers.
    pub(crate) fn covers_signature(&self, signature: &Signature) -> bool {
        self.claim.covered.contains(&value_id(signature))
    }

    /// Whether `other` lies in what this one covers.
    pub(crate) fn covers_stamp(&self, other: &Self) -> bool {
        self.index != other.index && self.claim.covered.contains(&other.id())
    }

    /// Sorts the outermost first.
    pub(crate) fn outer_first(&self) -> impl Ord + use<> {
        core::cmp::Reverse((self.rank(), self.claim.covered_until, self.time(), self.index))
    }
}

impl Subject<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Signature(signature) => &signature.id,
            Self::Stamp(stamp) => &stamp.claim.id,
        }
    }

    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Signature(_) => Role::Signer,
            Self::Stamp(_) => Role::Unit,
        }
    }

    /// Identity of what a time-stamp over it proves to exist.
    pub(crate) fn id(&self) -> Id {
        match self {
            Self::Signature(signature) => value_id(signature),
            Self::Stamp(stamp) => stamp.id(),
        }
    }

    /// The signature algorithm, or why it is not known.
    pub(crate) fn algorithm(&self) -> Result<SignatureAlgorithm, String> {
        match self {
            Self::Signature(signature) => {
                SignatureAlgorithm::from_der(&signature.signature_algorithm, signature.digest_algorithm)
                    .map_err(|error| error.to_string())
            }
            Self::Stamp(stamp) => {
                let token = stamp.token.as_ref().map_err(Clone::clone)?;
                let signer = token.signer().ok_or_else(|| "no signer".to_owned())?;
                signer.signature_algorithm().map_err(|error| error.to_string())
            }
        }
    }

    /// The digest algorithms that the signature rests on.
    pub(crate) fn digests(&self) -> Vec<DigestAlgorithm> {
        match self {
            Self::Signature(signature) => {
                let claimed = signature.content.iter().filter_map(|content| content.claimed.as_ref());
                claimed.map(segl_crypto::Digest::algorithm).chain(signature.digest_algorithm).collect()
            }
            Self::Stamp(stamp) => {
                let signer = stamp.token.as_ref().ok().and_then(Token::signer);
                let beside = signer.and_then(|signer| signer.digest_algorithm());
                stamp.imprint_algorithm().into_iter().chain(beside).collect()
            }
        }
    }
}

fn value_id(signature: &Signature) -> Id {
    sha256(signature.value.as_bytes())
}
