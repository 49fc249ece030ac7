//! Adding the cells of a batch, per minute and per hour.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, SmallInt, Text};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use domain::ProjectId;

use crate::Error;
use crate::connection::AnyConnection;
use crate::log::statistics::{self, CellKey, HourCell};
use crate::values::{self, BindRow};

/// Adds the cells of a batch; they are sorted by key, so that concurrent commits lock them in one order.
pub(crate) fn add(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    cells: &[(CellKey<'_>, i64)],
) -> Result<(), Error> {
    if cells.is_empty() {
        return Ok(());
    }
    let hours = statistics::hours(cells);
    match connection {
        AnyConnection::Postgres(connection) => {
            let keys = || cells.iter().map(|(cell, _)| cell);
            let counts = cells.iter().map(|(_, count)| *count).collect();
            Upsert::minutes(project_id, keys(), counts).execute(connection)?;
            Upsert::hours(project_id, &hours).execute(connection)?;
            Ok(())
        }
        AnyConnection::Sqlite(connection) => {
            let minutes: Vec<MinuteRow<'_>> = cells
                .iter()
                .map(|(cell, count)| MinuteRow {
                    cell: *cell,
                    count: *count,
                })
                .collect();
            values::insert(
                connection,
                "INSERT INTO rollups (project_id, minute_ns, severity, service, template_id, count)",
                project_id,
                &minutes,
                "ON CONFLICT (project_id, minute_ns, severity, service, template_id) \
                 DO UPDATE SET count = rollups.count + excluded.count",
            )?;
            values::insert(
                connection,
                "INSERT INTO rollup_hours (project_id, hour_ns, severity, service, template_id, count, \
                 first_minute_ns, last_minute_ns)",
                project_id,
                &hours,
                "ON CONFLICT (project_id, hour_ns, severity, service, template_id) \
                 DO UPDATE SET count = rollup_hours.count + excluded.count, \
                 first_minute_ns = MIN(rollup_hours.first_minute_ns, excluded.first_minute_ns), \
                 last_minute_ns = MAX(rollup_hours.last_minute_ns, excluded.last_minute_ns)",
            )
        }
    }
}

struct MinuteRow<'a> {
    cell: CellKey<'a>,
    count: i64,
}

impl BindRow for MinuteRow<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_key(out, &self.cell)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.count)
    }
}

impl BindRow for HourCell<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        bind_key(out, &self.key)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.count)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.first_minute_ns)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(&self.last_minute_ns)
    }
}

fn bind_key<'b>(out: &mut AstPass<'_, 'b, Sqlite>, key: &'b CellKey<'_>) -> QueryResult<()> {
    out.push_bind_param::<BigInt, _>(&key.minute_ns)?;
    out.push_sql(",");
    out.push_bind_param::<SmallInt, _>(&key.severity)?;
    out.push_sql(",");
    out.push_bind_param::<Text, str>(key.service)?;
    out.push_sql(",");
    out.push_bind_param::<BigInt, _>(&key.template_id)
}

/// One statement with an array per column: its text never changes, so it is prepared once a connection.
struct Upsert<'a> {
    sql: [&'static str; 2],
    project_id: ProjectId,
    instants: Vec<i64>,
    severities: Vec<i16>,
    services: Vec<&'a str>,
    templates: Vec<i64>,
    /// Counts, and for hours the first and last minutes.
    numbers: Vec<Vec<i64>>,
}

impl<'a> Upsert<'a> {
    fn of(
        sql: [&'static str; 2],
        project_id: ProjectId,
        keys: impl Iterator<Item = &'a CellKey<'a>>,
        numbers: Vec<Vec<i64>>,
    ) -> Self {
        let mut upsert = Self {
            sql,
            project_id,
            instants: Vec::new(),
            severities: Vec::new(),
            services: Vec::new(),
            templates: Vec::new(),
            numbers,
        };
        for key in keys {
            upsert.instants.push(key.minute_ns);
            upsert.severities.push(key.severity);
            upsert.services.push(key.service);
            upsert.templates.push(key.template_id);
        }
        upsert
    }

    fn minutes(
        project_id: ProjectId,
        keys: impl Iterator<Item = &'a CellKey<'a>>,
        counts: Vec<i64>,
    ) -> Self {
        let sql = [
            "INSERT INTO rollups (project_id, minute_ns, severity, service, template_id, count) SELECT ",
            ") AS u ON CONFLICT (project_id, minute_ns, severity, service, template_id) \
             DO UPDATE SET count = rollups.count + excluded.count",
        ];
        Self::of(sql, project_id, keys, vec![counts])
    }

    fn hours(project_id: ProjectId, hours: &'a [HourCell<'a>]) -> Self {
        let sql = [
            "INSERT INTO rollup_hours (project_id, hour_ns, severity, service, template_id, count, \
             first_minute_ns, last_minute_ns) SELECT ",
            ") AS u ON CONFLICT (project_id, hour_ns, severity, service, template_id) \
             DO UPDATE SET count = rollup_hours.count + excluded.count, \
             first_minute_ns = LEAST(rollup_hours.first_minute_ns, excluded.first_minute_ns), \
             last_minute_ns = GREATEST(rollup_hours.last_minute_ns, excluded.last_minute_ns)",
        ];
        let numbers = vec![
            hours.iter().map(|cell| cell.count).collect(),
            hours.iter().map(|cell| cell.first_minute_ns).collect(),
            hours.iter().map(|cell| cell.last_minute_ns).collect(),
        ];
        Self::of(sql, project_id, hours.iter().map(|cell| &cell.key), numbers)
    }
}

impl QueryFragment<Pg> for Upsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.sql[0]);
        out.push_bind_param::<Binary, [u8]>(self.project_id.0.as_bytes().as_slice())?;
        out.push_sql(", u.* FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.instants)?;
        out.push_sql(",");
        out.push_bind_param::<Array<SmallInt>, _>(&self.severities)?;
        out.push_sql(",");
        out.push_bind_param::<Array<Text>, _>(&self.services)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.templates)?;
        for numbers in &self.numbers {
            out.push_sql(",");
            out.push_bind_param::<Array<BigInt>, _>(numbers)?;
        }
        out.push_sql(self.sql[1]);
        Ok(())
    }
}

impl QueryId for Upsert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Upsert<'_> {}
