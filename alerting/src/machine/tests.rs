mod anomalies;
pub(super) mod bench;
mod deliveries;
mod regroup;

use bench::*;

use domain::{DeliveryId, IncidentId, IncidentState, ProjectId};
use uuid::Uuid;

use super::{Evaluation, Input, Machine, Settings, State};
use crate::policy::PolicyId;

#[test]
fn the_charters_policy_runs_from_breach_to_page_to_resolution() {
    let mut bench = Bench::new(CHARTER);
    assert_eq!(bench.value(100.0), []);
    let opened = bench.value(143.0);
    insta::assert_snapshot!(story(&opened), @r#"
    open #1 error High error rate [high-error-rate]
      opened: High error rate
      High error rate: http_errors over 5m is 143, limit > 100
    notify slack:#ops opened: [("High error rate", "http_errors over 5m is 143, limit > 100")]
    summarise
    wake at +600s
    "#);
    bench.delivered(id_of(&opened, "slack:#ops"));
    assert_eq!(told(&bench.pass(10 * MINUTE - 1)), Vec::<String>::new());
    let paged = bench.pass(1);
    insta::assert_snapshot!(story(&paged), @r#"
      nobody took it within 10m: telling pagerduty:service-id
    page pagerduty:service-id escalated: [("High error rate", "http_errors over 5m is 143, limit > 100")]
    "#);
    bench.delivered(id_of(&paged, "pagerduty:service-id"));
    let over = bench.value(3.0);
    insta::assert_snapshot!(story(&over), @r#"
    update #1 resolved
      High error rate is clear again
      resolved by itself after 10 min: all conditions are clear
    page pagerduty:service-id resolved: [("Resolved by", "itself, all conditions are clear"), ("Duration", "10 min")]
    notify slack:#ops resolved: [("Resolved by", "itself, all conditions are clear"), ("Duration", "10 min")]
    summarise
    "#);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn an_acknowledgement_stops_the_escalation_and_is_told() {
    let mut bench = Bench::new(CHARTER);
    let opened = bench.value(143.0);
    bench.delivered(id_of(&opened, "slack:#ops"));
    bench.pass(9 * MINUTE);
    assert_eq!(told(&bench.acknowledge()), ["acknowledged slack:#ops"]);
    assert_eq!(
        bench.acknowledge(),
        [],
        "a second acknowledgement does nothing"
    );
    assert_eq!(told(&bench.pass(60 * MINUTE)), Vec::<String>::new());
    bench.value(200.0);
    assert_eq!(bench.incident_state(), IncidentState::Acknowledged);
    assert_eq!(told(&bench.value(0.0)), ["resolved slack:#ops"]);
}

#[test]
fn pending_and_recovering_take_their_time() {
    let mut bench = Bench::new(&format!("{CHARTER}  for: 2m\n  keep_firing_for: 5m\n"));
    assert_eq!(told(&bench.value(143.0)), Vec::<String>::new());
    assert_eq!(bench.state.alert_counts(), (1, 0, 0));
    bench.now += MINUTE;
    assert_eq!(told(&bench.value(143.0)), Vec::<String>::new());
    bench.now += MINUTE;
    assert_eq!(told(&bench.value(143.0)), ["opened slack:#ops"]);
    bench.value(0.0);
    assert_eq!(bench.state.alert_counts(), (0, 0, 1));
    bench.pass(4 * MINUTE);
    bench.value(150.0);
    assert_eq!(
        bench.state.alert_counts(),
        (0, 1, 0),
        "firing again without a word"
    );
    bench.value(0.0);
    bench.pass(5 * MINUTE - 1);
    assert_eq!(bench.incident_state(), IncidentState::Open);
    bench.pass(1);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_short_breach_is_forgotten() {
    let mut bench = Bench::new(&format!("{CHARTER}  for: 2m\n"));
    bench.value(143.0);
    bench.now += MINUTE;
    bench.value(1.0);
    bench.now += MINUTE;
    assert_eq!(bench.value(143.0), []);
    assert_eq!(bench.state.alert_counts(), (1, 0, 0));
}

#[test]
fn each_series_has_its_own_incident_and_a_dedup_key_joins_them() {
    let by_service = CHARTER.replace("window: 5m", "window: 5m, group_by: service");
    let mut bench = Bench::new(&by_service);
    bench.series(&[("checkout", 143.0), ("cart", 150.0), ("web", 1.0)]);
    let keys: Vec<&str> = bench
        .state
        .open_incidents()
        .map(|i| i.dedup_key.as_str())
        .collect();
    assert_eq!(keys.len(), 2);
    assert!(
        keys.contains(&"high-error-rate{service=checkout}"),
        "{keys:?}"
    );
    let joined = format!("{by_service}  dedup_key: \"errors {{{{ policy }}}}\"\n");
    let mut bench = Bench::new(&joined);
    let effects = bench.series(&[("checkout", 143.0), ("cart", 150.0)]);
    assert_eq!(told(&effects), ["opened slack:#ops"]);
    let id = bench.only_incident();
    assert_eq!(
        bench.state.incident(id).unwrap().services,
        ["cart", "checkout"]
    );
    bench.series(&[("cart", 150.0), ("checkout", 2.0)]);
    assert_eq!(bench.incident_state(), IncidentState::Open);
    bench.series(&[("cart", 0.0), ("checkout", 2.0)]);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_metric_without_data_keeps_its_state_for_an_hour() {
    let mut bench = Bench::new(CHARTER);
    bench.value(143.0);
    for _ in 0..60 {
        bench.step(evaluation_without_data());
        assert_eq!(bench.incident_state(), IncidentState::Open);
        bench.now += MINUTE;
    }
    bench.step(evaluation_without_data());
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

fn evaluation_without_data() -> Input {
    let policy_id = PolicyId("high-error-rate".into());
    Input::Evaluation(Evaluation {
        policy_id,
        condition: 0,
        readings: Vec::new(),
    })
}

#[test]
fn no_data_is_a_problem_when_the_policy_says_so() {
    let mut bench = Bench::new(&format!("{CHARTER}  no_data: alert\n"));
    assert_eq!(
        told(&bench.step(evaluation_without_data())),
        ["opened slack:#ops"]
    );
}

#[test]
fn silence_is_noticed() {
    let mut bench = Bench::new(
        "policy: {name: Dead, conditions: [{type: absence, query: 'service:billing', window: 26h}], workflow: [{page: 'sms:ana'}]}",
    );
    assert_eq!(bench.value(3.0), []);
    assert_eq!(told(&bench.value(0.0)), ["opened sms:ana"]);
    assert_eq!(
        told(&bench.value(1.0)),
        Vec::<String>::new(),
        "the SMS was never confirmed"
    );
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_flap_within_the_grace_opens_the_same_incident_again() {
    let mut bench = Bench::new(CHARTER);
    let opened = bench.value(143.0);
    bench.delivered(id_of(&opened, "slack:#ops"));
    bench.value(0.0);
    bench.pass(9 * MINUTE);
    assert_eq!(told(&bench.value(143.0)), ["opened slack:#ops"]);
    assert_eq!(
        bench.state.incident(bench.only_incident()).unwrap().number,
        1
    );
    bench.value(0.0);
    bench.pass(11 * MINUTE);
    bench.value(143.0);
    let numbers: Vec<i64> = bench
        .state
        .open_incidents()
        .map(|incident| incident.number)
        .collect();
    assert_eq!(numbers, [2]);
}

#[test]
fn what_a_person_resolved_too_early_comes_back_after_half_an_hour() {
    let mut bench = Bench::new(CHARTER);
    bench.value(143.0);
    bench.resolve();
    for _ in 0..29 {
        bench.now += MINUTE;
        assert_eq!(told(&bench.value(143.0)), Vec::<String>::new());
    }
    bench.now += MINUTE;
    assert_eq!(told(&bench.value(143.0)), ["opened slack:#ops"]);
    assert_eq!(bench.incident_state(), IncidentState::Open);
}

#[test]
fn conditions_that_must_all_hold_share_the_ungrouped_one() {
    let yaml = "
policy:
  name: Both
  conditions:
    - {type: log_count, query: error, threshold: 10, window: 5m, group_by: service}
    - {type: event, event: deploy, within: 30m}
  workflow: [{notify: 'slack:#deploys'}]
";
    let mut bench = Bench::new(yaml);
    bench.round(0, &[("checkout", 50.0), ("cart", 2.0)]);
    assert_eq!(bench.state.open_incidents().count(), 0);
    assert_eq!(
        told(&bench.round(1, &[("", 1.0)])),
        ["opened slack:#deploys"]
    );
    let dedup: Vec<_> = bench
        .state
        .open_incidents()
        .map(|i| i.dedup_key.clone())
        .collect();
    assert_eq!(dedup, ["both{service=checkout}"]);
    bench.round(1, &[("", 0.0)]);
    assert_eq!(bench.state.open_incidents().count(), 0);
}

#[test]
fn an_alert_that_joins_an_acknowledged_incident_reaches_its_own_people() {
    let both = "
policy:
  name: Errors
  conditions: [{type: log_count, query: error, threshold: 10, window: 5m}]
  workflow:
    - notify: slack:#ops
---
policy:
  name: Payments
  conditions: [{type: log_count, query: declined, threshold: 10, window: 5m}]
  workflow:
    - notify: slack:#payments
    - escalate_after: 10m -> page: pagerduty:payments
";
    let mut bench = Bench::new(both);
    let read = |policy: &str, value: f64, join| {
        Input::Evaluation(Evaluation {
            policy_id: PolicyId(policy.into()),
            condition: 0,
            readings: vec![super::Reading {
                value: Some(value),
                join,
                ..super::Reading::default()
            }],
        })
    };
    bench.step(read("errors", 20.0, None));
    let id = bench.only_incident();
    bench.now += MINUTE;
    bench.acknowledge();
    assert_eq!(
        bench.state.last_symptom_at_ns(id),
        Some(START),
        "an acknowledgement is no symptom"
    );
    let joined = bench.step(read("payments", 20.0, Some(id)));
    assert_eq!(bench.only_incident(), id);
    assert_eq!(told(&joined), ["opened slack:#payments"]);
    assert_eq!(bench.incident_state(), IncidentState::Open);
    assert_eq!(bench.state.last_symptom_at_ns(id), Some(START + MINUTE));
    assert_eq!(
        told(&bench.pass(10 * MINUTE)),
        ["escalated pagerduty:payments"]
    );
    bench.acknowledge();
    bench.step(read("payments", 0.0, None));
    bench.step(read("payments", 30.0, Some(id)));
    assert_eq!(
        bench.incident_state(),
        IncidentState::Acknowledged,
        "who was told already is not told again"
    );
}

#[test]
fn an_acknowledged_page_is_cancelled_and_the_state_says_so() {
    let mut bench = Bench::new(&CHARTER.replace("notify: slack:#ops", "page: sms:ana"));
    let opened = bench.value(143.0);
    let page = id_of(&opened, "sms:ana");
    assert!(!bench.state.is_cancelled(page));
    bench.acknowledge();
    assert!(bench.state.is_cancelled(page));
}

#[test]
fn a_removed_policy_lets_its_incidents_end() {
    let mut bench = Bench::new(CHARTER);
    bench.value(143.0);
    bench.machine = Machine::new(
        ProjectId(Uuid::from_u128(7)),
        Vec::new(),
        Settings::default(),
    );
    bench.pass(SECOND);
    assert_eq!(bench.incident_state(), IncidentState::Resolved);
}

#[test]
fn a_flood_of_series_is_collected() {
    let by_service = CHARTER.replace("window: 5m", "window: 5m, group_by: service");
    let mut bench = Bench::new(&by_service);
    let names: Vec<String> = (0..1_200).map(|i| format!("s{i}")).collect();
    let values: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 500.0)).collect();
    bench.series(&values);
    assert_eq!(bench.state.open_incidents().count(), 501);
    let collected = bench
        .state
        .open_incidents()
        .find(|i| i.dedup_key == "overflow:high-error-rate");
    assert!(collected.is_some());
    assert!(bench.state.alert_counts().1 <= 1_001);
    bench.series(&[]);
    assert_eq!(bench.state.open_incidents().count(), 501, "no data keeps");
}

#[test]
fn a_clock_that_is_set_back_moves_the_timers_along() {
    let mut bench = Bench::new(CHARTER);
    bench.now += 365 * 24 * 60 * MINUTE;
    bench.value(143.0);
    bench.now = START;
    bench.step(Input::Tick);
    assert_eq!(
        told(&bench.pass(10 * MINUTE)),
        ["escalated pagerduty:service-id"]
    );
}

#[test]
fn a_state_of_another_version_is_refused() {
    let error = State::from_json(r#"{"version": 99}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the alerting state has version 99, this program reads version 1"
    );
    assert!(State::from_json("{}").is_err());
}

#[test]
fn unknown_incidents_and_deliveries_have_no_effect() {
    let mut bench = Bench::new(CHARTER);
    let incident_id = IncidentId(Uuid::from_u128(1));
    let delivery_id = DeliveryId(Uuid::from_u128(2));
    assert_eq!(
        bench.step(Input::Acknowledge {
            incident_id,
            by: "x".into()
        }),
        []
    );
    assert_eq!(
        bench.step(Input::Resolve {
            incident_id,
            by: "x".into()
        }),
        []
    );
    assert_eq!(bench.step(Input::Delivered { delivery_id }), []);
    assert_eq!(bench.failed(delivery_id, true), []);
}
