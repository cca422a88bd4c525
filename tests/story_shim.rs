//! A sealing from end to end while its device fails at any call: nothing is let out, the record tells the truth, and the next start
//! finds everything.
//!
//! A library that records and fails stands between ours and the token.

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
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use rig::{Rig, Tear, Torn, Wrong, cleared, salts, slot};
use segl::ades::{Evidence, Level};
use segl::key::pkcs11::{Module, Pin, Pkcs11Error, Pkcs11Token};
use segl::key::{ONE_SHOT_LABEL_PREFIX, Token as _};
use segl::pdf::Document;
use segl::record::{Cause, Event as LogEvent, Outcome, Step};
use segl::sealing::{Journal as _, OpenError, SealFault, Sweep, Unfinished, recover};
use segl::validation::{Policy, validate};
use segl_shim::{Call, Rule, Shim, When, code};
use segl_testkit::peers::SoftHsm;
use segl_testkit::seals;
use tempfile::TempDir;

/// Names the module to the process that has the token in its environment.
const MODULE: &str = "SEGL_STORY_SHIM_MODULE";

/// Tells a story in a process of its own, because the libraries read their configuration from the environment.
fn told(name: &str, story: impl FnOnce(&Bare)) {
    if let Some(module) = env::var_os(MODULE) {
        return story(&Bare::new(PathBuf::from(module)));
    }
    let token = match SoftHsm::find() {
        Ok(token) => token,
        Err(skipped) => return skipped.report(),
    };
    token.initialise().unwrap();
    let folder = TempDir::new().unwrap();
    let (variable, value) = token.environment();
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(variable, value)
        .env(MODULE, token.module())
        .envs(Shim::environment(token.module(), folder.path()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{name} failed in its own process");
}

fn shim() -> Shim {
    Shim::of_this_process().unwrap()
}

fn open() -> Result<Pkcs11Token, Pkcs11Error> {
    Module::load(segl_shim::library())?.open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN))
}

/// The token without our library and without the one that fails.
struct Bare(Pkcs11);

impl Bare {
    fn new(module: PathBuf) -> Self {
        // Ours initialises the library before this one is used.
        open().unwrap();
        Self(Pkcs11::new(module).unwrap())
    }

    /// How many objects of one-shot keys there are.
    fn left(&self) -> usize {
        let slots = self.0.get_slots_with_initialized_token().unwrap();
        let session = self.0.open_ro_session(slots[0]).unwrap();
        // Logged in already, as a rule.
        drop(session.login(UserType::User, Some(&AuthPin::from(SoftHsm::PIN))));
        let objects = session.find_objects(&[]).unwrap();
        let is_left = |attribute: &Attribute| matches!(attribute, Attribute::Label(label) if label.starts_with(ONE_SHOT_LABEL_PREFIX.as_bytes()));
        objects
            .into_iter()
            .filter(|object| {
                session.get_attributes(*object, &[AttributeType::Label]).unwrap().iter().any(is_left)
            })
            .count()
    }
}

/// Signatures that the device has really made.
fn signatures(calls: &[Call]) -> usize {
    let is_one =
        |call: &&Call| call.function == "C_Sign" && call.fact("asks") == "signature" && call.was_done();
    calls.iter().filter(is_one).count()
}

/// Seals the contract as attempt `n`, and lets it out when there is something to let out.
fn seals(
    rig: &Rig,
    journal: &Torn,
    n: u64,
    token: &Pkcs11Token,
    level: Level,
) -> Result<Vec<u8>, Box<Failure>> {
    let outcome = rig.seal(journal, n, token.clone(), level, Wrong::Nothing);
    match outcome.sealed {
        Ok(sealed) => {
            sealed.release(rig.clock(), salts(n)).unwrap();
            Ok(outcome.document)
        }
        Err(error) => Err(Box::new(Failure { fault: error.fault, was_recorded: error.record.is_ok() })),
    }
}

struct Failure {
    fault: SealFault<Pkcs11Error, segl::store::StoreError>,
    was_recorded: bool,
}

impl Failure {
    /// The fault with its causes, in words.
    fn words(&self) -> String {
        let mut words = Vec::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&self.fault);
        while let Some(error) = cause {
            words.push(error.to_string());
            cause = error.source();
        }
        words.join(": ")
    }
}

/// What recovery asks about the device at the next start, as a program would answer it. Tells how many objects were destroyed.
fn sweep(destroyed: &mut usize) -> Sweep {
    let Ok(token) = open() else { return Sweep::NotReached };
    match token.sweep() {
        Ok(swept) if swept.remaining == 0 => {
            *destroyed += swept.destroyed;
            Sweep::Clean
        }
        _ => Sweep::Unconfirmed,
    }
}

