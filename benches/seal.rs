//! Sealing a 200 kB PDF beside its floor: what no implementation can do without.
//!
//! `cargo bench -p segl-suite --bench seal`. The floor is key generation, the issuer's signature, the seal's signature and one
//! digest over the bytes, with the same software keys; the durable variant adds two synced writes. After criterion's groups the pairs are
//! measured in turns and their ratio printed, because a busy machine changes its mind between two groups.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

mod common;

use std::fs::File;
use std::hint::black_box;
use std::io::Write;

use common::{Bench, IssuerFloor, PDF_SIZE, in_turns, pdf, rng};
use criterion::Criterion;
use segl::ades::Level;
use segl::cert::{IssuedCertificates, MemoryRegister};
use segl::crypto::{SignatureAlgorithm, SoftKind, SoftwareKey, ToBeSigned, sha256};
use segl::key::{Curve, SoftToken};
use segl::sealing::{Journal, MemoryJournal};
use segl::store::SqliteStore;
use segl_testkit::sealing::log_id;

const TURNS: usize = 400;

/// What no sealing at B-B can do without.
struct Floor {
    issuer: IssuerFloor,
    attributes: ToBeSigned,
    file: File,
}

impl Floor {
    fn new() -> Self {
        Self {
            issuer: IssuerFloor::new(),
            attributes: ToBeSigned::new(vec![0x5a; 200], SignatureAlgorithm::ECDSA_SHA256),
            file: tempfile::tempfile().unwrap(),
        }
    }

    fn run(&self, pdf: &[u8]) {
        let key = SoftwareKey::generate(SoftKind::EcP256, &mut rng());
        black_box(key.public_key_spki().unwrap());
        self.issuer.sign();
        black_box(sha256(pdf));
        black_box(key.sign(&self.attributes).unwrap());
    }

    /// The same and two synced writes: the approval before the key, the record before the release.
    fn run_durable(&mut self, pdf: &[u8]) {
        for _ in 0..2 {
            self.file.write_all(&[0; 4096]).unwrap();
            self.file.sync_data().unwrap();
        }
        self.run(pdf);
    }
}

fn ours<J: Journal, R: IssuedCertificates>(bench: &mut Bench<J, R>, pdf: &[u8], level: Level) {
    black_box(bench.seal(SoftToken::new(rng()), pdf, Curve::P256, level));
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let pdf = pdf(PDF_SIZE);
    let mut floor = Floor::new();
    let mut memory = Bench::new(MemoryJournal::new(log_id()), MemoryRegister::default());
    let mut group = criterion.benchmark_group("seal a 200 kB PDF, P-256 in software, journal in memory");
    group.bench_function("floor of B-B", |b| b.iter(|| floor.run(&pdf)));
    for level in [Level::B, Level::T, Level::Lt, Level::Lta] {
        group.bench_function(format!("segl {level}"), |b| b.iter(|| ours(&mut memory, &pdf, level)));
    }
    group.finish();
    criterion.final_summary();

    // `cargo bench` says so; without it this is only a check that everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        in_turns("B-B, journal in memory", TURNS, || floor.run(&pdf), || ours(&mut memory, &pdf, Level::B));
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("segl.db"), log_id()).unwrap();
        let mut durable = Bench::new(store, MemoryRegister::default());
        in_turns(
            "B-B, durable (two syncs in the floor)",
            100,
            || floor.run_durable(&pdf),
            || ours(&mut durable, &pdf, Level::B),
        );
    }
}
