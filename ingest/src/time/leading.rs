//! The timestamp that a text begins with.

use super::civil::Civil;
use super::clock::{compact_time, time_of_day, zone};
use super::cursor::Cursor;
use super::date::{
    Missing, compact, compact_short, complete, is_day_name, month_name, short_first, year_first,
};
use super::epoch::epoch_to_ns;

/// The instant (unix nanoseconds) of the timestamp that `text` begins with, and how many bytes it takes. A letter or
/// digit must not follow it. Epochs are taken only from 2001 to 2049, so that other numbers are left alone.
pub(crate) fn leading_timestamp(text: &str, received_at_ns: i64) -> Option<(i64, usize)> {
    let bytes = text.as_bytes();
    let first = *bytes.first()?;
    let cursor = Cursor::new(bytes);
    let (instant, end) = if first.is_ascii_digit() {
        digits_first(cursor, received_at_ns)?
    } else if first.is_ascii_alphabetic() {
        name_first(cursor, received_at_ns)?
    } else {
        return None;
    };
    let is_word = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    // `12:34:56:78:9a:bc` is no time; `14:00:00 UTC:10.0.0.1` is one.
    let is_octets =
        bytes[end - 1].is_ascii_digit() && bytes.get(end) == Some(&b':') && is_word(end + 1);
    let is_longer = is_word(end) || is_octets;
    (!is_longer).then_some((instant, end))
}

type Found = Option<(i64, usize)>;

fn digits_first(cursor: Cursor<'_>, received_at_ns: i64) -> Found {
    let run = cursor.digit_run();
    let after = cursor.peek_at(run).unwrap_or(0);
    match (run, after) {
        (4, b'-' | b'/' | b'.') => dated(cursor, received_at_ns, |cursor, civil| {
            year_first(cursor, civil).map(|()| Missing::Nothing)
        }),
        (1 | 2, b':') => {
            let mut at = cursor;
            let mut civil = Civil::default();
            time_of_day(&mut at, &mut civil, true)?;
            Some((complete(civil, Missing::Date, received_at_ns)?, at.at))
        }
        (1 | 2, b'/' | b'-' | b'.' | b' ') => dated(cursor, received_at_ns, short_first),
        (8, _) => dated(cursor, received_at_ns, |cursor, civil| {
            compact(cursor, civil).map(|()| Missing::Nothing)
        }),
        (6, b' ') => compact_pair(cursor),
        _ => epoch(cursor, run),
    }
    .or_else(|| epoch(cursor, run))
}

/// A date, what stands between, a time, a zone.
fn dated(
    mut cursor: Cursor<'_>,
    received_at_ns: i64,
    date: impl Fn(&mut Cursor<'_>, &mut Civil) -> Option<Missing>,
) -> Found {
    let mut civil = Civil::default();
    let missing = date(&mut cursor, &mut civil)?;
    match cursor.next()? {
        b'T' | b't' | b'_' | b'-' | b':' => {}
        b',' | b' ' => {
            cursor.spaces();
        }
        _ => return None,
    }
    let run = cursor.digit_run();
    if run == 6 {
        compact_time(&mut cursor, &mut civil)?;
    } else {
        // `10.30 16:49:06` without seconds would also be a version and a ratio.
        time_of_day(&mut cursor, &mut civil, missing != Missing::Nothing)?;
    }
    zone(&mut cursor, &mut civil);
    Some((complete(civil, missing, received_at_ns)?, cursor.at))
}

/// `081109 203615`, `081109 20:36:15`.
fn compact_pair(mut cursor: Cursor<'_>) -> Found {
    let mut civil = Civil::default();
    compact_short(&mut cursor, &mut civil)?;
    if cursor.spaces() == 0 {
        return None;
    }
    if cursor.digit_run() == 6 {
        compact_time(&mut cursor, &mut civil)?;
    } else {
        time_of_day(&mut cursor, &mut civil, true)?;
    }
    Some((civil.to_ns()?, cursor.at))
}

fn epoch(mut cursor: Cursor<'_>, run: usize) -> Found {
    const FROM_2001_NS: i64 = 978_307_200_000_000_000;
    const TO_2050_NS: i64 = 2_524_608_000_000_000_000;
    if !matches!(run, 10 | 13 | 16 | 19) {
        return None;
    }
    let whole = cursor.rest();
    cursor.at += run;
    if cursor.peek() == Some(b'.') && cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.at += 1;
        cursor.at += cursor.digit_run();
    }
    let text = std::str::from_utf8(&whole[..cursor.at]).ok()?;
    let instant = epoch_to_ns(text)?;
    (FROM_2001_NS..TO_2050_NS)
        .contains(&instant)
        .then_some((instant, cursor.at))
}

/// `Nov 23 14:00:00[ 2026]`, `Mon Nov 23 14:00:00.123 [UTC ]2026`, `Mon, 23 Nov 2026 14:00:00 GMT`,
/// `Nov 23, 2026 2:00:00 PM`.
fn name_first(mut cursor: Cursor<'_>, received_at_ns: i64) -> Found {
    let mut civil = Civil::default();
    let mut name = cursor.letters();
    if is_day_name(name) {
        cursor.eat(b',');
        if cursor.spaces() == 0 {
            return None;
        }
        if cursor.peek()?.is_ascii_digit() {
            return dated(cursor, received_at_ns, short_first);
        }
        name = cursor.letters();
    }
    civil.month = month_name(name)?;
    if cursor.spaces() == 0 {
        return None;
    }
    civil.day = cursor.one_or_two()?;
    cursor.eat(b',');
    if cursor.spaces() == 0 {
        return None;
    }
    let mut missing = Missing::Year;
    if cursor.digit_run() == 4 {
        civil.year = i32::try_from(cursor.digits(4)?).ok()?;
        cursor.eat(b',');
        if cursor.spaces() == 0 {
            return None;
        }
        missing = Missing::Nothing;
    }
    time_of_day(&mut cursor, &mut civil, true)?;
    zone(&mut cursor, &mut civil);
    if missing == Missing::Year {
        let mut ahead = cursor;
        if ahead.eat(b' ') && ahead.digit_run() == 4 {
            let year = i32::try_from(ahead.digits(4)?).ok()?;
            let ends = !ahead
                .peek()
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if ends && (1970..=2099).contains(&year) {
                civil.year = year;
                missing = Missing::Nothing;
                cursor = ahead;
            }
        }
    }
    Some((complete(civil, missing, received_at_ns)?, cursor.at))
}
