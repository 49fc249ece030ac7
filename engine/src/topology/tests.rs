use std::time::{Duration, Instant};

use domain::{
    NANOS_PER_MINUTE, NANOS_PER_SECOND, ProjectId, Span, SpanId, SpanKind, SpanStatus, TimeRange,
    TraceId,
};
use store::TraceStore as _;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::testing::{Bench, NOON};

fn span(project_id: ProjectId, number: u64, parent: u64, service: &str) -> Span {
    let start_ns = NOON + i64::try_from(number).unwrap() * NANOS_PER_SECOND;
    Span {
        project_id,
        trace_id: TraceId::new(7).unwrap(),
        span_id: SpanId::new(number).unwrap(),
        parent_span_id: SpanId::new(parent),
        service: service.into(),
        name: "work".into(),
        kind: SpanKind::Server,
        start_ns,
        end_ns: start_ns + NANOS_PER_SECOND,
        status: SpanStatus::Unset,
        status_message: String::new(),
        attributes: String::new(),
        events: String::new(),
        links: String::new(),
    }
}

impl Bench {
    /// Stores spans as the way in does.
    fn trace(&self, spans: &[Span]) {
        let project_id = self.project_id;
        self.inner.store.append_spans(project_id, spans).unwrap();
        self.inner.minutes.mark(project_id, spans);
    }

    fn count(&self) {
        let stop = CancellationToken::new();
        self.inner.count_settled(Duration::ZERO, &stop).unwrap();
    }

    fn edges(&self) -> Vec<(String, String)> {
        let range = TimeRange::last(NOON + 60 * NANOS_PER_MINUTE, 120 * NANOS_PER_MINUTE);
        let edges = self.inner.store.service_edges(self.project_id, range);
        let edges = edges.unwrap().into_iter();
        edges.map(|edge| (edge.caller, edge.callee)).collect()
    }
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.into(), b.into())
}

#[test]
fn root_cause_knows_the_calls_of_traces_without_a_word_in_any_log() {
    let bench = Bench::new();
    let project_id = bench.project_id;
    let mut job = span(project_id, 4, 2, "mail");
    job.kind = SpanKind::Consumer;
    bench.trace(&[
        span(project_id, 1, 0, "web"),
        span(project_id, 2, 1, "checkout"),
        span(project_id, 3, 2, "payments"),
        job,
    ]);
    bench.count();
    let topology = bench.inner.topology(project_id).unwrap();
    let of = |service: &str| -> Vec<(String, f64)> {
        let dependencies = topology.dependencies(service);
        dependencies
            .map(|(name, weight)| (name.to_owned(), weight))
            .collect()
    };
    assert_eq!(of("web"), [("checkout".to_owned(), 1.0)]);
    assert_eq!(of("checkout"), [("payments".to_owned(), 1.0)]);
    assert_eq!(of("mail"), [("checkout".to_owned(), BY_MESSAGE)]);
    let all: Vec<&str> = topology.all_dependencies("web").into_keys().collect();
    assert_eq!(all, ["checkout", "payments"]);
}

#[test]
fn a_parent_that_comes_after_its_child_was_counted_still_gives_an_edge() {
    let bench = Bench::new();
    let project_id = bench.project_id;
    // The child began a minute after its parent.
    let mut child = span(project_id, 70, 1, "payments");
    child.kind = SpanKind::Consumer;
    bench.trace(&[child]);
    bench.count();
    assert_eq!(bench.edges(), []);
    bench.trace(&[span(project_id, 1, 0, "shop")]);
    bench.count();
    assert_eq!(bench.edges(), [pair("shop", "payments")]);
}

#[test]
fn what_was_not_counted_before_a_crash_is_counted_after_the_start() {
    let bench = Bench::new();
    let project_id = bench.project_id;
    bench.clock.set(NOON + 2 * NANOS_PER_MINUTE);
    let spans = [
        span(project_id, 1, 0, "shop"),
        span(project_id, 2, 1, "payments"),
    ];
    // Nobody marked it: the process ended.
    bench.inner.store.append_spans(project_id, &spans).unwrap();
    bench.count();
    assert_eq!(bench.edges(), []);
    bench.inner.mark_recent_minutes().unwrap();
    bench.count();
    assert_eq!(bench.edges(), [pair("shop", "payments")]);
    // And again beside what is counted already.
    let more = [span(project_id, 3, 2, "bank")];
    bench.inner.store.append_spans(project_id, &more).unwrap();
    bench.inner.mark_recent_minutes().unwrap();
    bench.count();
    assert_eq!(bench.edges().len(), 2);
}

#[test]
fn minutes_wait_until_they_have_settled_and_stay_when_counting_stops() {
    let bench = Bench::new();
    let spans = [span(bench.project_id, 1, 0, "shop")];
    bench.trace(&spans);
    let minutes = &bench.inner.minutes;
    let settle = Duration::from_secs(10);
    let now = Instant::now();
    assert_eq!(minutes.take_settled(settle, now), []);
    let stop = CancellationToken::new();
    stop.cancel();
    bench.inner.count_settled(Duration::ZERO, &stop).unwrap();
    let later = now + 2 * settle;
    let taken = minutes.take_settled(settle, later);
    let expected = [NOON + NANOS_PER_MINUTE, NOON].map(|minute| (bench.project_id, minute));
    assert_eq!(taken, expected, "the minute and the next, the newest first");
    assert_eq!(minutes.take_settled(settle, later), []);
}

#[test]
fn waiting_minutes_are_bounded() {
    let minutes = Minutes::default();
    let project_id = ProjectId(uuid::Uuid::nil());
    let many: Vec<i64> = (0..30_000).map(|n| n * NANOS_PER_MINUTE).collect();
    minutes.add(project_id, &many, Instant::now());
    let mut long = span(project_id, 1, 0, "shop");
    long.end_ns = i64::MAX;
    minutes.mark(project_id, &[long]);
    let taken = minutes.take_newest(project_id, usize::MAX);
    assert_eq!(taken.len(), 20_000);
    assert_eq!(taken[0], NOON + 15 * NANOS_PER_MINUTE);
    assert_eq!(minutes.take_newest(project_id, 1), [] as [i64; 0]);
}

#[test]
fn a_map_has_every_service_and_counts_what_waits() {
    let bench = Bench::new();
    let project_id = bench.project_id;
    let mut failed = span(project_id, 3, 1, "payments");
    failed.status = SpanStatus::Error;
    bench.trace(&[
        span(project_id, 1, 0, "web"),
        span(project_id, 2, 1, "payments"),
        failed,
    ]);
    let minute = TimeRange::new(NOON, NOON + NANOS_PER_MINUTE);
    let map = bench.inner.service_map(project_id, minute).unwrap();
    let nodes: Vec<_> = map
        .nodes
        .iter()
        .map(|node| (&*node.service, node.count, node.entries, node.errors))
        .collect();
    assert_eq!(nodes, [("payments", 2, 0, 1), ("web", 1, 1, 0)]);
    assert_eq!(map.edges.len(), 1);
    assert_eq!((map.edges[0].count, map.edges[0].errors), (2, 1));
    let other = ProjectId(uuid::Uuid::now_v7());
    let empty = bench.inner.service_map(other, minute).unwrap();
    assert_eq!(empty, ServiceMap::default());
}
