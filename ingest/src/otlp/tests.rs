mod metrics;
mod spans;

use domain::{LogRecord, ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::{Decoded, Limits};

/// 2026-11-24T08:00:00Z, a moment after the bodies were captured.
const NOW_NS: i64 = 1_795_507_200_000_000_000;

/// Requests of the real clients, `official_*` made with the official definitions.
macro_rules! client {
    ($name:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/testdata/otlp/",
            $name
        ))
    };
}
use client;

fn with_context<T>(run: impl FnOnce(&Context<'_>) -> T) -> T {
    let limits = Limits::default();
    run(&Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    })
}

fn logs(format: OtlpFormat, body: &[u8]) -> Decoded<LogRecord> {
    with_context(|context| decode_otlp_logs(format, body, context)).unwrap()
}

fn json_logs(records: &str) -> Decoded<LogRecord> {
    let body = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}],"resource":{{"attributes":[
            {{"key":"service.name","value":{{"stringValue":"shop"}}}},{{"key":"zone","value":{{"stringValue":"b"}}}}]}}}}]}}"#
    );
    logs(OtlpFormat::Json, body.as_bytes())
}

fn one(record: &str) -> LogRecord {
    let decoded = json_logs(record);
    assert_eq!(decoded.rejected, [], "{record}");
    decoded.accepted.into_iter().next().unwrap()
}

#[test]
fn the_logs_of_the_python_sdk_arrive_whole() {
    let decoded = logs(OtlpFormat::Protobuf, client!("python_logs.pb"));
    assert_eq!(decoded.rejected, []);
    let [refused, paid, slow] = decoded.accepted.as_slice() else {
        panic!("{:?}", decoded.accepted);
    };
    assert_eq!(refused.body, "card refused by acquirer");
    assert_eq!(refused.severity, Severity::Error);
    assert_eq!(refused.service, "checkout");
    assert_eq!(refused.trace_id.as_ref().unwrap().len(), 32);
    assert_eq!(refused.span_id.as_ref().unwrap().len(), 16);
    assert!(refused.timestamp_ns < NOW_NS && refused.timestamp_ns > NOW_NS - 3_600_000_000_000);
    let attributes: serde_json::Value = serde_json::from_str(&refused.attributes).unwrap();
    assert_eq!(attributes["order.id"], 4711);
    assert_eq!(attributes["amount"], 19.99);
    assert_eq!(attributes["retry"], true);
    assert_eq!(attributes["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(attributes["deployment.environment"], "test");
    assert_eq!(attributes["otel.scope.name"], "shop.payments");
    assert_eq!(attributes["otel.scope.version"], "1.2.0");
    assert!(attributes.get("service.name").is_none());
    assert_eq!(paid.body, r#"{"event":"paid","items":[1,2.5,null,"AQI="]}"#);
    let attributes: serde_json::Value = serde_json::from_str(&paid.attributes).unwrap();
    assert_eq!(attributes["event.name"], "payment.done");
    assert_eq!(attributes["deployment.environment"], "other");
    assert_eq!(attributes["resource.deployment.environment"], "test");
    assert_eq!(slow.body, "slow answer of 812 ms");
    assert_eq!(slow.severity, Severity::Warn);
}

#[test]
fn the_logs_of_the_javascript_sdk_arrive_whole() {
    let decoded = logs(OtlpFormat::Json, client!("javascript_logs.json"));
    let record = &decoded.accepted[0];
    assert_eq!(record.body, "cart took 812 ms");
    assert_eq!(record.service, "web");
    assert_eq!(record.severity, Severity::Warn);
    assert_eq!(record.timestamp_ns, 1_795_506_261_126_000_000);
    assert_eq!(
        record.trace_id.as_deref(),
        Some("848950cc2897bd589f4012665ebf23d2")
    );
    assert_eq!(record.span_id.as_deref(), Some("e2a03474006eefc0"));
    assert_eq!(
        record.attributes,
        r#"{"route":"/cart","ms":812,"ratio":0.5,"ok":false,"list":["x",1],"obj":{"a":1},"otel.scope.name":"web","host.name":"web-1"}"#
    );
}

#[test]
fn compressed_requests_hold_the_same() {
    let limits = Limits::default();
    let body = client!("python_logs.pb.gz");
    let plain = crate::decompress(crate::Encoding::Gzip, body, &limits).unwrap();
    assert_eq!(logs(OtlpFormat::Protobuf, &plain).accepted.len(), 3);
}

#[test]
fn one_broken_record_costs_no_neighbour_in_json() {
    let deep = "{\"arrayValue\":{\"values\":[".repeat(40) + &"]}}".repeat(40);
    let decoded = json_logs(&format!(
        r#"{{"body":{{"stringValue":"one"}}}},{{"body":{{"stringValue":7}}}},{{"body":{deep}}},{{}},{{"body" "x"}},{{"body":{{"stringValue":"two \ud800 \u0000"}}}}"#
    ));
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| record.body.as_str())
        .collect();
    assert_eq!(bodies, ["one", "two \u{fffd} \u{fffd}"]);
    assert_eq!(decoded.positions.of(1), 5);
    let indexes: Vec<usize> = decoded.rejected.iter().map(|item| item.index).collect();
    assert_eq!(indexes, [1, 2, 3, 4]);
    assert!(
        decoded.rejected[1].reason.contains("deeper"),
        "{}",
        decoded.rejected[1].reason
    );
}

/// A field of bytes with a number below 16.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    assert!(length < 128);
    [&[number << 3 | 2, length][..], bytes].concat()
}

#[test]
fn one_broken_record_costs_no_neighbour_in_protobuf() {
    let good = field(2, &field(5, &field(1, b"good")));
    let not_utf8 = field(2, &field(5, &field(1, b"bad \xff text")));
    let torn = field(2, b"\x2a\x70abc");
    let scope = field(2, &[good.clone(), torn, not_utf8, good].concat());
    let decoded = logs(OtlpFormat::Protobuf, &field(1, &scope));
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| record.body.as_str())
        .collect();
    assert_eq!(bodies, ["good", "bad \u{fffd} text", "good"]);
    assert_eq!(decoded.rejected_count, 1);
    assert_eq!(decoded.rejected[0].index, 1);
    // Torn in the levels above, records cannot be found.
    let torn =
        with_context(|context| decode_otlp_logs(OtlpFormat::Protobuf, b"\x0a\x20abc", context));
    assert!(matches!(torn, Err(Error::Malformed { .. })), "{torn:?}");
}

