//! A file that is read can be updated, is read again with the update, and keeps its bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_pdf::{Dictionary, Document, Object, Update};

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::open(data) else { return };
    let Ok(catalog) = document.catalog() else { return };
    let Ok(mut update) = Update::new(&document) else { return };
    let Ok(note) = update.add(Dictionary::new().with("Type", Object::name("Note"))) else { return };
    if update.replace(document.root(), catalog.with("Note", note)).is_err() {
        return;
    }
    let Ok(appendix) = update.finish(b"fuzz") else { return };
    let updated = [data, appendix.bytes()].concat();
    let again = Document::open(updated.as_slice()).expect("what was written can be read");
    assert_eq!(again.revisions().len(), document.revisions().len() + 1);
    assert!(again.catalog().expect("the new catalog").get("Note").is_some());
});
