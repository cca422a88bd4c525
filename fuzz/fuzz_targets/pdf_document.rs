//! Every revision, object and field of a file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_pdf::{Document, Object};

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::open(data) else { return };
    let _ = (
        document.catalog(),
        document.first_page(),
        document.fields(),
        document.version(),
        document.trailing_bytes(),
    );
    for revision in document.revisions() {
        assert!(revision.end() <= data.len() as u64);
        for reference in revision.objects().take(64) {
            if let Ok(Object::Stream(stream)) = document.load(reference) {
                let _ = document.stream_data(&stream);
            }
        }
    }
    for index in 0..document.revisions().len().min(8) {
        let _ = document.as_of(index).map(|earlier| earlier.catalog().is_ok());
    }
});
