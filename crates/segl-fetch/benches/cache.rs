//! What an answer from the cache costs, beside the floor: hashing its octets.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use segl_crypto::{Time, sha256};
use segl_fetch::{Cache, CacheKey, Entry, FileCache, MemoryCache};

const NOW: Time = Time::from_unix(1_795_608_000);

fn hits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hit");
    for size in [2 << 10, 1 << 20, 32 << 20] {
        let folder = tempfile::tempdir().unwrap();
        let file = FileCache::open(folder.path(), 1 << 30, NOW).unwrap();
        let memory = MemoryCache::new(1 << 30);
        let entry = Entry::new(vec![7; size].into(), NOW, None, NOW + Duration::from_secs(60));
        let key = CacheKey::new("bench", b"");
        file.put(&key, &entry, NOW).unwrap();
        memory.put(&key, &entry, NOW).unwrap();
        group.throughput(Throughput::Bytes(u64::try_from(size).unwrap()));
        group.bench_function(BenchmarkId::new("hashing", size), |b| {
            b.iter(|| sha256(black_box(&entry.octets)))
        });
        group.bench_function(BenchmarkId::new("file", size), |b| b.iter(|| file.get(&key, NOW).unwrap()));
        group.bench_function(BenchmarkId::new("memory", size), |b| b.iter(|| memory.get(&key, NOW).unwrap()));
    }
    group.finish();
}

criterion_group!(benches, hits);
criterion_main!(benches);
