//! What is grouped by: services, patterns, stretches of time, and the values that records name.

use domain::Sentence;

use super::days::Days;
use super::first_citation;
use crate::facts::{AnswerFacts, AnswerIntent, GroupCount, ValueFacts};
use crate::words;

/// Stretches of time that are all told.
const MOST_STRETCHES: usize = 26;
/// The newest ones that are told when there are more.
const NEWEST: usize = 5;

/// All groups with their counts and shares; `None` when there are none.
pub(super) fn groups(facts: &AnswerFacts, days: &mut Days) -> Option<Sentence> {
    if let Some(having) = &facts.more.having {
        return Some(with_enough(facts, having));
    }
    if let Some(values) = &facts.values {
        return Some(named(facts, values));
    }
    if facts.groups.is_empty() {
        return None;
    }
    let by = facts.grouped_by.as_deref().unwrap_or("group");
    let is_time = matches!(by, "minute" | "hour" | "day");
    let day = one_day(by, &facts.groups);
    if is_time && facts.groups.len() > MOST_STRETCHES && facts.intent != AnswerIntent::Top {
        return Some(stretches(facts, by, day, days));
    }
    let all: u64 = facts
        .matching
        .unwrap_or_else(|| facts.groups.iter().map(|g| g.count).sum());
    let mut shown: Vec<String> = facts
        .groups
        .iter()
        .map(|group| {
            let key = match (by, day) {
                ("pattern", _) => words::quoted(&group.key),
                // Of `2026-11-18 13:00 UTC` the time.
                (_, Some(_)) => group.key.get(11..16).unwrap_or(&group.key).to_owned(),
                _ => words::plain(&group.key, 60),
            };
            let count = words::count(group.count);
            match group.other {
                Some(other) => format!("{key} with {count} against {}", words::count(other)),
                None if is_time => format!("{key} with {count}"),
                None => format!(
                    "{key} with {count} ({})",
                    words::percent(group.count, all.max(group.count))
                ),
            }
        })
        .collect();
    if facts.groups_left > 0 {
        shown.push(format!(
            "and {} more",
            words::count(facts.groups_left as u64)
        ));
    }
    let mut citations: Vec<u32> = facts
        .groups
        .iter()
        .filter_map(|group| group.evidence)
        .collect();
    if citations.is_empty() {
        citations = first_citation(facts);
    }
    let day = day.map(|day| days.of_day(day)).unwrap_or_default();
    Some(Sentence {
        text: format!("By {}{day}: {}.", words::plain(by, 40), shown.join("; ")),
        citations,
    })
}

/// More stretches of time than a reader takes in: the fullest and the newest ones. Those in which nothing was are not
/// among them, so nothing is said of averages.
fn stretches(facts: &AnswerFacts, by: &str, day: Option<&str>, days: &mut Days) -> Sentence {
    let told = |group: &GroupCount| {
        let name = match day {
            Some(_) => group.key.get(11..16).unwrap_or(&group.key).to_owned(),
            None => words::plain(&group.key, 60),
        };
        format!("{name} with {}", words::count(group.count))
    };
    let groups = &facts.groups;
    // Of equal ones the latest.
    let most = groups.iter().max_by_key(|group| group.count);
    let newest = groups.iter().skip(groups.len().saturating_sub(NEWEST));
    let newest: Vec<String> = newest.map(told).collect();
    let day = day.map(|day| days.of_day(day)).unwrap_or_default();
    Sentence {
        text: format!(
            "By {by}{day}, of the last {} that have any the most in {}; the newest: {}.",
            words::count(groups.len() as u64),
            most.map_or_else(String::new, told),
            newest.join("; "),
        ),
        citations: first_citation(facts),
    }
}

/// The date of stretches of time that are all on one day.
fn one_day<'a>(by: &str, groups: &'a [GroupCount]) -> Option<&'a str> {
    let date = groups.first()?.key.get(..10)?;
    let is_one = matches!(by, "minute" | "hour")
        && groups
            .iter()
            .all(|group| group.key.starts_with(date) && group.key.len() >= 16);
    is_one.then_some(date)
}

