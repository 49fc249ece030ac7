//! What is known of one slot, and what is going on in it.

use std::collections::VecDeque;

use super::compare::{Test, Tests, compare};
use super::distribution::Distribution;
use super::{SlotConfig, SlotValues};
use crate::observation::EndReason;
use crate::statistics::{chi_square_surprise, quantile};

/// Windows whose tests are remembered.
const PAST: usize = 120;
/// Surprise below which a window is usual again.
const CALM: f64 = 3.0;
/// A shift of so much of all values is large...
const LARGE_SHARE: f64 = 0.15;
/// ...and of so much for a value that was never there...
const LARGE_NEW: f64 = 0.1;
/// ...or that tells of a failure.
const LARGE_BAD: f64 = 0.05;
/// Median or 95th percentile of numbers that are so many times the usual ones, or so little, are far off.
const LARGE_FACTOR: f64 = 1.5;

/// An anomaly that goes on.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) started_minute: i64,
    pub(super) last_odd_minute: i64,
    pub(super) peak: f64,
}

/// What moved.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    /// A value's share.
    Value {
        value: Box<str>,
        share: f64,
        usual: f64,
        /// The value that was most frequent, its share now and usually.
        other: Option<(Box<str>, f64, f64)>,
        is_bad: bool,
    },
    /// Median and 95th percentile: now and usually.
    Numbers {
        median: (f64, f64),
        high: (f64, f64),
    },
}

/// A shift that has just been found.
#[derive(Debug, Clone)]
pub(super) struct Shift {
    pub(super) started_minute: i64,
    pub(super) change: Change,
    pub(super) surprise: f64,
    /// 0 to 1.
    pub(super) size: f64,
    pub(super) min_surprise: f64,
}

pub(super) enum Outcome {
    Nothing,
    Over(Open, EndReason),
    Shifted(Box<Shift>),
}

#[derive(Debug, Clone)]
pub(super) struct State {
    usual: Distribution,
    minutes: VecDeque<(i64, Distribution)>,
    of_values: VecDeque<f64>,
    of_numbers: VecDeque<f64>,
    last_minute: i64,
    learnt_minute: i64,
    odd: u32,
    calm: u32,
    open: Option<Open>,
}

impl State {
    pub(super) fn new(minute: i64) -> Self {
        Self {
            usual: Distribution::default(),
            minutes: VecDeque::new(),
            of_values: VecDeque::new(),
            of_numbers: VecDeque::new(),
            last_minute: minute,
            learnt_minute: minute,
            odd: 0,
            calm: 0,
            open: None,
        }
    }

    pub(super) fn last_minute(&self) -> i64 {
        self.last_minute
    }

    pub(super) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// Ends what nobody can tell of any more.
    pub(super) fn lose(&mut self, minute: i64, config: &SlotConfig) -> Option<Open> {
        let is_lost = minute - self.last_minute >= config.lost_minutes;
        self.open.take_if(|_| is_lost)
    }

    pub(super) fn observe(
        &mut self,
        minute: i64,
        slot: &SlotValues<'_>,
        config: &SlotConfig,
    ) -> Outcome {
        self.last_minute = minute;
        self.minutes.push_back((minute, Distribution::of(slot)));
        while let Some((past, _)) = self.minutes.front()
            && *past <= minute - config.window_minutes.max(1)
        {
            let past = self.minutes.pop_front();
            if let Some((at, past)) = past.filter(|_| self.open.is_none()) {
                self.learn(at, &past, config);
            }
        }
        let mut window = Distribution::default();
        for (_, own) in &self.minutes {
            window.add(own, 2 * config.max_values);
        }
        let tests = compare(&self.usual, &window, config);
        let surprise_of_values = surprise(tests.values, &self.of_values, config);
        let surprise_of_numbers = surprise(tests.numbers, &self.of_numbers, config);
        // Two looks at the same window: half the chance each.
        let surprise = surprise_of_values.max(surprise_of_numbers) - 2.0_f64.log10();
        let found = (surprise >= CALM)
            .then(|| {
                self.largest_change(&window, surprise_of_values >= surprise_of_numbers, slot.key)
            })
            .flatten();
        let is_odd = found.is_some() && surprise >= config.min_surprise;
        self.odd = if is_odd { self.odd + 1 } else { 0 };
        self.calm = if found.is_some() {
            0
        } else {
            self.calm.saturating_add(1)
        };
        if !is_odd && self.open.is_none() {
            self.remember(tests);
        }
        if let Some(open) = &mut self.open {
            if let Some((_, size)) = found {
                open.last_odd_minute = minute;
                open.peak = open.peak.max(size);
            }
            return self.end(minute, config);
        }
        match found {
            Some((change, size)) if self.odd >= config.patience_minutes.max(1) => {
                let started_minute = minute - i64::from(self.odd) + 1;
                self.open = Some(Open {
                    started_minute,
                    last_odd_minute: minute,
                    peak: size,
                });
                self.calm = 0;
                Outcome::Shifted(Box::new(Shift {
                    started_minute,
                    change,
                    surprise,
                    size,
                    min_surprise: config.min_surprise,
                }))
            }
            _ => Outcome::Nothing,
        }
    }

