use domain::{NANOS_PER_MINUTE, Severity, TimeRange};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::testing::{Bench, NOON};

/// Three patterns of two services, in the index; no model.
fn shop() -> Bench {
    let bench = Bench::new();
    let told = |id, service, severity, text| {
        let mut template = bench.template(id, text, NOON);
        template.services = vec![service];
        let service = template.services[0].clone();
        (template, bench.record(id, &service, severity, NOON, text))
    };
    let (templates, records) = [
        told(
            1,
            "door".to_owned(),
            Severity::Warn,
            "authentication failure for <*>",
        ),
        told(2, "door".to_owned(), Severity::Info, "cache warmed"),
        told(
            3,
            "depot".to_owned(),
            Severity::Error,
            "no space left on device",
        ),
    ]
    .into_iter()
    .unzip();
    bench.append(templates, records);
    bench
        .inner
        .semantic
        .catch_up(
            &bench.inner.store,
            bench.project_id,
            &CancellationToken::new(),
        )
        .unwrap();
    bench
}

fn found(bench: &Bench, text: &str, filter: &LogFilter) -> Vec<(u64, u64, u64)> {
    bench
        .inner
        .patterns_about(bench.project_id, text, filter, 10)
        .unwrap()
        .into_iter()
        .map(|hit| (hit.row.template.id.0, hit.row.count, hit.row.errors))
        .collect()
}

#[test]
fn patterns_are_found_by_what_they_are_about_without_a_model() {
    let bench = shop();
    let filter = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(
        found(&bench, "who tried to sneak in", &filter)[0],
        (1, 1, 0)
    );
    assert_eq!(found(&bench, "the drive is full", &filter)[0], (3, 1, 1));
    assert!(found(&bench, "zebra", &filter).is_empty());
}

#[test]
fn only_patterns_with_records_where_the_filter_looks_are_found() {
    let bench = shop();
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    filter.services = vec!["door".to_owned()];
    assert!(found(&bench, "the drive is full", &filter).is_empty());
    filter.services = vec!["depot".to_owned()];
    assert_eq!(found(&bench, "the drive is full", &filter), [(3, 1, 1)]);
    let later = TimeRange {
        start_ns: NOON + NANOS_PER_MINUTE,
        end_ns: NOON + 2 * NANOS_PER_MINUTE,
    };
    let filter = LogFilter::in_range(later);
    assert!(found(&bench, "the drive is full", &filter).is_empty());
}
