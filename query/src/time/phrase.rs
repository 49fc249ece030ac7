//! Time phrases of a question: what joins points and durations to ranges.

use domain::TimeRange;
use jiff::Zoned;

use super::duration::{self, Duration, Unit};
use super::point::{self, Point};
use super::{AROUND_NS, DAY_NS, HOUR_NS, nanos, until_now};
use crate::context::QuestionContext;
use crate::understand::deploy;
use crate::words::Word;

/// One time phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its first word.
    pub(crate) from: usize,
    /// The first word after it.
    pub(crate) until: usize,
    /// What it means, cut at now.
    pub(crate) range: TimeRange,
    /// What it means when the future is not cut off.
    pub(crate) whole: TimeRange,
    /// "before and after ...": the stretch before.
    pub(crate) before: Option<TimeRange>,
}

/// Words that introduce a time phrase and belong to it.
const INTRODUCTIONS: [&str; 15] = [
    "in",
    "on",
    "at",
    "over",
    "during",
    "for",
    "within",
    "from",
    "of",
    "the",
    "since",
    "around",
    "about",
    "throughout",
    "by",
];
/// How long "now" and "currently" reach back, nanoseconds.
const NOW_NS: i64 = 15 * domain::NANOS_PER_MINUTE;
/// How long "ever" reaches back, nanoseconds.
const EVER_NS: i64 = 90 * DAY_NS;
/// How long "before the deploy" reaches back, nanoseconds.
const BEFORE_EVENT_NS: i64 = HOUR_NS;

