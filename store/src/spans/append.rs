//! Writing spans: binary COPY on Postgres, multi-row inserts on SQLite.

mod repeated;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;

use diesel::pg::CopyFormat;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;
use domain::{Latencies, ProjectId, Rejected, Span, SpanId, TraceId};

use super::row::signed;
use super::schema::spans;
use super::{MAX_SPAN_NAME_BYTES, SpanReceipt};
use crate::connection::AnyConnection;
use crate::log::batch::{clean, cut};
use crate::statement::Statement;
use crate::values::{self, BindRow};
use crate::{Error, MAX_SERVICE_BYTES, Store};

/// Tries against concurrent writers of the same spans.
const MAX_TRIES: usize = 5;
/// Signature, flags and length of the extension of a binary COPY (PostgreSQL documentation, COPY, "Binary Format").
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COLUMNS: i16 = 15;
/// Handed to libpq in pieces of this size: its own buffer then never grows beyond it.
const PIECE_BYTES: usize = 64 * 1024;

type Key = (TraceId, SpanId);

/// A span without anything that a database refuses.
struct Row<'a> {
    trace_id: [u8; 16],
    span_id: i64,
    parent_span_id: Option<i64>,
    duration_ns: i64,
    kind: i16,
    status: i16,
    latency_class: i16,
    span: Cow<'a, Span>,
}

pub(super) fn append(
    store: &Store,
    project_id: ProjectId,
    spans: &[Span],
) -> Result<SpanReceipt, Error> {
    let mut receipt = SpanReceipt::default();
    let mut rows = prepare(project_id, spans, &mut receipt);
    let mut tries = 0;
    while !rows.is_empty() {
        tries += 1;
        let before = rows.len();
        let sequence = repeated::drop_sealed(store, project_id, &mut rows)?;
        receipt.duplicates += before - rows.len();
        if rows.is_empty() {
            break;
        }
        let written = store.write(|connection| {
            let written = match &mut *connection {
                AnyConnection::Postgres(connection) => {
                    copy(connection, project_id, &rows)?;
                    rows.len()
                }
                AnyConnection::Sqlite(connection) => insert(connection, project_id, &rows)?,
            };
            repeated::check_sequence(connection, project_id, sequence)?;
            Ok(written)
        });
        match written {
            Ok(written) => {
                receipt.stored = written;
                receipt.duplicates += rows.len() - written;
                break;
            }
            // Some are there already: the caller repeats a batch whose answer it did not get.
            Err(Error::Duplicate { .. }) if tries < MAX_TRIES => {
                let before = rows.len();
                repeated::drop_stored(store, project_id, &mut rows)?;
                receipt.duplicates += before - rows.len();
            }
            Err(Error::Contention { message }) if tries < MAX_TRIES => {
                tracing::debug!(message, tries, "the commit of spans is repeated");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(receipt)
}

/// Rows in the order of the key, so that a trace's spans lie together and concurrent writers lock in one order.
fn prepare<'a>(
    project_id: ProjectId,
    spans: &'a [Span],
    receipt: &mut SpanReceipt,
) -> Vec<Row<'a>> {
    let mut seen: HashSet<Key> = HashSet::with_capacity(spans.len());
    let mut rows = Vec::with_capacity(spans.len());
    for (index, span) in spans.iter().enumerate() {
        if span.project_id != project_id {
            let reason = format!(
                "span belongs to project {}, the batch to {project_id}",
                span.project_id
            );
            receipt.rejected.push(Rejected { index, reason });
        } else if seen.insert((span.trace_id, span.span_id)) {
            rows.push(row(span));
        } else {
            receipt.duplicates += 1;
        }
    }
    rows.sort_unstable_by_key(|row| (row.trace_id, row.span_id));
    rows
}

fn row(span: &Span) -> Row<'_> {
    Row {
        trace_id: span.trace_id.bits().to_be_bytes(),
        span_id: signed(span.span_id),
        parent_span_id: span.parent_span_id.map(signed),
        duration_ns: span.duration_ns(),
        kind: span.kind.number(),
        status: span.status.number(),
        latency_class: Latencies::class_of(span.duration_ns()),
        span: storable(span),
    }
}

