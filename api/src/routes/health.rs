//! `/livez`, `/readyz`, `/metrics`, `/api/v1/status`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::auth::{Member, Writer};
use crate::problem::Problem;
use crate::state::AppState;

/// The process runs. Never looks at a dependency: a restart would not bring the database back.
pub async fn livez() -> &'static str {
    "ok\n"
}

/// One thing that readiness looks at.
#[derive(Debug, Serialize)]
pub struct CheckItem {
    name: &'static str,
    /// `ok`, `degraded` (works without it), or `failed`.
    status: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    how_to_fix: Option<String>,
}

/// Whether requests can be served: 503 when something that is needed fails. `?verbose` lists everything,
/// for people and without secrets.
pub async fn readyz(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Response {
    let checks = state.engine.readiness().await;
    let is_ready = checks
        .iter()
        .all(|check| !matches!(check.status, engine::CheckStatus::Failed));
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let is_verbose =
        query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose")));
    if !is_verbose {
        let text = if is_ready { "ok\n" } else { "not ready\n" };
        return (status, text).into_response();
    }
    let items: Vec<CheckItem> = checks
        .into_iter()
        .map(|check| CheckItem {
            name: check.name,
            status: check.status.as_str(),
            detail: check.detail,
            how_to_fix: check.how_to_fix,
        })
        .collect();
    (status, Json(items)).into_response()
}

/// Our own metrics in Prometheus text. Needs a credential; an ingest token is enough for a scraper.
pub async fn metrics(State(state): State<Arc<AppState>>, _writer: Writer) -> Response {
    state.metrics.run_upkeep();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        state.metrics.render(),
    )
        .into_response()
}

/// What the server is, for the page.
#[derive(Debug, Serialize)]
pub struct StatusAnswer {
    version: &'static str,
    store: String,
    index: String,
    checks: Vec<CheckItem>,
}

/// Says what the server is made of and how it does.
pub async fn status(
    State(state): State<Arc<AppState>>,
    _member: Member,
) -> Result<Json<StatusAnswer>, Problem> {
    let checks = state.engine.readiness().await;
    Ok(Json(StatusAnswer {
        version: env!("CARGO_PKG_VERSION"),
        store: state.engine.store_backend().to_owned(),
        index: state.engine.index_backend().to_owned(),
        checks: checks
            .into_iter()
            .map(|check| CheckItem {
                name: check.name,
                status: check.status.as_str(),
                detail: check.detail,
                how_to_fix: check.how_to_fix,
            })
            .collect(),
    }))
}
