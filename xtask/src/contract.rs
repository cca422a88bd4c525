//! The example document: a small contract, written object by object, the same bytes every time.

use std::{fmt::Write, fs};

use crate::process::{TaskError, workspace};

/// Writes `examples/contract.pdf`.
pub(crate) fn run() -> Result<(), TaskError> {
    let folder = workspace().join("examples");
    fs::create_dir_all(&folder).map_err(TaskError::file(&folder))?;
    let path = folder.join("contract.pdf");
    fs::write(&path, document()).map_err(TaskError::file(&path))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// How a line is set.
#[derive(Clone, Copy)]
enum Style {
    Body,
    Heading,
    Small,
    Title,
}

impl Style {
    /// Font resource, size and leading in points.
    fn metrics(self) -> (&'static str, u32, u32) {
        match self {
            Self::Body => ("F1", 10, 14),
            Self::Heading => ("F2", 11, 24),
            Self::Small => ("F1", 8, 12),
            Self::Title => ("F2", 18, 30),
        }
    }
}

const FIRST_PAGE: &[(Style, &str)] = &[
    (Style::Small, "Case 2026-004217"),
    (Style::Title, "Agreement on the maintenance of street lighting"),
    (Style::Body, "between Example Municipality, Town Hall Square 1, 9999 Example (the Client)"),
    (Style::Body, "and Example Lighting ApS, Harbour Road 12, 9999 Example (the Contractor)."),
    (Style::Heading, "1. Subject"),
    (
        Style::Body,
        "The Contractor maintains the street lighting listed in annex A: inspection, replacement of",
    ),
    (Style::Body, "lamps and drivers, repair of masts and cabinets, and disposal of replaced parts."),
    (Style::Heading, "2. Term"),
    (
        Style::Body,
        "The agreement runs from 1 January 2027 to 31 December 2030. The Client may extend it once by",
    ),
    (Style::Body, "up to twenty-four months, in writing, no later than six months before it ends."),
    (Style::Heading, "3. Service levels"),
    (
        Style::Body,
        "A fault that endangers traffic is secured within two hours and repaired within one working day.",
    ),
    (Style::Body, "Any other fault is repaired within five working days of the day it was reported."),
    (Style::Body, "Each light point is inspected at least once in every period of twelve months."),
    (Style::Heading, "4. Price and payment"),
    (
        Style::Body,
        "The yearly price is DKK 1,284,000 excluding VAT, for up to 6,420 light points. Further points are",
    ),
    (
        Style::Body,
        "settled at DKK 200 a year each. Invoices are sent monthly in arrears and are due in thirty days.",
    ),
    (Style::Heading, "5. Liability"),
    (
        Style::Body,
        "Each party is liable under the general rules of law. Liability for indirect loss is excluded, and",
    ),
    (Style::Body, "the total liability of a party is limited to the price of one year."),
];

const SECOND_PAGE: &[(Style, &str)] = &[
    (Style::Heading, "6. Personal data"),
    (
        Style::Body,
        "The Contractor processes reports from citizens only on the instructions of the Client and deletes",
    ),
    (Style::Body, "them ninety days after the fault they concern has been repaired."),
    (Style::Heading, "7. Termination"),
    (
        Style::Body,
        "Either party may terminate the agreement with nine months' notice to the end of a month, and at",
    ),
    (
        Style::Body,
        "once when the other party is in material breach and has not remedied it within thirty days.",
    ),
    (Style::Heading, "8. Form"),
    (
        Style::Body,
        "The agreement is made as an electronic document. It is sealed by the Client when both parties have",
    ),
    (Style::Body, "approved it. A paper copy carries no seal and is for information only."),
    (Style::Heading, "Approved"),
    (Style::Body, "For Example Municipality: A. Andersen, head of technical services, 12 November 2026"),
    (Style::Body, "For Example Lighting ApS: B. Bertelsen, managing director, 13 November 2026"),
    (Style::Small, ""),
    (
        Style::Small,
        "This document was invented to show how segl seals. Its parties and its case do not exist.",
    ),
];

fn document() -> Vec<u8> {
    let pages = [FIRST_PAGE, SECOND_PAGE];
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R/Lang(en)/ViewerPreferences<</DisplayDocTitle true>>>>".to_owned(),
        format!("<</Type/Pages/Kids[6 0 R 8 0 R]/Count {}>>", pages.len()),
        "<</Title(Agreement on the maintenance of street lighting)/Author(Example Municipality)\
         /Producer(segl xtask)/CreationDate(D:20261113100000Z)>>"
            .to_owned(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    for (index, lines) in pages.iter().enumerate() {
        let content = content(lines, index.saturating_add(1), pages.len());
        let of_content = objects.len().saturating_add(2);
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 4 0 R/F2 5 0 R>>>>/Contents {of_content} 0 R>>"
        ));
        objects.push(format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()));
    }
    file(&objects)
}

/// A page: its lines from the top margin down, and its number at the foot.
fn content(lines: &[(Style, &str)], number: usize, count: usize) -> String {
    let mut text = String::from("BT\n");
    let mut y: u32 = 780;
    for (style, line) in lines {
        let (font, size, leading) = style.metrics();
        y = y.saturating_sub(leading);
        push_line(&mut text, font, size, (72, y), line);
    }
    push_line(&mut text, "F1", 8, (280, 40), &format!("{number} of {count}"));
    text.push_str("ET");
    text
}

fn push_line(text: &mut String, font: &str, size: u32, (x, y): (u32, u32), line: &str) {
    let line = line.replace('\\', "\\\\").replace('(', "\\(").replace(')', "\\)");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "/{font} {size} Tf 1 0 0 1 {x} {y} Tm ({line}) Tj");
}

/// Numbers the objects from 1, and ends the file with their table (ISO 32000-2, 7.5.4).
fn file(objects: &[String]) -> Vec<u8> {
    // Four bytes above 127 tell transfer programs that the file is binary (7.5.2).
    let mut bytes = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len().saturating_add(1));
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", bytes.len());
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", index.saturating_add(1)).bytes());
    }
    let start = bytes.len();
    let size = objects.len().saturating_add(1);
    bytes.extend(table.bytes());
    bytes.extend(
        format!(
            "trailer\n<</Size {size}/Root 1 0 R/Info 3 0 R/ID[<5E61C0DE20261113><5E61C0DE20261113>]>>\nstartxref\n{start}\n%%EOF\n"
        )
        .bytes(),
    );
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_table_points_to_its_object() {
        let bytes = document();
        let text = String::from_utf8_lossy(&bytes);
        let entries = text.lines().filter(|line| line.ends_with(" 00000 n "));
        // The four high bytes of the second line are one replacement character each in `text`, so offsets are taken in `bytes`.
        for (index, entry) in entries.enumerate() {
            let offset: usize =
                entry.split(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(usize::MAX);
            let expected = format!("{} 0 obj\n", index.saturating_add(1));
            assert!(bytes.get(offset..).is_some_and(|rest| rest.starts_with(expected.as_bytes())), "{entry}");
        }
    }
}
