//! Times of day and zones.

use super::civil::Civil;
use super::cursor::Cursor;

/// Reads `14:00[:00[(.|,)123]]` with an optional AM/PM into `civil`. Parts may have one digit, `.` may stand for `:`
/// (`15.42.50.675872`), and a fraction after a third `:` counts milliseconds (`22:15:29:606`).
pub(super) fn time_of_day(
    cursor: &mut Cursor<'_>,
    civil: &mut Civil,
    needs_seconds: bool,
) -> Option<()> {
    civil.hour = cursor.one_or_two()?;
    let separator = cursor.eat_any(b":.")?;
    civil.minute = cursor.one_or_two()?;
    let has_seconds = cursor.peek() == Some(separator)
        && cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_digit());
    if has_seconds {
        cursor.at += 1;
        civil.second = cursor.one_or_two()?;
        fraction(cursor, civil);
    } else if needs_seconds {
        return None;
    }
    meridiem(cursor, civil)
}

/// Reads `140000[.123]` into `civil`.
pub(super) fn compact_time(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    civil.hour = cursor.digits(2)?;
    civil.minute = cursor.digits(2)?;
    civil.second = cursor.digits(2)?;
    fraction(cursor, civil);
    Some(())
}

fn fraction(cursor: &mut Cursor<'_>, civil: &mut Civil) {
    let Some(separator @ (b'.' | b',' | b':')) = cursor.peek() else {
        return;
    };
    let mut ahead = *cursor;
    ahead.at += 1;
    let run = ahead.digit_run();
    if separator == b':' {
        if (1..=3).contains(&run)
            && let Some(millis) = ahead.digits(run)
        {
            civil.nanos = millis * 1_000_000;
            *cursor = ahead;
        }
    } else if let Some(nanos) = ahead.fraction() {
        civil.nanos = nanos;
        *cursor = ahead;
    }
}

fn meridiem(cursor: &mut Cursor<'_>, civil: &mut Civil) -> Option<()> {
    let mut ahead = *cursor;
    ahead.spaces();
    let is_afternoon = match ahead.letters() {
        b"AM" | b"am" => false,
        b"PM" | b"pm" => true,
        _ => return Some(()),
    };
    if civil.hour == 0 || civil.hour > 12 {
        return None;
    }
    civil.hour = civil.hour % 12 + if is_afternoon { 12 } else { 0 };
    *cursor = ahead;
    Some(())
}

/// Seconds east of UTC.
pub(super) fn offset(sign: u8, hours: u32, minutes: u32) -> Option<i32> {
    if hours > 15 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
    Some(if sign == b'-' { -seconds } else { seconds })
}

/// Zone abbreviations that mean one thing only (or nearly so), in hours from UTC; the American ones are those of
/// RFC 5322 section 4.3. Others are taken as UTC.
const ZONES: [(&[u8], i32); 18] = [
    (b"UTC", 0),
    (b"GMT", 0),
    (b"EST", -5),
    (b"EDT", -4),
    (b"CST", -6),
    (b"CDT", -5),
    (b"MST", -7),
    (b"MDT", -6),
    (b"PST", -8),
    (b"PDT", -7),
    (b"WET", 0),
    (b"WEST", 1),
    (b"CET", 1),
    (b"CEST", 2),
    (b"EET", 2),
    (b"EEST", 3),
    (b"MSK", 3),
    (b"JST", 9),
];

/// Reads an optional zone, also after one space: `Z`, `+01:00`, `+0100`, `+01`, `UTC`, `CET`.
pub(super) fn zone(cursor: &mut Cursor<'_>, civil: &mut Civil) {
    let mut ahead = *cursor;
    let has_space = ahead.eat(b' ');
    match ahead.peek() {
        Some(b'Z' | b'z') if !has_space => {
            ahead.at += 1;
            if !ahead
                .peek()
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
            {
                *cursor = ahead;
            }
        }
        Some(sign @ (b'+' | b'-')) => {
            ahead.at += 1;
            if let Some(seconds) = numeric_offset(&mut ahead, sign, has_space) {
                civil.offset_seconds = seconds;
                *cursor = ahead;
            }
        }
        Some(b'A'..=b'Z') => {
            let name = ahead.letters();
            let is_whole = !ahead
                .peek()
                .is_some_and(|byte| byte.is_ascii_digit() || byte == b'_');
            if let Some((_, hours)) = ZONES.iter().find(|(zone, _)| *zone == name && is_whole) {
                civil.offset_seconds = hours * 3_600;
                *cursor = ahead;
            }
        }
        _ => {}
    }
}

fn numeric_offset(cursor: &mut Cursor<'_>, sign: u8, has_space: bool) -> Option<i32> {
    let seconds = match cursor.digit_run() {
        4 => {
            let hours = cursor.digits(2)?;
            offset(sign, hours, cursor.digits(2)?)
        }
        2 => {
            let hours = cursor.digits(2)?;
            if cursor.peek() == Some(b':')
                && cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_digit())
            {
                cursor.at += 1;
                offset(sign, hours, cursor.digits(2)?)
            } else if has_space {
                None
            } else {
                offset(sign, hours, 0)
            }
        }
        _ => None,
    }?;
    let goes_on = cursor
        .peek()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    (!goes_on).then_some(seconds)
}
