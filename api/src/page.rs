//! The page: the built files of `ui/`, inside the executable.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::Problem;

/// The built page. The files are committed, so that building Vigil needs no Node.
#[derive(RustEmbed)]
#[folder = "../ui/dist"]
struct Files;

/// Serves a file of the page; every other address that a browser opens gets the page itself, which reads
/// the address.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::not_found("the route").into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let mut response = Problem::method_not_allowed(&method).into_response();
        let allowed = HeaderValue::from_static("GET,HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return response;
    }
    if let Some(response) = file(path, &headers) {
        return response;
    }
    if method == Method::HEAD && crate::routes::is_elasticsearch_client(&headers) {
        return crate::routes::index_exists();
    }
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let is_asset = path
        .rsplit('/')
        .next()
        .is_some_and(|name| name.contains('.'));
    if path.is_empty() || (wants_page && !is_asset) {
        return file("index.html", &headers).unwrap_or_else(missing);
    }
    Problem::not_found("the page").into_response()
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let found = Files::get(path)?;
    let tag = format!("\"{}\"", hex::encode(&found.metadata.sha256_hash()[..12]));
    let is_named_by_content = path.starts_with("assets/");
    let cache = if is_named_by_content {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        found.data.into_owned().into_response()
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let fields = [
        (header::CONTENT_TYPE, kind.as_ref()),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, tag.as_str()),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    Some(response)
}

fn missing() -> Response {
    (
        StatusCode::NOT_FOUND,
        "the page was not built into this executable: run `cargo xtask ui` and build again\n",
    )
        .into_response()
}
