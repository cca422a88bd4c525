//! AS-04: two processes with one store want the same seals, and one takes for dead what the other is about to seal. Of each request exactly
//! one end is written, and nothing happens twice.
//!
//! The racers are this same program, told by its environment what to be. They begin each round together; `SEGL_STORY_ROUNDS` is the number
//! of rounds.

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
use std::path::Path;
use std::sync::mpsc;

use rand_core::Rng as _;
use rig::process::{Job, Process, first, rounds, say, softhsm_token, store, told_to};
use rig::{Rig, T0, Wrong, opening, salts};
use segl::ades::Level;
use segl::cert::{IssuedCertificates as _, IssuerKey, SerialNumber, State};
use segl::key::faults::Faulty;
use segl::key::{SoftToken, Token};
use segl::record::{Cause, Event as LogEvent, Outcome};
use segl::sealing::{Journal as _, OpenError, SealFault, Sweep, Unfinished, recover};
use segl_testkit::peers::SoftHsm;
use segl_testkit::rng::SeededRng;

#[test]
fn as_04_two_processes_race_with_software_keys() {
    race(None);
}

#[test]
fn as_04_two_processes_race_with_softhsm() {
    match SoftHsm::find() {
        Ok(softhsm) => {
            softhsm.initialise().unwrap();
            race(Some(&softhsm));
        }
        Err(skipped) => skipped.report(),
    }
}

fn race(softhsm: Option<&SoftHsm>) {
    let rounds = rounds(20);
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()));
    let job = |first| Job { name: "racer", folder: folder.path(), place: "", first, softhsm };
    let mut racers = [1, 2].map(|own| Process::start(job(own)));
    for racer in &mut racers {
        assert_eq!(racer.next().as_deref(), Some("ready"));
    }
    let (mut wins, mut serials) = ([0; 2], BTreeSet::new());
    for n in 1..=rounds {
        for racer in &mut racers {
            racer.tell(&n.to_string());
        }
        let said = racers.each_mut().map(|racer| racer.next().unwrap_or_default());
        let sealed = said.each_ref().map(|line| line.strip_prefix("sealed "));
        let refused = said.iter().filter(|line| *line == "refused").count();
        assert_eq!((sealed.iter().flatten().count(), refused), (1, 1), "{n}: {said:?}");
        for (wins, serial) in wins.iter_mut().zip(sealed) {
            *wins += u64::from(serial.is_some());
            assert!(serial.is_none_or(|serial| serials.insert(serial.to_owned())), "{n}: {said:?}");
        }
    }
    for (racer, wins) in racers.into_iter().zip(wins) {
        // For each seal one certificate and one signature of the device, and none for a refusal.
        assert_eq!(racer.finish(), [format!("issued {wins}, signed {wins}")]);
    }
    let count = check(folder.path(), rounds, &serials);
    println!(
        "{rounds} requests, two processes: won {wins:?}; {count} records, certificates and keys, all different"
    );
}

/// One completed record for each request, with a certificate and a key of its own. Gives their number.
fn check(folder: &Path, rounds: u64, said: &BTreeSet<String>) -> usize {
    let store = store(folder);
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), rounds);
    assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
    let issuer = IssuerKey::of_spki(Rig::new().authority.issuing_ca().certificate().spki_der());
    let (mut requests, mut serials, mut receipts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for row in store.entries(0, u32::try_from(rounds).unwrap()).unwrap() {
        let event = row.values.unwrap().event().unwrap();
        let LogEvent::Sealing(record) = event else { panic!("{event:?}") };
        assert_eq!(record.outcome(), Outcome::Completed);
        let serial = record.progress().serial().unwrap();
        let serial = SerialNumber::from_der_content(serial.as_bytes()).unwrap();
        assert_eq!(store.status(&issuer, &serial).unwrap().unwrap().state, State::Issued);
        assert!(serials.insert(serial.to_string()));
        assert!(receipts.insert(*record.progress().receipt().unwrap().digest()));
        assert!(requests.insert(record.opening().request.uuid()));
    }
    let wanted: BTreeSet<_> = (1..=rounds).map(|n| opening(n).request.uuid()).collect();
    assert_eq!((&requests, &serials), (&wanted, said));
    receipts.len()
}

