//! The canonical YAML of a policy.

use serde_json::{Map, Value, json};

use super::read::NO_DATA;
use super::{Condition, Match, Policy, Step, Verb, word_of};
use crate::format_policy_duration as duration;

pub(crate) fn to_yaml(policy: &Policy) -> String {
    let document = json!({ "policy": policy_value(policy) });
    serde_saphyr::to_string(&document)
        .expect("a tree of maps, lists, texts and finite numbers can always be written as YAML")
}

fn policy_value(policy: &Policy) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), json!(policy.id.0));
    map.insert("name".into(), json!(policy.name));
    if !policy.enabled {
        map.insert("enabled".into(), json!(false));
    }
    map.insert("severity".into(), json!(policy.severity.as_str()));
    if let Some(title) = &policy.title {
        map.insert("title".into(), json!(title));
    }
    if !policy.labels.is_empty() {
        map.insert("labels".into(), json!(policy.labels));
    }
    if !policy.annotations.is_empty() {
        map.insert("annotations".into(), json!(policy.annotations));
    }
    if policy.matches == Match::Any {
        map.insert("match".into(), json!("any"));
    }
    map.insert(
        "conditions".into(),
        policy.conditions.iter().map(condition_value).collect(),
    );
    let mut evaluate = Map::new();
    evaluate.insert("every".into(), json!(duration(policy.every_ns)));
    if policy.delay_ns > 0 {
        evaluate.insert("delay".into(), json!(duration(policy.delay_ns)));
    }
    map.insert("evaluate".into(), Value::Object(evaluate));
    for (key, value) in [
        ("for", policy.for_ns),
        ("keep_firing_for", policy.keep_firing_for_ns),
    ] {
        if value > 0 {
            map.insert(key.into(), json!(duration(value)));
        }
    }
    map.insert("no_data".into(), json!(word_of(&NO_DATA, policy.no_data)));
    map.insert("no_data_for".into(), json!(duration(policy.no_data_for_ns)));
    if let Some(key) = &policy.dedup_key {
        map.insert("dedup_key".into(), json!(key));
    }
    if !policy.workflow.is_empty() {
        map.insert(
            "workflow".into(),
            policy.workflow.iter().map(step_value).collect(),
        );
    }
    Value::Object(map)
}

fn step_value(step: &Step) -> Value {
    let mut map = Map::new();
    if step.verb == Verb::Wait {
        map.insert("wait".into(), json!(duration(step.after_ns)));
        return Value::Object(map);
    }
    if step.escalation {
        map.insert("escalate_after".into(), json!(duration(step.after_ns)));
    }
    let receivers = match step.receivers.as_slice() {
        [one] => json!(one),
        many => json!(many),
    };
    let key = if step.verb == Verb::Page {
        "page"
    } else {
        "notify"
    };
    map.insert(key.into(), receivers);
    Value::Object(map)
}

fn condition_value(condition: &Condition) -> Value {
    let mut map = Map::new();
    map.insert("type".into(), json!(condition.kind()));
    match condition {
        Condition::MetricThreshold(c) => {
            map.insert("metric".into(), json!(c.metric));
            if !c.labels.is_empty() {
                map.insert("labels".into(), json!(c.labels));
            }
            if let Some(agg) = c.agg {
                map.insert("agg".into(), json!(agg.as_str()));
            }
            list(&mut map, "group_by", &c.group_by);
            comparison(&mut map, condition);
        }
        Condition::LogCount(c) => {
            map.insert("query".into(), json!(c.query));
            list(&mut map, "group_by", &c.group_by);
            comparison(&mut map, condition);
        }
        Condition::Absence(c) => {
            for (key, value) in [("query", &c.query), ("metric", &c.metric)] {
                if let Some(value) = value {
                    map.insert(key.into(), json!(value));
                }
            }
        }
        Condition::NewTemplate(c) => {
            if let Some(query) = &c.query {
                map.insert("query".into(), json!(query));
            }
            list(&mut map, "services", &c.services);
            if let Some(severity) = c.min_severity {
                map.insert("severity".into(), json!(severity.as_str()));
            }
            map.insert("min_count".into(), json!(c.min_count));
            list(&mut map, "group_by", &c.group_by);
        }
        Condition::Anomaly(c) => {
            let kinds: Vec<String> = c
                .kinds
                .iter()
                .map(|kind| kind.as_str().to_owned())
                .collect();
            list(&mut map, "kinds", &kinds);
            map.insert("min_score".into(), number(c.min_score));
            list(&mut map, "services", &c.services);
            if let Some(severity) = c.min_severity {
                map.insert("severity".into(), json!(severity.as_str()));
            }
            return Value::Object(map);
        }
        Condition::Event(c) => {
            list(&mut map, "event", &c.events);
            list(&mut map, "services", &c.services);
            map.insert("within".into(), json!(duration(c.within_ns)));
            return Value::Object(map);
        }
    }
    map.insert("window".into(), json!(duration(condition.window_ns())));
    Value::Object(map)
}

fn comparison(map: &mut Map<String, Value>, condition: &Condition) {
    let comparison = condition.comparison();
    map.insert("op".into(), json!(comparison.op.as_str()));
    map.insert("threshold".into(), number(comparison.threshold));
    if let Some(resolve) = comparison.resolve_threshold {
        map.insert("resolve_threshold".into(), number(resolve));
    }
}

fn list(map: &mut Map<String, Value>, key: &str, items: &[String]) {
    if !items.is_empty() {
        map.insert(key.into(), json!(items));
    }
}

/// Whole numbers without `.0`.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
