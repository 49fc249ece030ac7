//! The catalogue of blocks of spans and of samples (table `blocks`), and how such blocks are stored and replaced.

use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use domain::{Failpoint, ProjectId, TimeRange};
use parquet::errors::ParquetError;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::catalogue::id_of;
use super::decode::OpenBlock;
use super::encode::{self, Column};
use super::layout;
use super::stored::{self, BlockKind, Damaged, Row, Stored};
use crate::columns::next_number;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
use crate::statement::Statement;
use crate::{Error, Store};

/// Blocks of fewer records than this are put together.
const SMALL_RECORDS: usize = 16_384;
/// That many small blocks wait before it is worth the work.
const SMALL_BLOCKS: usize = 8;
/// Whole blocks that one transaction deletes.
const DELETED_TOGETHER: usize = 64;

/// A stored block of spans or samples.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) stored: Stored,
    /// Grows with every block that is sealed.
    pub(crate) sequence: i64,
    /// Of samples; 0 for spans.
    pub(crate) min_series: i64,
    pub(crate) max_series: i64,
    /// When its records were sealed, the last ones.
    created_at_ns: i64,
}

/// A block that is not stored yet.
pub(crate) struct NewBlock {
    pub(crate) kind: BlockKind,
    pub(crate) min_ns: i64,
    pub(crate) max_ns: i64,
    pub(crate) min_series: i64,
    pub(crate) max_series: i64,
    pub(crate) records: usize,
    /// Sorted.
    pub(crate) names: Vec<String>,
    pub(crate) data: Vec<u8>,
    /// None when the kind has no index.
    pub(crate) index: Option<Vec<u8>>,
}

/// Whose block it is and when it was made: without them the same records of two projects would be one block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) project_id: ProjectId,
    pub(crate) created_at_ns: i64,
}

/// The file of these columns.
pub(crate) fn file(
    kind: BlockKind,
    stamp: Stamp,
    unit_ns: i64,
    columns: Vec<Column>,
) -> Result<Vec<u8>, Error> {
    let meta = [
        (layout::META_KIND, kind.as_str().to_owned()),
        (layout::META_FORMAT, kind.format().to_string()),
        (layout::META_UNIT, unit_ns.to_string()),
        (
            layout::META_PROJECT,
            stamp.project_id.0.simple().to_string(),
        ),
        (layout::META_CREATED, stamp.created_at_ns.to_string()),
    ];
    // What spans of one trace have in common lies as far apart as their services: one page each column finds it.
    encode::write(columns, &meta, layout::MAX_ROWS).map_err(|error: ParquetError| Error::Database {
        message: format!("a block could not be encoded: {error}"),
    })
}

/// The name of a project's counter.
fn counter(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Logs => "blocks.logs",
        BlockKind::Spans => "blocks.spans",
        BlockKind::Samples => "blocks.samples",
    }
}

/// The sequence of the block of a kind that was sealed last; 0 when none was.
pub(crate) fn last_sequence(
    connection: &mut AnyConnection,
    kind: BlockKind,
    project_id: ProjectId,
) -> Result<i64, Error> {
    let mut statement = Statement::new("SELECT value FROM counters WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND name = ").text(counter(kind));
    let rows = statement.returning::<(BigInt,)>();
    let rows: Vec<(i64,)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows.first().map_or(0, |(value,)| *value))
}

/// When rows of a kind were sealed last.
pub(crate) fn last_made(
    connection: &mut AnyConnection,
    kind: BlockKind,
    project_id: ProjectId,
) -> Result<Option<i64>, Error> {
    let mut statement = Statement::new("SELECT MAX(created_at_ns) FROM blocks WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(kind.tables().of_kind);
    let rows = statement.returning::<(Nullable<BigInt>,)>();
    let rows: Vec<(Option<i64>,)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows.first().and_then(|(at_ns,)| *at_ns))
}

/// The projects that have rows in a table whose key begins with the project, one step into the key for each.
pub(crate) fn projects_of(
    connection: &mut AnyConnection,
    table: &'static str,
) -> Result<Vec<ProjectId>, Error> {
    let mut found: Vec<ProjectId> = Vec::new();
    loop {
        let mut next = Statement::new("SELECT project_id FROM ");
        next.sql(table);
        if let Some(last) = found.last() {
            next.sql(" WHERE project_id > ");
            next.bytes(last.as_bytes().to_vec());
        }
        next.sql(" ORDER BY project_id LIMIT 1");
        let rows = next.returning::<(Binary,)>();
        let rows: Vec<(Vec<u8>,)> = on_both!(&mut *connection, concrete => rows.load(concrete))?;
        let Some((id,)) = rows.first() else {
            return Ok(found);
        };
        let id = Uuid::from_slice(id).map_err(|error| Error::damaged("project_id", error))?;
        found.push(ProjectId(id));
    }
}

