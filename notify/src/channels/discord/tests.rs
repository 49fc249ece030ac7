use proptest::prelude::*;
use wiremock::matchers::{method, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, sample, wire};
use super::{Discord, payload};
use crate::SendReason;

#[test]
fn the_embed_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample()), @"");
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
