//! `POST /api/v1/sql`: one `SELECT` on the table `logs`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use engine::{SqlAnswer, SqlLimits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Member;
use crate::extract::Json;
use crate::problem::Problem;
use crate::state::AppState;

/// Rows of an answer at most, and when nobody says.
const MAX_ROWS: usize = 100_000;
/// Longest time of a query, milliseconds.
const MAX_TIME_MS: u64 = 60_000;

/// Says whether rows were left out, where the format has no place for it.
const TRUNCATED: &str = "x-vigil-truncated";

/// A query.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlRequest {
    /// One `SELECT`, `WITH` or `EXPLAIN` on the table `logs`: timestamp, severity, service, body, attributes, trace_id,
    /// span_id, template_id, severity_number, observed_at, id. `attr(attributes, 'key')` reads an attribute.
    sql: String,
    /// Rows of the answer, 10,000 when nobody says, at most 100,000.
    limit: Option<usize>,
    /// Longest time, 30,000 when nobody says, at most 60,000.
    timeout_ms: Option<u64>,
    /// How the rows come.
    #[serde(default)]
    format: Format,
}

/// How rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One object with columns and rows.
    #[default]
    Json,
    /// One object a row.
    Ndjson,
    /// RFC 4180, with a header.
    Csv,
}

/// A column of an answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ColumnItem {
    name: String,
    /// `text`, `integer`, `float`, `boolean`, `timestamp`, or a rarer type.
    r#type: String,
}

/// Rows and what they cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SqlAnswerItem {
    columns: Vec<ColumnItem>,
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<Value>>,
    /// True when rows were left out at a limit.
    truncated: bool,
    /// Records that were read; conditions on time, service, severity, text and trace leave the others unread.
    scanned_records: u64,
    elapsed_ms: u64,
}

impl From<SqlAnswer> for SqlAnswerItem {
    fn from(answer: SqlAnswer) -> Self {
        Self {
            columns: answer
                .columns
                .into_iter()
                .map(|column| ColumnItem {
                    name: column.name,
                    r#type: column.kind,
                })
                .collect(),
            rows: answer.rows,
            truncated: answer.is_truncated,
            scanned_records: answer.stats.scanned_records,
            elapsed_ms: answer.stats.elapsed_ms,
        }
    }
}

/// Answers a query in SQL. Only the project's own records can be read, and nothing written.
#[utoipa::path(post, path = "/api/v1/sql", tag = "search", request_body = SqlRequest, responses((status = 200, body = SqlAnswerItem, description = "also application/x-ndjson and text/csv, where the header x-vigil-truncated says whether rows were left out")))]
pub async fn sql(
    State(state): State<Arc<AppState>>,
    member: Member,
    Json(request): Json<SqlRequest>,
) -> Result<Response, Problem> {
    let limits = request.limits()?;
    let answer = state
        .engine
        .sql(member.project_id, request.sql, limits)
        .await?;
    Ok(match request.format {
        Format::Json => Json(SqlAnswerItem::from(answer)).into_response(),
        Format::Ndjson => text(&answer, "application/x-ndjson", ndjson(&answer)),
        Format::Csv => text(&answer, "text/csv; charset=utf-8", csv(&answer)),
    })
}

impl SqlRequest {
    fn limits(&self) -> Result<SqlLimits, Problem> {
        let mut limits = SqlLimits::default();
        if let Some(rows) = self.limit {
            if rows == 0 || rows > MAX_ROWS {
                return Err(Problem::bad_request(format!(
                    "limit is {rows}, it must lie between 1 and {MAX_ROWS}"
                )));
            }
            limits.rows = rows;
        }
        if let Some(time_ms) = self.timeout_ms {
            if time_ms == 0 || time_ms > MAX_TIME_MS {
                return Err(Problem::bad_request(format!(
                    "timeout_ms is {time_ms}, it must lie between 1 and {MAX_TIME_MS}"
                )));
            }
            limits.time = Duration::from_millis(time_ms);
        }
        Ok(limits)
    }
}

fn text(answer: &SqlAnswer, content_type: &'static str, body: String) -> Response {
    let is_truncated = if answer.is_truncated { "true" } else { "false" };
    (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (
                header::HeaderName::from_static(TRUNCATED),
                HeaderValue::from_static(is_truncated),
            ),
        ],
        body,
    )
        .into_response()
}

fn ndjson(answer: &SqlAnswer) -> String {
    let mut lines = String::new();
    for row in &answer.rows {
        let object: serde_json::Map<String, Value> = answer
            .columns
            .iter()
            .map(|column| column.name.clone())
            .zip(row.iter().cloned())
            .collect();
        lines.push_str(&Value::Object(object).to_string());
        lines.push('\n');
    }
    lines
}

fn csv(answer: &SqlAnswer) -> String {
    let mut lines = String::new();
    let names = answer.columns.iter().map(|column| column.name.clone());
    csv_line(&mut lines, names);
    for row in &answer.rows {
        csv_line(
            &mut lines,
            row.iter().map(|value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
        );
    }
    lines
}

/// Source: RFC 4180 section 2.
fn csv_line(lines: &mut String, cells: impl Iterator<Item = String>) {
    for (position, cell) in cells.enumerate() {
        if position > 0 {
            lines.push(',');
        }
        if cell.contains(['"', ',', '\r', '\n']) {
            lines.push('"');
            lines.push_str(&cell.replace('"', "\"\""));
            lines.push('"');
        } else {
            lines.push_str(&cell);
        }
    }
    lines.push_str("\r\n");
}

#[cfg(test)]
mod tests;
