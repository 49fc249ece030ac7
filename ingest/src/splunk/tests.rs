use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

const PYTHON: &[u8] = include_bytes!("../../testdata/splunk/python.json");
const NODE: &[u8] = include_bytes!("../../testdata/splunk/node.json");
const WINSTON: &[u8] = include_bytes!("../../testdata/splunk/winston.json");

fn with<T>(read: impl FnOnce(&Context<'_>) -> T) -> T {
    let limits = Limits::default();
    read(&Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits: &limits,
    })
}

fn decode(body: &[u8]) -> Decoded<LogRecord> {
    with(|context| decode_splunk_events(&SplunkDefaults::default(), body, context)).unwrap()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

#[test]
fn the_python_handlers_events_are_lines_with_their_origin_around() {
    let decoded = decode(PYTHON);
    assert_eq!(decoded.rejected, []);
    let first = &decoded.accepted[0];
    assert_eq!(first.body, "disk of web-1 is 91% full");
    assert_eq!(first.service, "shop");
    assert_eq!(first.timestamp_ns, 1_795_506_095_122_015_200);
    let kept = attributes(first);
    assert_eq!(kept["host"], "web-1");
    assert_eq!(kept["index"], "main");
    assert_eq!(decoded.accepted[1].body, "payment failed");
}

#[test]
fn the_node_loggers_message_is_unwrapped_and_its_severity_counts() {
    let decoded = decode(NODE);
    assert_eq!(decoded.rejected, []);
    let [object, text] = decoded.accepted.as_slice() else {
        panic!("{decoded:?}")
    };
    assert_eq!(object.body, "cart opened");
    assert_eq!(
        (object.severity, object.service.as_str()),
        (Severity::Info, "web")
    );
    assert_eq!(object.timestamp_ns, 1_795_506_101_969_000_000);
    assert_eq!(attributes(object)["user"], 7);
    assert_eq!(text.body, "text only");
    assert_eq!(text.severity, Severity::Error);
    let winston = &decode(WINSTON).accepted[0];
    assert_eq!(winston.body, "cart broke");
    assert_eq!(
        (winston.severity, winston.service.as_str()),
        (Severity::Error, "winston")
    );
    assert_eq!(attributes(winston)["meta"]["user"], 7);
}

#[test]
fn a_line_in_an_event_is_read_like_a_line_of_a_log_file() {
    let body = br#"{"time":1795506095,"source":"/var/log/app.log","sourcetype":"app",
        "event":"2026-11-23 14:00:00 ERROR payment failed","fields":{"region":"eu","trace_id":"abc"}}"#;
    let record = &decode(body).accepted[0];
    assert_eq!(record.body, "payment failed");
    assert_eq!(record.severity, Severity::Error);
    assert_eq!(record.service, "app");
    assert_eq!(
        record.timestamp_ns, 1_795_506_095_000_000_000,
        "the collector's time counts"
    );
    assert_eq!(record.trace_id.as_deref(), Some("abc"));
    assert_eq!(attributes(record)["region"], "eu");
    let json = br#"{"event":"{\"level\":\"warn\",\"msg\":\"slow\",\"ms\":7}"}"#;
    let record = &decode(json).accepted[0];
    assert_eq!(
        (record.body.as_str(), record.severity),
        ("slow", Severity::Warn)
    );
    assert_eq!(attributes(record)["ms"], 7);
}