    fn end(&mut self, minute: i64, config: &SlotConfig) -> Outcome {
        let Some(open) = &self.open else {
            return Outcome::Nothing;
        };
        let reason = if self.calm >= config.calm_minutes.max(1) {
            EndReason::BackToNormal
        } else if minute - open.started_minute >= config.adopt_minutes {
            // What was usual is another slot's past, so to speak.
            self.usual = Distribution::default();
            self.of_values.clear();
            self.of_numbers.clear();
            EndReason::NewNormal
        } else {
            return Outcome::Nothing;
        };
        self.odd = 0;
        self.open
            .take()
            .map_or(Outcome::Nothing, |open| Outcome::Over(open, reason))
    }

    fn learn(&mut self, minute: i64, past: &Distribution, config: &SlotConfig) {
        let passed = (minute - self.learnt_minute).max(0) as f64;
        self.learnt_minute = minute;
        self.usual
            .scale((-passed / config.half_life_minutes.max(1.0)).exp2());
        self.usual.add(past, config.max_values);
    }

    fn remember(&mut self, tests: Tests) {
        for (past, test) in [
            (&mut self.of_values, tests.values),
            (&mut self.of_numbers, tests.numbers),
        ] {
            let Some(test) = test else { continue };
            if past.len() >= PAST {
                past.pop_front();
            }
            past.push_back(test.ratio);
        }
    }

    /// What moved most, and how large that is from 0 to 1; `None` when nothing moved far enough.
    fn largest_change(
        &self,
        window: &Distribution,
        is_of_values: bool,
        key: &str,
    ) -> Option<(Change, f64)> {
        if is_of_values {
            self.change_of_values(window, key)
        } else {
            self.change_of_numbers(window)
        }
    }

    fn change_of_values(&self, window: &Distribution, key: &str) -> Option<(Change, f64)> {
        let moved = |value: &str| window.share(value) - self.usual.share(value);
        let values = || window.values.keys().chain(self.usual.values.keys());
        let is_large = |value: &str| {
            let (now, usual) = (window.share(value), self.usual.share(value));
            let least = if is_bad(value, key) {
                LARGE_BAD
            } else if usual < 0.001 {
                LARGE_NEW
            } else {
                LARGE_SHARE
            };
            (now - usual).abs() >= least
        };
        // What grew says more than what shrank; what is bad says most.
        let weight = |value: &str| {
            let by = moved(value);
            by.abs() * if by > 0.0 { 2.0 } else { 1.0 } * if is_bad(value, key) { 3.0 } else { 1.0 }
        };
        let value = values()
            .filter(|value| is_large(value))
            .max_by(|a, b| weight(a).total_cmp(&weight(b)).then_with(|| b.cmp(a)))?;
        let other = self
            .usual
            .values
            .keys()
            .filter(|other| *other != value)
            .max_by(|a, b| self.usual.share(a).total_cmp(&self.usual.share(b)))
            .map(|other| (other.clone(), window.share(other), self.usual.share(other)));
        let change = Change::Value {
            value: value.clone(),
            share: window.share(value),
            usual: self.usual.share(value),
            other,
            is_bad: is_bad(value, key) && moved(value) > 0.0,
        };
        Some((change, moved(value).abs().min(1.0)))
    }

    fn change_of_numbers(&self, window: &Distribution) -> Option<(Change, f64)> {
        let both = |q: f64| (window.quantile(q), self.usual.quantile(q));
        let (median, high) = (both(0.5), both(0.95));
        let factor = |(now, usual): (f64, f64)| {
            // Near zero a factor means nothing; a sign that changed means much.
            let (now, usual) = (now.abs().max(1e-9), usual.abs().max(1e-9));
            (now / usual).max(usual / now)
        };
        let largest = factor(median).max(factor(high));
        (largest >= LARGE_FACTOR).then(|| (Change::Numbers { median, high }, 1.0 - 1.0 / largest))
    }
}

/// `-log10` of the chance of a window, where the past of the test says how much more than chance it varies.
fn surprise(test: Option<Test>, past: &VecDeque<f64>, config: &SlotConfig) -> f64 {
    let Some(test) = test.filter(|_| past.len() >= config.min_windows.max(1)) else {
        return 0.0;
    };
    let past: Vec<f64> = past.iter().copied().collect();
    let mean = past.iter().sum::<f64>() / past.len() as f64;
    // Clumps now and then raise the upper end more than the mean.
    let high = quantile(&past, 0.95) / upper_ratio(test.degrees);
    let spread = mean.max(high).max(1.0);
    chi_square_surprise(test.ratio * test.degrees / spread, test.degrees)
}

/// The 95th percentile of a chi-square value over its degrees of freedom.
/// Source: Wilson and Hilferty 1931, "The distribution of chi-square".
fn upper_ratio(degrees: f64) -> f64 {
    let step = 2.0 / (9.0 * degrees.max(1.0));
    (1.0 - step + 1.645 * step.sqrt()).powi(3)
}

/// Whether a value tells of a failure: a status of 500 and more, or a word for it.
pub(super) fn is_bad(value: &str, key: &str) -> bool {
    const WORDS: [&str; 16] = [
        "error",
        "fail",
        "fatal",
        "timeout",
        "timed out",
        "refused",
        "denied",
        "unavailable",
        "unreachable",
        "reject",
        "exhausted",
        "exception",
        "unhealthy",
        "critical",
        "aborted",
        "corrupt",
    ];
    let is_status = ["status", "code", "response", "http"]
        .iter()
        .any(|word| key.contains(word));
    let is_server_error =
        value.len() == 3 && value.starts_with('5') && value.bytes().all(|b| b.is_ascii_digit());
    if is_status && is_server_error {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}
