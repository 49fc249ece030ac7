//! From a file and a policy to the message and the answer, without any model.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Channel, ReceiverServer};

use crate::harness::{Database, Server, json as body};

const POLICY: &str = "policy:\n  name: High error rate\n  conditions:\n    - type: metric_threshold\n      metric: http_errors\n      threshold: 100\n      window: 5m\n  workflow:\n    - notify: slack:#ops\n    - escalate_after: 10m -> notify: pagerduty:service-id\n";

async fn ask(server: &Server, session: &str, question: &str) -> Value {
    let answer = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(session)
        .json(&json!({ "question": question }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    body(answer).await
}

async fn the_charters_policy_reaches_slack_and_a_question_is_answered(database: Database) {
    let receiver = ReceiverServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vigil.toml");
    let text = format!(
        "[[receiver]]\nname = \"slack:#ops\"\nurl = \"{}\"\nallow_private = true\n\n[[receiver]]\nname = \"pagerduty:service-id\"\nbase_url = \"{}\"\nrouting_key = \"0123456789abcdef0123456789abcdef\"\nallow_private = true\n",
        receiver.slack_url(),
        receiver.base_url(),
    );
    std::fs::write(&settings, text).unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    std::fs::write(policies.join("errors.yaml"), POLICY).unwrap();
    let more = [
        "--config".to_owned(),
        settings.display().to_string(),
        "--policy-dir".into(),
        policies.display().to_string(),
    ];
    let server = Server::start_with(database, &more).await;
    let log = folder.path().join("shop.log");
    let lines: String = (0..60)
        .map(|index| {
            format!(
                "2026-11-23T14:{:02}:00Z ERROR payment {index} declined by issuer\n",
                index % 60
            )
        })
        .collect();
    std::fs::write(&log, lines).unwrap();
    server.ingest_file(&log, "payments");
    let session = server.session().await;

    let now_s = std::process::Command::new("date")
        .arg("+%s")
        .output()
        .unwrap();
    let now_s: i64 = String::from_utf8(now_s.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let points = json!([
        { "name": "http_errors", "type": "counter", "value": 10, "timestamp": now_s - 120, "labels": { "service": "web" } },
        { "name": "http_errors", "type": "counter", "value": 250, "timestamp": now_s - 5, "labels": { "service": "web" } },
    ]);
    let answer = server
        .client
        .post(format!("{}/api/v1/metrics", server.url))
        .bearer_auth(&server.token)
        .json(&points)
        .send()
        .await
        .unwrap();
    assert_eq!(body(answer).await["accepted"], 2);

    let messages = {
        let started = Instant::now();
        loop {
            let messages = receiver.received_by(Channel::Slack);
            if !messages.is_empty() || started.elapsed() > Duration::from_secs(90) {
                break messages;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(!messages.is_empty(), "no message reached Slack");
    let incidents = server.get(&session, "/api/v1/incidents").await;
    let incident = &incidents[0];
    assert_eq!(incident["policy"], "high-error-rate", "{incidents}");
    let id = incident["id"].as_str().unwrap();
    let summary = server
        .get(&session, &format!("/api/v1/incidents/{id}/summary"))
        .await;
    assert!(!summary["headline"].as_str().unwrap().is_empty());
    let url = format!("{}/api/v1/incidents/{id}/ack", server.url);
    let taken = server
        .client
        .post(url)
        .bearer_auth(&session)
        .send()
        .await
        .unwrap();
    assert_eq!(body(taken).await["state"], "acknowledged");

    let answer = ask(
        &server,
        &session,
        "how many errors in payments on 2026-11-23?",
    )
    .await;
    assert_eq!(answer["answer"]["found"], true, "{answer}");
    assert!(
        answer["answer"]["text"].as_str().unwrap().contains("60"),
        "{answer}"
    );
    let nothing = ask(
        &server,
        &session,
        "how many errors in payments on 2025-01-01?",
    )
    .await;
    assert_eq!(nothing["answer"]["found"], false, "{nothing}");
    conditions_on_the_same_thing_must_both_hold(&server, &session).await;
}

async fn conditions_on_the_same_thing_must_both_hold(server: &Server, session: &str) {
    let day = "from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z";
    for (filter, is_found) in [
        ("q=service:payments&service=payments", true),
        ("q=service:payments&service=web", false),
        ("q=level:error&severity=error", true),
        ("q=level:error&severity=info", false),
    ] {
        let path = format!("/api/v1/logs?{day}&{filter}");
        let page = server.get(session, &path).await;
        let found = !page["records"].as_array().unwrap().is_empty();
        assert_eq!(found, is_found, "{filter}: {page}");
        let path = format!("/api/v1/logs/histogram?{day}&{filter}");
        let total = server.get(session, &path).await["total"].as_u64().unwrap();
        assert_eq!(total > 0, is_found, "{filter}");
    }
    for (filter, count) in [
        ("text=issuer", 60),
        ("text=absent", 0),
        ("text=payment%207%20", 1),
    ] {
        let path = format!("/api/v1/patterns?{day}&{filter}");
        let patterns = server.get(session, &path).await;
        let counted: u64 = patterns
            .as_array()
            .unwrap()
            .iter()
            .map(|pattern| pattern["count"].as_u64().unwrap())
            .sum();
        assert_eq!(counted, count, "{filter}: {patterns}");
    }
    // However many incidents there are by now, no page repeats one.
    let url = format!("{}/api/v1/incidents?limit=1", server.url);
    let page = server
        .client
        .get(url)
        .bearer_auth(session)
        .send()
        .await
        .unwrap();
    let next = page.headers().get("x-next-cursor").cloned();
    let first = body(page).await;
    if let Some(next) = next {
        let path = format!(
            "/api/v1/incidents?limit=1&cursor={}",
            next.to_str().unwrap()
        );
        let second = server.get(session, &path).await;
        assert_ne!(first[0]["id"], second[0]["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_charters_policy_reaches_slack_and_a_question_is_answered_on_sqlite() {
    the_charters_policy_reaches_slack_and_a_question_is_answered(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_charters_policy_reaches_slack_and_a_question_is_answered_on_postgres() {
    the_charters_policy_reaches_slack_and_a_question_is_answered(Database::Postgres).await;
}
