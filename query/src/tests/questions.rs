use domain::Severity;

use super::{at, context, context_at};
use crate::{
    ChipKind, Field, GroupBy, Intent, Interpretation, OpenIncident, StatusCode, TimeUnit,
    understand,
};

/// What was understood, in one line without time.
fn shown(question: &str) -> String {
    let found = understand(question, &context());
    let mut parts = vec![found.intent.as_str().to_owned()];
    let list = |name: &str, items: Vec<String>| {
        (!items.is_empty()).then(|| format!("{name}={}", items.join("+")))
    };
    parts.extend(list("service", found.services.clone()));
    parts.extend(list("-service", found.excluded_services.clone()));
    parts.extend(list(
        "severity",
        found.severities.iter().map(ToString::to_string).collect(),
    ));
    parts.extend(list("text", terms(&found, false)));
    parts.extend(list("-text", terms(&found, true)));
    parts.extend(list(
        "attr",
        found
            .attributes
            .iter()
            .map(|it| format!("{}:{}", it.key, it.value))
            .collect(),
    ));
    parts.extend(list(
        "status",
        found
            .status_codes
            .iter()
            .map(|code| match code {
                StatusCode::Exact(code) => code.to_string(),
                StatusCode::Class(class) => format!("{class}xx"),
            })
            .collect(),
    ));
    parts.extend(found.trace_id.as_ref().map(|id| format!("trace={id}")));
    parts.extend(found.group_by.clone().map(|group| match group {
        GroupBy::Service => "by=service".to_owned(),
        GroupBy::Severity => "by=severity".to_owned(),
        GroupBy::Template => "by=pattern".to_owned(),
        GroupBy::Field(Field::Attribute(key)) => format!("by=attribute {key}"),
        GroupBy::Field(field) => format!("by={}", field.as_str()),
        GroupBy::Time(TimeUnit::Minute) => "by=minute".to_owned(),
        GroupBy::Time(TimeUnit::Day) => "by=day".to_owned(),
        GroupBy::Time(_) => "by=hour".to_owned(),
    }));
    parts.extend(found.limit.map(|limit| format!("limit={limit}")));
    if !found.retrieval_text.is_empty() {
        parts.push(format!("topic={}", found.retrieval_text));
    }
    parts.extend(list("?", found.not_understood));
    parts.join(" | ")
}

fn terms(found: &Interpretation, negated: bool) -> Vec<String> {
    found
        .terms
        .iter()
        .filter(|term| term.negated == negated)
        .map(|term| term.term.clone())
        .collect()
}

#[track_caller]
pub(super) fn check(question: &str, expected: &str) {
    assert_eq!(shown(question), expected, "{question:?}");
}

#[test]
fn why_questions() {
    check(
        "why did checkout fail last night?",
        "why | service=checkout-service | topic=fail",
    );
    check(
        "Why is payments-api returning 500s since the deploy?",
        "why | service=payments-api | status=500",
    );
    check(
        "what caused the timeouts in inventory yesterday",
        "why | service=inventory | topic=timeouts",
    );
    check(
        "root cause of the login failures this morning",
        "why | severity=error+fatal | topic=login",
    );
    check(
        "what went wrong with the checkout service between 2 and 4pm yesterday?",
        "why | service=checkout-service",
    );
    check(
        "how come the web frontend is slow",
        "why | service=web-frontend | topic=slow",
    );
}

#[test]
fn count_questions() {
    check(
        "how many errors in checkout in the last hour?",
        "count | service=checkout-service | severity=error+fatal",
    );
    check(
        "How many times did the connection pool run dry today",
        "count | topic=connection pool run dry",
    );
    check(
        "count of warnings by service today",
        "count | severity=warn | by=service",
    );
    check(
        "number of failed logins per hour since yesterday",
        "count | by=hour | topic=failed logins",
    );
    check(
        "how often does \"connection refused\" occur per day",
        "count | text=connection refused | by=day",
    );
    check(
        "how many errors over time in the last 2 hours",
        "count | severity=error+fatal | by=minute",
    );
}

#[test]
fn first_and_last_questions() {
    check(
        "when did ECONNRESET first occur?",
        "first occurrence | text=ECONNRESET",
    );
    check(
        "when did the payment errors start",
        "first occurrence | severity=error+fatal | topic=payment",
    );
    check(
        "last time auth logged a fatal",
        "last occurrence | service=auth | severity=fatal",
    );
    check(
        "latest error in search-api",
        "last occurrence | service=search-api | severity=error+fatal",
    );
    check(
        "last 20 errors from auth",
        "find | service=auth | severity=error+fatal | limit=20",
    );
}

