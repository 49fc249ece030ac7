//! What a policy does, in words.

use domain::{AnomalyKind, Severity};

use super::{Aggregation, Condition, Match, NoData, Policy, Verb};
use crate::format_policy_duration as duration;
use crate::template::number_text;

pub(crate) fn describe(condition: &Condition) -> String {
    let grouped = |group_by: &[String]| match group_by {
        [] => String::new(),
        labels => format!(" by {}", labels.join(", ")),
    };
    match condition {
        Condition::MetricThreshold(c) => {
            let labels: Vec<String> = c.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            format!(
                "{} {}{labels} over {}{} {} {}",
                c.agg
                    .map_or("value of".to_owned(), |agg: Aggregation| format!(
                        "{} of",
                        agg.as_str()
                    )),
                c.metric,
                duration(c.window_ns),
                grouped(&c.group_by),
                c.op.as_str(),
                number_text(c.threshold)
            )
        }
        Condition::LogCount(c) => format!(
            "records matching `{}` over {}{} {} {}",
            c.query,
            duration(c.window_ns),
            grouped(&c.group_by),
            c.op.as_str(),
            number_text(c.threshold)
        ),
        Condition::Absence(c) => format!(
            "no {} for {}",
            c.query.as_ref().map_or_else(
                || format!("samples of {}", c.metric.as_deref().unwrap_or_default()),
                |query| format!("records matching `{query}`")
            ),
            duration(c.window_ns)
        ),
        Condition::NewTemplate(c) => format!(
            "{} or more records of new patterns{}{}{} over {}{}",
            c.min_count,
            c.query
                .as_ref()
                .map(|query| format!(" matching `{query}`"))
                .unwrap_or_default(),
            services(&c.services),
            severity(c.min_severity),
            duration(c.window_ns),
            grouped(&c.group_by)
        ),
        Condition::Anomaly(c) => format!(
            "an anomaly{}{}{} with a score of {} or more",
            if c.kinds.is_empty() {
                String::new()
            } else {
                let kinds: Vec<&str> = c
                    .kinds
                    .iter()
                    .map(|kind: &AnomalyKind| kind.as_str())
                    .collect();
                format!(" ({})", kinds.join(", "))
            },
            services(&c.services),
            severity(c.min_severity),
            number_text(c.min_score)
        ),
        Condition::Event(c) => format!(
            "a change event ({}){} in the last {}",
            c.events.join(", "),
            services(&c.services),
            duration(c.within_ns)
        ),
    }
}

/// What a value says, for the timeline and for messages: `http_errors over 5m is 143, limit > 100`.
pub(crate) fn sentence(condition: &Condition, value: f64) -> String {
    let number = number_text(value);
    match condition {
        Condition::MetricThreshold(c) => format!(
            "{}{} over {} is {number}, limit {} {}",
            c.agg
                .map(|agg| format!("{} of ", agg.as_str()))
                .unwrap_or_default(),
            c.metric,
            duration(c.window_ns),
            c.op.as_str(),
            number_text(c.threshold)
        ),
        Condition::LogCount(c) => format!(
            "{number} records matching `{}` in {}, limit {} {}",
            c.query,
            duration(c.window_ns),
            c.op.as_str(),
            number_text(c.threshold)
        ),
        Condition::NewTemplate(c) => {
            format!(
                "{number} records of new patterns in {}",
                duration(c.window_ns)
            )
        }
        Condition::Event(c) => {
            format!(
                "{number} change events ({}) in {}",
                c.events.join(", "),
                duration(c.within_ns)
            )
        }
        Condition::Absence(_) | Condition::Anomaly(_) => describe(condition),
    }
}

fn services(services: &[String]) -> String {
    if services.is_empty() {
        String::new()
    } else {
        format!(" of {}", services.join(", "))
    }
}

fn severity(severity: Option<Severity>) -> String {
    severity
        .map(|severity| format!(" at {severity} or worse"))
        .unwrap_or_default()
}

pub(crate) fn explain(policy: &Policy) -> String {
    let mut lines = vec![format!(
        "{} ({}), severity {}{}",
        policy.name,
        policy.id,
        policy.severity.as_str(),
        if policy.enabled { "" } else { ", switched off" }
    )];
    let joint = match policy.matches {
        Match::All => "and",
        Match::Any => "or",
    };
    for (index, condition) in policy.conditions.iter().enumerate() {
        let word = if index == 0 { "when" } else { joint };
        lines.push(format!("  {word} {}", describe(condition)));
    }
    lines.push(format!(
        "  checked every {}{}",
        duration(policy.every_ns),
        timing(policy)
    ));
    lines.extend(steps(policy));
    if policy.workflow.is_empty() {
        lines.push("  nobody is told; the incident is shown on the page".to_owned());
    } else {
        lines.push(
            "  whoever was told is told again when it is acknowledged or resolved".to_owned(),
        );
    }
    lines.join("\n")
}

fn timing(policy: &Policy) -> String {
    let mut text = String::new();
    if policy.delay_ns > 0 {
        text.push_str(&format!(", {} late", duration(policy.delay_ns)));
    }
    if policy.for_ns > 0 {
        text.push_str(&format!(", fires after {}", duration(policy.for_ns)));
    }
    if policy.keep_firing_for_ns > 0 {
        text.push_str(&format!(
            ", ends after {} clear",
            duration(policy.keep_firing_for_ns)
        ));
    }
    if policy
        .conditions
        .iter()
        .any(|c| matches!(c, Condition::MetricThreshold(_)))
    {
        text.push_str(&match policy.no_data {
            NoData::Ok => ", no data is fine".to_owned(),
            NoData::Alert => ", no data is a problem".to_owned(),
            NoData::Keep => format!(
                ", no data keeps the state for {}",
                duration(policy.no_data_for_ns)
            ),
            NoData::Ignore => ", no data keeps the state".to_owned(),
        });
    }
    text
}

fn steps(policy: &Policy) -> Vec<String> {
    let mut at = 0_i64;
    let mut lines = Vec::new();
    for step in &policy.workflow {
        at = at.saturating_add(step.after_ns);
        if step.verb == Verb::Wait {
            continue;
        }
        let verb = if step.verb == Verb::Page {
            " (page)"
        } else {
            ""
        };
        let unless = if at > 0 {
            ", unless acknowledged or resolved"
        } else {
            ""
        };
        let when = if at == 0 {
            "T+0".to_owned()
        } else {
            format!("T+{}", duration(at))
        };
        lines.push(format!(
            "  {when:<8} {}{verb}{unless}",
            step.receivers.join(", ")
        ));
    }
    lines
}