/// The blocks of a kind that overlap a range, damaged ones left out, in the order in which they were sealed.
pub(crate) fn in_range(
    connection: &mut AnyConnection,
    kind: BlockKind,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<Block>, Error> {
    list(connection, kind, project_id, range, Damaged::LeftOut)
}

fn list(
    connection: &mut AnyConnection,
    kind: BlockKind,
    project_id: ProjectId,
    range: TimeRange,
    damaged: Damaged,
) -> Result<Vec<Block>, Error> {
    let mut statement = Statement::new("SELECT sequence, min_series, max_series, created_at_ns, ");
    statement.sql(Stored::COLUMNS).sql("names FROM blocks");
    statement
        .sql(" WHERE project_id = ")
        .bytes(project_id.as_bytes().as_slice())
        .sql(kind.tables().of_kind)
        .sql(damaged.condition());
    stored::in_range(&mut statement, range);
    statement.sql(" ORDER BY sequence");
    type Types = (
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        BigInt,
        Binary,
        Text,
        Text,
    );
    type Full = (
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        i64,
        Vec<u8>,
        String,
        String,
    );
    let rows = statement.returning::<Types>();
    let rows: Vec<Full> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter()
        .map(|row| {
            let (sequence, min_series, max_series, created_at_ns, a, b, c, d, e, f, g, h) = row;
            let row: Row = (a, b, c, d, e, f, g, h);
            Ok(Block {
                stored: Stored::of(kind, row)?,
                sequence,
                min_series,
                max_series,
                created_at_ns,
            })
        })
        .collect()
}

/// Opens blocks one after the other; those that turn out to be damaged are noted and left out.
pub(crate) fn each<'b>(
    store: &Store,
    connection: &mut AnyConnection,
    blocks: impl IntoIterator<Item = &'b Block>,
    budget: &Budget,
    mut look: impl FnMut(&Block, &OpenBlock) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    for block in blocks {
        budget.check()?;
        let looked =
            stored::load(store, connection, &block.stored).and_then(|opened| look(block, &opened));
        match looked {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(error) => {
                stored::set_aside::<()>(store, &block.stored, error)?;
            }
        }
    }
    Ok(())
}

/// Stores a block that was made of rows, inside a transaction.
pub(crate) fn insert_sealed(
    connection: &mut AnyConnection,
    stamp: Stamp,
    block: &NewBlock,
) -> Result<(), Error> {
    let project = stamp.project_id.as_bytes().as_slice();
    let sequence = next_number(connection, project, counter(block.kind), 1)?;
    insert(connection, stamp, block, sequence)?;
    Failpoint::Sealing.pass();
    Ok(())
}

fn insert(
    connection: &mut AnyConnection,
    stamp: Stamp,
    block: &NewBlock,
    sequence: i64,
) -> Result<(), Error> {
    let sha256: [u8; 32] = Sha256::digest(&block.data).into();
    let id = id_of(&sha256);
    let names = serde_json::to_string(&block.names)
        .map_err(|error| Error::damaged("blocks.names", error))?;
    let mut row = Statement::new(
        "INSERT INTO blocks (project_id, sha256, id, sequence, min_ns, max_ns, min_series, max_series, records, bytes, \
         created_at_ns, kind, format, names, location) VALUES (",
    );
    row.bytes(stamp.project_id.as_bytes().as_slice()).sql(",");
    row.bytes(sha256.as_slice()).sql(",");
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    for number in [
        id,
        sequence,
        block.min_ns,
        block.max_ns,
        block.min_series,
        block.max_series,
        count(block.records),
        count(block.data.len()),
        stamp.created_at_ns,
    ] {
        row.int(number).sql(",");
    }
    row.small(block.kind.number()).sql(",");
    row.small(block.kind.format()).sql(",");
    row.text(names).sql(",'')");
    on_both!(&mut *connection, concrete => row.execute(concrete))?;
    let tables = block.kind.tables();
    let parts = [
        (tables.data, Some(&block.data)),
        (tables.index, block.index.as_ref()),
    ];
    for (table, bytes) in parts {
        let Some(bytes) = bytes else { continue };
        let mut part = Statement::new("INSERT INTO ");
        part.sql(table).sql(" (block_id, data) VALUES (");
        part.int(id).sql(",").bytes(bytes.as_slice()).sql(")");
        on_both!(&mut *connection, concrete => part.execute(concrete))?;
    }
    Ok(())
}

