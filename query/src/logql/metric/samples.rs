//! Values of labels over the window before each instant.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::Order;

use super::window::{Key, Windows, seconds_of};
use super::{MAX_VALUES, Row, check_series};
use crate::logql::ast::{RangeAggregation, RangeFunction};
use crate::logql::error::Error;
use crate::logql::labels::Labels;
use crate::logql::pipeline::Entry;
use crate::logql::selector::Selection;
use crate::logql::source::Source;

/// Series that are kept apart while lines are read; an answer has far fewer.
const MAX_SERIES: usize = 20_000;
/// Values that are looked at for all instants together: a long window is looked at again for each of its instants.
const MAX_LOOKS: usize = 200_000_000;

/// What the function makes of the values of each series in each window. Lines without a number are left out.
pub(super) fn calculate(
    source: &mut Source<'_>,
    range: &RangeAggregation,
    selection: &Selection,
    key: &Key<'_>,
    windows: Windows,
) -> Result<Vec<Row>, Error> {
    let unwrapped = range.unwrap().map(|unwrap| unwrap.label.as_str());
    let mut series: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
    // The oldest first: so the first and the last of a window are those of time.
    let order = Order::OldestFirst;
    let mut is_too_much = false;
    source.scan(&selection.filter, order, usize::MAX, &mut |record| {
        let mut entry = Entry::new(record);
        if selection.admits(record)
            && entry.passes(&range.query.stages)
            && let Some(value) = entry.value
        {
            let labels = key.labels(&entry, unwrapped);
            let values = series.entry(labels).or_default();
            values.push((record.timestamp_ns, value));
            if series.len() > MAX_SERIES {
                is_too_much = true;
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    if is_too_much {
        check_series(series.len(), source)?;
    }
    if series.len().saturating_mul(windows.steps.count()) > MAX_VALUES {
        return Err(Error::Limit(format!(
            "the query would hold more than {MAX_VALUES} values; consider a larger step or fewer labels to group by"
        )));
    }
    let mut looks = 0;
    let mut rows = Vec::with_capacity(series.len());
    for (labels, values) in series {
        source.check_time()?;
        let windows_of = windows.of(&values);
        looks += windows_of
            .iter()
            .map(|(first, end)| end - first)
            .sum::<usize>();
        if looks > MAX_LOOKS {
            return Err(Error::Limit(format!(
                "the query would look at more than {MAX_LOOKS} values; consider a larger step or a smaller window"
            )));
        }
        let values = windows_of
            .into_iter()
            .map(|(first, end)| combine(range, &values[first..end]))
            .collect();
        rows.push(Row { labels, values });
    }
    Ok(rows)
}

/// One number out of the values of a window; `None` when there are none.
fn combine(range: &RangeAggregation, values: &[(i64, f64)]) -> Option<f64> {
    let (first, last) = (values.first()?.1, values.last()?.1);
    let count = values.len() as f64;
    let numbers = || values.iter().map(|(_, value)| *value);
    let sum = || numbers().sum::<f64>();
    let variance = || {
        let mean = sum() / count;
        numbers().map(|value| (value - mean).powi(2)).sum::<f64>() / count
    };
    Some(match range.function {
        RangeFunction::Sum => sum(),
        RangeFunction::Rate => sum() / seconds_of(range.range_ns),
        RangeFunction::Average => sum() / count,
        RangeFunction::Minimum => numbers().fold(f64::INFINITY, f64::min),
        RangeFunction::Maximum => numbers().fold(f64::NEG_INFINITY, f64::max),
        RangeFunction::First => first,
        RangeFunction::Last => last,
        RangeFunction::Variance => variance(),
        RangeFunction::Deviation => variance().sqrt(),
        RangeFunction::Quantile => quantile(range.quantile, numbers().collect()),
        // The parser lets none of these have values.
        RangeFunction::CountOverTime | RangeFunction::BytesOverTime | RangeFunction::BytesRate => {
            count
        }
    })
}

/// Between the two nearest values, as Prometheus does it; infinite outside of 0 and 1.
fn quantile(wanted: f64, mut values: Vec<f64>) -> f64 {
    if wanted.is_nan() {
        return f64::NAN;
    }
    if wanted < 0.0 {
        return f64::NEG_INFINITY;
    }
    if wanted > 1.0 {
        return f64::INFINITY;
    }
    values.sort_unstable_by(f64::total_cmp);
    let rank = wanted * (values.len() - 1) as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    values[below] * (1.0 - weight) + values[above] * weight
}
