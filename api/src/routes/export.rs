//! `GET /api/v1/export`: everything that matches, as a stream.

mod parquet;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::RecordColumns;
use engine::ExportStream;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::parquet::ParquetPieces;
use crate::auth::{Member, while_lasting};
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::search::{FilterQuery, filter};
use crate::state::AppState;

/// Lines of one piece of the body, bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// How records come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// One JSON object a line.
    #[default]
    Ndjson,
    /// One Apache Parquet file: whole bodies and attributes, instants in nanoseconds UTC.
    Parquet,
}

/// What is exported, and how.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// How records come.
    #[serde(default, skip_serializing)]
    format: ExportFormat,
    /// The language of the search box.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// First instant: RFC 3339, or a duration before now such as `15m`; the last 24 hours when nobody says.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Last instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Services, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// Severities, separated by commas, or `>=warn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    /// Template ids, separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// A text that the body holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// `key=value`, `key!=value` or `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<String>,
    /// A trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl ExportQuery {
    /// The same filter as the search route has.
    fn filter(&self) -> Result<FilterQuery, Problem> {
        serde_json::to_value(self)
            .and_then(serde_json::from_value)
            .map_err(|error| Problem::bad_request(error.to_string()))
    }
}

/// A record on a line: what `GET /api/v1/logs` calls the same.
#[derive(Serialize)]
struct Line<'a> {
    id: String,
    timestamp: String,
    observed_at: String,
    severity: &'static str,
    service: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<&'a str>,
    template_id: String,
}

/// Everything that matches, uncapped, in no promised order. A stream that ends without its last chunk is not complete: so it
/// does when something fails, and within seconds of the end of the session or token that asked.
#[utoipa::path(get, path = "/api/v1/export", tag = "search", params(ExportQuery), responses((status = 200, content_type = "application/x-ndjson", description = "one record a line")))]
pub async fn export(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let filter = filter(&state, &member, &query.filter()?).await?;
    let mut records = state.engine.export(member.project_id, filter)?;
    // What fails at once is told as any other failure; later there is only the broken stream.
    let first = records.next().await.transpose()?;
    if query.format == ExportFormat::Parquet {
        let pieces = ParquetPieces::new(first, records)?;
        let pieces = stream::unfold(pieces, ParquetPieces::step);
        let pieces = while_lasting(state, member, pieces);
        let content_type = [(header::CONTENT_TYPE, "application/vnd.apache.parquet")];
        return Ok((content_type, Body::from_stream(pieces)).into_response());
    }
    let pieces = stream::unfold(Pieces::new(first, records), Pieces::step);
    let pieces = while_lasting(state, member, pieces);
    let content_type = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((content_type, Body::from_stream(pieces)).into_response())
}

/// Batches of records as pieces of a body.
struct Pieces {
    batch: RecordColumns,
    row: usize,
    records: ExportStream,
    is_broken: bool,
}

impl Pieces {
    fn new(first: Option<RecordColumns>, records: ExportStream) -> Self {
        Self {
            batch: first.unwrap_or_default(),
            row: 0,
            records,
            is_broken: false,
        }
    }

    async fn step(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        while self.row >= self.batch.len && !self.is_broken {
            self.row = 0;
            match self.records.next().await? {
                Ok(batch) => self.batch = batch,
                Err(error) => {
                    tracing::error!(http.route = "/api/v1/export", %error, "an export broke off");
                    self.is_broken = true;
                    return Some((Err(std::io::Error::other("the export broke off")), self));
                }
            }
        }
        if self.is_broken {
            return None;
        }
        let piece = lines(&self.batch, &mut self.row);
        Some((piece.map(Bytes::from).map_err(std::io::Error::other), self))
    }
}

/// Lines from `row` on, as many as make a piece.
fn lines(batch: &RecordColumns, row: &mut usize) -> Result<Vec<u8>, serde_json::Error> {
    let mut lines = Vec::with_capacity(PIECE_BYTES + PIECE_BYTES / 8);
    while *row < batch.len && lines.len() < PIECE_BYTES {
        if let Some(line) = line(batch, *row) {
            serde_json::to_writer(&mut lines, &line)?;
            lines.push(b'\n');
        }
        *row += 1;
    }
    Ok(lines)
}

fn line(batch: &RecordColumns, row: usize) -> Option<Line<'_>> {
    Some(Line {
        id: batch.ids.get(row)?.to_string(),
        timestamp: domain::format_timestamp(*batch.timestamps_ns.get(row)?),
        observed_at: domain::format_timestamp(*batch.observed_at_ns.get(row)?),
        severity: batch.severities.get(row)?.as_str(),
        service: batch.services.get(row)?,
        body: batch.bodies.get(row)?,
        attributes: serde_json::from_str(batch.attributes.get(row)?).ok(),
        trace_id: batch.trace_ids.get(row)?.as_deref(),
        span_id: batch.span_ids.get(row)?.as_deref(),
        template_id: batch.template_ids.get(row)?.to_string(),
    })
}

#[cfg(test)]
mod tests;
