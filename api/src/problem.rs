//! Errors on the wire: `application/problem+json` (RFC 9457) with a stable `code`.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use serde::Serialize;

/// An answer that says what went wrong and what to do next.
#[derive(Debug)]
pub struct Problem {
    kind: ErrorKind,
    status: StatusCode,
    code: &'static str,
    detail: String,
    hint: Option<String>,
    retry_after_seconds: Option<u64>,
}

/// The cause of a 5xx, for the request log only.
#[derive(Debug, Clone)]
pub struct Cause(pub String);

/// The status that the request log shows, where the protocol answers 200 and says elsewhere what went wrong.
#[derive(Debug, Clone, Copy)]
pub struct LoggedStatus(pub StatusCode);

/// What a problem says. It rides with the answer, so that the request log can write the request's id into it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem of a kind; the status and the code follow from it.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        let (status, code) = match kind {
            ErrorKind::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            ErrorKind::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ErrorKind::Conflict => (StatusCode::CONFLICT, "conflict"),
            ErrorKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            ErrorKind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            ErrorKind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
            ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            ErrorKind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let retry_after_seconds = match kind {
            ErrorKind::RateLimited => Some(1),
            ErrorKind::Unavailable => Some(5),
            _ => None,
        };
        Self {
            kind,
            status,
            code,
            detail: detail.into(),
            hint: None,
            retry_after_seconds,
        }
    }

    /// The request cannot be understood.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest, detail)
    }

    /// The thing does not exist for this project.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorKind::NotFound, format!("{what} was not found"))
    }

    /// Understood, but every record breaks a rule.
    #[must_use]
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            code: "unprocessable",
            ..Self::new(ErrorKind::BadRequest, detail)
        }
    }

    /// The path is right, the method is not.
    #[must_use]
    pub fn method_not_allowed(method: &Method) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "method_not_allowed",
            ..Self::new(
                ErrorKind::BadRequest,
                format!("this address does not take {method}; the Allow header says what it takes"),
            )
        }
    }

    /// The body is of another kind than this address takes.
    #[must_use]
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code: "unsupported_media_type",
            ..Self::new(ErrorKind::BadRequest, detail)
        }
    }

    /// The client took too long to send.
    #[must_use]
    pub fn slow_body(detail: impl Into<String>) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            code: "request_timeout",
            ..Self::new(ErrorKind::BadRequest, detail)
        }
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// When to try again, in seconds; `None` says nothing about it.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// What the asker may read of it.
    #[must_use]
    pub fn public_detail(&self) -> &str {
        constant_text(self.kind).unwrap_or(&self.detail)
    }

    /// The answer in the words of another protocol that speaks JSON.
    #[must_use]
    pub fn answer_as(self, status: StatusCode, body: &serde_json::Value) -> Response {
        self.answer_with(status, "application/json", body.to_string().into_bytes())
    }

    /// The answer in the words of another protocol: its status and body, with the headers and the cause for our log of
    /// this one.
    #[must_use]
    pub fn answer_with(
        self,
        status: StatusCode,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Response {
        let mut response = self.into_response();
        response.extensions_mut().remove::<ProblemBody>();
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        *response.body_mut() = body.into();
        response
    }

    /// Says what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: constant_text(self.kind).map_or_else(|| self.detail.clone(), str::to_owned),
            hint: self.hint,
            request_id: None,
        };
        let mut response = (self.status, Json(&body)).into_response();
        response.extensions_mut().insert(body);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status.is_server_error() {
            response.extensions_mut().insert(Cause(self.detail));
        }
        response
    }
}

/// The text of a 5xx is constant: its cause names hosts, files and tables, so it goes to the request log only.
fn constant_text(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Internal => {
            Some("an internal error occurred; the server's log has the cause under this request id")
        }
        ErrorKind::Unavailable => Some(
            "a part that is needed cannot be reached now; nothing was changed, try again in a few seconds",
        ),
        ErrorKind::Timeout => Some("it took longer than its limit; ask for less at once"),
        _ => None,
    }
}

/// Writes the request's id into the body of a problem.
pub fn name_request(response: &mut Response, id: &str) {
    let Some(mut body) = response.extensions_mut().remove::<ProblemBody>() else {
        return;
    };
    body.request_id = Some(id.to_owned());
    if let Ok(text) = serde_json::to_vec(&body) {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = text.into();
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<ingest::Error> for Problem {
    fn from(error: ingest::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

#[cfg(test)]
mod tests;
