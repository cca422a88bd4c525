//! Sealing a 150 MB PDF beside its floor: the same digest over it once, and copying it.
//!
//! `cargo bench -p segl-suite --bench large`. It prints processor time and peak memory of this process; the file is written and read back
//! from the page cache. `SEGL_BENCH_MIB` changes the size. Columns: system, operation, n, median_us, peak_rss_kb, cpu_us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a measurement may stop at the first surprise"
)]

mod common;

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use common::{Bench, median, rng};
use segl::ades::Level;
use segl::cert::MemoryRegister;
use segl::crypto::{DigestAlgorithm, FileSource, Hasher, Source};
use segl::key::{Curve, SoftToken};
use segl::sealing::MemoryJournal;
use segl_testkit::sealing::log_id;

const TURNS: usize = 7;

fn main() {
    let is_measurement = std::env::args().any(|argument| argument == "--bench");
    let asked = std::env::var("SEGL_BENCH_MIB").ok().and_then(|text| text.parse().ok());
    let mib: usize = asked.unwrap_or(if is_measurement { 150 } else { 1 });
    let folder = tempfile::tempdir().unwrap();
    let (original, copy) = (folder.path().join("large.pdf"), folder.path().join("sealed.pdf"));
    fs::write(&original, common::pdf(mib << 20)).unwrap();
    let bench = RefCell::new(Bench::new(MemoryJournal::new(log_id()), MemoryRegister::default()));
    let sealed = |level| seal(&mut bench.borrow_mut(), &original, &copy, level);
    let turns = if is_measurement { TURNS } else { 1 };
    println!("system\toperation\tn\tmedian_us\tpeak_rss_kb\tcpu_us");
    let acts: [(&str, &str, &dyn Fn()); 3] = [
        ("floor", "digest and copy", &|| floor(&original, &copy)),
        ("segl", "seal B-B", &|| sealed(Level::B)),
        ("segl", "seal B-LTA", &|| sealed(Level::Lta)),
    ];
    for (system, operation, act) in acts {
        forget_peak();
        act();
        let (mut wall, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..turns {
            let before = cpu_us();
            wall.push(common::timed(act));
            cpu.push(cpu_us() - before);
        }
        cpu.sort_unstable();
        let wall = median(wall).as_micros();
        println!("{system}\t{operation} {mib} MiB\t{turns}\t{wall}\t{}\t{}", peak_kb(), cpu[cpu.len() / 2]);
    }
}

fn floor(original: &Path, copy: &Path) {
    let source = FileSource::new(File::open(original).unwrap()).unwrap();
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256).unwrap();
    source.hash_range(0..source.len(), &mut hasher).unwrap();
    std::hint::black_box(hasher.finish());
    fs::copy(original, copy).unwrap();
}

fn seal(bench: &mut Bench<MemoryJournal, MemoryRegister>, original: &Path, copy: &Path, level: Level) {
    let source = FileSource::new(File::open(original).unwrap()).unwrap();
    let tail = bench.seal(SoftToken::new(rng()), &source, Curve::P256, level);
    fs::copy(original, copy).unwrap();
    File::options().append(true).open(copy).unwrap().write_all(&tail).unwrap();
}

/// Processor time of this process, all threads that it has and had, in microseconds.
fn cpu_us() -> i64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// Lets the kernel begin a new peak, so that making the file does not count.
fn forget_peak() {
    drop(fs::write("/proc/self/clear_refs", "5"));
}

/// Peak resident memory of this process in kB since [`forget_peak`].
fn peak_kb() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}
