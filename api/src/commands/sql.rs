//! `vigil sql`: a query in the terminal.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::cli::{SqlArgs, SqlFormat};
use crate::config::Config;
use crate::remote::Server;

/// Longest cell of a table; what is longer ends with three dots.
const CELL_CHARS: usize = 120;

/// Asks and prints the rows.
///
/// # Errors
/// Fails when the server does not answer or refuses the query.
pub async fn run(args: SqlArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::for_reading(&args.remote, config).await?;
    let format = match args.format {
        SqlFormat::Table | SqlFormat::Json => "json",
        SqlFormat::Ndjson => "ndjson",
        SqlFormat::Csv => "csv",
    };
    let mut body = json!({ "sql": args.query.join(" "), "format": format });
    if let Some(limit) = args.limit {
        body["limit"] = limit.into();
    }
    if let Some(seconds) = args.timeout_seconds {
        body["timeout_ms"] = seconds.saturating_mul(1_000).into();
    }
    let response = server.post("/api/v1/sql", "*/*", &body).await?;
    let is_cut = response
        .headers()
        .get("x-vigil-truncated")
        .is_some_and(|value| value == "true");
    let text = response.text().await.context("the answer broke off")?;
    match args.format {
        SqlFormat::Table => {
            let answer: Value = serde_json::from_str(&text)?;
            print!("{}", table(&answer));
        }
        _ => println!("{}", text.trim_end()),
    }
    if is_cut {
        eprintln!("more rows were left out: raise --limit or narrow the query");
    }
    Ok(())
}

/// The rows under their columns, numbers to the right, and what they cost.
fn table(answer: &Value) -> String {
    let empty = Vec::new();
    let columns = answer["columns"].as_array().unwrap_or(&empty);
    let rows = answer["rows"].as_array().unwrap_or(&empty);
    let mut lines: Vec<Vec<String>> = vec![columns.iter().map(|c| cell(&c["name"])).collect()];
    for row in rows {
        lines.push(row.as_array().unwrap_or(&empty).iter().map(cell).collect());
    }
    let is_number: Vec<bool> = columns
        .iter()
        .map(|column| matches!(column["type"].as_str(), Some("integer" | "float")))
        .collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|place| {
            let lengths = lines.iter().filter_map(|line| line.get(place));
            lengths.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let mut row = String::new();
        for (place, cell) in line.iter().enumerate() {
            let width = widths.get(place).copied().unwrap_or(0);
            let space = " ".repeat(width.saturating_sub(cell.chars().count()));
            if place > 0 {
                row.push_str("  ");
            }
            if is_number.get(place) == Some(&true) {
                row.push_str(&space);
                row.push_str(cell);
            } else {
                row.push_str(cell);
                row.push_str(&space);
            }
        }
        text.push_str(row.trim_end());
        text.push('\n');
        if number == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&rules.join("  "));
            text.push('\n');
        }
    }
    let _ = writeln!(
        text,
        "({} rows{}, {} records read, {} ms)",
        rows.len(),
        if answer["truncated"] == true {
            ", more were left out: raise --limit"
        } else {
            ""
        },
        answer["scanned_records"],
        answer["elapsed_ms"]
    );
    text
}

/// A value on one line; control characters of logs must not reach the terminal.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut line: String = text
        .chars()
        .take(CELL_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(CELL_CHARS).is_some() {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_under_their_columns_and_numbers_to_the_right() {
        let answer = json!({
            "columns": [{"name": "service", "type": "text"}, {"name": "n", "type": "integer"}],
            "rows": [["cart", 12], [null, 3], ["a\u{1b}[31m\nb", 1]],
            "truncated": true, "scanned_records": 16, "elapsed_ms": 4,
        });
        assert_eq!(
            table(&answer),
            "service    n\n--------  --\ncart      12\n           3\na [31m b   1\n(3 rows, more were left out: raise --limit, 16 records read, 4 ms)\n"
        );
    }
}
