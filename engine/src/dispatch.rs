//! Doing what the alerting machine asked for: messages and summaries, by lease, at least once.

use std::sync::Arc;
use std::time::Duration;

use alerting::Input;
use domain::{
    DeliveryId, Incident, IncidentId, IncidentState, Notification, NotificationKind, ProjectId,
    Summary,
};
use store::{IncidentStore, JobOutcome, JobQueue, LeaseRequest, LeasedJob};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::alerts::{NOTIFY_JOB, NotifyPayload, PAGE_JOB, SUMMARISE_JOB, SummarisePayload};
use crate::incidents::Wording;
use crate::tasks::blocking;
use crate::{Error, Inner};

/// How often the queue is read when nothing woke the loop: what another process queued waits this long.
const PERIOD: Duration = Duration::from_millis(500);
/// Messages of a kind that are sent at once. Each goes its own way: a slow receiver holds up no other.
const MESSAGES_AT_ONCE: usize = 8;
/// How long a worker has a message: longer than any channel's timeout and the noting of its receipt.
const MESSAGE_LEASE_NS: i64 = 120 * domain::NANOS_PER_SECOND;
/// How long a worker has a summary: longer than the model's budget.
const SUMMARY_LEASE_NS: i64 = 5 * domain::NANOS_PER_MINUTE;
/// How long a summary waits after a failure.
const SUMMARY_RETRY_NS: i64 = 30 * domain::NANOS_PER_SECOND;
/// How long a message waits for its summary; then it goes without one.
const DRAFT_PATIENCE: Duration = Duration::from_secs(5);
/// Longest pause before a message is tried again that our own store held up.
const LONGEST_PAUSE_S: i64 = 60;
/// Pauses between the tries to note a receipt.
const RECEIPT_PAUSES_MS: [u64; 6] = [0, 100, 500, 2_000, 5_000, 10_000];
/// A summary counts for a request when its facts were gathered this long after it: a request is made a
/// moment before it is committed.
const COMMITTED_NS: i64 = 10 * domain::NANOS_PER_SECOND;

/// Sends what wakes people up until the stop.
pub(crate) async fn run_pages(inner: Arc<Inner>, stop: CancellationToken) {
    let added = &inner.alerts.pages_added;
    run(
        &inner,
        &stop,
        PAGE_JOB,
        added,
        MESSAGE_LEASE_NS,
        MESSAGES_AT_ONCE,
    )
    .await;
}

/// Sends messages until the stop.
pub(crate) async fn run_messages(inner: Arc<Inner>, stop: CancellationToken) {
    let added = &inner.alerts.messages_added;
    run(
        &inner,
        &stop,
        NOTIFY_JOB,
        added,
        MESSAGE_LEASE_NS,
        MESSAGES_AT_ONCE,
    )
    .await;
}

/// Writes summaries until the stop, one at a time: two inferences at once would take longer than one
/// after the other.
pub(crate) async fn run_summaries(inner: Arc<Inner>, stop: CancellationToken) {
    let added = &inner.alerts.summaries_added;
    run(&inner, &stop, SUMMARISE_JOB, added, SUMMARY_LEASE_NS, 1).await;
}

async fn run(
    inner: &Arc<Inner>,
    stop: &CancellationToken,
    kind: &'static str,
    added: &Notify,
    lease_ns: i64,
    limit: usize,
) {
    let places = Arc::new(Semaphore::new(limit));
    while !stop.is_cancelled() {
        let first = tokio::select! {
            () = stop.cancelled() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(first) = first else { return };
        let mut free = vec![first];
        while let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            free.push(place);
        }
        let store = inner.store.clone();
        let request = LeaseRequest {
            kinds: vec![kind.to_owned()],
            owner: inner.owner.clone(),
            duration_ns: lease_ns,
            limit: free.len(),
        };
        let now_ns = inner.clock.now_ns();
        let jobs = match blocking(move || store.lease_jobs(&request, now_ns)).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, kind, "the job queue cannot be read");
                Vec::new()
            }
        };
        let is_idle = jobs.is_empty();
        for (job, place) in jobs.into_iter().zip(free) {
            let worker = Arc::clone(inner);
            inner.tasks.spawn(kind, async move {
                finish(&worker, kind, job).await;
                drop(place);
            });
        }
        if is_idle {
            tokio::select! {
                () = stop.cancelled() => return,
                () = added.notified() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
    }
}

