//! Timestamps as people and programs write them.
//!
//! A time without a zone is taken as UTC. A time without a year takes the year, and one without a date the day, that
//! puts it closest before arrival.

mod civil;
mod clock;
mod cursor;
mod date;
mod epoch;
mod leading;

pub(crate) use epoch::epoch_to_ns;
pub(crate) use leading::leading_timestamp;

use cursor::Cursor;

/// Reads a text that is a timestamp and nothing else: RFC 3339 with leniencies, the usual log formats, or an epoch in
/// seconds, milli-, micro- or nanoseconds by magnitude. `None` when it is not one or does not fit an `i64`.
pub(crate) fn parse_timestamp(text: &str, received_at_ns: i64) -> Option<i64> {
    let text = text.trim();
    if let Some(instant) = rfc3339(text.as_bytes()) {
        return Some(instant);
    }
    let is_number =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    if text.bytes().all(is_number)
        && text.len() != 14
        && let Some(instant) = epoch_to_ns(text)
    {
        return Some(instant);
    }
    if text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // `20261123140000`; the 14 digits of milliseconds begin in the year 2286.
        return parse_timestamp(&format!("{}T{}Z", &text[..8], &text[8..]), received_at_ns);
    }
    let text = text.trim_matches(['[', ']']);
    if text.len() == 10 && text.is_ascii() && text.as_bytes()[4] == b'-' {
        return rfc3339(format!("{text}T00:00:00Z").as_bytes());
    }
    let (instant, length) = leading_timestamp(text, received_at_ns)?;
    let rest = &text[length..];
    // Java's ZonedDateTime names the zone again: `2026-11-23T14:00:00+01:00[Europe/Berlin]`.
    let is_zone_name = rest.starts_with('[') || rest.is_empty();
    is_zone_name.then_some(instant)
}

/// The fast path: `2026-11-23T14:00:00[.fraction](Z|+hh:mm)`.
fn rfc3339(bytes: &[u8]) -> Option<i64> {
    let digit = |at: usize| {
        let value = bytes.get(at)?.wrapping_sub(b'0');
        (value < 10).then_some(u32::from(value))
    };
    let pair = |at: usize| Some(digit(at)? * 10 + digit(at + 1)?);
    if bytes.len() < 20
        || bytes[4] != b'-'
        || bytes[7] != b'-'
        || !matches!(bytes[10], b'T' | b't' | b' ')
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    let mut civil = civil::Civil {
        year: i32::try_from(pair(0)? * 100 + pair(2)?).ok()?,
        month: pair(5)?,
        day: pair(8)?,
        hour: pair(11)?,
        minute: pair(14)?,
        second: pair(17)?,
        ..civil::Civil::default()
    };
    let mut cursor = Cursor::new(&bytes[19..]);
    if cursor.eat(b'.') {
        civil.nanos = cursor.fraction()?;
    }
    civil.offset_seconds = match cursor.next()? {
        b'Z' | b'z' => 0,
        sign @ (b'+' | b'-') => {
            let hours = cursor.digits(2)?;
            cursor.eat(b':').then_some(())?;
            clock::offset(sign, hours, cursor.digits(2)?)?
        }
        _ => return None,
    };
    cursor.is_at_end().then_some(())?;
    civil.to_ns()
}

#[cfg(test)]
mod tests;
