//! Files of other programs: what opens, and what is refused for which reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use segl_pdf::{Document, ReadError};

/// Files that this reader refuses, by the end of their path, with the kind of the refusal.
///
/// Broken files are readable for programs that search them through; here they are refused on purpose. Encrypted files
/// need a password or a key.
const REFUSED: &[(&str, &str)] = &[
    ("cades-dss1997.p7m", "truncated"),
    ("EmptyPage-corrupted.pdf", "xref"),
    ("EmptyPage-corrupted2.pdf", "xref"),
    ("malformed-encrypt-dict2.pdf", "encrypted"),
    ("minimal-aes256-empty-encrypted-string.pdf", "encrypted"),
    ("minimal-aes256-malformed-oe.pdf", "encrypted"),
    ("minimal-aes256-malformed-perms.pdf", "encrypted"),
    ("minimal-aes256.pdf", "encrypted"),
    ("minimal-pubkey-rc4.pdf", "encrypted"),
    ("minimal-pubkey-unknown-envelope-alg.pdf", "encrypted"),
    ("minimal-startxref-hopeless.pdf", "xref"),
    ("minimal-startxref-hopeless3.pdf", "xref"),
    ("minimal-startxref-obo2.pdf", "xref"),
    ("minimal-two-fields-aes256.pdf", "encrypted"),
    ("minimal-two-fields-pubkey-rc4.pdf", "encrypted"),
    ("minimal-with-field-pubkey-aes256.pdf", "encrypted"),
    ("open_protected.pdf", "encrypted"),
    ("pades_infinite_loop.pdf", "xref"),
    ("pdf-signed-corrupted.pdf", "xref"),
    ("pubkey-3des-test.pdf", "encrypted"),
    ("pubkey-ecc-test.pdf", "encrypted"),
    ("signed-encrypted-pubkey-with-catalog-ref.pdf", "encrypted"),
    ("edition_protected_signing_allowed_with_field_signed.pdf", "encrypted"),
    ("restricted_fields.pdf", "encrypted"),
];

#[test]
fn every_file_opens_or_is_refused_for_its_known_reason() {
    let Some(corpus) = common::corpus() else { return };
    let mut surprises = Vec::new();
    for path in common::files(&corpus) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let expected = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, kind)| *kind);
        let found = match Document::open(&bytes[..]) {
            Ok(document) => {
                let sums = document.revisions().iter().all(|revision| revision.end() <= bytes.len() as u64);
                assert!(sums, "{name}");
                None
            }
            Err(ReadError::BrokenXref { .. }) => Some("xref"),
            Err(ReadError::Encrypted { .. }) => Some("encrypted"),
            Err(ReadError::Truncated { .. }) => Some("truncated"),
            Err(error) => panic!("{name}: {error}"),
        };
        if found != expected {
            surprises.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(surprises.is_empty(), "{surprises:#?}");
}
