//! What was understood, in short labels for people.

use domain::{AttributeOp, TimeRange};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Claim, GroupBy, Interpretation, Reading, StatusCode};

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
    /// A trace.
    Trace,
    /// The grouping.
    GroupBy,
    /// How many.
    Limit,
    /// What is searched by meaning.
    Topic,
}

/// One thing that was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chip {
    /// What it is about.
    pub kind: ChipKind,
    /// For people, for example `2026-11-22 14:00 to 16:00 (+01:00)`.
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
    let range = range_label(interpretation.range, zone);
    let label = if interpretation.range_is_default {
        format!("{range}, by default")
    } else {
        range
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
            format!("not {service}"),
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
        let (kind, label) = if term.negated {
            (ChipKind::ExcludedText, format!("not \"{}\"", term.term))
        } else {
            (ChipKind::Text, format!("\"{}\"", term.term))
        };
        push(kind, label, term.term.clone());
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
    for code in &interpretation.status_codes {
        let label = match code {
            StatusCode::Exact(code) => format!("status {code}"),
            StatusCode::Class(class) => format!("status {class}xx"),
        };
        push(ChipKind::Status, label, String::new());
    }
    if let Some(trace) = &interpretation.trace_id {
        push(ChipKind::Trace, format!("trace {trace}"), trace.clone());
    }
    if let Some(group) = interpretation.group_by {
        push(
            ChipKind::GroupBy,
            group_label(group),
            reading.text(Claim::Group),
        );
    }
    if let Some(limit) = interpretation.limit {
        push(
            ChipKind::Limit,
            format!("at most {limit}"),
            reading.text(Claim::Limit),
        );
    }
    if !interpretation.retrieval_text.is_empty() {
        push(
            ChipKind::Topic,
            format!("about: {}", interpretation.retrieval_text),
            interpretation.retrieval_text.clone(),
        );
    }
    chips
}

fn group_label(group: GroupBy) -> String {
    match group {
        GroupBy::Service => "by service".to_owned(),
        GroupBy::Severity => "by severity".to_owned(),
        GroupBy::Template => "by pattern".to_owned(),
        GroupBy::Time(unit) => format!("per {}", domain::format_duration(unit.nanos())),
    }
}

/// `2026-11-22 14:00 to 16:00 (+01:00)`, with the second date where it differs.
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
    format!(
        "{from} to {} ({})",
        end.strftime(&until_format),
        end.strftime("%:z")
    )
}
