use std::collections::BTreeSet;

use domain::{
    Latencies, ProjectId, ServiceCalls, Span, SpanId, SpanKind, SpanStatus, TimeRange, TraceId,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, project, seal_in_blocks};
use crate::{
    Error, MAX_EDGES_PER_MINUTE, MAX_SPAN_NAME_BYTES, MAX_SPAN_PAGE, MAX_TRACE_SPANS, SpanCursor,
    SpanFilter, SpanReceipt, Store, TraceStore,
};

const MILLISECOND: i64 = 1_000_000;

pub(super) fn trace(n: u128) -> TraceId {
    TraceId::new(n).expect("not zero")
}

pub(super) fn id(n: u64) -> SpanId {
    SpanId::new(n).expect("not zero")
}

/// A span of a second that begins `n` seconds after noon, a root of the service `shop`.
pub(crate) fn span(project_id: ProjectId, trace_id: u128, n: u64) -> Span {
    let start_ns = NOON + i64::try_from(n).expect("small") * SECOND;
    Span {
        project_id,
        trace_id: trace(trace_id),
        span_id: id(n + 1),
        parent_span_id: None,
        service: "shop".to_owned(),
        name: format!("step {n}"),
        kind: SpanKind::Server,
        start_ns,
        end_ns: start_ns + SECOND,
        status: SpanStatus::Unset,
        status_message: String::new(),
        attributes: String::new(),
        events: String::new(),
        links: String::new(),
    }
}

/// A span of another service below a span with this number.
pub(super) fn below(parent: &Span, service: &str, n: u64) -> Span {
    let mut child = span(parent.project_id, parent.trace_id.bits(), n);
    child.parent_span_id = Some(parent.span_id);
    child.service = service.to_owned();
    child
}

fn append(store: &Store, spans: &[Span]) -> SpanReceipt {
    let receipt = store
        .append_spans(spans[0].project_id, spans)
        .expect("the spans are stored");
    seal_in_blocks(store);
    receipt
}

pub(super) fn calls(store: &Store, project_id: ProjectId, minute_ns: i64) -> Vec<ServiceCalls> {
    store
        .count_calls(project_id, minute_ns)
        .expect("they are counted");
    let minute = TimeRange::new(minute_ns, minute_ns + MINUTE);
    store.service_calls(project_id, minute).expect("read")
}

pub(crate) fn a_trace_is_read_back_as_it_was(fixture: &Fixture) {
    let project_id = project();
    let mut root = span(project_id, u128::MAX, 1);
    root.attributes = r#"{"http.route":"/cart"}"#.to_owned();
    root.events = r#"[{"name":"retry"}]"#.to_owned();
    root.links = "[]".to_owned();
    root.status = SpanStatus::Error;
    root.status_message = "it broke".to_owned();
    root.span_id = id(u64::MAX);
    let child = below(&root, "payments", 2);
    let other = span(project_id, 7, 1);
    let receipt = append(
        &fixture.store,
        &[child.clone(), root.clone(), other.clone()],
    );
    assert_eq!((receipt.stored, receipt.duplicates), (3, 0));
    let found = fixture.store.trace(project_id, trace(u128::MAX));
    let found = found.expect("read");
    assert_eq!(found.spans, [root, child]);
    assert!(!found.is_truncated);
    let found = fixture.store.trace(project(), other.trace_id);
    assert_eq!(found.expect("read").spans, [], "projects are apart");
}

pub(crate) fn a_repeated_span_is_stored_once_and_the_first_stays(fixture: &Fixture) {
    let project_id = project();
    let first: Vec<Span> = (0..700).map(|n| span(project_id, 1, n)).collect();
    append(&fixture.store, &first);
    let mut again: Vec<Span> = (690..720).map(|n| span(project_id, 1, n)).collect();
    again[0].name = "another".to_owned();
    again.push(span(project_id, 1, 719));
    let receipt = append(&fixture.store, &again);
    assert_eq!((receipt.stored, receipt.duplicates), (20, 11));
    let receipt = append(&fixture.store, &again);
    assert_eq!((receipt.stored, receipt.duplicates), (0, 31));
    let found = fixture.store.trace(project_id, trace(1)).expect("read");
    assert_eq!(found.spans.len(), 720);
    assert_eq!(found.spans[690].name, "step 690");
    assert_eq!(append(&fixture.store, &first[..1]).stored, 0);
}

