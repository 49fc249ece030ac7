//! The values of one slot.

use super::distinct::Distinct;
use super::frequent::{Frequent, TopValues};
use super::numbers::{Numbers, number_of};

/// How many values there were, how many different ones, which are the most frequent, and how the numbers among them
/// are distributed. At most about 3 KiB.
#[derive(Debug, Clone, Default)]
pub struct ValueSketch {
    count: u32,
    distinct: Distinct,
    top: TopValues,
    numbers: Numbers,
    /// The largest number, and the tag of its record.
    largest: Option<(f64, u128)>,
}

impl ValueSketch {
    /// Takes a value; `tag` is whatever finds its record again.
    pub fn add(&mut self, value: &str, tag: u128) {
        self.count = self.count.saturating_add(1);
        self.distinct.add(value);
        self.top.add(value, tag);
        if let Some(number) = number_of(value) {
            self.numbers.add(number);
            if self.largest.is_none_or(|(largest, _)| number > largest) {
                self.largest = Some((number, tag));
            }
        }
    }

    /// Takes all values of another one.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.distinct.merge(&other.distinct);
        self.top.merge(&other.top);
        self.numbers.merge(&other.numbers);
        if let Some(theirs) = other.largest
            && self.largest.is_none_or(|mine| theirs.0 > mine.0)
        {
            self.largest = Some(theirs);
        }
    }

    /// Lets what was seen count half when it is more than so much; the number of different values stays.
    pub fn fade_beyond(&mut self, samples: u32) {
        if self.count > samples.max(2) {
            self.count /= 2;
            self.top.halve();
            self.numbers.halve();
        }
    }

    /// Values.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// About how many different ones, 13 % more or less.
    #[must_use]
    pub fn distinct(&self) -> f64 {
        self.distinct.estimate().min(f64::from(self.count.max(1)))
    }

    /// The most frequent ones first, at most 16.
    #[must_use]
    pub fn top(&self) -> Vec<&Frequent> {
        self.top.sorted()
    }

    /// How many of the values are numbers.
    #[must_use]
    pub fn number_count(&self) -> u32 {
        self.numbers.count()
    }

    /// The number below which the share `q` (0 to 1) of the numbers lies, at most 5 % off; `None` without numbers.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.numbers.quantile(q)
    }

    /// The distribution of the numbers: `(number, how many)`, ascending, numbers within 5 % together.
    pub fn histogram(&self) -> impl Iterator<Item = (f64, u32)> + '_ {
        self.numbers.histogram()
    }

    /// The largest number and the tag of its record.
    #[must_use]
    pub fn largest(&self) -> Option<(f64, u128)> {
        self.largest
    }
}
