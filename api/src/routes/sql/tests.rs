use engine::{SqlColumn, SqlStats};
use serde_json::json;

use super::*;

fn answer() -> SqlAnswer {
    let column = |name: &str| SqlColumn {
        name: name.into(),
        kind: "text".into(),
    };
    SqlAnswer {
        columns: vec![column("service"), column("body")],
        rows: vec![
            vec![json!("cart"), json!("a \"quoted\", text\nof two lines")],
            vec![json!(null), json!(7)],
        ],
        is_truncated: true,
        stats: SqlStats::default(),
    }
}

#[test]
fn cells_with_commas_quotes_and_ends_of_lines_are_quoted_in_csv() {
    assert_eq!(
        csv(&answer()),
        "service,body\r\ncart,\"a \"\"quoted\"\", text\nof two lines\"\r\n,7\r\n"
    );
}

#[test]
fn each_row_is_an_object_in_ndjson() {
    assert_eq!(
        ndjson(&answer()),
        "{\"service\":\"cart\",\"body\":\"a \\\"quoted\\\", text\\nof two lines\"}\n{\"service\":null,\"body\":7}\n"
    );
}

#[test]
fn limits_beyond_the_written_ones_are_refused() {
    let request = |limit: Option<usize>, timeout_ms: Option<u64>| SqlRequest {
        sql: "SELECT 1".into(),
        limit,
        timeout_ms,
        format: Format::Json,
    };
    assert!(request(Some(100_000), Some(60_000)).limits().is_ok());
    assert!(request(Some(0), None).limits().is_err());
    assert!(request(Some(100_001), None).limits().is_err());
    assert!(request(None, Some(60_001)).limits().is_err());
}
