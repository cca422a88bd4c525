//! What only PostgreSQL can do: be somewhere else, be lost, and be somebody else's.
#![cfg(all(feature = "postgres", feature = "sqlite"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use common::{Bed, Schema, config};
use segl_record::{LogId, Outcome, SlotCleared, Step};
use segl_sealing::{AdvanceError, ClearError, ConcludeError, Journal as _, OpenError, Unfinished};
use segl_store::client::{Client, NoTls};
use segl_store::{Corruption, OpenStoreError, PostgresStore, PurgeError, StoreError};
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::peers::Postgres;
use segl_testkit::sealing::{T0, lease, log_id, opening, operator, progress, record, salts, uuid};
use tempfile::TempDir;

/// A schema of its own, or the end of the test.
macro_rules! schema {
    () => {
        match Schema::new() {
            Ok(schema) => schema,
            Err(skipped) => return skipped.report(),
        }
    };
}

#[test]
fn a_schema_of_somebody_else_is_left_alone() {
    let bed = schema!();
    let open = || bed.open();
    let strange = |statements: &str| {
        let text = format!("CREATE SCHEMA {0}; SET search_path TO {0}; {statements}", bed.name());
        bed.client().batch_execute(&text).unwrap();
        let refused = open();
        assert!(matches!(refused, Err(OpenStoreError::NotAStore)), "{refused:?}");
        bed.client().batch_execute(&format!("DROP SCHEMA {} CASCADE", bed.name())).unwrap();
    };
    strange("CREATE TABLE t (a int)");
    strange("CREATE VIEW v AS SELECT 1");
    strange("CREATE TABLE identity (name text)");
    strange("CREATE TABLE identity (one boolean, application text, version bigint, log bytea)");

    drop(open().unwrap());
    bed.raw("UPDATE identity SET version = 99").unwrap();
    let newer = open();
    assert!(matches!(newer, Err(OpenStoreError::SchemaTooNew { found: 99, known: 1 })), "{newer:?}");
    for name in ["", "Segl", "pg_segl", "segl\"; DROP SCHEMA public"] {
        let mut options = bed.options();
        options.schema = name.to_owned();
        let refused = PostgresStore::open(&bed.config(), NoTls, log_id(), options);
        assert!(matches!(refused, Err(OpenStoreError::SchemaName)), "{refused:?}");
    }
}

#[test]
fn of_many_nodes_that_come_at_once_one_makes_the_store() {
    let bed = schema!();
    let barrier = Barrier::new(12);
    let logs: Vec<LogId> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..12)
            .map(|n| {
                let (bed, barrier) = (&bed, &barrier);
                scope.spawn(move || {
                    let new_log = LogId::new(uuid(1, n)).unwrap();
                    barrier.wait();
                    PostgresStore::open(&bed.config(), NoTls, new_log, bed.options()).unwrap().log()
                })
            })
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert!(logs.iter().all(|log| *log == logs[0]), "{logs:?}");
    let stranger = bed.another();
    assert_ne!(
        PostgresStore::open(&stranger.config(), NoTls, log_id(), stranger.options()).unwrap().log(),
        logs[0]
    );
}

#[test]
fn the_password_is_in_no_debug_and_no_error() {
    let bed = schema!();
    let hidden = |text: String| assert!(!text.contains(Postgres::PASSWORD), "{text}");
    let store = bed.store();
    hidden(format!("{store:?} {:?} {:?}", store.sealing_register(), bed.options()));
    hidden(format!("{:?}", bed.config()));
    let mut wrong = bed.config();
    wrong.password(format!("{}x", Postgres::PASSWORD));
    let refused = PostgresStore::open(&wrong, NoTls, log_id(), bed.options()).unwrap_err();
    let OpenStoreError::Store(StoreError::Database(said)) = &refused else { panic!("{refused:?}") };
    hidden(format!("{refused:?} {refused} {said}"));
    assert!(said.to_string().starts_with("28P01"), "{said}");
    let nowhere = config(Path::new("/nowhere"), "postgres");
    let refused = PostgresStore::open(&nowhere, NoTls, log_id(), bed.options()).unwrap_err();
    assert!(matches!(refused, OpenStoreError::Store(StoreError::Lost(_))), "{refused:?}");
    hidden(format!("{refused:?} {refused}"));
    // TLS that is asked for is not done without.
    let mut safe = bed.config();
    safe.ssl_mode(segl_store::client::config::SslMode::Require);
    let refused = PostgresStore::open(&safe, NoTls, log_id(), bed.options()).unwrap_err();
    assert!(matches!(refused, OpenStoreError::Store(StoreError::Lost(_))), "{refused:?}");
}

