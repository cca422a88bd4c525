//! AS-05: processes that are killed (SIGKILL) at every place of a sealing, and again and again at any moment.
//!
//! Victim, survivor and the one who starts again are this same program, told by its environment what to be. `SEGL_STORY_ROUNDS` is the
//! number of kills of each long story.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

mod rig;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use rand_core::Rng as _;
use rig::process::{Job, Pausing, Process, at, first, rounds, say, softhsm_token, store, told_to};
use rig::{Answer, CONTRACT, Rig, T0, TimeStampUnit, Wrong, cleared, lease, opening, salts, slot};
use segl::ades::Level;
use segl::cert::{IssuedCertificates, IssuerKey, SerialNumber, State};
use segl::key::faults::{Fault, Faulty, Step as TokenStep};
use segl::key::{SoftToken, Swept, Token};
use segl::record::{Cause, Event as LogEvent, Outcome, Step};
use segl::sealing::{Decision, Event, Journal as _, OpenError, SealFault, Sweep, Unfinished, recover};
use segl::store::SqliteStore;
use segl_testkit::peers::SoftHsm;
use segl_testkit::rng::SeededRng;

/// Where a victim is stopped, and the last step that the journal knows then. `None`: the record was written.
const PLACES: [(&str, Option<Step>); 21] = [
    ("presented", Some(Step::Presented)),
    ("approved", Some(Step::Approved)),
    ("before generate", Some(Step::Approved)),
    ("after generate", Some(Step::Approved)),
    ("after read_back", Some(Step::Approved)),
    ("key made", Some(Step::KeyMade)),
    ("certified", Some(Step::Certified)),
    ("before sign", Some(Step::Certified)),
    ("after sign", Some(Step::Certified)),
    ("before destroy", Some(Step::Certified)),
    ("after destroy", Some(Step::Certified)),
    ("before look_up", Some(Step::Certified)),
    ("after look_up", Some(Step::Certified)),
    ("signed", Some(Step::Signed)),
    ("key destroyed", Some(Step::KeyDestroyed)),
    ("time-stamped", Some(Step::TimeStamped)),
    ("evidence", Some(Step::TimeStamped)),
    ("archived", Some(Step::TimeStamped)),
    ("sealed", Some(Step::TimeStamped)),
    ("written", Some(Step::TimeStamped)),
    ("released", None),
];

#[test]
fn as_05_software_key() {
    killed_everywhere(None);
}

#[test]
fn as_05_softhsm() {
    match SoftHsm::find() {
        Ok(softhsm) => {
            softhsm.initialise().unwrap();
            killed_everywhere(Some(&softhsm));
        }
        Err(skipped) => skipped.report(),
    }
}

fn killed_everywhere(softhsm: Option<&SoftHsm>) {
    for (place, step) in PLACES {
        let folder = tempfile::tempdir().unwrap();
        let job = Job { name: "victim", folder: folder.path(), place, first: 1, softhsm };
        let mut victim = Process::start(job);
        let said = victim.until(place);
        assert_eq!(said.last().map(String::as_str), Some(place), "{said:?}");
        victim.kill();
        assert!(!folder.path().join("sealed-1.pdf").exists(), "{place}: let out");
        // What starts again finds it, in its own process.
        let said = Process::start(Job { name: "restart", ..job }).finish();
        assert_eq!(said.last().map(String::as_str), Some("done"), "{said:?}");
        let expected = step.map_or("completed".to_owned(), |step| format!("crashed at {step}"));
        assert_eq!(said[said.len() - 2], expected, "{place}");
        if softhsm.is_some() {
            let swept = format!("swept, {} remain", 0);
            let may_hold_key = step.is_some_and(Step::may_hold_key);
            assert_eq!(said.contains(&swept), may_hold_key, "{place}: {said:?}");
        }
    }
}

#[test]
fn as_05_killed_again_and_again_with_software_keys() {
    killed_again_and_again(None);
}

#[test]
fn as_05_killed_again_and_again_with_softhsm() {
    match SoftHsm::find() {
        Ok(softhsm) => {
            softhsm.initialise().unwrap();
            killed_again_and_again(Some(&softhsm));
        }
        Err(skipped) => skipped.report(),
    }
}

