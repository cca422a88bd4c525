//! What the journal costs one sealing, and what the log costs a reader.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop at the first surprise")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use segl_cert::{IssuedCertificate, IssuedCertificates as _, IssuerKey, SerialNumber};
use segl_record::{LogId, Outcome, Progress, SealingRecord};
use segl_sealing::{Journal, MemoryJournal};
use segl_store::SqliteStore;
use segl_testkit::sealing::{T0, advances, lease, log_id, opening, record, salts};
use tempfile::TempDir;

struct Sealing {
    n: u64,
    progress: Vec<Progress>,
    record: SealingRecord,
}

fn sealing(n: u64) -> Sealing {
    let mut progress = vec![Progress::authenticated(opening(n).session)];
    for advance in advances(n) {
        let mut next = progress.last().unwrap().clone();
        next.advance(advance).unwrap();
        progress.push(next);
    }
    Sealing { n, progress, record: record(n, 7, Outcome::Completed) }
}

/// Everything a journal is asked in one sealing.
fn seal<J: Journal>(journal: &J, sealing: &Sealing) {
    let opening = sealing.record.opening();
    journal.open(opening, &lease(1)).unwrap();
    for (from, to) in sealing.progress.iter().zip(sealing.progress.iter().skip(1)) {
        journal.advance(opening.request, from.step(), to).unwrap();
    }
    journal.conclude(&sealing.record, salts(sealing.n)).unwrap();
}

fn store(folder: &TempDir) -> SqliteStore {
    let log: LogId = log_id();
    SqliteStore::open(&folder.path().join("segl.db"), log).unwrap()
}

#[cfg(feature = "postgres")]
fn postgres(server: &segl_testkit::peers::Postgres) -> segl_store::PostgresStore {
    use segl_testkit::peers::Postgres;
    let mut config = segl_store::client::Config::new();
    config.host_path(server.folder()).port(Postgres::PORT).dbname("postgres");
    config.user(Postgres::USER).password(Postgres::PASSWORD);
    let (tls, options) = (segl_store::client::NoTls, segl_store::PostgresOptions::default());
    segl_store::PostgresStore::open(&config, tls, log_id(), options).unwrap()
}

fn journal(c: &mut Criterion) {
    let mut group = c.benchmark_group("journal");
    group.throughput(Throughput::Elements(1));
    let mut n = 0;
    let mut next = || {
        n += 1;
        sealing(n)
    };
    let memory = MemoryJournal::new(log_id());
    group.bench_function("memory", |b| {
        b.iter_batched(&mut next, |s| seal(&memory, &s), BatchSize::SmallInput)
    });
    let folder = TempDir::new().unwrap();
    let file = store(&folder);
    group.bench_function("sqlite", |b| b.iter_batched(&mut next, |s| seal(&file, &s), BatchSize::SmallInput));
    #[cfg(feature = "postgres")]
    match segl_testkit::peers::Postgres::shared() {
        Ok(server) => {
            let far = postgres(server);
            group.bench_function("postgres", |b| {
                b.iter_batched(&mut next, |s| seal(&far, &s), BatchSize::SmallInput)
            });
        }
        Err(skipped) => skipped.report(),
    }
    let issuer = IssuerKey([7; 32]);
    let register = file.sealing_register();
    group.bench_function("sqlite with register", |b| {
        b.iter_batched(
            &mut next,
            |s| {
                let random = std::array::from_fn(|i| s.n.to_be_bytes().get(i).copied().unwrap_or(0));
                let serial = SerialNumber::from_random(random);
                register.reserve(&issuer, &serial, T0).unwrap();
                let issued = IssuedCertificate {
                    issuer,
                    serial,
                    sha256: [1; 32],
                    not_before: T0,
                    not_after: T0,
                    issued_at: T0,
                };
                register.record_issued(&issued).unwrap();
                seal(&file, &s);
            },
            BatchSize::SmallInput,
        );
    });
    // The floor: two empty synced writes of one page each, as the disk does them without a database.
    let mut plain = std::fs::File::create(folder.path().join("floor")).unwrap();
    group.bench_function("floor: two synced appends", |b| {
        b.iter(|| {
            for _ in 0..2 {
                std::io::Write::write_all(&mut plain, &[0; 4096]).unwrap();
                plain.sync_data().unwrap();
            }
        });
    });
    group.finish();
}

fn log(c: &mut Criterion) {
    let folder = TempDir::new().unwrap();
    let file = store(&folder);
    for n in 1..=200 {
        seal(&file, &sealing(n));
    }
    let mut group = c.benchmark_group("log");
    group.throughput(Throughput::Elements(200));
    group.bench_function("verify", |b| b.iter(|| file.verify(&[]).unwrap()));
    let organisation = segl_testkit::sealing::organisation(0).number;
    group.throughput(Throughput::Elements(100));
    group.bench_function("uses of an organisation", |b| {
        b.iter(|| file.uses_of(&organisation, 0, 100).unwrap())
    });
    group.finish();
}

criterion_group!(benches, journal, log);
criterion_main!(benches);
