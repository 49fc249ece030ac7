//! Policies, receivers, clusters.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::auth::{Admin, Member};
use crate::extract::{Json, Path, Text};
use crate::problem::Problem;
use crate::state::AppState;

/// A policy on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PolicyItem {
    name: String,
    /// `file` or `api`.
    source: String,
    /// Its canonical YAML.
    yaml: String,
    /// What happens when, line by line.
    explanation: String,
    /// What does not stop it but is probably not meant.
    warnings: Vec<String>,
}

impl From<engine::PolicyView> for PolicyItem {
    fn from(policy: engine::PolicyView) -> Self {
        Self {
            name: policy.name,
            source: policy.source,
            yaml: policy.yaml,
            explanation: policy.explanation,
            warnings: policy.warnings,
        }
    }
}

/// All policies in force.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", responses((status = 200, body = Vec<PolicyItem>)))]
pub async fn list(
    State(state): State<Arc<AppState>>,
    member: Member,
) -> Result<Json<Vec<PolicyItem>>, Problem> {
    let policies = state.engine.policies(member.project_id).await?;
    Ok(Json(policies.into_iter().map(PolicyItem::from).collect()))
}

/// Adds or replaces policies: the body is YAML, one or several documents.
#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", request_body(content = String, content_type = "application/yaml"), responses((status = 201, body = Vec<PolicyItem>)))]
pub async fn put(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Text(body): Text,
) -> Result<(StatusCode, Json<Vec<PolicyItem>>), Problem> {
    let policies = state.engine.put_policies(member.project_id, body).await?;
    Ok((
        StatusCode::CREATED,
        Json(policies.into_iter().map(PolicyItem::from).collect()),
    ))
}

/// Removes a policy that came by the API.
#[utoipa::path(delete, path = "/api/v1/policies/{name}", tag = "policies", params(("name" = String, Path)), responses((status = 204, description = "removed")))]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    state.engine.delete_policy(member.project_id, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A receiver to try.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestBody {
    /// For example `slack:#ops`.
    receiver: String,
}

/// What became of a test message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TestAnswer {
    delivered: bool,
    detail: String,
}

/// Sends a test message to a configured receiver.
#[utoipa::path(post, path = "/api/v1/receivers/test", tag = "policies", request_body = TestBody, responses((status = 200, body = TestAnswer)))]
pub async fn test_receiver(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Json(body): Json<TestBody>,
) -> Result<Json<TestAnswer>, Problem> {
    let outcome = state
        .engine
        .test_receiver(member.project_id, body.receiver)
        .await?;
    Ok(Json(match outcome {
        Ok(detail) => TestAnswer {
            delivered: true,
            detail,
        },
        Err(detail) => TestAnswer {
            delivered: false,
            detail,
        },
    }))
}

/// The configured receivers, by name; their secrets are never read back.
#[utoipa::path(get, path = "/api/v1/receivers", tag = "policies", responses((status = 200, body = Vec<String>)))]
pub async fn receivers(State(state): State<Arc<AppState>>, _member: Member) -> Json<Vec<String>> {
    Json(state.engine.receiver_names())
}

/// A group of patterns that mean about the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClusterItem {
    label: String,
    /// 0 to 1: how close its members are.
    cohesion: f64,
    count: u64,
    services: Vec<String>,
    patterns: Vec<ClusterMember>,
}

/// A pattern of a cluster.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClusterMember {
    id: String,
    text: String,
    count: u64,
    severity: &'static str,
}

/// Groups semantically close patterns.
#[utoipa::path(get, path = "/api/v1/clusters", tag = "search", responses((status = 200, body = Vec<ClusterItem>)))]
pub async fn clusters(
    State(state): State<Arc<AppState>>,
    member: Member,
) -> Result<Json<Vec<ClusterItem>>, Problem> {
    let clusters = state.engine.clusters(member.project_id).await?;
    Ok(Json(
        clusters
            .into_iter()
            .map(|cluster| ClusterItem {
                label: cluster.label,
                cohesion: cluster.cohesion,
                count: cluster
                    .templates
                    .iter()
                    .map(|template| template.count)
                    .sum(),
                services: cluster.services,
                patterns: cluster
                    .templates
                    .into_iter()
                    .map(|template| ClusterMember {
                        id: template.id.to_string(),
                        text: template.text,
                        count: template.count,
                        severity: template.severity.as_str(),
                    })
                    .collect(),
            })
            .collect(),
    ))
}
