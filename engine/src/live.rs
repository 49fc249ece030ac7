//! The live tail: what was committed goes to those who watch. Lossy by contract: who is too slow loses records and is
//! told how many; a commit never waits for anybody.
//!
//! Only what this process commits is seen.

mod watcher;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Instant;

use domain::{LogFilter, LogRecord, ProjectId};
use store::RecordMatcher;
use tokio_util::sync::CancellationToken;

use self::watcher::{Condition, Watcher};
use crate::logql::{self, LogQuery};
use crate::{Engine, Error, blocking};

pub use self::watcher::{Lost, Tail, TailItem};

/// Tails of one project at once; a further one is refused until another ends.
pub const TAILS_PER_PROJECT: usize = 32;
/// Tails of all projects at once.
const TAILS: usize = 256;
/// Commits that wait to be looked at; what comes then is not looked at.
const OFFERS: usize = 8;
/// Bytes of records in them; a single commit may be larger.
const OFFER_BYTES: usize = 64 * 1024 * 1024;

/// Who watches, and the way to them. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct LiveTail(Arc<Hub>);

#[derive(Default)]
struct Hub {
    /// How many watch, so that a commit that nobody sees costs one look at this number.
    count: AtomicUsize,
    watchers: Mutex<HashMap<ProjectId, Vec<Arc<Watcher>>>>,
    offers: OnceLock<Offers>,
}

/// The queue of the thread that compares records with conditions; it begins with the first tail.
#[derive(Clone)]
struct Offers {
    sender: mpsc::SyncSender<Offer>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// A commit that somebody may want to see.
pub(crate) struct Offer {
    watchers: Vec<Arc<Watcher>>,
    offers: Offers,
    /// Positions that the database refused, ascending.
    refused: Vec<usize>,
    records: Vec<LogRecord>,
    bytes: usize,
}

impl LiveTail {
    /// Asked after each commit: who is to see its records but for those that were refused. Never blocks for long.
    pub(crate) fn offer(
        &self,
        project_id: ProjectId,
        refused: &[(usize, String)],
    ) -> Option<Offer> {
        // A tail is counted before it reads what is stored, so what it does not find there is offered to it.
        if self.0.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let watchers = self.watchers().get(&project_id)?.clone();
        let mut refused: Vec<usize> = refused.iter().map(|(index, _)| *index).collect();
        refused.sort_unstable();
        Some(Offer {
            watchers,
            offers: self.0.offers.get()?.clone(),
            refused,
            records: Vec::new(),
            bytes: 0,
        })
    }

    /// Begins to watch for the records of a project that fulfil a condition.
    fn watch(
        &self,
        project_id: ProjectId,
        condition: Condition,
        stop: CancellationToken,
    ) -> Result<Tail, Error> {
        if self.0.offers.get().is_none() {
            let offers = Offers::start()?;
            // Who comes second drops a thread without work, which ends.
            self.0.offers.set(offers).ok();
        }
        let mut watchers = self.watchers();
        for of_project in watchers.values_mut() {
            of_project.retain(|watcher| !watcher.is_given_up());
        }
        watchers.retain(|_, of_project| !of_project.is_empty());
        let all: usize = watchers.values().map(Vec::len).sum();
        let own = watchers.get(&project_id).map_or(0, Vec::len);
        if own >= TAILS_PER_PROJECT || all >= TAILS {
            return Err(Error::Busy(format!(
                "{own} live tails are open, limit is {TAILS_PER_PROJECT} a project and {TAILS} in all; close one"
            )));
        }
        let (watcher, queue) = Watcher::new(condition);
        let watcher = Arc::new(watcher);
        watchers
            .entry(project_id)
            .or_default()
            .push(Arc::clone(&watcher));
        self.count(&watchers);
        drop(watchers);
        Ok(Tail::new(watcher, queue, self.clone(), project_id, stop))
    }

    fn leave(&self, project_id: ProjectId, watcher: &Arc<Watcher>) {
        let mut watchers = self.watchers();
        if let Some(of_project) = watchers.get_mut(&project_id) {
            of_project.retain(|other| !Arc::ptr_eq(other, watcher));
            if of_project.is_empty() {
                watchers.remove(&project_id);
            }
        }
        self.count(&watchers);
    }