#[test]
fn an_error_tells_nothing_of_a_row() {
    let bed = schema!();
    let store = bed.store();
    run_to(&store, 1, 2);
    bed.raw("ALTER TABLE attempt ADD CHECK (step < 4) NOT VALID").unwrap();
    let refused = store.advance(opening(1).request, Step::Approved, &progress(1, 3)).unwrap_err();
    let AdvanceError::Journal(StoreError::Database(said)) = &refused else { panic!("{refused:?}") };
    assert!(said.to_string().starts_with("23514: "), "{said}");
    // The server's detail has the whole row, with the person's name in it.
    assert!(!said.to_string().contains("DETAIL") && !said.to_string().contains("\\x"), "{said}");
    assert!(!format!("{refused:?}").contains("\\x"), "{refused:?}");
}

/// Ends every connection to the database of this application name from the server's side.
fn terminate(client: &mut Client, name: &str) -> u64 {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    client.query(end, &[&name]).unwrap().len() as u64
}

/// A store whose connections are known by a name of their own.
fn named(bed: &Schema, busy: Duration, connections: usize) -> PostgresStore {
    let mut config = bed.config();
    config.application_name(bed.name());
    let mut options = bed.options();
    options.busy_timeout = busy;
    options.connections = connections;
    PostgresStore::open(&config, NoTls, log_id(), options).unwrap()
}

#[test]
fn a_connection_lost_while_idle_is_replaced_unseen() {
    let bed = schema!();
    let store = named(&bed, Duration::from_secs(5), 4);
    // Several idle ones.
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for n in 1..=4 {
            let (store, barrier) = (&store, &barrier);
            scope.spawn(move || {
                barrier.wait();
                run_whole(store, n);
            });
        }
    });
    assert!(terminate(&mut bed.client(), bed.name()) >= 1);
    run_whole(&store, 5);
    terminate(&mut bed.client(), bed.name());
    assert_eq!(store.verify(&[]).unwrap().disclosed, 5);
}

/// A transaction beside the store that holds the row of attempt 1 until it is dropped.
fn hold(bed: &Schema) -> Client {
    let mut client = bed.client();
    client.batch_execute("BEGIN; SELECT 1 FROM attempt FOR UPDATE").unwrap();
    client
}

#[test]
fn a_lock_held_too_long_is_busy_and_nothing_happened() {
    let bed = schema!();
    let store = named(&bed, Duration::from_millis(300), 4);
    run_to(&store, 1, 1);
    let held = hold(&bed);
    let began = Instant::now();
    let refused = store.advance(opening(1).request, Step::Presented, &progress(1, 2));
    assert!(matches!(refused, Err(AdvanceError::Journal(StoreError::Busy))), "{refused:?}");
    assert!(began.elapsed() >= Duration::from_millis(300) && began.elapsed() < Duration::from_secs(5));
    // Others are not held up by it.
    run_whole(&store, 2);
    drop(held);
    bed.settle();
    store.advance(opening(1).request, Step::Presented, &progress(1, 2)).unwrap();
}

#[test]
fn a_pool_with_one_connection_serves_everybody_in_turn() {
    let bed = schema!();
    let store = named(&bed, Duration::from_secs(20), 1);
    segl_testkit::journal::one_of_many_threads_wins(&store, 16, 3);
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    let open: i64 = bed.client().query_one(count, &[&bed.name()]).unwrap().get(0);
    assert_eq!(open, 1);
    // And says so when it is not its turn in time.
    let store = named(&bed, Duration::from_millis(200), 1);
    run_to(&store, 100, 1);
    let held = hold(&bed);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| store.advance(opening(100).request, Step::Presented, &progress(100, 2)));
        let second = store.stopped(&opening(1).slot);
        let first = first.join().unwrap();
        assert!(matches!(first, Err(AdvanceError::Journal(StoreError::Busy))), "{first:?}");
        assert!(matches!(second, Ok(None) | Err(StoreError::Busy)), "{second:?}");
    });
    drop(held);
}

