//! Two stretches of time set against each other, pattern by pattern.

use crate::statistics::share_surprise;

/// How much more counts of log lines vary than independent events would: they come in bursts.
const DISPERSION: f64 = 4.0;
/// One in 10,000 by chance, per pattern and window: a table of some thousand patterns has less than one false line.
const LEAST_SURPRISE: f64 = 4.0;
/// A change below this factor is of no interest, however sure.
const LEAST_FACTOR: f64 = 1.5;

/// What became of a pattern between an earlier and a later window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WindowChange {
    /// Only the later window has it.
    New,
    /// Only the earlier window has it, often enough that chance is no reason.
    Vanished,
    /// Its rate grew.
    Surged,
    /// Its rate fell.
    Dropped,
    /// Its rate moved with or against that of everything else: its share of all records grew.
    ShareUp,
    /// Its share of all records fell.
    ShareDown,
    /// Nothing that chance does not explain.
    Steady,
}

impl WindowChange {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Vanished => "vanished",
            Self::Surged => "surged",
            Self::Dropped => "dropped",
            Self::ShareUp => "share_up",
            Self::ShareDown => "share_down",
            Self::Steady => "steady",
        }
    }
}

/// One window: how long it is and what all patterns together wrote in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its length in minutes, above 0.
    pub minutes: f64,
    /// Records of all patterns.
    pub total: u64,
}

/// How a pattern differs between two windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// In a word.
    pub change: WindowChange,
    /// `-log10` of the probability that chance brings as much: 4 is one in 10,000.
    pub surprise: f64,
    /// The later rate divided by the earlier one, both with half a record added, so that it is always finite.
    pub factor: f64,
    /// Its part of all records of the earlier window, 0 to 1.
    pub share_before: f64,
    /// The same of the later window.
    pub share_after: f64,
}

/// Compares a pattern's counts in two windows. Given their sum, the counts of two Poisson processes with one rate are
/// split like coin flips by the windows' lengths; shares are compared in the same way by the windows' totals.
/// Source: Przyborowski and Wilenski 1940, "Homogeneity of results in testing samples from Poisson series".
#[must_use]
pub fn compare_windows(before: u64, after: u64, earlier: Window, later: Window) -> Shift {
    let (b, a) = (before as f64, after as f64);
    let minutes = (earlier.minutes.max(1e-9), later.minutes.max(1e-9));
    let factor = ((a + 0.5) / minutes.1) / ((b + 0.5) / minutes.0);
    let rate = Split::of(b, a, minutes.0, minutes.1);
    let totals = (earlier.total.max(1) as f64, later.total.max(1) as f64);
    let share = Split::of(b, a, totals.0, totals.1);
    let (share_before, share_after) = (
        (b / totals.0).clamp(0.0, 1.0),
        (a / totals.1).clamp(0.0, 1.0),
    );
    let share_factor = ((a + 0.5) / totals.1) / ((b + 0.5) / totals.0);
    let is_far = |factor: f64| !(1.0 / LEAST_FACTOR..=LEAST_FACTOR).contains(&factor);
    let (change, surprise) = if before == 0 && after > 0 {
        (WindowChange::New, rate.surprise())
    } else if after == 0 && before > 0 && rate.falls >= LEAST_SURPRISE {
        (WindowChange::Vanished, rate.falls)
    } else if rate.surprise() >= LEAST_SURPRISE && is_far(factor) {
        let grows = rate.grows > rate.falls;
        let change = if grows {
            WindowChange::Surged
        } else {
            WindowChange::Dropped
        };
        (change, rate.surprise())
    } else if share.surprise() >= LEAST_SURPRISE && is_far(share_factor) {
        let grows = share.grows > share.falls;
        let change = if grows {
            WindowChange::ShareUp
        } else {
            WindowChange::ShareDown
        };
        (change, share.surprise())
    } else {
        (WindowChange::Steady, rate.surprise())
    };
    Shift {
        change,
        surprise,
        factor,
        share_before,
        share_after,
    }
}

/// How surprising it is that so many of `before + after` fell on one side.
struct Split {
    grows: f64,
    falls: f64,
}

impl Split {
    fn of(before: f64, after: f64, weight_before: f64, weight_after: f64) -> Self {
        let all = before + after;
        let share = weight_after / (weight_before + weight_after);
        Self {
            grows: share_surprise(after, all, share, DISPERSION),
            falls: share_surprise(before, all, 1.0 - share, DISPERSION),
        }
    }

    fn surprise(&self) -> f64 {
        self.grows.max(self.falls)
    }
}

#[cfg(test)]
mod tests;
