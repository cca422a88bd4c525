//! The two kinds of key that are made here.

use core::fmt;

use segl_crypto::{KeyKind, SignatureAlgorithm};

/// The elliptic curve of a key, and with it the one algorithm the key may sign with.
///
/// RSA is left out on purpose: making such a key takes seconds, and a one-shot key is made while somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256 (FIPS 186-5), signing ECDSA over SHA-256.
    P256,
    /// NIST P-384 (FIPS 186-5), signing ECDSA over SHA-384.
    P384,
}

impl Curve {
    /// The algorithm a key on this curve signs with.
    #[must_use]
    pub const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::ECDSA_SHA256,
            Self::P384 => SignatureAlgorithm::ECDSA_SHA384,
        }
    }

    /// The kind of a key on this curve.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::P256 => KeyKind::EcP256,
            Self::P384 => KeyKind::EcP384,
        }
    }

    /// The name in lower case, `p256` or `p384`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
        }
    }
}

impl From<Curve> for KeyKind {
    fn from(curve: Curve) -> Self {
        curve.kind()
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
