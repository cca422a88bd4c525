//! How little of a large file is read, and how little of it is held.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::{cell::Cell, fmt::Write as _, io};

use segl_crypto::Source;
use segl_pdf::{Bound, Dictionary, Document, Limits, ReadError, Update};

/// A file with a hole of zeros, which counts what is read from it.
struct Holed {
    front: Vec<u8>,
    hole: u64,
    back: Vec<u8>,
    read: Cell<u64>,
    largest: Cell<usize>,
}

impl Source for Holed {
    fn len(&self) -> u64 {
        self.front.len() as u64 + self.hole + self.back.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        if offset + buf.len() as u64 > Source::len(self) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.read.set(self.read.get() + buf.len() as u64);
        self.largest.set(self.largest.get().max(buf.len()));
        for (at, byte) in (offset..).zip(buf) {
            let front = self.front.len() as u64;
            *byte = match at {
                at if at < front => self.front[at as usize],
                at if at < front + self.hole => b'0',
                at => self.back[(at - front - self.hole) as usize],
            };
        }
        Ok(())
    }
}

fn holed(hole: u64) -> Holed {
    let mut front = common::header();
    let mut rows = String::from("xref\n0 6\n0000000000 65535 f \n");
    for (number, body) in common::objects() {
        if number == 4 {
            continue;
        }
        front.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        front.extend_from_slice(&body);
        front.extend_from_slice(b"\nendobj\n");
    }
    let at = |number: u32, front: &[u8]| {
        let needle = format!("{number} 0 obj");
        front.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap()
    };
    let content = front.len();
    front.extend_from_slice(format!("4 0 obj\n<</Length {hole}>>\nstream\n").as_bytes());
    let xref = front.len() as u64 + hole + 18;
    for number in 1..=5 {
        let at = if number == 4 { content } else { at(number, &front) };
        writeln!(rows, "{at:010} 00000 n ").unwrap();
    }
    let back = format!(
        "\nendstream\nendobj\n{rows}trailer\n<</Size 6/Root 1 0 R/Info 5 0 R>>\nstartxref\n{xref}\n%%EOF\n"
    );
    assert_eq!(&back[18..22], "xref");
    Holed { front, hole, back: back.into_bytes(), read: Cell::new(0), largest: Cell::new(0) }
}

#[test]
fn a_large_file_is_updated_by_reading_little_of_it() {
    let file = holed(150 << 20);
    let document = Document::open(&file).unwrap();
    let mut update = Update::new(&document).unwrap();
    let (reference, page) = document.first_page().unwrap();
    update.replace(reference, page.with("Note", Dictionary::new())).unwrap();
    let appendix = update.finish(b"").unwrap();
    assert!(appendix.bytes().len() < 1000);
    assert!(file.read.get() < 64 << 10, "{} bytes were read", file.read.get());
    assert!(file.largest.get() <= 64 << 10, "{} bytes were read at once", file.largest.get());
}

#[test]
fn a_large_stream_is_not_read() {
    let file = holed(150 << 20);
    let document = Document::open(&file).unwrap();
    let stream = document.load(segl_pdf::Reference::new(4)).unwrap();
    let error = document.stream_data(stream.as_stream().unwrap()).unwrap_err();
    assert!(matches!(error, ReadError::Limit { bound: Bound::DecodedStream, .. }), "{error}");
    assert!(file.largest.get() <= 64 << 10);
}

#[test]
fn a_table_beyond_ten_digits_is_refused() {
    let file = holed(10_000_000_000);
    let document = Document::open_with(&file, Limits::default());
    // The table itself cannot say where it is, so the file opens only because its own offsets are small.
    let document = document.unwrap();
    let mut update = Update::new(&document).unwrap();
    update.add(Dictionary::new()).unwrap();
    let error = update.finish(b"").unwrap_err();
    assert!(matches!(error, segl_pdf::UpdateError::TooLarge { .. }), "{error}");
}
