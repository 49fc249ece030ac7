//! Who asks, and who has left: what the audit tells of calls to models, and when the work on a question ends.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::Sha256;
use testkit::ReceiverServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::harness::{Database, Server, run};

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
async fn silent_model(asked: oneshot::Sender<()>, left: oneshot::Sender<()>) -> String {
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

/// A server with it: when it was asked, and when whoever asked it left.
async fn with_silent_model() -> (
    Server,
    tempfile::TempDir,
    oneshot::Receiver<()>,
    oneshot::Receiver<()>,
) {
    let (asked_sender, asked) = oneshot::channel();
    let (left_sender, left) = oneshot::channel();
    let url = silent_model(asked_sender, left_sender).await;
    let text = format!(
        "[external_model]\nprovider = \"openai\"\nbase_url = \"{url}\"\nmodel = \"silent\"\n"
    );
    let (server, folder) = start(&text).await;
    (server, folder, asked, left)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asker_who_leaves_without_a_stream_is_noticed_as_well() {
    let (server, _folder, asked, left) = with_silent_model().await;
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

/// Asks over a plain socket, and says that nothing more will be sent.
async fn ask_and_close_one_half(server: &Server, version: &str, credential: &str) -> TcpStream {
    let host = server.url.trim_start_matches("http://");
    let body = json!({ "question": QUESTION }).to_string();
    let request = format!(
        "POST /api/v1/ask {version}\r\nHost: {host}\r\nAuthorization: Bearer {credential}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    stream
}

/// A model that fails at whatever it is asked, but not before it may.
#[expect(
    clippy::disallowed_methods,
    reason = "a peer of the test, which ends with its runtime"
)]
async fn slow_model(may_end: oneshot::Receiver<()>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (connection, _) = listener.accept().await.unwrap();
        may_end.await.ok();
        drop((connection, listener));
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asker_who_closes_one_half_gets_the_answer() {
    for version in ["HTTP/1.1", "HTTP/1.0"] {
        let (let_it, may_end) = oneshot::channel();
        let url = slow_model(may_end).await;
        let text = format!(
            "[external_model]\nprovider = \"openai\"\nbase_url = \"{url}\"\nmodel = \"slow\"\n"
        );
        let (server, _folder) = start(&text).await;
        let session = server.session().await;
        let mut stream = ask_and_close_one_half(&server, version, &session).await;
        let mut all = Vec::new();
        if version == "HTTP/1.1" {
            // The server has looked whether this end is still there.
            let mut interim = [0; 25];
            stream.read_exact(&mut interim).await.unwrap();
            assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        } else {
            // Old clients know no interim responses: nothing is said before the answer.
            let soon = tokio::time::timeout(Duration::from_secs(2), stream.read_u8());
            assert!(soon.await.is_err());
        }
        let_it.send(()).unwrap();
        stream.read_to_end(&mut all).await.unwrap();
        let text = String::from_utf8(all).unwrap();
        // It may have looked again.
        let text = text.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n");
        assert!(text.starts_with(&format!("{version} 200 OK")), "{text}");
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let answer: serde_json::Value = serde_json::from_str(body).unwrap();
        let author = answer["answer"]["author"]["kind"].as_str().unwrap();
        assert!(author.starts_with("rules"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asker_who_closes_one_half_and_then_leaves_is_noticed() {
    let (server, _folder, asked, left) = with_silent_model().await;
    let session = server.session().await;
    let mut stream = ask_and_close_one_half(&server, "HTTP/1.1", &session).await;
    asked.await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    drop(stream);
    // Far below the time that a model may take.
    let patience = Duration::from_secs(15);
    tokio::time::timeout(patience, left).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streamed_answer_ends_with_the_token_that_asked() {
    let (server, _folder, asked, left) = with_silent_model().await;
    let token = server.read_token();
    let answer = server
        .client
        .post(format!("{}/api/v1/ask", server.url))
        .bearer_auth(&token)
        .header("accept", "text/event-stream")
        .json(&json!({ "question": QUESTION }))
        .send()
        .await
        .unwrap();
    asked.await.unwrap();
    let prefix = api::auth::display_prefix(&token);
    let revoke = ["token", "revoke", prefix.as_str()];
    run(server.folder(), server.arguments(), &revoke);
    // Far below the time that a model may take.
    let patience = api::auth::SESSION_LOOK + Duration::from_secs(10);
    let text = tokio::time::timeout(patience, answer.text());
    let text = text.await.unwrap().unwrap();
    let (_, last) = text.trim_end().rsplit_once("event: ").unwrap();
    assert!(last.starts_with("error\n"), "{text}");
    assert!(last.contains("\"code\":\"unauthenticated\""), "{text}");
    tokio::time::timeout(patience, left).await.unwrap().unwrap();
}
