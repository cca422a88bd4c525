//! Two PDFs made here, so that the judges have work where no corpus is: one with a classic cross-reference table, one with
//! cross-reference and object streams.

/// A page with a line of text; objects in the clear, cross-reference table, trailer.
pub fn classic() -> Vec<u8> {
    let mut pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut offsets = Vec::new();
    for (number, body) in (1..).zip(objects()) {
        offsets.push(pdf.len());
        pdf.extend(format!("{number} 0 obj\n{body}\nendobj\n").into_bytes());
    }
    let start = pdf.len();
    let size = offsets.len() + 1;
    pdf.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").into_bytes());
    for offset in offsets {
        pdf.extend(format!("{offset:010} 00000 n \n").into_bytes());
    }
    let trailer = format!(
        "trailer\n<< /Size {size} /Root 1 0 R /Info 6 0 R /ID [<{ID}> <{ID}>] >>\nstartxref\n{start}\n%%EOF\n"
    );
    pdf.extend(trailer.into_bytes());
    pdf
}

/// The same page; everything but the page's content in an object stream, found through a cross-reference stream.
pub fn streams() -> Vec<u8> {
    let mut pdf = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let all = objects();
    let content_at = pdf.len();
    pdf.extend(format!("{CONTENT} 0 obj\n{}\nendobj\n", all[CONTENT - 1]).into_bytes());

    let packed: Vec<(usize, &String)> = (1..).zip(&all).filter(|(number, _)| *number != CONTENT).collect();
    let (mut index, mut bodies) = (String::new(), String::new());
    for (number, body) in &packed {
        index.push_str(&format!("{number} {} ", bodies.len()));
        bodies.push_str(&format!("{body}\n"));
    }
    let (packer, table) = (all.len() + 1, all.len() + 2);
    let packer_at = pdf.len();
    let entries = format!("/Type /ObjStm /N {} /First {}", packed.len(), index.len());
    pdf.extend(stream(packer, &entries, format!("{index}{bodies}").as_bytes()));

    let start = pdf.len();
    let entry = |kind: u8, second: usize, third: u8| {
        let second = u32::try_from(second).unwrap().to_be_bytes();
        [[kind].as_slice(), &second, &[third]].concat()
    };
    let mut rows = entry(0, 0, 255);
    for number in 1..=all.len() {
        let place = packed.iter().position(|(one, _)| *one == number);
        rows.extend(match place {
            Some(place) => entry(2, packer, u8::try_from(place).unwrap()),
            None => entry(1, content_at, 0),
        });
    }
    rows.extend(entry(1, packer_at, 0));
    rows.extend(entry(1, start, 0));
    let entries =
        format!("/Type /XRef /Size {} /W [1 4 1] /Root 1 0 R /Info 6 0 R /ID [<{ID}> <{ID}>]", table + 1);
    pdf.extend(stream(table, &entries, &rows));
    pdf.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
    pdf
}

const ID: &str = "00112233445566778899aabbccddeeff";
/// The number of the page's content, which is a stream and has to stand by itself.
const CONTENT: usize = 4;

fn objects() -> [String; 6] {
    let drawing = "BT /F1 24 Tf 72 720 Td (Sealed by the tests) Tj ET\n72 700 300 2 re f\n";
    [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}endstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        "<< /Producer (segl tests) >>".to_owned(),
    ]
}

fn stream(number: usize, entries: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("{number} 0 obj\n<< {entries} /Length {} >>\nstream\n", data.len());
    [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
}
