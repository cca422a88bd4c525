//! From B-B to B-LTA in every form of PDF, written and read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::{noon, pdf, sealed, stamped, with_store};
use segl_ades::{Family, Format, Level, Scope, TimestampKind};
use segl_crypto::DigestAlgorithm;
use segl_pades::{
    AssembleError, ChangeKind, ChangeLevel, GrowingFile, SealProperties, add_evidence, prepare, read,
};
use segl_pdf::{Document, Limits, Object, Reference};

fn level(file: &[u8]) -> Format {
    let document = Document::open(file).unwrap();
    read(&document).unwrap().into_signatures().remove(0).format
}

#[test]
fn every_level_in_every_form() {
    for (form, original) in pdf::every_form() {
        let b = sealed(&original);
        let lt = with_store(&b);
        let lta = stamped(&lt);
        assert!(lta.starts_with(&lt) && lt.starts_with(&b) && b.starts_with(&original), "{form}");
        assert_eq!(level(&b), Format::baseline(Family::Pades, Level::B), "{form}");
        assert_eq!(level(&stamped(&b)), Format::baseline(Family::Pades, Level::T), "{form}");
        assert_eq!(
            level(&stamped(&with_store(&stamped(&b)))),
            Format::baseline(Family::Pades, Level::Lta),
            "{form}"
        );
        assert_eq!(level(&lta), Format::baseline(Family::Pades, Level::Lta), "{form}");

        let document = Document::open(&lta).unwrap();
        let reading = read(&document).unwrap();
        let [found] = &reading.signatures[..] else { panic!("{form}") };
        assert!(found.signature.findings.is_empty(), "{form}: {:?}", found.signature.findings);
        assert!(found.signature.content[0].intact());
        assert_eq!(found.signature.properties.claimed_signing_time, Some(noon()));
        let total = lta.len() as u64;
        let [_, head, _, tail] = found.facts.byte_range.unwrap();
        assert_eq!(found.signature.content[0].scope, Scope::Partial { covered: head + tail, total });
        assert_eq!(found.facts.revision, Some(1));
        assert_eq!(found.facts.fields, ["Signature1"]);
        assert_eq!(found.facts.later.revisions, 2);
        assert_eq!(found.facts.later.level(), ChangeLevel::LongTerm, "{form}: {:?}", found.facts.later);
        assert!(found.facts.later.changes.iter().any(|change| change.kind == ChangeKind::SecurityStore));

        let [stamp] = &reading.timestamps[..] else { panic!("{form}") };
        assert!(stamp.findings.is_empty(), "{form}: {:?}", stamp.findings);
        assert!(stamp.facts.covers_whole_file);
        assert!(reading.store.evidence.pieces().all(|piece| stamp.claim.covered.has(piece)));
        assert!(stamp.claim.covered.has(found.signature.value.as_bytes()));
        assert_eq!(stamp.claim.covered_until, Some(total));
        let token = segl_tsp::Token::from_der(&stamp.claim.token).unwrap();
        assert!(token.covers(stamp.claim.imprint.as_ref().unwrap()));
        assert_eq!(found.signature.timestamps.len(), 1);
        assert_eq!(found.signature.timestamps[0].kind, TimestampKind::Document);
        assert_eq!(reading.store.evidence.certificates.len(), 2);
        assert_eq!((reading.store.vri_entries, reading.store.unreadable), (0, 0));
    }
}

#[test]
fn the_digest_is_that_of_the_byte_range() {
    let original = pdf::table();
    let mut file = GrowingFile::open(&original[..], Limits::default()).unwrap();
    let prepared = prepare(file.document(), &SealProperties::new(noon(), 100)).unwrap();
    assert_eq!(prepared.reserved(), 100);
    let [_, head, tail, len] = prepared.byte_range().map(|number| number as usize);
    let digest = prepared.digest(file.digest(DigestAlgorithm::Sha384).unwrap());
    let appendix = prepared.assemble(&[0x30; 100]).unwrap();
    let whole = [original.as_slice(), appendix.bytes()].concat();
    assert_eq!(tail + len, whole.len());
    assert_eq!(whole[head], b'<');
    assert_eq!(whole[tail - 1], b'>');
    assert_eq!(&whole[head + 1..head + 201], "30".repeat(100).as_bytes());
    let covered = [&whole[..head], &whole[tail..]].concat();
    assert_eq!(Some(digest), segl_crypto::digest(DigestAlgorithm::Sha384, &covered));
}

