use domain::{HistogramBucket, LogFilter, LogReader, Severity, TemplateId, TextTerm, TimeRange};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record};
use crate::LogStore;

pub(crate) fn ragged_ranges_count_exactly(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..300)
        .map(|n| record(project_id, NOON + n * SECOND, "tick"))
        .collect();
    commit(&fixture.store, &records);
    let count = |start: i64, end: i64| {
        let range = TimeRange::new(NOON + start * SECOND, NOON + end * SECOND);
        let filter = LogFilter::in_range(range);
        fixture.store.count(project_id, &filter).expect("count")
    };
    assert_eq!(count(0, 300), 300);
    assert_eq!(count(10, 290), 280);
    assert_eq!(count(0, 59), 59);
    assert_eq!(count(61, 62), 1);
    assert_eq!(count(59, 61), 2);
    assert_eq!(count(60, 120), 60);
    assert_eq!(count(-500, 5), 5);
    assert_eq!(count(295, 1_000), 5);
    assert_eq!(count(7, 7), 0);
}

pub(crate) fn histograms_align_to_the_epoch(fixture: &Fixture) {
    let project_id = project();
    let mut records: Vec<_> = (0..10)
        .map(|n| record(project_id, NOON + n * MINUTE, "tick"))
        .collect();
    records[7].severity = Severity::Error;
    records.push(record(project_id, -1, "before 1970"));
    records.push(record(project_id, i64::MIN, "long before"));
    commit(&fixture.store, &records);
    let histogram = |range, bucket_ns| {
        fixture
            .store
            .histogram(project_id, &LogFilter::in_range(range), bucket_ns)
            .expect("histogram")
    };
    let range = TimeRange::new(NOON + 30 * SECOND, NOON + 10 * MINUTE);
    assert_eq!(
        histogram(range, 5 * MINUTE),
        [
            HistogramBucket {
                start_ns: NOON,
                counts: vec![(Severity::Info, 4)],
            },
            HistogramBucket {
                start_ns: NOON + 5 * MINUTE,
                counts: vec![(Severity::Info, 4), (Severity::Error, 1)],
            },
        ]
    );
    let every = histogram(TimeRange::ALL, 60 * MINUTE);
    let starts: Vec<i64> = every.iter().map(|bucket| bucket.start_ns).collect();
    assert_eq!(starts, [i64::MIN, -60 * MINUTE, NOON]);
}

pub(crate) fn text_histograms_count_rows(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..120)
        .map(|n| {
            let body = if n % 3 == 0 { "slow query" } else { "fast" };
            record(project_id, NOON + n * SECOND, body)
        })
        .collect();
    commit(&fixture.store, &records);
    let mut filter = LogFilter::in_range(TimeRange::new(NOON + SECOND, NOON + 119 * SECOND));
    filter.text.push(TextTerm {
        term: "Slow".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    let buckets = fixture.store.histogram(project_id, &filter, MINUTE);
    let counts: Vec<u64> = buckets
        .expect("histogram")
        .iter()
        .map(|bucket| bucket.counts[0].1)
        .collect();
    assert_eq!(counts, [19, 20]);
}

pub(crate) fn template_counts_are_most_frequent_first(fixture: &Fixture) {
    let project_id = project();
    let mut records = Vec::new();
    for n in 0..6 {
        let mut one = record(project_id, NOON + n * MINUTE, "x");
        one.template_id = TemplateId(if n < 4 { 40 } else { 20 });
        records.push(one);
    }
    commit(&fixture.store, &records);
    let filter = LogFilter::in_range(TimeRange::ALL);
    let counts = fixture.store.template_counts(project_id, &filter, 10);
    let counts = counts.expect("counts");
    assert_eq!(counts.len(), 2);
    assert_eq!(
        (counts[0].template_id, counts[0].count),
        (TemplateId(40), 4)
    );
    assert_eq!(counts[0].first_minute_ns, NOON);
    assert_eq!(counts[0].last_minute_ns, NOON + 3 * MINUTE);
    assert_eq!(
        (counts[1].template_id, counts[1].count),
        (TemplateId(20), 2)
    );
    let mut only = filter;
    only.template_ids = vec![TemplateId(20)];
    let counts = fixture.store.template_counts(project_id, &only, 10);
    assert_eq!(counts.expect("counts").len(), 1);
}

pub(crate) fn services_know_their_errors(fixture: &Fixture) {
    let project_id = project();
    let mut records: Vec<_> = (0..5).map(|n| record(project_id, NOON + n, "x")).collect();
    records[0].severity = Severity::Fatal;
    records[1].severity = Severity::Error;
    records[2].severity = Severity::Warn;
    records[4].service = "api".to_owned();
    commit(&fixture.store, &records);
    let range = TimeRange::new(NOON + SECOND, NOON + 2 * SECOND);
    let services = fixture.store.services(project_id, range).expect("services");
    let found: Vec<_> = services
        .iter()
        .map(|s| (s.service.as_str(), s.count, s.errors))
        .collect();
    assert_eq!(found, [("shop", 4, 2), ("api", 1, 0)]);
}

pub(crate) fn rollups_are_the_counts_per_minute(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..4)
        .map(|n| record(project_id, NOON + n * 40 * SECOND, "x"))
        .collect();
    commit(&fixture.store, &records[..2]);
    commit(&fixture.store, &records[2..]);
    let cells = |start, end| {
        let range = TimeRange::new(NOON + start, NOON + end);
        let cells = fixture.store.rollups(project_id, range).expect("rollups");
        cells
            .iter()
            .map(|cell| ((cell.minute_ns - NOON) / MINUTE, cell.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(cells(0, 3 * MINUTE), [(0, 2), (1, 1), (2, 1)]);
    assert_eq!(cells(MINUTE + 1, 2 * MINUTE), [(1, 1)]);
    assert_eq!(cells(3 * MINUTE, 9 * MINUTE), []);
}

pub(crate) fn bounds_hold_all_records(fixture: &Fixture) {
    let project_id = project();
    assert_eq!(fixture.store.bounds(project_id).expect("read"), None);
    let records = [
        record(project_id, NOON + SECOND, "x"),
        record(project_id, NOON + 61 * SECOND, "y"),
    ];
    commit(&fixture.store, &records);
    let bounds = fixture.store.bounds(project_id).expect("read");
    assert_eq!(bounds, Some(TimeRange::new(NOON, NOON + 2 * MINUTE)));
}
