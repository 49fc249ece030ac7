//! Taking the records of a deletion out of the counts.

use diesel::RunQueryDsl;
use domain::ProjectId;

use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::log::statistics::{self, CellKey};
use crate::statement::Statement;

/// Subtracts cells, sorted by key, per minute and per hour; what comes to nothing goes.
pub(crate) fn subtract(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    cells: &[(CellKey<'_>, i64)],
) -> Result<(), Error> {
    for (key, count) in cells {
        one(connection, project_id, "rollups", "minute_ns", key, *count)?;
    }
    for hour in statistics::hours(cells) {
        one(
            connection,
            project_id,
            "rollup_hours",
            "hour_ns",
            &hour.key,
            hour.count,
        )?;
    }
    Ok(())
}

fn one(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    table: &'static str,
    instant: &'static str,
    key: &CellKey<'_>,
    count: i64,
) -> Result<(), Error> {
    let mut less = Statement::new("UPDATE ");
    less.sql(table).sql(" SET count = count - ").int(count);
    conditions(&mut less, project_id, instant, key);
    on_both!(&mut *connection, concrete => less.execute(concrete))?;
    let mut none = Statement::new("DELETE FROM ");
    none.sql(table);
    conditions(&mut none, project_id, instant, key);
    none.sql(" AND count <= 0");
    on_both!(&mut *connection, concrete => none.execute(concrete))?;
    Ok(())
}

fn conditions<'a>(
    statement: &mut Statement<'a>,
    project_id: ProjectId,
    instant: &'static str,
    key: &CellKey<'a>,
) {
    statement
        .sql(" WHERE project_id = ")
        .bytes(project_id.as_bytes().to_vec());
    statement
        .sql(" AND ")
        .sql(instant)
        .sql(" = ")
        .int(key.minute_ns);
    statement.sql(" AND severity = ").small(key.severity);
    statement.sql(" AND service = ").text(key.service);
    statement.sql(" AND template_id = ").int(key.template_id);
}
