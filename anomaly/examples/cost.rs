//! What the detectors cost, in processor time of this thread, so that other programs do not count (Linux only). Run:
//! `cargo run --release -p anomaly --example cost`.

use anomaly::{
    ClusterConfig, LogConfig, LogDetector, MetricConfig, MetricDetector, NoTemplateInfo,
    SessionConfig, SessionDetector, SessionEvent, SlotConfig, SlotDetector, SlotValue, SlotValues,
    cluster,
};
use domain::{
    MetricKind, MetricPoint, NANOS_PER_MINUTE, ProjectId, RecordId, RollupCell, Severity,
    TemplateId,
};

/// A moment in this thread's processor time.
struct Cpu(f64);

impl Cpu {
    fn now() -> Self {
        Self(Self::used())
    }

    fn seconds(&self) -> f64 {
        Self::used() - self.0
    }

    fn used() -> f64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let first = text.split_whitespace().next();
        first.and_then(|word| word.parse().ok()).unwrap_or(0.0) / 1e9
    }
}

/// Records of sessions that the engine looks at in a minute, at most.
const SESSION_RECORDS: f64 = 200_000.0;

fn main() {
    let project_id = ProjectId::from_parts(0, [0; 10]);
    let counts = logs(project_id, 2_000, 1_440);
    logs(project_id, 10_000, 240);
    let sample = metrics(project_id);
    let session = sessions(project_id);
    let values = slots(project_id);
    // 10,000 lines a second of 2,000 series, with 1,000 metrics; the reading of the records is not in it.
    let minute = counts + session * SESSION_RECORDS + values + 1_000.0 * sample;
    println!(
        "all of them at 10,000 lines/s and 1,000 metrics: {:.0} ms a minute, {:.2} % of a core",
        minute * 1e3,
        minute / 0.6
    );
    for n in [1_000, 3_000, 10_000] {
        clusters(n);
    }
}

/// A hash as repeatable noise.
fn noise(a: u64, b: u64) -> u64 {
    (a ^ b << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}

fn logs(project_id: ProjectId, series: u64, minutes: i64) -> f64 {
    let mut detector = LogDetector::new(project_id, LogConfig::default());
    let began = Cpu::now();
    let mut anomalies = 0;
    for m in 0..minutes {
        let cells: Vec<RollupCell> = (0..series)
            .filter(|s| noise(*s, 7).is_multiple_of(3) || noise(*s, m as u64).is_multiple_of(20))
            .map(|s| RollupCell {
                minute_ns: m * NANOS_PER_MINUTE,
                template_id: TemplateId(s),
                service: format!("service-{}", s % 20),
                severity: [Severity::Info, Severity::Warn, Severity::Error][(s % 3) as usize],
                count: 1 + noise(s, m as u64) % (1 + s % 50),
            })
            .collect();
        anomalies += detector
            .observe_minute(m * NANOS_PER_MINUTE, &cells, &NoTemplateInfo)
            .anomalies
            .len();
    }
    let each = began.seconds() * 1e3 / minutes as f64;
    println!(
        "logs: {series} series, {each:.2} ms a minute, {anomalies} anomalies in {minutes} min"
    );
    each / 1e3
}

fn metrics(project_id: ProjectId) -> f64 {
    let mut detector = MetricDetector::new(project_id, MetricConfig::default());
    let began = Cpu::now();
    let (series, minutes) = (1_000_u64, 1_440_i64);
    for m in 0..minutes {
        for s in 0..series {
            detector.observe(&MetricPoint {
                project_id,
                name: format!("metric_{s}"),
                kind: MetricKind::Gauge,
                labels: std::collections::BTreeMap::new(),
                value: 100.0 + (noise(s, m as u64) % 1_000) as f64 / 100.0,
                timestamp_ns: m * NANOS_PER_MINUTE,
            });
        }
    }
    let each = began.seconds() * 1e6 / (series as f64 * minutes as f64);
    println!("metrics: {each:.2} us a sample");
    each / 1e6
}

/// Sessions of 20 records, 500 a second (10,000 records a second); all alike, and each one of its kind.
fn sessions(project_id: ProjectId) -> f64 {
    let mut dearest = 0.0_f64;
    for (name, variety) in [("alike", 1_u64), ("all different", 3)] {
        let mut detector = SessionDetector::new(project_id, SessionConfig::default());
        let (minutes, per_minute) = (10_i64, 15_000_u64);
        let mut records = 0_u64;
        let began = Cpu::now();
        for m in 0..minutes {
            for s in 0..per_minute {
                let key = format!("trace-{m}-{s}");
                for i in 0..20 {
                    let template = i + 20 * (noise(s * 31 + i, m as u64) % variety);
                    records += 1;
                    detector.observe(&SessionEvent {
                        key: &key,
                        service: "shop",
                        template_id: TemplateId(1 + template),
                        severity: Severity::Info,
                        at_ns: m * NANOS_PER_MINUTE + i as i64,
                        record_id: RecordId::from_parts(0, [0; 10]),
                    });
                }
            }
            detector.end_minute(m * NANOS_PER_MINUTE, &NoTemplateInfo);
        }
        let each = began.seconds() * 1e9 / records as f64;
        println!("sessions, {name}: {each:.0} ns a record");
        dearest = dearest.max(each / 1e9);
    }
    dearest
}

/// 2,000 slots with 64 values each minute.
fn slots(project_id: ProjectId) -> f64 {
    let mut detector = SlotDetector::new(project_id, SlotConfig::default());
    let minutes = 60_i64;
    let texts: Vec<String> = (0..40).map(|n| (200 + 7 * n).to_string()).collect();
    let began = Cpu::now();
    for m in 0..minutes {
        let values: Vec<SlotValues<'_>> = (0..2_000_u64)
            .map(|slot| {
                let top: Vec<SlotValue<'_>> = (0..16)
                    .map(|i| SlotValue {
                        value: &texts[(noise(slot, m as u64) + i * i) as usize % texts.len()],
                        count: 4,
                        record_id: None,
                    })
                    .collect();
                SlotValues {
                    template_id: TemplateId(slot),
                    service: "shop",
                    severity: Severity::Info,
                    slot: 0,
                    key: "code",
                    count: 64,
                    numbers: top.iter().map(|t| (t.value.len() as f64, 4)).collect(),
                    top,
                    largest: None,
                }
            })
            .collect();
        detector.observe_minute(m * NANOS_PER_MINUTE, &values, &NoTemplateInfo);
    }
    let each = began.seconds() * 1e3 / minutes as f64;
    println!("slots: 2,000 slots, {each:.1} ms a minute");
    each / 1e3
}

fn clusters(n: u64) {
    const DIMENSION: usize = 384;
    let items: Vec<(TemplateId, Vec<f32>)> = (0..n)
        .map(|i| {
            let vector = (0..DIMENSION as u64)
                .map(|d| {
                    let group = noise(i % (n / 8), d + 1_000) % 2_000;
                    let own = noise(i, d + 9_000) % 1_000;
                    group as f32 / 1_000.0 - 1.0 + (own as f32 / 1_000.0 - 0.5)
                })
                .collect();
            (TemplateId(i), vector)
        })
        .collect();
    let began = Cpu::now();
    let found = cluster(&items, &ClusterConfig::default());
    println!(
        "clusters: {n} templates, {} clusters, {:.2} s",
        found.len(),
        began.seconds()
    );
}
