//! What is the same for blocks of spans and of samples: retention, moving, damage.

use std::collections::BTreeMap;

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use domain::{MetricPoint, ProjectId, Span, TimeRange};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, project};
use super::metrics::point;
use super::spans::{span, trace};
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{LogStore, MetricStore, Store, TraceStore};

pub(super) const HOUR: i64 = 60 * MINUTE;

pub(super) fn rows(store: &Store, table: &'static str) -> i64 {
    let mut statement = Statement::new("SELECT CAST(COUNT(*) AS BIGINT) FROM ");
    statement.sql(table);
    let rows = statement.returning::<(BigInt,)>();
    let rows: Vec<(i64,)> = store
        .read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
        .expect("counted");
    rows[0].0
}

pub(super) fn run(store: &Store, statement: &'static str) {
    let statement = Statement::new(statement);
    store
        .write(|connection| Ok(on_both!(connection, concrete => statement.execute(concrete))?))
        .expect("done");
}

pub(super) fn append(store: &Store, spans: &[Span]) -> (usize, usize) {
    let receipt = store.append_spans(spans[0].project_id, spans);
    let receipt = receipt.expect("stored");
    (receipt.stored, receipt.duplicates)
}

pub(super) fn add(store: &Store, points: &[MetricPoint]) {
    store
        .append_metrics(points[0].project_id, points)
        .expect("stored");
}

pub(super) fn samples(store: &Store, project_id: ProjectId, name: &str) -> Vec<Vec<(i64, f64)>> {
    store
        .metric_query(project_id, name, &[], TimeRange::ALL)
        .expect("read")
        .into_iter()
        .map(|series| series.samples)
        .collect()
}

pub(crate) fn retention_takes_blocks_and_cuts_those_at_the_edge(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    for part in 0..3 {
        let spans: Vec<Span> = (0..30).map(|n| span(mine, 1, part * 30 + n)).collect();
        append(store, &spans);
        let points: Vec<_> = (0..30)
            .map(|n| point(mine, "m", "api", part as i64 * 30 + n, 1.5))
            .collect();
        add(store, &points);
        store.seal(NOON, true).expect("sealed");
    }
    add(store, &[point(mine, "old", "api", 3, 1.0)]);
    store.seal(NOON, true).expect("sealed");
    store.tier(mine, NOON + 30 * SECOND, NOON).expect("moved");
    let before_ns = NOON + 40 * SECOND;
    assert_eq!(
        store
            .delete_spans_before(mine, before_ns, NOON)
            .expect("deleted"),
        40
    );
    let deleted = store.delete_before(mine, before_ns, NOON).expect("deleted");
    assert_eq!(deleted.metric_samples, 41);
    let left = store.trace(mine, trace(1)).expect("read").spans;
    assert_eq!((left.len(), left[0].start_ns), (50, before_ns));
    let found = samples(store, mine, "m");
    assert_eq!((found[0].len(), found[0][0].0), (50, before_ns));
    let names = store.metric_names(mine).expect("read");
    assert_eq!(names.len(), 1, "a series without samples goes: {names:?}");
    for table in ["blocks", "block_data"] {
        assert_eq!(rows(store, table), 4, "{table}");
    }
    assert_eq!(rows(store, "block_index"), 2);
    assert!(rows(store, "log_block_garbage") >= 2);
    assert!(store.sweep(NOON + 2 * HOUR).expect("swept") >= 2);
    assert_eq!(store.check_blocks(mine).expect("checked").damaged, []);
    assert_eq!(
        store
            .delete_spans_before(mine, before_ns, NOON)
            .expect("again"),
        0
    );
    let again = store.delete_before(mine, before_ns, NOON).expect("again");
    assert_eq!(again.metric_samples, 0);
}

pub(crate) fn damaged_blocks_of_every_kind_are_reported_exactly(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    for part in 0..2 {
        let spans: Vec<Span> = (0..20).map(|n| span(mine, part + 1, n)).collect();
        append(store, &spans);
        let points: Vec<_> = (0..30)
            .map(|n| point(mine, "m", "api", part as i64 * 100 + n, 2.0))
            .collect();
        add(store, &points);
        store.seal(NOON, true).expect("sealed");
    }
    run(
        store,
        "UPDATE block_data SET data = (SELECT data FROM block_index LIMIT 1) WHERE block_id IN \
         (SELECT id FROM blocks WHERE sequence = 1)",
    );
    // Another process has nothing of it in memory.
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(fresh.trace(mine, trace(1)).expect("read").spans, []);
    assert_eq!(fresh.trace(mine, trace(2)).expect("read").spans.len(), 20);
    assert_eq!(samples(&fresh, mine, "m")[0].len(), 30);
    let check = fresh.check_blocks(mine).expect("checked");
    assert_eq!((check.blocks, check.records), (4, 100));
    let lost: BTreeMap<&str, _> = check
        .damaged
        .iter()
        .map(|block| {
            let what = (block.records, block.range, &*block.services[0]);
            (block.kind.as_str(), what)
        })
        .collect();
    let until = |n: i64| TimeRange::new(NOON, NOON + n * SECOND + 1);
    assert_eq!(lost["spans"], (20, until(19), "shop"));
    assert_eq!(lost["samples"], (30, until(29), "m"));
    assert_eq!(check.damaged.len(), 2);
    assert_eq!(fresh.damaged_blocks().expect("listed").len(), 2);
}
