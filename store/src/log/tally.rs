//! Counting: from rollups where they are enough, from rows where not.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{HistogramBucket, LogFilter, NANOS_PER_MINUTE, Order, ProjectId, Severity, TimeRange};

use super::budget::Budget;
use super::slices::Slices;
use super::statistics::{NANOS_PER_HOUR, minute_of};
use super::{attributes, filter, levels};
use crate::blocks::decode::{Columns, Wanted};
use crate::blocks::outline::Outline;
use crate::blocks::select::Matcher;
use crate::blocks::visit;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// A minute at the ragged edge of a range is counted row by row up to this many rows; a fuller one counts whole.
const EDGE_ROWS: i64 = 100_000;
/// Buckets that a histogram has at most.
const MAX_BUCKETS: i64 = 10_000;

/// Attributes read by one statement: with records of at most 1 MiB what is in memory at once stays bounded.
const ROWS_PER_STATEMENT: i64 = 500;

/// Counts by (bucket number, severity).
type Counts = BTreeMap<(i64, i16), i64>;

pub(crate) fn count(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
) -> Result<u64, Error> {
    let counts = tally(store, project_id, filter, None)?;
    Ok(u64::try_from(counts.values().sum::<i64>()).unwrap_or(0))
}

pub(crate) fn histogram(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    bucket_ns: i64,
) -> Result<Vec<HistogramBucket>, Error> {
    let bucket_ns = bucket_ns.max(NANOS_PER_MINUTE);
    let counts = tally(store, project_id, filter, Some(bucket_ns))?;
    let mut buckets: Vec<HistogramBucket> = Vec::new();
    for ((number, severity), count) in counts {
        let start_ns = number.saturating_mul(bucket_ns);
        let severity = Severity::from_number(i64::from(severity));
        let count = (severity, u64::try_from(count).unwrap_or(0));
        match buckets.last_mut() {
            Some(last) if last.start_ns == start_ns => last.counts.push(count),
            _ => buckets.push(HistogramBucket {
                start_ns,
                counts: vec![count],
            }),
        }
    }
    let limit = usize::try_from(MAX_BUCKETS).unwrap_or(usize::MAX);
    if buckets.len() > limit {
        return Err(Error::BadRequest {
            message: format!(
                "the histogram has {} buckets, limit is {MAX_BUCKETS}: ask for wider ones",
                buckets.len()
            ),
        });
    }
    Ok(buckets)
}

fn tally(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    bucket_ns: Option<i64>,
) -> Result<Counts, Error> {
    filter::check(filter)?;
    if filter.range.start_ns >= filter.range.end_ns {
        return Ok(Counts::new());
    }
    store.read_snapshot(|connection| {
        let mut tally = Tally {
            store,
            connection,
            backend: store.backend(),
            budget: Budget::start(store.config().read_timeout),
            project_id,
            filter,
            bucket_ns,
            counts: Counts::new(),
        };
        if filter.is_answered_by_rollups() {
            tally.by_rollups()?;
        } else {
            tally.by_rows()?;
        }
        Ok(tally.counts)
    })
}

struct Tally<'a> {
    store: &'a Store,
    connection: &'a mut AnyConnection,
    backend: Backend,
    budget: Budget,
    project_id: ProjectId,
    filter: &'a LogFilter,
    bucket_ns: Option<i64>,
    counts: Counts,
}

impl<'a> Tally<'a> {
    /// Whole minutes by their cells; the parts of minutes at both ends by rows when they are few.
    fn by_rollups(&mut self) -> Result<(), Error> {
        let range = self.filter.range;
        let first = minute_of(range.start_ns);
        let last = minute_of(range.end_ns);
        let is_start_ragged = first != range.start_ns && range.start_ns != i64::MIN;
        let is_end_ragged = last != range.end_ns && range.end_ns != i64::MAX;
        let mut whole = range;
        if is_start_ragged {
            whole.start_ns = first.saturating_add(NANOS_PER_MINUTE);
            let edge = TimeRange {
                start_ns: range.start_ns,
                end_ns: whole.start_ns.min(range.end_ns),
            };
            self.edge(first, edge)?;
        }
        if is_end_ragged && !(is_start_ragged && first == last) {
            whole.end_ns = last;
            let edge = TimeRange {
                start_ns: last.max(range.start_ns),
                end_ns: range.end_ns,
            };
            self.edge(last, edge)?;
        }
        if whole.start_ns < whole.end_ns {
            self.cells(whole)?;
        }
        Ok(())
    }

