//! What tampering, erasing and a full disk leave behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use core::time::Duration;
use std::path::Path;

use segl_crypto::Time;
use segl_record::{Cause, LogError, Operator, Outcome, Progress, SealingRecord};
use segl_sealing::{ConcludeError, Journal, OpenError, Unfinished};
use segl_store::{PurgeError, SqliteStore, StoreError, StoreOptions, VerifyError};
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::sealing::{T0, advances, lease, log_id, opening, operator, organisation, record, salts};
use tempfile::TempDir;

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("segl.db"), log_id()).unwrap()
}

/// Seals number `n` so that its record is concluded then.
fn seal_at(store: &SqliteStore, n: u64, concluded: Time) {
    run_to(store, n, 7);
    let mut progress = Progress::authenticated(opening(n).session);
    for advance in advances(n) {
        progress.advance(advance).unwrap();
    }
    let record = SealingRecord::new(opening(n), progress, Outcome::Completed, concluded).unwrap();
    store.conclude(&record, salts(n)).unwrap();
}

/// How often the bytes stand in the database and its companions.
fn occurrences(folder: &Path, needle: &[u8]) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.map(|bytes| bytes.windows(needle.len()).filter(|window| *window == needle).count()).sum()
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn years_are_erased_when_they_are_over_and_the_chain_still_verifies() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
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
    assert!(purged.wal_cleared);
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
        assert_eq!(occurrences(folder.path(), gone.as_bytes()), 0, "{gone}");
    }
    for gone in [1, 2, 3] {
        assert_eq!(occurrences(folder.path(), opening(gone).session.uuid().as_bytes()), 0);
        assert_eq!(occurrences(folder.path(), opening(gone).request.uuid().as_bytes()), 0);
    }
    assert!(occurrences(folder.path(), b"Test Person 4") > 0);
    assert_eq!(store.uses_of(&organisation(0).number, 0, 9).unwrap().len(), 1);
    assert!(store.uses_of(&organisation(1).number, 0, 9).unwrap().is_empty());

    assert!(purge("2033-12-31T23:00:00Z").unwrap().records.is_empty());
    drop(store);
    open(&folder).verify(&[]).unwrap();
}

#[test]
fn a_purge_with_a_clock_behind_the_log_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    seal_at(&store, 1, at("2026-06-01T00:00:00Z"));
    seal_at(&store, 2, at("2050-06-01T00:00:00Z"));
    let refused = store.purge(at("2040-01-01T00:00:00Z"), &Operator::new("a").unwrap(), 10, || salts(9));
    assert!(matches!(refused, Err(PurgeError::ClockBehindLog)), "{refused:?}");
    assert_eq!(store.verify(&[]).unwrap().lawfully_erased, 0);
}

#[test]
fn tampering_is_found_and_named() {
    let verdict = |change: &str| {
        let folder = TempDir::new().unwrap();
        let store = open(&folder);
        for n in 1..=4 {
            run_whole(&store, n);
        }
        drop(store);
        let raw = rusqlite::Connection::open(folder.path().join("segl.db")).unwrap();
        raw.execute_batch(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER log_is_gapless; DROP TRIGGER log_is_never_deleted;
             DROP TRIGGER log_is_never_rewritten; DROP TRIGGER log_values_only_go;",
        )
        .unwrap();
        raw.execute_batch(change).unwrap();
        drop(raw);
        open(&folder).verify(&[]).unwrap_err()
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
    let step = verdict("UPDATE attempt SET session = zeroblob(16) WHERE entry = 1");
    assert!(matches!(step, VerifyError::AttemptDiffers { sequence: 1 }), "{step:?}");
    let gone = verdict("DELETE FROM attempt WHERE entry = 3");
    assert!(matches!(gone, VerifyError::AttemptDiffers { sequence: 3 }), "{gone:?}");
}

#[test]
fn an_older_copy_is_found_by_a_checkpoint() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    run_whole(&store, 1);
    let copy = folder.path().join("copy.db");
    let raw = rusqlite::Connection::open(store.path()).unwrap();
    raw.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let first = store.checkpoint(T0, None).unwrap();
    run_whole(&store, 2);
    let second = store.checkpoint(T0, Some(&first)).unwrap();
    run_whole(&store, 3);
    assert_eq!(store.verify(&[first, second]).unwrap().unanchored, 1);
    let restored = SqliteStore::open(&copy, log_id()).unwrap();
    assert_eq!(restored.verify(&[first]).unwrap().unanchored, 0);
    run_whole(&restored, 9);
    let found = restored.verify(&[first, second]);
    let expected = LogError::DiffersFromCheckpoint { sequence: 2 };
    assert!(matches!(found, Err(VerifyError::Log(error)) if error == expected), "{found:?}");
    let restored = SqliteStore::open(&folder.path().join("new.db"), log_id()).unwrap();
    let found = restored.verify(&[second]);
    let expected = LogError::OlderThanCheckpoint { found: 0, kept: 2 };
    assert!(matches!(found, Err(VerifyError::Log(error)) if error == expected), "{found:?}");
}

#[test]
fn the_database_itself_refuses_to_rewrite_the_log() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    run_whole(&store, 1);
    let raw = rusqlite::Connection::open(folder.path().join("segl.db")).unwrap();
    for change in [
        "DELETE FROM log",
        "UPDATE log SET year = 2000",
        "UPDATE log SET disclosure = x'00'",
        "INSERT INTO log SELECT 7, kind, year, commitments, link, NULL, NULL FROM log",
        "UPDATE attempt SET step = 9, ended = NULL, entry = NULL, opening = x'', progress = x''",
    ] {
        assert!(raw.execute_batch(change).is_err(), "{change}");
    }
}

#[test]
fn a_full_disk_is_found_before_a_key_is_made() {
    let folder = TempDir::new().unwrap();
    let mut options = StoreOptions::default();
    options.max_pages = Some(64);
    let path = folder.path().join("segl.db");
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

#[test]
fn nothing_about_a_document_is_in_the_files() {
    let document = b"%PDF-1.7 TEST document of the trace test, never to be found again";
    let name = "confidential-lease-4711.pdf";
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
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
        assert_eq!(occurrences(folder.path(), &needle), 0);
    }
    // The search itself works.
    assert!(occurrences(folder.path(), b"Test Person 2") > 0);

    let raw = rusqlite::Connection::open(folder.path().join("segl.db")).unwrap();
    let mut columns = raw
        .prepare("SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'")
        .unwrap();
    let columns: Vec<String> = columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(columns.len() > 30);
    for column in columns {
        for word in
            ["document", "file", "imprint", "size", "media", "path", "title", "digest", "content", "value"]
        {
            assert!(!column.contains(word), "{column}");
        }
    }
}

#[test]
fn a_lease_is_over_at_its_moment() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    run_to(&store, 1, 2);
    let until = lease(1).until;
    let just_before = until - Duration::from_nanos(1);
    assert!(store.unfinished(Unfinished::Expired(just_before)).unwrap().is_empty());
    assert_eq!(store.unfinished(Unfinished::Expired(until)).unwrap().len(), 1);
    assert!(T0 < until);
}
