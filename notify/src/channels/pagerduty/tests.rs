use domain::NotificationKind;
use proptest::prelude::*;
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, of_kind, sample, wire};
use super::{PagerDuty, payload};
use crate::SendReason;

const KEY: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_event_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample(), KEY), @r#"
    {
      "routing_key": "0123456789abcdef0123456789abcdef",
      "event_action": "trigger",
      "dedup_key": "vigil-0000",
      "client": "Vigil",
      "client_url": "https://vigil.example.com/#/incidents/12",
      "links": [
        {
          "href": "https://vigil.example.com/#/incidents/12",
          "text": "Open the incident"
        }
      ],
      "payload": {
        "summary": "Incident #12: High error rate in checkout",
        "source": "checkout, payments",
        "severity": "critical",
        "timestamp": "2026-11-23T09:58:30Z",
        "class": "opened",
        "custom_details": {
          "incident": "12",
          "Services": "checkout, payments",
          "High error rate": "http_errors over 5m is 143, limit > 100",
          "summary": "checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2].",
          "suspect 1": "checkout v2.4.1 (high confidence, 92 %): deployed 40 s before the first error",
          "next steps": "Compare v2.4.1 with the version before it\nRoll back checkout"
        }
      }
    }
    "#);
}

#[test]
fn acknowledge_and_resolve_carry_only_the_key() {
    insta::assert_snapshot!(payload(&of_kind(NotificationKind::Acknowledged), KEY), @r#"{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"acknowledge","dedup_key":"vigil-0000"}"#);
    insta::assert_snapshot!(payload(&of_kind(NotificationKind::Resolved), KEY), @r#"{"routing_key":"0123456789abcdef0123456789abcdef","event_action":"resolve","dedup_key":"vigil-0000"}"#);
}

#[test]
fn a_test_does_not_touch_the_incidents_alert() {
    let event = payload(&of_kind(NotificationKind::Test), KEY);
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(
        event["dedup_key"],
        "vigil-test-00000000-0000-0000-0000-00000000000d"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_notification_breaks_pagerdutys_limits(notification in hostile()) {
        let event = payload(&notification, KEY);
        prop_assert!(event.to_string().len() <= 512_000);
        prop_assert!(event["dedup_key"].as_str().unwrap().chars().count() <= 255);
        if event["event_action"] == "trigger" {
            let text = |name: &str| event["payload"][name].as_str().unwrap().to_owned();
            prop_assert!((1..=1_024).contains(&text("summary").chars().count()));
            prop_assert!(!text("source").is_empty());
            prop_assert!(["critical", "error", "warning", "info"].contains(&text("severity").as_str()));
        }
    }
}

#[tokio::test]
async fn an_event_is_enqueued() {
    let server = MockServer::start().await;
    let body = r#"{"status":"success","message":"Event processed","dedup_key":"vigil-0000"}"#;
    Mock::given(method("POST"))
        .and(path("/v2/enqueue"))
        .respond_with(ResponseTemplate::new(202).set_body_string(body))
        .expect(1)
        .mount(&server)
        .await;
    let receipt = PagerDuty::new(wire(), server.uri(), KEY.into())
        .send(&sample())
        .await
        .unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("vigil-0000"));
    let sent: Value = server.received_requests().await.unwrap()[0]
        .body_json()
        .unwrap();
    assert_eq!(sent["routing_key"], KEY);
}

#[tokio::test]
async fn bad_requests_are_permanent_and_overload_is_not() {
    for (status, reason, retryable) in [
        (400, SendReason::ClientError, false),
        (429, SendReason::RateLimited, true),
        (503, SendReason::ServerError, true),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
        let error = PagerDuty::new(wire(), server.uri(), KEY.into())
            .send(&sample())
            .await
            .unwrap_err();
        assert_eq!((error.reason, error.retryable), (reason, retryable));
    }
}
