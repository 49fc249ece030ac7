//! What people decide about anomalies and incidents: useful or noise, one or two.

use std::sync::Arc;

use axum::extract::State;
use domain::AnomalyId;
use engine::Verdict;
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::extract::{Json, Path};
use crate::problem::Problem;
use crate::routes::wire::IncidentItem;
use crate::state::AppState;

use super::incident_id;

/// Longest reason, in characters.
const MAX_REASON: usize = 300;

/// What somebody thinks of an anomaly.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// `useful` or `noise`.
    verdict: String,
}

/// What came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FeedbackItem {
    anomaly_id: String,
    verdict: &'static str,
    /// How often anomalies like it were called useful.
    useful: u32,
    /// How often noise.
    noise: u32,
    /// What is added to the score of the next ones like it, -0.4 to 0.15.
    score_shift: f64,
}

/// Says whether an anomaly was worth knowing. Those like it (same kind, service, pattern or metric) count for less or more
/// from then on, within bounds; saying it again replaces what was said.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/feedback", tag = "incidents", request_body = FeedbackRequest, params(("id" = String, Path, description = "the anomaly")), responses((status = 200, body = FeedbackItem)))]
pub async fn feedback(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<AnomalyId>,
    Json(request): Json<FeedbackRequest>,
) -> Result<Json<FeedbackItem>, Problem> {
    let verdict = verdict(&request)?;
    let outcome = state
        .engine
        .anomaly_feedback(member.project_id, id, verdict, member.name)
        .await?;
    Ok(Json(FeedbackItem {
        anomaly_id: outcome.anomaly_id.to_string(),
        verdict: outcome.verdict.as_str(),
        useful: outcome.useful,
        noise: outcome.noise,
        score_shift: outcome.shift,
    }))
}

/// What came of a verdict about an incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentFeedbackItem {
    /// The incident's number.
    number: i64,
    verdict: &'static str,
    /// Anomalies that were told; 0 when only rules speak for the incident, which do not learn.
    anomalies: usize,
}

/// Says the same of every anomaly of an incident, as the buttons in Slack do.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/feedback", tag = "incidents", request_body = FeedbackRequest, params(("id" = String, Path, description = "the incident: its id or number")), responses((status = 200, body = IncidentFeedbackItem)))]
pub async fn incident_feedback(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Json(request): Json<FeedbackRequest>,
) -> Result<Json<IncidentFeedbackItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let verdict = verdict(&request)?;
    let outcome = state
        .engine
        .incident_feedback(member.project_id, id, verdict, member.name)
        .await?;
    Ok(Json(IncidentFeedbackItem {
        number: outcome.number,
        verdict: verdict.as_str(),
        anomalies: outcome.anomalies,
    }))
}

/// That the detectors begin anew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RelearnAnswer {
    /// Always true: they do with their next look, within seconds.
    accepted: bool,
}

/// Makes the detectors learn the last day anew out of what is stored: after records of the past were sent.
#[utoipa::path(post, path = "/api/v1/detect/relearn", tag = "incidents", responses((status = 200, body = RelearnAnswer)))]
pub async fn relearn(State(state): State<Arc<AppState>>, member: Member) -> Json<RelearnAnswer> {
    state.engine.relearn(member.project_id);
    Json(RelearnAnswer { accepted: true })
}

/// Which incident it becomes part of, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The incident that goes on: its id or number.
    into: String,
    /// Why, at most 300 characters; both timelines tell it.
    reason: String,
}

/// Makes the incident part of another open one, and ends it. The answer is the one that goes on.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/merge", tag = "incidents", request_body = MergeRequest, params(("id" = String, Path, description = "the incident that ends")), responses((status = 200, body = IncidentItem)))]
pub async fn merge(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Json(request): Json<MergeRequest>,
) -> Result<Json<IncidentItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let into = incident_id(&state, &member, &request.into).await?;
    let reason = reason(request.reason)?;
    let incident = state
        .engine
        .merge_incidents(member.project_id, id, into, reason, member.name)
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

/// What leaves the incident, and why.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// Anomalies of the incident; some, not all.
    #[schema(value_type = Vec<String>)]
    anomaly_ids: Vec<AnomalyId>,
    /// Why, at most 300 characters; both timelines tell it.
    reason: String,
}

/// Makes some anomalies of an open incident one of their own. The answer is the new one.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/split", tag = "incidents", request_body = SplitRequest, params(("id" = String, Path, description = "the incident")), responses((status = 200, body = IncidentItem)))]
pub async fn split(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Json(request): Json<SplitRequest>,
) -> Result<Json<IncidentItem>, Problem> {
    let id = incident_id(&state, &member, &id).await?;
    let reason = reason(request.reason)?;
    let incident = state
        .engine
        .split_incident(
            member.project_id,
            id,
            request.anomaly_ids,
            reason,
            member.name,
        )
        .await?;
    Ok(Json(IncidentItem::from(incident)))
}

fn verdict(request: &FeedbackRequest) -> Result<Verdict, Problem> {
    Verdict::from_word(&request.verdict).ok_or_else(|| {
        Problem::bad_request(format!(
            "verdict is '{}', it must be useful or noise",
            request.verdict
        ))
    })
}

fn reason(text: String) -> Result<String, Problem> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > MAX_REASON {
        return Err(Problem::bad_request(format!(
            "reason has {length} characters, it must be 1 to {MAX_REASON}"
        )));
    }
    Ok(text)
}
