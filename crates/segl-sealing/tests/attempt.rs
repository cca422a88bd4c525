//! A whole attempt with a software key: the types keep the order, the journal keeps the trace.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

use core::time::Duration;

use segl_crypto::{SignatureAlgorithm, ToBeSigned};
use segl_key::{Activation, Curve, KeyId, KeyRequest, OneShotKey, SoftToken};
use segl_record::{Cause, Event, Outcome, PresentedContent, ProgressError, Serial, Step};
use segl_sealing::{Attempt, Journal, MemoryJournal, StepError, Unfinished, state};
use segl_testkit::rng::SeededRng;
use segl_testkit::sealing::{T0, content, lease, log_id, opening, salts, uuid};

type At<'j, S> = Attempt<'j, MemoryJournal, S>;

fn approved(journal: &MemoryJournal, n: u64) -> At<'_, state::Approved> {
    let attempt = Attempt::open(journal, opening(n), &lease(n)).unwrap();
    attempt.presented(content(n)).unwrap().approved(T0).unwrap()
}

fn key_request(n: u64, content: PresentedContent) -> KeyRequest {
    let session = *opening(n).session.uuid().as_bytes();
    KeyRequest::new(Curve::P256, KeyId(*uuid(4, n).as_bytes()), session).for_content(*content.as_bytes())
}

fn last_record(journal: &MemoryJournal) -> segl_record::SealingRecord {
    match journal.log().last().unwrap().1.event().unwrap() {
        Event::Sealing(record) => *record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_seal_from_begin_to_end() {
    let journal = MemoryJournal::new(log_id());
    let attempt = approved(&journal, 1);
    let token = SoftToken::new(SeededRng::new(1));
    let key = OneShotKey::generate(&token, &key_request(1, content(1))).unwrap();
    let attempt = attempt.key_made(key.receipt()).unwrap();
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [1; 32]).unwrap();
    let attempt = attempt.certified(Serial::new(&[0x5e, 1]).unwrap(), T0).unwrap();
    let tbs = ToBeSigned::new(b"attributes".to_vec(), SignatureAlgorithm::ECDSA_SHA256);
    let activation = Activation::new(key.receipt().session(), key.receipt().key_id(), &tbs);
    let key = key.activate(activation).unwrap().sign(&tbs).unwrap();
    let attempt = attempt.signed(T0).unwrap();
    let (destroyed, _value) = key.destroy().unwrap();
    let attempt = attempt.key_destroyed(&destroyed, Duration::from_micros(700)).unwrap();
    let entry = attempt.time_stamped(T0).unwrap().complete(T0, salts(1)).unwrap();
    assert_eq!((entry.sequence(), token.key_count()), (1, 0));
    let record = last_record(&journal);
    assert_eq!((record.outcome(), record.step()), (Outcome::Completed, Step::Completed));
    assert_eq!(record.progress().sign_to_destroy(), Some(Duration::from_micros(700)));
    assert_eq!(record.opening(), &opening(1));
}

#[test]
fn a_decline_leaves_no_key_and_no_certificate() {
    let journal = MemoryJournal::new(log_id());
    let attempt = Attempt::open(&journal, opening(1), &lease(1)).unwrap().presented(content(1)).unwrap();
    attempt.decline(T0, salts(1)).unwrap();
    let record = last_record(&journal);
    assert_eq!(record.outcome(), Outcome::Declined);
    assert_eq!(record.opening().session, opening(1).session);
    assert!(record.progress().receipt().is_none() && record.progress().serial().is_none());
}

#[test]
fn a_key_for_other_content_is_refused_and_the_attempt_can_be_ended() {
    let journal = MemoryJournal::new(log_id());
    let attempt = approved(&journal, 1);
    let token = SoftToken::new(SeededRng::new(1));
    let key = OneShotKey::generate(&token, &key_request(1, content(2))).unwrap();
    let failed = attempt.key_made(key.receipt()).unwrap_err();
    assert!(matches!(failed.error, StepError::Progress(ProgressError::ContentDiffers)));
    let _gone = key.abandon().unwrap();
    failed.attempt.abort(Cause::ContentChanged, T0, salts(1)).unwrap();
    assert_eq!(last_record(&journal).step(), Step::Approved);
}

#[test]
fn a_proof_about_another_key_is_refused() {
    let journal = MemoryJournal::new(log_id());
    let token = SoftToken::new(SeededRng::new(1));
    let key = OneShotKey::generate(&token, &key_request(1, content(1))).unwrap();
    let attempt = approved(&journal, 1).key_made(key.receipt()).unwrap();
    let attempt = attempt.certified(Serial::new(&[0x5e, 1]).unwrap(), T0).unwrap().signed(T0).unwrap();
    let other = OneShotKey::generate(&token, &key_request(2, content(2))).unwrap().abandon().unwrap();
    let failed = attempt.key_destroyed(&other, Duration::ZERO).unwrap_err();
    assert!(matches!(failed.error, StepError::OtherKey));
    failed.attempt.destruction_unconfirmed(T0, salts(1)).unwrap();
    assert_eq!(last_record(&journal).outcome(), Outcome::DestructionUnconfirmed);
    assert!(Attempt::open(&journal, opening(3), &lease(3)).is_err());
}

#[test]
fn an_attempt_that_is_dropped_is_found() {
    let journal = MemoryJournal::new(log_id());
    drop(approved(&journal, 1));
    assert_eq!(journal.unfinished(Unfinished::All).unwrap().len(), 1);
}
