use super::*;

fn spans(format: OtlpFormat, body: &[u8]) -> Decoded<LogRecord> {
    with_context(|context| decode_otlp_traces(format, body, context)).unwrap()
}

#[test]
fn the_spans_of_the_python_sdk_become_records_of_their_trace() {
    let decoded = spans(OtlpFormat::Protobuf, client!("python_traces.pb"));
    assert_eq!(decoded.rejected, []);
    let [charge, pay] = decoded.accepted.as_slice() else {
        panic!("{:?}", decoded.accepted);
    };
    assert!(
        charge.body.starts_with("span charge card took "),
        "{}",
        charge.body
    );
    assert!(
        charge
            .body
            .contains(" ms, status error: RuntimeError: acquirer timed out"),
        "{}",
        charge.body
    );
    assert_eq!(charge.severity, Severity::Error);
    assert_eq!(charge.service, "checkout");
    assert_eq!(charge.trace_id, pay.trace_id);
    let attributes: serde_json::Value = serde_json::from_str(&charge.attributes).unwrap();
    assert_eq!(attributes["span.kind"], "client");
    assert_eq!(attributes["span.name"], "charge card");
    assert_eq!(
        attributes["parent_span_id"].as_str(),
        pay.span_id.as_deref()
    );
    assert_eq!(attributes["span.events"][0]["name"], "retry");
    assert_eq!(attributes["span.events"][0]["attributes"]["attempt"], 2);
    assert!(attributes["duration_ms"].as_f64().is_some());
    let attributes: serde_json::Value = serde_json::from_str(&pay.attributes).unwrap();
    assert_eq!(attributes["http.status_code"], 502);
    assert!(attributes.get("parent_span_id").is_none());
}

#[test]
fn the_spans_of_the_javascript_sdk_do_too() {
    let decoded = spans(OtlpFormat::Json, client!("javascript_traces.json"));
    let record = &decoded.accepted[0];
    assert!(
        record.body.starts_with("span GET /cart took "),
        "{}",
        record.body
    );
    assert!(
        record.body.ends_with("status error: upstream 503"),
        "{}",
        record.body
    );
    assert_eq!(record.service, "web");
}

#[test]
fn a_span_that_went_well_is_information_with_its_links() {
    let body = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"848950cc2897bd589f4012665ebf23d2","spanId":"e2a03474006eefc0",
        "name":"job","kind":"SPAN_KIND_CONSUMER","startTimeUnixNano":"1795507000000000000","endTimeUnixNano":"1795507000012340000",
        "links":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}],"status":{"code":1}}]}]}]}"#;
    let decoded = spans(OtlpFormat::Json, body);
    let record = &decoded.accepted[0];
    assert_eq!(record.body, "span job took 12.34 ms, status ok");
    assert_eq!(record.severity, Severity::Info);
    assert_eq!(record.timestamp_ns, 1_795_507_000_000_000_000);
    assert_eq!(
        record.attributes,
        r#"{"span.name":"job","span.kind":"consumer","duration_ms":12.34,"span.status":"ok","span.links":[{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}]}"#
    );
}
