//! The way in: a bounded queue, one committing thread, and an acknowledgement after the commit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use domain::{Clock, LogRecord, ProjectId, RecordId};
use store::{CommitBatch, LogStore, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::Error;
use crate::miners::Miners;

/// Records that may wait for the commit at once, over all requests. A record is some 300 bytes on
/// average and at most 1 MiB, so bytes are limited as well.
pub const QUEUE_RECORDS: usize = 100_000;
/// Bytes of records that may wait for the commit at once, in KiB (256 MiB).
pub const QUEUE_KIB: usize = 256 * 1024;
/// Most records of one transaction: large enough that the commit's fixed cost vanishes, small enough
/// that a waiting request is answered within a fraction of a second.
const GROUP_RECORDS: usize = 16_384;
/// What a sender is told to wait when the queue is full.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the sender of a batch is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Records that are durable now.
    pub count: usize,
    /// Positions in the batch that the database refused, and why.
    pub refused: Vec<(usize, String)>,
}

/// The handle that listeners hold.
#[derive(Clone)]
pub struct Intake {
    sender: mpsc::Sender<Job>,
    records: Arc<Semaphore>,
    kib: Arc<Semaphore>,
}

struct Job {
    project_id: ProjectId,
    records: Vec<LogRecord>,
    reply: oneshot::Sender<Result<Accepted, Error>>,
    _records: OwnedSemaphorePermit,
    _kib: OwnedSemaphorePermit,
}

/// What the committing thread needs.
pub(crate) struct Committer {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    /// Grows with every commit; wakes the loops that read by cursor.
    pub(crate) commits: watch::Sender<u64>,
    miners: Miners,
    ids: IdSource,
}

impl Intake {
    /// Starts the committing thread. It ends when every handle is dropped and the queue is empty, so
    /// nothing that was accepted is lost by a stop.
    pub(crate) fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        commits: watch::Sender<u64>,
    ) -> Result<(Self, std::thread::JoinHandle<()>), Error> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let mut committer = Committer {
            store,
            clock,
            commits,
            miners: Miners::default(),
            ids: IdSource::new(),
        };
        let thread = std::thread::Builder::new()
            .name("vigil-commit".into())
            .spawn(move || committer.run(&receiver))
            .map_err(|error| Error::Internal(format!("starting the committing thread: {error}")))?;
        let intake = Self {
            sender,
            records: Arc::new(Semaphore::new(QUEUE_RECORDS)),
            kib: Arc::new(Semaphore::new(QUEUE_KIB)),
        };
        Ok((intake, thread))
    }

    /// Queues records and returns when they are durable.
    ///
    /// # Errors
    /// [`Error::QueueFull`] at once when the queue is full; the store's error when the commit failed, in
    /// which case none of the records was stored.
    pub async fn submit(
        &self,
        project_id: ProjectId,
        records: Vec<LogRecord>,
    ) -> Result<Accepted, Error> {
        if records.is_empty() {
            return Ok(Accepted::default());
        }
        let reply = self.enqueue(project_id, records)?;
        reply
            .await
            .map_err(|_| Error::Unavailable("the service is stopping".into()))?
    }

    fn enqueue(
        &self,
        project_id: ProjectId,
        records: Vec<LogRecord>,
    ) -> Result<oneshot::Receiver<Result<Accepted, Error>>, Error> {
        let bytes: usize = records
            .iter()
            .map(|record| record.body.len() + record.attributes.len() + 256)
            .sum();
        let full = |_| {
            metrics::counter!("vigil_engine_intake_full_total").increment(1);
            Error::QueueFull
        };
        let count = u32::try_from(records.len().min(QUEUE_RECORDS)).unwrap_or(u32::MAX);
        let kib = u32::try_from((bytes / 1024 + 1).min(QUEUE_KIB)).unwrap_or(u32::MAX);
        let record_permit = Arc::clone(&self.records)
            .try_acquire_many_owned(count)
            .map_err(full)?;
        let kib_permit = Arc::clone(&self.kib)
            .try_acquire_many_owned(kib)
            .map_err(full)?;
        let (reply, receiver) = oneshot::channel();
        self.sender
            .send(Job {
                project_id,
                records,
                reply,
                _records: record_permit,
                _kib: kib_permit,
            })
            .map_err(|_| Error::Unavailable("the service is stopping".into()))?;
        Ok(receiver)
    }
}

