//! The groups of an answer: per service, severity, pattern or stretch of time.

use std::collections::{BTreeMap, HashMap};

use domain::{ServiceCount, TemplateId};
use inference::{AnswerFacts, GroupCount, ValueFacts};
use query::{GroupBy, Intent, Interpretation, NumberCondition, NumberOp, TimeUnit};

use super::scope::{Row, by_pattern, time_unit};
use super::values::Values;
use crate::dictionaries::Dictionary;

/// Groups that are said when nobody says how many.
pub(super) const GROUPS: usize = 10;
/// Values that are said when nobody says how many.
const VALUES: usize = 5;
/// Services that are said when they are what was asked for.
const SERVICES: usize = 100;
/// Stretches of time that are said: the newest ones.
const STRETCHES: usize = 48;
/// Groups that are said at most.
pub(super) const MOST_GROUPS: usize = 100;

/// What was counted.
pub(super) struct Counted<'a> {
    pub(super) understood: &'a Interpretation,
    pub(super) dictionary: &'a Dictionary,
    pub(super) rows: &'a [Row],
    /// The rows of the other time of a comparison.
    pub(super) others: &'a [Row],
    /// (start, records) of each stretch of time.
    pub(super) buckets: &'a [(i64, u64)],
    /// All services, when they are what was asked for.
    pub(super) services: Option<&'a [ServiceCount]>,
    /// The values that are asked for, when some are.
    pub(super) values: Option<&'a Values>,
    /// The evidence of each pattern.
    pub(super) cited: &'a HashMap<TemplateId, u32>,
}

/// Fills in the groups that were asked for: "by service", "top 5", "which services", "compare a and b".
pub(super) fn fill(facts: &mut AnswerFacts, counted: &Counted<'_>) {
    let understood = counted.understood;
    if facts.groups.iter().any(|group| group.value.is_some()) {
        // What was measured of each group is told already.
        return;
    }
    let wanted = match (understood.group_by.clone(), understood.intent) {
        (Some(group), _) => group,
        (None, Intent::Top) => GroupBy::Template,
        (None, Intent::ListServices) => GroupBy::Service,
        // "compare checkout and payments today with yesterday".
        (None, Intent::Compare) if understood.services.len() > 1 => GroupBy::Service,
        (None, _) => return,
    };
    let limit = understood.limit.map(|limit| limit.min(MOST_GROUPS));
    let (name, mut groups, limit) = match wanted {
        GroupBy::Service => match counted.services {
            Some(services) => ("service", listed(services), limit.unwrap_or(SERVICES)),
            None => ("service", by_service(counted), limit.unwrap_or(GROUPS)),
        },
        GroupBy::Severity => {
            let groups = keyed(counted, |row| Some(row.severity.as_str().to_owned()));
            ("severity", groups, limit.unwrap_or(GROUPS))
        }
        GroupBy::Template => ("pattern", patterns(counted), limit.unwrap_or(GROUPS)),
        GroupBy::Field(field) => {
            // Few are told all: "who logged in?"
            let all = counted.values.map_or(0, |values| values.counts.len());
            let usual = if all <= GROUPS { GROUPS } else { VALUES };
            fill_values(facts, counted, field.as_str(), limit.unwrap_or(usual));
            return;
        }
        GroupBy::Time(asked) => {
            let unit = time_unit(understood).unwrap_or(asked);
            let is_top = understood.intent == Intent::Top;
            let mut groups = stretches(counted.buckets, unit, facts.more.offset_seconds);
            if let Some(having) = &understood.having {
                groups.retain(|group| having.holds(group.count as f64));
                facts.more.having = Some(having_text(having));
            }
            if is_top {
                // "which hour had the most?": the fullest ones.
                groups.sort_by_key(|group| std::cmp::Reverse(group.count));
                let shown = limit.unwrap_or(VALUES);
                facts.groups_left = groups.len().saturating_sub(shown);
                groups.truncate(shown);
                facts.groups = groups;
            } else {
                facts.groups_left = groups.len().saturating_sub(STRETCHES);
                facts.groups = groups.into_iter().skip(facts.groups_left).collect();
            }
            facts.grouped_by = Some(unit_name(unit).into());
            return;
        }
    };
    groups.sort_by(|a, b| b.count.cmp(&a.count).then(a.key.cmp(&b.key)));
    if let Some(having) = &understood.having {
        groups.retain(|group| having.holds(group.count as f64));
        facts.more.having = Some(having_text(having));
    }
    facts.groups_left = groups.len().saturating_sub(limit);
    groups.truncate(limit);
    facts.grouped_by = Some(name.into());
    facts.groups = groups;
}

