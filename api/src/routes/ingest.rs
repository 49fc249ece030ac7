//! `POST /api/v1/logs`, `/api/v1/metrics`, `/api/v1/events`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{ErrorKind, ProjectId, Rejected};
use ingest::{Context, Decoded, Encoding, LogFormat};
use serde::Serialize;

use crate::auth::Writer;
use crate::problem::Problem;
use crate::state::AppState;

/// Bodies up to this size are decoded where they arrive; larger ones on the blocking pool, so that a
/// batch of megabytes does not hold up other requests.
const INLINE_BYTES: usize = 64 * 1024;
/// Most rejected items that are listed in one answer; all are counted.
const LISTED_REJECTIONS: usize = 100;

/// What became of a request's items.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct IngestAnswer {
    /// Items that are durable now.
    pub accepted: usize,
    /// Items that were refused; the first hundred are listed.
    pub rejected: Vec<RejectedItem>,
    /// How many were refused in all.
    pub rejected_count: usize,
}

/// One refused item.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct RejectedItem {
    /// Position in the request, from 0.
    pub index: usize,
    /// Why, with the value and the limit.
    pub reason: String,
}

/// Takes log records.
pub async fn logs(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let service = header_text(&headers, "x-vigil-service");
    let decoded = decode(
        &state,
        writer.project_id,
        &headers,
        service,
        body,
        move |body, context| ingest::decode_logs(format, body, context),
    )
    .await?;
    let positions = accepted_positions(&decoded);
    let mut rejected = decoded.rejected;
    let outcome = state
        .engine
        .intake()
        .submit(writer.project_id, decoded.accepted)
        .await?;
    for (index, reason) in outcome.refused {
        rejected.push(Rejected {
            index: positions.get(index).copied().unwrap_or(index),
            reason,
        });
    }
    Ok(answer(outcome.count, rejected))
}

/// Takes metric samples.
pub async fn metrics(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let decoded = decode(
        &state,
        writer.project_id,
        &headers,
        None,
        body,
        move |body, context| ingest::decode_metrics(format, body, context),
    )
    .await?;
    let positions = accepted_positions(&decoded);
    let count = decoded.accepted.len();
    let mut rejected = decoded.rejected;
    let refused = state
        .engine
        .ingest_metrics(writer.project_id, decoded.accepted)
        .await?;
    let accepted = count - refused.len();
    for item in refused {
        rejected.push(Rejected {
            index: positions.get(item.index).copied().unwrap_or(item.index),
            reason: item.reason,
        });
    }
    Ok(answer(accepted, rejected))
}

/// Takes change events.
pub async fn events(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let decoded = decode(
        &state,
        writer.project_id,
        &headers,
        None,
        body,
        move |body, context| ingest::decode_events(format, body, context),
    )
    .await?;
    let count = decoded.accepted.len();
    state
        .engine
        .ingest_events(writer.project_id, decoded.accepted)
        .await?;
    Ok(answer(count, decoded.rejected))
}

async fn decode<T, F>(
    state: &Arc<AppState>,
    project_id: ProjectId,
    headers: &HeaderMap,
    default_service: Option<String>,
    body: Bytes,
    decode: F,
) -> Result<Decoded<T>, Problem>
where
    T: Send + 'static,
    F: FnOnce(&[u8], &Context<'_>) -> Result<Decoded<T>, ingest::Error> + Send + 'static,
{
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("(not text)"));
    let encoding = Encoding::from_header(encoding)?;
    let received_at_ns = state.clock.now_ns();
    let shared = Arc::clone(state);
    let is_small = body.len() <= INLINE_BYTES && matches!(encoding, Encoding::Identity);
    let work = move || {
        let context = Context {
            project_id,
            received_at_ns,
            default_service,
            limits: &shared.limits,
        };
        let plain = ingest::decompress(encoding, &body, &shared.limits)?;
        decode(&plain, &context)
    };
    let decoded = if is_small {
        work()
    } else {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))?
    };
    Ok(decoded?)
}

/// Where in the request the accepted items stood.
fn accepted_positions<T>(decoded: &Decoded<T>) -> Vec<usize> {
    if decoded.rejected.is_empty() {
        return (0..decoded.accepted.len()).collect();
    }
    let refused: std::collections::HashSet<usize> =
        decoded.rejected.iter().map(|item| item.index).collect();
    (0..)
        .filter(|index| !refused.contains(index))
        .take(decoded.accepted.len())
        .collect()
}

/// 200 when anything was accepted or nothing was sent; 422 when every item was refused (413 when size was
/// the reason for all of them).
fn answer(accepted: usize, mut rejected: Vec<Rejected>) -> Response {
    rejected.sort_by_key(|item| item.index);
    let rejected_count = rejected.len();
    let is_all_refused = accepted == 0 && rejected_count > 0;
    let is_too_large = is_all_refused
        && rejected
            .iter()
            .all(|item| item.reason.contains(" bytes, limit is"));
    let status = match (is_too_large, is_all_refused) {
        (true, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, false) => StatusCode::OK,
    };
    let body = IngestAnswer {
        accepted,
        rejected: rejected
            .into_iter()
            .take(LISTED_REJECTIONS)
            .map(|item| RejectedItem {
                index: item.index,
                reason: item.reason,
            })
            .collect(),
        rejected_count,
    };
    (status, Json(body)).into_response()
}

fn content_type(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    headers
        .get(header::CONTENT_TYPE)
        .map(|value| {
            value
                .to_str()
                .map_err(|_| Problem::bad_request("content-type is not text"))
        })
        .transpose()
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(|text| text.trim().chars().take(256).collect())
        .filter(|text: &String| !text.is_empty())
}
