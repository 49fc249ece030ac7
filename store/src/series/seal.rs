//! Rows of samples become blocks, small blocks become large ones.

use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Double, Text};
use domain::ProjectId;

use super::sealed::{self, Samples};
use super::write;
use crate::blocks::kinds::{self, Block, NewBlock, Stamp};
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
use crate::statement::Statement;
use crate::{Error, Store, metrics};

/// Younger samples than this many nanoseconds stay rows: evaluations and most charts read them only. An hour.
const REST_NS: i64 = 3_600_000_000_000;
/// How often the samples of a project are sealed, nanoseconds: an hour of a series in one block is worth it.
const PERIOD_NS: i64 = 3_600_000_000_000;
/// Rows of one block that is sealed: deleting them keeps other writers of SQLite waiting. Small blocks are put together later.
const SAMPLES_PER_BLOCK: usize = 16_000;
/// Ids that one statement names.
const IDS_PER_STATEMENT: usize = 5_000;

/// Makes blocks of all rows that have rested, a block's worth of series after the other; how many samples went into them. With
/// `at_once` neither rest nor period counts.
pub(crate) fn seal(
    store: &Store,
    project_id: ProjectId,
    now_ns: i64,
    at_once: bool,
) -> Result<usize, Error> {
    let until_ns = if at_once {
        i64::MAX
    } else {
        let last = store.read(|c| kinds::last_made(c, BlockKind::Samples, project_id))?;
        if last.is_some_and(|at_ns| at_ns > now_ns.saturating_sub(PERIOD_NS)) {
            return Ok(0);
        }
        now_ns.saturating_sub(REST_NS)
    };
    let stamp = Stamp {
        project_id,
        created_at_ns: now_ns,
    };
    let (mut sealed, mut after) = (0, None);
    loop {
        let samples = store.read(|c| read(c, project_id, until_ns, after))?;
        after = samples.last_key_value().map(|(key, _)| *key);
        if samples.is_empty() {
            return Ok(sealed);
        }
        sealed += seal_some(store, stamp, &samples, until_ns)?;
        if samples.len() < SAMPLES_PER_BLOCK {
            return Ok(sealed);
        }
    }
}

/// Rows in the order of their key, as many as a block holds.
fn read(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    until_ns: i64,
    after: Option<(i64, i64)>,
) -> Result<Samples, Error> {
    let mut statement = Statement::new(
        "SELECT series_id, timestamp_ns, value FROM metric_samples WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    if let Some((series, at_ns)) = after {
        statement.sql(" AND series_id >= ").int(series);
        statement.sql(" AND (series_id, timestamp_ns) > (");
        statement.int(series).sql(",").int(at_ns).sql(")");
    }
    statement.sql(" AND timestamp_ns <= ").int(until_ns);
    statement.sql(" ORDER BY series_id, timestamp_ns LIMIT ");
    statement.int(i64::try_from(SAMPLES_PER_BLOCK).unwrap_or(i64::MAX));
    load(connection, statement)
}

fn load(connection: &mut AnyConnection, statement: Statement<'_>) -> Result<Samples, Error> {
    let rows = statement.returning::<(BigInt, BigInt, Double)>();
    let rows: Vec<(i64, i64, f64)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows
        .into_iter()
        .map(|(series, at_ns, value)| ((series, at_ns), value))
        .collect())
}

fn seal_some(
    store: &Store,
    stamp: Stamp,
    samples: &Samples,
    until_ns: i64,
) -> Result<usize, Error> {
    let mut ids: Vec<i64> = samples.keys().map(|(series, _)| *series).collect();
    ids.dedup();
    let names = store.read(|c| names(c, stamp.project_id, &ids))?;
    let block = sealed::encode(samples, names, stamp)?;
    store.write(|connection| {
        take(connection, stamp.project_id, samples, until_ns)?;
        for chunk in ids.chunks(IDS_PER_STATEMENT) {
            let mut series = Statement::new("UPDATE metric_series SET sealed_until_ns = ");
            series.int(block.max_ns).sql(" WHERE project_id = ");
            series.bytes(stamp.project_id.as_bytes().as_slice());
            series.sql(" AND sealed_until_ns < ").int(block.max_ns);
            series.sql(" AND ").in_ints("id", chunk.iter().copied());
            on_both!(&mut *connection, concrete => series.execute(concrete))?;
        }
        kinds::insert_sealed(connection, stamp, &block)
    })?;
    metrics::blocks_written("seal", 1, block.data.len());
    Ok(samples.len())
}

