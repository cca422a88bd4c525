//! Processes that are killed in the middle, and processes that race.
//!
//! Each test starts this very program again as its child; `child` is what the child runs.
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

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::Bed;
use segl_cert::{IssuedCertificates as _, IssuerKey, Reservation, SerialNumber};
use segl_record::{Cause, Outcome, Step};
use segl_sealing::{AdvanceError, ConcludeError, Journal as _, OpenError, Sweep, Unfinished, recover};
use segl_store::{Database, SqliteStore, Store};
use segl_testkit::sealing::{T0, advances, lease, log_id, opening, progress, record, salts};

const JOB: &str = "SEGL_STORE_TEST_CHILD";
const ADDRESS: &str = "SEGL_STORE_TEST_ADDRESS";
/// Rounds of the race between two processes.
const ROUNDS: u64 = 1000;
/// How many rounds a long story has, if not so many as here; as the stories of the whole have it.
const KILLS: (&str, u64) = ("SEGL_STORY_ROUNDS", 20);

on_each_database! {
    killed_after_each_step_everything_acknowledged_is_there;
    killed_at_any_moment_the_store_is_whole;
    of_two_processes_exactly_one_wins_every_step;
    nodes_seal_side_by_side_and_a_killed_one_holds_nobody_up;
}

/// Opens sealing `n`, takes its steps and concludes it, and calls `done` after each of the nine with its number.
fn seal_saying<D: Database>(store: &Store<D>, n: u64, mut done: impl FnMut(usize)) {
    store.open(&opening(n), &lease(n)).unwrap();
    done(0);
    let mut progress = progress(n, 0);
    for (at, advance) in advances(n).into_iter().enumerate() {
        let from = progress.step();
        progress.advance(advance).unwrap();
        store.advance(opening(n).request, from, &progress).unwrap();
        done(at + 1);
    }
    store.conclude(&record(n, 7, Outcome::Completed), salts(n)).unwrap();
    done(8);
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n>{text}").unwrap();
    out.flush().unwrap();
}

#[test]
fn child() {
    let (Ok(job), Ok(address)) = (std::env::var(JOB), std::env::var(ADDRESS)) else { return };
    #[cfg(feature = "postgres")]
    if let Some(store) = common::Schema::open_at(&address) {
        return work(&store, &job);
    }
    work(&SqliteStore::open(Path::new(&address), log_id()).unwrap(), &job);
}

fn work<D: Database>(store: &Store<D>, job: &str) {
    match job {
        // Seals one after the other, says what is acknowledged, and after each waits to be told to go on.
        "steps" => {
            let mut orders = std::io::stdin().lines();
            seal_saying(store, 1, |at| {
                say(&at.to_string());
                orders.next().unwrap().unwrap();
            });
        }
        // Seals without end.
        "stream" => {
            for n in 1.. {
                seal_saying(store, n, |at| say(&format!("{n} {at}")));
            }
        }
        // Seals the numbers it is told, from the first to the last, and says each.
        "range" => {
            for line in std::io::stdin().lines() {
                let line = line.unwrap();
                let (first, last) = line.split_once(' ').unwrap();
                for n in first.parse().unwrap()..=last.parse().unwrap() {
                    seal_saying(store, n, |_| ());
                    say(&n.to_string());
                }
            }
        }
        // Tries everything of every round it is told, together with another process, and says what it won.
        "race" => {
            for line in std::io::stdin().lines() {
                let line = line.unwrap();
                let (n, who) = line.split_once(' ').unwrap();
                say(&race(store, n.parse().unwrap(), who.parse().unwrap()));
            }
        }
        other => panic!("{other}"),
    }
}

/// Where in the answer of a racer what stands: the reservation of one serial number, that of one key, then nine of the sealing.
const RACES: [&str; 11] = [
    "serial number",
    "key",
    "opening",
    "presented",
    "approved",
    "key made",
    "certified",
    "signed",
    "key destroyed",
    "time-stamped",
    "conclusion",
];

