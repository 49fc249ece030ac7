use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Condition, Policy, Verb, compatibility_notes, parse_policies, unknown_receivers};

/// The policy of the project's charter as a newcomer pastes it: indented with tabs.
const CHARTER: &str = "policy:\n\tname: High error rate\n\tconditions:\n\t\t- type: metric_threshold\n\t\t\tmetric: http_errors\n\t\t\tthreshold: 100\n\t\t\twindow: 5m\n\tworkflow:\n\t\t- notify: slack:#ops\n\t\t- escalate_after: 10m -> notify: pagerduty:service-id\n";

fn one(text: &str) -> Policy {
    let mut policies = parse_policies("test.yaml", text).unwrap();
    assert_eq!(policies.len(), 1);
    policies.remove(0)
}

fn error(text: &str) -> String {
    parse_policies("test.yaml", text)
        .expect_err("must be refused")
        .to_string()
}

/// A policy with one condition made of these lines.
fn with_condition(lines: &str) -> String {
    format!(
        "policy:\n  name: P\n  conditions:\n    - {}\n",
        lines.replace('\n', "\n      ")
    )
}

#[test]
fn the_charters_policy_is_read_with_tabs_and_with_spaces() {
    let spaces = CHARTER.replace('\t', "  ");
    for text in [CHARTER.to_owned(), spaces, CHARTER.replace('\n', "\r\n")] {
        insta::allow_duplicates! { insta::assert_snapshot!(one(&text).explain(), @r"
        High error rate (high-error-rate), severity error
          when value of http_errors over 5m > 100
          checked every 1m, no data keeps the state for 1h
          T+0      slack:#ops
          T+10m    pagerduty:service-id, unless acknowledged or resolved
          whoever was told is told again when it is acknowledged or resolved
        "); }
    }
    let lines: Vec<usize> = compatibility_notes(CHARTER)
        .iter()
        .map(|note| note.line)
        .collect();
    assert_eq!(lines, [2, 10]);
}

#[test]
fn the_canonical_form_of_the_charters_policy() {
    insta::assert_snapshot!(one(CHARTER).to_yaml(), @r#"
    policy:
      id: high-error-rate
      name: High error rate
      severity: error
      conditions:
      - type: metric_threshold
        metric: http_errors
        op: ">"
        threshold: 100
        window: 5m
      evaluate:
        every: 1m
      no_data: keep
      no_data_for: 1h
      workflow:
      - notify: slack:#ops
      - escalate_after: 10m
        notify: pagerduty:service-id
    "#);
}

const EVERYTHING: &str = r#"
policy:
  id: everything.1
  name: "All: of it"
  description: what it is for
  severity: critical
  title: "{{ labels.service }}: {{ value }} errors"
  labels: {team: payments, code: 500}
  annotations: {runbook_url: "https://runbooks.example.com/x"}
  match: any
  conditions:
    - {type: metric_threshold, metric: latency, labels: {route: /pay}, agg: max, op: ">=", threshold: 0.5, resolve_threshold: 0.25, window: 90s, group_by: service}
    - {type: log_count, query: 'service:checkout "card declined"', threshold: 10, window: 5m, group_by: [service, severity]}
    - {type: absence, query: "service:billing", window: 26h}
    - {type: absence, metric: heartbeat, window: 10m}
    - {type: new_template, severity: error, services: [checkout], min_count: 3}
    - {type: anomaly, kinds: [surge, new_template], min_score: 0.8, services: checkout, severity: warn}
    - {type: event, event: deploy, within: 30m}
  evaluate: {every: 30s, delay: 10s}
  for: 2m
  keep_firing_for: 10m
  no_data: alert
  no_data_for: 5m
  dedup_key: "x/{{ labels.service }}"
  workflow:
    - notify: [slack:#ops, "email:it"]
    - wait: 5m
    - page: pagerduty:primary
    - escalate_after: 1h30m
      page: sms:boss
---
# an empty document is no policy
---
policies:
  - {name: Second, window: 5m, conditions: {type: log_count, query: error, threshold: 1}}
  - {name: "\u9ad8", enabled: false, conditions: [{type: anomaly}]}
"#;

#[test]
fn every_key_is_read_and_explained() {
    let policies = parse_policies("x", EVERYTHING).unwrap();
    let text: Vec<String> = policies.iter().map(Policy::explain).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    All: of it (everything.1), severity critical
      when max of latency{route=/pay} over 1m30s by service >= 0.5
      or records matching `service:checkout "card declined"` over 5m by service, severity > 10
      or no records matching `service:billing` for 26h
      or no samples of heartbeat for 10m
      or 3 or more records of new patterns of checkout at error or worse over 10m
      or an anomaly (surge, new_template) of checkout at warn or worse with a score of 0.8 or more
      or a change event (deploy) in the last 30m
      checked every 30s, 10s late, fires after 2m, ends after 10m clear, no data is a problem
      T+0      slack:#ops, email:it
      T+5m     pagerduty:primary (page), unless acknowledged or resolved
      T+1h35m  sms:boss (page), unless acknowledged or resolved
      whoever was told is told again when it is acknowledged or resolved
    Second (second), severity error
      when records matching `error` over 5m > 1
      checked every 1m
      nobody is told; the incident is shown on the page
    高 (policy-b1c27820), severity error, switched off
      when an anomaly with a score of 0.5 or more
      checked every 1m
      nobody is told; the incident is shown on the page
    "#);
    assert_eq!(
        policies
            .iter()
            .map(|policy| policy.line)
            .collect::<Vec<_>>(),
        [3, 35, 36]
    );
}

#[test]
fn the_canonical_form_is_a_fixed_point() {
    for policy in parse_policies("x", EVERYTHING).unwrap() {
        let yaml = policy.to_yaml();
        let mut again = one(&yaml);
        again.line = policy.line;
        assert_eq!(again, policy, "{yaml}");
        assert_eq!(again.to_yaml(), yaml);
    }
}

#[test]
fn a_stored_policy_reads_back_from_json() {
    for policy in parse_policies("x", EVERYTHING).unwrap() {
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }
}

#[test]
fn the_arrow_form_takes_lists_comments_pages_and_no_verb() {
    let steps = |line: &str| {
        let text = format!(
            "policy:\n  name: P\n  conditions: [{{type: anomaly}}]\n  workflow:\n  - {line}\n"
        );
        one(&text).workflow.remove(0)
    };
    assert_eq!(
        steps("escalate_after: 10m -> pagerduty:x").receivers,
        ["pagerduty:x"]
    );
    assert_eq!(
        steps("escalate_after: 10m -> notify: slack:#a, sms:b # why").receivers,
        ["slack:#a", "sms:b"]
    );
    assert_eq!(
        steps("escalate_after: 10m \u{2192} page: [slack:#a, 'email:o''x']").receivers,
        ["slack:#a", "email:o''x"]
    );
    assert_eq!(steps("escalate_after: 1h -> page: sms:b").verb, Verb::Page);
    assert_eq!(
        steps("escalate_after:\t\"10m\" -> notify: slack:#a").after_ns,
        600_000_000_000
    );
}

#[test]
fn mistakes_are_named_with_their_line_and_a_hint() {
    let messages = [
        error("policy:\n  name: P\n  conditons: []\n"),
        error(&with_condition("type: metric_treshold\nmetric: x")),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthresold: 3\nwindow: 5m",
        )),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthreshold: 3\nwindow: 5",
        )),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthreshold: lots\nwindow: 5m",
        )),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthreshold: 3",
        )),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthreshold: 3\nresolve_threshold: 4\nwindow: 5m",
        )),
        error(&with_condition(
            "type: metric_threshold\nmetric: x\nthreshold: 3\nwindow: 5s",
        )),
        error(&with_condition("type: slo_burn_rate")),
        error(&with_condition("type: absence\nwindow: 5m")),
        error(&with_condition("type: anomaly\nkinds: [surges]")),
        error("name: P\nconditions: []\n"),
        error("schedule: {id: x}\n"),
        error("policy:\n  name: P\n  name: Q\n  conditions: [{type: anomaly}]\n"),
        error("policy:\n  name: [P\n"),
        error("policy: {name: P, conditions: [{type: anomaly}], workflow: [{notify: slak:#x}]}"),
        error("policy: {name: P, conditions: [{type: anomaly}], workflow: [{notify: ops}]}"),
        error("policy: {name: P, conditions: [{type: anomaly}], workflow: [{escalate_after: 5m}]}"),
        error("policy: {name: P, conditions: [{type: anomaly}], workflow: [{summarize: true}]}"),
        error("policy: {name: P, conditions: [{type: anomaly}], title: '{% for x in y %}'}"),
        error(
            "policy: {name: P, conditions: [{type: anomaly}]}\n---\npolicy: {name: p, conditions: [{type: anomaly}]}",
        ),
        error(
            "policy: {name: P, conditions: [{type: anomaly}, {type: log_count, query: x, threshold: 1, window: 5m, group_by: host}]}",
        ),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    test.yaml:3: unknown key 'conditons' in policy; did you mean 'conditions'?
    test.yaml:4: unknown condition type 'metric_treshold'; did you mean 'metric_threshold'?
    test.yaml:6: unknown key 'thresold' in metric_threshold; did you mean 'threshold'?
    test.yaml:7: 'window: 5' has no unit; write '5s' or '5m'
    test.yaml:6: 'threshold' in metric_threshold must be a finite number, not text
    test.yaml:4: metric_threshold needs 'window'; for example '5m'
    test.yaml:2: resolve_threshold 4 is on the wrong side of '> 3'; the resolve threshold lies on the good side of the threshold
    test.yaml:2: the window is 5s, but the policy is evaluated every 1m; make the window at least as long, or set 'evaluate: {every: ...}'
    test.yaml:4: conditions of type 'slo_burn_rate' are not understood by this version; known: metric_threshold, log_count, absence, new_template, anomaly, event
    test.yaml:4: absence needs either 'query' or 'metric'
    test.yaml:5: 'surges' is not a value of 'kinds'; did you mean 'surge'?
    test.yaml:1: unknown kind of document 'name'; put everything under 'policy:', indented
    test.yaml:1: documents of kind 'schedule' are not understood by this version; remove the document; receivers are configured in the configuration file
    test.yaml:3: not valid YAML: duplicate mapping key: name
    test.yaml:2: not valid YAML: unclosed bracket '['
    test.yaml:1: unknown kind of receiver 'slak'; did you mean 'slack'?
    test.yaml:1: 'ops' is not a receiver; write 'kind:name', for example 'slack:#ops'
    test.yaml:1: the step does not say whom to tell; for example 'notify: slack:#ops'
    test.yaml:1: 'summarize' is not a step; every incident is summarised by itself; remove the step
    test.yaml:1: the template in 'title' cannot be read: statements ({% %}) are not allowed, only {{ placeholders }}; known: {{ policy }}, {{ severity }}, {{ labels.NAME }}, {{ value }}, {{ threshold }}
    test.yaml:3: policy 'p' has the id 'p' of policy 'P'; give one of them another id
    test.yaml:1: conditions that must all hold are grouped by different labels; use the same 'group_by' in each (anomaly conditions are grouped by service), or 'match: any'
    ");
}

