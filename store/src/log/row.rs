//! Stored rows as records.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use domain::{LogRecord, ProjectId, RecordId, Severity, TemplateId};
use uuid::Uuid;

use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;

/// The columns of [`Row`], in order.
pub(crate) const SELECT: &str = "SELECT id, timestamp_ns, observed_at_ns, severity, template_id, service, \
                                 trace_id, span_id, body, attributes FROM log_tail WHERE project_id = ";

/// The same for a walk in the order of ids: with the plus SQLite follows the key, where it would otherwise collect and sort
/// all rows of the project for each statement.
pub(crate) const SELECT_BY_KEY: &str = "SELECT id, timestamp_ns, observed_at_ns, severity, template_id, service, \
                                        trace_id, span_id, body, attributes FROM log_tail WHERE +project_id = ";

type Types = (
    Binary,
    BigInt,
    BigInt,
    SmallInt,
    BigInt,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Text,
);
type Row = (
    Vec<u8>,
    i64,
    i64,
    i16,
    i64,
    String,
    Option<String>,
    Option<String>,
    String,
    String,
);

/// Runs a statement that begins with [`SELECT`].
pub(crate) fn load(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    statement: Statement<'_>,
) -> Result<Vec<LogRecord>, Error> {
    let rows = statement.returning::<Types>();
    let rows: Vec<Row> = on_both!(connection, concrete => rows.load(concrete))?;
    rows.into_iter()
        .map(|row| record(project_id, row))
        .collect()
}

fn record(project_id: ProjectId, row: Row) -> Result<LogRecord, Error> {
    let (
        id,
        timestamp_ns,
        observed_at_ns,
        severity,
        template_id,
        service,
        trace_id,
        span_id,
        body,
        attributes,
    ) = row;
    let id = Uuid::from_slice(&id).map_err(|error| Error::damaged("log_tail.id", error))?;
    Ok(LogRecord {
        id: RecordId(id),
        project_id,
        timestamp_ns,
        observed_at_ns,
        severity: Severity::from_number(i64::from(severity)),
        service,
        body,
        attributes,
        trace_id,
        span_id,
        template_id: TemplateId::from_i64(template_id),
    })
}
