//! The addresses that clients of other programs expect, and the way of their records in.
//!
//! They are in no OpenAPI document: each is described by the program whose clients use it, and docs/front-doors.md says
//! what we make of it.

use std::sync::Arc;

use axum::extract::{FromRequest as _, Request};
use axum::http::HeaderMap;
use domain::{ErrorKind, LogRecord};
use engine::{Accepted, RequestKey};
use ingest::{Context, Decoded, Error};

use crate::auth::Writer;
use crate::extract::RecordBody;
use crate::grpc;
use crate::problem::Problem;
use crate::routes::repetition::Repetition;
use crate::routes::{
    Access, Endpoint, better_stack, datadog, delete, elasticsearch, gelf, get, ingest as rest,
    journald, loki, mcp, otlp, post, prometheus, put, slack, splunk,
};
use crate::state::AppState;

/// Every such address. The first segment decides who is spoken to.
#[must_use]
pub fn front_doors() -> Vec<Endpoint> {
    use Access::{Public, Read, Write};
    let mut doors = vec![
        post(Read, "/mcp", mcp::message),
        get(Read, "/mcp", mcp::message),
        delete(Read, "/mcp", mcp::message),
        post(Public, "/slack/commands", slack::command),
        post(Public, "/slack/interactions", slack::interaction),
        get(Public, "/", elasticsearch::root),
        post(Write, "/", better_stack::logs),
        post(Write, "/services/collector", splunk::events),
        post(Write, "/services/collector/event", splunk::events),
        post(Write, "/services/collector/event/1.0", splunk::events),
        post(Write, "/services/collector/raw", splunk::raw),
        post(Write, "/services/collector/raw/1.0", splunk::raw),
        post(Write, "/services/collector/ack", splunk::acknowledgements),
        get(Public, "/services/collector/health", splunk::health),
        get(Public, "/services/collector/health/1.0", splunk::health),
        post(Write, "/api/v2/logs", datadog::logs),
        post(Write, "/v1/input", datadog::logs),
        post(Write, "/v1/input/{api_key}", datadog::logs),
        get(Write, "/api/v1/validate", datadog::validate),
        post(Write, "/loki/api/v1/push", loki::push),
        post(Write, "/gelf", gelf::messages),
        post(Write, "/upload", journald::upload),
        get(Public, "/loki/api/v1/status/buildinfo", loki::build_info),
        get(Public, "/ready", loki::ready),
    ];
    for path in [
        "/api/v1/write",
        "/api/v1/prom/write",
        "/prometheus/api/v1/write",
    ] {
        doors.push(post(Write, path, prometheus::write));
    }
    for path in ["/_bulk", "/elasticsearch/_bulk"] {
        doors.push(post(Write, path, elasticsearch::bulk));
        doors.push(put(Write, path, elasticsearch::bulk));
    }
    for path in ["/{index}/_bulk", "/elasticsearch/{index}/_bulk"] {
        doors.push(post(Write, path, elasticsearch::bulk_of_index));
        doors.push(put(Write, path, elasticsearch::bulk_of_index));
    }
    doors.extend(elasticsearch::stubs());
    doors.extend(otlp_doors());
    doors.extend(loki::reads());
    doors
}

/// OTLP in both its forms.
pub(super) fn otlp_doors() -> Vec<Endpoint> {
    use Access::Write;
    vec![
        post(Write, "/v1/logs", otlp::logs),
        post(Write, "/v1/metrics", otlp::metrics),
        post(Write, "/v1/traces", otlp::traces),
        post(Write, grpc::LOGS, grpc::logs),
        post(Write, grpc::METRICS, grpc::metrics),
        post(Write, grpc::TRACES, grpc::traces),
    ]
}

/// A body that was read, and what must be kept until its records are stored.
pub(super) struct Delivery {
    key: Option<RequestKey>,
    _share: Option<tokio::sync::OwnedSemaphorePermit>,
}

/// Reads and decodes the body of a request whose sender may write.
pub(super) async fn receive<T, F>(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    decode: F,
) -> Result<(T, Delivery), Problem>
where
    T: Send + 'static,
    F: FnOnce(&[u8], &Context<'_>) -> Result<T, Error> + Send + 'static,
{
    let headers = request.headers().clone();
    receive_with(state, writer, request, headers, decode).await
}

/// The same with other headers than its own, for clients whose headers are wrong.
pub(super) async fn receive_with<T, F>(
    state: &Arc<AppState>,
    writer: &Writer,
    request: Request,
    headers: HeaderMap,
    decode: F,
) -> Result<(T, Delivery), Problem>
where
    T: Send + 'static,
    F: FnOnce(&[u8], &Context<'_>) -> Result<T, Error> + Send + 'static,
{
    let repetition = Repetition::of(state, request.uri(), &headers)?;
    let RecordBody { bytes, share } = RecordBody::from_request(request, state).await?;
    let service = rest::header_text(&headers, "x-vigil-service");
    let decode = move |body: &[u8], context: &Context<'_>| {
        let decoded = decode(body, context)?;
        Ok::<_, Error>((decoded, repetition.key(body)))
    };
    let (decoded, key) =
        rest::decode(state, writer.project_id, &headers, service, bytes, decode).await?;
    let delivery = Delivery { key, _share: share };
    Ok((decoded, delivery))
}

impl Delivery {
    /// Stores records of it; they are durable when this returns.
    pub async fn store(
        &self,
        state: &Arc<AppState>,
        writer: &Writer,
        records: Vec<LogRecord>,
    ) -> Result<Accepted, Problem> {
        let intake = state.engine.intake();
        Ok(intake
            .submit_known(writer.project_id, self.key, records)
            .await?)
    }

    /// Stores what was read. Senders that are not told of single records hear of a problem only when there was nothing
    /// good among them: they would drop or send again the good ones as well.
    pub async fn store_good(
        &self,
        state: &Arc<AppState>,
        writer: &Writer,
        decoded: Decoded<LogRecord>,
    ) -> Result<(), Problem> {
        let sent = decoded.accepted.len() + decoded.rejected_count;
        let outcome = self.store(state, writer, decoded.accepted).await?;
        let refused = sent.saturating_sub(outcome.count);
        if refused > 0 && outcome.count > 0 {
            metrics::counter!("vigil_api_door_records_refused_total").increment(refused as u64);
            tracing::debug!(
                refused,
                accepted = outcome.count,
                "records of a request were refused; its sender cannot be told"
            );
        }
        if outcome.count > 0 || sent == 0 {
            return Ok(());
        }
        let rejected = decoded.rejected.into_iter().map(|item| item.reason);
        let refused = outcome.refused.into_iter().map(|(_, reason)| reason);
        let reason = rejected.chain(refused).next().unwrap_or_default();
        let kind = if reason.contains(" bytes, limit is") {
            ErrorKind::TooLarge
        } else {
            ErrorKind::BadRequest
        };
        Err(Problem::new(kind, reason))
    }
}
