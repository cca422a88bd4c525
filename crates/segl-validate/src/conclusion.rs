//! Indications and sub-indications.

use core::fmt;

/// What a building block or a process concludes (EN 319 102-1, 5.1.3): an indication with its sub-indication inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the three of EN 319 102-1, 5.1.3")]
pub enum Conclusion {
    /// PASSED.
    Passed,
    /// FAILED: it is certain that the signature is not good.
    Failed(Failure),
    /// INDETERMINATE: what is at hand does not decide.
    Indeterminate(Doubt),
}

/// The final answer about one signature (EN 319 102-1, 5.1.3, table 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the three of EN 319 102-1, 5.1.3")]
pub enum Indication {
    /// TOTAL-PASSED.
    TotalPassed,
    /// TOTAL-FAILED.
    TotalFailed(Failure),
    /// INDETERMINATE.
    Indeterminate(Doubt),
}

/// Sub-indications of FAILED (EN 319 102-1, table 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// EXPIRED: made after the signing certificate was over.
    Expired,
    /// FORMAT_FAILURE: not parseable as its base format.
    FormatFailure,
    /// HASH_FAILURE: signed data has another digest.
    HashFailure,
    /// NOT_YET_VALID: existed before the signing certificate was valid.
    NotYetValid,
    /// REVOKED: made after the signing certificate was revoked.
    Revoked,
    /// SIG_CRYPTO_FAILURE: the value does not verify.
    SigCryptoFailure,
}

/// Sub-indications of INDETERMINATE (EN 319 102-1, table 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// CERTIFICATE_CHAIN_GENERAL_FAILURE.
    CertificateChainGeneralFailure,
    /// CHAIN_CONSTRAINTS_FAILURE.
    ChainConstraintsFailure,
    /// CRYPTO_CONSTRAINTS_FAILURE.
    CryptoConstraintsFailure,
    /// CRYPTO_CONSTRAINTS_FAILURE_NO_POE.
    CryptoConstraintsFailureNoPoe,
    /// CUSTOM: a reason outside the list.
    Custom,
    /// NO_CERTIFICATE_CHAIN_FOUND.
    NoCertificateChainFound,
    /// NO_CERTIFICATE_CHAIN_FOUND_NO_POE.
    NoCertificateChainFoundNoPoe,
    /// NO_POE.
    NoPoe,
    /// NO_SIGNING_CERTIFICATE_FOUND.
    NoSigningCertificateFound,
    /// OUT_OF_BOUNDS_NO_POE.
    OutOfBoundsNoPoe,
    /// OUT_OF_BOUNDS_NOT_REVOKED.
    OutOfBoundsNotRevoked,
    /// POLICY_PROCESSING_ERROR.
    PolicyProcessingError,
    /// REVOCATION_OUT_OF_BOUNDS_NO_POE.
    RevocationOutOfBoundsNoPoe,
    /// REVOKED_CA_NO_POE.
    RevokedCaNoPoe,
    /// REVOKED_NO_POE.
    RevokedNoPoe,
    /// SIG_CONSTRAINTS_FAILURE.
    SigConstraintsFailure,
    /// SIGNATURE_POLICY_NOT_AVAILABLE.
    SignaturePolicyNotAvailable,
    /// SIGNED_DATA_NOT_FOUND.
    SignedDataNotFound,
    /// TIMESTAMP_ORDER_FAILURE.
    TimestampOrderFailure,
    /// TRY_LATER.
    TryLater,
}

impl Failure {
    /// The standard's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "EXPIRED",
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::Revoked => "REVOKED",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
        }
    }
}

impl Doubt {
    /// The standard's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailureNoPoe => "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            Self::Custom => "CUSTOM",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::NoCertificateChainFoundNoPoe => "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
            Self::NoPoe => "NO_POE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::OutOfBoundsNotRevoked => "OUT_OF_BOUNDS_NOT_REVOKED",
            Self::PolicyProcessingError => "POLICY_PROCESSING_ERROR",
            Self::RevocationOutOfBoundsNoPoe => "REVOCATION_OUT_OF_BOUNDS_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::SignaturePolicyNotAvailable => "SIGNATURE_POLICY_NOT_AVAILABLE",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
            Self::TryLater => "TRY_LATER",
        }
    }
}

impl Conclusion {
    /// Whether it is PASSED.
    pub const fn is_passed(self) -> bool {
        matches!(self, Self::Passed)
    }

    /// `PASSED`, `FAILED` or `INDETERMINATE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Failed(_) => "FAILED",
            Self::Indeterminate(_) => "INDETERMINATE",
        }
    }

    /// The sub-indication in the standard's spelling.
    pub const fn sub_indication(self) -> Option<&'static str> {
        match self {
            Self::Passed => None,
            Self::Failed(failure) => Some(failure.name()),
            Self::Indeterminate(doubt) => Some(doubt.name()),
        }
    }
}

impl Indication {
    /// Whether it is TOTAL-PASSED.
    pub const fn is_passed(self) -> bool {
        matches!(self, Self::TotalPassed)
    }

    /// `TOTAL_PASSED`, `TOTAL_FAILED` or `INDETERMINATE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL_PASSED",
            Self::TotalFailed(_) => "TOTAL_FAILED",
            Self::Indeterminate(_) => "INDETERMINATE",
        }
    }

    /// The sub-indication in the standard's spelling.
    pub const fn sub_indication(self) -> Option<&'static str> {
        match self {
            Self::TotalPassed => None,
            Self::TotalFailed(failure) => Some(failure.name()),
            Self::Indeterminate(doubt) => Some(doubt.name()),
        }
    }

    /// The URI of the indication (TS 119 102-2).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::TotalPassed => "urn:etsi:019102:mainindication:total-passed",
            Self::TotalFailed(_) => "urn:etsi:019102:mainindication:total-failed",
            Self::Indeterminate(_) => "urn:etsi:019102:mainindication:indeterminate",
        }
    }

    /// The URI of the sub-indication (TS 119 102-2).
    pub fn sub_indication_uri(self) -> Option<String> {
        self.sub_indication().map(|name| format!("urn:etsi:019102:subindication:{name}"))
    }
}

impl From<Conclusion> for Indication {
    fn from(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Passed => Self::TotalPassed,
            Conclusion::Failed(failure) => Self::TotalFailed(failure),
            Conclusion::Indeterminate(doubt) => Self::Indeterminate(doubt),
        }
    }
}

fn write(f: &mut fmt::Formatter<'_>, name: &str, sub: Option<&str>) -> fmt::Result {
    f.write_str(name)?;
    sub.map_or(Ok(()), |sub| write!(f, "/{sub}"))
}

impl fmt::Display for Conclusion {
    /// `INDETERMINATE/NO_POE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.name(), self.sub_indication())
    }
}

impl fmt::Display for Indication {
    /// `TOTAL_FAILED/HASH_FAILURE`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.name(), self.sub_indication())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling() {
        let doubt = Conclusion::Indeterminate(Doubt::OutOfBoundsNoPoe);
        assert_eq!(doubt.to_string(), "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
        assert_eq!(Indication::from(Conclusion::Passed).to_string(), "TOTAL_PASSED");
        let failed = Indication::from(Conclusion::Failed(Failure::HashFailure));
        assert_eq!(failed.to_string(), "TOTAL_FAILED/HASH_FAILURE");
        assert_eq!(
            failed.sub_indication_uri().as_deref(),
            Some("urn:etsi:019102:subindication:HASH_FAILURE")
        );
    }
}
