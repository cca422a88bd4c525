//! Why there is no path.

use segl_crypto::{PublicKeyError, Time};
use segl_x509::{Certificate, CertificateSignatureError, ExtensionError, GeneralName, Oid};

use crate::anchor::Anchor;
use crate::budget::Exhausted;
use crate::parameters::Purpose;

/// Why a path was refused, and over which certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", certificate.subject())]
pub struct Refusal {
    /// The certificate the reason concerns.
    pub certificate: Certificate,
    /// Its place in the path: 0 for the leaf, counting towards the anchor, which comes after the last.
    pub position: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a certificate in its place (the letters are those of RFC 5280, 6.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The anchor's own certificate is over or not yet begun, and that was asked for.
    #[error("its anchor is valid from {not_before} to {not_after}, not at {time}")]
    AnchorValidity {
        /// Start of the anchor's validity.
        not_before: Time,
        /// End of the anchor's validity.
        not_after: Time,
        /// The time asked for; in the chain model when the certificate was issued.
        time: Time,
    },
    /// The anchor is trusted no more (EN 319 102-1, 5.2.6: trust anchor sunset date).
    #[error("its anchor is trusted until {sunset}, not at {time}")]
    AnchorSunset {
        /// From when on it is not.
        sunset: Time,
        /// The time asked for.
        time: Time,
    },
    /// The authority's own extended key usages leave the purpose out, and that was asked for.
    #[error("its issuing is not for the purpose {purpose:?}")]
    AuthorityPurpose {
        /// What was asked.
        purpose: Purpose,
    },
    /// The certificate does not say that its key may verify certificates (6.1.4 (k)).
    #[error("not an authority's certificate")]
    NotAnAuthority,
    /// A critical extension that is not processed (6.1.4 (o), 6.1.5 (f)).
    #[error("unknown critical extension {oid}")]
    CriticalExtension {
        /// Its type.
        oid: Oid,
    },
    /// An extension type occurs twice.
    #[error("extension {oid} occurs more than once")]
    DuplicateExtension {
        /// Its type.
        oid: Oid,
    },
    /// No more work is done.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// The time asked for is after notAfter (6.1.3 (a)(2)).
    #[error("valid until {not_after}, not at {time}")]
    Expired {
        /// End of the validity.
        not_after: Time,
        /// The time asked for.
        time: Time,
    },
    /// An extension that has to be processed cannot be read.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// It was issued while the authority above it was not valid (chain model).
    #[error("issued {issued}, while the authority above it is valid from {not_before} to {not_after}")]
    IssuedOutsideValidity {
        /// Start of its own validity, which stands for its issue.
        issued: Time,
        /// Start of the validity above.
        not_before: Time,
        /// End of the validity above.
        not_after: Time,
    },
    /// The issuer is not the subject above (6.1.3 (a)(4)).
    #[error("its issuer is not the authority above it")]
    IssuerName,
    /// The key above is malformed or of an unknown kind.
    #[error("the key of its issuer: {0}")]
    IssuerKey(#[from] PublicKeyError),
    /// keyUsage is there without keyCertSign (6.1.4 (n)).
    #[error("its key is not for signing certificates")]
    KeyUsage,
    /// A name that an authority above excludes (6.1.3 (c)).
    #[error("the name {name:?} is excluded by an authority above")]
    NameExcluded {
        /// The name.
        name: GeneralName,
    },
    /// A name outside what an authority above permits (6.1.3 (b)).
    #[error("the name {name:?} is not permitted by an authority above")]
    NameNotPermitted {
        /// The name.
        name: GeneralName,
    },
    /// A name constraint that cannot be applied to a name of the same form (RFC 5280, 4.2.1.10).
    #[error("a constraint on names like {name:?} cannot be applied")]
    NameConstraintUnsupported {
        /// The name.
        name: GeneralName,
    },
    /// The time asked for is before notBefore (6.1.3 (a)(2)).
    #[error("valid from {not_before}, not at {time}")]
    NotYetValid {
        /// Start of the validity.
        not_before: Time,
        /// The time asked for.
        time: Time,
    },
    /// More authorities below than allowed (6.1.4 (l)).
    #[error("the path is longer than an authority above allows")]
    PathLength,
    /// No policy is left and one is required (6.1.3 (f), 6.1.5 (g)).
    #[error("not valid for a required policy")]
    Policy,
    /// A policy mapping from or to anyPolicy (6.1.4 (a)).
    #[error("a policy is mapped from or to anyPolicy")]
    PolicyMapping,
    /// The leaf is not made for what is asked.
    #[error("not made for the purpose {purpose:?}")]
    Purpose {
        /// What was asked.
        purpose: Purpose,
    },
    /// The signature does not verify with the key above (6.1.3 (a)(1)).
    #[error("its signature: {0}")]
    Signature(#[from] CertificateSignatureError),
    /// More certificates than the limit.
    #[error("more certificates than the limit of {limit}")]
    TooManyCertificates {
        /// The limit.
        limit: usize,
    },
}

/// A way that was tried and did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPath {
    /// The certificates, leaf first; not all the way up when the way ended before an anchor.
    pub certificates: Vec<Certificate>,
    /// The anchor, when the way led to one.
    pub anchor: Option<Anchor>,
    /// Why not.
    pub refusal: Refusal,
}

/// No path was found: everything that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{}", self.summary())]
pub struct NoPath {
    /// Ways that were refused, in the order they were tried; at most 32 are kept.
    pub refused: Vec<RefusedPath>,
    /// Certificates whose issuer is neither in the pool nor an anchor.
    pub without_issuer: Vec<Certificate>,
    /// Set when a limit ended the search, so that a path may still exist.
    pub exhausted: Option<Exhausted>,
}

impl NoPath {
    fn summary(&self) -> String {
        match (&self.exhausted, self.refused.first(), self.without_issuer.first()) {
            (Some(limit), ..) => format!("the search for a path was given up: {limit}"),
            (None, Some(refused), _) => refused.refusal.to_string(),
            (None, None, Some(certificate)) => {
                format!("no issuer is known for {}", certificate.subject())
            }
            (None, None, None) => "no path to an anchor".to_owned(),
        }
    }
}
