//! Opening documents: every form of cross-reference data, and every reason to refuse.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use segl_pdf::{Bound, Document, Limits, Object, ReadError, Reference, XrefForm, XrefProblem};

#[test]
fn every_form_gives_the_same_document() {
    for (form, file) in common::every_form() {
        let document = Document::open(&file).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(document.version().unwrap(), (1, 7), "{form}");
        assert_eq!(document.revisions().len(), 1, "{form}");
        assert_eq!(document.revisions()[0].end(), file.len() as u64, "{form}");
        assert!(document.revisions()[0].is_closed(), "{form}");
        assert_eq!(document.trailing_bytes(), 0, "{form}");
        let (reference, page) = document.first_page().unwrap();
        assert_eq!(reference, Reference::new(3), "{form}");
        let content = document.value(&page, "Contents").unwrap();
        assert_eq!(document.stream_data(content.as_stream().unwrap()).unwrap(), b"0 0 m 1 l", "{form}");
        let info = document.value(document.trailer(), "Info").unwrap();
        let producer = info.as_dictionary().unwrap().get("Producer").unwrap();
        assert_eq!(producer.as_string().unwrap().as_bytes(), b"by hand", "{form}");
    }
}

#[test]
fn the_form_is_told() {
    let form = |file: Vec<u8>| Document::open(&file).unwrap().revisions()[0].form();
    assert_eq!(form(common::table()), XrefForm::Table);
    assert_eq!(form(common::stream()), XrefForm::Stream);
    assert_eq!(form(common::hybrid()), XrefForm::Hybrid);
}

#[test]
fn bytes_before_the_header_shift_every_offset() {
    for (form, file) in common::every_form() {
        let shifted = [b"junk\n", file.as_slice()].concat();
        let document = Document::open(&shifted).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(document.offset_origin(), 5);
        assert_eq!(document.first_page().unwrap().0, Reference::new(3), "{form}");
        assert_eq!(document.revisions()[0].end(), shifted.len() as u64, "{form}");
    }
}

#[test]
fn bytes_before_the_header_may_be_counted_already() {
    // The table says where the objects are from the start of the file.
    let file = [b"junk\n", common::table().as_slice()].concat();
    let mut bytes = file.clone();
    let xref = file.windows(5).position(|window| window == b"xref\n").unwrap();
    for line in (1..=5).map(|row| xref + 5 + 4 + 20 * row) {
        let old: usize = std::str::from_utf8(&file[line..line + 10]).unwrap().parse().unwrap();
        bytes[line..line + 10].copy_from_slice(format!("{:010}", old + 5).as_bytes());
    }
    let tail = bytes.windows(9).rposition(|window| window == b"startxref").unwrap();
    bytes.truncate(tail);
    bytes.extend_from_slice(format!("startxref\n{xref}\n%%EOF\n").as_bytes());
    let document = Document::open(&bytes).unwrap();
    assert_eq!(document.offset_origin(), 0);
    assert_eq!(document.first_page().unwrap().0, Reference::new(3));
}

#[test]
fn what_is_no_pdf_is_named_so() {
    assert!(matches!(Document::open(&b""[..]), Err(ReadError::NotAPdf { .. })));
    assert!(matches!(Document::open(&b"PK\x03\x04 and so on"[..]), Err(ReadError::NotAPdf { .. })));
}

#[test]
fn a_file_cut_off_is_truncated() {
    let file = common::table();
    let cut = &file[..file.len() - 20];
    assert!(matches!(Document::open(cut), Err(ReadError::Truncated { .. })));
    assert!(matches!(Document::open(&file[..100]), Err(ReadError::Truncated { missing: "%%EOF", .. })));
}

fn replace(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).position(|window| window == from.as_bytes()).expect(from);
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

fn refusal(file: &[u8]) -> ReadError {
    Document::open(file).map(|_| ()).unwrap_err()
}

#[test]
fn broken_tables_are_refused_with_their_place() {
    let file = common::table();
    let text = String::from_utf8_lossy(&file).into_owned();
    let xref = file.windows(5).position(|window| window == b"xref\n").unwrap();
    let error = refusal(&replace(&file, "xref\n0 6", "href\n0 6"));
    let ReadError::BrokenXref { offset, problem: XrefProblem::NoSection } = error else {
        panic!("{error}: {text}")
    };
    assert_eq!(offset, xref as u64);
    for (from, to) in
        [("65535 f", "65535 x"), ("0 6\n000", "0 7\n000"), ("65535 f", "-5535 n"), ("trailer", "trailor")]
    {
        let error = refusal(&replace(&file, from, to));
        assert!(matches!(error, ReadError::BrokenXref { .. } | ReadError::Syntax(_)), "{from}: {error}");
    }
    let error = refusal(&replace(&file, "/Root", "/Ruut"));
    assert!(matches!(error, ReadError::BrokenXref { problem: XrefProblem::Trailer, .. }), "{error}");
    assert!(error.to_string().contains("rewrite the file with another tool"), "{error}");
}

