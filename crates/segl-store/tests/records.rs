//! What tampering, erasing and a full disk leave behind.
#![cfg(feature = "sqlite")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use core::time::Duration;

use common::{Bed, File};
use segl_cert::{IssuedCertificates as _, IssuerKey, Revocation, SerialNumber};
use segl_crypto::Time;
use segl_record::{Cause, LogError, Operator, Outcome, Progress, SealingRecord};
use segl_sealing::{ConcludeError, Journal, OpenError, Unfinished};
use segl_store::{
    Corruption, Database, PurgeError, SqliteOptions, SqliteStore, Store, StoreError, VerifyError,
};
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::sealing::{T0, advances, lease, log_id, opening, operator, organisation, record, salts};

on_each_database! {
    years_are_erased_when_they_are_over_and_the_chain_still_verifies;
    a_purge_with_a_clock_behind_the_log_is_refused;
    tampering_is_found_and_named;
    an_older_copy_is_found_by_a_checkpoint;
    the_database_itself_refuses_to_rewrite_the_log;
    nothing_about_a_document_is_in_the_files;
    a_lease_is_over_at_its_moment;
    what_cannot_be_read_is_named;
}

/// Seals number `n` so that its record is concluded then.
fn seal_at<D: Database>(store: &Store<D>, n: u64, concluded: Time) {
    run_to(store, n, 7);
    let mut progress = Progress::authenticated(opening(n).session);
    for advance in advances(n) {
        progress.advance(advance).unwrap();
    }
    let record = SealingRecord::new(opening(n), progress, Outcome::Completed, concluded).unwrap();
    store.conclude(&record, salts(n)).unwrap();
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn years_are_erased_when_they_are_over_and_the_chain_still_verifies<B: Bed>(bed: &B) {
    let store = bed.store();
    // 1 January, in the middle and 31 December of 2026 in Copenhagen, and the first moment of 2027 there.
    for (n, concluded) in [
        (1, "2025-12-31T23:00:00Z"),
        (2, "2026-11-22T10:00:00Z"),
        (3, "2026-12-31T22:59:59.999Z"),
        (4, "2026-12-31T23:00:00Z"),
    ] {
        seal_at(&store, n, at(concluded));
    }
    let mut n = 100;
    let mut purge = |now: &str| {
        store.purge(at(now), &operator(), 2, || {
            n += 1;
            salts(n)
        })
    };
    let early = purge("2033-12-31T22:59:59Z").unwrap();
    assert!(early.records.is_empty());
    assert_eq!(store.uses_of(&organisation(0).number, 0, 9).unwrap().len(), 2);

    let purged = purge("2033-12-31T23:00:00Z").unwrap();
    let batches: Vec<_> = purged.records.iter().map(|p| (p.year.year(), p.first, p.last, p.count)).collect();
    assert_eq!(batches, [(2026, 1, 2, 2), (2026, 3, 3, 1)]);
    bed.after_purge();
    let verified = store.verify(&[]).unwrap();
    assert_eq!((verified.disclosed, verified.lawfully_erased), (3, 3));
    for gone in [
        "Test Person 1",
        "Test Person 2",
        "Test Person 3",
        "test.person.2@",
        "_test-assertion-1",
        "Case 3 of",
    ] {
        assert_eq!(bed.occurrences(gone.as_bytes()), 0, "{gone}");
    }
    for gone in [1, 2, 3] {
        assert_eq!(bed.occurrences(opening(gone).session.uuid().as_bytes()), 0);
        assert_eq!(bed.occurrences(opening(gone).request.uuid().as_bytes()), 0);
    }
    assert!(bed.occurrences(b"Test Person 4") > 0);
    assert_eq!(store.uses_of(&organisation(0).number, 0, 9).unwrap().len(), 1);
    assert!(store.uses_of(&organisation(1).number, 0, 9).unwrap().is_empty());

    assert!(purge("2033-12-31T23:00:00Z").unwrap().records.is_empty());
    drop(store);
    bed.store().verify(&[]).unwrap();
}

fn a_purge_with_a_clock_behind_the_log_is_refused<B: Bed>(bed: &B) {
    let store = bed.store();
    seal_at(&store, 1, at("2026-06-01T00:00:00Z"));
    seal_at(&store, 2, at("2050-06-01T00:00:00Z"));
    let refused = store.purge(at("2040-01-01T00:00:00Z"), &Operator::new("a").unwrap(), 10, || salts(9));
    assert!(matches!(refused, Err(PurgeError::ClockBehindLog)), "{refused:?}");
    assert_eq!(store.verify(&[]).unwrap().lawfully_erased, 0);
}

fn tampering_is_found_and_named<B: Bed>(bed: &B) {
    let verdict = |change: &str| {
        let bed = bed.another();
        let store = bed.store();
        for n in 1..=4 {
            run_whole(&store, n);
        }
        drop(store);
        bed.disarm();
        bed.raw(change).unwrap();
        bed.store().verify(&[]).unwrap_err()
    };
    let log = |change: &str| match verdict(change) {
        VerifyError::Log(error) => error,
        other => panic!("{other:?}"),
    };
    let missing = log("DELETE FROM attempt WHERE entry = 2; DELETE FROM log WHERE sequence = 2");
    assert_eq!(missing, LogError::OutOfSequence { expected: 2, found: 3 });
    let erased = log("UPDATE log SET disclosure = NULL WHERE sequence = 3");
    assert_eq!(erased, LogError::ErasedWithoutPurge { sequence: 3 });
    let changed =
        log("UPDATE log SET disclosure = (SELECT disclosure FROM log WHERE sequence = 1) WHERE sequence = 2");
    assert!(matches!(changed, LogError::ValueChanged { sequence: 2, field: Some(_) }));
    let year = log("UPDATE log SET year = 2020 WHERE sequence = 4");
    assert_eq!(year, LogError::BrokenLink { sequence: 4 });
    let step = verdict(&format!("UPDATE attempt SET session = {} WHERE entry = 1", B::literal(&[0; 16])));
    assert!(matches!(step, VerifyError::AttemptDiffers { sequence: 1 }), "{step:?}");
    let gone = verdict("DELETE FROM attempt WHERE entry = 3");
    assert!(matches!(gone, VerifyError::AttemptDiffers { sequence: 3 }), "{gone:?}");
}

fn an_older_copy_is_found_by_a_checkpoint<B: Bed>(bed: &B) {
    let store = bed.store();
    run_whole(&store, 1);
    let copy = bed.restored();
    let first = store.checkpoint(T0, None).unwrap();
    run_whole(&store, 2);
    let second = store.checkpoint(T0, Some(&first)).unwrap();
    run_whole(&store, 3);
    assert_eq!(store.verify(&[first, second]).unwrap().unanchored, 1);
    let restored = copy.store();
    assert_eq!(restored.verify(&[first]).unwrap().unanchored, 0);
    run_whole(&restored, 9);
    let found = restored.verify(&[first, second]);
    let expected = LogError::DiffersFromCheckpoint { sequence: 2 };
    assert!(matches!(found, Err(VerifyError::Log(error)) if error == expected), "{found:?}");
    let restored = bed.another().store();
    let found = restored.verify(&[second]);
    let expected = LogError::OlderThanCheckpoint { found: 0, kept: 2 };
    assert!(matches!(found, Err(VerifyError::Log(error)) if error == expected), "{found:?}");
}

fn the_database_itself_refuses_to_rewrite_the_log<B: Bed>(bed: &B) {
    let store = bed.store();
    run_whole(&store, 1);
    let (empty, zero) = (B::literal(&[]), B::literal(&[0]));
    for change in [
        "DELETE FROM log".to_owned(),
        "UPDATE log SET year = 2000".to_owned(),
        format!("UPDATE log SET disclosure = {zero}"),
        "INSERT INTO log SELECT 7, kind, year, commitments, link, NULL, NULL FROM log".to_owned(),
        format!(
            "UPDATE attempt SET step = 9, ended = NULL, entry = NULL, opening = {empty}, progress = {empty}"
        ),
    ] {
        assert!(bed.raw(&change).is_err(), "{change}");
    }
    store.verify(&[]).unwrap();
}

#[test]
fn a_full_disk_is_found_before_a_key_is_made() {
    let bed = File::new();
    let mut options = SqliteOptions::default();
    options.max_pages = Some(64);
    let path = bed.path();
    let store = SqliteStore::open_with(&path, log_id(), options).unwrap();
    let mut n = 0;
    let refused = loop {
        n += 1;
        match store.open(&opening(n), &lease(n)) {
            Ok(()) => {}
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, OpenError::Journal(StoreError::Full)), "{refused:?}");
    assert_eq!(store.unfinished(Unfinished::All).unwrap().len() as u64, n - 1);
    // The records of those that are open run out of room as well: no entry then, and the attempt stays to be found.
    let aborted = |n| record(n, 0, Outcome::Aborted(Cause::Storage));
    let mut written = 0;
    let full = loop {
        match store.conclude(&aborted(written + 1), salts(written)) {
            Ok(_) => written += 1,
            Err(full) => break full,
        }
    };
    assert!(matches!(full, ConcludeError::Journal(StoreError::Full)), "{full:?}");
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), written);
    assert_eq!(store.unfinished(Unfinished::All).unwrap().len() as u64, n - 1 - written);
    drop(store);
    // With room again everything goes on.
    let store = SqliteStore::open(&path, log_id()).unwrap();
    store.conclude(&aborted(written + 1), salts(1)).unwrap();
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), written + 1);
}

