//! AS-05 and the race of AS-04: processes that are killed (SIGKILL) at every place of a sealing, and processes that want the same.
//!
//! Victim, racer and the one who starts again are this same program, told by its environment what to be.

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

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rig::{Answer, CONTRACT, Rig, T0, TimeStampUnit, Wrong, cleared, lease, log_id, opening, salts, slot};
use segl::ades::Level;
use segl::crypto::{SignatureValue, ToBeSigned};
use segl::key::faults::{Fault, Faulty, Step as TokenStep};
use segl::key::pkcs11::{Module, Pin, Pkcs11Token};
use segl::key::{Curve, KeyId, ReadBack, SoftToken, Swept, Token, TokenDescription, Trace};
use segl::record::{Cause, Event as LogEvent, Outcome, Step};
use segl::sealing::{Decision, Event, Journal as _, OpenError, SealFault, Sweep, Unfinished, recover};
use segl::store::SqliteStore;
use segl_testkit::peers::SoftHsm;

const JOB: &str = "SEGL_STORY_JOB";
const PLACE: &str = "SEGL_STORY_PLACE";
const FOLDER: &str = "SEGL_STORY_FOLDER";
const MODULE: &str = "SEGL_STORY_MODULE";

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
        let mut victim = child("victim", folder.path(), place, softhsm);
        let said = lines_until(&mut victim, place);
        assert_eq!(said.last().map(String::as_str), Some(place), "{said:?}");
        victim.kill().unwrap();
        victim.wait().unwrap();
        assert!(!folder.path().join("sealed.pdf").exists(), "{place}: let out");
        // What starts again finds it, in its own process.
        let mut again = child("restart", folder.path(), place, softhsm);
        let said = lines_until(&mut again, "done");
        assert!(again.wait().unwrap().success(), "{place}: {said:?}");
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
fn as_04_two_processes_race_on_one_request() {
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()));
    let mut racers = [0, 1].map(|_| child("racer", folder.path(), "", None));
    let wins = racers.each_mut().map(|racer| {
        let said = lines_until(racer, "done");
        assert!(racer.wait().unwrap().success(), "{said:?}");
        let count = |word| said.iter().filter(|line| line.starts_with(word)).count();
        assert_eq!(count("sealed") + count("refused"), ROUNDS as usize, "{said:?}");
        // One signature of the device for each seal, and not one for a refusal.
        assert!(said.contains(&format!("signed {}", count("sealed"))), "{said:?}");
        count("sealed")
    });
    println!("won: {wins:?}");
    assert_eq!(wins[0] + wins[1], ROUNDS as usize);
    let store = store(folder.path());
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), ROUNDS);
    assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
}

