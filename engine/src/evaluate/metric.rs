//! From the samples of a window to one value per group.

use std::collections::BTreeMap;

use alerting::{Aggregation, Reading};
use domain::{MetricKind, NANOS_PER_MINUTE, TimeRange};
use store::MetricSeries;

/// A counter's last total before the window counts when it is at most so many windows old (and an hour at
/// least): what it grew in a longer silence is not of this window.
const BASE_WINDOWS: i64 = 3;
/// See [`BASE_WINDOWS`].
const LEAST_BASE_NS: i64 = 60 * NANOS_PER_MINUTE;

pub(super) fn metric_readings(
    series: &[MetricSeries],
    group_by: &[String],
    aggregation: impl Fn(MetricKind) -> Aggregation,
    base: impl Fn(&MetricSeries) -> Option<f64>,
) -> Vec<Reading> {
    let mut groups: BTreeMap<BTreeMap<String, String>, (Aggregation, Vec<f64>, Reading)> =
        BTreeMap::new();
    for one in series {
        let how = aggregation(one.kind);
        let base = grows(one.kind, how).then(|| base(one)).flatten();
        let Some(value) = aggregate(how, base, &one.samples) else {
            continue;
        };
        let labels: BTreeMap<String, String> = group_by
            .iter()
            .map(|label| {
                (
                    label.clone(),
                    one.labels.get(label).cloned().unwrap_or_default(),
                )
            })
            .collect();
        let group = groups.entry(labels.clone()).or_insert_with(|| {
            let reading = Reading {
                labels,
                started_at_ns: one.samples.first().map(|sample| sample.0),
                ..Reading::default()
            };
            (how, Vec::new(), reading)
        });
        group.1.push(value);
        if let Some(service) = one.labels.get("service")
            && !group.2.services.contains(service)
        {
            group.2.services.push(service.clone());
        }
    }
    groups
        .into_values()
        .map(|(how, values, mut reading)| {
            reading.value = Some(combine(how, &values));
            reading
        })
        .collect()
}

/// Whether a value tells how much a counter grew: from its last total before the window on.
pub(super) fn grows(kind: MetricKind, how: Aggregation) -> bool {
    kind == MetricKind::Counter && how == Aggregation::Increase
}

/// The total that a counter's growth in a window is counted from: the last one before it, or 0 for a counter that
/// never was there. After a long silence nobody knows, and the first total of the window is taken (`None`).
pub(super) fn base(
    series: &MetricSeries,
    before: Option<&(i64, f64)>,
    window: TimeRange,
) -> Option<f64> {
    let Some((at_ns, total)) = before else {
        return Some(0.0);
    };
    let longest_ns = window
        .duration_ns()
        .saturating_mul(BASE_WINDOWS)
        .max(LEAST_BASE_NS);
    let first_ns = series.samples.first().map_or(window.start_ns, |s| s.0);
    (first_ns.saturating_sub(*at_ns) <= longest_ns).then_some(*total)
}

/// One value of one series' samples; `None` without samples. `base` is what an increase is counted from; without
/// it, from the first sample.
pub(super) fn aggregate(
    how: Aggregation,
    base: Option<f64>,
    samples: &[(i64, f64)],
) -> Option<f64> {
    let values = samples.iter().map(|sample| sample.1);
    let grown = |from: f64, to: f64| if to < from { to } else { to - from };
    let last = samples.last()?.1;
    Some(match how {
        // A counter that falls was restarted: what it shows then has grown from zero.
        Aggregation::Increase => {
            let first = base.map_or(0.0, |base| grown(base, samples[0].1));
            let rest = samples.windows(2).map(|pair| grown(pair[0].1, pair[1].1));
            first + rest.sum::<f64>()
        }
        Aggregation::Sum => values.sum(),
        Aggregation::Avg => values.sum::<f64>() / samples.len() as f64,
        Aggregation::Max => values.fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Min => values.fold(f64::INFINITY, f64::min),
        Aggregation::Last => last,
        Aggregation::Count => samples.len() as f64,
    })
}

/// One value of several series' values.
fn combine(how: Aggregation, values: &[f64]) -> f64 {
    match how {
        Aggregation::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Avg => values.iter().sum::<f64>() / values.len().max(1) as f64,
        Aggregation::Increase | Aggregation::Sum | Aggregation::Last | Aggregation::Count => {
            values.iter().sum()
        }
    }
}
