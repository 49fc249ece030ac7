use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::{Encoding, Limits, decompress};

const PYTHON: &[u8] = include_bytes!("../../testdata/datadog/python.json");
const PYTHON_ZLIB: &[u8] = include_bytes!("../../testdata/datadog/python.json.zz");

fn decode(defaults: &[(&str, &str)], body: &[u8]) -> Decoded<LogRecord> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits: &limits,
    };
    let defaults: Vec<(String, String)> = defaults
        .iter()
        .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
        .collect();
    decode_datadog(&defaults, body, &context).unwrap()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

#[test]
fn the_python_clients_record_has_its_status_tags_and_the_time_of_its_line() {
    let unpacked = decompress(Encoding::Deflate, PYTHON_ZLIB, &Limits::default()).unwrap();
    for body in [PYTHON, &unpacked] {
        let decoded = decode(&[], body);
        let record = &decoded.accepted[0];
        assert_eq!(record.body, "[pool-1] hello from datadog");
        assert_eq!(
            (record.severity, record.service.as_str()),
            (Severity::Warn, "payment")
        );
        assert_eq!(record.timestamp_ns, 1_795_463_881_000_000_000);
        let kept = attributes(record);
        assert_eq!(kept["env"], "staging");
        assert_eq!(kept["version"], "5.1");
        assert_eq!(kept["ddsource"], "nginx");
        assert_eq!(kept["hostname"], "i-012345678");
        assert!(kept.get("ddtags").is_none());
    }
}

#[test]
fn the_address_fills_what_the_record_does_not_say() {
    // As npm's datadog-winston sends it: one object, its origin in the address.
    let defaults = [
        ("service", "shop"),
        ("ddsource", "nodejs"),
        ("ddtags", "env:prod,canary,env:again"),
    ];
    let decoded = decode(
        &defaults,
        br#"{"level":"error","message":"cart broke","user":7}"#,
    );
    let record = &decoded.accepted[0];
    assert_eq!(
        (record.severity, record.service.as_str()),
        (Severity::Error, "shop")
    );
    let kept = attributes(record);
    assert_eq!(kept["user"], 7);
    assert_eq!(kept["ddsource"], "nodejs");
    assert_eq!(kept["env"], "prod");
    assert_eq!(kept["ddtags"], "canary,env:again");
}

#[test]
fn a_message_that_is_json_and_a_timestamp_in_milliseconds_are_read() {
    let body = br#"[{"message":"{\"msg\":\"slow\",\"dd.trace_id\":\"77\"}","timestamp":1795506095122,"status":"ok","ddsource":"go"},
        17,{"message":"plain","status":"404"}]"#;
    let decoded = decode(&[], body);
    assert_eq!(decoded.rejected[0].index, 1);
    let first = &decoded.accepted[0];
    assert_eq!(first.body, "slow");
    assert_eq!(first.timestamp_ns, 1_795_506_095_122_000_000);
    assert_eq!(first.trace_id.as_deref(), Some("77"));
    assert_eq!(first.service, "go");
    assert_eq!(attributes(&decoded.accepted[1])["status"], "404");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(at in 0..PYTHON.len(), byte: u8, noise: Vec<u8>, tags in ".*") {
        let mut body = PYTHON.to_vec();
        body[at] = byte;
        decode(&[], &body);
        decode(&[], &noise);
        let record = serde_json::json!({ "message": tags, "ddtags": tags }).to_string();
        let decoded = decode(&[("ddtags", &tags)], record.as_bytes());
        prop_assert_eq!(decoded.accepted.len(), 1);
        let kept: Result<serde_json::Value, _> = serde_json::from_str(&decoded.accepted[0].attributes);
        prop_assert!(kept.is_ok() || decoded.accepted[0].attributes.is_empty());
    }
}

#[test]
fn what_the_address_says_is_not_repeated_without_end() {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits: &limits,
    };
    let read = |records: usize| {
        let body = format!("[{}]", vec![r#"{"message":"m"}"#; records].join(","));
        let defaults = [("ddsource".to_owned(), "x".repeat(4_088))];
        decode_datadog(&defaults, body.as_bytes(), &context)
    };
    let most = 128 * 1024 * 1024 / 4_096;
    assert_eq!(read(most).unwrap().accepted.len(), most);
    assert!(matches!(read(most + 1), Err(Error::GrowsTooLarge { .. })));
}

#[test]
fn of_tags_with_the_same_name_the_first_is_an_attribute() {
    let decoded = decode(&[], br#"{"message":"m","ddtags":"a:1,b:2,a:3,plain"}"#);
    let kept = attributes(&decoded.accepted[0]);
    assert_eq!((&kept["a"], &kept["b"]), (&"1".into(), &"2".into()));
    assert_eq!(kept["ddtags"], "a:3,plain");
}