fn passed(rig: &Rig, file: &[u8]) {
    let signatures = segl::pades::read(&Document::open(file).unwrap()).unwrap().into_signatures();
    let anchors = seals::anchors(&rig.authority);
    let report = validate(&signatures, &Evidence::default(), &anchors, rig.clock(), &Policy::default());
    assert_eq!(report.signatures[0].indication.to_string(), "TOTAL_PASSED");
}

/// The calls of a sealing in which nothing fails.
fn calls_of_a_sealing(rig: &Rig) -> u64 {
    let (token, journal) = (open().unwrap(), Torn::new(None));
    shim().forget();
    let file =
        seals(rig, &journal, 1, &token, Level::Lta).unwrap_or_else(|failure| panic!("{}", failure.words()));
    let calls = shim().calls();
    passed(rig, &file);
    assert_eq!(signatures(&calls), 1);
    assert_eq!(journal.only_record().outcome(), Outcome::Completed);
    calls.len() as u64
}

/// One fault in one sealing, and everything that must hold afterwards. Tells how it ended.
fn try_fault(bare: &Bare, rig: &Rig, rule: &Rule) -> &'static str {
    let (token, journal) = (open().unwrap(), Torn::new(None));
    shim().forget();
    shim().inject(rule);
    let ended = seals(rig, &journal, 1, &token, Level::Lta);
    shim().clear();
    let calls = shim().calls();
    assert!(signatures(&calls) <= 1, "a key has signed twice");
    let record = journal.only_record();
    assert!(journal.unfinished(Unfinished::All).unwrap().is_empty());
    let left = bare.left();
    let stopped = journal.stopped(&slot()).unwrap();
    let how = match (&ended, record.outcome()) {
        (Ok(file), Outcome::Completed) => {
            passed(rig, file);
            assert_eq!((left, stopped), (0, None));
            "sealed after all"
        }
        (Err(failure), Outcome::DestructionUnconfirmed) => {
            assert!(failure.was_recorded, "{}", failure.words());
            assert!(record.step() < Step::KeyDestroyed, "{record:?}");
            assert_eq!(stopped, Some(record.concluded()));
            // Nobody seals with this device before somebody has looked at it (AS-06).
            let refused = rig.try_seal(&journal, 2, token.clone(), Level::B);
            assert!(matches!(refused, Err(OpenError::SlotStopped { .. })), "{refused:?}");
            "stopped"
        }
        (Err(failure), Outcome::Aborted(Cause::KeyGeneration | Cause::Signing)) => {
            assert!(failure.was_recorded, "{}", failure.words());
            assert_eq!(
                (left, stopped),
                (0, None),
                "the record says that no key is left: {}",
                failure.words()
            );
            "aborted"
        }
        (ended, outcome) => {
            let words = ended.as_ref().err().map(|failure| failure.words());
            panic!("{words:?} is recorded as {outcome:?}")
        }
    };
    drop(token);

    // The program starts again, with the device in its place.
    let mut destroyed = 0;
    let recovered =
        recover(&journal, Unfinished::All, rig.clock(), |_| sweep(&mut destroyed), || salts(7)).unwrap();
    assert!(recovered.is_empty(), "it has its end");
    assert_eq!(sweep(&mut destroyed), Sweep::Clean);
    assert_eq!((destroyed, bare.left()), (left, 0), "the sweep says what it found");
    if stopped.is_some() {
        journal.clear(&cleared(), salts(8)).unwrap();
    }
    let after = seals(rig, &journal, 3, &open().unwrap(), Level::B);
    assert!(after.is_ok(), "afterwards: {:?}", after.err().map(|failure| failure.words()));
    assert_eq!(bare.left(), 0);
    how
}

fn try_all(bare: &Bare, whens: &[When], codes: &[u64]) {
    let rig = Rig::new();
    let calls = calls_of_a_sealing(&rig);
    let mut failed = 0;
    for when in whens {
        let mut ends = std::collections::BTreeMap::<_, usize>::new();
        for code in codes {
            for nth in 1..=calls {
                let rule = Rule { when: *when, function: None, nth, code: *code };
                // All that fail are told, not only the first.
                match catch_unwind(AssertUnwindSafe(|| try_fault(bare, &rig, &rule))) {
                    Ok(how) => *ends.entry(how).or_default() += 1,
                    Err(_) => {
                        println!("failed: {rule:?}{}", shown(&shim().calls()));
                        failed += 1;
                    }
                }
                shim().clear();
            }
        }
        let cases: usize = ends.values().sum();
        println!("{cases} sealings of {calls} calls, {} codes, {}: {ends:?}", codes.len(), when.name());
    }
    assert_eq!(failed, 0, "cases failed");
}

