//! `/livez`, `/readyz`, `/metrics`, `/api/v1/status`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::{Check, CheckStatus};
use serde::Serialize;

use crate::auth::{Member, Scraper};
use crate::program;
use crate::state::AppState;

/// The process runs. Never looks at a dependency: a restart would not bring the database back.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, description = "the process runs", body = String, content_type = "text/plain")))]
pub async fn livez() -> &'static str {
    "ok\n"
}

/// One thing that readiness looks at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CheckItem {
    name: &'static str,
    /// `ok`, `degraded` (works without it), or `failed`.
    status: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    how_to_fix: Option<String>,
}

impl CheckItem {
    /// Everything, for people who are logged in.
    fn full(check: Check, program: &str) -> Self {
        Self {
            name: check.name,
            status: check.status.as_str(),
            detail: check.detail,
            how_to_fix: check.how_to_fix.map(|text| with_program(&text, program)),
        }
    }

    /// For anybody: what is missing and how to get it, in constant words. What a driver says names hosts,
    /// files and accounts.
    fn public(check: Check, program: &str) -> Self {
        let detail = match (check.status, &check.how_to_fix) {
            (CheckStatus::Ok, _) => "works",
            (CheckStatus::Degraded, None) => "is on its way; everything else works without it",
            (CheckStatus::Degraded, Some(_)) => "is missing; everything else works without it",
            (CheckStatus::Failed, _) => "cannot be reached; nothing works without it",
        };
        Self {
            detail: detail.to_owned(),
            ..Self::full(check, program)
        }
    }
}

/// Hints name commands as `vigil ...`; shows them as they run from where the server was started.
fn with_program(hint: &str, program: &str) -> String {
    hint.replace("`vigil ", &format!("`{program} "))
}

/// Whether requests can be served: 503 when something that is needed fails. `?verbose` lists everything,
/// for people and without secrets.
#[utoipa::path(get, path = "/readyz", tag = "health",
    params(("verbose" = Option<String>, Query, description = "lists every part; what is missing and how to get it")),
    responses(
        (status = 200, description = "requests can be served", body = Vec<CheckItem>),
        (status = 503, description = "something that is needed fails", body = Vec<CheckItem>)
    ))]
pub async fn readyz(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Response {
    let checks = state.readiness().await;
    let is_ready = checks
        .iter()
        .all(|check| !matches!(check.status, CheckStatus::Failed));
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
    let program = program::public_name();
    let items: Vec<CheckItem> = checks
        .into_iter()
        .map(|check| CheckItem::public(check, &program))
        .collect();
    (status, Json(items)).into_response()
}

/// Our own metrics in Prometheus text. Needs a session, or the metrics token for a scraper.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")))]
pub async fn metrics(State(state): State<Arc<AppState>>, _scraper: Scraper) -> Response {
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatusAnswer {
    version: &'static str,
    store: String,
    index: String,
    checks: Vec<CheckItem>,
}

/// Says what the server is made of and how it does.
#[utoipa::path(get, path = "/api/v1/status", tag = "health", responses((status = 200, body = StatusAnswer)))]
pub async fn status(State(state): State<Arc<AppState>>, _member: Member) -> Json<StatusAnswer> {
    let program = program::name();
    let checks = state.readiness().await;
    Json(StatusAnswer {
        version: env!("CARGO_PKG_VERSION"),
        store: state.engine.store_backend().to_owned(),
        index: state.engine.index_backend().to_owned(),
        checks: checks
            .into_iter()
            .map(|check| CheckItem::full(check, &program))
            .collect(),
    })
}

#[cfg(test)]
mod tests;
