//! Replacing blocks by others: without records that are deleted, or several small ones as a large one.

use std::collections::HashMap;

use domain::{Failpoint, LogFilter, LogRecord, ProjectId, TimeRange};

use super::catalogue::{self, Entry};
use super::decode::{Columns, Wanted};
use super::encode::{Encoded, Texts};
use super::select::Matcher;
use super::stored::{self, BlockKind};
use super::{visit, write};
use crate::connection::{AnyConnection, on_both};
use crate::log::statistics;
use crate::statement::Statement;
use crate::{Error, Store, rollups};

/// How long objects of replaced blocks stay for reads that began before, nanoseconds: an hour.
pub(crate) const GRACE_NS: i64 = 3_600_000_000_000;
/// Whole blocks that one transaction deletes.
const DELETED_TOGETHER: usize = 64;
/// Blocks of fewer records than this are put together,
const SMALL_RECORDS: usize = 16_384;
/// unless they have more bytes: few long records fill a block, too.
const SMALL_BYTES: usize = super::layout::MAX_TEXT_BYTES / 16;
/// How often blocks are listed again that others replaced meanwhile.
const MAX_TRIES: usize = 5;
/// That many small blocks wait before it is worth the work.
const SMALL_BLOCKS: usize = 8;

/// What to do with the counts of records that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Take them out of the rollups in the same transaction.
    Subtract,
    /// The caller deletes whole cells.
    Leave,
}

