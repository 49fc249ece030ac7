//! `GET /api/v1/traces` and `/api/v1/traces/{trace_id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{NANOS_PER_MINUTE, Span, SpanStatus, TraceId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{SpanCursor, SpanFilter, TraceSummary};

use crate::auth::Member;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::routes::search::{RecordItem, range_between};
use crate::state::AppState;

/// Traces of a page when nobody says.
const DEFAULT_LIMIT: usize = 50;
/// What is looked at when nobody says: an hour.
const DEFAULT_RANGE_NS: i64 = 60 * NANOS_PER_MINUTE;
const NANOS_PER_MILLISECOND: f64 = 1_000_000.0;

/// Conditions on one span of a trace.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TraceQuery {
    /// First instant at which the span may begin: RFC 3339, or a duration before now such as `15m`; an hour ago when it is
    /// left out.
    from: Option<String>,
    /// Last instant.
    to: Option<String>,
    /// The service that worked.
    service: Option<String>,
    /// The span's name, exactly.
    name: Option<String>,
    /// The least duration of the span, milliseconds.
    min_duration_ms: Option<f64>,
    /// `unset`, `ok` or `error`.
    status: Option<String>,
    /// Traces of a page, 1 to 200.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A trace in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TraceItem {
    trace_id: String,
    /// The service of its first span; null while that has not arrived.
    root_service: Option<String>,
    /// The name of its first span; null while that has not arrived.
    root_name: Option<String>,
    start: String,
    /// From the beginning of the first span to the end of the last one.
    duration_ms: f64,
    span_count: u64,
    /// Spans whose status is an error.
    error_count: u64,
    services: Vec<String>,
}

impl From<TraceSummary> for TraceItem {
    fn from(summary: TraceSummary) -> Self {
        let (root_service, root_name) = summary.root.unzip();
        Self {
            trace_id: summary.trace_id.to_string(),
            root_service,
            root_name,
            start: domain::format_timestamp(summary.start_ns),
            duration_ms: milliseconds(summary.end_ns.saturating_sub(summary.start_ns)),
            span_count: summary.span_count,
            error_count: summary.error_count,
            services: summary.services,
        }
    }
}

/// A page of traces.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TracesAnswer {
    /// The trace with the newest matching span first.
    traces: Vec<TraceItem>,
    /// Give it back as `cursor` for the next page; null on the last. A page before the last may be short.
    next_cursor: Option<String>,
    from: String,
    to: String,
}

/// Searches traces by what one of their spans is like.
#[utoipa::path(get, path = "/api/v1/traces", tag = "traces", params(TraceQuery), responses((status = 200, body = TracesAnswer)))]
pub async fn list(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<TraceQuery>,
) -> Result<Json<TracesAnswer>, Problem> {
    let range = range_between(
        query.from.as_deref(),
        query.to.as_deref(),
        DEFAULT_RANGE_NS,
        state.clock.now_ns(),
    )?;
    let mut filter = SpanFilter::in_range(range);
    filter.service = query.service.filter(|text| !text.is_empty());
    filter.name = query.name.filter(|text| !text.is_empty());
    filter.min_duration_ns = query.min_duration_ms.map(least_ns).transpose()?;
    filter.status = query.status.as_deref().map(status).transpose()?;
    let after: Option<SpanCursor> = query
        .cursor
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error: domain::CursorError| Problem::bad_request(error.to_string()))?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let page = state
        .engine
        .search_traces(member.project_id, filter, limit, after)
        .await?;
    Ok(Json(TracesAnswer {
        traces: page.traces.into_iter().map(TraceItem::from).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        from: domain::format_timestamp(range.start_ns),
        to: domain::format_timestamp(range.end_ns),
    }))
}

fn least_ns(milliseconds: f64) -> Result<i64, Problem> {
    if !milliseconds.is_finite() || milliseconds < 0.0 {
        return Err(Problem::bad_request(format!(
            "min_duration_ms is {milliseconds}, it must not be negative"
        )));
    }
    Ok((milliseconds * NANOS_PER_MILLISECOND) as i64)
}

fn status(word: &str) -> Result<SpanStatus, Problem> {
    SpanStatus::from_word(word).ok_or_else(|| {
        let shown: String = word.chars().take(64).collect();
        Problem::bad_request(format!(
            "status is '{shown}', it must be unset, ok or error"
        ))
    })
}

/// A span on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SpanItem {
    span_id: String,
    /// The span that caused it; null at the root. It may be one that has not arrived.
    parent_span_id: Option<String>,
    service: String,
    name: String,
    /// `internal`, `server`, `client`, `producer`, `consumer` or `unspecified`.
    kind: &'static str,
    start: String,
    /// How long after the first span of the trace it began.
    offset_ms: f64,
    duration_ms: f64,
    /// `unset`, `ok` or `error`.
    status: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    status_message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    attributes: Option<Box<RawValue>>,
    /// What happened inside: `time_unix_ns`, `name`, `attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    events: Option<Box<RawValue>>,
    /// Spans of other traces that it belongs to: `trace_id`, `span_id`, `attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    links: Option<Box<RawValue>>,
}

impl SpanItem {
    /// A span of a trace whose first span began at this instant.
    fn new(span: Span, first_ns: i64) -> Self {
        let raw = |text: String| RawValue::from_string(text).ok();
        Self {
            span_id: span.span_id.to_string(),
            parent_span_id: span.parent_span_id.map(|id| id.to_string()),
            kind: span.kind.as_str(),
            start: domain::format_timestamp(span.start_ns),
            offset_ms: milliseconds(span.start_ns.saturating_sub(first_ns)),
            duration_ms: milliseconds(span.duration_ns()),
            status: span.status.as_str(),
            service: span.service,
            name: span.name,
            status_message: span.status_message,
            attributes: raw(span.attributes),
            events: raw(span.events),
            links: raw(span.links),
        }
    }
}

/// A trace with its log records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TraceAnswer {
    trace_id: String,
    /// By their beginning, oldest first; `parent_span_id` makes them a tree.
    spans: Vec<SpanItem>,
    /// Whether there are more spans than the 10,000, or 32 MiB of text, that are shown.
    is_truncated: bool,
    /// The log records that bear the trace's id, oldest first: from five minutes before its first span to five minutes after
    /// its last one, or of the last day when no span has arrived.
    records: Vec<RecordItem>,
    /// Whether there are more records than the 1,000 that are shown.
    has_more_records: bool,
}

/// The spans of a trace and the log records that bear its id.
#[utoipa::path(get, path = "/api/v1/traces/{trace_id}", tag = "traces", params(("trace_id" = String, Path)), responses((status = 200, body = TraceAnswer)))]
pub async fn get(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(trace_id): Path<String>,
) -> Result<Json<TraceAnswer>, Problem> {
    let trace_id: TraceId = trace_id
        .parse()
        .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))?;
    let trace = state.engine.trace(member.project_id, trace_id).await?;
    let first_ns = trace.spans.first().map_or(0, |span| span.start_ns);
    let spans = trace.spans.into_iter();
    Ok(Json(TraceAnswer {
        trace_id: trace_id.to_string(),
        spans: spans.map(|span| SpanItem::new(span, first_ns)).collect(),
        is_truncated: trace.is_truncated,
        records: trace.records.into_iter().map(RecordItem::from).collect(),
        has_more_records: trace.has_more_records,
    }))
}

/// Milliseconds with the digits of a microsecond.
pub(super) fn milliseconds(duration_ns: i64) -> f64 {
    (duration_ns / 1_000) as f64 / 1_000.0
}
