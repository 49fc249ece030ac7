//! What storing a 300-byte record costs, in CPU time of this process and of the Postgres server, and how long
//! reads take at a million records. `cargo run --release -p store --example append_cost -- [records]`.
//!
//! CPU time is taken from /proc, so the machine may be shared. Linux only.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader, LogRecord, PageRequest, ProjectId,
    RecordId, Severity, Template, TemplateId, TextTerm, TimeRange,
};
use store::{CommitBatch, LogStore, Store, StoreConfig};
use uuid::Uuid;

const START: i64 = 1_795_442_400_000_000_000;
const SECOND: i64 = 1_000_000_000;
const TEMPLATES: u64 = 300;
const SERVICES: u64 = 40;
const PROJECT: ProjectId = ProjectId(Uuid::from_u128(0x1234_5678));

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

    /// Small numbers are frequent, as templates are in real logs.
    fn skewed(&mut self, below: u64) -> u64 {
        let (a, b, c) = (
            self.next() % below,
            self.next() % below,
            self.next() % below,
        );
        a.min(b).min(c)
    }
}

fn record(numbers: &mut Numbers, number: i64, step_ns: i64) -> LogRecord {
    let template = numbers.skewed(TEMPLATES);
    let timestamp_ns = START + number * step_ns;
    let mut random = [0_u8; 10];
    // As the intake counts them up.
    random[2..].copy_from_slice(&number.to_be_bytes());
    let session = numbers.next();
    LogRecord {
        // Ids grow with arrival.
        id: RecordId::from_parts(START + number * 10_000, random),
        project_id: PROJECT,
        timestamp_ns,
        observed_at_ns: timestamp_ns,
        severity: if template % 19 == 7 {
            Severity::Error
        } else {
            Severity::Info
        },
        service: format!("service-{:02}", template % SERVICES),
        body: format!(
            "request {} to backend pool-{} finished with session {session:016x} after {} ms",
            template,
            template % 7,
            session % 900
        ),
        attributes: format!(
            "{{\"host\":\"node-{}\",\"pod\":\"shop-7f9c6b{}-x2x{}\",\"version\":\"2.14.{}\",\"status\":{},\"thread\":\"worker-{}\",\"region\":\"eu-central\"}}",
            session % 24,
            session % 97,
            session % 11,
            template % 5,
            200 + session % 5 * 75,
            session % 64
        ),
        trace_id: (session % 10 < 3).then(|| format!("{:016x}{session:016x}", numbers.next())),
        span_id: (session % 10 < 3).then(|| format!("{session:016x}")),
        template_id: TemplateId(template.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
    }
}

fn templates() -> Vec<Template> {
    (0..TEMPLATES)
        .map(|n| Template {
            id: TemplateId(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            project_id: PROJECT,
            text: format!("request {n} to backend <*> finished with session <hex> after <num> ms"),
            example: String::new(),
            first_seen_ns: START,
            last_seen_ns: START,
            count: 0,
            services: Vec::new(),
            severity: Severity::Info,
            merged_into: None,
            sequence: 0,
        })
        .collect()
}

/// CPU seconds of this thread: all work of SQLite and all client work of Postgres happens on it.
fn own_cpu() -> f64 {
    run_time("/proc/thread-self/schedstat")
}

/// CPU seconds of the processes below this one: the Postgres server.
fn server_cpu() -> f64 {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc")
        .expect("/proc is there")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        if let (Ok(pid), Some(Ok(parent))) = (name.parse::<u32>(), parent.map(str::parse::<u32>)) {
            parents.push((pid, parent));
        }
    }
    let mut family = vec![std::process::id()];
    loop {
        let more: Vec<u32> = parents
            .iter()
            .filter(|(pid, parent)| family.contains(parent) && !family.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    family[1..]
        .iter()
        .map(|pid| run_time(&format!("/proc/{pid}/schedstat")))
        .sum()
}

/// Seconds on a CPU: the first field, nanoseconds. Source: Linux, Documentation/scheduler/sched-stats.
fn run_time(path: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse::<f64>().unwrap_or(0.0) / 1e9
}

fn append(name: &str, store: &Store, records: i64, batch: i64, step_ns: i64) {
    let mut numbers = Numbers(u64::try_from(batch + step_ns).unwrap_or(1));
    let mut spent = (0.0, -server_cpu());
    let mut slowest = Duration::ZERO;
    let texts: HashMap<TemplateId, Arc<str>> = templates()
        .into_iter()
        .map(|template| (template.id, Arc::from(template.text)))
        .collect();
    let started = Instant::now();
    for number in (0..records).step_by(usize::try_from(batch).expect("small")) {
        let rows = (0..batch)
            .map(|n| record(&mut numbers, number + n, step_ns))
            .collect();
        let mut batch = CommitBatch::new(PROJECT, rows);
        if number == 0 {
            batch.new_templates = templates();
        }
        batch.texts = texts.clone();
        let before = own_cpu();
        let at = Instant::now();
        let receipt = store.append(&batch).expect("the batch commits");
        slowest = slowest.max(at.elapsed());
        assert_eq!(receipt.stored, batch.records.len());
        spent.0 += own_cpu() - before;
    }
    spent.1 += server_cpu();
    let total = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let per = |seconds: f64| seconds * 1e6 / records as f64;
    println!(
        "{name}: batch {batch:>5}, {step_ns:>9} ns apart: {:.2} us client + {:.2} us server = {:.2} us CPU a record; slowest commit {} ms, wall {total:.1} s",
        per(spent.0),
        per(spent.1),
        per(spent.0) + per(spent.1),
        slowest.as_millis()
    );
}

fn timed<T>(what: &str, run: impl Fn() -> T) -> T {
    let mut times: Vec<Duration> = Vec::new();
    let mut last = None;
    let before = own_cpu() + server_cpu();
    for _ in 0..5 {
        let started = Instant::now();
        last = Some(run());
        times.push(started.elapsed());
    }
    let cpu_ms = (own_cpu() + server_cpu() - before) * 1e3 / 5.0;
    times.sort();
    println!(
        "    {what}: {cpu_ms:.1} ms CPU, {:.1} ms wall (max {:.1})",
        times[2].as_secs_f64() * 1e3,
        times[4].as_secs_f64() * 1e3
    );
    last.expect("ran")
}

fn reads(store: &Store, records: i64, step_ns: i64) {
    let whole = TimeRange::new(START, START + records * step_ns);
    let page = PageRequest::first(100);
    let with = |change: &dyn Fn(&mut LogFilter)| {
        let mut filter = LogFilter::in_range(whole);
        change(&mut filter);
        filter
    };
    let term = |text: &str, template_ids| TextTerm {
        term: text.to_owned(),
        negated: false,
        template_ids,
    };
    let search = |what: &str, filter: &LogFilter| {
        let got = timed(what, || {
            store.search(PROJECT, filter, &page).expect("search")
        });
        println!("      {} records", got.items.len());
        got.items
    };
    let count = |what: &str, filter: &LogFilter| {
        let got = timed(what, || store.count(PROJECT, filter).expect("count"));
        println!("      {got}");
    };
    let first = search("search, no condition", &with(&|_| ()));
    search(
        "search, errors",
        &with(&|f| f.severities = vec![Severity::Error]),
    );
    search(
        "search, one service",
        &with(&|f| f.services = vec!["service-09".to_owned()]),
    );
    let rare = TemplateId((TEMPLATES - 2).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    search(
        "search, rare template",
        &with(&|f| f.template_ids = vec![rare]),
    );
    search(
        "search, common text",
        &with(&|f| f.text = vec![term("AFTER 7", Vec::new())]),
    );
    search(
        "search, absent text",
        &with(&|f| f.text = vec![term("needle", Vec::new())]),
    );
    search(
        "search, absent text, 1 hour",
        &with(&|f| {
            f.range = TimeRange::last(whole.end_ns, 3_600 * SECOND);
            f.text = vec![term("needle", Vec::new())];
        }),
    );
    let attribute = |value: &str| AttributeFilter {
        key: "thread".to_owned(),
        op: AttributeOp::Equal,
        value: value.to_owned(),
    };
    search(
        "search, attribute",
        &with(&|f| f.attributes = vec![attribute("worker-5")]),
    );
    search(
        "search, absent attribute",
        &with(&|f| f.attributes = vec![attribute("none")]),
    );
    let trace = first.iter().find_map(|r| r.trace_id.clone());
    search("search, trace", &with(&|f| f.trace_id.clone_from(&trace)));
    let middle = store
        .search(
            PROJECT,
            &with(&|f| f.range.end_ns = START + records / 2 * step_ns),
            &page,
        )
        .expect("search")
        .items;
    timed("record", || {
        store.record(PROJECT, middle[0].id).expect("record")
    });
    timed("context 20 + 20", || {
        store
            .context(PROJECT, middle[0].id, 20, 20)
            .expect("context")
    });
    count("count, all", &with(&|_| ()));
    count(
        "count, ragged hour of errors",
        &with(&|f| {
            f.range = TimeRange::new(START + 1_000 * SECOND + 7, START + 4_600 * SECOND + 7);
            f.severities = vec![Severity::Error];
        }),
    );
    count(
        "count, text by rows",
        &with(&|f| f.text = vec![term("after 77", Vec::new())]),
    );
    count(
        "count, text with resolved templates",
        &with(&|f| f.text = vec![term("needle", vec![rare, TemplateId(0)])]),
    );
    let all = with(&|_| ());
    timed("histogram, 100 buckets", || {
        let width = whole.duration_ns() / 100;
        store.histogram(PROJECT, &all, width).expect("histogram")
    });
    timed("template counts, top 20", || {
        store.template_counts(PROJECT, &all, 20).expect("counts")
    });
    timed("services", || {
        store.services(PROJECT, whole).expect("services")
    });
    timed("rollups, 1 minute", || {
        let minute = TimeRange::new(START + 600 * SECOND, START + 660 * SECOND);
        store.rollups(PROJECT, minute).expect("rollups")
    });
    timed("top templates", || {
        store.top_templates(PROJECT, 50).expect("templates")
    });
}

fn main() {
    let records: i64 = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let size = |run: i32, records: i64| {
        let bytes: u64 = ["db", "db-wal"]
            .iter()
            .filter_map(|end| std::fs::metadata(folder.path().join(format!("{run}.{end}"))).ok())
            .map(|file| file.len())
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
        let each = bytes as f64 / records as f64;
        println!("    {each:.1} bytes a record in the file and its log");
    };
    let sample = record(&mut Numbers(1), 1, 1);
    println!(
        "body {} bytes, attributes {} bytes",
        sample.body.len(),
        sample.attributes.len()
    );
    let mut runs = 0;
    let mut open = |name: &str| {
        runs += 1;
        let config = match name {
            "sqlite" => {
                StoreConfig::new(folder.path().join(format!("{runs}.db")).to_string_lossy())
            }
            _ => StoreConfig::new(
                testkit::Postgres::shared()
                    .and_then(|server| server.database().map_err(|error| panic!("{error}")))
                    .expect("a private PostgreSQL"),
            ),
        };
        let store = Store::open(&config).expect("the store opens");
        store.migrate().expect("the migrations run");
        store
    };
    for name in ["sqlite", "postgres"] {
        // 20 us apart is live traffic of 50,000 a second; 172.8 ms apart spreads a million over 48 hours.
        for batch in [1_000, 8_000] {
            append(name, &open(name), records / 4, batch, 20_000);
        }
        if name == "sqlite" {
            size(1, records / 4);
            size(2, records / 4);
        }
        let store = open(name);
        let step_ns = 172_800_000_000_000 / records;
        append(name, &store, records, 8_000, step_ns);
        if name == "sqlite" {
            size(3, records);
        }
        reads(&store, records, step_ns);
    }
}
