use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

/// 2026-11-23T14:00:00Z.
const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn decode_as(format: LogFormat, body: &[u8]) -> Decoded<LogRecord> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    decode_logs(format, body, &context).expect("within the limits")
}

fn decode(body: &str) -> Decoded<LogRecord> {
    decode_as(LogFormat::Auto, body.as_bytes())
}

fn one(body: &str) -> LogRecord {
    let decoded = decode(body);
    assert_eq!(decoded.rejected, [], "{body}");
    assert_eq!(decoded.accepted.len(), 1, "{body}");
    decoded.accepted.into_iter().next().expect("there is one")
}

fn reason(body: &str) -> String {
    let decoded = decode(body);
    assert!(decoded.accepted.is_empty(), "{body}");
    decoded.rejected[0].reason.clone()
}

#[test]
fn the_named_fields_are_taken_and_the_rest_become_attributes() {
    let record = one(
        r#"{"timestamp":"2026-11-23T13:59:00.5Z","severity":"error","service":"checkout","message":"card refused",
            "trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736","span_id":"00f067aa0ba902b7",
            "order":{"id": 7, "items": [1, 2]},"ok":false,"nothing":null}"#,
    );
    assert_eq!(record.timestamp_ns, NOW_NS - 59_500_000_000);
    assert_eq!(record.observed_at_ns, NOW_NS);
    assert_eq!(record.severity, Severity::Error);
    assert_eq!(record.service, "checkout");
    assert_eq!(record.body, "card refused");
    assert_eq!(
        record.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(record.span_id.as_deref(), Some("00f067aa0ba902b7"));
    assert_eq!(
        record.attributes,
        r#"{"order":{"id":7,"items":[1,2]},"ok":false,"nothing":null}"#
    );
}

