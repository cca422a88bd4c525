//! The cycle of a one-shot key in a PKCS#11 token beside two floors of bare calls: make, sign, destroy, look; and the same with every
//! read that this crate makes. Then a long run with one and with two threads beside the same calls made by hand, in turns of a hundred, what
//! memory either takes, and whether an object is left.
//!
//! `cargo bench -p segl-key --features pkcs11`. The token is SoftHSM2 in a temporary folder, or what `SEGL_PKCS11_MODULE` names.
//! `SEGL_BENCH_ROUNDS` is the length of the long run, 4 000 by default.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

#[path = "../tests/softhsm/mod.rs"]
mod softhsm;

use std::hint::black_box;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::Criterion;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::Session;
use segl_crypto::{ToBeSigned, digest};
use segl_key::pkcs11::Pkcs11Token;
use segl_key::{Activation, Curve, KeyId, KeyRequest, OneShotKey};
use softhsm::Fixture;

const PROTECTION: [AttributeType; 13] = [
    AttributeType::AllowedMechanisms,
    AttributeType::AlwaysSensitive,
    AttributeType::Decrypt,
    AttributeType::Derive,
    AttributeType::Extractable,
    AttributeType::Local,
    AttributeType::NeverExtractable,
    AttributeType::Private,
    AttributeType::Sensitive,
    AttributeType::Sign,
    AttributeType::SignRecover,
    AttributeType::Token,
    AttributeType::Unwrap,
];
const TURNS: usize = 2000;
/// Cycles of each kind in a turn of the long run.
const BLOCK: u64 = 100;
const MESSAGE: &[u8] = &[0x5a; 300];

