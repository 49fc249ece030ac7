//! Times, in order.

use std::fmt;
use std::time::Duration;

/// Measured times.
#[derive(Debug, Default)]
pub struct Latencies {
    sorted_ms: Vec<f64>,
}

impl Latencies {
    /// Takes times in any order.
    pub fn new(times: &[Duration]) -> Self {
        let mut sorted_ms: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        sorted_ms.sort_by(f64::total_cmp);
        Self { sorted_ms }
    }

    /// The time that this share (0 to 1) did not exceed, milliseconds: the nearest rank. 0 without any times.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let rank = (self.sorted_ms.len() as f64 * share).ceil() as usize;
        let place = rank.saturating_sub(1);
        self.sorted_ms.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
            self.percentile_ms(0.5),
            self.percentile_ms(0.95),
            self.percentile_ms(0.99)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let times: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        let latencies = Latencies::new(&times);
        assert_eq!(latencies.percentile_ms(0.5), 50.0);
        assert_eq!(latencies.percentile_ms(0.99), 99.0);
        assert_eq!(latencies.percentile_ms(1.0), 100.0);
        assert_eq!(Latencies::default().percentile_ms(0.5), 0.0);
    }
}
