//! The way in: a bounded queue, one committing thread, and an acknowledgement after the commit.

mod commit;
mod repeated;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use domain::{Clock, Failpoint, LogRecord, ProjectId};
use store::{LogStore, Store};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use self::commit::{Append, Committer};
use self::repeated::tells_itself_apart;
use crate::Error;
use crate::live::LiveTail;
use crate::scrubbing::Scrubbing;

pub(crate) use self::commit::{is_of_the_data, patiently};
pub use self::repeated::RequestKey;

/// Records of one project that may wait for the commit at once, over all requests. A record is some 300 bytes on
/// average and at most 1 MiB, so bytes are limited as well.
pub const QUEUE_RECORDS: usize = 100_000;
/// Bytes of records of one project that may wait for the commit at once, in KiB (192 MiB).
pub const QUEUE_KIB: usize = 192 * 1024;
/// The same over all projects: whoever floods Vigil leaves some room to the others.
const TOTAL_RECORDS: usize = 150_000;
/// 256 MiB.
const TOTAL_KIB: usize = 256 * 1024;
/// Projects whose room is remembered; more are few enough to be remembered anew.
const MAX_PROJECTS: usize = 10_000;
/// How long a key of a sender's is remembered: longer than any client retries.
pub const KEY_LIFETIME_NS: i64 = 24 * 3_600 * domain::NANOS_PER_SECOND;
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
    /// Empty once the intake is closed.
    sender: Arc<RwLock<Option<mpsc::Sender<Job>>>>,
    total: Room,
    projects: Arc<Mutex<HashMap<ProjectId, Room>>>,
    live: LiveTail,
    scrubbing: Arc<Scrubbing>,
}

/// How much may still wait.
#[derive(Clone)]
struct Room {
    records: Arc<Semaphore>,
    kib: Arc<Semaphore>,
}

/// Gives its part of a room back when it is dropped.
struct Place {
    _records: OwnedSemaphorePermit,
    _kib: OwnedSemaphorePermit,
}

impl Room {
    fn new(records: usize, kib: usize) -> Self {
        Self {
            records: Arc::new(Semaphore::new(records)),
            kib: Arc::new(Semaphore::new(kib)),
        }
    }

    fn take(&self, records: u32, kib: u32) -> Option<Place> {
        Some(Place {
            _records: Arc::clone(&self.records)
                .try_acquire_many_owned(records)
                .ok()?,
            _kib: Arc::clone(&self.kib).try_acquire_many_owned(kib).ok()?,
        })
    }

    fn is_empty(&self) -> bool {
        Arc::strong_count(&self.records) == 1
    }
}

struct Job {
    project_id: ProjectId,
    /// What it is known by when it comes again.
    key: Option<RequestKey>,
    records: Vec<LogRecord>,
    reply: oneshot::Sender<Result<Accepted, Error>>,
    places: [Place; 2],
}

impl Intake {
    /// Starts the committing thread. It ends when the intake is closed (or every handle is dropped) and the
    /// queue is empty, so nothing that was accepted is lost by a stop.
    pub(crate) fn start(
        store: Store,
        clock: Arc<dyn Clock>,
        commits: watch::Sender<u64>,
    ) -> Result<(Self, std::thread::JoinHandle<()>), Error> {
        let writer = store.clone();
        let append: Append = Box::new(move |batch| writer.append(batch));
        Self::start_with(store, append, clock, commits)
    }

    fn start_with(
        store: Store,
        append: Append,
        clock: Arc<dyn Clock>,
        commits: watch::Sender<u64>,
    ) -> Result<(Self, std::thread::JoinHandle<()>), Error> {
        let (sender, receiver) = mpsc::channel::<Job>();
        let live = LiveTail::default();
        let mut committer = Committer::new(store, append, clock, commits, live.clone());
        let thread = std::thread::Builder::new()
            .name("vigil-commit".into())
            .spawn(move || committer.run(&receiver))
            .map_err(|error| Error::Internal(format!("starting the committing thread: {error}")))?;
        let intake = Self {
            sender: Arc::new(RwLock::new(Some(sender))),
            total: Room::new(TOTAL_RECORDS, TOTAL_KIB),
            projects: Arc::default(),
            live,
            scrubbing: Arc::default(),
        };
        Ok((intake, thread))
    }

