//! What rollups tell about a range: which templates, which services. Minutes at the ends of the range count whole.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};
use domain::{
    LogFilter, NANOS_PER_MINUTE, ProjectId, ServiceCount, Severity, TemplateCount, TemplateId,
    TimeRange,
};

use super::statistics::minute_of;
use super::{filter, levels};
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Error, Store};

/// Triples that one call returns at most.
const MAX_TRIPLES: usize = 10_000;
/// Services that one call returns at most.
const MAX_SERVICES: i64 = 1_000;

pub(crate) fn template_counts(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    limit: usize,
) -> Result<Vec<TemplateCount>, Error> {
    filter::check(filter)?;
    let mut statement = Statement::new(
        "SELECT template_id, service, severity, CAST(SUM(count) AS BIGINT) AS total, \
         MIN(first_ns), MAX(last_ns) FROM (",
    );
    cells(&mut statement, project_id, filter);
    statement.sql(
        ") AS cells GROUP BY template_id, service, severity \
         ORDER BY total DESC, template_id, service, severity LIMIT ",
    );
    statement.int(i64::try_from(limit.min(MAX_TRIPLES)).unwrap_or(i64::MAX));
    let rows = statement.returning::<(BigInt, Text, SmallInt, BigInt, BigInt, BigInt)>();
    let rows: Vec<(i64, String, i16, i64, i64, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows
        .into_iter()
        .map(
            |(template_id, service, severity, count, first, last)| TemplateCount {
                template_id: TemplateId::from_i64(template_id),
                service,
                severity: Severity::from_number(i64::from(severity)),
                count: u64::try_from(count).unwrap_or(0),
                first_minute_ns: first,
                last_minute_ns: last,
            },
        )
        .collect())
}

pub(crate) fn services(
    store: &Store,
    project_id: ProjectId,
    range: TimeRange,
) -> Result<Vec<ServiceCount>, Error> {
    let everything = LogFilter::in_range(range);
    let mut statement = Statement::new(
        "SELECT service, CAST(SUM(count) AS BIGINT) AS total, CAST(SUM(CASE WHEN severity >= ",
    );
    statement.small(Severity::Error.number());
    statement.sql(" THEN count ELSE 0 END) AS BIGINT) FROM (");
    cells(&mut statement, project_id, &everything);
    statement.sql(") AS cells GROUP BY service ORDER BY total DESC, service LIMIT ");
    statement.int(MAX_SERVICES);
    let rows = statement.returning::<(Text, BigInt, BigInt)>();
    let rows: Vec<(String, i64, i64)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows
        .into_iter()
        .map(|(service, count, errors)| ServiceCount {
            service,
            count: u64::try_from(count).unwrap_or(0),
            errors: u64::try_from(errors).unwrap_or(0),
        })
        .collect())
}

/// The cells that match, of every minute that overlaps the range.
fn cells<'a>(statement: &mut Statement<'a>, project_id: ProjectId, filter: &'a LogFilter) {
    let range = TimeRange {
        start_ns: minute_of(filter.range.start_ns),
        end_ns: filter.range.end_ns,
    };
    for (index, level) in levels::of(range, true).into_iter().enumerate() {
        if index > 0 {
            statement.sql(" UNION ALL ");
        }
        let [first, last] = level.minutes;
        statement
            .sql("SELECT template_id, service, severity, count, ")
            .sql(first);
        statement.sql(" AS first_ns, ").sql(last).sql(" AS last_ns");
        level.conditions(statement, project_id, filter);
    }
}

/// The stretch of time that holds all records, to the minute; `None` when there are none.
pub(crate) fn bounds(store: &Store, project_id: ProjectId) -> Result<Option<TimeRange>, Error> {
    let mut statement =
        Statement::new("SELECT (SELECT MIN(minute_ns) FROM rollups WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql("), (SELECT MAX(minute_ns) FROM rollups WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice()).sql(")");
    let rows = statement.returning::<(Nullable<BigInt>, Nullable<BigInt>)>();
    let rows: Vec<(Option<i64>, Option<i64>)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(match rows.first() {
        Some((Some(first), Some(last))) => Some(TimeRange {
            start_ns: *first,
            end_ns: last.saturating_add(NANOS_PER_MINUTE),
        }),
        _ => None,
    })
}
