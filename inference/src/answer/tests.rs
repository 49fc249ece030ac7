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
        is_range_default: false,
        widened_from: None,
        nearest_at_ns: None,
        left_out: Vec::new(),
        now_ns: NOON + 30 * MINUTE,
        matching: Some(1_197),
        errors: Some(809),
        grouped_by: None,
        groups: Vec::new(),
        groups_left: 0,
        values: None,
        comparison: None,
        new_patterns: None,
        evidence: incident.evidence,
        suspects: incident.suspects,
        is_cut: false,
        more: crate::facts::AnswerMore::default(),
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
            value: None,
        },
        GroupCount {
            key: "web".to_owned(),
            count: 388,
            other: None,
            evidence: Some(3),
            value: None,
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
        value: None,
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
        said.contains("By hour: 13:00 with 2; 14:00 with 9."),
        "{said}"
    );
    facts.groups[0].key = "2026-11-22 23:00 UTC".to_owned();
    let said = text(&facts);
    assert!(
        said.contains("By hour: 2026-11-22 23:00 UTC with 2; 2026-11-23 14:00 UTC with 9."),
        "{said}"
    );
    facts.groups[1].key = "2026-11-22 20:00 UTC".to_owned();
    let said = text(&facts);
    assert!(
        said.contains("By hour of 2026-11-22: 23:00 with 2; 20:00 with 9."),
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
        "in that time, none in the other time.",
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
        answer.facts[0].text.starts_with(
            "No matching record is an error between 13:50 and 14:20 UTC, but 4 things stand out."
        ),
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
        "The logs don't show it: nothing matches for service checkout and severity error between 13:50 and 14:20 UTC, nor at any other time."
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

#[test]
fn a_widened_answer_says_so_first_and_each_day_and_stretch_once() {
    let mut facts = facts(AnswerIntent::Find);
    let day = 24 * 60 * MINUTE;
    let then = NOON - 340 * day;
    facts.now_ns = NOON + 30 * MINUTE;
    facts.is_range_default = true;
    facts.widened_from = Some(TimeRange::last(facts.now_ns, day));
    facts.range = TimeRange::new(then, then + 6 * MINUTE);
    facts.errors = None;
    facts.evidence.truncate(2);
    for (item, last) in facts.evidence.iter_mut().zip([5, 3]) {
        item.first_at_ns = then;
        item.last_at_ns = then + last * MINUTE;
        item.expected = None;
    }
    assert_eq!(
        text(&facts),
        "Nothing in the last 24 hours; the matching records are from 2025-12-18 14:00 to 14:05 UTC. []\n\
         1,197 matching records. [1]\n\
         In checkout, “connect to payments-db <ip>:<num> failed: Connection refused” came 412 times in that time. [1]\n\
         In checkout, “order <uuid> failed after <num> ms: payment not taken” came 397 times from 14:00 to 14:03 UTC. [2]\n"
    );
}

#[test]
fn ranges_name_both_days_and_default_ones_no_seconds() {
    let mut facts = facts(AnswerIntent::Count);
    let day = 24 * 60 * MINUTE;
    let second = 1_000_000_000;
    facts.evidence.clear();
    facts.errors = None;
    let first = |facts: &AnswerFacts| draft_answer(facts).facts[0].text.clone();
    facts.range = TimeRange::last(NOON - 20 * second, day);
    assert_eq!(
        first(&facts),
        "1,197 matching records between 2026-11-22 13:59:40 and 2026-11-23 13:59:40 UTC."
    );
    facts.is_range_default = true;
    assert_eq!(
        first(&facts),
        "1,197 matching records between 2026-11-22 13:59 and 2026-11-23 13:59 UTC."
    );
    // The facts are computed a moment after the question.
    facts.range = TimeRange::last(facts.now_ns - second, day);
    assert_eq!(
        first(&facts),
        "1,197 matching records in the last 24 hours."
    );
    facts.range = TimeRange::last(facts.now_ns, 30 * day);
    assert_eq!(first(&facts), "1,197 matching records in the last 30 days.");
    facts.range = TimeRange::new(NOON + 20 * second, facts.now_ns);
    facts.is_range_default = false;
    assert_eq!(first(&facts), "1,197 matching records since 14:00:20 UTC.");
    let midnight = NOON - 14 * 60 * MINUTE - 3 * day;
    facts.range = TimeRange::new(midnight, midnight + day);
    assert_eq!(first(&facts), "1,197 matching records on 2026-11-20.");
}

#[test]
fn nothing_names_the_topic_once_and_the_nearest_records() {
    let mut facts = facts(AnswerIntent::Find);
    facts.matching = Some(0);
    facts.evidence.clear();
    facts.interpretation = vec![
        Chip {
            label: "about".to_owned(),
            value: "failed passwords".to_owned(),
        },
        Chip {
            label: "grouped by".to_owned(),
            value: "address".to_owned(),
        },
    ];
    facts.nearest_at_ns = Some(NOON - 24 * 60 * MINUTE);
    assert_eq!(
        text(&facts),
        "The logs don't show it: nothing matches for “failed passwords” between 13:50 and 14:20 UTC. []\n\
         The last ones before are from 2026-11-22 14:00 UTC. []\n"
    );
    facts.nearest_at_ns = Some(NOON + 25 * MINUTE);
    assert!(text(&facts).contains("The first ones after are from 14:25 UTC."));
    facts.nearest_at_ns = None;
    assert!(text(&facts).contains("14:20 UTC, nor at any other time."));
}

#[test]
fn values_are_said_with_their_shares() {
    let mut facts = facts(AnswerIntent::Top);
    facts.matching = Some(520);
    facts.errors = None;
    facts.grouped_by = Some("address".to_owned());
    facts.groups = vec![group("10.0.0.1", 286, None), group("10.0.0.2", 80, None)];
    facts.groups_left = 22;
    facts.values = Some(crate::facts::ValueFacts {
        distinct: 24,
        read: 520,
        without: 3,
        is_cut: false,
    });
    assert!(
        text(&facts).contains(
            "They come from 24 addresses, most often 10.0.0.1 (286, 55 %), 10.0.0.2 (80, 15 %) and 22 more; \
             3 name no address. [1]"
        ),
        "{}",
        text(&facts)
    );
    if let Some(values) = &mut facts.values {
        values.is_cut = true;
        values.read = 400;
    }
    assert!(
        text(&facts).contains("The newest 400 of them come from at least 24 addresses"),
        "{}",
        text(&facts)
    );
    facts.groups.clear();
    assert!(text(&facts).contains("None of them names an address."));
}

#[test]
fn a_value_that_no_record_has_is_said_before_the_rest() {
    let mut facts = facts(AnswerIntent::Count);
    facts.left_out = vec!["admin".to_owned()];
    assert!(
        text(&facts).starts_with(
            "The logs don't show it: no such record has “admin”. []\nWithout that: 1,197"
        ),
        "{}",
        text(&facts)
    );
    assert!(!draft_answer(&facts).is_found);
}

#[test]
fn records_are_not_told_beside_their_pattern() {
    let mut facts = facts(AnswerIntent::Find);
    facts.evidence.truncate(1);
    let mut record = facts.evidence[0].clone();
    record.kind = domain::EvidenceKind::Record;
    record.number = 2;
    facts.evidence.push(record);
    assert!(!text(&facts).contains("[2]"), "{}", text(&facts));
    facts.evidence.remove(0);
    assert!(text(&facts).contains("[2]"), "{}", text(&facts));
}

#[test]
fn what_was_not_understood_is_said_first() {
    let mut facts = facts(AnswerIntent::Count);
    facts.more.unread = vec!["deploy".to_owned()];
    assert!(
        text(&facts).starts_with("No deploy is known, so nothing was cut off at one"),
        "{}",
        text(&facts)
    );
    facts.more.unread = vec!["31415".to_owned(), "tomorrow".to_owned()];
    let said = text(&facts);
    assert!(
        said.starts_with("Not understood, and so left out: \u{201c}31415\u{201d} and"),
        "{said}"
    );
}

#[test]
fn what_is_measured_of_groups_is_told_of_each() {
    let mut facts = facts(AnswerIntent::Measure);
    facts.grouped_by = Some("path".to_owned());
    facts.more.figure = Some(crate::Figure {
        name: "average duration".to_owned(),
        value: 120.0,
        unit: "ms".to_owned(),
        of: 9,
        whole: None,
    });
    facts.groups = [("/cart", 4, 250.5), ("/login", 5, 20.0)]
        .map(|(key, count, value)| GroupCount {
            value: Some(value),
            ..group(key, count, None)
        })
        .to_vec();
    let said = text(&facts);
    assert!(
        said.contains(
            "Average duration by path: /cart with 250.5 ms (4 records) and /login with 20 ms (5 records)."
        ),
        "{said}"
    );
}

#[test]
fn of_many_stretches_only_what_tells_is_said() {
    let mut facts = facts(AnswerIntent::Count);
    facts.grouped_by = Some("minute".to_owned());
    facts.groups = (0..48)
        .map(|minute| group(&format!("2026-11-18 13:{minute:02} UTC"), minute % 7, None))
        .collect();
    let said = text(&facts);
    assert!(
        said.contains("of the last 48 that have any the most in 13:41 with 6"),
        "{said}"
    );
    assert!(said.matches(" with ").count() < 8, "{said}");
}

fn note(number: i64, resolved_at_ns: Option<i64>) -> crate::facts::IncidentNote {
    crate::facts::IncidentNote {
        number,
        title: "809 records/min of 'order <num> failed' in checkout".to_owned(),
        severity: "error".to_owned(),
        started_at_ns: NOON,
        resolved_at_ns,
        is_taken: number == 7,
    }
}

#[test]
fn open_incidents_come_first() {
    let said = |open: Vec<crate::facts::IncidentNote>, last| {
        let mut facts = facts(AnswerIntent::Why);
        facts.more.incidents = Some(crate::facts::IncidentNotes {
            open_count: open.len(),
            open: open.into_iter().take(3).collect(),
            last,
            of: Vec::new(),
            other_count: 0,
        });
        sentences::found(&facts)[0].text.clone()
    };
    assert_eq!(
        said(vec![note(7, None)], None),
        "Incident #7 (error), open since 14:00 UTC and taken: 809 records/min of 'order … failed' in checkout."
    );
    assert_eq!(said(Vec::new(), None), "No incident is open.");
    assert_eq!(
        said(Vec::new(), Some(note(6, Some(NOON + 9 * MINUTE)))),
        "No incident is open; the last one, #6, began at 14:00 UTC and was resolved at 14:09 UTC."
    );
    let many = said((1..=5).map(|number| note(number, None)).collect(), None);
    assert!(
        many.starts_with("5 incidents are open: #1 (error), open since"),
        "{many}"
    );
    assert!(many.ends_with("; and 2 more."), "{many}");
}

#[test]
fn a_reason_is_told_in_whole_clauses_with_short_times() {
    let mut facts = facts(AnswerIntent::Why);
    let suspect = &mut facts.suspects[0];
    suspect.reason = "60 requests reach it instead of 118 since 2026-11-23 14:00:00Z; 48 % of the trouble of the edge \
                      begins here (edge > playback > drm, and nothing between); it wrote only 5 records/min in the last 5 min"
        .to_owned();
    suspect.evidence.clear();
    let told = text(&facts);
    let line = told
        .lines()
        .find(|line| line.contains("suspect is"))
        .expect("a suspect");
    assert!(line.contains("since 14:00 UTC; 48 %"), "{line}");
    assert!(
        !line.contains('…') && !line.contains("5 records/min"),
        "{line}"
    );
    let answer = draft_answer(&facts);
    assert!(
        answer.suspects[0].reason.contains("since 14:00 UTC;"),
        "{:?}",
        answer.suspects
    );
}

#[test]
fn a_number_is_compared_with_the_one_of_the_other_time() {
    let figure = |value: f64| crate::facts::Figure {
        name: "95th percentile of duration".to_owned(),
        value,
        unit: "ms".to_owned(),
        of: 90,
        whole: None,
    };
    let said = |now: f64, other: Option<f64>| {
        let mut facts = facts(AnswerIntent::Compare);
        facts.comparison = Some(Comparison {
            label: "the hour before".to_owned(),
            range: TimeRange::new(NOON - 60 * MINUTE, NOON),
            count: 10,
        });
        facts.more.figure = Some(figure(now));
        facts.more.other_figure = other.map(figure);
        let first = sentences::found(&facts)[0].text.clone();
        (first, draft_answer(&facts).result.other_value)
    };
    let name = "95th percentile of duration";
    assert_eq!(
        said(820.0, Some(230.0)),
        (
            format!("{name}: 820 ms, against 230 ms the hour before: 3.6 times as much."),
            Some(230.0)
        )
    );
    assert_eq!(
        said(115.0, Some(230.0)).0,
        format!("{name}: 115 ms, against 230 ms the hour before: 50 % less.")
    );
    assert_eq!(
        said(5.0, Some(5.0)).0,
        format!("{name}: 5 ms, against 5 ms the hour before: the same.")
    );
    assert_eq!(
        said(5.0, None).0,
        format!("{name}: 5 ms; the hour before no record names it.")
    );
}
