use domain::{AttributeOp, LogFilter, Severity, TemplateId};

use super::{at, context};
use crate::{Error, parse_filter};

#[track_caller]
fn parsed(text: &str) -> LogFilter {
    parse_filter(text, &context()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = parse_filter(text, &context()).expect_err(text);
    assert_eq!(error.to_string(), expected, "{text:?}");
}

fn texts(filter: &LogFilter) -> Vec<String> {
    filter
        .text
        .iter()
        .map(|term| format!("{}{}", if term.negated { "-" } else { "" }, term.term))
        .collect()
}

#[test]
fn a_filter_of_every_kind_of_term() {
    let filter = parsed(
        "service:checkout-service,auth level>=warn \"connection refused\" -heartbeat status=500 attr.service=x since:1h",
    );
    assert_eq!(filter.services, ["checkout-service", "auth"]);
    assert_eq!(
        filter.severities,
        [Severity::Warn, Severity::Error, Severity::Fatal]
    );
    assert_eq!(texts(&filter), ["connection refused", "-heartbeat"]);
    let attributes: Vec<_> = filter
        .attributes
        .iter()
        .map(|it| (it.key.as_str(), it.op, it.value.as_str()))
        .collect();
    assert_eq!(
        attributes,
        [
            ("status", AttributeOp::Equal, "500"),
            ("service", AttributeOp::Equal, "x")
        ]
    );
    assert_eq!(filter.range.duration_ns(), 3_600_000_000_000);
    assert_eq!(filter.range.end_ns, context().now_ns);
}

#[test]
fn an_empty_filter_is_everything_of_a_day() {
    let filter = parsed("   ");
    assert_eq!(filter.range.duration_ns(), 86_400_000_000_000);
    assert!(filter.is_answered_by_rollups());
}

#[test]
fn services_by_wildcard_case_and_exclusion() {
    assert_eq!(
        parsed("service:payments*").services,
        ["payments-api", "payments-worker"]
    );
    assert_eq!(parsed("service:AUTH").services, ["auth"]);
    assert_eq!(parsed("service:unheard-of").services, ["unheard-of"]);
    assert_eq!(
        parsed("-service:auth service!=inventory").excluded_services,
        ["auth", "inventory"]
    );
    refused(
        "x service:zzz*",
        "no service matches 'zzz*' (at character 11)",
    );
}

#[test]
fn severities_combine() {
    assert_eq!(
        parsed("level:error,fatal").severities,
        [Severity::Error, Severity::Fatal]
    );
    assert_eq!(
        parsed("level>debug level<error").severities,
        [Severity::Info, Severity::Warn]
    );
    assert!(!parsed("-level:debug").severities.contains(&Severity::Debug));
    refused(
        "level:loud",
        "'loud' is not a severity (trace, debug, info, warn, error, fatal) (at character 7)",
    );
    refused(
        "level:error level:warn",
        "no severity is left with this condition (at character 13)",
    );
}

#[test]
fn templates_and_traces() {
    let filter = parsed("template:00000000000000ff trace_id:4BF92F3577B34DA6A3CE929D0E0E4736");
    assert_eq!(filter.template_ids, [TemplateId(255)]);
    assert_eq!(
        filter.trace_id.as_deref(),
        Some("4bf92f3577b34da6a3ce929d0e0e4736")
    );
    refused(
        "template:xyz",
        "'xyz' is not a template id (16 hexadecimal digits) (at character 10)",
    );
    refused(
        "-template:ff",
        "'template' cannot be negated (at character 1)",
    );
}

#[test]
fn times_of_a_filter() {
    let berlin = |time: &str| at(time, "Europe/Berlin");
    assert_eq!(
        parsed("since:2026-11-18T10:00").range.start_ns,
        berlin("2026-11-18T10:00:00")
    );
    assert_eq!(
        parsed("since:2026-11-18T10:00:00Z").range.start_ns,
        berlin("2026-11-18T11:00:00")
    );
    assert_eq!(
        parsed("since:1763458200").range.start_ns,
        1_763_458_200_000_000_000
    );
    let filter = parsed("since:\"yesterday 2pm\" until:\"yesterday 4pm\"");
    assert_eq!(
        (filter.range.start_ns, filter.range.end_ns),
        (berlin("2026-11-17T14:00:00"), berlin("2026-11-17T16:00:00"))
    );
    let filter = parsed("until:2026-11-10");
    assert_eq!(
        (filter.range.start_ns, filter.range.end_ns),
        (berlin("2026-11-09T00:00:00"), berlin("2026-11-10T00:00:00"))
    );
    assert_eq!(parsed("last:30m").range.duration_ns(), 1_800_000_000_000);
    refused(
        "since:sometimes",
        "'sometimes' is not a time (1h, 30m, 2026-11-22T14:00, \"yesterday 3pm\") (at character 7)",
    );
}

#[test]
fn texts_that_look_like_fields_stay_texts() {
    assert_eq!(
        texts(&parsed("http://host/x 10:05:00 a::b error: code:E42 -- -")),
        [
            "http://host/x",
            "10:05:00",
            "a::b",
            "error:",
            "code:E42",
            "-",
            "-"
        ]
        .map(|text| text.to_owned())
        .into_iter()
        .enumerate()
        .map(|(index, text)| if index == 5 { "--".to_owned() } else { text })
        .collect::<Vec<_>>()
    );
    assert_eq!(
        texts(&parsed("\"level:error\" \"a \\\"b\\\" c\"")),
        ["level:error", "a \"b\" c"]
    );
}

#[test]
fn attributes_are_equal_different_or_there() {
    let filter = parsed("region!=eu -tier=gold has:user_id zone=*");
    let attributes: Vec<_> = filter
        .attributes
        .iter()
        .map(|it| (it.key.as_str(), it.op))
        .collect();
    assert_eq!(
        attributes,
        [
            ("region", AttributeOp::NotEqual),
            ("tier", AttributeOp::NotEqual),
            ("user_id", AttributeOp::Exists),
            ("zone", AttributeOp::Exists),
        ]
    );
    refused(
        "status>=500",
        "attributes can only be compared with '=' and '!='; 'status' is compared with an order (at character 1)",
    );
}

#[test]
fn not_negates_and_or_is_refused_with_a_way_out() {
    assert_eq!(texts(&parsed("a AND NOT b NOT -c")), ["a", "-b", "c"]);
    refused(
        "a OR b",
        "'OR' between terms is not supported; list values with commas (service:a,b) or search twice (at character 3)",
    );
    refused("a NOT", "'NOT' needs a term after it (at character 3)");
}

#[test]
fn mistakes_are_shown_where_they_are() {
    refused(
        "é \"open",
        "the quote that starts here is not closed (at character 3)",
    );
    refused(
        "service: auth",
        "'service:' needs a value right after it (at character 9)",
    );
    refused(
        "servce:auth",
        "there is no field 'servce'; did you mean 'service'? quote the text to search for it (at character 1)",
    );
    refused(
        "service:a,,b",
        "'service' has an empty value between commas (at character 9)",
    );
    refused("a \"\"", "a quoted text is empty (at character 3)");
}

#[test]
fn limits_are_named() {
    let long = "x".repeat(5_000);
    refused(
        &long,
        "length of the filter in bytes is 5000, limit is 4096",
    );
    let many = "x ".repeat(65);
    refused(&many, "number of filter terms is 65, limit is 64");
    assert!(matches!(
        parse_filter(&many, &context()),
        Err(Error::Limit { limit: 64, .. })
    ));
}