/// One `1` or `0` for each of the [`RACES`].
fn race<D: Database>(store: &Store<D>, n: u64, who: u8) -> String {
    let issuer = IssuerKey([7; 32]);
    let serial = |who: u8| {
        let mut random = [who; 15];
        random[..8].copy_from_slice(&n.to_be_bytes());
        SerialNumber::from_random(random)
    };
    let reserved = |reservation, lost| match reservation {
        Reservation::Made => '1',
        other => {
            assert_eq!(other, lost);
            '0'
        }
    };
    let mut won = vec![
        reserved(store.reserve(&issuer, &serial(0), T0).unwrap(), Reservation::Taken),
        // Each with a serial number of its own.
        reserved(
            store
                .sealing_register()
                .reserve_for_key(&issuer, &serial(1 + who), &segl_crypto::sha256(&n.to_be_bytes()), T0)
                .unwrap(),
            Reservation::KeyTaken,
        ),
    ];
    won.push(match store.open(&opening(n), &lease(n)) {
        Ok(()) => '1',
        Err(OpenError::InProgress { .. } | OpenError::AlreadyCompleted { .. }) => '0',
        Err(other) => panic!("{other:?}"),
    });
    let mut progress = progress(n, 0);
    for advance in advances(n) {
        let from = progress.step();
        progress.advance(advance).unwrap();
        won.push(match store.advance(opening(n).request, from, &progress) {
            Ok(()) => '1',
            Err(AdvanceError::NotThere { .. } | AdvanceError::Ended { .. }) => '0',
            Err(other) => panic!("{other:?}"),
        });
    }
    won.push(match store.conclude(&record(n, 7, Outcome::Completed), salts(n)) {
        Ok(_) => '1',
        Err(ConcludeError::Ended { .. }) => '0',
        Err(other) => panic!("{other:?}"),
    });
    won.into_iter().collect()
}

/// A child that is killed when it goes.
struct Running {
    child: Child,
    said: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start<B: Bed>(job: &str, bed: &B) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(JOB, job)
            .env(ADDRESS, bed.address())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    /// What the child says next; `None` when it is gone.
    fn hear(&mut self) -> Option<String> {
        self.said.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix('>').map(str::to_owned))
    }

    fn tell(&mut self, text: &str) {
        let input = self.child.stdin.as_mut().unwrap();
        writeln!(input, "{text}").unwrap();
        input.flush().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // On Unix this is SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn killed_after_each_step_everything_acknowledged_is_there<B: Bed>(bed: &B) {
    for last in 0..=8 {
        let bed = bed.another();
        let mut child = Running::start("steps", &bed);
        for at in 0..=last {
            assert_eq!(child.hear(), Some(at.to_string()));
            if at < last {
                child.tell("on");
            }
        }
        drop(child);
        bed.settle();

        let store = bed.store();
        let found = store.unfinished(Unfinished::All).unwrap();
        let steps: Vec<_> = found.iter().map(|f| f.progress.step()).collect();
        if last == 8 {
            assert!(steps.is_empty());
            assert_eq!(store.entries(0, 9).unwrap().len(), 1);
        } else {
            assert_eq!(steps, [Step::ALL[last]]);
            assert_eq!(found[0].progress, progress(1, last));
        }
        let mut swept = 0;
        let recovered = recover(
            &store,
            Unfinished::Of(lease(1).runner),
            T0,
            |_| {
                swept += 1;
                Sweep::Clean
            },
            || salts(99),
        )
        .unwrap();
        assert_eq!(swept, usize::from((2..=5).contains(&last)), "after {last}");
        assert_eq!(recovered.len(), usize::from(last < 8));
        assert!(recovered.iter().all(|r| r.outcome == Outcome::Aborted(Cause::Crashed)));
        assert_eq!(store.verify(&[]).unwrap().disclosed, 1);
        let replay = store.open(&opening(1), &lease(1));
        match last {
            8 => assert!(matches!(replay, Err(OpenError::AlreadyCompleted { .. }))),
            _ => assert!(matches!(replay, Err(OpenError::Abandoned { step, .. }) if step == Step::ALL[last])),
        }
    }
}

