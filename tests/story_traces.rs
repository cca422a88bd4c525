//! What a program says of itself while it seals tells nothing of the document (S000-63, S000-64): every Debug form, every event,
//! every error. What the stores keep is looked at by the tests of the command.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod rig;

use std::cell::RefCell;

use rig::{Answer, CONTRACT, Rig, TimeStampUnit, Torn, Wrong, lease, opening, salts};
use segl::ades::Level;
use segl::crypto::{Appended, DigestAlgorithm, Hasher, SignatureAlgorithm, ToBeSigned, digest};
use segl::key::SoftToken;
use segl::key::faults::{Fault, Faulty, Step as TokenStep};
use segl::pdf::{Document, Limits};
use segl::sealing::{Attempt, Decision};

/// Octets as a program may print them: decimal and hexadecimal lists, hexadecimal, text.
fn printed(octets: &[u8]) -> Vec<String> {
    let list = |f: fn(&u8) -> String| octets.iter().map(f).collect::<Vec<_>>();
    vec![
        list(|o| o.to_string()).join(", "),
        list(|o| format!("{o:02x}")).join(""),
        list(|o| format!("{o:02X}")).join(""),
        list(|o| format!("{o:02x}")).join(", "),
        list(|o| format!("{o}")).join(",\n"),
        octets.escape_ascii().to_string(),
    ]
}

/// Pieces of the content, and digests of the file and of what a seal covers.
fn needles(sealed: &[u8]) -> Vec<String> {
    let mut needles =
        vec!["street lighting".to_owned(), "Agreement".to_owned(), "Example Municipality".to_owned()];
    needles.extend(printed(&CONTRACT[..16]));
    needles.extend(printed(&CONTRACT[600..640]));
    for algorithm in [DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512] {
        needles.extend(printed(digest(algorithm, CONTRACT).unwrap().as_bytes()));
    }
    if let Ok(document) = Document::open(sealed) {
        for found in segl::pades::read(&document).unwrap().signatures {
            for content in &found.signature.content {
                needles.extend(printed(content.found.as_ref().unwrap().as_bytes()));
            }
            needles.extend(printed(&found.signature.signed_bytes[..24]));
            needles.extend(printed(found.signature.value.as_bytes()));
        }
    }
    needles
}

#[track_caller]
fn tells_nothing(said: &str, sealed: &[u8]) {
    for needle in needles(sealed) {
        assert!(!said.contains(&needle), "{needle} is told in: {said}");
    }
}

#[test]
fn whatever_happens_nothing_is_told() {
    let cases = [
        (None, Wrong::Nothing),
        (None, Wrong::Open),
        (None, Wrong::LayOut),
        (None, Wrong::Seal),
        (None, Wrong::AddEvidence),
        (None, Wrong::NoEvidence),
        (None, Wrong::Archive),
        (Some(Fault::Refuse(TokenStep::Sign)), Wrong::Nothing),
        (Some(Fault::KeepTheKey), Wrong::Nothing),
    ];
    let (mut sealed_file, mut told) = (Vec::new(), String::new());
    for (fault, wrong) in cases {
        let rig = Rig::new();
        let journal = Torn::new(None);
        let token = Faulty::new(SoftToken::new(rig.rng()), fault);
        let unit = TimeStampUnit::new(&rig, "unit", &[Answer::Well]);
        let events = RefCell::new(String::new());
        let outcome = rig.seal_answering(
            &journal,
            1,
            token,
            Level::Lta,
            wrong,
            &[&unit],
            &mut |content| {
                events.borrow_mut().push_str(&format!("{content:?} {content}"));
                Decision::Approve
            },
            &mut |event| events.borrow_mut().push_str(&format!("{event:?}")),
        );
        told.push_str(&events.into_inner());
        told.push_str(&outcome.said);
        match outcome.sealed {
            Ok(sealed) => {
                told.push_str(&format!("{sealed:?} {sealed:#?}"));
                told.push_str(&format!("{:?}", sealed.release(rig.clock(), salts(1)).unwrap()));
                sealed_file = outcome.document;
            }
            Err(error) => {
                let mut cause: Option<&dyn std::error::Error> = Some(&*error);
                while let Some(error) = cause {
                    told.push_str(&format!("{error} {error:?} {error:#?}"));
                    cause = error.source();
                }
            }
        }
        told.push_str(&format!("{:?}", journal.events()));
        told.push_str(&format!("{:?}", journal.store));
    }
    assert!(told.len() > 10_000);
    tells_nothing(&told, &sealed_file);
}

#[test]
fn debug_forms_are_redacted() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let outcome = rig.seal(&journal, 1, SoftToken::new(rig.rng()), Level::Lta, Wrong::Nothing);
    outcome.sealed.unwrap().release(rig.clock(), salts(1)).unwrap();
    let file = outcome.document.as_slice();
    let document = Document::open(file).unwrap();
    let reading = segl::pades::read(&document).unwrap();
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
    hasher.update(CONTRACT);
    let mut growing = segl::pades::GrowingFile::open(CONTRACT, Limits::default()).unwrap();
    growing.digest(DigestAlgorithm::Sha256).unwrap();
    let properties = segl::pades::SealProperties::new(rig.clock(), 4096);
    let prepared = segl::pades::prepare(growing.document(), &properties).unwrap();
    let digested = prepared.digest(growing.digest(DigestAlgorithm::Sha256).unwrap());
    let signature = &reading.signatures[0].signature;
    let told = [
        format!("{document:?}"),
        format!("{growing:?} {prepared:?} {digested:?}"),
        format!("{hasher:?} {:?}", hasher.clone().finish()),
        format!("{:?}", ToBeSigned::new(signature.signed_bytes.clone(), SignatureAlgorithm::ECDSA_SHA256)),
        format!("{signature:?} {:?} {:?}", signature.value, signature.content),
        format!("{:?}", Appended::new(CONTRACT, CONTRACT.to_vec())),
        format!("{:?}", segl::tsp::request(&digested, &[1])),
        format!("{:?}", Attempt::open(&journal, opening(2), &lease(2)).unwrap()),
    ];
    for told in told {
        tells_nothing(&told, file);
        for needle in printed(digested.as_bytes()) {
            assert!(!told.contains(&needle), "{told}");
        }
    }
}
