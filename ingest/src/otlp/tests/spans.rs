use domain::{Span, SpanKind, SpanStatus};

use super::*;

/// 2026-11-28T08:00:00Z, a moment after the trace of three services was captured.
const CAPTURED_NS: i64 = 1_795_852_800_000_000_000;

fn spans(format: OtlpFormat, body: &[u8]) -> DecodedSpans {
    with_context(|context| decode_otlp_traces(format, body, context)).unwrap()
}

/// A request of the service `shop` with these spans.
fn json_spans(spans_json: &str) -> DecodedSpans {
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}},
            {{"key":"zone","value":{{"stringValue":"b"}}}}]}},"scopeSpans":[{{"spans":[{spans_json}]}}]}}]}}"#
    );
    spans(OtlpFormat::Json, body.as_bytes())
}

/// The members that a span needs; more may follow.
fn span_json(span_id: &str, more: &str) -> String {
    format!(
        r#"{{"traceId":"848950cc2897bd589f4012665ebf23d2","spanId":"{span_id}","name":"job",
            "startTimeUnixNano":"1795507000000000000","endTimeUnixNano":"1795507000012340000"{more}}}"#
    )
}

fn one(more: &str) -> (Span, Vec<LogRecord>) {
    let mut decoded = json_spans(&span_json("e2a03474006eefc0", more));
    assert_eq!(decoded.spans.rejected, []);
    (decoded.spans.accepted.remove(0), decoded.failures)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_spans_of_the_python_sdk_arrive_whole() {
    let decoded = spans(OtlpFormat::Protobuf, client!("python_traces.pb"));
    assert_eq!(decoded.spans.rejected, []);
    let [charge, pay] = decoded.spans.accepted.as_slice() else {
        panic!("{:?}", decoded.spans.accepted);
    };
    assert_eq!(
        (&*charge.name, charge.kind),
        ("charge card", SpanKind::Client)
    );
    assert_eq!(charge.status, SpanStatus::Error);
    assert_eq!(charge.status_message, "RuntimeError: acquirer timed out");
    assert_eq!(charge.service, "checkout");
    assert_eq!(charge.trace_id, pay.trace_id);
    assert_eq!(charge.parent_span_id, Some(pay.span_id));
    assert_eq!(pay.parent_span_id, None);
    assert!(charge.duration_ns() > 0 && charge.start_ns < NOW_NS);
    let events = json(&charge.events);
    assert_eq!(events[0]["name"], "retry");
    assert_eq!(events[0]["attributes"]["attempt"], 2);
    assert_eq!(json(&pay.attributes)["http.status_code"], 502);
    assert_eq!(json(&pay.attributes)["deployment.environment"], "test");
}

/// What one of three services sent of a trace that went through all of them.
fn of_service(body: &[u8]) -> DecodedSpans {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: CAPTURED_NS,
        default_service: None,
        limits: &limits,
    };
    decode_otlp_traces(OtlpFormat::Protobuf, body, &context).unwrap()
}

#[test]
fn an_exception_of_the_python_sdk_becomes_a_log_record_of_its_span() {
    let decoded = of_service(client!("python_trace_of_payments.pb"));
    let [pay] = decoded.spans.accepted.as_slice() else {
        panic!("{:?}", decoded.spans);
    };
    assert_eq!(pay.status, SpanStatus::Error);
    let [failure] = decoded.failures.as_slice() else {
        panic!("{:?}", decoded.failures);
    };
    assert_eq!(
        failure.body,
        "TimeoutError: acquirer did not answer within 20 ms"
    );
    assert_eq!(failure.severity, Severity::Error);
    assert_eq!(failure.service, "payments");
    assert_eq!(failure.trace_id, Some(pay.trace_id.to_string()));
    assert_eq!(failure.span_id, Some(pay.span_id.to_string()));
    assert!((pay.start_ns..=pay.end_ns).contains(&failure.timestamp_ns));
    let attributes = json(&failure.attributes);
    assert_eq!(attributes["exception.type"], "TimeoutError");
    let stack = attributes["exception.stacktrace"].as_str().unwrap();
    assert!(stack.starts_with("Traceback"), "{stack}");
    assert_eq!(attributes["span.name"], "POST /pay");
    assert_eq!(attributes["span.kind"], "server");
    assert_eq!(attributes["service.version"], "1.2.0");
}

