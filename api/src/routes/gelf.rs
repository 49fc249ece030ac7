//! GELF over HTTP: `POST /gelf`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};

use crate::auth::Writer;
use crate::problem::Problem;
use crate::routes::doors::receive_with;
use crate::state::AppState;

/// Takes messages: one object, as the clients send, or several.
pub async fn messages(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    request: Request,
) -> Result<StatusCode, Problem> {
    let mut headers = request.headers().clone();
    drop_claims(&mut headers);
    let (decoded, delivery) =
        receive_with(&state, &writer, request, headers, ingest::decode_gelf).await?;
    delivery.store_good(&state, &writer, decoded).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The clients for Python say `gzip,deflate` of whatever they send. The first bytes of a body tell how it is packed.
fn drop_claims(headers: &mut HeaderMap) {
    let is_list = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.contains(',')
                && value
                    .split(',')
                    .all(|name| ingest::Encoding::from_header(Some(name)).is_ok())
        });
    if is_list {
        headers.remove(header::CONTENT_ENCODING);
    }
}
