//! What is to be computed besides a count: rates, shares, averages, extremes, how many different ones.

mod data;
mod thing;

use serde::{Deserialize, Serialize};

use super::group::{GroupBy, TimeUnit};
use super::number::Quantity;
use super::{Claim, Reading};
use thing::{any_number, is_sized, named_number, number_of_things, unknown_number};

/// What is computed of the records that match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How many different values of the field that is grouped by.
    Distinct,
    /// Records per stretch of time on average; none means per minute.
    Rate(TimeUnit),
    /// How many of a hundred.
    Share,
    /// The mean of a number.
    Average(Quantity),
    /// The least.
    Least(Quantity),
    /// The greatest.
    Greatest(Quantity),
    /// The sum.
    Sum(Quantity),
    /// A percentile, 1 to 99.
    Percentile(u8, Quantity),
}

impl Measure {
    /// For people: `average duration`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Distinct => "different values".to_owned(),
            Self::Rate(TimeUnit::Second) => "per second".to_owned(),
            Self::Rate(TimeUnit::Hour) => "per hour".to_owned(),
            Self::Rate(TimeUnit::Day) => "per day".to_owned(),
            Self::Rate(_) => "per minute".to_owned(),
            Self::Share => "share".to_owned(),
            Self::Average(of) => format!("average {}", of.name()),
            Self::Least(of) => format!("least {}", of.name()),
            Self::Greatest(of) => format!("greatest {}", of.name()),
            Self::Sum(of) => format!("sum of {}", of.name()),
            Self::Percentile(50, of) => format!("median {}", of.name()),
            Self::Percentile(part, of) => format!("{part}th percentile of {}", of.name()),
        }
    }

    /// The measure of several groups: the slowest of them is the one that is slow on average.
    pub(super) fn of_groups(self) -> Self {
        match self {
            Self::Greatest(Quantity::Duration) => Self::Average(Quantity::Duration),
            other => other,
        }
    }

    /// The number that it is computed of.
    #[must_use]
    pub fn quantity(&self) -> Option<&Quantity> {
        match self {
            Self::Average(of)
            | Self::Least(of)
            | Self::Greatest(of)
            | Self::Sum(of)
            | Self::Percentile(_, of) => Some(of),
            Self::Distinct | Self::Rate(_) | Self::Share => None,
        }
    }
}

/// Claims the words of a measure; a rate takes the unit of a grouping by time.
pub(super) fn read(reading: &mut Reading<'_>, group_by: &mut Option<GroupBy>) -> Option<Measure> {
    share(reading)
        .or_else(|| money(reading))
        .or_else(|| data::asked(reading))
        .or_else(|| how_long(reading))
        .or_else(|| of_number(reading, group_by.as_ref()))
        .or_else(|| rate(reading, group_by))
}

/// "how long does the backup take?", also "on average" and "at most".
fn how_long(reading: &mut Reading<'_>) -> Option<Measure> {
    let at = reading.position(&["how", "long"])?;
    let verb = (at + 2..reading.words.len().min(at + 12)).find(|at| {
        matches!(
            reading.free(*at),
            "take" | "takes" | "took" | "last" | "run"
        )
    })?;
    if !matches!(reading.lower(at + 2), "does" | "do" | "did") {
        return None;
    }
    reading.claim(at..at + 2, Claim::Number);
    reading.claim(verb..verb + 1, Claim::Number);
    if let Some((at, length)) = average_at(reading) {
        reading.claim(at..at + length, Claim::Intent);
    }
    let at_most = reading
        .position(&["at", "most"])
        .or_else(|| reading.position(&["at", "worst"]));
    if let Some(at) = at_most {
        reading.claim(at..at + 2, Claim::Intent);
        return Some(Measure::Greatest(Quantity::Duration));
    }
    Some(Measure::Average(Quantity::Duration))
}

/// "how much money": the sum of the amounts.
fn money(reading: &mut Reading<'_>) -> Option<Measure> {
    let at = (1..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "money" | "revenue" | "turnover")
            && reading.free(at - 1) == "much"
    })?;
    reading.claim(at - 1..at + 1, Claim::Number);
    Some(Measure::Sum(Quantity::Named("amount".to_owned())))
}

fn share(reading: &mut Reading<'_>) -> Option<Measure> {
    let at = (0..reading.words.len()).find(|at| {
        matches!(
            reading.free(*at),
            "percentage"
                | "percent"
                | "share"
                | "ratio"
                | "proportion"
                | "fraction"
                | "percents"
                | "%"
        )
    });
    if let Some(at) = at {
        let from = if at > 0
            && matches!(
                reading.free(at - 1),
                "many" | "much" | "in" | "what" | "which"
            ) {
            at - 1
        } else {
            at
        };
        reading.claim(from..at + 1, Claim::Intent);
        claim_error_rate(reading);
        return Some(Measure::Share);
    }
    claim_error_rate(reading).then_some(Measure::Share)
}

