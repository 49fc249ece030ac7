//! All routes, in one table with who may use them.

pub mod ask;
mod better_stack;
mod datadog;
pub mod digest;
mod doors;
mod elasticsearch;
pub mod explain;
pub mod export;
mod gelf;
pub mod health;
pub mod identity;
pub mod incidents;
pub mod ingest;
mod journald;
mod loki;
mod mcp;
pub mod openapi;
pub(crate) mod otlp;
pub mod policies;
mod prometheus;
pub mod query;
mod repetition;
pub mod search;
mod slack;
mod splunk;
pub mod sql;
pub mod topology;
pub mod traces;
pub mod upkeep;
pub mod wire;

use std::sync::Arc;

use axum::handler::Handler;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router, middleware};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::grpc;
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
    /// A person, or a read token: it changes nothing.
    Read,
    /// A person: it changes something.
    Act,
    /// A person who is an admin.
    Admin,
    /// A person, or the token for metrics.
    Scrape,
}

/// One method of one path. The handler's extractors enforce `access`, and each request bears it for them; a test compares the
/// two for every route.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    handler: MethodRouter<Arc<AppState>>,
}

impl Endpoint {
    /// The handler, whose requests bear who may.
    fn marked(self) -> MethodRouter<Arc<AppState>> {
        self.handler.route_layer(Extension(self.access))
    }
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
    use Access::{Act, Admin, Public, Read, Scrape, Write};
    vec![
        get(Public, "/livez", health::livez),
        get(Public, "/healthz", health::livez),
        get(Public, "/readyz", health::readyz),
        get(Scrape, "/metrics", health::metrics),
        get(Public, "/api/v1/openapi.json", openapi::openapi),
        post(Public, "/api/v1/login", identity::login),
        post(Act, "/api/v1/logout", identity::logout),
        get(Read, "/api/v1/me", identity::me),
        get(Read, "/api/v1/status", health::status),
        get(Admin, "/api/v1/tokens", identity::list_tokens),
        post(Admin, "/api/v1/tokens", identity::create_token),
        delete(Admin, "/api/v1/tokens/{id}", identity::revoke_token),
        post(Write, "/api/v1/logs", ingest::logs),
        post(Write, "/api/v1/metrics", ingest::metrics),
        post(Write, "/api/v1/events", ingest::events),
        get(Read, "/api/v1/logs", search::logs),
        delete(Admin, "/api/v1/logs", upkeep::delete),
        get(Read, "/api/v1/deletions", upkeep::deletions),
        get(Read, "/api/v1/retention", upkeep::retention),
        put(Admin, "/api/v1/retention", upkeep::set_retention),
        post(Admin, "/api/v1/blocks/check", upkeep::check),
        get(Read, "/api/v1/logs/histogram", search::histogram),
        get(Read, "/api/v1/logs/tail", search::tail::follow),
        get(Read, "/api/v1/logs/{id}/context", search::context),
        get(Read, "/api/v1/patterns", search::patterns::list),
        get(
            Read,
            "/api/v1/patterns/about",
            search::patterns::about::about,
        ),
        get(Read, "/api/v1/patterns/diff", search::patterns::diff),
        get(Read, "/api/v1/patterns/{id}", search::patterns::get),
        get(Read, "/api/v1/services", search::services),
        get(Read, "/api/v1/services/graph", topology::graph),
        post(Read, "/api/v1/query", query::query),
        post(Read, "/api/v1/sql", sql::sql),
        get(Read, "/api/v1/export", export::export),
        get(Read, "/api/v1/traces", traces::list),
        get(Read, "/api/v1/traces/{trace_id}", traces::get),
        get(Read, "/api/v1/topology", topology::topology),
        get(Read, "/api/v1/clusters", policies::clusters),
        post(Read, "/api/v1/ask", ask::ask),
        post(Read, "/api/v1/explain", explain::explain),
        get(Read, "/api/v1/digest", digest::digest),
        get(Read, "/api/v1/anomalies", incidents::anomalies),
        post(
            Act,
            "/api/v1/anomalies/{id}/feedback",
            incidents::judge::feedback,
        ),
        post(Act, "/api/v1/detect", incidents::detect),
        post(Act, "/api/v1/detect/relearn", incidents::judge::relearn),
        get(Read, "/api/v1/incidents", incidents::list),
        get(Read, "/api/v1/incidents/compare", incidents::texts::compare),
        get(Read, "/api/v1/incidents/{id}", incidents::get),
        get(Read, "/api/v1/incidents/{id}/summary", incidents::summary),
        get(
            Read,
            "/api/v1/incidents/{id}/postmortem",
            incidents::texts::postmortem,
        ),
        post(Act, "/api/v1/incidents/{id}/ack", incidents::acknowledge),
        post(Act, "/api/v1/incidents/{id}/resolve", incidents::resolve),
        post(
            Act,
            "/api/v1/incidents/{id}/feedback",
            incidents::judge::incident_feedback,
        ),
        post(Act, "/api/v1/incidents/{id}/merge", incidents::judge::merge),
        post(Act, "/api/v1/incidents/{id}/split", incidents::judge::split),
        get(Read, "/api/v1/policies", policies::list),
        post(Admin, "/api/v1/policies", policies::put),
        delete(Admin, "/api/v1/policies/{name}", policies::delete),
        get(Read, "/api/v1/receivers", policies::receivers),
        post(Admin, "/api/v1/receivers/test", policies::test_receiver),
    ]
}

/// Our own routes alone, without log, compression and page: for requests that come from inside.
pub(crate) fn bare_router(state: Arc<AppState>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        router = router.route(endpoint.path, endpoint.marked());
    }
    router.with_state(state)
}

/// The whole HTTP interface.
pub fn router(state: Arc<AppState>) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints().into_iter().chain(front_doors()) {
        router = router.route(endpoint.path, endpoint.marked());
    }
    // Pages and answers shrink to a fifth; streams of events are left alone, so that each is sent at once.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(other)
        .layer(middleware::from_fn(canonical_line))
        .layer(compression)
        .with_state(state)
}

/// What stands on the ports of OTLP: both its forms on each, for the two are easily confused, and nothing else.
pub fn otlp_router(state: Arc<AppState>) -> Router {
    let mut router = Router::new();
    for endpoint in doors::otlp_doors() {
        router = router.route(endpoint.path, endpoint.marked());
    }
    router
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(nothing_else)
        .layer(middleware::from_fn(canonical_line))
        .with_state(state)
}

async fn other(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if grpc::is_grpc(&headers) {
        return grpc::unknown(&uri);
    }
    crate::page::serve(method, uri, headers).await
}

async fn nothing_else(uri: Uri, headers: HeaderMap) -> Response {
    if grpc::is_grpc(&headers) {
        return grpc::unknown(&uri);
    }
    Problem::not_found("the route")
        .with_hint("this port takes OTLP only: /v1/logs, /v1/metrics, /v1/traces, and gRPC")
        .into_response()
}

async fn method_not_allowed(method: Method) -> Response {
    Problem::method_not_allowed(&method).into_response()
}
