//! One canonical line per request, a request id, and the headers that every answer carries.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::auth::Requester;
use crate::problem::Cause;

/// The header with the id under which our log has the request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Nothing but our own files; no inline scripts, no frames, no other origin.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Logs a request and finishes its answer.
pub async fn canonical_line(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = uuid::Uuid::new_v4().simple().to_string();
    let method = request.method().clone();
    // The pattern of the route, never the address itself: ids and texts stay out of the log.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let body_bytes = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let mut response = next.run(request).await;
    let elapsed = started.elapsed();
    let status = response.status();
    let cause = response.extensions_mut().remove::<Cause>();
    let requester = response
        .extensions_mut()
        .remove::<Requester>()
        .map(|requester| requester.0);
    let labels = [
        ("route", route.clone()),
        ("method", method.to_string()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("vigil_api_requests_total", &labels).increment(1);
    metrics::histogram!("vigil_api_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    let elapsed_ms = elapsed.as_secs_f64() * 1_000.0;
    if status.is_server_error() {
        tracing::error!(
            target: "vigil::request",
            { request.id = %id, http.method = %method, http.route = %route, http.status = status.as_u16(),
            elapsed_ms, body_bytes, requester, cause = cause.map(|cause| cause.0) },
            "request failed"
        );
    } else {
        tracing::info!(
            target: "vigil::request",
            { request.id = %id, http.method = %method, http.route = %route, http.status = status.as_u16(),
            elapsed_ms, body_bytes, requester },
            "request"
        );
    }
    finish(&mut response, &id);
    response
}

fn finish(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
