//! Small files that ask for much work: the budget ends it, always at the same place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::fmt::Write as _;

use segl_pdf::{Bound, Document, Limits, ReadError, Reference};

/// Fields from number 100 on, one after the other in object streams 4 and 5 with so much padding. With `one`, all of
/// them are the one object in stream 4.
fn fields_in_streams(count: u32, padding: usize, one: Option<&str>) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    let mut add = |file: &mut Vec<u8>, number: u32, body: &[u8]| {
        places.push((number, file.len()));
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    };
    let list: String = (100..100 + count).fold(String::new(), |mut list, number| {
        write!(list, "{number} 0 R ").unwrap();
        list
    });
    add(&mut file, 1, format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{list}]>>>>").as_bytes());
    add(&mut file, 2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>");
    add(&mut file, 3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 5 5]>>");
    for stream in 0..2_u32 {
        let (mut index, mut body) = (String::new(), String::new());
        for number in (100..100 + count).filter(|number| one.is_some() || number % 2 == stream) {
            write!(index, "{number} {} ", body.len()).unwrap();
            if one.is_none() {
                write!(body, "<</FT/Tx/T(f{number})>> ").unwrap();
            }
        }
        body.push_str(one.unwrap_or_default());
        let data = format!("{index}{body}{}", " ".repeat(padding));
        let mut stream_object =
            format!("<</Type/ObjStm/N {count}/First {}/Length {}>>\nstream\n", index.len(), data.len());
        stream_object.push_str(&data);
        stream_object.push_str("\nendstream");
        add(&mut file, 4 + stream, stream_object.as_bytes());
    }
    let xref = file.len();
    let mut rows = vec![0_u8; 7];
    for (_, at) in &places {
        rows.push(1);
        rows.extend_from_slice(&(*at as u32).to_be_bytes());
        rows.extend_from_slice(&[0, 0]);
    }
    rows.push(1);
    rows.extend_from_slice(&(xref as u32).to_be_bytes());
    rows.extend_from_slice(&[0, 0]);
    for number in 0..count {
        let (stream, index) = if one.is_some() { (4, number) } else { (4 + number % 2, number / 2) };
        rows.push(2);
        rows.extend_from_slice(&stream.to_be_bytes());
        rows.extend_from_slice(&(index as u16).to_be_bytes());
    }
    let head = format!(
        "6 0 obj\n<</Type/XRef/W[1 4 2]/Index[0 7 100 {count}]/Size {}/Root 1 0 R/Length {}>>\nstream\n",
        100 + count,
        rows.len()
    );
    file.extend_from_slice(head.as_bytes());
    file.extend_from_slice(&rows);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{xref}\n%%EOF\n").as_bytes());
    file
}

fn bound_of<T: core::fmt::Debug>(result: Result<T, ReadError>) -> Bound {
    match result.unwrap_err() {
        ReadError::Limit { bound, .. } => bound,
        other => panic!("{other}"),
    }
}

#[test]
fn object_streams_that_evict_each_other_spend_the_budget() {
    let file = fields_in_streams(40, 10_000, None);
    let mut limits = Limits::default();
    assert_eq!(Document::open_with(&file, limits.clone()).unwrap().fields().unwrap().len(), 40);
    limits.object_stream_cache = 1000;
    limits.object_streams_decoded = 100_000;
    let document = Document::open_with(&file, limits).unwrap();
    assert_eq!(bound_of(document.fields()), Bound::ObjectStreamsDecoded);
    // Spent is spent: for the document, and for what it was before.
    assert_eq!(bound_of(document.check_work()), Bound::ObjectStreamsDecoded);
    assert_eq!(bound_of(document.load(Reference::new(100))), Bound::ObjectStreamsDecoded);
    assert_eq!(bound_of(document.as_of(0).unwrap().fields()), Bound::ObjectStreamsDecoded);
}

#[test]
fn earlier_revisions_spend_the_same_budget() {
    let file = fields_in_streams(4, 10_000, None);
    let mut limits = Limits::default();
    limits.object_streams_decoded = 100_000;
    let document = Document::open_with(&file, limits).unwrap();
    let spent = (0..20).find(|_| document.as_of(0).unwrap().fields().is_err());
    assert_eq!(spent, Some(4), "two streams of ten thousand bytes each time");
    assert!(document.check_work().is_err());
}

#[test]
fn one_large_object_under_many_numbers_spends_the_budget() {
    let large = format!("<</FT/Tx/T(a)/X[{}]>>", "1 ".repeat(1000));
    let file = fields_in_streams(200, 0, Some(&large));
    let mut limits = Limits::default();
    limits.object_streams_parsed = 100_000;
    let document = Document::open_with(&file, limits.clone()).unwrap();
    let read = (100..300).take_while(|number| document.load(Reference::new(*number)).is_ok()).count();
    assert_eq!(read, 100_000 / large.len());
    assert_eq!(bound_of(document.check_work()), Bound::ObjectStreamsParsed);
    limits = Limits::default();
    limits.field_values = 10_000;
    let document = Document::open_with(&file, limits).unwrap();
    assert_eq!(bound_of(document.fields()), Bound::FieldValues);
    assert!(document.check_work().is_ok());
}

#[test]
fn a_stream_that_fails_is_decoded_once() {
    let file = fields_in_streams(40, 0, None);
    let broken = replaced(&file, "/Type/ObjStm", "/Filter/A85");
    let mut limits = Limits::default();
    limits.decoded_stream = 10_000;
    limits.object_streams_decoded = 30_000;
    let document = Document::open_with(&broken, limits).unwrap();
    for number in (100..140).cycle().take(400) {
        for document in [&document.as_of(0).unwrap(), &document.as_of(0).unwrap()] {
            let error = document.load(Reference::new(number)).unwrap_err();
            assert!(matches!(error, ReadError::Filter { .. }), "{number}: {error}");
        }
    }
    assert!(document.check_work().is_ok(), "two streams, each once");
}

/// Both streams with other words of the same length.
fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let to = format!("{to:<width$}", width = from.len());
    assert_eq!(from.len(), to.len());
    let mut file = file.to_vec();
    for at in
        (0..file.len() - from.len()).filter(|at| file[*at..].starts_with(from.as_bytes())).collect::<Vec<_>>()
    {
        file[at..at + from.len()].copy_from_slice(to.as_bytes());
    }
    file
}
