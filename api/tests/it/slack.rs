//! Slash commands and buttons, signed as Slack signs them.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::Sha256;
use store::IdentityStore as _;
use testkit::ReceiverServer;

use crate::harness::{Database, Server, json as body};

pub const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

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

pub async fn signed(server: &Server, path: &str, fields: &[(&str, &str)]) -> Response {
    let body = reqwest::Url::parse_with_params("http://x/", fields)
        .unwrap()
        .query()
        .unwrap()
        .to_owned();
    let at = now();
    post(server, path, at, &signature(at, &body), &body).await
}

/// What the receiver got since `from`, as soon as it is there. A server that was killed leads again when its lease has
/// run out, and a policy is looked at once in a while: two minutes is far more than both.
async fn later(receiver: &ReceiverServer, from: usize) -> Value {
    for _ in 0..2_400 {
        let received = receiver.received();
        if let Some(last) = received.get(from) {
            assert_eq!(last.complaint, None);
            return last.json.clone().expect("it is JSON");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing came through the response_url");
}

pub async fn start(database: Database, more: &str) -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vigil.toml");
    let text =
        format!("[slack]\nsigning_secret = \"{SECRET}\"\nresponse_hosts = [\"127.0.0.1\"]\n{more}");
    std::fs::write(&settings, text).unwrap();
    let arguments = ["--config".to_owned(), settings.display().to_string()];
    let server = Server::start_with(database, &arguments).await;
    (server, folder)
}

const PLACES: &str =
    "[[slack.place]]\nteam = \"T1\"\nproject = \"default\"\n\n[slack.users]\nU1 = \"admin\"\n";

async fn a_slash_command_is_answered_at_once_and_then_through_its_response_url(database: Database) {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(database, PLACES).await;
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

async fn what_slack_did_not_sign_is_refused_before_anything_is_done(database: Database) {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(database, PLACES).await;
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
    let plain = Server::start(database).await;
    let answer = post(&plain, "/slack/commands", at, &signature(at, form), form).await;
    assert_eq!(answer.status(), 404);
}

async fn channels_and_people_that_nobody_mapped_may_nothing(database: Database) {
    let more = "[[slack.place]]\nteam = \"T1\"\nchannel = \"C1\"\nproject = \"default\"\n";
    let (server, _folder) = start(database, more).await;
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

/// What Slack sends when a button is pressed, as its reference of `block_actions` has it.
fn pressed(who: (&str, &str, &str), action: &str, value: &str, url: &str) -> String {
    let (team, channel, user) = who;
    json!({
        "type": "block_actions",
        "user": { "id": user, "username": "ada", "name": "ada", "team_id": team },
        "api_app_id": "A0VIGIL",
        "token": "verification-tokens-are-not-looked-at",
        "container": { "type": "message", "message_ts": "1795427910.000200", "channel_id": channel, "is_ephemeral": false },
        "trigger_id": "12466734323.1395872398.0f1e2d3c4b5a",
        "team": { "id": team, "domain": "shop" },
        "enterprise": null,
        "is_enterprise_install": false,
        "channel": { "id": channel, "name": "ops" },
        "message": { "type": "message", "subtype": "bot_message", "text": "Incident #1", "ts": "1795427910.000200", "bot_id": "B0VIGIL" },
        "state": { "values": {} },
        "response_url": url,
        "actions": [{
            "action_id": action, "block_id": "x7Yz", "text": { "type": "plain_text", "text": "Useful", "emoji": true },
            "value": value, "type": "button", "action_ts": "1795427950.123456",
        }],
    })
    .to_string()
}

/// A signed press; its status.
async fn press(server: &Server, payload: &str) -> u16 {
    let fields = [("payload", payload)];
    let answer = signed(server, "/slack/interactions", &fields).await;
    answer.status().as_u16()
}

const ADA: (&str, &str, &str) = ("T1", "C1", "U1");

async fn a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing(
    database: Database,
) {
    let receiver = ReceiverServer::start().unwrap();
    let (server, _folder) = start(database, PLACES).await;
    let url = receiver.slack_url();
    let unknown = "00000000-0000-7000-8000-000000000005";
    let said = async |index: usize| {
        later(&receiver, index).await["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // One that only opens an address says nothing.
    assert_eq!(
        press(&server, &pressed(ADA, "open_incident", "", &url)).await,
        200
    );
    assert_eq!(
        press(&server, &pressed(ADA, "ack_incident", unknown, &url)).await,
        200
    );
    assert!(said(0).await.contains("was not found"), "{}", said(0).await);
    // A number may be that of another project's incident.
    assert_eq!(
        press(&server, &pressed(ADA, "ack_incident", "5", &url)).await,
        200
    );
    assert_eq!(said(1).await, "The button names no incident.");
    // Inside, but not allowed: the guard of the outbound client refuses it.
    let inside = server.url.replace("127.0.0.1", "127.0.0.2");
    assert_eq!(
        press(&server, &pressed(ADA, "ack_incident", unknown, &inside)).await,
        200
    );
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
    assert_eq!(receiver.received().len(), 2);
}

async fn a_verdict_of_a_button_counts_once_and_only_in_its_project(database: Database) {
    let receiver = ReceiverServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(database).await;
    // Younger than the default one, which sessions are of.
    let now_ns = testkit::now_ns();
    server.store().ensure_project("second", now_ns).unwrap();
    let places = "[[slack.place]]\nteam = \"T2\"\nproject = \"second\"\n\n";
    let settings = folder.path().join("vigil.toml");
    let text = format!(
        "[slack]\nsigning_secret = \"{SECRET}\"\nresponse_hosts = [\"127.0.0.1\"]\n{places}{PLACES}"
    );
    std::fs::write(&settings, text).unwrap();
    server.kill();
    server.add_arguments(&["--config".to_owned(), settings.display().to_string()]);
    server.restart().await;
    let session = server.session().await;
    let found = crate::judge::troubled(&server, &session).await;
    let incident = found["incidents"][0]["id"].as_str().unwrap();
    let url = receiver.slack_url();
    let said = async |index: usize| {
        later(&receiver, index).await["text"]
            .as_str()
            .unwrap()
            .to_owned()
    };

    // A captured press counts; sent again within its five minutes it does not, and old ones never do.
    let useful = pressed(ADA, "incident_useful", incident, &url);
    let form =
        reqwest::Url::parse_with_params("http://x/", [("payload", useful.as_str())]).unwrap();
    let form = form.query().unwrap();
    let at = now();
    let sign = signature(at, form);
    let path = "/slack/interactions";
    assert_eq!(post(&server, path, at, &sign, form).await.status(), 200);
    assert!(
        said(0).await.contains("is noted as useful"),
        "{}",
        said(0).await
    );
    let again = post(&server, path, at, &sign, form).await;
    assert_eq!(again.status(), 401);
    let detail = body(again).await["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail, "the request was taken before");
    let old = at - 301;
    let refused = post(&server, path, old, &signature(old, form), form).await;
    assert_eq!(refused.status(), 401);
    let forged = form.replace("incident_useful", "incident_noise");
    assert_eq!(post(&server, path, at, &sign, &forged).await.status(), 401);

    // The same incident out of a channel of another project, out of none, and pressed by a stranger.
    let noise = |who| pressed(who, "incident_noise", incident, &url);
    assert_eq!(press(&server, &noise(("T2", "C1", "U1"))).await, 200);
    assert!(said(1).await.contains("was not found"), "{}", said(1).await);
    assert_eq!(press(&server, &noise(("T3", "C1", "U1"))).await, 200);
    assert!(
        said(2).await.contains("belongs to no project"),
        "{}",
        said(2).await
    );
    assert_eq!(press(&server, &noise(("T1", "C1", "U9"))).await, 200);
    assert!(
        said(3).await.contains("does not know who U9 is"),
        "{}",
        said(3).await
    );

    // All that was refused changed nothing: the first verdict stands until it is changed.
    let counts = async |verdict: &str| {
        let id = found["anomalies"][0]["id"].as_str().unwrap();
        let answer = server
            .client
            .post(format!("{}/api/v1/anomalies/{id}/feedback", server.url))
            .bearer_auth(&session)
            .json(&json!({ "verdict": verdict }))
            .send();
        let said = body(answer.await.unwrap()).await;
        (
            said["useful"].as_u64().unwrap(),
            said["noise"].as_u64().unwrap(),
        )
    };
    assert_eq!(counts("useful").await.1, 0);
    assert_eq!(press(&server, &noise(ADA)).await, 200);
    assert!(
        said(4).await.contains("is noted as noise"),
        "{}",
        said(4).await
    );
    assert_eq!(counts("noise").await.0, 0);
}

const POLICY: &str = "policy:\n  name: High error rate\n  conditions:\n    - type: metric_threshold\n      metric: http_errors\n      threshold: 100\n      window: 5m\n  workflow:\n    - notify: slack:#ops\n";

async fn a_message_has_buttons_that_work_where_a_slack_app_is_configured(database: Database) {
    let receiver = ReceiverServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errors.yaml"), POLICY).unwrap();
    let url = receiver.slack_url();
    let channel = format!(
        "{PLACES}\n[[receiver]]\nname = \"slack:#ops\"\nurl = \"{url}\"\nallow_private = true\n"
    );
    let (mut server, _settings) = start(database, &channel).await;
    server.kill();
    server.add_arguments(&[
        "--policy-dir".to_owned(),
        folder.path().display().to_string(),
    ]);
    server.restart().await;
    let at = now();
    let points = json!([
        { "name": "http_errors", "type": "counter", "value": 10, "timestamp": at - 120, "labels": { "service": "web" } },
        { "name": "http_errors", "type": "counter", "value": 250, "timestamp": at - 5, "labels": { "service": "web" } },
    ]);
    let sent = server
        .client
        .post(format!("{}/api/v1/metrics", server.url))
        .bearer_auth(&server.token)
        .json(&points)
        .send();
    assert_eq!(sent.await.unwrap().status(), 200);
    let message = later(&receiver, 0).await;
    let blocks = message["blocks"].as_array().unwrap();
    let actions = blocks
        .iter()
        .find(|block| block["type"] == "actions")
        .unwrap();
    let buttons = actions["elements"].as_array().unwrap();
    let take = buttons
        .iter()
        .find(|one| one["action_id"] == "ack_incident")
        .unwrap();
    let value = take["value"].as_str().unwrap();
    assert_eq!(
        press(&server, &pressed(ADA, "ack_incident", value, &url)).await,
        200
    );
    // Beside what is said to who pressed it, the channel is told that somebody has it.
    let mut index = 1;
    loop {
        let said = later(&receiver, index).await;
        let text = said["text"].as_str().unwrap();
        if said["response_type"] == "ephemeral" {
            assert!(text.contains("is acknowledged"), "{text}");
            break;
        }
        index += 1;
    }
    let session = server.session().await;
    let incident = server
        .get(&session, &format!("/api/v1/incidents/{value}"))
        .await;
    assert_eq!(incident["acknowledged_by"], "admin (Slack)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_is_answered_at_once_and_then_through_its_response_url_on_sqlite() {
    a_slash_command_is_answered_at_once_and_then_through_its_response_url(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_command_is_answered_at_once_and_then_through_its_response_url_on_postgres() {
    a_slash_command_is_answered_at_once_and_then_through_its_response_url(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_did_not_sign_is_refused_before_anything_is_done_on_sqlite() {
    what_slack_did_not_sign_is_refused_before_anything_is_done(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_slack_did_not_sign_is_refused_before_anything_is_done_on_postgres() {
    what_slack_did_not_sign_is_refused_before_anything_is_done(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_and_people_that_nobody_mapped_may_nothing_on_sqlite() {
    channels_and_people_that_nobody_mapped_may_nothing(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_and_people_that_nobody_mapped_may_nothing_on_postgres() {
    channels_and_people_that_nobody_mapped_may_nothing(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing_on_sqlite() {
    a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing(Database::Sqlite)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing_on_postgres() {
    a_button_takes_an_incident_and_an_address_that_is_not_slacks_gets_nothing(Database::Postgres)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_of_a_button_counts_once_and_only_in_its_project_on_sqlite() {
    a_verdict_of_a_button_counts_once_and_only_in_its_project(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_of_a_button_counts_once_and_only_in_its_project_on_postgres() {
    a_verdict_of_a_button_counts_once_and_only_in_its_project(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_buttons_that_work_where_a_slack_app_is_configured_on_sqlite() {
    a_message_has_buttons_that_work_where_a_slack_app_is_configured(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_buttons_that_work_where_a_slack_app_is_configured_on_postgres() {
    a_message_has_buttons_that_work_where_a_slack_app_is_configured(Database::Postgres).await;
}
