//! The command is killed (SIGKILL), at any moment and when it says that it is at a step: what comes next finds everything in order.
//!
//! Never a half document under its final name, never a key in the token, never an attempt without an end once the next sealing ran.

#![forbid(unsafe_code)]
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod room;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use room::{CONTRACT, Room};

/// What the command says at each step, in order: the victim is killed as soon as it has said so.
const SAID: [&str; 10] = [
    "Sealing",
    "certificate",
    "approved",
    "key",
    "issued",
    "signed",
    "destroyed",
    "time-stamp",
    "evidence",
    "archive",
];

/// Runs `segl` with these arguments and kills it as soon as it says a line that begins so.
fn kill_when_it_says(room: &Room, arguments: &[String], word: &str) {
    let mut child = room.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines {
        if line.is_ok_and(|line| line.trim_start().starts_with(word)) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Runs it for so long, then kills it.
fn kill_after(room: &Room, arguments: &[String], time: Duration) {
    let mut child = room.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn seal_arguments(room: &Room) -> Vec<String> {
    let mut arguments = ["seal", "contract.pdf", "--force"].map(str::to_owned).to_vec();
    arguments.extend(room.token_options());
    arguments
}

/// What stands under the final name is whole, or not there.
#[track_caller]
fn is_whole_or_absent(room: &Room, whole: usize) {
    let Ok(bytes) = fs::read(room.path("contract.sealed.pdf")) else { return };
    assert!(bytes.starts_with(CONTRACT) && bytes.ends_with(b"%%EOF\n"), "{} octets", bytes.len());
    // Within the few octets by which one seal differs from the next.
    assert!(bytes.len().abs_diff(whole) < 200, "{} octets instead of {whole}", bytes.len());
}

/// The next sealing works, ends what was left, and leaves nothing but its own.
#[track_caller]
fn next_seal_puts_everything_in_order(room: &Room, kills: usize) -> usize {
    let said = room.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(room.names(), ["contract.pdf", "contract.sealed.pdf", "home"]);
    room.records_verify();
    room.register_agrees();
    let rows = room.rows();
    assert!(rows.len() <= kills + 1, "{rows:?}");
    assert!(
        rows.iter().all(|row| ["aborted: crashed", "completed"].contains(&row.outcome.as_str())),
        "{rows:?}"
    );
    assert_eq!(rows.last().unwrap().outcome, "completed");
    // Sealed again, nothing more is found: every attempt had its end.
    let again = room.seal();
    assert!(!again.stdout.contains("recovered"), "{again:?}");
    rows.iter().filter(|row| row.outcome == "aborted: crashed").count()
}

fn killed_at_every_step(room: &Room) {
    let first = room.seal();
    assert_eq!(first.status, Some(0), "{first:?}");
    let whole = fs::metadata(room.path("contract.sealed.pdf")).unwrap().len().try_into().unwrap();
    let arguments = seal_arguments(room);
    let mut steps = Vec::new();
    for word in SAID {
        fs::remove_file(room.path("contract.sealed.pdf")).unwrap();
        kill_when_it_says(room, &arguments, word);
        is_whole_or_absent(room, whole);
        let before = room.rows().len();
        let said = room.seal();
        assert_eq!(said.status, Some(0), "{word}: {said:?}");
        is_whole_or_absent(room, whole);
        steps.extend(
            room.rows()[before..].iter().filter(|row| row.outcome != "completed").map(|row| row.step.clone()),
        );
    }
    println!("found after the kills: {steps:?}");
    assert!(steps.len() >= SAID.len() / 2, "{steps:?}");
    let abandoned = room.register_agrees();
    println!("{abandoned} certificates are in no seal");
    assert!(abandoned > 0 || !steps.iter().any(|step| step == "certified"), "{steps:?}");
    next_seal_puts_everything_in_order(room, 3 * SAID.len());
}

fn killed_at_any_moment(room: &Room, kills: u32) {
    let first = Instant::now();
    assert_eq!(room.seal().status, Some(0));
    let begun = Instant::now();
    assert_eq!(room.seal().status, Some(0));
    let (took, whole) = (begun.elapsed(), fs::metadata(room.path("contract.sealed.pdf")).unwrap().len());
    println!("the first took {:?}, the second {took:?}", begun - first);
    let arguments = seal_arguments(room);
    let token = room.token().map(|token| (token, token.files().unwrap()));
    for n in 1..=kills {
        kill_after(room, &arguments, took * n / kills);
        if let Some((token, files)) = &token {
            let mended = token.mend(files).unwrap();
            println!("kill {n}: {mended} files of the token were cut off");
        }
        is_whole_or_absent(room, whole.try_into().unwrap());
    }
    let crashed = next_seal_puts_everything_in_order(room, usize::try_from(kills).unwrap() + 2);
    println!("{crashed} attempts of {kills} kills had to be ended");
}

#[test]
fn software_key_killed_at_every_step() {
    killed_at_every_step(&Room::new());
}

#[test]
fn software_key_killed_at_any_moment() {
    killed_at_any_moment(&Room::new(), 15);
}

#[test]
fn softhsm_killed_at_every_step() {
    if let Some(room) = Room::with_softhsm() {
        killed_at_every_step(&room);
    }
}

#[test]
fn softhsm_killed_at_any_moment() {
    if let Some(room) = Room::with_softhsm() {
        killed_at_any_moment(&room, 10);
    }
}

#[test]
fn attempt_in_a_device_waits_for_the_device() {
    let outcomes = |room: &Room| room.rows().into_iter().map(|row| row.outcome).collect::<Vec<_>>();
    let killed_with_a_key = || {
        let room = Room::with_softhsm()?;
        kill_when_it_says(&room, &seal_arguments(&room), "key");
        // Keys in memory: the token is not named, so nothing can be said about its keys and no alarm is raised.
        let said = room.run(["seal", "contract.pdf"]);
        assert_eq!(said.status, Some(0), "{said:?}");
        Some(room)
    };
    let Some(mut room) = killed_with_a_key() else { return };
    // On a busy machine the victim may have been past its key when the signal came.
    for _ in 0..4 {
        if outcomes(&room) != ["completed"] {
            room = killed_with_a_key().unwrap();
        }
    }
    assert_eq!(outcomes(&room), ["completed"]);
    // A wrong PIN says nothing about them either.
    let mut wrong = seal_arguments(&room);
    *wrong.last_mut().unwrap() = room.write_secret("pin.txt", b"98989898").to_str().unwrap().to_owned();
    room.run(&wrong).refused("the PIN is wrong");
    let said = room.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
    assert_eq!(outcomes(&room), ["completed", "aborted: key generation", "aborted: crashed", "completed"]);
}

#[test]
fn init_killed_at_any_moment() {
    let timing = Room::new();
    let begun = Instant::now();
    assert_eq!(timing.run(["init"]).status, Some(0));
    let took = begun.elapsed();
    let room = Room::new();
    let arguments = ["init".to_owned()];
    for n in 1..=12 {
        kill_after(&room, &arguments, took * n / 12);
        if room.names().contains(&"home".to_owned()) {
            // It appeared, so it is whole.
            assert_eq!(room.run(["records", "verify"]).status, Some(0));
            fs::remove_dir_all(room.home()).unwrap();
        }
    }
    let said = room.seal();
    assert_eq!(said.status, Some(0), "{said:?}");
    // Nothing is left of the homes that never were, keys least of all.
    assert_eq!(room.names(), ["contract.pdf", "contract.sealed.pdf", "home"]);
}

#[test]
fn many_begin_at_once_with_no_home() {
    let room = Room::new();
    let names: Vec<String> = (0..8).map(|n| format!("contract-{n}.pdf")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            room.write(name, CONTRACT);
            room.command(["seal", name]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let said = room::Said::of(&child.wait_with_output().unwrap());
        assert_eq!(said.status, Some(0), "{said:?}");
    }
    assert_eq!(room.rows().iter().filter(|row| row.outcome == "completed").count(), 8);
    room.records_verify();
    assert_eq!(room.names().iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn many_seal_to_one_name_at_once() {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = room.command(["seal", "contract.pdf"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let said: Vec<_> = children.into_iter().map(|c| room::Said::of(&c.wait_with_output().unwrap())).collect();
    assert_eq!(said.iter().filter(|said| said.status == Some(0)).count(), 1, "{said:?}");
    for refused in said.iter().filter(|said| said.status != Some(0)) {
        refused.refused("contract.sealed.pdf is there already");
    }
    let rows = room.rows();
    assert_eq!(rows.iter().filter(|row| row.outcome == "completed").count(), 1, "{rows:?}");
    assert_eq!(rows.len(), 6);
}
