//! Rates, shares, measured numbers, and trends.

use domain::{EvidenceKind, Sentence};

use super::days::Days;
use super::groups::groups;
use super::{first_citation, pattern, plain, told_first, total};
use crate::facts::{AnswerFacts, Figure};
use crate::words;

/// A rate or a share.
pub(super) fn rate(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    if let Some(figure) = &facts.more.figure {
        let time = days.range(facts.range);
        let text = match figure.whole {
            Some(whole) => format!(
                "{} %: {} of {} {time}.",
                number(figure.value),
                words::count(figure.of),
                words::counted(whole, "record"),
            ),
            None => format!(
                "{} {} on average: {} {time}.",
                number(figure.value),
                figure.unit,
                words::counted(figure.of, "matching record"),
            ),
        };
        sentences.push(Sentence {
            text,
            citations: first_citation(facts),
        });
    } else {
        sentences.push(total(facts, days));
    }
    sentences.extend(told_first(facts, 2).map(|item| pattern(days, item)));
    sentences
}

/// A measured number.
pub(super) fn measure(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let Some(figure) = &facts.more.figure else {
        return vec![
            plain("None of the matching records has such a number.".to_owned()),
            total(facts, days),
        ];
    };
    let mut sentences = Vec::new();
    if facts.groups.iter().any(|group| group.value.is_some()) {
        sentences.push(of_groups(facts, figure));
    }
    sentences.push(Sentence {
        text: measured(figure, &days.range(facts.range)),
        citations: first_citation(facts),
    });
    if !facts.groups.is_empty() {
        return sentences;
    }
    let is_extreme = ["greatest", "least"]
        .iter()
        .any(|word| figure.name.starts_with(word));
    let records = facts.evidence.iter();
    let records = records.filter(|item| item.kind == EvidenceKind::Record);
    if is_extreme && records.clone().next().is_some() {
        // The records themselves, the most extreme first.
        sentences.extend(records.take(3).map(|item| pattern(days, item)));
        return sentences;
    }
    sentences.extend(told_first(facts, 2).map(|item| pattern(days, item)));
    sentences
}

/// `Average duration by path: /invoices with 812 ms (346 records), /login with 45 ms (200 records) and 3 more.`
fn of_groups(facts: &AnswerFacts, figure: &Figure) -> Sentence {
    let unit = unit(figure);
    let mut shown: Vec<String> = facts
        .groups
        .iter()
        .filter_map(|group| {
            Some(format!(
                "{} with {}{unit} ({})",
                words::plain(&group.key, 60),
                number(group.value?),
                words::counted(group.count, "record"),
            ))
        })
        .collect();
    if facts.groups_left > 0 {
        shown.push(format!("{} more", words::count(facts.groups_left as u64)));
    }
    let by = facts.grouped_by.as_deref().unwrap_or("group");
    Sentence {
        text: format!(
            "{} by {}: {}.",
            capitalised(&figure.name),
            words::plain(by, 40),
            words::list(&shown, shown.len())
        ),
        citations: first_citation(facts),
    }
}

fn unit(figure: &Figure) -> String {
    if figure.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", figure.unit)
    }
}

fn capitalised(name: &str) -> String {
    let mut name = words::plain(name, 60);
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

fn measured(figure: &Figure, time: &str) -> String {
    format!(
        "{}: {}{}, of {} that name it {time}.",
        capitalised(&figure.name),
        number(figure.value),
        unit(figure),
        words::counted(figure.of, "record"),
    )
}

/// The number of a comparison beside the one of the other time, which `when` names.
pub(super) fn beside(facts: &AnswerFacts, when: &str) -> Option<Sentence> {
    if facts.grouped_by.is_some() {
        return None;
    }
    let (now, other) = (
        facts.more.figure.as_ref()?,
        facts.more.other_figure.as_ref(),
    );
    let name = capitalised(&now.name);
    let value = |figure: &Figure| format!("{}{}", number(figure.value), unit(figure));
    let text = match other {
        Some(other) => format!(
            "{name}: {}, against {} {when}: {}.",
            value(now),
            value(other),
            change(now.value, other.value),
        ),
        None => format!("{name}: {}; {when} no record names it.", value(now)),
    };
    Some(Sentence {
        text,
        citations: first_citation(facts),
    })
}

/// `3.6 times as much`, `12 % less`.
fn change(now: f64, before: f64) -> String {
    let ratio = now / before;
    let share = 100.0 * (ratio - 1.0);
    if now == before {
        "the same".to_owned()
    } else if !ratio.is_finite() || now < 0.0 || before <= 0.0 {
        if now > before { "more" } else { "less" }.to_owned()
    } else if ratio >= 2.0 {
        let times = format!("{ratio:.1}");
        format!(
            "{} times as much",
            times.strip_suffix(".0").unwrap_or(&times)
        )
    } else if share.abs() < 0.5 {
        "about the same".to_owned()
    } else if share > 0.0 {
        format!("{share:.0} % more")
    } else if share < -99.0 {
        "over 99 % less".to_owned()
    } else {
        format!("{:.0} % less", -share)
    }
}

/// A trend: which way, from what to what.
pub(super) fn trend(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    if let Some(trend) = &facts.more.trend {
        let way = match trend.direction.as_str() {
            "rising" => "Rising",
            "falling" => "Falling",
            _ => "Steady",
        };
        sentences.push(Sentence {
            text: format!(
                "{way}: {} in the first half of the time, {} in the second, {} in all {}.",
                words::count(trend.first),
                words::count(trend.second),
                words::count(facts.matching.unwrap_or(trend.first + trend.second)),
                days.range(facts.range),
            ),
            citations: first_citation(facts),
        });
        if let Some(at_ns) = trend
            .latest_at_ns
            .filter(|_| facts.more.incidents.is_some())
        {
            let ago = facts.now_ns.saturating_sub(at_ns).max(0);
            sentences.push(plain(format!(
                "The latest was at {} ({} ago).",
                days.at(at_ns),
                domain::format_duration(ago),
            )));
        }
    }
    sentences.extend(groups(facts, days));
    sentences.extend(told_first(facts, 1).map(|item| pattern(days, item)));
    sentences
}

/// A number with the digits that tell something.
fn number(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e15 {
        let whole = words::count(size as u64);
        return if value < 0.0 {
            format!("-{whole}")
        } else {
            whole
        };
    }
    if size >= 1_000.0 {
        words::count(size.round() as u64)
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}
