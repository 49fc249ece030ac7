//! Reading series: labels are matched here, samples are read by series.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use domain::{MetricKind, MetricPoint, ProjectId, SeriesId, TimeRange};

use super::{LabelMatcher, MAX_SAMPLES, MAX_SERIES, MetricSeries};
use crate::connection::on_both;
use crate::schema::metric_series;
use crate::statement::Statement;
use crate::{Backend, Error, Store};

pub(super) fn names(
    store: &Store,
    project_id: ProjectId,
) -> Result<Vec<(String, MetricKind)>, Error> {
    let mut statement =
        Statement::new("SELECT name, MIN(kind) FROM metric_series WHERE project_id = ");
    statement.bytes(project_id.as_bytes().as_slice());
    statement
        .sql(" GROUP BY name ORDER BY name LIMIT ")
        .int(capped(MAX_SERIES));
    let rows = statement.returning::<(Text, Text)>();
    let rows: Vec<(String, String)> =
        store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))?;
    Ok(rows
        .into_iter()
        .map(|(name, kind)| (name, MetricKind::from_word(&kind).unwrap_or_default()))
        .collect())
}

/// The series of a metric that match, without samples.
fn series(
    store: &Store,
    project_id: ProjectId,
    name: &str,
    matchers: &[LabelMatcher],
) -> Result<Vec<MetricSeries>, Error> {
    let rows: Vec<(i64, String, String)> = store.read(|connection| {
        Ok(metric_series::table
            .filter(metric_series::project_id.eq(project_id.as_bytes().as_slice()))
            .filter(metric_series::name.eq(name))
            .order(metric_series::labels)
            .limit(capped(MAX_SERIES + 1))
            .select((
                metric_series::id,
                metric_series::kind,
                metric_series::labels,
            ))
            .load(connection)?)
    })?;
    if rows.len() > MAX_SERIES {
        return Err(Error::BadRequest {
            message: format!("metric {name} has more than {MAX_SERIES} series"),
        });
    }
    let mut found = Vec::new();
    for (id, kind, labels) in rows {
        let labels = serde_json::from_str(&labels)
            .map_err(|error| Error::damaged("metric_series.labels", error))?;
        if matchers.iter().all(|matcher| matcher.matches(&labels)) {
            found.push(MetricSeries {
                id: SeriesId(id),
                name: name.to_owned(),
                kind: MetricKind::from_word(&kind).unwrap_or_default(),
                labels,
                samples: Vec::new(),
            });
        }
    }
    Ok(found)
}

pub(super) fn query(
    store: &Store,
    project_id: ProjectId,
    name: &str,
    matchers: &[LabelMatcher],
    range: TimeRange,
) -> Result<Vec<MetricSeries>, Error> {
    let mut found = series(store, project_id, name, matchers)?;
    if found.is_empty() {
        return Ok(found);
    }
    let mut statement = Statement::new(
        "SELECT series_id, timestamp_ns, value FROM metric_samples WHERE project_id = ",
    );
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND ");
    statement.in_ints("series_id", found.iter().map(|series| series.id.0));
    statement.sql(" AND timestamp_ns >= ").int(range.start_ns);
    statement.sql(" AND timestamp_ns < ").int(range.end_ns);
    statement
        .sql(" ORDER BY series_id, timestamp_ns LIMIT ")
        .int(capped(MAX_SAMPLES + 1));
    let rows = load_samples(store, statement)?;
    if rows.len() > MAX_SAMPLES {
        return Err(Error::BadRequest {
            message: format!(
                "metric {name} has more than {MAX_SAMPLES} samples in the range, ask for a shorter one"
            ),
        });
    }
    let mut samples: HashMap<i64, Vec<(i64, f64)>> = HashMap::new();
    for (id, timestamp_ns, value) in rows {
        samples.entry(id).or_default().push((timestamp_ns, value));
    }
    for series in &mut found {
        series.samples = samples.remove(&series.id.0).unwrap_or_default();
    }
    found.retain(|series| !series.samples.is_empty());
    Ok(found)
}

