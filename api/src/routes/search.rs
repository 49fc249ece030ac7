//! `GET /api/v1/logs`, its histogram, a record's context, services.

mod filter;
pub mod patterns;
pub mod tail;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{LogRecord, Order, PageRequest};
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::AppState;

pub(crate) use self::filter::{filter, range_between};

/// Records of a page when nobody says.
const DEFAULT_LIMIT: usize = 100;

/// Filters of every read. `q` is the language of the search box; the others restrict it further.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FilterQuery {
    /// The language of the search box.
    q: Option<String>,
    /// First instant: RFC 3339, or a duration before now such as `15m`.
    from: Option<String>,
    /// Last instant.
    to: Option<String>,
    /// Services, separated by commas.
    service: Option<String>,
    /// Severities, separated by commas, or `>=warn`.
    severity: Option<String>,
    /// Template ids, separated by commas.
    template: Option<String>,
    /// A text that the body holds.
    text: Option<String>,
    /// `key=value`, `key!=value` or `key`.
    attribute: Option<String>,
    /// A trace.
    trace_id: Option<String>,
    /// Records of a page.
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// `oldest` or `newest` first.
    order: Option<String>,
    /// Bucket of a histogram in seconds.
    bucket_seconds: Option<i64>,
}

impl FilterQuery {
    /// Whether the caller said from when until when.
    pub(super) fn names_both_ends(&self) -> bool {
        self.from.is_some() && self.to.is_some()
    }

    /// The query in words, for a note of who asked for what.
    pub(super) fn shown(&self) -> String {
        let parts = [
            ("q", &self.q),
            ("from", &self.from),
            ("to", &self.to),
            ("service", &self.service),
            ("severity", &self.severity),
            ("template", &self.template),
            ("text", &self.text),
            ("attribute", &self.attribute),
            ("trace_id", &self.trace_id),
        ];
        let named = parts
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        named.collect::<Vec<_>>().join(" ")
    }
}

/// A record on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RecordItem {
    id: String,
    timestamp: String,
    observed_at: String,
    severity: &'static str,
    service: String,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    attributes: Option<Box<serde_json::value::RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    template_id: String,
}

impl From<LogRecord> for RecordItem {
    fn from(record: LogRecord) -> Self {
        Self {
            id: record.id.to_string(),
            timestamp: domain::format_timestamp(record.timestamp_ns),
            observed_at: domain::format_timestamp(record.observed_at_ns),
            severity: record.severity.as_str(),
            service: record.service,
            body: record.body,
            attributes: serde_json::value::RawValue::from_string(record.attributes).ok(),
            trace_id: record.trace_id,
            span_id: record.span_id,
            template_id: record.template_id.to_string(),
        }
    }
}

/// One page of records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PageAnswer {
    records: Vec<RecordItem>,
    /// Give it back as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
    from: String,
    to: String,
}

/// Searches records.
#[utoipa::path(get, path = "/api/v1/logs", tag = "search", params(FilterQuery), responses((status = 200, body = PageAnswer)))]
pub async fn logs(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<FilterQuery>,
) -> Result<Json<PageAnswer>, Problem> {
    let filter = filter(&state, &member, &query).await?;
    let order = match query.order.as_deref() {
        None | Some("newest") => Order::NewestFirst,
        Some("oldest") => Order::OldestFirst,
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "order is '{other}', it must be newest or oldest"
            )));
        }
    };
    let page = PageRequest {
        limit: query.limit.unwrap_or(DEFAULT_LIMIT),
        after: query
            .cursor
            .as_deref()
            .map(engine::parse_cursor)
            .transpose()?,
        order,
    };
    let range = filter.range;
    let page = state.engine.search(member.project_id, filter, page).await?;
    Ok(Json(PageAnswer {
        records: page.items.into_iter().map(RecordItem::from).collect(),
        next_cursor: page.next.map(|cursor| cursor.to_string()),
        from: domain::format_timestamp(range.start_ns),
        to: domain::format_timestamp(range.end_ns),
    }))
}

