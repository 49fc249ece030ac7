//! A shift of values, in words.

use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyId, AnomalyKind, NANOS_PER_MINUTE, ProjectId, RecordId, Severity};

use super::SlotValues;
use super::state::{Change, Shift};
use crate::log::TemplateInfo;
use crate::log::words::{number, percent, quoted};

/// Times and sizes that grow so much are bad in themselves.
const BAD_FACTOR: f64 = 3.0;
/// Words for what should be small.
const COSTS: [&str; 9] = [
    "latency", "duration", "took", "elapsed", "time", "delay", "lag", "wait", "in",
];

pub(super) fn describe(
    project_id: ProjectId,
    minute: i64,
    slot: &SlotValues<'_>,
    shift: &Shift,
    info: &dyn TemplateInfo,
) -> Anomaly {
    let certainty =
        1.0 - (-(shift.surprise - shift.min_surprise).max(0.0) / shift.min_surprise).exp();
    let name = if slot.key.is_empty() {
        format!("value {}", slot.slot + 1)
    } else {
        slot.key.to_owned()
    };
    let pattern = info.text(slot.template_id).map_or_else(
        || quoted(&slot.template_id.to_string()),
        |text| quoted(&text),
    );
    let place = format!("{pattern} of {}", slot.service);
    let told = match &shift.change {
        Change::Value {
            value,
            share,
            usual,
            other,
            is_bad,
        } => of_value(
            &name,
            &place,
            (value, *share, *usual),
            other.as_ref(),
            *is_bad,
            slot,
        ),
        Change::Numbers { median, high } => of_numbers(&name, &place, *median, *high, slot),
    };
    let mut labels = BTreeMap::from([
        ("slot".to_owned(), slot.slot.to_string()),
        ("key".to_owned(), slot.key.to_owned()),
    ]);
    if let Some(value) = told.value {
        labels.insert("value".to_owned(), value);
    }
    if let Some(record_id) = told.record_id {
        labels.insert("records".to_owned(), record_id.to_string());
    }
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id,
        kind: AnomalyKind::ValueShift,
        service: Some(slot.service.to_owned()),
        severity: slot.severity.max(told.severity),
        template_id: Some(slot.template_id),
        metric: None,
        labels,
        started_at_ns: shift.started_minute.saturating_mul(NANOS_PER_MINUTE),
        detected_at_ns: (minute + 1).saturating_mul(NANOS_PER_MINUTE),
        observed: told.observed,
        expected: told.expected,
        expected_low: told.range.0,
        expected_high: told.range.1,
        unit: told.unit.to_owned(),
        score: 0.5 + 0.5 * certainty * shift.size.clamp(0.0, 1.0).sqrt(),
        reason: told.reason,
    }
}

/// What a change comes to.
struct Told {
    observed: f64,
    expected: f64,
    range: (f64, f64),
    unit: &'static str,
    severity: Severity,
    value: Option<String>,
    record_id: Option<RecordId>,
    reason: String,
}

fn of_value(
    name: &str,
    place: &str,
    (value, share, usual): (&str, f64, f64),
    other: Option<&(Box<str>, f64, f64)>,
    is_bad: bool,
    slot: &SlotValues<'_>,
) -> Told {
    let other = other.map_or_else(String::new, |(other, now, usual)| {
        format!(
            "; {} is {}, usually {}",
            shown(other),
            percent(*now),
            percent(*usual)
        )
    });
    let is_new = if usual < 0.000_5 {
        ", which it never was"
    } else {
        ""
    };
    Told {
        observed: share,
        expected: usual,
        range: ((usual - 0.15).max(0.0), (usual + 0.15).min(1.0)),
        unit: "share of values",
        severity: if is_bad {
            Severity::Error
        } else {
            Severity::Unspecified
        },
        value: Some(value.to_owned()),
        record_id: slot
            .top
            .iter()
            .find(|top| top.value == value)
            .and_then(|top| top.record_id),
        reason: format!(
            "{name} in {place} is {} in {} of the records, usually in {}{is_new}{other}",
            shown(value),
            percent(share),
            percent(usual)
        ),
    }
}

fn of_numbers(
    name: &str,
    place: &str,
    median: (f64, f64),
    high: (f64, f64),
    slot: &SlotValues<'_>,
) -> Told {
    let times = |(now, usual): (f64, f64)| now / if usual.abs() < 1e-9 { 1e-9 } else { usual };
    let far = |ratio: f64| ratio.abs().max(1e-12).ln().abs();
    let is_high = far(times(high)) >= far(times(median));
    let (what, (now, usual)) = if is_high {
        ("95th percentile", high)
    } else {
        ("median", median)
    };
    let (other, (other_now, other_usual)) = if is_high {
        ("median", median)
    } else {
        ("95th percentile", high)
    };
    let is_cost = COSTS.contains(&slot.key)
        || COSTS
            .iter()
            .any(|word| word.len() > 3 && slot.key.contains(word));
    let factor = times((now, usual));
    Told {
        observed: now,
        expected: usual,
        range: (usual / 1.5, usual * 1.5),
        unit: "",
        severity: if is_cost && factor >= BAD_FACTOR {
            Severity::Warn
        } else {
            Severity::Unspecified
        },
        value: None,
        record_id: slot.largest.filter(|_| factor > 1.0),
        reason: format!(
            "the {what} of {name} in {place} is {}, usually {} ({} times); the {other} is {}, usually {}",
            number(now),
            number(usual),
            number(factor),
            number(other_now),
            number(other_usual)
        ),
    }
}

/// A value in a sentence.
fn shown(value: &str) -> String {
    if value.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !value.is_empty() {
        value.to_owned()
    } else {
        quoted(value)
    }
}
