use domain::Severity;
use query::sql::SqlLimits;
use serde_json::json;
use store::IdentityStore as _;

use crate::testing::{Bench, NOON};

fn ask(bench: &Bench, project_id: domain::ProjectId, text: &str) -> Vec<Vec<serde_json::Value>> {
    let engine = bench.inner.queries.engine().unwrap();
    let source = bench.inner.sql_source(project_id);
    let asked = engine.query(source, text.to_owned(), SqlLimits::default());
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(asked)
        .unwrap()
        .rows
}

#[test]
fn queries_read_the_stored_records_of_their_project_only() {
    let bench = Bench::new();
    let other = bench.inner.store.ensure_project("other", NOON).unwrap().id;
    for minute in 0..3 {
        bench.minute(minute, 1, "cart", 50);
        bench.minute(minute, 100, "checkout", 5);
    }
    let mut foreign = bench.record(1, "secret", Severity::Info, NOON, "a secret");
    foreign.project_id = other;
    let mut batch = store::CommitBatch::new(other, vec![foreign]);
    let mut template = bench.template(1, "a secret", NOON);
    template.project_id = other;
    batch.new_templates = vec![template];
    store::LogStore::append(&bench.inner.store, &batch).unwrap();

    let count = "SELECT service, count(*) FROM logs GROUP BY service ORDER BY service";
    assert_eq!(
        ask(&bench, bench.project_id, count),
        [
            vec![json!("cart"), json!(150)],
            vec![json!("checkout"), json!(15)]
        ]
    );
    assert_eq!(ask(&bench, other, count), [vec![json!("secret"), json!(1)]]);
    let rows = ask(
        &bench,
        bench.project_id,
        "SELECT count(*) FROM logs WHERE timestamp < '2026-11-23T14:01:00Z' AND severity_number >= 17 AND body ILIKE '%TEXT%'",
    );
    assert_eq!(rows, [[json!(5)]]);
}

#[test]
fn the_threads_for_queries_are_started_once() {
    let bench = Bench::new();
    let first: *const _ = bench.inner.queries.engine().unwrap();
    let second: *const _ = bench.inner.queries.engine().unwrap();
    assert_eq!(first, second);
}
