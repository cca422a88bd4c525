//! A CRL of a million entries: reading it by position, verifying it and looking up one serial number, beside its floor, the digest over
//! the same file; a further look-up; and what memory it takes in a process of its own.
//!
//! `cargo bench -p segl-revocation`. `SEGL_BENCH_ENTRIES` changes the number of entries. Columns: system, operation, n, median_us,
//! ratio to the floor.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::Criterion;
use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{
    DigestAlgorithm, FileSource, Hasher, KeyKind, SoftKind, SoftwareKey, Source, Time, sha256,
};
use segl_revocation::{CrlBuilder, CrlIndex, IndexLimits, Reason, RevocationList};
use segl_x509::Certificate;

const TURNS: usize = 21;
const CHILD: &str = "SEGL_BENCH_CRL";

fn main() {
    if let Ok(file) = std::env::var(CHILD) {
        return measure_memory(Path::new(&file));
    }
    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    let asked = std::env::var("SEGL_BENCH_ENTRIES").ok().and_then(|text| text.parse().ok());
    let entries: u32 = asked.unwrap_or(if is_measurement { 1_000_000 } else { 1_000 });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.crl");
    let issuer = make(&file, entries);
    let size = fs::metadata(&file).unwrap().len();
    let open = || FileSource::new(File::open(&file).unwrap()).unwrap();
    let floor = || {
        let source = open();
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
        source.hash_range(0..source.len(), &mut hasher).unwrap();
        black_box(hasher.finish());
    };
    let once = || {
        let index = CrlIndex::read(open(), &IndexLimits::default()).unwrap();
        index.verify_signer(&issuer).unwrap();
        assert!(index.look_up(&serial(entries / 2), issuer.subject()).unwrap().listed.is_some());
        index
    };
    // In turns, so that whatever else the machine does meets both.
    let turns = if is_measurement { TURNS } else { 1 };
    let (mut floors, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..turns {
        floors.push(timed(floor));
        ours.push(timed(|| drop(once())));
    }
    let (floor_time, own_time) = (median(floors), median(ours));
    let ratio = own_time.as_secs_f64() / floor_time.as_secs_f64();
    println!("system\toperation\tn\tmedian_us\tratio");
    println!("floor\tdigest of {size} bytes\t{turns}\t{}\t1", floor_time.as_micros());
    println!("segl\tread, verify, look up in {entries}\t{turns}\t{}\t{ratio:.2}", own_time.as_micros());
    let child = Command::new(std::env::current_exe().unwrap()).env(CHILD, &file).output().unwrap();
    print!("{}", String::from_utf8(child.stdout).unwrap());
    assert!(child.status.success());

    let index = once();
    let mut criterion = Criterion::default().configure_from_args();
    let mut number = 0;
    criterion.bench_function("look up, listed", |bencher| {
        bencher.iter(|| {
            number = (number + 7919) % entries;
            index.look_up(&serial(number), issuer.subject()).unwrap().listed.unwrap()
        });
    });
    criterion.bench_function("look up, not listed", |bencher| {
        bencher.iter(|| {
            number = (number + 7919) % entries;
            index.look_up(&serial(entries + number), issuer.subject()).unwrap()
        });
    });
}

/// Reads the list alone in this process and prints how much memory that took at most.
fn measure_memory(file: &Path) {
    let before = peak_kb();
    let source = FileSource::new(File::open(file).unwrap()).unwrap();
    let index = CrlIndex::read(source, &IndexLimits::default()).unwrap();
    let own = peak_kb() - before;
    println!("segl\tmemory for {} entries, kB\t1\t{own}\t", index.len());
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
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

/// Sixteen octets as random as those of an issuer.
fn serial(number: u32) -> [u8; 16] {
    let mut serial: [u8; 16] = sha256(&number.to_be_bytes())[..16].try_into().unwrap();
    serial[0] = 0x40 | serial[0] & 0x3f;
    serial
}

/// Issues a list of so many entries, a part of them with a reason, and writes it to the file.
fn make(file: &Path, entries: u32) -> Certificate {
    let key =
        SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let now = Time::from_unix(1_795_000_000);
    let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls)
        .key(KeyKind::EcP256)
        .prepare(None, &key.public_key_spki().unwrap(), &SerialNumber::from_random([1; 15]), now)
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    let issuer = prepared.assemble_verified(&value).unwrap();
    let mut builder = CrlBuilder::new(&issuer, 1, now, now + Duration::from_secs(86_400));
    for number in 0..entries {
        let reason = (number % 8 == 0).then_some(Reason::Superseded);
        builder = builder.revoked(&serial(number), now, reason).unwrap();
    }
    let prepared = builder.prepare().unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    fs::write(file, prepared.assemble(&value).unwrap().as_der()).unwrap();
    issuer
}
