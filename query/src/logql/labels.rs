//! Which labels a record has.
//!
//! A record is in exactly one stream, that of its service and its level. What else is known of it is structured
//! metadata: its attributes, its trace and its span.

use std::collections::BTreeMap;

use domain::{LogRecord, Severity};
use serde_json::Value;

/// Labels by their names.
pub type Labels = BTreeMap<String, String>;

/// The label of a stream that names the service.
pub const SERVICE: &str = "service_name";
/// The label of a stream that names the severity.
pub const LEVEL: &str = "level";
/// Labels that mean the service and nothing else.
pub(super) const SERVICE_NAMES: [&str; 2] = [SERVICE, "service"];
/// Labels that the push door takes for the service when there is no better one, so that they mean the service where
/// there is one of that name.
pub(super) const SERVICE_ALIASES: [&str; 4] = ["app", "application", "job", "container"];
/// Labels that mean the severity.
pub(super) const LEVEL_NAMES: [&str; 3] = [LEVEL, "detected_level", "severity"];
/// Metadata that is no attribute.
pub(super) const TRACE_ID: &str = "trace_id";
pub(super) const SPAN_ID: &str = "span_id";
/// What a label is called whose own name is taken.
const TAKEN_SUFFIX: &str = "_extracted";
/// Objects within objects that are taken apart; deeper ones stay text.
const MAX_DEPTH: usize = 8;
/// Labels of one record or line; what comes after them is left out.
const MAX_LABELS: usize = 1_000;

/// The severity as Loki's clients know it.
#[must_use]
pub fn level_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "unknown",
        other => other.as_str(),
    }
}

/// The severity of a value of a level label: one of ours, or a word of the usual logging libraries.
#[must_use]
pub fn severity_of_level(value: &str) -> Option<Severity> {
    match value {
        "unknown" => Some(Severity::Unspecified),
        word => word.parse().ok(),
    }
}

/// The labels of the stream of a service and a severity.
#[must_use]
pub fn stream_of(service: &str, severity: Severity) -> Labels {
    Labels::from([
        (LEVEL.to_owned(), level_of(severity).to_owned()),
        (SERVICE.to_owned(), service.to_owned()),
    ])
}

/// The record's structured metadata.
#[must_use]
pub fn metadata_of(record: &LogRecord) -> Labels {
    let mut labels = Labels::new();
    if let Some(trace_id) = &record.trace_id {
        labels.insert(TRACE_ID.to_owned(), trace_id.clone());
    }
    if let Some(span_id) = &record.span_id {
        labels.insert(SPAN_ID.to_owned(), span_id.clone());
    }
    if let Ok(Value::Object(fields)) = serde_json::from_str(&record.attributes) {
        for (key, value) in fields {
            flatten(&mut labels, label_name(&key), value, 0, &is_of_stream);
        }
    }
    labels
}

fn is_of_stream(name: &str) -> bool {
    name == SERVICE || name == LEVEL
}

/// Adds a value and what is in it; the name of what is in an object is joined to its own by `_`. A name that is taken
/// gets a suffix.
pub(super) fn flatten(
    labels: &mut Labels,
    name: String,
    value: Value,
    depth: usize,
    is_taken: &dyn Fn(&str) -> bool,
) {
    if labels.len() >= MAX_LABELS {
        return;
    }
    let text = match value {
        Value::Object(fields) if depth < MAX_DEPTH => {
            for (key, value) in fields {
                let inner = format!("{name}_{}", clean(&key));
                flatten(labels, inner, value, depth + 1, is_taken);
            }
            return;
        }
        Value::Null => return,
        Value::String(text) => text,
        other => other.to_string(),
    };
    add(labels, name, text, is_taken);
}

/// Adds one label; the first of a name stays.
pub(super) fn add(
    labels: &mut Labels,
    mut name: String,
    text: String,
    is_taken: &dyn Fn(&str) -> bool,
) {
    if is_taken(&name) {
        name.push_str(TAKEN_SUFFIX);
    }
    if labels.len() < MAX_LABELS {
        labels.entry(name).or_insert(text);
    }
}

/// A key as the name of a label: letters, digits and `_`, and no digit at the beginning.
#[must_use]
pub fn label_name(key: &str) -> String {
    let name = clean(key);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

fn clean(key: &str) -> String {
    key.chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}
