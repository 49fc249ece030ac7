//! Incidents and anomalies.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use domain::{IncidentId, IncidentState};
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::problem::Problem;
use crate::routes::wire::{AnomalyItem, IncidentItem, SummaryItem, TimelineItem};
use crate::state::AppState;

/// Incidents of a page when nobody says.
const DEFAULT_LIMIT: usize = 50;
/// Most incidents or anomalies of a page.
const MAX_LIMIT: usize = 500;

/// Which incidents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `open`, `acknowledged`, `resolved`, or `active` (not resolved).
    state: Option<String>,
    /// How many, newest first.
    limit: Option<usize>,
}

/// Incidents, newest first.
pub async fn list(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<Json<Vec<IncidentItem>>, Problem> {
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
    let limit = limit(query.limit)?;
    let incidents = state
        .engine
        .incidents(member.project_id, states, limit)
        .await?;
    Ok(Json(
        incidents.into_iter().map(IncidentItem::from).collect(),
    ))
}

/// One incident with everything around it.
#[derive(Debug, Serialize)]
pub struct IncidentDetail {
    #[serde(flatten)]
    incident: IncidentItem,
    timeline: Vec<TimelineItem>,
    anomalies: Vec<AnomalyItem>,
    summary: Option<SummaryItem>,
}

/// One incident.
pub async fn get(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<IncidentDetail>, Problem> {
    let detail = state
        .engine
        .incident(member.project_id, incident_id(&id)?)
        .await?;
    let summary = detail.incident.summary.clone().map(SummaryItem::from);
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
    }))
}

/// The summary, written now if there is none yet.
pub async fn summary(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<SummaryItem>, Problem> {
    let summary = state
        .engine
        .summary(member.project_id, incident_id(&id)?)
        .await?;
    Ok(Json(SummaryItem::from(summary)))
}

/// Takes an incident: escalation stops.
pub async fn acknowledge(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<IncidentItem>, Problem> {
    let incident = state
        .engine
        .acknowledge(member.project_id, incident_id(&id)?, member.name)
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

/// Ends an incident.
pub async fn resolve(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<IncidentItem>, Problem> {
    let incident = state
        .engine
        .resolve(member.project_id, incident_id(&id)?, member.name)
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

/// Which anomalies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyQuery {
    /// How many, newest first.
    limit: Option<usize>,
}

/// Anomalies, newest first.
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
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectBody {
    /// First instant, RFC 3339; the oldest record otherwise.
    from: Option<String>,
    /// Last instant, RFC 3339; the newest record otherwise.
    to: Option<String>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct DetectAnswer {
    minutes: usize,
    anomalies: Vec<AnomalyItem>,
    incidents: Vec<IncidentItem>,
}

/// Looks for anomalies in stored records of the past, without notifying anybody.
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

fn incident_id(text: &str) -> Result<IncidentId, Problem> {
    text.parse()
        .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))
}

fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        other => Err(Problem::bad_request(format!(
            "limit is {other}, it must lie between 1 and {MAX_LIMIT}"
        ))),
    }
}