pub(crate) fn concurrent_writers_of_the_same_spans_lose_and_double_nothing(fixture: &Fixture) {
    let project_id = project();
    let spans: Vec<Span> = (0..400).map(|n| span(project_id, 5, n)).collect();
    let stored: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| append(&fixture.store, &spans).stored))
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("it writes"))
            .sum()
    });
    assert_eq!(stored, 400);
    let found = fixture.store.trace(project_id, trace(5)).expect("read");
    assert_eq!(found.spans.len(), 400);
}

pub(crate) fn a_span_that_cannot_be_stored_as_it_is_harms_no_neighbour(fixture: &Fixture) {
    let project_id = project();
    let mut odd = span(project_id, 1, 1);
    odd.name = "é".repeat(MAX_SPAN_NAME_BYTES);
    odd.service = "s\0".repeat(400);
    odd.attributes = "{\"a\":\"\0\"}".to_owned();
    odd.start_ns = i64::MIN;
    odd.end_ns = i64::MAX;
    let mut backwards = span(project_id, 1, 2);
    backwards.end_ns = backwards.start_ns - 5;
    let stray = span(project(), 1, 3);
    let good = span(project_id, 1, 4);
    let spans = [odd, stray, backwards, good.clone()];
    let receipt = fixture.store.append_spans(project_id, &spans);
    let receipt = receipt.expect("stored");
    assert_eq!(receipt.stored, 3);
    assert_eq!(receipt.rejected.len(), 1);
    assert_eq!(receipt.rejected[0].index, 1);
    let found = fixture.store.trace(project_id, trace(1)).expect("read");
    let [odd, backwards, last] = found.spans.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(odd.name.len(), MAX_SPAN_NAME_BYTES);
    assert!(odd.service.starts_with("s\u{fffd}s") && odd.service.len() <= 256);
    assert_eq!(odd.attributes, "{\"a\":\"\u{fffd}\"}");
    assert_eq!(backwards.duration_ns(), 0);
    assert_eq!(*last, good);
    fixture
        .store
        .trace_summaries(project_id, &[trace(1)])
        .expect("sums do not overflow");
}

pub(crate) fn a_giant_trace_is_cut_to_its_beginning(fixture: &Fixture) {
    let project_id = project();
    let more = u64::try_from(MAX_TRACE_SPANS).expect("small") + 7;
    let mut spans: Vec<Span> = (0..more).map(|n| span(project_id, 1, n)).collect();
    spans.reverse();
    append(&fixture.store, &spans);
    let found = fixture.store.trace(project_id, trace(1)).expect("read");
    assert!(found.is_truncated);
    assert_eq!(found.spans.len(), MAX_TRACE_SPANS);
    assert_eq!(found.spans[0].start_ns, NOON);
    let large: Vec<Span> = (0..40)
        .map(|n| {
            let mut span = span(project_id, 2, n);
            span.attributes = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
            span
        })
        .collect();
    append(&fixture.store, &large);
    let found = fixture.store.trace(project_id, trace(2)).expect("read");
    assert_eq!((found.is_truncated, found.spans.len()), (true, 31));
}

fn found(store: &Store, project_id: ProjectId, change: impl FnOnce(&mut SpanFilter)) -> Vec<u128> {
    let mut filter = SpanFilter::in_range(TimeRange::ALL);
    change(&mut filter);
    let page = store.search_traces(project_id, &filter, 50, None);
    let page = page.expect("found");
    assert_eq!(page.next, None);
    page.traces.iter().map(|t| t.trace_id.bits()).collect()
}

pub(crate) fn each_condition_selects_its_traces(fixture: &Fixture) {
    let project_id = project();
    let mut slow = span(project_id, 1, 10);
    slow.end_ns = slow.start_ns + 90 * SECOND;
    let mut failed = span(project_id, 2, 20);
    failed.status = SpanStatus::Error;
    let mut other = below(&failed, "payments", 21);
    other.name = "POST /pay".to_owned();
    let late = span(project_id, 3, 100_000);
    append(&fixture.store, &[slow, failed, other, late]);
    append(&fixture.store, &[span(project(), 9, 1)]);
    let store = &fixture.store;
    let of = |change: fn(&mut SpanFilter)| found(store, project_id, change);
    assert_eq!(of(|_| {}), [3, 2, 1]);
    assert_eq!(of(|filter| filter.service = Some("payments".into())), [2]);
    assert_eq!(of(|filter| filter.name = Some("step 10".into())), [1]);
    assert_eq!(
        of(|filter| filter.name = Some("step".into())),
        [] as [u128; 0]
    );
    assert_eq!(of(|filter| filter.min_duration_ns = Some(90 * SECOND)), [1]);
    assert_eq!(of(|filter| filter.status = Some(SpanStatus::Error)), [2]);
    assert_eq!(
        of(|filter| filter.range = TimeRange::new(NOON, NOON + 20 * SECOND)),
        [1],
        "the end is outside"
    );
    assert_eq!(
        of(|filter| {
            filter.service = Some("shop".into());
            filter.status = Some(SpanStatus::Unset);
        }),
        [3, 1]
    );
}