/// One store, and one process after the other that recovers what the last one left, seals, and is killed: at a place of its first
/// sealing, while it starts, or while it seals.
fn killed_again_and_again(softhsm: Option<&SoftHsm>) {
    let rounds = rounds(20);
    let folder = tempfile::tempdir().unwrap();
    let files = softhsm.map(|softhsm| softhsm.files().unwrap());
    let mut past = Past { next: 1, ..Past::default() };
    let (mut moments, mut longest, mut mended) = (SeededRng::new(rounds), Duration::from_millis(200), 0);
    for round in 0..rounds {
        let (place, step) =
            if round % 2 == 0 { PLACES[(round / 2) as usize % PLACES.len()] } else { ("", None) };
        let job = Job { name: "survivor", folder: folder.path(), place, first: past.next, softhsm };
        let begun = Instant::now();
        let mut survivor = Process::start(job);
        let mut said = match round % 4 {
            1 => Vec::new(),
            3 => survivor.until("ready"),
            _ => {
                let said = survivor.until(place);
                assert_eq!(said.last().map(String::as_str), Some(place), "{said:?}");
                past.stopped.insert(past.next, step);
                said
            }
        };
        if place.is_empty() {
            // Within a start that has not ended yet, or within a few sealings after it.
            let mut most = longest;
            if !said.is_empty() {
                longest = begun.elapsed();
                most = longest * 4;
            }
            std::thread::sleep(most.mul_f64(f64::from(moments.next_u32()) / f64::from(u32::MAX)));
        }
        said.extend(survivor.kill());
        past.add(&said, folder.path());
        if let (Some(softhsm), Some(files)) = (softhsm, &files) {
            mended += softhsm.mend(files).unwrap();
        }
    }
    // The last one recovers and stays where it is.
    let job = Job { name: "survivor", folder: folder.path(), place: "stop", first: past.next, softhsm };
    let mut last = Process::start(job);
    assert_eq!(last.until("stop").last().map(String::as_str), Some("stop"));
    last.kill();
    println!("{rounds} kills, {mended} files of the token mended: {}", past.check(&store(folder.path())));
}

/// What the processes said before they were killed.
#[derive(Default)]
struct Past {
    next: u64,
    begun: Vec<u64>,
    acknowledged: BTreeMap<u64, String>,
    /// Where an attempt was stopped for good, by the last step that the journal knows.
    stopped: BTreeMap<u64, Option<Step>>,
}

impl Past {
    fn add(&mut self, said: &[String], folder: &Path) {
        for line in said {
            let words: Vec<_> = line.split(' ').collect();
            match words.as_slice() {
                ["begin", n] => {
                    self.begun.push(n.parse().unwrap());
                    self.next = self.begun.last().unwrap() + 1;
                }
                ["let-out", n, serial] => {
                    // Whoever asked for the seal has it now.
                    fs::remove_file(folder.join(format!("sealed-{n}.pdf"))).unwrap();
                    self.acknowledged.insert(n.parse().unwrap(), (*serial).to_owned());
                }
                _ => {}
            }
        }
    }

    /// Holds the store against it. Gives the figures.
    fn check(&self, store: &SqliteStore) -> String {
        store.verify(&[]).unwrap();
        assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
        let issuer = issuer_key(&Rig::new());
        let mut begun: BTreeMap<_, _> = self.begun.iter().map(|n| (opening(*n).request.uuid(), *n)).collect();
        assert_eq!(begun.len(), self.begun.len());
        let (mut serials, mut receipts) = (BTreeSet::new(), BTreeSet::new());
        let (mut completed, mut ends) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
        let rows = core::iter::successors(Some(store.entries(0, 500).unwrap()), |rows| {
            Some(store.entries(rows.last()?.entry.sequence(), 500).unwrap())
        });
        for row in rows.take_while(|rows| !rows.is_empty()).flatten() {
            let event = row.values.unwrap().event().unwrap();
            let LogEvent::Sealing(record) = event else { panic!("{event:?}") };
            // One record for an attempt, and none for what nobody began.
            let n = begun.remove(&record.opening().request.uuid()).unwrap();
            let serial = record.progress().serial().map(|serial| serial_number(serial.as_bytes()));
            let state = serial.map(|serial| store.status(&issuer, &serial).unwrap().unwrap().state);
            assert!(serial.is_none_or(|serial| serials.insert(serial)), "{serial:?} twice");
            let receipt = record.progress().receipt().map(|receipt| *receipt.digest());
            assert!(receipt.is_none_or(|receipt| receipts.insert(receipt)), "one key twice");
            match record.outcome() {
                Outcome::Completed => {
                    assert_eq!(state, Some(State::Issued), "{n}");
                    completed.insert(n, serial.unwrap().to_string());
                }
                Outcome::Aborted(Cause::Crashed) => {
                    assert!(matches!(state, None | Some(State::Abandoned)), "{n}: {state:?}");
                    *ends.entry(record.step().to_string()).or_default() += 1;
                }
                other => panic!("{n}: {other:?}"),
            }
            if let Some(step) = self.stopped.get(&n) {
                assert_eq!(record.step(), step.unwrap_or(Step::Completed), "{n}");
            }
            let again = store.open(&opening(n), &lease(n));
            let is_spent =
                matches!(again, Err(OpenError::Abandoned { .. } | OpenError::AlreadyCompleted { .. }));
            assert!(is_spent, "{n}: {again:?}");
        }
        // Nothing acknowledged is lost.
        for (n, serial) in &self.acknowledged {
            assert_eq!(completed.get(n), Some(serial), "{n}");
        }
        // Killed between saying so and beginning.
        assert!(begun.values().all(|n| !self.stopped.contains_key(n)), "{begun:?}");
        format!(
            "{} attempts, {} completed, of them {} acknowledged; crashed after {ends:?}; not begun {}",
            self.begun.len(),
            completed.len(),
            self.acknowledged.len(),
            begun.len()
        )
    }
}

