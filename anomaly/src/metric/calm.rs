//! Series that hardly move any more.

use super::method::{Method, Seen};

/// Steps whose mean is looked at.
const STEPS: usize = 12;
/// Slowest learning of what is usual: about the last 500 values.
const SLOWEST: f64 = 0.002;
/// A usual deviation of the logarithm is assumed to be this at first, and never less than the other.
const DEVIATION: (f64, f64) = (0.3, 0.05);

/// How far the logarithm of the mean step between values has fallen below what is usual: a stuck sensor, a service that
/// stalls, a flat top. Source: Huber 1964, "Robust estimation of a location parameter" (location and
/// scale, learned with clipped steps).
#[derive(Debug, Clone, Default)]
pub(super) struct Calm {
    steps: [f64; STEPS],
    next: usize,
    before: Option<f64>,
    usual: f64,
    deviation: f64,
    seen: u32,
}

impl Method for Calm {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let before = self.before.replace(seen.value).filter(|_| seen.run > 1);
        self.steps[self.next] = (seen.value - before?).abs();
        self.next = (self.next + 1) % STEPS;
        if seen.run <= STEPS {
            return None;
        }
        let mean = self.steps.iter().map(|s| s / STEPS as f64).sum::<f64>();
        // A hundredth of a scale is nothing.
        let motion = (mean / seen.scale + 0.01).ln();
        if !motion.is_finite() {
            return None;
        }
        self.seen = self.seen.saturating_add(1);
        if self.seen == 1 {
            (self.usual, self.deviation) = (motion, DEVIATION.0);
        }
        let away = motion - self.usual;
        let fallen = (-away / self.deviation.max(DEVIATION.1)).max(0.0);
        let weight = (1.0 / f64::from(self.seen)).max(SLOWEST);
        let clip = 3.0 * self.deviation;
        self.usual += weight * away.clamp(-clip, clip);
        self.deviation += weight * (away.abs().min(clip + DEVIATION.1) - self.deviation);
        Some(fallen)
    }
}
