use domain::ProjectId;

use super::*;
use crate::Limits;

const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn decode(body: &str) -> Decoded<ChangeEvent> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    decode_events(LogFormat::Json, body.as_bytes(), &context).expect("within the limits")
}

#[test]
fn a_deploy_is_read_and_its_other_fields_are_kept() {
    let decoded = decode(
        r#"{"kind":"deploy","service":"checkout","title":"checkout v2.4.1","version":"2.4.1","author":{"name":"ada"},"timestamp":1795442340}"#,
    );
    let event = &decoded.accepted[0];
    assert_eq!(event.kind, ChangeKind::Deploy);
    assert_eq!(event.service.as_deref(), Some("checkout"));
    assert_eq!(event.title, "checkout v2.4.1");
    assert_eq!(
        event.attributes,
        r#"{"version":"2.4.1","author":{"name":"ada"}}"#
    );
    assert_eq!(event.timestamp_ns, NOW_NS - 60_000_000_000);
}

#[test]
fn a_title_is_made_when_none_is_given() {
    let decoded = decode(
        r#"[{"type":"config_change","service":"api"},{"kind":"release","service":"web","version":"7"}]"#,
    );
    assert_eq!(decoded.accepted[0].title, "config change api");
    assert_eq!(decoded.accepted[1].title, "deploy web 7");
    assert_eq!(decoded.accepted[0].timestamp_ns, NOW_NS);
}

#[test]
fn an_event_that_says_nothing_is_rejected_and_its_neighbours_are_not() {
    let decoded = decode(r#"[{"service":"x"},{"title":"switched the lights"},3]"#);
    assert_eq!(decoded.accepted.len(), 1);
    assert_eq!(
        decoded.accepted[0].kind,
        ChangeKind::Other("change".to_owned())
    );
    assert_eq!(
        decoded.rejected[0].reason,
        "event has neither a kind nor a title"
    );
    assert_eq!(decoded.rejected[1].index, 2);
}

#[test]
fn an_absurd_time_is_replaced_by_arrival_and_kept_as_an_attribute() {
    let event = &decode(r#"{"kind":"deploy","timestamp":"9999-01-01T00:00:00Z"}"#).accepted[0];
    assert_eq!(event.timestamp_ns, NOW_NS);
    assert_eq!(
        event.attributes,
        r#"{"vigil.original_timestamp":"9999-01-01T00:00:00Z"}"#
    );
}

#[test]
fn names_and_texts_become_what_every_store_takes() {
    let service = "\u{1}".repeat(256);
    let body = format!(
        r#"{{"kind":"deploy","service":{},"timestamp":"never","vigil.original_timestamp":"x"}}"#,
        serde_json::Value::from(service)
    );
    let decoded = decode(&body);
    let event = &decoded.accepted[0];
    let service = event.service.as_deref().unwrap();
    assert!(
        service.len() <= 256 && service.chars().all(|c| c == '\u{fffd}'),
        "{service:?}"
    );
    assert_eq!(
        event.attributes,
        r#"{"vigil.original_timestamp":"x","vigil.original_timestamp.2":"never"}"#
    );
}
