use domain::{Notification, NotificationKind};
use proptest::prelude::*;
use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, of_kind, sample, wire};
use super::{Slack, escape, payload};
use crate::{SendError, SendReason};

#[test]
fn the_payload_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample(), false), @r#"
    {
      "text": "🔴 CRITICAL: Incident #12: High error rate in checkout",
      "blocks": [
        {
          "type": "header",
          "text": {
            "type": "plain_text",
            "text": "🔴 Incident #12: High error rate in checkout",
            "emoji": true
          }
        },
        {
          "type": "section",
          "fields": [
            {
              "type": "mrkdwn",
              "text": "*Severity*\n🔴 critical",
              "verbatim": true
            },
            {
              "type": "mrkdwn",
              "text": "*State*\nopen (Incident #12)",
              "verbatim": true
            },
            {
              "type": "mrkdwn",
              "text": "*Began*\n<!date^1795427910^{date_short_pretty} {time_secs}|2026-11-23 09:58:30Z>",
              "verbatim": true
            }
          ]
        },
        {
          "type": "section",
          "fields": [
            {
              "type": "mrkdwn",
              "text": "*Services*\ncheckout, payments",
              "verbatim": true
            },
            {
              "type": "mrkdwn",
              "text": "*High error rate*\nhttp_errors over 5m is 143, limit &gt; 100",
              "verbatim": true
            }
          ]
        },
        {
          "type": "section",
          "text": {
            "type": "mrkdwn",
            "text": "checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2].",
            "verbatim": true
          }
        },
        {
          "type": "section",
          "text": {
            "type": "mrkdwn",
            "text": "*Suspects*\n1. checkout v2.4.1 (high confidence, 92 %): deployed 40 s before the first error",
            "verbatim": true
          }
        },
        {
          "type": "section",
          "text": {
            "type": "mrkdwn",
            "text": "*Next steps*\n• Compare v2.4.1 with the version before it\n• Roll back checkout",
            "verbatim": true
          }
        },
        {
          "type": "actions",
          "elements": [
            {
              "type": "button",
              "action_id": "open_incident",
              "text": {
                "type": "plain_text",
                "text": "Open the incident"
              },
              "url": "https://vigil.example.com/#/incidents/12"
            }
          ]
        },
        {
          "type": "context",
          "elements": [
            {
              "type": "mrkdwn",
              "text": "Vigil · 00000000-0000-0000-0000-00000000001c",
              "verbatim": true
            }
          ]
        }
      ],
      "unfurl_links": false,
      "unfurl_media": false
    }
    "#);
}

