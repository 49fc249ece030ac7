//! One (template, service, severity): its baseline and what is going on with it.

use domain::{AnomalyKind, Severity};

use super::baseline::{Baseline, Reading, UNDER_TEST};
use super::config::Bar;
use super::gaps::Gaps;

/// An anomaly that goes on.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub kind: AnomalyKind,
    pub started_minute: i64,
    pub last_odd_minute: i64,
    /// What the baseline learns meanwhile, records a minute.
    pub usual: f64,
    /// At or below (surge) or at or above (drop) this many records a minute it is calm.
    pub calm_rate: f64,
    pub peak: f64,
    /// False when it was over the limit of its minute and never handed out.
    pub announced: bool,
}

/// How regularly a pattern appears.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rhythm {
    pub intervals: u32,
    /// Mean minutes between appearances.
    pub mean: f64,
    /// Longest minutes between appearances.
    pub longest: f64,
}

/// One followed series.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub baseline: Baseline,
    /// The severity that it is watched with: at least that of its records.
    pub severity: Severity,
    pub first_minute: i64,
    pub last_seen: i64,
    pub rhythm: Rhythm,
    pub open: Option<Box<Open>>,
    pub cool_until: i64,
    /// One bit a minute, newest lowest: the minute alone would have been a surge.
    strong: u8,
    /// Surprise of the last five minutes, newest last; 0 for those within the usual range.
    raised: [f32; UNDER_TEST],
    tested_at: i64,
}

/// A surge as the test saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Surge {
    pub started_minute: i64,
    pub observed: f64,
    pub score: f64,
}

impl Series {
    pub(super) fn new(minute: i64, quiet_minutes: usize) -> Self {
        Self {
            baseline: Baseline::new(minute, quiet_minutes),
            severity: Severity::Unspecified,
            first_minute: minute,
            last_seen: minute,
            rhythm: Rhythm::default(),
            open: None,
            cool_until: i64::MIN,
            strong: 0,
            raised: [0.0; UNDER_TEST],
            tested_at: minute - 1,
        }
    }

    /// Adds the minute's count (0 when the series was silent).
    pub(super) fn push(&mut self, minute: i64, count: f64, gaps: &Gaps) {
        let instead = self.open.as_ref().map(|open| match open.kind {
            AnomalyKind::Drop => open.usual.max(count),
            _ => open.usual.min(count),
        });
        self.baseline.push(minute, count, instead, gaps);
        if count > 0.0 {
            if minute > self.last_seen {
                let interval = f64::from(gaps.watched(self.last_seen, minute));
                let rhythm = &mut self.rhythm;
                rhythm.intervals = rhythm.intervals.saturating_add(1);
                // The mean follows about the last hundred appearances.
                let weight = (1.0 / f64::from(rhythm.intervals)).max(0.01);
                rhythm.mean += (interval - rhythm.mean) * weight;
                rhythm.longest = rhythm.longest.max(interval);
            }
            self.last_seen = minute;
        }
    }

    /// Whether the minute that was just pushed is (part of) a surge.
    pub(super) fn surge(&mut self, reading: &Reading, bar: &Bar, need: &Need) -> Option<Surge> {
        let mut test = SurgeTest::new(reading, bar);
        self.remember(need.minute, &test);
        let raised = self.raised.iter().filter(|s| **s > 0.0).count();
        if test.enough_5 && raised >= 3 {
            // Minute after minute above the usual: their surprises add up, less what neighbouring
            // minutes have in common.
            let together: f32 = self.raised.iter().sum();
            test.surprise_5 = test.surprise_5.max(0.7 * f64::from(together));
        }
        let very_odd = test.surprise_1.max(test.surprise_5) >= 1.5 * bar.surprise;
        if reading.history < need.min_history || need.minute < self.cool_until && !very_odd {
            return None;
        }
        let overwhelming =
            reading.one >= 3.0 * bar.floor_1 && test.surprise_1 >= 2.0 * bar.surprise;
        let single = test.strong
            && (bar.one_is_enough && overwhelming || self.strong.count_ones() >= bar.minutes);
        let slow = test.surprise_5 >= bar.surprise && raised >= 3;
        if !single && !slow {
            return None;
        }
        let (lo, hi) = bar.score;
        let strength = test.strength(single, slow, reading);
        let share = 1.0 - (-(strength - bar.surprise).max(0.0) / 12.0).exp();
        // A short history makes for a less certain baseline.
        let trust = 0.87 + 0.13 * (reading.history as f64 / 60.0).min(1.0);
        let in_a_row = self.raised.iter().rev().take_while(|s| **s > 0.0).count();
        let raised_in_a_row = (in_a_row as i64).max(1);
        Some(Surge {
            started_minute: need.minute - (raised_in_a_row - 1),
            observed: if single {
                reading.one
            } else {
                reading.five / UNDER_TEST as f64
            },
            score: (lo + (hi - lo) * share) * trust,
        })
    }

