//! Changes after a seal that one harmless place explains, of objects that have another place besides.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::fmt::Write;

use common::{pdf, sealed, with_store};
use segl_pades::{ChangeLevel, read};
use segl_pdf::Document;

/// A document of these bodies, from object 1 on; the trailer says what is given.
fn document(bodies: &[&str], trailer: &str) -> Vec<u8> {
    let mut file = String::from("%PDF-1.7\n");
    let mut rows = String::from("0000000000 65535 f \n");
    for (number, body) in (1..).zip(bodies) {
        writeln!(rows, "{:010} 00000 n ", file.len()).unwrap();
        write!(file, "{number} 0 obj\n{body}\nendobj\n").unwrap();
    }
    let (xref, size) = (file.len(), bodies.len() + 1);
    write!(
        file,
        "xref\n0 {size}\n{rows}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{xref}\n%%EOF\n"
    )
    .unwrap();
    file.into_bytes()
}

/// Appends a revision with objects as they are given; an entry is a row of the table, when it shall lie.
fn revision(file: &[u8], objects: &[(u32, &str)], entries: &[(u32, &str)], trailer: &str) -> Vec<u8> {
    let document = Document::open(file).unwrap();
    let previous = document.last_revision().unwrap().xref_offset();
    let mut out = file.to_vec();
    let mut rows = String::new();
    for (number, body) in objects {
        let row = entries.iter().find(|(of, _)| of == number).map(|(_, row)| (*row).to_owned());
        let row = row.unwrap_or_else(|| format!("{:010} 00000 n", out.len()));
        write!(rows, "{number} 1\n{row} \n").unwrap();
        out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let xref = out.len();
    let info = document.trailer().get("Info").and_then(|info| info.as_reference());
    let info = info.map_or_else(String::new, |info| format!("/Info {info}"));
    let root = document.root();
    out.extend_from_slice(
        format!("xref\n{rows}trailer\n<</Size 99/Root {root}{info}{trailer}/Prev {previous}>>\nstartxref\n{xref}\n%%EOF\n")
            .as_bytes(),
    );
    out
}

fn level(file: &[u8]) -> ChangeLevel {
    let mut reading = read(&Document::open(file).unwrap()).unwrap();
    let found = reading.signatures.remove(0);
    assert!(found.signature.content[0].intact(), "the signed bytes themselves are untouched");
    found.facts.later.level()
}

const PAGES: &str = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
const FORGED: &str = "<</Length 3>>\nstream\n0 w\nendstream";

#[test]
fn what_the_document_referred_to_before_it_existed_is_noticed() {
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents[4 0 R 50 0 R]>>";
    let file = with_store(&sealed(&document(&["<</Type/Catalog/Pages 2 0 R>>", PAGES, page, FORGED], "")));
    assert_eq!(level(&file), ChangeLevel::LongTerm);
    let opened = Document::open(&file).unwrap();
    let store = opened.catalog().unwrap().get("DSS").unwrap().as_reference().unwrap().number;
    let container = "<</Type/ObjStm/N 0/First 0/Length 3>>\nstream\n0 w\nendstream";
    for (name, objects, trailer) in [
        ("evidence", vec![(50, FORGED), (store, "<</Certs[50 0 R]>>")], ""),
        ("object stream", vec![(50, container)], ""),
        ("information", vec![(50, "<</Title(a)>>")], "/Info 50 0 R"),
    ] {
        assert_eq!(level(&revision(&file, &objects, &[], trailer)), ChangeLevel::Unexplained, "{name}");
    }
    let honest = revision(&file, &[(51, FORGED), (store, "<</Certs[51 0 R]>>")], &[], "");
    assert_eq!(level(&honest), ChangeLevel::LongTerm);
}

#[test]
fn information_metadata_and_stores_that_are_something_else_too_are_noticed() {
    let with = |catalog: &str, page: &str, shared: &str, trailer: &str| {
        let catalog = format!("<</Type/Catalog/Pages 2 0 R{catalog}>>");
        let page = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]{page}>>");
        sealed(&document(&[&catalog, PAGES, &page, shared], trailer))
    };
    let metadata = "<</Type/Metadata/Subtype/XML/Length 3>>\nstream\n1 w\nendstream";
    let other = "<</Type/Metadata/Subtype/XML/Length 3>>\nstream\n0 w\nendstream";
    for (name, file, now, worst) in [
        ("information", with("", "/Resources 4 0 R", "<</Font<<>>>>", "/Info 4 0 R"), "<</Font 4>>", true),
        ("metadata", with("/Metadata 4 0 R", "/Contents 4 0 R", metadata, ""), other, true),
        ("store", with("/DSS 4 0 R", "/Resources 4 0 R", "<</Font<<>>>>", ""), "<</Font 4>>", true),
        ("honest information", with("", "", "<</Title(a)>>", "/Info 4 0 R"), "<</Title(b)>>", false),
        ("honest metadata", with("/Metadata 4 0 R", "", metadata, ""), other, false),
        ("honest store", with("/DSS 4 0 R", "", "<</Certs[]>>", ""), "<</CRLs[]>>", false),
    ] {
        let expected = if worst { ChangeLevel::Unexplained } else { ChangeLevel::LongTerm };
        assert_eq!(level(&revision(&file, &[(4, now)], &[], "")), expected, "{name}");
    }
}

