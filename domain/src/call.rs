//! Calls between services, as spans show them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many durations fell into which of some two hundred classes, each a fifth wider than the one before.
///
/// Class `n` holds durations above `2^((n-1)/4)` up to `2^(n/4)` microseconds: a quantile is at most 10 % off. The idea
/// is that of DDSketch (Masson, Rim and Lee, VLDB 2019) with fixed bounds, so that classes can be added up anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Latencies {
    classes: BTreeMap<i16, u64>,
}

impl Latencies {
    /// Classes in a doubling of the duration.
    const PER_DOUBLING: f64 = 4.0;
    /// The last class: above it (four centuries) a duration counts as its upper bound.
    const LAST: i16 = 200;

    /// The class of a duration in nanoseconds.
    #[must_use]
    pub fn class_of(duration_ns: i64) -> i16 {
        let micros = duration_ns as f64 / 1_000.0;
        if micros <= 1.0 {
            return 0;
        }
        // A float becomes the nearest integer of the type; the result lies between 0 and the last class.
        ((micros.log2() * Self::PER_DOUBLING).ceil() as i16).min(Self::LAST)
    }

    /// Adds durations of one class.
    pub fn add(&mut self, class: i16, count: u64) {
        if count > 0 {
            let sum = self.classes.entry(class).or_insert(0);
            *sum = sum.saturating_add(count);
        }
    }

    /// Adds those of others.
    pub fn merge(&mut self, others: &Self) {
        for (class, count) in &others.classes {
            self.add(*class, *count);
        }
    }

    /// How many durations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.values().sum()
    }

    /// The duration in nanoseconds that the share `q` (0 to 1) of all does not exceed, estimated at the middle of its
    /// class; `None` when there are none.
    #[must_use]
    pub fn quantile_ns(&self, q: f64) -> Option<i64> {
        let wanted = (q.clamp(0.0, 1.0) * self.count() as f64).max(1.0);
        let mut seen = 0;
        for (class, count) in &self.classes {
            seen += count;
            if seen as f64 >= wanted {
                let micros = 2.0_f64.powf((f64::from(*class) - 0.5) / Self::PER_DOUBLING);
                return Some((micros * 1_000.0) as i64);
            }
        }
        None
    }

    /// The classes that are not empty with their counts, the shortest first.
    pub fn classes(&self) -> impl Iterator<Item = (i16, u64)> {
        self.classes.iter().map(|(class, count)| (*class, *count))
    }
}

/// What one service asked of another one during a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCalls {
    /// The service that asked; none for work that nobody known asked for (the roots of traces).
    pub caller: Option<String>,
    /// The service that worked.
    pub callee: String,
    /// True when it went by a message (a producer or a consumer), false when by a request.
    pub is_message: bool,
    /// How often.
    pub count: u64,
    /// How often it failed: the status of the callee's span is an error.
    pub errors: u64,
    /// How long the callee's spans took.
    pub latencies: Latencies,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: i64 = 1_000_000;

    #[test]
    fn quantiles_are_at_most_ten_percent_off() {
        let mut latencies = Latencies::default();
        for duration in 1..=1_000 {
            latencies.add(Latencies::class_of(duration * MILLISECOND), 1);
        }
        for (q, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = latencies.quantile_ns(q).unwrap() as f64 / MILLISECOND as f64;
            assert!(
                (found / exact - 1.0).abs() < 0.1,
                "{q}: {found}, not {exact}"
            );
        }
        assert_eq!(Latencies::default().quantile_ns(0.5), None);
    }

    #[test]
    fn every_duration_has_a_class() {
        assert_eq!(Latencies::class_of(i64::MIN), 0);
        assert_eq!(Latencies::class_of(0), 0);
        assert_eq!(Latencies::class_of(1_000), 0);
        assert_eq!(Latencies::class_of(2_000), 4);
        assert!(Latencies::class_of(i64::MAX) <= 200);
        let mut last = 0;
        for power in 10..63 {
            let class = Latencies::class_of(1 << power);
            assert!(class >= last);
            last = class;
        }
    }

    #[test]
    fn merging_adds_up() {
        let (mut a, mut b) = (Latencies::default(), Latencies::default());
        a.add(3, 2);
        b.add(3, 1);
        b.add(9, 1);
        b.add(4, 0);
        a.merge(&b);
        assert_eq!(a.classes().collect::<Vec<_>>(), [(3, 3), (9, 1)]);
        assert_eq!(a.count(), 4);
    }
}
