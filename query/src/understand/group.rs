//! "by service", "per hour", "hourly", "by ip".

use domain::TimeRange;
use serde::{Deserialize, Serialize};

use super::field::{self, Field};
use super::{Claim, Reading};
use crate::time::{DAY_NS, HOUR_NS};

/// How counts are grouped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// By service.
    Service,
    /// By severity.
    Severity,
    /// By pattern.
    Template,
    /// By a value that the records name.
    Field(Field),
    /// By stretches of time.
    Time(TimeUnit),
}

/// How long a stretch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// "over time" before the range is known; never in an interpretation.
    Fitting,
    /// Only in rates.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

impl TimeUnit {
    /// Its length, nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Second => domain::NANOS_PER_SECOND,
            Self::Minute => domain::NANOS_PER_MINUTE,
            Self::Fitting | Self::Hour => HOUR_NS,
            Self::Day => DAY_NS,
        }
    }
}

impl GroupBy {
    /// With a unit that gives some dozens of stretches where none was said.
    pub(super) fn resolved(self, range: TimeRange) -> Self {
        if self != Self::Time(TimeUnit::Fitting) {
            return self;
        }
        Self::Time(match range.duration_ns() {
            ..=7_200_000_000_000 => TimeUnit::Minute,
            length if length <= 3 * DAY_NS => TimeUnit::Hour,
            _ => TimeUnit::Day,
        })
    }
}

fn dimension(word: &str) -> Option<GroupBy> {
    Some(match word {
        "service" | "services" | "app" | "application" => GroupBy::Service,
        "severity" | "level" | "severities" | "levels" => GroupBy::Severity,
        "pattern" | "patterns" | "template" | "templates" | "type" | "types" | "kind"
        | "message" | "messages" | "signature" => GroupBy::Template,
        "second" | "sec" => GroupBy::Time(TimeUnit::Second),
        "minute" | "min" => GroupBy::Time(TimeUnit::Minute),
        "hour" | "hours" => GroupBy::Time(TimeUnit::Hour),
        "day" | "days" | "date" => GroupBy::Time(TimeUnit::Day),
        "time" => GroupBy::Time(TimeUnit::Fitting),
        _ => return None,
    })
}

/// Claims "break down" and "split" at the start of what is grouped.
fn claim_verb(reading: &mut Reading<'_>) {
    for at in 0..reading.words.len() {
        let length = match (reading.free(at), reading.free(at + 1)) {
            ("break" | "broken", "down") => 2,
            ("breakdown" | "split" | "group" | "grouped", _) => 1,
            _ => continue,
        };
        reading.claim(at..at + length, Claim::Group);
        return;
    }
}

/// Claims a grouping.
pub(super) fn read(reading: &mut Reading<'_>) -> Option<GroupBy> {
    for at in 0..reading.words.len() {
        let adverb = match reading.free(at) {
            "hourly" => Some(GroupBy::Time(TimeUnit::Hour)),
            "daily" => Some(GroupBy::Time(TimeUnit::Day)),
            _ => None,
        };
        if let Some(group) = adverb {
            reading.claim(at..at + 1, Claim::Group);
            return Some(group);
        }
        let length = match (reading.free(at), reading.free(at + 1), reading.free(at + 2)) {
            ("grouped" | "group" | "split" | "sorted" | "breakdown" | "counts", "by", _)
            | ("for" | "in" | "across", "each" | "every" | "all", _) => 2,
            ("broken" | "break", "down", "by") => 3,
            ("break" | "split", "it" | "them" | "this" | "that", "down")
                if reading.free(at + 3) == "by" =>
            {
                4
            }
            ("by" | "per" | "each" | "every" | "across" | "over", _, _) => 1,
            _ => continue,
        };
        let over = reading.free(at) == "over";
        if let Some(group) = dimension(reading.free(at + length))
            .filter(|group| !over || *group == GroupBy::Time(TimeUnit::Fitting))
        {
            reading.claim(at..at + length + 1, Claim::Group);
            claim_verb(reading);
            return Some(group);
        }
        if let Some((field, words)) = (!over)
            .then(|| field::grouped(reading, at + length))
            .flatten()
            && field::ends(reading, at + length + words)
        {
            reading.claim(at..at + length + words, Claim::Group);
            claim_verb(reading);
            return Some(GroupBy::Field(field));
        }
        // "by reason" where nothing is called so: the patterns tell.
        if matches!(reading.free(at), "by" | "per")
            && matches!(
                reading.free(at + length),
                "reason" | "reasons" | "cause" | "causes" | "description"
            )
        {
            reading.claim(at..at + length + 1, Claim::Group);
            return Some(GroupBy::Template);
        }
    }
    None
}
