use proptest::prelude::*;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, sample, wire};
use super::{Teams, payload};
use crate::SendReason;

#[test]
fn the_card_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample()), @"");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_card_is_larger_than_teams_takes(notification in hostile()) {
        let card = payload(&notification).to_string();
        prop_assert!(card.len() <= 27_000, "{}", card.len());
        prop_assert!(!card.contains("<at>"));
    }
}

#[tokio::test]
async fn a_success_with_an_error_text_is_a_failure() {
    let cases = [
        (202, "", None),
        (200, "1", None),
        (
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429",
            Some(SendReason::RateLimited),
        ),
        (
            200,
            "Webhook message delivery failed with error: HTTP error 413",
            Some(SendReason::ServerError),
        ),
        (404, "gone", Some(SendReason::ClientError)),
    ];
    for (status, body, reason) in cases {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .mount(&server)
            .await;
        let outcome = Teams::new(wire(), server.uri().into())
            .send(&sample())
            .await;
        assert_eq!(outcome.err().map(|error| error.reason), reason, "{body}");
    }
}