fn killed_at_any_moment_the_store_is_whole<B: Bed>(bed: &B) {
    let rounds = std::env::var(KILLS.0).map_or(KILLS.1, |rounds| rounds.parse().unwrap());
    let mut completed_before = 0;
    let (mut between, mut further) = (0_u64, 0_u64);
    for round in 0..rounds {
        bed.clear();
        let mut child = Running::start("stream", bed);
        // Let it get somewhere, then kill it at a moment that differs from round to round and meets no step on purpose.
        let mut acknowledged = Vec::new();
        for _ in 0..(round % 20 * 3 + 1) {
            acknowledged.push(child.hear().unwrap());
        }
        std::thread::sleep(std::time::Duration::from_micros(round * 397 % 8000));
        child.child.kill().unwrap();
        acknowledged.extend(std::iter::from_fn(|| child.hear()));
        drop(child);
        bed.settle();

        let store = bed.store();
        let verified = store.verify(&[]).unwrap();
        let (n, at) = acknowledged.last().unwrap().split_once(' ').unwrap();
        let (n, at): (u64, usize) = (n.parse().unwrap(), at.parse().unwrap());
        let complete = if at == 8 { n } else { n - 1 };
        // What was acknowledged is there, and at most the one step more that was on its way.
        assert!([complete, complete + 1].contains(&verified.disclosed), "{n} {at} {verified:?}");
        let open = store.unfinished(Unfinished::All).unwrap();
        assert!(open.len() <= 1);
        between += u64::from(!open.is_empty());
        further += u64::from(verified.disclosed > complete);
        if let Some(found) = open.first().filter(|found| found.opening == opening(n)) {
            assert!(usize::from(found.progress.step().number()) > at);
        }
        completed_before += verified.disclosed;
    }
    assert!(completed_before > rounds);
    println!(
        "{rounds} processes killed at {}: {between} inside a sealing; {completed_before} seals in whole logs, {further} of them not yet said",
        bed.address()
    );
}

fn of_two_processes_exactly_one_wins_every_step<B: Bed>(bed: &B) {
    drop(bed.store());
    let mut children = [Running::start("race", bed), Running::start("race", bed)];
    let mut wins = [[0_u64; 2]; RACES.len()];
    for n in 1..=ROUNDS {
        for (who, child) in children.iter_mut().enumerate() {
            child.tell(&format!("{n} {who}"));
        }
        let said = children.each_mut().map(|child| child.hear().unwrap());
        assert_eq!(said.each_ref().map(String::len), [RACES.len(); 2]);
        for (at, pair) in said[0].chars().zip(said[1].chars()).enumerate() {
            match pair {
                ('1', '0') => wins[at][0] += 1,
                ('0', '1') => wins[at][1] += 1,
                _ => panic!("round {n}, {}: {said:?}", RACES[at]),
            }
        }
    }
    drop(children);
    bed.settle();
    assert_eq!(bed.store().verify(&[]).unwrap().disclosed, ROUNDS);
    println!(
        "{ROUNDS} rounds of two processes at {}; each race was won by exactly one of the two:",
        bed.address()
    );
    for (race, [one, other]) in RACES.into_iter().zip(wins) {
        println!("  {race}: {one} + {other}");
    }
}

fn nodes_seal_side_by_side_and_a_killed_one_holds_nobody_up<B: Bed>(bed: &B) {
    drop(bed.store());
    let [mut stays, mut goes] = [Running::start("range", bed), Running::start("range", bed)];
    stays.tell("1 120");
    goes.tell("1001 9999");
    let before = std::iter::from_fn(|| goes.hear()).take(40).count();
    goes.child.kill().unwrap();
    let before = before + std::iter::from_fn(|| goes.hear()).count();
    drop(goes);
    assert_eq!(std::iter::from_fn(|| stays.hear()).take(120).last().as_deref(), Some("120"));
    drop(stays);
    bed.settle();
    // One log without a gap of what both have sealed, and at most one more whose process did not live to say so.
    let store = bed.store();
    let sealed = store.verify(&[]).unwrap().disclosed;
    let acknowledged = 120 + u64::try_from(before).unwrap();
    assert!((acknowledged..=acknowledged + 1).contains(&sealed), "{sealed} {acknowledged}");
    assert!(store.unfinished(Unfinished::All).unwrap().len() <= 1);
}