#[test]
fn a_connection_lost_in_the_middle_is_an_error_and_the_next_call_connects() {
    let bed = schema!();
    let store = named(&bed, Duration::from_secs(30), 4);
    run_to(&store, 1, 1);
    let held = hold(&bed);
    let lost = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.advance(opening(1).request, Step::Presented, &progress(1, 2)));
        let mut client = bed.client();
        let blocked =
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
        while client.query_one(blocked, &[&bed.name()]).unwrap().get::<_, i64>(0) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        terminate(&mut client, bed.name());
        waiting.join().unwrap()
    });
    assert!(matches!(lost, Err(AdvanceError::Journal(StoreError::Lost(_)))), "{lost:?}");
    drop(held);
    bed.settle();
    assert_eq!(store.unfinished(Unfinished::All).unwrap()[0].progress, progress(1, 1));
    store.advance(opening(1).request, Step::Presented, &progress(1, 2)).unwrap();
}

#[test]
fn a_node_that_stops_with_the_lock_of_the_log_loses_it() {
    let bed = schema!();
    let slow = named(&bed, Duration::from_millis(400), 1);
    let other = bed.store();
    run_whole(&slow, 1);
    run_to(&other, 2, 7);
    let due = "2090-01-01T00:00:00Z".parse().unwrap();
    std::thread::scope(|scope| {
        let (asked, asking) = std::sync::mpsc::channel();
        let slow = &slow;
        // The salts are asked for inside the transaction, after the rows were erased and before the entry is written.
        let purge = scope.spawn(move || {
            slow.purge(due, &operator(), 10, || {
                asked.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(1500));
                salts(50)
            })
        });
        asking.recv().unwrap();
        let began = Instant::now();
        other.conclude(&record(2, 7, Outcome::Completed), salts(2)).unwrap();
        assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
        let lost = purge.join().unwrap();
        assert!(matches!(lost, Err(PurgeError::Store(StoreError::Lost(_)))), "{lost:?}");
    });
    // What it had erased is back.
    let verified = slow.verify(&[]).unwrap();
    assert_eq!((verified.disclosed, verified.lawfully_erased), (2, 0));
}

/// Passes everything on between a store and the server, until it is told to lose a connection.
struct Wire {
    folder: TempDir,
    loses: Arc<AtomicU8>,
    /// Whether no new connection comes about.
    closed: Arc<AtomicBool>,
}

const NOTHING: u8 = 0;
const THE_COMMIT: u8 = 1;
const THE_ANSWER: u8 = 2;
/// The answer to the next commit.
const ARMED: u8 = 3;
/// The connection, as soon as the commit is on its way.
const AT_ONCE: u8 = 4;

impl Wire {
    fn new(server: &'static Postgres) -> Self {
        let folder = TempDir::new().unwrap();
        let socket = |folder: &Path| folder.join(format!(".s.PGSQL.{}", Postgres::PORT));
        let listener = UnixListener::bind(socket(folder.path())).unwrap();
        let loses = Arc::new(AtomicU8::new(NOTHING));
        let closed = Arc::new(AtomicBool::new(false));
        let (seen, shut, behind) = (Arc::clone(&loses), Arc::clone(&closed), socket(server.folder()));
        std::thread::spawn(move || {
            for store in listener.incoming() {
                if shut.load(Ordering::SeqCst) {
                    continue;
                }
                let (seen, behind) = (Arc::clone(&seen), behind.clone());
                std::thread::spawn(move || Self::serve(store.unwrap(), &behind, &seen));
            }
        });
        Self { folder, loses, closed }
    }

    fn serve(store: UnixStream, behind: &PathBuf, loses: &Arc<AtomicU8>) {
        let server = UnixStream::connect(behind).unwrap();
        let (mut to_store, mut from_server) = (store.try_clone().unwrap(), server.try_clone().unwrap());
        let dropping = Arc::clone(loses);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(read @ 1..) = from_server.read(&mut buffer) {
                if dropping.load(Ordering::SeqCst) == THE_ANSWER {
                    // The server has committed: this is what it says of it.
                    dropping.store(NOTHING, Ordering::SeqCst);
                    break;
                }
                if to_store.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            let _ = to_store.shutdown(Shutdown::Both);
            let _ = from_server.shutdown(Shutdown::Both);
        });
        let (mut from_store, mut to_server) = (store, server);
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = from_store.read(&mut buffer) {
            let mut last = false;
            if buffer[..read].windows(7).any(|window| window == b"COMMIT\0") {
                match loses.load(Ordering::SeqCst) {
                    THE_COMMIT => {
                        loses.store(NOTHING, Ordering::SeqCst);
                        break;
                    }
                    // Only from now on the answer is that to the commit.
                    ARMED => loses.store(THE_ANSWER, Ordering::SeqCst),
                    AT_ONCE => {
                        loses.store(NOTHING, Ordering::SeqCst);
                        last = true;
                    }
                    _ => {}
                }
            }
            if to_server.write_all(&buffer[..read]).is_err() || last {
                break;
            }
        }
        let _ = from_store.shutdown(Shutdown::Both);
        let _ = to_server.shutdown(Shutdown::Both);
    }
}

