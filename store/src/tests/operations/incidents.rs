use domain::{IncidentState, Order, PageRequest};

use super::make::{entry, incident, open, write};
use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON, project};
use crate::{Error, Expected, IncidentFilter, IncidentStore};

pub(super) fn an_incident_is_read_back_with_its_number_and_version(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut given = incident(shop, "k");
    let written = open(store, &given);
    assert_eq!((written.number, written.version), (1, 1));
    given.number = 1;
    let stored = store.incident(shop, given.id).unwrap().unwrap();
    assert_eq!(stored.incident, given);
    assert_eq!(
        store.incident_by_number(shop, 1).unwrap(),
        Some(stored.clone())
    );
    assert_eq!(store.open_incident(shop, "k").unwrap(), Some(stored));
    assert_eq!(store.incident(project(), given.id).unwrap(), None);
    assert_eq!(store.incident_by_number(project(), 1).unwrap(), None);
}

pub(super) fn numbers_grow_per_project_without_gaps_under_concurrency(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                scope.spawn(move || {
                    let keys = (0..5).map(|n| format!("{thread}-{n}"));
                    keys.map(|key| open(store, &incident(shop, &key)).number)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    assert_eq!(open(store, &incident(project(), "k")).number, 1);
}

pub(super) fn a_reserved_number_is_used(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut first = incident(shop, "a");
    first.number = store.reserve_incident_number(shop).unwrap();
    assert_eq!(open(store, &first).number, 1);
    assert_eq!(open(store, &incident(shop, "b")).number, 2);
}

pub(super) fn only_one_incident_of_a_key_is_open(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut first = incident(shop, "k");
    open(store, &first);
    let second = incident(shop, "k");
    let refused = store
        .write_incident(&write(&second, Expected::Absent), &[])
        .unwrap_err();
    assert!(matches!(refused, Error::Duplicate { .. }), "{refused}");
    open(store, &incident(project(), "k"));
    first.state = IncidentState::Resolved;
    first.resolved_at_ns = Some(NOON + 1);
    store
        .write_incident(&write(&first, Expected::Version(1)), &[])
        .unwrap();
    assert_eq!(store.open_incident(shop, "k").unwrap(), None);
    open(store, &second);
    first.state = IncidentState::Open;
    let reopened = store
        .write_incident(&write(&first, Expected::Any), &[])
        .unwrap_err();
    assert!(matches!(reopened, Error::Duplicate { .. }), "{reopened}");
}

pub(super) fn an_update_with_an_old_version_changes_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut one = incident(shop, "k");
    open(store, &one);
    one.title = "second".to_owned();
    let written = store
        .write_incident(&write(&one, Expected::Version(1)), &[])
        .unwrap();
    assert_eq!((written.version, written.number), (2, 1));
    one.title = "third".to_owned();
    for expected in [Expected::Version(1), Expected::Version(3), Expected::Absent] {
        let refused = store
            .write_incident(&write(&one, expected), &[entry("no")])
            .unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    }
    let stored = store.incident(shop, one.id).unwrap().unwrap();
    assert_eq!(stored.incident.title, "second");
    assert_eq!(stored.incident.number, 1);
    assert!(store.timeline(shop, one.id).unwrap().is_empty());
    let missing = write(&incident(shop, "other"), Expected::Version(1));
    let refused = store.write_incident(&missing, &[]).unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
}

pub(super) fn incidents_are_listed_by_state_and_paged(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut all = Vec::new();
    for n in 0..7_i64 {
        let mut one = incident(shop, &n.to_string());
        one.opened_at_ns = NOON + n / 2 * MINUTE;
        one.state = [
            IncidentState::Open,
            IncidentState::Acknowledged,
            IncidentState::Resolved,
        ][n as usize % 3];
        one.number = open(store, &one).number;
        all.push(one);
    }
    open(store, &incident(project(), "k"));
    let collect = |states: &[IncidentState], order| {
        let filter = IncidentFilter {
            states: states.to_vec(),
        };
        let mut request = PageRequest {
            order,
            ..PageRequest::first(2)
        };
        let mut found = Vec::new();
        loop {
            let page = store.incidents(shop, &filter, &request).unwrap();
            found.extend(page.items.into_iter().map(|stored| stored.incident));
            let Some(next) = page.next else { return found };
            request.after = Some(next);
        }
    };
    all.sort_by_key(|one| (one.opened_at_ns, one.id));
    assert_eq!(collect(&[], Order::OldestFirst), all);
    all.reverse();
    assert_eq!(collect(&[], Order::NewestFirst), all);
    let live = [IncidentState::Open, IncidentState::Acknowledged];
    all.retain(|one| one.state != IncidentState::Resolved);
    assert_eq!(collect(&live, Order::NewestFirst), all);
    let counts = store.incident_counts(shop).unwrap();
    assert_eq!(counts[0], (IncidentState::Open, 3));
    assert_eq!(counts[2], (IncidentState::Resolved, 2));
}

pub(super) fn a_timeline_keeps_its_order_and_grows_under_concurrency(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let one = incident(shop, "k");
    let opened = [entry("first"), entry("second \0")];
    store
        .write_incident(&write(&one, Expected::Absent), &opened)
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    store
                        .append_timeline(shop, one.id, &[entry("more")])
                        .unwrap();
                }
            });
        }
    });
    let timeline = store.timeline(shop, one.id).unwrap();
    assert_eq!(timeline[..2], opened);
    assert_eq!(timeline.len(), 22);
    let missing = store
        .append_timeline(project(), one.id, &[entry("x")])
        .unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

pub(super) fn concurrent_changes_of_one_incident_are_all_kept(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let one = incident(shop, "k");
    open(store, &one);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for n in 0..5 {
                    let change = |incident: &mut domain::Incident| {
                        incident.services.push(format!("{thread}-{n}"));
                        Ok(vec![entry("joined")])
                    };
                    store.change_incident(shop, one.id, change).unwrap();
                }
            });
        }
    });
    let stored = store.incident(shop, one.id).unwrap().unwrap();
    assert_eq!(stored.version, 21);
    assert_eq!(stored.incident.services.len(), 21);
    assert_eq!(store.timeline(shop, one.id).unwrap().len(), 20);
}

pub(super) fn a_failed_change_writes_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let one = incident(shop, "k");
    open(store, &one);
    let refused = store.change_incident(shop, one.id, |incident| {
        incident.title = "changed".to_owned();
        Err(Error::Conflict {
            message: "already acknowledged".to_owned(),
        })
    });
    assert_eq!(refused.unwrap_err().to_string(), "already acknowledged");
    assert_eq!(store.incident(shop, one.id).unwrap().unwrap().version, 1);
}

pub(super) fn an_overlong_dedup_key_is_told_apart_by_its_digest(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let long = "ä".repeat(5_000);
    let (first, second) = (format!("{long}1"), format!("{long}2\0"));
    open(store, &incident(shop, &first));
    open(store, &incident(shop, &second));
    let found = store.open_incident(shop, &second).unwrap().unwrap();
    assert_eq!(found.incident.dedup_key, second);
}
