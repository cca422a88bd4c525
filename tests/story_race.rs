//! AS-04: two processes with one store want the same seals. Of each request exactly one wins, and nothing happens twice.
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

use std::collections::BTreeSet;
use std::path::Path;

use rig::process::{Job, Process, first, rounds, say, softhsm_token, store, told_to};
use rig::{Rig, opening, salts};
use segl::ades::Level;
use segl::cert::{IssuedCertificates as _, IssuerKey, SerialNumber, State};
use segl::key::faults::Faulty;
use segl::key::{SoftToken, Token};
use segl::record::{Event as LogEvent, Outcome};
use segl::sealing::{Journal as _, OpenError, Unfinished};
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
