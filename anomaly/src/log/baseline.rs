//! What is usual for one stream of counts per minute, and how odd the last minutes are.

use super::gaps::Gaps;
use super::season::Season;
use crate::statistics::{count_surprise_high, count_surprise_low};

/// Minutes of recent history.
const RECENT: usize = 120;
/// The newest minutes, which are under test and not learned yet.
pub(super) const UNDER_TEST: usize = 5;
/// Variance over mean that is assumed before enough is known: real streams are burstier than Poisson.
const PRIOR_FANO: f64 = 1.5;
/// How many minutes of evidence the prior is worth.
const PRIOR_MINUTES: f64 = 20.0;
/// Counts of real streams vary by at least this share of their mean from minute to minute.
const RELATIVE_NOISE: f64 = 0.15;
/// A silence longer than this many minutes (30 days) starts the hourly profile again.
const LONGEST_FILL: i64 = 30 * 1_440;

/// A minute that is still under test.
#[derive(Debug, Clone, Copy, Default)]
struct Fresh {
    count: f32,
    /// What is learned instead of the count, when the minute was suspicious.
    learned: f32,
}

/// Counts per minute of one stream. Minutes are minutes since 1970.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    recent: Vec<f32>,
    next: usize,
    fresh: [Fresh; UNDER_TEST],
    fresh_known: usize,
    last_minute: i64,
    season: Option<Season>,
}

/// The state of a stream when a minute is tested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Records in the last minute.
    pub one: f64,
    /// Records in the last five minutes.
    pub five: f64,
    /// Quiet minutes learned, at most 120.
    pub history: usize,
    /// Expected records a minute.
    pub mean: f64,
    /// Variance of one minute.
    pub variance: f64,
    /// Largest single minute of recent and earlier days.
    pub most_1: f64,
    /// Largest five minutes of recent and earlier days.
    pub most_5: f64,
}

impl Baseline {
    /// A stream first seen in `minute`, before which `quiet_minutes` were watched without a record.
    pub(super) fn new(minute: i64, quiet_minutes: usize) -> Self {
        Self {
            // The newest of them are under test, as all minutes are.
            recent: vec![0.0; quiet_minutes.saturating_sub(UNDER_TEST).min(RECENT)],
            next: 0,
            fresh: [Fresh::default(); UNDER_TEST],
            fresh_known: quiet_minutes.min(UNDER_TEST),
            last_minute: minute - 1,
            season: None,
        }
    }

    pub(super) fn last_minute(&self) -> i64 {
        self.last_minute
    }

    /// Adds the next minute. Minutes between the last one and this one were empty, except those in
    /// `gaps`, which nobody watched. `instead` is learned in place of the count while an anomaly is open.
    pub(super) fn push(&mut self, minute: i64, count: f64, instead: Option<f64>, gaps: &Gaps) {
        if minute <= self.last_minute {
            return;
        }
        self.fill(minute, gaps);
        self.shift(count as f32);
        let learned = instead.unwrap_or(count);
        self.fresh[UNDER_TEST - 1].learned = learned as f32;
        let five = self.five();
        let season = self.season.get_or_insert_with(|| Season::new(minute));
        season.add(minute, learned, count, five);
        self.last_minute = minute;
    }

    /// An anomaly was found: the minutes still under test teach `usual`, not what they counted.
    pub(super) fn distrust(&mut self, usual: f64) {
        for fresh in &mut self.fresh {
            fresh.learned = usual as f32;
        }
    }

    /// Forgets the recent history: what happens now is normal from here on.
    pub(super) fn relearn(&mut self) {
        self.recent.clear();
        self.next = 0;
        for fresh in &mut self.fresh {
            fresh.learned = fresh.count;
        }
    }