/// Does one job and writes how it ended.
async fn finish(inner: &Arc<Inner>, kind: &'static str, leased: LeasedJob) {
    let started = std::time::Instant::now();
    let project_id = leased.job.project_id;
    let outcome = match kind {
        SUMMARISE_JOB => Some(summary(inner, &leased).await),
        _ => message(inner, &leased, &RECEIPT_PAUSES_MS).await,
    };
    let Some(outcome) = outcome else {
        tracing::warn!(job.id = %leased.job.id, "a receipt could not be noted; the message is sent again after its lease");
        return;
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

/// Sends a message; `None` when its receipt could not be noted, and the job must not end.
async fn message(
    inner: &Arc<Inner>,
    leased: &LeasedJob,
    receipt_pauses_ms: &[u64],
) -> Option<JobOutcome> {
    let payload: NotifyPayload = match payload(leased) {
        Ok(payload) => payload,
        Err(outcome) => return Some(outcome),
    };
    let project_id = leased.job.project_id;
    let delivery_id = payload.notification.id;
    let (input, job) = if leased.is_spent() {
        let error = "every worker that took it vanished".to_owned();
        given_up(delivery_id, error)
    } else {
        match complete(inner, project_id, payload.notification).await {
            Ok(Some(notification)) => {
                let notification = inner.config.scrubbing.masked_message(notification).await;
                send(inner, leased, &notification).await
            }
            Ok(None) => return Some(JobOutcome::Done),
            Err(error) if leased.is_last_attempt() => given_up(delivery_id, error.to_string()),
            Err(error) => return Some(retry_soon(inner, leased, error.to_string())),
        }
    };
    // The receipt is told before the job ends: a crash between the two sends again, it never forgets.
    is_noted(inner, project_id, input, receipt_pauses_ms)
        .await
        .then_some(job)
}

fn given_up(delivery_id: DeliveryId, error: String) -> (Input, JobOutcome) {
    let input = Input::DeliveryFailed {
        delivery_id,
        permanent: true,
        reason: error.clone(),
    };
    (input, JobOutcome::Dead { error })
}

async fn send(
    inner: &Inner,
    leased: &LeasedJob,
    notification: &Notification,
) -> (Input, JobOutcome) {
    let delivery_id = notification.id;
    let error = match inner.receivers.send(notification).await {
        Ok(_receipt) => return (Input::Delivered { delivery_id }, JobOutcome::Done),
        Err(error) => error,
    };
    let attempt = u32::try_from(leased.lease.attempt).unwrap_or(u32::MAX);
    let delay = notify::ReceiverKind::of_name(&notification.receiver)
        .and_then(|kind| notify::retry_delay(kind, attempt, delivery_id, &error))
        .filter(|_| !leased.is_last_attempt());
    let Some(delay) = delay else {
        return given_up(delivery_id, error.to_string());
    };
    let input = Input::DeliveryFailed {
        delivery_id,
        permanent: false,
        reason: error.to_string(),
    };
    let delay_ns = i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX);
    let job = JobOutcome::Retry {
        at_ns: inner.clock.now_ns().saturating_add(delay_ns),
        error: error.to_string(),
    };
    (input, job)
}

/// Tells the machine what became of a message, again and again for a while.
async fn is_noted(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    input: Input,
    pauses_ms: &[u64],
) -> bool {
    for pause_ms in pauses_ms {
        tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
        let worker = Arc::clone(inner);
        let again = input.clone();
        match blocking(move || worker.alerts.feed(project_id, &[again])).await {
            Ok(_) => return true,
            Err(error) => tracing::warn!(%error, "a receipt could not be noted yet"),
        }
    }
    metrics::counter!("vigil_engine_receipts_lost_total").increment(1);
    false
}

/// Fills in what is known now. `None` when the message is not wanted any more.
async fn complete(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    mut notification: Notification,
) -> Result<Option<Notification>, Error> {
    let worker = Arc::clone(inner);
    let (incident_id, delivery_id) = (notification.incident_id, notification.id);
    let incident = blocking(move || {
        if worker.alerts.is_cancelled(project_id, delivery_id)? {
            return Ok::<_, Error>(None);
        }
        let stored = worker.store.incident(project_id, incident_id)?;
        Ok(stored.map(|stored| stored.incident))
    })
    .await?;
    let Some(incident) = incident else {
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
    notification.anomalies = incident.anomaly_ids.len();
    notification.link = Some(inner.link(incident.id));
    if is_trigger && let Some(mut summary) = summary_of(inner, project_id, incident).await {
        crate::zoned::in_zone(&mut summary, &inner.config.time_zone);
        notification.headline = summary.headline.clone();
        notification.summary = sentences(&summary);
        notification.suspects = summary.suspects.clone();
        notification.next_steps = summary.next_steps.clone();
    }
    Ok(Some(notification))
}

/// The summary that there is, or what rules can write within a moment. A page without one is better than
/// one that waits: its headline is the incident's title then.
async fn summary_of(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    incident: Incident,
) -> Option<Summary> {
    if incident.summary.is_some() {
        return incident.summary;
    }
    let worker = Arc::clone(inner);
    let draft = blocking(move || Ok::<_, Error>(worker.draft(project_id, &incident)?.1));
    match tokio::time::timeout(DRAFT_PATIENCE, draft).await {
        Ok(Ok(summary)) => Some(summary),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a message goes without its summary");
            None
        }
        Err(_) => {
            tracing::warn!("a message goes without its summary: it takes too long");
            None
        }
    }
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
    if leased.is_spent() {
        return JobOutcome::Dead {
            error: "every worker that took it vanished".to_owned(),
        };
    }
    let project_id = leased.job.project_id;
    match is_written(inner, project_id, &payload).await {
        Ok(true) => return JobOutcome::Done,
        Ok(false) => {}
        Err(error) => return summary_later(inner, &error),
    }
    let wording = if leased.is_last_attempt() {
        Wording::LastTry
    } else {
        Wording::TryAgain
    };
    match inner
        .summarise(project_id, payload.incident_id, wording)
        .await
    {
        Ok(_) => JobOutcome::Done,
        Err(Error::NotFound(what)) => JobOutcome::Dead {
            error: format!("{what} was not found"),
        },
        Err(error) => summary_later(inner, &error),
    }
}

/// Whether a summary was written since, for another request, that knows what this one is to tell of.
async fn is_written(
    inner: &Arc<Inner>,
    project_id: ProjectId,
    request: &SummarisePayload,
) -> Result<bool, Error> {
    let worker = Arc::clone(inner);
    let id = request.incident_id;
    let incident = blocking(move || worker.stored_incident(project_id, id)).await;
    let incident = match incident {
        Err(Error::NotFound(_)) => return Ok(false),
        other => other?,
    };
    let has_model = inner.generator_of(project_id).await.is_some();
    Ok(request.requested_at_ns > 0
        && incident
            .summary
            .is_some_and(|summary| knows_of(&summary, request.requested_at_ns, has_model)))
}

/// Whether a summary's facts are later than a request, and its words are the best there are.
fn knows_of(summary: &Summary, requested_at_ns: i64, has_model: bool) -> bool {
    let is_phrased = !has_model || summary.author != domain::SummaryAuthor::Rules;
    is_phrased && summary.written_at_ns >= requested_at_ns.saturating_add(COMMITTED_NS)
}

fn summary_later(inner: &Inner, error: &Error) -> JobOutcome {
    JobOutcome::Retry {
        at_ns: inner.clock.now_ns().saturating_add(SUMMARY_RETRY_NS),
        error: error.to_string(),
    }
}

/// Two seconds after the first failure of our own, then twice as long each time, up to a minute.
fn retry_soon(inner: &Inner, leased: &LeasedJob, error: String) -> JobOutcome {
    let doublings = u32::try_from(leased.lease.attempt.clamp(1, 6)).unwrap_or(1);
    let pause_s = (1_i64 << doublings).min(LONGEST_PAUSE_S);
    JobOutcome::Retry {
        at_ns: inner
            .clock
            .now_ns()
            .saturating_add(pause_s * domain::NANOS_PER_SECOND),
        error,
    }
}

impl Inner {
    /// The address of an incident's page.
    pub(crate) fn link(&self, id: IncidentId) -> String {
        format!("{}/incidents/{id}", self.config.public_url)
    }
}

#[cfg(test)]
mod tests;
