//! One who watches: a condition, a bounded queue, and the count of what did not fit.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{LogRecord, ProjectId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::LiveTail;

/// Records that wait for one who watches: most of a large commit, which comes at once.
pub(super) const QUEUE_RECORDS: usize = 10_000;
/// Bytes of them; a single record may be larger.
const QUEUE_BYTES: usize = 8 * 1024 * 1024;
/// Who takes nothing for so long while more comes than fits is given up: another may have the place.
const STALL: Duration = Duration::from_secs(60);
/// How often a tail without records looks whether some went by unseen.
const LOOK: Duration = Duration::from_secs(1);

/// Which records are wanted.
pub(super) type Condition = Box<dyn Fn(&LogRecord) -> bool + Send + Sync>;

/// What a tail did not show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lost {
    /// Records that matched and came faster than they were taken.
    pub records: u64,
    /// Records that nobody compared with the condition, because more were committed than could be looked at.
    pub unseen: u64,
}

impl Lost {
    /// Whether everything was shown.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What a tail gives.
#[derive(Debug, Clone, PartialEq)]
pub enum TailItem {
    /// A record, as it is stored.
    Record(Arc<LogRecord>),
    /// At this place records are missing.
    Lost(Lost),
}

pub(super) struct Watcher {
    condition: Condition,
    queue: mpsc::Sender<TailItem>,
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
    unseen: AtomicU64,
    /// Since when its queue is full without that anything was taken.
    stuck_since: Mutex<Option<Instant>>,
    is_given_up: AtomicBool,
}

/// The memory that a record takes, about.
pub(super) fn size_of(record: &LogRecord) -> usize {
    record.body.len() + record.attributes.len() + 256
}

impl Watcher {
    pub(super) fn new(condition: Condition) -> (Self, mpsc::Receiver<TailItem>) {
        let (queue, receiver) = mpsc::channel(QUEUE_RECORDS);
        let watcher = Self {
            condition,
            queue,
            waiting_bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            unseen: AtomicU64::new(0),
            stuck_since: Mutex::default(),
            is_given_up: AtomicBool::new(false),
        };
        (watcher, receiver)
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    pub(super) fn wants(&self, record: &LogRecord) -> bool {
        !self.is_given_up() && (self.condition)(record)
    }

    pub(super) fn add_unseen(&self, count: u64) {
        self.unseen.fetch_add(count, Ordering::Relaxed);
    }

    /// Queues a record, or counts it. Only one thread calls it, so the room that it sees stays.
    pub(super) fn put(&self, record: Arc<LogRecord>, now: Instant) {
        let size = size_of(&record);
        let waiting = self.waiting_bytes.load(Ordering::Relaxed);
        let is_full = waiting > 0 && waiting + size > QUEUE_BYTES;
        // One place more, for the word that some are missing.
        if is_full || self.queue.capacity() < 2 {
            return self.drop_one(now);
        }
        let lost = self.take_lost();
        if !lost.is_nothing() {
            self.queue.try_send(TailItem::Lost(lost)).ok();
        }
        self.waiting_bytes.fetch_add(size, Ordering::Relaxed);
        self.queue.try_send(TailItem::Record(record)).ok();
    }

    fn drop_one(&self, now: Instant) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("vigil_engine_tail_records_dropped_total").increment(1);
        let mut stuck_since = self
            .stuck_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*stuck_since.get_or_insert(now)) >= STALL {
            self.is_given_up.store(true, Ordering::Relaxed);
        }
    }

    fn take_lost(&self) -> Lost {
        Lost {
            records: self.dropped.swap(0, Ordering::Relaxed),
            unseen: self.unseen.swap(0, Ordering::Relaxed),
        }
    }

    fn was_taken(&self, item: &TailItem) {
        if let TailItem::Record(record) = item {
            self.waiting_bytes
                .fetch_sub(size_of(record), Ordering::Relaxed);
        }
        self.stuck_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

/// Records as they are committed. It ends its watch when it is dropped.
pub struct Tail {
    pub(super) watcher: Arc<Watcher>,
    queue: mpsc::Receiver<TailItem>,
    live: LiveTail,
    project_id: ProjectId,
    stop: CancellationToken,
}

impl Tail {
    pub(super) fn new(
        watcher: Arc<Watcher>,
        queue: mpsc::Receiver<TailItem>,
        live: LiveTail,
        project_id: ProjectId,
        stop: CancellationToken,
    ) -> Self {
        Self {
            watcher,
            queue,
            live,
            project_id,
            stop,
        }
    }

    /// The next record, or how many are missing before it. `None` when the process stops, or when too little was taken
    /// for a minute. May be given up and called again without losing anything.
    pub async fn next(&mut self) -> Option<TailItem> {
        loop {
            if let Some(item) = self.try_next() {
                return Some(item);
            }
            if self.stop.is_cancelled() || self.watcher.is_given_up() {
                return None;
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(LOOK) => {}
                item = self.queue.recv() => {
                    let item = item?;
                    self.watcher.was_taken(&item);
                    return Some(item);
                }
            }
        }
    }

    /// Whether the process is about to end.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// What is there already.
    pub fn try_next(&mut self) -> Option<TailItem> {
        if let Ok(item) = self.queue.try_recv() {
            self.watcher.was_taken(&item);
            return Some(item);
        }
        let lost = self.watcher.take_lost();
        (!lost.is_nothing()).then_some(TailItem::Lost(lost))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.live.leave(self.project_id, &self.watcher);
    }
}
