//! The commit: rows, template dictionary and rollups in one transaction.

mod postgres;
mod sqlite;

use std::collections::HashSet;
use std::time::Instant;

use domain::RecordId;
use uuid::Uuid;

use super::batch::{CommitBatch, CommitReceipt, Prepared};
use super::receipts;
use super::statistics::{self, Additions};
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
    loop {
        tries += 1;
        if tries > 1 {
            metrics::commit_repeated(backend);
        }
        match commit(store, batch, &prepared) {
            // Some of the ids are stored: the caller repeats a commit whose answer it did not get.
            Err(Error::Duplicate { constraint }) if tries < MAX_TRIES => {
                if !receipts::find(store, batch.project_id, &keys(batch))?.is_empty() {
                    return Err(Error::Duplicate { constraint });
                }
                drop_stored(store, &mut prepared)?;
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

fn commit(store: &Store, batch: &CommitBatch, prepared: &Prepared<'_>) -> Result<usize, Error> {
    let project_id = prepared.project_id;
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
        insert_records(connection, prepared)?;
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
        Ok(outcome)
    });
    match result {
        Ok(outcome) => {
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
    let before = prepared.records.len();
    prepared
        .records
        .retain(|record| !stored.contains(&record.id));
    let dropped = before - prepared.records.len();
    prepared.receipt.duplicates += dropped;
    tracing::info!(dropped, "records of a repeated commit were there already");
    Ok(())
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
