//! Where to look: rollups as an index of the rows.
//!
//! A read with conditions never scans its whole range. It walks the minutes that the rollups say hold matching
//! (service, severity, template) cells, in slices of a bounded number of rows, and stops when it has enough. So a
//! statement is short, the time budget is asked between slices on both databases, and a rare pattern in a month of
//! records is found by its few minutes. Blocks will be walked the same way.

use std::collections::VecDeque;

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use domain::{LogFilter, NANOS_PER_MINUTE, Order, ProjectId, TimeRange};

use super::filter;
use super::statistics::{NANOS_PER_HOUR, hour_of, minute_of};
use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;

/// Rows that one statement looks at, about: some 30 ms of work.
const SLICE_ROWS: i64 = 50_000;
/// Rows of the tail in a range up to which they are looked at directly: rollups count those of blocks too, and would lead
/// to minutes that have none here.
const FEW_ROWS: i64 = 20_000;
/// Rows without a match that are rather scanned than stepped over with a statement of its own.
const GAP_ROWS: i64 = 2_000;
/// Pieces that one crowded minute is cut into at most.
const MAX_PIECES: i64 = 600;
/// Hours with a match that are looked for at once: few at first, more when the walk goes on.
const FIRST_HOURS: i64 = 2;
const MAX_HOURS: i64 = 1_024;
/// Neighbouring hours whose minutes are read at once.
const HOURS_TOGETHER: i64 = 24;

/// Walks a range of time in the order of a page.
pub(crate) struct Slices {
    project_id: ProjectId,
    range: TimeRange,
    order: Order,
    /// What is left of the range, to the hour.
    rest: TimeRange,
    is_done: bool,
    /// Whether it was looked how many rows there are.
    is_begun: bool,
    hours_wanted: i64,
    hours: VecDeque<i64>,
    minutes: VecDeque<Minute>,
}

#[derive(Debug, Clone, Copy)]
struct Minute {
    start_ns: i64,
    total: i64,
    matched: i64,
}

impl Slices {
    pub(crate) fn new(project_id: ProjectId, range: TimeRange, order: Order) -> Self {
        Self {
            project_id,
            range,
            order,
            rest: TimeRange {
                start_ns: hour_of(range.start_ns),
                end_ns: range.end_ns,
            },
            is_done: range.start_ns >= range.end_ns,
            is_begun: false,
            hours_wanted: FIRST_HOURS,
            hours: VecDeque::new(),
            minutes: VecDeque::new(),
        }
    }

    /// The next stretches of time to look at, in order; empty at the end. `enough` matching cells' rows end a
    /// batch early when the rollups decide alone (`None`: rows have conditions of their own).
    pub(crate) fn next(
        &mut self,
        connection: &mut AnyConnection,
        filter: &LogFilter,
        enough: Option<i64>,
    ) -> Result<Vec<TimeRange>, Error> {
        if !std::mem::replace(&mut self.is_begun, true) && !self.is_done {
            let few = self.few(connection)?;
            self.is_done = few.is_some();
            match few {
                Some(0) => return Ok(Vec::new()),
                Some(_) => return Ok(vec![self.range]),
                None => {}
            }
        }
        loop {
            let slice = self.cut_slice(enough);
            if !slice.is_empty() {
                return Ok(slice);
            }
            if !self.minutes.is_empty() {
                continue;
            }
            if !self.hours.is_empty() {
                self.read_minutes(connection, filter)?;
            } else if self.is_done {
                return Ok(Vec::new());
            } else {
                self.read_hours(connection, filter)?;
            }
        }
    }