/// A store behind a wire, with one connection.
fn behind(wire: &Wire, bed: &Schema) -> PostgresStore {
    let mut options = bed.options();
    options.connections = 1;
    PostgresStore::open(&config(wire.folder.path(), "postgres"), NoTls, log_id(), options).unwrap()
}

#[test]
fn a_commit_without_an_answer_is_looked_for() {
    let bed = schema!();
    let wire = Wire::new(bed.server());
    let store = behind(&wire, &bed);
    let lose = |what| wire.loses.store(what, Ordering::SeqCst);
    let lost = || assert_eq!(wire.loses.load(Ordering::SeqCst), NOTHING);
    // It did not take place.
    run_to(&store, 1, 7);
    lose(THE_COMMIT);
    let refused = store.conclude(&record(1, 7, Outcome::Completed), salts(1));
    assert!(matches!(refused, Err(ConcludeError::Journal(StoreError::Lost(_)))), "{refused:?}");
    lost();
    assert_eq!(store.unfinished(Unfinished::All).unwrap().len(), 1);
    assert_eq!(store.conclude(&record(1, 7, Outcome::Completed), salts(1)).unwrap().sequence(), 1);
    // It did.
    run_to(&store, 2, 7);
    lose(ARMED);
    let entry = store.conclude(&record(2, 7, Outcome::Completed), salts(2)).unwrap();
    lost();
    assert_eq!(store.head().unwrap().link(), entry.link());
    // What others append meanwhile is not taken for it, nor does it hide it.
    assert_eq!((entry.sequence(), store.entries(1, 9).unwrap()[0].entry.clone()), (2, entry));
    // The end of an alarm.
    run_to(&store, 3, 5);
    store.conclude(&record(3, 5, Outcome::DestructionUnconfirmed), salts(3)).unwrap();
    let cleared = SlotCleared { slot: opening(3).slot, operator: operator(), at: T0 };
    lose(THE_COMMIT);
    let refused = store.clear(&cleared, salts(4));
    assert!(matches!(refused, Err(ClearError::Journal(StoreError::Lost(_)))), "{refused:?}");
    assert!(store.stopped(&opening(3).slot).unwrap().is_some());
    lose(ARMED);
    assert_eq!(store.clear(&cleared, salts(5)).unwrap().sequence(), 4);
    assert_eq!(store.stopped(&opening(3).slot).unwrap(), None);
    // A purge: the batch counts, and the next one goes on.
    let due = "2090-01-01T00:00:00Z".parse().unwrap();
    let mut n = 10;
    lose(ARMED);
    let purged = store.purge(due, &operator(), 2, || {
        n += 1;
        salts(n)
    });
    lost();
    assert_eq!(purged.unwrap().records.len(), 2);
    let verified = store.verify(&[]).unwrap();
    assert_eq!((verified.disclosed, verified.lawfully_erased), (3, 3));
}

#[test]
fn a_commit_that_is_still_under_way_is_waited_for() {
    let bed = schema!();
    let wire = Wire::new(bed.server());
    let store = behind(&wire, &bed);
    run_to(&store, 1, 7);
    bed.raw(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
         EXECUTE FUNCTION slow()",
    )
    .unwrap();
    let began = Instant::now();
    wire.loses.store(AT_ONCE, Ordering::SeqCst);
    let entry = store.conclude(&record(1, 7, Outcome::Completed), salts(1)).unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(store.head().unwrap().link(), entry.link());
}

#[test]
fn a_commit_without_an_answer_that_cannot_be_looked_for_is_not_known() {
    let bed = schema!();
    let wire = Wire::new(bed.server());
    let store = behind(&wire, &bed);
    for (n, losing, took_place) in [(1, THE_COMMIT, false), (2, ARMED, true)] {
        run_to(&store, n, 7);
        wire.closed.store(true, Ordering::SeqCst);
        wire.loses.store(losing, Ordering::SeqCst);
        let unknown = store.conclude(&record(n, 7, Outcome::Completed), salts(n));
        let Err(ConcludeError::Journal(StoreError::OutcomeUnknown(_))) = unknown else {
            panic!("{unknown:?}")
        };
        assert_eq!(wire.loses.load(Ordering::SeqCst), NOTHING);
        wire.closed.store(false, Ordering::SeqCst);
        bed.settle();
        // The same store looks later: it connects again by itself.
        let open = store.unfinished(Unfinished::All).unwrap();
        assert_eq!(open.is_empty(), took_place, "{open:?}");
        let again = store.conclude(&record(n, 7, Outcome::Completed), salts(n));
        match took_place {
            true => assert!(matches!(again, Err(ConcludeError::Ended { .. })), "{again:?}"),
            false => assert_eq!(again.unwrap().sequence(), n),
        }
        assert_eq!(store.verify(&[]).unwrap().disclosed, n);
    }
}

