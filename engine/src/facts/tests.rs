use domain::{ChangeKind, EventId};

use super::*;
use crate::testing::{Bench, NOON};

#[test]
fn the_changes_before_the_onset_come_before_the_newest_ones() {
    let bench = Bench::new();
    let at = |minute: i64, title: &str| ChangeEvent {
        id: EventId(uuid::Uuid::now_v7()),
        project_id: bench.project_id,
        kind: ChangeKind::from_word("deploy"),
        service: Some("checkout".into()),
        title: title.to_owned(),
        attributes: String::new(),
        timestamp_ns: NOON + minute * NANOS_PER_MINUTE,
    };
    let mut events = vec![
        at(-61, "too old"),
        at(-5, "the cause"),
        at(2, "reported late"),
    ];
    events.extend((0..10).map(|n| at(20 + n, &format!("later {n}"))));
    bench
        .inner
        .store
        .add_events(bench.project_id, &events)
        .unwrap();
    let window = TimeRange::new(NOON, NOON + 60 * NANOS_PER_MINUTE);
    let titles = |window| -> Vec<String> {
        let changes = bench.inner.changes(bench.project_id, window).unwrap();
        changes.into_iter().map(|change| change.title).collect()
    };
    assert_eq!(
        titles(window),
        [
            "the cause",
            "reported late",
            "later 6",
            "later 7",
            "later 8",
            "later 9"
        ]
    );
    let short = TimeRange::new(NOON, NOON + NANOS_PER_MINUTE);
    assert_eq!(titles(short), ["the cause", "reported late"]);
}

#[test]
fn a_silent_service_is_bad_and_a_pattern_that_comes_less_often_is_not() {
    let mut anomaly = Anomaly {
        id: domain::AnomalyId(uuid::Uuid::nil()),
        project_id: domain::ProjectId(uuid::Uuid::nil()),
        kind: AnomalyKind::Drop,
        service: Some("checkout".into()),
        severity: Severity::Unspecified,
        template_id: None,
        metric: None,
        labels: std::collections::BTreeMap::new(),
        started_at_ns: 0,
        detected_at_ns: 0,
        observed: 0.0,
        expected: 9.0,
        expected_low: 5.0,
        expected_high: 12.0,
        unit: String::new(),
        score: 0.9,
        reason: String::new(),
    };
    assert!(is_bad(&anomaly));
    anomaly.template_id = Some(TemplateId(1));
    assert!(!is_bad(&anomaly));
}
