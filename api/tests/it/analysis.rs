//! What the interface says about patterns, incidents and the project as a whole.

use serde_json::{Value, json};

use crate::harness::{Database, Server, json as body};

/// An instant `minutes` before now, RFC 3339.
fn before(minutes: i64) -> String {
    testkit::rfc3339(testkit::now_ns() - minutes * 60_000_000_000)
}

/// Five hours of a shop: in the last one payments begin to be refused.
async fn shop(database: Database) -> Server {
    let server = Server::start(database).await;
    let mut lines = String::new();
    for minute in 1..300 {
        for n in 0..20 {
            let at = before(minute);
            let web = json!({ "timestamp": at, "level": "info", "service": "web",
                "message": format!("GET /cart answered 200 in {} ms", 10 + n) });
            let checkout = json!({ "timestamp": at, "level": "info", "service": "checkout",
                "message": format!("order {n} accepted") });
            lines.push_str(&format!("{web}\n{checkout}\n"));
        }
        if minute < 30 {
            for n in 0..6 {
                let line = json!({ "timestamp": before(minute), "level": "error", "service": "checkout",
                    "message": format!("payment of order {n} failed: connection refused by 10.0.0.{n}") });
                lines.push_str(&format!("{line}\n"));
            }
        } else if minute > 60 {
            let line = json!({ "timestamp": before(minute), "level": "info", "service": "mail",
                "message": "queue flushed" });
            lines.push_str(&format!("{line}\n{line}\n{line}\n"));
        }
    }
    let sent = server.post_logs("application/x-ndjson", lines).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    server
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

async fn patterns_show_what_changed_and_explain_themselves(database: Database) {
    let server = shop(database).await;
    let session = server.session().await;
    let diff = server.get(&session, "/api/v1/patterns/diff?b=1h").await;
    let changes: Vec<(&str, &str)> = diff["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["change"].as_str().unwrap(),
                row["services"][0].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(changes.len(), 2, "{diff}");
    assert!(changes.contains(&("new", "checkout")), "{diff}");
    assert!(changes.contains(&("vanished", "mail")), "{diff}");
    assert_eq!(diff["steady"], 2);
    // Named windows, the other way round.
    let path = "/api/v1/patterns/diff?a=1h&b=2h..1h&service=checkout";
    let turned = server.get(&session, path).await;
    let changed = turned["changed"].as_array().unwrap();
    assert!(
        changed.iter().any(|row| row["change"] == "vanished"),
        "{turned}"
    );
    let all = server.get(&session, "/api/v1/patterns?from=1h").await;
    let new = all
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["severity"] == "error")
        .unwrap();
    assert_eq!(new["change"], "new", "{new}");
    let trend: Vec<u64> = new["trend"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| count.as_u64().unwrap())
        .collect();
    assert_eq!((trend.len(), trend.iter().sum::<u64>()), (12, 174));
    assert_eq!(trend[0], 0);
    let id = new["id"].as_str().unwrap();
    let (_, told) = post(
        &server,
        &session,
        "/api/v1/explain",
        &json!({ "pattern": id }),
    )
    .await;
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("An error line of checkout."), "{text}");
    assert!(text.contains("It speaks of connections refused"), "{text}");
    let line = "payment of order 77 failed: connection refused by 10.9.9.9";
    let (_, told) = post(
        &server,
        &session,
        "/api/v1/explain",
        &json!({ "line": line }),
    )
    .await;
    assert_eq!(told["pattern"]["id"], id, "{told}");
    let (status, _) = post(&server, &session, "/api/v1/explain", &json!({})).await;
    assert_eq!(status, 400);
    for (path, status) in [
        ("/api/v1/patterns/diff?a=yesterday", 400),
        ("/api/v1/patterns/diff?b=1h..2h", 400),
        ("/api/v1/patterns/diff?limit=0", 400),
        ("/api/v1/digest?days=0", 400),
        ("/api/v1/incidents/compare?a=1&b=2", 404),
        ("/api/v1/incidents/none/postmortem", 400),
    ] {
        let request = server.client.get(format!("{}{path}", server.url));
        let answer = request.bearer_auth(&session).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let graph = server.get(&session, "/api/v1/services/graph").await;
    assert!(graph["edges"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_show_what_changed_and_explain_themselves_on_sqlite() {
    patterns_show_what_changed_and_explain_themselves(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_show_what_changed_and_explain_themselves_on_postgres() {
    patterns_show_what_changed_and_explain_themselves(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_has_a_graph_a_post_mortem_and_a_place_in_the_digest() {
    let server = shop(Database::Sqlite).await;
    let session = server.session().await;
    let (status, found) = post(&server, &session, "/api/v1/detect", &json!({})).await;
    assert_eq!(status, 200);
    let incidents = found["incidents"].as_array().unwrap();
    assert!(!incidents.is_empty(), "{found}");
    let number = incidents[0]["number"].as_i64().unwrap();
    // By its number as well as by its id.
    let detail = server
        .get(&session, &format!("/api/v1/incidents/{number}"))
        .await;
    assert_eq!(detail["id"], incidents[0]["id"]);
    let nodes = detail["graph"]["nodes"].as_array().unwrap();
    assert!(
        nodes
            .iter()
            .any(|node| node["service"] == "checkout" && node["affected"] == true),
        "{detail}"
    );
    let summary = server
        .get(&session, &format!("/api/v1/incidents/{number}/summary"))
        .await;
    for suspect in summary["suspects"].as_array().unwrap() {
        let check = suspect["check"].as_str().unwrap();
        assert!(check.contains("confirmed if"), "{suspect}");
    }
    let answer = server
        .client
        .get(format!(
            "{}/api/v1/incidents/{number}/postmortem",
            server.url
        ))
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "text/markdown; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    assert!(
        text.starts_with(&format!("# Post-mortem: incident {number}: ")),
        "{text}"
    );
    assert!(
        text.contains("## Timeline (") && text.contains("UTC)"),
        "{text}"
    );
    let path = format!("/api/v1/incidents/{number}/postmortem?format=json&time_zone=Asia/Tokyo");
    let text = server.get(&session, &path).await["markdown"].to_string();
    assert!(text.contains(" JST |") && !text.contains("UTC"), "{text}");
    let path = format!("/api/v1/incidents/compare?a={number}&b={number}");
    let same = server.get(&session, &path).await;
    assert_eq!(same["similarity"], 1.0, "{same}");
    let digest = server.get(&session, "/api/v1/digest?days=1").await;
    assert_eq!(digest["errors"]["now"], 174);
    assert!(digest["incidents"]["now"].as_u64().unwrap() >= 1);
    assert!(digest["alerts"][0]["opened_by"].is_string(), "{digest}");
    assert_eq!(
        digest["on_call"]["messages"], 0,
        "found in the past: {digest}"
    );
    let printed = crate::harness::run(
        server.folder(),
        server.arguments(),
        &["digest", "--days", "1", "--url", &server.url],
    );
    assert!(printed.starts_with("# Digest of 1 day"), "{printed}");
    assert!(printed.contains("174 errors"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_streamed_part_by_part_and_says_where_the_time_went() {
    let server = shop(Database::Sqlite).await;
    let session = server.session().await;
    let answer = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(&session)
        .header("accept", "text/event-stream")
        .json(&json!({ "question": "how many errors of checkout in the last hour?" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.unwrap();
    let events: Vec<(&str, Value)> = text
        .split("\n\n")
        .filter_map(|event| {
            let (name, data) = event.split_once('\n')?;
            let data = data.strip_prefix("data: ")?;
            Some((
                name.strip_prefix("event: ")?,
                serde_json::from_str(data).unwrap(),
            ))
        })
        .collect();
    let names: Vec<&str> = events.iter().map(|event| event.0).collect();
    assert_eq!(
        names,
        ["interpretation", "evidence", "facts", "done"],
        "{text}"
    );
    assert!(
        events[2].1["text"].as_str().unwrap().contains("174"),
        "{text}"
    );
    let done = &events[3].1;
    let spent: f64 = ["interpretation_ms", "retrieval_ms", "facts_ms"]
        .into_iter()
        .map(|stage| done["stages"][stage].as_f64().unwrap())
        .sum();
    assert!(
        spent > 0.0 && spent <= done["elapsed_ms"].as_f64().unwrap() + 1.0,
        "{done}"
    );
    assert!(done["stages"].get("narrative_ms").is_none());
    let printed = crate::harness::run(
        server.folder(),
        server.arguments(),
        &[
            "ask",
            "--url",
            &server.url,
            "how many errors of checkout in the last hour?",
        ],
    );
    for part in ["understood: count", "174", "evidence:", " ms: understood "] {
        assert!(printed.contains(part), "{part}\n{printed}");
    }
}

/// Reads one request and waits until its sender closes the connection; says when each has happened.
#[expect(
    clippy::disallowed_methods,
    reason = "a peer of the test, which ends with its runtime"
)]
async fn silent_model(
    asked: tokio::sync::oneshot::Sender<()>,
    left: tokio::sync::oneshot::Sender<()>,
) -> String {
    use tokio::io::AsyncReadExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 64 * 1024];
        assert!(connection.read(&mut bytes).await.unwrap() > 0);
        asked.send(()).ok();
        while connection
            .read(&mut bytes)
            .await
            .is_ok_and(|count| count > 0)
        {}
        left.send(()).ok();
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_is_left_alone_as_soon_as_the_asker_has_left() {
    let (asked_sender, asked) = tokio::sync::oneshot::channel();
    let (left_sender, left) = tokio::sync::oneshot::channel();
    let url = silent_model(asked_sender, left_sender).await;
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vigil.toml");
    let text = format!(
        "[external_model]\nprovider = \"openai\"\nbase_url = \"{url}\"\nmodel = \"silent\"\n"
    );
    std::fs::write(&settings, text).unwrap();
    let more = ["--config".to_owned(), settings.display().to_string()];
    let server = Server::start_with(Database::Sqlite, &more).await;
    let line = r#"{"level":"error","service":"checkout","message":"payment failed"}"#;
    let sent = server.post_logs("application/json", line).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let session = server.session().await;
    let asking = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(&session)
        .header("accept", "text/event-stream")
        .json(&json!({ "question": "how many errors in the last hour?" }))
        .send()
        .await
        .unwrap();
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, asked)
        .await
        .unwrap()
        .unwrap();
    drop(asking);
    // Far below the time that a model may take.
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, left).await.unwrap().unwrap();
}
