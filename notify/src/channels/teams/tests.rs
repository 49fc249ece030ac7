use proptest::prelude::*;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::Channel;
use super::super::tests::{hostile, sample, wire};
use super::{Teams, payload};
use crate::SendReason;

#[test]
fn the_card_of_an_opened_incident() {
    insta::assert_json_snapshot!(payload(&sample()), @r#"
    {
      "type": "message",
      "attachments": [
        {
          "contentType": "application/vnd.microsoft.card.adaptive",
          "contentUrl": null,
          "content": {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "msteams": {
              "width": "Full"
            },
            "body": [
              {
                "type": "TextBlock",
                "size": "Large",
                "weight": "Bolder",
                "wrap": true,
                "color": "Attention",
                "text": "🔴 Incident #12: High error rate in checkout"
              },
              {
                "type": "FactSet",
                "facts": [
                  {
                    "title": "Severity",
                    "value": "critical"
                  },
                  {
                    "title": "State",
                    "value": "open"
                  },
                  {
                    "title": "Began",
                    "value": "2026-11-23 09:58:30Z"
                  },
                  {
                    "title": "Services",
                    "value": "checkout, payments"
                  },
                  {
                    "title": "High error rate",
                    "value": "http\\_errors over 5m is 143, limit &gt; 100"
                  }
                ]
              },
              {
                "type": "TextBlock",
                "wrap": true,
                "text": "checkout wrote 143 errors in 5 minutes, 2 are usual \\[1\\]. It began 40 s after deploy v2.4.1 \\[2\\]."
              },
              {
                "type": "TextBlock",
                "wrap": true,
                "text": "**Suspects**\n\n- checkout v2.4.1 (high confidence, 92 %): deployed 40 s before the first error"
              },
              {
                "type": "TextBlock",
                "wrap": true,
                "text": "**Next steps**\n\n- Compare v2.4.1 with the version before it\n- Roll back checkout"
              }
            ],
            "actions": [
              {
                "type": "Action.OpenUrl",
                "title": "Open the incident",
                "url": "https://vigil.example.com/#/incidents/12"
              }
            ]
          }
        }
      ]
    }
    "#);
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
