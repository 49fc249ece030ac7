//! What is written about incidents: the draft of a post-mortem, and two of them side by side.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::{ComparedPattern, IncidentComparison, Sides};
use serde::{Deserialize, Serialize};

use super::incident_id;
use crate::auth::Member;
use crate::extract::{Json, Path, Query};
use crate::problem::Problem;
use crate::routes::wire::IncidentItem;
use crate::state::AppState;

/// How it comes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PostmortemQuery {
    /// `markdown`, or `json`: an object with the field `markdown`.
    format: Option<String>,
    /// IANA name of the zone of all times; that of the settings otherwise.
    time_zone: Option<String>,
}

/// A text in an object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PostmortemAnswer {
    markdown: String,
}

/// The draft of a post-mortem in Markdown, out of timeline and evidence; what only people know is left open.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/postmortem", tag = "incidents", params(("id" = String, Path), PostmortemQuery),
    responses((status = 200, description = "text/markdown, or an object with 'format=json'", body = PostmortemAnswer)))]
pub async fn postmortem(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
    Query(query): Query<PostmortemQuery>,
) -> Result<Response, Problem> {
    let is_json = match query.format.as_deref() {
        None | Some("markdown") => false,
        Some("json") => true,
        Some(other) => {
            return Err(Problem::bad_request(format!(
                "format is '{other}', it must be markdown or json"
            )));
        }
    };
    let id = incident_id(&state, &member, &id).await?;
    let zone = query.time_zone.as_deref();
    let markdown = state.engine.postmortem(member.project_id, id, zone).await?;
    if is_json {
        return Ok(Json(PostmortemAnswer { markdown }).into_response());
    }
    let name = format!("attachment; filename=\"post-mortem-{id}.md\"");
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/markdown; charset=utf-8".to_owned(),
        ),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, markdown).into_response())
}

/// Which two.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CompareQuery {
    /// The first incident: its id or number.
    a: String,
    /// The second one.
    b: String,
    /// IANA name of the zone of times in the text; that of the settings otherwise.
    time_zone: Option<String>,
}

/// What both have, and what only one has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SidesItem {
    both: Vec<String>,
    only_a: Vec<String>,
    only_b: Vec<String>,
}

impl From<Sides<String>> for SidesItem {
    fn from(sides: Sides<String>) -> Self {
        Self {
            both: sides.both,
            only_a: sides.only_a,
            only_b: sides.only_b,
        }
    }
}

/// A pattern by id and text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparedPatternItem {
    id: String,
    text: String,
}

/// Patterns that both have, and that only one has.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PatternSidesItem {
    both: Vec<ComparedPatternItem>,
    only_a: Vec<ComparedPatternItem>,
    only_b: Vec<ComparedPatternItem>,
}

impl From<Sides<ComparedPattern>> for PatternSidesItem {
    fn from(sides: Sides<ComparedPattern>) -> Self {
        let items = |all: Vec<ComparedPattern>| {
            all.into_iter()
                .map(|pattern| ComparedPatternItem {
                    id: pattern.id.to_string(),
                    text: pattern.text,
                })
                .collect()
        };
        Self {
            both: items(sides.both),
            only_a: items(sides.only_a),
            only_b: items(sides.only_b),
        }
    }
}

/// Two incidents side by side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CompareAnswer {
    a: IncidentItem,
    b: IncidentItem,
    /// 0 to 1: shared patterns (70 %) and services (30 %).
    similarity: f64,
    /// The comparison in sentences, written by rules.
    text: String,
    services: SidesItem,
    /// At most ten of each side.
    patterns: PatternSidesItem,
    suspects: SidesItem,
    /// The class of causes that the evidence of each speaks for.
    cause_a: Option<String>,
    cause_b: Option<String>,
}

impl From<IncidentComparison> for CompareAnswer {
    fn from(found: IncidentComparison) -> Self {
        Self {
            a: found.a.into(),
            b: found.b.into(),
            similarity: found.similarity,
            text: found.sentences.join(" "),
            services: found.services.into(),
            patterns: found.patterns.into(),
            suspects: found.suspects.into(),
            cause_a: found.causes.0,
            cause_b: found.causes.1,
        }
    }
}

/// Sets two incidents side by side.
#[utoipa::path(get, path = "/api/v1/incidents/compare", tag = "incidents", params(CompareQuery), responses((status = 200, body = CompareAnswer)))]
pub async fn compare(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<CompareQuery>,
) -> Result<Json<CompareAnswer>, Problem> {
    let a = incident_id(&state, &member, &query.a).await?;
    let b = incident_id(&state, &member, &query.b).await?;
    let found = state
        .engine
        .compare_incidents(member.project_id, a, b, query.time_zone.as_deref())
        .await?;
    Ok(Json(found.into()))
}