/// A histogram on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramAnswer {
    from: String,
    to: String,
    bucket_seconds: i64,
    total: u64,
    buckets: Vec<BucketItem>,
}

/// One bucket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BucketItem {
    start: String,
    total: u64,
    counts: std::collections::BTreeMap<&'static str, u64>,
}

/// Counts records over time, per severity.
#[utoipa::path(get, path = "/api/v1/logs/histogram", tag = "search", params(FilterQuery), responses((status = 200, body = HistogramAnswer)))]
pub async fn histogram(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<FilterQuery>,
) -> Result<Json<HistogramAnswer>, Problem> {
    let filter = filter(&state, &member, &query).await?;
    let range = filter.range;
    let bucket_ns = match query.bucket_seconds {
        Some(seconds) if seconds > 0 => seconds.saturating_mul(domain::NANOS_PER_SECOND),
        Some(seconds) => {
            return Err(Problem::bad_request(format!(
                "bucket_seconds is {seconds}, it must be positive"
            )));
        }
        None => range.duration_ns() / 120,
    };
    let (bucket_ns, buckets) = state
        .engine
        .histogram(member.project_id, filter, bucket_ns)
        .await?;
    let buckets: Vec<BucketItem> = buckets
        .into_iter()
        .map(|bucket| BucketItem {
            start: domain::format_timestamp(bucket.start_ns),
            total: bucket.counts.iter().map(|(_, count)| count).sum(),
            counts: bucket
                .counts
                .into_iter()
                .map(|(severity, count)| (severity.as_str(), count))
                .collect(),
        })
        .collect();
    Ok(Json(HistogramAnswer {
        from: domain::format_timestamp(range.start_ns),
        to: domain::format_timestamp(range.end_ns),
        bucket_seconds: bucket_ns / domain::NANOS_PER_SECOND,
        total: buckets.iter().map(|bucket| bucket.total).sum(),
        buckets,
    }))
}

/// How many neighbours.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ContextQuery {
    /// Records before it.
    before: Option<usize>,
    /// Records after it.
    after: Option<usize>,
}

/// A record and its neighbours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ContextAnswer {
    before: Vec<RecordItem>,
    record: RecordItem,
    after: Vec<RecordItem>,
}

/// A record with the records of its service around it.
#[utoipa::path(get, path = "/api/v1/logs/{id}/context", tag = "search", params(("id" = String, Path), ContextQuery), responses((status = 200, body = ContextAnswer)))]
pub async fn context(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Query(query): Query<ContextQuery>,
) -> Result<Json<ContextAnswer>, Problem> {
    let id = id
        .parse()
        .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))?;
    let context = state
        .engine
        .context(
            member.project_id,
            id,
            query.before.unwrap_or(10),
            query.after.unwrap_or(10),
        )
        .await?;
    Ok(Json(ContextAnswer {
        before: context.before.into_iter().map(RecordItem::from).collect(),
        record: RecordItem::from(context.record),
        after: context.after.into_iter().map(RecordItem::from).collect(),
    }))
}

/// A service on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ServiceItem {
    service: String,
    count: u64,
    errors: u64,
}

/// What each service wrote.
#[utoipa::path(get, path = "/api/v1/services", tag = "search", params(FilterQuery), responses((status = 200, body = Vec<ServiceItem>)))]
pub async fn services(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<FilterQuery>,
) -> Result<Json<Vec<ServiceItem>>, Problem> {
    let filter = filter(&state, &member, &query).await?;
    let rows = state
        .engine
        .services(member.project_id, filter.range)
        .await?;
    Ok(Json(
        rows.into_iter()
            .map(|row| ServiceItem {
                service: row.service,
                count: row.count,
                errors: row.errors,
            })
            .collect(),
    ))
}
