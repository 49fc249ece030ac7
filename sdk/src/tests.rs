use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{Batcher, BatcherConfig, Client, Counts, Error, Event, Log, Metric};

const TAKEN: &str = r#"{"accepted":1,"rejected":[],"rejected_count":0}"#;

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

fn client(server: &MockServer) -> Client {
    Client::new(&server.uri(), "vgl_test").unwrap()
}

#[tokio::test]
async fn records_samples_and_changes_go_out_as_the_interface_says() {
    let server = MockServer::start().await;
    let at = UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_123);
    let expect = |at_path: &str, body: serde_json::Value| {
        Mock::given(method("POST"))
            .and(path(format!("/api/v1/{at_path}")))
            .and(header("authorization", "Bearer vgl_test"))
            .and(body_json(body))
            .respond_with(ResponseTemplate::new(200).set_body_string(TAKEN))
            .expect(1)
    };
    let log = json!([{
        "service": "checkout", "message": "order 17 was paid", "level": "info",
        "timestamp": 1_700_000_000_000_000_123_u64, "trace_id": "ab", "span_id": "cd", "order": 17
    }]);
    expect("logs", log).mount(&server).await;
    let metric = json!([{
        "name": "orders", "type": "counter", "value": 3.0, "labels": { "service": "checkout" }
    }]);
    expect("metrics", metric).mount(&server).await;
    let event = json!([{ "type": "deploy", "service": "checkout", "title": "checkout v2" }]);
    expect("events", event).mount(&server).await;
    let vigil = client(&server);
    let log = Log::new("checkout", "order 17 was paid")
        .level("info")
        .at(at)
        .trace("ab", "cd")
        .field("order", 17)
        .field("service", "another");
    assert_eq!(vigil.send_logs(&[log]).await.unwrap().accepted, 1);
    let metric = Metric::counter("orders", 3.0).label("service", "checkout");
    assert_eq!(vigil.send_metrics(&[metric]).await.unwrap().accepted, 1);
    let event = Event::deploy("checkout", "checkout v2");
    assert_eq!(vigil.send_event(&event).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_busy_server_gets_the_batch_again_under_the_same_key() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "0"))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_string(TAKEN))
        .mount(&server)
        .await;
    let outcome = client(&server)
        .send_logs(&[Log::new("a", "b")])
        .await
        .unwrap();
    assert_eq!(outcome.accepted, 1);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3);
    let keys: Vec<_> = requests
        .iter()
        .map(|request| request.headers["idempotency-key"].clone())
        .collect();
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn what_the_server_refuses_is_not_sent_again() {
    let server = server(ResponseTemplate::new(401).set_body_string("no such token")).await;
    let error = client(&server)
        .send_logs(&[Log::new("a", "b")])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Refused { status: 401, .. }),
        "{error}"
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn patience_ends_with_the_last_reason() {
    let server = server(ResponseTemplate::new(503).set_body_string("stopping")).await;
    let error = client(&server)
        .patience(Duration::from_millis(150))
        .send_logs(&[Log::new("a", "b")])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("stopping"), "{error}");
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let wrong = Client::new("localhost:8080", "t").unwrap_err().to_string();
    assert!(wrong.contains("localhost:8080"), "{wrong}");
    assert!(Client::new("http://localhost:8080", " ").is_err());
}

#[tokio::test]
async fn a_batcher_sends_what_waits_together_and_counts_what_it_drops() {
    let taken = r#"{"accepted":3,"rejected":[],"rejected_count":0}"#;
    let server = server(ResponseTemplate::new(200).set_body_string(taken)).await;
    let config = BatcherConfig {
        waiting: 3,
        batch: 10,
        delay: Duration::from_millis(20),
    };
    let batcher = Batcher::start(client(&server), config);
    // The background task has not run yet: three wait, the fourth is one too many.
    let is_taken: Vec<bool> = (0..4)
        .map(|number| batcher.log(Log::new("a", format!("record {number}"))))
        .collect();
    assert_eq!(is_taken, [true, true, true, false]);
    let counts = batcher.close().await;
    assert_eq!(
        counts,
        Counts {
            accepted: 3,
            refused: 0,
            dropped: 1
        }
    );
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
