use std::collections::BTreeMap;

use domain::{
    ChangeEvent, ChangeKind, EventId, LogFilter, LogReader, MetricKind, MetricPoint, PageRequest,
    TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record, record_id};
use crate::{EventStore, LogStore, MetricStore};

const HOUR: i64 = 60 * MINUTE;

pub(crate) fn everything_before_an_instant_goes_and_counts_stay_exact(fixture: &Fixture) {
    let (mine, other) = (project(), project());
    let records = |project_id| -> Vec<_> {
        (0..600)
            .map(|n| record(project_id, NOON + n * 36 * SECOND, "x"))
            .collect()
    };
    commit(&fixture.store, &records(mine));
    commit(&fixture.store, &records(other));
    let point = |timestamp_ns, name: &str| MetricPoint {
        project_id: mine,
        name: name.to_owned(),
        kind: MetricKind::Gauge,
        labels: BTreeMap::new(),
        value: 1.0,
        timestamp_ns,
    };
    let points = [
        point(NOON, "old"),
        point(NOON, "both"),
        point(NOON + 9 * HOUR, "both"),
    ];
    fixture.store.append_metrics(mine, &points).expect("stored");
    let event = |at| ChangeEvent {
        id: EventId(record_id().0),
        project_id: mine,
        kind: ChangeKind::Deploy,
        service: None,
        title: "v1".to_owned(),
        attributes: String::new(),
        timestamp_ns: at,
    };
    let events = [event(NOON), event(NOON + 9 * HOUR)];
    fixture.store.add_events(mine, &events).expect("stored");

    let deleted = fixture
        .store
        .delete_before(mine, NOON + 3 * HOUR + 59 * MINUTE)
        .expect("deleted");
    assert_eq!((deleted.records, deleted.rollup_cells), (300, 183));
    assert_eq!((deleted.metric_samples, deleted.events), (2, 1));
    let all = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(fixture.store.count(mine, &all).expect("count"), 300);
    assert_eq!(fixture.store.count(other, &all).expect("count"), 600);
    let page = fixture.store.search(mine, &all, &PageRequest::first(1_000));
    let oldest = page.expect("read").items.pop().expect("one");
    assert_eq!(oldest.timestamp_ns, NOON + 3 * HOUR);
    let names = fixture.store.metric_names(mine).expect("names");
    assert_eq!(names, [("both".to_owned(), MetricKind::Gauge)]);
    let again = fixture.store.delete_before(mine, NOON + 3 * HOUR);
    assert_eq!(again.expect("deleted"), crate::Deleted::default());
}

pub(crate) fn a_crowded_instant_is_deleted_too(fixture: &Fixture) {
    let project_id = project();
    // More than one transaction's worth, all at one instant, and more after it.
    let mut records: Vec<_> = (0..21_000).map(|_| record(project_id, NOON, "x")).collect();
    records.extend((0..21_000).map(|n| record(project_id, NOON + MINUTE + n, "y")));
    commit(&fixture.store, &records);
    let deleted = fixture.store.delete_before(project_id, NOON + 2 * HOUR);
    assert_eq!(deleted.expect("deleted").records, 42_000);
    assert_eq!(fixture.store.bounds(project_id).expect("read"), None);
}
