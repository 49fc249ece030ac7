use secrecy::{ExposeSecret, SecretString};

use super::{ReceiverConfig, ReceiverKind};

fn environment(name: &str) -> Option<String> {
    (name == "TOKEN").then(|| "s3cret".to_owned())
}

fn config(name: &str, url: Option<&str>) -> ReceiverConfig {
    ReceiverConfig {
        name: name.into(),
        url: url.map(SecretString::from),
        ..ReceiverConfig::default()
    }
}

fn refused(config: &ReceiverConfig) -> String {
    config
        .resolved(&environment)
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn environment_references_are_replaced_anywhere() {
    let (kind, resolved) = config(
        "slack:#ops",
        Some("https://h/${env:TOKEN}/x?y=${env:TOKEN}"),
    )
    .resolved(&environment)
    .unwrap();
    assert_eq!(kind, ReceiverKind::Slack);
    assert_eq!(
        resolved.url.unwrap().expose_secret(),
        "https://h/s3cret/x?y=s3cret"
    );
}

#[test]
fn mistakes_are_named_without_the_secret() {
    let mut foreign = config("slack:#ops", Some("https://hidden.example"));
    foreign.routing_key = Some(SecretString::from("hidden"));
    let messages = [
        refused(&config("#ops", None)),
        refused(&config("slak:#ops", None)),
        refused(&config("slack:", None)),
        refused(&config("slack:#ops", None)),
        refused(&config("slack:#ops", Some("https://h/${env:NOPE}"))),
        refused(&foreign),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    '#ops' is not a receiver name (kind:name with one of slack, pagerduty, webhook, email, sms, teams, discord, console)
    'slak:#ops' is not a receiver name (kind:name with one of slack, pagerduty, webhook, email, sms, teams, discord, console)
    'slack:' is not a receiver name (kind:name with one of slack, pagerduty, webhook, email, sms, teams, discord, console)
    receiver 'slack:#ops' needs 'url'
    receiver 'slack:#ops' needs the environment variable 'NOPE', which is not set
    'routing_key' does not belong to receiver 'slack:#ops'
    ");
    assert!(!format!("{foreign:?}").contains("hidden"));
}

#[test]
fn every_kind_is_known_by_its_name() {
    for kind in ReceiverKind::ALL {
        assert_eq!(ReceiverKind::of_name(&format!("{kind}:x")), Some(kind));
    }
}

#[test]
fn only_slack_has_buttons_to_turn_off() {
    let mut slack = config("slack:#ops", Some("https://h"));
    slack.buttons = Some(false);
    assert_eq!(slack.resolved(&environment).unwrap().1.buttons, Some(false));
    let mut teams = config("teams:ops", Some("https://h"));
    teams.buttons = Some(true);
    assert_eq!(
        refused(&teams),
        "'buttons' does not belong to receiver 'teams:ops'"
    );
}
