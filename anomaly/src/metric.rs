//! The metric detector: one streaming judge for each series.

mod calm;
mod context;
mod daily;
mod judge;
mod level;
mod method;
mod range;
mod record;
mod shape;
mod spread;
mod swing;
mod tail;
mod values;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use domain::{Anomaly, MetricPoint, NANOS_PER_SECOND, ProjectId, SeriesId};

use crate::observation::{AnomalyKey, EndReason, Ended, OpenAnomaly};
use judge::{Judge, Step};
use values::Values;
use words::describe;

/// Limits and thresholds of [`MetricDetector`]. One set for every series.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricConfig {
    /// At most this many series are followed; beyond it the tenth that was silent longest is
    /// forgotten. A series costs at most 20 KiB, after 2,000 values.
    pub max_series: usize,
    /// How often a single series may be called unusual for nothing: times in 1,000 values. Of `n` series each gets this over
    /// the root of `n`, so that with one series little is missed and with thousands nobody is flooded: 1 in 1,000 values of
    /// one, 0.1 of each of 100, 0.01 of each of 10,000. Larger is more sensitive.
    pub false_alarms: f64,
    /// Values inside the usual range, one after another, that end an anomaly.
    pub calm_values: u32,
    /// An anomaly that lasts this long is the new normal.
    pub adopt_minutes: u32,
}

impl Default for MetricConfig {
    fn default() -> Self {
        Self {
            max_series: 5_000,
            false_alarms: 1.0,
            calm_values: 5,
            adopt_minutes: 360,
        }
    }
}

/// Surprise that quiet series reach once in 1,000 values, and how much more each tenth of that takes (the table of
/// [`MetricVerdict::score`]).
const SURPRISE: (f64, f64) = (6.8, 5.2);
/// So long not all methods can speak, and what is usual at other times of day is not known...
const YOUNG_NS: i64 = 24 * 3_600 * NANOS_PER_SECOND;
/// ...so that this much is asked of an anomaly.
const YOUNG_SCORE: f64 = 0.5;
/// Scores that a threshold may be.
const LEAST_SCORES: (f64, f64) = (0.05, 0.95);

impl MetricConfig {
    /// The score from which a value is an anomaly when so many series are followed.
    #[must_use]
    pub fn least_score(&self, series: usize) -> f64 {
        let allowed = self.false_alarms.max(1e-9) / (series.max(1) as f64).sqrt();
        let surprise = SURPRISE.0 - SURPRISE.1 * allowed.log10();
        score_of(surprise.max(0.0)).clamp(LEAST_SCORES.0, LEAST_SCORES.1)
    }
}

/// What a sample meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricVerdict {
    /// 0 (as expected, or no more surprising than something among the last 100 values) to 1. Of 1,000 values of a
    /// series in which nothing happens, at most so many reach a score, whatever its noise is like (measured on
    /// white and autoregressive noise, random walks, daily waves, counts and rare counts; heavy tails are those
    /// of lognormal and Student's t noise; `tests/quiet.rs`):
    ///
    /// | score | in 1,000 values | with heavy tails | a day, at a value a minute | with heavy tails |
    /// |---|---|---|---|---|
    /// | 0.2 | 1 | 1 | 1.5 | 1.5 |
    /// | 0.5 | 0.1 | 0.35 | 0.15 | 0.5 |
    /// | 0.75 | 0.03 | 0.2 | 0.05 | 0.3 |
    /// | 0.9 | none seen | 0.05 | none seen | 0.07 |
    pub score: f64,
    /// The anomaly that begins with it, if one does.
    pub anomaly: Option<Anomaly>,
}

/// Watches metric series, without training, one value at a time.
///
/// Samples closer than a minute are joined to one value a minute. Counters become rates per second
/// (a fall is a restart), deltas become sums. Seven methods look at each value: its place in the range of the last weeks and
/// in that of this time of day, the level and the swing of the last 24 values, their course, whether they
/// hardly move, and whether they follow each other as usual. What each measures is turned into a probability by what the
/// very series did before, and the logarithms are added. A gap makes the methods that look at
/// several values begin again. The first quarter of an hour of a series is silent, and on its first day only what is far from
/// all before is an anomaly.
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
    /// When its first value came.
    since_ns: Option<i64>,
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
/// Surprise at which the score is a half.
const HALF_SURPRISE: f64 = 12.0;

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
        let known = self.series.len() + usize::from(!self.series.contains_key(&id));
        let least = self.config.least_score(known);
        let series = self.series.entry(id).or_insert_with(|| Series {
            values: Values::new(point.kind),
            judge: Judge::default(),
            open: None,
            since_ns: None,
        });
        let Some((at_ns, value)) = series.values.take(point.timestamp_ns, point.value) else {
            return MetricVerdict::default();
        };
        if !value.is_finite() {
            return MetricVerdict::default();
        }
        let since_ns = *series.since_ns.get_or_insert(at_ns);
        let least = if at_ns.saturating_sub(since_ns) < YOUNG_NS {
            least.max(YOUNG_SCORE)
        } else {
            least
        };
        let step = series.judge.step(at_ns.div_euclid(NANOS_PER_SECOND), value);
        let score = score_of(step.news);
        if let Some(ended) = series.watch_open(at_ns, value, &step, (&self.config, least)) {
            keep_end(&mut self.ended, ended);
        }
        let mut anomaly = None;
        if score > 0.0 && score >= least && series.open.is_none() {
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
        step: &Step,
        (config, least): (&MetricConfig, f64),
    ) -> Option<Ended> {
        let open = self.open.as_mut()?;
        let away = |v: f64| (v - open.high).max(open.low - v);
        let is_outside = away(value) > 0.0 && !step.was_usual;
        if is_outside || score_of(step.surprise) >= least {
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

/// 0 for no surprise, a half for [`HALF_SURPRISE`], near 1 for twice as much.
fn score_of(surprise: f64) -> f64 {
    (1.0 - (-(surprise / HALF_SURPRISE).powi(2)).exp2()).clamp(0.0, 1.0)
}