/// The values of a field, those that most records name first.
fn fill_values(facts: &mut AnswerFacts, counted: &Counted<'_>, name: &str, limit: usize) {
    let Some(values) = counted.values else { return };
    let has_enough = |count: u64| {
        let having = counted.understood.having.as_ref();
        having.is_none_or(|having| having.holds(count as f64))
    };
    let told: Vec<_> = values
        .counts
        .iter()
        .filter(|(_, count, _)| has_enough(*count))
        .collect();
    facts.more.having = counted.understood.having.as_ref().map(having_text);
    facts.grouped_by = Some(name.to_owned());
    facts.groups_left = told.len().saturating_sub(limit);
    let distinct = told.len() as u64;
    facts.groups = told
        .into_iter()
        .take(limit)
        .map(|(value, count, template_id)| GroupCount {
            evidence: counted.cited.get(template_id).copied(),
            ..plain(value.clone(), *count)
        })
        .collect();
    facts.values = Some(ValueFacts {
        distinct,
        read: values.read,
        without: values.without,
        is_cut: values.is_cut,
    });
}

/// `more than 30`.
fn having_text(having: &NumberCondition) -> String {
    let words = match having.op {
        NumberOp::Above => "more than",
        NumberOp::AtLeast => "at least",
        NumberOp::Below => "fewer than",
        NumberOp::AtMost => "at most",
        NumberOp::Equal => "exactly",
    };
    format!("{words} {}", having.value)
}

fn plain(key: String, count: u64) -> GroupCount {
    GroupCount {
        key,
        count,
        other: None,
        evidence: None,
        value: None,
    }
}

fn listed(services: &[ServiceCount]) -> Vec<GroupCount> {
    services
        .iter()
        .map(|row| plain(row.service.clone(), row.count))
        .collect()
}

/// Counts by a key of the rows, beside those of the other time.
fn keyed(counted: &Counted<'_>, key: impl Fn(&Row) -> Option<String>) -> Vec<GroupCount> {
    let is_compared = counted.understood.compare_with.is_some();
    let mut groups: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in counted.rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().0 += row.count;
        }
    }
    for row in counted.others {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().1 += row.count;
        }
    }
    groups
        .into_iter()
        .map(|(key, (count, other))| GroupCount {
            other: is_compared.then_some(other),
            ..plain(key, count)
        })
        .collect()
}

fn by_service(counted: &Counted<'_>) -> Vec<GroupCount> {
    let mut groups = keyed(counted, |row| row.service.clone());
    // A service that is compared and wrote nothing has none.
    if counted.understood.intent == Intent::Compare {
        for service in &counted.understood.services {
            if groups.iter().all(|group| group.key != *service) {
                groups.push(GroupCount {
                    other: counted.understood.compare_with.map(|_| 0),
                    ..plain(service.clone(), 0)
                });
            }
        }
    }
    groups
}

fn patterns(counted: &Counted<'_>) -> Vec<GroupCount> {
    let others: HashMap<TemplateId, u64> = by_pattern(counted.others)
        .into_iter()
        .map(|row| (row.template_id, row.count))
        .collect();
    let is_compared = counted.understood.compare_with.is_some();
    by_pattern(counted.rows)
        .into_iter()
        .map(|row| GroupCount {
            key: counted
                .dictionary
                .get(row.template_id)
                .map_or_else(|| "no pattern".to_owned(), |it| it.text.clone()),
            count: row.count,
            other: is_compared.then(|| others.get(&row.template_id).copied().unwrap_or(0)),
            evidence: counted.cited.get(&row.template_id).copied(),
            value: None,
        })
        .collect()
}

fn stretches(buckets: &[(i64, u64)], unit: TimeUnit, offset_seconds: i32) -> Vec<GroupCount> {
    buckets
        .iter()
        .map(|(start_ns, count)| plain(start_of(*start_ns, unit, offset_seconds), *count))
        .collect()
}

/// `2026-11-18 13:00 UTC`, of a day only the date.
fn start_of(start_ns: i64, unit: TimeUnit, offset_seconds: i32) -> String {
    let offset_ns = i64::from(offset_seconds) * domain::NANOS_PER_SECOND;
    let is_day = matches!(unit, TimeUnit::Day);
    let shown_ns = if is_day {
        start_ns
    } else {
        start_ns.saturating_add(offset_ns)
    };
    let text = domain::format_timestamp_short(shown_ns);
    let zone = zone(offset_seconds);
    match unit {
        TimeUnit::Day => text.get(..10).unwrap_or(&text).to_owned(),
        _ => text
            .get(..16)
            .map_or_else(|| text.clone(), |minute| format!("{minute} {zone}")),
    }
}

/// `UTC`, `+01:00`.
fn zone(offset_seconds: i32) -> String {
    if offset_seconds == 0 {
        return "UTC".to_owned();
    }
    let sign = if offset_seconds < 0 { '-' } else { '+' };
    let minutes = offset_seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second | TimeUnit::Minute => "minute",
        TimeUnit::Fitting | TimeUnit::Hour => "hour",
        TimeUnit::Day => "day",
    }
}
