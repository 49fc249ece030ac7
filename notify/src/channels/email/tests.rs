use lettre::message::Mailbox;
use proptest::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::super::Channel;
use super::super::tests::{NOW, hostile, sample, wire};
use super::{Email, message};
use crate::{Receipt, SendError, SendReason};

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

fn formatted(notification: &domain::Notification) -> String {
    let from = mailbox("Vigil <vigil@example.com>");
    let message = message(notification, &from, &[mailbox("ana@example.com")], NOW).unwrap();
    String::from_utf8(message.formatted()).unwrap()
}

#[test]
fn the_headers_of_an_opened_incident() {
    let mail = formatted(&sample());
    let head = mail.split("\r\n\r\n").next().unwrap();
    let lines: Vec<&str> = head
        .split("\r\n")
        .filter(|line| !line.contains("boundary") && !line.starts_with("Content-Type"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    From: Vigil <vigil@example.com>
    Date: Mon, 23 Nov 2026 10:00:00 +0000
    Message-ID: <00000000-0000-0000-0000-00000000000d@example.com>
    In-Reply-To: <incident-00000000-0000-0000-0000-00000000001c@example.com>
    References: <incident-00000000-0000-0000-0000-00000000001c@example.com>
    Auto-Submitted: auto-generated
    X-Vigil-Incident: 00000000-0000-0000-0000-00000000001c
    Subject: [critical] Incident #12: High error rate in checkout
    To: ana@example.com
    MIME-Version: 1.0
    ");
}

#[test]
fn a_mail_has_a_text_and_a_page_and_escapes_the_page() {
    let mut notification = sample();
    notification.headline = "<script>alert(1)</script>".into();
    let mail = formatted(&notification);
    assert!(
        mail.contains("multipart/alternative")
            && mail.contains("text/plain")
            && mail.contains("text/html")
    );
    assert!(mail.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_text_adds_a_header(notification in hostile()) {
        let mail = formatted(&notification);
        let head = mail.split("\r\n\r\n").next().unwrap();
        prop_assert!(!head.contains("\r\nX-Injected"));
    }
}

/// A mail server that answers `MAIL FROM` with one line and takes everything else.
async fn server(mail_from: &'static str) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let talk = async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut heard = Vec::new();
        let mut in_data = false;
        write.write_all(b"220 test\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match line.as_str() {
                "." if in_data => {
                    in_data = false;
                    "250 queued as 77"
                }
                _ if in_data => "",
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                line if line.starts_with("MAIL FROM") => mail_from,
                line if line.starts_with("QUIT") => "221 bye",
                _ => "250 ok",
            };
            heard.push(line);
            if !reply.is_empty()
                && write
                    .write_all(format!("{reply}\r\n").as_bytes())
                    .await
                    .is_err()
            {
                break;
            }
        }
        heard
    };
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    let task = tokio::spawn(talk);
    (url, task)
}

async fn send(mail_from: &'static str) -> (Result<Receipt, SendError>, Vec<String>) {
    let (url, task) = server(mail_from).await;
    let to = ["ana@example.com".to_owned(), "ben@example.com".to_owned()];
    let email = Email::new(wire(), &url, "vigil@example.com", &to).unwrap();
    let outcome = email.send(&sample()).await;
    drop(email);
    (outcome, task.await.unwrap())
}

#[tokio::test]
async fn a_mail_reaches_every_mailbox_in_one_transaction() {
    let (outcome, heard) = send("250 ok").await;
    assert_eq!(outcome.unwrap().reference.as_deref(), Some("queued as 77"));
    let recipients = heard
        .iter()
        .filter(|line| line.starts_with("RCPT TO"))
        .count();
    assert_eq!(recipients, 2);
    assert!(
        heard
            .iter()
            .any(|line| line == "Message-ID: <00000000-0000-0000-0000-00000000000d@example.com>")
    );
}

#[tokio::test]
async fn smtp_codes_say_whether_to_try_again() {
    for (reply, reason, retryable) in [
        ("451 greylisted", SendReason::RateLimited, true),
        ("421 shutting down", SendReason::ServerError, true),
        ("550 no such sender", SendReason::ClientError, false),
        ("535 authentication failed", SendReason::AuthError, false),
    ] {
        let error = send(reply).await.0.unwrap_err();
        assert_eq!(
            (error.reason, error.retryable),
            (reason, retryable),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_tried_again() {
    let to = ["ana@example.com".to_owned()];
    let email = Email::new(wire(), "smtp://127.0.0.1:9", "vigil@example.com", &to).unwrap();
    let error = email.send(&sample()).await.unwrap_err();
    assert!(error.retryable, "{error}");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let to = ["ana".to_owned()];
    assert_eq!(
        Email::new(wire(), "nonsense", "vigil@example.com", &[])
            .err()
            .unwrap()
            .0,
        "smtp_url"
    );
    assert_eq!(
        Email::new(wire(), "smtp://h", "vigil", &[])
            .err()
            .unwrap()
            .0,
        "from"
    );
    assert_eq!(
        Email::new(wire(), "smtp://h", "vigil@example.com", &to)
            .err()
            .unwrap()
            .0,
        "to"
    );
}