    /// The rows of the tail in the range, when they are few.
    fn few(&self, connection: &mut AnyConnection) -> Result<Option<i64>, Error> {
        let mut statement = Statement::new(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM (SELECT 1 FROM log_tail WHERE project_id = ",
        );
        statement.bytes(self.project_id.as_bytes().to_vec());
        filter::time_conditions(&mut statement, self.range);
        statement.sql(" LIMIT ").int(FEW_ROWS + 1);
        statement.sql(") AS few");
        let rows = statement.returning::<(BigInt,)>();
        let rows: Vec<(i64,)> = on_both!(connection, concrete => rows.load(concrete))?;
        let count = rows.first().map_or(0, |(count,)| *count);
        Ok((count <= FEW_ROWS).then_some(count))
    }

    /// The next hours that hold a match.
    fn read_hours(
        &mut self,
        connection: &mut AnyConnection,
        filter: &LogFilter,
    ) -> Result<(), Error> {
        let mut statement =
            Statement::new("SELECT DISTINCT hour_ns FROM rollup_hours WHERE project_id = ");
        statement.bytes(self.project_id.as_bytes().to_vec());
        statement.sql(" AND hour_ns >= ").int(self.rest.start_ns);
        if self.rest.end_ns < i64::MAX {
            statement.sql(" AND hour_ns < ").int(self.rest.end_ns);
        }
        filter::cell_conditions(&mut statement, filter);
        statement.sql(match self.order {
            Order::NewestFirst => " ORDER BY hour_ns DESC LIMIT ",
            Order::OldestFirst => " ORDER BY hour_ns LIMIT ",
        });
        statement.int(self.hours_wanted);
        let rows = statement.returning::<(BigInt,)>();
        let rows: Vec<(i64,)> = on_both!(connection, concrete => rows.load(concrete))?;
        self.is_done = i64::try_from(rows.len()).unwrap_or(i64::MAX) < self.hours_wanted;
        self.hours_wanted = (self.hours_wanted * 4).min(MAX_HOURS);
        if let Some((last,)) = rows.last() {
            match self.order {
                Order::NewestFirst => self.rest.end_ns = *last,
                Order::OldestFirst => self.rest.start_ns = last.saturating_add(1),
            }
        }
        self.hours
            .extend(rows.into_iter().map(|(hour_ns,)| hour_ns));
        Ok(())
    }

    /// Takes neighbouring hours off the list: the stretch that they cover.
    fn next_hours(&mut self) -> Option<TimeRange> {
        let first = self.hours.pop_front()?;
        let mut last = first;
        for _ in 1..HOURS_TOGETHER {
            match self.hours.front() {
                Some(next) if next.abs_diff(last) <= NANOS_PER_HOUR.unsigned_abs() => {
                    last = *next;
                    self.hours.pop_front();
                }
                _ => break,
            }
        }
        Some(TimeRange {
            start_ns: first.min(last),
            end_ns: first.max(last).saturating_add(NANOS_PER_HOUR),
        })
    }

    /// The minutes of the next hours, with their rows and how many of those match.
    fn read_minutes(
        &mut self,
        connection: &mut AnyConnection,
        filter: &LogFilter,
    ) -> Result<(), Error> {
        let Some(stretch) = self.next_hours() else {
            return Ok(());
        };
        let mut statement = Statement::new(
            "SELECT minute_ns, CAST(SUM(count) AS BIGINT), CAST(SUM(CASE WHEN 1 = 1",
        );
        filter::cell_conditions(&mut statement, filter);
        statement.sql(" THEN count ELSE 0 END) AS BIGINT) FROM rollups WHERE project_id = ");
        statement.bytes(self.project_id.as_bytes().to_vec());
        let start_ns = stretch.start_ns.max(minute_of(self.range.start_ns));
        statement.sql(" AND minute_ns >= ").int(start_ns);
        let end_ns = stretch.end_ns.min(self.range.end_ns);
        if end_ns < i64::MAX {
            statement.sql(" AND minute_ns < ").int(end_ns);
        }
        statement.sql(match self.order {
            Order::NewestFirst => " GROUP BY minute_ns ORDER BY minute_ns DESC",
            Order::OldestFirst => " GROUP BY minute_ns ORDER BY minute_ns",
        });
        let rows = statement.returning::<(BigInt, BigInt, BigInt)>();
        let rows: Vec<(i64, i64, i64)> = on_both!(connection, concrete => rows.load(concrete))?;
        self.minutes
            .extend(rows.into_iter().map(|(start_ns, total, matched)| Minute {
                start_ns,
                total,
                matched,
            }));
        Ok(())
    }

    /// Joins neighbouring minutes up to the slice size; a crowded minute becomes several stretches.
    fn cut_slice(&mut self, enough: Option<i64>) -> Vec<TimeRange> {
        let mut slice: Option<(Minute, Minute)> = None;
        let (mut rows, mut matched, mut gap) = (0, 0, 0);
        while let Some(minute) = self.minutes.front().copied() {
            if minute.matched == 0 {
                self.minutes.pop_front();
                gap += minute.total;
                if slice.is_some() && gap > GAP_ROWS {
                    break;
                }
                continue;
            }
            let is_full = rows + gap + minute.total > SLICE_ROWS
                || enough.is_some_and(|enough| matched >= enough);
            if slice.is_some() && is_full {
                break;
            }
            self.minutes.pop_front();
            rows += gap + minute.total;
            gap = 0;
            matched += minute.matched;
            slice = Some((slice.map_or(minute, |(first, _)| first), minute));
        }
        let Some((first, last)) = slice else {
            return Vec::new();
        };
        let (start, end) = match self.order {
            Order::NewestFirst => (last, first),
            Order::OldestFirst => (first, last),
        };
        let whole = TimeRange {
            start_ns: start.start_ns.max(self.range.start_ns),
            end_ns: end
                .start_ns
                .saturating_add(NANOS_PER_MINUTE)
                .min(self.range.end_ns),
        };
        let pieces = (rows / SLICE_ROWS).clamp(1, MAX_PIECES);
        let mut stretches = split(whole, pieces);
        if self.order == Order::NewestFirst {
            stretches.reverse();
        }
        stretches
    }
}

/// Cuts a range into pieces of equal length.
fn split(range: TimeRange, pieces: i64) -> Vec<TimeRange> {
    let step = (range.duration_ns() / pieces).max(1);
    let mut stretches = Vec::new();
    let mut start_ns = range.start_ns;
    for piece in 1..=pieces {
        let end_ns = if piece == pieces {
            range.end_ns
        } else {
            start_ns.saturating_add(step).min(range.end_ns)
        };
        if start_ns < end_ns {
            stretches.push(TimeRange { start_ns, end_ns });
        }
        start_ns = end_ns;
    }
    stretches
}
