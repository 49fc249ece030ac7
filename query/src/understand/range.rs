//! Which stretch of time an intent looks at, and at which second one.

use domain::TimeRange;

use super::{Claim, Intent, Reading};
use crate::time::{DAY_NS, Found, HOUR_NS};
use crate::words::Word;

/// Where a question without a time looks: what is said by people about "today's" logs.
const DEFAULT_NS: i64 = DAY_NS;
/// Where "why" looks without a time and without an open incident.
const WHY_NS: i64 = 6 * HOUR_NS;
/// What is looked at before the start of an open incident.
const INCIDENT_LEAD_NS: i64 = HOUR_NS / 2;
/// Where "when did it first happen" looks without a time.
pub(super) const EXTREME_NS: i64 = 30 * DAY_NS;

/// The chosen ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ranges {
    pub(super) main: TimeRange,
    pub(super) reference: Option<TimeRange>,
}

/// Chooses. When one of two ranges is cut off by now, the other is cut to the same length, so that
/// a morning is not compared with a whole day.
pub(super) fn choose(intent: Intent, times: &[Found], reading: &Reading<'_>) -> Ranges {
    let context = reading.context;
    let Some(first) = times.first() else {
        return default(intent, reading);
    };
    if let Some(before) = first.before {
        return Ranges {
            main: first.range,
            reference: Some(before),
        };
    }
    if intent != Intent::Compare {
        return Ranges {
            main: merged(times),
            reference: None,
        };
    }
    match times.get(1) {
        Some(second) => {
            // "yesterday vs today" and "today vs yesterday" both ask about the later one.
            let (later, earlier) = if first.range.start_ns >= second.range.start_ns {
                (first, second)
            } else {
                (second, first)
            };
            Ranges {
                main: later.range,
                reference: Some(same_portion(later, earlier)),
            }
        }
        None if first.range.end_ns >= context.now_ns || !is_against(reading, first) => {
            let length = first.range.duration_ns();
            Ranges {
                main: first.range,
                reference: Some(TimeRange::last(first.range.start_ns, length)),
            }
        }
        None => {
            // "more errors than yesterday": now against then.
            let length = first.whole.duration_ns();
            let shift = elapsed_since(first, context.now_ns, length);
            let main = TimeRange::last(context.now_ns, shift);
            let reference = TimeRange::new(
                first.range.start_ns,
                first
                    .range
                    .start_ns
                    .saturating_add(shift)
                    .min(first.range.end_ns),
            );
            Ranges {
                main,
                reference: Some(reference),
            }
        }
    }
}

/// Whether a time is what is compared with: "more than yesterday", and not "what changed yesterday".
fn is_against(reading: &Reading<'_>, time: &Found) -> bool {
    let before = (time.from.saturating_sub(3)..time.from + 1).any(|at| {
        let word = reading.lower(at);
        let is_other = matches!(
            word,
            "than" | "to" | "with" | "against" | "versus" | "vs" | "vs." | "compared" | "not"
        ) || word.ends_with("n't");
        is_other
            || word == "from"
                && at > 0
                && matches!(
                    reading.lower(at - 1),
                    "different" | "differs" | "differ" | "changed"
                )
    });
    !asks_what_changed(reading) || before
}

/// "what changed", "which errors are new".
fn asks_what_changed(reading: &Reading<'_>) -> bool {
    (0..reading.words.len()).any(|at| {
        matches!(
            reading.lower(at),
            "what" | "what's" | "which" | "anything" | "something"
        ) && (at + 1..at + 5).any(|at| {
            matches!(
                reading.lower(at),
                "changed" | "change" | "changes" | "new" | "different"
            )
        })
    })
}

/// How much of a stretch of this length has gone by since the last one ended, at most all of it.
fn elapsed_since(reference: &Found, now_ns: i64, length: i64) -> i64 {
    let gone = now_ns.saturating_sub(reference.whole.end_ns);
    if gone > 0 && gone < length {
        gone
    } else {
        length
    }
}

/// The earlier range, cut to the part of it that the later one has reached.
fn same_portion(later: &Found, earlier: &Found) -> TimeRange {
    let cut = later.whole.end_ns > later.range.end_ns;
    let same_kind = later
        .whole
        .duration_ns()
        .abs_diff(earlier.whole.duration_ns())
        <= (3 * DAY_NS).unsigned_abs();
    if !cut || !same_kind {
        return earlier.range;
    }
    let end_ns = earlier
        .range
        .start_ns
        .saturating_add(later.range.duration_ns());
    TimeRange::new(earlier.range.start_ns, end_ns.min(earlier.range.end_ns))
}

/// Several times in a question that compares nothing: from the first to the last of them.
fn merged(times: &[Found]) -> TimeRange {
    let start = times
        .iter()
        .map(|found| found.range.start_ns)
        .min()
        .unwrap_or_default();
    let end = times
        .iter()
        .map(|found| found.range.end_ns)
        .max()
        .unwrap_or_default();
    TimeRange::new(start, end)
}

