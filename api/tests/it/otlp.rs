//! OTLP/HTTP, with what the OpenTelemetry SDKs sent (ingest/testdata).

use serde_json::{Value, json};

use crate::harness::{Database, Server, json as read};

const LOGS: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_logs.pb");
const LOGS_GZIP: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_logs.pb.gz");
const LOGS_JSON: &[u8] = include_bytes!("../../../ingest/testdata/otlp/javascript_logs.json");
const METRICS: &[u8] = include_bytes!("../../../ingest/testdata/otlp/python_metrics.pb");
const METRICS_JSON: &[u8] = include_bytes!("../../../ingest/testdata/otlp/official_metrics.json");

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn post(server: &Server, path: &str, kind: &str, body: &[u8]) -> reqwest::RequestBuilder {
    server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(&server.token)
        .header("content-type", kind)
        .body(body.to_vec())
}

async fn found(server: &Server, query: &str) -> Vec<Value> {
    let session = server.session().await;
    let path =
        format!("/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z{query}");
    let found = server.get(&session, &path).await;
    found["records"].as_array().unwrap().clone()
}

async fn what_the_sdks_send_can_be_searched(database: Database) {
    let server = Server::start(database).await;
    for (path, kind, body) in [
        ("/v1/logs", PROTOBUF, LOGS),
        ("/v1/logs", JSON, LOGS_JSON),
        ("/v1/metrics", PROTOBUF, METRICS),
    ] {
        let answer = post(&server, path, kind, body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], kind);
        let body = answer.bytes().await.unwrap();
        let nothing_refused: &[u8] = if kind == JSON { b"{}" } else { b"" };
        assert_eq!(body, nothing_refused, "{path}");
    }
    let records = found(&server, "").await;
    assert_eq!(records.len(), 4);
    let refused = records
        .iter()
        .find(|record| record["body"] == "card refused by acquirer")
        .unwrap();
    assert_eq!(refused["service"], "checkout");
    assert_eq!(refused["severity"], "error");
    assert_eq!(refused["attributes"]["order.id"], 4711);
    assert_eq!(refused["attributes"]["otel.scope.name"], "shop.payments");
    let cart = records.iter().find(|record| record["service"] == "web");
    assert_eq!(cart.unwrap()["body"], "cart took 812 ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdks_send_can_be_searched_on_sqlite() {
    what_the_sdks_send_can_be_searched(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdks_send_can_be_searched_on_postgres() {
    what_the_sdks_send_can_be_searched(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_and_empty_requests_are_taken() {
    let server = Server::start(Database::Sqlite).await;
    let packed = post(&server, "/v1/logs", PROTOBUF, LOGS_GZIP).header("content-encoding", "gzip");
    assert_eq!(packed.send().await.unwrap().status(), 200);
    let squeezed = zstd::encode_all(LOGS_JSON, 3).unwrap();
    let packed = post(&server, "/v1/logs", JSON, &squeezed).header("content-encoding", "zstd");
    assert_eq!(packed.send().await.unwrap().status(), 200);
    assert_eq!(found(&server, "").await.len(), 4);
    for path in ["/v1/logs", "/v1/metrics", "/v1/traces"] {
        for (kind, body) in [(PROTOBUF, &b""[..]), (JSON, b"{}")] {
            let answer = post(&server, path, kind, body).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_items_are_told_beside_the_stored_ones() {
    let server = Server::start(Database::Sqlite).await;
    let body = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [
        { "body": { "stringValue": "good" } }, { "body": { "stringValue": 7 } }, {},
    ] }] }] });
    let answer = post(&server, "/v1/logs", JSON, body.to_string().as_bytes());
    let answer = read(answer.send().await.unwrap()).await;
    assert_eq!(answer["partialSuccess"]["rejectedLogRecords"], "2");
    let reason = answer["partialSuccess"]["errorMessage"].as_str().unwrap();
    assert!(reason.contains("'7' is not a text"), "{reason}");
    let records = found(&server, "").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["body"], "good");
    let answer = post(&server, "/v1/metrics", JSON, METRICS_JSON);
    let answer = read(answer.send().await.unwrap()).await;
    assert_eq!(answer["partialSuccess"]["rejectedDataPoints"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_has_the_encoding_of_its_request() {
    let server = Server::start(Database::Sqlite).await;
    let torn = b"\x0a\x20abc";
    let answer = post(&server, "/v1/logs", PROTOBUF, torn)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["content-type"], PROTOBUF);
    let body = answer.bytes().await.unwrap();
    // google.rpc.Status: code 3, then the message.
    assert_eq!(&body[..3], b"\x08\x03\x12");
    let answer = post(&server, "/v1/traces", JSON, b"[]")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(read(answer).await["code"], 3);
    let answer = post(&server, "/v1/logs", "text/plain", b"x")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 415);
    let stranger = server
        .client
        .post(format!("{}/v1/logs", server.url))
        .header("content-type", JSON)
        .body("{}");
    let answer = stranger.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(read(answer).await["code"], 16);
}
