//! What a span and a sample take on disk as rows and in blocks, and how long reads of both take.
//! `cargo run --release -p store --example sealed_cost -- [traces]`. SQLite.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::{
    MetricKind, MetricPoint, ProjectId, Span, SpanId, SpanKind, SpanStatus, TimeRange, TraceId,
};
use store::{MetricStore, SpanFilter, Store, StoreConfig, TraceStore};
use uuid::Uuid;

const START: i64 = 1_795_442_400_000_000_000;
const SECOND: i64 = 1_000_000_000;
const SPANS: ProjectId = ProjectId(Uuid::from_u128(0x1234_5678));
const SAMPLES: ProjectId = ProjectId(Uuid::from_u128(0x1234_5679));
const SERVICES: [&str; 6] = ["gateway", "cart", "checkout", "payments", "stock", "mail"];
const SERIES: u64 = 400;
const INSTANTS: i64 = 960;

/// A small generator of numbers (splitmix64): the run is the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Eight spans as the OpenTelemetry libraries of an HTTP service send them.
fn trace(numbers: &mut Numbers, start_ns: i64) -> Vec<Span> {
    let trace_id = u128::from(numbers.next()) << 64 | u128::from(numbers.next());
    let ids: Vec<u64> = (0..8).map(|_| numbers.next() | 1).collect();
    let (order, pod) = (numbers.below(1_000_000), numbers.below(20));
    (0..8_usize)
        .map(|n| {
            let service = SERVICES[n * 5 % 6];
            let failed = numbers.below(50) == 0;
            let at_ns = start_ns + n as i64 * 1_000_000 + numbers.below(900_000) as i64;
            let duration_ns = (8 - n as i64) * 2_000_000 + numbers.below(5_000_000) as i64;
            Span {
                project_id: SPANS,
                trace_id: TraceId::new(trace_id | 1).unwrap_or_else(|| unreachable!()),
                span_id: SpanId::new(ids[n]).unwrap_or_else(|| unreachable!()),
                parent_span_id: (n > 0).then(|| SpanId::new(ids[(n - 1) / 2])).flatten(),
                service: service.to_owned(),
                name: format!("GET /{service}/{{id}}"),
                kind: SpanKind::from_number(1 + n as i64 % 3),
                start_ns: at_ns,
                end_ns: at_ns + duration_ns,
                status: if failed { SpanStatus::Error } else { SpanStatus::Unset },
                status_message: if failed { "deadline exceeded".to_owned() } else { String::new() },
                attributes: format!(
                    "{{\"http.request.method\":\"GET\",\"http.response.status_code\":{},\"http.route\":\"/{service}/{{id}}\",\
                     \"order.id\":\"{order}\",\"service.version\":\"1.14.2\",\"k8s.pod.name\":\"{service}-{pod}\",\
                     \"telemetry.sdk.language\":\"java\"}}",
                    if failed { 504 } else { 200 },
                ),
                events: String::new(),
                links: String::new(),
            }
        })
        .collect()
}

/// Counters, gauges of two decimals, and averages of any number, a quarter, a half and a quarter.
fn samples(numbers: &mut Numbers, counters: &mut [u64], instant: i64) -> Vec<MetricPoint> {
    (0..SERIES)
        .map(|n| {
            let counter = &mut counters[n as usize];
            let (name, value) = match n % 4 {
                0 => {
                    *counter += numbers.below(40);
                    ("http_requests_total", *counter as f64)
                }
                1 | 2 => ("cpu_percent", numbers.below(3_000) as f64 / 100.0),
                _ => ("latency_mean", (numbers.below(1 << 40) as f64).sqrt()),
            };
            let jitter_ns = numbers.below(3) as i64 * 1_000_000;
            MetricPoint {
                project_id: SAMPLES,
                name: name.to_owned(),
                kind: MetricKind::Gauge,
                labels: BTreeMap::from([("instance".to_owned(), format!("host-{n}"))]),
                value,
                timestamp_ns: START + instant * 15 * SECOND + jitter_ns,
            }
        })
        .collect()
}

fn milliseconds<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = run();
    println!("  {what}: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    value
}

/// A store of its own, and what its file takes.
struct Fresh {
    store: Store,
    folder: std::path::PathBuf,
    empty: u64,
}

