//! How long the records of a project and of its services are kept.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};
use domain::{LogFilter, ProjectId, TimeRange};

use crate::connection::on_both;
use crate::log::batch::{MAX_SERVICE_BYTES, clean, cut};
use crate::log::remove;
use crate::log::statistics::hour_of;
use crate::statement::Statement;
use crate::{Error, Store};

/// How long records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionRule {
    /// The service; `""` for all that have no rule of their own.
    pub service: String,
    /// Nanoseconds.
    pub keep_ns: i64,
}

pub(crate) fn rules(store: &Store, project_id: ProjectId) -> Result<Vec<RetentionRule>, Error> {
    let mut statement =
        Statement::new("SELECT service, keep_ns FROM retention_rules WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" ORDER BY service");
    let rows = statement.returning::<(Text, BigInt)>();
    let rows: Vec<(String, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows
        .into_iter()
        .map(|(service, keep_ns)| RetentionRule { service, keep_ns })
        .collect())
}

pub(crate) fn set(
    store: &Store,
    project_id: ProjectId,
    service: &str,
    keep_ns: Option<i64>,
) -> Result<(), Error> {
    let service = cut(&clean(service), MAX_SERVICE_BYTES).to_owned();
    store.write(|connection| {
        let mut old = Statement::new("DELETE FROM retention_rules WHERE project_id = ");
        old.bytes(project_id.as_bytes().as_slice());
        old.sql(" AND service = ").text(service.as_str());
        on_both!(&mut *connection, concrete => old.execute(concrete))?;
        if let Some(keep_ns) = keep_ns {
            let mut row = Statement::new(
                "INSERT INTO retention_rules (project_id, service, keep_ns) VALUES (",
            );
            row.bytes(project_id.as_bytes().as_slice()).sql(",");
            row.text(service.as_str()).sql(",").int(keep_ns).sql(")");
            on_both!(&mut *connection, concrete => row.execute(concrete))?;
        }
        Ok(())
    })
}

/// Records first, whose counts go with them.
pub(crate) fn delete_service_before(
    store: &Store,
    project_id: ProjectId,
    service: &str,
    before_ns: i64,
    now_ns: i64,
) -> Result<u64, Error> {
    let mut filter = LogFilter::in_range(TimeRange {
        start_ns: i64::MIN,
        end_ns: hour_of(before_ns),
    });
    filter.services.push(service.to_owned());
    remove::delete_matching(store, project_id, &filter, now_ns)
}
