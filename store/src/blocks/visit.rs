//! Going through the blocks that may match, several at once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use bytes::Bytes;
use domain::{LogFilter, ProjectId};

use super::catalogue::{self, Entry};
use super::decode::{Columns, OpenBlock, Wanted};
use super::index::Needles;
use super::select::Matcher;
use super::stored::{self, BlockKind, Stored};
use crate::connection::AnyConnection;
use crate::{Error, Store, metrics};

/// Indexes that one statement reads.
const INDEXES_TOGETHER: usize = 64;
/// Blocks on their way for each thread: the one that it looks at, and the next.
const BLOCKS_PER_THREAD: usize = 2;
/// Threads of one read: more would take the machine from the commits.
const MAX_THREADS: usize = 4;

/// The blocks that may hold a match, in the order of their end.
pub(crate) fn candidates(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    filter: &LogFilter,
    matcher: &Matcher<'_>,
) -> Result<Vec<Entry>, Error> {
    let mut entries = catalogue::in_range(connection, project_id, matcher.range())?;
    entries.retain(|entry| matcher.may_match(entry));
    let needles = Needles::of(filter);
    if needles.is_empty() {
        return Ok(entries);
    }
    let mut kept = Vec::new();
    for chunk in entries.chunks(INDEXES_TOGETHER) {
        let ids = chunk.iter().map(|entry| entry.id);
        let indexes = stored::indexes(store, connection, BlockKind::Logs, ids)?;
        for entry in chunk {
            let index = indexes.get(&entry.id);
            if index.is_none_or(|index| needles.may_match(index, &entry.header.templates)) {
                kept.push(entry.clone());
            }
        }
    }
    metrics::blocks_pruned(entries.len() - kept.len());
    Ok(kept)
}

/// A block ready to be read; `None` when it cannot be had, which is noted.
pub(crate) fn open(
    store: &Store,
    connection: &mut AnyConnection,
    entry: &Entry,
) -> Result<Option<Arc<OpenBlock>>, Error> {
    match load(store, connection, entry) {
        Ok(block) => Ok(Some(block)),
        Err(error) => stored::set_aside(store, &entry.stored(), error),
    }
}

/// A block ready to be read.
pub(crate) fn load(
    store: &Store,
    connection: &mut AnyConnection,
    entry: &Entry,
) -> Result<Arc<OpenBlock>, Error> {
    match store.caches().blocks.get(entry.id) {
        Some(block) => Ok(block),
        None => stored::load(store, connection, &entry.stored()),
    }
}

/// Reads the columns of each block and gives them to `look` on several threads; `merge` gets the results in
/// the order of the entries and says whether to go on.
pub(crate) fn visit<R: Send>(
    store: &Store,
    connection: &mut AnyConnection,
    entries: &[Entry],
    wanted: &Wanted,
    look: impl Fn(usize, &Columns) -> R + Sync,
    mut merge: impl FnMut(R) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let look = |job: Job| {
        let columns = job.open(store).and_then(|block| block.read(wanted));
        columns.map(|columns| look(job.number, &columns))
    };
    let mut merge = |entry: &Entry, result: Result<R, Error>| match result {
        Ok(result) => merge(result),
        Err(error) => {
            stored::set_aside::<()>(store, &entry.stored(), error)?;
            Ok(ControlFlow::Continue(()))
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .min(MAX_THREADS);
    // One first: most pages are full with it.
    let alone = if threads > 1 { 1 } else { entries.len() };
    for (number, entry) in entries.iter().enumerate().take(alone) {
        let result = Job::new(store, connection, number, entry).and_then(look);
        if merge(entry, result)?.is_break() {
            return Ok(());
        }
    }
    if entries.len() <= alone {
        return Ok(());
    }
    let (jobs, waiting) = mpsc::channel::<Job>();
    let (done, results) = mpsc::channel();
    let waiting = Mutex::new(waiting);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(entries.len() - alone) {
            let (waiting, done, look) = (&waiting, done.clone(), &look);
            scope.spawn(move || work(waiting, &done, look));
        }
        drop(done);
        // Whatever ends this closure closes the channel of jobs, and with it the threads.
        let jobs = jobs;
        let mut looked: BTreeMap<usize, Result<R, Error>> = BTreeMap::new();
        let (mut given, mut taken) = (alone, alone);
        while taken < entries.len() {
            while given < entries.len() && given - taken < threads * BLOCKS_PER_THREAD {
                match Job::new(store, connection, given, &entries[given]) {
                    Ok(job) => drop(jobs.send(job)),
                    Err(error) => drop(looked.insert(given, Err(error))),
                }
                given += 1;
            }
            let Some(result) = looked.remove(&taken) else {
                match results.recv() {
                    Ok((number, Ok(result))) => looked.insert(number, result),
                    Ok((_, Err(panic))) => resume_unwind(panic),
                    Err(_) => {
                        return Err(Error::Database {
                            message: "the threads of a read ended early".to_owned(),
                        });
                    }
                };
                continue;
            };
            if merge(&entries[taken], result)?.is_break() {
                return Ok(());
            }
            taken += 1;
        }
        Ok(())
    })
}

/// One thread of a read: looks at blocks until there are no more.
fn work<R>(
    waiting: &Mutex<mpsc::Receiver<Job>>,
    done: &mpsc::Sender<(usize, std::thread::Result<Result<R, Error>>)>,
    look: &impl Fn(Job) -> Result<R, Error>,
) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        let number = job.number;
        let result = catch_unwind(AssertUnwindSafe(|| look(job)));
        if done.send((number, result)).is_err() {
            return;
        }
    }
}

/// A block to look at.
struct Job {
    number: usize,
    stored: Stored,
    source: Source,
}

enum Source {
    Opened(Arc<OpenBlock>),
    /// As they were read: comparing them with their digest is the thread's work.
    Bytes(Bytes),
}

impl Job {
    fn new(
        store: &Store,
        connection: &mut AnyConnection,
        number: usize,
        entry: &Entry,
    ) -> Result<Self, Error> {
        let stored = entry.stored();
        let source = match store.caches().blocks.get(entry.id) {
            Some(block) => Source::Opened(block),
            None => Source::Bytes(stored::raw(store, connection, &stored)?),
        };
        Ok(Self {
            number,
            stored,
            source,
        })
    }

    fn open(&self, store: &Store) -> Result<Arc<OpenBlock>, Error> {
        match &self.source {
            Source::Opened(block) => Ok(Arc::clone(block)),
            Source::Bytes(bytes) => stored::open(store, &self.stored, bytes.clone()),
        }
    }
}
