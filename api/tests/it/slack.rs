//! Slash commands and buttons, signed as Slack signs them.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::ReceiverServer;

use crate::harness::{Database, Server, json as body};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn now() -> i64 {
    testkit::now_ns() / 1_000_000_000
}

fn signature(at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

async fn post(server: &Server, path: &str, at: i64, signature: &str, body: &str) -> Response {
    server
        .client
        .post(format!("{}{path}", server.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-slack-request-timestamp", at.to_string())
        .header("x-slack-signature", signature)
        .body(body.to_owned())
        .send()
        .await
        .unwrap()
}

async fn signed(server: &Server, path: &str, fields: &[(&str, &str)]) -> Response {
    let body = reqwest::Url::parse_with_params("http://x/", fields)
        .unwrap()
        .query()
        .unwrap()
        .to_owned();
    let at = now();
    post(server, path, at, &signature(at, &body), &body).await
}

/// What the receiver got since `from`, as soon as it is there.
async fn later(receiver: &ReceiverServer, from: usize) -> Value {
    for _ in 0..400 {
        let received = receiver.received();
        if let Some(last) = received.get(from) {
            assert_eq!(last.complaint, None);
            return last.json.clone().expect("it is JSON");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing came through the response_url");
}

async fn start(more: &str) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vigil.toml");
    let text =
        format!("[slack]\nsigning_secret = \"{SECRET}\"\nresponse_hosts = [\"127.0.0.1\"]\n{more}");
    std::fs::write(&settings, text).unwrap();
    let arguments = ["--config".to_owned(), settings.display().to_string()];
    let server = Server::start_with(Database::Sqlite, &arguments).await;
    (server, folder)
}

const PLACES: &str =
    "[[slack.place]]\nteam = \"T1\"\nproject = \"default\"\n\n[slack.users]\nU1 = \"admin\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_is_answered_at_once_and_then_through_its_response_url() {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(PLACES).await;
    let lines: String = (0..12)
        .map(|n| format!("{{\"level\":\"error\",\"service\":\"checkout\",\"message\":\"<!channel> payment {n} failed\"}}\n"))
        .collect();
    let sent = server.post_logs("application/x-ndjson", lines).send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let url = receiver.slack_url();
    let fields = [
        ("team_id", "T1"),
        ("channel_id", "C9"),
        ("user_id", "U1"),
        ("command", "/vigil"),
        ("text", "how many errors of checkout in the last hour?"),
        ("response_url", url.as_str()),
    ];
    let answer = signed(&server, "/slack/commands", &fields).await;
    assert_eq!(answer.status(), 200);
    let at_once = body(answer).await;
    assert_eq!(at_once["response_type"], "ephemeral");
    assert!(
        at_once["text"]
            .as_str()
            .unwrap()
            .contains("Looking into it")
    );
    let said = later(&receiver, 0).await;
    assert_eq!(said["response_type"], "in_channel");
    let text = said.to_string();
    assert!(text.contains("12") && text.contains("Evidence"), "{text}");
    assert!(!text.contains("<!channel>"), "{text}");
    // Words that are commands are no questions.
    for (typed, part) in [
        ("", "/vigil why is checkout slow"),
        ("help", "/vigil why is checkout slow"),
        ("incidents", "No incident is open."),
        ("ack 7", "incident 7 was not found"),
    ] {
        let mut fields = fields;
        fields[4].1 = typed;
        let answer = body(signed(&server, "/slack/commands", &fields).await).await;
        assert!(
            answer["text"].as_str().unwrap().contains(part),
            "{typed}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_did_not_sign_is_refused_before_anything_is_done() {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(PLACES).await;
    let form = "team_id=T1&channel_id=C9&text=help";
    let at = now();
    for (at, signature) in [
        (at, "v0=00".to_owned()),
        (at, signature(at, "text=other")),
        (at - 301, signature(at - 301, form)),
        (at + 400, signature(at + 400, form)),
        (at, String::new()),
    ] {
        let answer = post(&server, "/slack/commands", at, &signature, form).await;
        assert_eq!(answer.status(), 401, "{signature}");
    }
    let good = post(&server, "/slack/commands", at, &signature(at, form), form).await;
    assert_eq!(good.status(), 200);
    assert!(receiver.received().is_empty());
    // Without settings there is no such address.
    let plain = Server::start(Database::Sqlite).await;
    let answer = post(&plain, "/slack/commands", at, &signature(at, form), form).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_and_people_that_nobody_mapped_may_nothing() {
    let more = "[[slack.place]]\nteam = \"T1\"\nchannel = \"C1\"\nproject = \"default\"\n";
    let (server, _folder) = start(more).await;
    let fields = |team, channel, text| {
        [
            ("team_id", team),
            ("channel_id", channel),
            ("user_id", "U1"),
            ("text", text),
        ]
    };
    let say = async |team, channel, text| {
        let answer = signed(&server, "/slack/commands", &fields(team, channel, text)).await;
        body(answer).await["text"].as_str().unwrap().to_owned()
    };
    assert!(say("T1", "C1", "incidents").await.contains("No incident"));
    for (team, channel) in [("T1", "C2"), ("T2", "C1"), ("", "")] {
        let text = say(team, channel, "incidents").await;
        assert!(text.contains("belongs to no project"), "{text}");
    }
    assert!(
        say("T1", "C1", "ack 1")
            .await
            .contains("does not know who U1 is")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing() {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(PLACES).await;
    let session = server.session().await;
    // An incident out of the past is resolved at once; a button on it is told so.
    let press = async |action: &str, value: &str, url: &str| {
        let payload = json!({
            "type": "block_actions", "team": { "id": "T1" }, "channel": { "id": "C1" }, "user": { "id": "U1" },
            "response_url": url, "actions": [{ "action_id": action, "value": value }],
        });
        let payload = payload.to_string();
        let fields = [("payload", payload.as_str())];
        signed(&server, "/slack/interactions", &fields)
            .await
            .status()
    };
    let url = receiver.slack_url();
    assert_eq!(press("open_incident", "", &url).await, 200);
    assert_eq!(press("ack_incident", "5", &url).await, 200);
    let said = later(&receiver, 0).await;
    assert!(
        said["text"]
            .as_str()
            .unwrap()
            .contains("incident 5 was not found"),
        "{said}"
    );
    // Inside, but not allowed: the guard of the outbound client refuses it.
    let inside = server.url.replace("127.0.0.1", "127.0.0.2");
    assert_eq!(press("ack_incident", "5", &inside).await, 200);
    for _ in 0..100 {
        if server
            .printed("stderr")
            .contains("could not be sent to Slack")
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        server
            .printed("stderr")
            .contains("could not be sent to Slack")
    );
    assert_eq!(receiver.received().len(), 1);
    server.get(&session, "/api/v1/me").await;
}
