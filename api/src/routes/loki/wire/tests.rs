use std::time::Duration;

use super::*;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn entry(timestamp_ns: i64, metadata: &[(&str, &str)]) -> LogEntry {
    LogEntry {
        id: domain::RecordId(uuid::Uuid::nil()),
        timestamp_ns,
        line: format!("line {timestamp_ns}"),
        stream: labels(&[("service_name", "a")]),
        metadata: labels(metadata),
        parsed: Labels::new(),
    }
}

fn usage() -> Usage {
    Usage {
        records: 10,
        bytes: 100,
        time: Duration::from_secs(2),
    }
}

#[test]
fn lines_are_grouped_by_all_labels_unless_the_client_wants_their_kinds() {
    let entries = || {
        vec![
            entry(3, &[("x", "1")]),
            entry(2, &[]),
            entry(1, &[("x", "1")]),
        ]
    };
    let plain = streams(entries(), false, &usage());
    assert_eq!(
        plain["data"]["result"],
        json!([
            { "stream": { "service_name": "a", "x": "1" }, "values": [["3", "line 3"], ["1", "line 1"]] },
            { "stream": { "service_name": "a" }, "values": [["2", "line 2"]] },
        ])
    );
    assert!(plain["data"].get("encodingFlags").is_none());
    let kinds = streams(
        entries(),
        is_categorized(Some("x, categorize-labels")),
        &usage(),
    );
    assert_eq!(kinds["data"]["encodingFlags"], json!(["categorize-labels"]));
    assert_eq!(
        kinds["data"]["result"],
        json!([{ "stream": { "service_name": "a" }, "values": [
            ["3", "line 3", { "structuredMetadata": { "x": "1" } }],
            ["2", "line 2", {}],
            ["1", "line 1", { "structuredMetadata": { "x": "1" } }],
        ] }])
    );
    let summary = &kinds["data"]["stats"]["summary"];
    assert_eq!(summary["linesProcessedPerSecond"], 5);
    assert_eq!(summary["totalEntriesReturned"], 3);
}

#[test]
fn numbers_are_texts_and_instants_are_seconds() {
    for (at_ns, value, expected) in [
        (
            1_588_889_221_000_000_000,
            137.95,
            r#"[1588889221,"137.95"]"#,
        ),
        (1_588_889_221_500_000_000, 2.0, r#"[1588889221.5,"2"]"#),
        (0, f64::INFINITY, r#"[0,"+Inf"]"#),
        (0, f64::NAN, r#"[0,"NaN"]"#),
    ] {
        assert_eq!(sample(at_ns, value).to_string(), expected);
    }
}

#[test]
fn a_message_of_the_tail_has_its_lines_in_streams_and_says_what_is_missing() {
    let whole = tailed(
        vec![entry(1, &[]), entry(2, &[])],
        Lost::default(),
        5,
        false,
    );
    assert_eq!(whole["streams"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        whole["streams"][0]["values"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(whole["dropped_entries"], json!([]));
    let lost = Lost {
        records: 3,
        unseen: 4,
    };
    let cut = tailed(Vec::new(), lost, 5, true);
    let dropped = json!([{ "timestamp": "5", "labels": { "dropped": "3", "unseen": "4" } }]);
    assert_eq!(cut["dropped_entries"], dropped);
    assert_eq!(cut["encodingFlags"], json!(["categorize-labels"]));
}