#[test]
fn the_same_arguments_give_the_same_bytes() {
    let original = pdf::stream();
    let document = Document::open(&original).unwrap();
    let once = || prepare(&document, &SealProperties::new(noon(), 64)).unwrap().assemble(&[1]).unwrap();
    assert_eq!(once().bytes(), once().bytes());
}

#[test]
fn a_signature_that_does_not_fit_is_refused() {
    let original = pdf::table();
    let document = Document::open(&original).unwrap();
    let prepared = prepare(&document, &SealProperties::new(noon(), 64)).unwrap();
    assert_eq!(prepared.clone().assemble(&[]).unwrap_err(), AssembleError::Empty);
    assert_eq!(
        prepared.clone().assemble(&[0; 65]).unwrap_err(),
        AssembleError::DoesNotFit { len: 65, reserved: 64 }
    );
    assert!(prepared.assemble(&[1; 64]).is_ok());
}

#[test]
fn what_the_seal_says_is_read_back() {
    let properties = SealProperties::new(noon(), common::RESERVED)
        .field("Godkendelse")
        .reason("Pr\u{f8}ve (1)")
        .location("K\u{f8}benhavn")
        .name("\u{20ac}")
        .contact("nobody");
    let file = common::seal_with(&pdf::table(), &properties);
    let reading = read(&Document::open(&file).unwrap()).unwrap();
    let found = &reading.signatures[0];
    assert_eq!(found.signature.id, "Godkendelse");
    assert_eq!(found.signature.properties.reason.as_deref(), Some("Pr\u{f8}ve (1)"));
    assert_eq!(found.signature.properties.place.as_deref(), Some("K\u{f8}benhavn"));
    assert_eq!(found.facts.name.as_deref(), Some("\u{20ac}"));
    assert_eq!(found.facts.contact.as_deref(), Some("nobody"));
    assert!(found.facts.covers_whole_file);
    assert_eq!(found.facts.later.level(), ChangeLevel::None);
}

#[test]
fn the_parts_are_as_the_standard_wants_them() {
    let file = sealed(&pdf::stream());
    let document = Document::open(&file).unwrap();
    let catalog = document.catalog().unwrap();
    let extensions = document.dictionary(&catalog, "Extensions").unwrap().unwrap();
    assert!(extensions.get("ESIC").is_some());
    let form = document.form().unwrap().unwrap();
    assert_eq!(form.get("SigFlags"), Some(&Object::Integer(3)));
    let field = document.fields().unwrap().remove(0);
    assert_eq!(field.dictionary.get("F"), Some(&Object::Integer(132)));
    assert_eq!(field.dictionary.get("Rect"), Some(&Object::Array(vec![Object::Integer(0); 4])));
    let (page, dictionary) = document.first_page().unwrap();
    assert_eq!(field.dictionary.get("P"), Some(&Object::Reference(page)));
    let annotations = dictionary.get("Annots").and_then(Object::as_array).unwrap();
    assert_eq!(annotations, [Object::Reference(field.reference.unwrap())]);
    // The signature dictionary is an object of its own in the file, not inside a stream.
    let signature = field.value.unwrap().as_reference().unwrap();
    assert!(matches!(document.entry(signature.number), Some(segl_pdf::Entry::InUse { .. })));
    let signature = document.load(signature).unwrap();
    let signature = signature.as_dictionary().unwrap();
    let keys: Vec<_> =
        signature.iter().map(|(key, _)| String::from_utf8_lossy(key.as_bytes()).into_owned()).collect();
    assert_eq!(keys, ["Type", "Filter", "SubFilter", "M", "ByteRange", "Contents"]);
}