/// `2 users with more than 30 of them: admin (35) and ravi (33).`
fn with_enough(facts: &AnswerFacts, having: &str) -> Sentence {
    let name = plain_name(facts.grouped_by.as_deref().unwrap_or("group"));
    let all = facts.groups.len() + facts.groups_left;
    let text = if all == 0 {
        format!("No {name} has {having} of them.")
    } else {
        let mut shown: Vec<String> = facts
            .groups
            .iter()
            .map(|group| {
                format!(
                    "{} ({})",
                    words::plain(&group.key, 60),
                    words::count(group.count)
                )
            })
            .collect();
        if facts.groups_left > 0 {
            shown.push(format!("{} more", words::count(facts.groups_left as u64)));
        }
        format!(
            "{} with {having} of them: {}.",
            words::counted(all as u64, &name),
            words::list(&shown, shown.len())
        )
    };
    Sentence {
        text,
        citations: cited(facts),
    }
}

/// `They came from 24 addresses, most often 10.2.3.4 (286, 55 %), 10.2.3.5 (80, 15 %) and 22 more.`
fn named(facts: &AnswerFacts, values: &ValueFacts) -> Sentence {
    let name = facts.grouped_by.as_deref().unwrap_or("value");
    let (joint, plural) = match name {
        "address" => ("come from", "addresses".to_owned()),
        "host" => ("come from", "hosts".to_owned()),
        "user" => ("name", "users".to_owned()),
        "status" => ("have", "statuses".to_owned()),
        "path" | "url" | "port" | "id" => ("name", format!("{name}s")),
        key => ("have", format!("values of {}", words::plain(key, 40))),
    };
    if facts.groups.is_empty() {
        return Sentence {
            text: format!("None of them names {}.", article(name)),
            citations: first_citation(facts),
        };
    }
    let least = if values.is_cut { "at least " } else { "" };
    let count = match (values.distinct, name) {
        (1, "address" | "host" | "user" | "status" | "path" | "url" | "port" | "id") => {
            format!("1 {name}")
        }
        (1, key) => format!("1 value of {}", words::plain(key, 40)),
        (many, _) => format!("{} {plural}", words::count(many)),
    };
    let mut shown: Vec<String> = facts
        .groups
        .iter()
        .map(|group| {
            format!(
                "{} ({}, {})",
                words::plain(&group.key, 60),
                words::count(group.count),
                words::percent(group.count, values.read.max(group.count))
            )
        })
        .collect();
    let often = match (facts.groups_left, shown.len()) {
        (0, 1) => ": ",
        _ => ", most often ",
    };
    if facts.groups_left > 0 {
        shown.push(format!("{} more", words::count(facts.groups_left as u64)));
    }
    let without = match values.without {
        0 => String::new(),
        1 => format!("; 1 names no {}", plain_name(name)),
        many => format!("; {} name no {}", words::count(many), plain_name(name)),
    };
    let who = if values.is_cut {
        format!("The newest {} of them", words::count(values.read))
    } else {
        "They".to_owned()
    };
    Sentence {
        text: format!(
            "{who} {joint} {least}{count}{often}{}{without}.",
            words::list(&shown, shown.len())
        ),
        citations: cited(facts),
    }
}

/// What the groups cite.
fn cited(facts: &AnswerFacts) -> Vec<u32> {
    let mut citations: Vec<u32> = facts
        .groups
        .iter()
        .filter_map(|group| group.evidence)
        .collect();
    citations.sort_unstable();
    citations.dedup();
    if citations.is_empty() {
        citations = first_citation(facts);
    }
    citations
}

fn plain_name(name: &str) -> String {
    words::plain(name, 40)
}

fn article(name: &str) -> String {
    let name = plain_name(name);
    match name.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => format!("an {name}"),
        _ => format!("a {name}"),
    }
}
