//! What earlier signatures and fields forbid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{noon, pdf, sealed};
use segl_pades::{ChangeLevel, PrepareError, SealProperties, prepare, prepare_timestamp, read};
use segl_pdf::{Dictionary, Document, Object, PdfString, Reference, Update};

fn properties() -> SealProperties {
    SealProperties::new(noon(), 64)
}

/// A document with one signature field, in which the given keys are set too.
fn with_field(name: &str, field: Dictionary) -> Vec<u8> {
    let original = pdf::table();
    let document = Document::open(&original).unwrap();
    let mut update = Update::new(&document).unwrap();
    let mut field = field.with("T", PdfString::literal(name));
    if field.get("FT").is_none() {
        field.set("FT", Object::name("Sig"));
    }
    let field = update.add(field).unwrap();
    let form = Dictionary::new().with("Fields", vec![field.into()]).with("SigFlags", 1);
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    [original.as_slice(), update.finish(b"").unwrap().bytes()].concat()
}

fn signed_with(reference: Dictionary) -> Dictionary {
    let signature =
        Dictionary::new().with("Type", Object::name("Sig")).with("Reference", vec![reference.into()]);
    Dictionary::new().with("V", signature)
}

fn transform(method: &str, parameters: Dictionary) -> Dictionary {
    Dictionary::new().with("TransformMethod", Object::name(method)).with("TransformParams", parameters)
}

fn refusal(file: &[u8], properties: &SealProperties) -> PrepareError {
    prepare(&Document::open(file).unwrap(), properties).map(|_| ()).unwrap_err()
}

#[test]
fn certified_without_changes_refuses_a_seal_and_takes_a_stamp() {
    let file = with_field("Author", signed_with(transform("DocMDP", Dictionary::new().with("P", 1))));
    let error = refusal(&file, &properties());
    assert!(error.to_string().starts_with("forbidden by DocMDP"), "{error}");
    assert!(matches!(error, PrepareError::ForbiddenByDocMdp { permission: 1, .. }));
    assert!(prepare_timestamp(&Document::open(&file).unwrap(), 64).is_ok());
}

#[test]
fn other_certifications_take_a_seal() {
    for parameters in [Dictionary::new().with("P", 2), Dictionary::new().with("P", 3), Dictionary::new()] {
        let file = with_field("Author", signed_with(transform("DocMDP", parameters)));
        assert!(prepare(&Document::open(&file).unwrap(), &properties()).is_ok());
    }
}

#[test]
fn a_certification_binds_through_the_catalog_too() {
    let original = pdf::table();
    let document = Document::open(&original).unwrap();
    let mut update = Update::new(&document).unwrap();
    let Some(Object::Dictionary(signature)) =
        signed_with(transform("DocMDP", Dictionary::new().with("P", 1))).get("V").cloned()
    else {
        panic!("a signature")
    };
    let signature = update.add(signature).unwrap();
    let catalog = document.catalog().unwrap().with("Perms", Dictionary::new().with("DocMDP", signature));
    update.replace(document.root(), catalog).unwrap();
    let file = [original.as_slice(), update.finish(b"").unwrap().bytes()].concat();
    assert!(matches!(refusal(&file, &properties()), PrepareError::ForbiddenByDocMdp { .. }));
}

#[test]
fn a_lock_that_was_signed_binds() {
    let lock = Dictionary::new().with("Action", Object::name("All")).with("P", 1);
    let file = with_field("First", signed_with(transform("FieldMDP", lock)));
    assert!(matches!(refusal(&file, &properties()), PrepareError::ForbiddenByDocMdp { permission: 1, .. }));
}

#[test]
fn a_locked_field_is_not_filled() {
    let first = with_field("Empty", Dictionary::new());
    let document = Document::open(&first).unwrap();
    let mut update = Update::new(&document).unwrap();
    let lock = Dictionary::new()
        .with("Action", Object::name("Include"))
        .with("Fields", vec![PdfString::literal("Empty").into()]);
    let signed = signed_with(transform("FieldMDP", lock))
        .with("T", PdfString::literal("First"))
        .with("FT", Object::name("Sig"));
    let signed = update.add(signed).unwrap();
    let empty = document.fields().unwrap()[0].reference.unwrap();
    let form = Dictionary::new().with("Fields", vec![empty.into(), signed.into()]);
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    let file = [first.as_slice(), update.finish(b"").unwrap().bytes()].concat();
    let error = refusal(&file, &properties().field("Empty"));
    assert!(matches!(error, PrepareError::ForbiddenByFieldMdp { .. }), "{error}");
    assert!(prepare(&Document::open(&file).unwrap(), &properties().field("Other")).is_ok());
}

