//! `GET /api/v1/topology`: which service calls which, as traces show it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{Latencies, NANOS_PER_MINUTE, ServiceCalls};
use engine::ServiceNode;
use serde::{Deserialize, Serialize};

use super::traces::milliseconds;
use crate::auth::Member;
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::search::range_between;
use crate::state::AppState;

/// What is looked at when nobody says: an hour.
const DEFAULT_RANGE_NS: i64 = 60 * NANOS_PER_MINUTE;

/// Which calls.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct TopologyQuery {
    /// First instant: RFC 3339, or a duration before now such as `15m`; an hour ago when it is left out. Calls are counted
    /// by the minute in which they began.
    from: Option<String>,
    /// Last instant.
    to: Option<String>,
}

/// A service.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NodeItem {
    service: String,
    /// How often it was asked to work: its spans below one of another service, or below none.
    count: u64,
    /// How often nobody known asked: the roots of traces, and requests whose sender sent no span.
    entries: u64,
    errors: u64,
    /// Errors of 1; 0 when it was asked for nothing.
    error_rate: f64,
    /// The median duration, at most 10 % off; null when it was asked for nothing.
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
}

impl From<ServiceNode> for NodeItem {
    fn from(node: ServiceNode) -> Self {
        Self {
            error_rate: rate(node.errors, node.count),
            p50_ms: quantile(&node.latencies, 0.5),
            p95_ms: quantile(&node.latencies, 0.95),
            service: node.service,
            count: node.count,
            entries: node.entries,
            errors: node.errors,
        }
    }
}

/// The calls from one service to another one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EdgeItem {
    caller: String,
    callee: String,
    /// `request`, or `message` when a producer or consumer is between them.
    kind: &'static str,
    count: u64,
    /// Calls whose span in the callee has the status error.
    errors: u64,
    /// Errors of 1.
    error_rate: f64,
    /// The median duration in the callee, at most 10 % off.
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
}

impl From<ServiceCalls> for EdgeItem {
    fn from(calls: ServiceCalls) -> Self {
        Self {
            error_rate: rate(calls.errors, calls.count),
            p50_ms: quantile(&calls.latencies, 0.5),
            p95_ms: quantile(&calls.latencies, 0.95),
            caller: calls.caller.unwrap_or_default(),
            callee: calls.callee,
            kind: if calls.is_message {
                "message"
            } else {
                "request"
            },
            count: calls.count,
            errors: calls.errors,
        }
    }
}

/// Services and the calls between them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TopologyAnswer {
    from: String,
    to: String,
    /// By name.
    nodes: Vec<NodeItem>,
    /// By caller and callee.
    edges: Vec<EdgeItem>,
}

/// Who calls whom, how often, how slowly and with how many errors.
#[utoipa::path(get, path = "/api/v1/topology", tag = "traces", params(TopologyQuery), responses((status = 200, body = TopologyAnswer)))]
pub async fn topology(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<TopologyQuery>,
) -> Result<Json<TopologyAnswer>, Problem> {
    let range = range_between(
        query.from.as_deref(),
        query.to.as_deref(),
        DEFAULT_RANGE_NS,
        state.clock.now_ns(),
    )?;
    let map = state.engine.service_map(member.project_id, range).await?;
    Ok(Json(TopologyAnswer {
        from: domain::format_timestamp(range.start_ns),
        to: domain::format_timestamp(range.end_ns),
        nodes: map.nodes.into_iter().map(NodeItem::from).collect(),
        edges: map.edges.into_iter().map(EdgeItem::from).collect(),
    }))
}

/// The services and who calls whom: the same as `/api/v1/topology`.
#[utoipa::path(get, path = "/api/v1/services/graph", tag = "traces", params(TopologyQuery), responses((status = 200, body = TopologyAnswer)))]
pub async fn graph(
    state: State<Arc<AppState>>,
    member: Member,
    query: Query<TopologyQuery>,
) -> Result<Json<TopologyAnswer>, Problem> {
    topology(state, member, query).await
}

fn rate(errors: u64, count: u64) -> f64 {
    if count == 0 {
        return 0.0;
    }
    errors as f64 / count as f64
}

fn quantile(latencies: &Latencies, q: f64) -> Option<f64> {
    latencies.quantile_ns(q).map(milliseconds)
}