    fn edge(&mut self, minute_ns: i64, edge: TimeRange) -> Result<(), Error> {
        let mut statement = Statement::new(
            "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM rollups WHERE project_id = ",
        );
        statement.bytes(self.project_id.as_bytes().to_vec());
        statement.sql(" AND minute_ns = ").int(minute_ns);
        filter::cell_conditions(&mut statement, self.filter);
        let rows = statement.returning::<(BigInt,)>();
        let rows: Vec<(i64,)> = on_both!(self.connection, concrete => rows.load(concrete))?;
        match rows.first() {
            None | Some((0,)) => Ok(()),
            Some((total,)) if *total <= EDGE_ROWS => {
                self.rows(edge)?;
                self.blocks(edge)
            }
            Some(_) => self.cells(TimeRange {
                start_ns: minute_ns,
                end_ns: minute_ns.saturating_add(1),
            }),
        }
    }

    /// The cells of whole minutes, in the order of their key, so neither database sorts them.
    fn cells(&mut self, range: TimeRange) -> Result<(), Error> {
        let may_use_hours = self
            .bucket_ns
            .is_none_or(|width| width % NANOS_PER_HOUR == 0);
        for level in levels::of(range, may_use_hours) {
            let mut statement = Statement::new("SELECT ");
            statement.sql(level.column);
            statement.sql(", severity, CAST(SUM(count) AS BIGINT)");
            level.conditions(&mut statement, self.project_id, self.filter);
            statement
                .sql(" GROUP BY ")
                .sql(level.column)
                .sql(", severity");
            for (at_ns, severity, count) in self.load(statement)? {
                let number = self.bucket_ns.map_or(0, |width| at_ns.div_euclid(width));
                *self.counts.entry((number, severity)).or_insert(0) += count;
            }
        }
        Ok(())
    }

    fn load(&mut self, statement: Statement<'_>) -> Result<Vec<(i64, i16, i64)>, Error> {
        let rows = statement.returning::<(BigInt, SmallInt, BigInt)>();
        Ok(on_both!(self.connection, concrete => rows.load(concrete))?)
    }

    fn by_rows(&mut self) -> Result<(), Error> {
        let mut slices = Slices::new(self.project_id, self.filter.range, Order::NewestFirst);
        loop {
            let stretches = slices.next(self.connection, self.filter, None)?;
            if stretches.is_empty() {
                return self.blocks(self.filter.range);
            }
            for stretch in stretches {
                self.budget.check()?;
                self.rows(stretch)?;
            }
        }
    }

    fn rows(&mut self, range: TimeRange) -> Result<(), Error> {
        if !self.filter.attributes.is_empty() {
            return self.rows_by_attributes(range);
        }
        let mut statement = Statement::new("SELECT ");
        bucket(&mut statement, "timestamp_ns", self.bucket_ns);
        statement.sql(
            " AS bucket, severity, CAST(COUNT(*) AS BIGINT) FROM log_tail WHERE project_id = ",
        );
        self.row_conditions(&mut statement, range);
        self.group(statement)
    }

