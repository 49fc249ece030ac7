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

#[test]
fn a_known_failure_is_a_status_where_it_counts_nothing() {
    let codes = |question| read(question).status_codes;
    for question in [
        "how many 503 since 9am?",
        "any 503 on the gateway today?",
        "show me the 503 of today",
    ] {
        assert_eq!(codes(question), [StatusCode::Exact(503)], "{question}");
    }
    for question in [
        "did order 404 fail?",
        "anything slower than 500 ms?",
        "were there more than 500 logins?",
        "the last 500 lines",
    ] {
        assert!(codes(question).is_empty(), "{question}");
    }
}

#[test]
fn a_number_beside_its_name_is_one_of_the_record() {
    check(
        "slow payment answers with attempt 3",
        "find | attempt = 3 | topic=slow payment answers",
    );
    check(
        "pool failures with more than 50 waiting",
        "find | waiting > 50 | topic=pool",
    );
    check("exit code 137 today", "find | code = 137 | topic=exit");
    // How many records there shall be is no number of one of them.
    let found = read("users with more than 5 failed logins");
    assert!(found.numbers.is_empty());
    assert_eq!(found.having.unwrap().label(), "records > 5");
    assert_eq!(found.retrieval_text, "failed logins");
}

#[test]
fn the_slowest_of_many_is_slow_on_average() {
    check(
        "which endpoint is slowest?",
        "measure | average duration | path",
    );
    check("slowest hosts today", "measure | average duration | host");
    check(
        "which host has the highest latency?",
        "measure | average duration | host",
    );
    check(
        "slowest request today",
        "measure | greatest duration | topic=request",
    );
    assert_eq!(
        read("average latency by service").group_by,
        Some(GroupBy::Service)
    );
}

#[test]
fn what_never_happened_before_is_compared_with_all_that_was() {
    let found = read("are there errors that never happened before today?");
    assert_eq!(found.intent, Intent::Compare);
    assert_eq!(found.severities.len(), 2);
    let (main, other) = (found.range, found.compare_with.unwrap());
    assert_eq!(other.end_ns, main.start_ns);
    assert!(other.duration_ns() > 20 * main.duration_ns());
    assert!(found.retrieval_text.is_empty(), "{}", found.retrieval_text);
    assert_eq!(
        read("errors we have not seen before").intent,
        Intent::Compare
    );
    // The plain words of time stay what they are.
    assert_eq!(read("errors before today").intent, Intent::Find);
}

#[test]
fn requests_fail_by_severity() {
    let found = read("what percentage of requests failed in the last hour?");
    assert_eq!(found.measure, Some(Measure::Share));
    assert_eq!(found.severities.len(), 2);
    assert_eq!(found.retrieval_text, "requests");
    let other = read("how many payment requests failed today?");
    assert!(other.severities.is_empty());
    assert_eq!(other.retrieval_text, "payment requests failed");
}

#[test]
fn lists_are_asked_for_in_many_ways() {
    check(
        "top 5 users by number of requests",
        "most frequent | user | topic=requests",
    );
    check("status codes of today by count", "most frequent | status");
    check("hosts with errors", "most frequent | host");
    assert_eq!(
        read("how many requests per minute does it get?").measure,
        Some(Measure::Rate(TimeUnit::Minute))
    );
    assert_eq!(
        read("how many requests per minute in the last hour?").group_by,
        Some(GroupBy::Time(TimeUnit::Minute))
    );
    check(
        "how much money did we make today?",
        "measure | sum of amount",
    );
    for question in ["what's broken right now?", "what is failing?"] {
        assert_eq!(read(question).intent, Intent::Why, "{question}");
    }
    assert_eq!(read("any problems today?").intent, Intent::Summary);
}

#[test]
fn a_stretch_may_be_given_by_its_distance() {
    let now = context().now_ns;
    for question in [
        "errors between 2 and 4 hours ago",
        "errors between 4 hours and 2 hours ago",
        "errors from 4 hours ago to 2 hours ago",
        "errors 2-4 hours ago",
        "errors between 120 and 240 minutes ago",
    ] {
        let found = read(question).range;
        assert_eq!(
            (
                (now - found.start_ns) / crate::time::HOUR_NS,
                (now - found.end_ns) / crate::time::HOUR_NS
            ),
            (4, 2),
            "{question}"
        );
    }
}

#[test]
fn what_patterns_name_before_values_can_be_grouped_by() {
    let mut context = context();
    context.slots = vec!["customer".to_owned(), "job".to_owned()];
    let group = |question: &str| understand(question, &context).group_by;
    let customer = Some(GroupBy::Field(Field::Attribute("customer".into())));
    for question in [
        "how many invoices per customer",
        "how many unique customers had invoices created",
        "which customer has the most invoices?",
    ] {
        assert_eq!(group(question), customer, "{question}");
    }
    let found = understand("which job takes longest?", &context);
    assert_eq!(found.measure, Some(Measure::Average(Quantity::Duration)));
    assert_eq!(
        found.group_by,
        Some(GroupBy::Field(Field::Attribute("job".into())))
    );
    // A word that stands alone is no grouping, and records are counted before values.
    assert_eq!(group("how many jobs failed today?"), None);
    assert_eq!(group("job 4711 failed"), None);
}

#[test]
fn how_long_it_takes_is_a_measure() {
    check(
        "how long does the nightly backup take on average?",
        "measure | average duration | topic=nightly backup",
    );
    check(
        "how long did the export take at most today?",
        "measure | greatest duration | topic=export",
    );
    assert_eq!(
        read("when did the payments get slow?").intent,
        Intent::First
    );
    assert_eq!(
        read("busiest hour of today").group_by,
        Some(GroupBy::Time(TimeUnit::Hour))
    );
    assert_eq!(read("what should I look at first?").intent, Intent::Summary);
}
