//! The way in for spans: a bounded queue, one committing thread, and an acknowledgement after the commit.
//!
//! It is simpler than that of log records: a span has an id of its sender's, so repeating a commit is always safe and no
//! receipts are needed.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc;

use domain::{ProjectId, Rejected, Span};
use store::{SpanReceipt, Store, TraceStore as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::Error;
use crate::intake::{is_of_the_data, patiently};
use crate::topology::Minutes;

/// Spans that may wait for the commit at once, over all requests.
pub const SPAN_QUEUE_SPANS: usize = 100_000;
/// Bytes of spans that may wait for the commit at once, in KiB (128 MiB).
pub const SPAN_QUEUE_KIB: usize = 128 * 1024;
/// Most spans of one transaction.
const GROUP_SPANS: usize = 16_384;
/// Transactions that one request may cost when the database refuses it.
const TRIES_ALONE: usize = 256;
/// What a span takes beside its texts, bytes.
const SPAN_BYTES: usize = 256;

/// Makes spans durable.
pub(super) type Append =
    Box<dyn FnMut(ProjectId, &[Span]) -> Result<SpanReceipt, store::Error> + Send>;

/// The handle that listeners hold.
#[derive(Clone)]
pub(crate) struct SpanIntake {
    sender: mpsc::Sender<Job>,
    spans: Arc<Semaphore>,
    kib: Arc<Semaphore>,
}

struct Job {
    project_id: ProjectId,
    spans: Vec<Span>,
    reply: oneshot::Sender<Result<Vec<Rejected>, Error>>,
    _spans: OwnedSemaphorePermit,
    _kib: OwnedSemaphorePermit,
}

impl SpanIntake {
    /// Starts the committing thread; it ends when every handle is dropped and the queue is empty. The minutes of what was
    /// committed are marked, so that the calls they show are counted.
    pub(crate) fn start(store: Store, minutes: Arc<Minutes>) -> Result<Self, Error> {
        let append: Append =
            Box::new(move |project_id, spans| store.append_spans(project_id, spans));
        Self::start_with(append, minutes)
    }

    pub(super) fn start_with(append: Append, minutes: Arc<Minutes>) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let mut committer = Committer { append, minutes };
        std::thread::Builder::new()
            .name("vigil-spans".into())
            .spawn(move || committer.run(&receiver))
            .map_err(|error| {
                Error::Internal(format!("starting the committing thread of spans: {error}"))
            })?;
        Ok(Self {
            sender,
            spans: Arc::new(Semaphore::new(SPAN_QUEUE_SPANS)),
            kib: Arc::new(Semaphore::new(SPAN_QUEUE_KIB)),
        })
    }

    /// Queues spans and returns when they are durable; the positions that were refused.
    pub(crate) async fn submit(
        &self,
        project_id: ProjectId,
        mut spans: Vec<Span>,
    ) -> Result<Vec<Rejected>, Error> {
        if spans.is_empty() {
            return Ok(Vec::new());
        }
        for span in &mut spans {
            span.project_id = project_id;
        }
        let (reply, receiver) = oneshot::channel();
        let (spans_permit, kib_permit) = self.admit(&spans)?;
        self.sender
            .send(Job {
                project_id,
                spans,
                reply,
                _spans: spans_permit,
                _kib: kib_permit,
            })
            .map_err(|_| Error::Unavailable("the service is stopping".into()))?;
        receiver.await.map_err(|_| {
            Error::Unavailable("the commit was interrupted; send the batch again".into())
        })?
    }

    fn admit(&self, spans: &[Span]) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), Error> {
        let bytes: usize = spans.iter().map(len_bytes).sum();
        let kib = bytes / 1024 + 1;
        if spans.len() > SPAN_QUEUE_SPANS || kib > SPAN_QUEUE_KIB {
            return Err(Error::TooLarge(format!(
                "the batch has {} spans and {bytes} bytes, limits are {SPAN_QUEUE_SPANS} and {}: send smaller ones",
                spans.len(),
                SPAN_QUEUE_KIB * 1024
            )));
        }
        let take = |semaphore: &Arc<Semaphore>, count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            Arc::clone(semaphore)
                .try_acquire_many_owned(count)
                .map_err(|_| {
                    metrics::counter!("vigil_engine_span_intake_full_total").increment(1);
                    Error::QueueFull
                })
        };
        Ok((take(&self.spans, spans.len())?, take(&self.kib, kib)?))
    }
}

