//! How the values of a slot are distributed.

use std::collections::BTreeMap;

use super::SlotValues;

/// Numbers are joined by the logarithm in steps of this size: 10 %.
const STEP: f64 = 0.095_310_179_804_324_87;
/// Ranges of numbers that are kept.
const MAX_RANGES: usize = 128;

/// Counts of values and of ranges of numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Distribution {
    pub(super) count: f64,
    /// Only the frequent ones: their counts are less than `count` together.
    pub(super) values: BTreeMap<Box<str>, f64>,
    /// By the step of the logarithm, negative ones mirrored.
    pub(super) numbers: BTreeMap<i32, f64>,
}

impl Distribution {
    pub(super) fn of(slot: &SlotValues<'_>) -> Self {
        let mut own = Self {
            count: f64::from(slot.count),
            ..Self::default()
        };
        for value in &slot.top {
            *own.values.entry(value.value.into()).or_insert(0.0) += f64::from(value.count);
        }
        for (number, count) in &slot.numbers {
            *own.numbers.entry(step_of(*number)).or_insert(0.0) += f64::from(*count);
        }
        own
    }

    pub(super) fn add(&mut self, other: &Self, max_values: usize) {
        self.count += other.count;
        for (value, count) in &other.values {
            *self.values.entry(value.clone()).or_insert(0.0) += count;
        }
        for (step, count) in &other.numbers {
            *self.numbers.entry(*step).or_insert(0.0) += count;
        }
        while self.values.len() > max_values.max(1) {
            let rarest = self
                .values
                .iter()
                .min_by(|a, b| a.1.total_cmp(b.1))
                .map(|(value, _)| value.clone());
            let Some(rarest) = rarest else { break };
            self.values.remove(&rarest);
        }
        while self.numbers.len() > MAX_RANGES {
            let Some((_, smallest)) = self.numbers.pop_first() else {
                break;
            };
            if let Some(mut next) = self.numbers.first_entry() {
                *next.get_mut() += smallest;
            }
        }
    }

    pub(super) fn scale(&mut self, factor: f64) {
        self.count *= factor;
        for count in self.values.values_mut().chain(self.numbers.values_mut()) {
            *count *= factor;
        }
        self.values.retain(|_, count| *count > 0.05);
        self.numbers.retain(|_, count| *count > 0.05);
    }

    pub(super) fn share(&self, value: &str) -> f64 {
        self.values.get(value).copied().unwrap_or(0.0) / self.count.max(1.0)
    }

    pub(super) fn number_count(&self) -> f64 {
        self.numbers.values().sum()
    }

    /// The number below which the share `q` of all lies, at most 5 % off.
    pub(super) fn quantile(&self, q: f64) -> f64 {
        let wanted = q * self.number_count();
        let mut below = 0.0;
        let mut last = 0.0;
        for (step, count) in &self.numbers {
            below += count;
            last = number_of(*step);
            if below >= wanted {
                break;
            }
        }
        last
    }

    /// The share of the values that are among the few most frequent ones.
    pub(super) fn concentration(&self, few: usize) -> f64 {
        let mut counts: Vec<f64> = self.values.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.total_cmp(a));
        counts.iter().take(few).sum::<f64>() / self.count.max(1.0)
    }
}

fn step_of(number: f64) -> i32 {
    let size = number.abs();
    if size < 1e-9 || !size.is_finite() {
        return 0;
    }
    let step = ((size / 1e-9).ln() / STEP).floor().min(1e6) as i32 + 1;
    if number < 0.0 { -step } else { step }
}

fn number_of(step: i32) -> f64 {
    if step == 0 {
        return 0.0;
    }
    let size = 1e-9 * (STEP * (f64::from(step.abs()) - 0.5)).exp();
    if step < 0 { -size } else { size }
}
