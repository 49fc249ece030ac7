//! Two times or two groups beside each other.

use domain::{Evidence, Sentence};

use super::days::Days;
use super::figures;
use super::groups::groups;
use super::{at_least, find, first_citation, pattern, pattern_beside, patterns, plain, total};
use crate::facts::AnswerFacts;
use crate::words;

pub(super) fn compare(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let (Some(now), Some(other)) = (facts.matching, &facts.comparison) else {
        return compare_groups(facts, days);
    };
    // A range is said once, behind it.
    let (when, label) = match other.label.starts_with(|c: char| c.is_ascii_digit()) {
        true => ("in the other time".to_owned(), "the other time".to_owned()),
        false => (
            words::plain(&other.label, 60),
            words::plain(&other.label, 60),
        ),
    };
    let mut sentences: Vec<Sentence> = figures::beside(facts, &when).into_iter().collect();
    sentences.push(Sentence {
        text: format!(
            "{}{} {}, against {} {when} ({}): {}.",
            at_least(facts),
            words::counted(now, "matching record"),
            days.range(facts.range),
            words::count(other.count),
            days.range(other.range),
            change(now, other.count, &label),
        ),
        citations: first_citation(facts),
    });
    sentences.extend(groups(facts, days));
    sentences.extend(differences(facts, days));
    sentences
}

/// `12 times as many`, `20 % fewer`.
fn change(now: u64, before: u64, label: &str) -> String {
    match (now, before) {
        (a, b) if a == b => "the same".to_owned(),
        (_, 0) => format!("{label} had none"),
        (a, b) if a > b => {
            let ratio = a as f64 / b as f64;
            if ratio >= 2.0 {
                format!("{ratio:.0} times as many")
            } else {
                format!("{} more", words::percent(a - b, b))
            }
        }
        (a, b) => format!("{} fewer", words::percent(b - a, b)),
    }
}

/// Two groups beside each other: `checkout has 120 and payments has 80: 50 % more.`
fn compare_groups(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let [first, second] = facts.groups.as_slice() else {
        return find(facts, days);
    };
    let name = |text: &str| words::plain(text, 60);
    let mut sentences = vec![
        total(facts, days),
        Sentence {
            text: format!(
                "{} has {} and {} has {}: {}.",
                name(&first.key),
                words::count(first.count),
                name(&second.key),
                words::count(second.count),
                change(first.count, second.count, &name(&second.key)),
            ),
            citations: first_citation(facts),
        },
    ];
    sentences.extend(patterns(facts).take(3).map(|item| pattern(days, item)));
    sentences
}

/// The patterns that are new against the other time, then those that changed most.
fn differences(facts: &AnswerFacts, days: &mut Days) -> Vec<Sentence> {
    let is_new = |item: &&Evidence| item.expected.is_some_and(|expected| expected <= 0.0);
    let mut sentences = Vec::new();
    match facts.new_patterns {
        Some(0) => sentences.push(plain("No pattern is new.".to_owned())),
        Some(count) => sentences.push(Sentence {
            text: format!(
                "{} did not occur in the other time.",
                words::counted(count as u64, "pattern")
            ),
            citations: patterns(facts)
                .filter(is_new)
                .take(3)
                .map(|item| item.number)
                .collect(),
        }),
        None => {}
    }
    sentences.extend(
        patterns(facts)
            .take(3)
            .map(|item| pattern_beside(days, item)),
    );
    sentences
}
