//! Loki's push API, with what its clients sent (ingest/testdata).

use serde_json::Value;

use crate::harness::{Database, Server, json};

const PYTHON: &[u8] = include_bytes!("../../../ingest/testdata/loki/python_logging_loki.json");
const PYTHON_GZIP: &[u8] =
    include_bytes!("../../../ingest/testdata/loki/loki_logger_handler.json.gz");
const WINSTON: &[u8] = include_bytes!("../../../ingest/testdata/loki/winston_loki.json");
const WINSTON_SNAPPY: &[u8] = include_bytes!("../../../ingest/testdata/loki/winston_loki.snappy");
const PINO: &[u8] = include_bytes!("../../../ingest/testdata/loki/pino_loki.json");

fn push(server: &Server, kind: &str, body: &[u8]) -> reqwest::RequestBuilder {
    server
        .client
        .post(format!("{}/loki/api/v1/push", server.url))
        .basic_auth("anybody", Some(&server.token))
        .header("content-type", kind)
        .header("x-scope-orgid", "another tenant")
        .body(body.to_vec())
}

async fn records(server: &Server) -> Vec<Value> {
    let session = server.session().await;
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let found = server.get(&session, path).await;
    found["records"].as_array().unwrap().clone()
}

async fn what_the_clients_push_can_be_searched(database: Database) {
    let server = Server::start(database).await;
    for request in [
        push(&server, "application/json", PYTHON),
        push(&server, "application/json", PYTHON_GZIP).header("content-encoding", "gzip"),
        push(&server, "application/json", WINSTON),
        push(&server, "application/x-protobuf", WINSTON_SNAPPY),
        push(&server, "application/x-protobuf", WINSTON_SNAPPY)
            .header("content-encoding", "snappy"),
        push(&server, "application/json", PINO),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(answer.text().await.unwrap(), "");
    }
    let records = records(&server).await;
    assert_eq!(records.len(), 9);
    let invoice = records
        .iter()
        .find(|record| record["service"] == "billing")
        .unwrap();
    assert_eq!(invoice["body"], r#"invoice 17 "refused""#);
    assert_eq!(invoice["severity"], "error");
    assert_eq!(invoice["attributes"]["job"], "nightly");
    let shop = records.iter().filter(|record| record["service"] == "shop");
    assert_eq!(shop.count(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clients_push_can_be_searched_on_sqlite() {
    what_the_clients_push_can_be_searched(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clients_push_can_be_searched_on_postgres() {
    what_the_clients_push_can_be_searched(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_entry_is_told_in_plain_text_and_the_good_ones_are_stored() {
    let server = Server::start(Database::Sqlite).await;
    let body = br#"{"streams":[{"stream":{"app":"a"},"values":[["0","good"],["soon","bad"]]}]}"#;
    let answer = push(&server, "application/json", body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    assert!(
        text.starts_with("1 of 2 entries were refused, the others are stored"),
        "{text}"
    );
    assert_eq!(records(&server).await[0]["body"], "good");
    for (kind, body, status) in [
        ("application/json", &b"nonsense"[..], 400),
        ("application/x-protobuf", b"\xff\xff", 400),
        ("application/x-protobuf", b"\xff\xff\xff\xff\x0f\x00", 413),
        ("text/plain", b"x", 415),
    ] {
        let answer = push(&server, kind, body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind}");
        assert_eq!(
            answer.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
    }
    let stranger = server
        .client
        .post(format!("{}/loki/api/v1/push", server.url))
        .basic_auth("anybody", Some("vgl_0"))
        .body(PYTHON);
    assert_eq!(stranger.send().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_ask_before_they_push_is_answered() {
    let server = Server::start(Database::Sqlite).await;
    let get = async |path: &str| {
        let url = format!("{}{path}", server.url);
        server.client.get(url).send().await.unwrap()
    };
    assert_eq!(get("/ready").await.text().await.unwrap(), "ready\n");
    let version = json(get("/loki/api/v1/status/buildinfo").await).await;
    assert_eq!(version["version"], "3.0.0");
}
