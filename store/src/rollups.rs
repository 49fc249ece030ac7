//! Counts per minute, template, service and severity: written with the rows, so they are an exact index of them.

mod subtract;
mod write;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, SmallInt, Text};
use domain::{ProjectId, RollupCell, Severity, TemplateId, TimeRange};

pub(crate) use subtract::subtract;
pub(crate) use write::add;

use crate::connection::on_both;
use crate::log::statistics::minute_of;
use crate::statement::Statement;
use crate::{Error, Store};

/// Cells that one call returns at most; a caller that needs more asks for a shorter range.
pub const MAX_ROLLUP_CELLS: usize = 1_000_000;

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
    statement
        .sql(" AND minute_ns >= ")
        .int(minute_of(range.start_ns));
    statement.sql(" AND minute_ns < ").int(range.end_ns);
    statement
        .sql(" ORDER BY minute_ns, severity, service, template_id LIMIT ")
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
        .map(
            |(minute_ns, template_id, service, severity, count)| RollupCell {
                minute_ns,
                template_id: TemplateId::from_i64(template_id),
                service,
                severity: Severity::from_number(i64::from(severity)),
                count: u64::try_from(count).unwrap_or(0),
            },
        )
        .collect())
}
