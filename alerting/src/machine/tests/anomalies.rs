use super::bench::*;
use crate::machine::{AnomalyGate, Input, Settings};
use crate::policy::parse_policies;
use domain::{AnomalyId, AnomalyKind, IncidentSeverity, IncidentState, Severity, TemplateId};
use uuid::Uuid;

#[test]
fn an_anomaly_without_policy_opens_an_incident_for_its_service() {
    let settings = Settings {
        default_receivers: vec!["slack:default".into()],
        ..Settings::default()
    };
    let mut bench = Bench::with(Vec::new(), settings);
    let effects = bench.anomaly(1, "checkout", None);
    insta::assert_snapshot!(story(&effects), @r#"
    open #1 error checkout wrote 120 errors a minute, 2 are usual [anomaly:checkout]
      opened: checkout wrote 120 errors a minute, 2 are usual
      checkout wrote 120 errors a minute, 2 are usual
    notify slack:default opened: [("Services", "checkout"), ("Anomaly", "checkout wrote 120 errors a minute, 2 are usual")]
    summarise
    wake at +86400s
    "#);
    bench.delivered(id_of(&effects, "slack:default"));
    let second = bench.anomaly(2, "checkout", None);
    assert_eq!(told(&second), Vec::<String>::new());
    let id = bench.only_incident();
    bench.anomaly(3, "payments", Some(id));
    assert_eq!(
        bench.state.incident(id).unwrap().services,
        ["checkout", "payments"]
    );
    assert_eq!(
        bench.anomaly(3, "payments", Some(id)),
        [],
        "the same anomaly again"
    );
    for number in 1..=3 {
        bench.end(number);
    }
    bench.pass(10 * MINUTE - 1);
    assert_eq!(bench.incident_state(), IncidentState::Open);
    assert_eq!(told(&bench.pass(1)), ["resolved slack:default"]);
}

#[test]
fn a_weak_anomaly_only_joins() {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    let mut weak = anomaly(1, "cart", START);
    weak.severity = Severity::Info;
    bench.step(Input::AnomalyOpened {
        anomaly: Box::new(weak.clone()),
        join: None,
    });
    assert_eq!(bench.state.open_incidents().count(), 0);
    bench.anomaly(2, "checkout", None);
    let id = bench.only_incident();
    bench.step(Input::AnomalyOpened {
        anomaly: Box::new(weak),
        join: Some(id),
    });
    assert_eq!(bench.state.incident(id).unwrap().anomaly_ids.len(), 2);
}

#[test]
fn anomalies_that_nobody_ends_expire() {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    bench.anomaly(1, "checkout", None);
    bench.pass(24 * 60 * MINUTE);
    bench.pass(10 * MINUTE);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_silent_service_and_a_silent_project_open_incidents_by_themselves() {
    let mut bench = Bench::with(Vec::new(), Settings::default());
    let mut silent = anomaly(1, "checkout", START);
    silent.kind = AnomalyKind::Drop;
    silent.severity = Severity::Unspecified;
    let mut project = silent.clone();
    project.id = AnomalyId(Uuid::from_u128(2));
    project.service = None;
    project.score = 0.7;
    let mut pattern = silent.clone();
    pattern.id = AnomalyId(Uuid::from_u128(3));
    pattern.template_id = Some(TemplateId(5));
    let mut faint = silent.clone();
    faint.id = AnomalyId(Uuid::from_u128(4));
    faint.service = Some("cart".into());
    faint.score = 0.6;
    let gate = AnomalyGate::default();
    let opens: Vec<bool> = [&silent, &project, &pattern, &faint]
        .map(|anomaly| gate.opens(anomaly))
        .to_vec();
    assert_eq!(opens, [true, true, false, false]);
    for anomaly in [silent, project, pattern, faint] {
        bench.step(Input::AnomalyOpened {
            anomaly: Box::new(anomaly),
            join: None,
        });
    }
    let severities: Vec<_> = bench
        .state
        .open_incidents()
        .map(|incident| incident.severity)
        .collect();
    assert_eq!(severities, [IncidentSeverity::Error; 2]);
}

const ANOMALY_POLICY: &str = "
policy:
  name: Checkout odd
  severity: critical
  conditions: [{type: anomaly, services: checkout, min_score: 0.6}]
  for: 2m
  workflow: [{page: pagerduty:oncall}]
";

#[test]
fn a_policy_of_anomalies_needs_no_evaluation() {
    let settings = Settings {
        gate: AnomalyGate {
            enabled: false,
            ..Default::default()
        },
        ..Settings::default()
    };
    let mut bench = Bench::with(parse_policies("t", ANOMALY_POLICY).unwrap(), settings);
    let effects = bench.anomaly(1, "checkout", None);
    insta::assert_snapshot!(story(&effects), @"wake at +120s");
    assert_eq!(told(&bench.anomaly(2, "cart", None)), Vec::<String>::new());
    let fired = bench.pass(2 * MINUTE);
    assert_eq!(told(&fired), ["opened pagerduty:oncall"]);
    let incident = bench.state.incident(bench.only_incident()).unwrap();
    assert_eq!(incident.severity, IncidentSeverity::Critical);
    assert_eq!(incident.anomaly_ids.len(), 1);
    bench.end(1);
    bench.pass(10 * MINUTE);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_policy_attaches_to_the_incident_of_its_anomaly_and_pages() {
    let mut bench = Bench::with(
        parse_policies("t", ANOMALY_POLICY).unwrap(),
        Settings::default(),
    );
    bench.anomaly(1, "checkout", None);
    bench.acknowledge();
    let fired = bench.pass(2 * MINUTE);
    assert_eq!(told(&fired), ["opened pagerduty:oncall"]);
    let incident = bench.state.incident(bench.only_incident()).unwrap();
    assert_eq!(
        incident.state,
        IncidentState::Open,
        "critical outgrew what was acknowledged"
    );
    assert_eq!(incident.severity, IncidentSeverity::Critical);
}

#[test]
fn a_worse_anomaly_on_an_acknowledged_incident_reaches_people_again() {
    let settings = Settings {
        default_receivers: vec!["slack:default".into()],
        ..Settings::default()
    };
    let mut bench = Bench::with(Vec::new(), settings);
    let opened = bench.anomaly(1, "checkout", None);
    bench.delivered(id_of(&opened, "slack:default"));
    let id = bench.only_incident();
    bench.acknowledge();
    // As bad as what somebody took: no word.
    assert_eq!(
        told(&bench.anomaly(2, "cart", Some(id))),
        Vec::<String>::new()
    );
    assert_eq!(bench.incident_state(), IncidentState::Acknowledged);
    let mut fatal = anomaly(3, "payments", bench.now);
    fatal.severity = Severity::Fatal;
    let worse = bench.step(Input::AnomalyOpened {
        anomaly: Box::new(fatal),
        join: Some(id),
    });
    assert_eq!(bench.incident_state(), IncidentState::Open);
    assert_eq!(told(&worse), ["escalated slack:default"]);
}
