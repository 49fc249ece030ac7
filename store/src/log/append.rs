//! The commit: rows, template dictionary and rollups in one transaction.

mod postgres;
mod sqlite;

use std::collections::HashSet;
use std::time::Instant;

use domain::{Failpoint, LogRecord, RecordId};
use uuid::Uuid;

use super::batch::{CommitBatch, CommitReceipt, Prepared};
use super::receipts;
use super::statistics::{self, Additions};
use crate::blocks::decode::Wanted;
use crate::blocks::encode::Encoded;
use crate::blocks::{catalogue, visit, write};
use crate::connection::AnyConnection;
use crate::statement::Statement;
use crate::{Error, Store, metrics, rollups, templates};

/// Tries against concurrent transactions; deadlocks are resolved within milliseconds.
const MAX_TRIES: usize = 5;

pub(crate) fn append(store: &Store, batch: &CommitBatch) -> Result<CommitReceipt, Error> {
    let backend = store.backend().as_str();
    let started = Instant::now();
    let mut prepared = Prepared::of(batch);
    let mut tries = 0;
    let mut may_be_stored = true;
    loop {
        tries += 1;
        if tries > 1 {
            metrics::commit_repeated(backend);
        }
        match commit(store, batch, &prepared, may_be_stored) {
            // Some of the ids are stored: the caller repeats a commit whose answer it did not get.
            Err(Error::Duplicate { constraint }) if tries < MAX_TRIES => {
                if !receipts::find(store, batch.project_id, &keys(batch))?.is_empty() {
                    return Err(Error::Duplicate { constraint });
                }
                drop_stored(store, &mut prepared)?;
                may_be_stored = false;
            }
            Err(Error::Contention { message }) if tries < MAX_TRIES => {
                tracing::debug!(message, tries, "commit is repeated");
            }
            Err(error) => {
                metrics::commit_failed(backend, &error);
                return Err(error);
            }
            Ok(new_templates) => {
                let mut receipt = prepared.receipt;
                receipt.stored = prepared.records.len();
                receipt.new_templates = new_templates;
                metrics::committed(
                    backend,
                    receipt.stored,
                    receipt.duplicates,
                    started.elapsed(),
                );
                return Ok(receipt);
            }
        }
    }
}

fn keys(batch: &CommitBatch) -> Vec<[u8; 32]> {
    batch.receipts.iter().map(|receipt| receipt.key).collect()
}

/// What a commit learnt and what is left to write later.
struct Outcome {
    new_templates: usize,
    missing: Additions,
    learnt: Vec<(i64, String)>,
}

fn commit(
    store: &Store,
    batch: &CommitBatch,
    prepared: &Prepared<'_>,
    may_be_stored: bool,
) -> Result<usize, Error> {
    let project_id = prepared.project_id;
    let blocks = blocks_of(store, batch, prepared)?;
    let known = store.known_templates();
    let records = || prepared.records.iter().map(AsRef::as_ref);
    let cells = statistics::cells(records());
    let unknown = known.unknown_pairs(project_id, &cells);
    let additions = statistics::additions(records());
    let dictionary_changes = !batch.new_templates.is_empty() || !batch.merged.is_empty();
    let taken = known.take_pending(
        project_id,
        store.config().statistics_interval,
        dictionary_changes || !unknown.is_empty(),
    );
    let due = taken.as_ref().map(|taken| {
        let mut due = taken.clone();
        statistics::merge(&mut due, &additions);
        due
    });
    let result = store.write(|connection| {
        receipts::add(connection, project_id, &batch.receipts)?;
        Failpoint::Receipted.pass();
        if may_be_stored {
            refuse_stored(connection, prepared, !blocks.is_empty())?;
        }
        if blocks.is_empty() {
            insert_records(connection, prepared)?;
        } else {
            write::insert_all(connection, project_id, &blocks, arrival_of(prepared))?;
        }
        let mut outcome = Outcome {
            new_templates: 0,
            missing: Additions::new(),
            learnt: Vec::new(),
        };
        if let Some(due) = &due {
            templates::lock(connection, project_id)?;
            let known_until = templates::last_sequence(connection, project_id)?;
            outcome.new_templates =
                templates::insert_new(connection, project_id, &batch.new_templates, &additions)?;
            templates::set_merged(connection, project_id, &batch.merged)?;
            outcome.missing = templates::add(connection, project_id, due)?;
            outcome.learnt =
                templates::add_services(connection, project_id, &unknown, known_until)?;
        }
        rollups::add(connection, project_id, &cells)?;
        Failpoint::Committing.pass();
        Ok(outcome)
    });
    match result {
        Ok(outcome) => {
            let bytes = blocks.iter().map(|block| block.data.len()).sum();
            metrics::blocks_written("commit", blocks.len(), bytes);
            let later = if due.is_some() {
                &outcome.missing
            } else {
                &additions
            };
            known.put_pending(project_id, later);
            known.learn(project_id, &outcome.learnt);
            Ok(outcome.new_templates)
        }
        Err(error) => {
            if let Some(taken) = &taken {
                known.put_pending(project_id, taken);
            }
            Err(error)
        }
    }
}

/// The batch as blocks; none when it is so small that it belongs into the tail.
fn blocks_of(
    store: &Store,
    batch: &CommitBatch,
    prepared: &Prepared<'_>,
) -> Result<Vec<Encoded>, Error> {
    if prepared.records.is_empty() || prepared.records.len() < store.config().block_records {
        return Ok(Vec::new());
    }
    let mut texts = batch.texts.clone();
    let new = batch.new_templates.iter();
    texts.extend(write::texts_of(new.map(|t| (t.id, t.text.as_str()))));
    let records: Vec<&LogRecord> = prepared.records.iter().map(AsRef::as_ref).collect();
    write::encode_all(&records, &texts)
}

