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
