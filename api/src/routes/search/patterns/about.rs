//! `GET /api/v1/patterns/about`: the patterns that a text is about, whatever words it uses.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::TimeRange;
use engine::PatternHit;
use serde::{Deserialize, Serialize};

use super::PatternItem;
use crate::auth::Member;
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::search::FilterQuery;
use crate::routes::search::filter::{filter_in, instant};
use crate::state::AppState;

/// Patterns when nobody says.
const DEFAULT_LIMIT: usize = 20;

/// What is looked for, and where.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AboutQuery {
    /// What the patterns are about, in plain words: `who could not sign in`.
    text: String,
    /// First instant: RFC 3339, or a duration before now such as `15m`; from the first record when it is left out.
    from: Option<String>,
    /// Last instant; up to the last record when it is left out.
    to: Option<String>,
    /// Services, separated by commas.
    service: Option<String>,
    /// Severities, separated by commas, or `>=warn`.
    severity: Option<String>,
    /// Most patterns, 20 when it is left out, at most 100.
    limit: Option<usize>,
}

/// A pattern, and how near it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AboutItem {
    #[serde(flatten)]
    pattern: PatternItem,
    /// 0 to 1, comparable within one answer only; absent while the semantic index does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    /// Cosine of its meaning with that of the text, -1 to 1; absent without an embedding model.
    #[serde(skip_serializing_if = "Option::is_none")]
    similarity: Option<f32>,
}

impl From<PatternHit> for AboutItem {
    fn from(hit: PatternHit) -> Self {
        Self {
            pattern: PatternItem::new(hit.row.template, hit.row.count, hit.row.errors),
            score: hit.score,
            similarity: hit.similarity,
        }
    }
}

/// The patterns that a text is about, best first.
#[utoipa::path(get, path = "/api/v1/patterns/about", tag = "search", params(AboutQuery), responses((status = 200, body = Vec<AboutItem>)))]
pub async fn about(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<AboutQuery>,
) -> Result<Json<Vec<AboutItem>>, Problem> {
    let now_ns = state.clock.now_ns();
    let at = |name, text: &Option<String>| {
        text.as_deref()
            .map(|text| instant(name, text, now_ns))
            .transpose()
    };
    let range = TimeRange {
        start_ns: at("from", &query.from)?.unwrap_or(TimeRange::ALL.start_ns),
        end_ns: at("to", &query.to)?.unwrap_or(TimeRange::ALL.end_ns),
    };
    let conditions = FilterQuery {
        service: query.service,
        severity: query.severity,
        ..FilterQuery::default()
    };
    let filter = filter_in(&state, &member, &conditions, range).await?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let hits = state
        .engine
        .patterns_about(member.project_id, query.text, filter, limit)
        .await?;
    Ok(Json(hits.into_iter().map(AboutItem::from).collect()))
}
