//! Levels that earlier days did not have at this time.

use super::method::{Method, Seen};
use super::range::Day;

/// How far the mean of the last values is outside the range that it had on earlier days at this time: small
/// changes that last. Source: the moving-average control chart (Montgomery, "Introduction to statistical
/// quality control", section on moving averages) over a seasonal envelope.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    day: Day,
}

impl Method for Level {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let range = self.day.around(seen.now_s);
        self.day.add(seen.now_s, seen.level);
        Some(range?.excess(seen.level) / seen.scale)
    }
}
