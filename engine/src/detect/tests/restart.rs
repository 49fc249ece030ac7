use domain::{MetricKind, SeriesId};
use store::{AnomalyFilter, AnomalyStore, MetricStore};

use super::*;

/// A gauge that wanders a little and is far off for a while.
fn sample(bench: &Bench, minute: i64) -> MetricPoint {
    let noise =
        ((minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / f64::from(1 << 24);
    let value = if (230..245).contains(&minute) {
        900.0
    } else {
        50.0 + 10.0 * noise
    };
    MetricPoint {
        project_id: bench.project_id,
        name: "latency_ms".into(),
        kind: MetricKind::Gauge,
        labels: [("service".to_owned(), "cart".to_owned())].into(),
        value,
        timestamp_ns: NOON + minute * MINUTE + 1,
    }
}

/// Kind, subject, times and words of all that is on record.
fn found(bench: &Bench) -> Vec<String> {
    let filter = AnomalyFilter::in_range(TimeRange::ALL);
    let page = domain::PageRequest::first(1_000);
    let all = bench
        .inner
        .store
        .anomalies(bench.project_id, &filter, &page);
    let line = |a: Anomaly| {
        let series = a.metric.as_ref().map(|name| SeriesId::of(name, &a.labels));
        format!(
            "{} {:?} {series:?} {} {} {:.12} {}",
            a.kind.as_str(),
            a.template_id,
            a.started_at_ns,
            a.detected_at_ns,
            a.score,
            a.reason
        )
    };
    let mut lines: Vec<String> = all.unwrap().items.into_iter().map(line).collect();
    lines.sort();
    lines
}

/// Four and a half hours with an incident in logs and one in a metric; the program starts anew before these minutes.
fn play(starts: &[i64]) -> (Vec<String>, Vec<String>) {
    let bench = Bench::new();
    let mut watches = HashMap::new();
    for m in 0..270 {
        quiet(&bench, m..m + 1);
        if (200..206).contains(&m) {
            bench.minute(m, 100, "checkout", 40);
        }
        let point = sample(&bench, m);
        bench
            .inner
            .store
            .append_metrics(bench.project_id, std::slice::from_ref(&point))
            .unwrap();
        // A program that was down hears of nothing but what is stored.
        if starts.contains(&m) {
            watches.clear();
        } else {
            queue_metrics(&bench.inner.metric_queue, &[point]);
        }
        after(&bench, m);
        bench.inner.observe(bench.project_id, &mut watches).unwrap();
    }
    let states = bench
        .inner
        .alerts
        .active_anomalies(bench.project_id)
        .unwrap();
    let active = bench
        .inner
        .store
        .anomalies_by_ids(bench.project_id, &states);
    let active = active.unwrap().into_iter().map(|a| a.reason).collect();
    (found(&bench), active)
}

#[test]
fn the_same_input_gives_the_same_anomalies_also_when_the_program_starts_anew_in_the_middle() {
    let straight = play(&[]);
    let kinds = |wanted: &str| {
        straight
            .0
            .iter()
            .filter(|line| line.starts_with(wanted))
            .count()
    };
    assert!(kinds("metric") >= 1, "{:#?}", straight.0);
    assert!(straight.0.len() > kinds("metric"), "{:#?}", straight.0);
    assert_eq!(play(&[]), straight);
    // Before anything happens, in the middle of what happens in the logs, and of what happens to the metric.
    for starts in [&[120][..], &[203], &[237], &[100, 202, 232, 250]] {
        assert_eq!(play(starts), straight, "started anew before {starts:?}");
    }
}
