//! Loki's API: pushing, and what its clients ask before they push; reading is in the modules below.
//!
//! Source: grafana.com/docs/loki/latest/reference/loki-http-api.

mod explore;
mod parameters;
mod query;
mod rules;
mod tail;
mod wire;

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingest::LokiFormat;
use serde_json::{Value, json};

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::routes::{Access, Endpoint, get, post};
use crate::state::AppState;

/// The version of Loki whose push API this is: clients choose by it whether to send structured metadata.
const LOKI_VERSION: &str = "3.0.0";
const TEXT: &str = "text/plain; charset=utf-8";

/// Takes streams of entries.
pub async fn push(State(state): State<Arc<AppState>>, request: Request) -> Response {
    match take(&state, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => PlainProblem(problem).into_response(),
    }
}

/// A problem in plain text, as Loki tells them.
#[derive(Debug)]
pub struct PlainProblem(Problem);

impl From<Problem> for PlainProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<engine::Error> for PlainProblem {
    fn from(error: engine::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PlainProblem {
    fn into_response(self) -> Response {
        let status = self.0.status();
        let text = format!("{}\n", self.0.public_detail());
        self.0.answer_with(status, TEXT, text.into_bytes())
    }
}

/// The addresses that are read from.
pub(super) fn reads() -> Vec<Endpoint> {
    use Access::Read;
    let values = "/loki/api/v1/label/{name}/values";
    let field_values = "/loki/api/v1/detected_field/{name}/values";
    let mut reads = vec![
        get(Read, values, explore::values),
        get(Read, field_values, explore::detected_field_values),
        get(Read, "/loki/api/v1/tail", tail::tail),
        get(Read, "/loki/api/v1/rules", rules::files),
        get(Read, "/prometheus/api/v1/rules", rules::groups),
    ];
    reads.extend(both("/loki/api/v1/query_range", query::range));
    reads.extend(both("/loki/api/v1/query", query::instant));
    reads.extend(both("/loki/api/v1/format_query", query::format));
    reads.extend(both("/loki/api/v1/labels", explore::labels));
    reads.extend(both("/loki/api/v1/label", explore::labels));
    reads.extend(both("/loki/api/v1/series", explore::series));
    reads.extend(both("/loki/api/v1/patterns", explore::patterns));
    reads.extend(both("/loki/api/v1/index/stats", explore::stats));
    reads.extend(both("/loki/api/v1/index/volume", explore::volume));
    let over_time = "/loki/api/v1/index/volume_range";
    reads.extend(both(over_time, explore::volume_range));
    let labels = "/loki/api/v1/detected_labels";
    reads.extend(both(labels, explore::detected_labels));
    let fields = "/loki/api/v1/detected_fields";
    reads.extend(both(fields, explore::detected_fields));
    reads
}

/// An address that takes its question behind a question mark or as a form.
fn both<H, T>(path: &'static str, handler: H) -> [Endpoint; 2]
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    [
        get(Access::Read, path, handler.clone()),
        post(Access::Read, path, handler),
    ]
}

async fn take(state: &Arc<AppState>, request: Request) -> Result<(), Problem> {
    let (mut parts, body) = request.into_parts();
    let writer = Writer::from_request_parts(&mut parts, state).await?;
    let format = format_of(&parts.headers)?;
    let is_snappy = parts
        .headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"snappy"));
    if is_snappy && format == LokiFormat::SnappyProtobuf {
        // Some clients say what the content type says already.
        parts.headers.remove(header::CONTENT_ENCODING);
    }
    let request = Request::from_parts(parts, body);
    let (decoded, delivery) = receive(state, &writer, request, move |body, context| {
        ingest::decode_loki(format, body, context)
    })
    .await?;
    let sent = decoded.accepted.len() + decoded.rejected_count;
    let outcome = delivery.store(state, &writer, decoded.accepted).await?;
    let reasons = decoded.rejected.into_iter().map(|item| item.reason);
    let later = outcome.refused.into_iter().map(|(_, reason)| reason);
    match reasons.chain(later).next() {
        None => Ok(()),
        // As Loki does: the good ones are stored, and the client hears of the others.
        Some(reason) => Err(Problem::bad_request(format!(
            "{} of {sent} entries were refused, the others are stored: {reason}",
            sent.saturating_sub(outcome.count)
        ))),
    }
}

fn format_of(headers: &HeaderMap) -> Result<LokiFormat, Problem> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/json" => Ok(LokiFormat::Json),
        "" | "application/x-protobuf" | "application/protobuf" => Ok(LokiFormat::SnappyProtobuf),
        _ => Err(Problem::unsupported_media_type(
            "content-type must be application/json or application/x-protobuf",
        )),
    }
}

/// Whether entries can be pushed.
pub async fn ready(State(state): State<Arc<AppState>>) -> Response {
    let checks = state.readiness().await;
    let has_failed = checks
        .iter()
        .any(|check| matches!(check.status, engine::CheckStatus::Failed));
    if has_failed {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
    } else {
        "ready\n".into_response()
    }
}

/// The version.
pub async fn build_info() -> Json<Value> {
    Json(json!({
        "version": LOKI_VERSION,
        "revision": "vigil",
        "branch": "",
        "buildUser": "",
        // Nothing knows it, and clients read it as a date.
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
    }))
}