fn issuer_key<R>(rig: &Rig<R>) -> IssuerKey {
    IssuerKey::of_spki(rig.authority.issuing_ca().certificate().spki_der())
}

fn serial_number(octets: &[u8]) -> SerialNumber {
    SerialNumber::from_der_content(octets).unwrap()
}

/// Not a test by itself: the process that recovers, seals, and is killed.
#[test]
fn survivor() {
    let Some(folder) = told_to("survivor") else { return };
    match softhsm_token() {
        Some(token) => survive(&folder, &token),
        None => survive(&folder, &SoftToken::new(SeededRng::new(first() << 32 | 1))),
    }
}

fn survive<T: Token + Clone>(folder: &Path, token: &T) {
    let store = store(folder);
    let rig = Rig::new().registering_in(store.sealing_register());
    rig.seed_from(first() << 32 | 2);
    // Nobody else is at work: what is left behind will never be let out.
    for left in store.unfinished(Unfinished::All).unwrap() {
        if let Some(serial) = left.progress.serial() {
            store.record_abandoned(&issuer_key(&rig), &serial_number(serial.as_bytes()), T0).unwrap();
        }
    }
    let sweep = |_: &_| {
        assert_eq!(token.sweep().unwrap().remaining, 0);
        Sweep::Clean
    };
    recover(&store, Unfinished::All, T0, sweep, || salts(first())).unwrap();
    assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
    assert_eq!(token.sweep().unwrap(), Swept::default());
    say("ready");
    at("stop");
    for n in first().. {
        say(&format!("begin {n}"));
        // Every second certificate draws a serial number first that is taken, mostly by a process that is dead.
        rig.serials_from(n / 2);
        let serial = seal_one(&rig, &store, folder, n, token.clone());
        say(&format!("let-out {n} {serial}"));
    }
}

#[test]
fn as_06_softhsm_keeps_the_key_or_loses_the_session() {
    match SoftHsm::find() {
        Ok(softhsm) => {
            softhsm.initialise().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let softhsm = Some(&softhsm);
            let job = Job { name: "alarm", folder: folder.path(), place: "", first: 1, softhsm };
            assert_eq!(Process::start(job).finish(), ["done"]);
        }
        Err(skipped) => skipped.report(),
    }
}

/// Not a test by itself: a process whose device does not confirm that the key is gone.
#[test]
fn alarm() {
    let Some(folder) = told_to("alarm") else { return };
    let (store, device) = (store(&folder), softhsm_token().unwrap());
    let rig = Rig::new();
    for (n, fault) in [
        (1, Fault::KeepTheKey),
        (2, Fault::Refuse(TokenStep::Destroy)),
        (3, Fault::Lose(TokenStep::Destroy)),
        (4, Fault::Lose(TokenStep::Sign)),
        (5, Fault::Refuse(TokenStep::LookUp)),
    ] {
        let token = Faulty::new(device.clone(), Some(fault));
        let outcome = rig.seal(&store, n, token, Level::Lt, Wrong::Nothing);
        let error = outcome.sealed.err().unwrap();
        assert!(matches!(error.fault, SealFault::Destruction(_)), "{fault:?}: {:?}", error.fault);
        assert_eq!(outcome.document, CONTRACT);
        let stopped = store.open(&opening(90), &lease(90));
        assert!(matches!(stopped, Err(OpenError::SlotStopped { .. })), "{fault:?}: {stopped:?}");
        // Whoever looks at the device finds it clean, clears the slot, and sealing goes on.
        assert_eq!(device.sweep().unwrap().remaining, 0, "{fault:?}");
        store.clear(&cleared(), salts(n + 10)).unwrap();
        let next = Faulty::new(device.clone(), None);
        let sealed = rig.seal(&store, n + 20, next.clone(), Level::B, Wrong::Nothing).sealed.unwrap();
        sealed.release(rig.clock(), salts(n + 20)).unwrap();
        assert_eq!(next.calls().sign, 1);
    }
    assert_eq!(device.sweep().unwrap(), Swept::default());
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), 15);
    say("done");
}

