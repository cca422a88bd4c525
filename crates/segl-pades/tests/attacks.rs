//! Changes after a seal: what is harmless, and what must never be called so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{pdf, sealed, stamped, with_store};
use segl_pades::{ChangeLevel, PdfSignature, read};
use segl_pdf::{Dictionary, Document, Object, PdfString, Reference, Update};

fn first(file: &[u8]) -> PdfSignature {
    read(&Document::open(file).unwrap()).unwrap().signatures.remove(0)
}

fn change(file: &[u8], change: impl FnOnce(&Document<&[u8]>, &mut Update<'_, &[u8]>)) -> Vec<u8> {
    let document = Document::open(file).unwrap();
    let mut update = Update::new(&document).unwrap();
    change(&document, &mut update);
    [file, update.finish(b"later").unwrap().bytes()].concat()
}

fn unexplained(file: &[u8]) -> bool {
    let found = first(file);
    assert!(found.signature.content[0].intact(), "the signed bytes themselves are untouched");
    let told = found.signature.findings.iter().any(|finding| finding.rule == "unexplained-changes");
    let unexplained = found.facts.later.level() == ChangeLevel::Unexplained;
    assert_eq!(told, unexplained);
    unexplained
}

fn fatal(file: &[u8], rule: &str) -> bool {
    first(file).signature.findings.iter().any(|finding| finding.fatal && finding.rule == rule)
}

#[test]
fn a_page_with_other_content_is_noticed() {
    for (form, original) in pdf::every_form() {
        let changed = change(&sealed(&original), |document, update| {
            let content = update.add_stream(Dictionary::new(), b"other words".to_vec()).unwrap();
            let (page, dictionary) = document.first_page().unwrap();
            update.replace(page, dictionary.with("Contents", content)).unwrap();
        });
        assert!(unexplained(&changed), "{form}");
        // A stamp over it does not make it better.
        assert!(unexplained(&stamped(&with_store(&changed))), "{form}");
    }
}

#[test]
fn the_same_objects_again_are_no_change() {
    let again = change(&sealed(&pdf::table()), |document, update| {
        let (page, dictionary) = document.first_page().unwrap();
        update.replace(page, dictionary).unwrap();
        update.replace(document.root(), document.catalog().unwrap()).unwrap();
    });
    assert_eq!(first(&again).facts.later.level(), ChangeLevel::None);
}

#[test]
fn a_change_undone_later_still_counts() {
    let file = sealed(&pdf::table());
    let changed = change(&file, |document, update| {
        let (page, dictionary) = document.first_page().unwrap();
        update.replace(page, dictionary.with("Rotate", 90)).unwrap();
    });
    let undone = change(&changed, |document, update| {
        let (page, mut dictionary) = document.first_page().unwrap();
        dictionary.remove("Rotate");
        update.replace(page, dictionary).unwrap();
    });
    assert!(unexplained(&undone));
}

#[test]
fn other_catalogs_pages_and_forms_are_noticed() {
    let file = sealed(&pdf::table());
    let cases: [(&str, Vec<u8>); 7] = [
        (
            "open action",
            change(&file, |document, update| {
                let catalog = document.catalog().unwrap().with("OpenAction", Dictionary::new());
                update.replace(document.root(), catalog).unwrap();
            }),
        ),
        (
            "page tree",
            change(&file, |document, update| {
                let Object::Dictionary(pages) = document.load(Reference::new(2)).unwrap() else {
                    panic!("pages")
                };
                update.replace(Reference::new(2), pages.with("Count", 2)).unwrap();
            }),
        ),
        (
            "annotation",
            change(&file, |document, update| {
                let note = update.add(Dictionary::new().with("Subtype", Object::name("FreeText"))).unwrap();
                let (page, dictionary) = document.first_page().unwrap();
                let mut annotations = dictionary.get("Annots").unwrap().as_array().unwrap().to_vec();
                annotations.push(note.into());
                update.replace(page, dictionary.with("Annots", annotations)).unwrap();
            }),
        ),
        (
            "text field",
            change(&file, |document, update| {
                let field =
                    Dictionary::new().with("FT", Object::name("Tx")).with("T", PdfString::literal("x"));
                let field = update.add(field).unwrap();
                let form = document.form().unwrap().unwrap();
                let mut fields = form.get("Fields").unwrap().as_array().unwrap().to_vec();
                fields.push(field.into());
                let catalog = document.catalog().unwrap().with("AcroForm", form.with("Fields", fields));
                update.replace(document.root(), catalog).unwrap();
            }),
        ),
        (
            "form without its field",
            change(&file, |document, update| {
                let form =
                    document.form().unwrap().unwrap().with("Fields", Vec::<Object>::new()).with("XFA", 1);
                // Keep the signature reachable through the permissions, or there is nothing to report it by.
                let signature = document.fields().unwrap()[0].value.clone().unwrap();
                let permissions = Dictionary::new().with("DocMDP", signature);
                let catalog = document.catalog().unwrap().with("AcroForm", form).with("Perms", permissions);
                update.replace(document.root(), catalog).unwrap();
            }),
        ),
        (
            "signed field renamed",
            change(&file, |document, update| {
                let field = document.fields().unwrap().remove(0);
                let renamed = field.dictionary.with("T", PdfString::literal("Other"));
                update.replace(field.reference.unwrap(), renamed).unwrap();
            }),
        ),
        (
            "content of the page",
            change(&file, |_, update| {
                update.replace(Reference::new(4), Object::Null).unwrap();
            }),
        ),
    ];
    for (name, file) in cases {
        assert!(unexplained(&file), "{name}");
    }
}

#[test]
fn a_security_store_cannot_carry_other_objects_along() {
    let file = sealed(&pdf::table());
    // The page itself is called a member of the store.
    let changed = change(&file, |document, update| {
        let (page, dictionary) = document.first_page().unwrap();
        update.replace(page, dictionary.with("Rotate", 90)).unwrap();
        let store = Dictionary::new().with("Certs", vec![page.into()]);
        update.replace(document.root(), document.catalog().unwrap().with("DSS", store)).unwrap();
    });
    assert!(unexplained(&changed));
}

#[test]
fn a_metadata_stream_cannot_replace_a_page_content() {
    let file = sealed(&pdf::table());
    let changed = change(&file, |document, update| {
        update
            .replace(document.root(), document.catalog().unwrap().with("Metadata", Reference::new(4)))
            .unwrap();
        update.replace(Reference::new(4), Dictionary::new().with("Type", Object::name("Metadata"))).unwrap();
    });
    assert!(unexplained(&changed));
}

/// Appends a table by hand.
fn append(file: &[u8], body: &str, rows: &str, trailer: &str) -> Vec<u8> {
    let previous = Document::open(file).unwrap().last_revision().unwrap().xref_offset();
    let mut file = [file, body.as_bytes()].concat();
    let at = file.len();
    let size = 100;
    file.extend_from_slice(
        format!("xref\n{rows}trailer\n<</Size {size}/Prev {previous}{trailer}>>\nstartxref\n{at}\n%%EOF\n")
            .as_bytes(),
    );
    file
}

#[test]
fn entries_that_point_back_and_freed_objects_are_noticed() {
    let mut original = pdf::table();
    // A second body for the content of the page, planted before the seal and named by no entry.
    let planted = original.len() + 1;
    original.extend_from_slice(b"\n4 0 obj\n<</Length 5>>\nstream\nother\nendstream\nendobj\n");
    let file = sealed(&original);
    let back = append(&file, "", &format!("4 1\n{planted:010} 00000 n \n"), "/Root 1 0 R");
    assert!(unexplained(&back));
    let freed = append(&file, "", "4 1\n0000000000 00001 f \n", "/Root 1 0 R");
    assert!(unexplained(&freed));
    // Another catalog with the same form behind it.
    let document = Document::open(&file).unwrap();
    let form = document.form().unwrap().unwrap();
    let field = form.get("Fields").unwrap().as_array().unwrap()[0].as_reference().unwrap();
    let catalog =
        format!("50 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[{field}]/SigFlags 3>>>>\nendobj\n");
    let switched = append(&file, &catalog, &format!("50 1\n{:010} 00000 n \n", file.len()), "/Root 50 0 R");
    assert!(unexplained(&switched));
}

#[test]
fn bytes_after_the_end_are_noticed() {
    let file = [sealed(&pdf::table()).as_slice(), b"<script>"].concat();
    let found = first(&file);
    assert!(!found.facts.covers_whole_file);
    assert_eq!(found.facts.later.trailing_bytes, 8);
    assert_eq!(found.facts.later.level(), ChangeLevel::Unexplained);
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).expect(from);
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to.as_bytes());
    file
}

