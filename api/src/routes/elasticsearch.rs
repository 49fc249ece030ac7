//! Elasticsearch as shippers know it: `_bulk`, and what they ask for before they send.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use ingest::Bulk;
use serde_json::{Value, json};

use crate::auth::Writer;
use crate::extract::Path;
use crate::problem::Problem;
use crate::routes::doors::receive;
use crate::routes::{Access, Endpoint, get, put};
use crate::state::AppState;

use self::items::Wanted;

mod items;

/// Clients refuse a server that does not send it.
const PRODUCT: HeaderName = HeaderName::from_static("x-elastic-product");
/// The version that we speak like.
const VERSION: &str = "8.17.0";

/// The version for clients, the page for people.
pub async fn root(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if !is_client(&headers) {
        return crate::page::serve(method, uri, headers).await;
    }
    product(Json(json!({
        "name": "vigil",
        "cluster_name": "vigil",
        "cluster_uuid": "dmlnaWwtdmlnaWwtdmlnaW",
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "tar",
            "build_hash": "0000000000000000000000000000000000000000",
            "build_date": "2024-12-11T12:08:05.663969764Z",
            "build_snapshot": false,
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    })))
}

/// Whether a client or shipper asks, not a browser.
pub(crate) fn is_client(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let accept = text(header::ACCEPT);
    if accept.contains("text/html") {
        return false;
    }
    let agent = text(header::USER_AGENT);
    accept.contains("application/json")
        || accept.contains("application/vnd.elasticsearch+json")
        || [
            "elastic",
            "opensearch",
            "beat",
            "logstash",
            "fluent",
            "vector",
        ]
        .iter()
        .any(|name| agent.contains(name))
}

/// The answer to `HEAD /{index}`: every index exists, none has to be made.
pub(crate) fn index_exists() -> Response {
    product(StatusCode::OK)
}

/// Takes documents.
pub async fn bulk(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    request: Request,
) -> Response {
    answer(take(&state, writer, None, request).await)
}

/// Takes documents, most of them for one index.
pub async fn bulk_of_index(
    State(state): State<Arc<AppState>>,
    writer: Result<Writer, Problem>,
    Path(path): Path<HashMap<String, String>>,
    request: Request,
) -> Response {
    answer(take(&state, writer, path.get("index").cloned(), request).await)
}

fn answer(taken: Result<String, Problem>) -> Response {
    match taken {
        Ok(json) => product(([(header::CONTENT_TYPE, "application/json")], json)),
        Err(problem) => product(refusal(problem)),
    }
}

async fn take(
    state: &Arc<AppState>,
    writer: Result<Writer, Problem>,
    index: Option<String>,
    request: Request,
) -> Result<String, Problem> {
    let started = Instant::now();
    let writer = writer?;
    let wanted = Wanted::of_query(request.uri().query().unwrap_or_default());
    let (bulk, delivery) = receive(state, &writer, request, move |body, context| {
        ingest::decode_bulk(index.as_deref(), body, context)
    })
    .await?;
    let Bulk { items, records } = bulk;
    if items.is_empty() {
        return Err(Problem::bad_request("request body is required"));
    }
    let outcome = delivery.store(state, &writer, records).await?;
    let refused: HashMap<usize, String> = outcome.refused.into_iter().collect();
    let request_id = uuid::Uuid::new_v4().simple().to_string();
    let took_ms = started.elapsed().as_millis();
    Ok(items::answer(
        &items,
        &refused,
        wanted,
        &request_id,
        took_ms,
    ))
}

fn refusal(problem: Problem) -> Response {
    let kind = match problem.kind() {
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => "security_exception",
        ErrorKind::RateLimited | ErrorKind::Unavailable => "es_rejected_execution_exception",
        ErrorKind::Internal => "exception",
        _ => "illegal_argument_exception",
    };
    let status = problem.status();
    let error = json!({ "type": kind, "reason": problem.public_detail() });
    let body = json!({
        "error": { "root_cause": [error], "type": kind, "reason": problem.public_detail() },
        "status": status.as_u16(),
    });
    problem.answer_as(status, &body)
}

