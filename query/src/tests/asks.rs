//! Numbers, rates, trends, happenings, zones, and what cannot be answered.

use super::{at, context};
use crate::{
    ChipKind, Field, GroupBy, Happening, Intent, Interpretation, Measure, NumberOp, Quantity,
    StatusCode, TimeUnit, understand,
};

fn read(question: &str) -> Interpretation {
    let mut context = context();
    context.attributes = ["duration_ms", "region", "http.route", "host"]
        .map(str::to_owned)
        .to_vec();
    understand(question, &context)
}

/// Intent, measure and topic in one line.
fn shown(question: &str) -> String {
    let found = read(question);
    let mut parts = vec![found.intent.as_str().to_owned()];
    parts.extend(found.measure.as_ref().map(Measure::label));
    parts.extend(found.numbers.iter().map(crate::NumberCondition::label));
    parts.extend(
        found
            .chips
            .iter()
            .filter(|chip| {
                matches!(
                    chip.kind,
                    ChipKind::Status | ChipKind::GroupBy | ChipKind::Attribute
                )
            })
            .map(|chip| chip.label.clone()),
    );
    if !found.retrieval_text.is_empty() {
        parts.push(format!("topic={}", found.retrieval_text));
    }
    parts.join(" | ")
}

#[track_caller]
fn check(question: &str, expected: &str) {
    assert_eq!(shown(question), expected, "{question:?}");
}

#[test]
fn numbers_are_compared_in_the_unit_of_what_they_measure() {
    check(
        "requests slower than 2s today",
        "find | duration > 2000 ms | topic=requests",
    );
    check(
        "requests that took longer than 2 seconds today",
        "find | duration > 2000 ms | topic=requests",
    );
    check(
        "how many requests were faster than 100 ms today",
        "count | duration < 100 ms | topic=requests",
    );
    check(
        "requests with duration_ms > 1000 today",
        "find | duration_ms > 1000 | topic=requests",
    );
    check("duration_ms>=1000 today", "find | duration_ms >= 1000");
    check(
        "disk usage above 90 % today",
        "find | share > 90 % | topic=disk usage",
    );
    check(
        "responses larger than 2 MB today",
        "find | size > 2097152 bytes | topic=responses",
    );
    check(
        "queries that took at least 3 seconds today",
        "find | duration >= 3000 ms | topic=queries",
    );
    // A stretch of time is none.
    check("errors over the last 5 minutes", "find");
    check("errors within 5 minutes", "find");
}

#[test]
fn status_codes_are_compared_and_left_out() {
    check("status >= 500 today", "find | 5xx");
    check(
        "requests with status between 400 and 499 today",
        "find | 4xx | topic=requests",
    );
    assert_eq!(
        read("status code above 399").status_codes,
        [StatusCode::Class(4), StatusCode::Class(5)]
    );
    for question in [
        "requests that did not return 200",
        "non-200 requests",
        "requests without 200",
    ] {
        let codes = read(question).status_codes;
        assert!(
            codes.contains(&StatusCode::Class(5)),
            "{question}: {codes:?}"
        );
        assert!(
            !codes.contains(&StatusCode::Exact(200)),
            "{question}: {codes:?}"
        );
        assert!(
            codes.contains(&StatusCode::Exact(201)),
            "{question}: {codes:?}"
        );
    }
}

#[test]
fn rates_shares_and_measured_numbers() {
    check(
        "how many errors per minute on average today",
        "rate | per minute",
    );
    check("how many errors per minute today", "count | minute");
    check(
        "rate of failed logins per hour today",
        "rate | per hour | topic=failed logins",
    );
    check("error rate of checkout today", "rate | share");
    check(
        "what percentage of requests returned 5xx today",
        "rate | share | 5xx | topic=requests",
    );
    check(
        "average duration_ms of requests today",
        "measure | average duration_ms | topic=requests",
    );
    check(
        "p95 latency of checkout today",
        "measure | 95th percentile of duration",
    );
    check("median response time today", "measure | median duration");
    check(
        "slowest request today",
        "measure | greatest duration | topic=request",
    );
    // A rate limit is a thing.
    check(
        "how often was the rate limit exceeded today",
        "count | topic=rate limit exceeded",
    );
}

