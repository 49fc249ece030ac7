use std::time::Duration;

use domain::{Order, Severity, TimeRange};

use super::memory::{MINUTE, Memory, START};
use crate::logql::{Budget, Error, Expression, LogEntry, LogsRequest, Source, logs, parse};

fn shop() -> Memory {
    let mut memory = Memory::default();
    memory.add(
        1,
        "checkout",
        Severity::Info,
        "Order placed",
        r#"{"env":"prod","http":{"status_code":200},"user_id":7}"#,
    );
    memory.add(
        2,
        "checkout",
        Severity::Error,
        "order failed: timeout",
        r#"{"env":"prod","http":{"status_code":502},"took":"1.5s"}"#,
    );
    memory.set_trace("4bf92f3577b34da6a3ce929d0e0e4736");
    memory.add(
        3,
        "billing",
        Severity::Warn,
        r#"{"msg":"slow","ms":250,"level":"warning"}"#,
        "",
    );
    memory.add(
        4,
        "billing",
        Severity::Unspecified,
        r#"status=404 path="/a b" took=20ms size=5KB"#,
        "",
    );
    memory.add(
        5,
        "web",
        Severity::Info,
        "plain",
        r#"{"app":"front","env":"test","k8s.pod.name":"web-1"}"#,
    );
    memory
}

fn request() -> LogsRequest {
    LogsRequest {
        range: TimeRange::new(START, START + 10 * MINUTE),
        limit: 100,
        order: Order::OldestFirst,
        interval_ns: 0,
    }
}

fn entries(
    source: &mut Source<'_>,
    text: &str,
    request: &LogsRequest,
) -> Result<Vec<LogEntry>, Error> {
    match parse(text)? {
        Expression::Logs(query) => logs(source, &query, request),
        Expression::Metric(_) => panic!("{text} asks for numbers"),
    }
}

/// Seconds of the records that a query finds.
fn check(query: &str, expected: &[i64]) {
    let memory = shop();
    let found = entries(&mut memory.source(), query, &request()).unwrap();
    let seconds: Vec<i64> = found
        .iter()
        .map(|entry| (entry.timestamp_ns - START) / super::memory::SECOND)
        .collect();
    assert_eq!(seconds, expected, "{query}");
}

