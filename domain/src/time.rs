//! Instants are `i64` unix nanoseconds UTC everywhere; here is what reads and shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a minute.
pub const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;

/// A half-open range of instants: `start_ns <= t < end_ns`, unix nanoseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeRange {
    /// First instant inside.
    pub start_ns: i64,
    /// First instant after.
    pub end_ns: i64,
}

impl TimeRange {
    /// Every instant.
    pub const ALL: Self = Self {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
    };

    /// The range between two instants; an inverted pair is swapped.
    #[must_use]
    pub fn new(a_ns: i64, b_ns: i64) -> Self {
        Self {
            start_ns: a_ns.min(b_ns),
            end_ns: a_ns.max(b_ns),
        }
    }

    /// The `duration_ns` nanoseconds that end at `end_ns`.
    #[must_use]
    pub fn last(end_ns: i64, duration_ns: i64) -> Self {
        Self::new(end_ns.saturating_sub(duration_ns), end_ns)
    }

    /// Whether the instant is inside.
    #[must_use]
    pub fn contains(&self, at_ns: i64) -> bool {
        self.start_ns <= at_ns && at_ns < self.end_ns
    }

    /// Its length in nanoseconds.
    #[must_use]
    pub fn duration_ns(&self) -> i64 {
        self.end_ns.saturating_sub(self.start_ns)
    }
}

/// The start of the minute that holds the instant, also before 1970.
#[must_use]
pub fn minute_start(at_ns: i64) -> i64 {
    at_ns
        .div_euclid(NANOS_PER_MINUTE)
        .saturating_mul(NANOS_PER_MINUTE)
}

/// RFC 3339 in UTC with as many fractional digits as needed; the bare number when out of the calendar.
#[must_use]
pub fn format_timestamp(at_ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(at_ns))
        .map_or_else(|_| at_ns.to_string(), |stamp| stamp.to_string())
}

/// `2026-11-23 14:05:09Z`: what people read in a summary.
#[must_use]
pub fn format_timestamp_short(at_ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(at_ns)).map_or_else(
        |_| at_ns.to_string(),
        |stamp| stamp.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
    )
}

/// Reads RFC 3339 (an offset or `Z` is needed); `None` when it is not one.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let stamp: Timestamp = text.trim().parse().ok()?;
    i64::try_from(stamp.as_nanosecond()).ok()
}

/// A duration in words of at most two units: `850 ms`, `42 s`, `3 min 10 s`, `2 h 5 min`, `4 d 3 h`.
#[must_use]
pub fn format_duration(duration_ns: i64) -> String {
    let millis = duration_ns / 1_000_000;
    let seconds = millis / 1_000;
    let two = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big} {big_unit}")
        } else {
            format!("{big} {big_unit} {small} {small_unit}")
        }
    };
    match seconds {
        ..1 => format!("{millis} ms"),
        1..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}
