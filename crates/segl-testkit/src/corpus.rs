//! Files that others made, beside the checkout: never a part of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::peers::report_skipped;

/// The folder of the corpus, or `None` where it is not at hand; then it says so.
pub fn folder() -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join("shared/corpus"))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        report_skipped("skipped: ../shared is not here");
    }
    found
}

/// Every file in a folder and below it, in the order of their paths.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// A row of a table: name of the column to value.
pub type Row = BTreeMap<String, String>;

/// The rows of a table of values between tabs, whose first line names the columns.
pub fn rows(table: &Path) -> Vec<Row> {
    let text = fs::read_to_string(table).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| {
            names.iter().zip(line.split('\t')).map(|(&name, value)| (name.into(), value.into())).collect()
        })
        .collect()
}

/// What stands in the `/Contents <...>` of a PDF, found by its letters alone, padding included.
pub fn contents_of_pdf(pdf: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = pdf;
    while let Some(at) = rest.windows(9).position(|window| window == b"/Contents") {
        rest = &rest[at + 9..];
        let start = rest.iter().position(|octet| !octet.is_ascii_whitespace()).unwrap_or(0);
        let Some(hex) = rest[start..].strip_prefix(b"<") else { continue };
        let digits: Vec<u8> = hex
            .iter()
            .take_while(|octet| **octet != b'>')
            .filter_map(|octet| char::from(*octet).to_digit(16))
            .map(|digit| u8::try_from(digit).unwrap())
            .collect();
        if digits.len() > 200 {
            found.push(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect());
        }
    }
    found
}
