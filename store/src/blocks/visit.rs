//! Going through the blocks that may match, several at once.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use domain::{LogFilter, ProjectId};
use sha2::{Digest, Sha256};

use super::catalogue::{self, Entry};
use super::decode::{Columns, OpenBlock, Wanted};
use super::index::{BlockIndex, Needles};
use super::select::Matcher;
use crate::connection::AnyConnection;
use crate::{Error, Store, metrics};

/// Indexes that one statement reads.
const INDEXES_TOGETHER: usize = 64;
/// Blocks that each thread gets before the results are looked at.
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
    let caches = store.caches();
    let mut kept = Vec::new();
    for chunk in entries.chunks(INDEXES_TOGETHER) {
        let known: Vec<Option<Arc<BlockIndex>>> = chunk
            .iter()
            .map(|entry| caches.indexes.get(entry.id))
            .collect();
        let missing: Vec<i64> = chunk
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none())
            .map(|(entry, _)| entry.id)
            .collect();
        let mut read = std::collections::HashMap::new();
        for (id, bytes) in catalogue::indexes_of(connection, &missing)? {
            match BlockIndex::read(&bytes) {
                Ok(index) => {
                    let index = Arc::new(index);
                    caches.indexes.put(id, &index, index.size());
                    read.insert(id, index);
                }
                // Without an index the block itself is looked at.
                Err(error) => {
                    tracing::warn!(%error, block.id = id, "the index of a block cannot be read")
                }
            }
        }
        for (entry, known) in chunk.iter().zip(known) {
            let index = known.or_else(|| read.get(&entry.id).cloned());
            if index.is_none_or(|index| needles.may_match(&index, &entry.header.templates)) {
                kept.push(entry.clone());
            }
        }
    }
    metrics::blocks_pruned(entries.len() - kept.len());
    Ok(kept)
}

/// A block ready to be read; `None` when it is damaged, which is noted.
pub(crate) fn open(
    store: &Store,
    connection: &mut AnyConnection,
    entry: &Entry,
) -> Result<Option<Arc<OpenBlock>>, Error> {
    if let Some(block) = store.caches().blocks.get(entry.id) {
        return Ok(Some(block));
    }
    match fetch(store, connection, entry) {
        Ok(bytes) => {
            let size = bytes.len();
            match OpenBlock::open(bytes) {
                Ok(block) => {
                    let block = Arc::new(block);
                    store.caches().blocks.put(entry.id, &block, size);
                    Ok(Some(block))
                }
                Err(error) => quarantine(store, entry, error),
            }
        }
        Err(error) => quarantine(store, entry, error),
    }
}

/// The bytes of a block, as they were written.
pub(crate) fn fetch(
    store: &Store,
    connection: &mut AnyConnection,
    entry: &Entry,
) -> Result<Bytes, Error> {
    let bytes = if entry.location.is_empty() {
        catalogue::bytes_of(connection, "log_block_data", entry.id)?
            .map(Bytes::from)
            .ok_or_else(|| Error::damaged("block", "its bytes are missing"))?
    } else {
        store.objects()?.get(&entry.location)?
    };
    if <[u8; 32]>::from(Sha256::digest(&bytes)) != entry.sha256 {
        return Err(Error::damaged(
            "block",
            format!("its {} bytes are not those that were written", bytes.len()),
        ));
    }
    Ok(bytes)
}

/// Leaves a damaged block out of this read and all later ones; other errors are passed on.
fn quarantine<T>(store: &Store, entry: &Entry, error: Error) -> Result<Option<T>, Error> {
    if !matches!(error, Error::Damaged { .. }) {
        return Err(error);
    }
    tracing::error!(
        %error,
        block.id = entry.id,
        records = entry.header.records,
        from_ns = entry.header.min_ns,
        to_ns = entry.header.max_ns,
        services = entry.header.services.join(", "),
        "a block is damaged; its records are lost unless a backup has it"
    );
    metrics::block_damaged(entry.header.records);
    let damage = error.to_string();
    // The read goes on whether or not this can be written.
    if let Err(error) = store.write(|c| catalogue::mark_damaged(c, entry.id, &damage)) {
        tracing::warn!(%error, block.id = entry.id, "the damage could not be noted");
    }
    Ok(None)
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
    let threads = std::thread::available_parallelism()
        .map_or(1, std::num::NonZero::get)
        .min(MAX_THREADS);
    // One first: most pages are full with it.
    let mut size = 1;
    let mut start = 0;
    while start < entries.len() {
        let chunk = &entries[start..entries.len().min(start + size)];
        let mut blocks = Vec::with_capacity(chunk.len());
        for (offset, entry) in chunk.iter().enumerate() {
            if let Some(block) = open(store, connection, entry)? {
                blocks.push((start + offset, block));
            }
        }
        start += chunk.len();
        size = threads * BLOCKS_PER_THREAD;
        for (number, result) in on_threads(threads, &blocks, wanted, &look) {
            match result {
                Ok(result) => {
                    if merge(result)?.is_break() {
                        return Ok(());
                    }
                }
                Err(error) => {
                    quarantine::<()>(store, &entries[number], error)?;
                }
            }
        }
    }
    Ok(())
}

type Looked<R> = Vec<(usize, Result<R, Error>)>;

fn on_threads<R: Send>(
    threads: usize,
    blocks: &[(usize, Arc<OpenBlock>)],
    wanted: &Wanted,
    look: &(impl Fn(usize, &Columns) -> R + Sync),
) -> Looked<R> {
    let one = |(number, block): &(usize, Arc<OpenBlock>)| {
        let result = block.read(wanted).map(|columns| look(*number, &columns));
        (*number, result)
    };
    if blocks.len() < 2 || threads < 2 {
        return blocks.iter().map(one).collect();
    }
    let share = blocks.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let others: Vec<_> = blocks[share..]
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(one).collect::<Looked<R>>()))
            .collect();
        let mut results: Looked<R> = blocks[..share].iter().map(one).collect();
        for thread in others {
            match thread.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}
