//! Who asks, and who has left: what the audit tells of calls to models, and when the work on a question ends.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use testkit::ReceiverServer;
use tokio::io::AsyncReadExt as _;

use crate::harness::{Database, Server};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

async fn start(text: &str) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vigil.toml");
    std::fs::write(&settings, text).unwrap();
    let more = ["--config".to_owned(), settings.display().to_string()];
    let server = Server::start_with(Database::Sqlite, &more).await;
    let line = r#"{"level":"error","service":"checkout","message":"payment failed"}"#;
    let sent = server.post_logs("application/json", line).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    (server, folder)
}

const QUESTION: &str = "how many errors in the last hour?";

async fn ask(server: &Server, credential: &str) {
    let asked = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(credential)
        .json(&json!({ "question": QUESTION }))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
}

async fn ask_by_mcp(server: &Server, credential: &str) {
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call",
        "params": { "name": "ask", "arguments": { "question": QUESTION, "narrate": true } } });
    let asked = server
        .client
        .post(format!("{}/mcp", server.url))
        .bearer_auth(credential)
        .header("accept", "application/json, text/event-stream")
        .json(&call)
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
}

async fn ask_in_slack(server: &Server, user: &str, response_url: &str) {
    let fields = [
        ("team_id", "T1"),
        ("channel_id", "C9"),
        ("user_id", user),
        ("command", "/vigil"),
        ("text", QUESTION),
        ("response_url", response_url),
    ];
    let form = reqwest::Url::parse_with_params("http://x/", fields).unwrap();
    let body = form.query().unwrap().to_owned();
    let at = testkit::now_ns() / 1_000_000_000;
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
    let asked = server
        .client
        .post(format!("{}/slack/commands", server.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", at.to_string())
        .header("x-slack-signature", signature)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
}

/// Waits for a line of the log.
async fn logged(server: &Server, is_it: impl Fn(&str) -> bool, what: &str) {
    for _ in 0..600 {
        if server.printed("stderr").lines().any(&is_it) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} is not logged: {}", server.printed("stderr"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_says_who_asked_whichever_way_it_was() {
    let receiver = ReceiverServer::start().unwrap();
    let text = format!(
        "[external_model]\nprovider = \"openai\"\nbase_url = \"{}\"\nmodel = \"m\"\napi_key = \"k-test\"\n\
         [slack]\nsigning_secret = \"{SECRET}\"\nresponse_hosts = [\"127.0.0.1\"]\nproject = \"default\"\n\
         [slack.users]\nU1 = \"admin\"\n",
        receiver.openai_base_url()
    );
    let (server, _folder) = start(&text).await;
    let (session, token) = (server.session().await, server.read_token());
    ask(&server, &session).await;
    ask(&server, &token).await;
    ask_by_mcp(&server, &session).await;
    ask_by_mcp(&server, &token).await;
    ask_in_slack(&server, "U1", &receiver.slack_url()).await;
    ask_in_slack(&server, "U2", &receiver.slack_url()).await;
    for who in [
        "user admin",
        "token reader",
        "user admin (mcp)",
        "token reader (mcp)",
        "slack user U1 (admin)",
        "slack user U2",
    ] {
        let field = format!("requested_by=\"{who}\"");
        let is_it = |line: &str| line.contains("asked an external model") && line.contains(&field);
        logged(&server, is_it, &field).await;
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
async fn an_asker_who_leaves_without_a_stream_is_noticed_as_well() {
    let (asked_sender, asked) = tokio::sync::oneshot::channel();
    let (left_sender, left) = tokio::sync::oneshot::channel();
    let url = silent_model(asked_sender, left_sender).await;
    let text = format!(
        "[external_model]\nprovider = \"openai\"\nbase_url = \"{url}\"\nmodel = \"silent\"\n"
    );
    let (server, _folder) = start(&text).await;
    let session = server.session().await;
    let asking = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(&session)
        .json(&json!({ "question": QUESTION }))
        .send();
    // The question has reached the model, and then its asker leaves.
    tokio::select! {
        answer = asking => panic!("{answer:?}"),
        outcome = tokio::time::timeout(Duration::from_secs(30), asked) => outcome.unwrap().unwrap(),
    }
    // Far below the time that a model may take.
    let patience = Duration::from_secs(10);
    tokio::time::timeout(patience, left).await.unwrap().unwrap();
    let is_line = |line: &str| line.contains("http.route=/api/v1/ask") && line.contains("499");
    logged(&server, is_line, "that the client left").await;
    let is_audit = |line: &str| line.contains("asked an external model") && line.contains("left");
    logged(&server, is_audit, "a call that was left").await;
}
