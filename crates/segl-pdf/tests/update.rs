//! Incremental updates: what was there stays, what is written is read by others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use segl_crypto::{Appended, Source};
use segl_pdf::{Dictionary, Document, Object, PdfString, Reference, Update, XrefForm};

fn with_note<S: Source>(document: &Document<S>, text: &str) -> segl_pdf::Appendix {
    let mut update = Update::new(document).unwrap();
    let data = update.add_stream(Dictionary::new(), text.as_bytes().to_vec()).unwrap();
    let note =
        update.add(Dictionary::new().with("Text", PdfString::literal(text)).with("Data", data)).unwrap();
    update.track(note);
    update.replace(document.root(), document.catalog().unwrap().with("Note", note)).unwrap();
    update.finish(text.as_bytes()).unwrap()
}

fn note<S: Source>(document: &Document<S>) -> (String, Vec<u8>) {
    let catalog = document.catalog().unwrap();
    let note = document.dictionary(&catalog, "Note").unwrap().unwrap();
    let text = document.value(&note, "Text").unwrap();
    let data = document.value(&note, "Data").unwrap();
    let data = document.stream_data(data.as_stream().unwrap()).unwrap();
    (String::from_utf8(text.as_string().unwrap().as_bytes().to_vec()).unwrap(), data)
}

#[test]
fn three_updates_in_every_form() {
    for (form, original) in common::every_form() {
        let mut file = original.clone();
        for round in 1..=3 {
            let document = Document::open(&file).unwrap();
            let text = format!("note (number {round})");
            let appendix = with_note(&document, &text);
            assert_eq!(appendix.base_len(), file.len() as u64);
            let longer = [file.as_slice(), appendix.bytes()].concat();
            // What is known without reading again is what reading again tells.
            let after = document.after(&longer, &appendix).unwrap();
            let reread = Document::open(&longer).unwrap_or_else(|error| panic!("{form} {round}: {error}"));
            assert_eq!(note(&after), (text.clone(), text.clone().into_bytes()), "{form}");
            assert_eq!(note(&reread), note(&after));
            assert_eq!(reread.revisions().len(), round + 1, "{form}");
            for (known, read) in after.revisions().iter().zip(reread.revisions()) {
                assert_eq!((known.end(), known.marker_end()), (read.end(), read.marker_end()), "{form}");
                assert_eq!(known.xref_offset(), read.xref_offset());
                assert_eq!(known.form(), read.form());
                assert_eq!(known.trailer(), read.trailer());
                assert!(known.entries().eq(read.entries()));
            }
            file = longer;
        }
        assert!(file.starts_with(&original), "{form}");
        let document = Document::open(&file).unwrap();
        let first = document.as_of(0).unwrap();
        assert_eq!(first.source().len(), original.len() as u64);
        assert!(first.catalog().unwrap().get("Note").is_none());
        assert_eq!(note(&document.as_of(2).unwrap()).0, "note (number 2)");
        assert!(document.as_of(4).is_none());
    }
}

#[test]
fn another_reader_sees_the_update() {
    for (form, original) in common::every_form() {
        let document = Document::open(&original).unwrap();
        let appendix = with_note(&document, "seen by others");
        let file = [original.as_slice(), appendix.bytes()].concat();
        let other = lopdf::Document::load_mem(&file).unwrap_or_else(|error| panic!("{form}: {error}"));
        let note = other.catalog().unwrap().get(b"Note").unwrap().as_reference().unwrap();
        let note = other.get_dictionary(note).unwrap();
        assert_eq!(note.get(b"Text").unwrap().as_str().unwrap(), b"seen by others", "{form}");
        let data = note.get(b"Data").unwrap().as_reference().unwrap();
        assert_eq!(other.get_object(data).unwrap().as_stream().unwrap().content, b"seen by others");
        assert_eq!(other.get_pages().len(), 1, "{form}");
    }
}

