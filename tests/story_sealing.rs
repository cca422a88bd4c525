//! The acceptance stories of sealing: AS-01, AS-03, AS-04, AS-06 and AS-07. AS-05 is in `story_crash.rs`.

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

use core::time::Duration;
use std::cell::RefCell;
use std::sync::Barrier;

use rig::{
    Answer, CONTRACT, HOUR, Rig, T0, TimeStampUnit, Torn, Wrong, cleared, lease, opening, salts, slot,
};
use segl::ades::{Evidence, Level};
use segl::crypto::{SignatureAlgorithm, ToBeSigned};
use segl::key::faults::{Fault, Faulty, Step as TokenStep};
use segl::key::{Curve, KeyId, SoftError, SoftToken, Token as _};
use segl::path::Anchors;
use segl::pdf::Limits;
use segl::record::{Cause, Event as LogEvent, Outcome, Step};
use segl::sealing::{
    Attempt, Decision, Event, Journal as _, OpenError, Repeated, SealFault, StampFailure, Stamper, Unfinished,
};
use segl::store::SqliteStore;
use segl::validation::{Indication, Policy};
use segl::{read_pdf, validate_pdf};

/// Whether our own validator, offline, calls the one signature in the file TOTAL-PASSED at this time after the sealing.
fn passes(rig: &Rig, file: &[u8], after: Duration) -> bool {
    let anchors = Anchors::from_certificates([rig.authority.root().certificate().clone()]);
    let reading = read_pdf(file, Limits::default()).unwrap();
    let judged = validate_pdf(reading, &Evidence::default(), &anchors, T0 + after, &Policy::default());
    assert_eq!(judged.report.signatures.len(), 1);
    let found = &judged.report.signatures[0];
    println!("after {after:?}: {:?} {:?}", found.indication, found.reason());
    matches!(found.indication, Indication::TotalPassed)
}

#[test]
fn as_01_normal_seal() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    for (n, level) in [(1, Level::Lt), (2, Level::Lta)] {
        let token = Faulty::new(SoftToken::new(rig.rng()), None);
        let outcome = rig.seal(&journal, n, token.clone(), level, Wrong::Nothing);
        let sealed = outcome.sealed.unwrap();
        let certificate = sealed.certificate().clone();
        let entry = sealed.release(rig.clock(), salts(n)).unwrap();
        assert_eq!(entry.sequence(), n);
        // Twelve hours, the last second included.
        let life = certificate.not_after().checked_duration_since(certificate.not_before()).unwrap();
        assert_eq!(life + Duration::from_secs(1), 12 * HOUR);
        assert!(outcome.document.starts_with(CONTRACT));
        assert_eq!(token.inner().key_count(), 0);
        assert_eq!((token.calls().generate, token.calls().sign, token.calls().destroy), (1, 1, 1));
        let Some(LogEvent::Sealing(record)) = journal.events().pop() else { panic!("no record") };
        assert_eq!((record.outcome(), record.step()), (Outcome::Completed, Step::Completed));
        let stamped = record.progress().time_stamped().unwrap();
        assert!(certificate.not_before() <= stamped && stamped <= certificate.not_after());
        assert_eq!(record.progress().serial().unwrap().as_bytes(), certificate.serial());
        for after in [Duration::from_secs(60), 11 * HOUR, 48 * HOUR] {
            assert!(passes(&rig, &outcome.document, after), "{level:?} after {after:?}");
        }
        // What an archive time-stamp is for.
        assert!(level == Level::Lt || passes(&rig, &outcome.document, 365 * 24 * HOUR));
        let mut changed = outcome.document.clone();
        changed[700] ^= 1;
        assert!(!passes(&rig, &changed, HOUR));
    }
}

#[test]
fn as_03_holder_declines() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let token = Faulty::new(SoftToken::new(rig.rng()), None);
    let unit = TimeStampUnit::new(&rig, "unit", &[Answer::Well]);
    let issued = rig.certificates_issued();
    let outcome = rig.seal_answering(
        &journal,
        1,
        token.clone(),
        Level::Lt,
        Wrong::Nothing,
        &[&unit],
        &mut |content| {
            assert_eq!(content.subject().len(), 4);
            Decision::Decline
        },
        &mut |event| assert!(matches!(event, Event::Presented(_)), "{event:?}"),
    );
    let error = outcome.sealed.err().unwrap();
    assert!(matches!(error.fault, SealFault::Declined));
    assert_eq!(token.calls(), segl::key::faults::Calls::default());
    assert_eq!((unit.asked.get(), rig.certificates_issued()), (0, issued));
    assert_eq!(outcome.document, CONTRACT);
    let record = journal.only_record();
    assert_eq!((record.outcome(), record.step()), (Outcome::Declined, Step::Presented));
    assert_eq!(record.opening().session, opening(1).session);
    assert!(record.concluded() >= T0);
    assert!(record.progress().serial().is_none() && record.progress().receipt().is_none());
    // The declined request is done with; the same session may try once more, with another one.
    assert!(matches!(journal.open(&opening(1), &lease(1)), Err(OpenError::Abandoned { .. })));
    let mut again = opening(2);
    (again.session, again.authentication) = (opening(1).session, opening(1).authentication);
    journal.open(&again, &lease(2)).unwrap();
}

