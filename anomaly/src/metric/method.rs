//! What all methods of the metric detector have in common.

use super::tail::{Said, Tail};

/// Values of the moving window: its mean is the level, its deviation the swing.
pub(super) const WINDOW: usize = 24;

/// One value, and what was known of the series before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// Unix seconds.
    pub now_s: i64,
    /// Finite.
    pub value: f64,
    /// Middle of the last week.
    pub middle: f64,
    /// What a usual deviation from the middle is, above 0.
    pub scale: f64,
    /// Mean of the last [`WINDOW`] values with this one, of fewer after a gap.
    pub level: f64,
    /// Standard deviation of them.
    pub swing: f64,
    /// Values since the last gap, with this one.
    pub run: usize,
}

/// One way to tell what is unusual. Each looks at something else, none looks ahead, and each has a
/// bounded memory.
pub(super) trait Method {
    /// How far what is seen is from what was seen before, in scales of the series, 0 for as usual; `None`
    /// while too little is known. Learns it then.
    fn deviation(&mut self, seen: &Seen) -> Option<f64>;
}

/// A method, and how rare its deviations are.
#[derive(Debug, Clone, Default)]
pub(super) struct Watched<M> {
    pub method: M,
    tail: Tail,
}

impl<M: Method> Watched<M> {
    /// What the method says of a value. `keep` is what is left of the weight of older deviations.
    pub(super) fn step(&mut self, seen: &Seen, keep: f64) -> Said {
        let deviation = self.method.deviation(seen);
        self.tail.observe(deviation, keep)
    }
}

/// The last values since a gap.
#[derive(Debug, Clone, Default)]
pub(super) struct Window {
    values: [f64; WINDOW],
    run: usize,
}

impl Window {
    pub(super) fn restart(&mut self) {
        self.run = 0;
    }

    /// Takes a value in; the level, the swing, and how many values there were since the last gap.
    pub(super) fn add(&mut self, value: f64) -> (f64, f64, usize) {
        self.values[self.run % WINDOW] = value;
        self.run += 1;
        let known = &self.values[..self.run.min(WINDOW)];
        let n = known.len() as f64;
        let level = known.iter().map(|v| v / n).sum::<f64>();
        let variance = known.iter().map(|v| (v - level).powi(2) / n).sum::<f64>();
        (level, variance.sqrt(), self.run)
    }
}
