use std::time::Duration;

use domain::{NANOS_PER_SECOND, SummaryAuthor};
use notify::ReceiverConfig;
use store::JobState;
use testkit::{Channel, ReceiverServer, Reply};

use super::*;
use crate::alerts::tests::anomaly;
use crate::testing::{Bench, NOON};

const PATIENCE: Duration = Duration::from_secs(15);
const PAGING: &str = "policy: {name: Odd, conditions: [{type: anomaly, min_score: 0.5}], workflow: [{page: 'webhook:oncall'}]}";

fn receivers(server: &ReceiverServer) -> Vec<ReceiverConfig> {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
    let one = |name: &str, url: String| ReceiverConfig {
        name: name.into(),
        url: Some(url.into()),
        allow_private: true,
        ..ReceiverConfig::default()
    };
    let mut oncall = one("webhook:oncall", server.webhook_url());
    oncall.secret = Some(secret.into());
    vec![one("slack:slow", server.slack_url()), oncall]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_up_no_other() {
    let server = ReceiverServer::start().unwrap();
    let bench = Bench::with(receivers(&server));
    server.script(Channel::Slack, Reply::Hang);
    let (inner, stop) = (Arc::clone(&bench.inner), bench.tasks.soft_stop());
    bench.tasks.spawn("messages", run_messages(inner, stop));
    bench.set_policies("", &["slack:slow"]);
    bench.find(anomaly(bench.project_id, "checkout", NOON));
    let _ = server.wait_for(Channel::Slack, 1, PATIENCE);
    bench.set_policies("", &["webhook:oncall"]);
    bench.find(anomaly(bench.project_id, "cart", NOON));
    let _ = server.wait_for(Channel::Webhook, 1, PATIENCE);
    bench.tasks.stop(Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_acknowledged_incident_is_not_sent() {
    let server = ReceiverServer::start().unwrap();
    let bench = Bench::with(receivers(&server));
    bench.set_policies(PAGING, &[]);
    let touched = bench.find(anomaly(bench.project_id, "checkout", NOON));
    let page = bench.lease(PAGE_JOB, NANOS_PER_SECOND).unwrap();
    let taken = Input::Acknowledge {
        incident_id: touched[0],
        by: "ana".into(),
    };
    bench.inner.alerts.feed(bench.project_id, &[taken]).unwrap();
    assert_eq!(
        message(&bench.inner, &page, &[0]).await,
        Some(JobOutcome::Done)
    );
    assert_eq!(server.received_by(Channel::Webhook).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_without_its_summary_when_that_cannot_be_written() {
    let server = ReceiverServer::start().unwrap();
    let bench = Bench::make(receivers(&server), |config| {
        config.read_timeout = Duration::ZERO;
    });
    bench.set_policies(PAGING, &[]);
    bench.minute(0, 100, "checkout", 20);
    bench.clock.advance(domain::NANOS_PER_MINUTE);
    let mut surge = anomaly(bench.project_id, "checkout", NOON);
    surge.template_id = Some(domain::TemplateId(100));
    let touched = bench.find(surge);
    let incident = bench
        .inner
        .stored_incident(bench.project_id, touched[0])
        .unwrap();
    let no_draft = bench.inner.draft(bench.project_id, &incident);
    assert!(no_draft.is_err(), "the records take too long to read");
    let page = bench.lease(PAGE_JOB, NANOS_PER_SECOND).unwrap();
    assert_eq!(
        message(&bench.inner, &page, &[0]).await,
        Some(JobOutcome::Done)
    );
    let received = server.received_by(Channel::Webhook);
    assert_eq!(received.len(), 1);
    let lines = bench.inner.store.timeline(bench.project_id, touched[0]);
    assert!(
        lines
            .unwrap()
            .iter()
            .any(|line| line.text == "webhook:oncall was told: opened")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_receipt_cannot_be_noted_is_not_over() {
    let server = ReceiverServer::start().unwrap();
    let bench = Bench::with(receivers(&server));
    bench.set_policies(PAGING, &[]);
    let touched = bench.find(anomaly(bench.project_id, "checkout", NOON));
    let page = bench.lease(PAGE_JOB, NANOS_PER_SECOND).unwrap();
    bench.inner.alerts.forget_machine(bench.project_id);
    assert_eq!(message(&bench.inner, &page, &[0, 0]).await, None);
    assert_eq!(server.received_by(Channel::Webhook).len(), 1);
    bench.set_policies(PAGING, &[]);
    bench.clock.advance(NANOS_PER_SECOND);
    let again = bench.lease(PAGE_JOB, NANOS_PER_SECOND).unwrap();
    assert_eq!(again.job.id, page.job.id);
    finish(&bench.inner, PAGE_JOB, again).await;
    let lines = bench.inner.store.timeline(bench.project_id, touched[0]);
    let told = |line: &&domain::TimelineEntry| line.text.contains("was told");
    assert_eq!(lines.unwrap().iter().filter(told).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_hears_of_a_page_whose_workers_all_vanished() {
    let server = ReceiverServer::start().unwrap();
    let bench = Bench::with(receivers(&server));
    bench.set_policies(PAGING, &[]);
    let touched = bench.find(anomaly(bench.project_id, "checkout", NOON));
    let page = loop {
        let page = bench.lease(PAGE_JOB, NANOS_PER_SECOND).unwrap();
        if page.is_spent() {
            break page;
        }
        bench.clock.advance(NANOS_PER_SECOND);
    };
    let id = page.job.id;
    finish(&bench.inner, PAGE_JOB, page).await;
    assert_eq!(server.received_by(Channel::Webhook).len(), 0);
    let job = bench.inner.store.job(id).unwrap().unwrap();
    assert_eq!(job.state, JobState::Dead);
    let lines = bench
        .inner
        .store
        .timeline(bench.project_id, touched[0])
        .unwrap();
    assert!(
        lines.iter().any(|line| line.text.contains("given up")),
        "{lines:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_that_a_later_one_covers_is_not_written_again() {
    let bench = Bench::new();
    let touched = bench.find(anomaly(bench.project_id, "checkout", NOON));
    let (_, mut summary) = {
        let incident = bench.inner.stored_incident(bench.project_id, touched[0]);
        bench
            .inner
            .draft(bench.project_id, &incident.unwrap())
            .unwrap()
    };
    assert_eq!(summary.written_at_ns, NOON);
    let asked = |seconds: i64| NOON + seconds * NANOS_PER_SECOND;
    assert!(knows_of(&summary, asked(-10), false));
    assert!(!knows_of(&summary, asked(-9), false), "it may not know yet");
    assert!(
        !knows_of(&summary, asked(-60), true),
        "the model has not tried"
    );
    summary.author = SummaryAuthor::Model { name: "m".into() };
    assert!(knows_of(&summary, asked(-60), true));
    assert!(!knows_of(&summary, asked(1), true));
}
