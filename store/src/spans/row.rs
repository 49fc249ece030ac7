//! Between stored rows and spans.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use domain::{ProjectId, Span, SpanId, SpanKind, SpanStatus, TraceId};

use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;

/// The columns of a row, in order.
pub(super) const SELECT: &str = "SELECT trace_id, span_id, parent_span_id, start_ns, duration_ns, kind, status, service, \
                                 name, status_message, attributes, events, links FROM spans WHERE project_id = ";

type Types = (
    Binary,
    BigInt,
    Nullable<BigInt>,
    BigInt,
    BigInt,
    SmallInt,
    SmallInt,
    Text,
    Text,
    Text,
    Text,
    Text,
    Text,
);
type Row = (
    Vec<u8>,
    i64,
    Option<i64>,
    i64,
    i64,
    i16,
    i16,
    String,
    String,
    String,
    String,
    String,
    String,
);

/// Runs a statement that begins with [`SELECT`].
pub(super) fn load(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    statement: Statement<'_>,
) -> Result<Vec<Span>, Error> {
    let rows = statement.returning::<Types>();
    let rows: Vec<Row> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter().map(|row| span(project_id, row)).collect()
}

fn span(project_id: ProjectId, row: Row) -> Result<Span, Error> {
    let (trace_id, span_id, parent_span_id, start_ns, duration_ns, kind, status, ..) = row;
    let (.., service, name, status_message, attributes, events, links) = row;
    Ok(Span {
        project_id,
        trace_id: trace_id_of(&trace_id)?,
        span_id: span_id_of(span_id)?,
        parent_span_id: parent_span_id.map(span_id_of).transpose()?,
        service,
        name,
        kind: SpanKind::from_number(i64::from(kind)),
        start_ns,
        end_ns: start_ns.saturating_add(duration_ns),
        status: SpanStatus::from_number(i64::from(status)),
        status_message,
        attributes,
        events,
        links,
    })
}

/// `(VALUES (..),(..)) AS v` of traces and spans. SQLite takes one step into the key for each only when they are joined with it in
/// this order (`CROSS JOIN`); for `(trace_id, span_id) IN (..)` it reads the index of the whole project.
pub(super) fn values(statement: &mut Statement<'_>, keys: &[(TraceId, i64)]) {
    for (index, (trace_id, span_id)) in keys.iter().enumerate() {
        statement.sql(if index == 0 { "(VALUES (" } else { ",(" });
        statement.bytes(trace_id.bits().to_be_bytes().to_vec());
        statement.sql(",").int(*span_id).sql(")");
    }
    statement.sql(") AS v");
}

/// The condition that joins `spans s` with [`values`].
pub(super) fn is_of_values(statement: &mut Statement<'_>, project_id: ProjectId) {
    statement.sql("s.project_id = ");
    statement.bytes(project_id.as_bytes().to_vec());
    statement.sql(" AND s.trace_id = v.column1 AND s.span_id = v.column2");
}

/// A span id as databases keep it: the same bits.
pub(super) fn signed(id: SpanId) -> i64 {
    id.bits().cast_signed()
}

pub(super) fn span_id_of(bits: i64) -> Result<SpanId, Error> {
    SpanId::new(bits.cast_unsigned()).ok_or_else(|| Error::damaged("spans.span_id", "it is zero"))
}

pub(super) fn trace_id_of(bytes: &[u8]) -> Result<TraceId, Error> {
    bytes
        .try_into()
        .ok()
        .and_then(|bytes| TraceId::new(u128::from_be_bytes(bytes)))
        .ok_or_else(|| {
            Error::damaged(
                "spans.trace_id",
                format!("{} bytes, not 16 that are not all zero", bytes.len()),
            )
        })
}
