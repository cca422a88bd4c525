//! Extensions of certificates that the policy has an eye on, apart from the usages.

use core::ops::ControlFlow;

use segl_tsp::may_stamp;
use segl_x509::Certificate;

use crate::block::{Block, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::policy::CertificateRules;

/// Extensions that must be there, must not, or must not contradict each other. What holds leaves no line: most certificates
/// have nothing to say here.
pub(crate) fn extensions(
    certificate: &Certificate,
    rules: &CertificateRules,
    doubt: Conclusion,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let subject = certificate.subject();
    let (level, forbidden) = &rules.forbidden_extensions;
    for oid in forbidden.iter().filter(|oid| certificate.has_extension(**oid)) {
        block.require(*level, Check::ForbiddenExtension, false, format!("{subject}: {oid}"), doubt)?;
    }
    let mut missing = |level, check, is_there: bool| match is_there {
        true => ControlFlow::Continue(()),
        false => block.require(level, check, false, format!("{subject}: not there"), doubt),
    };
    let has_authority =
        certificate.is_self_issued() || matches!(certificate.authority_key_identifier(), Ok(Some(_)));
    missing(rules.authority_key_identifier, Check::AuthorityKeyIdentifier, has_authority)?;
    let has_subject = matches!(certificate.subject_key_identifier(), Ok(Some(_)));
    missing(rules.subject_key_identifier, Check::SubjectKeyIdentifier, has_subject)?;
    let contradictions = certificate.contradictions_of_no_revocation_available();
    if !contradictions.is_empty() {
        let detail = format!("{subject}: noRevAvail beside {} counts for nothing", contradictions.join(", "));
        block.require(rules.no_revocation_available, Check::NoRevocationAvailable, false, detail, doubt)?;
    }
    ControlFlow::Continue(())
}

/// Whether the key of a time-stamp unit does nothing else.
pub(crate) fn unit_purpose(unit: &Certificate, level: Level, block: &mut Block) -> ControlFlow<Conclusion> {
    let (holds, detail) = match may_stamp(unit) {
        Ok(()) => (true, "the unit's key stamps and does nothing else".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    let doubt = Conclusion::Indeterminate(Doubt::ChainConstraintsFailure);
    block.require(level, Check::TimestampUnitPurpose, holds, detail, doubt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::BlockKind;
    use crate::policy::Policy;

    const TRUE: [u8; 3] = [1, 1, 0xff];
    const CA: (u8, &[u8]) = (19, &[0x30, 3, 1, 1, 0xff]);
    const AUTHORITY_KEY: (u8, &[u8]) = (35, &[0x30, 3, 0x80, 1, 7]);
    const SUBJECT_KEY: (u8, &[u8]) = (14, &[4, 1, 7]);
    const NO_REV_AVAIL: (u8, &[u8]) = (56, &[5, 0]);
    const CRL_POINTS: (u8, &[u8]) = (31, &[0x30, 0]);
    const TIME_STAMPING: (u8, &[u8]) = (37, &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8]);
    const OTHER_PURPOSE: (u8, &[u8]) = (37, &[0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9]);

    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let len = content.len();
        let length = if len < 128 { vec![len as u8] } else { vec![0x82, (len >> 8) as u8, len as u8] };
        [vec![tag], length, content].concat()
    }

    /// A certificate with these extensions of the arc 2.5.29; nobody looks at its key and signature here.
    fn certificate(extensions: &[(u8, &[u8])], critical: &[u8]) -> Certificate {
        let name = |letter: &[u8]| {
            let common = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(12, &[letter])]);
            tlv(0x30, &[&tlv(0x31, &[&common])])
        };
        let algorithm = tlv(0x30, &[&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]]);
        let validity = tlv(0x30, &[&tlv(23, &[b"260101000000Z"]), &tlv(23, &[b"270101000000Z"])]);
        let key = tlv(0x30, &[&algorithm, &[3, 2, 0, 4]]);
        let extensions: Vec<u8> = extensions
            .iter()
            .flat_map(|(number, value)| {
                tlv(0x30, &[&[6, 3, 0x55, 0x1d, *number], critical, &tlv(4, &[value])])
            })
            .collect();
        let extensions = tlv(0xa3, &[&tlv(0x30, &[&extensions])]);
        let version = [0xa0, 3, 2, 1, 2];
        let (issuer, subject) = (name(b"A"), name(b"B"));
        let parts: [&[u8]; 8] =
            [&version, &[2, 1, 1], &algorithm, &issuer, &validity, &subject, &key, &extensions];
        let tbs = tlv(0x30, &parts);
        Certificate::from_der(&tlv(0x30, &[&tbs, &algorithm, &[3, 2, 0, 1]])).unwrap()
    }

    /// What is told of such a certificate under these rules, and whether it ends the block.
    fn told(list: &[(u8, &[u8])], rules: &CertificateRules) -> (Vec<String>, bool) {
        let mut block = Block::new(BlockKind::Certificate, "B");
        let doubt = Conclusion::Indeterminate(Doubt::ChainConstraintsFailure);
        let flow = extensions(&certificate(list, &[]), rules, doubt, &mut block);
        (block.lines.iter().map(ToString::to_string).collect(), flow.is_break())
    }

    #[test]
    fn no_rev_avail_beside_a_pointer_is_told() {
        let rules = Policy::default().signer;
        assert_eq!(told(&[AUTHORITY_KEY, NO_REV_AVAIL], &rules), (vec![], false));
        let (lines, ends) = told(&[AUTHORITY_KEY, NO_REV_AVAIL, CRL_POINTS], &rules);
        let warning = "warn NO_REVOCATION_AVAILABLE: CN=B: noRevAvail beside CRL distribution points counts for nothing";
        assert_eq!((lines, ends), (vec![warning.to_owned()], false));
        assert!(told(&[AUTHORITY_KEY, CRL_POINTS], &rules).0.is_empty());
    }

    #[test]
    fn forbidden_extensions_end_the_block() {
        let policy = Policy::default();
        let good = [CA, AUTHORITY_KEY, SUBJECT_KEY];
        assert_eq!(told(&good, &policy.signer_authority), (vec![], false));
        let (lines, ends) = told(&[&good[..], &[NO_REV_AVAIL]].concat(), &policy.unit_authority);
        assert_eq!((lines, ends), (vec!["fail FORBIDDEN_EXTENSION: CN=B: 2.5.29.56".to_owned()], true));
        let rules = CertificateRules {
            forbidden_extensions: (Level::Warn, vec![segl_x509::oids::NO_REV_AVAIL]),
            ..policy.signer
        };
        assert!(!told(&[AUTHORITY_KEY, NO_REV_AVAIL], &rules).1);
    }

    #[test]
    fn key_identifiers_are_missed() {
        let policy = Policy::default();
        let (lines, ends) = told(&[], &policy.signer);
        assert_eq!((lines, ends), (vec!["warn AUTHORITY_KEY_IDENTIFIER: CN=B: not there".to_owned()], false));
        let (lines, ends) = told(&[CA, AUTHORITY_KEY], &policy.signer_authority);
        assert_eq!((lines, ends), (vec!["fail SUBJECT_KEY_IDENTIFIER: CN=B: not there".to_owned()], true));
    }

    #[test]
    fn a_unit_that_may_do_more_is_told() {
        let told = |list: &[(u8, &[u8])], critical: &[u8], level| {
            let mut block = Block::new(BlockKind::Timestamp, "T");
            let flow = unit_purpose(&certificate(list, critical), level, &mut block);
            (block.lines[0].holds, flow.is_break())
        };
        assert_eq!(told(&[TIME_STAMPING], &TRUE, Level::Warn), (true, false));
        assert_eq!(told(&[TIME_STAMPING], &[], Level::Warn), (false, false));
        assert_eq!(told(&[OTHER_PURPOSE], &TRUE, Level::Fail), (false, true));
    }
}