#[test]
fn the_spans_of_three_services_fit_together() {
    let payments = of_service(client!("python_trace_of_payments.pb"))
        .spans
        .accepted;
    let checkout = of_service(client!("python_trace_of_checkout.pb"));
    let web = of_service(client!("python_trace_of_web.pb"));
    assert_eq!(web.failures, []);
    let bodies: Vec<&str> = checkout
        .failures
        .iter()
        .map(|record| &*record.body)
        .collect();
    assert_eq!(
        bodies,
        [
            "TimeoutError: acquirer did not answer within 20 ms",
            "span POST /order failed: payment failed"
        ]
    );
    let all: Vec<Span> = [payments, checkout.spans.accepted, web.spans.accepted].concat();
    assert_eq!(all.len(), 5);
    let roots: Vec<&Span> = all
        .iter()
        .filter(|span| span.parent_span_id.is_none())
        .collect();
    assert_eq!((roots.len(), &*roots[0].service), (1, "web"));
    for span in &all {
        assert_eq!(span.trace_id, roots[0].trace_id);
        let parent = span.parent_span_id;
        assert!(parent.is_none() || all.iter().any(|other| Some(other.span_id) == parent));
    }
}

#[test]
fn the_spans_of_the_javascript_sdk_arrive_whole() {
    let decoded = spans(OtlpFormat::Json, client!("javascript_traces.json"));
    let span = &decoded.spans.accepted[0];
    assert_eq!((&*span.service, &*span.name), ("web", "GET /cart"));
    assert_eq!(span.status_message, "upstream 503");
    assert_eq!(decoded.failures.len(), 1);
    let failure = &decoded.failures[0];
    assert_eq!(failure.body, "span GET /cart failed: upstream 503");
    assert_eq!(failure.timestamp_ns, span.end_ns);
}

#[test]
fn a_span_that_went_well_becomes_no_log_record() {
    let (span, failures) = one(
        r#","kind":"SPAN_KIND_CONSUMER","parentSpanId":"0000000000000000","status":{"code":1},
        "links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]"#,
    );
    assert_eq!(failures, []);
    assert_eq!(span.kind, SpanKind::Consumer);
    assert_eq!(span.status, SpanStatus::Ok);
    assert_eq!(span.parent_span_id, None);
    assert_eq!(span.start_ns, 1_795_507_000_000_000_000);
    assert_eq!(span.duration_ns(), 12_340_000);
    assert_eq!(span.attributes, r#"{"zone":"b"}"#);
    assert_eq!(span.events, "");
    assert_eq!(
        span.links,
        r#"[{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}]"#
    );
}

#[test]
fn a_failed_span_is_one_log_record_and_its_exceptions_take_its_place() {
    let (_, failures) = one(r#","status":{"code":"STATUS_CODE_ERROR"}"#);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].body, "span job failed");
    assert_eq!(json(&failures[0].attributes)["duration_ms"], 12.34);
    let exception = |kind: &str| {
        format!(
            r#"{{"name":"exception","timeUnixNano":"1795507000001000000","attributes":[
                {{"key":"exception.type","value":{{"stringValue":"{kind}"}}}}]}}"#
        )
    };
    let events = [exception("IOError"), exception("Late")].join(",");
    let more =
        format!(r#","status":{{"code":2,"message":"x"}},"events":[{{"name":"retry"}},{events}]"#);
    let (span, failures) = one(&more);
    let bodies: Vec<&str> = failures.iter().map(|record| &*record.body).collect();
    assert_eq!(bodies, ["IOError", "Late"]);
    assert_eq!(failures[0].timestamp_ns, 1_795_507_000_001_000_000);
    assert_eq!(json(&span.events).as_array().unwrap().len(), 3);
    let many = vec![exception("Again"); 40].join(",");
    let (span, failures) = one(&format!(r#","events":[{many}]"#));
    assert_eq!(failures.len(), 16, "not a flood");
    assert_eq!(json(&span.events).as_array().unwrap().len(), 40);
}

#[test]
fn a_span_without_valid_ids_or_time_is_rejected_alone() {
    let trace = "848950cc2897bd589f4012665ebf23d2";
    let with = |trace_id: &str, span_id: &str, start: &str, more: &str| {
        format!(
            r#"{{"traceId":"{trace_id}","spanId":"{span_id}","name":"x","startTimeUnixNano":"{start}"{more}}}"#
        )
    };
    let good = |id: &str| with(trace, id, "1795507000000000000", "");
    let decoded = json_spans(
        &[
            good("0000000000000001"),
            with("", "0000000000000002", "1795507000000000000", ""),
            with(
                &"0".repeat(32),
                "0000000000000002",
                "1795507000000000000",
                "",
            ),
            with(trace, "0002", "1795507000000000000", ""),
            with(trace, "0000000000000002", "0", ""),
            with(
                trace,
                "0000000000000002",
                "7",
                r#","endTimeUnixNano":"1795507000000000000""#,
            ),
            with(
                trace,
                "0000000000000002",
                "1795507000000000000",
                r#","parentSpanId":"zz""#,
            ),
            with(
                trace,
                "0000000000000002",
                "1795507000000000000",
                r#","attributes":[7]"#,
            ),
            good("0000000000000003"),
        ]
        .join(","),
    );
    let ids: Vec<u64> = decoded
        .spans
        .accepted
        .iter()
        .map(|span| span.span_id.bits())
        .collect();
    assert_eq!(ids, [1, 3]);
    assert_eq!(decoded.spans.positions.of(1), 8);
    let rejected = &decoded.spans.rejected;
    let places: Vec<usize> = rejected.iter().map(|item| item.index).collect();
    assert_eq!(places, [1, 2, 3, 4, 5, 6, 7]);
    assert!(rejected[0].reason.contains("trace id"), "{rejected:?}");
    assert!(rejected[2].reason.contains("'0002'"), "{rejected:?}");
    assert!(
        rejected[3].reason.contains("start time '0'"),
        "{rejected:?}"
    );
    assert!(rejected[5].reason.contains("span id"), "{rejected:?}");
}

#[test]
fn odd_times_and_names_are_made_fit() {
    let decoded = json_spans(&[
        r#"{"traceId":"848950cc2897bd589f4012665ebf23d2","spanId":"0000000000000001","endTimeUnixNano":"1795507000000000000"}"#.to_owned(),
        format!(
            r#"{{"traceId":"848950CC2897BD589F4012665EBF23D2","spanId":"0000000000000002","name":"{}",
            "startTimeUnixNano":"1795507000000000000","endTimeUnixNano":"1795506000000000000"}}"#,
            "n".repeat(2_000)
        ),
    ]
    .join(","));
    let [first, second] = decoded.spans.accepted.as_slice() else {
        panic!("{:?}", decoded.spans);
    };
    assert_eq!(
        (&*first.name, first.start_ns),
        ("(unnamed)", 1_795_507_000_000_000_000)
    );
    assert_eq!(second.duration_ns(), 0, "a clock that went backwards");
    assert_eq!(second.name.len(), 1_024);
    assert_eq!(first.trace_id, second.trace_id);
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        with_context(|context| decode_otlp_traces(OtlpFormat::Protobuf, &body, context)).ok();
        with_context(|context| decode_otlp_traces(OtlpFormat::Json, &body, context)).ok();
    }

    #[test]
    fn damaged_requests_never_panic(at in 0_usize..1_000, byte in any::<u8>()) {
        let mut body = client!("python_traces.pb").to_vec();
        let place = at % body.len();
        body[place] = byte;
        with_context(|context| decode_otlp_traces(OtlpFormat::Protobuf, &body, context)).ok();
    }
}

