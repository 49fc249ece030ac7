//! Lengths of time that count back from now: "last 30 minutes", "20 minutes ago".

use domain::TimeRange;

use super::{Scanner, around};
use crate::time::duration::{self, Duration, Unit};
use crate::time::{AROUND_NS, DAY_NS};

impl Scanner<'_> {
    /// "last 30 minutes", "past week", "last hour".
    pub(super) fn rolling(&self, at: usize) -> Option<(TimeRange, usize)> {
        if !matches!(
            self.lower(at),
            "last" | "past" | "previous" | "latest" | "trailing"
        ) {
            return None;
        }
        if let Some((duration, length)) = duration::parse(self.rest(at + 1)) {
            return Some((TimeRange::last(self.now_ns, duration.nanos), length + 1));
        }
        let unit = Unit::parse(self.lower(at + 1)).filter(|_| self.lower(at + 1).len() > 1)?;
        let introduced = at > 0 && self.lower(at - 1) == "the" || self.lower(at) == "past";
        let is_calendar = matches!(unit, Unit::Week | Unit::Month | Unit::Year) && !introduced;
        (!is_calendar).then(|| (TimeRange::last(self.now_ns, unit.nanos()), 2))
    }

    /// "failed logins 24h", "since one hour", "in 30 minutes", "over the 6 hours": the last ones.
    pub(super) fn bare(&self, at: usize) -> Option<(TimeRange, usize)> {
        let introduced = matches!(
            self.lower(at),
            "in" | "since" | "within" | "for" | "over" | "during" | "of"
        );
        let start = at + usize::from(introduced);
        let (duration, length) = duration::parse(self.rest(start))?;
        let before = start.checked_sub(1).map_or("", |before| self.lower(before));
        let after = self.lower(start + length);
        let is_long = duration.nanos >= domain::NANOS_PER_MINUTE;
        let is_compact = length == 1;
        let is_measured = matches!(
            after,
            "ago" | "before" | "after" | "later" | "or" | "slow" | "timeout" | "old"
        ) || matches!(
            before,
            "than" | "after" | "every" | "took" | "each" | "per" | "least" | "most"
        );
        let is_other = !introduced
            && !is_compact
            && start + length != self.words.len()
            && !self.words[start + length - 1].ends_phrase
            && !self.starts_phrase(start);
        (is_long && !is_measured && !is_other).then(|| {
            (
                TimeRange::last(self.now_ns, duration.nanos),
                start + length - at,
            )
        })
    }

    /// Whether a word begins the question or a part of it after a comma.
    fn starts_phrase(&self, at: usize) -> bool {
        at.checked_sub(1)
            .is_none_or(|before| self.words[before].ends_phrase)
    }

    /// "20 minutes ago": around then; days and weeks ago: that day or week.
    pub(super) fn ago(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (Duration { nanos, unit }, length) = self.ago_duration(at)?;
        let then = self.now_ns.saturating_sub(nanos);
        let range = match unit {
            Unit::Second | Unit::Minute => {
                around(then, (nanos / 4).max(2 * domain::NANOS_PER_MINUTE))
            }
            Unit::Hour => around(then, AROUND_NS),
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => {
                let days = i32::try_from(nanos / DAY_NS).unwrap_or(i32::MAX / 2);
                crate::time::day_range(
                    crate::time::plus_days(self.now.date(), -days),
                    self.now.time_zone(),
                )
            }
        };
        Some((range, length))
    }

    /// "since 20 minutes ago" means that instant.
    pub(super) fn ago_instant(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (duration, length) = self.ago_duration(at)?;
        let then = self.now_ns.saturating_sub(duration.nanos);
        Some((
            TimeRange {
                start_ns: then,
                end_ns: then,
            },
            length,
        ))
    }

    fn ago_duration(&self, at: usize) -> Option<(Duration, usize)> {
        let (duration, length) = duration::parse(self.rest(at))?;
        (self.lower(at + length) == "ago").then_some((duration, length + 1))
    }
}
