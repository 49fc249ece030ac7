//! Better Stack's `POST /`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use ingest::BetterStackFormat;
use serde_json::json;

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::state::AppState;

/// Takes records.
pub async fn logs(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    request: Request,
) -> Response {
    let has_credential = request.headers().contains_key(header::AUTHORIZATION);
    match take(&state, writer, request).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(problem) => refusal(problem, has_credential),
    }
}

async fn take(
    state: &Arc<AppState>,
    writer: Result<Writer, Problem>,
    request: Request,
) -> Result<(), Problem> {
    let writer = writer?;
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str().unwrap_or("(not text)"));
    let format = BetterStackFormat::from_content_type(content_type)?;
    let (decoded, delivery) = receive(state, &writer, request, move |body, context| {
        ingest::decode_better_stack(format, body, context)
    })
    .await?;
    delivery.store_good(state, &writer, decoded).await
}

/// Its clients know 403 for a wrong token and 406 for a body that cannot be read.
fn refusal(problem: Problem, has_credential: bool) -> Response {
    let status = match problem.kind() {
        ErrorKind::Unauthenticated if has_credential => StatusCode::FORBIDDEN,
        ErrorKind::BadRequest if problem.status() == StatusCode::BAD_REQUEST => {
            StatusCode::NOT_ACCEPTABLE
        }
        _ => problem.status(),
    };
    let body = json!({ "error": problem.public_detail() });
    problem.answer_as(status, &body)
}
