//! A minute of a story as bodies of requests.

use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND, format_timestamp};
use serde_json::{Value, json};

use super::play::{Calls, Minute};
use super::random::Random;

/// Requests between two services whose spans are sent in a minute; of more, an even part.
const SPANS: u64 = 12;

/// `17:20:05` of an instant.
pub(super) fn clock(at_ns: i64) -> String {
    let text = format_timestamp(at_ns);
    text.get(11..19).unwrap_or_default().to_owned()
}

/// The log lines of some parts of a minute, one JSON object a line.
pub(super) fn lines(
    minute: &Minute,
    start_ns: i64,
    (from, to): (u64, u64),
    parts: u64,
    random: &mut Random,
) -> Vec<Vec<u8>> {
    let part_ns = (NANOS_PER_MINUTE / parts as i64).unsigned_abs();
    let mut all = Vec::new();
    for lines in &minute.lines {
        for part in from..to {
            let count = lines.count * (part + 1) / parts - lines.count * part / parts;
            for _ in 0..count {
                let into_ns = part * part_ns + random.below(part_ns);
                let mut message = lines.template.clone();
                while message.contains("<*>") {
                    message = message.replacen("<*>", &random.below(100_000).to_string(), 1);
                }
                let record = json!({
                    "timestamp": format_timestamp(start_ns + into_ns as i64),
                    "level": lines.severity,
                    "service": lines.service,
                    "message": message,
                });
                let mut line = record.to_string().into_bytes();
                line.push(b'\n');
                all.push(line);
            }
        }
    }
    all
}

/// Gauges and mean times of requests.
pub(super) fn metrics(minute: &Minute, start_ns: i64) -> Value {
    let gauge = |service: &str, name: &str, value: f64| {
        json!({
            "name": name,
            "type": "gauge",
            "labels": { "service": service },
            "value": value,
            "timestamp": format_timestamp(start_ns),
        })
    };
    let gauges = minute.gauges.iter();
    let samples = gauges.map(|g| gauge(&g.service, g.name, g.value));
    Value::Array(samples.collect())
}

/// Change events.
pub(super) fn events(minute: &Minute, start_ns: i64) -> Vec<Value> {
    let changes = minute.changes.iter();
    let event = changes.map(|change| {
        json!({
            "type": change.kind,
            "service": change.service,
            "title": change.title,
            "timestamp": format_timestamp(start_ns),
        })
    });
    event.collect()
}

/// Requests between services as OTLP spans: the caller's and the one of whoever works.
pub(super) fn spans(minute: &Minute, start_ns: i64, random: &mut Random) -> Value {
    let mut resources = Vec::new();
    for calls in &minute.calls {
        let sent = calls.count.min(SPANS);
        let (mut theirs, mut own) = (Vec::new(), Vec::new());
        for number in 0..sent {
            // Spread evenly, so that the share of errors stays.
            let upto = |n: u64| calls.errors * n / calls.count.max(1);
            let place = number * calls.count / sent;
            let next = (number + 1) * calls.count / sent;
            let has_failed = random.below((next - place).max(1)) < upto(next) - upto(place);
            let trace = format!("{:016x}{:016x}", random.draw(), random.draw());
            let at_ns = start_ns + random.below(50_000_000_000) as i64;
            let parent = calls
                .caller
                .is_some()
                .then(|| format!("{:016x}", random.draw() | 1));
            if let Some(parent) = &parent {
                theirs.push(span(calls, (&trace, parent, None), at_ns, has_failed));
            }
            let id = format!("{:016x}", random.draw() | 1);
            let ids = (trace.as_str(), id.as_str(), parent.as_deref());
            own.push(span(calls, ids, at_ns, has_failed));
        }
        if let Some(caller) = &calls.caller {
            resources.push(resource(caller, theirs));
        }
        resources.push(resource(&calls.callee, own));
    }
    json!({ "resourceSpans": resources })
}

fn resource(service: &str, spans: Vec<Value>) -> Value {
    json!({
        "resource": { "attributes": [
            { "key": "service.name", "value": { "stringValue": service } },
        ] },
        "scopeSpans": [{ "spans": spans }],
    })
}

/// One span; without a parent of a caller's side (kinds 3 and 4), else of the working side (2 and 5).
fn span(
    calls: &Calls,
    (trace, id, parent): (&str, &str, Option<&str>),
    at_ns: i64,
    has_failed: bool,
) -> Value {
    let is_working = parent.is_some() || calls.caller.is_none();
    let kind = match (is_working, calls.is_message) {
        (true, false) => 2,
        (true, true) => 5,
        (false, false) => 3,
        (false, true) => 4,
    };
    let took_ns = (calls.mean_seconds * NANOS_PER_SECOND as f64).max(1.0) as i64;
    json!({
        "traceId": trace,
        "spanId": id,
        "parentSpanId": parent.unwrap_or_default(),
        "name": if calls.is_message { "message" } else { "request" },
        "kind": kind,
        "startTimeUnixNano": at_ns.to_string(),
        "endTimeUnixNano": (at_ns + took_ns).to_string(),
        "status": { "code": if has_failed { 2 } else { 1 } },
    })
}
