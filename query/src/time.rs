//! Time expressions of questions and filters, in the asker's zone.

mod clock;
mod day;
mod duration;
mod phrase;
mod point;
mod value;

use domain::TimeRange;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub(crate) use duration::number;
pub(crate) use phrase::{Found, find};
pub(crate) use value::instant;

/// Half of the stretch that "at 14:05" means, nanoseconds.
const AT_MINUTE_NS: i64 = 5 * domain::NANOS_PER_MINUTE;
/// Half of the stretch that "at 3pm" means, nanoseconds.
const AT_HOUR_NS: i64 = 15 * domain::NANOS_PER_MINUTE;
/// Half of the stretch that "around 3am" means, nanoseconds.
const AROUND_NS: i64 = 30 * domain::NANOS_PER_MINUTE;
/// An hour, nanoseconds.
pub(crate) const HOUR_NS: i64 = 60 * domain::NANOS_PER_MINUTE;
/// 24 hours, nanoseconds. A calendar day may be longer or shorter: see [`day_range`].
pub(crate) const DAY_NS: i64 = 24 * HOUR_NS;

/// Unix nanoseconds, clamped to what `i64` holds.
pub(crate) fn nanos(at: Timestamp) -> i64 {
    let wide = at.as_nanosecond();
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}

/// The instant of a wall-clock time. In a gap (spring) it moves forward by the length of the gap;
/// in a fold (autumn) it is the first of the two, as RFC 5545 says.
fn at(date: Date, time: Time, zone: &TimeZone) -> i64 {
    date.to_datetime(time)
        .to_zoned(zone.clone())
        .map_or_else(|_| edge(date), |zoned| nanos(zoned.timestamp()))
}

/// What an instant outside the calendar becomes.
fn edge(date: Date) -> i64 {
    if date.year() < 1970 {
        i64::MIN
    } else {
        i64::MAX
    }
}

/// The calendar day: 23, 24 or 25 hours.
fn day_range(date: Date, zone: &TimeZone) -> TimeRange {
    days_range(date, date.tomorrow().unwrap_or(Date::MAX), zone)
}

/// From the start of one day to the start of another.
fn days_range(from: Date, until: Date, zone: &TimeZone) -> TimeRange {
    TimeRange::new(
        at(from, Time::midnight(), zone),
        at(until, Time::midnight(), zone),
    )
}

/// A date some days away; the same date at the end of the calendar.
fn plus_days(date: Date, days: i32) -> Date {
    date.checked_add(jiff::Span::new().days(days))
        .unwrap_or(date)
}

/// Cuts what lies in the future, if part of the range is in the past.
fn until_now(range: TimeRange, now: &Zoned) -> TimeRange {
    let now_ns = nanos(now.timestamp());
    if range.start_ns < now_ns && range.end_ns > now_ns {
        return TimeRange {
            start_ns: range.start_ns,
            end_ns: now_ns,
        };
    }
    range
}
