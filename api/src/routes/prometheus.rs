//! Prometheus' remote write, versions 1.0 and 2.0.
//!
//! Sources: prometheus.io/docs/specs/prw/remote_write_spec, .../remote_write_spec_2_0.
//!
//! A sender throws away what is answered with 4xx and sends again what is answered with 5xx, 429 only where it was told
//! to. So what shall be repeated is a 503 here, also when there is too much at once. A sample that is sent again replaces
//! itself: its series and its instant are its key.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use ingest::{RemoteWriteFormat, RemoteWriteVersion};

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive_with;
use crate::state::AppState;

/// How much was written, which senders of 2.0 count by.
const SAMPLES: HeaderName = HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-exemplars-written");
const TEXT: &str = "text/plain; charset=utf-8";
/// The names of the two messages in the content type.
const MESSAGE_ONE: &str = "prometheus.writerequest";
const MESSAGE_TWO: &str = "io.prometheus.write.v2.request";

/// What is durable of a request.
#[derive(Debug, Default)]
struct Written {
    samples: usize,
    histograms: usize,
    /// Of how many samples and histograms.
    sent: usize,
    /// Why the first of the others is not.
    refused: Option<String>,
}

/// Takes samples and histograms.
pub async fn write(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let format = format_of(request.headers());
    match take(&state, request, format).await {
        Ok(written) => answer(&written, version_of(format)),
        Err(problem) => refusal(problem, version_of(format)),
    }
}

fn version_of(format: Result<RemoteWriteFormat, &'static str>) -> RemoteWriteVersion {
    format.map_or(RemoteWriteVersion::One, |format| format.version)
}

async fn take(
    state: &Arc<AppState>,
    request: Request,
    format: Result<RemoteWriteFormat, &'static str>,
) -> Result<Written, Problem> {
    let (mut parts, body) = request.into_parts();
    let writer = Writer::from_request_parts(&mut parts, state).await?;
    let format = format.map_err(Problem::unsupported_media_type)?;
    let mut headers = parts.headers.clone();
    if format.is_snappy {
        // The decoder undoes it, which knows how large it becomes before anything is unpacked.
        headers.remove(header::CONTENT_ENCODING);
    }
    let request = Request::from_parts(parts, body);
    let (mut write, _delivery) =
        receive_with(state, &writer, request, headers, move |body, context| {
            ingest::decode_remote_write(format, body, context)
        })
        .await?;
    if write.infinite > 0 {
        metrics::counter!("vigil_api_prometheus_infinite_total").increment(write.infinite as u64);
    }
    let mut written = Written {
        samples: write.samples.sent - write.samples.rejected,
        histograms: write.histograms.sent - write.histograms.rejected,
        sent: write.samples.sent + write.histograms.sent,
        refused: write
            .decoded
            .rejected
            .first()
            .map(|item| item.reason.clone()),
    };
    let points = std::mem::take(&mut write.decoded.accepted);
    if points.is_empty() {
        return Ok(written);
    }
    let refused = state
        .engine
        .ingest_metrics(writer.project_id, points)
        .await?;
    // A histogram of several points is refused once.
    let positions: BTreeSet<usize> = refused
        .iter()
        .map(|item| write.decoded.positions.of(item.index))
        .collect();
    for position in positions {
        let count = if write.is_histogram(position) {
            &mut written.histograms
        } else {
            &mut written.samples
        };
        *count = count.saturating_sub(1);
    }
    let first = refused.into_iter().next().map(|item| item.reason);
    written.refused = written.refused.or(first);
    Ok(written)
}

/// What the body is, or why it is not read. Neither header is the oldest senders' way: version 1 in snappy.
fn format_of(headers: &HeaderMap) -> Result<RemoteWriteFormat, &'static str> {
    let text = |name: HeaderName| match headers.get(name) {
        None => Some(String::new()),
        Some(value) => value
            .to_str()
            .ok()
            .map(|text| text.trim().to_ascii_lowercase()),
    };
    let version = text(header::CONTENT_TYPE)
        .and_then(|kind| version_of_content_type(&kind))
        .ok_or(
            "content-type must be application/x-protobuf, with proto=prometheus.WriteRequest or \
             proto=io.prometheus.write.v2.Request",
        )?;
    let is_snappy = match text(header::CONTENT_ENCODING).as_deref() {
        Some("" | "snappy") => true,
        // What vmagent sends to receivers that take it.
        Some("zstd") => false,
        _ => return Err("content-encoding must be snappy or zstd"),
    };
    Ok(RemoteWriteFormat { version, is_snappy })
}

fn version_of_content_type(kind: &str) -> Option<RemoteWriteVersion> {
    let mut parts = kind.split(';').map(str::trim);
    if !matches!(parts.next()?, "" | "application/x-protobuf") {
        return None;
    }
    let mut version = RemoteWriteVersion::One;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if name.trim() == "proto" {
            version = match value.trim().trim_matches('"') {
                MESSAGE_ONE => RemoteWriteVersion::One,
                MESSAGE_TWO => RemoteWriteVersion::Two,
                _ => return None,
            };
        }
    }
    Some(version)
}

/// 204 when all is written, 400 when something was refused for good; the others are written all the same.
fn answer(written: &Written, version: RemoteWriteVersion) -> Response {
    let response = match &written.refused {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(reason) => {
            let count = written.samples + written.histograms;
            let text = format!(
                "{} of {} samples were refused, the others are stored: {reason}\n",
                written.sent - count,
                written.sent
            );
            Problem::bad_request(reason.as_str()).answer_with(
                StatusCode::BAD_REQUEST,
                TEXT,
                text.into_bytes(),
            )
        }
    };
    with_counts(response, written, version)
}

fn refusal(problem: Problem, version: RemoteWriteVersion) -> Response {
    let status = match problem.kind() {
        ErrorKind::RateLimited => StatusCode::SERVICE_UNAVAILABLE,
        _ => problem.status(),
    };
    let text = format!("{}\n", problem.public_detail());
    let response = problem.answer_with(status, TEXT, text.into_bytes());
    with_counts(response, &Written::default(), version)
}

/// Exemplars are not kept, which is said as it is.
fn with_counts(mut response: Response, written: &Written, version: RemoteWriteVersion) -> Response {
    if version == RemoteWriteVersion::Two {
        let headers = response.headers_mut();
        headers.insert(SAMPLES, HeaderValue::from(written.samples));
        headers.insert(HISTOGRAMS, HeaderValue::from(written.histograms));
        headers.insert(EXEMPLARS, HeaderValue::from(0));
    }
    response
}

#[cfg(test)]
mod tests;
