use domain::{Order, Severity, TimeRange};

use super::memory::{MINUTE, Memory, START};
use crate::logql::{Expression, Labels, LogEntry, LogQuery, LogsRequest, entry, logs, parse};

fn shop() -> Memory {
    let mut memory = Memory::default();
    memory.add(
        1,
        "checkout",
        Severity::Error,
        r#"10.0.0.7 - "GET /cart" 503 12ms"#,
        r#"{"env":"prod","host":"web-1"}"#,
    );
    memory.add(
        2,
        "checkout",
        Severity::Info,
        r#"192.168.1.9 - "POST /order" 200 8ms"#,
        r#"{"env":"prod","addr":"10.1.1.1","app":"front"}"#,
    );
    memory.add(
        3,
        "billing",
        Severity::Warn,
        "\u{1b}[33mslow\u{1b}[0m x=1",
        "",
    );
    memory
}

fn query(text: &str) -> LogQuery {
    match parse(text) {
        Ok(Expression::Logs(query)) => query,
        other => panic!("{text}: {other:?}"),
    }
}

fn found(memory: &Memory, query: &LogQuery) -> Vec<LogEntry> {
    let request = LogsRequest {
        range: TimeRange::new(START, START + MINUTE),
        limit: 100,
        order: Order::OldestFirst,
        interval_ns: 0,
    };
    logs(&mut memory.source(), query, &request).unwrap()
}

fn shown(labels: &Labels) -> String {
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    labels.collect::<Vec<_>>().join(" ")
}

/// The lines that a query answers with.
#[track_caller]
fn check_lines(text: &str, expected: &[&str]) {
    let found = found(&shop(), &query(text));
    let lines: Vec<&str> = found.iter().map(|entry| entry.line.as_str()).collect();
    assert_eq!(lines, expected, "{text}");
}

/// What the stages found in the first record.
#[track_caller]
fn check_labels(text: &str, stream: &str, metadata: &str, parsed: &str) {
    let found = found(&shop(), &query(text));
    let first = found
        .first()
        .unwrap_or_else(|| panic!("{text} finds nothing"));
    let all = (
        shown(&first.stream),
        shown(&first.metadata),
        shown(&first.parsed),
    );
    assert_eq!(
        all,
        (stream.into(), metadata.into(), parsed.into()),
        "{text}"
    );
}

const PATTERN: &str =
    r#"{service_name="checkout"} | pattern `<ip> - "<method> <path>" <status> <_>`"#;