/// Not a test by itself: the process that is killed.
#[test]
fn victim() {
    let Some(folder) = told_to("victim") else { return };
    match softhsm_token() {
        Some(token) => be_victim(&folder, token),
        None => be_victim(&folder, SoftToken::new(Rig::new().rng())),
    }
}

fn be_victim<T: Token>(folder: &Path, token: T) {
    seal_one(&Rig::new(), &store(folder), folder, 1, token);
    panic!("nobody stopped it");
}

/// Seals as attempt `n` and lets the seal out, stopping where it is to stop. Gives the serial number.
fn seal_one<T: Token, R: IssuedCertificates>(
    rig: &Rig<R>,
    store: &SqliteStore,
    folder: &Path,
    n: u64,
    token: T,
) -> SerialNumber {
    let unit = TimeStampUnit::new(rig, "unit", &[Answer::Well]);
    let outcome = rig.seal_answering(
        store,
        n,
        Pausing(token),
        Level::Lta,
        Wrong::Nothing,
        &[&unit],
        &mut |_| Decision::Approve,
        &mut |event| {
            at(match event {
                Event::Presented(_) => "presented",
                Event::Approved => "approved",
                Event::KeyMade(_) => "key made",
                Event::Certified(_) => "certified",
                Event::Signed => "signed",
                Event::KeyDestroyed(_) => "key destroyed",
                Event::TimeStamped { .. } => "time-stamped",
                Event::EvidenceEmbedded { .. } => "evidence",
                Event::Archived { .. } => "archived",
                _ => return,
            });
        },
    );
    let sealed = outcome.sealed.unwrap();
    let serial = SerialNumber::from_der_content(sealed.certificate().serial()).unwrap();
    at("sealed");
    fs::write(folder.join("part"), &outcome.document).unwrap();
    at("written");
    sealed.release(rig.clock(), salts(n)).unwrap();
    at("released");
    fs::rename(folder.join("part"), folder.join(format!("sealed-{n}.pdf"))).unwrap();
    serial
}

/// Not a test by itself: the process that starts after the crash.
#[test]
fn restart() {
    let Some(folder) = told_to("restart") else { return };
    let store = store(&folder);
    let token = softhsm_token();
    let sweep = |swept: &_| {
        assert_eq!(swept, &slot());
        let Some(token) = &token else { return Sweep::Clean };
        let swept = token.sweep().unwrap();
        say(&format!("swept, {} remain", swept.remaining));
        if swept.remaining == 0 { Sweep::Clean } else { Sweep::Unconfirmed }
    };
    recover(&store, Unfinished::All, T0, sweep, || salts(99)).unwrap();
    assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
    if let Some(token) = &token {
        assert_eq!(token.sweep().unwrap(), Swept::default());
    }
    store.verify(&[]).unwrap();
    // The request is spent, whatever became of it, and a new one is answered.
    let replay = store.open(&opening(1), &lease(1));
    assert!(
        matches!(replay, Err(OpenError::Abandoned { .. } | OpenError::AlreadyCompleted { .. })),
        "{replay:?}"
    );
    let rig = Rig::new();
    let sealed = rig.seal(&store, 2, SoftToken::new(rig.rng()), Level::B, Wrong::Nothing).sealed.unwrap();
    sealed.release(rig.clock(), salts(2)).unwrap();
    let rows = store.entries(0, 10).unwrap();
    let events: Vec<_> = rows.iter().map(|row| row.values.as_ref().unwrap().event().unwrap()).collect();
    let [LogEvent::Sealing(first), LogEvent::Sealing(_)] = events.as_slice() else { panic!("{events:?}") };
    say(&match first.outcome() {
        Outcome::Completed => "completed".to_owned(),
        Outcome::Aborted(Cause::Crashed) => format!("crashed at {}", first.step()),
        other => format!("{other:?}"),
    });
    // Nothing of the document is in the journal of a sealing that was cut off.
    let digest = segl::crypto::sha256(CONTRACT);
    for name in ["segl.db", "segl.db-wal"] {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        assert!(!bytes.windows(15).any(|window| window == b"street lighting"));
        assert!(!bytes.windows(32).any(|window| window == digest));
    }
    say("done");
}
