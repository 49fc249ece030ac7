//! The timestamp at the front of a line, and when a bare number is one.

use super::level::{Spelling, leading_level};
use super::names::{bracketed, digit_run};
use crate::time::leading_timestamp;

/// A log that is written now has times of about now; an epoch further back needs a level behind it to be believed.
const NEAR_PAST_NS: i64 = 366 * 24 * 3_600 * domain::NANOS_PER_SECOND;
/// As far ahead as clocks of senders are believed.
const NEAR_FUTURE_NS: i64 = 24 * 3_600 * domain::NANOS_PER_SECOND;

/// Like [`leading_timestamp`], but a number without a fraction is taken for an epoch only in company: before a level
/// at any time, before a bracket or a separator when it lies near arrival. `1500000000 bytes sent` begins with no time.
pub(super) fn leading_stamp(text: &str, received_at_ns: i64) -> Option<(i64, usize)> {
    let (instant, length) = leading_timestamp(text, received_at_ns)?;
    if !is_bare_number(&text[..length]) {
        return Some((instant, length));
    }
    let after = &text[length..];
    let is_believed =
        is_level_next(after) || (is_near(instant, received_at_ns) && is_separated(after));
    is_believed.then_some((instant, length))
}

/// Whether a timestamp is written as digits alone and so could be any number.
pub(super) fn is_bare_number(stamp: &str) -> bool {
    digit_run(stamp) == stamp.len()
}

/// Whether an instant is one that a log being written now would have.
pub(super) fn is_near(instant: i64, received_at_ns: i64) -> bool {
    instant >= received_at_ns.saturating_sub(NEAR_PAST_NS)
        && instant <= received_at_ns.saturating_add(NEAR_FUTURE_NS)
}

/// `ERROR ...`, `[error] ...`, `<warn> ...` with or without a separator before them.
fn is_level_next(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '\t', ':', ',', ';', '|', '-']);
    let inside = after.strip_prefix(['[', '<', '(']).map(str::trim_start);
    let Some((_, length, spelling)) = leading_level(inside.unwrap_or(after)) else {
        return false;
    };
    let next = inside.unwrap_or(after).as_bytes().get(length);
    if inside.is_some() {
        return matches!(next, Some(b']' | b'>' | b')' | b' '));
    }
    spelling == Spelling::Upper && matches!(next, None | Some(b' ' | b':' | b',' | b'|' | b'\t'))
}

/// A bracket, a bar, a tab, a dash between spaces or a colon: what loggers put behind a time and prose does not put
/// behind a number.
fn is_separated(after: &str) -> bool {
    let trimmed = after.trim_start_matches(' ');
    after.starts_with([':', ';', '|', '\t', ']'])
        || bracketed(trimmed).is_some()
        || ["- ", "-- ", "| ", ": "]
            .iter()
            .any(|mark| trimmed.starts_with(mark))
}
