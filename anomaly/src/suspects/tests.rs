use domain::{
    AnomalyId, AnomalyKind, ChangeKind, Confidence, EventId, NANOS_PER_MINUTE, ProjectId,
};
use proptest::prelude::*;

use super::*;

const T: i64 = 1_700_000_000_000_000_000;

fn anomaly(service: &str, minute: f64, kind: AnomalyKind, observed: f64, score: f64) -> Anomaly {
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind,
        service: Some(service.to_owned()),
        severity: Severity::Error,
        template_id: (kind != AnomalyKind::Drop).then_some(TemplateId(1)),
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns: T + (minute * NANOS_PER_MINUTE as f64) as i64,
        detected_at_ns: T + ((minute + 1.0) * NANOS_PER_MINUTE as f64) as i64,
        observed,
        expected: 1.0,
        expected_low: 0.0,
        expected_high: 3.0,
        unit: "records/min".to_owned(),
        score,
        reason: format!("{observed} errors/min in {service}, usually 0-3"),
    }
}

fn deploy(service: &str, minutes_before: i64) -> ChangeEvent {
    ChangeEvent {
        id: EventId::from_parts(0, [0; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind: ChangeKind::Deploy,
        service: Some(service.to_owned()),
        title: format!("{service} v2.4.1"),
        attributes: String::new(),
        timestamp_ns: T - minutes_before * NANOS_PER_MINUTE,
    }
}

/// web -> checkout -> payments -> bank, checkout -> cart.
fn shop() -> Topology {
    let mut topology = Topology::new();
    topology.add("web", "checkout", 1.0);
    topology.add("checkout", "payments", 1.0);
    topology.add("checkout", "cart", 1.0);
    topology.add("payments", "bank", 1.0);
    topology
}

fn rank(
    anomalies: &[(Anomaly, &str)],
    changes: &[ChangeEvent],
    topology: &Topology,
) -> Vec<Suspect> {
    rank_suspects(&RootCauseInput {
        onset_ns: T,
        symptoms: anomalies
            .iter()
            .enumerate()
            .map(|(i, (anomaly, text))| Symptom {
                anomaly,
                texts: vec![*text],
                evidence: Some(i as u32 + 1),
            })
            .collect(),
        patterns: Vec::new(),
        vitals: Vec::new(),
        changes: changes
            .iter()
            .map(|event| Change {
                event,
                evidence: Some(90),
            })
            .collect(),
        topology,
        services: vec!["web", "checkout", "payments", "cart", "bank", "mail"],
        affected: None,
        felt: None,
        limit: 5,
    })
}

fn names(suspects: &[Suspect]) -> Vec<&str> {
    suspects.iter().map(|s| s.name.as_str()).collect()
}

#[test]
fn a_deploy_just_before_the_first_symptom_of_its_service_is_suspected_with_high_confidence() {
    let symptoms = [
        (
            anomaly("payments", 0.0, AnomalyKind::NewTemplate, 40.0, 0.8),
            "card gateway rejected request",
        ),
        (
            anomaly("checkout", 1.0, AnomalyKind::Surge, 200.0, 0.95),
            "upstream payments timed out",
        ),
        (
            anomaly("web", 2.0, AnomalyKind::Surge, 150.0, 0.9),
            "checkout returned 502",
        ),
    ];
    let suspects = rank(&symptoms, &[deploy("payments", 3)], &shop());
    assert_eq!(suspects[0].name, "payments v2.4.1");
    assert_eq!(suspects[0].service.as_deref(), Some("payments"));
    assert_eq!(suspects[0].confidence, Confidence::High);
    assert!(suspects[0].evidence.contains(&90) && suspects[0].evidence.contains(&1));
    insta::assert_snapshot!(suspects[0].reason, @"the deploy came 3 min before the first symptom; 40 errors/min in payments, usually 0-3; payments was among the first");
    assert!(
        suspects
            .iter()
            .skip(1)
            .all(|s| s.confidence != Confidence::High)
    );
    assert!(
        !names(&suspects).contains(&"payments"),
        "the deploy stands for its service"
    );
}

#[test]
fn a_silent_dependency_is_suspected_because_errors_name_it() {
    let symptoms = [
        (
            anomaly("checkout", 0.0, AnomalyKind::Surge, 200.0, 0.95),
            "dial tcp payments:8080: connection refused",
        ),
        (
            anomaly("web", 0.0, AnomalyKind::Surge, 150.0, 0.9),
            "request failed with 502",
        ),
    ];
    for topology in [shop(), Topology::new()] {
        let suspects = rank(&symptoms, &[], &topology);
        assert_eq!(suspects[0].name, "payments", "{suspects:#?}");
        assert_eq!(suspects[0].evidence, [1]);
        assert!(suspects[0].reason.contains("errors of checkout name it"));
    }
}

#[test]
fn the_deepest_sick_service_leads_even_when_its_callers_are_louder() {
    let symptoms = [
        (
            anomaly("bank", 0.0, AnomalyKind::Surge, 60.0, 0.85),
            "ledger locked",
        ),
        (
            anomaly("payments", 0.0, AnomalyKind::Surge, 300.0, 0.98),
            "operation failed",
        ),
        (
            anomaly("checkout", 1.0, AnomalyKind::Surge, 500.0, 0.99),
            "operation failed",
        ),
        (
            anomaly("web", 1.0, AnomalyKind::Surge, 900.0, 1.0),
            "operation failed",
        ),
    ];
    assert_eq!(names(&rank(&symptoms, &[], &shop()))[0], "bank");
}

#[test]
fn without_topology_the_first_one_leads() {
    let symptoms = [
        (
            anomaly("cart", 0.0, AnomalyKind::Surge, 100.0, 0.9),
            "index corrupt",
        ),
        (
            anomaly("web", 6.0, AnomalyKind::Surge, 110.0, 0.9),
            "page failed",
        ),
        (
            anomaly("mail", 9.0, AnomalyKind::Surge, 110.0, 0.9),
            "send failed",
        ),
    ];
    assert_eq!(
        names(&rank(&symptoms, &[], &Topology::new())),
        ["cart", "web", "mail"]
    );
}

#[test]
fn an_old_or_unrelated_deploy_does_not_lead() {
    let symptoms = [(
        anomaly("cart", 0.0, AnomalyKind::Surge, 100.0, 0.9),
        "index corrupt",
    )];
    let suspects = rank(
        &symptoms,
        &[deploy("mail", 2), deploy("cart", 240)],
        &shop(),
    );
    assert_eq!(suspects[0].name, "cart");
    assert_ne!(suspects[0].confidence, Confidence::High);
}

#[test]
fn a_deploy_after_the_onset_is_no_suspect() {
    let symptoms = [(
        anomaly("cart", 0.0, AnomalyKind::Surge, 100.0, 0.9),
        "index corrupt",
    )];
    let suspects = rank(&symptoms, &[deploy("cart", -20)], &shop());
    assert_eq!(names(&suspects), ["cart"]);
}

#[test]
fn nothing_known_is_no_suspect() {
    assert_eq!(rank(&[], &[], &Topology::new()), []);
}

proptest! {
    #[test]
    fn arbitrary_symptoms_never_panic_and_scores_are_ordered(
        symptoms in prop::collection::vec(
            (0usize..6, any::<f64>(), any::<f64>(), any::<f64>(), any::<i64>(), ".{0,40}"), 0..12),
        changes in prop::collection::vec((0usize..6, any::<i64>()), 0..4),
    ) {
        let all = ["web", "checkout", "payments", "cart", "bank", "mail"];
        let symptoms: Vec<(Anomaly, String)> = symptoms
            .into_iter()
            .map(|(service, observed, high, score, at, text)| {
                let mut a = anomaly(all[service], 0.0, AnomalyKind::Surge, observed, score);
                a.expected_high = high;
                a.started_at_ns = at;
                (a, text)
            })
            .collect();
        let borrowed: Vec<(Anomaly, &str)> =
            symptoms.iter().map(|(a, t)| (a.clone(), t.as_str())).collect();
        let changes: Vec<ChangeEvent> = changes
            .into_iter()
            .map(|(service, at)| ChangeEvent { timestamp_ns: at, ..deploy(all[service], 0) })
            .collect();
        let suspects = rank(&borrowed, &changes, &shop());
        prop_assert!(suspects.len() <= 5);
        prop_assert!(suspects.iter().all(|s| (0.0..=1.0).contains(&s.score)));
        prop_assert!(suspects.windows(2).all(|w| w[0].score >= w[1].score));
    }
}