/// The last arrival of the batch: when its blocks were written, but for the moment of the commit.
fn arrival_of(prepared: &Prepared<'_>) -> i64 {
    let arrivals = prepared.records.iter().map(|record| record.observed_at_ns);
    arrivals.max().unwrap_or_default()
}

/// An [`Error::Duplicate`] when some of the batch may be stored in a block, or in the tail while it is written as a
/// block. Ids grow, so a new batch overlaps with nothing but what other nodes wrote in the same millisecond.
fn refuse_stored(
    connection: &mut AnyConnection,
    prepared: &Prepared<'_>,
    as_blocks: bool,
) -> Result<(), Error> {
    let ids = || prepared.records.iter().map(|record| record.id);
    let (Some(first), Some(last)) = (ids().min(), ids().max()) else {
        return Ok(());
    };
    let mut statement = Statement::new(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM log_blocks WHERE project_id = ",
    );
    statement.bytes(prepared.project_id.as_bytes().as_slice());
    statement
        .sql(" AND max_id >= ")
        .bytes(first.as_bytes().as_slice());
    statement
        .sql(" AND min_id <= ")
        .bytes(last.as_bytes().as_slice());
    statement.sql(" LIMIT 1) AS of_blocks");
    if as_blocks {
        statement.sql(
            " UNION ALL SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT id FROM log_tail WHERE id >= ",
        );
        statement.bytes(first.as_bytes().as_slice());
        statement
            .sql(" AND id <= ")
            .bytes(last.as_bytes().as_slice());
        statement.sql(" LIMIT 1) AS of_tail");
    }
    let rows = statement.returning::<(diesel::sql_types::BigInt,)>();
    let counts: Vec<(i64,)> = {
        use diesel::RunQueryDsl;
        crate::connection::on_both!(connection, concrete => rows.load(concrete))?
    };
    if counts.iter().all(|(count,)| *count == 0) {
        return Ok(());
    }
    Err(Error::Duplicate {
        constraint: "record ids".to_owned(),
    })
}

fn insert_records(connection: &mut AnyConnection, prepared: &Prepared<'_>) -> Result<(), Error> {
    if prepared.records.is_empty() {
        return Ok(());
    }
    match connection {
        AnyConnection::Postgres(connection) => postgres::copy_records(connection, prepared),
        AnyConnection::Sqlite(connection) => sqlite::insert_records(connection, prepared),
    }
}

/// Takes out of the batch what the database has already.
fn drop_stored(store: &Store, prepared: &mut Prepared<'_>) -> Result<(), Error> {
    const IDS_PER_STATEMENT: usize = 1_000;
    let mut stored: HashSet<RecordId> = HashSet::new();
    for chunk in prepared.records.chunks(IDS_PER_STATEMENT) {
        let mut statement = Statement::new("SELECT id FROM log_tail WHERE id IN (");
        for (index, record) in chunk.iter().enumerate() {
            if index > 0 {
                statement.sql(",");
            }
            statement.bytes(record.id.as_bytes().as_slice());
        }
        statement.sql(")");
        let rows = statement.returning::<(diesel::sql_types::Binary,)>();
        let ids: Vec<(Vec<u8>,)> = store.read(|connection| {
            use diesel::RunQueryDsl;
            Ok(crate::connection::on_both!(connection, concrete => rows.load(concrete))?)
        })?;
        for (id,) in ids {
            let id = Uuid::from_slice(&id).map_err(|error| Error::damaged("log_tail.id", error))?;
            stored.insert(RecordId(id));
        }
    }
    drop_from_blocks(store, prepared, &mut stored)?;
    let before = prepared.records.len();
    prepared
        .records
        .retain(|record| !stored.contains(&record.id));
    let dropped = before - prepared.records.len();
    prepared.receipt.duplicates += dropped;
    tracing::info!(dropped, "records of a repeated commit were there already");
    Ok(())
}

/// Notes which records of the batch lie in blocks.
fn drop_from_blocks(
    store: &Store,
    prepared: &Prepared<'_>,
    stored: &mut HashSet<RecordId>,
) -> Result<(), Error> {
    let own: HashSet<RecordId> = prepared.records.iter().map(|record| record.id).collect();
    let (Some(first), Some(last)) = (own.iter().min(), own.iter().max()) else {
        return Ok(());
    };
    let wanted = Wanted::ids();
    // One moment: a block that is put together with others between the two reads would look as if it held nothing, and its
    // records would be stored again.
    store.read_snapshot(|connection| {
        let entries = catalogue::with_ids(connection, prepared.project_id, *first, *last)?;
        visit::visit(
            store,
            connection,
            &entries,
            &wanted,
            None,
            |_, columns| {
                (0..columns.len)
                    .map(|row| columns.id(row))
                    .collect::<Vec<_>>()
            },
            |ids| {
                stored.extend(ids.into_iter().filter(|id| own.contains(id)));
                Ok(std::ops::ControlFlow::Continue(()))
            },
        )
    })
}

/// Writes the pending dictionary counts of every project of this process.
pub(crate) fn flush_statistics(store: &Store) -> Result<(), Error> {
    let known = store.known_templates();
    for project_id in known.projects_pending() {
        let Some(taken) = known.take_pending(project_id, std::time::Duration::ZERO, true) else {
            continue;
        };
        let result = store.write(|connection| {
            templates::lock(connection, project_id)?;
            templates::add(connection, project_id, &taken)
        });
        match result {
            Ok(missing) => known.put_pending(project_id, &missing),
            Err(error) => {
                known.put_pending(project_id, &taken);
                return Err(error);
            }
        }
    }
    Ok(())
}
