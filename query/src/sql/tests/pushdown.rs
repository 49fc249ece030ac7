use super::*;
use domain::{AttributeOp, NANOS_PER_MINUTE, ScanColumns, Severity, TemplateId};

/// Conditions, some of which the store can decide.
const CONDITIONS: [&str; 58] = [
    "timestamp >= now() - interval '2 minutes'",
    "timestamp > '2026-11-23T13:55:00Z' AND timestamp <= '2026-11-23T13:56:00Z'",
    "timestamp BETWEEN '2026-11-23 13:52:00' AND '2026-11-23 13:53:00'",
    "timestamp = '2026-11-23T13:55:07Z'",
    "timestamp < '2026-11-23T13:50:03Z' OR service = 'cart'",
    "timestamp < '2020-01-01'",
    "'2026-11-23T13:59:30Z' < timestamp",
    "date_trunc('minute', timestamp) = '2026-11-23T13:55:00Z'",
    "minute(timestamp) = '2026-11-23T13:55:00Z'",
    "service = 'cart'",
    "'cart' = service",
    "service IN ('cart', 'nobody')",
    "service NOT IN ('cart', 'payments')",
    "service NOT IN ('cart', NULL)",
    "service != 'cart' AND service <> 'checkout'",
    "service = 'cart' OR service = 'checkout' OR service = 'x' OR service = 'y' OR service = 'z'",
    "service = 'cart' AND service = 'checkout'",
    "service = 'cart' OR severity = 'error'",
    "service LIKE 'pay%'",
    "upper(service) = 'CART'",
    "severity = 'error'",
    "severity = 'ERROR'",
    "severity IN ('warn', 'fatal')",
    "severity != 'info'",
    "severity NOT IN ('info', 'debug') AND severity_number >= 17",
    "severity_number >= 13",
    "severity_number BETWEEN 5 AND 13",
    "17 <= severity_number",
    "severity LIKE '%a%' OR severity_number = 5",
    "NOT (severity = 'info' OR severity = 'warn')",
    "trace_id = '00000000000000000000000000000003'",
    "trace_id = 'x' AND trace_id = 'y'",
    "trace_id IS NULL AND severity = 'error'",
    "template_id = '0000000000000002'",
    "template_id = '2'",
    "template_id IN ('0000000000000001', '0000000000000003')",
    "template_id = '0000000000000001' AND template_id = '0000000000000002'",
    "body LIKE '%Refused%'",
    "body LIKE '%refused%'",
    "body ILIKE '%REFUSED by%'",
    "body ILIKE '%kelvin%'",
    "body ILIKE '%KILO%' AND severity_number > 13",
    "body NOT LIKE '%order%'",
    "body LIKE 'order 1_ placed%'",
    "body LIKE '%100\\% of%'",
    "body LIKE '%data_1%'",
    "contains(body, 'disk full')",
    "starts_with(body, 'order 10')",
    "body = 'order 15 placed in 15 ms'",
    "body ~ 'order (1|2)1 '",
    "strpos(body, 'kilo') > 0",
    "attr(attributes, 'user.id') = 'u3'",
    "attributes ->> 'user.id' = 'quo\"ted'",
    "attr(attributes, 'user.id') != 'u3'",
    "attr(attributes, 'none') IS NOT NULL",
    "attr(attributes, 'user.id') IS NULL AND service = 'cart'",
    "cast(attr(attributes, 'http') AS varchar) IS NOT NULL AND json_get(attributes, 'http', 'status') = '201'",
    "observed_at > '2026-11-23T13:59:50Z' AND id != '00000000-0000-0000-0000-000000000001'",
];

