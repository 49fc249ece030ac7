//! Rows of the tail that have rested become blocks.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary, Nullable};
use domain::{Failpoint, LogRecord, ProjectId, RecordId, TemplateId};
use uuid::Uuid;

use super::layout::{MAX_ROWS, MAX_TEXT_BYTES};
use super::write;
use crate::connection::{AnyConnection, on_both};
use crate::log::row;
use crate::statement::Statement;
use crate::{Error, Store, metrics, templates};

/// Rows that have arrived less than this many nanoseconds ago stay: a commit that is repeated finds them. Two minutes.
const REST_NS: i64 = 120_000_000_000;
/// Fewer rows than this wait for more, up to [`PATIENCE_NS`].
const FEW_RECORDS: i64 = 8_192;
/// Rows older than this become a block however few they are, nanoseconds: an hour.
const PATIENCE_NS: i64 = 3_600_000_000_000;
/// Rows read by one statement: with records of at most 1 MiB what is in memory at once stays bounded.
const ROWS_PER_STATEMENT: i64 = 250;

/// The projects that have rows in the tail.
pub(crate) fn projects(connection: &mut AnyConnection) -> Result<Vec<ProjectId>, Error> {
    let rows = Statement::new("SELECT DISTINCT project_id FROM log_tail").returning::<(Binary,)>();
    let rows: Vec<(Vec<u8>,)> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter()
        .map(|(id,)| {
            Uuid::from_slice(&id)
                .map(ProjectId)
                .map_err(|error| Error::damaged("log_tail.project_id", error))
        })
        .collect()
}

/// Makes one block of the rows that have rested longest; how many records went into it, 0 when there is nothing to
/// do. With `at_once` neither rest nor number counts.
pub(crate) fn seal(
    store: &Store,
    project_id: ProjectId,
    now_ns: i64,
    at_once: bool,
) -> Result<usize, Error> {
    let arrived_until = if at_once {
        i64::MAX
    } else {
        now_ns.saturating_sub(REST_NS)
    };
    let (count, oldest) = store.read(|c| waiting(c, project_id, arrived_until))?;
    let is_due = at_once
        || count >= FEW_RECORDS
        || oldest.is_some_and(|at_ns| at_ns < now_ns.saturating_sub(PATIENCE_NS));
    if count == 0 || !is_due {
        return Ok(0);
    }
    let records = read(store, project_id, arrived_until)?;
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(0);
    };
    let mut ids: Vec<TemplateId> = records.iter().map(|record| record.template_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let known = templates::by_ids(store, project_id, &ids)?;
    let texts = write::texts_of(known.iter().map(|t| (t.id, t.text.as_str())));
    let by_ref: Vec<&LogRecord> = records.iter().collect();
    let blocks = write::encode_all(&by_ref, &texts)?;
    store.write(|connection| {
        let mut take = Statement::new("DELETE FROM log_tail WHERE project_id = ");
        take.bytes(project_id.as_bytes().as_slice());
        take.sql(" AND id >= ")
            .bytes(first.id.as_bytes().as_slice());
        take.sql(" AND id <= ").bytes(last.id.as_bytes().as_slice());
        take.sql(" AND observed_at_ns <= ").int(arrived_until);
        let taken = on_both!(&mut *connection, concrete => take.execute(concrete))?;
        if taken != records.len() {
            return Err(Error::Contention {
                message: format!(
                    "{taken} rows instead of {} were there to seal",
                    records.len()
                ),
            });
        }
        write::insert_all(connection, project_id, &blocks, now_ns)?;
        Failpoint::Sealing.pass();
        Ok(())
    })?;
    let bytes = blocks.iter().map(|block| block.data.len()).sum();
    metrics::blocks_written("seal", blocks.len(), bytes);
    Ok(records.len())
}

/// How many rows may be sealed (counted up to a block's worth), and when the first of them arrived.
fn waiting(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    arrived_until: i64,
) -> Result<(i64, Option<i64>), Error> {
    let mut statement = Statement::new(
        "SELECT CAST(COUNT(*) AS BIGINT), MIN(observed_at_ns) FROM (SELECT observed_at_ns FROM log_tail \
         WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND observed_at_ns <= ").int(arrived_until);
    statement.sql(" LIMIT 20000) AS waiting");
    let rows = statement.returning::<(BigInt, Nullable<BigInt>)>();
    let rows: Vec<(i64, Option<i64>)> = on_both!(connection, concrete => rows.load(concrete))?;
    Ok(rows.first().copied().unwrap_or_default())
}

/// The rows of a block, in the order of their ids.
fn read(store: &Store, project_id: ProjectId, arrived_until: i64) -> Result<Vec<LogRecord>, Error> {
    store.read_snapshot(|connection| {
        let select = follow_the_key(connection)?;
        let mut records: Vec<LogRecord> = Vec::new();
        let mut bytes = 0;
        let mut after: Option<RecordId> = None;
        while records.len() < MAX_ROWS && bytes < MAX_TEXT_BYTES {
            let mut statement = Statement::new(select);
            statement.bytes(project_id.as_bytes().as_slice());
            statement.sql(" AND observed_at_ns <= ").int(arrived_until);
            if let Some(after) = after {
                statement.sql(" AND id > ").bytes(after.as_bytes().to_vec());
            }
            statement.sql(" ORDER BY id LIMIT ").int(ROWS_PER_STATEMENT);
            let page = row::load(connection, project_id, statement)?;
            let is_last = (page.len() as i64) < ROWS_PER_STATEMENT;
            after = page.last().map(|record| record.id);
            bytes += page
                .iter()
                .map(|record| record.body.len() + record.attributes.len())
                .sum::<usize>();
            records.extend(page);
            if is_last {
                break;
            }
        }
        records.truncate(MAX_ROWS);
        Ok(records)
    })
}

/// The beginning of statements that walk in the order of ids, inside a transaction. PostgreSQL is kept from sorting in it: a
/// table that is always emptied seldom has statistics, and without them all rows of the project are sorted for each
/// statement (measured with 174,000 rows: 208 ms instead of 0.1 for 250 of them, so that a load of 17,000 rows a second
/// was never caught up with).
fn follow_the_key(connection: &mut AnyConnection) -> Result<&'static str, Error> {
    match connection {
        AnyConnection::Postgres(postgres) => {
            postgres.batch_execute("SET LOCAL enable_sort = off")?;
            Ok(row::SELECT)
        }
        AnyConnection::Sqlite(_) => Ok(row::SELECT_BY_KEY),
    }
}
