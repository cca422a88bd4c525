//! Prints the revisions, fields and signature dictionaries of PDF files: `structure FILE...`

use std::{env, error::Error, fs::File, process::ExitCode};

use segl_crypto::FileSource;
use segl_pdf::{ByteRange, Document, Object};

fn main() -> ExitCode {
    let mut status = ExitCode::SUCCESS;
    for path in env::args().skip(1) {
        if let Err(error) = print(&path) {
            println!("{path}: {error}");
            status = ExitCode::FAILURE;
        }
    }
    status
}

fn print(path: &str) -> Result<(), Box<dyn Error>> {
    let source = FileSource::new(File::open(path)?)?;
    let document = Document::open(&source)?;
    let (page, _) = document.first_page()?;
    println!("{path}: version {:?}, first page {page}", document.version()?);
    for revision in document.revisions() {
        println!(
            "  revision up to {} ({:?} at {}, {} entries)",
            revision.end(),
            revision.form(),
            revision.xref_offset(),
            revision.entries().count()
        );
    }
    if document.trailing_bytes() > 0 {
        println!("  {} bytes after the last revision", document.trailing_bytes());
    }
    for field in document.fields()?.iter().filter(|field| field.is_signature()) {
        let value = field.value.as_ref().map_or(Ok(Object::Null), |value| document.resolve(value))?;
        let Some(signature) = value.as_dictionary() else {
            println!("  field {:?}: empty", field.name);
            continue;
        };
        let range = document.value(signature, "ByteRange")?;
        let range = ByteRange::read(&range, segl_crypto::Source::len(&source)).map(|range| range.numbers());
        let sub_filter = document.value(signature, "SubFilter")?;
        println!("  field {:?}: {sub_filter:?} {range:?}", field.name);
    }
    Ok(())
}
