//! Issuing a seal certificate without its signature, and reading one with everything it says, each beside RustCrypto's x509-cert.
//!
//! `cargo bench -p segl-cert`. After criterion's groups everything is measured in turns and printed beside its goal, because a busy machine
//! changes its mind between two groups: of the figures of one line the ratio counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

mod ours;
mod peer;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use segl_x509::Certificate;

use ours::Authority;

/// What a goal is measured by, in turns of so many calls.
const TURNS: usize = 3000;
const CALLS: u32 = 10;
/// Issuing a seal certificate, all but its signature.
const ISSUE_GOAL: Duration = Duration::from_micros(30);
/// Reading a certificate with all its statements.
const READ_GOAL: Duration = Duration::from_micros(10);

fn main() {
    let authority = Authority::new();
    let (seal, every) = (authority.issue(), authority.with_every_statement());
    let issuing = peer::Issuing::like(&seal, &authority);
    // Both do the same work: the same octets come out.
    assert_eq!(issuing.issue(), seal.as_der());

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("issue a seal certificate without its signature");
    group.bench_function("segl-cert", |b| b.iter(|| black_box(authority.issue())));
    group.bench_function("x509-cert, nothing checked", |b| b.iter(|| black_box(issuing.issue())));
    group.finish();
    for (name, certificate) in [("a seal certificate", &seal), ("one with every statement", &every)] {
        let mut group =
            criterion.benchmark_group(format!("read {name} of {} octets", certificate.as_der().len()));
        let der = certificate.as_der();
        group.bench_function("segl-cert, every field typed", |b| b.iter(|| ours::read(der)));
        group.bench_function("x509-cert, statements as they are", |b| b.iter(|| peer::read(der)));
        group.finish();
    }
    criterion.final_summary();

    // `cargo bench` says so; without it this is only a check that everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        in_turns(
            "issuing a seal certificate without its signature",
            ISSUE_GOAL,
            || drop(black_box(authority.issue())),
            || drop(black_box(issuing.issue())),
        );
        reading("reading a seal certificate", &seal);
        reading("reading a certificate with every statement", &every);
    }
}

fn reading(name: &str, certificate: &Certificate) {
    let der = certificate.as_der();
    in_turns(name, READ_GOAL, || ours::read(der), || peer::read(der));
}

/// Runs both in turns; prints the medians and the fastest, their ratio, and whether ours holds the goal.
fn in_turns(name: &str, goal: Duration, mut ours: impl FnMut(), mut theirs: impl FnMut()) {
    let mut times = [Vec::with_capacity(TURNS), Vec::with_capacity(TURNS)];
    for _ in 0..TURNS {
        times[0].push(timed(&mut ours));
        times[1].push(timed(&mut theirs));
    }
    let [(ours, fastest), (theirs, their_fastest)] = times.map(|mut times| {
        times.sort_unstable();
        (times[TURNS / 2], times[0])
    });
    let verdict = if ours <= goal { "holds" } else { "DOES NOT HOLD" };
    println!("{name}: segl-cert {ours:?} (fastest {fastest:?}), goal {goal:?} {verdict}");
    println!(
        "  x509-cert {theirs:?} (fastest {their_fastest:?}), ratio {:.2} (medians of {TURNS} in turn)",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

fn timed(act: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    (0..CALLS).for_each(|_| act());
    begun.elapsed() / CALLS
}
