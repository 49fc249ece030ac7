//! What must be true of whatever a door lets in, whoever sent it.

use std::collections::HashSet;

use domain::{ErrorKind, LogRecord};
use ingest::Error;

use crate::doors::{Door, Kept, NOW_NS, Outcome, limits};

/// Reads a body and checks what came of it.
pub fn check(door: &Door, body: &[u8]) -> Result<Outcome, Error> {
    let read = (door.decode)(body);
    match &read {
        Ok(outcome) => check_outcome(door.name, outcome),
        Err(error) => {
            let kind = error.kind();
            let is_told = matches!(kind, ErrorKind::BadRequest | ErrorKind::TooLarge);
            assert!(
                is_told && error.to_string().len() < 1_000,
                "{}: {error}",
                door.name
            );
        }
    }
    read
}

fn check_outcome(door: &str, outcome: &Outcome) {
    let limits = limits();
    let listed = outcome.rejected_count.min(limits.listed_rejections);
    assert_eq!(
        outcome.rejected.len(),
        listed,
        "{door}: not all rejections are listed"
    );
    let positions: HashSet<usize> = outcome.positions.iter().copied().collect();
    let mut indexes = HashSet::new();
    for rejected in &outcome.rejected {
        let (index, reason) = (rejected.index, &rejected.reason);
        assert!(
            !reason.is_empty() && reason.len() < 1_000,
            "{door}: {reason}"
        );
        assert!(
            !positions.contains(&index),
            "{door}: {index} is both accepted and rejected: {reason}"
        );
        assert!(
            indexes.insert(index),
            "{door}: {index} is rejected twice: {reason}"
        );
    }
    for kept in &outcome.kept {
        check_kept(door, kept);
    }
}

fn check_kept(door: &str, kept: &Kept) {
    let limits = limits();
    let is_believed = |at_ns: i64| at_ns == NOW_NS || limits.is_plausible(at_ns, NOW_NS);
    match kept {
        Kept::Log(record) => {
            check_log(door, record);
            assert!(is_believed(record.timestamp_ns), "{door}: {record:?}");
        }
        Kept::Point(point) => {
            let name = &point.name;
            let length = name.chars().count();
            assert!(
                (1..=limits.metric_name_chars).contains(&length),
                "{door}: name '{name}'"
            );
            assert!(!name.chars().any(char::is_control), "{door}: name '{name}'");
            assert!(
                point.value.is_finite() && is_believed(point.timestamp_ns),
                "{door}: {point:?}"
            );
            assert!(
                point.labels.len() <= limits.metric_labels,
                "{door}: {} labels",
                point.labels.len()
            );
            for (key, value) in &point.labels {
                assert!(
                    key.len().max(value.len()) <= limits.metric_label_bytes,
                    "{door}: {key}={value}"
                );
                check_text(door, key);
                check_text(door, value);
            }
        }
        Kept::Span(span) => {
            assert!(
                is_believed(span.start_ns) && span.start_ns <= span.end_ns,
                "{door}: {span:?}"
            );
            check_service(door, &span.service);
            assert!(!span.name.is_empty(), "{door}: a span without a name");
            for text in [&span.name, &span.status_message] {
                check_text(door, text);
            }
            for json in [&span.attributes, &span.events, &span.links] {
                check_json(door, json);
            }
        }
        Kept::Event(event) => {
            assert!(is_believed(event.timestamp_ns), "{door}: {event:?}");
            event
                .service
                .iter()
                .for_each(|service| check_service(door, service));
            assert!(
                event.title.len() <= limits.event_title_bytes,
                "{door}: {}",
                event.title
            );
            check_text(door, &event.title);
            check_text(door, event.kind.as_str());
            check_json(door, &event.attributes);
        }
    }
}

fn check_log(door: &str, record: &LogRecord) {
    assert_eq!(record.observed_at_ns, NOW_NS, "{door}");
    check_service(door, &record.service);
    check_text(door, &record.body);
    assert!(
        record.body.len() <= limits().record_bytes,
        "{door}: a body of {}",
        record.body.len()
    );
    check_json(door, &record.attributes);
    for id in [&record.trace_id, &record.span_id].into_iter().flatten() {
        check_text(door, id);
        assert!(
            (1..=limits().trace_id_bytes).contains(&id.len()),
            "{door}: id '{id}'"
        );
    }
}

fn check_service(door: &str, service: &str) {
    assert!(
        (1..=limits().service_bytes).contains(&service.len()),
        "{door}: service '{service}'"
    );
    assert!(
        !service.chars().any(char::is_control),
        "{door}: service {service:?}"
    );
}

/// No database takes NUL.
fn check_text(door: &str, text: &str) {
    assert!(!text.contains('\0'), "{door}: NUL in {text:?}");
}

/// JSON that every database takes: small, flat enough, no number beyond a float, no NUL, and no key twice.
fn check_json(door: &str, json: &str) {
    if json.is_empty() {
        return;
    }
    let shown = &json[..json.floor_char_boundary(500)];
    assert!(
        json.len() <= limits().record_bytes,
        "{door}: {} bytes of {shown}",
        json.len()
    );
    let value: serde_json::Value =
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{door}: {error} in {shown}"));
    assert!(!holds_nul(&value), "{door}: NUL in {shown}");
    let (keys, deepest) = walk(json);
    assert!(
        deepest <= limits().depth,
        "{door}: {deepest} levels in {shown}"
    );
    if let Some(object) = value.as_object() {
        assert_eq!(object.len(), keys, "{door}: a key comes twice in {shown}");
    }
}

fn holds_nul(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(holds_nul),
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// How many members the outermost object has, and how deep the text nests. It is known to be JSON.
fn walk(json: &str) -> (usize, usize) {
    let (mut members, mut depth, mut deepest) = (0, 0_usize, 0);
    let (mut is_in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_in_text => is_escaped = true,
            b'"' => is_in_text = !is_in_text,
            _ if is_in_text => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth -= 1,
            b':' if depth == 1 => members += 1,
            _ => {}
        }
    }
    (members, deepest)
}