#[test]
fn top_questions() {
    check(
        "top 5 errors today",
        "most frequent | severity=error+fatal | by=pattern | limit=5",
    );
    check(
        "most common warnings in inventory",
        "most frequent | service=inventory | severity=warn | by=pattern",
    );
    check(
        "which services had errors yesterday",
        "most frequent | severity=error+fatal | by=service",
    );
    check(
        "top 3 patterns today",
        "most frequent | by=pattern | limit=3",
    );
    check("noisiest services this week", "most frequent | by=service");
    check(
        "which service has the most errors",
        "most frequent | severity=error+fatal | by=service",
    );
}

#[test]
fn compare_questions_look_at_two_ranges() {
    check(
        "compare errors today vs yesterday",
        "compare | severity=error+fatal",
    );
    let found = understand("compare errors today vs yesterday", &context());
    let berlin = |time: &str| at(time, "Europe/Berlin");
    assert_eq!(
        (found.range.start_ns, found.range.end_ns),
        (berlin("2026-11-18T00:00:00"), berlin("2026-11-18T15:30:00"))
    );
    let reference = found.compare_with.expect("a comparison has a reference");
    assert_eq!(
        (reference.start_ns, reference.end_ns),
        (berlin("2026-11-17T00:00:00"), berlin("2026-11-17T15:30:00"))
    );

    let found = understand("errors last week vs this week", &context());
    assert_eq!(found.range.start_ns, berlin("2026-11-16T00:00:00"));
    assert_eq!(
        found.compare_with.map(|range| range.start_ns),
        Some(berlin("2026-11-09T00:00:00"))
    );

    let found = understand(
        "what changed before and after the deploy in auth",
        &context(),
    );
    assert_eq!(
        (found.intent, found.range.start_ns),
        (Intent::Compare, berlin("2026-11-18T13:15:00"))
    );
    assert_eq!(
        found.compare_with.map(|range| range.start_ns),
        Some(berlin("2026-11-18T11:00:00"))
    );

    let found = understand("are there more errors than yesterday?", &context());
    assert_eq!(
        found.compare_with.map(|range| range.start_ns),
        Some(berlin("2026-11-17T00:00:00"))
    );
    assert_eq!(found.range.end_ns, berlin("2026-11-18T15:30:00"));

    check(
        "compare checkout and inventory errors today",
        "compare | service=checkout-service+inventory | severity=error+fatal | by=service",
    );
    assert_eq!(
        understand("compare checkout and inventory today", &context()).compare_with,
        None
    );
    check(
        "new patterns since the deploy in auth",
        "compare | service=auth",
    );
    let found = understand("compare the error rate", &context());
    assert_eq!(
        found.compare_with.map(|range| range.end_ns),
        Some(found.range.start_ns)
    );
    assert!(found.comparison_filter().is_some());
}

#[test]
fn find_and_summary_questions() {
    check(
        "show me errors in payments",
        "find | service=payments-api+payments-worker | severity=error+fatal",
    );
    check(
        "any fatal in the order service?",
        "find | service=order-service | severity=fatal",
    );
    check(
        "show logs with level at least warning for auth",
        "find | service=auth | severity=warn+error+fatal",
    );
    check(
        "warnings or worse today",
        "find | severity=warn+error+fatal",
    );
    check(
        "what happened in inventory last night",
        "summary | service=inventory",
    );
    check(
        "summarize the web-frontend logs of this morning",
        "summary | service=web-frontend",
    );
    check("what services are there?", "list services");
    check("list services", "list services");
    check("what was going on at 2:15 this morning", "summary");
    check(
        "disk full on node db-7",
        "find | text=db-7 | topic=disk full node",
    );
}

#[test]
fn misspelt_and_shortened_service_names_find_the_real_ones() {
    check(
        "errors in chekout",
        "find | service=checkout-service | severity=error+fatal",
    );
    check(
        "errors in the payment service",
        "find | service=payments-api+payments-worker | severity=error+fatal",
    );
    check(
        "errors in payments api",
        "find | service=payments-api | severity=error+fatal",
    );
    check(
        "errors from inventroy",
        "find | service=inventory | severity=error+fatal",
    );
    check(
        "errors in checkout and auth",
        "find | service=auth+checkout-service | severity=error+fatal",
    );
    check(
        "checkout's errors",
        "find | service=checkout-service | severity=error+fatal",
    );
    check(
        "errors in the billing service",
        "find | severity=error+fatal | ?=billing",
    );
}

