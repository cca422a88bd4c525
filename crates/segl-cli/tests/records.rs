//! The records as a person reads them, the alarm that stops sealing, and the holder who declines.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod room;

use std::io::Write as _;
use std::process::{Command, Stdio};

use room::{Room, Said};
use segl::crypto::Time;
use segl::record::{Cause, Opening, Outcome, SealingRecord, SlotName};
use segl::sealing::Journal as _;
use segl::store::SqliteStore;
use segl_testkit::journal::{run_to, run_whole};
use segl_testkit::sealing::{advances, lease, log_id, opening, operator, progress, record, salts};
use serde_json::{Value, json};

fn store(room: &Room) -> SqliteStore {
    SqliteStore::open(&room.home().join("segl.db"), log_id()).unwrap()
}

/// A home whose log has one of every kind of row.
fn with_every_row() -> Room {
    let room = Room::new();
    assert_eq!(room.run(["init"]).status, Some(0));
    let store = store(&room);
    run_whole(&store, 1);
    run_to(&store, 2, 1);
    store.conclude(&record(2, 1, Outcome::Declined), salts(2)).unwrap();
    run_to(&store, 3, 6);
    store.conclude(&record(3, 6, Outcome::Aborted(Cause::TimeStamp)), salts(3)).unwrap();
    alarm(&store, 4);
    room
}

/// An unconfirmed destruction on the slot of keys in memory.
fn alarm(store: &SqliteStore, n: u64) {
    let opening = Opening { slot: SlotName::new("software").unwrap(), ..opening(n) };
    store.open(&opening, &lease(n)).unwrap();
    let mut done = progress(n, 0);
    for advance in advances(n).into_iter().take(4) {
        let from = done.step();
        done.advance(advance).unwrap();
        store.advance(opening.request, from, &done).unwrap();
    }
    let concluded = record(n, 4, Outcome::DestructionUnconfirmed).concluded();
    let record = SealingRecord::new(opening, done, Outcome::DestructionUnconfirmed, concluded).unwrap();
    store.conclude(&record, salts(n)).unwrap();
}

#[test]
fn list_is_a_table() {
    let room = with_every_row();
    let said = room.run(["records", "list"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    println!("{}", said.stdout);
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].starts_with("NUMBER  TIME (UTC)            OUTCOME"));
    assert!(lines[1].starts_with("1       2026-11-25T12:00:02Z  completed "), "{}", lines[1]);
    let session = opening(1).session;
    let wanted = format!(
        "NTRDK-10000001 TEST Ødd & Søn A/S  Test Person 1  substantial  {session}  Case 1 of the tests"
    );
    assert!(lines[1].contains(&wanted), "{}", lines[1]);
    assert!(
        lines[2].contains("  declined ") && lines[2].contains("  presented ") && lines[2].contains("  -  ")
    );
    assert!(lines[3].contains("  aborted: time-stamp ") && lines[3].contains("  key destroyed "));
    assert!(lines[4].contains("  ALARM: key not confirmed gone, software "), "{}", lines[4]);
    // Each column begins where its heading does.
    for name in
        ["OUTCOME", "LAST STEP", "SERIAL", "ORGANISATION", "HOLDER", "ASSURANCE", "SESSION", "REFERENCE"]
    {
        let column = lines[0].find(name).unwrap();
        for line in &lines[1..] {
            let before: String = line.chars().take(column).collect();
            assert!(before.ends_with("  "), "{name}: {line}");
        }
    }
    assert!(!said.stdout.contains('\u{1b}'));
}

/// Each record is an object on a line of its own, with every fact by itself (S000-58).
#[test]
fn list_for_a_program() {
    let room = with_every_row();
    let said = room.run(["records", "list", "--json"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    let rows: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 4);
    let one = &rows[0];
    assert_eq!(
        (&one["number"], &one["outcome"], &one["cause"]),
        (&json!(1), &json!("completed"), &Value::Null)
    );
    assert_eq!(one["level_of_assurance"], "substantial");
    assert_eq!(one["session"], json!(opening(1).session.to_string()));
    assert_eq!(one["holder"]["name"], "Test Person 1");
    assert_eq!(one["organisation"]["number"], "NTRDK-10000001");
    assert_eq!(one["sign_to_destroy_seconds"], json!(0.0009));
    assert_eq!((&rows[1]["outcome"], &rows[1]["serial"]), (&json!("declined"), &Value::Null));
    assert_eq!((&rows[2]["outcome"], &rows[2]["cause"]), (&json!("aborted"), &json!("time-stamp")));
    assert_eq!(
        (&rows[3]["outcome"], &rows[3]["slot"]),
        (&json!("destruction unconfirmed"), &json!("software"))
    );
    room.run(["records", "clear", "software", "--operator", "key-custodian"]);
    let said = room.run(["records", "list", "--json"]);
    let last: Value = serde_json::from_str(said.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["operator"]), (&json!("slot-cleared"), &json!("key-custodian")));
}

