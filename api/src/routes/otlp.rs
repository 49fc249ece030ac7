//! OTLP/HTTP, and what both doors of OTLP share. Answers have the encoding of the request, as the specification asks.
//!
//! Source: OpenTelemetry protocol specification, "OTLP/HTTP Response".

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{ErrorKind, LogRecord};
use engine::RequestKey;
use ingest::OtlpFormat;
use serde_json::json;

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::state::AppState;

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Logs,
    Metrics,
    Traces,
}

impl Signal {
    /// The name of the number of refused items in the JSON answer.
    fn rejected_name(self) -> &'static str {
        match self {
            Self::Logs => "rejectedLogRecords",
            Self::Metrics => "rejectedDataPoints",
            Self::Traces => "rejectedSpans",
        }
    }
}

/// Takes log records.
pub async fn logs(State(state): State<Arc<AppState>>, request: Request) -> Response {
    over_http(&state, request, Signal::Logs).await
}

/// Takes spans.
pub async fn traces(State(state): State<Arc<AppState>>, request: Request) -> Response {
    over_http(&state, request, Signal::Traces).await
}

/// Takes metrics.
pub async fn metrics(State(state): State<Arc<AppState>>, request: Request) -> Response {
    over_http(&state, request, Signal::Metrics).await
}

async fn over_http(state: &Arc<AppState>, request: Request, signal: Signal) -> Response {
    let format = format_of(request.headers());
    let refused = take_http(state, request, format, signal).await;
    respond(format, refused, signal.rejected_name())
}

async fn take_http(
    state: &Arc<AppState>,
    request: Request,
    format: Option<OtlpFormat>,
    signal: Signal,
) -> Result<Refused, Problem> {
    let (writer, request) = writer_of(state, request).await?;
    take(state, &writer, request, known(format)?, signal).await
}

/// Reads, decodes and stores what a request carries, whichever door it came through: its body is the message, as
/// `content-encoding` says.
pub(crate) async fn take(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    format: OtlpFormat,
    signal: Signal,
) -> Result<Refused, Problem> {
    match signal {
        Signal::Logs => take_records(state, writer, request, format).await,
        Signal::Traces => take_spans(state, writer, request, format).await,
        Signal::Metrics => take_points(state, writer, request, format).await,
    }
}

/// The encoding of a request, `None` when it is neither.
fn format_of(headers: &HeaderMap) -> Option<OtlpFormat> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split(';').next().unwrap_or_default().trim();
    match kind.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(OtlpFormat::Protobuf),
        "application/json" => Some(OtlpFormat::Json),
        _ => None,
    }
}

fn known(format: Option<OtlpFormat>) -> Result<OtlpFormat, Problem> {
    format.ok_or_else(|| {
        Problem::unsupported_media_type(
            "content-type must be application/x-protobuf or application/json",
        )
    })
}

/// What was refused of a request whose other items are durable.
#[derive(Default)]
pub(crate) struct Refused {
    count: usize,
    /// The first reason.
    reason: String,
}

/// Who sends a request, before anything of its body is read.
pub(crate) async fn writer_of(
    state: &Arc<AppState>,
    request: Request,
) -> Result<(Writer, Request), Problem> {
    let (mut parts, body) = request.into_parts();
    let writer = Writer::from_request_parts(&mut parts, state).await?;
    Ok((writer, Request::from_parts(parts, body)))
}

async fn take_records(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    format: OtlpFormat,
) -> Result<Refused, Problem> {
    let (decoded, delivery) = receive(state, writer, request, move |body, context| {
        ingest::decode_otlp_logs(format, body, context)
    })
    .await?;
    let outcome = delivery.store(state, writer, decoded.accepted).await?;
    let reasons = decoded.rejected.into_iter().map(|item| item.reason);
    let later = outcome.refused.iter().map(|(_, reason)| reason.clone());
    Ok(Refused {
        count: decoded.rejected_count + outcome.refused.len(),
        reason: reasons.chain(later).next().unwrap_or_default(),
    })
}

/// The failures that spans tell of go first: a request that fails between the two is sent again, and then neither comes
/// twice, because spans have ids of their own and failures are known by those of their spans.
async fn take_spans(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    format: OtlpFormat,
) -> Result<Refused, Problem> {
    let (decoded, _delivery) = receive(state, writer, request, move |body, context| {
        ingest::decode_otlp_traces(format, body, context)
    })
    .await?;
    let key = failures_key(&decoded.failures);
    let failures = state
        .engine
        .intake()
        .submit_known(writer.project_id, Some(key), decoded.failures)
        .await?;
    if let Some((_, reason)) = failures.refused.first() {
        let refused = failures.refused.len();
        metrics::counter!("vigil_api_door_records_refused_total").increment(refused as u64);
        tracing::debug!(refused, reason, "records of failed spans were refused");
    }
    let decoded = decoded.spans;
    let refused = state
        .engine
        .ingest_spans(writer.project_id, decoded.accepted)
        .await?;
    let count = decoded.rejected_count + refused.len();
    let reasons = decoded.rejected.into_iter().chain(refused);
    Ok(Refused {
        count,
        reason: reasons.map(|item| item.reason).next().unwrap_or_default(),
    })
}

