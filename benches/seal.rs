//! Sealing a 200 kB PDF at B-B beside its floor: what no implementation can do without.
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

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use criterion::Criterion;
use rand_core::UnwrapErr;
use segl::Embedded;
use segl::ades::Level;
use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::{
    AuthorityNames, AuthorityUrls, Holder, IssuedCertificates, Lifetime, MemoryRegister, Organisation,
    OrganisationIdentifier, SealProfile, Unit,
};
use segl::crypto::{KeyKind, SignatureAlgorithm, SoftKind, SoftwareKey, Time, ToBeSigned, sha256};
use segl::key::{Curve, SoftToken};
use segl::pdf::Limits;
use segl::record::SaltSeed;
use segl::sealing::{
    Attempt, Decision, Helpers, Journal, MemoryJournal, Order, PdfDocument, PdfOptions, Tolerances, seal,
};
use segl::store::SqliteStore;
use segl_testkit::sealing::{T0, lease, log_id, opening};

/// Size of the PDF of the figure.
const PDF_SIZE: usize = 200_000;
const TURNS: usize = 400;

type Rng = UnwrapErr<getrandom::SysRng>;
const fn rng() -> Rng {
    UnwrapErr(getrandom::SysRng)
}

fn now() -> Time {
    T0
}

/// Everything that lives longer than one sealing.
struct Bench<J, R> {
    authority: TestAuthority,
    journal: J,
    register: R,
    pdf: Vec<u8>,
    count: u64,
}

impl<J: Journal, R: IssuedCertificates> Bench<J, R> {
    fn new(journal: J, register: R) -> Self {
        let names = AuthorityNames::test().unwrap();
        let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
        let keys = AuthorityKeys::generate_soft(&mut rng()).unwrap();
        let authority = TestAuthority::create(&names, &urls, keys, &register, T0, &mut rng()).unwrap();
        Self { authority, journal, register, pdf: pdf(PDF_SIZE), count: 0 }
    }

    /// One whole sealing, from the journal to the record.
    fn seal(&mut self, level: Level) -> usize {
        self.count += 1;
        let embedded = Embedded::new(&self.authority, &self.register, &now, rng());
        let stamper = embedded.stamper(rng());
        let helpers = Helpers {
            issuer: &embedded,
            stampers: &[&stamper],
            anchors: &embedded.anchors(),
            evidence: &embedded,
            clock: &now,
            retry: &|_| false,
            tolerances: Tolerances::default(),
        };
        let order = Order { profile: profile(&self.authority), curve: Curve::P256, level };
        let attempt = Attempt::open(&self.journal, opening(self.count), &lease(1)).unwrap();
        let mut document =
            PdfDocument::new(self.pdf.as_slice(), Limits::default(), PdfOptions::default());
        let sealed = seal(
            attempt,
            SoftToken::new(rng()),
            &mut document,
            &order,
            &helpers,
            &mut rng(),
            &mut |_| Decision::Approve,
            &mut |_| {},
        )
        .unwrap_or_else(|e| panic!("{e}"));
        sealed.release(T0, SaltSeed::new([7; 32])).unwrap();
        document.tail().len()
    }
}

fn profile(authority: &TestAuthority) -> SealProfile {
    let identifier = OrganisationIdentifier::parse("NTRDK-00000000").unwrap();
    let organisation = Organisation::new("DK", "TEST Organisation", identifier).unwrap();
    let holder = Holder::new(organisation, Unit::new("TEST Unit").unwrap());
    SealProfile::new(holder, Lifetime::Hours12, authority.urls()).key(KeyKind::EcP256)
}

/// A PDF with one page and a stream that fills it up.
fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let filler = vec![b'%'; size.saturating_sub(700)];
    let objects: [Vec<u8>; 4] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>".to_vec(),
        [format!("<< /Length {} >>\nstream\n", filler.len()).as_bytes(), &filler, b"\nendstream"].concat(),
    ];
    for (number, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", number + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let xref = bytes.len();
    bytes.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    bytes.extend(format!("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n").bytes());
    bytes
}

/// What no sealing at B-B can do without.
struct Floor {
    issuer: SoftwareKey,
    pdf: Vec<u8>,
    certificate: Vec<u8>,
    file: File,
}

impl Floor {
    fn new() -> Self {
        Self {
            issuer: SoftwareKey::generate(SoftKind::EcP384, &mut rng()),
            pdf: pdf(PDF_SIZE),
            certificate: vec![0x5a; 800],
            file: tempfile::tempfile().unwrap(),
        }
    }

    fn run(&self) {
        let key = SoftwareKey::generate(SoftKind::EcP256, &mut rng());
        black_box(key.public_key_spki().unwrap());
        let tbs = ToBeSigned::new(self.certificate.as_slice(), SignatureAlgorithm::ECDSA_SHA384);
        black_box(self.issuer.sign(&tbs).unwrap());
        black_box(sha256(&self.pdf));
        let tbs = ToBeSigned::new(&self.certificate[..200], SignatureAlgorithm::ECDSA_SHA256);
        black_box(key.sign(&tbs).unwrap());
    }

    /// The same and two synced writes: the approval before the key, the record before the release.
    fn run_durable(&mut self) {
        for _ in 0..2 {
            self.file.write_all(&[0; 4096]).unwrap();
            self.file.sync_data().unwrap();
        }
        self.run();
    }
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs two things in turns and prints the medians and their ratio.
fn in_turns(name: &str, turns: usize, mut floor: impl FnMut(), mut ours: impl FnMut()) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..turns {
        times[0].push(timed(&mut floor));
        times[1].push(timed(&mut ours));
    }
    let [floor, ours] = times.map(median);
    println!(
        "{name}: floor {floor:?}, segl {ours:?}, ratio {:.2} (medians of {turns} in turn)",
        ours.as_secs_f64() / floor.as_secs_f64()
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut floor = Floor::new();
    let mut memory = Bench::new(MemoryJournal::new(log_id()), MemoryRegister::default());
    let mut group = criterion.benchmark_group("seal a 200 kB PDF, P-256 in software, journal in memory");
    group.bench_function("floor of B-B", |b| b.iter(|| floor.run()));
    for level in [Level::B, Level::T, Level::Lt, Level::Lta] {
        group.bench_function(format!("segl {level}"), |b| b.iter(|| memory.seal(level)));
    }
    group.finish();
    criterion.final_summary();

    // `cargo bench` says so; without it this is only a check that everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        in_turns("B-B, journal in memory", TURNS, || floor.run(), || {
            memory.seal(Level::B);
        });
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("segl.db"), log_id()).unwrap();
        let register = SqliteStore::open(&folder.path().join("register.db"), log_id()).unwrap();
        let mut durable = Bench::new(store, register);
        in_turns("B-B, durable (two syncs in the floor)", 100, || floor.run_durable(), || {
            durable.seal(Level::B);
        });
    }
}