fn default(intent: Intent, reading: &Reading<'_>) -> Ranges {
    let context = reading.context;
    let last = |length: i64| TimeRange::last(context.now_ns, length);
    let usual = context.default_range.unwrap_or(last(DEFAULT_NS));
    match intent {
        Intent::Why => {
            let incident = context.open_incident.as_ref().map(|incident| {
                TimeRange::new(
                    incident.started_at_ns.saturating_sub(INCIDENT_LEAD_NS),
                    context.now_ns,
                )
            });
            Ranges {
                main: incident.or(context.default_range).unwrap_or(last(WHY_NS)),
                reference: None,
            }
        }
        Intent::First | Intent::Last | Intent::Explain => Ranges {
            main: context.default_range.unwrap_or(last(EXTREME_NS)),
            reference: None,
        },
        Intent::Compare => {
            // "what changed?" while something is wrong asks what is other than before.
            let incident = context.open_incident.as_ref().filter(|_| {
                asks_what_changed(reading) && !reading.claims.contains(&Some(Claim::Service))
            });
            let since = incident.map(|incident| {
                let start_ns = domain::minute_start(incident.started_at_ns);
                TimeRange::new(start_ns, context.now_ns)
            });
            let is_told = |it: &TimeRange| it.duration_ns() > 0 && it.duration_ns() <= DAY_NS;
            let main = since.filter(is_told).unwrap_or(usual);
            Ranges {
                main,
                reference: Some(TimeRange::last(main.start_ns, main.duration_ns())),
            }
        }
        _ => Ranges {
            main: usual,
            reference: None,
        },
    }
}

/// Another time that is said by its distance: "the hour before", "the same time yesterday", "a week ago".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    /// The stretch of the same length that ends where this one begins.
    Before,
    /// So many nanoseconds earlier.
    By(i64),
}

impl Shift {
    /// The other time of a range.
    pub(super) fn of(self, range: TimeRange) -> TimeRange {
        match self {
            Self::Before => TimeRange::last(range.start_ns, range.duration_ns()),
            Self::By(nanos) => TimeRange::new(
                range.start_ns.saturating_sub(nanos),
                range.end_ns.saturating_sub(nanos),
            ),
        }
    }
}

/// What "the day before" means after a question about another time.
pub(super) fn shift_of_follow_up(words: &[Word]) -> Option<Shift> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    (0..words.len()).find_map(|at| {
        let unit = match (lower(at), lower(at + 1)) {
            (unit, "before" | "earlier" | "prior") => unit,
            ("previous" | "preceding" | "prior", unit) => unit,
            _ => return None,
        };
        Some(match unit {
            "hour" => Shift::By(HOUR_NS),
            "day" => Shift::By(DAY_NS),
            "week" => Shift::By(7 * DAY_NS),
            "time" | "period" | "one" | "minutes" | "hours" | "days" | "window" => Shift::Before,
            _ => return None,
        })
    })
}

/// Claims such words.
pub(super) fn shifted(reading: &mut Reading<'_>) -> Option<Shift> {
    for at in 0..reading.words.len() {
        let words = (
            reading.lower(at),
            reading.lower(at + 1),
            reading.lower(at + 2),
        );
        let (shift, length) = match words {
            (
                "the",
                "hour" | "day" | "week" | "month" | "minutes" | "time" | "period" | "hours"
                | "days",
                "before" | "earlier" | "prior",
            ) => (Shift::Before, 3),
            ("the", count, "minutes" | "hours" | "days" | "min" | "mins" | "weeks")
                if count.bytes().all(|byte| byte.is_ascii_digit())
                    && matches!(reading.lower(at + 3), "before" | "earlier" | "prior") =>
            {
                (Shift::Before, 4)
            }
            (
                "the" | "a",
                "previous" | "preceding" | "prior",
                "one" | "hour" | "period" | "window" | "time",
            ) => (Shift::Before, 3),
            ("same", "time" | "period" | "window" | "hour", day @ ("yesterday" | "last")) => {
                let is_week = day == "last" && reading.lower(at + 3) == "week";
                (
                    Shift::By(if is_week { 7 * DAY_NS } else { DAY_NS }),
                    if day == "last" { 4 } else { 3 },
                )
            }
            _ => continue,
        };
        let end = (at + length).min(reading.words.len());
        let is_taken = reading.claims[at..end]
            .iter()
            .any(|claim| claim.is_some_and(|claim| claim != Claim::Time));
        if is_taken {
            continue;
        }
        reading.claim(at..end, Claim::Time);
        return Some(shift);
    }
    None
}

/// Claims words that look like a time but were not resolved: numbers, "tomorrow", "next week",
/// "the deploy" when none is known.
pub(super) fn leftovers(reading: &mut Reading<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for at in 0..reading.words.len() {
        let word = reading.free(at);
        let after_preposition = at > 0
            && matches!(
                reading.lower(at - 1),
                "at" | "since"
                    | "until"
                    | "before"
                    | "after"
                    | "between"
                    | "around"
                    | "ago"
                    | "next"
            );
        let is_number = word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 8;
        let is_time = matches!(word, "tomorrow" | "ago" | "am" | "pm")
            || after_preposition
                && matches!(
                    word,
                    "deploy"
                        | "release"
                        | "deployment"
                        | "rollout"
                        | "incident"
                        | "outage"
                        | "week"
                        | "month"
                );
        let is_deploy = at > 1
            && matches!(reading.lower(at - 2), "since" | "after" | "before")
            && matches!(
                word,
                "deploy" | "release" | "deployment" | "rollout" | "incident" | "outage"
            );
        if is_time || is_deploy || is_number {
            found.push(reading.words[at].text.clone());
            reading.claim(at..at + 1, Claim::NotUnderstood);
        }
    }
    found
}