#[test]
fn another_generation_and_an_object_that_is_not_there_are_noticed() {
    let file = sealed(&pdf::table());
    for row in ["0000000000 00001 n", "0000000009 00001 n", "9999999999 00001 n"] {
        assert_eq!(
            level(&revision(&file, &[(3, FORGED)], &[(3, row)], "")),
            ChangeLevel::Unexplained,
            "{row}"
        );
    }
    // A number that was not used, and leads nowhere here.
    let row = [(60, "9999999999 00000 n")];
    assert_eq!(level(&revision(&file, &[(60, FORGED)], &row, "")), ChangeLevel::Unexplained);
}

#[test]
fn a_field_that_nobody_signed_shows_nothing_new() {
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>";
    let catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>";
    let field = |rest: &str| format!("<</Type/Annot/Subtype/Widget/FT/Sig/T(Empty)/P 3 0 R{rest}>>");
    let file = sealed(&document(&[catalog, PAGES, page, &field("/Rect[0 0 9 9]")], ""));
    let fields = Document::open(&file).unwrap().fields().unwrap();
    let empty = fields.iter().find(|field| field.name == "Empty").unwrap().reference.unwrap().number;
    assert_eq!(empty, 4);
    let stamp = "<</Type/DocTimeStamp/SubFilter/ETSI.RFC3161/ByteRange[0 1 2 1]/Contents<00>>>";
    for rest in
        ["/Rect[0 0 9 9]/AP<</N 50 0 R>>", "/Rect[0 0 9 9]/AP<</N 50 0 R>>/V 51 0 R", "/Rect[0 0 9 9]/AA<<>>"]
    {
        let changed = field(rest);
        let objects = [(4, changed.as_str()), (50, FORGED), (51, stamp)];
        assert_eq!(level(&revision(&file, &objects, &[], "")), ChangeLevel::Unexplained, "{rest}");
    }
}

#[test]
fn a_store_is_read_up_to_a_bound() {
    // Spaces that decode to a store of 120 MiB would do as well; plain data keeps the test free of a compressor.
    let large = format!("<</Length {0}>>\nstream\n{1}\nendstream", 30 << 20, "0".repeat(30 << 20));
    let other = large.replacen("\n0", "\n1", 1);
    let third = large.replacen("\n0", "\n2", 1);
    let catalog = "<</Type/Catalog/Pages 2 0 R/DSS<</Certs[4 0 R 5 0 R 6 0 R 7 0 R]>>>>";
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>";
    let file = document(&[catalog, PAGES, page, &large, &other, &third, FORGED], "");
    let store = read(&Document::open(&file).unwrap()).unwrap().store;
    assert_eq!(store.evidence.certificates.len(), 1);
    assert_eq!(store.unreadable, 3);
}

