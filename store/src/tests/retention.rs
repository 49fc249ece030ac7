use std::collections::BTreeMap;

use domain::{
    ChangeEvent, ChangeKind, EventId, LogFilter, LogReader, MetricKind, MetricPoint, PageRequest,
    TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record, record_id};
use crate::{Error, EventStore, LogStore, MetricStore};

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
        .delete_before(mine, NOON + 3 * HOUR + 59 * MINUTE, NOON + 9 * HOUR)
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
    let again = fixture
        .store
        .delete_before(mine, NOON + 3 * HOUR, NOON + 9 * HOUR);
    assert_eq!(again.expect("deleted"), crate::Deleted::default());
}

pub(crate) fn a_crowded_instant_is_deleted_too(fixture: &Fixture) {
    let project_id = project();
    // More than one transaction's worth, all at one instant, and more after it.
    let mut records: Vec<_> = (0..21_000).map(|_| record(project_id, NOON, "x")).collect();
    records.extend((0..21_000).map(|n| record(project_id, NOON + MINUTE + n, "y")));
    commit(&fixture.store, &records);
    let before_ns = NOON + 2 * HOUR;
    let deleted = fixture
        .store
        .delete_before(project_id, before_ns, before_ns);
    assert_eq!(deleted.expect("deleted").records, 42_000);
    assert_eq!(fixture.store.bounds(project_id).expect("read"), None);
}

pub(crate) fn two_who_delete_the_same_records_take_their_counts_once(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    // Of every cell a part stays, so that a count that is taken twice shows.
    let records: Vec<_> = (0..1_500)
        .map(|n| record(mine, NOON + n * SECOND, ["stays", "goes"][(n % 2) as usize]))
        .collect();
    commit(store, &records);
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    filter.text.push(TextTerm {
        term: "goes".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // One that meets another is told so, and may come again.
                while let Err(error) = store.delete_matching(mine, &filter, NOON) {
                    assert!(matches!(error, Error::Contention { .. }), "{error}");
                }
            });
        }
    });
    assert_eq!(store.count(mine, &filter).expect("count"), 0);
    // The first is counted by rollups, the second row by row.
    let all = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(store.count(mine, &all).expect("count"), 750);
    filter.text[0].term = "stays".to_owned();
    assert_eq!(store.count(mine, &filter).expect("count"), 750);
}

pub(crate) fn objects_of_what_is_too_old_stay_for_reads_that_began_before(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records: Vec<_> = (0..20)
        .map(|n| record(mine, NOON + n * SECOND, "x"))
        .collect();
    commit(store, &records);
    store.seal(NOON, true).expect("sealed");
    let moved = store.tier(mine, NOON + HOUR, NOON).expect("moved");
    assert_eq!(moved.blocks, 1);
    let now_ns = NOON + 30 * 24 * HOUR;
    let deleted = store.delete_before(mine, NOON + 2 * HOUR, now_ns);
    assert_eq!(deleted.expect("deleted").records, 20);
    assert_eq!(store.sweep(now_ns + MINUTE).expect("not yet"), 0);
    assert_eq!(store.sweep(now_ns + HOUR).expect("swept"), 1);
}
