//! Counts per minute, template, service and severity: written with the rows, so they are an exact index of them.

use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Binary, SmallInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use domain::{ProjectId, RollupCell, Severity, TemplateId, TimeRange};

use crate::connection::{AnyConnection, on_both};
use crate::log::statistics::{CellKey, minute_of};
use crate::statement::Statement;
use crate::values::{self, BindRow};
use crate::{Error, Store};

/// Cells that one call returns at most; a caller that needs more asks for a shorter range.
pub const MAX_ROLLUP_CELLS: usize = 1_000_000;

/// Adds the cells of a batch; they are sorted by key.
pub(crate) fn add(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    cells: &[(CellKey<'_>, i64)],
) -> Result<(), Error> {
    if cells.is_empty() {
        return Ok(());
    }
    match connection {
        AnyConnection::Postgres(connection) => add_postgres(connection, project_id, cells),
        AnyConnection::Sqlite(connection) => {
            let rows: Vec<Row<'_>> = cells
                .iter()
                .map(|(cell, count)| Row {
                    project_id: project_id.as_bytes(),
                    cell,
                    count: *count,
                })
                .collect();
            values::insert(
                connection,
                "INSERT INTO rollups (project_id, minute_ns, template_id, service, severity, count)",
                &rows,
                "ON CONFLICT (project_id, minute_ns, template_id, service, severity) \
                 DO UPDATE SET count = rollups.count + excluded.count",
            )
        }
    }
}

struct Row<'a> {
    project_id: &'a [u8],
    cell: &'a CellKey<'a>,
    count: i64,
}

impl BindRow for Row<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<Binary, [u8]>(self.project_id)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.cell.minute_ns)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.cell.template_id)?;
        out.push_sql(",");
        out.push_bind_param::<Text, str>(self.cell.service)?;
        out.push_sql(",");
        out.push_bind_param::<SmallInt, _>(&self.cell.severity)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

/// One statement with an array per column: its text never changes, so it is prepared once.
struct Upsert<'a> {
    project_id: &'a [u8],
    minutes: Vec<i64>,
    templates: Vec<i64>,
    services: Vec<&'a str>,
    severities: Vec<i16>,
    counts: Vec<i64>,
}

impl QueryFragment<Pg> for Upsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO rollups (project_id, minute_ns, template_id, service, severity, count) SELECT ",
        );
        out.push_bind_param::<Binary, [u8]>(self.project_id)?;
        out.push_sql(", u.* FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.minutes)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.templates)?;
        out.push_sql(",");
        out.push_bind_param::<Array<Text>, _>(&self.services)?;
        out.push_sql(",");
        out.push_bind_param::<Array<SmallInt>, _>(&self.severities)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.counts)?;
        out.push_sql(
            ") AS u ON CONFLICT (project_id, minute_ns, template_id, service, severity) \
             DO UPDATE SET count = rollups.count + excluded.count",
        );
        Ok(())
    }
}

impl QueryId for Upsert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Upsert<'_> {}

fn add_postgres(
    connection: &mut PgConnection,
    project_id: ProjectId,
    cells: &[(CellKey<'_>, i64)],
) -> Result<(), Error> {
    Upsert {
        project_id: project_id.as_bytes(),
        minutes: cells.iter().map(|(cell, _)| cell.minute_ns).collect(),
        templates: cells.iter().map(|(cell, _)| cell.template_id).collect(),
        services: cells.iter().map(|(cell, _)| cell.service).collect(),
        severities: cells.iter().map(|(cell, _)| cell.severity).collect(),
        counts: cells.iter().map(|(_, count)| *count).collect(),
    }
    .execute(connection)?;
    Ok(())
}

/// The cells of every minute that overlaps the range, oldest first.
pub(crate) fn in_range(
    store: &Store,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<RollupCell>, Error> {
    let mut statement = Statement::new(
        "SELECT minute_ns, template_id, service, severity, count FROM rollups WHERE project_id = ",
    );
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND minute_ns >= ").int(minute_of(range.start_ns));
    statement.sql(" AND minute_ns < ").int(range.end_ns);
    statement
        .sql(" ORDER BY minute_ns, template_id, service, severity LIMIT ")
        .int(i64::try_from(MAX_ROLLUP_CELLS + 1).unwrap_or(i64::MAX));
    let rows = statement.returning::<(BigInt, BigInt, Text, SmallInt, BigInt)>();
    let rows: Vec<(i64, i64, String, i16, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    if rows.len() > MAX_ROLLUP_CELLS {
        return Err(Error::BadRequest {
            message: format!(
                "the range holds more than {MAX_ROLLUP_CELLS} rollup cells, ask for a shorter one"
            ),
        });
    }
    Ok(rows
        .into_iter()
        .map(|(minute_ns, template_id, service, severity, count)| RollupCell {
            minute_ns,
            template_id: TemplateId::from_i64(template_id),
            service,
            severity: Severity::from_number(i64::from(severity)),
            count: u64::try_from(count).unwrap_or(0),
        })
        .collect())
}