#[test]
fn answers_are_the_same_whether_the_store_or_the_query_decides() {
    let (shop, with, without) = (Shop::small(), engine(true), engine(false));
    let mut found_some = 0;
    for condition in CONDITIONS {
        let text = format!("SELECT id FROM logs WHERE {condition} ORDER BY id");
        let rows = |engine: &SqlEngine| {
            let answer = engine.query(source(&shop), text.clone(), SqlLimits::default());
            wait(answer).unwrap_or_else(|error| panic!("{condition}: {error}"))
        };
        let (narrowed, whole) = (rows(&with), rows(&without));
        assert_eq!(narrowed.rows, whole.rows, "{condition}");
        assert!(narrowed.stats.scanned_records <= whole.stats.scanned_records);
        found_some += usize::from(!whole.rows.is_empty());
    }
    assert!(
        found_some >= 45,
        "{found_some} conditions hold for some record"
    );
}

fn read(condition: &str) -> domain::LogFilter {
    let shop = Shop::small();
    ask(&shop, &format!("SELECT body FROM logs WHERE {condition}"));
    shop.last_read().0
}

#[test]
fn what_the_store_can_decide_reaches_it() {
    let filter = read("timestamp >= now() - interval '5 minutes' AND timestamp < now()");
    assert_eq!(filter.range.start_ns, NOON - 5 * NANOS_PER_MINUTE);
    assert_eq!(filter.range.end_ns, NOON);
    assert_eq!(read("service IN ('a', 'b')").services, ["a", "b"]);
    assert_eq!(read("service != 'a'").excluded_services, ["a"]);
    assert_eq!(
        read("severity_number >= 17").severities,
        [Severity::Error, Severity::Fatal]
    );
    assert_eq!(read("trace_id = 'abc'").trace_id.as_deref(), Some("abc"));
    assert_eq!(
        read("template_id = '00000000000000ff'").template_ids,
        [TemplateId(255)]
    );
    let terms = |condition: &str| -> Vec<String> {
        read(condition)
            .text
            .into_iter()
            .map(|text| text.term)
            .collect()
    };
    assert_eq!(terms("body LIKE '%refused%by%'"), ["refused"]);
    assert_eq!(terms("body ILIKE '%timeout of job%'"), ["timeout of job"]);
    assert_eq!(terms("contains(body, 'disk')"), ["disk"]);
    let attributes = read("attr(attributes, 'k') = 'v'").attributes;
    assert_eq!(
        (
            attributes[0].key.as_str(),
            attributes[0].op,
            attributes[0].value.as_str()
        ),
        ("k", AttributeOp::Equal, "v")
    );
}

#[test]
fn a_condition_that_nothing_can_fulfil_reads_nothing() {
    for condition in [
        "service = 'a' AND service = 'b'",
        "severity = 'loud'",
        "timestamp > now() AND timestamp < now() - interval '1 hour'",
        "template_id = 'x'",
    ] {
        let shop = Shop::small();
        let text = format!("SELECT count(*) FROM logs WHERE {condition}");
        assert_eq!(ask(&shop, &text), [[Value::from(0)]]);
        assert!(shop.reads.lock().unwrap().is_empty(), "{condition}");
    }
}

#[test]
fn only_the_columns_that_are_named_are_read() {
    let shop = Shop::small();
    let mut none = ScanColumns::default();
    ask(
        &shop,
        "SELECT service, severity, count(*) FROM logs GROUP BY 1, 2",
    );
    assert_eq!(shop.last_read().1, none);
    ask(&shop, "SELECT count(*) FROM logs");
    assert_eq!(shop.last_read().1, none);
    ask(&shop, "SELECT max(length(body)) FROM logs");
    none.body = true;
    assert_eq!(shop.last_read().1, none);
    ask(&shop, "SELECT * FROM logs");
    assert_eq!(shop.last_read().1, ScanColumns::ALL);
}

#[test]
fn a_limit_without_conditions_stops_the_read() {
    let shop = Shop::small();
    let answer = try_ask(&shop, "SELECT body FROM logs LIMIT 7", SqlLimits::default()).unwrap();
    assert_eq!(answer.rows.len(), 7);
    assert_eq!(answer.stats.scanned_records, 7);
    assert!(!answer.is_truncated);
    let shop = Shop::small();
    let text = "SELECT body FROM logs WHERE body ~ 'order 5.6' LIMIT 3";
    assert_eq!(ask(&shop, text).len(), 3);
}