#[test]
fn evidence_is_added_once() {
    let file = with_store(&sealed(&pdf::table()));
    let document = Document::open(&file).unwrap();
    assert!(add_evidence(&document, &common::evidence()).unwrap().is_none());
    let mut more = common::evidence();
    more.crls.push(vec![0x30, 3, 2, 1, 9]);
    let appendix = add_evidence(&document, &more).unwrap().unwrap();
    let longer = [file.as_slice(), appendix.bytes()].concat();
    let store = segl_pades::read_security_store(&Document::open(&longer).unwrap()).unwrap();
    assert_eq!(store.evidence.crls.len(), 2);
    assert_eq!(store.evidence.certificates.len(), 2);
    let reading = read(&Document::open(&longer).unwrap()).unwrap();
    assert_eq!(reading.signatures[0].facts.later.level(), ChangeLevel::LongTerm);
}

#[test]
fn seals_and_stamps_may_follow_each_other() {
    let twice = sealed(&stamped(&with_store(&sealed(&pdf::hybrid()))));
    let renewed = stamped(&stamped(&twice));
    let reading = read(&Document::open(&renewed).unwrap()).unwrap();
    let names: Vec<&str> = reading.signatures.iter().map(|found| found.signature.id.as_str()).collect();
    assert_eq!(names, ["Signature1", "Signature2"]);
    let stamps: Vec<&str> = reading.timestamps.iter().map(|found| found.claim.id.as_str()).collect();
    assert_eq!(stamps, ["Timestamp1", "Timestamp2", "Timestamp3"]);
    assert_eq!(reading.signatures[0].signature.timestamps.len(), 3);
    assert_eq!(reading.signatures[1].signature.timestamps.len(), 2);
    assert_eq!(reading.signatures[0].facts.later.level(), ChangeLevel::FormFilling);
    assert_eq!(reading.signatures[1].facts.later.level(), ChangeLevel::LongTerm);
    for found in &reading.signatures {
        assert!(found.signature.content[0].intact() && found.signature.findings.is_empty());
    }
}

#[test]
fn another_reader_finds_the_signature() {
    for (form, original) in pdf::every_form() {
        let file = stamped(&with_store(&sealed(&original)));
        let other = lopdf::Document::load_mem(&file).unwrap_or_else(|error| panic!("{form}: {error}"));
        let catalog = other.catalog().unwrap();
        let form_dictionary = other.get_dict_in_dict(catalog, b"AcroForm").unwrap();
        let fields = form_dictionary.get(b"Fields").unwrap().as_array().unwrap();
        assert_eq!(fields.len(), 2, "{form}");
        let field = other.get_dictionary(fields[0].as_reference().unwrap()).unwrap();
        let signature = other.get_dict_in_dict(field, b"V").unwrap();
        assert_eq!(signature.get(b"SubFilter").unwrap().as_name().unwrap(), b"ETSI.CAdES.detached");
        assert!(other.get_dict_in_dict(catalog, b"DSS").is_ok(), "{form}");
        assert_eq!(other.get_pages().len(), 1, "{form}");
    }
}

#[test]
fn an_array_of_annotations_elsewhere_grows_there() {
    let original = pdf::table();
    let document = Document::open(&original).unwrap();
    let mut update = segl_pdf::Update::new(&document).unwrap();
    let annotations = update.add(Vec::<Object>::new()).unwrap();
    let (page, dictionary) = document.first_page().unwrap();
    update.replace(page, dictionary.with("Annots", annotations)).unwrap();
    let original = [original.as_slice(), update.finish(b"").unwrap().bytes()].concat();
    let file = sealed(&original);
    let document = Document::open(&file).unwrap();
    // The page itself is not written again.
    let last = document.last_revision().unwrap();
    assert!(last.objects().all(|object| object != Reference::new(3)));
    let reading = read(&Document::open(&stamped(&file)).unwrap()).unwrap();
    assert_eq!(reading.signatures[0].facts.later.level(), ChangeLevel::LongTerm);
}
