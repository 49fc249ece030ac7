//! Patterns that were never seen before.

use std::collections::{HashSet, VecDeque};

use domain::{NANOS_PER_MINUTE, TemplateId};

use super::config::LogConfig;
use super::info::TemplateInfo;

/// Templates that are remembered as known; beyond it only [`TemplateInfo::first_seen_ns`] decides.
const MOST_KNOWN: usize = 200_000;
/// A template whose first record (by the store) is older than this is not new, in minutes.
const FRESH_MINUTES: i64 = 10;
/// While more new templates than this came in the last five minutes, the project is still learning.
const CALM_NEW: usize = 2;
/// Minutes that a new pattern is watched before it is reported, unless it is alarming before.
pub(super) const WATCH_MINUTES: i64 = 3;
/// Records that make a new error pattern more than a curiosity.
pub(super) const TAKEN_SERIOUSLY: f64 = 3.0;

/// What is known, and whether it is enough to call something new.
#[derive(Debug, Clone, Default)]
pub(super) struct Novelty {
    known: HashSet<TemplateId>,
    first_minute: Option<i64>,
    learned: bool,
    recent: VecDeque<i64>,
}

impl Novelty {
    /// Begins a minute: ends the learning when it is time.
    pub(super) fn begin(&mut self, minute: i64, config: &LogConfig) {
        let first = *self.first_minute.get_or_insert(minute);
        while self.recent.front().is_some_and(|m| *m <= minute - 5) {
            self.recent.pop_front();
        }
        let age = minute - first;
        self.learned |= age >= i64::from(config.longest_learning_minutes)
            || age >= i64::from(config.learning_minutes) && self.recent.len() <= CALM_NEW;
    }

    /// Whether the project is known well enough to call something new.
    pub(super) fn has_learned(&self) -> bool {
        self.learned
    }

    /// Whether a template is new; it is known from now on.
    pub(super) fn is_new(&mut self, id: TemplateId, minute: i64, info: &dyn TemplateInfo) -> bool {
        if self.known.contains(&id) {
            return false;
        }
        let full = self.known.len() >= MOST_KNOWN;
        if !full {
            self.known.insert(id);
        }
        self.recent.push_back(minute);
        if self.recent.len() > 1_000 {
            self.recent.pop_front();
        }
        if !self.learned || info.is_generalisation(id) {
            return false;
        }
        match info.first_seen_ns(id) {
            Some(first) => first.div_euclid(NANOS_PER_MINUTE) >= minute - FRESH_MINUTES,
            None => !full,
        }
    }
}

/// What news are worth in a service that is `minutes` old: on the first day even a quiet service has not
/// shown all it can say.
pub(super) fn worth_at_age(minutes: i64) -> f64 {
    0.78 + 0.22 * (minutes.max(0) as f64 / 1_440.0).min(1.0)
}

/// How often a service shows something new anyway: a decaying count of ten-minute slots with news.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NewsRate {
    slots: f64,
    last_slot: i64,
}

impl NewsRate {
    /// Half of it is forgotten in a day.
    const SLOTS_PER_DAY: f64 = 144.0;

    /// What news of a minute are worth: 1 when there is seldom any. News within ten minutes of each
    /// other do not count against each other.
    pub(super) fn worth(&self, minute: i64) -> f64 {
        let before = if minute.div_euclid(10) == self.last_slot {
            (self.slots - 1.0).max(0.0)
        } else {
            self.decayed(minute)
        };
        1.0 / (1.0 + before / 4.0)
    }

    /// Counts news in a minute.
    pub(super) fn note(&mut self, minute: i64) {
        let slot = minute.div_euclid(10);
        if slot != self.last_slot || self.slots == 0.0 {
            self.slots = self.decayed(minute) + 1.0;
            self.last_slot = slot;
        }
    }

    fn decayed(&self, minute: i64) -> f64 {
        let passed = (minute.div_euclid(10) - self.last_slot).max(0) as f64;
        self.slots * 0.5_f64.powf(passed / Self::SLOTS_PER_DAY)
    }
}