#[test]
fn different_values_are_counted() {
    let found = read("how many different users logged in today?");
    assert_eq!(found.intent, Intent::Count);
    assert_eq!(found.measure, Some(Measure::Distinct));
    assert_eq!(found.group_by, Some(GroupBy::Field(Field::User)));
    assert_eq!(
        read("how many IPs were blocked today").measure,
        Some(Measure::Distinct)
    );
    assert_eq!(
        read("unique IPs with errors today").measure,
        Some(Measure::Distinct)
    );
    assert_eq!(
        read("which hour had the most errors today").group_by,
        Some(GroupBy::Time(TimeUnit::Hour))
    );
}

#[test]
fn trends_and_explanations() {
    assert_eq!(read("are errors going up today?").intent, Intent::Trend);
    assert_eq!(
        read("is the number of timeouts stable today?").intent,
        Intent::Trend
    );
    assert_eq!(read("trend of timeouts today").intent, Intent::Trend);
    let found = read("explain this line: connection to db refused");
    assert_eq!(
        (found.intent, found.explained.as_deref()),
        (Intent::Explain, Some("connection to db refused"))
    );
    let found = read("What does \"circuit breaker open\" mean?");
    assert_eq!(found.explained.as_deref(), Some("circuit breaker open"));
    assert_eq!(
        read("explain template 00abcdef12345678")
            .explained
            .as_deref(),
        Some("00abcdef12345678")
    );
    assert_eq!(read("explain why checkout fails").intent, Intent::Why);
    assert_eq!(read("explain the errors in checkout").intent, Intent::Why);
}

#[test]
fn happenings_of_the_records_are_times() {
    let mut context = context();
    let crashed = at("2026-11-18T10:00:00", "Europe/Berlin");
    context.happenings = vec![Happening {
        word: "crash",
        service: "inventory".into(),
        at_ns: crashed,
    }];
    for question in [
        "warnings of inventory since it crashed",
        "warnings after the crash of inventory",
        "warnings since inventory went down",
    ] {
        let found = understand(question, &context);
        assert_eq!(found.range.start_ns, crashed, "{question}");
        assert!(!found.range_is_default, "{question}");
    }
    let found = understand("what happened before it crashed", &context);
    assert_eq!(found.range.end_ns, crashed);
    // Nothing of the kind is known of restarts.
    assert!(understand("warnings since the restart", &context).range_is_default);
}

#[test]
fn zones_may_be_named_and_bare_lengths_are_the_last_ones() {
    let found = read("errors between 9:00 and 11:00 UTC");
    assert_eq!(found.range.start_ns, at("2026-11-18T09:00:00", "UTC"));
    let found = read("errors since 5am PST");
    assert_eq!(
        found.range.start_ns,
        at("2026-11-18T05:00:00", "America/Los_Angeles")
    );
    let found = read("errors between 9:00 and 11:00 London time");
    assert_eq!(
        found.range.start_ns,
        at("2026-11-18T09:00:00", "Europe/London")
    );
    let last = |hours: i64| domain::TimeRange::last(context().now_ns, hours * 3_600_000_000_000);
    for (question, hours) in [
        ("errors 24h", 24),
        ("errors since one hour", 1),
        ("warn count 6h", 6),
        ("errors in 2 hours", 2),
    ] {
        assert_eq!(read(question).range, last(hours), "{question}");
        assert_eq!(read(question).retrieval_text, "", "{question}");
    }
}

#[test]
fn what_no_record_can_answer_is_known() {
    assert!(read("how many errors will there be tomorrow?").is_future);
    assert!(read("errors next week").is_future);
    assert_eq!(
        read("errors in the billing service").unknown_services,
        ["billing"]
    );
    assert_eq!(
        read("errors in warehouse-sync today").unknown_services,
        ["warehouse-sync"]
    );
    assert!(read("errors in checkout").unknown_services.is_empty());
    assert_eq!(
        read("requests slower than 2s").numbers[0].op,
        NumberOp::Above
    );
    assert_eq!(
        read("requests slower than 2s").numbers[0].quantity,
        Quantity::Duration
    );
}
