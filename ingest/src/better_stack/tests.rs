use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

const NODE: &[u8] = include_bytes!("../../testdata/betterstack/node.msgpack");
const NODE_FLUSH: &[u8] = include_bytes!("../../testdata/betterstack/node-flush.msgpack");
const PYTHON: &[u8] = include_bytes!("../../testdata/betterstack/python.msgpack");
const JSON: BetterStackFormat = BetterStackFormat::Text(LogFormat::Json);
const PACKED: BetterStackFormat = BetterStackFormat::MessagePack;

fn decode(format: BetterStackFormat, body: &[u8]) -> Decoded<LogRecord> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits: &limits,
    };
    decode_better_stack(format, body, &context).unwrap()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

#[test]
fn the_node_clients_records_keep_nested_fields_and_numbers() {
    let decoded = decode(PACKED, NODE);
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (2, 0));
    let first = &decoded.accepted[0];
    assert_eq!(first.body, "order 43 placed");
    assert_eq!(first.severity, Severity::Info);
    assert_eq!(first.timestamp_ns, 1_795_506_098_061_000_000);
    let kept = attributes(first);
    assert_eq!(kept["user"]["id"], 8);
    assert_eq!(kept["ratio"], 0.25);
    assert_eq!(kept["big"], 9_007_199_254_740_991_u64);
    assert_eq!(kept["neg"], -5);
    assert_eq!(kept["list"], serde_json::json!([1, null, true]));
    assert!(kept.get("dt").is_none());
    assert_eq!(decoded.accepted[1].severity, Severity::Error);
    let flush = decode(PACKED, NODE_FLUSH);
    assert_eq!((flush.accepted.len(), flush.rejected_count), (0, 0));
}

#[test]
fn the_python_clients_own_severity_numbers_are_not_taken_for_those_of_syslog() {
    let decoded = decode(PACKED, PYTHON);
    let severities: Vec<Severity> = decoded
        .accepted
        .iter()
        .map(|record| record.severity)
        .collect();
    assert_eq!(
        severities,
        [Severity::Info, Severity::Error, Severity::Error]
    );
    assert_eq!(decoded.accepted[1].body, "payment failed: Straße");
    assert_eq!(attributes(&decoded.accepted[0])["user"]["name"], "Ada");
}

#[test]
fn json_and_lines_of_json_are_read_as_well() {
    let object = br#"{"dt":"2026-11-24 08:00:00 UTC","level":"warn","message":"m","a":{"b":1}}"#;
    let record = &decode(JSON, object).accepted[0];
    assert_eq!(record.severity, Severity::Warn);
    assert_eq!(record.timestamp_ns, 1_795_507_200_000_000_000);
    assert_eq!(attributes(record)["a"]["b"], 1);
    let lines = b"{\"message\":\"one\"}\n{broken\n{\"message\":\"two\"}\n";
    let decoded = decode(BetterStackFormat::Text(LogFormat::Ndjson), lines);
    assert_eq!((decoded.accepted.len(), decoded.rejected_count), (2, 1));
    let packed = BetterStackFormat::from_content_type(Some("application/msgpack; v=1")).unwrap();
    assert_eq!(packed, PACKED);
    assert!(BetterStackFormat::from_content_type(Some("image/png")).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(at in 0..PYTHON.len(), byte: u8, noise: Vec<u8>) {
        let mut body = PYTHON.to_vec();
        body[at] = byte;
        for body in [&body, &noise] {
            let decoded = decode(PACKED, body);
            for record in &decoded.accepted {
                let kept: Result<serde_json::Value, _> = serde_json::from_str(&record.attributes);
                prop_assert!(kept.is_ok() || record.attributes.is_empty());
            }
        }
    }
}