#[test]
fn an_empty_field_is_filled_and_its_lock_signed() {
    let lock =
        Dictionary::new().with("Type", Object::name("SigFieldLock")).with("Action", Object::name("All"));
    let file = with_field("Here", Dictionary::new().with("Lock", lock));
    let sealed = common::seal_with(&file, &SealProperties::new(noon(), common::RESERVED).field("Here"));
    let document = Document::open(&sealed).unwrap();
    assert_eq!(document.fields().unwrap().len(), 1);
    let reading = read(&document).unwrap();
    assert_eq!(reading.signatures[0].signature.id, "Here");
    let value = document.fields().unwrap()[0].value.clone().unwrap();
    let Object::Dictionary(signature) = document.resolve(&value).unwrap() else { panic!("a signature") };
    let reference =
        signature.get("Reference").unwrap().as_array().unwrap()[0].as_dictionary().unwrap().clone();
    assert_eq!(reference.get("TransformMethod"), Some(&Object::name("FieldMDP")));
    // Everything is locked now, so the same field cannot be signed again, but an invisible stamp may follow.
    assert!(matches!(refusal(&sealed, &properties().field("Here")), PrepareError::AlreadySigned { .. }));
    assert!(prepare_timestamp(&document, 64).is_ok());
}

#[test]
fn fields_that_cannot_be_used_are_named() {
    let text = with_field("Text", Dictionary::new().with("FT", Object::name("Tx")));
    assert!(matches!(refusal(&text, &properties().field("Text")), PrepareError::NotASignatureField { .. }));
    for name in ["", "a.b"] {
        assert!(matches!(refusal(&text, &properties().field(name)), PrepareError::InvalidFieldName { .. }));
    }
    let signed = sealed(&pdf::table());
    assert!(matches!(
        refusal(&signed, &properties().field("Signature1")),
        PrepareError::AlreadySigned { .. }
    ));
    for reserved in [0, usize::MAX] {
        let error = refusal(&signed, &SealProperties::new(noon(), reserved));
        assert!(matches!(error, PrepareError::Reserve { .. }));
    }
}

#[test]
fn seed_values_that_cannot_be_met_are_named() {
    let seed = |values: Dictionary| with_field("Here", Dictionary::new().with("SV", values));
    let wanted = properties().field("Here");
    let only_adobe =
        Dictionary::new().with("Ff", 2).with("SubFilter", vec![Object::name("adbe.pkcs7.detached")]);
    assert!(matches!(
        refusal(&seed(only_adobe), &wanted),
        PrepareError::SeedValue { constraint: "SubFilter", .. }
    ));
    let reasons = Dictionary::new().with("Ff", 8);
    assert!(matches!(
        refusal(&seed(reasons), &wanted),
        PrepareError::SeedValue { constraint: "Reasons", .. }
    ));
    let fine = Dictionary::new()
        .with("Ff", 3)
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", vec![Object::name("ETSI.CAdES.detached")]);
    assert!(prepare(&Document::open(&seed(fine)).unwrap(), &wanted).is_ok());
    for permission in [1, 2, 3] {
        let certification = Dictionary::new().with("MDP", Dictionary::new().with("P", permission));
        let error = refusal(&seed(certification), &wanted);
        assert!(matches!(error, PrepareError::SeedValue { constraint: "MDP", .. }), "{error}");
    }
    let one_subject = Dictionary::new().with("Ff", 1).with("Subject", vec![PdfString::literal("DER").into()]);
    let error = refusal(&seed(Dictionary::new().with("Cert", one_subject)), &wanted);
    assert!(matches!(error, PrepareError::SeedValue { constraint: "Cert", .. }), "{error}");
    let approval = Dictionary::new()
        .with("MDP", Dictionary::new().with("P", 0))
        .with("Cert", Dictionary::new().with("Subject", vec![PdfString::literal("DER").into()]));
    assert!(prepare(&Document::open(&seed(approval)).unwrap(), &wanted).is_ok());
    let wishes = Dictionary::new().with("SubFilter", vec![Object::name("adbe.pkcs7.detached")]);
    assert!(prepare(&Document::open(&seed(wishes)).unwrap(), &wanted).is_ok());
}

