//! The same counts out of what is counted already: per minute, service and severity.

use domain::{LogFilter, NANOS_PER_MINUTE, NANOS_PER_SECOND, Severity};

use super::check_series;
use super::window::{Counts, Key};
use crate::logql::ast::Grouping;
use crate::logql::error::Error;
use crate::logql::labels::{LEVEL_NAMES, Labels, SERVICE_NAMES, level_of, stream_of};
use crate::logql::selector::Selection;
use crate::logql::source::Source;

/// Buckets that the store counts at once.
const BUCKETS: i64 = 5_000;
/// Pieces of a bucket when windows begin or end inside of minutes: then its records count as spread evenly over it.
const PIECES: i64 = 60;
/// A bucket that no window is longer than.
const CENTURY_NS: i64 = 100 * 365 * 24 * 60 * NANOS_PER_MINUTE;

/// Adds the counts of every series.
pub(super) fn count(
    source: &mut Source<'_>,
    selection: &Selection,
    key: &Key<'_>,
    series: &mut Counts,
) -> Result<(), Error> {
    if !is_by_service(key) {
        return of_one(source, &selection.filter, None, key, series);
    }
    if let [service] = selection.filter.services.as_slice() {
        return of_one(source, &selection.filter, Some(service), key, series);
    }
    let found = source.services(selection.filter.range)?;
    let filter = &selection.filter;
    let services: Vec<String> = found
        .into_iter()
        .map(|row| row.service)
        .filter(|name| filter.services.is_empty() || filter.services.contains(name))
        .filter(|name| !filter.excluded_services.contains(name))
        .collect();
    check_series(services.len(), source)?;
    for service in services {
        let mut filter = filter.clone();
        filter.services = vec![service.clone()];
        filter.excluded_services.clear();
        of_one(source, &filter, Some(&service), key, series)?;
    }
    Ok(())
}

fn is_by_service(key: &Key<'_>) -> bool {
    let is_service = |name: &String| SERVICE_NAMES.contains(&name.as_str());
    match key {
        Key::Stream | Key::With(_) => true,
        Key::By(names) => names.iter().any(is_service),
        Key::Without(names) => !names.iter().any(is_service),
    }
}

fn of_one(
    source: &mut Source<'_>,
    filter: &LogFilter,
    service: Option<&str>,
    key: &Key<'_>,
    series: &mut Counts,
) -> Result<(), Error> {
    let windows = series.windows;
    if windows.steps.count() == 1 {
        // The ends of the range are counted exactly, so one bucket is the window.
        let at_ns = filter.range.end_ns.saturating_sub(1);
        for bucket in source.histogram(filter, CENTURY_NS)? {
            for (severity, count) in bucket.counts {
                let labels = labels(key, service, severity);
                series.add_many(labels, at_ns, count as f64)?;
            }
        }
        return Ok(());
    }
    let is_whole = series.is_of_minutes();
    let width = if is_whole {
        let begin_ns = windows.steps.start_ns.saturating_abs();
        [begin_ns, windows.range_ns, windows.offset_ns]
            .into_iter()
            .fold(windows.steps.step_ns, greatest_common_divisor)
    } else {
        NANOS_PER_MINUTE
    };
    let mut filter = filter.clone();
    let end_ns = if is_whole {
        // What happens at the last instant itself belongs to the minute that begins there.
        filter.range.end_ns.saturating_sub(1)
    } else {
        // A minute of which only a part is wanted is spread as a whole.
        let last = filter.range.end_ns.saturating_sub(1).div_euclid(width);
        last.saturating_add(1).saturating_mul(width)
    };
    // Windows that end with a minute begin with one: the first instant inside is the one after its start.
    let mut start_ns = filter
        .range
        .start_ns
        .div_euclid(width)
        .saturating_mul(width);
    while start_ns < end_ns {
        let next_ns = start_ns
            .saturating_add(width.saturating_mul(BUCKETS))
            .min(end_ns);
        filter.range.start_ns = start_ns;
        filter.range.end_ns = next_ns;
        for bucket in source.histogram(&filter, width)? {
            for (severity, count) in bucket.counts {
                let labels = labels(key, service, severity);
                if is_whole {
                    let last_ns = bucket.start_ns.saturating_add(width - 1);
                    series.add_many(labels, last_ns, count as f64)?;
                } else {
                    spread(series, &labels, bucket.start_ns, count as f64)?;
                }
            }
        }
        start_ns = next_ns;
    }
    Ok(())
}

fn spread(series: &mut Counts, labels: &Labels, minute_ns: i64, count: f64) -> Result<(), Error> {
    for piece in 0..PIECES {
        let middle_ns = piece * NANOS_PER_SECOND + NANOS_PER_SECOND / 2;
        let at_ns = minute_ns.saturating_add(middle_ns);
        series.add_many(labels.clone(), at_ns, count / PIECES as f64)?;
    }
    Ok(())
}

fn labels(key: &Key<'_>, service: Option<&str>, severity: Severity) -> Labels {
    let stream = || stream_of(service.unwrap_or_default(), severity);
    match key {
        Key::Stream => stream(),
        Key::With(names) => {
            let mut all = labels(&Key::By(names), service, severity);
            all.extend(stream());
            all
        }
        Key::Without(names) => {
            let grouping = Grouping {
                is_without: true,
                labels: names.to_vec(),
            };
            super::grouped(&stream(), Some(&grouping))
        }
        Key::By(names) => names
            .iter()
            .map(|name| {
                let value = if LEVEL_NAMES.contains(&name.as_str()) {
                    level_of(severity)
                } else {
                    service.unwrap_or_default()
                };
                (name.clone(), value.to_owned())
            })
            .collect(),
    }
}

fn greatest_common_divisor(mut left: i64, mut right: i64) -> i64 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left.max(NANOS_PER_MINUTE)
}
