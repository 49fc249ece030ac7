//! Values beyond all that the last weeks had.

use super::method::{Method, Seen};
use super::range::Ever;

/// Values before the range means anything.
const LEAST_VALUES: u32 = 5;

/// How far a value is outside the range of all the last weeks. Source: record values of a sequence (Arnold,
/// Balakrishnan and Nagaraja 1998, "Records"): the n-th value of a steady series is a new extreme with
/// probability 2/n only.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub ever: Ever,
    seen: u32,
}

impl Method for Record {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let excess = self.ever.range().excess(seen.value) / seen.scale;
        self.ever.add(seen.now_s, seen.value);
        self.seen = self.seen.saturating_add(1);
        (self.seen > LEAST_VALUES).then_some(excess)
    }
}