#[test]
fn as_06_softhsm_keeps_the_key_or_loses_the_session() {
    match SoftHsm::find() {
        Ok(softhsm) => {
            softhsm.initialise().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let mut child = child("alarm", folder.path(), "", Some(&softhsm));
            assert_eq!(lines_until(&mut child, "done"), ["done"]);
            assert!(child.wait().unwrap().success());
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

/// Requests that both processes want.
const ROUNDS: u64 = 20;

fn child(job: &str, folder: &Path, place: &str, softhsm: Option<&SoftHsm>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([job, "--exact", "--nocapture", "--test-threads=1"]);
    command.env(JOB, job).env(FOLDER, folder).env(PLACE, place).stdout(Stdio::piped());
    if let Some(softhsm) = softhsm {
        let (name, value) = softhsm.environment();
        command.env(name, value).env(MODULE, softhsm.module());
    }
    command.spawn().unwrap()
}

/// What the child says until it says this.
fn lines_until(child: &mut Child, word: &str) -> Vec<String> {
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
        // The test runner writes on the same line before the test does.
        let line = line.unwrap();
        let Some((_, line)) = line.split_once("child> ") else { continue };
        said.push(line.to_owned());
        if line == word {
            break;
        }
    }
    said
}

fn say(line: &str) {
    println!("child> {line}");
    std::io::stdout().flush().unwrap();
}

/// The folder, when this process was told to do this.
fn told_to(job: &str) -> Option<PathBuf> {
    (env::var(JOB).as_deref() == Ok(job)).then(|| env::var_os(FOLDER).unwrap().into())
}

fn store(folder: &Path) -> SqliteStore {
    SqliteStore::open(&folder.join("segl.db"), log_id()).unwrap()
}

fn softhsm_token() -> Option<Pkcs11Token> {
    let module = env::var_os(MODULE)?;
    Some(Module::load(module).unwrap().open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN)).unwrap())
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
    let rig = Rig::new();
    let store = store(folder);
    let unit = TimeStampUnit::new(&rig, "unit", &[Answer::Well]);
    let outcome = rig.seal_answering(
        &store,
        1,
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
    at("sealed");
    fs::write(folder.join("part"), &outcome.document).unwrap();
    at("written");
    sealed.release(rig.clock(), salts(1)).unwrap();
    at("released");
    fs::rename(folder.join("part"), folder.join("sealed.pdf")).unwrap();
    panic!("nobody stopped it");
}

/// Stops here for ever, when this is the place.
fn at(place: &str) {
    if env::var(PLACE).as_deref() == Ok(place) {
        say(place);
        loop {
            std::thread::park();
        }
    }
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
    for name in ["segl.db", "segl.db-wal"] {
        let bytes = fs::read(folder.join(name)).unwrap_or_default();
        assert!(!bytes.windows(15).any(|window| window == b"street lighting"));
        assert!(!bytes.windows(32).any(|window| window == segl::crypto::sha256(CONTRACT)));
    }
    say("done");
}

/// Not a test by itself: one of two processes that want to seal the same requests.
#[test]
fn racer() {
    let Some(folder) = told_to("racer") else { return };
    let rig = Rig::new();
    let store = store(&folder);
    let token = Faulty::new(SoftToken::new(rig.rng()), None);
    // Serial numbers and keys must differ from the other's.
    let mut own = [0; 8];
    own.copy_from_slice(&segl::crypto::sha256(&std::process::id().to_be_bytes())[..8]);
    rig.seed_from(u64::from_be_bytes(own) >> 8);
    for n in 1..=ROUNDS {
        match rig.try_seal(&store, n, token.clone(), Level::B) {
            Ok(sealed) => {
                sealed.release(rig.clock(), salts(n)).unwrap();
                say(&format!("sealed {n}"));
            }
            Err(OpenError::InProgress { .. } | OpenError::AlreadyCompleted { .. }) => {
                say(&format!("refused {n}"))
            }
            Err(other) => panic!("{other}"),
        }
    }
    say(&format!("signed {}", token.calls().sign));
    say("done");
}

/// A token that stops for ever when it comes to the place.
struct Pausing<T>(T);

impl<T: Token> Pausing<T> {
    fn around<R>(&self, call: &str, work: impl FnOnce() -> R) -> R {
        at(&format!("before {call}"));
        let result = work();
        at(&format!("after {call}"));
        result
    }
}

impl<T: Token> Token for Pausing<T> {
    type Key = T::Key;
    type Error = T::Error;

    fn description(&self) -> &TokenDescription {
        self.0.description()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<T::Key, T::Error> {
        self.around("generate", || self.0.generate(curve, id))
    }
    fn read_back(&self, key: &T::Key) -> Result<ReadBack, T::Error> {
        self.around("read_back", || self.0.read_back(key))
    }
    fn sign(&self, key: &mut T::Key, tbs: &ToBeSigned) -> Result<SignatureValue, T::Error> {
        self.around("sign", || self.0.sign(key, tbs))
    }
    fn destroy(&self, key: &mut T::Key) -> Result<(), T::Error> {
        self.around("destroy", || self.0.destroy(key))
    }
    fn look_up(&self, key: &mut T::Key) -> Result<Trace, T::Error> {
        self.around("look_up", || self.0.look_up(key))
    }
    fn sweep(&self) -> Result<Swept, T::Error> {
        self.0.sweep()
    }
}