fn main() {
    let Some(path) = softhsm::module() else {
        println!("skipped: no PKCS#11 module; set SEGL_PKCS11_MODULE or install SoftHSM2");
        return;
    };
    if !softhsm::is_child() {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args(std::env::args_os().skip(1))
            .envs(softhsm::environment(&folder))
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let fixture = Fixture::new(path);
    let token = fixture.token();
    let sessions = [fixture.session(), fixture.session()];

    let mut criterion = Criterion::default().configure_from_args();
    for curve in [Curve::P256, Curve::P384] {
        let mut group = criterion.benchmark_group(format!("one-shot {curve} key in a token"));
        group.bench_function("bare: make, sign, destroy, look", |b| {
            b.iter(|| bare(&sessions, curve, next(), Reads::None))
        });
        group.bench_function("bare, with all reads", |b| {
            b.iter(|| bare(&sessions, curve, next(), Reads::All))
        });
        group.bench_function("segl-key", |b| b.iter(|| ours(&token, curve, next())));
        group.finish();
    }
    criterion.final_summary();

    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    long_run(&fixture, &token, if is_measurement { rounds() } else { BLOCK });
    // `cargo bench` says so; without it this is only a check that everything runs.
    if is_measurement {
        // Turn and turn about, because a busy machine changes its mind between two groups.
        for curve in [Curve::P256, Curve::P384] {
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..TURNS {
                times[0].push(timed(|| bare(&sessions, curve, next(), Reads::None)));
                times[1].push(timed(|| bare(&sessions, curve, next(), Reads::All)));
                times[2].push(timed(|| ours(&token, curve, next())));
            }
            let [floor, reads, full] = times.map(median);
            let over = |floor: Duration| full.as_secs_f64() / floor.as_secs_f64() * 100.0 - 100.0;
            println!(
                "{curve}, medians of {TURNS} in turn: bare {floor:?}, bare with all reads {reads:?}, segl-key {full:?}"
            );
            println!(
                "segl-key is {:+.1} % over bare, {:+.1} % over the same reads",
                over(floor),
                over(reads)
            );
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Reads {
    None,
    All,
}

/// What a caller would do by hand: the same template, one look for the key from another session, and on demand the reads.
fn bare([working, witness]: &[Session; 2], curve: Curve, id: [u8; 16], reads: Reads) {
    let params: &[u8] = match curve {
        Curve::P384 => &[0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22],
        _ => &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    };
    let hash = digest(curve.algorithm().digest().unwrap(), MESSAGE).unwrap();
    let both = [
        Attribute::Token(false),
        Attribute::Id(id.to_vec()),
        Attribute::Label(KeyId(id).label().into_bytes()),
    ];
    let mut public =
        vec![Attribute::EcParams(params.to_vec()), Attribute::Private(false), Attribute::Verify(true)];
    let mut private = vec![
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::SignRecover(false),
        Attribute::Copyable(false),
        Attribute::Modifiable(false),
        Attribute::AllowedMechanisms(vec![MechanismType::ECDSA]),
    ];
    public.extend(both.iter().cloned());
    private.extend(both);
    let (public, private) = working.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap();
    if reads == Reads::All {
        black_box(witness.get_attributes(private, &PROTECTION).unwrap());
        black_box(witness.get_attributes(public, &[AttributeType::EcPoint]).unwrap());
    }
    black_box(working.sign(&Mechanism::Ecdsa, private, hash.as_bytes()).unwrap());
    working.destroy_object(private).unwrap();
    working.destroy_object(public).unwrap();
    assert!(witness.find_objects(&[Attribute::Id(id.to_vec())]).unwrap().is_empty());
    if reads == Reads::All {
        let label = Attribute::Label(KeyId(id).label().into_bytes());
        assert!(witness.find_objects(&[label]).unwrap().is_empty());
        black_box(witness.get_session_info().unwrap());
        working.sign_init(&Mechanism::Ecdsa, private).unwrap_err();
    }
}

fn ours(token: &Pkcs11Token, curve: Curve, id: [u8; 16]) {
    let request = KeyRequest::new(curve, KeyId(id), [0; 16]);
    let key = OneShotKey::generate(token, &request).unwrap();
    let spki = key.spki_der().to_vec();
    let key = key.certify(&spki, [0; 32]).unwrap();
    let tbs = ToBeSigned::new(MESSAGE, curve.algorithm());
    let key = key.activate(Activation::new([0; 16], KeyId(id), &tbs)).unwrap();
    let (_destroyed, value) = key.sign(&tbs).unwrap().destroy().unwrap();
    black_box(value);
}

/// An identifier that has not been used.
fn next() -> [u8; 16] {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    u128::from(COUNTER.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

fn rounds() -> u64 {
    std::env::var("SEGL_BENCH_ROUNDS").map_or(4000, |rounds| rounds.parse().unwrap())
}

/// What a service does for weeks: the same cycle over and over, with one thread and with two.
fn long_run(fixture: &Fixture, token: &Pkcs11Token, rounds: u64) {
    let watcher = fixture.session();
    let objects = || watcher.find_objects(&[]).unwrap().len();
    let before = objects();
    for threads in [1, 2] {
        let mut sessions: Vec<_> = (0..threads).map(|_| [fixture.session(), fixture.session()]).collect();
        let mut times = [const { Vec::new() }; 2];
        let each = BLOCK / threads;
        for _ in 0..rounds.div_ceil(BLOCK) {
            times[0].push(timed(|| {
                thread::scope(|scope| {
                    for pair in &mut sessions {
                        scope.spawn(move || {
                            (0..each).for_each(|_| bare(pair, Curve::P256, next(), Reads::All))
                        });
                    }
                });
            }));
            times[1].push(timed(|| {
                thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| (0..each).for_each(|_| ours(token, Curve::P256, next())));
                    }
                });
            }));
        }
        let mean = |times: &[Duration]| {
            times.iter().sum::<Duration>().as_secs_f64() * 1e6 / (times.len() as u64 * BLOCK) as f64
        };
        let [by_hand, full] = [mean(&times[0]), mean(&times[1])];
        let mut ratios: Vec<_> =
            times[0].iter().zip(&times[1]).map(|(a, b)| b.as_secs_f64() / a.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        println!(
            "{rounds} cycles, {threads} thread(s): by hand {by_hand:.1} us a cycle, segl-key {full:.1} us: {:+.1} % (median of turns {:+.1} %)",
            full / by_hand * 100.0 - 100.0,
            ratios[ratios.len() / 2] * 100.0 - 100.0
        );
    }
    let pair = [fixture.session(), fixture.session()];
    let by_hand = growth(rounds, || bare(&pair, Curve::P256, next(), Reads::All));
    let full = growth(rounds, || ours(token, Curve::P256, next()));
    if let (Some(by_hand), Some(full)) = (by_hand, full) {
        println!(
            "memory: the module grows by {by_hand:.0} octets a cycle by hand, with segl-key the process by {full:.0}: ours are {:.0}",
            full - by_hand
        );
    }
    let left = objects() - before;
    println!("{left} objects left");
    assert_eq!(left, 0);
}

/// Octets of resident memory that a cycle adds; `None` where the system does not say.
fn growth(rounds: u64, mut work: impl FnMut()) -> Option<f64> {
    (0..rounds / 10).for_each(|_| work());
    let before = resident()?;
    (0..rounds).for_each(|_| work());
    Some((resident()? - before) / rounds as f64)
}

fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? * 1024.0)
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
