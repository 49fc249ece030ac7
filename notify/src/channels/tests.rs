//! A message to test with, hostile ones, and a wire to a local server.

use std::sync::Arc;

use domain::{
    Confidence, DeliveryId, IncidentId, IncidentSeverity, IncidentState, ManualClock, Notification,
    NotificationKind, ProjectId, Suspect,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use testkit::ReceiverServer;
use uuid::Uuid;

use super::pagerduty::PagerDuty;
use super::slack::Slack;
use super::{Channel, Wire};
use crate::{HttpPolicy, http_client};

/// 2026-11-23T10:00:00Z.
pub(crate) const NOW: i64 = 1_795_428_000_000_000_000;

pub(crate) fn wire() -> Wire {
    let policy = HttpPolicy {
        allow_private: true,
        ..HttpPolicy::default()
    };
    Wire {
        http: http_client(&policy).unwrap(),
        clock: Arc::new(ManualClock::new(NOW)),
    }
}

pub(crate) fn sample() -> Notification {
    Notification {
        id: DeliveryId(Uuid::from_u128(0xd)),
        project_id: ProjectId(Uuid::from_u128(0x7)),
        incident_id: IncidentId(Uuid::from_u128(0x1c)),
        incident_number: 12,
        receiver: "slack:#ops".into(),
        kind: NotificationKind::Opened,
        state: IncidentState::Open,
        severity: IncidentSeverity::Critical,
        headline: "High error rate in checkout".into(),
        summary: "checkout wrote 143 errors in 5 minutes, 2 are usual [1]. It began 40 s after deploy v2.4.1 [2].".into(),
        facts: vec![
            ("Services".into(), "checkout, payments".into()),
            ("High error rate".into(), "http_errors over 5m is 143, limit > 100".into()),
        ],
        suspects: vec![Suspect {
            name: "checkout v2.4.1".into(),
            service: Some("checkout".into()),
            confidence: Confidence::High,
            score: 0.92,
            reason: "deployed 40 s before the first error".into(),
            evidence: vec![2],
            check: "undo the deploy".into(),
        }],
        next_steps: vec!["Compare v2.4.1 with the version before it".into(), "Roll back checkout".into()],
        link: Some("https://vigil.example.com/#/incidents/12".into()),
        dedup_key: "vigil-0000".into(),
        started_at_ns: NOW - 90_000_000_000,
        anomalies: 0,
    }
}

pub(crate) fn of_kind(kind: NotificationKind) -> Notification {
    let state = match kind {
        NotificationKind::Acknowledged => IncidentState::Acknowledged,
        NotificationKind::Resolved => IncidentState::Resolved,
        _ => IncidentState::Open,
    };
    Notification {
        kind,
        state,
        ..sample()
    }
}

/// Texts that people and programs write into logs, and longer.
fn text(max: usize) -> impl Strategy<Value = String> {
    let nasty = prop_oneof![
        Just("<!channel> @here @everyone <@U123>".to_owned()),
        Just("&<>\"'`*_~\\|[](http://evil.example)".to_owned()),
        Just("\u{1f525}".to_owned()),
        Just("\u{0}\u{1b}[31m\u{202e}".to_owned()),
        Just("line\r\nX-Injected: yes\n.\n".to_owned()),
        "\\PC{0,8}",
        "[a-z ]{0,20}",
    ];
    (nasty, 0_usize..max).prop_map(|(piece, times)| piece.repeat(times))
}

prop_compose! {
    /// A notification that nobody would send, but that must not be lost.
    pub(crate) fn hostile()(
        headline in text(400),
        summary in text(2_000),
        facts in proptest::collection::vec((text(30), text(200)), 0..60),
        suspects in proptest::collection::vec((text(40), text(200), -1.0_f64..2.0), 0..20),
        next_steps in proptest::collection::vec(text(200), 0..30),
        link in proptest::option::of(prop_oneof![text(500), Just(format!("https://x.example/{}", "a".repeat(5_000)))]),
        dedup_key in text(100),
        kind in prop_oneof![
            Just(NotificationKind::Opened), Just(NotificationKind::Escalated), Just(NotificationKind::Acknowledged),
            Just(NotificationKind::Resolved), Just(NotificationKind::Test),
        ],
        started_at_ns in any::<i64>(),
        anomalies in 0_usize..3,
    ) -> Notification {
        let suspects = suspects
            .into_iter()
            .map(|(name, reason, score)| Suspect {
                name, reason, score, service: None, confidence: Confidence::Low, evidence: Vec::new(), check: String::new(),
            })
            .collect();
        Notification {
            headline, summary, facts, suspects, next_steps, link, dedup_key, started_at_ns, anomalies, ..of_kind(kind)
        }
    }
}

#[test]
fn the_recording_server_accepts_whatever_is_sent_to_slack_and_pagerduty() {
    let server = ReceiverServer::start().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let slack = Slack::new(wire(), server.slack_url().into(), true);
    let key = "0123456789abcdef0123456789abcdef";
    let pagerduty = PagerDuty::new(wire(), server.pagerduty_url(), key.into());
    let mut runner = TestRunner::new(ProptestConfig::with_cases(100));
    let outcome = runner.run(&hostile(), |notification| {
        runtime.block_on(async {
            for outcome in [
                slack.send(&notification).await,
                pagerduty.send(&notification).await,
            ] {
                prop_assert!(
                    outcome.is_ok(),
                    "{:?}: {:?}",
                    outcome,
                    server.received().last()
                );
            }
            Ok(())
        })
    });
    outcome.unwrap();
    assert!(server.received().len() >= 200);
}