#[test]
fn an_event_that_is_missing_or_blank_names_its_number_and_harms_no_other() {
    let decoded = decode(
        br#"{"event":"one"}{"time":1}{"event":" "}{"event":null}{"event":{"a":1}}{"event":7}"#,
    );
    let rejected: Vec<(usize, &str)> = decoded
        .rejected
        .iter()
        .map(|item| (item.index, item.reason.as_str()))
        .collect();
    assert_eq!(rejected, [(1, NO_EVENT), (2, BLANK_EVENT), (3, NO_EVENT)]);
    let bodies: Vec<&str> = decoded
        .accepted
        .iter()
        .map(|record| &*record.body)
        .collect();
    assert_eq!(bodies, ["one", r#"{"a":1}"#, "7"]);
}

#[test]
fn raw_lines_bear_what_the_address_says() {
    let defaults = SplunkDefaults {
        host: Some("web-1".into()),
        sourcetype: Some("nginx".into()),
        ..SplunkDefaults::default()
    };
    let body = b"ERROR payment failed\nWARN slow\n";
    let decoded = with(|context| decode_splunk_raw(&defaults, body, context)).unwrap();
    assert_eq!(decoded.accepted.len(), 2);
    assert_eq!(decoded.accepted[0].severity, Severity::Error);
    assert_eq!(decoded.accepted[0].service, "nginx");
    assert_eq!(attributes(&decoded.accepted[1])["host"], "web-1");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(at in 0..PYTHON.len(), byte: u8, noise: Vec<u8>, line in ".*") {
        let mut body = PYTHON.to_vec();
        body[at] = byte;
        body.extend_from_slice(&noise);
        decode(&body);
        decode(&noise);
        let event = serde_json::json!({ "event": line, "fields": { "a": line } }).to_string();
        let decoded = decode(event.as_bytes());
        prop_assert_eq!(decoded.accepted.len() + decoded.rejected_count, 1);
        with(|context| decode_splunk_raw(&SplunkDefaults::default(), &noise, context)).ok();
    }
}

#[test]
fn a_field_of_the_line_is_kept_beside_a_nested_one_of_the_same_name() {
    let body = br#"{"event":"level=warn msg=slow user=7 host=db-1","host":"web-1","fields":{"a":{"user":1}}}"#;
    let record = &decode(body).accepted[0];
    assert_eq!(
        (record.body.as_str(), record.severity),
        ("slow", Severity::Warn)
    );
    let kept = attributes(record);
    assert_eq!(
        (&kept["user"], &kept["a"]["user"]),
        (&"7".into(), &1.into())
    );
    assert_eq!(kept["host"], "web-1", "what stands around counts");
}

#[test]
fn an_event_whose_text_is_an_empty_object_is_that_text() {
    let decoded = decode(br#"{"event":"{}"}{"event":" { } "}"#);
    assert_eq!(decoded.rejected, []);
    assert_eq!(decoded.accepted[0].body, "{}");
}

#[test]
fn a_line_of_many_fields_beside_a_large_nested_object_is_read_in_one_pass() {
    // Every field of the line is looked for among the fields around it.
    let own: Vec<String> = (0..900).map(|at| format!(r#""key{at}":1"#)).collect();
    let line = format!("<13>Nov 23 14:00:00 web app: {{{}}}", own.join(","));
    let nested: Vec<String> = (0..40_000)
        .map(|at| format!(r#""key{}":1"#, at % 1_000))
        .collect();
    let line = serde_json::Value::from(line);
    let nested = nested.join(",");
    let body = format!(r#"{{"event":{line},"fields":{{"other":{{{nested}}}}}}}"#).into_bytes();
    let started = std::time::Instant::now();
    let decoded = decode(&body);
    let elapsed = started.elapsed();
    assert_eq!(decoded.accepted.len(), 1, "{:?}", decoded.rejected);
    assert_eq!(attributes(&decoded.accepted[0])["key899"], 1);
    assert!(elapsed < std::time::Duration::from_secs(5), "{elapsed:?}");
}

#[test]
fn an_event_of_escaped_white_space_is_blank() {
    for event in [r#""""#, r#""  ""#, r#""\n\t""#, r#""\u0020\u2003""#] {
        let decoded = decode(format!(r#"{{"event":{event}}}"#).as_bytes());
        assert_eq!(decoded.rejected[0].reason, BLANK_EVENT, "{event}");
    }
}

#[test]
fn what_the_address_says_is_not_repeated_without_end() {
    let defaults = SplunkDefaults {
        source: Some("x".repeat(4_090)),
        ..SplunkDefaults::default()
    };
    let most = 128 * 1024 * 1024 / 4_096;
    let events = |count: usize| {
        let body = r#"{"event":"e"}"#.repeat(count);
        with(|context| decode_splunk_events(&defaults, body.as_bytes(), context))
    };
    let raw = |count: usize| {
        let body = "line\n".repeat(count);
        with(|context| decode_splunk_raw(&defaults, body.as_bytes(), context))
    };
    assert_eq!(events(most).unwrap().accepted.len(), most);
    assert!(matches!(events(most + 1), Err(Error::GrowsTooLarge { .. })));
    assert_eq!(raw(most).unwrap().accepted.len(), most);
    assert!(matches!(raw(most + 1), Err(Error::GrowsTooLarge { .. })));
}