/// The metrics of series, sorted.
fn names(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    ids: &[i64],
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let mut statement =
            Statement::new("SELECT DISTINCT name FROM metric_series WHERE project_id = ");
        statement.bytes(project_id.as_bytes().as_slice());
        statement.sql(" AND ").in_ints("id", chunk.iter().copied());
        let rows = statement.returning::<(Text,)>();
        let rows: Vec<(String,)> = on_both!(&mut *connection, concrete => rows.load(concrete))?;
        names.extend(rows.into_iter().map(|(name,)| name));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Deletes the rows of a block. What came or changed meanwhile stays a row, and counts before what the block says.
fn take(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    samples: &Samples,
    until_ns: i64,
) -> Result<(), Error> {
    let (Some((first, _)), Some((last, _))) = (samples.first_key_value(), samples.last_key_value())
    else {
        return Ok(());
    };
    let mut rows = Statement::new("DELETE FROM metric_samples WHERE project_id = ");
    rows.bytes(project_id.as_bytes().as_slice());
    rows.sql(" AND series_id >= ").int(first.0);
    rows.sql(" AND series_id <= ").int(last.0);
    for (operator, key) in [(">=", first), ("<=", last)] {
        rows.sql(" AND (series_id, timestamp_ns) ").sql(operator);
        rows.sql(" (").int(key.0).sql(",").int(key.1).sql(")");
    }
    rows.sql(" AND timestamp_ns <= ").int(until_ns);
    rows.sql(" RETURNING series_id, timestamp_ns, value");
    let mut taken = load(&mut *connection, rows)?;
    let known = taken.keys().filter(|key| samples.contains_key(key)).count();
    if known != samples.len() {
        return Err(Error::Contention {
            message: format!("{known} of {} samples were there to seal", samples.len()),
        });
    }
    taken.retain(|key, value| {
        samples
            .get(key)
            .is_none_or(|sealed| sealed.to_bits() != value.to_bits())
    });
    write::write_samples(connection, project_id, &taken)
}

/// Puts small blocks together; how many went into larger ones.
pub(crate) fn compact(store: &Store, project_id: ProjectId, now_ns: i64) -> Result<usize, Error> {
    let stamp = Stamp {
        project_id,
        created_at_ns: now_ns,
    };
    kinds::compact(store, BlockKind::Samples, stamp, |blocks, stamp| {
        let samples = samples_of(store, blocks)?;
        samples
            .map(|samples| encode(&samples, blocks, stamp))
            .transpose()
    })
}

/// Deletes the samples of blocks before an instant; how many went.
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
    kinds::delete_before(
        store,
        BlockKind::Samples,
        stamp,
        before_ns,
        |block, stamp| {
            let blocks = std::slice::from_ref(block);
            let Some(mut samples) = samples_of(store, blocks)? else {
                return Ok(None);
            };
            let before = samples.len();
            samples.retain(|(_, at_ns), _| *at_ns >= before_ns);
            let gone = before - samples.len();
            if samples.is_empty() {
                return Ok(Some((gone, None)));
            }
            Ok(Some((gone, Some(encode(&samples, blocks, stamp)?))))
        },
    )
}

/// A block out of others, with their metrics.
fn encode(samples: &Samples, of: &[Block], stamp: Stamp) -> Result<NewBlock, Error> {
    let mut names: Vec<String> = of.iter().flat_map(|b| b.stored.names.clone()).collect();
    names.sort_unstable();
    names.dedup();
    sealed::encode(samples, names, stamp)
}

/// All samples of blocks, the later ones in the place of earlier ones; `None` when a block is damaged.
fn samples_of(store: &Store, blocks: &[Block]) -> Result<Option<Samples>, Error> {
    let budget = Budget::start(store.config().read_timeout);
    let (mut samples, mut read) = (Samples::new(), 0);
    store.read(|connection| {
        kinds::each(store, connection, blocks, &budget, |_, block| {
            sealed::Opened::read(block)?.add_to(&mut samples);
            read += 1;
            Ok(ControlFlow::Continue(()))
        })
    })?;
    Ok((read == blocks.len()).then_some(samples))
}
