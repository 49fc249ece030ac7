//! Questions about an imported log of a front door, as a newcomer asks them.

use super::*;

/// 300 days before the questions: 2026-01-27 14:00:00 UTC.
const THEN: i64 = NOON - 300 * 24 * HOUR;

/// The log of [`THEN`], and one record of today.
fn door() -> Bed {
    let mut bed = Bed::new(&[]);
    let mut records = Vec::new();
    let mut at_ns = THEN;
    let mut write = |bed: &mut Bed, template: u64, body: &str, count: usize| {
        for _ in 0..count {
            let mut record = bed.record(at_ns, "door", template, body);
            record.severity = Severity::Unspecified;
            records.push(record);
            at_ns += SECOND;
        }
    };
    // The first lines for root carry a pattern that was merged away later.
    let root = "Failed login for root from 10.0.0.1 port 4001";
    write(&mut bed, 11, root, 20);
    write(&mut bed, 7, root, 180);
    write(
        &mut bed,
        7,
        "Failed login for roots from 10.0.0.12 port 4002",
        30,
    );
    write(
        &mut bed,
        7,
        "Failed login for anna from 10.0.0.2 port 4003",
        50,
    );
    write(
        &mut bed,
        8,
        "Failed login for invalid user oracle from 10.0.0.3 port 4004",
        40,
    );
    write(
        &mut bed,
        9,
        "Accepted login for anna from 10.0.0.2 port 4005",
        25,
    );
    write(&mut bed, 10, "Disconnecting: too many failures of root", 15);
    let repeated = "knock repeated 5 times: [ Failed login for root from 10.0.0.1 port 4006]";
    write(&mut bed, 12, repeated, 2);
    let mut hello = bed.record(NOON + HOUR - MINUTE, "shop", 5, "cache warmed");
    hello.severity = Severity::Info;
    hello.attributes = r#"{"region":"eu","enduser.id":"anna"}"#.to_owned();
    records.push(hello);
    bed.commit(records, &[(11, 7)]);
    // Everything is near by meaning.
    bed.mean(Some(&[12, 10, 9, 8, 7]));
    bed
}

#[test]
fn a_default_range_without_a_match_gives_way_to_where_the_records_are() {
    let bed = door();
    let found = bed.found("how many failed logins were there?");
    assert_eq!(found.facts.matching, Some(322));
    let then = TimeRange::new(THEN, THEN + 7 * MINUTE);
    assert_eq!(found.understood.range, then);
    assert_eq!(
        found.understood.widened_from,
        Some(TimeRange::last(NOON + HOUR, 24 * HOUR))
    );
    let shown = shown(&found.understood, "", None);
    assert!(
        shown.chips.contains(&(
            "time".into(),
            "2026-01-27 14:00 to 14:07 UTC (widened)".into()
        )),
        "{:?}",
        shown.chips
    );
    let said = bed.said("how many failed logins were there?");
    assert!(
        said.starts_with(
            "Nothing in the last 24 hours; the matching records are from 2026-01-27 14:00 to 14:06 UTC. \
             322 matching records."
        ),
        "{said}"
    );
    // The day is said once.
    assert_eq!(said.matches("2026-01-27").count(), 1, "{said}");
    let said = bed.said("when did the first failed login for root occur?");
    assert!(
        said.starts_with("Nothing in the last 30 days;")
            && said.contains("The first one was at 14:00 UTC"),
        "{said}"
    );
}

#[test]
fn a_range_that_was_said_stays_and_the_last_match_before_it_is_named() {
    let bed = door();
    let found = bed.found("failed logins in the last hour");
    assert_eq!(found.facts.matching, Some(0));
    assert_eq!(found.understood.widened_from, None);
    let said = bed.said("failed logins in the last hour");
    assert!(
        said.starts_with(
            "The logs don't show it: nothing matches for “failed logins” in the last hour. \
             The last ones before are from 2026-01-27 14:06:01 UTC."
        ),
        "{said}"
    );
    let said = bed.said("failed logins on 2025-01-05");
    assert!(
        said.contains("The first ones after are from 2026-01-27 14:00 UTC."),
        "{said}"
    );
    bed.mean(Some(&[]));
    let said = bed.said("purple elephants");
    assert!(
        said.starts_with(
            "The logs don't show it: nothing matches for “purple elephants” in the last 24 hours, nor at any other time."
        ),
        "{said}"
    );
}

#[test]
fn a_why_about_an_imported_log_looks_at_its_last_errors() {
    let mut bed = door();
    let records = (0..30)
        .map(|n| bed.record(THEN + n * SECOND, "mill_2k", 2, TEMPLATES[1].1))
        .collect();
    bed.commit(records, &[]);
    let found = bed.found("why did mill fail?");
    assert_eq!(found.understood.services, ["mill_2k"]);
    assert_eq!(found.facts.matching, Some(30));
    assert!(found.understood.widened_from.is_some());
}