fn nothing_about_a_document_is_in_the_files<B: Bed>(bed: &B) {
    let document = b"%PDF-1.7 TEST document of the trace test, never to be found again";
    let name = "confidential-lease-4711.pdf";
    let store = bed.store();
    // The only place for words of the caller refuses the name and the digest.
    let sha256 = segl_crypto::sha256(document);
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    for text in [name, &format!("see {name}"), &hex(&sha256)] {
        use segl_record::{DigestLike, ReferenceText};
        assert!(ReferenceText::screen(text, &[name], DigestLike::Refuse).is_err());
    }
    for n in 1..=3 {
        run_whole(&store, n);
    }
    run_to(&store, 4, 5);
    store.conclude(&record(4, 5, Outcome::Aborted(Cause::Document)), salts(4)).unwrap();
    run_to(&store, 5, 5);

    let mut needles = vec![document.to_vec(), name.as_bytes().to_vec(), b"confidential-lease".to_vec()];
    for algorithm in [
        segl_crypto::DigestAlgorithm::Sha256,
        segl_crypto::DigestAlgorithm::Sha384,
        segl_crypto::DigestAlgorithm::Sha512,
    ] {
        let digest = segl_crypto::digest(algorithm, document).unwrap();
        needles.push(digest.as_bytes().to_vec());
        needles.push(hex(digest.as_bytes()).into_bytes());
        needles.push(hex(digest.as_bytes()).to_uppercase().into_bytes());
        needles.push(digest.as_bytes()[..12].to_vec());
    }
    for needle in needles {
        assert_eq!(bed.occurrences(&needle), 0);
    }
    // The search itself works.
    assert!(bed.occurrences(b"Test Person 2") > 0);

    let columns = bed.columns();
    assert!(columns.len() > 30);
    for column in columns {
        for word in
            ["document", "file", "imprint", "size", "media", "path", "title", "digest", "content", "value"]
        {
            assert!(!column.contains(word), "{column}");
        }
    }
}

