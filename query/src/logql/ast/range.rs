//! Functions over the window before each instant.

use super::{Grouping, LogQuery, Stage, Unwrap};

/// What a function makes of the lines of the window before each instant.
#[derive(Debug, Clone)]
pub struct RangeAggregation {
    /// The function.
    pub function: RangeFunction,
    /// Which quantile, for that function.
    pub quantile: f64,
    /// Of which lines.
    pub query: LogQuery,
    /// The window, nanoseconds.
    pub range_ns: i64,
    /// How much earlier the window lies, nanoseconds.
    pub offset_ns: i64,
    /// Which labels tell the series apart, for functions that take it.
    pub grouping: Option<Grouping>,
}

impl RangeAggregation {
    /// Lines of a selection counted over a window.
    #[must_use]
    pub fn count(query: LogQuery, range_ns: i64) -> Self {
        Self {
            function: RangeFunction::CountOverTime,
            quantile: 0.0,
            query,
            range_ns,
            offset_ns: 0,
            grouping: None,
        }
    }

    /// The label that it calculates with, when it does.
    #[must_use]
    pub fn unwrap(&self) -> Option<&Unwrap> {
        self.query.stages.iter().find_map(|stage| match stage {
            Stage::Unwrap(unwrap) => Some(unwrap),
            _ => None,
        })
    }

    /// Whether the sum over series is what the series of the sum would be.
    #[must_use]
    pub fn is_additive(&self) -> bool {
        !self.function.is_of_values() || self.function == RangeFunction::Sum
    }
}

/// What is calculated over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeFunction {
    /// How many lines.
    CountOverTime,
    /// Lines a second; of values their sum a second.
    Rate,
    /// Bytes of lines.
    BytesOverTime,
    /// Bytes of lines a second.
    BytesRate,
    /// The sum of values.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// The first.
    First,
    /// The last.
    Last,
    /// The variance of all of them.
    Variance,
    /// Its root.
    Deviation,
    /// A quantile.
    Quantile,
}

impl RangeFunction {
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 13] = [
        ("count_over_time", Self::CountOverTime),
        ("rate", Self::Rate),
        ("bytes_over_time", Self::BytesOverTime),
        ("bytes_rate", Self::BytesRate),
        ("sum_over_time", Self::Sum),
        ("avg_over_time", Self::Average),
        ("min_over_time", Self::Minimum),
        ("max_over_time", Self::Maximum),
        ("first_over_time", Self::First),
        ("last_over_time", Self::Last),
        ("stdvar_over_time", Self::Variance),
        ("stddev_over_time", Self::Deviation),
        ("quantile_over_time", Self::Quantile),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, function)| *function == self)
            .map_or("", |(name, _)| *name)
    }

    /// Whether bytes are counted and not lines.
    #[must_use]
    pub fn is_of_bytes(self) -> bool {
        matches!(self, Self::BytesOverTime | Self::BytesRate)
    }

    /// Whether it is divided by the window.
    #[must_use]
    pub fn is_per_second(self) -> bool {
        matches!(self, Self::Rate | Self::BytesRate)
    }

    /// Whether it needs `| unwrap`.
    #[must_use]
    pub fn is_of_values(self) -> bool {
        !matches!(
            self,
            Self::CountOverTime | Self::Rate | Self::BytesOverTime | Self::BytesRate
        )
    }

    /// Whether it takes `by` and `without` itself.
    #[must_use]
    pub fn takes_grouping(self) -> bool {
        self.is_of_values() && self != Self::Sum
    }
}