#[test]
fn as_04_stored_request_is_replayed() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let token = Faulty::new(SoftToken::new(rig.rng()), None);
    let sealed = rig.seal(&journal, 1, token.clone(), Level::Lt, Wrong::Nothing).sealed.unwrap();
    sealed.release(rig.clock(), salts(1)).unwrap();
    let calls = token.calls();
    // As it was, and with parts of it new; also after a restart, which is another connection to the file.
    let restarted = SqliteStore::open(journal.store.path(), rig::log_id()).unwrap();
    for (request, session, expected) in
        [(1, 1, Repeated::Request), (1, 9, Repeated::Request), (9, 1, Repeated::Session)]
    {
        let mut replayed = opening(9);
        (replayed.request, replayed.session) = (opening(request).request, opening(session).session);
        for store in [&journal.store, &restarted] {
            let refused = Attempt::open(store, replayed.clone(), &lease(9)).err();
            assert!(
                matches!(refused, Some(OpenError::AlreadyCompleted { repeated }) if repeated == expected),
                "{refused:?}"
            );
        }
    }
    assert_eq!(token.calls(), calls, "the device was not touched");
    assert_eq!(journal.events().len(), 1);
}

#[test]
fn as_04_64_threads_race_on_one_request() {
    const THREADS: usize = 64;
    let journal = Torn::new(None);
    let path = journal.store.path();
    let token = Faulty::new(SoftToken::new(Rig::new().rng()), None);
    let keys = Rig::new();
    let keys = (keys.authority.material(), keys.keys.clone());
    let barrier = Barrier::new(THREADS);
    let wins: usize = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let rig = Rig::of(&keys);
                    let store = SqliteStore::open(path, rig::log_id()).unwrap();
                    barrier.wait();
                    match rig.try_seal(&store, 1, token.clone(), Level::B) {
                        Ok(sealed) => {
                            sealed.release(rig.clock(), salts(1)).unwrap();
                            1
                        }
                        Err(
                            OpenError::InProgress { repeated, .. } | OpenError::AlreadyCompleted { repeated },
                        ) => {
                            assert_eq!(repeated, Repeated::Request);
                            0
                        }
                        Err(other) => panic!("{other}"),
                    }
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(wins, 1);
    assert_eq!((token.calls().generate, token.calls().sign, token.inner().key_count()), (1, 1, 0));
    assert_eq!(journal.only_record().outcome(), Outcome::Completed);
}

#[test]
fn as_04_handle_of_the_device_is_used_again() {
    let token = SoftToken::new(Rig::new().rng());
    let tbs = |text: &[u8]| ToBeSigned::new(text.to_vec(), SignatureAlgorithm::ECDSA_SHA256);
    let mut key = token.generate(Curve::P256, KeyId([1; 16])).unwrap();
    token.sign(&mut key, &tbs(b"first")).unwrap();
    assert!(matches!(token.sign(&mut key, &tbs(b"second")), Err(SoftError::AlreadyUsed)));
    token.destroy(&mut key).unwrap();
    assert!(token.sign(&mut key, &tbs(b"third")).is_err());
    assert!(token.look_up(&mut key).unwrap().is_absent());
}

