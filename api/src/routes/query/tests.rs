use serde_json::json;

use super::*;

fn request(body: Value) -> QueryRequest {
    serde_json::from_value(body).unwrap()
}

#[test]
fn the_filter_is_a_text_or_what_the_search_route_takes() {
    for body in [
        json!({"op": "count"}),
        json!({"op": "count", "filter": null}),
        json!({"op": "count", "filter": "service:cart level>=warn"}),
        json!({"op": "count", "filter": {"q": "refused", "service": "cart,checkout", "severity": ">=warn"}}),
        json!({"op": "count", "filter": {"attribute": "user=7"}, "range": {"from": "15m", "to": "now"}}),
    ] {
        assert!(request(body.clone()).filter_query().is_ok(), "{body}");
    }
    for body in [
        json!({"op": "count", "filter": 7}),
        json!({"op": "count", "filter": {"servise": "cart"}}),
        json!({"op": "count", "filter": {"limit": 7}}),
        json!({"op": "count", "filter": {"from": "1h"}}),
    ] {
        assert!(request(body.clone()).filter_query().is_err(), "{body}");
    }
}

#[test]
fn measures_take_the_fields_that_fit() {
    let parse = |body: Value| measure(&serde_json::from_value(body).unwrap());
    assert_eq!(
        parse(json!({"op": "p95", "field": "duration_ms"})).unwrap(),
        Measure::Percentile(0.95, "duration_ms".into())
    );
    assert_eq!(
        parse(json!({"op": "count_distinct", "field": "service"})).unwrap(),
        Measure::CountDistinct(Grouping::Service)
    );
    assert_eq!(parse(json!({"op": "count"})).unwrap(), Measure::Count);
    assert!(parse(json!({"op": "avg"})).is_err());
    assert!(parse(json!({"op": "avg", "field": "service"})).is_err());
    assert!(parse(json!({"op": "median", "field": "x"})).is_err());
}

#[test]
fn buckets_are_seconds_or_durations() {
    assert_eq!(bucket(&json!(60)).unwrap(), 60_000_000_000);
    assert_eq!(bucket(&json!("5m")).unwrap(), 300_000_000_000);
    for wrong in [json!(0), json!(-5), json!("soon"), json!([1])] {
        assert!(bucket(&wrong).is_err(), "{wrong}");
    }
}
