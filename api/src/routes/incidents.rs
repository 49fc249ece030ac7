//! Incidents and anomalies.

pub mod judge;
pub mod texts;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use domain::{IncidentId, IncidentState, PageRequest};
use engine::IncidentGraph;
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::routes::wire::{AnomalyItem, IncidentItem, SummaryItem, TimelineItem};
use crate::state::AppState;

/// Incidents of a page when nobody says.
const DEFAULT_LIMIT: usize = 50;
/// Most incidents or anomalies of a page.
const MAX_LIMIT: usize = 500;

/// The header with the cursor of the next page.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Which incidents.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `open`, `acknowledged`, `resolved`, or `active` (not resolved).
    state: Option<String>,
    /// How many, newest first.
    limit: Option<usize>,
    /// Where the page before ended: its `x-next-cursor` header.
    cursor: Option<String>,
}

/// Incidents, newest first. The header `x-next-cursor` has the cursor of the next page; the last page has none.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "incidents", params(ListQuery), responses((status = 200, body = Vec<IncidentItem>, headers(("x-next-cursor" = String, description = "of the next page")))))]
pub async fn list(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let states = match query.state.as_deref() {
        None => vec![],
        Some("active") => vec![IncidentState::Open, IncidentState::Acknowledged],
        Some("open") => vec![IncidentState::Open],
        Some("acknowledged") => vec![IncidentState::Acknowledged],
        Some("resolved") => vec![IncidentState::Resolved],
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "state is '{other}', it must be open, acknowledged, resolved or active"
            )));
        }
    };
    let page = PageRequest {
        after: query
            .cursor
            .as_deref()
            .map(engine::parse_cursor)
            .transpose()?,
        ..PageRequest::first(limit(query.limit)?)
    };
    let page = state
        .engine
        .incidents(member.project_id, states, page)
        .await?;
    let items: Vec<IncidentItem> = page.items.into_iter().map(IncidentItem::from).collect();
    let next = page.next.map(|cursor| [(NEXT_CURSOR, cursor.to_string())]);
    Ok(match next {
        Some(next) => (next, Json(items)).into_response(),
        None => Json(items).into_response(),
    })
}

/// One incident with everything around it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentDetail {
    #[serde(flatten)]
    incident: IncidentItem,
    timeline: Vec<TimelineItem>,
    anomalies: Vec<AnomalyItem>,
    summary: Option<SummaryItem>,
    /// The services around it and who depends on whom.
    graph: IncidentGraphItem,
}

/// A service around an incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GraphNodeItem {
    service: String,
    /// Whether the incident names it.
    affected: bool,
    /// Its place among the suspects, from 1.
    suspect: Option<usize>,
    /// Its records during the incident.
    records: u64,
    /// Those of severity error or fatal.
    errors: u64,
}

/// A service that depends on another one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GraphEdgeItem {
    caller: String,
    callee: String,
    /// `request` or `message` as traces show it, `mentioned` when errors of the one keep naming the other.
    kind: &'static str,
    /// Calls during the incident and a quarter of an hour before.
    count: u64,
    errors: u64,
}

/// The services around an incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentGraphItem {
    /// Suspects first, then the affected, then their neighbours; at most 24.
    nodes: Vec<GraphNodeItem>,
    edges: Vec<GraphEdgeItem>,
}

impl From<IncidentGraph> for IncidentGraphItem {
    fn from(graph: IncidentGraph) -> Self {
        Self {
            nodes: graph
                .nodes
                .into_iter()
                .map(|node| GraphNodeItem {
                    service: node.service,
                    affected: node.is_affected,
                    suspect: node.suspect,
                    records: node.records,
                    errors: node.errors,
                })
                .collect(),
            edges: graph
                .edges
                .into_iter()
                .map(|edge| GraphEdgeItem {
                    caller: edge.caller,
                    callee: edge.callee,
                    kind: edge.kind.as_str(),
                    count: edge.count,
                    errors: edge.errors,
                })
                .collect(),
        }
    }
}

/// Who reads.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ZoneQuery {
    /// IANA name of the zone in which times stand in the summary's sentences; that of the settings otherwise.
    time_zone: Option<String>,
}

