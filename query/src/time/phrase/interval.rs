//! The stretch between two points: "between 2 and 4pm", "Monday to Wednesday".

use domain::TimeRange;

use super::Scanner;
use crate::time::duration::{self, Unit};
use crate::time::point::{self, Point};
use crate::time::{DAY_NS, HOUR_NS};

impl Scanner<'_> {
    /// "between A and B", "from A to B"; on `day`, if one was said before.
    pub(super) fn between(&self, at: usize, day: Option<Point>) -> Option<(TimeRange, usize)> {
        if !matches!(self.lower(at), "between" | "from") {
            return None;
        }
        let is_between = self.lower(at) == "between";
        let (range, length) = self.pair(at + 1, true, day, |word| {
            matches!(word, "to" | "until" | "till" | "-" | "\u{2013}" | "through")
                || is_between && word == "and"
        })?;
        Some((range, length + 1))
    }

    /// "between 2 and 4 hours ago", "30 to 10 minutes ago", "from 3 hours to 1 hour ago".
    pub(super) fn between_ago(&self, at: usize) -> Option<(TimeRange, usize)> {
        let start = at + usize::from(matches!(self.lower(at), "between" | "from"));
        if let Some((first, second)) = self.lower(start).split_once(['-', '\u{2013}']) {
            let (first, second) = (first.parse::<f64>().ok()?, second.parse::<f64>().ok()?);
            let unit = Unit::parse(self.lower(start + 1))?.nanos() as f64;
            let is_ago = self.lower(start + 2) == "ago";
            return is_ago.then(|| {
                let back = |count: f64| self.now_ns.saturating_sub((count * unit) as i64);
                let range = TimeRange::new(back(first.max(second)), back(first.min(second)));
                (range, start + 3 - at)
            });
        }
        let first = duration::number(self.lower(start))?;
        let own = Unit::parse(self.lower(start + 1));
        let said = usize::from(own.is_some()) + 1;
        let ago = usize::from(own.is_some() && self.lower(start + said) == "ago");
        let join = start + said + ago;
        if !matches!(
            self.lower(join),
            "and" | "to" | "-" | "\u{2013}" | "until" | "or"
        ) {
            return None;
        }
        let (second, length) = duration::parse(self.rest(join + 1))?;
        let end = join + 1 + length;
        if self.lower(end) != "ago" {
            return None;
        }
        let first = (first * own.unwrap_or(second.unit).nanos() as f64) as i64;
        let back = |nanos: i64| self.now_ns.saturating_sub(nanos);
        let (early, late) = (first.max(second.nanos), first.min(second.nanos));
        (early > late).then(|| (TimeRange::new(back(early), back(late)), end + 1 - at))
    }

    /// "yesterday between 2 and 4pm", "on Monday from 9:00 to 10:30".
    pub(super) fn day_then_between(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (day, length) = point::parse(self.rest(at), self.now, false)?;
        if day.date.is_none() || day.clock.is_some() {
            return None;
        }
        if let Some((range, more)) = self.part_of_day(at + length, day) {
            return Some((range, length + more));
        }
        let (range, more) = self.between(at + length, Some(day)).or_else(|| {
            // "yesterday 8 to 20"
            self.pair(at + length, true, Some(day), |word| {
                matches!(word, "to" | "until" | "till" | "-" | "\u{2013}")
            })
        })?;
        Some((range, length + more))
    }

    /// "on 23 November after 22:00", "yesterday before noon": what of a day lies behind or before a time of it.
    fn part_of_day(&self, at: usize, day: Point) -> Option<(TimeRange, usize)> {
        let is_forward = match self.lower(at) {
            "after" | "since" => true,
            "before" | "until" | "till" => false,
            _ => return None,
        };
        let (clock, length) = point::parse(self.rest(at + 1), self.now, true)?;
        if !clock.is_clock_only() {
            return None;
        }
        let whole = day.resolve(self.now);
        let edge = Point {
            date: day.date,
            part: day.part,
            ..clock
        };
        let edge_ns = edge.resolve(self.now).start_ns;
        let range = if is_forward {
            TimeRange::new(edge_ns, whole.end_ns.max(edge_ns))
        } else {
            TimeRange::new(whole.start_ns.min(edge_ns), edge_ns)
        };
        Some((range, length + 1))
    }

    /// "2pm - 4pm", "Monday to Wednesday", without an introduction.
    pub(super) fn span(&self, at: usize) -> Option<(TimeRange, usize)> {
        self.pair(at, false, None, |word| {
            matches!(word, "to" | "-" | "\u{2013}" | "until" | "till")
        })
    }

    /// Two points with a joining word; what one leaves out, the other gives.
    fn pair(
        &self,
        at: usize,
        introduced: bool,
        day: Option<Point>,
        joins: impl Fn(&str) -> bool,
    ) -> Option<(TimeRange, usize)> {
        let dashed = self.lower(at + 1) == "-";
        let (mut start, start_length) =
            point::parse(self.rest(at), self.now, introduced || dashed)?;
        let join_at = at + start_length;
        if !joins(self.lower(join_at)) {
            return None;
        }
        if matches!(self.lower(join_at + 1), "now") {
            return Some((
                TimeRange::new(start.resolve(self.now).start_ns, self.now_ns),
                start_length + 2,
            ));
        }
        let (mut end, end_length) =
            point::parse(self.rest(join_at + 1), self.now, introduced || dashed)?;
        let is_bare = |point: &Point| {
            point.clock.is_some_and(|clock| !clock.is_definite()) && point.is_clock_only()
        };
        if !introduced && !dashed && is_bare(&start) && is_bare(&end) {
            return None;
        }
        if let Some(day) = day {
            if !start.is_clock_only() || !end.is_clock_only() {
                return None;
            }
            (start.date, start.part) = (day.date, day.part);
        }
        share(&mut start, &mut end);
        Some((self.join(&start, &end), start_length + 1 + end_length))
    }

    /// The stretch from one point to another.
    fn join(&self, start: &Point, end: &Point) -> TimeRange {
        let (from, until) = (start.resolve(self.now), end.resolve(self.now));
        if start.is_clock_only() && end.is_clock_only() {
            // Without a date: the latest such stretch that has begun. Over midnight it began the day before its end.
            let start_ns = from.start_ns;
            let end_ns = if until.start_ns > start_ns {
                until.start_ns
            } else {
                start_ns.saturating_add(self.next_same(start, end))
            };
            return TimeRange::new(start_ns, end_ns);
        }
        let end_ns = if end.is_instant() {
            until.start_ns
        } else {
            until.end_ns
        };
        if end_ns <= from.start_ns && end.clock.is_some() {
            // "between 11pm and 2am yesterday" ends on the next day.
            let next = Point {
                date: end.date.map(|date| crate::time::plus_days(date, 1)),
                ..*end
            };
            return TimeRange::new(from.start_ns, next.resolve(self.now).start_ns);
        }
        TimeRange::new(from.start_ns, end_ns)
    }

    /// From a time of day to the next other one, nanoseconds.
    fn next_same(&self, start: &Point, end: &Point) -> i64 {
        let time = |point: &Point| {
            point.clock.map_or(0, |clock| {
                let time = clock.time();
                i64::from(time.hour()) * HOUR_NS
                    + i64::from(time.minute()) * domain::NANOS_PER_MINUTE
            })
        };
        (time(end) - time(start)).rem_euclid(DAY_NS)
    }
}

/// Gives each of two points what only the other said: the day, the half of the day.
fn share(start: &mut Point, end: &mut Point) {
    if let (Some(from), Some(until)) = (start.clock, end.clock) {
        start.clock = Some(from.before(until));
        if start.part.is_none() {
            start.part = end.part.filter(|_| !from.is_definite());
        }
        if start.date.is_none() && start.fixed.is_none() {
            start.date = end.date;
        }
        if end.date.is_none() && end.fixed.is_none() {
            end.date = start.date;
            end.part = end.part.or(start.part);
        }
    }
}
