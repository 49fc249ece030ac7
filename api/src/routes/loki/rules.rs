//! Loki's rules: there are none, Vigil's policies have addresses of their own.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::auth::Reader;

/// Groups of rules as Prometheus lists them.
pub async fn groups(_reader: Reader) -> Json<Value> {
    Json(json!({ "status": "success", "data": { "groups": [] } }))
}

/// Files of rules as Loki's ruler lists them.
pub async fn files(_reader: Reader) -> Response {
    ([(header::CONTENT_TYPE, "application/yaml")], "{}\n").into_response()
}
