//! The metric detector: one streaming judge for each series.

mod judge;
mod range;
mod tail;
mod values;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use domain::{
    Anomaly, AnomalyId, AnomalyKind, MetricPoint, NANOS_PER_SECOND, ProjectId, SeriesId, Severity,
};

use crate::log::words::number;
use crate::observation::{AnomalyKey, EndReason, Ended, OpenAnomaly};
use crate::statistics::finite_or;
use judge::{Judge, Step};
use values::Values;

/// Limits and thresholds of [`MetricDetector`]. One set for every series.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricConfig {
    /// At most this many series are followed; beyond it the tenth that was silent longest is
    /// forgotten. A series costs about 5 KiB.
    pub max_series: usize,
    /// `-log10` of the probability from which a value is an anomaly. At 5, white noise, daily waves
    /// and random walks give one false anomaly in 40 or more days a series (tests).
    pub min_surprise: f64,
    /// Values inside the usual range, one after another, that end an anomaly.
    pub calm_values: u32,
    /// An anomaly that lasts this long is the new normal.
    pub adopt_minutes: u32,
}

impl Default for MetricConfig {
    fn default() -> Self {
        Self {
            max_series: 5_000,
            min_surprise: 5.0,
            calm_values: 5,
            adopt_minutes: 360,
        }
    }
}

/// What a sample meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricVerdict {
    /// 0 (as expected, or no more surprising than something a few hours ago) to 1.
    pub score: f64,
    /// The anomaly that begins with it, if one does.
    pub anomaly: Option<Anomaly>,
}

/// Watches metric series, without training, one value at a time.
///
/// Samples closer than a minute are joined to one value a minute. Counters become rates per second
/// (a fall is a restart), deltas become sums. The value is compared with the range of the last weeks
/// at this time of the day and with the range of all the last weeks; how far it is outside is turned
/// into a probability by what the very series did before. The first half hour of a series is silent.
#[derive(Debug, Clone)]
pub struct MetricDetector {
    project_id: ProjectId,
    config: MetricConfig,
    series: HashMap<SeriesId, Series>,
    ended: Vec<Ended>,
}

#[derive(Debug, Clone)]
struct Series {
    values: Values,
    judge: Judge,
    open: Option<Open>,
}

impl Series {
    /// Gives up what goes on: nobody will tell its end.
    fn lose(&mut self) -> Option<Ended> {
        self.open.take().map(|open| Ended {
            key: open.key,
            started_at_ns: open.started_at_ns,
            ended_at_ns: open.last_odd_ns,
            reason: EndReason::Lost,
        })
    }
}

#[derive(Debug, Clone)]
struct Open {
    key: AnomalyKey,
    started_at_ns: i64,
    last_odd_ns: i64,
    low: f64,
    high: f64,
    calm: u32,
    peak: f64,
    /// The latest sample and the caller's instant at which it was first noticed.
    heard: Option<(i64, i64)>,
}

/// A series with an anomaly that reports nothing for so long is not watched any more.
const SILENT_NS: i64 = 15 * 60 * NANOS_PER_SECOND;
/// Ended anomalies that are kept until somebody asks for them; the oldest go first.
const MOST_ENDED: usize = 10_000;
/// Surprise at which the score is 1 - 1/e.
const SCORE_SCALE: f64 = 8.0;

impl MetricDetector {
    /// A detector that knows no series yet.
    #[must_use]
    pub fn new(project_id: ProjectId, config: MetricConfig) -> Self {
        Self {
            project_id,
            config,
            series: HashMap::new(),
            ended: Vec::new(),
        }
    }

    /// Takes a sample; the anomaly that begins with it, if one does. Samples of a series must come in
    /// order of time: older and repeated ones, and numbers that are not finite, are ignored.
    pub fn observe(&mut self, point: &MetricPoint) -> Option<Anomaly> {
        self.judge(point).anomaly
    }

    /// As [`MetricDetector::observe`], with the score of samples that are no anomaly.
    pub fn judge(&mut self, point: &MetricPoint) -> MetricVerdict {
        if !point.value.is_finite() {
            return MetricVerdict::default();
        }
        let id = SeriesId::of(&point.name, &point.labels);
        if !self.series.contains_key(&id) {
            self.make_room();
        }
        let series = self.series.entry(id).or_insert_with(|| Series {
            values: Values::new(point.kind),
            judge: Judge::new(point.timestamp_ns.div_euclid(NANOS_PER_SECOND)),
            open: None,
        });
        let Some((at_ns, value)) = series.values.take(point.timestamp_ns, point.value) else {
            return MetricVerdict::default();
        };
        if !value.is_finite() {
            return MetricVerdict::default();
        }
        let step = series.judge.step(at_ns.div_euclid(NANOS_PER_SECOND), value);
        let score = 1.0 - (-step.news / SCORE_SCALE).exp();
        if let Some(ended) = series.watch_open(at_ns, value, step.was_usual, &self.config) {
            keep_end(&mut self.ended, ended);
        }
        let mut anomaly = None;
        if step.news >= self.config.min_surprise && series.open.is_none() {
            let found = describe(
                self.project_id,
                point,
                at_ns,
                value,
                &step,
                score,
                &series.values,
            );
            series.open = Some(Open {
                key: AnomalyKey::of(&found),
                started_at_ns: at_ns,
                last_odd_ns: at_ns,
                low: found.expected_low,
                high: found.expected_high,
                calm: 0,
                peak: value,
                heard: None,
            });
            anomaly = Some(found);
        }
        MetricVerdict { score, anomaly }
    }