pub(crate) fn pages_show_every_trace_once(fixture: &Fixture) {
    let project_id = project();
    // Traces that overlap: each has a span at many instants, several spans at one.
    let mut spans = Vec::new();
    for n in 0..600_u64 {
        let mut one = span(project_id, u128::from(n % 23) + 1, n);
        one.start_ns = NOON + i64::try_from(n / 5).expect("small") * 40 * SECOND;
        one.end_ns = one.start_ns + SECOND;
        spans.push(one);
    }
    append(&fixture.store, &spans);
    for limit in [1, 4, 22, 23, 50] {
        let filter = SpanFilter::in_range(TimeRange::ALL);
        let (mut after, mut shown, mut pages) = (None, Vec::new(), 0);
        loop {
            let page = fixture
                .store
                .search_traces(project_id, &filter, limit, after);
            let page = page.expect("a page");
            assert!(page.traces.len() <= limit);
            shown.extend(page.traces.iter().map(|t| t.trace_id));
            pages += 1;
            let Some(next) = page.next else { break };
            let text = next.to_string();
            after = Some(text.parse::<SpanCursor>().expect("our own"));
            assert!(pages < 100);
        }
        let all: BTreeSet<TraceId> = shown.iter().copied().collect();
        assert_eq!((shown.len(), all.len()), (23, 23), "limit {limit}");
    }
    for bad in [0, MAX_SPAN_PAGE + 1] {
        let filter = SpanFilter::in_range(TimeRange::ALL);
        let error = fixture.store.search_traces(project_id, &filter, bad, None);
        assert!(matches!(error, Err(Error::BadRequest { .. })));
    }
    for bad in ["", "1", &"1".repeat(64), &format!("1{}", "g".repeat(64))] {
        assert!(bad.parse::<SpanCursor>().is_err(), "{bad}");
    }
}

pub(crate) fn a_summary_tells_of_the_whole_trace(fixture: &Fixture) {
    let project_id = project();
    let root = span(project_id, 1, 5);
    let mut failed = below(&root, "payments", 3);
    failed.status = SpanStatus::Error;
    failed.end_ns = failed.start_ns + 60 * SECOND;
    let orphan = below(&span(project_id, 2, 50), "mail", 8);
    append(&fixture.store, &[root.clone(), failed.clone(), orphan]);
    let ids = [trace(1), trace(2), trace(3)];
    let summaries = fixture.store.trace_summaries(project_id, &ids);
    let mut summaries = summaries.expect("read");
    summaries.sort_by_key(|summary| summary.trace_id);
    let [whole, rootless] = summaries.as_slice() else {
        panic!("{summaries:?}");
    };
    assert_eq!(whole.root, Some(("shop".to_owned(), "step 5".to_owned())));
    assert_eq!(
        (whole.start_ns, whole.end_ns),
        (failed.start_ns, failed.end_ns)
    );
    assert_eq!((whole.span_count, whole.error_count), (2, 1));
    assert_eq!(whole.services, ["payments", "shop"]);
    assert_eq!(rootless.root, None);
}