/// Deletes the matching records of blocks, block by block; how many went.
pub(crate) fn delete_matching(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    counts: Counts,
    now_ns: i64,
) -> Result<u64, Error> {
    let mut deleted = 0;
    let mut tries = 1;
    loop {
        match delete_listed(store, project_id, filter, counts, now_ns, &mut deleted) {
            Ok(()) => return Ok(deleted),
            // Blocks were moved or put together since they were listed.
            Err(Error::Contention { .. }) if tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

fn delete_listed(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    counts: Counts,
    now_ns: i64,
    deleted: &mut u64,
) -> Result<(), Error> {
    let matcher = Matcher::new(filter, filter.range, &[]);
    let by_time = counts == Counts::Leave && LogFilter::in_range(filter.range) == *filter;
    let entries = if by_time {
        // Damaged ones go with the rest.
        store.read(|c| catalogue::in_range_damaged_too(c, project_id, filter.range))?
    } else {
        store.read(|c| visit::candidates(store, c, project_id, filter, &matcher))?
    };
    let (whole, partial): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| by_time && is_wholly_in(entry, filter.range));
    for chunk in whole.chunks(DELETED_TOGETHER) {
        replace(store, project_id, chunk, &[], now_ns, |_| Ok(()))?;
        *deleted += chunk.iter().map(|e| e.header.records as u64).sum::<u64>();
    }
    for entry in partial {
        *deleted += delete_of_block(store, project_id, &entry, &matcher, counts, now_ns)?;
    }
    Ok(())
}

fn is_wholly_in(entry: &Entry, range: TimeRange) -> bool {
    entry.header.min_ns >= range.start_ns && entry.header.max_ns < range.end_ns
}

fn delete_of_block(
    store: &Store,
    project_id: ProjectId,
    entry: &Entry,
    matcher: &Matcher<'_>,
    counts: Counts,
    now_ns: i64,
) -> Result<u64, Error> {
    let Some(columns) = read_all(store, entry)? else {
        return Ok(0);
    };
    let mut is_gone = vec![false; columns.len];
    matcher.rows(&columns, |row| is_gone[row] = true);
    let record = |row| columns.record(row, project_id);
    let (gone, kept): (Vec<usize>, Vec<usize>) = (0..columns.len).partition(|row| is_gone[*row]);
    if gone.is_empty() {
        return Ok(0);
    }
    let kept: Vec<LogRecord> = kept.into_iter().map(record).collect();
    let kept: Vec<&LogRecord> = kept.iter().collect();
    let blocks = write::encode_all(&kept, &columns.texts())?;
    let gone: Vec<LogRecord> = gone.into_iter().map(record).collect();
    replace(
        store,
        project_id,
        std::slice::from_ref(entry),
        &blocks,
        now_ns,
        |connection| {
            if counts == Counts::Subtract {
                rollups::subtract(connection, project_id, &statistics::cells(gone.iter()))?;
            }
            Failpoint::Rewriting.pass();
            Ok(())
        },
    )?;
    Ok(gone.len() as u64)
}

/// All columns of a block; `None` when it is damaged.
fn read_all(store: &Store, entry: &Entry) -> Result<Option<Columns>, Error> {
    let read = store
        .read(|connection| visit::load(store, connection, entry))
        .and_then(|block| block.read(&Wanted::all()));
    match read {
        Ok(columns) => Ok(Some(columns)),
        // Nothing may be taken for done that could not be looked at.
        Err(Error::NotFound { what }) => Err(Error::Unavailable {
            message: format!("object storage: {what} is missing"),
        }),
        Err(error) => stored::set_aside(store, &entry.stored(), error),
    }
}

/// Notes an object that nothing names, to be deleted when reads that began before have ended.
pub(super) fn discard(
    connection: &mut AnyConnection,
    location: &str,
    now_ns: i64,
) -> Result<(), Error> {
    use diesel::RunQueryDsl;
    let mut garbage =
        Statement::new("INSERT INTO log_block_garbage (location, due_at_ns) VALUES (");
    garbage.text(location).sql(",");
    garbage.int(now_ns.saturating_add(GRACE_NS)).sql(")");
    on_both!(connection, concrete => garbage.execute(concrete))?;
    Ok(())
}

/// Puts blocks into the place of others in one transaction. When one of the others is gone meanwhile, somebody else
/// replaced it, and nothing is done: [`Error::Contention`].
fn replace(
    store: &Store,
    project_id: ProjectId,
    old: &[Entry],
    new: &[Encoded],
    now_ns: i64,
    and: impl FnOnce(&mut AnyConnection) -> Result<(), Error>,
) -> Result<(), Error> {
    let ids: Vec<i64> = old.iter().map(|entry| entry.id).collect();
    store.write(|connection| {
        stored::take_out(connection, BlockKind::Logs, &ids, now_ns)?;
        write::insert_all(connection, project_id, new, now_ns)?;
        and(connection)
    })
}

/// Puts small blocks of a project together; how many went into larger ones.
pub(crate) fn compact(store: &Store, project_id: ProjectId, now_ns: i64) -> Result<usize, Error> {
    let mut small = store.read(|c| catalogue::in_range(c, project_id, TimeRange::ALL))?;
    small.retain(|entry| {
        entry.header.records < SMALL_RECORDS
            && entry.bytes < SMALL_BYTES
            && entry.location.is_empty()
    });
    // In the order of arrival, so that the ids of the new block stay close together.
    small.sort_by_key(|entry| entry.header.min_id);
    let mut compacted = 0;
    while small.len() >= SMALL_BLOCKS {
        let (mut records, mut bytes, mut count) = (0, 0, 0);
        for entry in &small {
            let fits = records + entry.header.records <= super::layout::MAX_ROWS
                && bytes + entry.bytes <= super::layout::MAX_TEXT_BYTES / 8;
            if count > 0 && !fits {
                break;
            }
            records += entry.header.records;
            bytes += entry.bytes;
            count += 1;
        }
        let chosen: Vec<Entry> = small.drain(..count).collect();
        if count > 1 {
            compacted += join(store, project_id, &chosen, now_ns)?;
        }
    }
    Ok(compacted)
}

fn join(
    store: &Store,
    project_id: ProjectId,
    entries: &[Entry],
    now_ns: i64,
) -> Result<usize, Error> {
    let (mut records, mut texts, mut old) = (Vec::<LogRecord>::new(), Texts::new(), Vec::new());
    let (mut bytes, mut counted) = (0, 0);
    for entry in entries {
        // A damaged one stays where it is.
        if let Some(columns) = read_all(store, entry)? {
            texts.extend(columns.texts());
            records.extend((0..columns.len).map(|row| columns.record(row, project_id)));
            old.push(entry.clone());
        }
        let added = records[counted..].iter();
        bytes += added
            .map(|r| r.body.len() + r.attributes.len())
            .sum::<usize>();
        counted = records.len();
        // A full block: more would be cut off again, and would have to fit into memory.
        if bytes >= super::layout::MAX_TEXT_BYTES {
            break;
        }
    }
    let records: Vec<&LogRecord> = records.iter().collect();
    let blocks = write::encode_all(&records, &texts)?;
    if blocks.len() >= old.len() {
        return Ok(0);
    }
    replace(store, project_id, &old, &blocks, now_ns, |_| {
        Failpoint::Compacting.pass();
        Ok(())
    })?;
    Ok(old.len())
}

/// Deletes objects that nothing names any more and whose time has come; how many.
pub(crate) fn sweep(store: &Store, now_ns: i64) -> Result<usize, Error> {
    use diesel::RunQueryDsl;
    if !store.has_objects() {
        return Ok(0);
    }
    let mut due = Statement::new("SELECT location FROM log_block_garbage WHERE due_at_ns <= ");
    due.int(now_ns).sql(" LIMIT 1000");
    let rows = due.returning::<(diesel::sql_types::Text,)>();
    let names: Vec<(String,)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    for (name,) in &names {
        store.objects()?.delete(name)?;
        store.write(|connection| {
            let mut done = Statement::new("DELETE FROM log_block_garbage WHERE location = ");
            done.text(name.as_str());
            on_both!(connection, concrete => done.execute(concrete))?;
            Ok(())
        })?;
    }
    Ok(names.len())
}

impl Columns {
    /// The texts by which the bodies were split, so that they can be split again.
    pub(crate) fn texts(&self) -> Texts {
        let mut texts: Texts = HashMap::new();
        let mut last = None;
        for row in 0..self.len {
            let id = self.template(row);
            if last != Some(id)
                && let Some(text) = self.template_text(row)
            {
                last = Some(id);
                texts
                    .entry(domain::TemplateId::from_i64(id))
                    .or_insert_with(|| text.into());
            }
        }
        texts
    }
}
