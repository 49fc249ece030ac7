use domain::{ProjectId, RecordId, Severity, TemplateId};

use super::*;

fn number(quantity: &Quantity, body: &str, attributes: &str) -> Option<f64> {
    let record = LogRecord {
        id: RecordId(uuid::Uuid::nil()),
        project_id: ProjectId(uuid::Uuid::nil()),
        timestamp_ns: 0,
        observed_at_ns: 0,
        severity: Severity::Info,
        service: "door".to_owned(),
        body: body.to_owned(),
        attributes: attributes.to_owned(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId(1),
    };
    number_of(quantity, &record)
}

#[test]
fn a_duration_is_that_of_an_attribute_or_the_first_with_a_unit() {
    let of = |body, attributes| number(&Quantity::Duration, body, attributes);
    assert_eq!(of("GET /a answered 200 in 34 ms", ""), Some(34.0));
    assert_eq!(of("took 1.5s, 3 retries", ""), Some(1_500.0));
    assert_eq!(of("order 34 sent", ""), None);
    assert_eq!(of("took 34 ms", r#"{"duration_s":2}"#), Some(2_000.0));
    assert_eq!(of("done", r#"{"latency":"15ms"}"#), Some(15.0));
    assert_eq!(of("match ended took_ms=4312 players=2", ""), Some(4_312.0));
    assert_eq!(of("match found wait_ms=4312 players=2", ""), None);
    assert_eq!(of("\"GET /a HTTP/1.1\" 200 17 rt=0.25", ""), Some(250.0));
    assert_eq!(of("key=12 other:7", ""), None);
    assert_eq!(of("status: 200 len: 1893 time: 0.25", ""), Some(250.0));
    assert_eq!(of("closed, lifetime 00:14", ""), Some(14_000.0));
    for body in [
        "sent timestamp_ms=1795442400000",
        "alive uptime_s=86400",
        "call failed timeout_ms=3000",
        "start_ms=1795442400000",
    ] {
        assert_eq!(of(body, ""), None, "{body}");
    }
    assert_eq!(of("done cpu_time_ms=7 took_ms=40", ""), Some(40.0));
    assert_eq!(of("done", r#"{"port":8080}"#), None);
    assert_eq!(of("done", r#"{"timeout_duration_ms":9,"rt":4}"#), Some(4.0));
}

#[test]
fn a_name_is_a_whole_word_and_its_number_is_near() {
    let age = Quantity::Named("age".to_owned());
    let table = [
        ("message 7 read", None),
        ("disk usage 91", None),
        ("usage 91, age is 3", Some(3.0)),
        ("patient messageAge=12", Some(12.0)),
        ("3 ages ago", Some(3.0)),
        ("12 messages", None),
        ("age of the oldest message in the queue 9", None),
    ];
    for (body, expected) in table {
        assert_eq!(number(&age, body, ""), expected, "{body}");
    }
    // Each of many places costs a few bytes, not the text.
    let long = "age \u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9} ".repeat(200_000);
    assert_eq!(number(&age, &long, ""), None);
}

#[test]
fn other_numbers_stand_beside_their_names() {
    let lag = Quantity::Named("lag".to_owned());
    assert_eq!(
        number(&lag, "consumer lag is 1200 messages on topic a-7", ""),
        Some(1_200.0)
    );
    assert_eq!(number(&lag, "lag=7", ""), Some(7.0));
    assert_eq!(number(&lag, "lag=-7 of 9", ""), Some(-7.0));
    assert_eq!(number(&lag, "lag -7", ""), Some(-7.0));
    assert_eq!(
        number(&Quantity::Size, "status: 200 len: 17", ""),
        Some(17.0)
    );
    let queued = "778886821B: from=<a@example.org>, size=775";
    assert_eq!(number(&Quantity::Size, queued, ""), Some(775.0));
    assert_eq!(number(&Quantity::Size, "wrote 512B", ""), Some(512.0));
    let length = Quantity::Named("length".to_owned());
    assert_eq!(number(&length, "status: 200 len: 17", ""), Some(17.0));
    assert_eq!(number(&lag, "no number here", ""), None);
    assert_eq!(number(&lag, "lag", r#"{"lag":"NaN"}"#), None);
    let offsets = Quantity::Named("offsets".to_owned());
    let body = "removed 12 expired offsets in 7 milliseconds";
    assert_eq!(number(&offsets, body, ""), Some(12.0));
    assert_eq!(number(&offsets, "7 rows, expired offsets", ""), None);
    let rack = Quantity::Named("rack".to_owned());
    assert_eq!(number(&rack, "rack-12 overheated", ""), Some(12.0));
    assert_eq!(number(&rack, "rack:12", ""), Some(12.0));
    assert_eq!(number(&rack, "rack-12b overheated", ""), None);
    let attempts = Quantity::Named("attempts".to_owned());
    assert_eq!(number(&attempts, "gave up after 5 attempts", ""), Some(5.0));
    assert_eq!(number(&attempts, "failed (attempt 4/5)", ""), Some(4.0));
    let battery = Quantity::Named("battery".to_owned());
    let body = "event=low_battery device=lamp-3 battery=9";
    assert_eq!(number(&battery, body, ""), Some(9.0));
    let waiting = Quantity::Named("requests waiting".to_owned());
    assert_eq!(
        number(&waiting, "gave up after 5 s, 7 requests waiting", ""),
        Some(7.0)
    );
    assert_eq!(
        number(&Quantity::Percent, "disk usage at 91 % on /var", ""),
        Some(91.0)
    );
    assert_eq!(number(&Quantity::Size, "sent 2 kb", ""), Some(2_048.0));
    let named = Quantity::Named("duration_ms".to_owned());
    assert_eq!(number(&named, "", r#"{"duration_ms":12.5}"#), Some(12.5));
}
