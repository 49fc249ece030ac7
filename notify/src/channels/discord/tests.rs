use proptest::prelude::*;
use wiremock::matchers::{method, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, sample, wire};
use super::{Discord, payload};
use crate::SendReason;

#[test]
fn the_embed_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample()), @r#"
    {
      "embeds": [
        {
          "title": "🔴 Incident #12: High error rate in checkout",
          "description": "checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2].",
          "color": 14100029,
          "timestamp": "2026-11-23T09:58:30Z",
          "fields": [
            {
              "name": "Severity",
              "value": "critical",
              "inline": true
            },
            {
              "name": "Services",
              "value": "checkout, payments",
              "inline": true
            },
            {
              "name": "High error rate",
              "value": "http_errors over 5m is 143, limit > 100",
              "inline": false
            },
            {
              "name": "Suspects",
              "value": "checkout v2.4.1 (high confidence, 92 %): deployed 40 s before the first error",
              "inline": false
            },
            {
              "name": "Next steps",
              "value": "Compare v2.4.1 with the version before it\nRoll back checkout",
              "inline": false
            }
          ],
          "url": "https://vigil.example.com/#/incidents/12"
        }
      ],
      "allowed_mentions": {
        "parse": []
      }
    }
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_notification_breaks_discords_limits(notification in hostile()) {
        let payload = payload(&notification);
        let embed = &payload["embeds"][0];
        let size = |value: &serde_json::Value| value.as_str().unwrap().encode_utf16().count();
        let mut total = size(&embed["title"]) + size(&embed["description"]);
        prop_assert!((1..=256).contains(&size(&embed["title"])));
        prop_assert!(size(&embed["description"]) <= 4_096);
        let fields = embed["fields"].as_array().unwrap();
        prop_assert!(fields.len() <= 25);
        for field in fields {
            prop_assert!((1..=256).contains(&size(&field["name"])));
            prop_assert!((1..=1_024).contains(&size(&field["value"])));
            total += size(&field["name"]) + size(&field["value"]);
        }
        prop_assert!(total <= 6_000);
        prop_assert_eq!(&payload["allowed_mentions"]["parse"], &serde_json::json!([]));
    }
}

#[tokio::test]
async fn the_message_id_comes_back() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(query_param("wait", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"id":"99"}"#))
        .expect(1)
        .mount(&server)
        .await;
    let receipt = Discord::new(wire(), server.uri().into())
        .send(&sample())
        .await
        .unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("99"));
}

#[tokio::test]
async fn the_wait_of_a_rate_limit_is_read_out_of_the_body() {
    let server = MockServer::start().await;
    let body = r#"{"message":"You are being rate limited.","retry_after":64.57,"global":false}"#;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(429).set_body_string(body))
        .mount(&server)
        .await;
    let error = Discord::new(wire(), server.uri().into())
        .send(&sample())
        .await
        .unwrap_err();
    assert_eq!(error.reason, SendReason::RateLimited);
    assert_eq!(error.retry_after.map(|wait| wait.as_millis()), Some(64_570));
}