/// One process seals, the other gives every attempt that it finds its end, as if the lease were over.
#[test]
fn recovery_races_with_a_sealing_that_is_alive() {
    let rounds = rounds(20);
    let folder = tempfile::tempdir().unwrap();
    drop(store(folder.path()));
    let job = |name| Job { name, folder: folder.path(), place: "", first: 1, softhsm: None };
    let [mut sealer, mut recoverer] = ["sealer", "recoverer"].map(|name| Process::start(job(name)));
    for process in [&mut sealer, &mut recoverer] {
        assert_eq!(process.next().as_deref(), Some("ready"));
    }
    let mut said = BTreeMap::new();
    for n in 1..=rounds {
        sealer.tell(&n.to_string());
        said.insert(opening(n).request.uuid(), sealer.next().unwrap());
    }
    sealer.finish();
    let ended = recoverer.finish();
    let store = store(folder.path());
    assert_eq!(store.verify(&[]).unwrap().head.sequence(), rounds);
    assert!(store.unfinished(Unfinished::All).unwrap().is_empty());
    let rig = Rig::new();
    let issuer = rig.authority.issuing_ca().identity();
    let mut completed = 0;
    for row in store.entries(0, u32::try_from(rounds).unwrap()).unwrap() {
        let event = row.values.unwrap().event().unwrap();
        let LogEvent::Sealing(record) = event else { panic!("{event:?}") };
        let serial = record.progress().serial();
        let serial = serial.map(|serial| SerialNumber::from_der_content(serial.as_bytes()).unwrap());
        let state = serial.map(|serial| store.status(issuer, &serial).unwrap().unwrap().state);
        // The sealer has the seal exactly when the log says so.
        match said.remove(&record.opening().request.uuid()).unwrap().as_str() {
            "sealed" => {
                assert_eq!((record.outcome(), state), (Outcome::Completed, Some(State::Issued)));
                completed += 1;
            }
            "lost" => {
                assert_eq!(record.outcome(), Outcome::Aborted(Cause::Crashed));
                assert!(matches!(state, None | Some(State::Abandoned)), "{state:?}");
            }
            other => panic!("{other}"),
        }
    }
    let [recovered] = ended.as_slice() else { panic!("{ended:?}") };
    assert_eq!(*recovered, format!("recovered {}", rounds - completed));
    println!("{rounds} sealings: {completed} completed, {} taken for dead on the way", rounds - completed);
}

/// Not a test by itself: the process that seals and is taken for dead.
#[test]
fn sealer() {
    let Some(folder) = told_to("sealer") else { return };
    let store = store(&folder);
    let rig = Rig::new().registering_in(store.sealing_register());
    say("ready");
    for line in std::io::stdin().lines() {
        let n: u64 = line.unwrap().parse().unwrap();
        let token = Faulty::new(SoftToken::new(rig.rng()), None);
        let is_sealed = match rig.seal(&store, n, token.clone(), Level::B, Wrong::Nothing).sealed {
            Ok(sealed) => sealed.release(rig.clock(), salts(n)).is_ok(),
            Err(error) => {
                assert!(matches!(error.fault, SealFault::Step(_)), "{:?}", error.fault);
                false
            }
        };
        // No key outlives its sealing, whoever ends it.
        let calls = token.calls();
        assert_eq!(calls.destroy, calls.generate);
        say(if is_sealed { "sealed" } else { "lost" });
    }
}

/// Not a test by itself: the process that takes the other for dead.
#[test]
fn recoverer() {
    let Some(folder) = told_to("recoverer") else { return };
    let store = store(&folder);
    let rig = Rig::new();
    let issuer = rig.authority.issuing_ca().identity();
    let (mut moments, mut ended) = (SeededRng::new(1), 0);
    let (told, hears) = mpsc::channel::<()>();
    // Until nothing more is asked of it.
    std::thread::spawn(move || {
        std::io::stdin().lines().for_each(drop);
        drop(told);
    });
    say("ready");
    let pause = |moments: &mut SeededRng| Duration::from_micros(u64::from(moments.next_u32() % 20_000));
    while hears.recv_timeout(pause(&mut moments)) == Err(mpsc::RecvTimeoutError::Timeout) {
        let recovered = recover(&store, Unfinished::All, T0, |_| Sweep::Clean, || salts(0)).unwrap();
        for attempt in recovered {
            ended += 1;
            if let Some(serial) = attempt.serial {
                let serial = SerialNumber::from_der_content(serial.as_bytes()).unwrap();
                store.record_abandoned(issuer, &serial, T0).unwrap();
            }
        }
    }
    say(&format!("recovered {ended}"));
}

/// Not a test by itself: one of the two processes.
#[test]
fn racer() {
    let Some(folder) = told_to("racer") else { return };
    match softhsm_token() {
        Some(token) => run(&folder, Faulty::new(token, None)),
        None => run(&folder, Faulty::new(SoftToken::new(SeededRng::new(first() << 32 | 1)), None)),
    }
}

fn run<T: Token + Clone>(folder: &Path, token: Faulty<T>) {
    let store = store(folder);
    let rig = Rig::new().registering_in(store.sealing_register());
    rig.seed_from(first() << 32 | 2);
    say("ready");
    for line in std::io::stdin().lines() {
        let n: u64 = line.unwrap().parse().unwrap();
        // Every second certificate draws a serial number first that is taken, by this process or by the other.
        rig.serials_from(n / 2);
        match rig.try_seal(&store, n, token.clone(), Level::B) {
            Ok(sealed) => {
                let serial = SerialNumber::from_der_content(sealed.certificate().serial()).unwrap();
                sealed.release(rig.clock(), salts(n)).unwrap();
                say(&format!("sealed {serial}"));
            }
            Err(OpenError::InProgress { .. } | OpenError::AlreadyCompleted { .. }) => say("refused"),
            Err(other) => panic!("{other}"),
        }
    }
    say(&format!("issued {}, signed {}", rig.certificates_issued(), token.calls().sign));
}
