//! What handlers take out of requests: bounded, within a time, and refused with a problem.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{BodyDataStream, HttpBody as _};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use domain::ErrorKind;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::state::AppState;

/// Largest JSON body of a request that carries no records: many times the longest question.
const JSON_BYTES: usize = 64 * 1024;
/// Largest text body (policies).
const TEXT_BYTES: usize = 1024 * 1024;
/// Largest [`SmallText`], in bytes: a pressed button comes with the message that bears it.
const SMALL_BYTES: usize = 128 * 1024;
/// How long a client may be silent in the middle of a body.
pub(crate) const IDLE: Duration = Duration::from_secs(30);
/// How long a whole body may take: 20 MiB at some 70 KiB a second.
const WHOLE: Duration = Duration::from_secs(300);
/// Bodies up to this size are taken without asking the budget.
const FREE_BYTES: usize = 64 * 1024;
/// Memory for the bodies of all requests at once, in KiB (512 MiB).
const BUDGET_KIB: usize = 512 * 1024;
/// A compressed body is reckoned at this many times its size, at most at the limit of a plain one: logs
/// shrink to about an eighth.
const EXPANSION: usize = 8;

/// A JSON body; also the answer, so that a handler names one type.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type(
                "the body must be JSON: send 'Content-Type: application/json'",
            ));
        }
        let body = read(request, JSON_BYTES).await?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("the body cannot be used: {error}")))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// A text body.
#[derive(Debug)]
pub struct Text(pub String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let body = read(request, TEXT_BYTES).await?;
        String::from_utf8(body.into())
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("the body is not text: {error}")))
    }
}

/// A text body of what is asked without a login, before its signature was looked at: at most [`SMALL_BYTES`].
#[derive(Debug)]
pub struct SmallText(pub String);

impl<S: Send + Sync> FromRequest<S> for SmallText {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let body = read(request, SMALL_BYTES).await?;
        String::from_utf8(body.into())
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("the body is not text: {error}")))
    }
}

/// What stands behind the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|error| Problem::bad_request(error.body_text()))
    }
}

/// What stands in the braces of a route.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|error| match error.status() {
                StatusCode::BAD_REQUEST => Problem::bad_request(error.body_text()),
                _ => Problem::new(ErrorKind::Internal, error.body_text()),
            })
    }
}

/// A body of records, with its share of the memory for bodies: keep it until the records are stored.
#[derive(Debug)]
pub struct RecordBody {
    /// The bytes as they came.
    pub bytes: Bytes,
    /// Given back when the request is done.
    pub share: Option<OwnedSemaphorePermit>,
}

impl FromRequest<Arc<AppState>> for RecordBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        let limit = state.limits.body_bytes;
        let share = state.bodies.admit(weight(
            request.body().size_hint().exact(),
            request.headers().contains_key(header::CONTENT_ENCODING),
            limit,
        ))?;
        Ok(Self {
            bytes: read(request, limit).await?,
            share,
        })
    }
}

/// The memory that the bodies of all requests may take together.
#[derive(Debug)]
pub struct BodyBudget {
    kib: Arc<Semaphore>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self {
            kib: Arc::new(Semaphore::new(BUDGET_KIB)),
        }
    }
}

impl BodyBudget {
    /// Takes a share, before anything is read; a small body needs none.
    pub(crate) fn admit(&self, bytes: usize) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        if bytes <= FREE_BYTES {
            return Ok(None);
        }
        let kib = u32::try_from((bytes / 1024 + 1).min(BUDGET_KIB)).unwrap_or(u32::MAX);
        Arc::clone(&self.kib)
            .try_acquire_many_owned(kib)
            .map(Some)
            .map_err(|_| {
                metrics::counter!("vigil_api_bodies_refused_total").increment(1);
                Problem::new(
                    ErrorKind::RateLimited,
                    "too many large bodies are being read; try again in a second",
                )
            })
    }
}

/// What a body will take, told before a byte of it is read. A body of unknown length may be a full one.
fn weight(exact: Option<u64>, is_compressed: bool, limit: usize) -> usize {
    let length = exact
        .and_then(|bytes| usize::try_from(bytes).ok())
        .map_or(limit, |bytes| bytes.min(limit));
    if is_compressed {
        length.saturating_mul(EXPANSION).min(limit)
    } else {
        length
    }
}

/// The declared length of a body.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
        || (kind.len() > 5 && kind.to_ascii_lowercase().ends_with("+json"))
}

/// Reads a body up to its limit.
async fn read(request: Request, limit: usize) -> Result<Bytes, Problem> {
    tokio::time::timeout(WHOLE, read_patiently(request, limit))
        .await
        .unwrap_or_else(|_| {
            Err(Problem::slow_body(format!(
                "the body took longer than {} s",
                WHOLE.as_secs()
            )))
        })
}

async fn read_patiently(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let declared = content_length(request.headers());
    if let Some(bytes) = declared
        && bytes > limit as u64
    {
        // A client that asks first is told at once; one that sends already must be read a little further,
        // else it finds a broken connection where the answer stands.
        if !request.headers().contains_key(header::EXPECT) {
            discard(&mut request.into_body().into_data_stream(), 2 * limit).await;
        }
        return Err(Problem::new(
            ErrorKind::TooLarge,
            format!("body is {bytes} bytes, limit is {limit}"),
        ));
    }
    let mut frames = request.into_body().into_data_stream();
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = next_frame(&mut frames).await? {
        if first.len() + whole.len() + frame.len() > limit {
            discard(&mut frames, limit).await;
            return Err(Problem::new(
                ErrorKind::TooLarge,
                format!("body is larger than {limit} bytes"),
            ));
        }
        // Most bodies are one frame, which need not be copied.
        if first.is_empty() && whole.is_empty() {
            first = frame;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&frame);
        }
    }
    Ok(if whole.is_empty() {
        first
    } else {
        whole.freeze()
    })
}

/// The next piece of a body, `None` at its end.
pub(crate) async fn next_frame(frames: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    match tokio::time::timeout(IDLE, frames.next()).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame)),
        Ok(Some(Err(_))) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::slow_body(format!(
            "nothing of the body came for {} s",
            IDLE.as_secs()
        ))),
    }
}

/// Reads and forgets some more of a body that is refused.
async fn discard(frames: &mut BodyDataStream, bytes: usize) {
    let mut seen = 0;
    while seen <= bytes
        && let Ok(Some(frame)) = next_frame(frames).await
    {
        seen += frame.len();
    }
}

#[cfg(test)]
mod tests;
