//! One series of values: how surprising is the next one?

use super::range::{Day, Ever, Range, Sample};
use super::tail::{LEAST, Tail};

/// Smoothing of the excess over the daily range: several values in a row outside count, one hardly.
const SMOOTHING: f64 = 0.2;
/// Weight of the surprise against all the past, beside that against the time of day. On the first day
/// there is only the former, and it counts fully.
const EVER_WEIGHT: f64 = 0.5;
/// A value this many scales outside the range of earlier days is usual enough to end an anomaly.
const CALM_SCALES: f64 = 0.5;
/// Values before the range of all the past means anything.
const LEAST_VALUES: u32 = 5;
/// Half of what is known about deviations comes from about the last five days.
const MEMORY_SECONDS: f64 = 7.0 * 86_400.0;
/// After a surprise only larger ones count for this long: one event, one anomaly.
const QUIET_SECONDS: i64 = 60_000;
/// Surprises that are remembered in that time; only rising ones are kept, so this is never reached in
/// practice.
const MOST_PEAKS: usize = 64;

/// What is known about one series.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    ever: Ever,
    day: Day,
    sample: Sample,
    day_tail: Tail,
    ever_tail: Tail,
    day_excess: f64,
    peaks: Vec<(i64, f64)>,
    last_s: i64,
    seen: u32,
}

/// What one value meant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// `-log10` of the probability, as far as the value exceeds recent surprises; else 0.
    pub news: f64,
    /// Whether earlier days had about such values at this time.
    pub was_usual: bool,
    /// The usual middle.
    pub middle: f64,
    /// The usual range.
    pub usual: Range,
    /// Whether the range is that of this time of day.
    pub is_daily: bool,
}

impl Judge {
    pub(super) fn new(now_s: i64) -> Self {
        Self {
            ever: Ever::new(now_s),
            day: Day::new(now_s),
            sample: Sample::new(now_s),
            day_tail: Tail::default(),
            ever_tail: Tail::default(),
            day_excess: 0.0,
            peaks: Vec::new(),
            last_s: now_s,
            seen: 0,
        }
    }

    /// Judges a value (finite) at an instant (seconds, not before the last one) and learns it.
    pub(super) fn step(&mut self, now_s: i64, value: f64) -> Step {
        let passed = now_s.saturating_sub(self.last_s).max(0) as f64;
        let keep = (-passed / MEMORY_SECONDS).exp().clamp(0.9, 0.999_95);
        let (middle, scale) = self.sample.middle_and_scale();
        let daily = self.day.around(now_s);
        let mut surprise = 0.0;
        if let Some(range) = daily {
            let excess = range.excess(value) / scale.max(1e-12);
            self.day_excess += SMOOTHING * (excess - self.day_excess);
            surprise += self.day_tail.observe(self.day_excess + LEAST, keep);
        }
        let ever = self.ever.range();
        if self.seen >= LEAST_VALUES {
            let excess = ever.excess(value) / scale.max(1e-12);
            let weight = if daily.is_some() { EVER_WEIGHT } else { 1.0 };
            surprise += weight * self.ever_tail.observe(excess + LEAST, keep);
        }
        let news = self.news(now_s, surprise);
        let earlier = self.day.earlier(now_s);
        let was_usual = !earlier.is_empty() && earlier.excess(value) <= CALM_SCALES * scale;
        self.ever.add(now_s, value);
        self.day.add(now_s, value);
        self.sample.add(now_s, value);
        self.last_s = now_s;
        self.seen = self.seen.saturating_add(1);
        Step {
            news,
            was_usual,
            middle,
            usual: daily.unwrap_or(ever),
            is_daily: daily.is_some(),
        }
    }

    /// The surprise when it exceeds all recent ones.
    fn news(&mut self, now_s: i64, surprise: f64) -> f64 {
        self.peaks
            .retain(|p| p.0 >= now_s.saturating_sub(QUIET_SECONDS));
        let highest = self.peaks.iter().fold(0.0_f64, |a, p| a.max(p.1));
        // Older and smaller ones can never be the highest again.
        self.peaks.retain(|p| p.1 > surprise);
        if self.peaks.len() < MOST_PEAKS {
            self.peaks.push((now_s, surprise));
        }
        if surprise > highest { surprise } else { 0.0 }
    }
}
