//! An anomaly of a metric in words.

use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyId, AnomalyKind, MetricPoint, ProjectId, Severity};

use super::judge::{Aspect, Step};
use super::values::Values;
use crate::log::words::number;
use crate::statistics::finite_or;

/// The anomaly that begins with a value.
pub(super) fn describe(
    project_id: ProjectId,
    point: &MetricPoint,
    at_ns: i64,
    value: f64,
    step: &Step,
    score: f64,
    values: &Values,
) -> Anomaly {
    let high = finite_or(step.usual.high, value);
    let low = finite_or(step.usual.low, value).min(high);
    let service = point.labels.get("service").cloned();
    let of = series_name(&point.labels);
    let when = if step.is_daily {
        " at this time of day"
    } else {
        ""
    };
    let usual = if low == high {
        number(high)
    } else {
        format!("{} to {}", number(low), number(high))
    };
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id,
        kind: AnomalyKind::Metric,
        severity: Severity::Unspecified,
        template_id: None,
        metric: Some(point.name.clone()),
        labels: point.labels.clone(),
        started_at_ns: at_ns,
        detected_at_ns: point.timestamp_ns,
        observed: value,
        expected: finite_or(step.middle, value).clamp(low, high),
        expected_low: low,
        expected_high: high,
        unit: values.unit().to_owned(),
        score: score.clamp(0.0, 1.0),
        reason: format!(
            "{}{of} is {}{}, usually {usual}{when}{}",
            point.name,
            number(value),
            values.unit(),
            because(step, value),
        ),
        service,
    }
}

/// ` of checkout (route=/pay)`, cut to three labels.
fn series_name(labels: &BTreeMap<String, String>) -> String {
    let mut name = String::new();
    if let Some(service) = labels.get("service") {
        name = format!(" of {service}");
    }
    let others: Vec<String> = labels
        .iter()
        .filter(|(key, _)| *key != "service")
        .take(3)
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if !others.is_empty() {
        name += &format!(" ({})", others.join(", "));
    }
    name
}

/// What is unusual about a value inside the usual range; nothing for one outside.
fn because(step: &Step, value: f64) -> &'static str {
    if step.usual.excess(value) > 0.0 {
        return "";
    }
    match step.aspect {
        Aspect::Value => "",
        Aspect::Level => ", but not on average over so long",
        Aspect::Swing => ", but it never swung so much",
        Aspect::Stillness => ", but it never swung so little",
        Aspect::Shape => ", but it never ran like this",
        Aspect::Calm => ", but it hardly moves any more",
        Aspect::Context => ", but not after such values",
    }
}
