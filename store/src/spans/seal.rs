//! Rows of spans that have rested become blocks, small blocks become large ones.

use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable};
use domain::{ProjectId, Span, TraceId};

use super::row::{self, signed};
use super::sealed;
use crate::blocks::kinds::{self, Block, NewBlock, Stamp};
use crate::blocks::layout::MAX_TEXT_BYTES;
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
use crate::statement::Statement;
use crate::{Error, Store, metrics};

/// Spans that began less than this many nanoseconds ago stay rows: most of their trace comes in this time, and the calls of
/// their minute are counted from rows. An hour and a half.
const REST_NS: i64 = 5_400_000_000_000;
/// Fewer rows than this wait for more, an hour at most.
const FEW_SPANS: i64 = 8_192;
const PATIENCE_NS: i64 = 3_600_000_000_000;
/// Rows of one block that is sealed: deleting them keeps other writers of SQLite waiting. Small blocks are put together later.
const SPANS_PER_BLOCK: usize = 4_096;
/// Blocks of one turn.
const BLOCKS_PER_TURN: usize = 16;
/// Rows read by one statement: with long texts what is in memory at once stays bounded.
const ROWS_PER_STATEMENT: i64 = 500;
/// Keys that one statement deletes.
const KEYS_PER_STATEMENT: usize = 500;

/// Makes some blocks of the oldest rows; how many went into them, 0 when there is nothing to do. With `at_once` neither rest nor
/// number counts.
pub(crate) fn seal(
    store: &Store,
    project_id: ProjectId,
    now_ns: i64,
    at_once: bool,
) -> Result<usize, Error> {
    let mut sealed = 0;
    for _ in 0..BLOCKS_PER_TURN {
        let spans = seal_one(store, project_id, now_ns, at_once)?;
        sealed += spans;
        if spans < SPANS_PER_BLOCK {
            break;
        }
    }
    Ok(sealed)
}

fn seal_one(
    store: &Store,
    project_id: ProjectId,
    now_ns: i64,
    at_once: bool,
) -> Result<usize, Error> {
    let until_ns = if at_once {
        i64::MAX
    } else {
        now_ns.saturating_sub(REST_NS)
    };
    let is_due = store.read(|c| is_due(c, project_id, until_ns, now_ns))?;
    if !(at_once || is_due) {
        return Ok(0);
    }
    let spans = read(store, project_id, until_ns)?;
    if spans.is_empty() {
        return Ok(0);
    }
    let stamp = Stamp {
        project_id,
        created_at_ns: now_ns,
    };
    let by_ref: Vec<&Span> = spans.iter().collect();
    let block = sealed::encode(&by_ref, stamp)?;
    store.write(|connection| {
        take(connection, project_id, &spans)?;
        kinds::insert_sealed(connection, stamp, &block)
    })?;
    metrics::blocks_written("seal", 1, block.data.len());
    Ok(spans.len())
}

fn is_due(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    until_ns: i64,
    now_ns: i64,
) -> Result<bool, Error> {
    let mut statement = Statement::new(
        "SELECT CAST(COUNT(*) AS BIGINT), MIN(start_ns) FROM (SELECT start_ns FROM spans WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND start_ns <= ").int(until_ns);
    statement.sql(" LIMIT ").int(FEW_SPANS).sql(") AS waiting");
    let rows = statement.returning::<(BigInt, Nullable<BigInt>)>();
    let rows: Vec<(i64, Option<i64>)> =
        on_both!(&mut *connection, concrete => rows.load(concrete))?;
    let Some((count, Some(oldest_ns))) = rows.first().copied() else {
        return Ok(false);
    };
    if count >= FEW_SPANS {
        return Ok(true);
    }
    // Spans that come late are old at once: what counts for few of them is when the block before was made.
    let since_ns = match kinds::last_made(connection, BlockKind::Spans, project_id)? {
        Some(at_ns) => at_ns,
        None => oldest_ns.saturating_add(REST_NS),
    };
    Ok(since_ns <= now_ns.saturating_sub(PATIENCE_NS))
}

