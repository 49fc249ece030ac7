//! Deleting what a filter matches, with a note of who asked for it.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Text};
use domain::{Failpoint, LogFilter, LogRecord, ProjectId, RecordId};
use uuid::Uuid;

use super::{attributes, filter as conditions, row, statistics};
use crate::blocks::rewrite::{self, Counts};
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store, rollups};

/// Rows of the tail that one transaction deletes.
const ROWS_TOGETHER: i64 = 250;

/// A deletion that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its own id.
    pub id: RecordId,
    /// Who asked.
    pub requested_by: String,
    /// What was asked for, in words of the caller.
    pub filter: String,
    /// Records that went.
    pub records: u64,
    /// When, unix nanoseconds UTC.
    pub created_at_ns: i64,
}

/// Deletes the matching records of the tail and of blocks, and their counts. What was deleted until an error stays
/// deleted; repeating the call deletes the rest.
pub(crate) fn delete_matching(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    now_ns: i64,
) -> Result<u64, Error> {
    conditions::check(filter)?;
    let mut deleted = 0;
    let mut after = None;
    loop {
        let (looked_at, gone, last) =
            store.write(|c| delete_page(store, c, project_id, filter, after))?;
        deleted += gone;
        after = last;
        if looked_at < ROWS_TOGETHER {
            break;
        }
    }
    Failpoint::Deleting.pass();
    let of_blocks = rewrite::delete_matching(store, project_id, filter, Counts::Subtract, now_ns)?;
    Ok(deleted + of_blocks)
}

/// Deletes one page: how many rows it had, how many of them went, and the last id.
fn delete_page(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    filter: &LogFilter,
    after: Option<RecordId>,
) -> Result<(i64, u64, Option<RecordId>), Error> {
    let mut statement = Statement::new(row::SELECT);
    statement.bytes(project_id.as_bytes().as_slice());
    conditions::time_conditions(&mut statement, filter.range);
    conditions::cell_conditions(&mut statement, filter);
    conditions::row_conditions(&mut statement, filter, store.backend());
    if let Some(after) = after {
        statement.sql(" AND id > ").bytes(after.as_bytes().to_vec());
    }
    statement.sql(" ORDER BY id LIMIT ").int(ROWS_TOGETHER);
    let page = row::load(connection, project_id, statement)?;
    let looked_at = i64::try_from(page.len()).unwrap_or(i64::MAX);
    let last = page.last().map(|record| record.id);
    let mut gone: Vec<LogRecord> = page
        .into_iter()
        .filter(|record| attributes::all_match(&filter.attributes, &record.attributes))
        .collect();
    // On Postgres another node may seal or delete the same rows at this moment: only who takes a row takes its count.
    let mut is_taken = Vec::with_capacity(gone.len());
    for record in &gone {
        let mut delete = Statement::new("DELETE FROM log_tail WHERE id = ");
        delete.bytes(record.id.as_bytes().as_slice());
        is_taken.push(on_both!(&mut *connection, concrete => delete.execute(concrete))? > 0);
    }
    let mut is_taken = is_taken.into_iter();
    gone.retain(|_| is_taken.next().unwrap_or(false));
    rollups::subtract(connection, project_id, &statistics::cells(gone.iter()))?;
    Ok((looked_at, gone.len() as u64, last))
}

/// Notes a deletion.
pub(crate) fn note(store: &Store, project_id: ProjectId, deletion: &Deletion) -> Result<(), Error> {
    store.write(|connection| {
        let mut row = Statement::new(
            "INSERT INTO log_deletions (id, project_id, requested_by, filter, records, created_at_ns) VALUES (",
        );
        row.bytes(deletion.id.as_bytes().as_slice()).sql(",");
        row.bytes(project_id.as_bytes().as_slice()).sql(",");
        row.text(deletion.requested_by.as_str()).sql(",");
        row.text(deletion.filter.as_str()).sql(",");
        row.int(i64::try_from(deletion.records).unwrap_or(i64::MAX)).sql(",");
        row.int(deletion.created_at_ns).sql(")");
        on_both!(connection, concrete => row.execute(concrete))?;
        Ok(())
    })
}

/// The deletions of a project, newest first, at most `limit`.
pub(crate) fn noted(
    store: &Store,
    project_id: ProjectId,
    limit: usize,
) -> Result<Vec<Deletion>, Error> {
    let mut statement = Statement::new(
        "SELECT id, requested_by, filter, records, created_at_ns FROM log_deletions WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" ORDER BY created_at_ns DESC, id LIMIT ");
    statement.int(i64::try_from(limit.min(1_000)).unwrap_or(1_000));
    let rows = statement.returning::<(Binary, Text, Text, BigInt, BigInt)>();
    let rows: Vec<(Vec<u8>, String, String, i64, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    rows.into_iter()
        .map(|(id, requested_by, filter, records, created_at_ns)| {
            let id =
                Uuid::from_slice(&id).map_err(|error| Error::damaged("log_deletions.id", error))?;
            Ok(Deletion {
                id: RecordId(id),
                requested_by,
                filter,
                records: u64::try_from(records).unwrap_or(0),
                created_at_ns,
            })
        })
        .collect()
}