/// Whoever fills a field that lies over the whole page decides what is seen of it.
#[test]
fn fields_that_cover_their_page_are_told() {
    let widget = |kind: &str, rect: [i64; 4], page: Reference| {
        Dictionary::new()
            .with("Type", Object::name("Annot"))
            .with("Subtype", Object::name("Widget"))
            .with("FT", Object::name(kind))
            .with("T", PdfString::literal(format!("{kind}{}", rect[3])))
            .with("Rect", rect.map(Object::Integer).to_vec())
            .with("P", page)
    };
    let original = pdf::table();
    let document = Document::open(&original).unwrap();
    let (page, dictionary) = document.first_page().unwrap();
    let sizes = dictionary.get("MediaBox").and_then(Object::as_array).unwrap().to_vec();
    let [width, height] = [2, 3].map(|index: usize| sizes[index].as_integer().unwrap());
    let mut update = Update::new(&document).unwrap();
    let rects = [[0, 0, width, height], [0, 0, width / 3, height], [width, 0, width / 2, height - 1]];
    let widgets: Vec<Object> =
        rects.iter().map(|rect| update.add(widget("Tx", *rect, page)).unwrap().into()).collect();
    let form = Dictionary::new().with("Fields", widgets.clone());
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    update.replace(page, dictionary.with("Annots", widgets.clone())).unwrap();
    let file = sealed(&[original.as_slice(), update.finish(b"").unwrap().bytes()].concat());

    let told = |file: &[u8]| {
        let found = read(&Document::open(file).unwrap()).unwrap().signatures.remove(0);
        assert_eq!(found.facts.later.level(), ChangeLevel::FormFilling);
        let findings = found.signature.findings;
        findings.into_iter().find(|finding| finding.rule == "fields-cover-page").map(|finding| {
            assert!(!finding.fatal);
            finding.text
        })
    };
    let fill = |file: &[u8], fields: &[usize]| {
        let document = Document::open(file).unwrap();
        let mut update = Update::new(&document).unwrap();
        for index in fields {
            let look = update.add_stream(Dictionary::new(), b"1 g 0 0 9 9 re f".to_vec()).unwrap();
            let reference = widgets[*index].as_reference().unwrap();
            let Object::Dictionary(field) = document.load(reference).unwrap() else { panic!("a field") };
            let field =
                field.with("V", PdfString::literal("x")).with("AP", Dictionary::new().with("N", look));
            update.replace(reference, field).unwrap();
        }
        [file, update.finish(b"fill").unwrap().bytes()].concat()
    };
    assert!(told(&fill(&file, &[0])).unwrap().contains("100 %"));
    assert_eq!(told(&fill(&file, &[1])), None);
    // Several together, also one after the other; one that is filled again covers no more than before.
    assert!(told(&fill(&file, &[1, 2])).unwrap().contains("82 %"));
    assert!(told(&fill(&fill(&file, &[1]), &[2])).unwrap().contains("82 %"));
    assert_eq!(told(&fill(&fill(&file, &[1]), &[1])), None);

    // A signature that nobody asked for, over everything.
    let document = Document::open(&file).unwrap();
    let mut update = Update::new(&document).unwrap();
    let look = update.add_stream(Dictionary::new(), b"1 g 0 0 9 9 re f".to_vec()).unwrap();
    let signature = Dictionary::new()
        .with("Type", Object::name("Sig"))
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", Object::name("adbe.pkcs7.detached"));
    let signature = update.add(signature).unwrap();
    let sneaky = widget("Sig", [0, 0, width, height], page)
        .with("V", signature)
        .with("AP", Dictionary::new().with("N", look));
    let sneaky = update.add(sneaky).unwrap();
    let form = document.form().unwrap().unwrap();
    let with_sneaky = |list: &Object| {
        let mut list = list.as_array().unwrap().to_vec();
        list.push(sneaky.into());
        list
    };
    let list = with_sneaky(form.get("Fields").unwrap());
    let form = form.with("Fields", list);
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    let (page, dictionary) = document.first_page().unwrap();
    let annotations = with_sneaky(dictionary.get("Annots").unwrap());
    update.replace(page, dictionary.with("Annots", annotations)).unwrap();
    let file = [file.as_slice(), update.finish(b"sneaky").unwrap().bytes()].concat();
    assert!(told(&file).unwrap().contains("100 %"));
}