/// What the form and the catalog keep books about may be shown elsewhere too.
#[test]
fn bookkeeping_of_objects_that_are_shown_is_noticed() {
    let page = |rest: &str| format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]{rest}>>");
    // The catalog's /Version is the content of the page.
    let contents = page("/Contents 4 0 R");
    let catalog = "<</Type/Catalog/Pages 2 0 R/Version 4 0 R>>";
    let file = sealed(&document(&[catalog, PAGES, &contents, FORGED], ""));
    let other = "<</Length 3>>\nstream\n1 w\nendstream";
    let catalog = catalog_of(&file);
    let catalog = format!("{}/DSS<<>>>>", catalog.strip_suffix(">>").unwrap());
    assert_eq!(level(&revision(&file, &[(1, &catalog), (4, other)], &[], "")), ChangeLevel::Unexplained);

    // The form's list of fields is the list of a page's contents, or of the pages.
    for (catalog, pages, shared) in [
        ("", PAGES, page("/Contents 4 0 R")),
        ("", "<</Type/Pages/Kids 4 0 R/Count 1>>", page("")),
        ("/OpenAction<</S/Hide/T 4 0 R>>", PAGES, page("/Resources<</ProcSet 4 0 R>>")),
    ] {
        let list = if pages == PAGES { "[5 0 R]" } else { "[3 0 R]" };
        let catalog = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields 4 0 R>>{catalog}>>");
        let file = sealed(&document(&[&catalog, pages, &shared, list, FORGED, other], ""));
        let opened = Document::open(&file).unwrap();
        let kept = opened.load(segl_pdf::Reference::new(4)).unwrap();
        let kept: String = kept
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("{} ", item.as_reference().unwrap()))
            .collect();
        let field = "<</Type/Page/Parent 2 0 R/Contents 51 0 R/FT/Sig/T(x)/Rect[0 0 0 0]/V<</A 51 0 R>>>>";
        let objects = [(4, format!("[{kept}6 0 R 50 0 R]")), (50, field.to_owned()), (51, other.to_owned())];
        let objects: Vec<(u32, &str)> =
            objects.iter().map(|(number, body)| (*number, body.as_str())).collect();
        let changed = revision(&file, &objects, &[], "");
        assert_eq!(level(&changed), ChangeLevel::Unexplained, "{pages}");
        let found = read(&Document::open(&changed).unwrap()).unwrap().signatures.remove(0);
        let told = |rule| found.signature.findings.iter().any(|finding| finding.rule == rule);
        assert_eq!(told("pages-changed"), pages != PAGES);
    }
}

fn catalog_of(file: &[u8]) -> String {
    let text = String::from_utf8_lossy(file);
    let at = text.rfind("1 0 obj\n").unwrap();
    let body = &text[at + 8..];
    body[..body.find("\nendobj").unwrap()].to_owned()
}

/// A field's value says nothing about what the field is besides.
#[test]
fn values_of_fields_that_are_something_else_too_are_noticed() {
    let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>";
    let with = |catalog: &str, field: &str| {
        let catalog = format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>{catalog}>>");
        sealed(&document(&[&catalog, PAGES, page, field, "<</Type/OCG/Name(layer)>>"], ""))
    };
    let layers = "/OCProperties<</OCGs[5 0 R]/D 4 0 R>>";
    let tree = "/StructTreeRoot<</Type/StructTreeRoot/K<</S/Form/K<</Type/OBJR/Obj 4 0 R>>>>>>";
    let text = "<</FT/Tx/T(a)/Type/Annot/Subtype/Widget/Rect[0 0 1 1]>>";
    let stamp = "<</FT/Tx/T(a)/Type/Annot/Subtype/Stamp/Rect[0 0 9 9]>>";
    let value = text.replace(">>", "/V(b)/AP<</N 50 0 R>>>>");
    let states = text.replace(">>", "/AS[<</Event/View/OCGs[5 0 R]/Category[/View]>>]>>");
    let drawn = stamp.replace(">>", "/AP<</N 50 0 R>>>>");
    for (name, catalog, field, now, expected) in [
        ("layers", layers, text, &states, ChangeLevel::Unexplained),
        ("stamp", "", stamp, &drawn, ChangeLevel::Unexplained),
        ("honest", "", text, &value, ChangeLevel::FormFilling),
        ("honest, tagged", tree, text, &value, ChangeLevel::FormFilling),
    ] {
        let mut objects = vec![(4, now.as_str()), (50, FORGED)];
        objects.retain(|(number, _)| *number == 4 || now.contains("50 0 R"));
        let changed = revision(&with(catalog, field), &objects, &[], "");
        assert_eq!(level(&changed), expected, "{name}");
    }
}
