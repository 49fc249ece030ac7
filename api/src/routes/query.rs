//! `POST /api/v1/query`: typed questions about records.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use engine::{Found, Grouping, Measure, Operation, Question, SqlAnswer, TypedPlan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::auth::Member;
use crate::extract::Json;
use crate::problem::Problem;
use crate::routes::search::{FilterQuery, RecordItem, filter};
use crate::routes::sql::SqlAnswerItem;
use crate::state::AppState;

/// A question.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRequest {
    /// When; the last 24 hours when nobody says.
    #[serde(default)]
    range: Option<RangeItem>,
    /// Which records: a text in the language of the search box, or an object of what `GET /api/v1/logs` takes (`q`,
    /// `service`, `severity`, `template`, `text`, `attribute`, `trace_id`).
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filter: Option<Value>,
    /// What to do with them.
    op: OperationItem,
    /// Fields: service, severity, template, trace_id, or an attribute's key (`attr.key`).
    #[serde(default)]
    by: Vec<String>,
    /// What to compute of each group; records are counted otherwise.
    #[serde(default)]
    measure: Option<MeasureItem>,
    /// Stretches of time: seconds, or a duration such as `5m`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    bucket: Option<Value>,
    /// Records or groups.
    #[serde(default)]
    limit: Option<usize>,
}

/// A stretch of time.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeItem {
    /// First instant: RFC 3339, or a duration before now such as `15m`.
    from: Option<String>,
    /// Last instant; now when nobody says.
    to: Option<String>,
}

/// What to do with the records that match.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationItem {
    /// Show the newest.
    Records,
    /// Count them.
    Count,
    /// A measure for each stretch of time.
    Histogram,
    /// The groups with the highest measure.
    Top,
    /// The most frequent values of each field on its own.
    Facets,
    /// A measure for each group.
    Aggregate,
}

/// A measure.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureItem {
    /// `count`, `count_distinct`, `sum`, `avg`, `min`, `max`, `p50`, `p90`, `p95` or `p99`.
    op: String,
    /// The field that is counted, or the numeric attribute.
    #[serde(default)]
    field: Option<String>,
}

/// How a question was answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanItem {
    op: &'static str,
    /// `search` (a page), `rollups` (counts that are kept per minute; minutes at the ends count whole) or `scan`.
    source: &'static str,
    from: String,
    to: String,
    services: Vec<String>,
    excluded_services: Vec<String>,
    severities: Vec<&'static str>,
    template_ids: Vec<String>,
    /// Texts that the body holds, `-` before those that it must not.
    text: Vec<String>,
    /// `key=value`, `key!=value`, `key=*`.
    attributes: Vec<String>,
    trace_id: Option<String>,
    by: Vec<String>,
    measure: String,
    bucket_seconds: Option<i64>,
    limit: usize,
}

/// An answer: one of `records`, `count`, `table` and `facets`, after the question's `op`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QueryAnswer {
    plan: PlanItem,
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Vec<RecordItem>>,
    /// Give it to `GET /api/v1/logs` as `cursor` for what follows the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// Groups; the last column is `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<SqlAnswerItem>,
    /// The values of each field.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<String, Vec<FacetItem>>>,
}

/// A value of a field and how many records have it; null for those without the field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FacetItem {
    #[schema(value_type = Option<String>)]
    value: Value,
    #[schema(value_type = u64)]
    count: Value,
}

/// Answers a typed question: records, counts over time, top values, facets, and measures of attributes.
#[utoipa::path(post, path = "/api/v1/query", tag = "search", request_body = QueryRequest, responses((status = 200, body = QueryAnswer)))]
pub async fn query(
    State(state): State<Arc<AppState>>,
    member: Member,
    Json(request): Json<QueryRequest>,
) -> Result<Json<QueryAnswer>, Problem> {
    let filter = filter(&state, &member, &request.filter_query()?).await?;
    let question = Question {
        filter,
        operation: request.op.into(),
        by: fields(&request.by)?,
        measure: request.measure.as_ref().map(measure).transpose()?,
        bucket_ns: request.bucket.as_ref().map(bucket).transpose()?,
        limit: request.limit,
    };
    let answer = state.engine.query(member.project_id, question).await?;
    Ok(Json(QueryAnswer::new(answer.plan, answer.found)))
}

impl QueryRequest {
    /// The filter in the shape of the search route.
    fn filter_query(&self) -> Result<FilterQuery, Problem> {
        let mut object = match &self.filter {
            None | Some(Value::Null) => Map::new(),
            Some(Value::String(text)) => Map::from_iter([("q".to_owned(), text.clone().into())]),
            Some(Value::Object(object)) => object.clone(),
            Some(_) => return Err(Problem::bad_request("filter must be a text or an object")),
        };
        for key in ["from", "to", "limit", "cursor", "order", "bucket_seconds"] {
            if object.contains_key(key) {
                return Err(Problem::bad_request(format!(
                    "'{key}' is no part of the filter; range, limit and bucket stand beside it"
                )));
            }
        }
        let range = self.range.as_ref();
        for (key, value) in [
            ("from", range.and_then(|range| range.from.clone())),
            ("to", range.and_then(|range| range.to.clone())),
        ] {
            if let Some(value) = value {
                object.insert(key.to_owned(), value.into());
            }
        }
        serde_json::from_value(Value::Object(object))
            .map_err(|error| Problem::bad_request(format!("filter: {error}")))
    }
}

