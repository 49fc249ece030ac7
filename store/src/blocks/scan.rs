//! Reading everything that matches, for SQL, aggregation and export.

use std::ops::ControlFlow;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use domain::{
    LogFilter, LogRecord, Order, ProjectId, ReadError, RecordColumns, RecordId, RecordScanner,
    ScanColumns, ScanSink, Severity, TemplateId,
};

use super::decode::{Columns, Wanted};
use super::select::Matcher;
use super::visit;
use crate::connection::AnyConnection;
use crate::log::{attributes, filter as conditions, row};
use crate::statement::Statement;
use crate::{Error, Store};

/// Rows of the tail that one statement reads: with records of at most 1 MiB what is in memory at once stays bounded.
const ROWS_PER_STATEMENT: i64 = 250;
/// Records of a block that one batch holds.
const RECORDS_PER_BATCH: usize = 8_192;

impl RecordScanner for Store {
    fn scan(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        columns: ScanColumns,
        sink: &mut ScanSink<'_>,
    ) -> Result<(), ReadError> {
        Ok(scan(self, project_id, filter, columns, sink)?)
    }
}

fn scan(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    columns: ScanColumns,
    sink: &mut ScanSink<'_>,
) -> Result<(), Error> {
    conditions::check(filter)?;
    store.read_snapshot(|connection| {
        if let AnyConnection::Postgres(postgres) = connection {
            // A slow reader is no idle one. Ends with the transaction.
            postgres.batch_execute("SET LOCAL idle_in_transaction_session_timeout = '1h'")?;
        }
        let mut of_tail = |records: Vec<LogRecord>| {
            let mut batch = RecordColumns::default();
            for record in records {
                push_record(&mut batch, columns, record);
            }
            sink(batch)
        };
        if tail(store, connection, project_id, filter, &mut of_tail)?.is_break() {
            return Ok(());
        }
        blocks(store, connection, project_id, filter, columns, sink)
    })
}

impl Store {
    /// Reads every record that matches and gives them in groups: of the blocks with the newest (or the oldest) records
    /// first, inside a group in no order. Trace ids are left out. A group may be empty. Blocks.
    ///
    /// # Errors
    /// Fails on a filter beyond its limits and when the database cannot be read.
    pub fn walk(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        order: Order,
        sink: &mut dyn FnMut(Vec<LogRecord>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        conditions::check(filter)?;
        let matcher = Matcher::new(filter, filter.range, &[]);
        self.read_snapshot(|connection| {
            // The newest records lie in the tail.
            if order == Order::NewestFirst
                && tail(self, connection, project_id, filter, sink)?.is_break()
            {
                return Ok(());
            }
            let mut entries = visit::candidates(self, connection, project_id, filter, &matcher)?;
            match order {
                Order::NewestFirst => entries.reverse(),
                Order::OldestFirst => entries.sort_by_key(|entry| entry.header.min_ns),
            }
            let wanted = matcher.wanted(Wanted {
                traces: false,
                ..Wanted::all()
            });
            let look = |_, columns: &Columns| {
                let mut records = Vec::new();
                matcher.rows(columns, |row| records.push(columns.record(row, project_id)));
                records
            };
            let mut is_over = false;
            visit::visit(
                self,
                connection,
                &entries,
                &wanted,
                Some(&matcher),
                look,
                |records| {
                    let flow = sink(records);
                    is_over = flow.is_break();
                    Ok(flow)
                },
            )?;
            if order == Order::OldestFirst && !is_over {
                let _ = tail(self, connection, project_id, filter, sink)?;
            }
            Ok(())
        })
    }
}

fn blocks(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    filter: &LogFilter,
    columns: ScanColumns,
    sink: &mut ScanSink<'_>,
) -> Result<(), Error> {
    let matcher = Matcher::new(filter, filter.range, &[]);
    let entries = visit::candidates(store, connection, project_id, filter, &matcher)?;
    let wanted = matcher.wanted(Wanted {
        ids: columns.id,
        observed_at: columns.observed_at,
        traces: columns.trace,
        bodies: columns.body,
        attributes: columns.attributes,
        keys: Vec::new(),
    });
    visit::visit(
        store,
        connection,
        &entries,
        &wanted,
        Some(&matcher),
        |_, block| {
            let mut batches = vec![RecordColumns::default()];
            matcher.rows(block, |row| {
                if batches.last().is_some_and(|b| b.len >= RECORDS_PER_BATCH) {
                    batches.push(RecordColumns::default());
                }
                if let Some(batch) = batches.last_mut() {
                    push_row(batch, columns, block, row);
                }
            });
            batches
        },
        |batches| {
            // Also an empty one: a caller that has gone ends a read that finds nothing.
            for batch in batches {
                if sink(batch).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        },
    )
}

fn push_row(batch: &mut RecordColumns, wanted: ScanColumns, block: &Columns, row: usize) {
    batch.len += 1;
    batch.timestamps_ns.push(block.timestamps_ns[row]);
    let severity = Severity::from_number(i64::from(block.severity(row)));
    batch.severities.push(severity);
    batch.services.push(block.service_name(row));
    if wanted.id {
        batch.ids.push(block.id(row));
    }
    if wanted.observed_at {
        batch.observed_at_ns.push(block.observed_at_ns(row));
    }
    if wanted.template_id {
        batch
            .template_ids
            .push(TemplateId::from_i64(block.template(row)));
    }
    if wanted.trace {
        batch.trace_ids.push(block.trace_id(row));
        batch.span_ids.push(block.span_id(row));
    }
    if wanted.body {
        batch.bodies.push(block.body(row));
    }
    if wanted.attributes {
        batch.attributes.push(block.attributes(row));
    }
}

/// The rows of the tail, in the order of arrival.
fn tail(
    store: &Store,
    connection: &mut AnyConnection,
    project_id: ProjectId,
    filter: &LogFilter,
    sink: &mut dyn FnMut(Vec<LogRecord>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let mut after: Option<RecordId> = None;
    loop {
        let mut statement = Statement::new(row::SELECT);
        statement.bytes(project_id.as_bytes().as_slice());
        conditions::time_conditions(&mut statement, filter.range);
        conditions::cell_conditions(&mut statement, filter);
        conditions::row_conditions(&mut statement, filter, store.backend());
        if let Some(after) = after {
            statement.sql(" AND id > ").bytes(after.as_bytes().to_vec());
        }
        statement.sql(" ORDER BY id LIMIT ").int(ROWS_PER_STATEMENT);
        let mut records = row::load(connection, project_id, statement)?;
        let is_last = (records.len() as i64) < ROWS_PER_STATEMENT;
        after = records.last().map(|record| record.id);
        records.retain(|record| attributes::all_match(&filter.attributes, &record.attributes));
        if sink(records).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if is_last {
            return Ok(ControlFlow::Continue(()));
        }
    }
}

fn push_record(batch: &mut RecordColumns, wanted: ScanColumns, record: LogRecord) {
    batch.len += 1;
    batch.timestamps_ns.push(record.timestamp_ns);
    batch.severities.push(record.severity);
    batch.services.push(Arc::from(record.service));
    if wanted.id {
        batch.ids.push(record.id);
    }
    if wanted.observed_at {
        batch.observed_at_ns.push(record.observed_at_ns);
    }
    if wanted.template_id {
        batch.template_ids.push(record.template_id);
    }
    if wanted.trace {
        batch.trace_ids.push(record.trace_id);
        batch.span_ids.push(record.span_id);
    }
    if wanted.body {
        batch.bodies.push(record.body);
    }
    if wanted.attributes {
        batch.attributes.push(record.attributes);
    }
}
