use proptest::prelude::*;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{NOW, hostile, sample, wire};
use super::{Webhook, payload, sign, signing_key};
use crate::SendReason;
use base64::Engine as _;
use secrecy::ExposeSecret;

/// The secret of the specification's own example.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn the_signature_is_the_one_of_the_specification() {
    let key = signing_key(SECRET).unwrap();
    let signature = sign(
        key.expose_secret(),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        r#"{"test": 2432232314}"#,
    );
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn secrets_that_do_not_fit_are_refused_without_repeating_them() {
    let long = format!(
        "whsec_{}",
        base64::engine::general_purpose::STANDARD.encode([7; 65])
    );
    for secret in [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_????",
        "whsec_c2hvcnQ=",
        &long,
    ] {
        let error = signing_key(secret).unwrap_err();
        assert!(!error.contains(secret), "{error}");
    }
    assert!(Webhook::new(wire(), "http://x".into(), " ").is_err());
}

#[test]
fn the_body_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample(), NOW), @r#"
    {
      "type": "incident.opened",
      "timestamp": "2026-11-23T10:00:00Z",
      "data": {
        "delivery_id": "00000000-0000-0000-0000-00000000000d",
        "project_id": "00000000-0000-0000-0000-000000000007",
        "incident_id": "00000000-0000-0000-0000-00000000001c",
        "number": 12,
        "receiver": "slack:#ops",
        "state": "open",
        "severity": "critical",
        "headline": "High error rate in checkout",
        "summary": "checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2].",
        "facts": [
          {
            "name": "Services",
            "value": "checkout, payments"
          },
          {
            "name": "High error rate",
            "value": "http_errors over 5m is 143, limit > 100"
          }
        ],
        "suspects": [
          {
            "name": "checkout v2.4.1",
            "service": "checkout",
            "confidence": "high",
            "score": 0.92,
            "reason": "deployed 40 s before the first error"
          }
        ],
        "next_steps": [
          "Compare v2.4.1 with the version before it",
          "Roll back checkout"
        ],
        "link": "https://vigil.example.com/#/incidents/12",
        "dedup_key": "vigil-0000",
        "started_at": "2026-11-23T09:58:30Z"
      }
    }
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_notification_makes_a_body_beyond_20_kb(notification in hostile()) {
        prop_assert!(payload(&notification, NOW).to_string().len() <= 20_000);
    }
}

async fn send(
    status: u16,
) -> (
    Result<crate::Receipt, crate::SendError>,
    Vec<wiremock::Request>,
) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).insert_header("retry-after", "9"))
        .mount(&server)
        .await;
    let two = format!(
        "{SECRET} whsec_{}",
        base64::engine::general_purpose::STANDARD.encode([7; 32])
    );
    let webhook = Webhook::new(wire(), server.uri().into(), &two).unwrap();
    let outcome = webhook.send(&sample()).await;
    (outcome, server.received_requests().await.unwrap())
}

#[tokio::test]
async fn a_request_carries_one_signature_per_secret() {
    let (outcome, requests) = send(204).await;
    assert_eq!(
        outcome.unwrap().reference.as_deref(),
        Some("msg_0000000000000000000000000000000d")
    );
    let header = |name: &str| {
        requests[0]
            .headers
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(header("webhook-timestamp"), "1795428000");
    let body = std::str::from_utf8(&requests[0].body).unwrap();
    let key = signing_key(SECRET).unwrap();
    let expected = sign(
        key.expose_secret(),
        &header("webhook-id"),
        1_795_428_000,
        body,
    );
    let signatures = header("webhook-signature");
    let signatures: Vec<&str> = signatures.split(' ').collect();
    assert_eq!((signatures.len(), signatures[0]), (2, expected.as_str()));
}

#[tokio::test]
async fn everything_but_success_and_gone_is_tried_again() {
    for (status, reason, retryable) in [
        (400, SendReason::ClientError, true),
        (401, SendReason::AuthError, true),
        (410, SendReason::ClientError, false),
        (429, SendReason::RateLimited, true),
        (502, SendReason::ServerError, true),
    ] {
        let error = send(status).await.0.unwrap_err();
        assert_eq!(
            (error.reason, error.retryable),
            (reason, retryable),
            "{status}"
        );
        assert_eq!(error.retry_after.map(|wait| wait.as_secs()), Some(9));
    }
}