#[test]
fn events_and_links_are_bounded_and_no_member_comes_twice() {
    // Protobuf lets a field come again; the last one counts.
    let event = field(
        11,
        b"\x12\x01a\x12\x01b\x09\x01\0\0\0\0\0\0\0\x09\x02\0\0\0\0\0\0\0",
    );
    let link = field(
        13,
        &[field(1, b"\x01"), field(2, b"\x02"), field(1, b"\x03")].concat(),
    );
    let ids = [field(1, &[1; 16]), field(2, &[2; 8])].concat();
    let start = [&b"\x39"[..], &1_795_507_000_000_000_000_u64.to_le_bytes()].concat();
    let request = |span: &[u8]| {
        let length = |bytes: &[u8]| {
            let length = bytes.len();
            [
                length as u8 | 0x80,
                (length >> 7) as u8 | 0x80,
                (length >> 14) as u8,
            ]
        };
        let framed = |tag: u8, bytes: &[u8]| [&[tag][..], &length(bytes), bytes].concat();
        spans(
            OtlpFormat::Protobuf,
            &framed(0x0a, &framed(0x12, &framed(0x12, span))),
        )
    };
    let span = request(&[ids.clone(), start.clone(), event, link].concat());
    let span = &span.spans.accepted[0];
    assert_eq!(span.events, r#"[{"time_unix_ns":2,"name":"b"}]"#);
    assert_eq!(span.links, r#"[{"trace_id":"03","span_id":"02"}]"#);
    // Events of four bytes that would be twenty as JSON.
    let many = field(11, b"\x12\x00").repeat(100_000);
    let refused = request(&[ids, start, many].concat());
    let reason = &refused.spans.rejected[0].reason;
    assert!(
        reason.starts_with("events of the span are at least 1048"),
        "{reason}"
    );
    assert!(reason.ends_with("limit is 1048576"), "{reason}");
}