impl Fresh {
    fn new(name: &str) -> Result<Self, store::Error> {
        let folder = format!("vigil-sealed-cost-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let store = Store::open(&StoreConfig::in_data_dir(&folder))?;
        store.migrate()?;
        let mut fresh = Self {
            store,
            folder,
            empty: 0,
        };
        fresh.empty = fresh.bytes()?;
        Ok(fresh)
    }

    fn bytes(&self) -> Result<u64, store::Error> {
        self.store.checkpoint()?;
        let file = std::fs::metadata(self.folder.join(store::SQLITE_FILE));
        Ok(file.map_or(0, |file| file.len()) - self.empty)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn of_spans(traces: i64) -> Result<(), store::Error> {
    let fresh = Fresh::new("spans")?;
    let store = &fresh.store;
    let mut numbers = Numbers(7);
    let mut some = None;
    for first in (0..traces).step_by(100) {
        let spans: Vec<Span> = (first..traces.min(first + 100))
            .flat_map(|n| trace(&mut numbers, START + n * 20_000_000))
            .collect();
        some = Some(spans[0].trace_id);
        store.append_spans(SPANS, &spans)?;
    }
    let count = traces as f64 * 8.0;
    println!(
        "{count} spans, rows: {:.0} bytes a span",
        fresh.bytes()? as f64 / count
    );
    let reads = || -> Result<(), store::Error> {
        if let Some(trace_id) = some {
            milliseconds("a trace", || store.trace(SPANS, trace_id))?;
        }
        let mut filter = SpanFilter::in_range(TimeRange::ALL);
        filter.status = Some(SpanStatus::Error);
        milliseconds("a page of failed traces", || {
            store.search_traces(SPANS, &filter, 50, None)
        })?;
        let minute_ns = START + 60 * SECOND;
        milliseconds("the calls of a minute", || {
            store.count_calls(SPANS, minute_ns)
        })?;
        Ok(())
    };
    reads()?;
    while milliseconds("sealing", || store.seal(START, true))? > 0 {}
    let check = store.check_blocks(SPANS)?;
    println!(
        "{} blocks: {:.1} bytes a span",
        check.blocks,
        check.bytes as f64 / count
    );
    milliseconds("putting together", || store.compact(SPANS, START))?;
    let check = store.check_blocks(SPANS)?;
    println!(
        "{} blocks: {:.1} bytes a span",
        check.blocks,
        check.bytes as f64 / count
    );
    reads()?;
    println!("again:");
    reads()
}

fn of_samples() -> Result<(), store::Error> {
    let fresh = Fresh::new("samples")?;
    let store = &fresh.store;
    let mut numbers = Numbers(7);
    let mut counters = vec![0; SERIES as usize];
    for instant in 0..INSTANTS {
        store.append_metrics(SAMPLES, &samples(&mut numbers, &mut counters, instant))?;
    }
    let count = SERIES as f64 * INSTANTS as f64;
    println!(
        "{count} samples, rows: {:.0} bytes a sample",
        fresh.bytes()? as f64 / count
    );
    let reads = || -> Result<(), store::Error> {
        milliseconds("a metric of half the series", || {
            store.metric_query(SAMPLES, "cpu_percent", &[], TimeRange::ALL)
        })?;
        milliseconds("the latest of it", || {
            store.latest(SAMPLES, "cpu_percent", &[])
        })?;
        Ok(())
    };
    reads()?;
    while milliseconds("sealing", || store.seal(START, true))? > 0 {}
    let check = store.check_blocks(SAMPLES)?;
    println!(
        "{} blocks: {:.2} bytes a sample",
        check.blocks,
        check.bytes as f64 / count
    );
    milliseconds("putting together", || store.compact(SAMPLES, START))?;
    let check = store.check_blocks(SAMPLES)?;
    println!(
        "{} blocks: {:.2} bytes a sample",
        check.blocks,
        check.bytes as f64 / count
    );
    reads()?;
    println!("again:");
    reads()
}

fn main() -> Result<(), store::Error> {
    let traces = std::env::args().nth(1).and_then(|text| text.parse().ok());
    of_spans(traces.unwrap_or(30_000))?;
    of_samples()
}