/// The oldest rows, as many as a block holds.
fn read(store: &Store, project_id: ProjectId, until_ns: i64) -> Result<Vec<Span>, Error> {
    let mut spans: Vec<Span> = Vec::new();
    let mut bytes = 0;
    while spans.len() < SPANS_PER_BLOCK && bytes < MAX_TEXT_BYTES {
        let mut statement = Statement::new(row::SELECT);
        statement.bytes(project_id.as_bytes().as_slice());
        statement.sql(" AND start_ns <= ").int(until_ns);
        if let Some(last) = spans.last() {
            statement.sql(" AND start_ns >= ").int(last.start_ns);
            statement.sql(" AND (start_ns, trace_id, span_id) > (");
            statement.int(last.start_ns).sql(",");
            statement.bytes(bytes_of(last.trace_id)).sql(",");
            statement.int(signed(last.span_id)).sql(")");
        }
        statement.sql(" ORDER BY start_ns, trace_id, span_id LIMIT ");
        statement.int(ROWS_PER_STATEMENT);
        let page = store.read(|connection| row::load(connection, project_id, statement))?;
        let is_last = (page.len() as i64) < ROWS_PER_STATEMENT;
        bytes += page.iter().map(text_bytes).sum::<usize>();
        spans.extend(page);
        if is_last {
            break;
        }
    }
    spans.truncate(SPANS_PER_BLOCK);
    Ok(spans)
}

fn bytes_of(trace_id: TraceId) -> Vec<u8> {
    trace_id.bits().to_be_bytes().to_vec()
}

fn text_bytes(span: &Span) -> usize {
    let texts = [
        &span.name,
        &span.status_message,
        &span.attributes,
        &span.events,
        &span.links,
    ];
    texts.iter().map(|text| text.len()).sum()
}

/// Deletes exactly these rows: others of the same time may have come meanwhile.
fn take(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    spans: &[Span],
) -> Result<(), Error> {
    // In the order of the key, as writers lock.
    let mut keys: Vec<(TraceId, i64)> = spans
        .iter()
        .map(|span| (span.trace_id, signed(span.span_id)))
        .collect();
    keys.sort_unstable();
    let mut taken = 0;
    for chunk in keys.chunks(KEYS_PER_STATEMENT) {
        let mut rows = match connection {
            AnyConnection::Postgres(_) => {
                let mut rows = Statement::new("DELETE FROM spans s USING ");
                row::values(&mut rows, chunk);
                rows.sql(" WHERE ");
                rows
            }
            AnyConnection::Sqlite(_) => {
                let mut rows =
                    Statement::new("DELETE FROM spans WHERE rowid IN (SELECT s.rowid FROM ");
                row::values(&mut rows, chunk);
                rows.sql(" CROSS JOIN spans s WHERE ");
                rows
            }
        };
        row::is_of_values(&mut rows, project_id);
        if matches!(connection, AnyConnection::Sqlite(_)) {
            rows.sql(")");
        }
        taken += on_both!(&mut *connection, concrete => rows.execute(concrete))?;
    }
    if taken == spans.len() {
        return Ok(());
    }
    Err(Error::Contention {
        message: format!(
            "{taken} spans instead of {} were there to seal",
            spans.len()
        ),
    })
}

/// Puts small blocks together; how many went into larger ones.
pub(crate) fn compact(store: &Store, project_id: ProjectId, now_ns: i64) -> Result<usize, Error> {
    let stamp = Stamp {
        project_id,
        created_at_ns: now_ns,
    };
    kinds::compact(store, BlockKind::Spans, stamp, |blocks, stamp| {
        let Some(spans) = spans_of(store, blocks, project_id)? else {
            return Ok(None);
        };
        let spans: Vec<&Span> = spans.iter().collect();
        Ok(Some(sealed::encode(&spans, stamp)?))
    })
}

/// Deletes the spans of blocks that began before an instant; how many went.
pub(super) fn delete_before(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
    now_ns: i64,
) -> Result<u64, Error> {
    let stamp = Stamp {
        project_id,
        created_at_ns: now_ns,
    };
    kinds::delete_before(store, BlockKind::Spans, stamp, before_ns, |block, stamp| {
        let blocks = std::slice::from_ref(block);
        let Some(mut spans) = spans_of(store, blocks, project_id)? else {
            return Ok(None);
        };
        let before = spans.len();
        spans.retain(|span| span.start_ns >= before_ns);
        Ok(Some((before - spans.len(), rest(&spans, stamp)?)))
    })
}

fn rest(spans: &[Span], stamp: Stamp) -> Result<Option<NewBlock>, Error> {
    if spans.is_empty() {
        return Ok(None);
    }
    let spans: Vec<&Span> = spans.iter().collect();
    sealed::encode(&spans, stamp).map(Some)
}

/// All spans of blocks; `None` when one of them is damaged.
fn spans_of(
    store: &Store,
    blocks: &[Block],
    project_id: ProjectId,
) -> Result<Option<Vec<Span>>, Error> {
    let budget = Budget::start(store.config().read_timeout);
    let (mut spans, mut read) = (Vec::new(), 0);
    store.read(|connection| {
        kinds::each(store, connection, blocks, &budget, |_, block| {
            spans.extend(sealed::all(block, project_id)?);
            read += 1;
            Ok(ControlFlow::Continue(()))
        })
    })?;
    Ok((read == blocks.len()).then_some(spans))
}