fn product(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let name = HeaderValue::from_static("Elasticsearch");
    response.headers_mut().insert(PRODUCT, name);
    response
}

/// What shippers ask for before they send. Templates, policies, pipelines and streams are all there already, so nothing
/// is made; the answers say nothing about this server, so anybody may ask.
pub(super) fn stubs() -> Vec<Endpoint> {
    use Access::Public;
    let mut stubs = vec![
        get(Public, "/_license", license),
        get(Public, "/_xpack", xpack),
        get(Public, "/_nodes/http", nodes),
        get(Public, "/_nodes/_all/http", nodes),
        get(Public, "/_cluster/health", health),
        get(Public, "/_ingest/pipeline", nothing),
    ];
    for path in [
        "/_ilm/policy/{name}",
        "/_index_template/{name}",
        "/_component_template/{name}",
        "/_template/{name}",
        "/_data_stream/{name}",
        "/_ingest/pipeline/{name}",
    ] {
        stubs.push(get(Public, path, present));
        stubs.push(put(Public, path, acknowledged));
    }
    stubs
}

async fn license() -> Response {
    product(Json(json!({ "license": {
        "status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic",
    } })))
}

async fn xpack() -> Response {
    let off = json!({ "available": true, "enabled": false });
    let on = json!({ "available": true, "enabled": true });
    product(Json(json!({
        "build": { "hash": "", "date": "" },
        "license": { "uid": "", "type": "basic", "mode": "basic", "status": "active" },
        "features": { "ilm": on, "data_streams": on, "monitoring": off, "security": off, "ml": off },
        "tagline": "You know, for X",
    })))
}

/// Sniffing clients go on with the addresses that this gives: the one they used.
async fn nodes(headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    product(Json(json!({
        "_nodes": { "total": 1, "successful": 1, "failed": 0 },
        "cluster_name": "vigil",
        "nodes": { "vigil": {
            "name": "vigil",
            "version": VERSION,
            "roles": ["data", "ingest", "master"],
            "http": { "publish_address": host, "bound_address": [host] },
        } },
    })))
}

async fn health() -> Response {
    product(Json(json!({
        "cluster_name": "vigil", "status": "green", "timed_out": false, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
        "initializing_shards": 0, "unassigned_shards": 0, "active_shards_percent_as_number": 100.0,
    })))
}

async fn nothing() -> Response {
    product(Json(json!({})))
}

async fn acknowledged() -> Response {
    product(Json(json!({ "acknowledged": true })))
}

async fn present(uri: Uri, Path(path): Path<HashMap<String, String>>) -> Response {
    let name = path.get("name").map(String::as_str).unwrap_or_default();
    let kind = uri.path().trim_start_matches('/');
    let body = if kind.starts_with("_index_template") {
        json!({ "index_templates": [{ "name": name, "index_template": { "index_patterns": [name], "composed_of": [] } }] })
    } else if kind.starts_with("_component_template") {
        json!({ "component_templates": [{ "name": name, "component_template": { "template": {} } }] })
    } else if kind.starts_with("_data_stream") {
        json!({ "data_streams": [{
            "name": name, "timestamp_field": { "name": "@timestamp" }, "indices": [], "generation": 1, "status": "GREEN",
        }] })
    } else {
        named(name, kind)
    };
    product(Json(body))
}

/// The kinds that are told under their names.
fn named(name: &str, kind: &str) -> Value {
    let thing = if kind.starts_with("_ilm") {
        json!({ "version": 1, "policy": { "phases": {} } })
    } else if kind.starts_with("_ingest") {
        json!({ "processors": [] })
    } else {
        json!({ "index_patterns": [name] })
    };
    let mut body = serde_json::Map::new();
    body.insert(name.to_owned(), thing);
    body.into()
}
