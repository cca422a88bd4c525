//! Chains of cross-reference sections that show one reader other objects than the next.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use segl_pdf::{Document, ReadError, XrefProblem};

fn last(file: &[u8], words: &str) -> usize {
    file.windows(words.len()).rposition(|window| window == words.as_bytes()).unwrap()
}

/// A section planted before signing points forward to the section of the signature, and a later one back to it: its objects would
/// stand in the signed revision.
#[test]
fn a_section_that_points_forward_into_a_chain_is_refused() {
    let mut file = common::table();
    let planted = file.len();
    let placeholder = "xref\n3 1\n0000000009 00000 n \ntrailer\n<</Size 6/Prev 0000000000/Root 1 0 R>>\n";
    file.extend_from_slice(placeholder.as_bytes());
    let oldest = last(&common::table(), "\nxref\n0") + 1;
    let middle = file.len();
    let rest =
        format!("xref\n0 0\ntrailer\n<</Size 6/Prev {oldest}/Root 1 0 R>>\nstartxref\n{middle}\n%%EOF\n");
    file.extend_from_slice(rest.as_bytes());
    let prev_at = planted + placeholder.find("0000000000/Root").unwrap();
    file[prev_at..prev_at + 10].copy_from_slice(format!("{middle:010}").as_bytes());
    assert_eq!(Document::open(&file).unwrap().revisions().len(), 2, "nothing leads to what was planted");
    let newest = file.len();
    let rest =
        format!("xref\n0 0\ntrailer\n<</Size 6/Prev {planted}/Root 1 0 R>>\nstartxref\n{newest}\n%%EOF\n");
    file.extend_from_slice(rest.as_bytes());
    assert!(matches!(
        Document::open(&file),
        Err(ReadError::BrokenXref { problem: XrefProblem::Order, offset }) if offset == middle as u64
    ));
}

#[test]
fn a_table_and_its_stream_that_both_have_an_object_are_ambiguous() {
    let ambiguous =
        |file: &[u8]| Document::open(file).unwrap().last_revision().unwrap().has_ambiguous_entries();
    let file = common::hybrid();
    assert!(!ambiguous(&file), "free in the table is what the standard asks for");
    let free = last(&file, "0000000000 00000 f");
    let mut file = file;
    file[free..free + 18].copy_from_slice(b"0000000009 00000 n");
    assert!(ambiguous(&file));
}