#[test]
fn gaps_that_are_not_the_contents_are_fatal() {
    let file = sealed(&pdf::table());
    let [_, head, tail, len] = first(&file).facts.byte_range.unwrap();
    let numbers = |a: u64, b: u64, c: u64, d: u64| format!("[{a} {b} {c} {d}");
    let written = numbers(0, head, tail, len);
    let wider = numbers(0, head - 1, tail, len);
    assert!(fatal(&replaced(&file, &written, &wider), "byte-range-gap"));
    let longer = numbers(0, head, tail, len + 1);
    assert!(fatal(&replaced(&file, &written, &longer), "byte-range-shape"));
    let started = numbers(1, head, tail, len);
    assert!(fatal(&replaced(&file, &written, &started), "byte-range-shape"));
    let shorter = numbers(0, head, tail, len - 1);
    let shorter = format!("{shorter:<width$}", width = written.len());
    let found = first(&replaced(&file, &written, &shorter));
    // One end-of-line may be missing; that is the last byte here.
    assert_eq!(found.facts.revision, Some(1));
    let much_shorter = format!("{:<width$}", numbers(0, head, tail, len - 9), width = written.len());
    let found = first(&replaced(&file, &written, &much_shorter));
    assert!(found.signature.findings.iter().any(|finding| finding.rule == "byte-range-end"));
    assert_eq!(found.facts.later.level(), ChangeLevel::Unexplained);
    assert!(fatal(&replaced(&file, "/ByteRange", "/ByteRongo"), "byte-range-shape"));
    assert!(fatal(&replaced(&file, "/SubFilter", "/SubFolter"), "sub-filter-missing"));
    assert!(fatal(&replaced(&file, "/Contents <", "/Cintents <"), "contents-missing"));
}