    /// Ends the anomalies of series that reported nothing for 15 minutes. `now_ns` is the caller's clock,
    /// not the samples': call it now and then, also when no samples come.
    pub fn end_silent(&mut self, now_ns: i64) {
        for series in self.series.values_mut() {
            let last_ns = series.values.last_ns();
            let Some(open) = series.open.as_mut() else {
                continue;
            };
            match open.heard {
                Some((sample_ns, since_ns)) if sample_ns == last_ns => {
                    if now_ns.saturating_sub(since_ns) >= SILENT_NS
                        && let Some(ended) = series.lose()
                    {
                        keep_end(&mut self.ended, ended);
                    }
                }
                _ => open.heard = Some((last_ns, now_ns)),
            }
        }
    }

    /// The anomalies that ended since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// The anomalies that go on, in a stable order.
    #[must_use]
    pub fn open(&self) -> Vec<OpenAnomaly> {
        let mut all: Vec<OpenAnomaly> = self
            .series
            .values()
            .filter_map(|s| s.open.as_ref())
            .map(|open| OpenAnomaly {
                key: open.key.clone(),
                started_at_ns: open.started_at_ns,
                peak: open.peak,
            })
            .collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// How many series are followed; at most [`MetricConfig::max_series`].
    #[must_use]
    pub fn series_count(&self) -> usize {
        self.series.len()
    }

    fn make_room(&mut self) {
        let limit = self.config.max_series.max(1);
        if self.series.len() < limit {
            return;
        }
        let mut ages: Vec<(i64, SeriesId)> = self
            .series
            .iter()
            .map(|(id, s)| (s.values.last_ns(), *id))
            .collect();
        ages.sort_unstable();
        for (_, id) in ages.iter().take((limit / 10).max(1)) {
            let lost = self.series.remove(id).and_then(|mut series| series.lose());
            if let Some(ended) = lost {
                keep_end(&mut self.ended, ended);
            }
        }
    }
}

fn keep_end(ends: &mut Vec<Ended>, ended: Ended) {
    if ends.len() >= MOST_ENDED {
        ends.remove(0);
    }
    ends.push(ended);
}

impl Series {
    /// Follows the open anomaly and says when it is over.
    fn watch_open(
        &mut self,
        at_ns: i64,
        value: f64,
        was_usual: bool,
        config: &MetricConfig,
    ) -> Option<Ended> {
        let open = self.open.as_mut()?;
        let away = |v: f64| (v - open.high).max(open.low - v);
        if away(value) > 0.0 && !was_usual {
            if away(value) > away(open.peak) {
                open.peak = value;
            }
            open.calm = 0;
            open.last_odd_ns = at_ns;
        } else {
            open.calm += 1;
        }
        let longest = i64::from(config.adopt_minutes) * 60 * NANOS_PER_SECOND;
        let reason = if open.calm >= config.calm_values.max(1) {
            EndReason::BackToNormal
        } else if at_ns.saturating_sub(open.started_at_ns) >= longest {
            EndReason::NewNormal
        } else {
            return None;
        };
        self.open.take().map(|open| Ended {
            key: open.key,
            started_at_ns: open.started_at_ns,
            ended_at_ns: open.last_odd_ns,
            reason,
        })
    }
}

fn describe(
    project_id: ProjectId,
    point: &MetricPoint,
    at_ns: i64,
    value: f64,
    step: &Step,
    score: f64,
    values: &Values,
) -> Anomaly {
    let high = finite_or(step.usual.high, value);
    let low = finite_or(step.usual.low, value).min(high);
    let service = point.labels.get("service").cloned();
    let of = series_name(&point.labels);
    let when = if step.is_daily {
        " at this time of day"
    } else {
        ""
    };
    let usual = if low == high {
        number(high)
    } else {
        format!("{} to {}", number(low), number(high))
    };
    Anomaly {
        id: AnomalyId::from_parts(0, [0; 10]),
        project_id,
        kind: AnomalyKind::Metric,
        severity: Severity::Unspecified,
        template_id: None,
        metric: Some(point.name.clone()),
        labels: point.labels.clone(),
        started_at_ns: at_ns,
        detected_at_ns: point.timestamp_ns,
        observed: value,
        expected: finite_or(step.middle, value).clamp(low, high),
        expected_low: low,
        expected_high: high,
        unit: values.unit().to_owned(),
        score: score.clamp(0.0, 1.0),
        reason: format!(
            "{}{of} is {}{}, usually {usual}{when}",
            point.name,
            number(value),
            values.unit(),
        ),
        service,
    }
}

/// ` of checkout (route=/pay)`, cut to three labels.
fn series_name(labels: &BTreeMap<String, String>) -> String {
    let mut name = String::new();
    if let Some(service) = labels.get("service") {
        name = format!(" of {service}");
    }
    let others: Vec<String> = labels
        .iter()
        .filter(|(key, _)| *key != "service")
        .take(3)
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if !others.is_empty() {
        name += &format!(" ({})", others.join(", "));
    }
    name
}
