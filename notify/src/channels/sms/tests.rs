use proptest::prelude::*;
use wiremock::matchers::{basic_auth, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, sample, wire};
use super::{Sms, body};
use crate::SendReason;

fn sms(base_url: String, from: &str) -> Sms {
    Sms {
        wire: wire(),
        base_url,
        account_sid: "AC1".into(),
        auth_token: "secret".into(),
        from: from.into(),
        to: "+491701234567".into(),
    }
}

#[test]
fn the_text_of_an_opened_incident() {
    insta::assert_snapshot!(body(&sample()), @"Vigil CRITICAL Incident #12: High error rate in checkout. checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2]. https://vigil.example.com/#/incidents/12");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_is_longer_than_1600_characters_or_empty(notification in hostile()) {
        prop_assert!((1..=1_600).contains(&body(&notification).chars().count()));
    }
}

#[tokio::test]
async fn a_message_is_posted_as_a_form() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/2010-04-01/Accounts/AC1/Messages.json"))
        .and(basic_auth("AC1", "secret"))
        .respond_with(
            ResponseTemplate::new(201).set_body_string(r#"{"sid":"SM9","status":"queued"}"#),
        )
        .expect(2)
        .mount(&server)
        .await;
    let receipt = sms(server.uri(), "+15550001")
        .send(&sample())
        .await
        .unwrap();
    assert_eq!(receipt.reference.as_deref(), Some("SM9"));
    sms(server.uri(), "MG7").send(&sample()).await.unwrap();
    let forms: Vec<String> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| String::from_utf8(request.body.clone()).unwrap())
        .collect();
    assert!(
        forms[0]
            .starts_with("To=%2B491701234567&From=%2B15550001&Body=Vigil+CRITICAL+Incident+%2312"),
        "{}",
        forms[0]
    );
    assert!(forms[1].contains("&MessagingServiceSid=MG7&"));
}

#[tokio::test]
async fn twilios_own_numbers_decide() {
    let cases = [
        (
            400,
            r#"{"code":21211,"message":"Invalid 'To' Phone Number"}"#,
            SendReason::ClientError,
            false,
        ),
        (
            400,
            r#"{"code":30001,"message":"Queue overflow"}"#,
            SendReason::RateLimited,
            true,
        ),
        (
            429,
            r#"{"code":20429,"message":"Too Many Requests"}"#,
            SendReason::RateLimited,
            true,
        ),
        (
            401,
            r#"{"code":20003,"message":"Authenticate"}"#,
            SendReason::AuthError,
            false,
        ),
        (503, "", SendReason::ServerError, true),
    ];
    for (status, body, reason, retryable) in cases {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .mount(&server)
            .await;
        let error = sms(server.uri(), "+1").send(&sample()).await.unwrap_err();
        assert_eq!(
            (error.reason, error.retryable),
            (reason, retryable),
            "{body}"
        );
    }
}
