//! Small PDF files in every form of cross-reference data, written by hand for the tests.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub(crate) use segl_testkit::corpus::files;

use std::fmt::Write as _;

/// The objects of a document with one empty page: catalog 1, pages 2, page 3, content 4, info 5.
pub(crate) fn objects() -> Vec<(u32, Vec<u8>)> {
    vec![
        (1, b"<</Type/Catalog/Pages 2 0 R>>".to_vec()),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec()),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<<>>>>".to_vec()),
        (4, b"<</Length 9>>\nstream\n0 0 m 1 l\nendstream".to_vec()),
        (5, b"<</Producer(by hand)>>".to_vec()),
    ]
}

const TRAILER: &str =
    "/Root 1 0 R/Info 5 0 R/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]";

fn write_objects(file: &mut Vec<u8>, objects: &[(u32, Vec<u8>)]) -> Vec<(u32, usize)> {
    objects
        .iter()
        .map(|(number, body)| {
            let at = file.len();
            file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
            file.extend_from_slice(body);
            file.extend_from_slice(b"\nendobj\n");
            (*number, at)
        })
        .collect()
}

fn close(file: &mut Vec<u8>, xref: usize) {
    file.extend_from_slice(format!("startxref\n{xref}\n%%EOF\n").as_bytes());
}

pub(crate) fn header() -> Vec<u8> {
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec()
}

/// A cross-reference table.
pub(crate) fn table() -> Vec<u8> {
    let mut file = header();
    let places = write_objects(&mut file, &objects());
    let xref = file.len();
    let mut rows = String::from("xref\n0 6\n0000000000 65535 f \n");
    for (_, at) in &places {
        writeln!(rows, "{at:010} 00000 n ").unwrap();
    }
    write!(rows, "trailer\n<</Size 6{TRAILER}>>\n").unwrap();
    file.extend_from_slice(rows.as_bytes());
    close(&mut file, xref);
    file
}

fn deflate(data: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Rows of a cross-reference stream with `/W [1 3 1]`, under PNG's "up" predictor.
fn predicted(rows: &[[u8; 5]]) -> Vec<u8> {
    let mut above = [0_u8; 5];
    let mut data = Vec::new();
    for row in rows {
        data.push(2);
        data.extend(row.iter().zip(above).map(|(now, above)| now.wrapping_sub(above)));
        above = *row;
    }
    deflate(&data)
}

fn row(kind: u8, second: usize, third: u8) -> [u8; 5] {
    let second = u32::try_from(second).unwrap().to_be_bytes();
    [kind, second[1], second[2], second[3], third]
}

/// A cross-reference stream with a predictor, and objects 1, 2, 3 and 5 in the object stream 6.
pub(crate) fn stream() -> Vec<u8> {
    let mut file = header();
    let all = objects();
    let inside: Vec<&(u32, Vec<u8>)> = all.iter().filter(|(number, _)| *number != 4).collect();
    let (mut index, mut data) = (String::new(), Vec::new());
    for (number, body) in &inside {
        write!(index, "{number} {} ", data.len()).unwrap();
        data.extend_from_slice(body);
        data.push(b'\n');
    }
    let packed = deflate(&[index.as_bytes(), &data].concat());
    let mut body = format!(
        "<</Type/ObjStm/N {}/First {}/Filter/FlateDecode/Length {}>>\nstream\n",
        inside.len(),
        index.len(),
        packed.len()
    )
    .into_bytes();
    body.extend_from_slice(&packed);
    body.extend_from_slice(b"\nendstream");
    let places = write_objects(&mut file, &[all[3].clone(), (6, body)]);
    let xref = file.len();
    let rows = [
        row(0, 0, 255),
        row(2, 6, 0),
        row(2, 6, 1),
        row(2, 6, 2),
        row(1, places[0].1, 0),
        row(2, 6, 3),
        row(1, places[1].1, 0),
        row(1, xref, 0),
    ];
    let data = predicted(&rows);
    file.extend_from_slice(
        format!(
            "7 0 obj\n<</Type/XRef/Size 8/W[1 3 1]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 5>>/Length {}{TRAILER}>>\nstream\n",
            data.len()
        )
        .as_bytes(),
    );
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    close(&mut file, xref);
    file
}

/// A table whose trailer points at a stream with object 5, which is free in the table.
pub(crate) fn hybrid() -> Vec<u8> {
    let mut file = header();
    let places = write_objects(&mut file, &objects());
    let hidden = file.len();
    let data = row(1, places[4].1, 0);
    file.extend_from_slice(
        format!("6 0 obj\n<</Type/XRef/Size 7/W[1 3 1]/Index[5 1]/Length {}>>\nstream\n", data.len())
            .as_bytes(),
    );
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let xref = file.len();
    let mut rows = String::from("xref\n0 6\n0000000005 65535 f \n");
    for (_, at) in &places[..4] {
        writeln!(rows, "{at:010} 00000 n ").unwrap();
    }
    write!(rows, "0000000000 00000 f \ntrailer\n<</Size 7/XRefStm {hidden}{TRAILER}>>\n").unwrap();
    file.extend_from_slice(rows.as_bytes());
    close(&mut file, xref);
    file
}

/// A linearized file in the order of its sections: the first page's section in front, pointing forward to the rest.
pub(crate) fn linearized() -> Vec<u8> {
    let mut file = header();
    let all = objects();
    let front = write_objects(&mut file, &all[..1]);
    let first_xref = file.len();
    let placeholder = format!(
        "xref\n1 1\n{:010} 00000 n \ntrailer\n<</Size 6/Prev 0000000000{TRAILER}>>\nstartxref\n0\n%%EOF\n",
        front[0].1
    );
    let prev_at = first_xref + placeholder.find("0000000000/Root").unwrap();
    file.extend_from_slice(placeholder.as_bytes());
    let rest = write_objects(&mut file, &all[1..]);
    let main = file.len();
    let mut rows = String::from("xref\n0 1\n0000000000 65535 f \n2 4\n");
    for (_, at) in &rest {
        writeln!(rows, "{at:010} 00000 n ").unwrap();
    }
    rows.push_str("trailer\n<</Size 6>>\n");
    file.extend_from_slice(rows.as_bytes());
    file[prev_at..prev_at + 10].copy_from_slice(format!("{main:010}").as_bytes());
    close(&mut file, first_xref);
    file
}

pub(crate) fn every_form() -> [(&'static str, Vec<u8>); 4] {
    [("table", table()), ("stream", stream()), ("hybrid", hybrid()), ("linearized", linearized())]
}

/// The PDFs of the corpus, when it is there.
pub(crate) fn corpus() -> Option<std::path::PathBuf> {
    Some(segl_testkit::corpus::folder()?.join("pades"))
}
