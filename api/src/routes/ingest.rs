//! `POST /api/v1/logs`, `/api/v1/metrics`, `/api/v1/events`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{ErrorKind, ProjectId, Rejected};
use ingest::{Context, Encoding, LogFormat};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::auth::Writer;
use crate::extract::RecordBody;
use crate::problem::Problem;
use crate::routes::repetition::Repetition;
use crate::state::AppState;

/// Bodies up to this size are decoded where they arrive; larger ones on the blocking pool, so that a
/// batch of megabytes does not hold up other requests.
const INLINE_BYTES: usize = 64 * 1024;
/// Large or packed bodies that are decoded at once. A few kilobytes may unpack to 20 MiB, so what waits here waits packed.
const DECODERS: usize = 16;
static TURNS: Semaphore = Semaphore::const_new(DECODERS);
/// Most rejected items that are listed in one answer; all are counted.
const LISTED_REJECTIONS: usize = 100;

/// What became of a request's items.
#[derive(Debug, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct IngestAnswer {
    /// Items that are durable now.
    pub accepted: usize,
    /// Items that were refused; the first hundred are listed.
    pub rejected: Vec<RejectedItem>,
    /// How many were refused in all.
    pub rejected_count: usize,
}

/// One refused item.
#[derive(Debug, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct RejectedItem {
    /// Position in the request, from 0.
    pub index: usize,
    /// Why, with the value and the limit.
    pub reason: String,
}

/// Takes log records.
#[utoipa::path(post, path = "/api/v1/logs", tag = "ingest",
    request_body(description = "an object, an array, NDJSON or lines; plain, gzip, zstd or deflate", content(
        ("application/json"), ("application/x-ndjson"), ("text/plain")
    )),
    responses(
        (status = 200, description = "what was accepted is durable", body = IngestAnswer),
        (status = 422, description = "every record was refused", body = IngestAnswer)
    ))]
pub async fn logs(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    uri: Uri,
    headers: HeaderMap,
    body: RecordBody,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let service = header_text(&headers, "x-vigil-service");
    let repetition = Repetition::of(&state, &uri, &headers)?;
    let (decoded, key) = decode(
        &state,
        writer.project_id,
        &headers,
        service,
        body.bytes,
        move |body, context| {
            let decoded = ingest::decode_logs(format, body, context)?;
            Ok((decoded, repetition.key(body)))
        },
    )
    .await?;
    let positions = decoded.positions;
    let mut rejected = Refusals::new(decoded.rejected, decoded.rejected_count);
    let outcome = state
        .engine
        .intake()
        .submit_known(writer.project_id, key, decoded.accepted)
        .await?;
    for (index, reason) in outcome.refused {
        rejected.push(Rejected {
            index: positions.of(index),
            reason,
        });
    }
    Ok(answer(outcome.count, rejected))
}

/// Takes metric samples.
#[utoipa::path(post, path = "/api/v1/metrics", tag = "ingest",
    request_body(description = "samples: an object, an array or NDJSON", content(("application/json"), ("application/x-ndjson"))),
    responses((status = 200, body = IngestAnswer), (status = 422, description = "every sample was refused", body = IngestAnswer)))]
pub async fn metrics(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    headers: HeaderMap,
    body: RecordBody,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let decoded = decode(
        &state,
        writer.project_id,
        &headers,
        None,
        body.bytes,
        move |body, context| ingest::decode_metrics(format, body, context),
    )
    .await?;
    let positions = decoded.positions;
    let count = decoded.accepted.len();
    let mut rejected = Refusals::new(decoded.rejected, decoded.rejected_count);
    let refused = state
        .engine
        .ingest_metrics(writer.project_id, decoded.accepted)
        .await?;
    let accepted = count - refused.len();
    for item in refused {
        rejected.push(Rejected {
            index: positions.of(item.index),
            reason: item.reason,
        });
    }
    Ok(answer(accepted, rejected))
}

/// Takes change events.
#[utoipa::path(post, path = "/api/v1/events", tag = "ingest",
    request_body(description = "changes: an object, an array or NDJSON", content(("application/json"), ("application/x-ndjson"))),
    responses((status = 200, body = IngestAnswer), (status = 422, description = "every event was refused", body = IngestAnswer)))]
pub async fn events(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    headers: HeaderMap,
    body: RecordBody,
) -> Result<Response, Problem> {
    let format = LogFormat::from_content_type(content_type(&headers)?)?;
    let decoded = decode(
        &state,
        writer.project_id,
        &headers,
        None,
        body.bytes,
        move |body, context| ingest::decode_events(format, body, context),
    )
    .await?;
    let count = decoded.accepted.len();
    state
        .engine
        .ingest_events(writer.project_id, decoded.accepted)
        .await?;
    Ok(answer(
        count,
        Refusals::new(decoded.rejected, decoded.rejected_count),
    ))
}

pub(super) async fn decode<T, F>(
    state: &Arc<AppState>,
    project_id: ProjectId,
    headers: &HeaderMap,
    default_service: Option<String>,
    body: Bytes,
    decode: F,
) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&[u8], &Context<'_>) -> Result<T, ingest::Error> + Send + 'static,
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
        // Never closed.
        let _turn = TURNS.acquire().await;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))?
    };
    Ok(decoded?)
}

/// What was refused: by the decoder and by the store.
struct Refusals {
    items: Vec<Rejected>,
    /// At least as many as there are items: a decoder lists some and counts all.
    count: usize,
}

impl Refusals {
    fn new(items: Vec<Rejected>, count: usize) -> Self {
        Self { items, count }
    }

    fn push(&mut self, item: Rejected) {
        self.items.push(item);
        self.count += 1;
    }
}

/// 200 when anything was accepted or nothing was sent; 422 when every item was refused (413 when size was
/// the reason for all of them).
fn answer(accepted: usize, mut rejected: Refusals) -> Response {
    rejected.items.sort_by_key(|item| item.index);
    let is_all_refused = accepted == 0 && rejected.count > 0;
    let is_too_large = is_all_refused
        && rejected
            .items
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
            .items
            .into_iter()
            .take(LISTED_REJECTIONS)
            .map(|item| RejectedItem {
                index: item.index,
                reason: item.reason,
            })
            .collect(),
        rejected_count: rejected.count,
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

pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(|text| text.trim().chars().take(256).collect())
        .filter(|text: &String| !text.is_empty())
}
