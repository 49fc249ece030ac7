//! `GET /api/v1/openapi.json`: the interface as OpenAPI, out of the same types and the same table as the routes.

use std::sync::LazyLock;

use axum::http::{Method, header};
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, PathItem, Ref, ResponseBuilder};

use crate::problem::ProblemBody;
use crate::routes::{
    Access, Endpoint, ask, digest, endpoints, explain, export, health, identity, incidents, ingest,
    policies, query, search, sql, topology, traces, upkeep,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vigil",
        description = "Errors are application/problem+json with a stable code. Instants are RFC 3339, UTC.",
        license(name = "Apache-2.0")
    ),
    paths(
        health::livez,
        health::readyz,
        health::metrics,
        health::status,
        identity::login,
        identity::logout,
        identity::me,
        identity::create_token,
        identity::list_tokens,
        identity::revoke_token,
        ingest::logs,
        ingest::metrics,
        ingest::events,
        search::logs,
        search::histogram,
        search::tail::follow,
        search::context,
        search::patterns::list,
        search::patterns::diff,
        search::patterns::about::about,
        search::patterns::get,
        search::services,
        query::query,
        sql::sql,
        export::export,
        traces::list,
        traces::get,
        topology::topology,
        topology::graph,
        upkeep::delete,
        upkeep::deletions,
        upkeep::retention,
        upkeep::set_retention,
        upkeep::check,
        ask::ask,
        explain::explain,
        digest::digest,
        incidents::list,
        incidents::texts::compare,
        incidents::get,
        incidents::summary,
        incidents::texts::postmortem,
        incidents::acknowledge,
        incidents::resolve,
        incidents::judge::feedback,
        incidents::judge::incident_feedback,
        incidents::judge::relearn,
        incidents::judge::merge,
        incidents::judge::split,
        incidents::anomalies,
        incidents::detect,
        policies::list,
        policies::put,
        policies::delete,
        policies::test_receiver,
        policies::receivers,
        policies::clusters,
        openapi
    ),
    components(schemas(ProblemBody))
)]
struct Document;

/// The document as it is sent.
static TEXT: LazyLock<String> = LazyLock::new(|| {
    // Our own types: they can be written.
    serde_json::to_string_pretty(&document()).unwrap_or_default() + "\n"
});

/// The interface as OpenAPI.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "health", responses((status = 200, description = "this document")))]
pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}

/// The document, with the credentials and refusals that the table of routes tells.
fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("session", "from POST /api/v1/login"),
        ("ingest_token", "from POST /api/v1/tokens; may only write"),
        (
            "read_token",
            "from POST /api/v1/tokens with the scope read; may only read",
        ),
        (
            "metrics_token",
            "VIGIL_METRICS_TOKEN; may only read /metrics",
        ),
    ] {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(description))
            .build();
        components
            .security_schemes
            .insert(name.to_owned(), SecurityScheme::Http(scheme).into());
    }
    for endpoint in endpoints() {
        let Some(item) = document.paths.paths.get_mut(endpoint.path) else {
            continue;
        };
        if let Some(operation) = operation(item, &endpoint.method) {
            complete(operation, &endpoint);
        }
    }
    document
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, endpoint: &Endpoint) {
    // Handlers of different files may share a name; ids may not.
    let words = endpoint
        .path
        .trim_start_matches("/api/v1")
        .split(['/', '{', '}', '.'])
        .filter(|word| !word.is_empty());
    let id: Vec<&str> = words.collect();
    operation.operation_id = Some(format!(
        "{}_{}",
        endpoint.method.as_str().to_lowercase(),
        id.join("_")
    ));
    let schemes: &[&str] = match endpoint.access {
        Access::Public => &[],
        Access::Write => &["ingest_token", "session"],
        Access::Read => &["session", "read_token"],
        Access::Act | Access::Admin => &["session"],
        Access::Scrape => &["session", "metrics_token"],
    };
    operation.security = Some(
        schemes
            .iter()
            .map(|name| SecurityRequirement::new(*name, Vec::<String>::new()))
            .collect(),
    );
    let problem = ResponseBuilder::new()
        .description("a refusal or a failure")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("ProblemBody")))
                .build(),
        )
        .build();
    operation
        .responses
        .responses
        .insert("default".to_owned(), problem.into());
}

#[cfg(test)]
mod tests;