/// One incident, by id or number: its timeline, suspects with how to confirm or refute each, evidence, and the services around it.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "incidents", params(("id" = String, Path), ZoneQuery), responses((status = 200, body = IncidentDetail)))]
pub async fn get(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Query(query): Query<ZoneQuery>,
) -> Result<Json<IncidentDetail>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let detail = state.engine.incident(member.project_id, id).await?;
    let graph = state.engine.incident_graph(member.project_id, id).await?;
    let zone = query.time_zone.as_deref();
    let stored = detail.incident.summary.clone();
    let summary = stored
        .map(|summary| state.engine.for_reader(summary, zone))
        .transpose()?;
    let summary = summary.map(SummaryItem::from);
    Ok(Json(IncidentDetail {
        incident: IncidentItem::from(detail.incident),
        timeline: detail
            .timeline
            .into_iter()
            .map(TimelineItem::from)
            .collect(),
        anomalies: detail
            .anomalies
            .into_iter()
            .map(AnomalyItem::from)
            .collect(),
        summary,
        graph: graph.into(),
    }))
}

/// The summary, written now if there is none yet.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/summary", tag = "incidents", params(("id" = String, Path), ZoneQuery), responses((status = 200, body = SummaryItem)))]
pub async fn summary(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Query(query): Query<ZoneQuery>,
) -> Result<Json<SummaryItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let summary = state.engine.summary(member.project_id, id).await?;
    let summary = state
        .engine
        .for_reader(summary, query.time_zone.as_deref())?;
    Ok(Json(SummaryItem::from(summary)))
}

/// Takes an incident: escalation stops.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/ack", tag = "incidents", params(("id" = String, Path)), responses((status = 200, body = IncidentItem)))]
pub async fn acknowledge(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<IncidentItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let incident = state
        .engine
        .acknowledge(member.project_id, id, member.name)
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

/// Ends an incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/resolve", tag = "incidents", params(("id" = String, Path)), responses((status = 200, body = IncidentItem)))]
pub async fn resolve(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<IncidentItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let incident = state
        .engine
        .resolve(member.project_id, id, member.name)
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

/// Which anomalies.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AnomalyQuery {
    /// How many, newest first.
    limit: Option<usize>,
}

/// Anomalies, newest first.
#[utoipa::path(get, path = "/api/v1/anomalies", tag = "incidents", params(AnomalyQuery), responses((status = 200, body = Vec<AnomalyItem>)))]
pub async fn anomalies(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<AnomalyQuery>,
) -> Result<Json<Vec<AnomalyItem>>, Problem> {
    let anomalies = state
        .engine
        .anomalies(member.project_id, limit(query.limit)?)
        .await?;
    Ok(Json(anomalies.into_iter().map(AnomalyItem::from).collect()))
}

/// A stretch of the past to look at.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectBody {
    /// First instant, RFC 3339; the oldest record otherwise.
    from: Option<String>,
    /// Last instant, RFC 3339; the newest record otherwise.
    to: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DetectAnswer {
    minutes: usize,
    anomalies: Vec<AnomalyItem>,
    incidents: Vec<IncidentItem>,
}

/// Looks for anomalies in stored records of the past, without notifying anybody.
#[utoipa::path(post, path = "/api/v1/detect", tag = "incidents", request_body = DetectBody, responses((status = 200, body = DetectAnswer)))]
pub async fn detect(
    State(state): State<Arc<AppState>>,
    member: Member,
    Json(body): Json<DetectBody>,
) -> Result<Json<DetectAnswer>, Problem> {
    let instant = |name: &str, text: Option<String>| {
        text.map(|text| {
            domain::parse_timestamp(&text).ok_or_else(|| {
                Problem::bad_request(format!("{name} is '{text}', it must be RFC 3339"))
            })
        })
        .transpose()
    };
    let found = state
        .engine
        .detect_past(
            member.project_id,
            instant("from", body.from)?,
            instant("to", body.to)?,
        )
        .await?;
    Ok(Json(DetectAnswer {
        minutes: found.minutes,
        anomalies: found.anomalies.into_iter().map(AnomalyItem::from).collect(),
        incidents: found
            .incidents
            .into_iter()
            .map(IncidentItem::from)
            .collect(),
    }))
}

/// The incident of a path: its id, or its number.
async fn incident_id(
    state: &Arc<AppState>,
    member: &Member,
    text: &str,
) -> Result<IncidentId, Problem> {
    Ok(state.engine.named_incident(member.project_id, text).await?)
}

fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(Problem::bad_request(format!(
            "limit is {other}, it must lie between 1 and {MAX_LIMIT}"
        ))),
    }
}
