//! Rows by multi-row inserts on the one writer connection.

use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, SqliteConnection};
use domain::LogRecord;

use super::Prepared;
use crate::Error;
use crate::values::{self, BindRow};

struct Row<'a> {
    id: &'a [u8],
    severity: i16,
    template_id: i64,
    record: &'a LogRecord,
}

impl BindRow for Row<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let record = self.record;
        out.push_bind_param::<BigInt, _>(&record.timestamp_ns)?;
        out.push_sql(",");
        out.push_bind_param::<Binary, [u8]>(self.id)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&record.observed_at_ns)?;
        out.push_sql(",");
        out.push_bind_param::<SmallInt, _>(&self.severity)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.template_id)?;
        out.push_sql(",");
        out.push_bind_param::<Text, str>(&record.service)?;
        out.push_sql(",");
        out.push_bind_param::<Nullable<Text>, _>(&record.trace_id)?;
        out.push_sql(",");
        out.push_bind_param::<Nullable<Text>, _>(&record.span_id)?;
        out.push_sql(",");
        out.push_bind_param::<Text, str>(&record.body)?;
        out.push_sql(",");
        out.push_bind_param::<Text, str>(&record.attributes)
    }
}

pub(super) fn insert_records(
    connection: &mut SqliteConnection,
    prepared: &Prepared<'_>,
) -> Result<(), Error> {
    let mut rows: Vec<Row<'_>> = prepared
        .records
        .iter()
        .map(|record| Row {
            id: record.id.as_bytes(),
            severity: record.severity.number(),
            template_id: record.template_id.to_i64(),
            record,
        })
        .collect();
    // In the order of time every insert into the index goes to the page of the one before it.
    rows.sort_unstable_by_key(|row| (row.record.timestamp_ns, row.id));
    values::insert(
        connection,
        "INSERT INTO log_tail (project_id, timestamp_ns, id, observed_at_ns, severity, template_id, \
         service, trace_id, span_id, body, attributes)",
        prepared.project_id,
        &rows,
        "",
    )
}
