//! Building blocks as they ran: every check leaves a line.

use core::fmt;
use core::ops::ControlFlow;

use crate::conclusion::Conclusion;

/// What a check that does not hold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the four levels of a constraint")]
pub enum Level {
    /// Nothing: the check is not made.
    Ignore,
    /// A line in the report.
    Inform,
    /// A warning in the report.
    Warn,
    /// The block ends with the check's indication.
    Fail,
}

impl Level {
    /// `fail`, `warn`, `inform` or `ignore`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Inform => "inform",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// Which building block or process a [`Block`] is (EN 319 102-1, 5.2 to 5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockKind {
    /// Format checking, 5.2.2.
    Format,
    /// Identification of the signing certificate, 5.2.3.
    Identification,
    /// Validation context initialization, 5.2.4.
    Context,
    /// X.509 certificate validation, 5.2.6, with the revocation freshness checker, 5.2.5.
    Certificate,
    /// Cryptographic verification, 5.2.7.
    Cryptographic,
    /// Signature acceptance validation, 5.2.8.
    Acceptance,
    /// Validation process for basic signatures, 5.3.
    Basic,
    /// Time-stamp validation, 5.4.
    Timestamp,
    /// Validation process for signatures with time and signatures with long-term validation material, 5.5.
    WithTime,
    /// Past certificate validation, 5.6.2.1.
    PastCertificate,
    /// Validation time sliding, 5.6.2.2.
    TimeSliding,
    /// Past signature validation, 5.6.2.4.
    PastSignature,
    /// Validation process for signatures providing long term availability and integrity, 5.6.3.
    LongTerm,
}

impl BlockKind {
    /// A short English name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Format => "format checking",
            Self::Identification => "identification of the signing certificate",
            Self::Context => "validation context initialization",
            Self::Certificate => "X.509 certificate validation",
            Self::Cryptographic => "cryptographic verification",
            Self::Acceptance => "signature acceptance validation",
            Self::Basic => "basic signature validation",
            Self::Timestamp => "time-stamp validation",
            Self::WithTime => "validation with time and long-term validation material",
            Self::PastCertificate => "past certificate validation",
            Self::TimeSliding => "validation time sliding",
            Self::PastSignature => "past signature validation",
            Self::LongTerm => "long term availability and integrity",
        }
    }

    /// The clause of EN 319 102-1.
    pub const fn clause(self) -> &'static str {
        match self {
            Self::Format => "5.2.2",
            Self::Identification => "5.2.3",
            Self::Context => "5.2.4",
            Self::Certificate => "5.2.6",
            Self::Cryptographic => "5.2.7",
            Self::Acceptance => "5.2.8",
            Self::Basic => "5.3",
            Self::Timestamp => "5.4",
            Self::WithTime => "5.5",
            Self::PastCertificate => "5.6.2.1",
            Self::TimeSliding => "5.6.2.2",
            Self::PastSignature => "5.6.2.4",
            Self::LongTerm => "5.6.3",
        }
    }
}

