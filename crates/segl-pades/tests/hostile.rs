//! Bytes of strangers: whatever they are, an answer comes back, and what was sealed before stays as it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{pdf, sealed, stamped, with_store};
use proptest::prelude::*;
use segl_pades::{SealProperties, add_evidence, prepare, prepare_timestamp, read};
use segl_pdf::{Document, Limits};

fn look(file: &[u8]) {
    let mut limits = Limits::default();
    limits.decoded_stream = 1 << 20;
    limits.tree_nodes = 1000;
    let Ok(document) = Document::open_with(file, limits) else { return };
    let _ = read(&document);
    if let Ok(prepared) = prepare(&document, &SealProperties::new(common::noon(), 16)) {
        let [_, head, tail, len] = prepared.byte_range();
        let appendix = prepared.assemble(&[1]).unwrap();
        assert_eq!(tail + len, file.len() as u64 + appendix.bytes().len() as u64);
        assert!(head >= file.len() as u64);
        let _ =
            Document::open(&[file, appendix.bytes()].concat()[..]).map(|document| read(&document).is_ok());
    }
    let _ = prepare_timestamp(&document, 16);
    let _ = add_evidence(&document, &common::evidence());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sealed_files_with_bytes_changed(
        form in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = stamped(&with_store(&sealed(&pdf::every_form()[form].1)));
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        look(&file);
    }

    #[test]
    fn sealed_files_with_text_moved(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        len in 1_usize..60,
    ) {
        let mut file = sealed(&pdf::table());
        let from = from.index(file.len() - len);
        let piece: Vec<u8> = file.drain(from..from + len).collect();
        let to = to.index(file.len());
        file.splice(to..to, piece);
        look(&file);
    }
}

#[test]
fn corpus_files() {
    let Some(corpus) = pdf::corpus() else { return };
    for path in pdf::files(&corpus) {
        let original = std::fs::read(&path).unwrap();
        look(&original);
    }
}