    fn count(&self, watchers: &HashMap<ProjectId, Vec<Arc<Watcher>>>) {
        let count = watchers.values().map(Vec::len).sum();
        self.0.count.store(count, Ordering::SeqCst);
        metrics::gauge!("vigil_engine_tails").set(count as f64);
    }

    fn watchers(&self) -> MutexGuard<'_, HashMap<ProjectId, Vec<Arc<Watcher>>>> {
        self.0
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Offers {
    fn start() -> Result<Self, Error> {
        let (sender, receiver) = mpsc::sync_channel::<Offer>(OFFERS);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&waiting_bytes);
        std::thread::Builder::new()
            .name("vigil-tail".into())
            .spawn(move || run(&receiver, &waiting))
            .map_err(|error| Error::Internal(format!("starting the tail's thread: {error}")))?;
        Ok(Self {
            sender,
            waiting_bytes,
        })
    }
}

/// Ends with the last handle of the hub, and with the last offer.
fn run(receiver: &mpsc::Receiver<Offer>, waiting_bytes: &AtomicUsize) {
    while let Ok(offer) = receiver.recv() {
        waiting_bytes.fetch_sub(offer.bytes, Ordering::Relaxed);
        if catch_unwind(AssertUnwindSafe(|| offer.show())).is_err() {
            tracing::error!("looking at records for a live tail panicked");
        }
    }
}

impl Offer {
    /// Hands the records of the commit over. When too much waits already nobody sees them, and is told so.
    pub(crate) fn give(mut self, records: Vec<LogRecord>) {
        let bytes = records.iter().map(watcher::size_of).sum();
        let offers = self.offers.clone();
        self.records = records;
        self.bytes = bytes;
        let waiting = offers.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let unseen = if waiting > 0 && waiting + bytes > OFFER_BYTES {
            Some(self)
        } else {
            match offers.sender.try_send(self) {
                Ok(()) => None,
                Err(mpsc::TrySendError::Full(offer) | mpsc::TrySendError::Disconnected(offer)) => {
                    Some(offer)
                }
            }
        };
        if let Some(offer) = unseen {
            offers.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            let count = offer.records.len().saturating_sub(offer.refused.len()) as u64;
            metrics::counter!("vigil_engine_tail_records_unseen_total").increment(count);
            for watcher in &offer.watchers {
                watcher.add_unseen(count);
            }
        }
    }

    /// Compares and hands on.
    fn show(self) {
        let now = Instant::now();
        let mut refused = self.refused.into_iter().peekable();
        for (index, record) in self.records.into_iter().enumerate() {
            if refused.next_if_eq(&index).is_some() {
                continue;
            }
            let takers: Vec<&Arc<Watcher>> = self
                .watchers
                .iter()
                .filter(|watcher| watcher.wants(&record))
                .collect();
            if takers.is_empty() {
                continue;
            }
            let record = Arc::new(store::as_stored(record));
            for watcher in takers {
                watcher.put(Arc::clone(&record), now);
            }
        }
    }
}

impl Engine {
    /// Follows the records that match, from now on, as they are committed. What is stored already is read with
    /// [`Engine::search`]: afterwards, so that nothing lies between the two; some records then come twice.
    ///
    /// # Errors
    /// [`Error::Busy`] when [`TAILS_PER_PROJECT`] are open; fails on filters that a search refuses.
    pub async fn tail(&self, project_id: ProjectId, mut filter: LogFilter) -> Result<Tail, Error> {
        let inner = self.inner();
        let stop = inner.tasks_stop.clone();
        let matcher = blocking(move || {
            inner.plan(project_id, &mut filter)?;
            Ok::<_, Error>(RecordMatcher::new(filter)?)
        })
        .await?;
        let condition: Condition = Box::new(move |record| matcher.holds(record));
        self.intake().live().watch(project_id, condition, stop)
    }

    /// The same for a query of Loki's language; [`logql::entry`] tells what it makes of a record.
    ///
    /// # Errors
    /// As [`Engine::tail`].
    pub fn tail_logql(&self, project_id: ProjectId, query: Arc<LogQuery>) -> Result<Tail, Error> {
        let stop = self.inner_ref().tasks_stop.clone();
        let condition: Condition = Box::new(move |record| logql::entry(&query, record).is_some());
        self.intake().live().watch(project_id, condition, stop)
    }
}

#[cfg(test)]
mod tests;
