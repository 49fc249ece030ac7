use std::sync::Arc;

use domain::ManualClock;
use secrecy::SecretString;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::Receivers;
use crate::channels::tests::{NOW, sample};
use crate::{ConfigError, HttpPolicy, ReceiverConfig, SendReason};

fn secret(text: &str) -> Option<SecretString> {
    Some(SecretString::from(text))
}

fn build(configs: Vec<ReceiverConfig>) -> Result<Receivers, ConfigError> {
    Receivers::from_config(
        configs,
        &HttpPolicy::default(),
        Arc::new(ManualClock::new(NOW)),
        &|_| None,
    )
}

fn named(name: &str) -> ReceiverConfig {
    ReceiverConfig {
        name: name.into(),
        ..ReceiverConfig::default()
    }
}

#[tokio::test]
async fn every_kind_of_receiver_can_be_set_up() {
    let configs = vec![
        ReceiverConfig {
            url: secret("https://hooks.slack.com/services/T/B/x"),
            ..named("slack:#ops")
        },
        ReceiverConfig {
            routing_key: secret("0123456789abcdef0123456789abcdef"),
            ..named("pagerduty:service-id")
        },
        ReceiverConfig {
            url: secret("http://10.0.0.1/hook"),
            secret: secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            allow_private: true,
            ..named("webhook:own")
        },
        ReceiverConfig {
            smtp_url: secret("smtps://u:p@mail.example.com"),
            from: Some("vigil@example.com".into()),
            to: vec!["ana@example.com".into()],
            ..named("email:it")
        },
        ReceiverConfig {
            account_sid: secret("AC1"),
            auth_token: secret("t"),
            from: Some("+1".into()),
            to: vec!["+2".into()],
            ..named("sms:ana")
        },
        ReceiverConfig {
            url: secret("https://x.webhook.office.com/w"),
            ..named("teams:ops")
        },
        ReceiverConfig {
            url: secret("https://discord.com/api/webhooks/1/x"),
            ..named("discord:ops")
        },
        named("console:demo"),
    ];
    let receivers = build(configs).unwrap();
    assert_eq!(receivers.names().count(), 8);
    assert!(receivers.contains("pagerduty:service-id") && !receivers.contains("slack:#other"));
}

#[tokio::test]
async fn what_cannot_work_is_refused_when_it_is_set_up() {
    let messages: Vec<String> = [
        vec![named("console:a"), named("console:a")],
        vec![ReceiverConfig {
            url: secret("http://hooks.example.com/hidden"),
            ..named("slack:#ops")
        }],
        vec![ReceiverConfig {
            url: secret("https://192.168.0.1/hidden"),
            ..named("slack:#ops")
        }],
        vec![ReceiverConfig {
            url: secret("https://x.example/y"),
            secret: secret("hidden"),
            ..named("webhook:x")
        }],
        vec![ReceiverConfig {
            routing_key: secret(" "),
            ..named("pagerduty:x")
        }],
    ]
    .into_iter()
    .map(|configs| build(configs).err().unwrap().to_string())
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @"
    receiver 'console:a' is configured twice
    'url' of receiver 'slack:#ops' cannot be used: http to 'hooks.example.com' would show the message and its credential to the network; use https, or allow_private for a host inside
    'url' of receiver 'slack:#ops' cannot be used: '192.168.0.1' is a private address; allow_private or an entry in allow would permit it
    'secret' of receiver 'webhook:x' cannot be used: it does not begin with 'whsec_'
    'routing_key' of receiver 'pagerduty:x' cannot be used: an integration key has 32 letters and digits (it is not the service's id)
    ");
    assert!(messages.iter().all(|message| !message.contains("hidden")));
}

#[tokio::test]
async fn the_default_slack_receiver_takes_every_slack_name() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_string("ok"))
        .expect(1)
        .mount(&server)
        .await;
    let http = HttpPolicy {
        allow_private: true,
        ..HttpPolicy::default()
    };
    let receivers =
        Receivers::from_config(Vec::new(), &http, Arc::new(ManualClock::new(NOW)), &|_| {
            None
        })
        .unwrap()
        .with_default_slack(server.uri().into())
        .unwrap();
    assert!(receivers.contains("slack:#ops") && !receivers.contains("pagerduty:x"));
    assert_eq!(
        receivers.send(&sample()).await.unwrap().receiver,
        "slack:#ops"
    );
}

#[tokio::test]
async fn an_unknown_receiver_is_a_permanent_failure() {
    let error = build(Vec::new())
        .unwrap()
        .send(&sample())
        .await
        .unwrap_err();
    assert_eq!(
        (error.reason, error.retryable),
        (SendReason::ClientError, false)
    );
    assert_eq!(error.message, "receiver 'slack:#ops' is not configured");
}

#[test]
fn a_configuration_file_is_read_strictly() {
    let text = r##"{"name": "slack:#ops", "url": "${env:SLACK_OPS}", "allow_private": true}"##;
    let config: ReceiverConfig = serde_json::from_str(text).unwrap();
    assert!(config.allow_private);
    assert!(
        serde_json::from_str::<ReceiverConfig>(r#"{"name": "console:x", "ulr": "x"}"#).is_err()
    );
}
