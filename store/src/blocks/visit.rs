//! Going through the blocks that may match, several at once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, mpsc};

use bytes::Bytes;
use domain::{LogFilter, ProjectId};

use super::catalogue::{self, Entry};
use super::decode::{Columns, OpenBlock, Wanted};
use super::index::Needles;
use super::outline::Outline;
use super::select::Matcher;
use super::stored::{self, BlockKind};
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

/// Some rows of a block, ascending and at least one; `None` when it cannot be had, which is noted.
pub(crate) fn read(
    store: &Store,
    connection: &mut AnyConnection,
    entry: &Entry,
    wanted: &Wanted,
    rows: Vec<usize>,
) -> Result<Option<Columns>, Error> {
    let columns = load(store, connection, entry);
    match columns.and_then(|block| block.read_rows(wanted, Some(rows))) {
        Ok(columns) => Ok(Some(columns)),
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
/// the order of the entries and says whether to go on. Where a matcher is given only rows are read that its keys and
/// times allow.
pub(crate) fn visit<R: Send>(
    store: &Store,
    connection: &mut AnyConnection,
    entries: &[Entry],
    wanted: &Wanted,
    matcher: Option<&Matcher<'_>>,
    look: impl Fn(usize, &Columns) -> R + Sync,
    merge: impl FnMut(R) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let narrowing = |job: &Job<'_>| matcher.filter(|it| it.narrows(&job.entry.header));
    let needs_block = |job: &Job<'_>| match (narrowing(job), &job.outline) {
        (Some(matcher), Some(outline)) => !allowed(outline, matcher).is_empty(),
        _ => true,
    };
    let work = |job: Job<'_>| {
        let Some(matcher) = narrowing(&job) else {
            return Ok(look(job.number, &job.open(store)?.read(wanted)?));
        };
        let outline = job.outline(store)?;
        let rows = allowed(&outline, matcher);
        let columns = if rows.is_empty() {
            Columns::none()
        } else if rows.len() == outline.len() {
            job.open(store)?.read(wanted)?
        } else {
            job.open(store)?.read_rows(wanted, Some(rows))?
        };
        Ok(look(job.number, &columns))
    };
    each(store, connection, entries, needs_block, work, merge)
}

/// Gives the outline of each block to `look`, otherwise as [`visit`].
pub(crate) fn outlines<R: Send>(
    store: &Store,
    connection: &mut AnyConnection,
    entries: &[Entry],
    look: impl Fn(usize, &Outline) -> R + Sync,
    merge: impl FnMut(R) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let needs_block = |job: &Job<'_>| job.outline.is_none();
    let work = |job: Job<'_>| Ok(look(job.number, &*job.outline(store)?));
    each(store, connection, entries, needs_block, work, merge)
}

fn allowed(outline: &Outline, matcher: &Matcher<'_>) -> Vec<usize> {
    let mut rows = Vec::new();
    outline.rows(matcher, |_, row| rows.push(row));
    rows
}

