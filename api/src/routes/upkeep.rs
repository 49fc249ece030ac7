//! Deleting on request, retention, and the state of stored blocks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::search::{FilterQuery, filter};
use crate::auth::{Admin, Member};
use crate::extract::{Json, Query};
use crate::problem::Problem;
use crate::state::AppState;

/// A deletion that was carried out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeletionItem {
    id: String,
    requested_by: String,
    /// What was asked for.
    filter: String,
    /// Records that went.
    records: u64,
    at: String,
}

impl From<store::Deletion> for DeletionItem {
    fn from(deletion: store::Deletion) -> Self {
        Self {
            id: deletion.id.to_string(),
            requested_by: deletion.requested_by,
            filter: deletion.filter,
            records: deletion.records,
            at: domain::format_timestamp(deletion.created_at_ns),
        }
    }
}

/// Deletes the records that the filter matches, and their counts, for good. `from` and `to` must be named.
#[utoipa::path(delete, path = "/api/v1/logs", tag = "logs", params(FilterQuery), responses((status = 200, body = DeletionItem)))]
pub async fn delete(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Query(query): Query<FilterQuery>,
) -> Result<Json<DeletionItem>, Problem> {
    if !query.names_both_ends() {
        return Err(Problem::bad_request(
            "from and to must be named: nothing is deleted by a default",
        ));
    }
    let filter = filter(&state, &member, &query).await?;
    let text = query.shown();
    let by = member.name.clone();
    let deletion = state
        .engine
        .delete_records(member.project_id, filter, by, text)
        .await?;
    Ok(Json(deletion.into()))
}

/// Deletions on request, newest first, at most 100.
#[utoipa::path(get, path = "/api/v1/deletions", tag = "logs", responses((status = 200, body = Vec<DeletionItem>)))]
pub async fn deletions(
    State(state): State<Arc<AppState>>,
    member: Member,
) -> Result<Json<Vec<DeletionItem>>, Problem> {
    let deletions = state.engine.deletions(member.project_id).await?;
    Ok(Json(deletions.into_iter().map(Into::into).collect()))
}

/// How long records are kept.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionItem {
    /// A service; without it all that have no rule of their own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    service: String,
    /// Whole hours, at least 1; `null` takes the rule away.
    keep_hours: Option<u32>,
}

const HOUR_NS: i64 = 60 * domain::NANOS_PER_MINUTE;

/// The rules of retention. Where none says otherwise the setting `retention_days` counts.
#[utoipa::path(get, path = "/api/v1/retention", tag = "logs", responses((status = 200, body = Vec<RetentionItem>)))]
pub async fn retention(
    State(state): State<Arc<AppState>>,
    member: Member,
) -> Result<Json<Vec<RetentionItem>>, Problem> {
    let rules = state.engine.retention_rules(member.project_id).await?;
    let item = |rule: store::RetentionRule| RetentionItem {
        service: rule.service,
        keep_hours: u32::try_from(rule.keep_ns / HOUR_NS).ok(),
    };
    Ok(Json(rules.into_iter().map(item).collect()))
}

/// Sets or takes away one rule.
#[utoipa::path(put, path = "/api/v1/retention", tag = "logs", request_body = RetentionItem, responses((status = 204, description = "set")))]
pub async fn set_retention(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
    Json(rule): Json<RetentionItem>,
) -> Result<StatusCode, Problem> {
    let keep_ns = rule.keep_hours.map(|hours| i64::from(hours) * HOUR_NS);
    state
        .engine
        .set_retention(member.project_id, rule.service, keep_ns)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the stored blocks are like.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BlockCheckItem {
    blocks: u64,
    records: u64,
    /// Bytes of their files.
    bytes: u64,
    damaged: Vec<DamagedItem>,
}

/// A block that is lost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DamagedItem {
    records: u64,
    from: String,
    to: String,
    services: Vec<String>,
    damage: String,
}

/// Reads every block of the project and compares it with the catalogue: says exactly what is lost.
#[utoipa::path(post, path = "/api/v1/blocks/check", tag = "logs", responses((status = 200, body = BlockCheckItem)))]
pub async fn check(
    State(state): State<Arc<AppState>>,
    Admin(member): Admin,
) -> Result<Json<BlockCheckItem>, Problem> {
    let check = state.engine.check_blocks(member.project_id).await?;
    let damaged = check.damaged.into_iter().map(|block| DamagedItem {
        records: block.records,
        from: domain::format_timestamp(block.range.start_ns),
        to: domain::format_timestamp(block.range.end_ns),
        services: block.services,
        damage: block.damage,
    });
    Ok(Json(BlockCheckItem {
        blocks: check.blocks,
        records: check.records,
        bytes: check.bytes,
        damaged: damaged.collect(),
    }))
}
