//! Lines per second of a warm miner, and of one that meets new templates all the time.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use patterns::{Miner, MinerConfig};

/// Lines of a made-up shop, about 90 bytes each.
fn lines() -> Vec<String> {
    let names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
    (0..20_000_usize)
        .map(|n| match n % 8 {
            0 => format!("GET /api/v1/carts/{n}/items HTTP/1.1 status={} duration={}ms", 200 + n % 5, n % 97),
            1 => format!("accepted connection from 10.{}.{}.{}:{} (tls=true)", n % 200, n % 251, n % 13, 1024 + n % 5000),
            2 => format!("payment {:08x}-7c1e-7b4a-9d5e-{:012x} authorised for user {} amount={}.{:02} EUR", n, n * 77, names[n % 7], n % 500, n % 100),
            3 => format!("[worker-{}] job_{n} finished in {}.{} s, {} rows written to /var/lib/shop/part-{n}.parquet", n % 16, n % 9, n % 10, n * 3),
            4 => format!("level=warn service=checkout msg=\"retry {} of 5\" trace={:032x} upstream=http://inventory.internal:8080/stock", n % 5, n),
            5 => format!("cache miss for key session:{:016x}, loading from replica {}", n * 31, n % 3),
            6 => format!("2026-11-23T14:05:{:02}.{:03}Z ERROR com.acme.shop.PaymentClient - connection reset by peer after {} attempts", n % 60, n % 1000, n % 9),
            _ => format!("user {} logged in from 192.168.{}.{}", names[n % 7], n % 256, n % 250),
        })
        .collect()
}

fn mining(criterion: &mut Criterion) {
    let lines = lines();
    let mut group = criterion.benchmark_group("mine");
    group
        .throughput(Throughput::Elements(lines.len() as u64))
        .sample_size(20);
    let mut miner = Miner::new(MinerConfig::default());
    group.bench_function("known lines", |bencher| {
        bencher.iter(|| {
            for line in &lines {
                black_box(miner.mine(black_box(line)));
            }
        });
    });
    group.bench_function("each line masked", |bencher| {
        bencher.iter(|| {
            for line in &lines {
                black_box(miner.mine_anew(black_box(line)));
            }
        });
    });
    group.bench_function("cold", |bencher| {
        bencher.iter(|| {
            let mut miner = Miner::new(MinerConfig::default());
            for line in &lines {
                black_box(miner.mine(black_box(line)));
            }
            miner.len()
        });
    });
    group.finish();
}

criterion_group!(benches, mining);
criterion_main!(benches);
