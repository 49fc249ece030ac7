use domain::TimeRange;

use super::*;
use crate::facts::{Comparison, GroupCount};
use crate::testing::{MINUTE, NOON, checkout_incident};

fn facts(intent: AnswerIntent) -> AnswerFacts {
    let incident = checkout_incident();
    AnswerFacts {
        question: "what happened in checkout?".to_owned(),
        intent,
        interpretation: vec![
            Chip {
                label: "time".to_owned(),
                value: "last 30 minutes".to_owned(),
            },
            Chip {
                label: "service".to_owned(),
                value: "checkout".to_owned(),
            },
            Chip {
                label: "severity".to_owned(),
                value: "error".to_owned(),
            },
        ],
        range: TimeRange::new(NOON - 10 * MINUTE, NOON + 20 * MINUTE),
        now_ns: NOON + 30 * MINUTE,
        matching: Some(1_197),
        errors: Some(809),
        grouped_by: None,
        groups: Vec::new(),
        comparison: None,
        evidence: incident.evidence,
        suspects: incident.suspects,
        is_cut: false,
    }
}

fn text(facts: &AnswerFacts) -> String {
    draft_answer(facts)
        .facts
        .iter()
        .map(|s| format!("{} {:?}\n", s.text, s.citations))
        .collect()
}

#[test]
fn find_names_the_strongest_patterns() {
    insta::assert_snapshot!(text(&facts(AnswerIntent::Find)));
}

#[test]
fn count_says_the_number_first() {
    insta::assert_snapshot!(text(&facts(AnswerIntent::Count)));
}

#[test]
fn first_and_last_say_when_and_how_long_ago() {
    insta::assert_snapshot!(text(&facts(AnswerIntent::First)));
    insta::assert_snapshot!(text(&facts(AnswerIntent::Last)));
}

#[test]
fn top_lists_groups_with_shares() {
    let mut facts = facts(AnswerIntent::Top);
    facts.grouped_by = Some("service".to_owned());
    facts.groups = vec![
        GroupCount {
            key: "checkout".to_owned(),
            count: 809,
            evidence: Some(1),
        },
        GroupCount {
            key: "web".to_owned(),
            count: 388,
            evidence: Some(3),
        },
    ];
    insta::assert_snapshot!(text(&facts));
}

#[test]
fn compare_says_how_many_times_as_many() {
    let mut facts = facts(AnswerIntent::Compare);
    facts.comparison = Some(Comparison {
        label: "the half hour before".to_owned(),
        range: TimeRange::new(NOON - 40 * MINUTE, NOON - 10 * MINUTE),
        count: 14,
    });
    insta::assert_snapshot!(text(&facts));
}

#[test]
fn why_names_the_suspect_and_steps() {
    let answer = draft_answer(&facts(AnswerIntent::Why));
    assert_eq!(answer.suspects.len(), 1);
    assert!(answer.next_steps[0].starts_with("Roll the change back"));
    insta::assert_snapshot!(text(&facts(AnswerIntent::Why)));
}

#[test]
fn nothing_found_says_what_was_searched() {
    let mut facts = facts(AnswerIntent::Find);
    facts.matching = Some(0);
    facts.evidence.clear();
    let answer = draft_answer(&facts);
    assert!(!answer.is_found);
    assert_eq!(
        answer.facts[0].text,
        "Nothing matches for service checkout and severity error between 13:50 UTC and 14:20 UTC."
    );
}

#[test]
fn every_citation_of_every_intent_exists() {
    for intent in [
        AnswerIntent::Find,
        AnswerIntent::Count,
        AnswerIntent::First,
        AnswerIntent::Last,
        AnswerIntent::Top,
        AnswerIntent::Compare,
        AnswerIntent::Why,
    ] {
        let answer = draft_answer(&facts(intent));
        assert!(!answer.facts.is_empty());
        for sentence in &answer.facts {
            for number in &sentence.citations {
                assert!(answer.evidence.iter().any(|item| item.number == *number));
            }
        }
    }
}