fn a_lease_is_over_at_its_moment<B: Bed>(bed: &B) {
    let store = bed.store();
    run_to(&store, 1, 2);
    let until = lease(1).until;
    let just_before = until - Duration::from_nanos(1);
    assert!(store.unfinished(Unfinished::Expired(just_before)).unwrap().is_empty());
    assert_eq!(store.unfinished(Unfinished::Expired(until)).unwrap().len(), 1);
    assert!(T0 < until);
}

fn what_cannot_be_read_is_named<B: Bed>(bed: &B) {
    let store = bed.store();
    for n in 1..=3 {
        run_to(&store, n, 2);
    }
    let corrupt = |error: StoreError| match error {
        StoreError::Corrupt(what) => what,
        other => panic!("{other:?}"),
    };
    let request = opening(2).request;
    let row = B::literal(request.uuid().as_bytes());
    bed.raw(&format!("UPDATE attempt SET progress = {} WHERE request = {row}", B::literal(&[9]))).unwrap();
    let found = corrupt(store.unfinished(Unfinished::All).unwrap_err());
    assert_eq!(found, Corruption::Attempt(Some(request)));
    assert!(found.to_string().contains(&request.to_string()), "{found}");
    // The others are not held up where they are asked for by name.
    store.conclude(&record(1, 2, Outcome::Aborted(Cause::Crashed)), salts(1)).unwrap();

    let issuer = IssuerKey([7; 32]);
    let serial = SerialNumber::from_random([3; 15]);
    store.reserve(&issuer, &serial, T0).unwrap();
    store.revoke(&issuer, &serial, Revocation { at: T0, reason: None }).unwrap();
    bed.raw(&format!("UPDATE certificate SET revoked_at = {}", B::literal(&[0xff; 12]))).unwrap();
    let expected = Corruption::Certificate(Some(serial));
    assert_eq!(corrupt(store.status(&issuer, &serial).unwrap_err()), expected);
    assert_eq!(corrupt(store.revoked(&issuer).unwrap_err()), expected);
    assert!(expected.to_string().contains(&serial.to_string()), "{expected}");

    run_to(&store, 5, 5);
    store.conclude(&record(5, 5, Outcome::DestructionUnconfirmed), salts(5)).unwrap();
    bed.raw(&format!("UPDATE stopped_slot SET since = {}", B::literal(&[0xff; 12]))).unwrap();
    let slot = opening(5).slot;
    assert_eq!(corrupt(store.stopped(&slot).unwrap_err()), Corruption::StoppedSlot(slot));

    // After the last entry there can be is nothing, and nothing wrong.
    assert_eq!(store.entries(u64::MAX, 9).unwrap(), []);
    assert_eq!(store.uses_of(&organisation(1).number, u64::MAX, 9).unwrap(), []);
}

#[test]
fn nobody_waits_for_a_verification() {
    use std::time::Instant;
    let bed = File::new();
    let store = bed.store();
    run_whole(&store, 1);
    // Until it takes its time.
    bed.raw("CREATE TABLE filler (a PRIMARY KEY)").unwrap();
    let slow = Duration::from_millis(800);
    while {
        let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
            INSERT INTO filler SELECT randomblob(16) FROM n";
        bed.raw(rows).unwrap();
        let began = Instant::now();
        store.verify(&[]).unwrap();
        began.elapsed() < slow
    } {}
    let (issuer, serial) = (IssuerKey([7; 32]), SerialNumber::from_random([3; 15]));
    let barrier = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            store.verify(&[]).unwrap();
        });
        barrier.wait();
        let began = Instant::now();
        // It is under way by then, and not yet done.
        std::thread::sleep(slow / 8);
        let mut meanwhile = 0;
        while began.elapsed() < slow / 2 {
            assert_eq!(store.status(&issuer, &serial).unwrap(), None);
            assert_eq!(store.stopped(&opening(1).slot).unwrap(), None);
            meanwhile += 1;
        }
        assert!(meanwhile > 20, "{meanwhile}");
        run_whole(&store, 2);
    });
}
