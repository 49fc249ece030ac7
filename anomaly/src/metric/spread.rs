//! What a usual deviation of a series is: the unit that all methods measure in.

use crate::statistics::{MAD_TO_SIGMA, quantile_of_sorted};

/// Values that are kept to estimate the spread.
const SAMPLE: usize = 256;
/// The sample spans about this long; the stride between kept values doubles until it does.
const SAMPLE_SECONDS: i64 = 7 * 86_400;
/// Values between two estimates.
const STALE: u32 = 20;
/// A spread below this share of the middle is not told from rounding.
const LEAST_SHARE: f64 = 1e-3;

/// What a change of a constant series is divided by.
const CHANGE_SCALES: f64 = 10.0;

/// A thinned sample of the last week.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    values: Vec<f32>,
    next: usize,
    stride: u32,
    skipped: u32,
    began_s: Option<i64>,
    scale: f64,
    middle: f64,
    is_constant: bool,
    stale: u32,
}

impl Spread {
    pub(super) fn add(&mut self, now_s: i64, value: f64) {
        let began_s = *self.began_s.get_or_insert(now_s);
        self.stride = self.stride.max(1);
        self.stale += 1;
        self.skipped += 1;
        if self.skipped < self.stride {
            return;
        }
        self.skipped = 0;
        if self.values.len() < SAMPLE {
            self.values.push(value as f32);
            return;
        }
        let span = now_s.saturating_sub(began_s);
        if self.next == 0 && span < SAMPLE_SECONDS && self.stride < 1 << 20 {
            let mut index = 0;
            self.values.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
            self.values.push(value as f32);
            return;
        }
        self.values[self.next] = value as f32;
        self.next = (self.next + 1) % SAMPLE;
    }

    /// Median and scale (above 0) before `value`: the larger of the scaled median absolute deviation and the span of the
    /// middle 80 percent; the standard deviation where both are nothing, as for a series that is nearly
    /// always zero. For one that never changed nobody knows what a change means: its first one is a tenth
    /// of a scale.
    pub(super) fn middle_and_scale(&mut self, value: f64) -> (f64, f64) {
        if self.stale >= STALE || self.scale == 0.0 || self.values.len() < STALE as usize {
            self.estimate();
        }
        let mut scale = self.scale.max(1e-12);
        if self.is_constant {
            scale = scale.max(CHANGE_SCALES * (value - self.middle).abs());
        }
        (self.middle, scale)
    }

    fn estimate(&mut self) {
        if self.values.is_empty() {
            return;
        }
        self.stale = 0;
        let mut sorted: Vec<f64> = self.values.iter().map(|v| f64::from(*v)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |q: f64| quantile_of_sorted(&sorted, q);
        let middle = at(0.5);
        let mut away: Vec<f64> = sorted.iter().map(|v| (v - middle).abs()).collect();
        away.sort_unstable_by(f64::total_cmp);
        // 2.56 standard deviations lie between the 10th and the 90th percentile of normal data.
        let mut scale =
            (MAD_TO_SIGMA * quantile_of_sorted(&away, 0.5)).max((at(0.9) - at(0.1)) / 2.56);
        let least = LEAST_SHARE * middle.abs();
        if scale <= least {
            let n = sorted.len() as f64;
            let mean = sorted.iter().map(|v| v / n).sum::<f64>();
            let variance = sorted.iter().map(|v| (v - mean).powi(2) / n).sum::<f64>();
            scale = scale.max(variance.sqrt());
        }
        self.scale = scale.max(least).max(1e-9);
        self.middle = middle;
        self.is_constant = sorted.first() == sorted.last();
    }
}
