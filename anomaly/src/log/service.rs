//! One service as a whole: its volume, its share of errors, its news.

use std::collections::VecDeque;

use domain::Severity;

use super::gaps::Gaps;
use super::novelty::{NewsRate, worth_at_age};
use super::series::{Open, Series};
use super::share::Share;
use super::{SeriesKey, baseline::Reading};

/// New patterns of one service that are collected for one report; further ones are only counted.
pub(super) const MOST_NEWS: usize = 50;

/// A pattern that is new, until it is reported.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub key: SeriesKey,
    pub since: i64,
    pub count: f64,
}

/// One followed service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub name: String,
    pub first_minute: i64,
    /// All records.
    pub total: Series,
    /// Records below error: what traffic is measured by.
    pub calm: Series,
    pub share: Share,
    pub open_share: Option<Open>,
    pub open_news: Option<Open>,
    pub open_vanished: Option<Open>,
    /// When its last error-severity anomaly began, and how many errors a minute it explains.
    pub explained: (i64, f64),
    pub error_news: NewsRate,
    pub other_news: NewsRate,
    pub waiting: Vec<News>,
    /// Patterns that were new lately, for seeing that one took another's place.
    pub arrivals: VecDeque<(SeriesKey, i64)>,
    /// Records of this minute.
    pub now: Minute,
    /// How much more traffic than usual there is, at least 1.
    pub calm_reading: Option<Reading>,
}

/// Sums of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Minute {
    pub total: f64,
    pub errors: f64,
}

impl Service {
    pub(super) fn new(name: &str, minute: i64) -> Self {
        Self {
            name: name.to_owned(),
            first_minute: minute,
            total: Series::new(minute, 0),
            calm: Series::new(minute, 0),
            share: Share::default(),
            open_share: None,
            open_news: None,
            open_vanished: None,
            explained: (i64::MIN / 2, 0.0),
            error_news: NewsRate::default(),
            other_news: NewsRate::default(),
            waiting: Vec::new(),
            arrivals: VecDeque::new(),
            now: Minute::default(),
            calm_reading: None,
        }
    }

    /// Takes the sums of the minute into the baselines.
    pub(super) fn push(&mut self, minute: i64, gaps: &Gaps) {
        self.total.push(minute, self.now.total, gaps);
        self.calm
            .push(minute, self.now.total - self.now.errors, gaps);
        let learn = self.open_share.is_none();
        self.share.push(self.now.errors, self.now.total, learn);
        self.calm_reading = Some(self.calm.baseline.read(1.0));
        while self.arrivals.front().is_some_and(|a| a.1 < minute - 45) {
            self.arrivals.pop_front();
        }
    }

    /// What a new error pattern is worth, 0 to 1.
    pub(super) fn error_worth(&self, minute: i64) -> f64 {
        self.error_news.worth(minute) * worth_at_age(minute - self.first_minute)
    }

    /// Notes that an anomaly accounts for `rate` errors a minute.
    pub(super) fn explain(&mut self, minute: i64, rate: f64) {
        let (since, known) = self.explained;
        self.explained = if minute - since <= 15 {
            (minute, known + rate)
        } else {
            (minute, rate)
        };
    }

    /// How many times its usual traffic the rest of the service has, without a pattern that has
    /// `own_five` records in five minutes where `own_mean` a minute are usual. Errors do not count as
    /// traffic. From 1 (also when there is too little to tell) to 10.
    pub(super) fn lift(&self, severity: Severity, own: (f64, f64), own_mean: f64) -> f64 {
        let Some(calm) = &self.calm_reading else {
            return 1.0;
        };
        let own = if severity.is_error() { (0.0, 0.0) } else { own };
        let own_mean = if severity.is_error() { 0.0 } else { own_mean };
        let usual = self.calm.baseline.recent_mean() - own_mean;
        if usual < 4.0 {
            return 1.0;
        }
        // What is surely there: chance alone must not look like traffic.
        let surely = |count: f64| count - 2.0 * count.max(0.0).sqrt();
        let five = surely(calm.five - own.1) / (5.0 * usual);
        // One minute says something only where single minutes are not like that now and then.
        let one = if calm.one > calm.most_1 {
            surely(calm.one - own.0) / usual
        } else {
            1.0
        };
        one.max(five).clamp(1.0, 10.0)
    }

    /// How many of its usual records the rest of the service still has, without such a pattern:
    /// 1 when it is as usual or too little to tell.
    pub(super) fn rest_level(&self, own_five: f64, own_mean: f64) -> f64 {
        let Some(calm) = &self.calm_reading else {
            return 1.0;
        };
        let usual = 5.0 * (self.calm.baseline.recent_mean() - own_mean);
        if usual < 20.0 {
            return 1.0;
        }
        ((calm.five - own_five) / usual).max(0.0)
    }
}
