//! Days: `yesterday`, `Tuesday`, `22 November`, `2026-11-22`.

use jiff::civil::{Date, Weekday};

use super::plus_days;
use crate::words::Word;

/// The number of a month name, from 1.
pub(super) fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let says =
        |name: &&str| *name == word || word.len() >= 3 && word.len() <= 4 && name.starts_with(word);
    let index = MONTHS.iter().position(says)?;
    i8::try_from(index + 1).ok()
}

/// The weekday of a name or its usual abbreviation.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" | "mon" | "mondays" => Weekday::Monday,
        "tuesday" | "tue" | "tues" => Weekday::Tuesday,
        "wednesday" | "wed" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" => Weekday::Thursday,
        "friday" | "fri" => Weekday::Friday,
        "saturday" | "sat" => Weekday::Saturday,
        "sunday" | "sun" => Weekday::Sunday,
        _ => return None,
    })
}

/// The latest such weekday: today counts unless `strictly` before it is wanted.
fn latest(weekday: Weekday, today: Date, strictly: bool) -> Date {
    let back = i32::from(weekday.until(today.weekday()));
    plus_days(today, if back == 0 && strictly { -7 } else { -back })
}

/// The day that starts at `words[0]`, and how many words it takes.
pub(super) fn parse(words: &[Word], today: Date) -> Option<(Date, usize)> {
    let word = words.first().filter(|word| !word.quoted)?;
    let lower = |index: usize| words.get(index).map_or("", |word| word.lower.as_str());
    match word.lower.as_str() {
        "today" => return Some((today, 1)),
        "yesterday" => return Some((plus_days(today, -1), 1)),
        "day" if lower(1) == "before" && lower(2) == "yesterday" => {
            return Some((plus_days(today, -2), 3));
        }
        "the" if lower(1) == "day" && lower(2) == "before" && lower(3) == "yesterday" => {
            return Some((plus_days(today, -2), 4));
        }
        "the"
            if lower(1).ends_with(|c: char| c.is_ascii_alphabetic())
                && month(lower(2)).is_none()
                && lower(2) != "of" =>
        {
            return day_of_month(lower(1), today).map(|date| (date, 2));
        }
        "last" | "past" | "previous" => {
            return weekday(lower(1)).map(|day| (latest(day, today, true), 2));
        }
        "this" => return weekday(lower(1)).map(|day| (latest(day, today, false), 2)),
        _ => {}
    }
    if let Some(day) = weekday(&word.lower) {
        // "Tuesday 17 November": the date says more than the weekday.
        if let Some((date, length)) = words.get(1..).and_then(|rest| calendar(rest, today)) {
            return Some((date, length + 1));
        }
        return Some((latest(day, today, false), 1));
    }
    if let Some(found) = calendar(words, today) {
        return Some(found);
    }
    let is_ordinal = word.lower.ends_with(|c: char| c.is_ascii_alphabetic());
    is_ordinal
        .then(|| day_of_month(&word.lower, today))
        .flatten()
        .map(|date| (date, 1))
}

/// "the 12th": the latest such day.
fn day_of_month(text: &str, today: Date) -> Option<Date> {
    let day = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))
        .and_then(ordinal)?;
    (0..12)
        .filter_map(|back| {
            today
                .first_of_month()
                .checked_sub(jiff::Span::new().months(back))
                .ok()
        })
        .filter_map(|month| Date::new(month.year(), month.month(), day).ok())
        .find(|date| *date <= today)
}

/// `2026-11-22`, `22 November [2026]`, `November 22nd[, 2026]`, `22.11.2026`.
fn calendar(words: &[Word], today: Date) -> Option<(Date, usize)> {
    let first = words.first()?;
    if let Ok(date) = first.lower.parse::<Date>()
        && first.lower.len() == 10
    {
        return Some((date, 1));
    }
    if let Some(date) = dotted(&first.lower) {
        return Some((date, 1));
    }
    let second = words.get(1)?;
    let (number, month, mut length) = match (month(&first.lower), month(&second.lower)) {
        (Some(month), _) => (ordinal(&second.lower)?, month, 2),
        (None, Some(month)) => (ordinal(&first.lower)?, month, 2),
        (None, None) if second.lower == "of" => (
            ordinal(&first.lower)?,
            self::month(&words.get(2)?.lower)?,
            3,
        ),
        _ => return None,
    };
    let year = words.get(length).and_then(|word| {
        let plausible = word.lower.len() == 4 && word.lower.starts_with("20");
        word.lower.parse::<i16>().ok().filter(|_| plausible)
    });
    if year.is_some() {
        length += 1;
    }
    let date = Date::new(year.unwrap_or(today.year()), month, number).ok()?;
    // Without a year the latest such day is meant.
    let date = if year.is_none() && date > today {
        Date::new(today.year() - 1, month, number).ok()?
    } else {
        date
    };
    Some((date, length))
}

/// `22`, `22nd`, `3rd`.
fn ordinal(text: &str) -> Option<i8> {
    let digits = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))
        .unwrap_or(text);
    digits
        .parse()
        .ok()
        .filter(|day| (1..=31).contains(day) && digits.len() <= 2)
}

/// `22.11.2026`.
fn dotted(text: &str) -> Option<Date> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}