fn storable(span: &Span) -> Cow<'_, Span> {
    let texts = [
        &span.service,
        &span.name,
        &span.status_message,
        &span.attributes,
        &span.events,
        &span.links,
    ];
    let fits = span.service.len() <= MAX_SERVICE_BYTES
        && span.name.len() <= MAX_SPAN_NAME_BYTES
        && texts
            .iter()
            .all(|text| memchr::memchr(0, text.as_bytes()).is_none());
    if fits {
        return Cow::Borrowed(span);
    }
    let mut changed = span.clone();
    changed.service = cut(&clean(&span.service), MAX_SERVICE_BYTES).to_owned();
    changed.name = cut(&clean(&span.name), MAX_SPAN_NAME_BYTES).to_owned();
    for text in [
        &mut changed.status_message,
        &mut changed.attributes,
        &mut changed.events,
        &mut changed.links,
    ] {
        *text = clean(text).into_owned();
    }
    Cow::Owned(changed)
}

impl BindRow for Row<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<Binary, [u8]>(self.trace_id.as_slice())?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.span_id)?;
        out.push_sql(",");
        out.push_bind_param::<Nullable<BigInt>, _>(&self.parent_span_id)?;
        for number in [&self.span.start_ns, &self.duration_ns] {
            out.push_sql(",");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        for number in [&self.kind, &self.status, &self.latency_class] {
            out.push_sql(",");
            out.push_bind_param::<SmallInt, _>(number)?;
        }
        for text in texts(&self.span) {
            out.push_sql(",");
            out.push_bind_param::<Text, str>(text)?;
        }
        Ok(())
    }
}

/// The columns of text, in order.
fn texts(span: &Span) -> [&str; 6] {
    [
        &span.service,
        &span.name,
        &span.status_message,
        &span.attributes,
        &span.events,
        &span.links,
    ]
}

/// How many were new.
fn insert(
    connection: &mut SqliteConnection,
    project_id: ProjectId,
    rows: &[Row<'_>],
) -> Result<usize, Error> {
    let before = total_changes(connection)?;
    values::insert(
        connection,
        "INSERT INTO spans (project_id, trace_id, span_id, parent_span_id, start_ns, duration_ns, kind, status, \
         latency_class, service, name, status_message, attributes, events, links)",
        project_id,
        rows,
        "ON CONFLICT (project_id, trace_id, span_id) DO NOTHING",
    )?;
    let written = total_changes(connection)? - before;
    Ok(usize::try_from(written).unwrap_or(0))
}

/// Rows that this connection has changed since it was opened.
fn total_changes(connection: &mut SqliteConnection) -> Result<i64, Error> {
    let statement = Statement::new("SELECT total_changes()").returning::<(BigInt,)>();
    let (changes,): (i64,) = statement.get_result(connection)?;
    Ok(changes)
}

fn copy(
    connection: &mut PgConnection,
    project_id: ProjectId,
    rows: &[Row<'_>],
) -> Result<(), Error> {
    diesel::copy_from(spans::table)
        .from_raw_data(spans::table, |out: &mut dyn Write| {
            encode(out, project_id, rows).map_err(|error| Error::Unavailable {
                message: format!("copy: {error}"),
            })
        })
        .with_format(CopyFormat::Binary)
        .execute(connection)?;
    Ok(())
}

fn encode(out: &mut dyn Write, project_id: ProjectId, rows: &[Row<'_>]) -> std::io::Result<()> {
    let mut piece: Vec<u8> = Vec::with_capacity(PIECE_BYTES + 4_096);
    piece.extend_from_slice(SIGNATURE);
    for row in rows {
        piece.extend_from_slice(&COLUMNS.to_be_bytes());
        put(&mut piece, project_id.as_bytes());
        put(&mut piece, &row.trace_id);
        put(&mut piece, &row.span_id.to_be_bytes());
        match row.parent_span_id {
            Some(parent) => put(&mut piece, &parent.to_be_bytes()),
            None => piece.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
        put(&mut piece, &row.span.start_ns.to_be_bytes());
        put(&mut piece, &row.duration_ns.to_be_bytes());
        for number in [row.kind, row.status, row.latency_class] {
            put(&mut piece, &number.to_be_bytes());
        }
        for text in texts(&row.span) {
            put(&mut piece, text.as_bytes());
        }
        if piece.len() >= PIECE_BYTES {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    piece.extend_from_slice(&(-1_i16).to_be_bytes());
    out.write_all(&piece)
}

/// A value with its length before it.
fn put(out: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}
