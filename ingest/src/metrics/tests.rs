use domain::ProjectId;

use super::*;
use crate::Limits;

const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn decode(body: &str) -> Decoded<MetricPoint> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    decode_metrics(LogFormat::Auto, body.as_bytes(), &context).expect("within the limits")
}

fn reason(body: &str) -> String {
    let decoded = decode(body);
    assert!(decoded.accepted.is_empty(), "{body}");
    decoded.rejected[0].reason.clone()
}

#[test]
fn a_sample_is_read_with_labels_and_service() {
    let decoded = decode(
        r#"{"name":"http_errors","type":"counter","labels":{"code":"500","pod":3},"service":"checkout","value":12.5,"timestamp":"2026-11-23T13:59:00Z"}"#,
    );
    let point = &decoded.accepted[0];
    assert_eq!(point.name, "http_errors");
    assert_eq!(point.kind, MetricKind::Counter);
    assert_eq!(point.value, 12.5);
    assert_eq!(point.timestamp_ns, NOW_NS - 60_000_000_000);
    assert_eq!(point.labels["code"], "500");
    assert_eq!(point.labels["pod"], "3");
    assert_eq!(point.labels["service"], "checkout");
}

#[test]
fn arrays_and_lines_keep_the_good_samples() {
    let decoded = decode(r#"[{"name":"a","value":1},{"name":"b"},{"name":"c","value":3}]"#);
    assert_eq!(decoded.accepted.len(), 2);
    assert_eq!(decoded.rejected[0].index, 1);
    assert_eq!(decoded.rejected[0].reason, "sample has no value");
    assert_eq!(
        decode("{\"name\":\"a\",\"value\":1}\nnope\n{\"name\":\"b\",\"value\":2}")
            .accepted
            .len(),
        2
    );
}

#[test]
fn only_finite_values_at_believable_times_are_taken() {
    assert_eq!(
        reason(r#"{"name":"a","value":1e400}"#),
        "value '1e400' is not a finite number"
    );
    assert_eq!(
        reason(r#"{"name":"a","value":"NaN"}"#),
        "value 'NaN' is not a finite number"
    );
    assert_eq!(
        reason(r#"{"name":"a","value":"x"}"#),
        "value 'x' is not a number"
    );
    assert_eq!(
        reason(r#"{"name":"a","value":[1]}"#),
        "value is an array, not a number"
    );
    assert_eq!(reason(r#"{"value":1}"#), "sample has no name");
    assert_eq!(
        reason(r#"{"name":"a","value":1,"type":"cube"}"#),
        "type 'cube' is unknown (gauge, counter, delta)"
    );
    assert!(reason(r#"{"name":"a","value":1,"timestamp":"soon"}"#).contains("cannot be read"));
    assert!(
        reason(r#"{"name":"a","value":1,"timestamp":"9999-01-01T00:00:00Z"}"#)
            .contains("a day after arrival")
    );
    assert_eq!(
        decode(r#"{"name":"a","value":"2.5"}"#).accepted[0].value,
        2.5
    );
}

#[test]
fn label_and_name_limits_are_named_with_their_values() {
    let labels: Vec<String> = (0..65).map(|n| format!("\"l{n}\":\"x\"")).collect();
    let body = |count: usize| {
        format!(
            r#"{{"name":"a","value":1,"labels":{{{}}}}}"#,
            labels[..count].join(",")
        )
    };
    assert_eq!(decode(&body(64)).accepted.len(), 1);
    assert_eq!(reason(&body(65)), "sample has 65 labels, limit is 64");
    let name = |length: usize| format!(r#"{{"name":"{}","value":1}}"#, "é".repeat(length));
    assert_eq!(decode(&name(256)).accepted.len(), 1);
    assert_eq!(reason(&name(257)), "name is 257 characters, limit is 256");
    let long = format!(
        r#"{{"name":"a","value":1,"labels":{{"l":"{}"}}}}"#,
        "x".repeat(65_536)
    );
    assert_eq!(reason(&long), "label 'l' is 65536 bytes, limit is 1024");
}

#[test]
fn a_label_is_measured_as_it_is_stored() {
    let value = "\\u0000".repeat(400);
    let body = format!(r#"{{"name":"m","value":1,"labels":{{"a":"{value}"}}}}"#);
    assert_eq!(reason(&body), "label 'a' is 1200 bytes, limit is 1024");
}