/// Puts a block (or none) into the place of others in one transaction; it takes the last of their sequences, and is as old as
/// the youngest of them. When one of them is gone meanwhile, somebody else replaced it, and nothing is done:
/// [`Error::Contention`].
fn replace(
    store: &Store,
    kind: BlockKind,
    stamp: Stamp,
    old: &[Block],
    new: Option<&NewBlock>,
) -> Result<(), Error> {
    let ids: Vec<i64> = old.iter().map(|block| block.stored.id).collect();
    let sequence = old.iter().map(|block| block.sequence).max();
    let made = old.iter().map(|block| block.created_at_ns).max();
    store.write(|connection| {
        stored::take_out(connection, kind, &ids, stamp.created_at_ns)?;
        if let (Some(new), Some(sequence), Some(created_at_ns)) = (new, sequence, made) {
            let stamp = Stamp {
                created_at_ns,
                ..stamp
            };
            insert(connection, stamp, new, sequence)?;
        }
        Failpoint::Compacting.pass();
        Ok(())
    })
}

/// Deletes the records of a kind before an instant: whole blocks at once, and what `without` leaves of those at the edge (how
/// many go, and a block of the others). How many went.
pub(crate) fn delete_before(
    store: &Store,
    kind: BlockKind,
    stamp: Stamp,
    before_ns: i64,
    mut without: impl FnMut(&Block, Stamp) -> Result<Option<(usize, Option<NewBlock>)>, Error>,
) -> Result<u64, Error> {
    let range = TimeRange {
        start_ns: i64::MIN,
        end_ns: before_ns,
    };
    // Damaged ones go with the rest.
    let blocks = store.read(|c| list(c, kind, stamp.project_id, range, Damaged::Too))?;
    let (whole, partial): (Vec<Block>, Vec<Block>) = blocks
        .into_iter()
        .partition(|block| block.stored.max_ns < before_ns);
    let mut deleted = 0;
    for chunk in whole.chunks(DELETED_TOGETHER) {
        replace(store, kind, stamp, chunk, None)?;
        deleted += chunk.iter().map(|b| b.stored.records as u64).sum::<u64>();
    }
    for block in partial {
        // A damaged one stays where it is.
        if let Some((gone, rest)) = without(&block, stamp)?
            && gone > 0
        {
            replace(
                store,
                kind,
                stamp,
                std::slice::from_ref(&block),
                rest.as_ref(),
            )?;
            deleted += gone as u64;
        }
    }
    Ok(deleted)
}

/// Puts small blocks together, neighbours in the order of sealing only, so that a later sample stays the later one; how many
/// went into larger ones. `join` makes one block of several.
pub(crate) fn compact(
    store: &Store,
    kind: BlockKind,
    stamp: Stamp,
    mut join: impl FnMut(&[Block], Stamp) -> Result<Option<NewBlock>, Error>,
) -> Result<usize, Error> {
    let all = store.read(|c| in_range(c, kind, stamp.project_id, TimeRange::ALL))?;
    let is_small =
        |block: &Block| block.stored.records < SMALL_RECORDS && block.stored.location.is_empty();
    let mut compacted = 0;
    for run in all.chunk_by(|a, b| is_small(a) && is_small(b)) {
        if run.len() < SMALL_BLOCKS || !is_small(&run[0]) {
            continue;
        }
        for group in groups(run) {
            if group.len() > 1
                && let Some(joined) = join(group, stamp)?
            {
                replace(store, kind, stamp, group, Some(&joined))?;
                compacted += group.len();
            }
        }
    }
    Ok(compacted)
}

/// As many neighbours as one block may hold.
fn groups(mut run: &[Block]) -> Vec<&[Block]> {
    let mut groups = Vec::new();
    while !run.is_empty() {
        let (mut records, mut bytes, mut count) = (0, 0, 0);
        for block in run {
            records += block.stored.records;
            bytes += block.stored.bytes;
            let fits = records <= layout::MAX_ROWS && bytes <= layout::MAX_TEXT_BYTES / 8;
            if count > 0 && !fits {
                break;
            }
            count += 1;
        }
        let (group, rest) = run.split_at(count);
        groups.push(group);
        run = rest;
    }
    groups
}