#[test]
fn an_object_elsewhere_is_not_looked_for() {
    let file = common::table();
    let pages = file.windows(7).position(|window| window == b"2 0 obj").unwrap();
    let moved = replace(&file, &format!("{pages:010}"), &format!("{:010}", pages + 3));
    let document = Document::open(&moved).unwrap();
    let error = document.first_page().unwrap_err();
    let ReadError::BrokenXref { offset, problem: XrefProblem::ObjectNotHere(object) } = error else {
        panic!("{error}")
    };
    assert_eq!((offset, object), (pages as u64 + 3, Reference::new(2)));
    let outside = replace(&file, &format!("{pages:010}"), "9999999999");
    let error = Document::open(&outside).unwrap().first_page().unwrap_err();
    assert!(matches!(error, ReadError::BrokenXref { problem: XrefProblem::OutsideFile, .. }), "{error}");
}

#[test]
fn a_chain_that_loops_ends() {
    let file = common::table();
    let xref = file.windows(5).position(|window| window == b"xref\n").unwrap();
    let looped = String::from_utf8_lossy(&file[xref..]).replace("/Size 6", &format!("/Size 6/Prev {xref}"));
    // The bytes before the table are not text.
    let looped = [&file[..xref], looped.as_bytes()].concat();
    assert!(matches!(refusal(&looped), ReadError::BrokenXref { problem: XrefProblem::Loop, .. }));
}

#[test]
fn numbers_in_tables_allocate_nothing() {
    let file = common::table();
    let huge = replace(&file, "xref\n0 6\n0000000000", "xref\n0 4294967295\n0");
    assert!(matches!(refusal(&huge), ReadError::BrokenXref { .. }));
    let mut limits = Limits::default();
    limits.entries = 3;
    let error = Document::open_with(&file, limits).map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::Limit { bound: Bound::Entries, .. }), "{error}");
}

#[test]
fn an_encrypted_document_is_named_so() {
    let file = common::table();
    let xref = file.windows(5).position(|window| window == b"xref\n").unwrap();
    let trailer = String::from_utf8_lossy(&file[xref..])
        .replace("/Size 6", "/Size 6/Encrypt<</Filter/Unheard.Of/V 9/R 9>>");
    let file = [&file[..xref], trailer.as_bytes()].concat();
    let error = refusal(&file);
    assert!(
        matches!(&error, ReadError::Encrypted { handler } if handler.contains("Unheard.Of V9")),
        "{error}"
    );
}

#[test]
fn references_that_loop_end() {
    let file = replace(&common::table(), "<</Producer(by hand)>>", "5 0 R                 ");
    let document = Document::open(&file).unwrap();
    let error = document.resolve(&Object::Reference(Reference::new(5))).unwrap_err();
    assert!(matches!(error, ReadError::Limit { bound: Bound::ReferenceHops, .. }), "{error}");
}

#[test]
fn page_trees_that_loop_end() {
    let file = replace(&common::table(), "/Kids[3 0 R]", "/Kids[2 0 R]");
    let error = Document::open(&file).unwrap().first_page().unwrap_err();
    assert!(matches!(error, ReadError::Limit { bound: Bound::Tree, .. }), "{error}");
}

#[test]
fn a_wrong_length_is_not_mended() {
    let file = replace(&common::table(), "/Length 9", "/Length 8");
    let document = Document::open(&file).unwrap();
    let stream = document.load(Reference::new(4)).unwrap();
    let error = document.stream_data(stream.as_stream().unwrap()).unwrap_err();
    assert!(matches!(error, ReadError::StreamLength { .. }), "{error}");
}

#[test]
fn free_and_unknown_objects_are_null() {
    let file = common::table();
    let document = Document::open(&file).unwrap();
    for reference in [Reference::new(0), Reference::new(99), Reference { number: 1, generation: 1 }] {
        assert!(document.load(reference).unwrap().is_null());
    }
}

#[test]
fn bytes_after_the_end_belong_to_no_revision() {
    let file = [common::table().as_slice(), b"hidden words"].concat();
    let document = Document::open(&file).unwrap();
    assert_eq!(document.trailing_bytes(), 12);
}
