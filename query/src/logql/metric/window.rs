//! Lines counted over the window before each instant.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::{NANOS_PER_SECOND, Order, TimeRange};

use super::{MAX_VALUES, Row, Steps, rollup, samples};
use crate::logql::ast::{Grouping, LogQuery, RangeAggregation};
use crate::logql::error::Error;
use crate::logql::labels::{LEVEL_NAMES, Labels, SERVICE_NAMES};
use crate::logql::pipeline::Entry;
use crate::logql::selector::{Selection, is_decided_by_selector, select};
use crate::logql::source::Source;

/// More lines than this are not read to place them exactly where counts of minutes tell about where they are.
const EXACT_LINES: u64 = 100_000;
/// Less than this is what adding and taking away parts of minutes leaves of nothing.
const LEAST_COUNT: f64 = 1e-6;

/// Which labels tell series apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key<'g> {
    /// Those of the stream, and what stages found.
    Stream,
    /// These.
    By(&'g [String]),
    /// Those of the stream and what stages found, without these.
    Without(&'g [String]),
    /// Those of the stream, what stages found, and these: what is made of the series asks for them.
    With(&'g [String]),
}

impl<'g> Key<'g> {
    pub(super) fn of(grouping: &'g Grouping) -> Self {
        if grouping.is_without {
            Self::Without(&grouping.labels)
        } else {
            Self::By(&grouping.labels)
        }
    }

    /// Whether it needs no more than service and severity.
    fn is_of_stream(&self, query: &LogQuery) -> bool {
        match self {
            Self::By(names) => names.iter().all(|name| {
                let name = name.as_str();
                LEVEL_NAMES.contains(&name) || SERVICE_NAMES.contains(&name)
            }),
            Self::Stream | Self::Without(_) => query.stages.is_empty(),
            Self::With(names) => query.stages.is_empty() && Self::By(names).is_of_stream(query),
        }
    }

    /// The labels of a line's series; `unwrapped` is the label that its value was.
    pub(super) fn labels(&self, entry: &Entry<'_>, unwrapped: Option<&str>) -> Labels {
        let all = || {
            let mut labels = entry.visible_parsed();
            labels.extend(entry.stream());
            labels
                .retain(|name, _| !name.starts_with("__error") && Some(name.as_str()) != unwrapped);
            labels
        };
        let named = |names: &[String]| -> Labels {
            names
                .iter()
                .filter_map(|name| Some((name.clone(), entry.label(name)?.into_owned())))
                .filter(|(_, value)| !value.is_empty())
                .collect()
        };
        match self {
            Self::By(names) => named(names),
            Self::Stream => all(),
            Self::With(names) => {
                let mut labels = all();
                labels.extend(named(names));
                labels
            }
            Self::Without(names) => {
                let mut labels = all();
                labels.retain(|name, _| !names.contains(name));
                labels
            }
        }
    }
}

/// The counts of every series at every instant.
pub(super) fn count(
    source: &mut Source<'_>,
    range: &RangeAggregation,
    key: &Key<'_>,
    steps: Steps,
) -> Result<Vec<Row>, Error> {
    let windows = Windows::new(range, steps);
    let selection = select(source, &range.query, windows.range())?;
    if selection.is_empty {
        return Ok(Vec::new());
    }
    if range.unwrap().is_some() {
        return samples::calculate(source, range, &selection, key, windows);
    }
    let mut series = Counts::new(windows);
    let may_use_rollups = !range.function.is_of_bytes()
        && selection.is_answered_by_rollups()
        && key.is_of_stream(&range.query)
        && is_decided_by_selector(&range.query);
    let limit =
        u64::try_from(source.budget.records / 2).map_or(EXACT_LINES, |half| half.min(EXACT_LINES));
    if may_use_rollups && (windows.is_of_minutes() || source.count(&selection.filter)? > limit) {
        rollup::count(source, &selection, key, &mut series)?;
    } else {
        by_lines(source, range, &selection, key, &mut series)?;
    }
    let seconds = seconds_of(range.range_ns);
    let divisor = if range.function.is_per_second() {
        seconds
    } else {
        1.0
    };
    Ok(series.into_rows(divisor))
}

pub(super) fn seconds_of(duration_ns: i64) -> f64 {
    duration_ns as f64 / NANOS_PER_SECOND as f64
}

fn by_lines(
    source: &mut Source<'_>,
    range: &RangeAggregation,
    selection: &Selection,
    key: &Key<'_>,
    series: &mut Counts,
) -> Result<(), Error> {
    let mut failure = None;
    source.scan(
        &selection.filter,
        Order::NewestFirst,
        usize::MAX,
        &mut |record| {
            let mut entry = Entry::new(record);
            if !selection.admits(record) || !entry.passes(&range.query.stages) {
                return ControlFlow::Continue(());
            }
            let value = if range.function.is_of_bytes() {
                entry.line_bytes() as f64
            } else {
                1.0
            };
            match series.add(key.labels(&entry, None), record.timestamp_ns, value) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        },
    )?;
    failure.map_or(Ok(()), Err)
}

/// The windows of all instants: each ends with its instant, which is inside, and begins after that much before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    pub steps: Steps,
    pub range_ns: i64,
    pub offset_ns: i64,
}

impl Windows {
    fn new(range: &RangeAggregation, steps: Steps) -> Self {
        Self {
            steps,
            range_ns: range.range_ns,
            offset_ns: range.offset_ns,
        }
    }

    /// Everything that is in one of them.
    pub(super) fn range(&self) -> TimeRange {
        let last = self.steps.instant(self.steps.count().saturating_sub(1));
        let begin = self.steps.start_ns.saturating_sub(self.offset_ns);
        TimeRange {
            start_ns: begin.saturating_sub(self.range_ns).saturating_add(1),
            end_ns: last.saturating_sub(self.offset_ns).saturating_add(1),
        }
    }

    /// Whether counts of whole minutes answer them: they begin and end with minutes, or there is only one, whose ends
    /// the store counts exactly.
    fn is_of_minutes(&self) -> bool {
        let is_whole = |at_ns: i64| at_ns % domain::NANOS_PER_MINUTE == 0;
        self.steps.count() == 1
            || [
                self.steps.start_ns,
                self.steps.step_ns,
                self.range_ns,
                self.offset_ns,
            ]
            .into_iter()
            .all(is_whole)
    }

    /// For each instant the places of the samples in its window, which are in the order of time: from the first to the one
    /// before the second.
    pub(super) fn of(&self, samples: &[(i64, f64)]) -> Vec<(usize, usize)> {
        let (mut first, mut end) = (0, 0);
        let place = |mut at: usize, until_ns: i64| {
            while samples.get(at).is_some_and(|(at_ns, _)| *at_ns <= until_ns) {
                at += 1;
            }
            at
        };
        let instants = self.steps.instants();
        instants
            .map(|at_ns| {
                let last_ns = at_ns.saturating_sub(self.offset_ns);
                end = place(end, last_ns);
                first = place(first, last_ns.saturating_sub(self.range_ns));
                (first, end)
            })
            .collect()
    }

    /// The numbers of the instants whose window holds this one: from the first to the one before the second.
    fn holding(&self, at_ns: i64) -> Option<(usize, usize)> {
        let step = i128::from(self.steps.step_ns.max(1));
        let since =
            i128::from(at_ns) + i128::from(self.offset_ns) - i128::from(self.steps.start_ns);
        let first = (since + step - 1).div_euclid(step).max(0);
        let end = (since + i128::from(self.range_ns) - 1).div_euclid(step) + 1;
        let count = self.steps.count();
        let first = usize::try_from(first).ok()?;
        let end = usize::try_from(end).ok()?.min(count);
        (first < end).then_some((first, end))
    }
}

/// Counts of every series as differences from one instant to the next, so that a line costs the same however long the
/// window is.
pub(super) struct Counts {
    pub windows: Windows,
    length: usize,
    /// How many there are, and their values.
    series: BTreeMap<Labels, Vec<(f64, f64)>>,
}

impl Counts {
    fn new(windows: Windows) -> Self {
        Self {
            windows,
            length: windows.steps.count() + 1,
            series: BTreeMap::new(),
        }
    }

    /// Whether counts of whole minutes answer the windows.
    pub(super) fn is_of_minutes(&self) -> bool {
        self.windows.is_of_minutes()
    }

    /// Adds a line with its value.
    fn add(&mut self, labels: Labels, at_ns: i64, value: f64) -> Result<(), Error> {
        self.add_both(labels, at_ns, 1.0, value)
    }

    /// Adds so many lines, whose value is their number.
    pub(super) fn add_many(&mut self, labels: Labels, at_ns: i64, count: f64) -> Result<(), Error> {
        self.add_both(labels, at_ns, count, count)
    }

    fn add_both(
        &mut self,
        labels: Labels,
        at_ns: i64,
        count: f64,
        value: f64,
    ) -> Result<(), Error> {
        let Some((first, end)) = self.windows.holding(at_ns) else {
            return Ok(());
        };
        if !self.series.contains_key(&labels) && (self.series.len() + 1) * self.length > MAX_VALUES
        {
            return Err(Error::Limit(format!(
                "the query would hold more than {MAX_VALUES} values; consider adding more specific stream selectors, \
                 a larger step or fewer labels to group by"
            )));
        }
        let length = self.length;
        let values = self
            .series
            .entry(labels)
            .or_insert_with(|| vec![(0.0, 0.0); length]);
        values[first].0 += count;
        values[first].1 += value;
        values[end].0 -= count;
        values[end].1 -= value;
        Ok(())
    }

    fn into_rows(self, divisor: f64) -> Vec<Row> {
        let rows = self.series.into_iter().map(|(labels, differences)| {
            let (mut count, mut total) = (0.0_f64, 0.0_f64);
            let instants = differences.len() - 1;
            let values = differences.into_iter().take(instants).map(|(more, value)| {
                count += more;
                total += value;
                (count > LEAST_COUNT).then(|| without_rest(total) / divisor)
            });
            let values = values.collect();
            Row { labels, values }
        });
        rows.collect()
    }
}

/// Without what adding and taking away parts of minutes leaves behind.
fn without_rest(total: f64) -> f64 {
    if total.fract() == 0.0 {
        total
    } else {
        (total * 1e6).round() / 1e6
    }
}
