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
        groups_left: 0,
        comparison: None,
        new_patterns: None,
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
            other: None,
            evidence: Some(1),
        },
        GroupCount {
            key: "web".to_owned(),
            count: 388,
            other: None,
            evidence: Some(3),
        },
    ];
    insta::assert_snapshot!(text(&facts));
}

fn group(key: &str, count: u64, other: Option<u64>) -> GroupCount {
    GroupCount {
        key: key.to_owned(),
        count,
        other,
        evidence: None,
    }
}

#[test]
fn count_says_its_groups() {
    let mut facts = facts(AnswerIntent::Count);
    facts.grouped_by = Some("service".to_owned());
    facts.groups = vec![group("checkout", 809, None), group("web", 388, None)];
    facts.groups_left = 3;
    let said = text(&facts);
    assert!(
        said.contains("By service: checkout with 809 (68 %); web with 388 (32 %); and 3 more."),
        "{said}"
    );
    facts.grouped_by = Some("hour".to_owned());
    facts.groups = vec![
        group("2026-11-23 13:00 UTC", 2, None),
        group("2026-11-23 14:00 UTC", 9, None),
    ];
    facts.groups_left = 0;
    let said = text(&facts);
    assert!(
        said.contains("By hour: 2026-11-23 13:00 UTC with 2; 2026-11-23 14:00 UTC with 9."),
        "{said}"
    );
}

#[test]
fn compare_says_both_services_and_what_is_new() {
    let mut facts = facts(AnswerIntent::Compare);
    facts.grouped_by = Some("service".to_owned());
    facts.groups = vec![group("checkout", 120, None), group("payments", 80, None)];
    let said = text(&facts);
    assert!(
        said.contains("checkout has 120 and payments has 80: 50 % more."),
        "{said}"
    );
    facts.groups = vec![group("checkout", 120, Some(7))];
    facts.comparison = Some(Comparison {
        label: "the half hour before".to_owned(),
        range: TimeRange::new(NOON - 40 * MINUTE, NOON - 10 * MINUTE),
        count: 14,
    });
    facts.new_patterns = Some(1);
    let said = text(&facts);
    for expected in [
        "By service: checkout with 120 against 7.",
        "1 pattern did not occur in the other time. [2]",
        "UTC, none in the other time.",
        "UTC, about 3 in the other time.",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    facts.new_patterns = Some(0);
    assert!(text(&facts).contains("No pattern is new."));
}

#[test]
fn why_tells_what_stands_out_when_nothing_is_an_error() {
    let mut facts = facts(AnswerIntent::Why);
    facts.matching = Some(0);
    facts.errors = Some(0);
    let answer = draft_answer(&facts);
    assert!(answer.is_found);
    assert!(
        answer.facts[0]
            .text
            .starts_with("No matching record is an error between 13:50 UTC and 14:20 UTC, but 4 things stand out."),
        "{:?}",
        answer.facts[0]
    );
    assert!(answer.facts.len() > 2);
    facts.evidence.clear();
    facts.suspects.clear();
    assert!(!draft_answer(&facts).is_found);
}

#[test]
fn the_first_one_is_the_record_and_not_its_minute() {
    let mut facts = facts(AnswerIntent::First);
    let mut record = facts.evidence[1].clone();
    record.kind = domain::EvidenceKind::Record;
    record.number = 9;
    record.first_at_ns = NOON + 17_000_000_000;
    record.last_at_ns = record.first_at_ns;
    facts.evidence.push(record);
    let answer = draft_answer(&facts);
    assert!(
        answer.facts[0]
            .text
            .starts_with("The first one was at 14:00:17 UTC"),
        "{:?}",
        answer.facts[0]
    );
    assert_eq!(answer.facts[0].citations, [9]);
}

#[test]
fn counts_that_were_cut_are_said_to_be_lower_bounds() {
    let mut facts = facts(AnswerIntent::Count);
    facts.is_cut = true;
    let said = text(&facts);
    assert!(
        said.starts_with("At least 1,197 matching records")
            && said.contains("at least 809 of them"),
        "{said}"
    );
    facts.matching = Some(0);
    assert!(
        text(&facts).starts_with("Nothing was found in the time there is for service checkout")
    );
}

#[test]
fn an_outage_of_the_index_is_said() {
    let mut facts = facts(AnswerIntent::Find);
    facts.interpretation.push(Chip {
        label: "index".to_owned(),
        value: "unavailable: words only".to_owned(),
    });
    assert!(text(&facts).contains("The semantic index did not answer"));
    facts.matching = Some(0);
    facts.evidence.clear();
    let said = text(&facts);
    assert!(said.contains("The semantic index did not answer"));
    assert!(!said.contains("for index"), "{said}");
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
