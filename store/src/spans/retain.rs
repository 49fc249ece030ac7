//! Forgetting old spans, in transactions of a bounded size.

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use domain::{ProjectId, minute_start};

use super::seal;
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, Store};

/// Rows that one transaction deletes, about.
const BATCH_ROWS: i64 = 20_000;

pub(super) fn delete_before(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
    now_ns: i64,
) -> Result<u64, Error> {
    let project = project_id.as_bytes().as_slice();
    let mut deleted = 0_u64;
    loop {
        let mut at = Statement::new("SELECT start_ns FROM spans WHERE project_id = ");
        at.bytes(project).sql(" AND start_ns < ").int(before_ns);
        at.sql(" ORDER BY start_ns LIMIT 1 OFFSET ").int(BATCH_ROWS);
        let at = at.returning::<(BigInt,)>();
        let next: Vec<(i64,)> =
            store.read(|connection| Ok(on_both!(connection, concrete => at.load(concrete))?))?;
        // Spans of one instant cannot be told apart by time: they go together.
        let until_ns = next
            .first()
            .map_or(before_ns, |(at_ns,)| at_ns.saturating_add(1).min(before_ns));
        let rows = store.write(|connection| {
            let mut rows = Statement::new("DELETE FROM spans WHERE project_id = ");
            rows.bytes(project).sql(" AND start_ns < ").int(until_ns);
            Ok(on_both!(connection, concrete => rows.execute(concrete))?)
        })?;
        deleted = deleted.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        if next.is_empty() {
            break;
        }
    }
    deleted = deleted.saturating_add(seal::delete_before(store, project_id, before_ns, now_ns)?);
    store.write(|connection| {
        let mut cells = Statement::new("DELETE FROM service_calls WHERE project_id = ");
        cells
            .bytes(project)
            .sql(" AND minute_ns < ")
            .int(minute_start(before_ns));
        on_both!(connection, concrete => cells.execute(concrete))?;
        Ok(())
    })?;
    Ok(deleted)
}
