//! Questions about the trouble at hand.

use super::{at, context};
use crate::{Field, GroupBy, Intent, Interpretation, QuestionContext, follow_up, understand};
use domain::Severity;

const BERLIN: &str = "Europe/Berlin";

/// It is 15:30 in Berlin, and since 15:00 something is wrong.
fn in_trouble() -> QuestionContext {
    let mut context = context();
    context.troubles = vec![crate::OpenIncident {
        started_at_ns: onset(),
        services: vec!["checkout-service".to_owned()],
    }];
    context
}

fn onset() -> i64 {
    at("2026-11-18T15:00:00", BERLIN)
}

fn read(question: &str) -> Interpretation {
    understand(question, &in_trouble())
}

fn is_of_errors(found: &Interpretation) -> bool {
    found.severities == [Severity::Error, Severity::Fatal]
}

#[test]
fn affected_are_those_with_errors_since_it_began() {
    for (question, group) in [
        ("which services are affected", GroupBy::Service),
        ("what services are having problems?", GroupBy::Service),
        ("which services are failing right now", GroupBy::Service),
        ("who is affected?", GroupBy::Service),
        ("which hosts are affected?", GroupBy::Field(Field::Host)),
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::Top, "{question}");
        assert_eq!(found.group_by, Some(group), "{question}");
        assert!(is_of_errors(&found) && found.is_of_trouble, "{question}");
        assert_eq!(found.retrieval_text, "", "{question}");
    }
    assert_eq!(read("which services are affected").range.start_ns, onset());
    let found = read("how many users are affected?");
    assert_eq!(found.intent, Intent::Count);
    assert_eq!(found.group_by, Some(GroupBy::Field(Field::User)));
    assert!(is_of_errors(&found));
}

#[test]
fn its_beginning_is_the_first_error_since_then() {
    for question in [
        "when did it start",
        "when did the problem start?",
        "when did this begin?",
        "since when is it broken",
        "how long has it been down?",
        "what time did the outage begin",
        "which service started failing first",
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::First, "{question}");
        assert!(is_of_errors(&found), "{question}");
        assert_eq!(found.range.start_ns, onset(), "{question}");
        assert_eq!(found.retrieval_text, "", "{question}");
    }
}

#[test]
fn its_course_is_a_trend_of_errors() {
    for question in [
        "is it getting better",
        "is it getting worse?",
        "is it over",
        "is it still happening?",
        "has it recovered?",
        "did it stop",
        "is the incident over?",
        "is it fixed?",
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::Trend, "{question}");
        assert!(is_of_errors(&found) && found.is_of_trouble, "{question}");
        assert_eq!(found.range.start_ns, onset(), "{question}");
    }
}

#[test]
fn who_and_what_to_do_is_a_why() {
    for question in [
        "where does it come from",
        "whose fault is it?",
        "what should I do",
        "how do I fix it?",
        "how do we fix this",
        "is everything ok?",
        "are we down?",
        "is checkout down?",
        "is checkout-api ok?",
        "checkout broken?",
        "how bad is it?",
        "anything weird in checkout?",
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::Why, "{question}");
        assert!(found.is_of_trouble, "{question}");
        assert_eq!(found.retrieval_text, "", "{question}");
    }
    assert!(!read("is checkout down?").services.is_empty());
}

#[test]
fn incidents_are_asked_for_by_name() {
    for question in [
        "what incidents are open?",
        "show open incidents",
        "summarize the last incident",
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::Summary, "{question}");
        assert!(found.is_of_trouble, "{question}");
    }
}

#[test]
fn it_started_is_an_instant() {
    let found = read("what changed right before it started?");
    assert_eq!(found.intent, Intent::Compare);
    assert_eq!(found.range.end_ns, onset());
    assert_eq!(found.retrieval_text, "");
    let found = read("how many timeouts since the trouble began?");
    assert_eq!(found.range.start_ns, onset());
    assert_eq!(found.intent, Intent::Count);
}

#[test]
fn what_changed_at_a_time_is_about_that_time() {
    let found = read("what changed yesterday?");
    assert_eq!(found.range.start_ns, at("2026-11-17T00:00:00", BERLIN));
    // What is compared with stays what it was.
    let found = read("more errors than yesterday?");
    assert_eq!(found.range.end_ns, in_trouble().now_ns);
    let found = read("compare errors of the last 10 minutes with the 10 minutes before");
    assert!(
        found.not_understood.is_empty(),
        "{:?}",
        found.not_understood
    );
}