/// "error rate" counts errors among all; the rate of anything else is by time.
fn claim_error_rate(reading: &mut Reading<'_>) -> bool {
    let found = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "error" | "failure" | "errors")
            && matches!(reading.free(at + 1), "rate" | "ratio" | "rates")
    });
    if let Some(at) = found {
        reading.claim(at + 1..at + 2, Claim::Intent);
    }
    found.is_some()
}

fn rate(reading: &mut Reading<'_>, group_by: &mut Option<GroupBy>) -> Option<Measure> {
    let said = (0..reading.words.len())
        .find(|at| matches!(reading.free(*at), "rate" | "frequency" | "throughput"));
    let average = average_at(reading);
    let unit = match group_by {
        Some(GroupBy::Time(unit)) => Some(*unit),
        _ => None,
    };
    if let Some(at) = said {
        // "rate limit" is a thing.
        if matches!(
            reading.free(at + 1),
            "limit" | "limits" | "limited" | "limiting" | "limiter"
        ) {
            return None;
        }
        reading.claim(at..at + 1, Claim::Intent);
    } else if let (Some((at, length)), Some(_)) = (average, unit) {
        reading.claim(at..at + length, Claim::Intent);
    } else if unit != Some(TimeUnit::Second) {
        return None;
    }
    if unit.is_some() {
        *group_by = None;
    }
    Some(Measure::Rate(
        unit.filter(|unit| *unit != TimeUnit::Fitting)
            .unwrap_or(TimeUnit::Minute),
    ))
}

fn average_at(reading: &Reading<'_>) -> Option<(usize, usize)> {
    (0..reading.words.len()).find_map(|at| match (reading.free(at), reading.free(at + 1)) {
        ("on" | "in", "average" | "mean") => Some((at, 2)),
        ("average" | "mean" | "avg", _) => Some((at, 1)),
        _ => None,
    })
}

/// `average duration_ms`, `slowest`, `p95 latency`, `95th percentile of the response time`.
fn of_number(reading: &mut Reading<'_>, group_by: Option<&GroupBy>) -> Option<Measure> {
    for at in 0..reading.words.len() {
        let word = reading.free(at).to_owned();
        let next = reading.free(at + 1).to_owned();
        let percentile = percentile(&word, &next);
        let (length, make): (usize, fn(Quantity) -> Measure) = match word.as_str() {
            "slowest" | "longest" => {
                let quantity =
                    quantity_after(reading, at + 1).map_or(Quantity::Duration, |it| it.0);
                take_quantity(reading, at + 1);
                reading.claim(at..at + 1, Claim::Intent);
                return Some(Measure::Greatest(quantity));
            }
            "fastest" | "quickest" | "shortest" => {
                let quantity =
                    quantity_after(reading, at + 1).map_or(Quantity::Duration, |it| it.0);
                take_quantity(reading, at + 1);
                reading.claim(at..at + 1, Claim::Intent);
                return Some(Measure::Least(quantity));
            }
            "largest" | "smallest" if !matches!(next.as_str(), "number" | "count" | "amount") => {
                let quantity = take_quantity(reading, at + 1)
                    .or_else(|| is_sized(reading, at + 1).then_some(Quantity::Size))
                    .or_else(|| named_number(reading, at + 1))
                    .or_else(|| unknown_number(reading, at + 1));
                // The largest source of errors has no size.
                let Some(quantity) = quantity else { continue };
                reading.claim(at..at + 1, Claim::Intent);
                return Some(match word.as_str() {
                    "largest" => Measure::Greatest(quantity),
                    _ => Measure::Least(quantity),
                });
            }
            "average" | "avg" | "mean" => (1, Measure::Average),
            "maximum" | "max" | "highest" | "peak" | "greatest" | "hottest" | "warmest" => {
                (1, Measure::Greatest)
            }
            "minimum" | "min" | "lowest" | "least" | "coldest" | "coolest" => (1, Measure::Least),
            "sum" | "total" => (1, Measure::Sum),
            _ => {
                let Some((part, length)) = percentile else {
                    continue;
                };
                // "p95 of checkout": nobody asks so for anything but a time.
                let quantity = take_quantity(reading, at + length)
                    .or_else(|| named_number(reading, at + length))
                    .unwrap_or(Quantity::Duration);
                reading.claim(at..at + length, Claim::Intent);
                return Some(Measure::Percentile(part, quantity));
            }
        };
        if matches!(word.as_str(), "total" | "sum") && next == "times" {
            // "total times over 60 ms" are none that are added up.
            continue;
        }
        let counted = number_of_things(reading, at + length);
        let quantity = counted.or_else(|| take_quantity(reading, at + length));
        let quantity = quantity.or_else(|| {
            // "total users" are so many.
            if word == "total" {
                return None;
            }
            named_number(reading, at + length)
                .or_else(|| unknown_number(reading, at + length))
                .or_else(|| {
                    let is_mean = matches!(word.as_str(), "average" | "avg" | "mean");
                    let is_by_time = matches!(group_by, Some(GroupBy::Time(_)));
                    (is_mean && !is_by_time)
                        .then(|| any_number(reading, at))
                        .flatten()
                })
        });
        if let Some(quantity) = quantity {
            reading.claim(at..at + length, Claim::Intent);
            return Some(make(quantity));
        }
    }
    in_total(reading)
}

