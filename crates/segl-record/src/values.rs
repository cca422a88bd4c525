use core::fmt;

use segl_key::Receipt;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID of any version; the nil UUID identifies nothing and gives `None`.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Option<Self> {
                if uuid.is_nil() { None } else { Some(Self(uuid)) }
            }

            /// The UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

ids! {
    /// One request for one seal. A request is answered by at most one seal, whatever happens.
    RequestId;
    /// The session in which a holder was authenticated and approved (S000-59). One session gives one completed seal.
    SessionId;
    /// The holder, as the identity provider knows them (S000-62).
    HolderId;
    /// One log, drawn once when it begins: entries of one log do not verify in another.
    LogId;
}

/// The assurance level of the holder's authentication: Regulation 910/2014, Article 8(2), the same three in NSIS. It orders from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the three of Regulation 910/2014, Article 8(2)")]
pub enum LevelOfAssurance {
    /// Low.
    Low,
    /// Substantial.
    Substantial,
    /// High.
    High,
}

/// What authentication data are processed for (S003-02).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// To prove who asked for a seal.
    Sealing,
}

/// SHA-256 of the certificate content that a holder was shown before approving it (S000-79).
///
/// A completed record is refused unless the receipt of the one-shot key was made for the same content, so the digest of anything
/// else does not come this far.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PresentedContent([u8; 32]);

impl PresentedContent {
    /// Takes the digest of the presented content, as the issuer works it out.
    #[must_use]
    pub const fn from_sha256(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PresentedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedContent(redacted)")
    }
}

/// What the record keeps of the receipt for a one-shot key: its digest, and for which session and content it was made.
///
/// It comes from a [`Receipt`] and from nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyReceipt {
    digest: [u8; 32],
    session: Uuid,
    content: Option<[u8; 32]>,
}

impl KeyReceipt {
    /// Takes what is kept.
    #[must_use]
    pub fn of(receipt: &Receipt) -> Self {
        Self {
            digest: receipt.digest(),
            session: Uuid::from_bytes(receipt.session()),
            content: receipt.content(),
        }
    }

    /// SHA-256 of the receipt.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(crate) fn is_for_session(&self, session: SessionId) -> bool {
        self.session == session.uuid()
    }

    pub(crate) fn is_for_content(&self, content: PresentedContent) -> bool {
        self.content == Some(content.0)
    }

    /// A receipt as stored: it was compared with session and content before it was stored.
    pub(crate) const fn from_stored(digest: [u8; 32], session: SessionId, content: PresentedContent) -> Self {
        Self { digest, session: session.uuid(), content: Some(content.0) }
    }

    #[cfg(test)]
    pub(crate) fn for_test(session: SessionId, content: PresentedContent) -> Self {
        Self::from_stored(segl_crypto::sha256(b"a receipt"), session, content)
    }
}

impl fmt::Debug for KeyReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyReceipt(redacted)")
    }
}

/// The serial number of a certificate: the content octets of its INTEGER, 1 to 20 of them and positive (RFC 5280, 4.1.2.2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    /// The most octets.
    pub const MAX_LEN: usize = 20;

    /// Takes the content octets; `None` when they are none, too many, negative or all zero.
    #[must_use]
    pub fn new(octets: &[u8]) -> Option<Self> {
        let positive = octets.first()? < &0x80 && octets.iter().any(|&b| b != 0);
        (positive && octets.len() <= Self::MAX_LEN).then(|| Self(octets.to_vec()))
    }

    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_never_nil() {
        assert_eq!(RequestId::new(Uuid::nil()), None);
        assert!(SessionId::new(Uuid::from_u128(1)).is_some());
    }

    #[test]
    fn serials_are_positive_and_short() {
        for octets in [&[][..], &[0x80], &[0, 0], &[1; 21]] {
            assert_eq!(Serial::new(octets), None);
        }
        assert_eq!(Serial::new(&[0x00, 0x8f]).unwrap().to_string(), "008f");
    }

    #[test]
    fn levels_are_ordered() {
        assert!(LevelOfAssurance::Low < LevelOfAssurance::Substantial);
        assert!(LevelOfAssurance::Substantial < LevelOfAssurance::High);
    }
}