#[test]
fn another_version_is_refused_on_every_connection() {
    let bed = schema!();
    let store = named(&bed, Duration::from_secs(5), 4);
    run_to(&store, 1, 2);
    for (version, terminated) in [(2, false), (2, true)] {
        bed.raw(&format!("UPDATE identity SET version = {version}")).unwrap();
        if terminated {
            terminate(&mut bed.client(), bed.name());
        }
        let changed = |error: &StoreError| matches!(error, StoreError::SchemaChanged { found: 2, opened: 1 });
        let refused = store.advance(opening(1).request, Step::Presented, &progress(1, 3));
        assert!(matches!(&refused, Err(AdvanceError::Journal(error)) if changed(error)), "{refused:?}");
        let refused = store.head();
        assert!(matches!(&refused, Err(error) if changed(error)), "{refused:?}");
        bed.raw("UPDATE identity SET version = 1").unwrap();
        assert_eq!(store.unfinished(Unfinished::All).unwrap()[0].progress, progress(1, 2));
    }
    // Another log under the same address is no version of this one.
    bed.raw("UPDATE identity SET log = decode(repeat('07', 16), 'hex')").unwrap();
    let refused = store.head();
    assert!(matches!(refused, Err(StoreError::Corrupt(Corruption::Identity))), "{refused:?}");
}

#[test]
fn a_purge_does_not_wait_for_whoever_works_on_a_table() {
    let bed = schema!();
    let store = named(&bed, Duration::from_millis(300), 4);
    run_whole(&store, 1);
    std::thread::scope(|scope| {
        let (done, waits) = std::sync::mpsc::channel();
        let mut client = bed.client();
        // As a vacuum of the server's own does.
        client.batch_execute("BEGIN; LOCK TABLE log IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
        scope.spawn(move || {
            let _ = waits.recv_timeout(Duration::from_secs(5));
            drop(client);
        });
        let began = Instant::now();
        let purged = store.purge(T0, &operator(), 10, || salts(9)).unwrap();
        assert!(!purged.wal_cleared && purged.records.is_empty());
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        done.send(()).unwrap();
    });
    run_whole(&store, 2);
}

#[test]
fn what_was_synced_outlives_the_crash_of_the_server() {
    // A server of its own: the others would notice.
    let server = match Postgres::start() {
        Ok(server) => server,
        Err(skipped) => return skipped.report(),
    };
    let config = config(server.folder(), "postgres");
    let open = || PostgresStore::open(&config, NoTls, log_id(), Default::default());
    let store = open().unwrap();
    let (mut n, mut begun) = (0, 0);
    for round in 0..4 {
        for _ in 0..=round {
            n += 1;
            run_whole(&store, n);
        }
        // Every other time the record of a sealing is the last that was synced; else it is an approval, and what follows it is not synced.
        if round % 2 == 1 {
            begun += 1;
            run_to(&store, 1000 + begun, 2 + usize::try_from(round).unwrap());
        }
        server.crash().unwrap();
        // The store finds its connections gone, unseen: none of them was in use.
        let verified = store.verify(&[]).unwrap();
        assert_eq!(verified.disclosed, n, "{round}");
        let open = store.unfinished(Unfinished::All).unwrap();
        assert_eq!(open.len() as u64, begun);
        assert!(open.iter().all(|found| found.progress.step() >= Step::Approved));
        assert!(matches!(store.open(&opening(n), &lease(n)), Err(OpenError::AlreadyCompleted { .. })));
    }
    drop(store);
    // A server that may lose what it says it has written is not taken.
    let mut client = config.connect(NoTls).unwrap();
    client.batch_execute("ALTER SYSTEM SET fsync = off").unwrap();
    client.batch_execute("SELECT pg_reload_conf()").unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        match open() {
            Ok(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            other => break other,
        }
    };
    assert!(matches!(refused, Err(OpenStoreError::Setting { name: "fsync" })), "{refused:?}");
}
