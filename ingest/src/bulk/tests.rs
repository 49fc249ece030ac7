use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

const PYTHON: &[u8] = include_bytes!("../../testdata/elasticsearch/python.ndjson");
const PINO: &[u8] = include_bytes!("../../testdata/elasticsearch/pino.ndjson");

fn decode(body: &[u8]) -> Bulk {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_442_400_000_000_000,
        default_service: None,
        limits: &limits,
    };
    decode_bulk(Some("from-path"), body, &context).unwrap()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

#[test]
fn the_python_clients_documents_keep_every_field() {
    let bulk = decode(PYTHON);
    let actions: Vec<_> = bulk.items.iter().map(|item| item.action).collect();
    assert_eq!(actions, [BulkAction::Create, BulkAction::Index]);
    assert_eq!(&*bulk.items[0].index, "logs-shop-default");
    assert_eq!(bulk.items[1].id.as_deref(), Some("7"));
    let [first, second] = bulk.records.as_slice() else {
        panic!("{bulk:?}")
    };
    assert_eq!(first.body, "payment of order 4711 failed");
    assert_eq!(first.severity, Severity::Error);
    assert_eq!(first.service, "checkout");
    assert_eq!(
        first.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(first.timestamp_ns, 1_795_442_400_123_000_000);
    let kept = attributes(first);
    assert_eq!(kept["http"]["response"]["status_code"], 502);
    assert_eq!(kept["_index"], "logs-shop-default");
    assert_eq!(second.body, "Straße 🚀 \"quoted\"\nsecond line");
    assert_eq!(
        (second.severity, second.service.as_str()),
        (Severity::Warn, "web")
    );
    assert_eq!(attributes(second)["kubernetes"]["pod"]["name"], "web-1");
    assert_eq!(attributes(second)["_id"], "7");
}

#[test]
fn pinos_documents_are_named_after_their_machine_or_their_index() {
    let bulk = decode(PINO);
    assert_eq!(bulk.records.len(), 2);
    assert_eq!(bulk.records[0].body, "cart opened");
    assert_eq!(bulk.records[0].severity, Severity::Info);
    assert_eq!(bulk.records[0].service, "web-1");
    assert_eq!(bulk.records[1].severity, Severity::Error);
    assert_eq!(attributes(&bulk.records[1])["err"]["type"], "Error");
    let bulk = decode(b"{\"index\":{}}\n{\"message\":\"m\"}\n");
    assert_eq!(bulk.records[0].service, "from-path");
}

#[test]
fn one_bad_document_costs_its_own_item_only() {
    let bulk = decode(
        b"{\"create\":{}}\n{\"message\":\"one\"}\r\n{\"create\":{}}\nnot json {\n\n{\"delete\":{\"_id\":\"3\"}}\n\
          {\"update\":{\"_id\":\"4\"}}\n{\"doc\":{}}\n{\"create\":{}}\n[1]\n{\"index\":{\"_id\":5}}\n{\"message\":\"two\"}\n{\"create\":{}}",
    );
    let outcomes: Vec<Result<usize, ()>> = bulk
        .items
        .iter()
        .map(|item| item.outcome.clone().map_err(|_| ()))
        .collect();
    assert_eq!(
        outcomes,
        [Ok(0), Err(()), Err(()), Err(()), Err(()), Ok(1), Err(())]
    );
    assert_eq!(bulk.items[5].id.as_deref(), Some("5"));
    assert_eq!(bulk.records[1].body, "two");
}

#[test]
fn what_follows_an_action_line_that_cannot_be_read_is_found_again() {
    let bulk = decode(
        b"{\"crea\n{\"message\":\"lost\"}\n{\"create\":{\"_index\":\"a\"}}\n{\"message\":\"found\"}\n",
    );
    assert_eq!(bulk.items.len(), 2);
    assert!(
        bulk.items[0]
            .outcome
            .as_ref()
            .unwrap_err()
            .contains("malformed action")
    );
    assert_eq!(bulk.records[0].body, "found");
}

#[test]
fn a_request_with_too_many_items_is_refused() {
    let limits = Limits {
        records: 2,
        ..Limits::default()
    };
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 0,
        default_service: None,
        limits: &limits,
    };
    let body = b"{\"create\":{}}\n{\"a\":1}\n".repeat(3);
    assert_eq!(
        decode_bulk(None, &body, &context).unwrap_err(),
        Error::TooManyRecords { limit: 2 }
    );
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_every_record_belongs_to_an_item(
        at in 0..PYTHON.len(), byte: u8, noise: Vec<u8>
    ) {
        let mut body = PYTHON.to_vec();
        body[at] = byte;
        body.extend_from_slice(&noise);
        for body in [body, noise] {
            let bulk = decode(&body);
            let taken: Vec<usize> = bulk
                .items
                .iter()
                .filter_map(|item| item.outcome.clone().ok())
                .collect();
            prop_assert_eq!(taken, (0..bulk.records.len()).collect::<Vec<_>>());
        }
    }
}