#[test]
fn aliases_are_read_and_the_first_of_a_rank_wins() {
    let record = one(
        r#"{"ts":1795442340.25,"lvl":"warn","app":"web","msg":"m","traceId":"t","spanId":"s"}"#,
    );
    assert_eq!(record.timestamp_ns, NOW_NS - 59_750_000_000);
    assert_eq!(
        (
            record.severity,
            record.service.as_str(),
            record.body.as_str()
        ),
        (Severity::Warn, "web", "m")
    );
    assert_eq!(
        (record.trace_id.as_deref(), record.span_id.as_deref()),
        (Some("t"), Some("s"))
    );
    assert_eq!(record.attributes, "");
    let record = one(r#"{"msg":"second","message":"first","level":"info","severity_number":17}"#);
    assert_eq!(record.body, "first");
    assert_eq!(
        record.attributes,
        r#"{"msg":"second","severity_number":17}"#
    );
}

#[test]
fn ecs_otel_pino_gelf_journald_and_mongodb_records_are_understood() {
    let ecs = one(
        r#"{"@timestamp":"2026-11-23T14:00:00Z","log":{"level":"ERROR","logger":"x"},"message":"m","service":{"name":"shop","version":"1"},"trace":{"id":"abc"}}"#,
    );
    assert_eq!(
        (ecs.severity, ecs.service.as_str(), ecs.trace_id.as_deref()),
        (Severity::Error, "shop", Some("abc"))
    );
    assert!(
        ecs.attributes
            .contains(r#""service":{"name":"shop","version":"1"}"#)
    );
    let otel = one(
        r#"{"timeUnixNano":"1795442400000000000","severityNumber":13,"body":"m","service.name":"s"}"#,
    );
    assert_eq!((otel.severity, otel.timestamp_ns), (Severity::Warn, NOW_NS));
    let pino = one(r#"{"level":50,"time":1795442400000,"pid":1,"msg":"m"}"#);
    assert_eq!(
        (pino.severity, pino.timestamp_ns),
        (Severity::Error, NOW_NS)
    );
    let gelf = one(
        r#"{"version":"1.1","host":"h","short_message":"m","level":3,"timestamp":1795442400.5}"#,
    );
    assert_eq!((gelf.severity, gelf.body.as_str()), (Severity::Error, "m"));
    let journal = one(
        r#"{"__REALTIME_TIMESTAMP":"1795442400000000","PRIORITY":"4","MESSAGE":"m","SYSLOG_IDENTIFIER":"sshd"}"#,
    );
    assert_eq!(
        (
            journal.severity,
            journal.service.as_str(),
            journal.timestamp_ns
        ),
        (Severity::Warn, "sshd", NOW_NS)
    );
    let mongo =
        one(r#"{"t":{"$date":"2026-11-23T15:00:00.000+01:00"},"s":"W","c":"NETWORK","msg":"m"}"#);
    assert_eq!(
        (mongo.severity, mongo.timestamp_ns),
        (Severity::Warn, NOW_NS)
    );
}

#[test]
fn a_body_that_is_no_text_becomes_text_and_a_missing_one_the_fields() {
    assert_eq!(one(r#"{"message":{"a": [1 ,2]}}"#).body, r#"{"a":[1,2]}"#);
    assert_eq!(one(r#"{"message":42}"#).body, "42");
    assert_eq!(one(r#"{"message":null,"log":"text\n"}"#).body, "text");
    assert_eq!(
        one(r#"{"user":"ada","action":"login"}"#).body,
        r#"{"user":"ada","action":"login"}"#
    );
    assert_eq!(reason("{}"), "record has no message and no other fields");
    assert_eq!(
        reason(r#"{"level":"info"}"#),
        "record has no message and no other fields"
    );
}

#[test]
fn a_timestamp_that_is_absurd_or_unreadable_is_replaced_and_kept() {
    for (value, kept) in [
        ("\"9999-12-31T23:59:59Z\"", "9999-12-31T23:59:59Z"),
        ("0", "0"),
        ("-5", "-5"),
        ("1e400", "1e400"),
        ("\"-infinity\"", "-infinity"),
        ("\"294277-01-01\"", "294277-01-01"),
        ("1000000000000000000000000", "1000000000000000000000000"),
        ("\"yesterday\"", "yesterday"),
    ] {
        let record = one(&format!(r#"{{"timestamp":{value},"message":"m"}}"#));
        assert_eq!(record.timestamp_ns, NOW_NS, "{value}");
        assert_eq!(
            record.attributes,
            format!(r#"{{"vigil.original_timestamp":"{kept}"}}"#)
        );
    }
    let old = one(r#"{"timestamp":"2005-06-03T15:42:50Z","message":"m"}"#);
    assert_eq!(
        domain::format_timestamp(old.timestamp_ns),
        "2005-06-03T15:42:50Z"
    );
    let ahead = one(r#"{"timestamp":"2026-11-24T13:59:59Z","message":"m"}"#);
    assert!(
        ahead.timestamp_ns > NOW_NS,
        "clocks of senders may run ahead by a day"
    );
}

#[test]
fn words_that_only_look_like_fields_stay_attributes() {
    let record = one(r#"{"message":"m","time":"12ms","level":"gold","ts":1795442340}"#);
    assert_eq!(record.timestamp_ns, NOW_NS - 60_000_000_000);
    assert_eq!(record.severity, Severity::Unspecified);
    assert_eq!(record.attributes, r#"{"time":"12ms","level":"gold"}"#);
}

#[test]
fn what_databases_choke_on_is_replaced_visibly() {
    let record = one(
        r#"{"message":"a\u0000b\ud800c","service":"s\u0000","k\u0000":"\udfff","n":1e400,"m":1e100000,"x":[1e-100000]}"#,
    );
    assert_eq!(record.body, "a\u{fffd}b\u{fffd}c");
    assert_eq!(record.service, "s\u{fffd}");
    assert_eq!(
        record.attributes,
        "{\"k\u{fffd}\":\"\u{fffd}\",\"n\":\"1e400\",\"m\":\"1e100000\",\"x\":[\"1e-100000\"]}"
    );
    let raw = decode_as(
        LogFormat::Json,
        b"{\"message\":\"bad \xff\xfe utf-8 and \x00 nul\"}",
    );
    assert_eq!(
        raw.accepted[0].body,
        "bad \u{fffd}\u{fffd} utf-8 and \u{fffd} nul"
    );
}

#[test]
fn duplicate_keys_are_resolved_and_the_last_wins() {
    let record = one(r#"{"message":"a","k":1,"message":"b","k":2,"\u006b":3}"#);
    assert_eq!(
        (record.body.as_str(), record.attributes.as_str()),
        ("b", r#"{"k":3}"#)
    );
    let many: Vec<String> = (0..60).map(|n| format!(r#""k{}":{n}"#, n % 40)).collect();
    let record = one(&format!(r#"{{"message":"m",{}}}"#, many.join(",")));
    let attributes: serde_json::Value = serde_json::from_str(&record.attributes).unwrap();
    assert_eq!(attributes.as_object().unwrap().len(), 40);
    assert_eq!(attributes["k0"], 40);
}

#[test]
fn limits_are_exact_and_named_with_their_values() {
    let with = |count: usize| {
        let fields: Vec<String> = (0..count).map(|n| format!("\"k{n}\":{n}")).collect();
        format!(r#"{{"message":"m",{}}}"#, fields.join(","))
    };
    assert!(one(&with(1_000)).attributes.contains("\"k999\":999"));
    assert_eq!(
        reason(&with(1_001)),
        "record has 1001 attributes, limit is 1000"
    );
    assert_eq!(
        reason(&with(5_000)),
        "record has 5001 attributes, limit is 1000"
    );
    let sized = |bytes: usize| {
        let frame = r#"{"message":""}"#.len();
        format!(r#"{{"message":"{}"}}"#, "x".repeat(bytes - frame))
    };
    assert_eq!(one(&sized(1_048_576)).body.len(), 1_048_562);
    assert_eq!(
        reason(&sized(1_048_577)),
        "record is 1048577 bytes, limit is 1048576"
    );
    let controls = format!(r#"{{"message":"m","k":"{}"}}"#, "\u{1}".repeat(400_000));
    assert!(reason(&controls).ends_with("bytes after escaping, limit is 1048576"));
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &Limits::default(),
    };
    let body = vec![b'x'; 20 * 1024 * 1024 + 1];
    let error = decode_logs(LogFormat::Text, &body, &context).unwrap_err();
    assert_eq!(
        error.to_string(),
        "body is 20971521 bytes, limit is 20971520"
    );
}

#[test]
fn long_names_and_ids_are_kept_within_what_an_index_takes() {
    let record = one(&format!(
        r#"{{"message":"m","service":"{}","trace_id":"{}","span_id":""}}"#,
        "é".repeat(300),
        "t".repeat(20_000)
    ));
    assert_eq!(record.service.len(), 256);
    assert_eq!(record.trace_id, None);
    assert_eq!(record.span_id, None);
    assert!(record.attributes.starts_with(r#"{"trace_id":"tttt"#));
    assert_eq!(
        one(r#"{"message":"m","trace_id":"00000000000000000000000000000000"}"#).trace_id,
        None
    );
}

#[test]
fn every_poison_shape_in_a_batch_leaves_its_neighbours_alone() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(20_000), "}".repeat(20_000));
    let poison = [
        deep.as_str(),
        "[1,2]",
        "\"text\"",
        "nul",
        "{\"a\":",
        "{\"a\" 1}",
        "{'a':1}",
        "{\"a\":01}",
        "}",
        "\u{fffd}{",
        "{\"message\":\"\\x\"}",
        "{\"message\":\"m\"} trailing",
    ];
    let mut lines = Vec::new();
    for (number, shape) in poison.iter().enumerate() {
        lines.push(format!("{{\"message\":\"good {number}\"}}"));
        lines.push((*shape).to_owned());
    }
    let decoded = decode_as(LogFormat::Ndjson, lines.join("\n").as_bytes());
    assert_eq!(decoded.accepted.len(), poison.len());
    let rejected: Vec<usize> = decoded.rejected.iter().map(|one| one.index).collect();
    assert_eq!(
        rejected,
        (0..poison.len()).map(|n| n * 2 + 1).collect::<Vec<_>>()
    );
}

#[test]
fn accepted_records_know_where_they_stood_however_many_were_rejected() {
    let mut lines = vec!["x"; 3_000];
    lines[0] = "{\"message\":\"first\"}";
    lines[2_500] = "{\"message\":\"late\"}";
    let decoded = decode_as(LogFormat::Ndjson, lines.join("\n").as_bytes());
    assert_eq!(decoded.rejected.len(), 1_000);
    let at: Vec<usize> = (0..2).map(|index| decoded.positions.of(index)).collect();
    assert_eq!(at, [0, 2_500]);
    let whole = decode_as(
        LogFormat::Ndjson,
        b"{\"message\":\"a\"}\n{\"message\":\"b\"}",
    );
    assert_eq!((whole.positions.of(0), whole.positions.of(1)), (0, 1));
    let text = decode_as(
        LogFormat::Text,
        b"one\n  more of one\n\ntwo\n2026-11-23T13:00:00.000000001Z stdout P never ended",
    );
    let at: Vec<usize> = (0..3).map(|index| text.positions.of(index)).collect();
    assert_eq!((text.accepted.len(), at), (3, vec![0, 2, 3]));
}

#[test]
fn rejections_beyond_the_listed_ones_are_counted() {
    let decoded = decode_as(LogFormat::Ndjson, "x\n".repeat(5_000).as_bytes());
    assert_eq!(
        (decoded.rejected.len(), decoded.rejected_count),
        (1_000, 5_000)
    );
}

#[test]
fn text_lines_become_records_with_their_time_and_severity() {
    let decoded = decode_as(
        LogFormat::Text,
        b"2026-11-23 13:59:00 ERROR disk full\r\n\n  at disk.c:12\nplain words\n",
    );
    assert_eq!(decoded.accepted.len(), 2);
    assert_eq!(decoded.accepted[0].body, "disk full\n  at disk.c:12");
    assert_eq!(decoded.accepted[0].severity, Severity::Error);
    assert_eq!(decoded.accepted[1].body, "plain words");
    let long = format!("one\n{}\nthree\n", "x".repeat(1_048_577));
    let decoded = decode_as(LogFormat::Text, long.as_bytes());
    assert_eq!(decoded.accepted.len(), 2);
    assert_eq!(
        decoded.rejected[0].reason,
        "line is 1048577 bytes, limit is 1048576"
    );
    assert_eq!(decoded.rejected[0].index, 1);
}

#[test]
fn naughty_strings_come_through_as_they_are() {
    let folder = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("naughty-strings/blns.json")) else {
        return;
    };
    let strings: Vec<String> = serde_json::from_str(&text).unwrap();
    let lines: Vec<String> = strings
        .iter()
        .map(|naughty| {
            serde_json::json!({"message": naughty, "k": naughty, naughty: 1}).to_string()
        })
        .collect();
    let decoded = decode_as(LogFormat::Ndjson, lines.join("\n").as_bytes());
    assert_eq!(decoded.rejected, []);
    assert_eq!(decoded.accepted.len(), strings.len());
    for (record, naughty) in decoded.accepted.iter().zip(&strings) {
        let attributes: serde_json::Value = serde_json::from_str(&record.attributes).unwrap();
        if naughty != "message" && naughty != "k" {
            assert_eq!(
                record.body,
                naughty
                    .trim_end_matches(['\n', '\r'])
                    .replace('\0', "\u{fffd}")
            );
            assert_eq!(attributes["k"], naughty.replace('\0', "\u{fffd}"));
        }
    }
}

fn is_storable(record: &LogRecord) -> bool {
    let texts = [&record.body, &record.service, &record.attributes];
    let attributes_are_json = record.attributes.is_empty()
        || serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&record.attributes)
            .is_ok();
    texts.iter().all(|text| !text.contains('\0')) && attributes_are_json && record.timestamp_ns > 0
}

/// Fragments that, put together at random, are nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(","),
        Just(":"),
        Just("\n"),
        Just(" "),
        Just("\""),
        Just("\\u0000"),
        Just("\\ud800"),
        Just("\"message\":\"m\""),
        Just("\"k\":1"),
        Just("\"a\":{\"b\":[1e999]}"),
        Just("{\"message\":\"ok\"}"),
        Just("1e400"),
        Just("null"),
        Just("\"timestamp\":\"9999-01-01\""),
        Just("\u{0}"),
    ];
    proptest::collection::vec(fragment, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [LogFormat::Auto, LogFormat::Json, LogFormat::Ndjson, LogFormat::Text] {
            prop_assert!(decode_as(format, &bytes).accepted.iter().all(is_storable));
        }
    }

    #[test]
    fn nearly_json_is_decoded_without_panic(text in nearly_json()) {
        for format in [LogFormat::Auto, LogFormat::Json, LogFormat::Ndjson, LogFormat::Text] {
            prop_assert!(decode_as(format, text.as_bytes()).accepted.iter().all(is_storable), "{text}");
        }
    }

    #[test]
    fn accepted_and_rejected_account_for_every_line(lines in proptest::collection::vec(nearly_json(), 0..20)) {
        let lines: Vec<String> = lines.iter().map(|line| line.replace('\n', " ")).collect();
        let expected = lines.iter().filter(|line| !line.trim_ascii().is_empty()).count();
        let decoded = decode_as(LogFormat::Ndjson, lines.join("\n").as_bytes());
        prop_assert_eq!(decoded.accepted.len() + decoded.rejected_count, expected);
    }

    #[test]
    fn good_records_survive_any_neighbour_in_an_array(noise in "[^\\[\\]{}\"\\\\]{0,20}") {
        let body = format!("[{{\"message\":\"a\"}},{{\"message\":{noise}}},{{\"message\":\"b\"}}]");
        let decoded = decode_as(LogFormat::Json, body.as_bytes());
        let bodies: Vec<&str> = decoded.accepted.iter().map(|record| record.body.as_str()).collect();
        prop_assert!(bodies.first() == Some(&"a") && bodies.last() == Some(&"b"), "{:?}", bodies);
    }

    #[test]
    fn what_serde_writes_is_read_the_same(message in "\\PC{0,80}", key in "[a-z]{1,8}x", value in any::<f64>(), flag in any::<bool>()) {
        let mut object = serde_json::Map::new();
        object.insert("message".to_owned(), message.clone().into());
        object.insert(key.clone(), serde_json::json!({"v": value, "flag": flag}));
        let decoded = decode_as(LogFormat::Json, serde_json::Value::Object(object.clone()).to_string().as_bytes());
        let record = &decoded.accepted[0];
        prop_assert_eq!(&record.body, &message);
        if value.abs() > 1e-290 {
            object.remove("message");
            prop_assert_eq!(&record.attributes, &serde_json::Value::Object(object).to_string());
        }
    }
}
