//! What was understood, in short labels for people.

use domain::{AttributeOp, TimeRange};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Claim, GroupBy, Interpretation, Reading, StatusCode, TimeUnit};

/// What a chip is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChipKind {
    /// What is done.
    Intent,
    /// The range.
    Time,
    /// The range compared with.
    ComparedWith,
    /// A service.
    Service,
    /// A service left out.
    ExcludedService,
    /// Severities.
    Severity,
    /// A literal text.
    Text,
    /// A literal text left out.
    ExcludedText,
    /// An attribute.
    Attribute,
    /// A status code.
    Status,
    /// A number that records must have.
    Number,
    /// What is computed.
    Measure,
    /// A trace.
    Trace,
    /// The grouping.
    GroupBy,
    /// How many.
    Limit,
    /// What is searched by meaning.
    Topic,
    /// A word that was read as another one, for a slip of the keyboard.
    Spelling,
}

/// One thing that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// What it is about.
    pub kind: ChipKind,
    /// For people, without the name of its kind: `2026-11-22 14:00 to 16:00 +01:00`.
    pub label: String,
    /// The words of the question that said so; `""` for a default.
    pub words: String,
}

/// The chips of an interpretation.
pub(super) fn all(interpretation: &Interpretation, reading: &Reading<'_>) -> Vec<Chip> {
    let zone = &reading.context.time_zone;
    let mut chips = Vec::new();
    let mut push =
        |kind: ChipKind, label: String, words: String| chips.push(Chip { kind, label, words });
    push(
        ChipKind::Intent,
        interpretation.intent.as_str().to_owned(),
        reading.text(Claim::Intent),
    );
    let label = if interpretation.range_is_default {
        let range = in_minutes(interpretation.range);
        format!("{} (by default)", range_label(range, zone))
    } else {
        range_label(interpretation.range, zone)
    };
    push(ChipKind::Time, label, reading.text(Claim::Time));
    if let Some(reference) = interpretation.compare_with {
        push(
            ChipKind::ComparedWith,
            range_label(reference, zone),
            String::new(),
        );
    }
    for service in &interpretation.services {
        push(
            ChipKind::Service,
            service.clone(),
            reading.text(Claim::Service),
        );
    }
    for service in &interpretation.excluded_services {
        push(
            ChipKind::ExcludedService,
            service.clone(),
            reading.text(Claim::Negation),
        );
    }
    if !interpretation.severities.is_empty() {
        let names: Vec<&str> = interpretation
            .severities
            .iter()
            .map(|severity| severity.as_str())
            .collect();
        push(
            ChipKind::Severity,
            names.join(", "),
            reading.text(Claim::Severity),
        );
    }
    for term in &interpretation.terms {
        let kind = if term.negated {
            ChipKind::ExcludedText
        } else {
            ChipKind::Text
        };
        push(kind, format!("\"{}\"", term.term), term.term.clone());
    }
    for attribute in &interpretation.attributes {
        let op = if attribute.op == AttributeOp::NotEqual {
            "!="
        } else {
            "="
        };
        push(
            ChipKind::Attribute,
            format!("{}{op}{}", attribute.key, attribute.value),
            String::new(),
        );
    }
    if let Some(label) = statuses(&interpretation.status_codes) {
        push(ChipKind::Status, label, String::new());
    }
    for condition in &interpretation.numbers {
        push(
            ChipKind::Number,
            condition.label(),
            reading.text(Claim::Number),
        );
    }
    if let Some(condition) = &interpretation.having {
        push(
            ChipKind::Number,
            condition.label(),
            reading.text(Claim::Number),
        );
    }
    if let Some(measure) = &interpretation.measure {
        push(ChipKind::Measure, measure.label(), String::new());
    }
    if let Some(trace) = &interpretation.trace_id {
        push(ChipKind::Trace, trace.clone(), trace.clone());
    }
    if let Some(group) = &interpretation.group_by {
        push(
            ChipKind::GroupBy,
            group_label(group),
            reading.text(Claim::Group),
        );
    }
    if let Some(limit) = interpretation.limit {
        push(
            ChipKind::Limit,
            limit.to_string(),
            reading.text(Claim::Limit),
        );
    }
    if let Some(text) = &interpretation.explained {
        push(ChipKind::Topic, text.clone(), text.clone());
    } else if !interpretation.retrieval_text.is_empty() {
        push(
            ChipKind::Topic,
            interpretation.retrieval_text.clone(),
            interpretation.retrieval_text.clone(),
        );
    }
    chips
}

/// `500`, `5xx`, `4xx or 503`; of many the first ones.
fn statuses(codes: &[StatusCode]) -> Option<String> {
    let said: Vec<String> = codes
        .iter()
        .map(|code| match code {
            StatusCode::Exact(code) => code.to_string(),
            StatusCode::Class(class) => format!("{class}xx"),
        })
        .collect();
    match said.len() {
        0 => None,
        1..=6 => Some(said.join(" or ")),
        many => Some(format!("{} or {} others", said[..4].join(", "), many - 4)),
    }
}

fn group_label(group: &GroupBy) -> String {
    match group {
        GroupBy::Service => "service".to_owned(),
        GroupBy::Severity => "severity".to_owned(),
        GroupBy::Template => "pattern".to_owned(),
        GroupBy::Field(field) => field.as_str().to_owned(),
        GroupBy::Time(TimeUnit::Second) => "second".to_owned(),
        GroupBy::Time(TimeUnit::Minute) => "minute".to_owned(),
        GroupBy::Time(TimeUnit::Day) => "day".to_owned(),
        GroupBy::Time(TimeUnit::Fitting | TimeUnit::Hour) => "hour".to_owned(),
    }
}

/// The label of a range that was taken because the default one is empty.
pub(super) fn widened_label(range: TimeRange, zone: &TimeZone) -> String {
    format!("{} (widened)", range_label(in_minutes(range), zone))
}

/// A range that nobody said to the second.
fn in_minutes(range: TimeRange) -> TimeRange {
    TimeRange {
        start_ns: domain::minute_start(range.start_ns),
        end_ns: domain::minute_start(range.end_ns),
    }
}

/// `2026-11-22 14:00 to 16:00 +01:00`, with the second date where it differs.
fn range_label(range: TimeRange, zone: &TimeZone) -> String {
    let zoned = |at_ns: i64| {
        Timestamp::from_nanosecond(i128::from(at_ns))
            .ok()
            .map(|stamp| stamp.to_zoned(zone.clone()))
    };
    let (Some(start), Some(end)) = (zoned(range.start_ns), zoned(range.end_ns)) else {
        return "all time".to_owned();
    };
    let exact = |zoned: &jiff::Zoned| {
        if zoned.second() == 0 {
            "%H:%M"
        } else {
            "%H:%M:%S"
        }
    };
    let from = start
        .strftime(&format!("%Y-%m-%d {}", exact(&start)))
        .to_string();
    let until_format = if start.date() == end.date() {
        exact(&end).to_owned()
    } else {
        format!("%Y-%m-%d {}", exact(&end))
    };
    let until = end.strftime(&until_format);
    match end.offset().seconds() {
        0 => format!("{from} to {until} UTC"),
        _ => format!("{from} to {until} {}", end.strftime("%:z")),
    }
}
