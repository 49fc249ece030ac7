//! What people decide about anomalies and incidents.

use serde_json::{Value, json};

use crate::harness::{Database, Server, json as body};

/// An hour and a half of calm, then errors for five minutes; found by a look at the past.
pub async fn troubled(server: &Server, session: &str) -> Value {
    let at = |minutes: i64| testkit::rfc3339(testkit::now_ns() - minutes * 60_000_000_000);
    let mut lines = String::new();
    for minute in 10..100 {
        for n in 0..20 {
            let line = json!({ "timestamp": at(minute), "level": "info", "service": "web",
                "message": format!("GET /cart answered 200 in {} ms", 10 + n) });
            lines.push_str(&format!("{line}\n"));
        }
        for n in 0..if (20..25).contains(&minute) { 60 } else { 0 } {
            let line = json!({ "timestamp": at(minute), "level": "error", "service": "web",
                "message": format!("payment of order {n} failed: connection refused") });
            lines.push_str(&format!("{line}\n"));
        }
    }
    let sent = server.post_logs("application/x-ndjson", lines).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let (status, found) = post(server, session, "/api/v1/detect", &json!({})).await;
    assert_eq!(status, 200, "{found}");
    found
}

async fn post(server: &Server, session: &str, path: &str, sent: &Value) -> (u16, Value) {
    let answer = server
        .client
        .post(format!("{}{path}", server.url))
        .bearer_auth(session)
        .json(sent)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), body(answer).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_on_an_anomaly_is_kept_and_moves_the_next_ones_score_a_little() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let found = troubled(&server, &session).await;
    let id = found["anomalies"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/anomalies/{id}/feedback");
    for _ in 0..2 {
        let (status, said) = post(&server, &session, &path, &json!({ "verdict": "noise" })).await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(
            (said["noise"].as_u64(), said["useful"].as_u64()),
            (Some(1), Some(0))
        );
        assert_eq!(said["score_shift"].as_f64(), Some(-0.1));
    }
    let (status, refused) = post(&server, &session, &path, &json!({ "verdict": "meh" })).await;
    assert_eq!(status, 400, "{refused}");
    let number = found["incidents"][0]["number"].as_i64().unwrap();
    let path = format!("/api/v1/incidents/{number}/feedback");
    let (status, said) = post(&server, &session, &path, &json!({ "verdict": "useful" })).await;
    assert_eq!(
        (status, said["number"].as_i64()),
        (200, Some(number)),
        "{said}"
    );
    assert!(said["anomalies"].as_u64() > Some(0), "{said}");
    let nobody = "/api/v1/anomalies/00000000-0000-7000-8000-000000000000/feedback";
    let (status, _) = post(&server, &session, nobody, &json!({ "verdict": "useful" })).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_that_are_over_are_neither_merged_nor_split() {
    let server = Server::start(Database::Sqlite).await;
    let session = server.session().await;
    let found = troubled(&server, &session).await;
    let number = found["incidents"][0]["number"].as_i64().unwrap();
    let merge = format!("/api/v1/incidents/{number}/merge");
    let sent = json!({ "into": number.to_string(), "reason": "one cause" });
    let (status, refused) = post(&server, &session, &merge, &sent).await;
    assert_eq!(status, 409, "{refused}");
    let split = format!("/api/v1/incidents/{number}/split");
    let sent = json!({ "anomaly_ids": [found["anomalies"][0]["id"]], "reason": "two teams" });
    let (status, refused) = post(&server, &session, &split, &sent).await;
    assert_eq!(status, 409, "{refused}");
    let sent = json!({ "into": number.to_string(), "reason": " " });
    let (status, _) = post(&server, &session, &merge, &sent).await;
    assert_eq!(status, 400);
    let (status, said) = post(&server, &session, "/api/v1/detect/relearn", &json!({})).await;
    assert_eq!((status, said["accepted"].as_bool()), (200, Some(true)));
}
