//! Issuing a CRL of a million entries: written as it is made, and made in memory, beside the floor, the digest of as many octets; and
//! what memory each takes in a process of its own.
//!
//! `cargo bench -p segl-revocation --bench issue_crl`. `SEGL_BENCH_ENTRIES` changes the number of entries. Columns: system, operation, n,
//! median_us, ratio to the floor.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

use std::convert::Infallible;
use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{DigestAlgorithm, Hasher, KeyKind, SoftKind, SoftwareKey, Time};
use segl_revocation::{CrlBuilder, Reason, Revoked};
use segl_x509::Certificate;

const TURNS: usize = 11;
const CHILD: &str = "SEGL_BENCH_ISSUE";
const MOST_KB: u64 = 32 << 10;

fn main() {
    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    let asked = std::env::var("SEGL_BENCH_ENTRIES").ok().and_then(|text| text.parse().ok());
    let entries: u64 = asked.unwrap_or(if is_measurement { 1_000_000 } else { 1_000 });
    let issuer = Issuer::new();
    if let Ok(way) = std::env::var(CHILD) {
        return measure_memory(&issuer, &way, entries);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.crl");
    issuer.stream(&file, entries);
    let size = fs::metadata(&file).unwrap().len() as usize;
    let octets = vec![0x5a; 64 << 10];
    let floor = || {
        let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
        (0..size / octets.len()).for_each(|_| hasher.update(&octets));
        hasher.update(&octets[..size % octets.len()]);
        black_box(hasher.finish());
    };
    // In turns, so that whatever else the machine does meets all.
    let turns = if is_measurement { TURNS } else { 1 };
    let (mut floors, mut streamed, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..turns {
        floors.push(timed(floor));
        streamed.push(timed(|| issuer.stream(&file, entries)));
        held.push(timed(|| issuer.hold(&file, entries)));
    }
    let floor_time = median(floors);
    println!("system\toperation\tn\tmedian_us\tratio");
    println!("floor\tdigest of {size} bytes\t{turns}\t{}\t1", floor_time.as_micros());
    for (way, times) in [("written as it is made", streamed), ("made in memory", held)] {
        let own = median(times);
        let ratio = own.as_secs_f64() / floor_time.as_secs_f64();
        println!("segl\tissue {entries} entries, {way}\t{turns}\t{}\t{ratio:.2}", own.as_micros());
    }
    for way in ["stream", "hold"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        let said = child.env(CHILD, way).env("SEGL_BENCH_ENTRIES", entries.to_string()).output().unwrap();
        print!("{}", String::from_utf8(said.stdout).unwrap());
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
}

/// Issues one list alone in this process and prints how much memory the whole process took at most.
fn measure_memory(issuer: &Issuer, way: &str, entries: u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.crl");
    if way == "stream" {
        issuer.stream(&file, entries)
    } else {
        issuer.hold(&file, entries)
    }
    let own = peak_kb();
    println!("segl\tmemory of the process to {way} {entries} entries, kB\t1\t{own}\t");
    assert!(way != "stream" || own < MOST_KB, "{own} kB");
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

struct Issuer {
    key: SoftwareKey,
    certificate: Certificate,
    now: Time,
}

impl Issuer {
    fn new() -> Self {
        let now = Time::from_unix(1_795_000_000);
        let key =
            SoftwareKey::generate(SoftKind::EcP256, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
        let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
        let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls)
            .key(KeyKind::EcP256)
            .prepare(None, &key.public_key_spki().unwrap(), &SerialNumber::from_random([1; 15]), now)
            .unwrap();
        let value = key.sign(prepared.to_be_signed()).unwrap();
        Self { certificate: prepared.assemble_verified(&value).unwrap(), key, now }
    }

    /// Entries as a table gives them: 16 octets, a time of their own, one of eight with a reason.
    fn entries(&self, count: u64) -> impl Iterator<Item = Revoked<[u8; 16]>> {
        let now = self.now;
        (0..count).map(move |number| {
            let mixed = u128::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            let mut serial = mixed.to_be_bytes();
            serial[0] = 0x40 | serial[0] & 0x3f;
            let at = now - Duration::from_secs(number % 100_000_000);
            Revoked { serial, at, reason: (number % 8 == 0).then_some(Reason::Superseded) }
        })
    }

    fn list(&self) -> CrlBuilder<'_> {
        CrlBuilder::new(&self.certificate, 1, self.now, self.now + Duration::from_secs(86_400))
    }

    fn stream(&self, file: &Path, count: u64) {
        let entries = || self.entries(count).map(Ok::<_, Infallible>);
        let prepared = self.list().prepare_to(File::create(file).unwrap(), entries).unwrap();
        let value = self.key.sign_prehashed(prepared.to_be_signed()).unwrap();
        prepared.assemble(&value).unwrap();
    }

    fn hold(&self, file: &Path, count: u64) {
        let mut builder = self.list();
        for entry in self.entries(count) {
            builder = builder.revoked(&entry.serial, entry.at, entry.reason).unwrap();
        }
        let prepared = builder.prepare().unwrap();
        let value = self.key.sign(prepared.to_be_signed()).unwrap();
        fs::write(file, prepared.assemble(&value).unwrap().as_der()).unwrap();
    }
}