#[test]
fn unknown_receivers_are_reported_with_the_nearest_name() {
    let policy = one(CHARTER);
    let known = BTreeSet::from(["slack:#op".to_owned()]);
    let problems = unknown_receivers(&[policy], &known);
    let text: Vec<String> = problems
        .iter()
        .map(|p| format!("{} ({})", p.message, p.hint.as_deref().unwrap()))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    policy 'High error rate' tells 'pagerduty:service-id', which is not configured (configure a receiver named 'pagerduty:service-id')
    policy 'High error rate' tells 'slack:#ops', which is not configured (did you mean 'slack:#op'?)
    ");
}

#[test]
fn hysteresis_uses_the_resolve_threshold_only_while_firing() {
    let condition = &parse_policies("x", EVERYTHING).unwrap()[0].conditions[0];
    assert!(condition.holds(0.5, false));
    assert!(!condition.holds(0.3, false));
    assert!(condition.holds(0.3, true));
    assert!(!condition.holds(0.2, true));
    assert!(!condition.holds(f64::NAN, true));
    assert!(matches!(condition, Condition::MetricThreshold(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[a-z:\\-\\t \\n{}\\[\\]\"'#>&*!|%0-9]{0,120}") {
        let _ = parse_policies("x", &text);
        let _ = parse_policies("x", &format!("policy:\n  name: x\n  conditions:\n  - {text}"));
    }

    #[test]
    fn a_name_and_a_query_survive_the_round_trip(name in "[^\\p{C}]{1,60}", query in "[^\\p{C}]{1,60}") {
        prop_assume!(!name.trim().is_empty() && !query.trim().is_empty());
        let mut policy = one("policy: {name: P, conditions: [{type: log_count, query: q, threshold: 1, window: 5m}]}");
        policy.name = name.trim().to_owned();
        if let Condition::LogCount(condition) = &mut policy.conditions[0] {
            condition.query = query.trim().to_owned();
        }
        let yaml = policy.to_yaml();
        let again = one(&yaml);
        prop_assert_eq!(&again.name, &policy.name, "{}", yaml);
        prop_assert_eq!(&again.conditions, &policy.conditions, "{}", yaml);
    }
}

#[test]
fn sensitivity_is_one_number_for_how_much_is_heard() {
    let least = |lines: &str| match &one(&with_condition(lines)).conditions[0] {
        Condition::Anomaly(condition) => condition.min_score,
        other => panic!("{other:?}"),
    };
    assert_eq!(least("{type: anomaly, sensitivity: 0.3}"), 0.7);
    assert_eq!(least("{type: anomaly, sensitivity: 1}"), 0.0);
    assert_eq!(least("{type: anomaly}"), 0.5);
    let refused = error(&with_condition("{type: anomaly, sensitivity: 2}"));
    assert!(
        refused.contains("'sensitivity' is 2, it must be 0 to 1"),
        "{refused}"
    );
    let refused = error(&with_condition(
        "{type: anomaly, sensitivity: 0.3, min_score: 0.3}",
    ));
    assert!(refused.contains("say the same"), "{refused}");
}
