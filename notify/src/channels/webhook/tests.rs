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
    insta::assert_json_snapshot!(payload(&sample(), NOW), @"");
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