/// All time phrases of a question, in order, not overlapping.
pub(crate) fn find(words: &[Word], context: &QuestionContext) -> Vec<Found> {
    let now = context.now();
    let scanner = Scanner {
        words,
        now: &now,
        now_ns: nanos(now.timestamp()),
        context,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match scanner.phrase(at) {
            Some((range, length, before)) => {
                found.push(scanner.found(at, length, range, before));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

type Match = (TimeRange, usize, Option<TimeRange>);

struct Scanner<'question> {
    words: &'question [Word],
    now: &'question Zoned,
    now_ns: i64,
    context: &'question QuestionContext,
}

impl Scanner<'_> {
    fn lower(&self, at: usize) -> &str {
        self.words
            .get(at)
            .filter(|word| !word.quoted)
            .map_or("", |word| word.lower.as_str())
    }

    fn rest(&self, at: usize) -> &[Word] {
        self.words.get(at..).unwrap_or(&[])
    }

    /// Takes the introduction before the phrase along.
    fn found(
        &self,
        at: usize,
        length: usize,
        whole: TimeRange,
        before: Option<TimeRange>,
    ) -> Found {
        let mut from = at;
        while from > 0
            && INTRODUCTIONS.contains(&self.lower(from - 1))
            && !self.words[from - 1].ends_phrase
        {
            from -= 1;
        }
        Found {
            from,
            until: at + length,
            range: until_now(whole, self.now),
            whole,
            before,
        }
    }

    /// The phrase that starts at a word: its range, its length in words.
    fn phrase(&self, at: usize) -> Option<Match> {
        let plain =
            |found: Option<(TimeRange, usize)>| found.map(|(range, length)| (range, length, None));
        plain(self.fixed_words(at))
            .or_else(|| self.around_event(at))
            .or_else(|| plain(self.since_or_until(at)))
            .or_else(|| plain(self.between_ago(at)))
            .or_else(|| plain(self.between(at, None)))
            .or_else(|| plain(self.day_then_between(at)))
            .or_else(|| plain(self.rolling(at)))
            .or_else(|| plain(self.ago(at)))
            .or_else(|| plain(self.bare(at)))
            .or_else(|| plain(self.span(at)))
            .or_else(|| plain(self.point(at)))
    }

    fn fixed_words(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (back, length) = match (self.lower(at), self.lower(at + 1), self.lower(at + 2)) {
            ("right" | "just", "now", _) => (NOW_NS, 2),
            ("at", "the", "moment") => (NOW_NS, 3),
            ("now" | "currently", _, _) => (NOW_NS, 1),
            ("recently" | "lately", _, _) => (DAY_NS, 1),
            ("ever", _, _) | ("all-time", _, _) => (EVER_NS, 1),
            ("all", "time", _) => (EVER_NS, 2),
            _ => return None,
        };
        Some((TimeRange::last(self.now_ns, back), length))
    }

    /// "before and after the deploy".
    fn around_event(&self, at: usize) -> Option<Match> {
        if (self.lower(at), self.lower(at + 1), self.lower(at + 2)) != ("before", "and", "after") {
            return None;
        }
        let (event_ns, length) = self.event(at + 3)?;
        let after = TimeRange::new(event_ns, self.now_ns);
        Some((
            after,
            length + 3,
            Some(TimeRange::last(event_ns, after.duration_ns())),
        ))
    }

    /// The instant of a deploy or of the open incident.
    fn event(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(found) = deploy::parse(self.rest(at), self.context) {
            return Some(found);
        }
        if let Some(found) = self.happening(at) {
            return Some(found);
        }
        let length = usize::from(self.lower(at) == "the") + 1;
        let incident = self.context.open_incident.as_ref()?;
        let is_incident = matches!(self.lower(at + length - 1), "incident" | "outage");
        let started = usize::from(matches!(self.lower(at + length), "started" | "began"));
        is_incident.then_some((incident.started_at_ns, length + started))
    }

    /// "it crashed", "the restart", "inventory went down", "the last crash of inventory".
    fn happening(&self, at: usize) -> Option<(i64, usize)> {
        let known = &self.context.happenings;
        let is_skipped = |word: &str| {
            matches!(
                word,
                "the"
                    | "it"
                    | "its"
                    | "last"
                    | "latest"
                    | "they"
                    | "went"
                    | "was"
                    | "got"
                    | "had"
                    | "that"
                    | "a"
                    | "has"
                    | "been"
                    | "server"
                    | "service"
                    | "process"
                    | "system"
                    | "app"
            )
        };
        let mut end = at;
        while end < at + 6 && end < self.words.len() {
            let word = self.lower(end);
            if let Some(word) = crate::context::happening_word(word) {
                let latest = known
                    .iter()
                    .filter(|it| it.word == word && it.at_ns <= self.now_ns);
                return latest
                    .map(|it| it.at_ns)
                    .max()
                    .map(|at_ns| (at_ns, end + 1 - at));
            }
            let is_service = deploy::is_service(self.rest(end), self.context);
            if !is_skipped(word) && !is_service || self.words[end].ends_phrase {
                return None;
            }
            end += 1;
        }
        None
    }

    /// A point or an event, and whether it is an event.
    fn anchor(&self, at: usize, bare_numbers: bool) -> Option<(TimeRange, usize, bool)> {
        if let Some((at_ns, length)) = self.event(at) {
            return Some((
                TimeRange {
                    start_ns: at_ns,
                    end_ns: at_ns,
                },
                length,
                true,
            ));
        }
        if let Some((range, length)) = self.ago_instant(at) {
            return Some((range, length, false));
        }
        let skip = self
            .rest(at)
            .iter()
            .take_while(|word| matches!(word.lower.as_str(), "at" | "on" | "about" | "around"))
            .count();
        let (point, length) = point::parse(self.rest(at + skip), self.now, bare_numbers)?;
        Some((point.resolve(self.now), skip + length, false))
    }

    /// "since ...", "after ...", "until ...", "before ...", "from ... on".
    fn since_or_until(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (forward, introduction) = match (self.lower(at), self.lower(at + 1)) {
            ("since" | "after", _) => (true, 1),
            ("starting", "from" | "at" | "on") => (true, 2),
            ("until" | "till" | "before", _) => (false, 1),
            ("up" | "prior", "to" | "until") => (false, 2),
            ("during", "the") if matches!(self.lower(at + 2), "incident" | "outage") => (true, 1),
            _ => return None,
        };
        let (range, length, is_event) = self.anchor(at + introduction, false)?;
        let meant = if forward {
            TimeRange::new(range.start_ns, self.now_ns.max(range.start_ns))
        } else if is_event {
            TimeRange::last(range.start_ns, BEFORE_EVENT_NS)
        } else {
            TimeRange::last(range.start_ns, DAY_NS)
        };
        Some((meant, introduction + length))
    }

    /// "between A and B", "from A to B"; on `day`, if one was said before.
    fn between(&self, at: usize, day: Option<Point>) -> Option<(TimeRange, usize)> {
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
    fn between_ago(&self, at: usize) -> Option<(TimeRange, usize)> {
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
    fn day_then_between(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (day, length) = point::parse(self.rest(at), self.now, false)?;
        if day.date.is_none() || day.clock.is_some() {
            return None;
        }
        let (range, more) = self.between(at + length, Some(day)).or_else(|| {
            // "yesterday 8 to 20"
            self.pair(at + length, true, Some(day), |word| {
                matches!(word, "to" | "until" | "till" | "-" | "\u{2013}")
            })
        })?;
        Some((range, length + more))
    }

    /// "2pm - 4pm", "Monday to Wednesday", without an introduction.
    fn span(&self, at: usize) -> Option<(TimeRange, usize)> {
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
                date: end.date.map(|date| super::plus_days(date, 1)),
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

    /// "last 30 minutes", "past week", "last hour".
    fn rolling(&self, at: usize) -> Option<(TimeRange, usize)> {
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
    fn bare(&self, at: usize) -> Option<(TimeRange, usize)> {
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
    fn ago(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (Duration { nanos, unit }, length) = self.ago_duration(at)?;
        let then = self.now_ns.saturating_sub(nanos);
        let range = match unit {
            Unit::Second | Unit::Minute => {
                around(then, (nanos / 4).max(2 * domain::NANOS_PER_MINUTE))
            }
            Unit::Hour => around(then, AROUND_NS),
            Unit::Day | Unit::Week | Unit::Month | Unit::Year => {
                let days = i32::try_from(nanos / DAY_NS).unwrap_or(i32::MAX / 2);
                super::day_range(
                    super::plus_days(self.now.date(), -days),
                    self.now.time_zone(),
                )
            }
        };
        Some((range, length))
    }

    /// "since 20 minutes ago" means that instant.
    fn ago_instant(&self, at: usize) -> Option<(TimeRange, usize)> {
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

    /// A point alone, with "at" or "around" before it.
    fn point(&self, at: usize) -> Option<(TimeRange, usize)> {
        let (is_around, skip) = match self.lower(at) {
            "around" | "about" | "circa" | "near" => (true, 1),
            "at" if matches!(self.lower(at + 1), "around" | "about") => (true, 2),
            "at" => (false, 1),
            _ => (false, 0),
        };
        let (point, length) = point::parse(
            self.rest(at + skip),
            self.now,
            skip > 0 && self.number_stands_alone(at + skip),
        )?;
        let said_around = self.rest(at + skip)[..length]
            .iter()
            .any(|word| matches!(word.lower.as_str(), "around" | "about"));
        let range = point.resolve(self.now);
        let range = if !point.is_instant() {
            range
        } else if is_around || said_around {
            around(range.start_ns, AROUND_NS)
        } else {
            around(range.start_ns, point.half_width_ns())
        };
        Some((range, skip + length))
    }

    /// Whether a number after "at" is a time of day: nothing that could be counted follows.
    fn number_stands_alone(&self, at: usize) -> bool {
        let Some(word) = self.words.get(at) else {
            return false;
        };
        word.ends_phrase
            || at + 1 == self.words.len()
            || matches!(
                self.lower(at + 1),
                "yesterday" | "today" | "tonight" | "on" | "in" | "this" | "last" | "and" | "or"
            )
    }
}

fn around(at_ns: i64, half_ns: i64) -> TimeRange {
    TimeRange::new(at_ns.saturating_sub(half_ns), at_ns.saturating_add(half_ns))
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