/// Which percentile is asked for, and how many words say so. Of "p95/p99" the first one is told.
fn percentile(word: &str, next: &str) -> Option<(u8, usize)> {
    word.split('/')
        .next()
        .and_then(|first| first.strip_prefix('p'))
        .filter(|digits| digits.len() == 2)
        .and_then(|digits| digits.parse::<u8>().ok())
        .map(|part| (part, 1))
        .or_else(|| {
            let part = word.strip_suffix("th")?.parse::<u8>().ok()?;
            (next == "percentile").then_some((part, 2))
        })
        .or((word == "median").then_some((50, 1)))
        .filter(|(part, _)| (1..=99).contains(part))
}

/// "how many rows were imported in total": what is counted stands behind numbers in patterns, and their sum is wanted.
fn in_total(reading: &mut Reading<'_>) -> Option<Measure> {
    let at = reading.position(&["how", "many"])?;
    let total = reading
        .position(&["in", "total"])
        .or_else(|| reading.position(&["all", "together"]));
    let (from, length) = match total {
        Some(from) => (from, 2),
        None => (
            reading
                .position(&["altogether"])
                .or_else(|| reading.position(&["overall"]))?,
            1,
        ),
    };
    // "how many expired offsets"
    let noun = (at + 2..at + 4)
        .map(|place| reading.free(place).to_owned())
        .find(|noun| reading.context.counted.contains(noun))?;
    reading.claim(at..at + 2, Claim::Intent);
    reading.claim(from..from + length, Claim::Intent);
    Some(Measure::Sum(Quantity::Named(noun)))
}

/// Claims the number that is named within some words.
fn take_quantity(reading: &mut Reading<'_>, at: usize) -> Option<Quantity> {
    let (quantity, from, length) = quantity_after(reading, at)?;
    reading.claim(from..from + length, Claim::Number);
    Some(quantity)
}

/// The number that is named within some words: what, where, and by how many words.
fn quantity_after(reading: &Reading<'_>, at: usize) -> Option<(Quantity, usize, usize)> {
    (at..at + 10).find_map(|place| {
        let word = reading.free(place);
        if word.is_empty() {
            return None;
        }
        // An attribute that is named exactly says most.
        if let Some(key) = reading
            .context
            .attributes
            .iter()
            .find(|key| key.eq_ignore_ascii_case(word) && key.len() > 2)
            && (key.contains('_') || is_duration(word) || is_size(word))
        {
            return Some((Quantity::Named(key.clone()), place, 1));
        }
        match (word, reading.free(place + 1)) {
            (
                "response" | "request" | "processing" | "execution" | "query",
                "time" | "times" | "duration" | "latency",
            ) => Some((Quantity::Duration, place, 2)),
            (word, _) if is_duration(word) => Some((Quantity::Duration, place, 1)),
            ("time" | "times", _) => data::length_of_time(reading, at, place),
            (word, _) if is_size(word) => Some((data::beside_way(reading, place), place, 1)),
            ("lag" | "depth" | "length" | "amount" | "attempts" | "retries", _) => {
                Some((Quantity::Named(word.to_owned()), place, 1))
            }
            _ => None,
        }
    })
}

fn is_duration(word: &str) -> bool {
    matches!(
        word,
        "duration"
            | "latency"
            | "latencies"
            | "durations"
            | "elapsed"
            | "duration_ms"
            | "response_time"
            | "runtime"
    )
}

fn is_size(word: &str) -> bool {
    matches!(word, "size" | "bytes" | "sizes")
}
