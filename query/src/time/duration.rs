//! Lengths of time: `30 minutes`, `an hour`, `the last couple of days`, `1h30m`.

use super::{DAY_NS, HOUR_NS};
use crate::words::Word;

/// A unit of time in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// `s`.
    Second,
    /// `min`.
    Minute,
    /// `h`.
    Hour,
    /// 24 hours, or a calendar day.
    Day,
    /// Seven days.
    Week,
    /// 30 days, or a calendar month.
    Month,
    /// 365 days, or a calendar year.
    Year,
}

impl Unit {
    /// Its length when it is no calendar unit, nanoseconds.
    pub(super) const fn nanos(self) -> i64 {
        match self {
            Self::Second => domain::NANOS_PER_SECOND,
            Self::Minute => domain::NANOS_PER_MINUTE,
            Self::Hour => HOUR_NS,
            Self::Day => DAY_NS,
            Self::Week => 7 * DAY_NS,
            Self::Month => 30 * DAY_NS,
            Self::Year => 365 * DAY_NS,
        }
    }

    /// Reads `minutes`, `min`, `m`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Self::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Self::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            "w" | "wk" | "week" | "weeks" => Self::Week,
            "month" | "months" | "mo" => Self::Month,
            "y" | "yr" | "year" | "years" => Self::Year,
            _ => return None,
        })
    }
}

/// A number of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Duration {
    pub(super) nanos: i64,
    pub(super) unit: Unit,
}

/// The duration that starts at `words[0]`, and how many words it takes.
pub(super) fn parse(words: &[Word]) -> Option<(Duration, usize)> {
    let first = words.first().filter(|word| !word.quoted)?;
    if let Some(duration) = compact(&first.lower) {
        return Some((duration, 1));
    }
    let (amount, length) = amount(words)?;
    let unit = Unit::parse(&words.get(length)?.lower)?;
    Some((of(amount, unit), length + 1))
}

fn of(amount: f64, unit: Unit) -> Duration {
    let nanos = (amount * unit.nanos() as f64) as i64;
    Duration { nanos, unit }
}

/// `30`, `1.5`, `a`, `a couple of`, `few`, `half an`.
fn amount(words: &[Word]) -> Option<(f64, usize)> {
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    let skip_of = |length: usize| {
        if lower(length) == "of" {
            length + 1
        } else {
            length
        }
    };
    let counted = match lower(0) {
        "half" => return Some((0.5, if matches!(lower(1), "a" | "an") { 2 } else { 1 })),
        "a" | "an" => match lower(1) {
            "couple" => return Some((2.0, skip_of(2))),
            "few" => return Some((3.0, skip_of(2))),
            _ => 1.0,
        },
        "couple" => return Some((2.0, skip_of(1))),
        "few" | "several" => return Some((3.0, 1)),
        other => number(other)?,
    };
    Some((counted, 1))
}

/// A number in digits or, up to twelve and for round ones, in words.
pub(crate) fn number(word: &str) -> Option<f64> {
    const WORDS: [(&str, f64); 19] = [
        ("one", 1.0),
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("eleven", 11.0),
        ("twelve", 12.0),
        ("fifteen", 15.0),
        ("twenty", 20.0),
        ("thirty", 30.0),
        ("forty", 40.0),
        ("fifty", 50.0),
        ("sixty", 60.0),
        ("ninety", 90.0),
    ];
    if let Some((_, value)) = WORDS.iter().find(|(name, _)| *name == word) {
        return Some(*value);
    }
    let plain = word
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && word.len() <= 9;
    word.parse::<f64>()
        .ok()
        .filter(|value| plain && value.is_finite() && *value > 0.0)
}

/// `30m`, `1h30m`, `90min`, `2days`.
pub(super) fn compact(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: Option<Duration> = None;
    while !rest.is_empty() {
        let digits_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let letters_end = rest[digits_end..]
            .find(|c: char| !c.is_ascii_lowercase())
            .map_or(rest.len(), |end| digits_end + end);
        let part = of(
            number(&rest[..digits_end])?,
            Unit::parse(&rest[digits_end..letters_end])?,
        );
        total = Some(Duration {
            nanos: total
                .map_or(0, |total| total.nanos)
                .saturating_add(part.nanos),
            unit: part.unit,
        });
        rest = &rest[letters_end..];
    }
    total
}
