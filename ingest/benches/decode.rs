//! What decoding costs: 300-byte NDJSON lines, the same as an array, and log file lines.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use domain::ProjectId;
use ingest::{Context, Limits, LineDecoder, LogFormat, decode_logs};

const RECORDS: usize = 1_000;

/// A line of about 300 bytes with the usual fields.
fn json_line(number: usize) -> String {
    format!(
        concat!(
            r#"{{"timestamp":"2026-11-23T14:00:{:02}.123456Z","level":"info","service":"checkout","#,
            r#""message":"order {} accepted for customer {} in {} ms","#,
            r#""trace_id":"4bf92f3577b34da6a3ce929d0e0e{:04x}","span_id":"00f067aa0ba9{:04x}","#,
            r#""http.method":"POST","http.route":"/api/orders","http.status_code":200,"#,
            r#""host":"node-{}","region":"eu-west-1"}}"#
        ),
        number % 60,
        number * 7919,
        number % 500,
        number % 97,
        number % 65_536,
        number % 65_536,
        number % 9,
    )
}

fn text_line(number: usize) -> String {
    format!(
        "2026-11-23 14:00:{:02},123 INFO [http-{}] com.example.shop.OrderService: order {} accepted in {} ms",
        number % 60,
        number % 8,
        number * 7919,
        number % 97,
    )
}

fn bench(criterion: &mut Criterion) {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_442_400_000_000_000,
        default_service: None,
        limits: &limits,
    };
    let lines: Vec<String> = (0..RECORDS).map(json_line).collect();
    let ndjson = lines.join("\n");
    let array = format!("[{}]", lines.join(","));
    let text: Vec<String> = (0..RECORDS).map(text_line).collect();

    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(RECORDS as u64));
    group.bench_function("ndjson", |bencher| {
        bencher.iter(|| decode_logs(LogFormat::Ndjson, black_box(ndjson.as_bytes()), &context));
    });
    group.bench_function("array", |bencher| {
        bencher.iter(|| decode_logs(LogFormat::Json, black_box(array.as_bytes()), &context));
    });
    group.bench_function("lines", |bencher| {
        bencher.iter(|| {
            let mut decoder = LineDecoder::new(&context);
            let mut count = 0;
            for line in &text {
                count += usize::from(decoder.push_line(black_box(line.as_bytes())).is_some());
            }
            count + usize::from(decoder.finish().is_some())
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
