//! Times of day: `3am`, `3:30 pm`, `14:05`, `14:05:09`, `noon`.

use jiff::civil::Time;

use crate::words::Word;

/// How exact a time of day was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// `3am`.
    Hour,
    /// `14:05`.
    Minute,
}

/// A time of day as said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// 0 to 23, or 0 to 12 when the half of the day was not said.
    hour: i8,
    minute: i8,
    second: i8,
    /// `true` after noon; `None` when not said.
    afternoon: Option<bool>,
    pub(super) precision: Precision,
}

impl Clock {
    /// The time of day.
    pub(super) fn time(self) -> Time {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        Time::new(hour, self.minute, self.second, 0).unwrap_or(Time::midnight())
    }

    /// Whether morning or afternoon was said, or cannot be in doubt.
    pub(super) fn is_definite(self) -> bool {
        self.afternoon.is_some()
            || self.hour > 12
            || self.hour == 0
            || self.precision == Precision::Minute
    }

    /// The start of `2 and 4pm`: in the half of the day of the end, if that makes it earlier than the end.
    pub(super) fn before(self, end: Self) -> Self {
        if self.is_definite() && self.afternoon.is_some()
            || end.afternoon.is_none()
            || self.hour > 12
        {
            return self;
        }
        let same = Self {
            afternoon: end.afternoon,
            ..self
        };
        let other = Self {
            afternoon: end.afternoon.map(|afternoon| !afternoon),
            ..self
        };
        if same.time() < end.time() {
            same
        } else {
            other
        }
    }
}

/// The time of day that starts at `words[0]`, and how many words it takes. A bare number counts
/// only when `bare_numbers` allows it.
pub(super) fn parse(words: &[Word], bare_numbers: bool) -> Option<(Clock, usize)> {
    let word = words.first().filter(|word| !word.quoted)?;
    let named = |hour: i8| Clock {
        hour,
        minute: 0,
        second: 0,
        afternoon: Some(hour >= 12),
        precision: Precision::Hour,
    };
    match word.lower.as_str() {
        "noon" | "midday" => return Some((named(12), 1)),
        "midnight" => {
            return Some((
                Clock {
                    hour: 0,
                    ..named(0)
                },
                1,
            ));
        }
        _ => {}
    }
    let (digits, glued) = split_meridiem(&word.lower);
    let (mut clock, had_colon) = digits_of(digits)?;
    let mut length = 1;
    clock.afternoon = glued;
    if glued.is_none() && !word.ends_phrase {
        let next = words.get(1).map_or("", |word| word.lower.as_str());
        if let ("", Some(afternoon)) = split_meridiem(next) {
            clock.afternoon = Some(afternoon);
            length = 2;
        } else if matches!(next, "o'clock" | "oclock") {
            return Some((clock, 2));
        } else if next == "o" && words.get(2).is_some_and(|word| word.lower == "clock") {
            return Some((clock, 3));
        }
    }
    let sensible = clock.afternoon.is_none() || (1..=12).contains(&clock.hour);
    (sensible && (had_colon || clock.afternoon.is_some() || bare_numbers))
        .then_some((clock, length))
}

/// Splits `3pm` into `3` and the afternoon.
fn split_meridiem(text: &str) -> (&str, Option<bool>) {
    for (suffix, afternoon) in [("a.m", false), ("p.m", true), ("am", false), ("pm", true)] {
        if let Some(digits) = text.strip_suffix(suffix)
            && (digits.is_empty() || digits.ends_with(|c: char| c.is_ascii_digit()))
        {
            return (digits, Some(afternoon));
        }
    }
    (text, None)
}

/// Reads `3`, `14:05`, `14:05:09`, `14h`; says whether minutes were given.
fn digits_of(text: &str) -> Option<(Clock, bool)> {
    let mut parts = text.split(':');
    let number = |part: &str, max: i8| -> Option<i8> {
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|value| plain && *value <= max)
    };
    let hour = number(parts.next()?, 23)?;
    let minute = parts.next();
    let second = parts.next();
    if parts.next().is_some() || minute.is_some_and(|minute| minute.len() != 2) {
        return None;
    }
    let clock = Clock {
        hour,
        minute: minute.map_or(Some(0), |minute| number(minute, 59))?,
        second: second.map_or(Some(0), |second| number(second, 59))?,
        afternoon: None,
        precision: if minute.is_some() {
            Precision::Minute
        } else {
            Precision::Hour
        },
    };
    Some((clock, minute.is_some()))
}
