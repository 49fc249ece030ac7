use domain::{Severity, TimeRange};

use super::memory::{MINUTE, Memory, START};
use crate::logql::{
    Expression, detected_fields, labels, parse, parse_selector, stats, streams, values, volume,
};

fn shop() -> Memory {
    let mut memory = Memory::default();
    for second in 0..20 {
        let attributes = format!(r#"{{"env":"prod","request":{second}}}"#);
        memory.add(second, "a", Severity::Info, "0123456789", &attributes);
    }
    memory.add(30, "b", Severity::Error, r#"{"took":"3ms","code":7}"#, "");
    memory
}

fn range() -> TimeRange {
    TimeRange::new(START, START + 10 * MINUTE)
}

#[test]
fn labels_are_those_of_streams_and_attributes_with_few_values() {
    let memory = shop();
    let found = labels(&mut memory.source(), &[], range()).unwrap();
    let found: Vec<(&str, usize)> = found
        .iter()
        .map(|(name, count)| (name.as_str(), *count))
        .collect();
    assert_eq!(found, [("env", 1), ("level", 2), ("service_name", 2)]);
    let nothing = TimeRange::new(0, 1);
    assert!(
        labels(&mut memory.source(), &[], nothing)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn values_are_those_of_the_records_that_match() {
    let memory = shop();
    let check = |name: &str, selector: &str, expected: &[&str]| {
        let selector = parse_selector(selector).unwrap();
        let found = values(&mut memory.source(), name, &selector, range()).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected, "{name}");
    };
    check("service_name", "", &["a", "b"]);
    check("service_name", r#"{level="error"}"#, &["b"]);
    check("detected_level", "", &["error", "info"]);
    check("env", "{}", &["prod"]);
    check("env", r#"{service_name="b"}"#, &[]);
    check("service_name", r#"{env="prod"}"#, &["a"]);
}

#[test]
fn streams_are_told_for_each_selector() {
    let memory = shop();
    let selectors =
        [r#"{app="a"}"#, r#"{level="error"}"#].map(|text| parse_selector(text).unwrap());
    let found = streams(&mut memory.source(), &selectors, range()).unwrap();
    let found: Vec<&str> = found
        .iter()
        .map(|labels| labels["service_name"].as_str())
        .collect();
    assert_eq!(found, ["b", "a"]);
}

#[test]
fn sizes_are_estimated_from_counts_and_the_newest_lines() {
    let memory = shop();
    let selector = parse_selector(r#"{app="a"}"#).unwrap();
    let found = stats(&mut memory.source(), &selector, range()).unwrap();
    assert_eq!((found.streams, found.entries, found.bytes), (1, 20, 200));
    let selector = parse_selector(r#"{service_name=~".+"}"#).unwrap();
    let found = volume(&mut memory.source(), &selector, &[], 10, range()).unwrap();
    let found: Vec<&str> = found
        .iter()
        .map(|volume| volume.labels["service_name"].as_str())
        .collect();
    assert_eq!(found, ["a", "b"]);
    let targets = ["env".to_owned()];
    let found = volume(&mut memory.source(), &selector, &targets, 10, range()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].labels["env"], "prod");
}

#[test]
fn fields_are_found_in_lines_and_in_metadata() {
    let memory = shop();
    let Expression::Logs(query) = parse(r#"{service_name=~".+"}"#).unwrap() else {
        panic!("it asks for lines");
    };
    let found = detected_fields(&mut memory.source(), &query, range()).unwrap();
    let shown: Vec<String> = found
        .iter()
        .map(|field| {
            let parsers: Vec<&str> = field.parsers.iter().copied().collect();
            format!(
                "{} {} {} [{}]",
                field.label,
                field.kind,
                field.values.len(),
                parsers.join(",")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "code int 1 [json]",
            "detected_level string 2 []",
            "env string 1 []",
            "request int 20 []",
            "took duration 1 [json]"
        ]
    );
}
