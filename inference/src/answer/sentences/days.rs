//! Times in the sentences of one answer: a day is said once, a stretch of time is not said twice.

use domain::{NANOS_PER_MINUTE, TimeRange, format_timestamp_short, minute_start};

use crate::facts::AnswerFacts;

const HOUR_NS: i64 = 60 * NANOS_PER_MINUTE;
const DAY_NS: i64 = 24 * HOUR_NS;

/// What has been said of times so far, in the reader's zone.
pub(super) struct Days {
    now_ns: i64,
    /// The reader's zone, seconds east of UTC.
    offset_seconds: i32,
    /// Nobody said the range, so nobody cares about its seconds.
    is_rough: bool,
    /// The day that a time without one belongs to; `None` is today.
    said: Option<String>,
    /// The last stretch of time, to the minute.
    last: Option<(i64, i64)>,
}

impl Days {
    pub(super) fn of(facts: &AnswerFacts) -> Self {
        Self {
            now_ns: facts.now_ns,
            offset_seconds: facts.more.offset_seconds,
            is_rough: facts.is_range_default,
            said: None,
            last: None,
        }
    }

    /// `14:05 UTC`, with the date when it is another day than the one that was said last.
    pub(super) fn at(&mut self, at_ns: i64) -> String {
        let (date, time) = self.parts(at_ns);
        format!("{}{time} {}", self.day(date), self.zone())
    }

    /// `14:00 to 14:05 UTC`, `2026-11-23 07:16 to 2026-11-24 07:16 UTC`, or one instant.
    pub(super) fn span(&mut self, from_ns: i64, to_ns: i64, joint: &str) -> String {
        self.last = Some((minute_start(from_ns), minute_start(to_ns)));
        if from_ns == to_ns {
            return self.at(from_ns);
        }
        let ((first, from), (last, to)) = (self.parts(from_ns), self.parts(to_ns));
        if first != last {
            self.said = None;
            return format!("{first} {from} {joint} {last} {to} {}", self.zone());
        }
        let day = self.day(first);
        format!("{day}{from} {joint} {to} {}", self.zone())
    }

    /// The start of a day, said unless it is clear: ` of 2025-12-10`.
    pub(super) fn of_day(&mut self, date: &str) -> String {
        match self.day(date.to_owned()) {
            day if day.is_empty() => day,
            _ => format!(" of {date}"),
        }
    }

    /// Whether this stretch is the one that was said last.
    pub(super) fn is_said(&self, from_ns: i64, to_ns: i64) -> bool {
        self.last == Some((minute_start(from_ns), minute_start(to_ns)))
    }

    /// A range with its preposition: `in the last 24 hours`, `since 14:00 UTC`, `on 2025-12-10`,
    /// `between 14:00 and 14:05 UTC`, `in all records`.
    pub(super) fn range(&mut self, range: TimeRange) -> String {
        if range == TimeRange::ALL {
            return "in all records".to_owned();
        }
        let rough = |at_ns: i64| {
            if self.is_rough {
                minute_start(at_ns)
            } else {
                at_ns
            }
        };
        let (start_ns, end_ns) = (rough(range.start_ns), rough(range.end_ns));
        // The facts are computed a moment after the question was read.
        if range.end_ns >= self.now_ns.saturating_sub(NANOS_PER_MINUTE) {
            let is_until_now = range.end_ns <= self.now_ns;
            return match length(range.duration_ns()).filter(|_| is_until_now) {
                Some(length) => format!("in the last {length}"),
                None => format!("since {}", self.at(start_ns)),
            };
        }
        let offset_ns = i64::from(self.offset_seconds) * domain::NANOS_PER_SECOND;
        if (start_ns.saturating_add(offset_ns)).rem_euclid(DAY_NS) == 0
            && range.duration_ns() == DAY_NS
        {
            let (date, _) = self.parts(start_ns);
            self.said = Some(date.clone());
            return format!("on {date}");
        }
        format!("between {}", self.span(start_ns, end_ns, "and"))
    }

    /// The date and the time of day in the reader's zone.
    fn parts(&self, at_ns: i64) -> (String, String) {
        parts(at_ns.saturating_add(i64::from(self.offset_seconds) * domain::NANOS_PER_SECOND))
    }

    /// The name of the reader's zone behind a time: `UTC`, `+01:00`.
    fn zone(&self) -> String {
        match self.offset_seconds {
            0 => "UTC".to_owned(),
            offset => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    /// The date and a blank, or nothing when it is clear.
    fn day(&mut self, date: String) -> String {
        let is_clear = match &self.said {
            Some(said) => *said == date,
            None => date == self.parts(self.now_ns).0,
        };
        if is_clear {
            return String::new();
        }
        let text = format!("{date} ");
        self.said = Some(date);
        text
    }
}

/// The date and the time of day, without seconds when it is a whole minute.
fn parts(at_ns: i64) -> (String, String) {
    let text = format_timestamp_short(at_ns);
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(time)) => (
            date.to_owned(),
            time.strip_suffix(":00").unwrap_or(time).to_owned(),
        ),
        _ => (text, String::new()),
    }
}

/// `hour`, `24 hours`, `30 minutes`, `7 days`: a length that people would say.
fn length(duration_ns: i64) -> Option<String> {
    let whole = |unit: i64| (duration_ns % unit == 0).then_some(duration_ns / unit);
    let said = |count: i64, name: &str| match count {
        1 => name.to_owned(),
        _ => format!("{count} {name}s"),
    };
    match (whole(DAY_NS), whole(HOUR_NS), whole(NANOS_PER_MINUTE)) {
        (Some(days @ 2..), _, _) => Some(said(days, "day")),
        (_, Some(hours @ 1..), _) => Some(said(hours, "hour")),
        (_, _, Some(minutes @ 1..=120)) => Some(said(minutes, "minute")),
        _ => None,
    }
}
