//! The store keeps the laws of every journal, in its file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use segl_record::{Event, LogId, Outcome};
use segl_store::{OpenStoreError, SqliteStore};
use segl_testkit::journal as laws;
use segl_testkit::sealing::{log_id, organisation, uuid};
use tempfile::TempDir;

fn store(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&folder.path().join("segl.db"), log_id()).unwrap()
}

macro_rules! laws {
    ($($law:ident;)*) => {$(
        #[test]
        fn $law() {
            let folder = TempDir::new().unwrap();
            let store = store(&folder);
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

#[test]
fn only_the_right_transitions_are_taken() {
    let folder = TempDir::new().unwrap();
    let mut n = 0;
    let count = laws::only_the_right_transitions_are_taken(|| {
        n += 1;
        let path = folder.path().join("segl.db");
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("segl.db{suffix}")));
        }
        SqliteStore::open(&path, log_id()).unwrap()
    });
    assert_eq!(count, (624, 21));
}

#[test]
fn one_of_64_threads_wins() {
    let folder = TempDir::new().unwrap();
    laws::one_of_many_threads_wins(&store(&folder), 64, 5);
}

#[test]
fn an_organisation_reads_its_own_uses_once_and_in_order() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    for n in 1..=6 {
        laws::run_whole(&store, n);
    }
    laws::run_to(&store, 8, 1);
    let declined = segl_testkit::sealing::record(8, 1, Outcome::Declined);
    segl_sealing::Journal::conclude(&store, &declined, segl_testkit::sealing::salts(8)).unwrap();

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

#[test]
fn a_store_keeps_its_log_and_refuses_strangers() {
    let folder = TempDir::new().unwrap();
    let first = store(&folder);
    laws::run_whole(&first, 1);
    let head = first.head().unwrap();
    drop(first);
    let other = LogId::new(uuid(1, 77)).unwrap();
    let again = SqliteStore::open(&folder.path().join("segl.db"), other).unwrap();
    assert_eq!((again.log(), again.head().unwrap()), (log_id(), head));
    let rows = again.entries(0, 10).unwrap();
    assert!(matches!(rows[0].values.as_ref().unwrap().event().unwrap(), Event::Sealing(_)));
    drop(again);

    let open_with = |version: &str, change: &str| {
        let path = folder.path().join(version);
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        SqliteStore::open(&path, log_id())
    };
    let stranger = open_with("stranger", "CREATE TABLE t (a)");
    assert!(matches!(stranger, Err(OpenStoreError::NotAStore)), "{stranger:?}");
    let path = folder.path().join("segl.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = SqliteStore::open(&path, log_id());
    assert!(matches!(newer, Err(OpenStoreError::SchemaTooNew { found: 99, known: 2 })), "{newer:?}");
    std::fs::write(
        folder.path().join("text"),
        "not a database at all, but long enough to look at".repeat(30),
    )
    .unwrap();
    assert!(SqliteStore::open(&folder.path().join("text"), log_id()).is_err());
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    laws::run_whole(&store, 1);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_made_through_a_link() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("elsewhere");
    std::os::unix::fs::symlink(&target, folder.path().join("segl.db")).unwrap();
    assert!(SqliteStore::open(&folder.path().join("segl.db"), log_id()).is_err());
    assert!(target.symlink_metadata().is_err());
}