#[test]
fn the_service_has_many_names() {
    check(r#"{service_name="checkout"}"#, &[1, 2]);
    check(r#"{app="checkout"}"#, &[1, 2]);
    check(r#"{job=~"check.*|bill.*"}"#, &[1, 2, 3, 4]);
    check(r#"{service!="checkout", level=~".+"}"#, &[3, 4, 5]);
    check(r#"{service_name!~"check.*", level=~".+"}"#, &[3, 4, 5]);
    check(r#"{service_name="nobody"}"#, &[]);
    // No service is called so: then it is the attribute.
    check(r#"{app="front"}"#, &[5]);
}

#[test]
fn the_level_may_be_called_by_every_word_for_it() {
    check(r#"{level="error"}"#, &[2]);
    check(r#"{detected_level="WARNING"}"#, &[3]);
    check(r#"{severity=~"err|info"}"#, &[1, 2, 5]);
    check(r#"{level="unknown"}"#, &[4]);
    check(
        r#"{service_name=~".+"} | detected_level != "" | level != "info""#,
        &[2, 3, 4],
    );
    check(r#"{level="nonsense"}"#, &[]);
}

#[test]
fn attributes_are_labels_with_underscores() {
    check(r#"{env="prod"}"#, &[1, 2]);
    check(r#"{env!="prod", level=~".+"}"#, &[3, 4, 5]);
    check(r#"{env=~"te.*"}"#, &[5]);
    check(r#"{env="", level=~".+"}"#, &[3, 4]);
    check(r#"{k8s_pod_name="web-1"}"#, &[5]);
    check(r#"{http_status_code="502"}"#, &[2]);
    check(r#"{user_id="7"}"#, &[1]);
    check(r#"{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"}"#, &[2]);
}

#[test]
fn lines_are_compared_with_their_case() {
    check(r#"{service_name="checkout"} |= "order""#, &[2]);
    check(r#"{service_name="checkout"} != "order""#, &[1]);
    check(r#"{service_name="checkout"} |~ "(?i)ORDER""#, &[1, 2]);
    check(r#"{service_name="checkout"} !~ "placed|x""#, &[2]);
    check(r#"{level=~".+"} |= "plain" or "slow""#, &[3, 5]);
    check(r#"{level=~".+"} != "plain" or "slow""#, &[1, 2, 4]);
    check(r#"{level=~".+"} | json |= "slow""#, &[3]);
    check(r#"{level=~".+"} |> "order <_>: <_>out""#, &[2]);
    check(r#"{level=~".+"} !> "<_>rd<_>""#, &[3, 4, 5]);
}

#[test]
fn fields_of_lines_are_compared_as_texts_numbers_durations_and_sizes() {
    check(r#"{level=~".+"} | json | ms >= 250"#, &[3]);
    check(r#"{level=~".+"} | json | ms > 250"#, &[]);
    check(r#"{level=~".+"} | json | msg = "slow""#, &[3]);
    check(
        r#"{level=~".+"} | logfmt | status = 404 and path =~ "/a.*""#,
        &[4],
    );
    check(
        r#"{level=~".+"} | logfmt | took < 1s or took > 1s"#,
        &[2, 4],
    );
    check(r#"{level=~".+"} | logfmt | size >= 5KB"#, &[4]);
    check(r#"{level=~".+"} | http_status_code >= 500"#, &[2]);
    check(
        r#"{level=~".+"} | drop http_status_code | http_status_code >= 500"#,
        &[],
    );
    check(r#"{level=~".+"} | keep env | env = "test""#, &[5]);
}

#[test]
fn a_line_that_is_no_json_says_so_unless_its_fields_are_known() {
    check(r#"{level=~".+"} | json | __error__ = """#, &[1, 2, 3, 5]);
    check(
        r#"{level=~".+"} | json | __error__ = "JSONParserErr""#,
        &[4],
    );
}

#[test]
fn every_record_is_in_the_stream_of_its_service_and_level() {
    let memory = shop();
    let found = entries(
        &mut memory.source(),
        r#"{service_name=~".+"} | json"#,
        &request(),
    )
    .unwrap();
    let names =
        |labels: &crate::logql::Labels| labels.keys().cloned().collect::<Vec<_>>().join(",");
    for entry in &found {
        assert_eq!(names(&entry.stream), "level,service_name");
    }
    assert_eq!(
        names(&found[1].metadata),
        "env,http_status_code,took,trace_id"
    );
    assert_eq!(names(&found[2].parsed), "level_extracted,ms,msg");
    assert_eq!(found[2].stream["level"], "warn");
    assert_eq!(found[3].stream["level"], "unknown");
}

#[test]
fn limit_order_and_interval_choose_among_the_lines() {
    let memory = shop();
    let find = |request: LogsRequest| {
        let found = entries(&mut memory.source(), r#"{level=~".+"}"#, &request).unwrap();
        found
            .iter()
            .map(|entry| (entry.timestamp_ns - START) / super::memory::SECOND)
            .collect::<Vec<i64>>()
    };
    assert_eq!(
        find(LogsRequest {
            limit: 2,
            ..request()
        }),
        [1, 2]
    );
    assert_eq!(
        find(LogsRequest {
            limit: 2,
            order: Order::NewestFirst,
            ..request()
        }),
        [5, 4]
    );
    assert_eq!(
        find(LogsRequest {
            interval_ns: 2 * super::memory::SECOND,
            ..request()
        }),
        [1, 3, 5]
    );
    let range = TimeRange::new(
        START + 2 * super::memory::SECOND,
        START + 4 * super::memory::SECOND,
    );
    assert_eq!(find(LogsRequest { range, ..request() }), [2, 3]);
    let error = entries(
        &mut memory.source(),
        r#"{level=~".+"}"#,
        &LogsRequest {
            limit: 5_001,
            ..request()
        },
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)"
    );
}

#[test]
fn many_pages_are_read_up_to_the_budget_of_records_and_time() {
    let mut memory = Memory::default();
    for second in 0..2_500 {
        memory.add(second % 600, "a", Severity::Info, "x", "");
    }
    let all = LogsRequest {
        limit: 5_000,
        ..request()
    };
    let found = entries(&mut memory.source(), r#"{service_name="a"}"#, &all).unwrap();
    assert_eq!(found.len(), 2_500);
    let few = Budget {
        records: 2_000,
        ..Budget::default()
    };
    let error = entries(
        &mut memory.with_budget(few),
        r#"{service_name="a"} |= "y" or "z""#,
        &all,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("the query would read too many log lines (limit: 2000)")
    );
    let short = Budget {
        time: Duration::ZERO,
        ..Budget::default()
    };
    let error = entries(
        &mut memory.with_budget(short),
        r#"{service_name="a"}"#,
        &all,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("the query took longer than 0 s")
    );
}
