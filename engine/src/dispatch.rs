//! Doing what the alerting machine asked for: messages and summaries, by lease, at least once.

use std::sync::Arc;
use std::time::Duration;

use alerting::Input;
use domain::{IncidentId, IncidentState, Notification, NotificationKind, ProjectId};
use store::{IncidentStore, JobOutcome, JobQueue, LeaseRequest, LeasedJob};
use tokio_util::sync::CancellationToken;

use crate::alerts::{NOTIFY_JOB, NotifyPayload, SUMMARISE_JOB, SummarisePayload};
use crate::tasks::blocking;
use crate::{Error, Inner};

/// How often the queue is read when nothing woke the loop: what another process queued waits this long.
const PERIOD: Duration = Duration::from_millis(500);
/// Messages that are sent at once.
const MESSAGES_AT_ONCE: usize = 8;
/// How long a worker has a message: longer than any channel's timeout.
const MESSAGE_LEASE_NS: i64 = 90 * domain::NANOS_PER_SECOND;
/// How long a worker has a summary: longer than the model's budget.
const SUMMARY_LEASE_NS: i64 = 5 * domain::NANOS_PER_MINUTE;
/// How long a summary waits after a failure.
const SUMMARY_RETRY_NS: i64 = 30 * domain::NANOS_PER_SECOND;

/// Sends messages until the stop.
pub(crate) async fn run_messages(inner: Arc<Inner>, stop: CancellationToken) {
    run(inner, stop, NOTIFY_JOB, MESSAGE_LEASE_NS, MESSAGES_AT_ONCE).await;
}

/// Writes summaries until the stop, one at a time: two inferences at once would take longer than one
/// after the other.
pub(crate) async fn run_summaries(inner: Arc<Inner>, stop: CancellationToken) {
    run(inner, stop, SUMMARISE_JOB, SUMMARY_LEASE_NS, 1).await;
}

async fn run(
    inner: Arc<Inner>,
    stop: CancellationToken,
    kind: &'static str,
    lease_ns: i64,
    limit: usize,
) {
    while !stop.is_cancelled() {
        let store = inner.store.clone();
        let request = LeaseRequest {
            kinds: vec![kind.to_owned()],
            owner: inner.owner.clone(),
            duration_ns: lease_ns,
            limit,
        };
        let now_ns = inner.clock.now_ns();
        let jobs = match blocking(move || store.lease_jobs(&request, now_ns)).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, kind, "the job queue cannot be read");
                Vec::new()
            }
        };
        if jobs.is_empty() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = inner.alerts.jobs_added.notified() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
            continue;
        }
        let work = jobs.into_iter().map(|job| finish(&inner, kind, job));
        futures_util::future::join_all(work).await;
    }
}

/// Does one job and writes how it ended.
async fn finish(inner: &Arc<Inner>, kind: &'static str, leased: LeasedJob) {
    let started = std::time::Instant::now();
    let project_id = leased.job.project_id;
    let outcome = match kind {
        NOTIFY_JOB => message(inner, &leased).await,
        _ => summary(inner, &leased).await,
    };
    let word = match &outcome {
        JobOutcome::Done => "done",
        JobOutcome::Retry { .. } => "retry",
        JobOutcome::Dead { .. } => "dead",
    };
    metrics::counter!("vigil_engine_jobs_total", "kind" => kind, "outcome" => word).increment(1);
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (job_id, attempt) = (leased.job.id, leased.lease.attempt);
    tracing::info!(
        target: "vigil::job",
        { job.id = %job_id,
    job.kind = %kind,
    project.id = %project_id,
    attempt,
    outcome = word,
    elapsed_ms },
        "job ended"
    );
    let store = inner.store.clone();
    let now_ns = inner.clock.now_ns();
    if let Err(error) = blocking(move || store.finish_job(&leased.lease, &outcome, now_ns)).await {
        tracing::warn!(%error, "the end of a job could not be written; it is done again after its lease");
    }
}

fn payload<T: serde::de::DeserializeOwned>(leased: &LeasedJob) -> Result<T, JobOutcome> {
    serde_json::from_str(&leased.job.payload).map_err(|error| JobOutcome::Dead {
        error: format!("the job cannot be read: {error}"),
    })
}

