//! Reading series: labels are matched here, samples are read by series, from rows and from blocks of one moment. A row
//! counts before a block, a block that was sealed later before one that was sealed earlier.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};
use domain::{MetricKind, MetricPoint, ProjectId, SeriesId, TimeRange};

use super::sealed::{self, Newest, Opened};
use super::{LabelMatcher, MAX_SAMPLES, MAX_SERIES, MetricSeries};
use crate::blocks::kinds;
use crate::blocks::stored::BlockKind;
use crate::connection::{AnyConnection, on_both};
use crate::log::budget::Budget;
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
    let mut ids: Vec<i64> = found.iter().map(|series| series.id.0).collect();
    ids.sort_unstable();
    let too_many = || Error::BadRequest {
        message: format!(
            "metric {name} has more than {MAX_SAMPLES} samples in the range, ask for a shorter one"
        ),
    };
    let budget = Budget::start(store.config().read_timeout);
    let mut samples = store.read_snapshot(|connection| {
        let rows = rows(connection, project_id, &ids, range)?;
        if rows.len() > MAX_SAMPLES {
            return Err(too_many());
        }
        let mut blocks = kinds::in_range(connection, BlockKind::Samples, project_id, range)?;
        blocks.retain(|block| sealed::may_have(block, &ids));
        let mut merged = Merged::default();
        let mut is_full = false;
        kinds::each(store, connection, &blocks, &budget, |_, block| {
            let opened = Opened::read(block)?;
            for id in &ids {
                let of_series = opened.rows(*id, range.start_ns..range.end_ns);
                merged.add(*id, of_series.map(|row| opened.sample(row)));
            }
            is_full = !merged.fits();
            Ok(match is_full {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        for (id, timestamp_ns, value) in rows {
            merged.add(id, std::iter::once((timestamp_ns, value)));
        }
        if is_full || !merged.fits() {
            return Err(too_many());
        }
        Ok(merged.finish())
    })?;
    for series in &mut found {
        series.samples = samples.remove(&series.id.0).unwrap_or_default();
    }
    found.retain(|series| !series.samples.is_empty());
    Ok(found)
}

/// The rows of series in a range, at most one more than [`MAX_SAMPLES`].
fn rows(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    ids: &[i64],
    range: TimeRange,
) -> Result<Vec<(i64, i64, f64)>, Error> {
    let mut statement = Statement::new(
        "SELECT series_id, timestamp_ns, value FROM metric_samples WHERE project_id = ",
    );
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND ");
    statement.in_ints("series_id", ids.iter().copied());
    statement.sql(" AND timestamp_ns >= ").int(range.start_ns);
    statement.sql(" AND timestamp_ns < ").int(range.end_ns);
    statement
        .sql(" ORDER BY series_id, timestamp_ns LIMIT ")
        .int(capped(MAX_SAMPLES + 1));
    load_samples(connection, statement)
}

pub(super) fn before(
    store: &Store,
    project_id: ProjectId,
    series: &[SeriesId],
    before_ns: i64,
) -> Result<HashMap<SeriesId, (i64, f64)>, Error> {
    let ids: Vec<i64> = series.iter().map(|series| series.0).collect();
    let newest = newest(store, project_id, &ids, before_ns)?;
    Ok(newest
        .into_iter()
        .map(|(id, sample)| (SeriesId(id), sample))
        .collect())
}

pub(super) fn latest(
    store: &Store,
    project_id: ProjectId,
    name: &str,
    matchers: &[LabelMatcher],
) -> Result<Vec<MetricPoint>, Error> {
    let found = series(store, project_id, name, matchers)?;
    let ids: Vec<i64> = found.iter().map(|series| series.id.0).collect();
    let mut newest = newest(store, project_id, &ids, i64::MAX)?;
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

/// The newest sample of each series before an instant.
fn newest(
    store: &Store,
    project_id: ProjectId,
    ids: &[i64],
    before_ns: i64,
) -> Result<HashMap<i64, (i64, f64)>, Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    store.read_snapshot(|connection| {
        let mut wanted = BTreeMap::new();
        for chunk in ids.chunks(MAX_SERIES) {
            for (id, sealed_until_ns) in sealed_until(connection, project_id, chunk)? {
                let newest = Newest {
                    before_ns,
                    sealed_until_ns,
                    found: None,
                };
                wanted.insert(id, newest);
            }
            let statement = newest_rows(store.backend(), project_id, chunk, before_ns);
            for (id, timestamp_ns, value) in load_samples(connection, statement)? {
                if let Some(newest) = wanted.get_mut(&id) {
                    newest.found = Some((timestamp_ns, value));
                }
            }
        }
        let is_sealed = |newest: &Newest| {
            let found_ns = newest.found.map_or(i64::MIN, |(at_ns, _)| at_ns);
            newest.sealed_until_ns > found_ns
        };
        let sealed = wanted.values().filter(|newest| is_sealed(newest));
        let (from, until) = sealed.fold((i64::MAX, i64::MIN), |(from, until), newest| {
            let found_ns = newest.found.map_or(i64::MIN, |(at_ns, _)| at_ns);
            (from.min(found_ns), until.max(newest.sealed_until_ns))
        });
        if from <= until {
            let range = TimeRange {
                start_ns: from,
                end_ns: before_ns.min(until.saturating_add(1)),
            };
            let blocks = kinds::in_range(connection, BlockKind::Samples, project_id, range)?;
            sealed::find_newest(store, connection, blocks, &mut wanted)?;
        }
        let found = |(id, newest): (i64, Newest)| Some((id, newest.found?));
        Ok(wanted.into_iter().filter_map(found).collect())
    })
}

/// Until when something of these series lies in blocks; unknown series are left out.
fn sealed_until(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    ids: &[i64],
) -> Result<Vec<(i64, i64)>, Error> {
    let mut statement =
        Statement::new("SELECT id, sealed_until_ns FROM metric_series WHERE project_id = ");
    statement
        .bytes(project_id.as_bytes().as_slice())
        .sql(" AND ");
    statement.in_ints("id", ids.iter().copied());
    let rows = statement.returning::<(BigInt, BigInt)>();
    Ok(on_both!(connection, concrete => rows.load(concrete))?)
}

/// The newest row of each series before an instant: one step into the key per series on both; only Postgres has LATERAL, and
/// only it needs it.
fn newest_rows(
    backend: Backend,
    project_id: ProjectId,
    ids: &[i64],
    before_ns: i64,
) -> Statement<'static> {
    let mut statement =
        Statement::new("SELECT s.id, m.timestamp_ns, m.value FROM metric_series s ");
    match backend {
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
    statement.bytes(project_id.as_bytes().to_vec()).sql(" AND ");
    statement.in_ints("s.id", ids.iter().copied());
    statement
}

fn load_samples(
    connection: &mut AnyConnection,
    statement: Statement<'_>,
) -> Result<Vec<(i64, i64, f64)>, Error> {
    let rows = statement.returning::<(BigInt, BigInt, Double)>();
    Ok(on_both!(connection, concrete => rows.load(concrete))?)
}

/// Samples of several blocks and of rows, put together.
#[derive(Default)]
struct Merged {
    samples: HashMap<i64, Vec<(i64, f64)>>,
    added: usize,
}

impl Merged {
    /// Adds samples that count before all that were added earlier.
    fn add(&mut self, series: i64, samples: impl ExactSizeIterator<Item = (i64, f64)>) {
        if samples.len() > 0 {
            self.added += samples.len();
            self.samples.entry(series).or_default().extend(samples);
        }
    }

    /// Whether they are no more than one call returns.
    fn fits(&mut self) -> bool {
        if self.added > MAX_SAMPLES {
            self.added = self.samples.values_mut().map(in_order).sum();
        }
        self.added <= MAX_SAMPLES
    }

    fn finish(mut self) -> HashMap<i64, Vec<(i64, f64)>> {
        self.samples.values_mut().for_each(|samples| {
            in_order(samples);
        });
        self.samples
    }
}

/// Sorts samples by time; of several at one instant the one that was added last stays. How many are left.
fn in_order(samples: &mut Vec<(i64, f64)>) -> usize {
    if !samples.is_sorted_by(|a, b| a.0 < b.0) {
        samples.sort_by_key(|(at_ns, _)| *at_ns);
        samples.reverse();
        samples.dedup_by_key(|(at_ns, _)| *at_ns);
        samples.reverse();
    }
    samples.len()
}

fn capped(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
