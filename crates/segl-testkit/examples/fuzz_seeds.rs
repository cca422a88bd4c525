//! Writes the seeds of the fuzz targets: `cargo run -p segl-testkit --features sealing --example fuzz_seeds -- fuzz/corpus`.
//!
//! One of each thing that a target eats, made by our own code, the same bytes in every run: time and random
//! numbers are fixed.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a tool for developers may stop at the first surprise"
)]

use std::{
    cell::Cell,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use segl::{
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{
        Currency, IdentificationMethod, Lifetime, MemoryRegister, PdsLocation, QcStatements, QcType,
        Semantics, Statement,
    },
    crypto::{DigestAlgorithm, digest},
    key::{Curve, SoftToken},
    pades::read,
    pdf::{Dictionary, Document, Limits, Object, PdfString, Update},
    record::{Advance, Checkpoint, Event, Head, Outcome, Progress},
    revocation::OcspRequest,
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions},
    tsp::{TimestampRequest, TimestampResponse, Token},
    x509::{Certificate, ObjectIdentifier, oids::QC_STATEMENTS},
};
use segl_testkit::{
    rng::SeededRng,
    sealing::{T0, cleared, log_id, opening, progress, record, salts},
    seals::{Sealer, anchors, authority, profile, urls},
};

fn main() {
    let Some(corpus) = env::args_os().nth(1).map(PathBuf::from) else { panic!("say in which folder") };
    let seed = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };

    let mut rng = SeededRng::new(1);
    let register = MemoryRegister::default();
    let now = T0;
    let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
    let authority = authority(keys, &register, now, &mut rng);
    let material = authority.material();

    for (name, certificate) in [
        ("root", &material.root),
        ("issuing-ca", &material.issuing_ca),
        ("time-stamp-unit", &material.time_stamp_unit),
        ("ocsp-responder", &material.ocsp_responder),
    ] {
        for target in ["x509_certificate", "cert_content", "cert_lint"] {
            seed(target, name, certificate.as_der());
        }
        seed("x509_pem", name, pem(certificate).as_bytes());
        seed("x509_name", name, certificate.subject().as_der());
        seed("x509_request", name, &request(certificate));
    }
    let two = [pem(&material.root), "# the one it issued\r\n".to_owned(), pem(&material.issuing_ca)].concat();
    seed("x509_pem", "two", two.as_bytes());
    seed("fetch_certificates", "two", two.as_bytes());
    seed("fetch_certificates", "issuing-ca", material.issuing_ca.as_der());
    for (name, url) in [("ocsp", urls().ocsp()), ("list", urls().root_crl())] {
        seed("fetch_url", name, url.as_bytes());
    }
    seed("cert_qc_statements", "every", &statements().to_der());
    records(&seed);
    seed("revocation_crl", "root", material.root_crl.as_der());
    seed("revocation_crl", "ca", authority.ca_crl(&register, now).unwrap().as_der());

    let nonce = Some(vec![7; 32]);
    let question = (&material.ocsp_responder, &material.issuing_ca, DigestAlgorithm::Sha256);
    let question = OcspRequest::about(question.0, question.1, question.2, nonce).unwrap().to_der();
    seed("revocation_ocsp_request", "with-nonce", &question);
    let answer = authority.respond(&question, &register, now);
    seed("revocation_ocsp", "good", &answer);
    seed("revocation_ocsp", "unreadable", &authority.respond(b"no request", &register, now));

    let imprint = digest(DigestAlgorithm::Sha256, b"seed").unwrap();
    let request = TimestampRequest::new(&imprint).with_nonce(&[3; 8]).to_der();
    seed("tsp_request", "with-nonce", &request);
    let response = authority.stamp(&request, &[1, 2, 3], now);
    seed("tsp_response", "granted", &response);
    seed("tsp_response", "refused", &authority.stamp(b"no request", &[1], now));
    let granted = TimestampResponse::from_der(&response).unwrap();
    let token = Token::from_der(granted.token().unwrap()).unwrap();
    seed("tsp_tst_info", "sha256", &token.info().to_der());
    for target in ["tsp_token", "cms_signed_data", "cms_splice", "cades_read", "fetch_certificates"] {
        seed(target, "time-stamp", token.as_bytes());
    }

    let contract =
        fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contract.pdf")).unwrap();
    let mut documents = vec![("contract.pdf".to_owned(), contract.clone())];
    for (level, number) in [Level::B, Level::Lt, Level::Lta, Level::T].into_iter().zip(1..) {
        let sealed = sealed(&authority, &register, &contract, level, number);
        documents.push((format!("contract.{}.pdf", level.suffix()), sealed));
    }
    let form = with_field(&contract);
    let sealed_form = sealed(&authority, &register, &form, Level::B, 5);
    documents.insert(1, ("form.filled.pdf".to_owned(), filled(&sealed_form)));
    for target in ["pdf_document", "pdf_update", "pades_read", "pades_prepare", "validate_pdf"] {
        for (name, bytes) in &documents {
            seed(target, name, bytes);
        }
    }
    let (_, sealed) = documents.last().unwrap();
    let reading = read(&Document::open(sealed.as_slice()).unwrap()).unwrap();
    let signature = &reading.signatures.first().unwrap().signature;
    let certificate = signature.signer_certificate.as_deref().unwrap();
    for target in ["x509_certificate", "cert_content", "cert_lint"] {
        seed(target, "seal", certificate);
    }
    // Choices in one octet, then certificates from the leaf up.
    let above = [material.issuing_ca.as_der(), material.root.as_der()];
    for choices in [0, 0b0101_0000, 0b1000_0000] {
        let path = [&[choices], certificate, above[0], above[1]].concat();
        seed("path_find", &format!("seal-{choices}"), &path);
        let path = [&[choices | 1], material.time_stamp_unit.as_der(), above[1], above[0]].concat();
        seed("path_find", &format!("time-stamp-unit-{choices}"), &path);
    }
    let certificate = Certificate::from_der(certificate).unwrap();
    seed("x509_name", "seal", certificate.subject().as_der());
    seed("cert_qc_statements", "seal", certificate.extension(QC_STATEMENTS).unwrap().value());
    // The place of /Contents is between the two segments of the byte range, less the delimiters.
    let [_, start, end, _] = reading.signatures.first().unwrap().facts.byte_range.unwrap();
    let gap = usize::try_from(start).unwrap() + 1..usize::try_from(end).unwrap() - 1;
    let digits = sealed.get(gap).unwrap();
    let message: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    for target in ["cms_signed_data", "cms_splice", "cades_read"] {
        seed(target, "seal", &message);
    }
}

