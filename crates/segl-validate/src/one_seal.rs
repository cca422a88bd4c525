//! Certificates that are for one seal, and are found in two.

use core::time::Duration;
use std::collections::HashMap;

use segl_crypto::sha256;
use segl_x509::Certificate;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt, Indication};
use crate::material::Id;
use crate::policy::Policy;
use crate::report::{Report, SignatureReport};

/// Which seals the short-lived certificates met so far have made: such a certificate is issued for one seal, and whatever is left of
/// its life gives no right to a second (S000-33).
///
/// One file's seals are held against each other by [`validate`](crate::validate) already. This is for more files than one, in the
/// order in which they are judged. It keeps digests and names, and of each certificate two seals at most.
#[derive(Debug, Default)]
pub struct SealsMet {
    by_certificate: HashMap<Id, Vec<(Id, String)>>,
}

impl SealsMet {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the seals of a file, and notes in its report what was made with a certificate that made another seal.
    ///
    /// `file` is what to call it in the reports of others. What [`SignatureRules::one_seal`](crate::SignatureRules::one_seal) says
    /// decides what becomes of it. Seals with the same value are one seal.
    pub fn add(&mut self, file: &str, report: &mut Report, policy: &Policy) {
        let (level, longest) = policy.signature.one_seal;
        if level == Level::Ignore {
            return;
        }
        let short = |report: &SignatureReport| {
            let certificate = report.signing_certificate.as_ref().filter(|one| is_short(one, longest))?;
            Some((certificate.fingerprint_sha256(), sha256(report.value.as_bytes())))
        };
        let found: Vec<Option<(Id, Id)>> = report.signatures.iter().map(short).collect();
        for (signature, found) in report.signatures.iter().zip(&found) {
            let Some((certificate, value)) = found else { continue };
            let seals = self.by_certificate.entry(*certificate).or_default();
            if seals.len() < 2 && seals.iter().all(|(known, _)| known != value) {
                let name = if file.is_empty() {
                    signature.id.clone()
                } else {
                    format!("{} in {file}", signature.id)
                };
                seals.push((*value, name));
            }
        }
        for (signature, found) in report.signatures.iter_mut().zip(&found) {
            let Some((certificate, value)) = found else { continue };
            let seals = self.by_certificate.get(certificate).map(Vec::as_slice).unwrap_or_default();
            if let Some((_, other)) = seals.iter().find(|(known, _)| known != value) {
                note(signature, other, level);
            }
        }
    }
}

fn is_short(certificate: &Certificate, longest: Duration) -> bool {
    let life = certificate.not_after().checked_duration_since(certificate.not_before());
    life.is_some_and(|life| life <= longest)
}

fn note(signature: &mut SignatureReport, other: &str, level: Level) {
    if signature.lines().any(|line| line.check == Check::CertificateForOneSeal) {
        return;
    }
    let mut block = Block::new(BlockKind::Acceptance, signature.id.clone());
    let doubt = Conclusion::Indeterminate(Doubt::SigConstraintsFailure);
    let detail = format!("a certificate of so short a life made another seal too: {other}");
    let flow = block.require(level, Check::CertificateForOneSeal, false, detail, doubt);
    signature.blocks.push(block);
    if flow.is_break() && signature.indication.is_passed() {
        signature.indication = Indication::from(doubt);
    }
}