impl From<OperationItem> for Operation {
    fn from(item: OperationItem) -> Self {
        match item {
            OperationItem::Records => Self::Records,
            OperationItem::Count => Self::Count,
            OperationItem::Histogram => Self::Histogram,
            OperationItem::Top => Self::Top,
            OperationItem::Facets => Self::Facets,
            OperationItem::Aggregate => Self::Aggregate,
        }
    }
}

fn fields(names: &[String]) -> Result<Vec<Grouping>, Problem> {
    names.iter().map(|name| field(name)).collect()
}

fn field(name: &str) -> Result<Grouping, Problem> {
    Grouping::parse(name).ok_or_else(|| Problem::bad_request("a field in 'by' has no name"))
}

fn measure(item: &MeasureItem) -> Result<Measure, Problem> {
    let of = || {
        let name = item.field.as_deref().unwrap_or_default();
        Grouping::parse(name)
            .ok_or_else(|| Problem::bad_request(format!("the measure '{}' needs a field", item.op)))
    };
    let key = || match of()? {
        Grouping::Attribute(key) => Ok(key),
        other => Err(Problem::bad_request(format!(
            "'{other}' is no number; '{}' takes an attribute",
            item.op
        ))),
    };
    Ok(match item.op.as_str() {
        "count" => Measure::Count,
        "count_distinct" => Measure::CountDistinct(of()?),
        "sum" => Measure::Sum(key()?),
        "avg" => Measure::Average(key()?),
        "min" => Measure::Least(key()?),
        "max" => Measure::Greatest(key()?),
        "p50" => Measure::Percentile(0.5, key()?),
        "p90" => Measure::Percentile(0.9, key()?),
        "p95" => Measure::Percentile(0.95, key()?),
        "p99" => Measure::Percentile(0.99, key()?),
        other => {
            return Err(Problem::bad_request(format!(
                "measure is '{other}', it must be count, count_distinct, sum, avg, min, max, p50, p90, p95 or p99"
            )));
        }
    })
}

fn bucket(value: &Value) -> Result<i64, Problem> {
    let width_ns = match value {
        Value::Number(number) => number
            .as_i64()
            .map(|seconds| seconds.saturating_mul(domain::NANOS_PER_SECOND)),
        Value::String(text) => alerting::parse_policy_duration(text).ok(),
        _ => None,
    };
    width_ns.filter(|width_ns| *width_ns > 0).ok_or_else(|| {
        Problem::bad_request(format!(
            "bucket is {value}, it must be seconds above 0 or a duration such as \"5m\""
        ))
    })
}

impl QueryAnswer {
    fn new(plan: TypedPlan, found: Found) -> Self {
        let names: Vec<String> = plan.by.iter().map(ToString::to_string).collect();
        let mut answer = Self {
            plan: plan.into(),
            records: None,
            next_cursor: None,
            count: None,
            table: None,
            facets: None,
        };
        match found {
            Found::Records(page) => {
                answer.next_cursor = page.next.map(|cursor| cursor.to_string());
                answer.records = Some(page.items.into_iter().map(RecordItem::from).collect());
            }
            Found::Count(count) => answer.count = Some(count),
            Found::Table(table) => answer.table = Some(table.into()),
            Found::Facets(facets) => {
                answer.facets = Some(
                    names
                        .into_iter()
                        .zip(facets.into_iter().map(facet))
                        .collect(),
                );
            }
        }
        answer
    }
}

fn facet(table: SqlAnswer) -> Vec<FacetItem> {
    let rows = table.rows.into_iter().map(Vec::into_iter);
    rows.map(|mut row| FacetItem {
        value: row.next().unwrap_or(Value::Null),
        count: row.next().unwrap_or(Value::Null),
    })
    .collect()
}

impl From<TypedPlan> for PlanItem {
    fn from(plan: TypedPlan) -> Self {
        let filter = plan.filter;
        Self {
            op: plan.operation.as_str(),
            source: plan.source.as_str(),
            from: domain::format_timestamp(filter.range.start_ns),
            to: domain::format_timestamp(filter.range.end_ns),
            services: filter.services,
            excluded_services: filter.excluded_services,
            severities: filter.severities.iter().map(|item| item.as_str()).collect(),
            template_ids: filter
                .template_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
            text: filter
                .text
                .into_iter()
                .map(|text| {
                    let sign = if text.negated { "-" } else { "" };
                    format!("{sign}{}", text.term)
                })
                .collect(),
            attributes: filter
                .attributes
                .into_iter()
                .map(|item| match item.op {
                    domain::AttributeOp::Equal => format!("{}={}", item.key, item.value),
                    domain::AttributeOp::NotEqual => format!("{}!={}", item.key, item.value),
                    domain::AttributeOp::Exists => format!("{}=*", item.key),
                })
                .collect(),
            trace_id: filter.trace_id,
            by: plan.by.iter().map(ToString::to_string).collect(),
            measure: plan.measure.to_string(),
            bucket_seconds: plan
                .bucket_ns
                .map(|width_ns| width_ns / domain::NANOS_PER_SECOND),
            limit: plan.limit,
        }
    }
}

#[cfg(test)]
mod tests;
