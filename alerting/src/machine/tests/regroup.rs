use domain::{AnomalyId, IncidentId, IncidentSeverity, IncidentState};
use uuid::Uuid;

use super::bench::*;
use crate::machine::{Input, Settings};

fn two() -> (Bench, IncidentId, IncidentId) {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    bench.anomaly(1, "checkout", None);
    bench.anomaly(2, "payments", None);
    let by_service = |name: &str| {
        let mut open = bench.state.open_incidents();
        open.find(|i| i.services == [name]).unwrap().id
    };
    let (first, second) = (by_service("checkout"), by_service("payments"));
    (bench, first, second)
}

fn merge(from: IncidentId, into: IncidentId, by: Option<&str>) -> Input {
    Input::Merge {
        from,
        into,
        reason: "payments and checkout call each other".into(),
        by: by.map(str::to_owned),
    }
}

fn state(bench: &Bench, id: IncidentId) -> IncidentState {
    bench.state.incident(id).unwrap().state
}

#[test]
fn merged_incidents_are_one_with_everything_of_both_and_say_why() {
    let (mut bench, first, second) = two();
    let effects = bench.step(merge(second, first, None));
    let told = story(&effects);
    let reason = "payments and checkout call each other";
    assert!(
        told.contains(&format!("merged into #1: {reason}")),
        "{told}"
    );
    assert!(told.contains("merged with #2 (payments wrote"), "{told}");
    assert_eq!(state(&bench, second), IncidentState::Resolved);
    let one = bench.state.incident(first).unwrap();
    assert_eq!(one.services, ["checkout", "payments"]);
    assert_eq!(one.anomaly_ids.len(), 2);
    // What comes of either goes into the one that is left, and it ends when both are calm.
    bench.anomaly(3, "payments", None);
    assert_eq!(bench.state.open_incidents().count(), 1);
    bench.end(1);
    bench.pass(20 * MINUTE);
    assert_eq!(state(&bench, first), IncidentState::Open);
    bench.end(2);
    bench.end(3);
    bench.pass(MINUTE);
    bench.pass(20 * MINUTE);
    assert_eq!(bench.state.open_incidents().count(), 0);
    // A merge of what is over, of one with itself and of nothing changes nothing.
    for (from, into) in [
        (second, first),
        (first, first),
        (IncidentId(Uuid::nil()), first),
    ] {
        assert_eq!(bench.step(merge(from, into, Some("ana"))), []);
    }
}

#[test]
fn what_somebody_took_is_merged_by_people_only() {
    let (mut bench, first, second) = two();
    bench.step(Input::Acknowledge {
        incident_id: second,
        by: "ana".into(),
    });
    assert_eq!(bench.step(merge(second, first, None)), []);
    bench.step(merge(second, first, Some("ana")));
    assert_eq!(state(&bench, second), IncidentState::Resolved);
}

#[test]
fn a_split_moves_its_anomalies_and_is_not_undone_by_itself() {
    let (mut bench, first, second) = two();
    bench.step(merge(second, first, Some("ana")));
    let split = Input::Split {
        incident_id: first,
        moved: vec![anomaly(2, "payments", START)],
        kept_services: vec!["checkout".into()],
        kept_templates: Vec::new(),
        reason: "another team's".into(),
        by: Some("ana".into()),
    };
    let told = story(&bench.step(split.clone()));
    assert!(told.contains("split off #1: another team's"), "{told}");
    assert!(
        told.contains("1 anomalies split off into #3: another team's"),
        "{told}"
    );
    let open: Vec<_> = bench.state.open_incidents().cloned().collect();
    let other = open.iter().find(|i| i.id != first).unwrap();
    assert_eq!(other.services, ["payments"]);
    assert_eq!(other.anomaly_ids, [AnomalyId(Uuid::from_u128(2))]);
    assert_eq!(bench.state.incident(first).unwrap().services, ["checkout"]);
    assert_eq!(
        bench.step(merge(other.id, first, None)),
        [],
        "parted by a person"
    );
    // All of an incident, or nothing of it, is no split.
    assert_eq!(bench.step(split), []);
    bench.end(2);
    bench.pass(MINUTE);
    bench.pass(20 * MINUTE);
    assert_eq!(state(&bench, first), IncidentState::Open, "its own goes on");
}

#[test]
fn errors_in_four_services_at_once_are_critical() {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    bench.anomaly(1, "checkout", None);
    let id = bench.only_incident();
    for (number, service) in [(2, "cart"), (3, "payments")] {
        bench.anomaly(number, service, Some(id));
    }
    let severity = |bench: &Bench| bench.state.incident(id).unwrap().severity;
    assert_eq!(severity(&bench), IncidentSeverity::Error);
    let told = story(&bench.anomaly(4, "search", Some(id)));
    assert!(
        told.contains("critical now: 4 services fail at the same time"),
        "{told}"
    );
    assert_eq!(severity(&bench), IncidentSeverity::Critical);
}

#[test]
fn the_timeline_says_why_an_anomaly_joined() {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    bench.anomaly(1, "checkout", None);
    let incident_id = bench.only_incident();
    let effects = bench.step(Input::AnomalyJoins {
        anomaly: Box::new(anomaly(2, "payments", START)),
        incident_id,
        reason: "checkout and payments call each other".into(),
    });
    let told = story(&effects);
    assert!(
        told.contains("2 are usual (joined: checkout and payments call each other)"),
        "{told}"
    );
}
