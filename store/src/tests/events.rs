use domain::{ChangeEvent, ChangeKind, EventId, TimeRange};

use super::Fixture;
use super::fixture::{NOON, project, record_id};
use crate::EventStore;

pub(crate) fn events_are_read_newest_first_and_once(fixture: &Fixture) {
    let project_id = project();
    let event = |at: i64, kind: ChangeKind, title: &str| ChangeEvent {
        id: EventId(record_id().0),
        project_id,
        kind,
        service: Some("check\0out".to_owned()),
        title: title.to_owned(),
        attributes: r#"{"version":"2.4.1"}"#.to_owned(),
        timestamp_ns: NOON + at,
    };
    let events = [
        event(1, ChangeKind::Deploy, "checkout v2"),
        event(2, ChangeKind::Other("migration".to_owned()), "a\0b"),
        event(3, ChangeKind::Restart, "later"),
    ];
    assert_eq!(
        fixture
            .store
            .add_events(project_id, &events)
            .expect("stored"),
        3
    );
    assert_eq!(
        fixture
            .store
            .add_events(project_id, &events[..1])
            .expect("stored"),
        0
    );
    let range = TimeRange::new(NOON, NOON + 3);
    let found = fixture.store.events(project_id, range, 10).expect("read");
    let titles: Vec<_> = found.iter().map(|event| event.title.as_str()).collect();
    assert_eq!(titles, ["a\u{fffd}b", "checkout v2"]);
    assert_eq!(found[0].kind, ChangeKind::Other("migration".to_owned()));
    assert_eq!(found[1].service.as_deref(), Some("check\u{fffd}out"));
    assert_eq!(found[1].id, events[0].id);
    let one = fixture
        .store
        .events(project_id, TimeRange::ALL, 1)
        .expect("read");
    assert_eq!(one[0].title, "later");
    assert!(
        fixture
            .store
            .events(project(), TimeRange::ALL, 9)
            .expect("read")
            .is_empty()
    );
}
