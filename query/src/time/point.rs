//! One place in time as said: a day, a part of a day, a time of day, or any of them together.

use domain::TimeRange;
use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};

use super::clock::{self, Clock, Precision};
use super::{AT_HOUR_NS, AT_MINUTE_NS, at, day, day_range, days_range, nanos, plus_days};
use crate::words::Word;

/// A part of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// 06:00 to 12:00.
    Morning,
    /// 12:00 to 18:00.
    Afternoon,
    /// 18:00 to 22:00.
    Evening,
    /// 20:00 to 06:00 of the next day.
    Night,
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "morning" => Self::Morning,
            "afternoon" => Self::Afternoon,
            "evening" => Self::Evening,
            "night" => Self::Night,
            _ => return None,
        })
    }

    const fn hours(self) -> (i8, i8) {
        match self {
            Self::Morning => (6, 12),
            Self::Afternoon => (12, 18),
            Self::Evening => (18, 22),
            Self::Night => (20, 6),
        }
    }
}

/// What was said of one place in time. At least one field is set.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Point {
    pub(super) date: Option<Date>,
    pub(super) part: Option<Part>,
    pub(super) clock: Option<Clock>,
    /// A stretch that is known already: a week, a month, a deploy, an ISO instant.
    pub(super) fixed: Option<TimeRange>,
}

impl Point {
    /// Whether a time of day or an instant was said.
    pub(super) fn is_instant(&self) -> bool {
        self.clock.is_some()
            || self
                .fixed
                .is_some_and(|range| range.start_ns == range.end_ns)
    }

    /// Whether only a time of day was said.
    pub(super) fn is_clock_only(&self) -> bool {
        self.clock.is_some() && self.date.is_none() && self.part.is_none() && self.fixed.is_none()
    }

    /// The stretch meant, and whether it is one instant (then start and end are the same). Without
    /// a date, the latest one that is not in the future.
    pub(super) fn resolve(&self, now: &Zoned) -> TimeRange {
        let zone = now.time_zone();
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let today = now.date();
        if let Some(clock) = self.clock {
            let time = self.time_of(clock);
            let date = self.date.unwrap_or(today);
            // "last night at 1am" is in the morning of the next day.
            let date = if self.part == Some(Part::Night) && time.hour() < 12 {
                plus_days(date, 1)
            } else {
                date
            };
            let instant = at(date, time, zone);
            let future = instant > nanos(now.timestamp()) && self.date.is_none();
            let instant = if future {
                at(plus_days(date, -1), time, zone)
            } else {
                instant
            };
            return TimeRange {
                start_ns: instant,
                end_ns: instant,
            };
        }
        let date = self.date.unwrap_or(today);
        let Some(part) = self.part else {
            return day_range(date, zone);
        };
        let (from, until) = part.hours();
        let end_date = if until <= from {
            plus_days(date, 1)
        } else {
            date
        };
        let hour = |hour: i8| Time::constant(hour, 0, 0, 0);
        TimeRange::new(at(date, hour(from), zone), at(end_date, hour(until), zone))
    }

    /// How far around the instant "at ..." reaches, nanoseconds.
    pub(super) fn half_width_ns(&self) -> i64 {
        match self.clock.map(|clock| clock.precision) {
            Some(Precision::Hour) => AT_HOUR_NS,
            _ => AT_MINUTE_NS,
        }
    }

    /// The time of day, with the half of the day taken from the part of the day if need be.
    fn time_of(&self, clock: Clock) -> Time {
        let time = clock.time();
        let to_afternoon = match self.part {
            Some(Part::Afternoon | Part::Evening) => true,
            Some(Part::Night) => time.hour() >= 6,
            _ => false,
        };
        if !clock.is_definite() && to_afternoon && time.hour() < 12 {
            return Time::new(time.hour() + 12, time.minute(), time.second(), 0).unwrap_or(time);
        }
        time
    }
}

/// The point that starts at `words[0]`, and how many words it takes. `bare_numbers` allows "3" as
/// a time of day.
pub(super) fn parse(words: &[Word], now: &Zoned, bare_numbers: bool) -> Option<(Point, usize)> {
    let mut point = Point::default();
    let mut length = 0;
    let mut bare = bare_numbers;
    loop {
        let rest = &words[length..];
        let skipped = if length == 0 { 0 } else { connectors(rest) };
        let after_at = rest.get(..skipped).is_some_and(|words| {
            words
                .iter()
                .any(|word| matches!(word.lower.as_str(), "at" | "around" | "about"))
        });
        let rest = &rest[skipped..];
        // "from yesterday 8 until 20"
        let is_joined = bare_numbers
            && rest.get(1).is_some_and(|word| {
                matches!(
                    word.lower.as_str(),
                    "until" | "till" | "to" | "-" | "\u{2013}" | "through"
                )
            });
        let Some(taken) = add(&mut point, rest, now, bare || after_at || is_joined) else {
            break;
        };
        length += skipped + taken;
        bare = false;
        if words[length - 1].ends_phrase
            && !words[length - 1]
                .lower
                .starts_with(|c: char| c.is_ascii_digit())
        {
            break;
        }
    }
    (length > 0).then_some((point, length))
}