#[test]
fn neighbours_that_lack_the_words_or_say_the_opposite_are_not_counted() {
    let bed = door();
    let facts = bed.facts("how many failed logins on 2026-01-27?");
    // Not "Accepted login", and not "too many failures".
    assert_eq!(facts.matching, Some(322));
    // The pattern with the most records is cited first, not the rare one that says everything.
    assert_eq!(facts.evidence[0].template_id, Some(TemplateId(7)));
    assert_eq!(facts.evidence[0].count, 280);
    let facts = bed.facts("accepted logins on 2026-01-27");
    assert_eq!(facts.matching, Some(25));
}

#[test]
fn a_value_in_the_question_restricts_the_patterns_to_records_that_hold_it_as_a_word() {
    let bed = door();
    for question in [
        "how many failed logins for root on 2026-01-27?",
        "root failed logins on 2026-01-27",
    ] {
        let facts = bed.facts(question);
        assert_eq!(facts.matching, Some(202), "{question}");
        assert_eq!(
            facts.evidence[0].template_id,
            Some(TemplateId(7)),
            "{question}"
        );
        assert_eq!(facts.evidence[0].count, 200, "{question}");
    }
    let facts = bed.facts("failed logins from 10.0.0.1 on 2026-01-27");
    assert_eq!(facts.matching, Some(202));
    let facts = bed.facts("how many failed logins for zoe on 2026-01-27?");
    assert_eq!(
        (facts.matching, facts.left_out),
        (Some(322), vec!["zoe".to_owned()])
    );
    let said = bed.said("how many failed logins for zoe on 2026-01-27?");
    assert!(
        said.starts_with("The logs don't show it: no such record has “zoe”. Without that: 322"),
        "{said}"
    );
    // One word that is nothing but a value.
    assert_eq!(bed.facts("anna on 2026-01-27").matching, Some(75));
}

#[test]
fn values_of_slots_are_counted_exactly() {
    let bed = door();
    let facts = bed.facts("which IPs had failed logins?");
    assert_eq!(
        groups(&facts),
        [
            ("10.0.0.1", 202),
            ("10.0.0.2", 50),
            ("10.0.0.3", 40),
            ("10.0.0.12", 30)
        ]
    );
    assert_eq!(facts.groups[0].evidence, Some(1));
    let said = bed.said("which IPs had failed logins?");
    assert!(
        said.contains(
            "322 matching records. [1] They come from 4 addresses, most often 10.0.0.1 (202, 63 %), \
             10.0.0.2 (50, 16 %), 10.0.0.3 (40, 12 %) and 10.0.0.12 (30, 9 %). [1] [2]"
        ),
        "{said}"
    );
    let facts = bed.facts("top 2 users with failed logins");
    // Two records name root outside of a slot.
    assert_eq!(groups(&facts), [("root", 202), ("anna", 50)]);
    assert_eq!(facts.groups_left, 2);
    assert_eq!(
        facts.values.map(|it| (it.distinct, it.without)),
        Some((4, 0))
    );
    let facts = bed.facts("failed logins for root by ip");
    assert_eq!(groups(&facts), [("10.0.0.1", 202)]);
}

#[test]
fn a_word_that_no_pattern_says_is_found_by_one_that_is_said_for_it() {
    let bed = door();
    // No pattern says "authentication"; "Failed login" is what is meant.
    let facts = bed.facts("failed authentication on 2026-01-27");
    assert_eq!(facts.matching, Some(322));
    // What is negated is left to its meaning: no pattern that says "accepted" decides.
    bed.mean(Some(&[8]));
    let facts = bed.facts("logins that were not accepted on 2026-01-27");
    assert_eq!(facts.matching, Some(40));
}

#[test]
fn values_of_attributes_are_counted() {
    let mut bed = Bed::new(&[]);
    let mut records = Vec::new();
    for (n, (path, code)) in [("/cart", 500), ("/cart", 500), ("/pay", 500), ("/", 200)]
        .into_iter()
        .enumerate()
    {
        let body = format!("request to {path} answered {code} in 5 ms");
        let mut record = bed.record(NOON + n as i64 * SECOND, "web", 1, &body);
        record.attributes = format!(r#"{{"region":"{}"}}"#, if n == 0 { "us" } else { "eu" });
        records.push(record);
    }
    bed.commit(records, &[]);
    assert_eq!(
        groups(&bed.facts("top paths by 500")),
        [("/cart", 2), ("/pay", 1)]
    );
    assert_eq!(
        groups(&bed.facts("which regions had requests?")),
        [("eu", 3), ("us", 1)]
    );
    assert!(
        bed.said("requests by region")
            .contains("They have 2 values of region, most often eu (3, 75 %) and us (1, 25 %).")
    );
}

#[test]
fn failures_without_a_severity_are_found_by_their_words() {
    let bed = door();
    // None of these records has a severity.
    for question in ["login failures", "login errors"] {
        let facts = bed.facts(&format!("{question} on 2026-01-27"));
        assert_eq!(facts.matching, Some(322), "{question}");
    }
    // A record that says nothing of an error is none.
    bed.mean(Some(&[]));
    assert_eq!(bed.facts("accepted errors on 2026-01-27").matching, Some(0));
    assert_eq!(bed.facts("cache failures").matching, Some(0));
}
