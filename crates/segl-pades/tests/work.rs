//! Small files that ask for much work or memory: what is not done is said, always at the same place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{pdf, sealed, with_store};
use segl_pades::{ChangeKind, ChangeLevel, read};
use segl_pdf::{Dictionary, Document, Limits, Object, PdfString, Update};

/// A document with so many fields, each made by a function.
fn with_fields(
    count: usize,
    padding: usize,
    field: impl Fn(usize, &mut Update<'_, &[u8]>) -> Dictionary,
) -> Vec<u8> {
    let original = pdf::table();
    let document = Document::open(&original[..]).unwrap();
    let mut update = Update::new(&document).unwrap();
    let fields: Vec<Object> = (0..count)
        .map(|number| {
            let field =
                field(number, &mut update).with("T", PdfString::literal(format!("f{number}").into_bytes()));
            update.add(field).unwrap().into()
        })
        .collect();
    update.add_stream(Dictionary::new(), vec![b' '; padding]).unwrap();
    let form = Dictionary::new().with("Fields", fields);
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    let appendix = update.finish(b"fields").unwrap();
    [&original[..], appendix.bytes()].concat()
}

#[test]
fn revisions_beyond_the_budget_are_not_compared_and_said_to_be() {
    let mut file = sealed(&with_fields(1500, 0, |_, _| Dictionary::new().with("FT", Object::name("Tx"))));
    for saved in [10, 90] {
        for _ in 0..saved {
            let document = Document::open(&file[..]).unwrap();
            let previous = document.last_revision().unwrap().xref_offset();
            let size = document.trailer().get("Size").and_then(Object::as_integer).unwrap();
            let xref = file.len();
            let section = format!(
                "xref\n0 0\ntrailer\n<</Size {size}/Root 1 0 R/Prev {previous}{}>>\nstartxref\n{xref}\n%%EOF\n",
                "/Info 5 0 R/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"
            );
            file.extend_from_slice(section.as_bytes());
        }
        let found = read(&Document::open(&file[..]).unwrap()).unwrap().signatures.remove(0);
        let later = &found.facts.later;
        if saved == 10 {
            assert_eq!((later.level(), later.revisions), (ChangeLevel::None, 10));
            continue;
        }
        assert_eq!((later.level(), later.revisions), (ChangeLevel::Unexplained, 100));
        // 87 revisions of 1500 fields are 130 500; the next one is too much, and those after it are not looked at.
        assert_eq!(later.unexplained().count(), 13);
        assert_eq!(
            later.unexplained().next().unwrap().revision + 13,
            Document::open(&file[..]).unwrap().revisions().len()
        );
        assert!(later.changes.iter().all(
            |change| matches!(&change.kind, ChangeKind::Unexplained { what } if what.contains("not compared"))
        ));
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, 0x82][..], &(content.len() as u16).to_be_bytes(), content].concat()
}

/// A message whose one signer has no signed attributes.
fn without_attributes() -> Vec<u8> {
    let oid = |octets: &[u8]| tlv(6, octets);
    let sha256 = tlv(0x30, &oid(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]));
    let ecdsa = tlv(0x30, &oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]));
    let sid = tlv(0x30, &[tlv(0x30, &[]), tlv(2, &[1])].concat());
    let signer = tlv(0x30, &[tlv(2, &[1]), sid, sha256.clone(), ecdsa, tlv(4, b"abc")].concat());
    let data = tlv(0x30, &oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]));
    let signed = tlv(0x30, &[tlv(2, &[1]), tlv(0x31, &sha256), data, tlv(0x31, &signer)].concat());
    tlv(0x30, &[oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2]), tlv(0xa0, &signed)].concat())
}

#[test]
fn covered_octets_are_kept_for_a_few_signatures_only() {
    let head = 8 << 20;
    let file = with_fields(20, 9 << 20, |number, update| {
        let range = [0, head, head + 100 + number as i64, 1000].map(Object::Integer).to_vec();
        let signature = Dictionary::new()
            .with("Type", Object::name("Sig"))
            .with("Filter", Object::name("X"))
            .with("SubFilter", Object::name("adbe.pkcs7.detached"))
            .with("ByteRange", range)
            .with("Contents", PdfString::literal(without_attributes()));
        let value = update.add(signature).unwrap();
        Dictionary::new().with("FT", Object::name("Sig")).with("V", value)
    });
    let found = read(&Document::open(&file[..]).unwrap()).unwrap().signatures;
    assert_eq!(found.len(), 20);
    let kept: usize = found.iter().map(|found| found.signature.signed_bytes.len()).sum();
    assert_eq!(kept, 7 * ((8 << 20) + 1000), "the eighth would be over 64 MiB");
    for found in found {
        let told = found.signature.findings.iter().any(|one| one.fatal && one.rule == "covered-octets-limit");
        assert_eq!(told, found.signature.signed_bytes.is_empty());
    }
}

/// A tagged document: so many parts, one after the other in object streams 5 and 6 with so much padding.
fn tagged(count: u32, padding: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut rows = vec![0_u8; 7];
    let mut add = |file: &mut Vec<u8>, number: u32, body: &str| {
        rows.push(1);
        rows.extend_from_slice(&(file.len() as u32).to_be_bytes());
        rows.extend_from_slice(&[0, 0]);
        file.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    };
    let parts: String = (100..100 + count).map(|number| format!("{number} 0 R ")).collect();
    add(&mut file, 1, "<</Type/Catalog/Pages 2 0 R/StructTreeRoot 4 0 R>>");
    add(&mut file, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    add(&mut file, 3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 5 5]>>");
    add(&mut file, 4, &format!("<</Type/StructTreeRoot/K[{parts}]>>"));
    for stream in 0..2_u32 {
        let (mut index, mut body) = (String::new(), String::new());
        for number in (100..100 + count).filter(|number| number % 2 == stream) {
            index.push_str(&format!("{number} {} ", body.len()));
            body.push_str("<</S/P/P 4 0 R>> ");
        }
        let data = format!("{index}{body}{}", " ".repeat(padding));
        let (objects, first, length) = (count / 2, index.len(), data.len());
        let head = format!("<</Type/ObjStm/N {objects}/First {first}/Length {length}>>");
        add(&mut file, 5 + stream, &format!("{head}\nstream\n{data}\nendstream"));
    }
    let xref = file.len();
    add(&mut file, 7, "");
    file.truncate(xref);
    for number in 0..count {
        rows.push(2);
        rows.extend_from_slice(&(5 + number % 2).to_be_bytes());
        rows.extend_from_slice(&(number as u16 / 2).to_be_bytes());
    }
    let (size, length) = (100 + count, rows.len());
    let head =
        format!("<</Type/XRef/W[1 4 2]/Index[0 8 100 {count}]/Size {size}/Root 1 0 R/Length {length}>>");
    file.extend_from_slice(format!("7 0 obj\n{head}\nstream\n").as_bytes());
    file.extend_from_slice(&rows);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{xref}\n%%EOF\n").as_bytes());
    file
}

#[test]
fn object_streams_that_evict_each_other_are_looked_through_one_by_one() {
    let file = with_store(&sealed(&tagged(1000, 10_000)));
    let mut limits = Limits::default();
    limits.object_stream_cache = 1000;
    limits.object_streams_decoded = 300_000;
    let document = Document::open_with(&file[..], limits).unwrap();
    let found = read(&document).unwrap().signatures.remove(0);
    assert_eq!(found.facts.later.level(), ChangeLevel::LongTerm);
}
