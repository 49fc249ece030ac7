//! Time phrases of a question: what joins points and durations to ranges.

mod event;
mod interval;
mod relative;

use domain::TimeRange;
use jiff::Zoned;

use super::{AROUND_NS, DAY_NS, HOUR_NS, nanos, point, until_now};
use crate::context::QuestionContext;
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
            ("right" | "just" | "shortly" | "directly" | "immediately", "before") => (false, 2),
            ("right" | "just" | "shortly" | "directly" | "immediately", "after") => (true, 2),
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