/// One check that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// Algorithms are reliable at the time in question.
    Algorithms,
    /// authorityKeyIdentifier is there.
    AuthorityKeyIdentifier,
    /// The best time is not after the end of the signing certificate.
    BestTimeBeforeNotAfter,
    /// The best time is not before the start of the signing certificate.
    BestTimeSinceNotBefore,
    /// A certificate that lives for one seal made no other.
    CertificateForOneSeal,
    /// A path to an anchor satisfies RFC 5280, 6.1.
    CertificatePath,
    /// Signed data is at hand.
    ContentFound,
    /// Signed data has the digest that was signed.
    ContentIntact,
    /// Extended key usage.
    ExtendedKeyUsage,
    /// No extension is there that must not be.
    ForbiddenExtension,
    /// A rule of the format.
    FormatRule,
    /// The imprint is that of what the time-stamp covers.
    ImprintIntact,
    /// Key usage.
    KeyUsage,
    /// noRevAvail is not contradicted by the certificate that has it.
    NoRevocationAvailable,
    /// No certificate of the chain is suspended.
    NotOnHold,
    /// No certificate of the chain is revoked.
    NotRevoked,
    /// What has to have existed at a time is proved to have.
    ProofOfExistence,
    /// The result of another block.
    Result,
    /// Status information is there and counts.
    RevocationAvailable,
    /// Status information is fresh (5.2.5).
    RevocationFresh,
    /// The signer of the status information is valid at the time in question.
    RevocationIssuerValid,
    /// Revocation came after the best time.
    RevocationSinceBestTime,
    /// A signature policy can be applied.
    SignaturePolicy,
    /// The signature value verifies.
    SignatureIntact,
    /// The signing certificate is at hand.
    SigningCertificateFound,
    /// The signature protects a reference to the signing certificate.
    SigningCertificateReference,
    /// The reference has the digest of the signing certificate.
    SigningCertificateDigest,
    /// The reference has issuer and serial number of the signing certificate.
    SigningCertificateIssuerSerial,
    /// Referenced certificates are in the path.
    SigningCertificateReferencesPath,
    /// A signing time is claimed.
    SigningTime,
    /// The claimed signing time lies in the validity of the signing certificate.
    SigningTimeInValidity,
    /// subjectKeyIdentifier is there.
    SubjectKeyIdentifier,
    /// The time-stamp came no later after the claimed signing time than the policy allows.
    TimestampDelay,
    /// Time-stamps are in an order that can be.
    TimestampOrder,
    /// The time of the token lies in the validity of its unit's certificate.
    TimestampInValidity,
    /// The token can be read.
    TimestampReadable,
    /// The name of the authority in the token is that of its unit.
    TimestampAuthorityName,
    /// The unit's certificate is for time-stamping alone.
    TimestampUnitPurpose,
    /// The time in question lies in the validity of the certificate.
    ValidityRange,
}

impl Check {
    /// A stable name for reports: `REVOCATION_AVAILABLE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Algorithms => "ALGORITHMS",
            Self::AuthorityKeyIdentifier => "AUTHORITY_KEY_IDENTIFIER",
            Self::BestTimeBeforeNotAfter => "BEST_TIME_BEFORE_NOT_AFTER",
            Self::BestTimeSinceNotBefore => "BEST_TIME_SINCE_NOT_BEFORE",
            Self::CertificateForOneSeal => "CERTIFICATE_FOR_ONE_SEAL",
            Self::CertificatePath => "CERTIFICATE_PATH",
            Self::ContentFound => "CONTENT_FOUND",
            Self::ContentIntact => "CONTENT_INTACT",
            Self::ExtendedKeyUsage => "EXTENDED_KEY_USAGE",
            Self::ForbiddenExtension => "FORBIDDEN_EXTENSION",
            Self::FormatRule => "FORMAT_RULE",
            Self::ImprintIntact => "IMPRINT_INTACT",
            Self::KeyUsage => "KEY_USAGE",
            Self::NoRevocationAvailable => "NO_REVOCATION_AVAILABLE",
            Self::NotOnHold => "NOT_ON_HOLD",
            Self::NotRevoked => "NOT_REVOKED",
            Self::ProofOfExistence => "PROOF_OF_EXISTENCE",
            Self::Result => "RESULT",
            Self::RevocationAvailable => "REVOCATION_AVAILABLE",
            Self::RevocationFresh => "REVOCATION_FRESH",
            Self::RevocationIssuerValid => "REVOCATION_ISSUER_VALID",
            Self::RevocationSinceBestTime => "REVOCATION_SINCE_BEST_TIME",
            Self::SignaturePolicy => "SIGNATURE_POLICY",
            Self::SignatureIntact => "SIGNATURE_INTACT",
            Self::SigningCertificateFound => "SIGNING_CERTIFICATE_FOUND",
            Self::SigningCertificateReference => "SIGNING_CERTIFICATE_REFERENCE",
            Self::SigningCertificateDigest => "SIGNING_CERTIFICATE_DIGEST",
            Self::SigningCertificateIssuerSerial => "SIGNING_CERTIFICATE_ISSUER_SERIAL",
            Self::SigningCertificateReferencesPath => "SIGNING_CERTIFICATE_REFERENCES_PATH",
            Self::SigningTime => "SIGNING_TIME",
            Self::SigningTimeInValidity => "SIGNING_TIME_IN_VALIDITY",
            Self::SubjectKeyIdentifier => "SUBJECT_KEY_IDENTIFIER",
            Self::TimestampDelay => "TIMESTAMP_DELAY",
            Self::TimestampOrder => "TIMESTAMP_ORDER",
            Self::TimestampInValidity => "TIMESTAMP_IN_VALIDITY",
            Self::TimestampReadable => "TIMESTAMP_READABLE",
            Self::TimestampAuthorityName => "TIMESTAMP_AUTHORITY_NAME",
            Self::TimestampUnitPurpose => "TIMESTAMP_UNIT_PURPOSE",
            Self::ValidityRange => "VALIDITY_RANGE",
        }
    }
}

