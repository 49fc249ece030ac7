//! Writing samples, and retention of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Double};
use diesel::sqlite::Sqlite;
use domain::{MetricKind, MetricPoint, ProjectId, Rejected, SeriesId};

use super::{MAX_LABELS_BYTES, MAX_METRIC_NAME_BYTES, MetricReceipt, seal};
use crate::connection::{AnyConnection, on_both};
use crate::log::batch::clean;
use crate::schema::{metric_samples, metric_series};
use crate::statement::Statement;
use crate::values::{self, BindRow};
use crate::{Error, Store};

/// Rows of one insert; five binds each, far below SQLite's 32,766.
const ROWS_PER_INSERT: usize = 500;
/// Series whose old samples one transaction deletes.
const SERIES_PER_DELETE: usize = 200;

struct NewSeries {
    id: i64,
    name: String,
    kind: &'static str,
    labels: String,
}

/// Series and samples in key order, so that concurrent writers lock in one order.
#[derive(Default)]
struct Prepared {
    series: BTreeMap<i64, NewSeries>,
    samples: BTreeMap<(i64, i64), f64>,
    rejected: Vec<Rejected>,
}

pub(super) fn append(
    store: &Store,
    project_id: ProjectId,
    points: &[MetricPoint],
) -> Result<MetricReceipt, Error> {
    let mut prepared = Prepared::default();
    for (index, point) in points.iter().enumerate() {
        if let Err(reason) = prepare(&mut prepared, project_id, point) {
            prepared.rejected.push(Rejected { index, reason });
        }
    }
    let series: Vec<NewSeries> = prepared.series.into_values().collect();
    let samples = prepared.samples;
    store.write(|connection| {
        for chunk in series.chunks(ROWS_PER_INSERT) {
            write_series(connection, project_id, chunk)?;
        }
        write_samples(connection, project_id, &samples)
    })?;
    Ok(MetricReceipt {
        stored: samples.len(),
        rejected: prepared.rejected,
    })
}

fn prepare(
    prepared: &mut Prepared,
    project_id: ProjectId,
    point: &MetricPoint,
) -> Result<(), String> {
    if point.project_id != project_id {
        return Err(format!(
            "point belongs to project {}, the request to {project_id}",
            point.project_id
        ));
    }
    if !point.value.is_finite() {
        return Err(format!("value {} is not a finite number", point.value));
    }
    let name = clean(&point.name).into_owned();
    if name.is_empty() || name.len() > MAX_METRIC_NAME_BYTES {
        return Err(format!(
            "metric name is {} bytes, it must be 1 to {MAX_METRIC_NAME_BYTES}",
            name.len()
        ));
    }
    let labels: BTreeMap<String, String> = point
        .labels
        .iter()
        .map(|(label, value)| (clean(label).into_owned(), clean(value).into_owned()))
        .collect();
    let id = SeriesId::of(&name, &labels).0;
    if let Entry::Vacant(vacant) = prepared.series.entry(id) {
        let text = serde_json::to_string(&labels).map_err(|error| error.to_string())?;
        if text.len() > MAX_LABELS_BYTES {
            return Err(format!(
                "labels are {} bytes, limit is {MAX_LABELS_BYTES}",
                text.len()
            ));
        }
        vacant.insert(NewSeries {
            id,
            name,
            kind: MetricKind::as_str(point.kind),
            labels: text,
        });
    }
    prepared
        .samples
        .insert((id, point.timestamp_ns), point.value);
    Ok(())
}

fn write_series(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    series: &[NewSeries],
) -> Result<(), Error> {
    let mut statement =
        Statement::new("INSERT INTO metric_series (project_id, id, name, kind, labels) VALUES ");
    for (index, new) in series.iter().enumerate() {
        statement.sql(if index == 0 { "(" } else { ",(" });
        statement.bytes(project_id.as_bytes().as_slice()).sql(",");
        statement
            .int(new.id)
            .sql(",")
            .text(new.name.as_str())
            .sql(",");
        statement
            .text(new.kind)
            .sql(",")
            .text(new.labels.as_str())
            .sql(")");
    }
    statement.sql(" ON CONFLICT (project_id, id) DO NOTHING");
    on_both!(connection, concrete => statement.execute(concrete))?;
    Ok(())
}

