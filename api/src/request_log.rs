//! One canonical line per request, a request id, and the headers that every answer carries.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use futures_util::FutureExt as _;

use crate::extract::content_length;
use crate::problem::{Cause, LoggedStatus, Problem, name_request};

/// The header with the id under which our log has the request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Nothing but our own files; no inline scripts, no frames, no other origin.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The status in our log when the client left before the answer (nginx' convention).
pub(crate) const CLIENT_LEFT: u16 = 499;

/// What is found out about a request on its way, for its line.
#[derive(Debug, Default)]
pub struct RequestFacts {
    requester: OnceLock<String>,
}

impl RequestFacts {
    /// Who sent the request: `user ada`, `token vgl_1a2b3c`. The first one counts.
    pub fn set_requester(&self, requester: String) {
        self.requester.set(requester).ok();
    }
}

/// Logs a request and finishes its answer. A panic becomes a 500; a client that leaves gets its line as well.
pub async fn canonical_line(mut request: Request, next: Next) -> Response {
    let facts = Arc::new(RequestFacts::default());
    request.extensions_mut().insert(Arc::clone(&facts));
    let mut line = Line::new(&request, facts);
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|panic| {
        Problem::new(ErrorKind::Internal, panic_text(panic.as_ref())).into_response()
    });
    let cause = response.extensions_mut().remove::<Cause>();
    let logged = response.extensions_mut().remove::<LoggedStatus>();
    let status = logged.map_or(response.status(), |logged| logged.0);
    line.write(status.as_u16(), cause.map(|cause| cause.0));
    name_request(&mut response, &line.id);
    finish(&mut response, &line.id);
    response
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no text)");
    format!("the handler panicked: {text}")
}

/// The one line of a request, written at the latest when it is dropped.
struct Line {
    started: Instant,
    id: String,
    method: &'static str,
    /// The pattern of the route, never the address itself: ids and texts stay out of the log.
    route: String,
    body_bytes: Option<u64>,
    facts: Arc<RequestFacts>,
    is_written: bool,
}

impl Line {
    fn new(request: &Request, facts: Arc<RequestFacts>) -> Self {
        Self {
            started: Instant::now(),
            id: uuid::Uuid::new_v4().simple().to_string(),
            method: known_method(request.method()),
            route: request
                .extensions()
                .get::<MatchedPath>()
                .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned()),
            body_bytes: content_length(request.headers()),
            facts,
            is_written: false,
        }
    }

    fn write(&mut self, status: u16, cause: Option<String>) {
        self.is_written = true;
        let elapsed = self.started.elapsed();
        let labels = [
            ("route", self.route.clone()),
            ("method", self.method.to_owned()),
            ("status", status.to_string()),
        ];
        metrics::counter!("vigil_api_requests_total", &labels).increment(1);
        metrics::histogram!("vigil_api_request_seconds", "route" => self.route.clone())
            .record(elapsed.as_secs_f64());
        let elapsed_ms = elapsed.as_secs_f64() * 1_000.0;
        let (id, method, route, body_bytes) = (&self.id, self.method, &self.route, self.body_bytes);
        let requester = self.facts.requester.get();
        if status >= 500 {
            tracing::error!(
                target: "vigil::request",
                { request.id = %id, http.method = method, http.route = %route, http.status = status,
                elapsed_ms, body_bytes, requester, cause },
                "request failed"
            );
        } else {
            tracing::info!(
                target: "vigil::request",
                { request.id = %id, http.method = method, http.route = %route, http.status = status,
                elapsed_ms, body_bytes, requester, cause },
                "request"
            );
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_written {
            self.write(
                CLIENT_LEFT,
                Some("the connection ended before the answer".to_owned()),
            );
        }
    }
}

/// Methods that have a name; clients may invent others, and a metric's label must not grow with them.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
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

#[cfg(test)]
mod tests;