    /// The records of a stretch that lie in blocks.
    fn blocks(&mut self, range: TimeRange) -> Result<(), Error> {
        let matcher = Matcher::new(self.filter, range, &[]);
        let entries = visit::candidates(
            self.store,
            self.connection,
            self.project_id,
            self.filter,
            &matcher,
        )?;
        let (width, counts, budget) = (self.bucket_ns, &mut self.counts, &self.budget);
        let key =
            |at_ns: i64, severity| (width.map_or(0, |width| at_ns.div_euclid(width)), severity);
        let merge = |found: Counts| {
            for (key, count) in found {
                *counts.entry(key).or_insert(0) += count;
            }
            budget.check()?;
            Ok(ControlFlow::Continue(()))
        };
        if matcher.is_by_keys() {
            let look = |_, outline: &Outline| {
                let mut counts = Counts::new();
                outline.rows(&matcher, |_, row| {
                    let key = key(outline.timestamp_ns(row), outline.severity(row));
                    *counts.entry(key).or_insert(0) += 1;
                });
                counts
            };
            return visit::outlines(self.store, self.connection, &entries, look, merge);
        }
        let look = |_, columns: &Columns| {
            let mut counts = Counts::new();
            matcher.rows(columns, |row| {
                let key = key(columns.timestamps_ns[row], columns.severity(row));
                *counts.entry(key).or_insert(0) += 1;
            });
            counts
        };
        let wanted = matcher.wanted(Wanted::default());
        let (store, connection) = (self.store, &mut *self.connection);
        visit::visit(
            store,
            connection,
            &entries,
            &wanted,
            Some(&matcher),
            look,
            merge,
        )
    }

    fn row_conditions(&self, statement: &mut Statement<'a>, range: TimeRange) {
        statement.bytes(self.project_id.as_bytes().to_vec());
        filter::time_conditions(statement, range);
        filter::cell_conditions(statement, self.filter);
        filter::row_conditions(statement, self.filter, self.backend);
    }

    fn group(&mut self, mut statement: Statement<'_>) -> Result<(), Error> {
        // One bucket has at most seven severities; more buckets than the limit are refused afterwards.
        statement
            .sql(" GROUP BY 1, severity LIMIT ")
            .int((MAX_BUCKETS + 1) * 8);
        for (bucket, severity, count) in self.load(statement)? {
            *self.counts.entry((bucket, severity)).or_insert(0) += count;
        }
        Ok(())
    }

    /// Page by page, because attributes are long.
    fn rows_by_attributes(&mut self, mut range: TimeRange) -> Result<(), Error> {
        let mut after_id: Vec<u8> = Vec::new();
        loop {
            let mut statement = Statement::new("SELECT ");
            bucket(&mut statement, "timestamp_ns", self.bucket_ns);
            statement.sql(
                " AS bucket, severity, timestamp_ns, id, attributes FROM log_tail WHERE project_id = ",
            );
            self.row_conditions(&mut statement, range);
            if !after_id.is_empty() {
                statement.sql(" AND (timestamp_ns > ").int(range.start_ns);
                statement.sql(" OR id > ").bytes(after_id).sql(")");
            }
            statement
                .sql(" ORDER BY timestamp_ns, id LIMIT ")
                .int(ROWS_PER_STATEMENT);
            let rows = statement.returning::<(BigInt, SmallInt, BigInt, Binary, Text)>();
            let rows: Vec<(i64, i16, i64, Vec<u8>, String)> =
                on_both!(self.connection, concrete => rows.load(concrete))?;
            let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < ROWS_PER_STATEMENT;
            after_id = Vec::new();
            for (bucket, severity, timestamp_ns, id, text) in rows {
                if attributes::all_match(&self.filter.attributes, &text) {
                    *self.counts.entry((bucket, severity)).or_insert(0) += 1;
                }
                range.start_ns = timestamp_ns;
                after_id = id;
            }
            if is_last {
                return Ok(());
            }
            self.budget.check()?;
        }
    }
}

/// The number of the bucket of a column, counted from the epoch also before 1970; without buckets always 0.
/// The detour over negative numbers stays inside `i64` for every instant.
pub(super) fn bucket(statement: &mut Statement<'_>, column: &'static str, bucket_ns: Option<i64>) {
    match bucket_ns {
        None => statement.sql("CAST(0 AS BIGINT)"),
        Some(width) => statement.sql(format!(
            "(CASE WHEN {column} >= 0 THEN {column} / {width} ELSE -1 - (-1 - {column}) / {width} END)"
        )),
    };
}