    fn fill(&mut self, minute: i64, gaps: &Gaps) {
        let mut from = self.last_minute + 1;
        if minute - from > LONGEST_FILL {
            self.season = None;
            from = minute - LONGEST_FILL;
        }
        if from >= minute {
            return;
        }
        let zeros = gaps.watched(from, minute) as usize;
        if zeros >= RECENT + UNDER_TEST {
            self.recent.clear();
            self.recent.resize(RECENT, 0.0);
            self.next = 0;
            self.fresh = [Fresh::default(); UNDER_TEST];
            self.fresh_known = UNDER_TEST;
        } else {
            for _ in 0..zeros {
                self.shift(0.0);
            }
        }
        if let Some(season) = &mut self.season {
            while from < minute {
                let hour_end = ((from.div_euclid(60) + 1) * 60).min(minute);
                season.add_zeros(from, gaps.watched(from, hour_end));
                from = hour_end;
            }
        }
    }

    fn shift(&mut self, count: f32) {
        if self.fresh_known == UNDER_TEST {
            let learned = self.fresh[0].learned;
            if self.recent.len() < RECENT {
                self.recent.push(learned);
            } else {
                self.recent[self.next] = learned;
                self.next = (self.next + 1) % RECENT;
            }
        } else {
            self.fresh_known += 1;
        }
        self.fresh.rotate_left(1);
        self.fresh[UNDER_TEST - 1] = Fresh {
            count,
            learned: count,
        };
    }

    fn five(&self) -> f64 {
        self.fresh.iter().map(|f| f64::from(f.count)).sum()
    }

    /// How many of the newest minutes (at most five) had `rate` records or fewer, one after another.
    pub(super) fn minutes_at_most(&self, rate: f64) -> i64 {
        let low = |f: &&Fresh| f64::from(f.count) <= rate;
        self.fresh.iter().rev().take_while(low).count() as i64
    }

    /// Records in the newest minute.
    pub(super) fn one(&self) -> f64 {
        f64::from(self.fresh[UNDER_TEST - 1].count)
    }

    /// Mean records a minute over the recent history; 0 without one.
    pub(super) fn recent_mean(&self) -> f64 {
        if self.recent.is_empty() {
            return 0.0;
        }
        self.recent.iter().map(|c| f64::from(*c)).sum::<f64>() / self.recent.len() as f64
    }

    /// Whether at least five records come every minute and an empty minute is unheard of.
    pub(super) fn is_never_silent(&self) -> bool {
        let empty = self.recent.iter().filter(|c| **c <= 0.0).count();
        self.recent.len() >= 10 && empty * 50 <= self.recent.len() && self.recent_mean() >= 5.0
    }

