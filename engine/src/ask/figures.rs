//! Rates, shares, measured numbers and trends of what matched.

use std::collections::BTreeMap;

use domain::{LogFilter, LogReader as _, LogRecord, Order, ProjectId};
use inference::{AnswerFacts, Figure, GroupCount, Trend};
use query::{Field, GroupBy, Interpretation, Measure, Quantity, TimeUnit};
use store::{Matches, StatusFilter};

use super::group::{GROUPS, MOST_GROUPS};
use super::numbers;
use super::scope::{Scope, samples_wanted};
use super::values::{MAX_CHARS, ValueReader};
use super::words::holds_value;
use crate::{Error, Inner};

/// A half with this many times the other one's records goes another way.
const TREND_FACTOR: f64 = 1.25;
/// Standard deviations of a count (Poisson) beyond which halves differ.
const TREND_DEVIATIONS: f64 = 2.5;
/// Words that say how something went: without them a topic is the whole that a share is of.
const OUTCOMES: [&str; 22] = [
    "failed",
    "fail",
    "failing",
    "failure",
    "failures",
    "declined",
    "rejected",
    "refused",
    "denied",
    "bounced",
    "slow",
    "successful",
    "succeeded",
    "success",
    "accepted",
    "captured",
    "wrong",
    "invalid",
    "expired",
    "exceeded",
    "timed",
    "aborted",
];