fn failures_key(failures: &[LogRecord]) -> RequestKey {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    digest.update(b"failures of spans");
    for record in failures {
        let ids = [&record.trace_id, &record.span_id].map(|id| id.as_deref().unwrap_or_default());
        for text in [ids[0], ids[1], &record.body] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
        digest.update(record.timestamp_ns.to_be_bytes());
    }
    RequestKey::Given(digest.finalize().into())
}

async fn take_points(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    format: OtlpFormat,
) -> Result<Refused, Problem> {
    let (decoded, _delivery) = receive(state, writer, request, move |body, context| {
        ingest::decode_otlp_metrics(format, body, context)
    })
    .await?;
    let positions = decoded.positions;
    let refused = state
        .engine
        .ingest_metrics(writer.project_id, decoded.accepted)
        .await?;
    // A point of several samples is refused once.
    let points: BTreeSet<usize> = refused
        .iter()
        .map(|item| positions.of(item.index))
        .collect();
    let reasons = decoded.rejected.into_iter().map(|item| item.reason);
    let later = refused.into_iter().map(|item| item.reason);
    Ok(Refused {
        count: decoded.rejected_count + points.len(),
        reason: reasons.chain(later).next().unwrap_or_default(),
    })
}

/// An `Export*ServiceResponse`, or a `google.rpc.Status`.
fn respond(
    format: Option<OtlpFormat>,
    refused: Result<Refused, Problem>,
    rejected_name: &'static str,
) -> Response {
    let format = format.unwrap_or(OtlpFormat::Json);
    let refused = match refused {
        Ok(refused) => refused,
        Err(problem) => return refusal(format, problem),
    };
    let body = match format {
        OtlpFormat::Protobuf => success_message(&refused),
        OtlpFormat::Json => success_json(&refused, rejected_name),
    };
    let kind = [(header::CONTENT_TYPE, content_type(format))];
    (StatusCode::OK, kind, body).into_response()
}

fn content_type(format: OtlpFormat) -> &'static str {
    match format {
        OtlpFormat::Protobuf => "application/x-protobuf",
        OtlpFormat::Json => "application/json",
    }
}

/// `{partial_success(1): {rejected(1), error_message(2)}}`; nothing when nothing was refused.
pub(crate) fn success_message(refused: &Refused) -> Vec<u8> {
    if refused.count == 0 {
        return Vec::new();
    }
    let mut partial = Vec::new();
    push_number(1, refused.count as u64, &mut partial);
    push_bytes(2, refused.reason.as_bytes(), &mut partial);
    let mut message = Vec::new();
    push_bytes(1, &partial, &mut message);
    message
}

fn success_json(refused: &Refused, rejected_name: &'static str) -> Vec<u8> {
    let body = if refused.count == 0 {
        json!({})
    } else {
        // 64-bit numbers are texts in the JSON of protobuf.
        json!({ "partialSuccess": {
            rejected_name: refused.count.to_string(),
            "errorMessage": refused.reason,
        } })
    };
    body.to_string().into_bytes()
}

fn refusal(format: OtlpFormat, problem: Problem) -> Response {
    let code = rpc_code(problem.kind());
    let text = problem.public_detail();
    let body = match format {
        OtlpFormat::Protobuf => {
            let mut message = Vec::new();
            push_number(1, code, &mut message);
            push_bytes(2, text.as_bytes(), &mut message);
            message
        }
        OtlpFormat::Json => json!({ "code": code, "message": text })
            .to_string()
            .into_bytes(),
    };
    let status = problem.status();
    problem.answer_with(status, content_type(format), body)
}

/// The code of a `google.rpc.Status`. Source: google/rpc/code.proto.
pub(crate) fn rpc_code(kind: ErrorKind) -> u64 {
    match kind {
        ErrorKind::BadRequest | ErrorKind::TooLarge => 3,
        ErrorKind::Timeout => 4,
        ErrorKind::NotFound => 5,
        ErrorKind::Forbidden => 7,
        ErrorKind::RateLimited => 8,
        ErrorKind::Conflict => 10,
        ErrorKind::Internal => 13,
        ErrorKind::Unavailable => 14,
        ErrorKind::Unauthenticated => 16,
    }
}

/// Appends a field that is a number.
pub(crate) fn push_number(number: u8, value: u64, output: &mut Vec<u8>) {
    output.push(number << 3);
    push_varint(value, output);
}

/// Appends a field of bytes, text or a message.
pub(crate) fn push_bytes(number: u8, bytes: &[u8], output: &mut Vec<u8>) {
    output.push(number << 3 | 2);
    push_varint(bytes.len() as u64, output);
    output.extend_from_slice(bytes);
}

fn push_varint(mut value: u64, output: &mut Vec<u8>) {
    while value >= 0x80 {
        output.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    output.push(value as u8);
}

#[cfg(test)]
mod tests;
