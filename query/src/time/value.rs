//! Instants in filters: `since:1h`, `until:2026-11-22T14:00`, `since:"yesterday 3pm"`.

use interim::{Dialect, parse_date_string};
use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, Zoned};

use super::{at, duration, nanos, point};
use crate::words::words;

/// The instant that a filter's value means; a stretch of time means its start.
pub(crate) fn instant(text: &str, now: &Zoned) -> Option<i64> {
    let now_ns = nanos(now.timestamp());
    let lower = text.trim().to_lowercase();
    if lower == "now" {
        return Some(now_ns);
    }
    let ago = lower.strip_suffix(" ago").unwrap_or(&lower);
    if let Some(duration) = duration::compact(ago.strip_prefix('-').unwrap_or(ago)) {
        return Some(now_ns.saturating_sub(duration.nanos));
    }
    if let Some(at_ns) = iso(text.trim(), now) {
        return Some(at_ns);
    }
    let said = words(text);
    if let Some((duration, length)) = duration::parse(&said) {
        let is_ago =
            length == said.len() || said.len() == length + 1 && said[length].lower == "ago";
        return is_ago.then(|| now_ns.saturating_sub(duration.nanos));
    }
    if let Some((point, length)) = point::parse(&said, now, true)
        && length == said.len()
    {
        return Some(point.resolve(now).start_ns);
    }
    // What our own grammar does not know: "apr 1, 2026 8.30pm", "9/11/2026".
    let parsed = parse_date_string(text, now.clone(), Dialect::Us).ok()?;
    Some(nanos(parsed.timestamp()))
}

/// RFC 3339, or the same without an offset in the zone of `now`, or a date; or unix seconds,
/// milliseconds, microseconds or nanoseconds by their size.
pub(super) fn iso(text: &str, now: &Zoned) -> Option<i64> {
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(nanos(stamp));
    }
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return epoch(text);
    }
    if text.len() >= 13
        && let Ok(civil) = text.parse::<DateTime>()
    {
        return Some(at(civil.date(), civil.time(), now.time_zone()));
    }
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Some(at(date, Time::midnight(), now.time_zone()))
}

/// Digits as unix time: up to 11 are seconds, to 14 milliseconds, to 17 microseconds, more nanoseconds.
fn epoch(digits: &str) -> Option<i64> {
    let value: i64 = digits.parse().ok()?;
    let factor = match digits.len() {
        ..=11 => domain::NANOS_PER_SECOND,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    value.checked_mul(factor)
}