#[test]
fn severity_is_the_number_else_the_text_else_what_the_body_shows() {
    let severity = |fields: &str, body: &str| {
        one(&format!(r#"{{{fields}"body":{{"stringValue":"{body}"}}}}"#)).severity
    };
    assert_eq!(
        severity(r#""severityNumber":17,"severityText":"info","#, "m"),
        Severity::Error
    );
    assert_eq!(
        severity(r#""severityNumber":"SEVERITY_NUMBER_WARN2","#, "m"),
        Severity::Warn
    );
    assert_eq!(
        severity(r#""severityNumber":0,"severityText":"Critical","#, "m"),
        Severity::Fatal
    );
    assert_eq!(severity("", "ERROR it broke"), Severity::Error);
    assert_eq!(severity("", "all is well"), Severity::Unspecified);
    let record = one(r#"{"severityText":"odd","body":{"stringValue":"m"}}"#);
    assert_eq!(record.attributes, r#"{"severity_text":"odd","zone":"b"}"#);
}

#[test]
fn time_is_that_of_the_event_else_of_its_observation_else_of_arrival() {
    let at = |fields: &str| one(&format!(r#"{{{fields}"body":{{"stringValue":"m"}}}}"#));
    let observed = r#""observedTimeUnixNano":"1795507100000000000","#;
    let record = at(&format!(
        r#"{observed}"timeUnixNano":"1795507000000000000","#
    ));
    assert_eq!(record.timestamp_ns, 1_795_507_000_000_000_000);
    assert_eq!(at(observed).timestamp_ns, 1_795_507_100_000_000_000);
    assert_eq!(at("").timestamp_ns, NOW_NS);
    let record = at(r#""timeUnixNano":"18446744073709551615","#);
    assert_eq!(record.timestamp_ns, NOW_NS);
    assert!(
        record
            .attributes
            .contains(r#""vigil.original_timestamp":"18446744073709551615""#)
    );
}

#[test]
fn ids_of_zeros_are_none_and_a_record_without_a_body_shows_what_it_has() {
    let record = one(
        r#"{"traceId":"00000000000000000000000000000000","spanId":"","attributes":[{"key":"a","value":{"intValue":"9007199254740993"}},
            {"key":"a","value":{"intValue":"2"}},{"key":"n"},{"key":"big","value":{"doubleValue":"Infinity"}}]}"#,
    );
    assert_eq!((record.trace_id, record.span_id), (None, None));
    assert_eq!(record.body, r#"{"a":2,"n":null,"big":"Infinity"}"#);
    assert_eq!(one(r#"{"eventName":"login"}"#).body, "login");
    let number = one(r#"{"body":{"intValue":"9007199254740993"}}"#);
    assert_eq!(number.body, "9007199254740993");
}

#[test]
fn without_a_service_name_the_scope_gives_its_own() {
    let body = br#"{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"lib"},"logRecords":[{"body":{"stringValue":"m"}}]}]}]}"#;
    assert_eq!(logs(OtlpFormat::Json, body).accepted[0].service, "lib");
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: Some("told".into()),
        limits: &limits,
    };
    let decoded = decode_otlp_logs(OtlpFormat::Json, body, &context).unwrap();
    assert_eq!(decoded.accepted[0].service, "told");
}

#[test]
fn empty_requests_are_no_error() {
    for (format, body) in [
        (OtlpFormat::Protobuf, &b""[..]),
        (OtlpFormat::Json, b""),
        (OtlpFormat::Json, b"{}"),
        (OtlpFormat::Json, br#"{"resourceLogs":[]}"#),
    ] {
        assert_eq!(logs(format, body), Decoded::new());
    }
}

#[test]
fn the_limits_are_those_of_every_way_in() {
    let attribute = r#"{"key":"KEY","value":{"boolValue":true}}"#;
    let many: Vec<String> = (0..1_000)
        .map(|at| attribute.replace("KEY", &format!("k{at}")))
        .collect();
    let decoded = json_logs(&format!(
        r#"{{"body":{{"stringValue":"m"}},"attributes":[{}]}}"#,
        many.join(",")
    ));
    assert_eq!(
        decoded.rejected[0].reason,
        "record has 1001 attributes, limit is 1000"
    );
    let large = "x".repeat(1024 * 1024);
    let decoded = json_logs(&format!(r#"{{"body":{{"stringValue":"{large}"}}}}"#));
    assert!(decoded.rejected[0].reason.contains("limit is 1048576"));
    // A megabyte that all records share must not be stored a hundred thousand times.
    let records = vec![r#"{"body":{"stringValue":"m"}}"#; 200].join(",");
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"a","value":{{"stringValue":"{}"}}}}]}},"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#,
        "x".repeat(1_000_000)
    );
    let refused =
        with_context(|context| decode_otlp_logs(OtlpFormat::Json, body.as_bytes(), context));
    assert!(matches!(refused, Err(Error::GrowsTooLarge { .. })));
    let body = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#,
        vec!["{}"; 100_001].join(",")
    );
    let refused =
        with_context(|context| decode_otlp_logs(OtlpFormat::Json, body.as_bytes(), context));
    assert!(matches!(
        refused,
        Err(Error::TooManyRecords { limit: 100_000 })
    ));
}

proptest! {
    #[test]
    fn no_body_panics(flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>(), which in 0..5_usize) {
        let (format, body): (_, &[u8]) = [
            (OtlpFormat::Protobuf, &client!("python_logs.pb")[..]),
            (OtlpFormat::Json, client!("javascript_logs.json")),
            (OtlpFormat::Protobuf, client!("python_traces.pb")),
            (OtlpFormat::Protobuf, client!("official_metrics.pb")),
            (OtlpFormat::Json, client!("javascript_metrics.json")),
        ][which];
        let mut body = body.to_vec();
        for (at, byte) in flips {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(cut.index(body.len()) + 1);
        with_context(|context| {
            decode_otlp_logs(format, &body, context).ok();
            decode_otlp_metrics(format, &body, context).ok();
            decode_otlp_traces(format, &body, context).ok();
        });
    }
}

#[test]
fn an_element_that_is_no_message_costs_no_neighbour() {
    let decoded =
        json_logs(r#"{"body":{"stringValue":"one"}},7,"x",{"body":{"stringValue":"two"}}"#);
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| &*record.body)
        .collect();
    assert_eq!(bodies, ["one", "two"]);
    assert_eq!(decoded.rejected_count, 2);
    assert_eq!(decoded.rejected[0].reason, "'7' is not a message");
    // In protobuf a record and a resource that are numbers.
    let good = field(2, &field(5, &field(1, b"good")));
    let scope = field(2, &[&good[..], b"\x10\x07", &good].concat());
    let decoded = logs(OtlpFormat::Protobuf, &field(1, &scope));
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (2, 1));
    let odd = field(1, &[b"\x08\x07", &field(2, &good)[..]].concat());
    let decoded = logs(
        OtlpFormat::Protobuf,
        &[odd, field(1, &field(2, &good))].concat(),
    );
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (1, 1));
}

#[test]
fn what_items_share_is_bounded_like_a_record() {
    let read = |resource: &str, scope: &str| {
        let body = format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{resource}]}},"scopeLogs":[{{"scope":{{"attributes":[{scope}]}},"logRecords":[{{"body":{{"stringValue":"m"}}}}]}}]}}]}}"#
        );
        let decoded = logs(OtlpFormat::Json, body.as_bytes());
        assert_eq!(decoded.rejected_count, 1);
        decoded.rejected.into_iter().next().unwrap().reason
    };
    let large = format!(r#"{{"key":"{}"}}"#, "k".repeat(1024 * 1024));
    assert!(
        read(&large, "").starts_with("resource is 1048"),
        "{}",
        read(&large, "")
    );
    assert!(read("", &large).starts_with("scope is 1048"));
    let many = vec!["{}"; 10_000].join(",");
    assert_eq!(
        read(&many, ""),
        "record has 10000 attributes, limit is 1000"
    );
    assert_eq!(
        read("", &many),
        "record has 10000 attributes, limit is 1000"
    );
    let decoded = json_logs(&format!(
        r#"{{"body":{{"stringValue":"m"}},"attributes":[{many}]}}"#
    ));
    assert_eq!(
        decoded.rejected[0].reason,
        "record has 10000 attributes, limit is 1000"
    );
}