#[test]
fn each_kind_has_its_own_headline() {
    let kinds = [
        NotificationKind::Opened,
        NotificationKind::Escalated,
        NotificationKind::Acknowledged,
        NotificationKind::Resolved,
        NotificationKind::Test,
    ];
    let texts: Vec<String> = kinds
        .iter()
        .map(|kind| {
            payload(&of_kind(*kind), false)["text"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"), @"
    🔴 CRITICAL: Incident #12: High error rate in checkout
    🔴 CRITICAL: Nobody took incident #12: High error rate in checkout
    👀 CRITICAL: Incident #12 acknowledged: High error rate in checkout
    ✅ CRITICAL: Incident #12 resolved: High error rate in checkout
    🔴 CRITICAL: Test message: High error rate in checkout
    ");
}

/// `(label, action, value)` of the buttons of a message.
fn buttons(notification: &Notification, is_answered: bool) -> Vec<(String, String, String)> {
    let payload = payload(notification, is_answered);
    let blocks = payload["blocks"].as_array().unwrap();
    let actions = blocks.iter().filter(|block| block["type"] == "actions");
    let elements = actions.flat_map(|block| block["elements"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    elements
        .map(|one| {
            let label = text(&one["text"]["text"]);
            (label, text(&one["action_id"]), text(&one["value"]))
        })
        .collect()
}

#[test]
fn buttons_that_ask_are_there_only_where_they_are_answered_and_mean_something() {
    let with = |kind, anomalies| Notification {
        anomalies,
        ..of_kind(kind)
    };
    let labels = |notification: &Notification, is_answered| -> Vec<String> {
        let all = buttons(notification, is_answered).into_iter();
        all.map(|(label, _, _)| label).collect()
    };
    let open = "Open the incident";
    for (kind, anomalies, is_answered, expected) in [
        (NotificationKind::Opened, 3, false, vec![open]),
        (
            NotificationKind::Opened,
            3,
            true,
            vec![open, "Acknowledge", "Useful", "Noise"],
        ),
        // Only a rule speaks for it.
        (
            NotificationKind::Escalated,
            0,
            true,
            vec![open, "Acknowledge"],
        ),
        (
            NotificationKind::Resolved,
            1,
            true,
            vec![open, "Useful", "Noise"],
        ),
        (
            NotificationKind::Acknowledged,
            1,
            true,
            vec![open, "Useful", "Noise"],
        ),
        (NotificationKind::Test, 3, true, vec![open]),
    ] {
        assert_eq!(
            labels(&with(kind, anomalies), is_answered),
            expected,
            "{kind:?}"
        );
    }
    let mut unlinked = with(NotificationKind::Opened, 1);
    unlinked.link = None;
    let id = unlinked.incident_id.to_string();
    let expected = [
        ("Acknowledge", "ack_incident"),
        ("Useful", "incident_useful"),
        ("Noise", "incident_noise"),
    ];
    let expected =
        expected.map(|(label, action)| (label.to_owned(), action.to_owned(), id.clone()));
    assert_eq!(buttons(&unlinked, true), expected);
    assert_eq!(buttons(&unlinked, false), []);
}

#[test]
fn text_out_of_logs_cannot_call_anybody_or_break_out() {
    assert_eq!(
        escape("<!channel> & <@U1>", 100),
        "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    );
    assert_eq!(
        escape("@here, @Channel @everyone ana@example.com", 100),
        "@\u{200b}here, @\u{200b}Channel @\u{200b}everyone ana@example.com"
    );
    assert_eq!(
        escape("a&b", 4),
        "a\u{2026}",
        "an escaped character is never cut in two"
    );
}

/// What Slack checks, as far as it is known.
fn check_limits(payload: &Value) -> Result<(), TestCaseError> {
    let size = |value: &Value| value.as_str().map_or(0, |text| text.encode_utf16().count());
    let blocks = payload["blocks"].as_array().unwrap();
    prop_assert!(!blocks.is_empty() && blocks.len() <= 40);
    prop_assert!(size(&payload["text"]) > 0 && size(&payload["text"]) <= 3_000);
    let mut total = 0;
    for block in blocks {
        let mut texts = vec![(
            &block["text"]["text"],
            if block["type"] == "header" {
                150
            } else {
                3_000
            },
        )];
        if let Some(fields) = block["fields"].as_array() {
            prop_assert!((1..=10).contains(&fields.len()));
            texts.extend(fields.iter().map(|field| (&field["text"], 2_000)));
        }
        let none = Vec::new();
        let elements = block["elements"].as_array().unwrap_or(&none);
        prop_assert!(elements.len() <= 10);
        for element in elements {
            if element["type"] == "button" {
                texts.push((&element["text"]["text"], 75));
                texts.push((&element["url"], 3_000));
                texts.push((&element["value"], 2_000));
            } else {
                texts.push((&element["text"], 3_000));
            }
        }
        for (text, limit) in texts.into_iter().filter(|(text, _)| !text.is_null()) {
            prop_assert!(size(text) >= 1, "an empty text in {block}");
            prop_assert!(size(text) <= limit, "{} of {limit} in {block}", size(text));
            total += size(text);
        }
    }
    prop_assert!(total <= 9_000, "{total} characters");
    let all = payload.to_string();
    prop_assert!(!all.contains("<!channel") && !all.contains("<@"));
    prop_assert!(!all.contains("@here") && !all.contains("@everyone"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_notification_breaks_slacks_limits(notification in hostile()) {
        check_limits(&payload(&notification, true))?;
    }
}

#[test]
fn the_largest_notification_still_shows_headline_link_and_suspects() {
    let mut notification: Notification = sample();
    notification.summary = "x ".repeat(50_000);
    notification.facts = (0..100)
        .map(|i| (format!("fact {i}"), "&".repeat(5_000)))
        .collect();
    notification.suspects = vec![notification.suspects[0].clone(); 50];
    notification.next_steps = vec!["\u{1f525}".repeat(5_000); 50];
    let payload = payload(&notification, true);
    check_limits(&payload).unwrap();
    let kinds: Vec<&str> = payload["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "header", "section", "section", "section", "section", "section", "section", "actions",
            "context"
        ]
    );
}

async fn answer(template: ResponseTemplate) -> Result<crate::Receipt, SendError> {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    Slack::new(
        wire(),
        format!("{}/services/T/B/secret", server.uri()).into(),
        false,
    )
    .send(&sample())
    .await
}

#[tokio::test]
async fn only_ok_is_an_acceptance() {
    assert!(
        answer(ResponseTemplate::new(200).set_body_string("ok"))
            .await
            .is_ok()
    );
    let error = answer(ResponseTemplate::new(200).set_body_string("invalid_blocks"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.reason, error.retryable),
        (SendReason::ClientError, false)
    );
    assert_eq!(error.message, "answered 200: invalid_blocks");
}

#[tokio::test]
async fn failures_say_whether_to_try_again() {
    let cases = [
        (404, "channel_not_found", SendReason::ClientError, false),
        (403, "invalid_token", SendReason::AuthError, false),
        (429, "", SendReason::RateLimited, true),
        (500, "", SendReason::ServerError, true),
        (302, "", SendReason::ClientError, false),
    ];
    for (status, body, reason, retryable) in cases {
        let template = ResponseTemplate::new(status)
            .set_body_string(body)
            .insert_header("retry-after", "7");
        let error = answer(template).await.unwrap_err();
        assert_eq!(
            (error.reason, error.retryable, error.status),
            (reason, retryable, Some(status))
        );
        assert_eq!(
            error.retry_after.map(|wait| wait.as_secs()),
            retryable.then_some(7)
        );
        assert!(!error.message.contains("secret"));
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_and_not_named() {
    let url = "http://127.0.0.1:9/services/secret".into();
    let error = Slack::new(wire(), url, false)
        .send(&sample())
        .await
        .unwrap_err();
    assert_eq!(
        (error.reason, error.retryable),
        (SendReason::ServerError, true)
    );
    assert!(
        !error.message.contains("secret") && error.message.contains("cannot connect"),
        "{error}"
    );
}
