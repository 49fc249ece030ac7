use domain::MetricPoint;

use super::*;

fn metrics(format: OtlpFormat, body: &[u8]) -> Decoded<MetricPoint> {
    with_context(|context| decode_otlp_metrics(format, body, context)).unwrap()
}

/// `name{labels} kind value`, one a line.
fn shown(points: &[MetricPoint]) -> String {
    let lines: Vec<String> = points
        .iter()
        .map(|point| {
            let labels: Vec<String> = point
                .labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            let (name, kind) = (&point.name, point.kind.as_str());
            format!("{name}{{{}}} {kind} {}", labels.join(","), point.value)
        })
        .collect();
    lines.join("\n")
}

#[test]
fn the_metrics_of_the_python_sdk_become_series_of_their_service_and_instance() {
    let decoded = metrics(OtlpFormat::Protobuf, client!("python_metrics.pb"));
    assert_eq!(decoded.rejected, []);
    let text = shown(&decoded.accepted);
    for line in [
        "orders{country=de,instance=checkout-1,service=checkout} counter 3",
        "orders{country=fr,instance=checkout-1,service=checkout} counter 2",
        "carts.open{instance=checkout-1,service=checkout} gauge 5",
        "queue.depth{instance=checkout-1,queue=mail,service=checkout} gauge 17",
        "request.duration_count{instance=checkout-1,route=/pay,service=checkout} counter 1",
        "request.duration_sum{instance=checkout-1,route=/pay,service=checkout} counter 12",
        "request.duration_bucket{instance=checkout-1,le=10,route=/pay,service=checkout} counter 0",
        "request.duration_bucket{instance=checkout-1,le=25,route=/pay,service=checkout} counter 1",
        "request.duration_bucket{instance=checkout-1,le=+Inf,route=/pay,service=checkout} counter 1",
        "payment.size_count{instance=checkout-1,service=checkout} counter 1",
        "payment.size{instance=checkout-1,quantile=0.5,service=checkout} gauge 3.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[test]
fn the_metrics_of_the_javascript_sdk_do_too() {
    let decoded = metrics(OtlpFormat::Json, client!("javascript_metrics.json"));
    let text = shown(&decoded.accepted);
    for line in [
        "hits{instance=web-1,route=/cart,service=web} counter 7",
        "latency_sum{instance=web-1,service=web} counter 42.5",
        "temp{instance=web-1,service=web} gauge 21.5",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
    }
}

#[test]
fn every_kind_of_data_is_the_same_from_protobuf_and_json() {
    let decoded = metrics(OtlpFormat::Protobuf, client!("official_metrics.pb"));
    let json = metrics(OtlpFormat::Json, client!("official_metrics.json"));
    assert_eq!(decoded, json);
    insta::assert_snapshot!(shown(&decoded.accepted), @r"
    rpc.duration_count{service=old} counter 4
    rpc.duration_sum{service=old} counter 10.5
    rpc.duration{quantile=0.5,service=old} gauge 2.5
    rpc.duration{quantile=0.99,service=old} gauge 4
    jobs{service=old} delta -3
    size_count{service=old} delta 7
    size_sum{service=old} delta 20
    size_min{service=old} gauge -4
    size_max{service=old} gauge 4
    size{quantile=0.5,service=old} gauge 0.7071067811865476
    size{quantile=0.9,service=old} gauge 2.8284271247461903
    size{quantile=0.95,service=old} gauge 2.8284271247461903
    size{quantile=0.99,service=old} gauge 2.8284271247461903
    wait_count{service=old} counter 6
    wait_sum{service=old} counter 66
    wait_min{service=old} gauge 1
    wait_max{service=old} gauge 30
    wait_bucket{le=5,service=old} counter 1
    wait_bucket{le=10.5,service=old} counter 3
    wait_bucket{le=+Inf,service=old} counter 6
    ");
    // The point without a recorded value is no sample and no refusal; the one that is no number is refused.
    assert_eq!(decoded.rejected_count, 1);
    assert_eq!(decoded.rejected[0].index, 5);
    assert_eq!(
        decoded.rejected[0].reason,
        "value 'NaN' is not a finite number"
    );
}

#[test]
fn a_point_that_cannot_be_stored_costs_no_neighbour() {
    let body = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}},
        {"name":"future","newKind":{}},
        {"name":"h","histogram":{"dataPoints":[{"count":"3","bucketCounts":["1"],"explicitBounds":[1,2]}]}},
        {"name":"old","gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"1000"}]}},
        {"name":"good","gauge":{"dataPoints":[{"asDouble":1.5}]}}]}]}]}"#;
    let decoded = metrics(OtlpFormat::Json, body);
    assert_eq!(shown(&decoded.accepted), "good{} gauge 1.5");
    assert_eq!(decoded.positions.of(0), 5);
    let reasons: Vec<&str> = decoded
        .rejected
        .iter()
        .map(|item| item.reason.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "sample has no name",
            "sample has no name",
            "metric 'future' has no data of a known kind",
            "histogram has 1 buckets and 2 bounds; there must be one bucket more",
            "timestamp '1000' is not between 1990 and a day after arrival",
        ]
    );
}
