//! All routes, in one table with who may use them.

pub mod ask;
mod better_stack;
mod datadog;
mod doors;
mod elasticsearch;
pub mod health;
pub mod identity;
pub mod incidents;
pub mod ingest;
mod loki;
pub mod openapi;
mod otlp;
pub mod policies;
pub mod search;
mod splunk;
pub mod wire;

use std::sync::Arc;

use axum::handler::Handler;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use axum::{Router, middleware};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::problem::Problem;
use crate::request_log::canonical_line;
use crate::state::AppState;

pub use doors::front_doors;
pub(crate) use elasticsearch::{index_exists, is_client as is_elasticsearch_client};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// An ingest token, or a person.
    Write,
    /// A person.
    Read,
    /// A person who is an admin.
    Admin,
    /// A person, or the token for metrics.
    Scrape,
}

/// One method of one path. The handler's extractors enforce `access`; a test compares the two for every route.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    handler: MethodRouter<Arc<AppState>>,
}

fn get<H, T>(access: Access, path: &'static str, handler: H) -> Endpoint
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Endpoint {
        method: Method::GET,
        path,
        access,
        handler: routing::get(handler),
    }
}

fn post<H, T>(access: Access, path: &'static str, handler: H) -> Endpoint
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Endpoint {
        method: Method::POST,
        path,
        access,
        handler: routing::post(handler),
    }
}

fn put<H, T>(access: Access, path: &'static str, handler: H) -> Endpoint
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Endpoint {
        method: Method::PUT,
        path,
        access,
        handler: routing::put(handler),
    }
}

fn delete<H, T>(access: Access, path: &'static str, handler: H) -> Endpoint
where
    H: Handler<T, Arc<AppState>>,
    T: 'static,
{
    Endpoint {
        method: Method::DELETE,
        path,
        access,
        handler: routing::delete(handler),
    }
}

/// Every route of our own; [`front_doors`] has those that other programs' clients expect, and what is in neither is the
/// page's.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    use Access::{Admin, Public, Read, Scrape, Write};
    vec![
        get(Public, "/livez", health::livez),
        get(Public, "/healthz", health::livez),
        get(Public, "/readyz", health::readyz),
        get(Scrape, "/metrics", health::metrics),
        get(Public, "/api/v1/openapi.json", openapi::openapi),
        post(Public, "/api/v1/login", identity::login),
        post(Read, "/api/v1/logout", identity::logout),
        get(Read, "/api/v1/me", identity::me),
        get(Read, "/api/v1/status", health::status),
        get(Admin, "/api/v1/tokens", identity::list_tokens),
        post(Admin, "/api/v1/tokens", identity::create_token),
        delete(Admin, "/api/v1/tokens/{id}", identity::revoke_token),
        post(Write, "/api/v1/logs", ingest::logs),
        post(Write, "/api/v1/metrics", ingest::metrics),
        post(Write, "/api/v1/events", ingest::events),
        get(Read, "/api/v1/logs", search::logs),
        get(Read, "/api/v1/logs/histogram", search::histogram),
        get(Read, "/api/v1/logs/{id}/context", search::context),
        get(Read, "/api/v1/patterns", search::patterns),
        get(Read, "/api/v1/patterns/{id}", search::pattern),
        get(Read, "/api/v1/services", search::services),
        get(Read, "/api/v1/clusters", policies::clusters),
        post(Read, "/api/v1/ask", ask::ask),
        get(Read, "/api/v1/anomalies", incidents::anomalies),
        post(Read, "/api/v1/detect", incidents::detect),
        get(Read, "/api/v1/incidents", incidents::list),
        get(Read, "/api/v1/incidents/{id}", incidents::get),
        get(Read, "/api/v1/incidents/{id}/summary", incidents::summary),
        post(Read, "/api/v1/incidents/{id}/ack", incidents::acknowledge),
        post(Read, "/api/v1/incidents/{id}/resolve", incidents::resolve),
        get(Read, "/api/v1/policies", policies::list),
        post(Admin, "/api/v1/policies", policies::put),
        delete(Admin, "/api/v1/policies/{name}", policies::delete),
        get(Read, "/api/v1/receivers", policies::receivers),
        post(Admin, "/api/v1/receivers/test", policies::test_receiver),
    ]
}

/// The whole HTTP interface.
pub fn router(state: Arc<AppState>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints().into_iter().chain(front_doors()) {
        router = router.route(endpoint.path, endpoint.handler);
    }
    // Pages and answers shrink to a fifth; streams of events are left alone, so that each is sent at once.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(crate::page::serve)
        .layer(middleware::from_fn(canonical_line))
        .layer(compression)
        .with_state(state)
}

async fn method_not_allowed(method: Method) -> Response {
    Problem::method_not_allowed(&method).into_response()
}
