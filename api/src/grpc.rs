//! OTLP over gRPC: `Export` of the collector's three services, wherever HTTP/2 is spoken.
//!
//! A request is made into the one that OTLP/HTTP would have brought and goes the same way, so that one place decides who may
//! write, how much may come, how long it may take and what becomes of it. tonic writes the answers; its own reading of
//! messages is left out on purpose: it answers a message that is too large with OUT_OF_RANGE, which senders of OTLP send
//! again and again, lets zstd ask for a window of 128 MiB, and unpacks on the thread that serves other connections.
//!
//! Sources: OTLP specification 1.x, "OTLP/gRPC"; gRPC over HTTP/2 (PROTOCOL-HTTP2.md of grpc).

mod answer;
mod message;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use ingest::OtlpFormat;
use tonic::Code;

use crate::problem::Problem;
use crate::routes::otlp::{self, Refused, Signal};
use crate::state::AppState;

/// `LogsService/Export`.
pub const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
/// `MetricsService/Export`.
pub const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
/// `TraceService/Export`.
pub const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Takes log records.
pub async fn logs(State(state): State<Arc<AppState>>, request: Request) -> Response {
    export(&state, request, Signal::Logs).await
}

/// Takes metrics.
pub async fn metrics(State(state): State<Arc<AppState>>, request: Request) -> Response {
    export(&state, request, Signal::Metrics).await
}

/// Takes spans.
pub async fn traces(State(state): State<Arc<AppState>>, request: Request) -> Response {
    export(&state, request, Signal::Traces).await
}

/// Whether a request speaks gRPC with messages of protobuf.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    kind.is_some_and(|kind| {
        kind.eq_ignore_ascii_case("application/grpc")
            || kind.eq_ignore_ascii_case("application/grpc+proto")
    })
}

/// The answer to a call of something that is not here.
#[must_use]
pub fn unknown(uri: &Uri) -> Response {
    let called: String = uri.path().chars().take(200).collect();
    let problem = Problem::new(ErrorKind::NotFound, format!("{called} is not served here"));
    answer::refusal_as(Code::Unimplemented, problem)
}

async fn export(state: &Arc<AppState>, request: Request, signal: Signal) -> Response {
    // Without trailers, which only HTTP/2 brings through, no gRPC answer can be understood.
    let is_spoken = is_grpc(request.headers()) && request.version() == Version::HTTP_2;
    match take(state, request, signal, is_spoken).await {
        Ok(refused) => answer::success(&refused),
        Err(problem) if is_spoken => answer::refusal(problem),
        Err(problem) => problem.into_response(),
    }
}

async fn take(
    state: &Arc<AppState>,
    request: Request,
    signal: Signal,
    is_spoken: bool,
) -> Result<Refused, Problem> {
    let (writer, request) = otlp::writer_of(state, request).await?;
    if !is_spoken {
        return Err(Problem::unsupported_media_type(
            "this address speaks gRPC: HTTP/2 with content-type application/grpc; OTLP over HTTP is at /v1/logs, \
             /v1/metrics and /v1/traces",
        ));
    }
    let request = message::unframe(request).await?;
    otlp::take(state, &writer, request, OtlpFormat::Protobuf, signal).await
}

#[cfg(test)]
mod tests;