async fn message(inner: &Arc<Inner>, leased: &LeasedJob) -> JobOutcome {
    let payload: NotifyPayload = match payload(leased) {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    let project_id = leased.job.project_id;
    let delivery_id = payload.notification.id;
    let notification = match complete(inner, project_id, payload.notification).await {
        Ok(Some(notification)) => notification,
        Ok(None) => return JobOutcome::Done,
        Err(error) => return retry_soon(inner, error.to_string()),
    };
    let outcome = inner.receivers.send(&notification).await;
    let (input, job) = match outcome {
        Ok(_receipt) => (Input::Delivered { delivery_id }, JobOutcome::Done),
        Err(error) => {
            let now_ns = inner.clock.now_ns();
            let attempt = u32::try_from(leased.lease.attempt).unwrap_or(u32::MAX);
            let delay = notify::ReceiverKind::of_name(&notification.receiver)
                .and_then(|kind| notify::retry_delay(kind, attempt, delivery_id, &error));
            let is_final = delay.is_none() || leased.is_last_attempt();
            let input = Input::DeliveryFailed {
                delivery_id,
                permanent: is_final,
                reason: error.to_string(),
            };
            let job = match delay {
                Some(delay) if !is_final => JobOutcome::Retry {
                    at_ns: now_ns
                        .saturating_add(i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX)),
                    error: error.to_string(),
                },
                _ => JobOutcome::Dead {
                    error: error.to_string(),
                },
            };
            (input, job)
        }
    };
    // The receipt is told before the job ends: a crash between the two sends again, it never forgets.
    let worker = Arc::clone(inner);
    if let Err(error) = blocking(move || worker.alerts.feed(project_id, &[input])).await {
        tracing::warn!(%error, "a receipt could not be noted");
    }
    job
}

/// Fills in what is known now. `None` when the message is not wanted any more.
async fn complete(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    mut notification: Notification,
) -> Result<Option<Notification>, Error> {
    let worker = Arc::clone(inner);
    let incident_id = notification.incident_id;
    let incident = blocking(move || {
        let incident = worker
            .store
            .incident(project_id, incident_id)?
            .map(|stored| stored.incident);
        let Some(incident) = incident else {
            return Ok(None);
        };
        let summary = match incident.summary.clone() {
            Some(summary) => summary,
            None => worker.draft(project_id, &incident)?.1,
        };
        Ok::<_, Error>(Some((incident, summary)))
    })
    .await?;
    let Some((incident, summary)) = incident else {
        return Ok(None);
    };
    let is_trigger = matches!(
        notification.kind,
        NotificationKind::Opened | NotificationKind::Escalated
    );
    let is_over = incident.state == IncidentState::Resolved;
    let is_taken = notification.kind == NotificationKind::Escalated
        && incident.state == IncidentState::Acknowledged;
    if is_trigger && (is_over || is_taken) {
        return Ok(None);
    }
    notification.state = incident.state;
    notification.severity = incident.severity;
    notification.incident_number = incident.number;
    if is_trigger {
        notification.headline = summary.headline.clone();
        notification.summary = sentences(&summary);
        notification.suspects = summary.suspects.clone();
        notification.next_steps = summary.next_steps.clone();
    }
    notification.link = Some(inner.link(incident.id));
    Ok(Some(notification))
}

fn sentences(summary: &domain::Summary) -> String {
    summary
        .what_happened
        .iter()
        .chain(&summary.impact)
        .map(crate::text::cited)
        .collect::<Vec<_>>()
        .join(" ")
}

async fn summary(inner: &Arc<Inner>, leased: &LeasedJob) -> JobOutcome {
    let payload: SummarisePayload = match payload(leased) {
        Ok(payload) => payload,
        Err(outcome) => return outcome,
    };
    match inner
        .summarise(leased.job.project_id, payload.incident_id)
        .await
    {
        Ok(_) => JobOutcome::Done,
        Err(Error::NotFound(what)) => JobOutcome::Dead {
            error: format!("{what} was not found"),
        },
        Err(error) => JobOutcome::Retry {
            at_ns: inner.clock.now_ns().saturating_add(SUMMARY_RETRY_NS),
            error: error.to_string(),
        },
    }
}

fn retry_soon(inner: &Inner, error: String) -> JobOutcome {
    JobOutcome::Retry {
        at_ns: inner
            .clock
            .now_ns()
            .saturating_add(2 * domain::NANOS_PER_SECOND),
        error,
    }
}

impl Inner {
    /// The address of an incident's page.
    pub(crate) fn link(&self, id: IncidentId) -> String {
        format!("{}/incidents/{id}", self.config.public_url)
    }
}
