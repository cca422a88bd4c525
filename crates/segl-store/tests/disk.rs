//! What becomes of a store whose disk fails: a process that may write no file beyond a size.
#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Bed, File};
use segl_record::Outcome;
use segl_sealing::{ConcludeError, Journal as _, OpenError};
use segl_store::{PurgeError, SqliteStore, StoreError};
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::sealing::{T0, lease, log_id, opening, operator, record, salts};

const JOB: &str = "SEGL_STORE_TEST_DISK";
const ADDRESS: &str = "SEGL_STORE_TEST_DISK_ADDRESS";
const MEGABYTE: u64 = 1 << 20;
/// A page of the write-ahead log, and the pages from which on it is moved into the file.
const FRAME: u64 = 4096 + 24;
const LONG_LOG: u64 = 1000;

/// Runs a job on a store of at least `size` octets, in a process whose writes beyond `limit` octets of a file fail.
fn run(job: &str, bed: &File, size: u64, limit: u64) {
    drop(bed.store());
    // What is added later comes behind it.
    bed.raw(&format!("CREATE TABLE filler (a); INSERT INTO filler VALUES (zeroblob({size}))")).unwrap();
    let done = Command::new("sh")
        // In units of 512 octets; without the signal the write itself fails.
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", limit / 512)])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(JOB, job)
        .env(ADDRESS, bed.address())
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn child() {
    let (Ok(job), Ok(address)) = (std::env::var(JOB), std::env::var(ADDRESS)) else { return };
    let store = SqliteStore::open(Path::new(&address), log_id()).unwrap();
    match &*job {
        "purge" => {
            for n in 1..=40 {
                run_to(&store, n, 1);
            }
            let refused = store.purge(T0, &operator(), 10, || salts(9));
            assert!(matches!(refused, Err(PurgeError::Store(StoreError::Disk))), "{refused:?}");
            let again = store.purge(T0, &operator(), 10, || salts(9));
            assert!(matches!(again, Err(PurgeError::Store(StoreError::Disk))), "{again:?}");
            let refused = store.open(&opening(99), &lease(99));
            assert!(matches!(refused, Err(OpenError::Journal(StoreError::Disk))), "{refused:?}");
            let aborted = record(1, 1, Outcome::Declined);
            let refused = store.conclude(&aborted, salts(1));
            assert!(matches!(refused, Err(ConcludeError::Journal(StoreError::Disk))), "{refused:?}");
            // What is there can be read.
            assert_eq!(store.entries(0, 9).unwrap(), []);
        }
        "seal" => {
            let refused = (1..).find_map(|n| store.open(&opening(n), &lease(n)).err()).unwrap();
            assert!(matches!(refused, OpenError::Journal(StoreError::Disk)), "{refused:?}");
            let wal = std::fs::metadata(format!("{address}-wal")).unwrap().len();
            // It was the log's being moved that failed, not its growing.
            assert!((LONG_LOG * FRAME..(LONG_LOG + 200) * FRAME).contains(&wal), "{wal}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_store_whose_log_could_not_be_cleared_takes_no_more() {
    let bed = File::new();
    run("purge", &bed, 4 * MEGABYTE, 3 * MEGABYTE);
    // Opened again by somebody who can write, it is whole.
    let store = bed.store();
    store.verify(&[]).unwrap();
    run_whole(&store, 99);
}

#[test]
fn a_store_whose_log_could_not_be_moved_takes_no_more() {
    let bed = File::new();
    run("seal", &bed, 6 * MEGABYTE, 5 * MEGABYTE);
    bed.store().verify(&[]).unwrap();
}

#[test]
fn the_log_is_moved_while_the_store_is_in_use() {
    let bed = File::new();
    let store = bed.store();
    let wal = || std::fs::metadata(bed.folder().join("segl.db-wal")).unwrap().len();
    for n in 1..=200 {
        run_whole(&store, n);
        assert!(wal() < (LONG_LOG + 200) * FRAME, "{n}: {}", wal());
    }
    // It was long enough once to be moved.
    assert!(wal() >= LONG_LOG * FRAME, "{}", wal());
}
