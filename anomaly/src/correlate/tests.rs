use std::collections::BTreeMap;

use domain::{AnomalyId, AnomalyKind, ProjectId, Severity};

use super::*;

const T: i64 = 1_700_000_000_000_000_000;

fn anomaly(service: Option<&str>, minute: i64, score: f64) -> Anomaly {
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind: AnomalyKind::Surge,
        service: service.map(ToOwned::to_owned),
        severity: Severity::Error,
        template_id: Some(TemplateId(7)),
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns: T + minute * NANOS_PER_MINUTE,
        detected_at_ns: T + (minute + 1) * NANOS_PER_MINUTE,
        observed: 100.0,
        expected: 1.0,
        expected_low: 0.0,
        expected_high: 3.0,
        unit: "records/min".to_owned(),
        score,
        reason: String::new(),
    }
}

fn incident(number: u8, service: &str, from: i64, to: i64) -> IncidentSketch {
    IncidentSketch {
        id: IncidentId::from_parts(0, [number; 10]),
        started_at_ns: T + from * NANOS_PER_MINUTE,
        last_symptom_at_ns: T + to * NANOS_PER_MINUTE,
        services: vec![service.to_owned()],
        template_ids: vec![TemplateId(1)],
        trace_ids: vec!["aa".to_owned()],
    }
}

fn shop() -> Topology {
    let mut topology = Topology::new();
    topology.add("web", "checkout", 1.0);
    topology.add("checkout", "payments", 1.0);
    topology
}

fn check(open: &[IncidentSketch], anomaly: &Anomaly) -> String {
    let topology = shop();
    match correlate(open, anomaly, &CorrelateContext::new(&topology)) {
        JoinDecision::Join {
            incident_id,
            strength,
            reason,
        } => {
            let which = open.iter().position(|i| i.id == incident_id).unwrap();
            format!("join {which} at {strength:.2}: {reason}")
        }
        JoinDecision::Open { .. } => "open".to_owned(),
        JoinDecision::Hold { .. } => "hold".to_owned(),
    }
}

#[test]
fn the_same_service_joins_and_a_stranger_does_not() {
    let open = [incident(1, "checkout", 0, 5)];
    insta::assert_snapshot!(check(&open, &anomaly(Some("checkout"), 3, 0.6)), @"join 0 at 0.90: the same service checkout, while it lasted");
    insta::assert_snapshot!(check(&open, &anomaly(Some("mail"), 10, 0.6)), @"open");
    insta::assert_snapshot!(check(&open, &anomaly(Some("mail"), 10, 0.3)), @"hold");
}

#[test]
fn what_lies_too_far_back_does_not_join() {
    let open = [incident(1, "checkout", 0, 5)];
    assert_eq!(check(&open, &anomaly(Some("checkout"), 36, 0.6)), "open");
    assert_eq!(check(&open, &anomaly(Some("checkout"), -31, 0.6)), "open");
    assert!(check(&open, &anomaly(Some("checkout"), 20, 0.2)).starts_with("join"));
}

#[test]
fn neighbours_join_and_neighbours_of_neighbours_only_when_near_in_time() {
    let open = [incident(1, "web", 0, 1)];
    insta::assert_snapshot!(check(&open, &anomaly(Some("checkout"), 2, 0.6)), @"join 0 at 0.74: checkout and web call each other, 1 min after its last symptom");
    assert!(check(&open, &anomaly(Some("payments"), 2, 0.6)).contains("share a neighbour"));
    assert_eq!(check(&open, &anomaly(Some("payments"), 20, 0.6)), "open");
}

#[test]
fn the_nearer_of_two_incidents_wins() {
    let open = [incident(1, "web", 0, 3), incident(2, "payments", 0, 3)];
    assert!(check(&open, &anomaly(Some("payments"), 2, 0.6)).starts_with("join 1"));
}

#[test]
fn a_shared_trace_or_a_similar_pattern_ties_strangers() {
    let topology = Topology::new();
    let open = [incident(1, "web", 0, 3)];
    let stranger = anomaly(Some("mail"), 12, 0.6);
    let traces = ["bb".to_owned(), "aa".to_owned()];
    let mut context = CorrelateContext::new(&topology);
    context.trace_ids = &traces;
    assert!(matches!(
        correlate(&open, &stranger, &context),
        JoinDecision::Join { .. }
    ));
    let mut context = CorrelateContext::new(&topology);
    context.similarity = &|a, b| {
        if (a, b) == (TemplateId(7), TemplateId(1)) {
            0.9
        } else {
            0.0
        }
    };
    assert!(matches!(
        correlate(&open, &stranger, &context),
        JoinDecision::Join { .. }
    ));
}

#[test]
fn simultaneous_onset_joins_strong_anomalies_even_without_a_topology() {
    let open = [incident(1, "web", 0, 3)];
    assert!(check(&open, &anomaly(Some("mail"), 1, 0.6)).contains("at the same time"));
    assert_eq!(check(&open, &anomaly(Some("mail"), 1, 0.3)), "hold");
}

#[test]
fn an_anomaly_of_everything_joins_what_is_open() {
    let open = [incident(1, "web", 0, 3)];
    assert!(check(&open, &anomaly(None, 4, 0.7)).contains("every service"));
    assert_eq!(check(&[], &anomaly(None, 4, 0.7)), "open");
}

#[test]
fn extreme_instants_do_not_overflow() {
    let mut far = anomaly(Some("web"), 0, 0.6);
    far.started_at_ns = i64::MIN;
    let mut open = incident(1, "web", 0, 0);
    open.last_symptom_at_ns = i64::MAX;
    assert_eq!(check(&[open], &far), "open");
}

#[test]
fn an_anomaly_between_two_incidents_that_began_together_makes_them_one() {
    let topology = shop();
    let context = CorrelateContext::new(&topology);
    let open = [incident(1, "web", 2, 6), incident(2, "payments", 0, 6)];
    let between = anomaly(Some("checkout"), 3, 0.8);
    let found = bridge(&open, &between, open[0].id, &context).unwrap();
    assert_eq!((found.from, found.into), (open[0].id, open[1].id));
    assert_eq!(
        found.reason,
        "checkout ties both: checkout and payments call each other"
    );
    // A stranger to the other one, one incident alone, and one that began long before stay apart.
    let own = anomaly(Some("mail"), 3, 0.8);
    assert_eq!(bridge(&open, &own, open[0].id, &context), None);
    assert_eq!(bridge(&open[..1], &between, open[0].id, &context), None);
    let older = [incident(1, "web", 2, 6), incident(2, "payments", -60, 6)];
    assert_eq!(bridge(&older, &between, older[0].id, &context), None);
}
