//! Bodies that are JSON.

use serde_json::{Map, Value, json};

use super::{Row, groups, severity_number};
use crate::rfc3339;

/// One object a line.
pub(super) fn lines(rows: &[Row]) -> Vec<u8> {
    let mut body = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        write(&object(row, "timestamp"), &mut body);
        body.push(b'\n');
    }
    body
}

/// One array.
pub(super) fn array(rows: &[Row]) -> Vec<u8> {
    let rows: Vec<Value> = rows.iter().map(|row| object(row, "timestamp")).collect();
    Value::Array(rows).to_string().into_bytes()
}

/// An action line and a document for each.
pub(super) fn bulk(rows: &[Row]) -> Vec<u8> {
    let mut body = Vec::with_capacity(rows.len() * 450);
    for row in rows {
        body.extend_from_slice(b"{\"create\":{\"_index\":\"logs\"}}\n");
        write(&object(row, "@timestamp"), &mut body);
        body.push(b'\n');
    }
    body
}

/// The row as a flat object.
fn object(row: &Row, time: &str) -> Value {
    let mut fields = Map::new();
    fields.insert(time.to_owned(), rfc3339(row.timestamp_ns).into());
    fields.insert("level".to_owned(), row.severity.into());
    fields.insert("service".to_owned(), text(&row.service));
    fields.insert("host".to_owned(), text(&row.host));
    if let Some(trace_id) = &row.trace_id {
        fields.insert("trace_id".to_owned(), trace_id.as_str().into());
    }
    fields.insert("message".to_owned(), row.body.as_str().into());
    for (key, value) in &row.attributes {
        fields.insert(key.to_string(), value.as_str().into());
    }
    Value::Object(fields)
}

/// A stream for each service, host and level; the rest is structured metadata.
pub(super) fn loki(rows: &[Row]) -> Vec<u8> {
    let streams: Vec<Value> = groups(rows, |row| (&row.service, &row.host, row.severity))
        .into_iter()
        .map(|rows| {
            let first = rows[0];
            let values: Vec<Value> = rows.iter().map(|row| entry(row)).collect();
            json!({
                "stream": { "service_name": first.service, "host": first.host, "level": first.severity },
                "values": values,
            })
        })
        .collect();
    json!({ "streams": streams }).to_string().into_bytes()
}

fn entry(row: &Row) -> Value {
    let mut metadata = Map::new();
    if let Some(trace_id) = &row.trace_id {
        metadata.insert("trace_id".to_owned(), trace_id.as_str().into());
    }
    for (key, value) in &row.attributes {
        metadata.insert(key.to_string(), value.as_str().into());
    }
    let time = row.timestamp_ns.to_string();
    if metadata.is_empty() {
        json!([time, row.body])
    } else {
        json!([time, row.body, metadata])
    }
}

/// A resource for each service and host.
pub(super) fn otlp(rows: &[Row]) -> Vec<u8> {
    let resources: Vec<Value> = groups(rows, |row| (&row.service, &row.host))
        .into_iter()
        .map(|rows| {
            let first = rows[0];
            let records: Vec<Value> = rows.iter().map(|row| record(row)).collect();
            json!({
                "resource": { "attributes": [
                    attribute("service.name", &first.service),
                    attribute("host.name", &first.host),
                ] },
                "scopeLogs": [{ "scope": { "name": "testkit" }, "logRecords": records }],
            })
        })
        .collect();
    json!({ "resourceLogs": resources })
        .to_string()
        .into_bytes()
}

fn record(row: &Row) -> Value {
    let attributes: Vec<Value> = row
        .attributes
        .iter()
        .map(|(key, value)| attribute(key, value))
        .collect();
    let mut record = json!({
        "timeUnixNano": row.timestamp_ns.to_string(),
        "severityNumber": severity_number(row.severity),
        "severityText": row.severity.to_uppercase(),
        "body": { "stringValue": row.body },
        "attributes": attributes,
    });
    if let Some(trace_id) = &row.trace_id {
        record["traceId"] = trace_id.as_str().into();
    }
    record
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Objects one after the other.
pub(super) fn splunk(rows: &[Row]) -> Vec<u8> {
    let mut body = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        let mut fields = Map::new();
        fields.insert("service".to_owned(), text(&row.service));
        fields.insert("level".to_owned(), row.severity.into());
        if let Some(trace_id) = &row.trace_id {
            fields.insert("trace_id".to_owned(), trace_id.as_str().into());
        }
        for (key, value) in &row.attributes {
            fields.insert(key.to_string(), value.as_str().into());
        }
        let (seconds, nanos) = (
            row.timestamp_ns / 1_000_000_000,
            row.timestamp_ns % 1_000_000_000,
        );
        let event = json!({
            "time": format!("{seconds}.{nanos:09}"),
            "host": row.host,
            "event": row.body,
            "fields": fields,
        });
        write(&event, &mut body);
        body.push(b'\n');
    }
    body
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn write(value: &Value, body: &mut Vec<u8>) {
    body.extend_from_slice(value.to_string().as_bytes());
}