#[test]
fn the_form_of_the_last_section_is_kept() {
    for (name, original, expected) in [
        ("table", common::table(), XrefForm::Table),
        ("stream", common::stream(), XrefForm::Stream),
        ("hybrid", common::hybrid(), XrefForm::Table),
    ] {
        let document = Document::open(&original).unwrap();
        let appendix = with_note(&document, "x");
        let after =
            document.after(Appended::new(&original[..], appendix.bytes().to_vec()), &appendix).unwrap();
        assert_eq!(after.last_revision().unwrap().form(), expected, "{name}");
        assert!(after.trailer().get("XRefStm").is_none());
    }
}

#[test]
fn the_first_identifier_stays_and_the_second_follows_the_arguments() {
    let original = common::table();
    let document = Document::open(&original).unwrap();
    let id = |text: &str| {
        let appendix = with_note(&document, text);
        let after =
            document.after(Appended::new(&original[..], appendix.bytes().to_vec()), &appendix).unwrap();
        after.trailer().get("ID").unwrap().as_array().unwrap().to_vec()
    };
    let old = document.trailer().get("ID").unwrap().as_array().unwrap();
    assert_eq!(id("a")[0], old[0]);
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a")[1], id("b")[1]);
    assert_ne!(id("a")[1], old[1]);
}

#[test]
fn an_update_starts_on_a_line_of_its_own() {
    let mut original = common::table();
    original.pop();
    assert!(original.ends_with(b"%%EOF"));
    let document = Document::open(&original).unwrap();
    let appendix = with_note(&document, "x");
    assert!(appendix.bytes().starts_with(b"\n"));
    let file = [original.as_slice(), appendix.bytes()].concat();
    let reread = Document::open(&file).unwrap();
    // The end-of-line that the update began with is counted to the revision before it, whose marker stays in place.
    assert_eq!(reread.revisions()[0].marker_end(), original.len() as u64);
    assert_eq!(note(&reread).0, "x");
}

#[test]
fn places_are_where_the_values_are() {
    let original = common::table();
    let document = Document::open(&original).unwrap();
    let mut update = Update::new(&document).unwrap();
    let object =
        update.add(Dictionary::new().with("Hex", PdfString::hexadecimal(vec![0; 4])).with("N", 7)).unwrap();
    update.track(object);
    let mut appendix = update.finish(b"").unwrap();
    let place = appendix.place(object, "Hex").unwrap();
    assert_eq!(&appendix.bytes()[place.clone()], b"<00000000>");
    assert_eq!(&appendix.bytes()[appendix.place(object, "N").unwrap()], b"7");
    assert_eq!(appendix.place(object, "M"), None);
    assert!(appendix.write_hexadecimal_over(place.start + 1, &[0xab, 0xcd]));
    assert_eq!(&appendix.bytes()[place], b"<abcd0000>");
    assert!(!appendix.write_over(usize::MAX, b"x"));
    let len = appendix.bytes().len();
    assert!(!appendix.write_over(len - 1, b"xy"));
}

#[test]
fn another_file_is_not_continued() {
    let original = common::table();
    let document = Document::open(&original).unwrap();
    let appendix = with_note(&document, "x");
    assert!(document.after(&original[..], &appendix).is_none());
}

#[test]
fn a_stream_is_not_replaced_by_its_dictionary() {
    let original = common::table();
    let document = Document::open(&original).unwrap();
    let mut update = Update::new(&document).unwrap();
    let content = document.load(Reference::new(4)).unwrap();
    assert!(matches!(content, Object::Stream(_)));
    assert!(update.replace(Reference::new(4), content).is_err());
}

#[test]
fn the_number_of_a_stream_that_does_not_list_itself_is_not_taken() {
    let original = common::stream();
    // The cross-reference stream is object 7; as some programs write it, /Size ends before it.
    let text = b"/Size 8/W[1 3 1]";
    let at = original.windows(text.len()).position(|window| window == text).unwrap();
    let mut unlisted = original.clone();
    unlisted[at..at + text.len()].copy_from_slice(b"/Size 7/W[1 3 1]");
    let document = Document::open(&unlisted).unwrap();
    let mut update = Update::new(&document).unwrap();
    assert_eq!(update.reserve().unwrap(), Reference::new(8));
}