#[test]
fn services_are_recognised_however_they_are_written() {
    let mut context = context();
    context.services = [
        "order_service",
        "CheckoutService",
        "auth-v2",
        "db-7",
        "paymentGateway",
        "http-server",
    ]
    .map(str::to_owned)
    .to_vec();
    let services = |question: &str| {
        let found = understand(question, &context);
        assert!(found.terms.is_empty(), "{question}: {:?}", found.terms);
        assert_eq!(found.retrieval_text, "", "{question}");
        found.services
    };
    assert_eq!(services("errors in order_service"), ["order_service"]);
    assert_eq!(services("order_service errors today"), ["order_service"]);
    assert_eq!(services("errors in CheckoutService"), ["CheckoutService"]);
    assert_eq!(services("errors in checkoutservice"), ["CheckoutService"]);
    assert_eq!(services("errors in checkout"), ["CheckoutService"]);
    assert_eq!(services("CheckoutService's errors"), ["CheckoutService"]);
    assert_eq!(services("errors in auth-v2"), ["auth-v2"]);
    assert_eq!(services("how many errors in db-7?"), ["db-7"]);
    assert_eq!(services("errors in payment gateway"), ["paymentGateway"]);
    // What only looks like a name stays literal, and a code of HTTP is no server of it.
    let found = understand("errors of /db-7 and handle_payment", &context);
    assert_eq!(terms(&found, false), ["/db-7", "handle_payment"]);
    let found = understand("http 503 errors", &context);
    assert_eq!(found.status_codes, [StatusCode::Exact(503)]);
    assert!(found.services.is_empty());
}

#[test]
fn status_codes_take_the_word_error_with_them() {
    check("how many 404 errors today?", "count | status=404");
    check("5xx errors in auth", "find | service=auth | status=5xx");
    check(
        "fatal errors with status 500",
        "find | severity=fatal | status=500",
    );
    check(
        "show the last 500 errors",
        "find | severity=error+fatal | limit=500",
    );
}

#[test]
fn only_what_is_not_literal_is_searched_by_meaning() {
    let is_by_meaning = |question: &str| understand(question, &context()).is_by_meaning();
    assert!(is_by_meaning("connection timeouts in auth"));
    assert!(is_by_meaning("failed logins excluding heartbeats"));
    assert!(!is_by_meaning("errors in auth"));
    assert!(!is_by_meaning("errors excluding heartbeats"));
    assert!(!is_by_meaning(
        "requests of trace 4bf92f3577b34da6a3ce929d0e0e4736"
    ));
    assert!(!is_by_meaning("timeouts with region=eu"));
    assert!(!is_by_meaning("requests that returned 503"));
    assert!(!is_by_meaning("timeouts of order 4711"));
}

#[test]
fn the_deploy_is_one_of_the_services_that_are_asked_about() {
    let berlin = |time: &str| at(time, "Europe/Berlin");
    let start = |question: &str| understand(question, &context()).range.start_ns;
    let (checkout, auth) = (berlin("2026-11-18T11:00:00"), berlin("2026-11-18T13:15:00"));
    assert_eq!(start("why does checkout fail since the deploy?"), checkout);
    assert_eq!(start("errors since the deploy in checkout"), checkout);
    assert_eq!(start("errors since the deploy"), auth);
    // Inventory was not deployed: the latest deploy of all is meant.
    assert_eq!(start("errors in inventory since the deploy"), auth);
    assert_eq!(start("errors in checkout since the auth deploy"), auth);
}

#[test]
fn negations_exclude() {
    check(
        "errors excluding heartbeats",
        "find | severity=error+fatal | -text=heartbeat",
    );
    check(
        "errors except in auth",
        "find | -service=auth | severity=error+fatal",
    );
    check(
        "all logs except warnings and info today",
        "find | severity=unspecified+trace+debug+error+fatal",
    );
    check(
        "errors but not from payments-worker",
        "find | -service=payments-worker | severity=error+fatal",
    );
    check(
        "errors without \"health check\"",
        "find | severity=error+fatal | -text=health check",
    );
    check(
        "errors other than timeouts in auth",
        "find | service=auth | severity=error+fatal | -text=timeout",
    );
    check(
        "why is checkout not working",
        "why | service=checkout-service | topic=not working",
    );
    check("user not found", "find | topic=user not found");
}

