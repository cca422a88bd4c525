//! What a document time-stamp proves to have existed: what lies in its octets and nothing else.
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
use segl_ades::Evidence;
use segl_pades::{GrowingFile, PdfTimestamp, Reading, add_evidence, read};
use segl_pdf::{Dictionary, Document, Limits, Object, Update};

fn reading(file: &[u8]) -> Reading {
    read(&Document::open(file).unwrap()).unwrap()
}

fn covers(stamp: &PdfTimestamp, octets: &[u8]) -> bool {
    stamp.claim.covered.has(octets)
}

/// As an attacker would: a piece with an old date, put into the store after everything.
fn with_piece(original: &[u8], piece: &[u8]) -> Vec<u8> {
    let mut file = GrowingFile::open(original, Limits::default()).unwrap();
    let evidence = Evidence { ocsp_responses: vec![piece.to_vec()], ..Evidence::default() };
    let update = add_evidence(file.document(), &evidence).unwrap().unwrap();
    file.append(&update).unwrap();
    [original, file.tail()].concat()
}

#[test]
fn evidence_after_a_time_stamp_is_not_covered_by_it() {
    for (form, original) in pdf::every_form() {
        let first = stamped(&with_store(&sealed(&original)));
        let late = b"an answer that bears an old date";
        let reading = reading(&stamped(&with_piece(&first, late)));
        let [early, last] = &reading.timestamps[..] else { panic!("{form}") };
        assert!(reading.store.evidence.ocsp_responses.iter().any(|piece| piece == late), "{form}");
        assert!(!covers(early, late) && covers(last, late), "{form}");
        // What stood there before is covered by both, and the message with its certificates too.
        let old = common::evidence();
        let inside = common::pki().seal.certificate.as_der();
        for piece in old.pieces().chain([inside, reading.signatures[0].signature.value.as_bytes()]) {
            assert!(covers(early, piece) && covers(last, piece), "{form}");
        }
        // Time-stamps: the later one covers the earlier one and not the other way round, nor itself.
        assert!(covers(last, &early.claim.token) && !covers(last, &last.claim.token), "{form}");
        assert!(!covers(early, &last.claim.token) && !covers(early, &early.claim.token), "{form}");
        let unit = common::pki().unit.certificate.as_der();
        assert!(covers(last, unit), "{form}");
        let claims = &reading.signatures[0].signature.timestamps;
        assert_eq!(claims.len(), 2, "{form}");
        assert!(claims.iter().all(|claim| reading.timestamps.iter().any(|stamp| stamp.claim == *claim)));
    }
}

/// A later update may write the store anew; what it was when it was stamped still counts.
#[test]
fn a_store_written_anew_keeps_what_was_covered() {
    let file = stamped(&with_store(&sealed(&pdf::table())));
    let document = Document::open(&file).unwrap();
    let mut update = Update::new(&document).unwrap();
    let piece = common::evidence().ocsp_responses.remove(0);
    let copy = update.add_stream(Dictionary::new(), piece.clone()).unwrap();
    let other = update.add_stream(Dictionary::new(), b"something else".to_vec()).unwrap();
    let store = Dictionary::new().with("OCSPs", Object::Array(vec![copy.into(), other.into()]));
    let store = update.add(store).unwrap();
    update.replace(document.root(), document.catalog().unwrap().with("DSS", store)).unwrap();
    let file = [file.as_slice(), update.finish(b"anew").unwrap().bytes()].concat();

    let reading = reading(&file);
    assert_eq!(reading.store.evidence.ocsp_responses.len(), 2);
    assert!(covers(&reading.timestamps[0], &piece));
    assert!(!covers(&reading.timestamps[0], b"something else"));
}

/// The order in the file decides nothing; a signature whose octets are not in the range is not covered.
#[test]
fn a_signature_after_the_time_stamp_is_not_covered() {
    let file = sealed(&stamped(&sealed(&pdf::stream())));
    let reading = reading(&file);
    let [first, second] = &reading.signatures[..] else { panic!() };
    let [stamp] = &reading.timestamps[..] else { panic!() };
    assert!(covers(stamp, first.signature.value.as_bytes()));
    assert!(!covers(stamp, second.signature.value.as_bytes()));
    assert_eq!((first.signature.timestamps.len(), second.signature.timestamps.len()), (1, 0));
}

/// What an update leaves out of the store is still in the file, and still evidence.
#[test]
fn evidence_of_an_earlier_store_is_not_lost() {
    let file = stamped(&with_store(&sealed(&pdf::table())));
    let document = Document::open(&file).unwrap();
    let mut update = Update::new(&document).unwrap();
    let store = update.add(Dictionary::new().with("Type", Object::name("DSS"))).unwrap();
    update.replace(document.root(), document.catalog().unwrap().with("DSS", store)).unwrap();
    let file = [file.as_slice(), update.finish(b"anew").unwrap().bytes()].concat();
    let reading = reading(&file);
    let there = &reading.signatures[0].signature.evidence;
    assert!(common::evidence().pieces().all(|piece| there.pieces().any(|other| other == piece)));
}