#[test]
fn who_is_on_call_is_no_search_for_calls() {
    for question in ["who is on call?", "who's on-call right now"] {
        let found = read(question);
        assert_eq!(found.not_understood, ["on call"], "{question}");
        assert_eq!(found.retrieval_text, "", "{question}");
    }
    assert_eq!(read("which calls failed?").not_understood, [""; 0]);
}

#[test]
fn other_questions_stay_what_they_are() {
    for (question, topic) in [
        ("which nodes went down?", "down"),
        ("which disks are bad?", "bad"),
        ("which pods are unhealthy?", "unhealthy"),
        ("is the database slow?", "slow"),
        ("when did the backup start?", "backup"),
        ("did the backup stop?", "backup"),
        ("how do I fix the certificate?", "certificate"),
        ("is replication over?", "replication"),
        ("when did the alarm start?", "alarm"),
        ("what should I do about disk full errors?", "full"),
    ] {
        let found = read(question);
        assert!(!found.is_of_trouble, "{question}: {found:?}");
        let said = &found.retrieval_text;
        assert!(
            said.split(' ').any(|word| word == topic),
            "{question}: {said}"
        );
    }
    for question in [
        "how many incidents did we have last week?",
        "what is the problem with checkout?",
        "what problems do users have?",
        "how long does it take in checkout?",
        "what time did it stop?",
        "who is responsible for checkout?",
        "errors in checkout today",
    ] {
        assert!(!read(question).is_of_trouble, "{question}");
    }
    for question in [
        "since when is checkout broken?",
        "has checkout recovered?",
        "when did checkout break?",
        "which services are down?",
    ] {
        assert!(read(question).is_of_trouble, "{question}");
    }
}

#[test]
fn after_another_question_it_is_what_that_one_was_about() {
    let first = understand("how many failed logins today?", &in_trouble());
    let after = |question: &str| follow_up(question, &first, &in_trouble());
    for (question, intent) in [
        ("when did it start?", Intent::First),
        ("is it getting better?", Intent::Trend),
        ("is it over?", Intent::Trend),
        ("is it still happening?", Intent::Trend),
    ] {
        let found = after(question).expect("it leans");
        assert_eq!(found.retrieval_text, "failed logins", "{question}");
        assert_eq!(found.intent, intent, "{question}");
        assert!(!found.is_of_trouble, "{question}");
    }
    for question in [
        "are we down?",
        "is everything ok?",
        "which services are affected?",
    ] {
        assert_eq!(after(question), None, "{question}");
    }
}

#[test]
fn the_trouble_of_a_service_is_its_own() {
    let mut context = in_trouble();
    context.troubles.insert(
        0,
        crate::OpenIncident {
            started_at_ns: onset() + 600_000_000_000,
            services: vec!["auth".to_owned()],
        },
    );
    let start = |question: &str| understand(question, &context).range.start_ns;
    assert_eq!(
        start("which hosts in auth are affected?"),
        onset() + 600_000_000_000
    );
    assert_eq!(
        start("which hosts in checkout-service are affected?"),
        onset()
    );
    // Where nothing is wrong, what was wrong long ago is no answer.
    let found = understand("which services are affected?", &self::context());
    assert!(!found.range_is_default && found.is_of_trouble);
    let mut old = self::context();
    old.default_range = Some(domain::TimeRange::new(1, 2_000));
    assert!(understand("which services are affected?", &old).range_is_default);
}

#[test]
fn the_slowest_service_is_one_of_all() {
    for question in [
        "slowest service right now",
        "what is the slowest service today?",
    ] {
        let found = read(question);
        assert_eq!(found.intent, Intent::Measure, "{question}");
        assert_eq!(found.group_by, Some(GroupBy::Service), "{question}");
        assert!(found.unknown_services.is_empty(), "{question}");
    }
}

#[test]
fn what_changed_while_an_incident_is_open_is_since_its_beginning() {
    let mut context = in_trouble();
    context.open_incident = Some(crate::OpenIncident {
        started_at_ns: onset(),
        services: Vec::new(),
    });
    let found = understand("what changed?", &context);
    assert_eq!(found.range.start_ns, onset());
    assert_eq!(found.compare_with.expect("a time before").end_ns, onset());
    let found = understand("what changed today?", &context);
    assert_eq!(found.range.start_ns, at("2026-11-18T00:00:00", BERLIN));
}