fn shown(calls: &[Call]) -> String {
    calls.iter().map(|call| format!("\n  {call}")).collect()
}

#[test]
fn device_fails_at_any_call_of_a_sealing() {
    told("device_fails_at_any_call_of_a_sealing", |bare| {
        let codes = [code::DEVICE_ERROR, code::SESSION_HANDLE_INVALID];
        try_all(bare, &[When::Before, When::After], &codes);
    });
}

#[test]
fn device_is_gone_from_any_call_of_a_sealing_on() {
    told("device_is_gone_from_any_call_of_a_sealing_on", |bare| {
        let whens = [When::GoneBefore, When::GoneAfter, When::Pulled];
        try_all(bare, &whens, &[code::DEVICE_REMOVED]);
    });
}

/// The process ends before it could write how the sealing ended, and the device is gone as well.
#[test]
fn next_start_finds_what_neither_device_nor_journal_could_end() {
    told("next_start_finds_what_neither_device_nor_journal_could_end", |bare| {
        let rig = Rig::new();
        let mut found = 0;
        for nth in 1..=calls_of_a_sealing(&rig) {
            let (token, journal) = (open().unwrap(), Torn::new(Some(Tear::Conclude)));
            let code = code::DEVICE_REMOVED;
            shim().inject(&Rule { when: When::GoneAfter, function: None, nth, code });
            let outcome = rig.seal(&journal, 1, token.clone(), Level::Lta, Wrong::Nothing);
            let error = match outcome.sealed {
                // The last call says that the handle is dead; a device that is gone then is lost to the next sealing.
                Ok(sealed) => panic!("sealed at call {nth}: {sealed:?}"),
                Err(error) => error,
            };
            assert!(error.record.is_err(), "{nth}: {error}");
            drop((error, token));
            journal.mend();

            // Started again too early: nobody can look, so the attempt stays what it is.
            let (mut destroyed, mut asked) = (0, 0);
            let mut look = |_: &_| {
                asked += 1;
                sweep(&mut destroyed)
            };
            let recovered = recover(&journal, Unfinished::All, rig.clock(), &mut look, || salts(7)).unwrap();
            assert_eq!((recovered, journal.events().len()), (vec![], 0), "{nth}");
            // The device is back.
            shim().clear();
            let left = bare.left();
            let recovered = recover(&journal, Unfinished::All, rig.clock(), &mut look, || salts(7)).unwrap();
            let [attempt] = recovered.as_slice() else { panic!("{nth}: {recovered:?}") };
            assert_eq!(attempt.outcome, Outcome::Aborted(Cause::Crashed));
            assert_eq!((asked, destroyed, bare.left()), (2, left, 0), "{nth}");
            found += usize::from(left > 0);
            assert!(matches!(journal.events().as_slice(), [LogEvent::Sealing(record)]
                if record.outcome() == attempt.outcome && record.step() < Step::KeyDestroyed));
            let after = seals(&rig, &journal, 2, &open().unwrap(), Level::B);
            assert!(after.is_ok(), "{nth}: {:?}", after.err().map(|failure| failure.words()));
        }
        assert!(found > 0, "a device that went with its key in it was among them");
        println!("{found} times the sweep at the next start destroyed a key");
    });
}

/// A request is sealed once, or not at all; asked again, it is refused before the device is (S000-87).
#[test]
fn request_that_has_its_answer_does_not_reach_the_device() {
    told("request_that_has_its_answer_does_not_reach_the_device", |bare| {
        let (rig, journal, token) = (Rig::new(), Torn::new(None), open().unwrap());
        assert!(seals(&rig, &journal, 1, &token, Level::B).is_ok());
        let function = Some("C_Sign");
        shim().inject(&Rule { when: When::After, function, nth: 2, code: code::DEVICE_ERROR });
        let failure = seals(&rig, &journal, 2, &token, Level::B).err().unwrap();
        assert!(failure.words().contains("C_Sign answered DeviceError"), "{}", failure.words());
        shim().clear();
        shim().forget();
        let again = |n| rig.try_seal(&journal, n, token.clone(), Level::B).err().unwrap();
        assert!(matches!(again(1), OpenError::AlreadyCompleted { .. }));
        assert!(matches!(again(2), OpenError::Abandoned { .. }));
        assert!(shim().calls().is_empty(), "{}", shown(&shim().calls()));
        assert_eq!(bare.left(), 0);
    });
}