/// One step into the key per series, as in [`latest`].
pub(super) fn before(
    store: &Store,
    project_id: ProjectId,
    series: &[SeriesId],
    before_ns: i64,
) -> Result<HashMap<SeriesId, (i64, f64)>, Error> {
    let mut found = HashMap::with_capacity(series.len());
    for chunk in series.chunks(MAX_SERIES) {
        let mut statement =
            Statement::new("SELECT s.id, m.timestamp_ns, m.value FROM metric_series s ");
        match store.backend() {
            Backend::Postgres => statement
                .sql(
                    "CROSS JOIN LATERAL (SELECT timestamp_ns, value FROM metric_samples \
                     WHERE project_id = s.project_id AND series_id = s.id AND timestamp_ns < ",
                )
                .int(before_ns)
                .sql(" ORDER BY timestamp_ns DESC LIMIT 1) m WHERE s.project_id = "),
            Backend::Sqlite => statement
                .sql(
                    "JOIN metric_samples m ON m.project_id = s.project_id AND m.series_id = s.id \
                     AND m.timestamp_ns = (SELECT MAX(x.timestamp_ns) FROM metric_samples x \
                     WHERE x.project_id = s.project_id AND x.series_id = s.id AND x.timestamp_ns < ",
                )
                .int(before_ns)
                .sql(") WHERE s.project_id = "),
        };
        statement
            .bytes(project_id.as_bytes().as_slice())
            .sql(" AND ");
        statement.in_ints("s.id", chunk.iter().map(|series| series.0));
        let rows = load_samples(store, statement)?;
        found.extend(
            rows.into_iter()
                .map(|(id, timestamp_ns, value)| (SeriesId(id), (timestamp_ns, value))),
        );
    }
    Ok(found)
}

pub(super) fn latest(
    store: &Store,
    project_id: ProjectId,
    name: &str,
    matchers: &[LabelMatcher],
) -> Result<Vec<MetricPoint>, Error> {
    let found = series(store, project_id, name, matchers)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    // One step into the key per series on both; only Postgres has LATERAL, and only it needs it.
    let mut statement =
        Statement::new("SELECT s.id, m.timestamp_ns, m.value FROM metric_series s ");
    statement.sql(match store.backend() {
        Backend::Postgres => {
            "CROSS JOIN LATERAL (SELECT timestamp_ns, value FROM metric_samples \
             WHERE project_id = s.project_id AND series_id = s.id \
             ORDER BY timestamp_ns DESC LIMIT 1) m WHERE s.project_id = "
        }
        Backend::Sqlite => {
            "JOIN metric_samples m ON m.project_id = s.project_id AND m.series_id = s.id \
             AND m.timestamp_ns = (SELECT MAX(x.timestamp_ns) FROM metric_samples x \
             WHERE x.project_id = s.project_id AND x.series_id = s.id) WHERE s.project_id = "
        }
    });
    statement.bytes(project_id.as_bytes().as_slice());
    statement.sql(" AND s.name = ").text(name);
    let mut newest: HashMap<i64, (i64, f64)> = load_samples(store, statement)?
        .into_iter()
        .map(|(id, timestamp_ns, value)| (id, (timestamp_ns, value)))
        .collect();
    Ok(found
        .into_iter()
        .filter_map(|series| {
            let (timestamp_ns, value) = newest.remove(&series.id.0)?;
            Some(MetricPoint {
                project_id,
                name: series.name,
                kind: series.kind,
                labels: series.labels,
                value,
                timestamp_ns,
            })
        })
        .collect())
}

fn load_samples(store: &Store, statement: Statement<'_>) -> Result<Vec<(i64, i64, f64)>, Error> {
    let rows = statement.returning::<(BigInt, BigInt, Double)>();
    store.read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
}

fn capped(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