    fn remember(&mut self, minute: i64, test: &SurgeTest) {
        const LAST_FIVE: u8 = 0b1_1111;
        let steps = (minute - self.tested_at).clamp(1, UNDER_TEST as i64) as usize;
        self.strong = (self.strong << steps | u8::from(test.strong)) & LAST_FIVE;
        self.raised.rotate_left(steps % UNDER_TEST);
        for gap in &mut self.raised[UNDER_TEST - steps..] {
            *gap = 0.0;
        }
        self.raised[UNDER_TEST - 1] = test.raised as f32;
        self.tested_at = minute;
    }

    /// Notes that an anomaly begins, so that the baseline does not learn from it.
    pub(super) fn begin(&mut self, open: Open) {
        if open.kind != AnomalyKind::NewTemplate {
            self.baseline.distrust(open.usual);
        }
        self.open = Some(Box::new(open));
    }
}

/// A minute of this surprise is above its usual range: one in thirty.
const LEAST_RAISED: f64 = 1.5;

/// What surrounds a test.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    pub minute: i64,
    pub min_history: usize,
}

struct SurgeTest {
    surprise_1: f64,
    surprise_5: f64,
    enough_5: bool,
    strong: bool,
    /// Surprise of the minute when it is above its usual range, else 0.
    raised: f64,
}

impl SurgeTest {
    fn new(r: &Reading, bar: &Bar) -> Self {
        let five_mean = r.mean * UNDER_TEST as f64;
        let enough_1 = r.one >= bar.floor_1 && r.one >= bar.lift * r.mean && r.one > 1.5 * r.most_1;
        let enough_5 =
            r.five >= bar.floor_5 && r.five >= bar.lift * five_mean && r.five > 1.3 * r.most_5;
        let surprise_1 = if enough_1 { r.surprise_1() } else { 0.0 };
        let surprise_5 = if enough_5 { r.surprise_5() } else { 0.0 };
        let raised = if r.one > 1.5 * r.mean + 1.0 {
            r.surprise_1()
        } else {
            0.0
        };
        let raised = if raised >= LEAST_RAISED { raised } else { 0.0 };
        Self {
            surprise_1,
            surprise_5,
            enough_5,
            strong: surprise_1 >= bar.surprise,
            raised,
        }
    }

    /// The surprise, limited by how many times the usual it is: on a busy stream tiny changes are
    /// certain but do not matter.
    fn strength(&self, single: bool, slow: bool, r: &Reading) -> f64 {
        let effect = |observed: f64, mean: f64| 12.0 * (observed / mean.max(1e-3)).max(1.0).log2();
        let one = self.surprise_1.min(effect(r.one, r.mean));
        let five = self
            .surprise_5
            .min(effect(r.five, r.mean * UNDER_TEST as f64));
        match (single, slow) {
            (true, true) => one.max(five),
            (true, false) => one,
            _ => five,
        }
    }
}

/// The score of something that went silent or collapsed: `surprise` against the bar, in a range.
pub(super) fn silence_score(surprise: f64, range: (f64, f64)) -> f64 {
    range.0 + (range.1 - range.0) * (1.0 - (-(surprise - 8.0).max(0.0) / 12.0).exp())
}

/// Whether a drop of this severity is bad news at all: fewer errors are not.
pub(super) fn drop_matters(severity: Severity) -> bool {
    severity < Severity::Warn
}
