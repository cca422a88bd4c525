//! What a validation found.

use core::time::Duration;

use segl_ades::{Format, TimestampKind};
use segl_crypto::{DigestAlgorithm, SignatureAlgorithm, SignatureValue, Time};
use segl_x509::{Certificate, ObjectIdentifier};

use crate::block::{Block, Line};
use crate::conclusion::{Conclusion, Indication};
use crate::covered::Covered;

/// The judgement of all signatures of one file: everything a report is written from.
#[derive(Debug, Clone)]
pub struct Report {
    /// The time the judgement is for.
    pub time: Time,
    /// The policy's name.
    pub policy: String,
    /// The name of the list of algorithms.
    pub algorithms: String,
    /// How many anchors there were.
    pub anchors: usize,
    /// The signatures, in the order they were given.
    pub signatures: Vec<SignatureReport>,
}

/// The judgement of one signature.
#[derive(Debug, Clone)]
pub struct SignatureReport {
    /// Its place in the file.
    pub id: String,
    /// Format and level. The level is the highest whose evidence is complete inside the file: a signature that has a store of
    /// evidence, but not for each of its certificates, is of level T.
    pub format: Format,
    /// The final answer.
    pub indication: Indication,
    /// The earliest time at which the signature is proved to have existed; the time of the judgement when there is no proof.
    pub best_signature_time: Time,
    /// The time the signer claims.
    pub claimed_signing_time: Option<Time>,
    /// Whether the signature value verifies; `None` when it was not tried.
    pub signature_intact: Option<bool>,
    /// Whether all signed data has the digest that was signed; `None` when that was not tried.
    pub references_intact: Option<bool>,
    /// The signature value.
    pub value: SignatureValue,
    /// The digest algorithm beside the signature.
    pub digest_algorithm: Option<DigestAlgorithm>,
    /// The signature algorithm, when it is known.
    pub signature_algorithm: Option<SignatureAlgorithm>,
    /// The signing certificate.
    pub signing_certificate: Option<Certificate>,
    /// Its chain: from the signing certificate up to the anchor's certificate, when there is one.
    pub chain: Vec<Certificate>,
    /// The time-stamps over it.
    pub timestamps: Vec<TimestampReport>,
    /// What ran for the signature, in order.
    pub blocks: Vec<Block>,
}

/// The judgement of one time-stamp.
#[derive(Debug, Clone)]
pub struct TimestampReport {
    /// Its place in the file.
    pub id: String,
    /// The kind of what it covers.
    pub kind: TimestampKind,
    /// The time it proves (genTime), when the token can be read.
    pub time: Option<Time>,
    /// How far the true time may lie from `time`, to either side; `None` when the token does not say, and then its policy does.
    pub accuracy: Option<Duration>,
    /// The policy the token was issued under, when it can be read.
    pub policy: Option<ObjectIdentifier>,
    /// Whether the token claims to be qualified (EN 319 422, 9.1). Whether it is, only a trusted list can say.
    pub claims_qualified: bool,
    /// What it covers.
    pub covered: Covered,
    /// What it is worth: validated by itself, or with the proofs of the time-stamps over it.
    pub conclusion: Conclusion,
    /// Whether its imprint is that of what it covers; `None` when that is not known.
    pub imprint_intact: Option<bool>,
    /// Algorithm of the imprint.
    pub digest_algorithm: Option<DigestAlgorithm>,
    /// The unit's certificate.
    pub signing_certificate: Option<Certificate>,
    /// What ran for it, in order.
    pub blocks: Vec<Block>,
}

impl Report {
    /// Whether there is a signature and every one is TOTAL-PASSED.
    pub fn all_passed(&self) -> bool {
        !self.signatures.is_empty()
            && self.signatures.iter().all(|signature| signature.indication.is_passed())
    }
}

impl SignatureReport {
    /// All checks of the signature in the order they were made.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.blocks.iter().flat_map(|block| &block.lines)
    }

    /// The first check that did not hold in the block that decided: the reason, for a person.
    pub fn reason(&self) -> Option<&Line> {
        let decided = self.blocks.iter().find(|block| {
            !block.conclusion.is_passed() && Indication::from(block.conclusion) == self.indication
        })?;
        decided.misses().find(|line| line.level == crate::Level::Fail)
    }
}

impl TimestampReport {
    /// All checks of the time-stamp in the order they were made.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.blocks.iter().flat_map(|block| &block.lines)
    }
}