    /// Recent minutes in order of time.
    fn in_order(&self) -> impl Iterator<Item = f64> + '_ {
        let (newer, older) = self.recent.split_at(self.next.min(self.recent.len()));
        older.iter().chain(newer).map(|c| f64::from(*c))
    }

    /// Smallest and largest sum of five minutes in a row of the recent history.
    fn extremes_of_five(&self) -> (f64, f64) {
        let values: Vec<f64> = self.in_order().collect();
        let mut sums = values.windows(UNDER_TEST).map(|w| w.iter().sum::<f64>());
        let Some(first) = sums.next() else {
            let all: f64 = values.iter().sum();
            return (all, all);
        };
        sums.fold((first, first), |(low, high), s| (low.min(s), high.max(s)))
    }

    /// What is usual now and what is there, when the surroundings run at `lift` (>= 1) of their usual.
    pub(super) fn read(&self, lift: f64) -> Reading {
        let n = self.recent.len() as f64;
        let usual = self.season.as_ref().and_then(|s| s.usual(self.last_minute));
        // Half a record as prior: nothing seen in a minute is not a rate of zero.
        let sum: f64 = self.recent.iter().map(|c| f64::from(*c)).sum();
        let recent = (sum + 0.5) / n.max(1.0);
        let spread: f64 = self
            .recent
            .iter()
            .map(|c| (f64::from(*c) - recent).powi(2))
            .sum();
        let fano = (spread / recent + PRIOR_FANO * PRIOR_MINUTES) / (n + PRIOR_MINUTES);
        let mean = recent.max(usual.map_or(0.0, |u| u.mean_high)) * lift;
        let fano = fano.max(1.0) * (mean / recent).max(1.0);
        // The uncertainty of the mean itself adds to the variance while the history is short.
        let unsure = 1.0 + 2.0 / n.max(1.0);
        let variance = mean * fano * unsure + (RELATIVE_NOISE * mean).powi(2);
        let most_recent = self.recent.iter().fold(0.0_f32, |a, b| a.max(*b));
        let (_, most_5) = self.extremes_of_five();
        Reading {
            one: self.one(),
            five: self.five(),
            history: self.recent.len(),
            mean,
            variance,
            most_1: f64::from(most_recent).max(usual.map_or(0.0, |u| u.high_1)) * lift,
            most_5: most_5.max(usual.map_or(0.0, |u| u.high_5)) * lift,
        }
    }

    /// The five minutes that a collapse is judged against; `None` when the stream is not steady.
    pub(super) fn steady_floor(&self) -> Option<Steady> {
        if self.recent.len() < 30 {
            return None;
        }
        let mean = self.recent_mean();
        let (low, _) = self.extremes_of_five();
        let five = mean * UNDER_TEST as f64;
        // Streams with lulls of their own have no drop to speak of.
        if low < 0.3 * five {
            return None;
        }
        let usual = self.season.as_ref().and_then(|s| s.usual(self.last_minute));
        let expected = usual.map_or(mean, |u| u.mean_low.min(mean));
        let low = usual.map_or(low, |u| u.low_5.min(low));
        Some(Steady {
            expected,
            low_5: low,
            days: usual.map_or(0, |u| u.days),
        })
    }
}

/// What a steady stream keeps up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steady {
    /// Records a minute, the lower of recent and earlier days.
    pub expected: f64,
    /// The fewest records in five minutes.
    pub low_5: f64,
    /// Days of hourly profile behind it.
    pub days: u16,
}

impl Reading {
    /// Surprise of the last minute being this high.
    pub(super) fn surprise_1(&self) -> f64 {
        count_surprise_high(self.one, self.mean, self.variance)
    }

    /// Surprise of the last five minutes being this high. Neighbouring minutes are correlated, so the
    /// variance of the sum is taken as twice that of independent minutes.
    pub(super) fn surprise_5(&self) -> f64 {
        let mean = self.mean * UNDER_TEST as f64;
        count_surprise_high(self.five, mean, self.variance * UNDER_TEST as f64 * 2.0)
    }

    /// The highest count a minute may have without being odd (surprise 3), by bisection.
    pub(super) fn high(&self) -> f64 {
        let mut low = self.mean.max(0.0);
        let mut high = low + 10.0 * self.variance.sqrt() + 10.0;
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if count_surprise_high(middle, self.mean, self.variance) < 3.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        high.max(self.most_1)
    }

    /// The lowest count a minute may have without being odd, from the normal approximation.
    pub(super) fn low(&self) -> f64 {
        (self.mean - 3.0 * self.variance.sqrt()).max(0.0)
    }

    /// Surprise of five minutes being this low when `expected` records a minute are usual.
    pub(super) fn surprise_low(&self, expected: f64) -> f64 {
        let scale = expected / self.mean.max(1e-9);
        let variance = self.variance * scale.min(1.0) * UNDER_TEST as f64 * 2.0;
        count_surprise_low(self.five, expected * UNDER_TEST as f64, variance)
    }

    /// Surprise of so many minutes without any record when `expected` records a minute are usual.
    pub(super) fn surprise_silent(&self, expected: f64, minutes: f64) -> f64 {
        let scale = expected / self.mean.max(1e-9);
        let variance = self.variance * scale.min(1.0) * minutes * 2.0;
        count_surprise_low(0.0, expected * minutes, variance)
    }
}