/// One check that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which check.
    pub check: Check,
    /// What the policy makes of it when it does not hold.
    pub level: Level,
    /// Whether it held.
    pub holds: bool,
    /// What was seen, for a person: names, times, reasons.
    pub detail: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.holds { "ok" } else { self.level.name() };
        write!(f, "{outcome} {}: {}", self.check.name(), self.detail)
    }
}

/// A block that ran: its lines and what it concluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Which block.
    pub kind: BlockKind,
    /// What it was about: a signature, a token, a certificate.
    pub subject: String,
    /// What it concluded.
    pub conclusion: Conclusion,
    /// Its checks in the order they were made.
    pub lines: Vec<Line>,
}

impl Block {
    pub(crate) fn new(kind: BlockKind, subject: impl Into<String>) -> Self {
        Self { kind, subject: subject.into(), conclusion: Conclusion::Passed, lines: Vec::new() }
    }

    /// Notes a check; if it does not hold and the policy says fail, the block ends with `otherwise`.
    pub(crate) fn require(
        &mut self,
        level: Level,
        check: Check,
        holds: bool,
        detail: impl Into<String>,
        otherwise: Conclusion,
    ) -> ControlFlow<Conclusion> {
        if level == Level::Ignore {
            return ControlFlow::Continue(());
        }
        self.lines.push(Line { check, level, holds, detail: detail.into() });
        if holds || level < Level::Fail {
            ControlFlow::Continue(())
        } else {
            self.conclusion = otherwise;
            ControlFlow::Break(otherwise)
        }
    }

    /// Notes a check that decides nothing by itself.
    pub(crate) fn note(&mut self, level: Level, check: Check, holds: bool, detail: impl Into<String>) {
        if level != Level::Ignore {
            self.lines.push(Line { check, level, holds, detail: detail.into() });
        }
    }

    /// Ends the block with a conclusion and the line that explains it.
    pub(crate) fn conclude(
        &mut self,
        check: Check,
        conclusion: Conclusion,
        detail: impl Into<String>,
    ) -> Conclusion {
        let level = if conclusion.is_passed() { Level::Inform } else { Level::Fail };
        self.lines.push(Line { check, level, holds: conclusion.is_passed(), detail: detail.into() });
        self.conclusion = conclusion;
        conclusion
    }

    /// The checks that did not hold.
    pub fn misses(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conclusion::Doubt;

    #[test]
    fn a_level_decides_what_a_miss_does() {
        let doubt = Conclusion::Indeterminate(Doubt::SigConstraintsFailure);
        let mut block = Block::new(BlockKind::Acceptance, "S");
        assert!(block.require(Level::Warn, Check::SigningTime, false, "none", doubt).is_continue());
        assert!(block.require(Level::Ignore, Check::SigningTime, false, "none", doubt).is_continue());
        assert!(block.require(Level::Fail, Check::SigningTime, true, "there", doubt).is_continue());
        assert_eq!(block.conclusion, Conclusion::Passed);
        assert!(block.require(Level::Fail, Check::SigningTime, false, "none", doubt).is_break());
        assert_eq!((block.conclusion, block.lines.len(), block.misses().count()), (doubt, 3, 2));
        assert_eq!(block.lines.first().map(ToString::to_string).as_deref(), Some("warn SIGNING_TIME: none"));
    }
}