#[test]
fn no_name_comes_twice_among_attributes() {
    let attribute = |key: &str, value: &str| {
        format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
    };
    let list = |pairs: &[(&str, &str)]| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| attribute(key, value))
            .collect();
        pairs.join(",")
    };
    let body = format!(
        r#"{{"resourceLogs":[{{"resource":{{"attributes":[{}]}},"scopeLogs":[{{"scope":{{"name":"lib","attributes":[{}]}},"logRecords":[{{"body":{{"stringValue":"m"}},"attributes":[{}]}}]}}]}}]}}"#,
        list(&[("zone", "r"), ("scope.zone", "r2"), ("resource.zone", "r3")]),
        list(&[("otel.scope.name", "own"), ("zone", "s")]),
        list(&[("zone", "1"), ("resource.resource.zone", "2")]),
    );
    let decoded = logs(OtlpFormat::Json, body.as_bytes());
    insta::assert_snapshot!(decoded.accepted[0].attributes.replace(",\"", "\n\""), @r#"
    {"zone":"1"
    "resource.resource.zone":"2"
    "otel.scope.name":"lib"
    "scope.otel.scope.name":"own"
    "scope.scope.zone":"s"
    "resource.resource.resource.zone":"r"
    "scope.zone":"r2"
    "resource.zone":"r3"}
    "#);
}

#[test]
fn a_mark_of_byte_order_is_no_part_of_a_json_body() {
    let body = client!("javascript_logs.json");
    let marked = [&b"\xef\xbb\xbf"[..], body].concat();
    assert_eq!(
        logs(OtlpFormat::Json, &marked),
        logs(OtlpFormat::Json, body)
    );
    assert_eq!(logs(OtlpFormat::Json, b"\xef\xbb\xbf"), Decoded::new());
}
