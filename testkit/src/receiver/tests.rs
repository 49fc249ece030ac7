use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Channel, ReceiverServer, Reply};

/// Posts over a plain socket: status, headers and body, or `None` when nothing came back.
fn post(
    server: &ReceiverServer,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    stream
        .write_all(format!("{request}\r\n{body}").as_bytes())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer))
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn slack(message: &Value) -> (u16, String) {
    let server = ReceiverServer::start().unwrap();
    let (status, answer) = post(&server, "/services/T/B/K", &[JSON], &message.to_string()).unwrap();
    let body = answer.rsplit("\r\n").next().unwrap().to_owned();
    (status, body)
}

fn section(characters: usize) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": "é".repeat(characters)}})
}

#[test]
fn slack_takes_a_message_at_its_limits() {
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": "h".repeat(150)}});
    let button = json!({"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "http://x"});
    let blocks = json!([
        header,
        section(3_000),
        {"type": "section", "fields": vec![json!({"type": "mrkdwn", "text": "f"}); 10]},
        {"type": "divider"},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}]},
        {"type": "actions", "elements": [button]},
    ]);
    let answer = slack(&json!({"text": "fallback", "blocks": blocks}));
    assert_eq!(answer, (200, "ok".to_owned()));
}

#[test]
fn slack_refuses_what_is_over_its_limits() {
    let refused = |word: &str, blocks: Value| {
        let answer = slack(&json!({"text": "fallback", "blocks": blocks}));
        assert_eq!(answer, (400, word.to_owned()));
    };
    refused("invalid_blocks", json!([section(3_001)]));
    refused("invalid_blocks", json!([section(0)]));
    refused(
        "invalid_blocks",
        json!(vec![json!({"type": "divider"}); 51]),
    );
    refused(
        "invalid_blocks",
        json!([{"type": "section", "fields": vec![json!({"type": "mrkdwn", "text": "f"}); 11]}]),
    );
    refused(
        "invalid_blocks",
        json!([{"type": "header", "text": {"type": "plain_text", "text": "h".repeat(151)}}]),
    );
    refused(
        "invalid_blocks",
        json!([{"type": "context", "elements": []}]),
    );
    refused("invalid_blocks", json!([{"type": "marquee"}]));
    refused("msg_blocks_too_long", json!(vec![section(2_900); 4]));
    assert_eq!(
        slack(&json!({"blocks": [section(1)]})),
        (400, "no_text".to_owned())
    );
}

#[test]
fn slack_wants_json_and_says_which_rule_was_broken() {
    let server = ReceiverServer::start().unwrap();
    let (status, _) = post(&server, "/services/T/B/K", &[], r#"{"text":"a"}"#).unwrap();
    assert_eq!(status, 400);
    let (status, _) = post(&server, "/services/T", &[JSON], r#"{"text":"a"}"#).unwrap();
    assert_eq!(status, 404);
    let complaint = server.received()[1].complaint.clone().unwrap();
    assert_eq!(complaint, "path is not /services/T/B/KEY");
}

#[test]
fn pagerduty_takes_a_whole_trigger_and_names_what_is_missing() {
    let server = ReceiverServer::start().unwrap();
    let send = |event: &Value| post(&server, "/v2/enqueue", &[JSON], &event.to_string()).unwrap();
    let key = "0".repeat(32);
    let payload = json!({"summary": "s", "source": "vigil", "severity": "critical"});
    let trigger = json!({"routing_key": key, "event_action": "trigger", "dedup_key": "d", "payload": payload});
    assert_eq!(send(&trigger).0, 202);
    assert_eq!(
        send(&json!({"routing_key": key, "event_action": "resolve", "dedup_key": "d"})).0,
        202
    );
    assert_eq!(
        send(&json!({"routing_key": key, "event_action": "resolve"})).0,
        400
    );
    assert_eq!(
        send(&json!({"routing_key": "short", "event_action": "resolve", "dedup_key": "d"})).0,
        400
    );
    let mut long = trigger.clone();
    long["payload"]["summary"] = json!("s".repeat(1_025));
    assert_eq!(send(&long).0, 400);
    let mut shouting = trigger;
    shouting["payload"]["severity"] = json!("page");
    let (status, answer) = send(&shouting);
    assert_eq!(status, 400);
    assert!(answer.contains("'payload.severity' must be"), "{answer}");
}

#[test]
fn scripted_replies_are_used_up_in_order_and_every_request_is_recorded() {
    let server = ReceiverServer::start().unwrap();
    let retry_after = "7".to_owned();
    server.script(Channel::Webhook, Reply::RateLimited { retry_after });
    server.script(Channel::Webhook, Reply::Status(500));
    server.script(Channel::Webhook, Reply::Disconnect);
    server.script(Channel::Webhook, Reply::Hang);
    let send = || post(&server, "/webhook?a=1", &[("X-Sent", "yes")], r#"{"n":1}"#);
    let (status, answer) = send().unwrap();
    assert_eq!(status, 429);
    assert!(answer.contains("retry-after: 7"), "{answer}");
    assert_eq!(send().unwrap().0, 500);
    assert_eq!(send(), None);
    assert_eq!(send(), None);
    assert_eq!(send().unwrap().0, 200);
    let received = server.wait_for(Channel::Webhook, 5, Duration::from_secs(5));
    let statuses: Vec<_> = received.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(500), None, None, Some(200)]);
    assert_eq!(received[0].path, "/webhook?a=1");
    assert_eq!(received[0].headers["x-sent"], "yes");
    assert_eq!(received[0].json, Some(json!({"n": 1})));
}

#[test]
fn models_write_the_scripted_text_and_insist_on_a_key() {
    let server = ReceiverServer::start().unwrap();
    server.answer_with("two words");
    server.answer_with("two more");
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"q"}]}"#;
    let path = "/v1/chat/completions";
    assert_eq!(post(&server, path, &[], body).unwrap().0, 401);
    let (status, answer) = post(&server, path, &[("authorization", "Bearer k")], body).unwrap();
    assert_eq!(status, 200);
    assert!(answer.contains(r#""content":"two words""#), "{answer}");
    assert_eq!(post(&server, "/v1/messages", &[], body).unwrap().0, 401);
    let headers = [("x-api-key", "k"), ("anthropic-version", "2023-06-01")];
    let (status, answer) = post(&server, "/v1/messages", &headers, body).unwrap();
    assert_eq!(status, 200);
    assert!(answer.contains(r#""text":"two more""#), "{answer}");
    let streamed = body.replacen('{', r#"{"stream":true,"#, 1);
    let (_, answer) = post(&server, path, &[("authorization", "Bearer k")], &streamed).unwrap();
    assert!(answer.contains("data: [DONE]"), "{answer}");
    assert_eq!(server.received_by(Channel::OpenAi).len(), 3);
}

#[test]
fn an_asynchronous_test_can_wait_for_what_arrives_later() {
    let server = ReceiverServer::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..3 {
                post(&server, "/webhook", &[], "{}").unwrap();
            }
        });
        let received = runtime.block_on(server.arrival(Channel::Webhook, 3));
        assert_eq!(received.len(), 3);
    });
}
