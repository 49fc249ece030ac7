use domain::{NANOS_PER_MINUTE, Severity, TimeRange};
use query::sql::SqlLimits;
use serde_json::json;

use super::*;
use crate::testing::{Bench, NOON};

fn shop() -> Bench {
    let bench = Bench::new();
    for minute in 0..5 {
        bench.minute(minute, 1, "cart", 3);
        bench.minute(minute, 100, "cart", 1 + minute);
        bench.minute(minute, 101, "checkout", 7);
        bench.minute(minute, 2, "payments", 20);
    }
    bench
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn plan(filter: LogFilter, by: &[Grouping]) -> Plan {
    Question {
        filter,
        operation: Operation::Top,
        by: by.to_vec(),
        measure: None,
        bucket_ns: None,
        limit: Some(100),
    }
    .plan()
    .unwrap()
}

fn filter() -> LogFilter {
    LogFilter::in_range(TimeRange::new(NOON, NOON + 5 * NANOS_PER_MINUTE))
}

#[test]
fn kept_counts_say_the_same_as_a_scan_of_the_records() {
    let bench = shop();
    let mut errors = filter();
    errors.severities = vec![Severity::Error, Severity::Fatal];
    let mut two = filter();
    two.services = vec!["cart".into(), "payments".into()];
    let mut without = filter();
    without.excluded_services = vec!["payments".into()];
    let mut template = filter();
    template.template_ids = vec![domain::TemplateId(100)];
    let fields = [
        vec![Grouping::Service],
        vec![Grouping::Severity],
        vec![Grouping::Template],
        vec![Grouping::Service, Grouping::Severity],
    ];
    for filter in [filter(), errors, two, without, template] {
        for by in &fields {
            let plan = plan(filter.clone(), by);
            assert_eq!(plan.source, Source::Rollups);
            let (kept_from, kept) =
                wait(bench.inner.groups(bench.project_id, &plan, by.clone())).unwrap();
            let scanned = wait(bench.inner.queries.engine().unwrap().summarise(
                bench.inner.sql_source(bench.project_id),
                filter.clone(),
                by.clone(),
                Measure::Count,
                SqlLimits::default(),
            ))
            .unwrap();
            assert_eq!(kept_from, Source::Rollups);
            assert_eq!(kept.rows, scanned.rows, "{filter:?} {by:?}");
            assert!(!kept.rows.is_empty());
        }
    }
}

#[test]
fn the_services_with_most_errors_are_told_without_reading_a_record() {
    let bench = shop();
    let mut errors = filter();
    errors.severities = vec![Severity::Error, Severity::Fatal];
    let by = vec![Grouping::Service];
    let plan = plan(errors, &by);
    let (source, table) = wait(bench.inner.groups(bench.project_id, &plan, by)).unwrap();
    assert_eq!(source, Source::Rollups);
    assert_eq!(
        table.rows,
        [
            vec![json!("checkout"), json!(35)],
            vec![json!("cart"), json!(15)]
        ]
    );
    assert_eq!(table.stats.scanned_records, 0);
}

#[test]
fn a_condition_on_text_is_answered_by_a_scan() {
    let bench = shop();
    let mut some = filter();
    some.text.push(domain::TextTerm {
        term: "TEXT".into(),
        negated: false,
        template_ids: Vec::new(),
    });
    let by = vec![Grouping::Service];
    let plan = plan(some, &by);
    assert_eq!(plan.source, Source::Scan);
    let (source, table) = wait(bench.inner.groups(bench.project_id, &plan, by)).unwrap();
    assert_eq!(source, Source::Scan);
    assert_eq!(table.rows[0], [json!("payments"), json!(100)]);
}