pub(crate) fn calls_are_counted_where_the_service_changes(fixture: &Fixture) {
    let project_id = project();
    let root = span(project_id, 1, 0);
    let inside = below(&root, "shop", 1);
    let mut pay = below(&inside, "payments", 2);
    pay.end_ns = pay.start_ns + 200 * MILLISECOND;
    let mut failed = below(&inside, "payments", 3);
    failed.status = SpanStatus::Error;
    failed.end_ns = failed.start_ns + 400 * MILLISECOND;
    let mut job = below(&root, "mail", 4);
    job.kind = SpanKind::Consumer;
    let mut orphan = below(&span(project_id, 1, 90), "search", 5);
    orphan.kind = SpanKind::Internal;
    let later = below(&inside, "payments", 75);
    append(
        &fixture.store,
        &[root, inside, pay, failed, job, orphan, later],
    );
    let found = calls(&fixture.store, project_id, NOON);
    let shown: Vec<_> = found
        .iter()
        .map(|c| {
            (
                c.caller.as_deref(),
                &*c.callee,
                c.is_message,
                c.count,
                c.errors,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (None, "shop", false, 1, 0),
            (Some("shop"), "mail", true, 1, 0),
            (Some("shop"), "payments", false, 2, 1),
        ]
    );
    let median = found[2].latencies.quantile_ns(0.5).expect("two");
    assert!((180..=220).contains(&(median / MILLISECOND)), "{median}");
    assert_eq!(found[2].latencies.count(), 2);
    assert_eq!(
        Latencies::class_of(SECOND),
        found[1].latencies.classes().next().expect("one").0
    );
    // The next minute adds up with it.
    calls(&fixture.store, project_id, NOON + MINUTE);
    let both = TimeRange::new(NOON + 30 * SECOND, NOON + 2 * MINUTE);
    let found = fixture.store.service_calls(project_id, both).expect("read");
    assert_eq!((found.len(), found[2].count), (3, 3));
    let edges = fixture.store.service_edges(project_id, both).expect("read");
    let edges: Vec<_> = edges
        .iter()
        .map(|edge| (&*edge.caller, &*edge.callee, edge.is_message, edge.count))
        .collect();
    assert_eq!(
        edges,
        [("shop", "payments", false, 3), ("shop", "mail", true, 1)]
    );
    let last = fixture.store.last_counted_minute(project_id).expect("read");
    assert_eq!(last, Some(NOON + MINUTE));
    assert_eq!(calls(&fixture.store, project(), NOON), []);
}

pub(crate) fn a_parent_that_comes_late_gives_its_edge_when_counted_again(fixture: &Fixture) {
    let project_id = project();
    let root = span(project_id, 1, 0);
    let child = below(&root, "payments", 1);
    append(&fixture.store, std::slice::from_ref(&child));
    let found = calls(&fixture.store, project_id, NOON);
    assert_eq!((found.len(), &found[0].caller), (1, &None), "nobody known");
    append(&fixture.store, std::slice::from_ref(&root));
    for _ in 0..2 {
        let found = calls(&fixture.store, project_id, NOON);
        let edges: Vec<_> = found
            .iter()
            .map(|c| (c.caller.as_deref(), &*c.callee))
            .collect();
        assert_eq!(edges, [(None, "shop"), (Some("shop"), "payments")]);
        assert!(found.iter().all(|c| c.count == 1), "counted once");
    }
}

pub(crate) fn the_most_frequent_edges_of_a_minute_are_kept(fixture: &Fixture) {
    let project_id = project();
    let count = u64::try_from(MAX_EDGES_PER_MINUTE).expect("small") + 100;
    let mut spans: Vec<Span> = (0..count)
        .map(|n| {
            let mut one = span(project_id, 1, n);
            one.start_ns = NOON;
            one.service = format!("service {n}");
            one
        })
        .collect();
    let mut often = spans[3].clone();
    often.span_id = id(1_000_000);
    spans.push(often);
    append(&fixture.store, &spans);
    let found = calls(&fixture.store, project_id, NOON);
    assert_eq!(found.len(), MAX_EDGES_PER_MINUTE);
    let most = found.iter().max_by_key(|calls| calls.count);
    let most = most.map(|calls| (&*calls.callee, calls.count));
    assert_eq!(most, Some(("service 3", 2)));
}

pub(crate) fn old_spans_and_counts_go(fixture: &Fixture) {
    let (mine, other) = (project(), project());
    let mut spans: Vec<Span> = (0..21_000).map(|n| span(mine, 1, n)).collect();
    for span in &mut spans[..20_500] {
        span.start_ns = NOON;
    }
    append(&fixture.store, &spans);
    append(&fixture.store, &[span(other, 1, 0)]);
    calls(&fixture.store, mine, NOON);
    calls(&fixture.store, other, NOON);
    let before_ns = NOON + 20_900 * SECOND;
    let deleted = fixture.store.delete_spans_before(mine, before_ns, NOON);
    assert_eq!(deleted.expect("deleted"), 20_900);
    let left = fixture.store.trace(mine, trace(1)).expect("read");
    assert_eq!(left.spans.len(), 100);
    assert_eq!(left.spans[0].start_ns, before_ns);
    let counted = fixture.store.service_calls(mine, TimeRange::ALL);
    assert_eq!(counted.expect("read"), []);
    let counted = fixture.store.service_calls(other, TimeRange::ALL);
    assert_eq!(counted.expect("read").len(), 1);
    let again = fixture.store.delete_spans_before(mine, before_ns, NOON);
    assert_eq!(again.expect("nothing left"), 0);
}