#[test]
fn entities_are_literal() {
    check(
        "what happened to order 4711",
        "summary | text=4711 | topic=order",
    );
    check(
        "errors from 10.0.0.7",
        "find | severity=error+fatal | text=10.0.0.7",
    );
    check(
        "show trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "find | trace=4bf92f3577b34da6a3ce929d0e0e4736",
    );
    check(
        "find 0191f3a2-7c1e-7b4a-9d5e-3f2a1b0c9d8e",
        "find | text=0191f3a2-7c1e-7b4a-9d5e-3f2a1b0c9d8e",
    );
    check(
        "any 5xx on the search api?",
        "find | service=search-api | status=5xx",
    );
    check("http 503 errors yesterday", "find | status=503");
    check(
        "errors with region=eu",
        "find | severity=error+fatal | attr=region:eu",
    );
    check(
        "NullPointerException in order-service",
        "find | service=order-service | text=NullPointerException",
    );
}

#[test]
fn the_default_range_depends_on_the_intent() {
    let hours = |question: &str| {
        let found = understand(question, &context());
        assert!(found.range_is_default, "{question:?}");
        found.range.duration_ns() / 3_600_000_000_000
    };
    assert_eq!(hours("errors in checkout"), 24);
    assert_eq!(hours("why is checkout failing"), 6);
    assert_eq!(hours("when did it first fail"), 24 * 30);
    let mut context = context();
    context.open_incident = Some(OpenIncident {
        started_at_ns: context.now_ns - 3_600_000_000_000,
        services: Vec::new(),
    });
    let found = understand("why is checkout failing", &context);
    assert_eq!(found.range.duration_ns(), 5_400_000_000_000);
    let found = understand("errors since the incident started", &context);
    assert_eq!(found.range.duration_ns(), 3_600_000_000_000);
}

#[test]
fn imported_old_records_are_where_every_question_looks_without_a_time() {
    let mut context = context();
    let imported = domain::TimeRange::new(
        at("2024-03-01T00:00:00", "UTC"),
        at("2024-03-02T00:00:00", "UTC"),
    );
    context.default_range = Some(imported);
    for question in [
        "why is checkout failing",
        "when did ECONNRESET first occur",
        "when was the last error",
        "errors in checkout",
    ] {
        let found = understand(question, &context);
        assert!(found.range_is_default, "{question}");
        assert_eq!(found.range, imported, "{question}");
    }
}

#[test]
fn chips_say_what_was_understood() {
    let found = understand(
        "how many errors in checkout between 2 and 4pm yesterday, excluding heartbeats, on blursday?",
        &context(),
    );
    let labels: Vec<(ChipKind, &str)> = found
        .chips
        .iter()
        .map(|chip| (chip.kind, chip.label.as_str()))
        .collect();
    assert_eq!(
        labels,
        [
            (ChipKind::Intent, "count"),
            (ChipKind::Time, "2026-11-17 14:00 to 16:00 +01:00"),
            (ChipKind::Service, "checkout-service"),
            (ChipKind::Severity, "error, fatal"),
            (ChipKind::ExcludedText, "\"heartbeat\""),
            (ChipKind::Topic, "blursday"),
        ]
    );
    assert_eq!(
        found.filter().severities,
        [Severity::Error, Severity::Fatal]
    );
    let found = understand("errors", &context());
    assert_eq!(
        found.chips[1].label,
        "2026-11-17 15:30 to 2026-11-18 15:30 +01:00 (by default)"
    );
    // Nobody asked for seconds.
    let mut context = context_at("2026-11-18T15:30:21", "UTC");
    context.now_ns += 780_025_454;
    let found = understand("errors", &context);
    assert_eq!(
        found.chips[1].label,
        "2026-11-17 15:30 to 2026-11-18 15:30 UTC (by default)"
    );
}

#[test]
fn what_cannot_be_a_time_is_reported() {
    check("errors at 25", "find | severity=error+fatal | ?=25");
    check(
        "errors tomorrow",
        "find | severity=error+fatal | ?=tomorrow",
    );
}
