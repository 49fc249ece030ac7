//! Dates in the orders and spellings found at the beginning of log lines.

use super::civil::{Civil, date_of};
use super::cursor::Cursor;

/// What a date left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Nothing,
    Year,
    Date,
}

/// `2026-11-23`, `2026/11/23`, `2026.11.23`: a four-digit year first, the same separator twice.
pub(super) fn year_first(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    civil.year = i32::try_from(cursor.digits(4)?).ok()?;
    let separator = cursor.eat_any(b"-/.")?;
    civil.month = cursor.one_or_two()?;
    cursor.eat(separator).then_some(())?;
    civil.day = cursor.one_or_two()?;
    Some(())
}

/// `20261123`.
pub(super) fn compact(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    civil.year = i32::try_from(cursor.digits(4)?).ok()?;
    civil.month = cursor.digits(2)?;
    civil.day = cursor.digits(2)?;
    (civil.year >= 1970 && civil.year <= 2099).then_some(())
}

/// `081109`: year, month, day with two digits each.
pub(super) fn compact_short(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    civil.year = two_digit_year(cursor.digits(2)?);
    civil.month = cursor.digits(2)?;
    civil.day = cursor.digits(2)?;
    Some(())
}

/// POSIX: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068.
fn two_digit_year(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or(0);
    if year < 69 {
        2_000 + year
    } else {
        1_900 + year
    }
}

/// Three short parts: `17/06/09` (Spark: year first unless that is no date), `23/11/2026`, `11/23/2026`, `23.11.2026`,
/// `23/Nov/2026`, `23-Nov-2026`, `23 Nov 2026`; or two: `03-17` and `10.30` are month and day.
pub(super) fn short_first(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<Missing> {
    let first_width = cursor.digit_run();
    let first = cursor.one_or_two()?;
    let separator = cursor.eat_any(b"/.- ")?;
    if cursor.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
        civil.day = first;
        civil.month = month_name(cursor.letters())?;
        cursor.eat(separator).then_some(())?;
        civil.year = i32::try_from(cursor.digits(4)?).ok()?;
        return Some(Missing::Nothing);
    }
    if separator == b' ' {
        return None;
    }
    let second = cursor.one_or_two()?;
    if !(cursor.peek() == Some(separator) && cursor.peek_at(1).is_some_and(|b| b.is_ascii_digit()))
    {
        civil.month = first;
        civil.day = second;
        return (first_width == 2).then_some(Missing::Year);
    }
    cursor.at += 1;
    match cursor.digit_run() {
        4 => {
            civil.year = i32::try_from(cursor.digits(4)?).ok()?;
            // Slashes are American unless that is no date; dots and dashes put the day first.
            let month_first = (separator == b'/' && first <= 12) || second > 12;
            (civil.month, civil.day) = if month_first {
                (first, second)
            } else {
                (second, first)
            };
        }
        2 => {
            let third = cursor.digits(2)?;
            if (1..=12).contains(&second) && (1..=31).contains(&third) {
                civil.year = two_digit_year(first);
                (civil.month, civil.day) = (second, third);
            } else {
                civil.year = two_digit_year(third);
                let month_first = second > 12;
                (civil.month, civil.day) = if month_first {
                    (first, second)
                } else {
                    (second, first)
                };
            }
        }
        _ => return None,
    }
    Some(Missing::Nothing)
}

/// 1 to 12 of an English month name, short or full.
pub(super) fn month_name(name: &[u8]) -> Option<u32> {
    const NAMES: [&str; 12] = [
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
    let at = NAMES.iter().position(|full| {
        let full = full.as_bytes();
        name.eq_ignore_ascii_case(full)
            || name.eq_ignore_ascii_case(&full[..3])
            || (name.eq_ignore_ascii_case(b"sept") && full[0] == b's')
    })?;
    u32::try_from(at + 1).ok()
}

/// Whether it is an English day name, short or full.
pub(super) fn is_day_name(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"monday",
        b"tuesday",
        b"wednesday",
        b"thursday",
        b"friday",
        b"saturday",
        b"sunday",
    ];
    NAMES
        .iter()
        .any(|full| name.eq_ignore_ascii_case(full) || name.eq_ignore_ascii_case(&full[..3]))
}

/// Clocks of senders run ahead of ours by up to this much before a year or day is taken as the one before.
const AHEAD_NS: i64 = 24 * 3_600 * domain::NANOS_PER_SECOND;

/// The instant, with what is missing filled so that it lies closest before arrival (or at most a day after).
pub(super) fn complete(civil: Civil, missing: Missing, received_at_ns: i64) -> Option<i64> {
    let latest = received_at_ns.saturating_add(AHEAD_NS);
    match missing {
        Missing::Nothing => civil.to_ns(),
        Missing::Year => {
            let (year, _, _) = date_of(latest);
            // Eight years back finds a 29 February also around 2100.
            (0..=8).find_map(|back| {
                let candidate = Civil {
                    year: year - back,
                    ..civil
                };
                candidate.to_ns().filter(|instant| *instant <= latest)
            })
        }
        Missing::Date => [received_at_ns.saturating_add(3_600 * domain::NANOS_PER_SECOND)]
            .into_iter()
            .flat_map(|anchor| [anchor, anchor.saturating_sub(AHEAD_NS)])
            .find_map(|day_of| {
                let (year, month, day) = date_of(day_of);
                let candidate = Civil {
                    year,
                    month,
                    day,
                    ..civil
                };
                let limit = received_at_ns.saturating_add(3_600 * domain::NANOS_PER_SECOND);
                candidate.to_ns().filter(|instant| *instant <= limit)
            }),
    }
}
