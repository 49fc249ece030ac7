//! All routes. Every one of them needs a credential, except for the few that are listed as public.

pub mod ask;
pub mod health;
pub mod identity;
pub mod incidents;
pub mod ingest;
pub mod policies;
pub mod search;
pub mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{delete, get, post};

use crate::request_log::canonical_line;
use crate::state::AppState;

/// Largest body of a request that carries no records.
const SMALL_BODY_BYTES: usize = 1024 * 1024;

/// The whole HTTP interface.
pub fn router(state: Arc<AppState>) -> Router {
    let ingest_limit = state.limits.body_bytes;
    let ingest = Router::new()
        .route("/api/v1/metrics", post(ingest::metrics))
        .route("/api/v1/events", post(ingest::events))
        .route("/api/v1/logs", post(ingest::logs).get(search::logs))
        .layer(DefaultBodyLimit::max(ingest_limit));
    let members = Router::new()
        .route("/api/v1/logs/histogram", get(search::histogram))
        .route("/api/v1/logs/{id}/context", get(search::context))
        .route("/api/v1/patterns", get(search::patterns))
        .route("/api/v1/patterns/{id}", get(search::pattern))
        .route("/api/v1/services", get(search::services))
        .route("/api/v1/clusters", get(policies::clusters))
        .route("/api/v1/ask", post(ask::ask))
        .route("/api/v1/anomalies", get(incidents::anomalies))
        .route("/api/v1/detect", post(incidents::detect))
        .route("/api/v1/incidents", get(incidents::list))
        .route("/api/v1/incidents/{id}", get(incidents::get))
        .route("/api/v1/incidents/{id}/summary", get(incidents::summary))
        .route("/api/v1/incidents/{id}/ack", post(incidents::acknowledge))
        .route("/api/v1/incidents/{id}/resolve", post(incidents::resolve))
        .route("/api/v1/policies", get(policies::list).post(policies::put))
        .route("/api/v1/policies/{name}", delete(policies::delete))
        .route("/api/v1/receivers", get(policies::receivers))
        .route("/api/v1/receivers/test", post(policies::test_receiver))
        .route(
            "/api/v1/tokens",
            get(identity::list_tokens).post(identity::create_token),
        )
        .route("/api/v1/tokens/{id}", delete(identity::revoke_token))
        .route("/api/v1/me", get(identity::me))
        .route("/api/v1/logout", post(identity::logout))
        .route("/api/v1/status", get(health::status))
        .route("/metrics", get(health::metrics))
        .layer(DefaultBodyLimit::max(SMALL_BODY_BYTES));
    let public = Router::new()
        .route("/livez", get(health::livez))
        .route("/healthz", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/api/v1/login", post(identity::login))
        .layer(DefaultBodyLimit::max(SMALL_BODY_BYTES));
    Router::new()
        .merge(ingest)
        .merge(members)
        .merge(public)
        .fallback(crate::page::serve)
        .layer(middleware::from_fn(canonical_line))
        .with_state(state)
}