/// Works on each block on several threads, one after the other where what is needed is in memory.
fn each<R: Send>(
    store: &Store,
    connection: &mut AnyConnection,
    entries: &[Entry],
    needs_block: impl Fn(&Job<'_>) -> bool,
    work: impl Fn(Job<'_>) -> Result<R, Error> + Sync,
    mut merge: impl FnMut(R) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut merge = |entry: &Entry, result: Result<R, Error>| match result {
        Ok(result) => merge(result),
        Err(error) => {
            stored::set_aside::<()>(store, &entry.stored(), error)?;
            Ok(ControlFlow::Continue(()))
        }
    };
    let pool = POOL.as_ref();
    // One first: most pages are full with it.
    let alone = if pool.is_some() { 1 } else { entries.len() };
    for (number, entry) in entries.iter().enumerate().take(alone) {
        let job = Job::new(store, connection, number, entry, &needs_block);
        if merge(entry, job.and_then(&work))?.is_break() {
            return Ok(());
        }
    }
    let Some(pool) = pool.filter(|_| entries.len() > alone) else {
        return Ok(());
    };
    let window = pool.current_num_threads() * BLOCKS_PER_THREAD;
    let (done, results) = mpsc::channel();
    let is_over = AtomicBool::new(false);
    pool.in_place_scope(|scope| {
        // Whatever ends this closure: what still waits is not looked at any more.
        let _over = Over(&is_over);
        let (work, is_over) = (&work, &is_over);
        let mut looked: BTreeMap<usize, Result<R, Error>> = BTreeMap::new();
        let (mut given, mut taken) = (alone, alone);
        while taken < entries.len() {
            while given < entries.len() && given - taken < window {
                match Job::new(store, connection, given, &entries[given], &needs_block) {
                    // Handing it over would take longer than the work.
                    Ok(job) if matches!(job.source, Source::Nothing) => {
                        let number = job.number;
                        drop(looked.insert(number, work(job)));
                    }
                    Ok(job) => {
                        let done = done.clone();
                        scope.spawn(move |_| {
                            if !is_over.load(Ordering::Relaxed) {
                                let number = job.number;
                                let result = catch_unwind(AssertUnwindSafe(|| work(job)));
                                // Nobody listens to what comes too late.
                                drop(done.send((number, result)));
                            }
                        });
                    }
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

/// The threads of all reads. They stay: the memory of a thread that ends is not used again for a while. Reads take turns block
/// by block, so a long one does not hold up a short one. `None` where no thread can be had, or one alone would gain nothing.
static POOL: LazyLock<Option<rayon::ThreadPool>> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .min(MAX_THREADS);
    if threads == 1 {
        return None;
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("vigil-read-{number}"))
        .build()
        .inspect_err(|error| tracing::warn!(%error, "reads have no threads of their own"))
        .ok()
});

/// Says that a read is over when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A block to look at.
struct Job<'e> {
    number: usize,
    entry: &'e Entry,
    outline: Option<Arc<Outline>>,
    source: Source,
}

enum Source {
    Opened(Arc<OpenBlock>),
    /// As they were read: comparing them with their digest is the thread's work.
    Bytes(Bytes),
    /// The outline is enough.
    Nothing,
}

impl<'e> Job<'e> {
    fn new(
        store: &Store,
        connection: &mut AnyConnection,
        number: usize,
        entry: &'e Entry,
        needs_block: impl Fn(&Self) -> bool,
    ) -> Result<Self, Error> {
        let mut job = Self {
            number,
            entry,
            outline: store.caches().outlines.get(entry.id),
            source: Source::Nothing,
        };
        if needs_block(&job) {
            job.source = match store.caches().blocks.get(entry.id) {
                Some(block) => Source::Opened(block),
                None => Source::Bytes(stored::raw(store, connection, &entry.stored())?),
            };
        }
        Ok(job)
    }

    fn open(&self, store: &Store) -> Result<Arc<OpenBlock>, Error> {
        match &self.source {
            Source::Opened(block) => Ok(Arc::clone(block)),
            Source::Bytes(bytes) => match store.caches().blocks.get(self.entry.id) {
                Some(block) => Ok(block),
                None => stored::open(store, &self.entry.stored(), bytes.clone()),
            },
            Source::Nothing => Err(Error::Database {
                message: "a block is read that was not asked for".to_owned(),
            }),
        }
    }

    fn outline(&self, store: &Store) -> Result<Arc<Outline>, Error> {
        if let Some(outline) = &self.outline {
            return Ok(Arc::clone(outline));
        }
        let outline = Arc::new(Outline::of(&self.open(store)?.read(&Wanted::default())?));
        let outlines = &store.caches().outlines;
        outlines.put(self.entry.id, &outline, outline.bytes());
        Ok(outline)
    }
}
