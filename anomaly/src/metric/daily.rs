//! Values that earlier days did not have at this time.

use super::method::{Method, Seen};
use super::range::Day;

/// Smoothing: several values in a row outside count, one hardly.
const SMOOTHING: f64 = 0.2;

/// How far values are outside the range that earlier days had at this time, smoothed. Source: a control chart of
/// exponentially weighted averages (Roberts 1959, "Control chart tests based on geometric moving
/// averages") over a seasonal envelope.
#[derive(Debug, Clone, Default)]
pub(super) struct Daily {
    pub day: Day,
    excess: f64,
}

impl Method for Daily {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let range = self.day.around(seen.now_s);
        self.day.add(seen.now_s, seen.value);
        let excess = range?.excess(seen.value) / seen.scale;
        if excess.is_finite() {
            self.excess += SMOOTHING * (excess - self.excess);
        }
        Some(self.excess)
    }
}