impl Committer {
    fn run(&mut self, receiver: &mpsc::Receiver<Job>) {
        while let Ok(first) = receiver.recv() {
            // Group commit: everything that came while the last transaction ran goes into this one.
            let mut count = first.records.len();
            let mut jobs = vec![first];
            while count < GROUP_RECORDS {
                let Ok(job) = receiver.try_recv() else { break };
                count += job.records.len();
                jobs.push(job);
            }
            let mut by_project: HashMap<ProjectId, Vec<Job>> = HashMap::new();
            for job in jobs {
                by_project.entry(job.project_id).or_default().push(job);
            }
            for (project_id, jobs) in by_project {
                self.commit_group(project_id, jobs);
            }
            self.commits.send_modify(|count| *count += 1);
        }
        tracing::debug!("committing thread ended");
    }

    /// One transaction for many requests; when the database refuses it, each request gets its own try,
    /// so that one poisoned request cannot take its neighbours down.
    fn commit_group(&mut self, project_id: ProjectId, mut jobs: Vec<Job>) {
        let sizes: Vec<usize> = jobs.iter().map(|job| job.records.len()).collect();
        let mut records = Vec::with_capacity(sizes.iter().sum());
        for job in &mut jobs {
            records.append(&mut job.records);
        }
        match self.commit(project_id, records) {
            Ok(refused) => {
                let mut refused = refused.into_iter().peekable();
                let mut start = 0;
                for (job, size) in jobs.into_iter().zip(sizes) {
                    let mut mine = Vec::new();
                    while let Some((index, reason)) =
                        refused.next_if(|(index, _)| *index < start + size)
                    {
                        mine.push((index - start, reason));
                    }
                    start += size;
                    let accepted = Accepted {
                        count: size - mine.len(),
                        refused: mine,
                    };
                    job.reply.send(Ok(accepted)).ok();
                }
            }
            Err(error) => {
                metrics::counter!("vigil_engine_commit_failures_total").increment(1);
                tracing::error!(%error, project.id = %project_id, "commit failed; its records were not acknowledged");
                for job in jobs {
                    job.reply.send(Err(error.clone())).ok();
                }
            }
        }
    }

    /// Mines and commits; returns the positions that the database refused.
    fn commit(
        &mut self,
        project_id: ProjectId,
        mut records: Vec<LogRecord>,
    ) -> Result<Vec<(usize, String)>, Error> {
        let now_ns = self.clock.now_ns();
        for record in &mut records {
            record.id = self.ids.next(now_ns);
            record.project_id = project_id;
        }
        let changes = self.miners.mine(&self.store, project_id, &mut records)?;
        let count = records.len();
        let receipt = self.store.append(&CommitBatch {
            project_id,
            records,
            new_templates: changes.new_templates,
            merged: changes.merged,
        })?;
        self.miners.committed(project_id);
        metrics::counter!("vigil_engine_records_committed_total").increment(count as u64);
        metrics::histogram!("vigil_engine_commit_records").record(count as f64);
        Ok(receipt
            .rejected
            .into_iter()
            .map(|rejected| (rejected.index, rejected.reason))
            .collect())
    }
}

/// UUIDv7 ids that grow within a process: the random part of a batch is counted up.
struct IdSource {
    random: u128,
}

impl IdSource {
    fn new() -> Self {
        Self {
            random: uuid::Uuid::new_v4().as_u128(),
        }
    }

    fn next(&mut self, now_ns: i64) -> RecordId {
        self.random = self.random.wrapping_add(1);
        let mut bytes = [0_u8; 10];
        bytes.copy_from_slice(&self.random.to_be_bytes()[6..]);
        RecordId::from_parts(now_ns, bytes)
    }
}
