//! Requests that come again because their answer was lost.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use serde_json::Value;

use crate::harness::{Database, Server, json};

/// Two documents with instants of their sender's.
fn documents() -> String {
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    (0..2)
        .map(|at| {
            let at_ms = now_ms - 5_000 + at;
            format!(
                "{{\"create\":{{}}}}\n{{\"@timestamp\":{at_ms},\"message\":\"order {at} paid\"}}\n"
            )
        })
        .collect()
}

/// What `gzip` makes of it at some instant, which stands in its header.
fn packed(text: &str, mtime: u32) -> Vec<u8> {
    let mut packer = GzBuilder::new()
        .mtime(mtime)
        .write(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

async fn bulk(server: &Server, path: &str, body: Vec<u8>) -> Value {
    let answer = server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(&server.token)
        .header("content-type", "application/x-ndjson")
        .header("content-encoding", "gzip")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    json(answer).await
}

async fn count(server: &Server) -> u64 {
    let session = server.session().await;
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let found = server.get(&session, path).await;
    found["records"].as_array().unwrap().len() as u64
}

async fn repetitions_are_stored_once(database: Database) {
    let mut server = Server::start(database).await;
    let body = documents();
    let first = bulk(&server, "/shop/_bulk", packed(&body, 1)).await;
    assert_eq!(first["errors"], false);
    // Packed anew, as clients do; at once, and by a server that was started anew.
    let (left, right) = tokio::join!(
        bulk(&server, "/shop/_bulk", packed(&body, 2)),
        bulk(&server, "/shop/_bulk", packed(&body, 3))
    );
    for again in [left, right] {
        assert_eq!(again["errors"], false);
        assert_eq!(again["items"][1]["create"]["status"], 201);
    }
    server.terminate();
    server.reap();
    server.restart().await;
    bulk(&server, "/shop/_bulk", packed(&body, 4)).await;
    assert_eq!(count(&server).await, 2);
    // Another address means other records.
    bulk(&server, "/cart/_bulk", packed(&body, 1)).await;
    assert_eq!(count(&server).await, 4);
    let session = server.session().await;
    let metrics = server
        .client
        .get(format!("{}/metrics", server.url))
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("vigil_engine_records_deduplicated_total 2"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_without_a_key_is_stored_once_on_sqlite() {
    repetitions_are_stored_once(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_without_a_key_is_stored_once_on_postgres() {
    repetitions_are_stored_once(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_without_a_time_is_stored_every_time() {
    let server = Server::start(Database::Sqlite).await;
    for _ in 0..3 {
        let answer = server
            .post_logs("application/json", r#"{"message":"alive"}"#)
            .send()
            .await
            .unwrap();
        assert_eq!(json(answer).await["accepted"], 1);
    }
    assert_eq!(count(&server).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_can_be_switched_off() {
    let arguments = ["--dedup-window-seconds".to_owned(), "0".to_owned()];
    let server = Server::start_with(Database::Sqlite, &arguments).await;
    let body = documents();
    for _ in 0..2 {
        bulk(&server, "/_bulk", packed(&body, 1)).await;
    }
    assert_eq!(count(&server).await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_known_however_its_body_is_packed() {
    let server = Server::start(Database::Sqlite).await;
    for mtime in [1, 2] {
        let answer = server
            .post_logs("application/json", packed(r#"{"message":"paid"}"#, mtime))
            .header("content-encoding", "gzip")
            .header("idempotency-key", "order 7")
            .send()
            .await
            .unwrap();
        assert_eq!(json(answer).await["accepted"], 1);
    }
    assert_eq!(count(&server).await, 1);
}