#[test]
fn patterns_and_expressions_find_labels() {
    let of_stream = "level=error service_name=checkout";
    let metadata = "env=prod host=web-1";
    check_labels(
        PATTERN,
        of_stream,
        metadata,
        "ip=10.0.0.7 method=GET path=/cart status=503",
    );
    check_labels(
        r#"{service_name="checkout"} | regexp `(?P<host>\d+\.\S+) - "(?P<level>\w+) (?P<env2>\S+)"`"#,
        of_stream,
        metadata,
        "env2=/cart host_extracted=10.0.0.7 level_extracted=GET",
    );
    check_lines(
        &format!("{PATTERN} | status >= 500 | method = `GET`"),
        &[r#"10.0.0.7 - "GET /cart" 503 12ms"#],
    );
    check_lines(
        &format!("{PATTERN} | status < 500 | ip = ip(`192.168.0.0/16`)"),
        &[r#"192.168.1.9 - "POST /order" 200 8ms"#],
    );
}

#[test]
fn lines_are_written_anew_and_filtered_as_they_are_then() {
    check_lines(
        &format!("{PATTERN} | line_format `{{{{.method}}}} {{{{.path}}}} on {{{{.host}}}}`"),
        &["GET /cart on web-1", "POST /order on "],
    );
    check_lines(
        &format!("{PATTERN} | line_format `{{{{.status}}}}` |= `503`"),
        &["503"],
    );
    // The first filter is about the stored line, the second about the new one.
    check_lines(
        r#"{level=~".+"} |= "GET" | line_format "other {{.level}}" != "GET" |= "other""#,
        &["other error"],
    );
    check_lines(
        r#"{level=~".+"} | line_format `{"a":"{{.level}}"}` | json | a = "warn" | line_format `{{.a}}!`"#,
        &["warn!"],
    );
    check_lines(
        r#"{service_name="billing"} | decolorize |= "slow x=1""#,
        &["slow x=1"],
    );
    check_lines(
        r#"{service_name="billing"} |= "slow x=1" | decolorize"#,
        &[],
    );
}

#[test]
fn labels_are_set_renamed_and_taken_away() {
    check_labels(
        r#"{service_name="checkout"} | label_format zone=env, where="{{.host}}:{{.level | upper}}""#,
        "level=error service_name=checkout",
        "host=web-1",
        "where=web-1:ERROR zone=prod",
    );
    check_labels(
        r#"{service_name="checkout"} | label_format level="{{.env}}", host=level, gone=missing"#,
        "service_name=checkout",
        "env=prod",
        "host=prod",
    );
    check_labels(
        r#"{service_name="checkout"} | label_format env="""#,
        "level=error service_name=checkout",
        "host=web-1",
        "",
    );
    check_labels(
        r#"{service_name="checkout"} | drop env="prod", host="other", level"#,
        "service_name=checkout",
        "host=web-1",
        "",
    );
    check_labels(
        r#"{service_name="checkout"} | keep env=~"pr.*", host="other", level"#,
        "level=error",
        "env=prod",
        "",
    );
    check_lines(
        r#"{level=~".+"} | label_format level="{{.level}}er" | level = "warner" | line_format `{{.level}}`"#,
        &["warner"],
    );
}

#[test]
fn single_fields_can_be_taken() {
    let mut memory = Memory::default();
    let body = r#"{"a":{"b c":[1,{"d":"x"}]},"host":"h","n":null}"#;
    memory.add(1, "s", Severity::Info, body, r#"{"host":"own"}"#);
    memory.add(
        2,
        "s",
        Severity::Info,
        "key=1 other.key=two host=three",
        r#"{"http":{"status":503}}"#,
    );
    let found = |text: &str| -> Vec<String> {
        let found = found(&memory, &query(text));
        found.iter().map(|entry| shown(&entry.parsed)).collect()
    };
    assert_eq!(
        found(
            r#"{level="info"} | json x="a[\"b c\"][1].d", y="a[\"b c\"]", host, n, m="none" | drop __error__"#
        ),
        [r#"host_extracted=h x=x y=[1,{"d":"x"}]"#, ""]
    );
    // Where the line was taken apart on the way in, the attributes are what it was.
    assert_eq!(
        found(r#"{level="info"} | json code="http.status" | code = "503""#),
        ["code=503"]
    );
    assert_eq!(
        found(r#"{level="info"} | logfmt key, two="other.key", none | key = 1"#),
        ["key=1 two=two"]
    );
}

#[test]
fn addresses_are_found_in_lines_and_labels() {
    let first = r#"10.0.0.7 - "GET /cart" 503 12ms"#;
    let second = r#"192.168.1.9 - "POST /order" 200 8ms"#;
    check_lines(r#"{level=~".+"} |= ip("10.0.0.0/8")"#, &[first]);
    check_lines(
        r#"{service_name="checkout"} != ip("10.0.0.0/8")"#,
        &[second],
    );
    check_lines(r#"{level=~".+"} |= ip("1.1.1.1") or "192.168""#, &[second]);
    check_lines(
        r#"{level=~".+"} | addr = ip("10.1.1.0-10.1.1.5")"#,
        &[second],
    );
    check_lines(r#"{level=~".+"} | addr != ip("10.0.0.0/8")"#, &[]);
}

/// What is asked of the store and what is asked of single records is the same.
#[test]
fn a_record_alone_is_answered_as_the_store_answers() {
    let memory = shop();
    let everything = found(&memory, &LogQuery::everything());
    assert_eq!(everything.len(), 3);
    for text in [
        r#"{service_name="checkout"}"#,
        r#"{app="checkout", level=~".+"}"#,
        r#"{service!="checkout", level=~".+"}"#,
        r#"{level="WARNING"}"#,
        r#"{severity=~"err|info"}"#,
        r#"{level="nonsense"}"#,
        r#"{env="prod"}"#,
        r#"{env!="prod", level=~".+"}"#,
        r#"{env="", level=~".+"}"#,
        r#"{host=~"web-.*"}"#,
        r#"{level=~".+"} |= "GET""#,
        r#"{level=~".+"} |= "get""#,
        r#"{level=~".+"} != "GET" or "slow""#,
        r#"{level=~".+"} |~ "(?i)get|slow" | logfmt | x = 1"#,
        r#"{level=~".+"} | env = "prod" | host != """#,
        PATTERN,
        r#"{level=~".+"} | label_format level="x" | level = "x""#,
    ] {
        let query = query(text);
        let records = memory.records().iter();
        let alone: Vec<LogEntry> = records.filter_map(|record| entry(&query, record)).collect();
        let mut stored = found(&memory, &query);
        if text.contains("app=") {
            // The attribute of the second record goes before its service.
            stored.retain(|entry| !entry.metadata.contains_key("app"));
        }
        assert_eq!(alone, stored, "{text}");
    }
}