#[test]
fn a_signature_dictionary_changed_later_is_fatal() {
    let file = sealed(&pdf::table());
    let changed = change(&file, |document, update| {
        let reference = document.fields().unwrap()[0].value.clone().unwrap().as_reference().unwrap();
        let Object::Dictionary(signature) = document.load(reference).unwrap() else { panic!("a signature") };
        update.replace(reference, signature.with("Reason", PdfString::literal("another"))).unwrap();
    });
    assert!(fatal(&changed, "signature-dictionary-changed"));
}

#[test]
fn words_behind_the_signature_are_told() {
    let file = sealed(&pdf::table());
    let found = first(&file);
    let [_, _, tail, _] = found.facts.byte_range.unwrap();
    let mut padded = file.clone();
    let at = usize::try_from(tail).unwrap() - 3;
    assert_eq!(&padded[at..at + 3], b"00>");
    padded[at] = b'4';
    let found = first(&padded);
    assert!(found.signature.findings.iter().any(|finding| finding.rule == "contents-padding"));
    assert!(found.signature.content[0].intact());
}

#[test]
fn a_changed_byte_breaks_the_digest() {
    let file = replaced(&sealed(&pdf::table()), "by hand", "by Hand");
    assert!(!first(&file).signature.content[0].intact());
}

/// Other pages are another document: that is told as a fault of the format, whatever was signed is intact.
#[test]
fn pages_added_or_removed_fail() {
    for (form, original) in pdf::every_form() {
        let changed = change(&sealed(&original), |document, update| {
            let (page, dictionary) = document.first_page().unwrap();
            let parent = dictionary.get("Parent").and_then(Object::as_reference).unwrap();
            let copy = update.add(dictionary).unwrap();
            let Object::Dictionary(tree) = document.load(parent).unwrap() else { panic!("{form}") };
            let kids = Object::Array(vec![page.into(), copy.into()]);
            update.replace(parent, tree.with("Kids", kids)).unwrap();
        });
        assert!(unexplained(&changed), "{form}");
        assert!(fatal(&changed, "pages-changed"), "{form}");
        assert!(!fatal(&stamped(&with_store(&sealed(&original))), "pages-changed"), "{form}");
    }
}
