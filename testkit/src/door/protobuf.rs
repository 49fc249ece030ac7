//! Bodies that are protobuf, written by hand: three messages do not need a generator.
//!
//! Source: grafana/loki `pkg/push/push.proto`; open-telemetry/opentelemetry-proto `logs/v1/logs.proto`, `common/v1/common.proto`;
//! prometheus.io/docs/specs/prw/remote_write_spec.

use super::{Row, groups, severity_number};

/// `PushRequest {streams(1): {labels(1), entries(2): {timestamp(1): {seconds(1), nanos(2)}, line(2), metadata(3): {name(1), value(2)}}}}`.
pub(super) fn loki(rows: &[Row]) -> Vec<u8> {
    let mut request = Message::default();
    for rows in groups(rows, |row| (&row.service, &row.host, row.severity)) {
        let first = rows[0];
        let mut stream = Message::default();
        stream.text(
            1,
            &format!(
                "{{service_name={:?}, host={:?}, level={:?}}}",
                first.service, first.host, first.severity
            ),
        );
        for row in rows {
            let mut time = Message::default();
            time.number(1, (row.timestamp_ns / 1_000_000_000).cast_unsigned());
            time.number(2, (row.timestamp_ns % 1_000_000_000).cast_unsigned());
            let mut entry = Message::default();
            entry.message(1, &time);
            entry.text(2, &row.body);
            let trace_id = row.trace_id.iter().map(|id| ("trace_id", id.as_str()));
            let others = row
                .attributes
                .iter()
                .map(|(key, value)| (key.as_ref(), value.as_str()));
            for (name, value) in trace_id.chain(others) {
                let mut pair = Message::default();
                pair.text(1, name);
                pair.text(2, value);
                entry.message(3, &pair);
            }
            stream.message(2, &entry);
        }
        request.message(1, &stream);
    }
    request.bytes
}

/// `ExportLogsServiceRequest {resource_logs(1): {resource(1): {attributes(1)}, scope_logs(2): {scope(1): {name(1)}, log_records(2)}}}`.
pub(super) fn otlp(rows: &[Row]) -> Vec<u8> {
    let mut request = Message::default();
    for rows in groups(rows, |row| (&row.service, &row.host)) {
        let first = rows[0];
        let mut resource = Message::default();
        resource.message(1, &attribute("service.name", &first.service));
        resource.message(1, &attribute("host.name", &first.host));
        let mut scope = Message::default();
        scope.text(1, "testkit");
        let mut scope_logs = Message::default();
        scope_logs.message(1, &scope);
        for row in rows {
            scope_logs.message(2, &record(row));
        }
        let mut resource_logs = Message::default();
        resource_logs.message(1, &resource);
        resource_logs.message(2, &scope_logs);
        request.message(1, &resource_logs);
    }
    request.bytes
}

/// `WriteRequest {timeseries(1): {labels(1): {name(1), value(2)}, samples(2): {value(1), timestamp(2)}}}`.
pub(super) fn remote_write(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Vec<u8> {
    let mut series = Message::default();
    for (name, value) in labels {
        let mut label = Message::default();
        label.text(1, name);
        label.text(2, value);
        series.message(1, &label);
    }
    for (timestamp_ms, value) in samples {
        let mut sample = Message::default();
        sample.fixed64(1, value.to_bits());
        sample.number(2, timestamp_ms.cast_unsigned());
        series.message(2, &sample);
    }
    let mut request = Message::default();
    request.message(1, &series);
    request.bytes
}

/// `LogRecord {time_unix_nano(1), severity_number(2), severity_text(3), body(5), attributes(6), trace_id(9)}`.
fn record(row: &Row) -> Message {
    let mut record = Message::default();
    record.fixed64(1, row.timestamp_ns.cast_unsigned());
    record.number(2, severity_number(row.severity));
    record.text(3, &row.severity.to_uppercase());
    let mut body = Message::default();
    body.text(1, &row.body);
    record.message(5, &body);
    for (key, value) in &row.attributes {
        record.message(6, &attribute(key, value));
    }
    if let Some(trace_id) = &row.trace_id {
        record.bytes(9, &bytes_of_hex(trace_id));
    }
    record
}

/// `KeyValue {key(1), value(2): {string_value(1)}}`.
fn attribute(key: &str, text: &str) -> Message {
    let mut value = Message::default();
    value.text(1, text);
    let mut pair = Message::default();
    pair.text(1, key);
    pair.message(2, &value);
    pair
}

fn bytes_of_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect()
}

/// A message that is being written. Field numbers are below 16, so that a tag is one byte.
#[derive(Debug, Default)]
struct Message {
    bytes: Vec<u8>,
}

impl Message {
    fn number(&mut self, field: u8, value: u64) {
        self.bytes.push(field << 3);
        self.varint(value);
    }

    fn fixed64(&mut self, field: u8, value: u64) {
        self.bytes.push(field << 3 | 1);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, field: u8, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    fn message(&mut self, field: u8, message: &Self) {
        self.bytes(field, &message.bytes);
    }

    fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.bytes.push(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}
