//! One series of values: how surprising is the next one?

use super::calm::Calm;
use super::context::Context;
use super::daily::Daily;
use super::level::Level;
use super::method::{Seen, Watched, Window};
use super::range::Range;
use super::record::Record;
use super::shape::Shape;
use super::spread::Spread;
use super::swing::Swing;

/// A value this many scales outside the range of earlier days is usual enough to end an anomaly.
const CALM_SCALES: f64 = 0.5;
/// Half of what is known about deviations comes from about the last five days.
const MEMORY_SECONDS: f64 = 7.0 * 86_400.0;
/// After a surprise only larger ones count for so many values: one event, one anomaly.
const QUIET_VALUES: u64 = 100;
/// Longer than so many usual intervals without a value is a gap.
const GAP_INTERVALS: f64 = 10.0;

/// On the first day not all methods can speak. A record more than ten scales out, which no noise brings so soon, speaks for
/// each of them too, with this weight for a power of ten: so a tenfold latency is found after half an hour.
const LENT_SCALES: f64 = 10.0;
const LENT_WEIGHT: f64 = 3.0;

/// What made a value unusual, for the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aspect {
    Value,
    Level,
    Swing,
    Stillness,
    Shape,
    Calm,
    Context,
}

/// What is known about one series.
#[derive(Debug, Clone, Default)]
pub(super) struct Judge {
    spread: Spread,
    window: Window,
    pace: Pace,
    record: Watched<Record>,
    daily: Watched<Daily>,
    level: Watched<Level>,
    swing: Watched<Swing>,
    shape: Watched<Shape>,
    calm: Watched<Calm>,
    context: Watched<Context>,
    /// Number and surprise of those of the last 100 values that were more surprising than all after them.
    peaks: Vec<(u64, f64)>,
}

/// What one value meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The sum of all methods' surprises, 0 when nothing is unusual.
    pub surprise: f64,
    /// As much, as far as the value exceeds recent surprises; else 0.
    pub news: f64,
    /// What contributed most.
    pub aspect: Aspect,
    /// Whether earlier days had about such values at this time.
    pub was_usual: bool,
    /// The usual middle.
    pub middle: f64,
    /// The usual range.
    pub usual: Range,
    /// Whether the range is that of this time of day.
    pub is_daily: bool,
}

/// How often values come.
#[derive(Debug, Clone, Default)]
struct Pace {
    last_s: Option<i64>,
    interval_s: f64,
    seen: u64,
}

impl Pace {
    /// Seconds since the last value, and whether that is a gap.
    fn step(&mut self, now_s: i64) -> (f64, bool) {
        let last_s = self.last_s.replace(now_s).unwrap_or(now_s);
        let passed = now_s.saturating_sub(last_s).max(0) as f64;
        let is_gap = self.seen > 1 && passed > GAP_INTERVALS * self.interval_s;
        if self.seen > 0 {
            self.interval_s += (passed - self.interval_s) * (1.0 / self.seen as f64).max(0.1);
        }
        self.seen += 1;
        (passed, is_gap)
    }
}

impl Judge {
    /// Judges a value (finite) at an instant (seconds, not before the last one) and learns it.
    pub(super) fn step(&mut self, now_s: i64, value: f64) -> Step {
        let (passed, is_gap) = self.pace.step(now_s);
        if is_gap {
            self.window.restart();
            self.shape.method.gap();
            self.context.method.gap();
        }
        let keep = (-passed / MEMORY_SECONDS).exp().clamp(0.9, 0.999_95);
        let (middle, scale) = self.spread.middle_and_scale(value);
        let (level, swing, run) = self.window.add(value);
        let seen = Seen {
            now_s,
            value,
            middle,
            scale,
            level,
            swing,
            run,
        };
        let ever = self.record.method.ever.range();
        let daily = self.daily.method.day.around(now_s);
        let earlier = self.daily.method.day.earlier(now_s);
        let (surprise, aspect) = self.ask(&seen, keep);
        self.spread.add(now_s, value);
        Step {
            surprise,
            news: self.news(surprise),
            aspect,
            was_usual: !earlier.is_empty() && earlier.excess(value) <= CALM_SCALES * scale,
            middle,
            usual: daily.unwrap_or(ever),
            is_daily: daily.is_some(),
        }
    }

    /// The sum of what the methods say, and who says most. Equal weights: no weight between a half and one and
    /// a half changes the result by more than chance, for any of them. Source: Fisher 1925, "Statistical
    /// methods for research workers" (the sum of log probabilities; the methods are not
    /// independent, so that the sum is no probability itself).
    fn ask(&mut self, seen: &Seen, keep: f64) -> (f64, Aspect) {
        let record = self.record.step(seen, keep);
        let swing = self.swing.step(seen, keep);
        let said = [
            (record, Aspect::Value),
            (self.daily.step(seen, keep), Aspect::Value),
            (self.level.step(seen, keep), Aspect::Level),
            (
                swing,
                if self.swing.method.is_small {
                    Aspect::Stillness
                } else {
                    Aspect::Swing
                },
            ),
            (self.shape.step(seen, keep), Aspect::Shape),
            (self.calm.step(seen, keep), Aspect::Calm),
            (self.context.step(seen, keep), Aspect::Context),
        ];
        let silent = said.iter().filter(|(said, _)| !said.is_known).count() as f64;
        let far = (record.deviation / LENT_SCALES).log10().max(0.0);
        let lent = LENT_WEIGHT * silent * far.min(record.surprise);
        let sum = said.iter().map(|(said, _)| said.surprise).sum::<f64>() + lent;
        let most = said
            .iter()
            .max_by(|a, b| a.0.surprise.total_cmp(&b.0.surprise));
        (sum, most.map_or(Aspect::Value, |(_, aspect)| *aspect))
    }

    /// The surprise when it exceeds all recent ones.
    fn news(&mut self, surprise: f64) -> f64 {
        let oldest = self.pace.seen.saturating_sub(QUIET_VALUES);
        self.peaks.retain(|peak| peak.0 >= oldest);
        let highest = self.peaks.first().map_or(0.0, |peak| peak.1);
        // Older and smaller ones can never be the highest again.
        while self.peaks.last().is_some_and(|peak| peak.1 <= surprise) {
            self.peaks.pop();
        }
        self.peaks.push((self.pace.seen, surprise));
        if surprise > highest { surprise } else { 0.0 }
    }
}
