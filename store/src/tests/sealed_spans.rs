//! Spans on their way from row to block: every read gives what it gave before.

use diesel::RunQueryDsl;
use diesel::sql_types::Binary;
use domain::{ProjectId, Span, SpanKind, SpanStatus, TimeRange};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, project};
use super::kinds::{HOUR, append, rows, run};
use super::spans::{below, calls, id, span, trace};
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, SpanFilter, Store, TraceStore};

pub(crate) fn spans_that_have_rested_become_blocks(fixture: &Fixture) {
    let store = &fixture.store;
    let (mine, other) = (project(), project());
    let spans: Vec<Span> = (0..40).map(|n| span(mine, 1, n)).collect();
    append(store, &spans);
    append(store, &[span(other, 1, 3)]);
    assert_eq!(store.seal(NOON + HOUR, false).expect("not yet"), 0);
    // Few spans wait for another hour.
    assert_eq!(store.seal(NOON + 2 * HOUR, false).expect("not yet"), 0);
    assert_eq!(store.seal(NOON + 3 * HOUR, false).expect("sealed"), 41);
    assert_eq!((rows(store, "spans"), rows(store, "blocks")), (0, 2));
    let found = store.trace(mine, trace(1)).expect("read");
    assert_eq!(found.spans, spans);
    assert_eq!(store.trace(other, trace(1)).expect("read").spans.len(), 1);
    // A repeated batch is recognised, a late span of the same time is not one of it.
    let mut again = spans.clone();
    again[7].name = "another".to_owned();
    let mut late = below(&spans[3], "payments", 70);
    late.start_ns = spans[9].start_ns;
    again.push(late.clone());
    assert_eq!(append(store, &again), (1, 40));
    assert_eq!(append(store, &again), (0, 41));
    let found = store.trace(mine, trace(1)).expect("read");
    assert_eq!((found.spans.len(), &*found.spans[7].name), (41, "step 7"));
    // It has a block of its own after an hour, not at once.
    assert_eq!(store.seal(NOON + 3 * HOUR, false).expect("not yet"), 0);
    assert_eq!(store.seal(NOON + 4 * HOUR, false).expect("sealed"), 1);
    assert_eq!(append(store, &again), (0, 41));
    assert_eq!(store.trace(mine, trace(1)).expect("read"), found);
}

