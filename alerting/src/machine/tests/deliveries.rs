use super::bench::*;
use crate::machine::{Effect, Settings};
use crate::policy::parse_policies;

#[test]
fn a_page_that_cannot_be_delivered_starts_the_next_step_at_once() {
    let yaml = "
policy:
  name: P
  conditions: [{type: log_count, query: x, threshold: 1, window: 5m}]
  workflow:
    - page: pagerduty:a
    - wait: 1h
    - escalate_after: 30m
      notify: slack:#ops
";
    let mut bench = Bench::new(yaml);
    let opened = bench.value(2.0);
    assert_eq!(
        bench.failed(id_of(&opened, "pagerduty:a"), false).len(),
        1,
        "a line, once"
    );
    assert_eq!(bench.failed(id_of(&opened, "pagerduty:a"), false), []);
    let effects = bench.failed(id_of(&opened, "pagerduty:a"), true);
    assert_eq!(told(&effects), ["opened slack:#ops"]);
    insta::assert_snapshot!(story(&effects), @r#"
      pagerduty:a was not told (opened): no such channel; given up
      nobody was reached; going on to slack:#ops at once
    notify slack:#ops opened: [("P", "2 records matching `x` in 5m, limit > 1")]
    "#);
}

#[test]
fn when_nobody_is_left_the_default_receivers_are_told() {
    let settings = Settings {
        default_receivers: vec!["email:all".into()],
        ..Settings::default()
    };
    let mut bench = Bench::with(parse_policies("t", CHARTER).unwrap(), settings);
    bench.value(143.0);
    let paged = bench.pass(10 * MINUTE);
    let effects = bench.failed(id_of(&paged, "pagerduty:service-id"), true);
    assert_eq!(told(&effects), ["escalated email:all"]);
    let effects = bench.failed(id_of(&effects, "email:all"), true);
    assert_eq!(told(&effects), Vec::<String>::new());
}

#[test]
fn a_message_that_fails_while_its_sibling_arrives_changes_nothing() {
    let mut bench = Bench::new(&CHARTER.replace("slack:#ops\n", "[slack:#ops, email:it]\n"));
    let opened = bench.value(143.0);
    bench.delivered(id_of(&opened, "email:it"));
    assert_eq!(
        told(&bench.failed(id_of(&opened, "slack:#ops"), true)),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&bench.pass(10 * MINUTE)),
        ["escalated pagerduty:service-id"]
    );
}

#[test]
fn a_page_that_arrives_after_the_resolution_is_resolved_too() {
    let mut bench = Bench::new(CHARTER);
    bench.value(143.0);
    let paged = bench.pass(10 * MINUTE);
    let page = id_of(&paged, "pagerduty:service-id");
    let over = bench.value(0.0);
    assert!(over.contains(&Effect::CancelDelivery { delivery_id: page }));
    assert_eq!(told(&over), ["resolved pagerduty:service-id"]);
    bench.delivered(id_of(&over, "pagerduty:service-id"));
    let late = bench.delivered(page);
    assert_eq!(told(&late), ["resolved pagerduty:service-id"]);
}

#[test]
fn messages_of_one_incident_are_bounded() {
    let steps: String = (0..50)
        .map(|i| format!("    - escalate_after: 1s\n      notify: [slack:#a{i}, slack:#b{i}]\n"))
        .collect();
    let yaml = format!(
        "policy:\n  name: P\n  conditions: [{{type: log_count, query: x, threshold: 1, window: 5m}}]\n  workflow:\n{steps}"
    );
    let mut bench = Bench::new(&yaml);
    bench.value(2.0);
    for _ in 0..60 {
        bench.pass(SECOND);
    }
    assert_eq!(messages(&bench.log).len(), 50);
    let limit = "no further messages: the limit is 50";
    let lines = bench
        .log
        .iter()
        .filter(|effect| matches!(effect, Effect::Timeline { entry, .. } if entry.text == limit));
    assert_eq!(lines.count(), 1);
}
