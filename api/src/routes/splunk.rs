//! Splunk's HTTP event collector.
//!
//! Source of statuses and codes: Splunk documentation, "Troubleshoot HTTP Event Collector".

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{ErrorKind, LogRecord};
use engine::CheckStatus;
use ingest::{Context, Decoded, Error, SplunkDefaults};
use serde_json::{Value, json};

use crate::auth::Writer;
use crate::extract::{Query, Text};
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::state::AppState;

/// The number of the next acknowledgement. A number is handed out when its events are durable, so every number that
/// anybody holds stands for durable events, also after a restart: which channel it was does not matter.
static NEXT_ACK: AtomicU64 = AtomicU64::new(0);

type Parameters = HashMap<String, String>;

/// Takes events.
pub async fn events(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response {
    let defaults = defaults(&parameters);
    take(
        &state,
        writer,
        &parameters,
        request,
        move |body, context| ingest::decode_splunk_events(&defaults, body, context),
    )
    .await
}

/// Takes lines.
pub async fn raw(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response {
    let defaults = defaults(&parameters);
    take(
        &state,
        writer,
        &parameters,
        request,
        move |body, context| ingest::decode_splunk_raw(&defaults, body, context),
    )
    .await
}

fn defaults(parameters: &Parameters) -> SplunkDefaults {
    let parameter = |name: &str| {
        let text: String = parameters.get(name)?.trim().chars().take(256).collect();
        (!text.is_empty()).then_some(text)
    };
    SplunkDefaults {
        host: parameter("host"),
        source: parameter("source"),
        sourcetype: parameter("sourcetype"),
        index: parameter("index"),
    }
}

async fn take<F>(
    state: &Arc<AppState>,
    writer: Result<Writer, Problem>,
    parameters: &Parameters,
    request: Request,
    decode: F,
) -> Response
where
    F: FnOnce(&[u8], &Context<'_>) -> Result<Decoded<LogRecord>, Error> + Send + 'static,
{
    let channel = channel(request.headers(), parameters);
    let has_credential = has_credential(request.headers());
    let stored = async {
        let writer = writer?;
        let (decoded, delivery) = receive(state, &writer, request, decode).await?;
        let is_empty = decoded.accepted.is_empty() && decoded.rejected_count == 0;
        let outcome = delivery.store(state, &writer, decoded.accepted).await?;
        let refused = outcome
            .refused
            .into_iter()
            .map(|(index, reason)| (decoded.positions.of(index), reason));
        let first_bad = decoded
            .rejected
            .into_iter()
            .map(|item| (item.index, item.reason))
            .chain(refused)
            .min_by_key(|(index, _)| *index);
        Ok::<_, Problem>((is_empty, first_bad))
    };
    match stored.await {
        Err(problem) => refusal(problem, has_credential),
        Ok((true, _)) => say(StatusCode::BAD_REQUEST, "No data", 5, &[]),
        Ok((_, Some((number, reason)))) => bad_event(number, &reason),
        Ok((_, None)) => success(channel),
    }
}

fn success(channel: Option<String>) -> Response {
    let ack = channel.map(|_| NEXT_ACK.fetch_add(1, Ordering::Relaxed));
    match ack {
        Some(number) => say(StatusCode::OK, "Success", 0, &[("ackId", json!(number))]),
        None => say(StatusCode::OK, "Success", 0, &[]),
    }
}

/// Its neighbours are stored: the sender is told the number of the first that is not.
fn bad_event(number: usize, reason: &str) -> Response {
    let (text, code) = match reason {
        ingest::NO_EVENT => ("Event field is required", 12),
        ingest::BLANK_EVENT => ("Event field cannot be blank", 13),
        _ => ("Invalid data format", 6),
    };
    let mut more = vec![("invalid-event-number", json!(number))];
    if code == 6 {
        more.push(("reason", json!(reason)));
    }
    say(StatusCode::BAD_REQUEST, text, code, &more)
}

fn refusal(problem: Problem, has_credential: bool) -> Response {
    let (status, text, code) = match problem.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden if !has_credential => {
            (StatusCode::UNAUTHORIZED, "Token is required", 2)
        }
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => {
            (StatusCode::FORBIDDEN, "Invalid token", 4)
        }
        ErrorKind::RateLimited | ErrorKind::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "Server is busy", 9)
        }
        ErrorKind::Internal | ErrorKind::Timeout => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal server error",
            8,
        ),
        _ => (problem.status(), "Invalid data format", 6),
    };
    let mut body = json!({ "text": text, "code": code });
    if code == 6 {
        body["reason"] = problem.public_detail().into();
    }
    problem.answer_as(status, &body)
}

fn say(status: StatusCode, text: &str, code: u8, more: &[(&str, Value)]) -> Response {
    let mut body = json!({ "text": text, "code": code });
    for (name, value) in more {
        body[*name] = value.clone();
    }
    (status, Json(body)).into_response()
}

/// The channel that asks for acknowledgements.
fn channel(headers: &HeaderMap, parameters: &Parameters) -> Option<String> {
    let header = headers
        .get("x-splunk-request-channel")
        .and_then(|value| value.to_str().ok());
    header
        .or_else(|| parameters.get("channel").map(String::as_str))
        .map(str::trim)
        .filter(|channel| !channel.is_empty())
        .map(str::to_owned)
}

fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key(header::COOKIE)
}

/// Says which events are durable: all that have a number.
pub async fn acknowledgements(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Response {
    let has_credential = has_credential(request.headers());
    if let Err(problem) = writer {
        return refusal(problem, has_credential);
    }
    if channel(request.headers(), &parameters).is_none() {
        return say(StatusCode::BAD_REQUEST, "Data channel is missing", 10, &[]);
    }
    let text = match Text::from_request(request, &state).await {
        Ok(Text(text)) => text,
        Err(problem) => return refusal(problem, has_credential),
    };
    #[derive(serde::Deserialize)]
    struct Question {
        acks: Vec<u64>,
    }
    let Ok(question) = serde_json::from_str::<Question>(&text) else {
        return say(StatusCode::BAD_REQUEST, "Invalid data format", 6, &[]);
    };
    let acks: serde_json::Map<String, Value> = question
        .acks
        .iter()
        .map(|number| (number.to_string(), Value::Bool(true)))
        .collect();
    Json(json!({ "acks": acks })).into_response()
}

/// Whether events can be taken.
pub async fn health(State(state): State<Arc<AppState>>) -> Response {
    let checks = state.readiness().await;
    let is_failed = checks
        .iter()
        .any(|check| matches!(check.status, CheckStatus::Failed));
    if is_failed {
        say(
            StatusCode::SERVICE_UNAVAILABLE,
            "HEC is unhealthy, queues are full",
            18,
            &[],
        )
    } else {
        say(StatusCode::OK, "HEC is healthy", 17, &[])
    }
}
