use core::fmt;

/// Why a certificate was revoked: CRLReason (RFC 5280 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the codes of RFC 5280, 5.3.1, and any other")]
pub enum Reason {
    /// No reason given. Left out rather than written.
    Unspecified,
    /// The private key is or may be in other hands.
    KeyCompromise,
    /// The key of an authority is or may be in other hands.
    CaCompromise,
    /// The subject's name or affiliation changed.
    AffiliationChanged,
    /// The certificate was replaced.
    Superseded,
    /// The certificate is no longer needed.
    CessationOfOperation,
    /// Suspended; may be released.
    CertificateHold,
    /// On a delta CRL: no longer on the complete one.
    RemoveFromCrl,
    /// A right stated in the certificate was withdrawn.
    PrivilegeWithdrawn,
    /// The key of an attribute authority is or may be in other hands.
    AaCompromise,
    /// A code that the standard does not have (7, or above 10).
    Other(u8),
}

const NAMED: [(u8, Reason, &str); 10] = [
    (0, Reason::Unspecified, "unspecified"),
    (1, Reason::KeyCompromise, "keyCompromise"),
    (2, Reason::CaCompromise, "cACompromise"),
    (3, Reason::AffiliationChanged, "affiliationChanged"),
    (4, Reason::Superseded, "superseded"),
    (5, Reason::CessationOfOperation, "cessationOfOperation"),
    (6, Reason::CertificateHold, "certificateHold"),
    (8, Reason::RemoveFromCrl, "removeFromCRL"),
    (9, Reason::PrivilegeWithdrawn, "privilegeWithdrawn"),
    (10, Reason::AaCompromise, "aACompromise"),
];

impl Reason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        NAMED.iter().find(|(known, ..)| *known == code).map_or(Self::Other(code), |(_, reason, _)| *reason)
    }

    /// Its code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            named => NAMED.iter().find(|(_, reason, _)| *reason == named).map_or(0, |(code, ..)| *code),
        }
    }
}

impl fmt::Display for Reason {
    /// The name the standard gives it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMED.iter().find(|(_, reason, _)| reason == self) {
            Some((.., name)) => f.write_str(name),
            None => write!(f, "reason {}", self.code()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_reasons_go_both_ways() {
        for code in 0..=255 {
            assert_eq!(Reason::from_code(code).code(), code);
        }
        assert_eq!(Reason::from_code(7), Reason::Other(7));
        assert_eq!(Reason::KeyCompromise.to_string(), "keyCompromise");
    }
}
