//! The store keeps the laws of every journal, in each database.
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

use common::{Bed, File};
use segl_record::{Event, LogId, Outcome};
use segl_sealing::OpenError;
use segl_store::{OpenStoreError, SqliteStore, StoreError};
use segl_testkit::journal as laws;
use segl_testkit::sealing::{lease, log_id, opening, organisation, record, salts, uuid};

macro_rules! laws {
    ($($law:ident;)*) => {$(
        fn $law<B: Bed>(bed: &B) {
            let store = bed.store();
            laws::$law(&store);
            store.verify(&[]).unwrap();
        }
    )*};
}

laws! {
    repetitions_are_told_apart;
    keys_and_certificates_are_used_once;
    an_alarm_stops_the_slot;
    what_was_left_behind_is_ended;
    a_failed_sweep_is_an_alarm;
    a_slot_not_reached_waits;
}

on_each_database! {
    repetitions_are_told_apart;
    keys_and_certificates_are_used_once;
    an_alarm_stops_the_slot;
    what_was_left_behind_is_ended;
    a_failed_sweep_is_an_alarm;
    a_slot_not_reached_waits;
    only_the_right_transitions_are_taken;
    one_of_64_threads_wins;
    an_organisation_reads_its_own_uses_once_and_in_order;
    a_store_keeps_its_log;
}

fn only_the_right_transitions_are_taken<B: Bed>(bed: &B) {
    let count = laws::only_the_right_transitions_are_taken(|| {
        bed.clear();
        bed.store()
    });
    assert_eq!(count, (624, 21));
}

fn one_of_64_threads_wins<B: Bed>(bed: &B) {
    laws::one_of_many_threads_wins(&bed.store(), 64, 5);
}

fn an_organisation_reads_its_own_uses_once_and_in_order<B: Bed>(bed: &B) {
    let store = bed.store();
    for n in 1..=6 {
        laws::run_whole(&store, n);
    }
    laws::run_to(&store, 8, 1);
    let declined = record(8, 1, Outcome::Declined);
    segl_sealing::Journal::conclude(&store, &declined, salts(8)).unwrap();

    let even = organisation(0).number;
    let uses = store.uses_of(&even, 0, 100).unwrap();
    assert_eq!(uses.iter().map(|u| u.sequence).collect::<Vec<_>>(), [2, 4, 6, 7]);
    assert!(uses.iter().all(|u| u.record.opening().organisation.number == even));
    assert_eq!(uses[3].record, declined);
    let page = store.uses_of(&even, 2, 2).unwrap();
    assert_eq!(page.iter().map(|u| u.sequence).collect::<Vec<_>>(), [4, 6]);
    let odd = store.uses_of(&organisation(1).number, 0, 100).unwrap();
    assert_eq!(odd.iter().map(|u| u.sequence).collect::<Vec<_>>(), [1, 3, 5]);
}

fn a_store_keeps_its_log<B: Bed>(bed: &B) {
    let first = bed.store();
    laws::run_whole(&first, 1);
    let head = first.head().unwrap();
    drop(first);
    let again = bed.store();
    assert_eq!((again.log(), again.head().unwrap()), (log_id(), head));
    let rows = again.entries(0, 10).unwrap();
    assert!(matches!(rows[0].values.as_ref().unwrap().event().unwrap(), Event::Sealing(_)));
}

#[test]
fn a_file_keeps_its_log_and_refuses_strangers() {
    let bed = File::new();
    let folder = bed.folder();
    drop(bed.store());
    let other = LogId::new(uuid(1, 77)).unwrap();
    assert_eq!(SqliteStore::open(&bed.path(), other).unwrap().log(), log_id());

    let open_with = |version: &str, change: &str| {
        let path = folder.join(version);
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        SqliteStore::open(&path, log_id())
    };
    let stranger = open_with("stranger", "CREATE TABLE t (a)");
    assert!(matches!(stranger, Err(OpenStoreError::NotAStore)), "{stranger:?}");
    let path = bed.path();
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = SqliteStore::open(&path, log_id());
    assert!(matches!(newer, Err(OpenStoreError::SchemaTooNew { found: 99, known: 2 })), "{newer:?}");
    std::fs::write(folder.join("text"), "not a database at all, but long enough to look at".repeat(30))
        .unwrap();
    assert!(SqliteStore::open(&folder.join("text"), log_id()).is_err());
}

#[test]
fn a_file_that_became_another_version_takes_no_more_of_the_old() {
    let bed = File::new();
    let store = bed.store();
    laws::run_to(&store, 1, 2);
    bed.raw("PRAGMA user_version = 3").unwrap();
    let refused = segl_sealing::Journal::open(&store, &opening(2), &lease(2));
    let changed = StoreError::SchemaChanged { found: 3, opened: 2 }.to_string();
    assert!(
        matches!(&refused, Err(OpenError::Journal(error)) if error.to_string() == changed),
        "{refused:?}"
    );
    bed.raw("PRAGMA user_version = 2").unwrap();
    laws::run_to(&store, 2, 2);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = File::new();
    let store = bed.store();
    laws::run_whole(&store, 1);
    for entry in std::fs::read_dir(bed.folder()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_made_through_a_link() {
    let bed = File::new();
    let target = bed.folder().join("elsewhere");
    std::os::unix::fs::symlink(&target, bed.path()).unwrap();
    assert!(bed.open().is_err());
    assert!(target.symlink_metadata().is_err());
}
