//! Datadog's log intake, versions 1 and 2.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use serde_json::json;

use crate::auth::Writer;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::state::AppState;

/// The header of the key.
const KEY: &str = "dd-api-key";
/// What the address may say about all records.
const DEFAULTS: [&str; 4] = ["service", "ddsource", "hostname", "ddtags"];

/// Takes records.
pub async fn logs(
    State(state): State<Arc<AppState>>,
    Query(parameters): Query<HashMap<String, String>>,
    request: Request,
) -> Response {
    match take(&state, &parameters, request).await {
        Ok(response) => response,
        Err(problem) => refusal(problem),
    }
}

/// Says whether the key is good.
pub async fn validate(State(state): State<Arc<AppState>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    match writer(&mut parts, &state).await {
        Ok(_) => Json(json!({ "valid": true })).into_response(),
        Err(problem) => refusal(problem),
    }
}

async fn take(
    state: &Arc<AppState>,
    parameters: &HashMap<String, String>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let writer = writer(&mut parts, state).await?;
    let is_first_version = parts.uri.path().starts_with("/v1/");
    let defaults: Vec<(String, String)> = DEFAULTS
        .iter()
        .filter_map(|name| {
            let text: String = parameters.get(*name)?.chars().take(1024).collect();
            (!text.is_empty()).then(|| ((*name).to_owned(), text))
        })
        .collect();
    let request = Request::from_parts(parts, body);
    let (decoded, delivery) = receive(state, &writer, request, move |body, context| {
        ingest::decode_datadog(&defaults, body, context)
    })
    .await?;
    delivery.store_good(state, &writer, decoded).await?;
    let status = if is_first_version {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    Ok((status, Json(json!({}))).into_response())
}

/// Who sends: by the header, or by the key in the address, which the clients of version 1 put there.
async fn writer(parts: &mut Parts, state: &Arc<AppState>) -> Result<Writer, Problem> {
    if !parts.headers.contains_key(KEY)
        && let Some(key) = key_of_address(parts, state).await
        && let Ok(key) = HeaderValue::from_str(&key)
    {
        parts.headers.insert(KEY, key);
    }
    Writer::from_request_parts(parts, state).await
}

async fn key_of_address(parts: &mut Parts, state: &Arc<AppState>) -> Option<String> {
    type Named = HashMap<String, String>;
    let Query(mut query) = Query::<Named>::from_request_parts(parts, state)
        .await
        .ok()?;
    if let Some(key) = query.remove("api_key").or_else(|| query.remove(KEY)) {
        return Some(key);
    }
    let Path(mut path) = Path::<Named>::from_request_parts(parts, state).await.ok()?;
    path.remove("api_key")
}

fn refusal(problem: Problem) -> Response {
    let status = match problem.kind() {
        ErrorKind::Unauthenticated => StatusCode::FORBIDDEN,
        _ => problem.status(),
    };
    let body = json!({ "errors": [{
        "status": status.as_str(),
        "title": status.canonical_reason().unwrap_or("error"),
        "detail": problem.public_detail(),
    }] });
    problem.answer_as(status, &body)
}