/// A statement of every kind.
fn statements() -> QcStatements {
    let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");
    let url = "https://pki.example.com/pds_en.pdf".to_owned();
    let location = PdsLocation { url, language: "en".to_owned() };
    let amount =
        Statement::LimitValue { currency: Currency::Alphabetic("DKK".to_owned()), amount: 5, exponent: 6 };
    let psd2 = Statement::Psd2 {
        roles: vec![(oid.into(), "PSP_AS".to_owned())],
        authority_name: "TEST Authority".to_owned(),
        authority_id: "DK-TEST".to_owned(),
    };
    QcStatements(vec![
        Statement::Compliance,
        Statement::QualifiedDevice,
        amount,
        Statement::RetentionPeriod(10),
        Statement::DisclosureStatements(vec![location]),
        Statement::Type(vec![QcType::Signature, QcType::Seal, QcType::Website, QcType::Other(oid.into())]),
        Statement::CountryLegislation(vec!["CH".to_owned()]),
        Statement::IdentificationMethod(vec![
            IdentificationMethod::Eidas2B,
            IdentificationMethod::Other(oid.into()),
        ]),
        Statement::DeviceLegislation(vec!["CH".to_owned()]),
        Statement::Semantics(Semantics {
            version_1: false,
            identifier: Some(oid.into()),
            name_registration_authorities: Vec::new(),
        }),
        psd2,
        Statement::Unknown { id: oid.into(), info: Some(vec![5, 0]) },
    ])
}

/// What a journal and a log keep of made-up sealings, and the texts that go with them.
fn records(seed: &impl Fn(&str, &str, &[u8])) {
    seed("record_opening", "whole", &opening(1).to_bytes());
    let unnamed = segl::record::Opening { reference: None, ..opening(2) };
    seed("record_opening", "without-reference", &unnamed.to_bytes());

    let of_session = |progress: &Progress| {
        [progress.session().uuid().as_bytes().as_slice(), &progress.to_bytes()].concat()
    };
    for done in 0..=7 {
        seed("record_progress", &format!("after-{done}"), &of_session(&progress(1, done)));
    }
    let mut unstamped = progress(1, 6);
    unstamped.advance(Advance::Unstamped).unwrap();
    seed("record_progress", "unstamped", &of_session(&unstamped));

    let mut head = Head::empty(log_id());
    let mut last = None;
    let completed = Event::Sealing(Box::new(record(1, 7, Outcome::Completed)));
    let declined = Event::Sealing(Box::new(record(2, 1, Outcome::Declined)));
    for (name, event) in
        [("completed", completed), ("declined", declined), ("cleared", Event::SlotCleared(cleared()))]
    {
        let (entry, disclosure) = head.append(&event, salts(1)).unwrap();
        let bytes = [[event.kind().number()].as_slice(), &disclosure.to_bytes()].concat();
        seed("record_disclosure", name, &bytes);
        head = entry.head();
        let checkpoint = Checkpoint::new(log_id(), head, T0, last.as_ref());
        seed("checkpoint", name, checkpoint.to_string().as_bytes());
        last = Some(checkpoint);
    }

    for (name, text) in [
        ("plain", "Case 17 of the tests".to_owned()),
        ("file", "Offer.pdf\0offers/offer.pdf\0other.txt".to_owned()),
        ("digest-hex", format!("see {}", "0f".repeat(32))),
        ("digest-base64", format!("see {}=", "Ab9".repeat(15).split_at(43).0)),
        ("person-number", "about 010190-1234".to_owned()),
        ("long", "æøå ".repeat(49)),
    ] {
        seed("reference_text", name, text.as_bytes());
    }
}