impl Inner {
    /// Computes what was asked besides a count. Blocks.
    pub(super) fn measure(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        matched: &mut Matches,
        facts: &mut AnswerFacts,
    ) -> Result<(), Error> {
        match &understood.measure {
            Some(Measure::Rate(unit)) => {
                facts.more.figure = Some(rate(understood, *unit, matched.total))
            }
            Some(Measure::Share) => {
                let whole = self.whole(project_id, understood)?.max(matched.total);
                facts.more.figure = Some(Figure {
                    name: "share".to_owned(),
                    value: 100.0 * matched.total as f64 / whole.max(1) as f64,
                    unit: "%".to_owned(),
                    of: matched.total,
                    whole: Some(whole),
                });
            }
            Some(Measure::Distinct) => facts.more.is_distinct = true,
            Some(measure) => {
                if let Some(quantity) = measure.quantity() {
                    let measured = self.measured(project_id, understood, scope, measure)?;
                    facts.is_cut |= measured.is_cut;
                    fill_groups(facts, understood, measure, quantity, &measured.by_group);
                    if !measured.extremes.is_empty() {
                        let records = measured.extremes.into_iter();
                        matched.records = records.map(|(_, record)| record).collect();
                    }
                    let is_grouped = !facts.groups.is_empty();
                    // Beside groups, what is in none of them tells nothing.
                    let all = measured
                        .by_group
                        .into_iter()
                        .filter(|(key, _)| !is_grouped || key.is_some())
                        .flat_map(|(_, values)| values)
                        .collect();
                    facts.more.figure = computed(measure, quantity, all);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// Computes the same of the other time of a comparison. Blocks.
    pub(super) fn measure_other(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        facts: &mut AnswerFacts,
    ) -> Result<(), Error> {
        let Some(range) = understood
            .compare_with
            .filter(|_| understood.group_by.is_none())
        else {
            return Ok(());
        };
        if facts.more.figure.is_none() {
            return Ok(());
        }
        let other = Interpretation {
            range,
            compare_with: None,
            ..understood.clone()
        };
        let mut aside = self.blank(&other, "");
        let mut matched = match &understood.measure {
            Some(Measure::Rate(_) | Measure::Share) => {
                self.matched(project_id, &other, scope, range, 0)?
            }
            // Numbers are read, not counted.
            _ => Matches::default(),
        };
        self.measure(project_id, &other, scope, &mut matched, &mut aside)?;
        facts.more.other_figure = aside.more.figure;
        facts.is_cut |= aside.is_cut;
        Ok(())
    }

    /// How many records there are without what makes the share.
    fn whole(&self, project_id: ProjectId, understood: &Interpretation) -> Result<u64, Error> {
        let mut whole = understood.clone();
        let is_conditional = !whole.severities.is_empty()
            || !whole.status_codes.is_empty()
            || !whole.numbers.is_empty();
        whole.severities.clear();
        whole.numbers.clear();
        if !whole.status_codes.is_empty() {
            // Only records with a status can have this one.
            whole.status_codes = (1..=5).map(query::StatusCode::Class).collect();
        }
        if !is_conditional {
            whole.retrieval_text = without_outcomes(&whole.retrieval_text);
            whole.terms.retain(|term| term.negated);
        }
        let scope = self.scope(project_id, &whole)?;
        if scope.is_empty() {
            return Ok(0);
        }
        Ok(self
            .matched(project_id, &whole, &scope, whole.range, 0)?
            .total)
    }

    /// The numbers of the records that match, by the group that they are in; those of no group, and all where
    /// nothing is grouped, are under `None`. Blocks.
    fn measured(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
        measure: &Measure,
    ) -> Result<Measured, Error> {
        let filter = LogFilter {
            range: understood.range,
            ..scope.filter.clone()
        };
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut reader = ValueReader::new(&dictionary);
        let mut key_of = |record: &LogRecord| match &understood.group_by {
            Some(GroupBy::Service) => Some(record.service.clone()),
            Some(GroupBy::Severity) => Some(record.severity.as_str().to_owned()),
            Some(GroupBy::Field(field)) => reader.value(field, record).map(|value| {
                let value: String = value.chars().take(MAX_CHARS).collect();
                match field {
                    Field::Path | Field::Url => without_ids(&value),
                    _ => value,
                }
            }),
            _ => None,
        };
        let Some(quantity) = measure.quantity() else {
            return Ok(Measured::default());
        };
        let wanted = match (measure, &understood.group_by) {
            (Measure::Greatest(_) | Measure::Least(_), None) => samples_wanted(understood),
            _ => 0,
        };
        let mut found = Measured::default();
        found.is_cut = self.walk(project_id, &filter, Order::NewestFirst, |record| {
            let is_match = scope
                .values
                .iter()
                .all(|value| holds_value(&record.body, value))
                && numbers::hold(&scope.numbers, &record)
                && StatusFilter::any_matches(&scope.statuses, &record.body, &record.attributes);
            if is_match && let Some(number) = numbers::number_of(quantity, &record) {
                let group = found.by_group.entry(key_of(&record)).or_default();
                group.push(number);
                let is_least = matches!(measure, Measure::Least(_));
                found.keep_extreme(number, record, wanted, is_least);
            }
        })?;
        Ok(found)
    }

    /// Which way the count of what matches goes. Blocks.
    pub(super) fn trend(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        scope: &Scope,
    ) -> Result<Trend, Error> {
        let range = understood.range;
        let middle = range.start_ns + range.duration_ns() / 2;
        let count = |start_ns, end_ns| -> Result<u64, Error> {
            let half = domain::TimeRange { start_ns, end_ns };
            if scope.needs_reading() || !scope.statuses.is_empty() {
                return Ok(self.matched(project_id, understood, scope, half, 0)?.total);
            }
            let filter = LogFilter {
                range: half,
                ..scope.filter.clone()
            };
            Ok(self.store.count(project_id, &filter)?)
        };
        let (first, second) = (count(range.start_ns, middle)?, count(middle, range.end_ns)?);
        Ok(Trend {
            latest_at_ns: None,
            direction: direction(first, second).to_owned(),
            first,
            second,
        })
    }
}

/// Which way it goes from one half to the other: only what is beyond chance and worth a word.
fn direction(first: u64, second: u64) -> &'static str {
    let (a, b) = (first as f64, second as f64);
    let is_beyond_chance = (b - a).abs() > TREND_DEVIATIONS * (a + b).sqrt();
    if is_beyond_chance && b > a * TREND_FACTOR {
        "rising"
    } else if is_beyond_chance && a > b * TREND_FACTOR {
        "falling"
    } else {
        "steady"
    }
}

fn rate(understood: &Interpretation, unit: TimeUnit, total: u64) -> Figure {
    let stretches = understood.range.duration_ns() as f64 / unit.nanos() as f64;
    let name = match unit {
        TimeUnit::Second => "per second",
        TimeUnit::Hour => "per hour",
        TimeUnit::Day => "per day",
        TimeUnit::Minute | TimeUnit::Fitting => "per minute",
    };
    Figure {
        name: "rate".to_owned(),
        value: if stretches > 0.0 {
            total as f64 / stretches
        } else {
            0.0
        },
        unit: name.to_owned(),
        of: total,
        whole: None,
    }
}

/// What was measured.
#[derive(Debug, Default)]
struct Measured {
    by_group: ByGroup,
    /// The records with the greatest numbers, or the least ones, the most extreme first; where these were asked for.
    extremes: Vec<(f64, LogRecord)>,
    is_cut: bool,
}

impl Measured {
    fn keep_extreme(&mut self, number: f64, record: LogRecord, wanted: usize, is_least: bool) {
        let goes_before = |known: f64| {
            if is_least {
                number < known
            } else {
                number > known
            }
        };
        let place = self
            .extremes
            .partition_point(|(known, _)| !goes_before(*known));
        if place < wanted {
            self.extremes.insert(place, (number, record));
            self.extremes.truncate(wanted);
        }
    }
}

/// The numbers of each group.
type ByGroup = BTreeMap<Option<String>, Vec<f64>>;

/// Fills in what was measured of each group: the greatest first, or the least where that was asked.
fn fill_groups(
    facts: &mut AnswerFacts,
    understood: &Interpretation,
    measure: &Measure,
    quantity: &Quantity,
    by_group: &ByGroup,
) {
    let name = match &understood.group_by {
        Some(GroupBy::Service) => "service",
        Some(GroupBy::Severity) => "severity",
        Some(GroupBy::Field(field)) => field.as_str(),
        _ => return,
    };
    let mut groups: Vec<GroupCount> = by_group
        .iter()
        .filter_map(|(key, values)| {
            let count = values.len() as f64;
            let has_enough = understood.having.as_ref().is_none_or(|it| it.holds(count));
            has_enough.then_some(())?;
            Some(GroupCount {
                key: key.clone()?,
                count: values.len() as u64,
                other: None,
                evidence: None,
                value: Some(computed(measure, quantity, values.clone())?.value),
            })
        })
        .collect();
    let value = |group: &GroupCount| group.value.unwrap_or_default();
    groups.sort_by(|a, b| match measure {
        Measure::Least(_) => value(a).total_cmp(&value(b)),
        _ => value(b).total_cmp(&value(a)),
    });
    let shown = understood.limit.unwrap_or(GROUPS).clamp(1, MOST_GROUPS);
    facts.groups_left = groups.len().saturating_sub(shown);
    groups.truncate(shown);
    facts.grouped_by = Some(name.to_owned());
    facts.groups = groups;
}

/// A topic without what is said of its things: that scheduled jobs failed is said of the scheduled jobs. Where nothing is
/// said behind them, the whole of `deferred mails` is all mails.
fn without_outcomes(topic: &str) -> String {
    let words: Vec<String> = topic.split_whitespace().map(str::to_lowercase).collect();
    let is_thing = |at: usize| words.get(at).is_some_and(|word| !is_outcome(word));
    let is_said = |at: usize| {
        let is_plain = OUTCOMES.contains(&words[at].as_str());
        is_outcome(&words[at]) && (0..at).any(is_thing) && (is_plain || !is_thing(at + 1))
    };
    let is_any = (0..words.len()).any(is_said);
    let kept: Vec<&str> = topic
        .split_whitespace()
        .enumerate()
        .filter(|(at, _)| !(if is_any { is_said(*at) } else { !is_thing(*at) }))
        .map(|(_, word)| word)
        .collect();
    kept.join(" ")
}

/// Whether a word says how something went: `deferred`, `failed`.
fn is_outcome(word: &str) -> bool {
    OUTCOMES.contains(&word)
        || word.len() > 5 && word.ends_with("ed") && !matches!(word, "hundred" | "indeed")
}

/// A path with `<id>` for its parts that are numbers or ids: each of them is one place.
fn without_ids(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| {
            let digits = part.bytes().filter(u8::is_ascii_digit).count();
            let is_number = digits > 0 && digits == part.len();
            let is_id = part.len() >= 8
                && digits > 0
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            if is_number || is_id { "<id>" } else { part }
        })
        .collect();
    parts.join("/")
}

fn computed(measure: &Measure, quantity: &Quantity, mut values: Vec<f64>) -> Option<Figure> {
    if values.is_empty() {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let count = values.len();
    let value = match measure {
        Measure::Average(_) => values.iter().sum::<f64>() / count as f64,
        Measure::Least(_) => values[0],
        Measure::Greatest(_) => values[count - 1],
        Measure::Sum(_) => values.iter().sum(),
        // The nearest rank.
        Measure::Percentile(part, _) => {
            let rank = (count as f64 * f64::from(*part) / 100.0).ceil() as usize;
            values[rank.clamp(1, count) - 1]
        }
        Measure::Distinct | Measure::Rate(_) | Measure::Share => return None,
    };
    Some(Figure {
        name: measure.label(),
        value,
        unit: numbers::unit_of(quantity).to_owned(),
        of: count as u64,
        whole: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_what_chance_does_not_explain() {
        assert_eq!(direction(10, 60), "rising");
        assert_eq!(direction(60, 10), "falling");
        assert_eq!(direction(3, 5), "steady");
        assert_eq!(direction(1_000, 1_050), "steady");
        assert_eq!(direction(0, 0), "steady");
    }

    #[test]
    fn the_whole_of_a_share_keeps_what_its_things_are_called() {
        let table = [
            ("scheduled jobs failed", "scheduled jobs"),
            ("nightly scheduled jobs failed", "nightly scheduled jobs"),
            ("mails deferred", "mails"),
            ("deferred mails", "mails"),
            ("failed jobs retried", "failed jobs"),
            ("logins failed wrong password", "logins password"),
            ("hundred jobs refused", "hundred jobs"),
        ];
        for (topic, whole) in table {
            assert_eq!(without_outcomes(topic), whole, "{topic}");
        }
    }

    #[test]
    fn paths_are_told_apart_without_their_ids() {
        assert_eq!(
            without_ids("/orders/4711/items?page=2"),
            "/orders/<id>/items"
        );
        assert_eq!(
            without_ids("/users/9f86d081-884c-4d63-a0f2-1c2b3d4e5f60"),
            "/users/<id>"
        );
        assert_eq!(without_ids("/api/v2/rooms"), "/api/v2/rooms");
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let values = vec![4.0, 1.0, 3.0, 2.0];
        let value = |measure: &Measure| {
            computed(measure, &Quantity::Duration, values.clone()).map(|it| (it.value, it.unit))
        };
        assert_eq!(
            value(&Measure::Percentile(50, Quantity::Duration)),
            Some((2.0, "ms".to_owned()))
        );
        assert_eq!(
            value(&Measure::Average(Quantity::Duration)),
            Some((2.5, "ms".to_owned()))
        );
        assert_eq!(
            value(&Measure::Greatest(Quantity::Duration)),
            Some((4.0, "ms".to_owned()))
        );
        assert_eq!(
            computed(
                &Measure::Average(Quantity::Duration),
                &Quantity::Duration,
                Vec::new()
            ),
            None
        );
    }
}