#[test]
fn as_06_destruction_is_not_confirmed() {
    for fault in [
        Fault::Refuse(TokenStep::Destroy),
        Fault::KeepTheKey,
        Fault::Lose(TokenStep::Destroy),
        Fault::Refuse(TokenStep::LookUp),
    ] {
        let rig = Rig::new();
        let journal = Torn::new(None);
        let token = Faulty::new(SoftToken::new(rig.rng()), Some(fault));
        let outcome = rig.seal(&journal, 1, token.clone(), Level::Lt, Wrong::Nothing);
        let error = outcome.sealed.err().unwrap();
        assert!(matches!(error.fault, SealFault::Destruction(_)), "{fault:?}: {:?}", error.fault);
        assert_eq!(outcome.document, CONTRACT, "{fault:?}: nothing of a seal");
        let alarm = journal.only_record();
        assert_eq!(alarm.outcome(), Outcome::DestructionUnconfirmed, "{fault:?}");
        // The slot is stopped, also for others and after a restart, and the device is not touched.
        token.set(None);
        let calls = token.calls();
        let restarted = SqliteStore::open(journal.store.path(), rig::log_id()).unwrap();
        for n in 2..5 {
            let stopped = Attempt::open(&restarted, opening(n), &lease(n)).err();
            assert!(
                matches!(stopped, Some(OpenError::SlotStopped { since }) if since == alarm.concluded()),
                "{fault:?}: {stopped:?}"
            );
        }
        assert_eq!(token.calls(), calls, "{fault:?}");
        // Another slot goes on; this one does when it is cleared, and both are in the log.
        let other = segl::record::SlotName::new("other").unwrap();
        journal.open(&segl::record::Opening { slot: other, ..opening(6) }, &lease(6)).unwrap();
        journal.clear(&cleared(), salts(7)).unwrap();
        assert_eq!(journal.stopped(&slot()).unwrap(), None);
        let sealed = rig.seal(&journal, 8, token.clone(), Level::Lt, Wrong::Nothing).sealed.unwrap();
        sealed.release(rig.clock(), salts(8)).unwrap();
        let kinds: Vec<_> = journal.events().iter().map(LogEvent::kind).collect();
        use segl::record::Kind::{Sealing, SlotCleared};
        assert_eq!(kinds, [Sealing, SlotCleared, Sealing], "{fault:?}");
    }
}

#[test]
fn as_07_second_authority_is_used() {
    for answer in
        [Answer::Nothing, Answer::Garbage, Answer::OtherNonce, Answer::Late, Answer::Early, Answer::Declined]
    {
        let rig = Rig::new();
        let journal = Torn::new(None);
        let first = TimeStampUnit::new(&rig, "first", &[Answer::Well, answer]);
        let second = TimeStampUnit::new(&rig, "second", &[Answer::Well]);
        let stampers: [&dyn Stamper; 2] = [&first, &second];
        let seen = RefCell::new(Vec::new());
        let outcome = rig.seal_answering(
            &journal,
            1,
            SoftToken::new(rig.rng()),
            Level::Lt,
            Wrong::Nothing,
            &stampers,
            &mut |_| Decision::Approve,
            &mut |event| match event {
                Event::TimeStamped { authority, .. } => {
                    seen.borrow_mut().push(format!("{authority} stamped"))
                }
                Event::StamperFailed { authority, .. } => {
                    seen.borrow_mut().push(format!("{authority} failed"))
                }
                _ => {}
            },
        );
        outcome.sealed.unwrap().release(rig.clock(), salts(1)).unwrap();
        assert_eq!(seen.into_inner(), ["first failed", "second stamped"], "{answer:?}");
        assert!(passes(&rig, &outcome.document, HOUR), "{answer:?}");
    }
}

#[test]
fn as_07_all_are_down_until_the_certificate_has_expired() {
    let rig = Rig::new();
    let journal = Torn::new(None);
    let token = Faulty::new(SoftToken::new(rig.rng()), None);
    let units =
        ["first", "second"].map(|name| TimeStampUnit::new(&rig, name, &[Answer::Well, Answer::Nothing]));
    let stampers: [&dyn Stamper; 2] = [&units[0], &units[1]];
    // Waiting an hour after each round, for as long as it takes.
    let outcome = rig.seal_patiently(&journal, 1, token.clone(), Level::Lt, &stampers, &|_| {
        rig.now.set(rig.now.get() + HOUR);
        true
    });
    let error = outcome.sealed.err().unwrap();
    let SealFault::TimeStamp(StampFailure::Expired { not_after, last }) = &error.fault else {
        panic!("{error:?}")
    };
    assert!(*not_after < rig.now.get() && *not_after > T0 + 11 * HOUR);
    assert_eq!(
        last.iter().map(|failure| failure.authority.as_str()).collect::<Vec<_>>(),
        ["first", "second"]
    );
    // Once to measure, and then in every round.
    assert_eq!(units.each_ref().map(|unit| unit.asked.get()), [14, 14]);
    assert_eq!(outcome.document, CONTRACT, "nothing that could pass for a seal");
    assert_eq!((token.calls().sign, token.inner().key_count()), (1, 0));
    let record = journal.only_record();
    assert_eq!((record.outcome(), record.step()), (Outcome::Aborted(Cause::TimeStamp), Step::KeyDestroyed));
    assert_eq!(record.progress().time_stamped(), None);
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty());
    // Giving up before: the caller's word.
    let again = rig.seal_patiently(&journal, 2, token, Level::Lt, &stampers, &|round| round < 3);
    let fault = again.sealed.err().unwrap().fault;
    assert!(matches!(fault, SealFault::TimeStamp(StampFailure::AllFailed { .. })), "{fault:?}");
}
