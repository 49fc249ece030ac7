//! Retention: everything of a project before an instant goes, in transactions of a bounded size.

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use domain::{LogFilter, NANOS_PER_MINUTE, ProjectId, TimeRange};

use super::statistics::hour_of;
use crate::blocks::rewrite::{self, Counts};
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store};

/// Rows that one transaction deletes, about: commits get their turn in between.
const BATCH_ROWS: i64 = 20_000;

/// What was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deleted {
    /// Log records.
    pub records: u64,
    /// Rollup cells, per minute and per hour.
    pub rollup_cells: u64,
    /// Metric samples.
    pub metric_samples: u64,
    /// Change events.
    pub events: u64,
}

/// Deletes the rows of whole minutes together with their cells, so that rollups stay an exact index of the rows. The
/// hours go first: what they hide is to be deleted anyway.
pub(crate) fn delete_before(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
    now_ns: i64,
    deleted: &mut Deleted,
) -> Result<(), Error> {
    let before_ns = hour_of(before_ns);
    deleted.rollup_cells += store.write(|connection| {
        let mut hours = Statement::new("DELETE FROM rollup_hours WHERE project_id = ");
        hours.bytes(project_id.as_bytes().as_slice());
        hours.sql(" AND hour_ns < ").int(before_ns);
        Ok(counted(
            on_both!(connection, concrete => hours.execute(concrete))?,
        ))
    })?;
    let before = LogFilter::in_range(TimeRange {
        start_ns: i64::MIN,
        end_ns: before_ns,
    });
    deleted.records += rewrite::delete_matching(store, project_id, &before, Counts::Leave, now_ns)?;
    while let Some(boundary_ns) = store.read(|c| boundary(c, project_id, before_ns))? {
        loop {
            let (rows, cells) = store.write(|c| delete_some(c, project_id, boundary_ns))?;
            deleted.records += rows;
            if let Some(cells) = cells {
                deleted.rollup_cells += cells;
                break;
            }
        }
    }
    Ok(())
}

/// The end of the oldest minutes that hold some [`BATCH_ROWS`] rows; `None` when nothing is left.
fn boundary(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    before_ns: i64,
) -> Result<Option<i64>, Error> {
    let mut statement = Statement::new(
        "SELECT minute_ns, CAST(SUM(count) AS BIGINT) FROM rollups WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND minute_ns < ").int(before_ns);
    statement.sql(" GROUP BY minute_ns ORDER BY minute_ns LIMIT 1000");
    let rows = statement.returning::<(BigInt, BigInt)>();
    let rows: Vec<(i64, i64)> = on_both!(connection, concrete => rows.load(concrete))?;
    let mut total = 0;
    let mut end = None;
    for (minute_ns, count) in rows {
        total += count;
        end = Some(minute_ns.saturating_add(NANOS_PER_MINUTE));
        if total >= BATCH_ROWS {
            break;
        }
    }
    Ok(end)
}

/// Deletes up to [`BATCH_ROWS`] rows before the boundary, and, when those were the last, the cells.
fn delete_some(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    boundary_ns: i64,
) -> Result<(u64, Option<u64>), Error> {
    let project = project_id.as_bytes().as_slice();
    let mut at = Statement::new("SELECT timestamp_ns FROM log_tail WHERE project_id = ");
    at.bytes(project)
        .sql(" AND timestamp_ns < ")
        .int(boundary_ns);
    at.sql(" ORDER BY timestamp_ns LIMIT 1 OFFSET ")
        .int(BATCH_ROWS);
    let rows = at.returning::<(BigInt,)>();
    let next: Vec<(i64,)> = on_both!(connection, concrete => rows.load(concrete))?;
    let oldest = oldest(connection, project_id)?;
    // Rows of one instant cannot be told apart by time: when a whole batch has the same, it goes at once.
    let until_ns = match next.first() {
        Some((at_ns,)) if oldest.is_some_and(|oldest| *at_ns > oldest) => *at_ns,
        Some((at_ns,)) => at_ns.saturating_add(1),
        None => boundary_ns,
    };
    let mut rows = Statement::new("DELETE FROM log_tail WHERE project_id = ");
    rows.bytes(project)
        .sql(" AND timestamp_ns < ")
        .int(until_ns);
    let rows = on_both!(connection, concrete => rows.execute(concrete))?;
    if !next.is_empty() {
        return Ok((counted(rows), None));
    }
    let mut cells = Statement::new("DELETE FROM rollups WHERE project_id = ");
    cells
        .bytes(project)
        .sql(" AND minute_ns < ")
        .int(boundary_ns);
    let cells = on_both!(connection, concrete => cells.execute(concrete))?;
    Ok((counted(rows), Some(counted(cells))))
}

fn oldest(connection: &mut AnyConnection, project_id: ProjectId) -> Result<Option<i64>, Error> {
    let mut statement = Statement::new("SELECT timestamp_ns FROM log_tail WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" ORDER BY timestamp_ns LIMIT 1");
    let rows = statement.returning::<(BigInt,)>();
    let rows: Vec<(i64,)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows.first().map(|(at_ns,)| *at_ns))
}

fn counted(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