pub(crate) fn spans_that_are_repeated_while_they_are_sealed_are_stored_once(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let spans: Vec<Span> = (0..300)
        .map(|n| span(mine, u128::from(n % 7) + 1, n))
        .collect();
    let stored: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let spans = &spans;
                scope.spawn(move || {
                    let chunks = spans.chunks(20).skip(writer).chain(spans.chunks(20));
                    chunks.map(|chunk| append(store, chunk).0).sum::<usize>()
                })
            })
            .collect();
        let sealer = scope.spawn(|| {
            for _ in 0..20 {
                match store.seal(NOON, true) {
                    Ok(_) | Err(Error::Contention { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        sealer.join().expect("it seals");
        writers
            .into_iter()
            .map(|w| w.join().expect("it writes"))
            .sum()
    });
    assert_eq!(stored, 300);
    let sealed = store.check_blocks(mine).expect("checked").records;
    assert_eq!(
        i64::try_from(sealed).expect("few") + rows(store, "spans"),
        300
    );
}

/// What every read of spans says.
fn all_reads(store: &Store, project_id: ProjectId) -> Vec<String> {
    let mut said = Vec::new();
    let ids: Vec<_> = (1..=12).map(trace).collect();
    for trace_id in &ids {
        said.push(format!(
            "{:?}",
            store.trace(project_id, *trace_id).expect("read")
        ));
    }
    let mut summaries = store.trace_summaries(project_id, &ids).expect("read");
    summaries.sort_by_key(|summary| summary.trace_id);
    said.push(format!("{summaries:?}"));
    let range = TimeRange::new(NOON + MINUTE, NOON + 6 * MINUTE);
    let filters = [
        SpanFilter::in_range(TimeRange::ALL),
        SpanFilter::in_range(range),
        SpanFilter {
            service: Some("payments".to_owned()),
            ..SpanFilter::in_range(TimeRange::ALL)
        },
        SpanFilter {
            name: Some("step 33".to_owned()),
            ..SpanFilter::in_range(TimeRange::ALL)
        },
        SpanFilter {
            status: Some(SpanStatus::Error),
            min_duration_ns: Some(2 * SECOND),
            ..SpanFilter::in_range(range)
        },
    ];
    for filter in &filters {
        for limit in [1, 3, 50] {
            let mut after = None;
            loop {
                let page = store.search_traces(project_id, filter, limit, after);
                let page = page.expect("a page");
                said.push(format!("{limit} {:?}", page.traces));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
    }
    for minute in 0..8 {
        said.push(format!(
            "{:?}",
            calls(store, project_id, NOON + minute * MINUTE)
        ));
    }
    said
}

pub(crate) fn reads_of_spans_do_not_tell_where_they_lie(fixture: &Fixture) {
    let store = &fixture.store;
    let (as_rows, mixed) = (project(), project());
    let services = ["shop", "payments", "mail"];
    let kinds = [
        SpanKind::Server,
        SpanKind::Client,
        SpanKind::Producer,
        SpanKind::Consumer,
        SpanKind::Internal,
    ];
    let spans = |project_id| -> Vec<Span> {
        (0..240_u64)
            .map(|n| {
                let mut one = span(project_id, u128::from(n * 7 % 12) + 1, n * 13 % 400);
                one.span_id = id(n + 1);
                // Parents come before and after their children, in other batches and not at all.
                one.parent_span_id = match n % 5 {
                    0 => None,
                    1 => Some(id(n * 31 % 260 + 1)),
                    _ => Some(id((n + 12 * (n % 3)) % 240 + 1)),
                };
                one.service = services[(n * 5 / 3 % 3) as usize].to_owned();
                one.kind = kinds[(n % 5) as usize];
                one.end_ns = one.start_ns + (n as i64 % 4) * SECOND;
                if n % 6 == 0 {
                    one.status = SpanStatus::Error;
                    one.status_message = format!("failed {n}");
                    one.attributes = format!("{{\"n\":{n},\"shard\":\"{}\"}}", n % 4);
                }
                one
            })
            .collect()
    };
    append(store, &spans(as_rows));
    let expected = all_reads(store, as_rows);
    run(store, "DELETE FROM spans");
    let spans = spans(mixed);
    let named = as_rows.to_string();
    for (batch, chunk) in spans.chunks(40).enumerate() {
        append(store, chunk);
        if batch % 2 == 0 {
            store.seal(NOON, true).expect("sealed");
        }
    }
    assert!(rows(store, "spans") > 0 && rows(store, "blocks") > 1);
    let fits = |said: Vec<String>| -> Vec<String> {
        said.iter()
            .map(|text| text.replace(&mixed.to_string(), &named))
            .collect()
    };
    assert_eq!(fits(all_reads(store, mixed)), expected, "rows and blocks");
    store.seal(NOON, true).expect("sealed");
    assert_eq!(fits(all_reads(store, mixed)), expected, "blocks");
    store.tier(mixed, i64::MAX, NOON).expect("moved");
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(fits(all_reads(&fresh, mixed)), expected, "moved blocks");
}

pub(crate) fn small_blocks_of_spans_become_large_ones(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let spans: Vec<Span> = (0..90)
        .map(|n| span(mine, u128::from(n % 4) + 1, n))
        .collect();
    for chunk in spans.chunks(9) {
        append(store, chunk);
        store.seal(NOON, true).expect("sealed");
    }
    let before = all_reads(store, mine);
    assert_eq!(rows(store, "blocks"), 10);
    assert_eq!(store.compact(mine, NOON).expect("compacted"), 10);
    for table in ["blocks", "block_data", "block_index"] {
        assert_eq!(rows(store, table), 1, "{table}");
    }
    assert_eq!(all_reads(store, mine), before);
    assert_eq!(append(store, &spans), (0, 90));
    assert_eq!(store.compact(mine, NOON).expect("nothing to do"), 0);
}

pub(crate) fn a_lost_index_of_spans_hides_nothing_and_is_made_again(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    append(store, &[span(mine, 1, 1), span(mine, 2, 2)]);
    store.seal(NOON, true).expect("sealed");
    let index = |store: &Store| -> Vec<(Vec<u8>,)> {
        let rows = Statement::new("SELECT data FROM block_index").returning::<(Binary,)>();
        store
            .read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
            .expect("read")
    };
    let before = index(store);
    run(store, "DELETE FROM block_index");
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(fresh.trace(mine, trace(2)).expect("read").spans.len(), 1);
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged, []);
    assert_eq!(index(&fresh), before);
}
