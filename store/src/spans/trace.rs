//! One trace, and summaries of several.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Text};
use domain::{ProjectId, Span, SpanStatus, TimeRange, TraceId};

use super::row::{self, signed, trace_id_of};
use super::sealed::{self, Keys, Rows, What};
use super::{Trace, TraceSummary};
use crate::blocks::kinds;
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
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
    let budget = Budget::start(store.config().read_timeout);
    store.read_snapshot(|connection| {
        let mut trace = of_rows(connection, project_id, trace_id)?;
        let blocks = kinds::in_range(connection, BlockKind::Spans, project_id, TimeRange::ALL)?;
        let traces = HashSet::from([trace_id]);
        let blocks = sealed::with_traces(store, connection, &blocks, [trace_id].into_iter())?;
        kinds::each(store, connection, &blocks, &budget, |_, block| {
            let keys = Keys::read(block)?;
            let rows = keys.of_traces(&traces);
            if !rows.is_empty() {
                let rows = Rows::read(block, &keys, Some(&rows), What::Everything)?;
                add(&mut trace, rows.spans(&keys, project_id)?);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(trace)
    })
}

/// What of a trace lies in rows.
fn of_rows(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    trace_id: TraceId,
) -> Result<Trace, Error> {
    let key = trace_id.bits().to_be_bytes();
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
}

/// Adds spans and keeps the first ones within the limits. What was cut before would be cut now as well.
fn add(trace: &mut Trace, more: Vec<Span>) {
    trace.spans.extend(more);
    trace
        .spans
        .sort_by_key(|span| (span.start_ns, signed(span.span_id)));
    let mut text = 0_i64;
    for at in 0..trace.spans.len() {
        text = text.saturating_add(characters(&trace.spans[at]));
        if at >= MAX_TRACE_SPANS || (at > 0 && text > MAX_TRACE_TEXT) {
            trace.spans.truncate(at);
            trace.is_truncated = true;
            return;
        }
    }
}

/// As [`last_span`] counts.
fn characters(span: &Span) -> i64 {
    let texts = [
        &span.status_message,
        &span.attributes,
        &span.events,
        &span.links,
    ];
    let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
    i64::try_from(characters).unwrap_or(i64::MAX)
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
    let budget = Budget::start(store.config().read_timeout);
    let traces: HashSet<TraceId> = trace_ids.iter().copied().collect();
    store.read_snapshot(|connection| {
        let mut found = totals(connection, project_id, trace_ids)?;
        roots(connection, project_id, trace_ids, &mut found)?;
        let blocks = kinds::in_range(connection, BlockKind::Spans, project_id, TimeRange::ALL)?;
        let blocks = sealed::with_traces(store, connection, &blocks, traces.iter().copied())?;
        kinds::each(store, connection, &blocks, &budget, |_, block| {
            let keys = Keys::read(block)?;
            let rows = keys.of_traces(&traces);
            if !rows.is_empty() {
                let rows = Rows::read(block, &keys, Some(&rows), What::Named)?;
                for span in shown(&keys, &rows)? {
                    found.entry(span.trace_id).or_default().add(&span);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let summary = |(trace_id, totals): (TraceId, Totals)| totals.summary(trace_id);
        Ok(found.into_iter().map(summary).collect())
    })
}

/// What a summary takes from a span of a block.
struct Shown<'r> {
    trace_id: TraceId,
    service: &'r str,
    start_ns: i64,
    end_ns: i64,
    is_error: bool,
    /// Its id and name, of a root.
    root: Option<(i64, &'r str)>,
}

fn shown<'r>(keys: &Keys, rows: &'r Rows) -> Result<Vec<Shown<'r>>, Error> {
    (0..rows.len())
        .map(|at| {
            let row = rows.row(at);
            let start_ns = keys.starts_ns[row];
            let parent = rows.parent(keys, at)?;
            Ok(Shown {
                trace_id: keys.trace(row)?,
                service: rows.service(at),
                start_ns,
                end_ns: start_ns.saturating_add(rows.duration_ns(at)),
                is_error: rows.status(at) == SpanStatus::Error,
                root: match parent {
                    Some(_) => None,
                    None => Some((keys.span_ids.value(row), rows.name(at))),
                },
            })
        })
        .collect()
}

/// A summary under construction.
struct Totals {
    start_ns: i64,
    end_ns: i64,
    spans: u64,
    errors: u64,
    services: BTreeSet<String>,
    /// The oldest, with its place.
    root: Option<((i64, i64), Root)>,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            start_ns: i64::MAX,
            end_ns: i64::MIN,
            spans: 0,
            errors: 0,
            services: BTreeSet::new(),
            root: None,
        }
    }
}

impl Totals {
    fn add(&mut self, span: &Shown<'_>) {
        self.start_ns = self.start_ns.min(span.start_ns);
        self.end_ns = self.end_ns.max(span.end_ns);
        self.spans += 1;
        self.errors += u64::from(span.is_error);
        if !self.services.contains(span.service) {
            self.services.insert(span.service.to_owned());
        }
        if let Some((span_id, name)) = span.root {
            let root = (span.service.to_owned(), name.to_owned());
            self.add_root((span.start_ns, span_id), root);
        }
    }

    fn add_root(&mut self, place: (i64, i64), root: Root) {
        if self.root.as_ref().is_none_or(|(known, _)| place < *known) {
            self.root = Some((place, root));
        }
    }

    fn summary(self, trace_id: TraceId) -> TraceSummary {
        TraceSummary {
            trace_id,
            root: self.root.map(|(_, root)| root),
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            span_count: self.spans,
            error_count: self.errors,
            services: self.services.into_iter().collect(),
        }
    }
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

/// Everything but the roots, of rows.
fn totals(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    trace_ids: &[TraceId],
) -> Result<HashMap<TraceId, Totals>, Error> {
    let mut statement =
        Statement::new("SELECT trace_id, service, COUNT(*), CAST(SUM(CASE WHEN status = ");
    statement.small(SpanStatus::Error.number());
    statement.sql(
        " THEN 1 ELSE 0 END) AS BIGINT), MIN(start_ns), MAX(start_ns + duration_ns) FROM spans WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    in_traces(&mut statement, trace_ids);
    statement.sql(" GROUP BY trace_id, service");
    let rows = statement.returning::<(Binary, Text, BigInt, BigInt, BigInt, BigInt)>();
    let rows: Vec<(Vec<u8>, String, i64, i64, i64, i64)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    let mut found: HashMap<TraceId, Totals> = HashMap::new();
    for (trace_id, service, count, errors, start_ns, end_ns) in rows {
        let totals = found.entry(trace_id_of(&trace_id)?).or_default();
        totals.start_ns = totals.start_ns.min(start_ns);
        totals.end_ns = totals.end_ns.max(end_ns);
        totals.spans += count.unsigned_abs();
        totals.errors += errors.unsigned_abs();
        totals.services.insert(service);
    }
    Ok(found)
}

/// The roots among rows with their service and name.
fn roots(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    trace_ids: &[TraceId],
    found: &mut HashMap<TraceId, Totals>,
) -> Result<(), Error> {
    let mut statement = Statement::new(
        "SELECT trace_id, start_ns, span_id, service, name FROM spans WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    in_traces(&mut statement, trace_ids);
    statement
        .sql(" AND parent_span_id IS NULL ORDER BY start_ns, span_id LIMIT ")
        .int(MAX_ROOTS);
    let rows = statement.returning::<(Binary, BigInt, BigInt, Text, Text)>();
    let rows: Vec<(Vec<u8>, i64, i64, String, String)> =
        on_both!(connection, concrete => rows.load(concrete))?;
    for (trace_id, start_ns, span_id, service, name) in rows {
        if let Some(totals) = found.get_mut(&trace_id_of(&trace_id)?) {
            totals.add_root((start_ns, span_id), (service, name));
        }
    }
    Ok(())
}