    /// The same with what is taken out of records before they are stored.
    pub(crate) fn with_scrubbing(mut self, scrubbing: Arc<Scrubbing>) -> Self {
        self.scrubbing = scrubbing;
        self
    }

    /// Queues records and returns when they are durable.
    ///
    /// # Errors
    /// [`Error::QueueFull`] at once when too much of the project waits, [`Error::Unavailable`] when too much of all
    /// projects does; the store's error when the commit failed, in
    /// which case none of the records was stored.
    pub async fn submit(
        &self,
        project_id: ProjectId,
        records: Vec<LogRecord>,
    ) -> Result<Accepted, Error> {
        self.submit_known(project_id, None, records).await
    }

    /// The same for a request that bears a key of its sender's (SHA-256 of it): when the key was acknowledged
    /// before, within [`KEY_LIFETIME_NS`], nothing is stored and the answer is that of the first time.
    ///
    /// # Errors
    /// As [`Intake::submit`].
    pub async fn submit_once(
        &self,
        project_id: ProjectId,
        key: Option<[u8; 32]>,
        records: Vec<LogRecord>,
    ) -> Result<Accepted, Error> {
        let key = key.map(RequestKey::Given);
        self.submit_known(project_id, key, records).await
    }

    /// The same for whatever a request is known by. Content counts only when the records cannot honestly come twice:
    /// otherwise they are stored.
    ///
    /// # Errors
    /// As [`Intake::submit`].
    pub async fn submit_known(
        &self,
        project_id: ProjectId,
        key: Option<RequestKey>,
        records: Vec<LogRecord>,
    ) -> Result<Accepted, Error> {
        if records.is_empty() {
            return Ok(Accepted::default());
        }
        Failpoint::Decoded.pass();
        let key = key.filter(|key| match key {
            RequestKey::Given(_) => true,
            RequestKey::Content { .. } => tells_itself_apart(&records),
        });
        let records = self.scrubbing.masked_records(project_id, records).await?;
        let reply = self.enqueue(project_id, key, records)?;
        reply.await.map_err(|_| {
            Error::Unavailable("the commit was interrupted; send the batch again".into())
        })?
    }

    /// Who watches what is committed.
    pub(crate) fn live(&self) -> &LiveTail {
        &self.live
    }

    /// Takes no more records, whoever still holds a handle; what is queued is committed.
    pub fn close(&self) {
        self.sender
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    fn room_of(&self, project_id: ProjectId) -> Room {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if projects.len() >= MAX_PROJECTS {
            projects.retain(|_, room| !room.is_empty());
        }
        projects
            .entry(project_id)
            .or_insert_with(|| Room::new(QUEUE_RECORDS, QUEUE_KIB))
            .clone()
    }

    fn enqueue(
        &self,
        project_id: ProjectId,
        key: Option<RequestKey>,
        records: Vec<LogRecord>,
    ) -> Result<oneshot::Receiver<Result<Accepted, Error>>, Error> {
        let bytes: usize = records
            .iter()
            .map(|record| record.body.len() + record.attributes.len() + 256)
            .sum();
        let kib = bytes / 1024 + 1;
        if records.len() > QUEUE_RECORDS || kib > QUEUE_KIB {
            return Err(Error::TooLarge(format!(
                "the batch has {} records and {bytes} bytes, limits are {QUEUE_RECORDS} and {}: send smaller ones",
                records.len(),
                QUEUE_KIB * 1024
            )));
        }
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let full = || metrics::counter!("vigil_engine_intake_full_total").increment(1);
        let own = self.room_of(project_id).take(count, kib).ok_or_else(|| {
            full();
            Error::QueueFull
        })?;
        let shared = self.total.take(count, kib).ok_or_else(|| {
            full();
            Error::Unavailable("more records come than can be stored; try again in a second".into())
        })?;
        let (reply, receiver) = oneshot::channel();
        let stopping = || Error::Unavailable("the service is stopping".into());
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        sender
            .as_ref()
            .ok_or_else(stopping)?
            .send(Job {
                project_id,
                key,
                records,
                reply,
                places: [own, shared],
            })
            .map_err(|_| stopping())?;
        Ok(receiver)
    }
}
