//! What scrubbing costs on log lines, with and without anything to find.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use redact::Scrubber;

fn bench(criterion: &mut Criterion) {
    let scrubber = Scrubber::new();
    let clean: String = (0..1_000)
        .map(|n| format!("2026-11-23T14:00:00.{n:03}Z INFO checkout order {n} accepted in {} ms request_id=4a5aa75f-db33-4964-9276-0484d74b2ce6\n", n % 97))
        .collect();
    let dirty: String = (0..1_000)
        .map(|n| format!("2026-11-23T14:00:00.{n:03}Z WARN auth login user=ada{n}@example.org ip=203.0.113.{} password=hunter{n}!\n", n % 250))
        .collect();
    let mut group = criterion.benchmark_group("scrub");
    for (name, text) in [("clean", &clean), ("dirty", &dirty)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| scrubber.scrub(black_box(text)))
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