#[test]
fn list_shows_what_a_purge_left() {
    let room = with_every_row();
    let later = Time::from_civil(2035, 1, 2, 0, 0, 0).unwrap();
    let mut n = 50;
    let purged = store(&room).purge(later, &operator(), 100, || {
        n += 1;
        salts(n)
    });
    assert_eq!(purged.unwrap().records.len(), 1);
    let said = room.run(["records", "list"]);
    println!("{}", said.stdout);
    let lines: Vec<_> = said.stdout.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(
        lines[1..5]
            .iter()
            .all(|line| line.contains("2026  ") && line.contains("the personal data were erased"))
    );
    assert!(
        lines[5].contains("personal data of 2026 erased in 4 records, 1 to 4, by records-officer"),
        "{}",
        lines[5]
    );
    let program = room.run(["records", "list", "--json"]).stdout;
    let first: Value = serde_json::from_str(program.lines().next().unwrap()).unwrap();
    assert_eq!(first, json!({"number": 1, "kind": "erased", "year": 2026}));
    for personal in ["Test Person", "NTRDK", "Case ", "Ødd", "substantial"] {
        assert!(!said.stdout.contains(personal) && !program.contains(personal), "{personal}");
    }
    room.records_verify();
}

#[test]
fn alarm_stops_sealing_until_it_is_cleared() {
    let room = with_every_row();
    let said = room.run(["seal", "contract.pdf"]);
    said.refused("sealing on this slot is stopped since 2026-11-25T12:00:02Z");
    assert!(
        said.stderr.contains("help: look at the device") && said.stderr.contains("segl records clear"),
        "{said:?}"
    );
    assert_eq!(room.names(), ["contract.pdf", "home"]);
    room.run(["records", "clear", "nowhere", "--operator", "key-custodian"]).refused("is not stopped");
    let cleared = room.run(["records", "clear", "software", "--operator", "key-custodian"]);
    assert_eq!(cleared.stdout, "Sealing on software may go on (record 5).\n");
    assert_eq!(room.run(["seal", "contract.pdf"]).status, Some(0));
    let list = room.run(["records", "list"]).stdout;
    assert!(list.contains("slot software cleared by key-custodian"), "{list}");
    room.records_verify();
}

#[test]
fn nothing_to_list() {
    let room = Room::new();
    room.run(["records", "list"]).refused("there is no authority in");
    assert_eq!(room.run(["init"]).status, Some(0));
    assert_eq!(room.run(["records", "list"]).stdout, "There are no records yet.\n");
    assert_eq!(room.run(["records", "list", "--json"]).stdout, "");
    room.run(["init"]).refused("is there already");
}

/// A person at a terminal is asked, and says no (AS-03).
#[cfg(target_os = "linux")]
#[test]
fn holder_declines_at_the_terminal() {
    let room = Room::new();
    for (answer, status, outcome) in [("n\n", 2, "declined"), ("\n", 2, "declined"), ("y\n", 0, "completed")]
    {
        let mut command = Command::new("script");
        let segl = format!("{} seal contract.pdf --force", env!("CARGO_BIN_EXE_segl"));
        room.prepare(&mut command).args(["-qec", &segl, "/dev/null"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { return println!("skipped: script is not here") };
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let said = Said::of(&child.wait_with_output().unwrap());
        assert_eq!(said.status, Some(status), "{said:?}");
        assert!(said.stdout.contains("Approve this certificate and seal?"), "{said:?}");
        assert_eq!(said.stdout.contains("the certificate content was declined"), status == 2, "{said:?}");
        assert_eq!(room.rows().last().unwrap().outcome, outcome);
        assert_eq!(room.names().contains(&"contract.sealed.pdf".to_owned()), status == 0);
    }
}
