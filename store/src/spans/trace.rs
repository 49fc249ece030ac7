//! One trace, and summaries of several.

use std::collections::HashMap;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Text};
use domain::{ProjectId, SpanStatus, TraceId};

use super::row::{self, trace_id_of};
use super::{Trace, TraceSummary};
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store};

/// Spans that a trace is read with at most.
pub const MAX_TRACE_SPANS: usize = 10_000;
/// Traces that one call summarises at most.
pub const MAX_SUMMARISED_TRACES: usize = 1_000;
/// Text that a trace is read with at most, characters.
const MAX_TRACE_TEXT: i64 = 32 * 1024 * 1024;
/// Roots that are looked at for the summaries of one call.
const MAX_ROOTS: i64 = 10_000;

/// The service and the name of a root.
type Root = (String, String);

pub(super) fn read(
    store: &Store,
    project_id: ProjectId,
    trace_id: TraceId,
) -> Result<Trace, Error> {
    let key = trace_id.bits().to_be_bytes();
    store.read(|connection| {
        let (last, is_truncated) = last_span(connection, project_id, &key)?;
        let Some((start_ns, span_id)) = last else {
            return Ok(Trace::default());
        };
        let mut statement = Statement::new(row::SELECT);
        statement.bytes(project_id.as_bytes().as_slice());
        statement.sql(" AND trace_id = ").bytes(key.as_slice());
        statement
            .sql(" AND (start_ns, span_id) <= (")
            .int(start_ns)
            .sql(",")
            .int(span_id)
            .sql(") ORDER BY start_ns, span_id");
        Ok(Trace {
            spans: row::load(connection, project_id, statement)?,
            is_truncated,
        })
    })
}

/// The place of the last span within the limits, and whether there are more.
fn last_span(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    key: &[u8],
) -> Result<(Option<(i64, i64)>, bool), Error> {
    let mut statement = Statement::new(
        "SELECT start_ns, span_id, CAST(length(status_message) + length(attributes) + length(events) + length(links) \
         AS BIGINT) FROM spans WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND trace_id = ").bytes(key);
    statement
        .sql(" ORDER BY start_ns, span_id LIMIT ")
        .int(i64::try_from(MAX_TRACE_SPANS + 1).unwrap_or(i64::MAX));
    let rows = statement.returning::<(BigInt, BigInt, BigInt)>();
    let rows: Vec<(i64, i64, i64)> = on_both!(connection, concrete => rows.load(concrete))?;
    let (mut last, mut text) = (None, 0_i64);
    for (at, (start_ns, span_id, length)) in rows.into_iter().enumerate() {
        text = text.saturating_add(length);
        if at >= MAX_TRACE_SPANS || (at > 0 && text > MAX_TRACE_TEXT) {
            return Ok((last, true));
        }
        last = Some((start_ns, span_id));
    }
    Ok((last, false))
}

pub(super) fn summaries(
    store: &Store,
    project_id: ProjectId,
    trace_ids: &[TraceId],
) -> Result<Vec<TraceSummary>, Error> {
    if trace_ids.len() > MAX_SUMMARISED_TRACES {
        return Err(Error::BadRequest {
            message: format!(
                "{} traces are asked for, limit is {MAX_SUMMARISED_TRACES}",
                trace_ids.len()
            ),
        });
    }
    if trace_ids.is_empty() {
        return Ok(Vec::new());
    }
    store.read(|connection| {
        let mut found = totals(connection, project_id, trace_ids)?;
        for (trace_id, root) in roots(connection, project_id, trace_ids)? {
            if let Some(summary) = found.get_mut(&trace_id) {
                summary.root.get_or_insert(root);
            }
        }
        Ok(found.into_values().collect())
    })
}

/// ` AND trace_id IN (..)`; at least one.
pub(super) fn in_traces(statement: &mut Statement<'_>, trace_ids: &[TraceId]) {
    statement.sql(" AND trace_id IN (");
    for (index, trace_id) in trace_ids.iter().enumerate() {
        if index > 0 {
            statement.sql(",");
        }
        statement.bytes(trace_id.bits().to_be_bytes().to_vec());
    }
    statement.sql(")");
}

/// Everything but the roots.
fn totals(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    trace_ids: &[TraceId],
) -> Result<HashMap<TraceId, TraceSummary>, Error> {
    let mut statement =
        Statement::new("SELECT trace_id, service, COUNT(*), CAST(SUM(CASE WHEN status = ");
    statement.small(SpanStatus::Error.number());
    statement.sql(
        " THEN 1 ELSE 0 END) AS BIGINT), MIN(start_ns), MAX(start_ns + duration_ns) FROM spans WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    in_traces(&mut statement, trace_ids);
    statement.sql(" GROUP BY trace_id, service ORDER BY trace_id, service");
    let rows = statement.returning::<(Binary, Text, BigInt, BigInt, BigInt, BigInt)>();
    let rows: Vec<(Vec<u8>, String, i64, i64, i64, i64)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    let mut found: HashMap<TraceId, TraceSummary> = HashMap::new();
    for (trace_id, service, count, errors, start_ns, end_ns) in rows {
        let trace_id = trace_id_of(&trace_id)?;
        let summary = found.entry(trace_id).or_insert_with(|| TraceSummary {
            trace_id,
            root: None,
            start_ns,
            end_ns,
            span_count: 0,
            error_count: 0,
            services: Vec::new(),
        });
        summary.start_ns = summary.start_ns.min(start_ns);
        summary.end_ns = summary.end_ns.max(end_ns);
        summary.span_count += count.unsigned_abs();
        summary.error_count += errors.unsigned_abs();
        summary.services.push(service);
    }
    Ok(found)
}

/// The roots with their service and name, the oldest first.
fn roots(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    trace_ids: &[TraceId],
) -> Result<Vec<(TraceId, Root)>, Error> {
    let mut statement =
        Statement::new("SELECT trace_id, service, name FROM spans WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    in_traces(&mut statement, trace_ids);
    statement
        .sql(" AND parent_span_id IS NULL ORDER BY start_ns, span_id LIMIT ")
        .int(MAX_ROOTS);
    let rows = statement.returning::<(Binary, Text, Text)>();
    let rows: Vec<(Vec<u8>, String, String)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter()
        .map(|(trace_id, service, name)| Ok((trace_id_of(&trace_id)?, (service, name))))
        .collect()
}