/// A certificate as text (RFC 7468).
fn pem(certificate: &Certificate) -> String {
    let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let group = |octets: &[u8]| {
        let at = |index: usize| usize::from(octets.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let letter =
            |place: usize| letters.get(bits >> (18 - 6 * place) & 63).filter(|_| place <= octets.len());
        (0..4).map(|place| letter(place).unwrap_or(&'=')).collect::<String>()
    };
    let line = |octets: &[u8]| octets.chunks(3).map(group).collect::<String>() + "\n";
    let lines: String = certificate.as_der().chunks(48).map(line).collect();
    format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
}

/// The document with a form of one field on its first page.
fn with_field(original: &[u8]) -> Vec<u8> {
    let document = Document::open(original).unwrap();
    let (page, dictionary) = document.first_page().unwrap();
    let mut update = Update::new(&document).unwrap();
    let field = Dictionary::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Tx"))
        .with("T", PdfString::literal("remarks"))
        .with("Rect", [0, 0, 400, 800].map(Object::Integer).to_vec())
        .with("P", page);
    let field = update.add(field).unwrap();
    let fields = update.add(Object::Array(vec![field.into()])).unwrap();
    let form = update.add(Dictionary::new().with("Fields", fields)).unwrap();
    update.replace(page, dictionary.with("Annots", vec![field.into()])).unwrap();
    update.replace(document.root(), document.catalog().unwrap().with("AcroForm", form)).unwrap();
    [original, update.finish(b"form").unwrap().bytes()].concat()
}

/// That document with its field filled, and its information and metadata written anew.
fn filled(sealed: &[u8]) -> Vec<u8> {
    let document = Document::open(sealed).unwrap();
    let fields = document.fields().unwrap();
    let field = fields.iter().find(|field| field.name == "remarks").unwrap();
    let mut update = Update::new(&document).unwrap();
    let look = update.add_stream(Dictionary::new(), b"1 g 0 0 400 800 re f".to_vec()).unwrap();
    let value = field.dictionary.clone().with("V", PdfString::literal("seen"));
    let value = value.with("AP", Dictionary::new().with("N", look));
    update.replace(field.reference.unwrap(), value).unwrap();
    let metadata = Dictionary::new().with("Type", Object::name("Metadata"));
    let metadata = update.add_stream(metadata, b"<x/>".to_vec()).unwrap();
    update.replace(document.root(), document.catalog().unwrap().with("Metadata", metadata)).unwrap();
    [sealed, update.finish(b"filled").unwrap().bytes()].concat()
}

/// The document sealed at a level. Every look at the clock finds it a tenth of a second later.
fn sealed(
    authority: &TestAuthority,
    register: &MemoryRegister,
    original: &[u8],
    level: Level,
    number: u64,
) -> Vec<u8> {
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + 1);
        T0 + Duration::from_millis(100 * ticks.get())
    };
    let journal = MemoryJournal::new(log_id());
    let sealer =
        Sealer { authority, register, anchors: &anchors(authority), journal: &journal, clock: &clock };
    let curve = Curve::P256;
    let order = Order { profile: profile("TEST Seal", Lifetime::Hours12, curve), curve, level };
    let random = |who: u64| SeededRng::new(10 * number + who);
    let mut document = PdfDocument::new(original, Limits::default(), PdfOptions::default());
    sealer.seal(number, SoftToken::new(random(3)), &order, &mut document, random).unwrap();
    [original, document.tail()].concat()
}

/// A certification request for what a certificate has: in form only, since the signature is another's.
fn request(certificate: &Certificate) -> Vec<u8> {
    let element = |tag: u8, parts: &[&[u8]]| {
        let content = parts.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82, high, low][..], &content].concat()
    };
    let (subject, spki) = (certificate.subject().as_der(), certificate.spki_der());
    let info = element(0x30, &[&[2, 1, 0], subject, spki, &[0xa0, 0]]);
    let value = element(0x03, &[&[0], certificate.signature_value()]);
    element(0x30, &[&info, certificate.signature_algorithm_der(), &value])
}
