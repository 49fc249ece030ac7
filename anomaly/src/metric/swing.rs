//! Swings larger or smaller than all that the last weeks had.

use super::method::{Method, Seen, WINDOW};
use super::range::Ever;

/// How far the standard deviation of the last values is outside all that it was in the last weeks. Source: the
/// s chart for the variation of a process (Shewhart 1931, "Economic control of quality of
/// manufactured product"), with the series' own extremes as limits.
#[derive(Debug, Clone, Default)]
pub(super) struct Swing {
    ever: Ever,
    /// Whether the last swing was smaller than all before.
    pub is_small: bool,
}

impl Method for Swing {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        if seen.run < WINDOW {
            return None;
        }
        let range = self.ever.range();
        self.is_small = seen.swing < range.low;
        self.ever.add(seen.now_s, seen.swing);
        // The very first one has nothing to be compared with.
        let is_known = seen.run > WINDOW && !range.is_empty();
        is_known.then(|| range.excess(seen.swing) / seen.scale)
    }
}
