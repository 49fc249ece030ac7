use domain::{
    ChangeEvent, ChangeKind, DeliveryId, EventId, IncidentId, IncidentSeverity, IncidentState,
    LogRecord, MetricKind, MetricPoint, NotificationKind, RecordId, Severity, TemplateId,
};
use uuid::Uuid;

use super::*;

const PROJECT: ProjectId = ProjectId(Uuid::from_u128(7));

fn masking() -> Arc<Scrubbing> {
    let policy = ScrubPolicy::default().masking_stored(true);
    Arc::new(Scrubbing::new(policy, BTreeMap::new()))
}

fn record(body: &str, attributes: &str) -> LogRecord {
    LogRecord {
        id: RecordId(Uuid::nil()),
        project_id: PROJECT,
        timestamp_ns: 1,
        observed_at_ns: 1,
        severity: Severity::Info,
        service: "shop".to_owned(),
        body: body.to_owned(),
        attributes: attributes.to_owned(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId(0),
    }
}

#[tokio::test]
async fn records_are_masked_before_they_are_stored_where_the_project_wants_it() {
    let stored = masking()
        .masked_records(
            PROJECT,
            vec![record(
                "login ada@example.org from 203.0.113.7",
                r#"{"password":"hunter2","n":5,"card":4111111111111111,"deep":{"m":["bob@example.org"]},"ok":true}"#,
            )],
        )
        .await
        .unwrap();
    assert_eq!(stored[0].body, "login <EMAIL> from <IP>");
    let attributes: Value = serde_json::from_str(&stored[0].attributes).unwrap();
    assert_eq!(attributes["password"], "<PASSWORD>");
    assert_eq!(attributes["deep"]["m"][0], "<EMAIL>");
    assert_eq!(
        (&attributes["n"], &attributes["ok"]),
        (&Value::from(5), &Value::from(true))
    );
    assert!(
        !stored[0].attributes.contains("4111"),
        "{}",
        stored[0].attributes
    );
}

#[tokio::test]
async fn attributes_stay_a_document_whatever_is_taken_out() {
    for attributes in [
        r#"{"pem":"-----BEGIN RSA PRIVATE KEY-----\nMIIEabc"}"#,
        r#"{"sql":"password='it\"s'","x":"Bearer abcdefghijkl123456"}"#,
        r#"{"ssn":"123-45-6789","dob":"1984-03-12","lat":52.520008}"#,
        r#"{"a":"{\"token\":\"aB3dE5fG7hJ9kL2m\"}"}"#,
        "",
    ] {
        let stored = masking()
            .masked_records(PROJECT, vec![record("x", attributes)])
            .await
            .unwrap();
        let text = &stored[0].attributes;
        assert!(
            text.is_empty() || serde_json::from_str::<Value>(text).unwrap().is_object(),
            "{text}"
        );
        for secret in [
            "MIIE",
            "it\\\"s",
            "abcdefghijkl",
            "6789",
            "1984",
            "52.52",
            "aB3d",
        ] {
            assert!(!text.contains(secret), "{secret} is left in {text}");
        }
    }
}

fn point(labels: &[(&str, &str)]) -> MetricPoint {
    MetricPoint {
        project_id: PROJECT,
        name: "requests".to_owned(),
        kind: MetricKind::Gauge,
        labels: labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        value: 1.0,
        timestamp_ns: 1,
    }
}

#[test]
fn labels_of_metrics_are_masked_and_machines_of_the_house_keep_their_addresses() {
    let before = point(&[
        ("instance", "10.1.2.3:9100"),
        ("client_ip", "203.0.113.7"),
        ("user", "ada@example.org"),
        ("api_key", "aB3dE5fG7hJ9kL2mN4pQ"),
        ("host", "password=hunter2"),
        ("status", "200"),
    ]);
    let mut points = vec![before.clone()];
    masking().mask_points(PROJECT, &mut points).unwrap();
    let label = |name: &str| points[0].labels[name].as_str();
    assert_eq!(label("instance"), "10.1.2.3:9100");
    assert_eq!(label("client_ip"), "<IP>");
    assert_eq!(label("user"), "<EMAIL>");
    assert_eq!(label("api_key"), "<SECRET>");
    assert_eq!(label("host"), "password=<PASSWORD>");
    assert_eq!(label("status"), "200");
    let mut untouched = vec![before.clone()];
    Scrubbing::default()
        .mask_points(PROJECT, &mut untouched)
        .unwrap();
    assert_eq!(untouched, [before]);
}

#[test]
fn change_events_are_masked_and_their_fields_stay_a_document() {
    let mut events = vec![ChangeEvent {
        id: EventId(Uuid::nil()),
        project_id: PROJECT,
        kind: ChangeKind::Deploy,
        service: Some("shop".to_owned()),
        title: "shop v2 by ada@example.org".to_owned(),
        attributes:
            r#"{"author":"bob@example.org","token":"ghp_aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3zA5"}"#
                .to_owned(),
        timestamp_ns: 1,
    }];
    masking().mask_events(PROJECT, &mut events).unwrap();
    assert_eq!(events[0].title, "shop v2 by <EMAIL>");
    let fields: Value = serde_json::from_str(&events[0].attributes).unwrap();
    assert_eq!(fields["author"], "<EMAIL>");
    assert!(
        !events[0].attributes.contains("ghp_"),
        "{}",
        events[0].attributes
    );
}

#[tokio::test]
async fn without_the_setting_records_are_what_they_were() {
    let records = vec![record("ada@example.org", "{}")];
    let scrubbing = Arc::new(Scrubbing::default());
    assert_eq!(
        scrubbing
            .masked_records(PROJECT, records.clone())
            .await
            .unwrap(),
        records
    );
}

#[test]
fn a_project_has_its_own_policy_by_its_id_and_none_is_guessed_by_its_name() {
    let own = ScrubPolicy::default().masking_stored(true);
    let projects = BTreeMap::from([(PROJECT.to_string(), own)]);
    let scrubbing = Scrubbing::new(ScrubPolicy::default(), projects);
    assert!(scrubbing.of(PROJECT).unwrap().masks_stored);
    // The name of another one cannot be looked up before there is a store.
    assert!(scrubbing.of(ProjectId(Uuid::from_u128(8))).is_err());
}

#[tokio::test]
async fn messages_show_no_secret_and_keep_what_people_need() {
    let scrubbing = Arc::new(Scrubbing::default());
    let notification = Notification {
        id: DeliveryId(Uuid::nil()),
        project_id: PROJECT,
        incident_id: IncidentId(Uuid::nil()),
        incident_number: 1,
        receiver: "slack:#ops".to_owned(),
        kind: NotificationKind::Opened,
        state: IncidentState::Open,
        severity: IncidentSeverity::Error,
        headline: "login failed password=hunter2 from 203.0.113.7".to_owned(),
        summary: "token=ghp_aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vW1xY3zA5 was refused [1]".to_owned(),
        facts: vec![(
            "pattern".to_owned(),
            "postgres://u:s3cretpw@db/x".to_owned(),
        )],
        suspects: Vec::new(),
        next_steps: vec!["rotate api_key=Zx81Zx81Zx81Zx".to_owned()],
        link: None,
        dedup_key: String::new(),
        started_at_ns: 0,
        anomalies: 0,
    };
    let sent = scrubbing.masked_message(notification.clone()).await;
    let text = format!("{sent:?}");
    for secret in ["hunter2", "ghp_", "s3cretpw", "Zx81"] {
        assert!(!text.contains(secret), "{secret} is left in {text}");
    }
    assert!(sent.headline.contains("203.0.113.7"), "{}", sent.headline);
    let all = ScrubPolicy::default().with_messages(MessageMask::All);
    let all = Arc::new(Scrubbing::new(all, BTreeMap::new()));
    assert!(
        !all.masked_message(notification.clone())
            .await
            .headline
            .contains("203.0.113.7")
    );
    let off = ScrubPolicy::default().with_messages(MessageMask::Off);
    let off = Arc::new(Scrubbing::new(off, BTreeMap::new()));
    assert_eq!(off.masked_message(notification.clone()).await, notification);
}