/// Writes samples; those that are there are replaced.
pub(super) fn write_samples(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    samples: &BTreeMap<(i64, i64), f64>,
) -> Result<(), Error> {
    if samples.is_empty() {
        return Ok(());
    }
    match connection {
        AnyConnection::Postgres(connection) => {
            Upsert {
                project_id: project_id.as_bytes(),
                series: samples.keys().map(|(series, _)| *series).collect(),
                instants: samples.keys().map(|(_, instant)| *instant).collect(),
                values: samples.values().copied().collect(),
            }
            .execute(connection)?;
            Ok(())
        }
        AnyConnection::Sqlite(connection) => {
            let rows: Vec<Row<'_>> = samples
                .iter()
                .map(|((series, instant), value)| Row {
                    series,
                    instant,
                    value,
                })
                .collect();
            values::insert(
                connection,
                "INSERT INTO metric_samples (project_id, series_id, timestamp_ns, value)",
                project_id,
                &rows,
                "ON CONFLICT (project_id, series_id, timestamp_ns) DO UPDATE SET value = excluded.value",
            )
        }
    }
}

struct Row<'a> {
    series: &'a i64,
    instant: &'a i64,
    value: &'a f64,
}

impl BindRow for Row<'_> {
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_bind_param::<BigInt, _>(self.series)?;
        out.push_sql(",");
        out.push_bind_param::<BigInt, _>(self.instant)?;
        out.push_sql(",");
        out.push_bind_param::<Double, _>(self.value)
    }
}

struct Upsert<'a> {
    project_id: &'a [u8],
    series: Vec<i64>,
    instants: Vec<i64>,
    values: Vec<f64>,
}

impl QueryFragment<Pg> for Upsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO metric_samples (project_id, series_id, timestamp_ns, value) SELECT ",
        );
        out.push_bind_param::<Binary, [u8]>(self.project_id)?;
        out.push_sql(", u.* FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.series)?;
        out.push_sql(",");
        out.push_bind_param::<Array<BigInt>, _>(&self.instants)?;
        out.push_sql(",");
        out.push_bind_param::<Array<Double>, _>(&self.values)?;
        out.push_sql(
            ") AS u ON CONFLICT (project_id, series_id, timestamp_ns) DO UPDATE SET value = excluded.value",
        );
        Ok(())
    }
}

impl QueryId for Upsert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<PgConnection> for Upsert<'_> {}

/// Deletes samples series by series (the key leads with the series), then the series that have none left. An append
/// writes its series again every time, so one that is deleted beside it comes back with its next sample.
pub(crate) fn delete_before(
    store: &Store,
    project_id: ProjectId,
    before_ns: i64,
    now_ns: i64,
) -> Result<u64, Error> {
    let project = project_id.as_bytes().as_slice();
    let ids: Vec<i64> = store.read(|connection| {
        Ok(metric_series::table
            .filter(metric_series::project_id.eq(project))
            .select(metric_series::id)
            .load(connection)?)
    })?;
    let mut deleted = 0;
    for chunk in ids.chunks(SERIES_PER_DELETE) {
        deleted += store.write(|connection| {
            let mut rows = 0;
            for id in chunk {
                rows += diesel::delete(
                    metric_samples::table
                        .filter(metric_samples::project_id.eq(project))
                        .filter(metric_samples::series_id.eq(id))
                        .filter(metric_samples::timestamp_ns.lt(before_ns)),
                )
                .execute(connection)?;
            }
            Ok(rows)
        })?;
    }
    let sealed = seal::delete_before(store, project_id, before_ns, now_ns)?;
    store.write(|connection| {
        let mut empty = Statement::new("DELETE FROM metric_series WHERE project_id = ");
        empty.bytes(project).sql(
            " AND NOT EXISTS (SELECT 1 FROM metric_samples m WHERE m.project_id = metric_series.project_id \
             AND m.series_id = metric_series.id) AND sealed_until_ns < ",
        );
        empty.int(before_ns);
        on_both!(connection, concrete => empty.execute(concrete))?;
        Ok(())
    })?;
    Ok(u64::try_from(deleted)
        .unwrap_or(u64::MAX)
        .saturating_add(sealed))
}