/// Words that may stand between the parts of one point.
fn connectors(words: &[Word]) -> usize {
    words
        .iter()
        .take_while(|word| {
            !word.quoted
                && matches!(
                    word.lower.as_str(),
                    "at" | "on" | "in" | "the" | "around" | "about" | "of" | "during"
                )
        })
        .count()
}

/// Adds one part; `None` when none starts here or it was said already.
fn add(point: &mut Point, words: &[Word], now: &Zoned, bare_numbers: bool) -> Option<usize> {
    let word = words.first().filter(|word| !word.quoted)?;
    let next = words.get(1).map_or("", |word| word.lower.as_str());
    let today = now.date();
    if *point == Point::default()
        && let Some((fixed, length)) =
            instant(word, words.get(1), now).or_else(|| period(words, now))
    {
        point.fixed = Some(fixed);
        return Some(length);
    }
    if point.fixed.is_some() {
        return None;
    }
    if point.date.is_none() && point.part.is_none() {
        let (date, part, length) = match (word.lower.as_str(), next) {
            ("tonight", _) => (today, Some(Part::Night), 1),
            ("overnight", _) => (plus_days(today, -1), Some(Part::Night), 1),
            ("last", "night") => (plus_days(today, -1), Some(Part::Night), 2),
            ("last" | "yesterday", "evening") => (plus_days(today, -1), Some(Part::Evening), 2),
            ("this", part) if Part::parse(part).is_some() => (today, Part::parse(part), 2),
            _ => (Date::MIN, None, 0),
        };
        if length > 0 {
            (point.date, point.part) = (Some(date), part);
            return Some(length);
        }
    }
    if point.date.is_none()
        && let Some((date, length)) = day::parse(words, today)
    {
        point.date = Some(date);
        return Some(length);
    }
    if point.part.is_none()
        && (point.date.is_some() || point.clock.is_some())
        && let Some(part) = Part::parse(&word.lower)
    {
        point.part = Some(part);
        return Some(1);
    }
    if point.clock.is_none() {
        let next_is_unit = super::duration::Unit::parse(next).is_some();
        if let Some((clock, length)) = clock::parse(words, bare_numbers && !next_is_unit) {
            point.clock = Some(clock);
            return Some(length);
        }
    }
    None
}

/// An ISO 8601 date and time in one word or two: with an offset, or in the asker's zone.
fn instant(word: &Word, next: Option<&Word>, now: &Zoned) -> Option<(TimeRange, usize)> {
    let point = |at_ns: i64| TimeRange {
        start_ns: at_ns,
        end_ns: at_ns,
    };
    if word.text.len() >= 16
        && let Some(at_ns) = super::value::iso(&word.text, now)
    {
        return Some((point(at_ns), 1));
    }
    let next = next
        .filter(|next| word.text.len() == 10 && next.text.len() >= 5 && next.text.contains(':'))?;
    let civil: DateTime = format!("{}T{}", word.text, next.text).parse().ok()?;
    Some((point(at(civil.date(), civil.time(), now.time_zone())), 2))
}

/// Weeks, weekends, months and years of the calendar.
fn period(words: &[Word], now: &Zoned) -> Option<(TimeRange, usize)> {
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let today = now.date();
    let zone = now.time_zone();
    let monday = plus_days(today, -i32::from(today.weekday().to_monday_zero_offset()));
    let month_start = today.first_of_month();
    let year_start = Date::new(today.year(), 1, 1).unwrap_or(today);
    let back = |date: Date, months: i32| {
        date.checked_sub(jiff::Span::new().months(months))
            .unwrap_or(date)
    };
    let forward = |date: Date, months: i32| {
        date.checked_add(jiff::Span::new().months(months))
            .unwrap_or(date)
    };
    let (from, until, length) = match (lower(0), lower(1)) {
        ("this", "week") => (monday, plus_days(monday, 7), 2),
        ("last" | "previous", "week") => (plus_days(monday, -7), monday, 2),
        ("this", "month") => (month_start, forward(month_start, 1), 2),
        ("last" | "previous", "month") => (back(month_start, 1), month_start, 2),
        ("this", "year") => (year_start, forward(year_start, 12), 2),
        ("last" | "previous", "year") => (back(year_start, 12), year_start, 2),
        ("weekend", _) => weekend(monday, today, 1),
        ("this" | "the", "weekend") => weekend(monday, today, 2),
        ("last" | "past" | "previous", "weekend") => weekend(monday, today, 2),
        (name, next)
            if name.len() >= 4 && name != "march" && name != "may"
                || name == "march" && next.is_empty() =>
        {
            let month = day::month(name).filter(|_| day::parse(words, today).is_none())?;
            let start = Date::new(today.year(), month, 1).ok()?;
            let start = if start > today {
                back(start, 12)
            } else {
                start
            };
            (start, forward(start, 1), 1)
        }
        _ => return None,
    };
    Some((days_range(from, until, zone), length))
}

/// The latest Saturday and Sunday that have begun.
fn weekend(monday: Date, today: Date, length: usize) -> (Date, Date, usize) {
    let saturday = plus_days(monday, 5);
    let saturday = if saturday > today {
        plus_days(saturday, -7)
    } else {
        saturday
    };
    (saturday, plus_days(saturday, 2), length)
}
