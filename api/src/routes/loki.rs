//! Loki's push API, and what its clients ask before they push.
//!
//! Source: grafana.com/docs/loki/latest/reference/loki-http-api.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingest::LokiFormat;
use serde_json::{Value, json};

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::state::AppState;

/// The version of Loki whose push API this is: clients choose by it whether to send structured metadata.
const LOKI_VERSION: &str = "3.0.0";
const TEXT: &str = "text/plain; charset=utf-8";

/// Takes streams of entries.
pub async fn push(State(state): State<Arc<AppState>>, request: Request) -> Response {
    match take(&state, request).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(problem) => {
            let status = problem.status();
            let text = format!("{}\n", problem.public_detail());
            problem.answer_with(status, TEXT, text.into_bytes())
        }
    }
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
            sent - outcome.count
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
        "buildDate": "",
        "goVersion": "",
    }))
}