fn len_bytes(span: &Span) -> usize {
    let texts = [
        &span.service,
        &span.name,
        &span.status_message,
        &span.attributes,
        &span.events,
        &span.links,
    ];
    SPAN_BYTES + texts.iter().map(|text| text.len()).sum::<usize>()
}

struct Committer {
    append: Append,
    minutes: Arc<Minutes>,
}

impl Committer {
    fn run(&mut self, receiver: &mpsc::Receiver<Job>) {
        while let Ok(first) = receiver.recv() {
            // Group commit: everything that came while the last transaction ran goes into this one.
            let mut count = first.spans.len();
            let mut by_project: HashMap<ProjectId, Vec<Job>> = HashMap::new();
            by_project.entry(first.project_id).or_default().push(first);
            while count < GROUP_SPANS {
                let Ok(job) = receiver.try_recv() else { break };
                count += job.spans.len();
                by_project.entry(job.project_id).or_default().push(job);
            }
            for (project_id, jobs) in by_project {
                // A panic takes down the requests of its group, not the thread.
                let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
                    self.commit_group(project_id, jobs);
                }));
                if outcome.is_err() {
                    metrics::counter!("vigil_engine_commit_panics_total").increment(1);
                    tracing::error!(project.id = %project_id, "a commit of spans panicked; they were not acknowledged");
                }
            }
        }
        tracing::debug!("committing thread of spans ended");
    }

    /// One transaction for many requests; when the database refuses it each request gets its own try.
    fn commit_group(&mut self, project_id: ProjectId, mut jobs: Vec<Job>) {
        let sizes: Vec<usize> = jobs.iter().map(|job| job.spans.len()).collect();
        let mut spans = Vec::with_capacity(sizes.iter().sum());
        for job in &mut jobs {
            spans.append(&mut job.spans);
        }
        match self.append(project_id, &spans) {
            Ok(rejected) => {
                let mut rejected = rejected.into_iter().peekable();
                let mut start = 0;
                for (job, size) in jobs.into_iter().zip(sizes) {
                    let mut mine = Vec::new();
                    while let Some(mut item) = rejected.next_if(|item| item.index < start + size) {
                        item.index -= start;
                        mine.push(item);
                    }
                    start += size;
                    job.reply.send(Ok(mine)).ok();
                }
            }
            Err(error) if is_of_the_data(&error) => {
                tracing::warn!(%error, project.id = %project_id, "a commit of spans was refused; its requests are tried one by one");
                let mut start = 0;
                for (job, size) in jobs.into_iter().zip(sizes) {
                    let outcome = self.commit_alone(project_id, &spans[start..start + size]);
                    start += size;
                    job.reply.send(outcome).ok();
                }
            }
            Err(error) => {
                metrics::counter!("vigil_engine_commit_failures_total").increment(1);
                tracing::error!(%error, project.id = %project_id, "a commit of spans failed; they were not acknowledged");
                for job in jobs {
                    job.reply.send(Err(error.clone())).ok();
                }
            }
        }
    }

    /// Commits one request in ever smaller pieces until what the database refuses stands alone.
    fn commit_alone(
        &mut self,
        project_id: ProjectId,
        spans: &[Span],
    ) -> Result<Vec<Rejected>, Error> {
        let (mut rejected, mut tries) = (Vec::new(), TRIES_ALONE);
        let mut pieces = vec![(0, spans)];
        while let Some((offset, piece)) = pieces.pop() {
            tries = tries.checked_sub(1).ok_or_else(|| {
                Error::Internal("the database refuses too many spans of one request".into())
            })?;
            match self.append(project_id, piece) {
                Ok(more) => rejected.extend(more.into_iter().map(|item| Rejected {
                    index: offset + item.index,
                    reason: item.reason,
                })),
                Err(error) if !is_of_the_data(&error) => return Err(error),
                Err(error) if piece.len() <= 1 => rejected.push(Rejected {
                    index: offset,
                    reason: error.to_string(),
                }),
                Err(_) => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.push((offset + first.len(), second));
                    pieces.push((offset, first));
                }
            }
        }
        if rejected.len() == spans.len() {
            let reason = rejected.swap_remove(0).reason;
            return Err(Error::Internal(reason));
        }
        Ok(rejected)
    }

    /// Commits, again and again while the database is away for a moment.
    fn append(&mut self, project_id: ProjectId, spans: &[Span]) -> Result<Vec<Rejected>, Error> {
        let receipt = patiently(|| Ok((self.append)(project_id, spans)?))?;
        metrics::counter!("vigil_engine_spans_committed_total").increment(receipt.stored as u64);
        self.minutes.mark(project_id, spans);
        Ok(receipt.rejected)
    }
}
