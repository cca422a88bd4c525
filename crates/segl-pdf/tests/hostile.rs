//! Bytes of strangers: whatever they are, an answer comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use proptest::prelude::*;
use segl_crypto::Source;
use segl_pdf::{Document, Limits, Object, Update};

/// Looks at everything a document offers.
fn look<S: Source>(source: S) {
    let mut limits = Limits::default();
    limits.decoded_stream = 1 << 20;
    limits.tree_nodes = 1000;
    let Ok(document) = Document::open_with(source, limits) else { return };
    let _ = document.version();
    let _ = document.first_page();
    let _ = document.fields();
    let numbers: Vec<u32> =
        document.revisions().iter().flat_map(|revision| revision.entries()).map(|(n, _)| n).collect();
    for number in numbers.into_iter().take(200) {
        if let Ok(Object::Stream(stream)) = document.load(segl_pdf::Reference::new(number)) {
            let _ = document.stream_data(&stream);
        }
    }
    for revision in 0..document.revisions().len() {
        let _ = document.as_of(revision).map(|old| old.first_page().is_ok());
    }
    if let Ok(mut update) = Update::new(&document) {
        let _ = update.add(Object::Null);
        let _ = update.finish(b"");
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        look(&bytes[..]);
    }

    #[test]
    fn any_tokens(tokens in proptest::collection::vec(prop_oneof![
        Just("<<"), Just(">>"), Just("["), Just("]"), Just("1 0 obj"), Just("endobj"), Just("stream\n"), Just("endstream"),
        Just("xref\n"), Just("0 1\n"), Just("0000000009 00000 n \n"), Just("trailer"), Just("/Root 1 0 R"), Just("/Size 9"),
        Just("/Prev 9"), Just("/XRefStm 9"), Just("/W[1 2 1]"), Just("/Index[0 1]"), Just("/Type/XRef"), Just("/Type/ObjStm"),
        Just("/Length 4"), Just("/N 1"), Just("/First 4"), Just("(a"), Just(")"), Just("<41"), Just("99999999999"), Just("-1"),
        Just("/Kids[1 0 R]"), Just("/Pages 1 0 R"), Just("/Filter/FlateDecode"), Just("startxref 9 %%EOF\n"), Just("R"), Just("%"),
    ], 0..60)) {
        let file = format!("%PDF-1.7\n{}\nstartxref\n9\n%%EOF", tokens.join(" "));
        look(file.as_bytes());
    }

    #[test]
    fn real_files_with_bytes_changed(
        form in 0_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut file = common::every_form()[form].1.clone();
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if cuts {
            file.drain(..cut.index(file.len()));
        }
        look(&file[..]);
    }
}

#[test]
fn corpus_files_cut_and_changed() {
    let Some(corpus) = common::corpus() else { return };
    // Every tenth file is enough here; the fuzzer does the rest.
    for path in common::files(&corpus).into_iter().step_by(10) {
        let original = std::fs::read(&path).unwrap();
        look(&original[..]);
        let mut file = original.clone();
        let stride = (file.len() / 40).max(1);
        for at in (0..file.len()).step_by(stride) {
            let kept = file[at];
            file[at] = kept.wrapping_add(1);
            look(&file[..]);
            file[at] = kept;
        }
        for len in (0..original.len()).step_by((original.len() / 10).max(1)) {
            look(&original[..len]);
        }
    }
}
