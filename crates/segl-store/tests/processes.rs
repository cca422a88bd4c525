//! Processes that are killed in the middle, and processes that race.
//!
//! Each test starts this very program again as its child; `child` is what the child runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use segl_record::{Cause, Outcome, Step};
use segl_sealing::{AdvanceError, ConcludeError, Journal as _, OpenError, Sweep, Unfinished, recover};
use segl_store::SqliteStore;
use segl_testkit::sealing::{T0, advances, lease, log_id, opening, progress, record, salts};
use tempfile::TempDir;

const JOB: &str = "SEGL_STORE_TEST_CHILD";
const FILE: &str = "SEGL_STORE_TEST_FILE";
/// Rounds of the race between two processes.
const ROUNDS: u64 = 1000;

/// Opens sealing `n`, takes its steps and concludes it, and calls `done` after each of the nine with its number.
fn seal_saying(store: &SqliteStore, n: u64, mut done: impl FnMut(usize)) {
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
    let (Ok(job), Ok(file)) = (std::env::var(JOB), std::env::var(FILE)) else { return };
    let store = SqliteStore::open(Path::new(&file), log_id()).unwrap();
    match job.as_str() {
        // Seals one after the other, says what is acknowledged, and after each waits to be told to go on.
        "steps" => {
            let mut orders = std::io::stdin().lines();
            seal_saying(&store, 1, |at| {
                say(&at.to_string());
                orders.next().unwrap().unwrap();
            });
        }
        // Seals without end.
        "stream" => {
            for n in 1.. {
                seal_saying(&store, n, |at| say(&format!("{n} {at}")));
            }
        }
        // Tries everything of every sealing it is told, together with another process, and says what it won.
        "race" => {
            for line in std::io::stdin().lines() {
                say(&race(&store, line.unwrap().parse().unwrap()));
            }
        }
        other => panic!("{other}"),
    }
}

/// One `1` or `0` for each of opening, seven steps and conclusion.
fn race(store: &SqliteStore, n: u64) -> String {
    let mut won = Vec::new();
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
    fn start(job: &str, file: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(JOB, job)
            .env(FILE, file)
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

#[test]
fn killed_after_each_step_everything_acknowledged_is_there() {
    for last in 0..=8 {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("segl.db");
        let mut child = Running::start("steps", &file);
        for at in 0..=last {
            assert_eq!(child.hear(), Some(at.to_string()));
            if at < last {
                child.tell("on");
            }
        }
        drop(child);

        let store = SqliteStore::open(&file, log_id()).unwrap();
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

#[test]
fn killed_at_any_moment_the_store_is_whole() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("segl.db");
    let mut completed_before = 0;
    for round in 0..20_u64 {
        std::fs::remove_file(&file).ok();
        for suffix in ["-wal", "-shm"] {
            std::fs::remove_file(folder.path().join(format!("segl.db{suffix}"))).ok();
        }
        let mut child = Running::start("stream", &file);
        // Let it get somewhere, then kill it at a moment that differs from round to round and meets no step on purpose.
        let mut acknowledged = Vec::new();
        for _ in 0..(round * 3 + 1) {
            acknowledged.push(child.hear().unwrap());
        }
        std::thread::sleep(std::time::Duration::from_micros(round * 397));
        child.child.kill().unwrap();
        acknowledged.extend(std::iter::from_fn(|| child.hear()));
        drop(child);

        let store = SqliteStore::open(&file, log_id()).unwrap();
        let verified = store.verify(&[]).unwrap();
        let (n, at) = acknowledged.last().unwrap().split_once(' ').unwrap();
        let (n, at): (u64, usize) = (n.parse().unwrap(), at.parse().unwrap());
        let complete = if at == 8 { n } else { n - 1 };
        // What was acknowledged is there, and at most the one step more that was on its way.
        assert!([complete, complete + 1].contains(&verified.disclosed), "{n} {at} {verified:?}");
        let open = store.unfinished(Unfinished::All).unwrap();
        assert!(open.len() <= 1);
        if let Some(found) = open.first().filter(|found| found.opening == opening(n)) {
            assert!(usize::from(found.progress.step().number()) > at);
        }
        completed_before += verified.disclosed;
    }
    assert!(completed_before > 20);
}

#[test]
fn of_two_processes_exactly_one_wins_every_step() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("segl.db");
    drop(SqliteStore::open(&file, log_id()).unwrap());
    let mut children = [Running::start("race", &file), Running::start("race", &file)];
    let mut wins = [0_u64; 2];
    for n in 1..=ROUNDS {
        for child in &mut children {
            child.tell(&n.to_string());
        }
        let said = children.each_mut().map(|child| child.hear().unwrap());
        for (one, other) in said[0].chars().zip(said[1].chars()) {
            assert!(matches!((one, other), ('0', '1') | ('1', '0')), "round {n}: {said:?}");
        }
        for (count, answer) in wins.iter_mut().zip(&said) {
            *count += u64::from(answer.starts_with('1'));
        }
    }
    drop(children);
    let verified = SqliteStore::open(&file, log_id()).unwrap().verify(&[]).unwrap();
    assert_eq!((verified.disclosed, wins[0] + wins[1]), (ROUNDS, ROUNDS));
    println!("{ROUNDS} rounds, openings won: {wins:?}");
}
